"""`archive retire` and `archive erase`: what goes at the service, and what goes everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from addonctl import dates, history
from addonctl.addresses import Address, checked_sid
from addonctl.archive.rows import KeptPayload, KeptResult
from addonctl.batch.outcomes import Row, Tally, plural
from addonctl.cli.archived import Archive, opened
from addonctl.cli.commands import CALL, TRANSCRIPT, Noun
from addonctl.cli.deleting import confirm, most_of, must_be_able_to_ask, must_be_at_most
from addonctl.cli.options import (
    Ages,
    Argument,
    Deleting,
    Many,
    Option,
    Output,
    PayloadFilters,
    ResultFilters,
    selection_of,
)
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, Interrupted, NotFound, Usage
from addonctl.login import SANDBOX
from addonctl.models import Outcome

if TYPE_CHECKING:
    from addonctl.archive.opening import Opened
    from addonctl.archive.target import Asked, Erasure

LONGEST_REASON, MOST_SAID = 500, 3
command = Noun("What goes at the service, and what goes everywhere.")


@command.verb(
    "retire",
    rows=Outcome,
    examples=(
        ("what would go", "addonctl archive retire --older-than 20d --dry-run"),
        ("every week, from cron", "addonctl archive retire --older-than 20d --yes --quiet"),
    ),
)
def retire_kept(
    state: State,
    archive: Archive,
    filters: ResultFilters,
    payloads: PayloadFilters,
    ages: Ages,
    deleting: Deleting,
    many: Many,
    output: Output,
    older_than: Annotated[
        str | None,
        Option("--older-than", "Only results made before this date (UTC), or age (20d).", "WHEN"),
    ] = None,
) -> None:
    """Delete at the service what is proven to be in the archive.

    Each result is proven in the moment before it goes: it is final, its payloads are listed again
    and are those that are here, and every byte is read back and hashed. Filters of payloads choose
    results that have such a payload. What is retired stays in the archive.
    """
    from addonctl.archive import noting
    from addonctl.archive.index import iso
    from addonctl.archive.retire import Candidate, Retired, Retiring, candidates, retire

    sink = state.answering(Outcome)
    now, most = datetime.now(UTC), most_of(deleting)
    named = None
    if many.from_file is not None:
        named = frozenset(map(str, state.addresses([], many, 1, 2).items))
    wish = Retiring(
        state.login.acting_account,
        None if older_than is None else dates.when(older_than, now),
        selection_of(KeptResult, ages, filters),
        selection_of(KeptPayload, None, None, payloads),
        named,
    )
    bounded = wish.before or most is not None or named is not None or wish.results.filters
    if not (bounded or deleting.dry_run) and state.login.source != SANDBOX:
        raise Usage(
            "this would be all that the archive holds",
            hint="say how old: --older-than 20d; or how many at the most: --max-delete N",
        )
    asks = not (deleting.yes or deleting.dry_run)
    if asks:
        must_be_able_to_ask(state, "delete results for good")
    with opened(state, archive.archive, alone=not deleting.dry_run) as at:
        at.must_be_of(wish.account)
        chosen = list(candidates(at.kept, wish, now))
        must_be_at_most(most, len(chosen), "delete", "deleted")
        if asks and chosen:
            what = f"delete {plural(len(chosen), 'result')} at the service, once proven to be here"
            confirm(state, what, len(chosen), (str(each.address) for each in chosen))
        done = "would retire or spare" if deleting.dry_run else "retired or spared"
        batch = state.batch(many, done, "result", alone=False)
        outcomes: Counter[str] = Counter()

        def work(each: Candidate) -> Retired:
            return retire(batch.client, at.place, each, now, dry_run=deleting.dry_run)

        def rows() -> Iterator[Row]:
            for each, got in batch.run(work, chosen, len(chosen)):
                if isinstance(got, AddonctlError):
                    yield each.address, got, None
                    continue
                if got.done and not deleting.dry_run:
                    with at.kept.changing():
                        noting.retired(at.kept, each.address.result, iso(now))
                outcomes[got.outcome] += 1
                yield each.address, got.outcome, got.detail

        batch.report(batch.rows(rows()))
    note = "".join(f"; {outcome} {count}" for outcome, count in sorted(outcomes.items()))
    batch.finish(note)
    sink.say(f"{batch.summary}{note}")


@command.verb(
    "erase",
    rows=Outcome,
    examples=(
        ("what would be erased", f"addonctl archive erase {CALL} --dry-run"),
        ("on request", f"addonctl archive erase {TRANSCRIPT} --reason 'request 4711' --yes"),
    ),
)
def erase_kept(
    state: State,
    archive: Archive,
    deleting: Deleting,
    output: Output,
    addresses: Annotated[list[str] | None, Argument("RE… [XR… [XH…]]…")] = None,
    from_file: Annotated[
        str | None, Option("--from", "Read addresses from this file ('-': from stdin).", "FILE")
    ] = None,
    call: Annotated[
        str | None, Option("--call", "All recordings of this call, also those to come.", "CA…")
    ] = None,
    reason: Annotated[
        str | None, Option("--reason", "Why, for the receipt; without names.", "TEXT")
    ] = None,
    keep_source: Annotated[
        bool, Option("--keep-source", "Erase here alone; the service keeps what it has.")
    ] = False,
    unfinished: Annotated[
        bool, Option("--unfinished", "Go on with erasures that did not come to their end.")
    ] = False,
) -> None:
    """Erase for good, here and at the service, with a receipt: recordings, results, payloads.

    Objects, markers, index, what was said, reports of runs and exports; all of it is looked for
    again, and a tombstone keeps it from coming back. The receipt says what cannot be reached.
    """
    from addonctl.archive import erase
    from addonctl.archive.target import Erasure

    sink, login, reason = state.answering(Outcome), state.login, _reason(reason)
    most, asks = most_of(deleting), not (deleting.yes or deleting.dry_run)
    if asks:
        must_be_able_to_ask(state, "erase for good")
    tally = Tally(sink, "would erase" if deleting.dry_run else "erased", "item")
    with opened(state, archive.archive, alone=not deleting.dry_run) as at:
        at.must_be_of(login.acting_account)
        wanted = _asked(state, at, Many(from_file), addresses, call, unfinished, exact=deleting.yes)
        targets = []
        for asked in wanted:
            before = erase.open_receipt(at.place, at.kept, asked.name)
            keep = keep_source or bool(unfinished and before and before.keep_source)
            targets.append(Erasure(asked, before, keep_source=keep))
        names = erase.look_for(targets, state.client(), at.place, at.kept)
        known = [each for each in targets if each.known]
        count = sum(max(1, len(each.results)) for each in known)
        must_be_at_most(most, count, "erase", "done")
        if asks and known:
            where = "here" if keep_source else "here and at the service"
            what = f"erase {plural(count, 'result')} for good, {where}"
            confirm(state, what, count, (f"{each.asked.name}: {each}" for each in known))
        if known and not deleting.dry_run:
            by = {"account": login.account, "profile": login.profile, "login": login.username}
            order = erase.Order(by, reason)
            with sink.progress(len(known), "items") as progress:
                try:
                    erase.erase(
                        state.client(), at.place, at.kept, known, names, order, progress.advance
                    )
                except KeyboardInterrupt:
                    hint = "to go on: addonctl archive erase --unfinished"
                    raise Interrupted("interrupted: not all of it is erased", hint=hint) from None
        rows = [_outcome(at, each, dry_run=deleting.dry_run) for each in targets]
        exports = {name for each in known for name in each.exports}
        gone = [name for name in exports if at.place.size(name) is None]
    tally.report(tally.rows(rows))
    if not deleting.dry_run:
        sids = {sid for each in known for sid in (*each.tombstones, *each.below)}
        history.forget(login.acting_account, sids, history.folder())
    if gone:
        sink.warn(f"{plural(len(gone), 'file')} of exports went too: addonctl archive export")
    tally.finish()
    sink.say(tally.summary)
    if known and not deleting.dry_run:
        receipt = known[0].receipt.id
        sink.say(f"to read the receipt: addonctl archive show --receipt {receipt}")


def _outcome(at: Opened, target: Erasure, *, dry_run: bool) -> Row:
    """What became of one thing that was to be erased."""
    address = Address(*target.asked.name.split("/"))
    if not target.known:
        query = "SELECT max(id) FROM erasures WHERE ended IS NOT NULL AND asked IN (?, ?, ?)"
        names = [str(address), str(address._replace(payload="")), address.recording]
        if target.problems:
            return address, target.problems[0], None
        if receipt := at.kept.value(query, *names):
            return address, "erased", f"before: receipt {receipt}"
        nothing = f"there is nothing of {address}, in the archive or at the service"
        return address, NotFound(nothing), None
    if dry_run:
        return address, "would-erase", str(target)
    detail = f"{target}; receipt {target.receipt.id}"
    if not target.problems:
        return address, "erased", detail
    problem = target.problems[0]
    if isinstance(problem, NotFound):
        problem = AddonctlError(problem.message)
    said = list(dict.fromkeys(each.message for each in target.problems))
    more = f"; and {len(said) - MOST_SAID} more" if len(said) > MOST_SAID else ""
    problem = problem.reworded(f"{'; '.join(said[:MOST_SAID])}{more}; it stays open: {detail}")
    hints = "to go on: addonctl archive erase --unfinished", problem.hint
    problem.hint = "; ".join(filter(None, hints))
    return address, problem, None


def _asked(
    state: State,
    at: Opened,
    many: Many,
    words: list[str] | None,
    call: str | None,
    unfinished: bool,
    *,
    exact: bool,
) -> list[Asked]:
    """What is to be erased, each once: nothing beside what it lies under.

    Where it is `exact` SIDs must be whole; those of the archive need no others before them.
    """
    from addonctl.addresses import Token, read
    from addonctl.archive.known import known
    from addonctl.archive.target import Asked

    account, kept = state.login.acting_account, at.kept

    def recall(beginning: str) -> list[str]:
        if exact and len(beginning) < 34:
            raise Usage(f"'{beginning}' is not whole", hint="with --yes SIDs are typed whole")
        found = known(kept.db, 2 if beginning.startswith("XR") else 3, beginning)
        of = kept.rows("SELECT asked FROM erasures WHERE instr(asked, ?)", beginning)
        return [*found, *(row["asked"] for row in of)]

    found: dict[str, Asked] = {}
    if unfinished:
        for row in kept.rows("SELECT asked, account_sid FROM erasures WHERE ended IS NULL"):
            found[row["asked"]] = Asked(row["asked"], row["account_sid"])
    if call is not None:
        sid = checked_sid(call, "CA")
        found[sid] = Asked(sid, account)
    if many.from_file is not None or "-" in (words or ()):
        addresses = state.addresses(words, many, 1, 3, whole_only=exact).items
    else:
        addresses = read(map(Token, words or ()), 1, 3, recall)
    for each in addresses:
        of = kept.value("SELECT account_sid FROM recordings WHERE sid = ?", each.recording)
        found[str(each)] = Asked(str(each), of or each.account or account)
    if not found and not unfinished:
        raise Usage("erase what?", hint="RE…, RE…/XR…, RE…/XR…/XH…, --call CA… or --unfinished")
    return [
        asked
        for name, asked in found.items()
        if not any(name.startswith(f"{other}/") for other in found)
    ]


def _reason(given: str | None) -> str:
    """Why it is erased, as JSON and SQLite can hold it."""
    reason = (given or "").encode("utf-8", "replace").decode().replace("\0", " ")
    if len(reason) > LONGEST_REASON:
        raise Usage(f"--reason is longer than {LONGEST_REASON} characters")
    return reason

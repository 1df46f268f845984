"""What becomes of what an archive holds: retired, erased, exported, drawn as a page.

And which archive is meant, for whatever reads one.
"""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from addonctl import dates, history
from addonctl.archive.rows import KeptPayload, KeptResult
from addonctl.batch.outcomes import Tally, plural
from addonctl.cli import options
from addonctl.cli.commands import CALL, TRANSCRIPT, Noun, example
from addonctl.cli.options import Deleting, Many, Number, OptionSet, Word, Words, argument, option
from addonctl.cli.state import Consent, State
from addonctl.errors import Usage
from addonctl.models import Outcome
from addonctl.profiles import SANDBOX

if TYPE_CHECKING:
    from addonctl.archive.opening import Opened
    from addonctl.archive.place import Place

command = Noun("What becomes of what an archive holds.")


class Archive(OptionSet):
    """Which archive: the one named, or the one that the profile remembers."""

    archive: Word = option("The archive (the one this profile remembers).", "DIR", "-a")


def place_of(state: State, where: str) -> Place:
    from addonctl.archive.place import open_place

    return open_place(where, state.limits() if "://" in where else None, say=state.sink.say)


def meant(state: State, named: str | None) -> Place:
    """Where the archive lies that is meant. Raises Usage where none is."""
    from addonctl.archive.opening import remembered

    state.check()
    if not (named := named or state.setting("archive")):
        named = remembered(state.login.profile or state.login.acting_account)
    return place_of(state, named)


def opened(
    state: State, named: str | None, *, make: bool = False, alone: bool = False
) -> AbstractContextManager[Opened]:
    """The archive that is meant, and its index; `alone` where no other run may be at work."""
    from addonctl.archive import opening

    return opening.opened(meant(state, named), state.sink.warn, make=make, alone=alone)


def read_from(state: State, given: options.FromArchive) -> None:
    """Have the archive that is named, if any, answer in place of the service."""
    from addonctl.archive.reading import KeptClient

    if given.archive is not None:
        with opened(state, given.archive) as at:
            state.lent = KeptClient(at.place, at.kept)


@command.verb("retire", rows=Outcome)
@example("what would go", "addonctl archive retire --older-than 20d --dry-run")
@example("every week, from cron", "addonctl archive retire --older-than 20d --yes --quiet")
def retire_kept(
    state: State,
    archive: Archive,
    filters: options.Wanted,
    deleting: Deleting,
    many: Many,
    older_than: Word = option("Only results made before this date (UTC), or age (20d).", "WHEN"),
) -> None:
    """Delete at the service what is proven to be in the archive.

    Each result is proven in the moment before it goes: it is final, its payloads are listed again
    and are those that are here, and every byte is read back and hashed. Filters of payloads choose
    results that have such a payload. What is retired stays in the archive.
    """
    from addonctl.archive.retire import Retiring, candidates, retire_all

    sink, dry_run = state.answering(Outcome), deleting.dry_run
    now, consent = datetime.now(UTC), Consent(state, deleting)
    named = None
    if many.from_file is not None:
        named = frozenset(map(str, state.addresses([], many, 1, 2).items))
    wish = Retiring(
        state.login.acting_account,
        None if older_than is None else dates.when(older_than, now),
        state.selection(KeptResult, filters.results, filters.ages),
        state.selection(KeptPayload, filters.payloads),
        named,
    )
    bounded = wish.bounded or consent.most is not None
    if not (bounded or dry_run) and state.login.source != SANDBOX:
        raise Usage(
            "this would be all that the archive holds",
            hint="say how old: --older-than 20d; or how many at the most: --max-delete N",
        )
    consent.must_be_possible("delete results for good")
    with opened(state, archive.archive, alone=not dry_run) as at:
        at.must_be_of(wish.account)
        chosen = list(candidates(at.kept, wish, now))
        what = f"delete {plural(len(chosen), 'result')} at the service, once proven to be here"
        consent.get(what, len(chosen), (str(each.address) for each in chosen))
        done = "would retire or spare" if dry_run else "retired or spared"
        batch = state.batch(many, done, "result", alone=False)
        rows = retire_all(batch, at.place, at.kept, chosen, now, dry_run=dry_run)
        batch.report(rows)
    note = "".join(f"; {outcome} {count}" for outcome, count in sorted(batch.counts.items()))
    batch.finish(note)
    sink.say(f"{batch.summary}{note}")


@command.verb("erase", rows=Outcome)
@example("what would be erased", f"addonctl archive erase {CALL} --dry-run")
@example("on request", f"addonctl archive erase {TRANSCRIPT} --reason 'request 4711' --yes")
def erase_kept(
    state: State,
    archive: Archive,
    deleting: Deleting,
    addresses: Words = argument("RE… [XR… [XH…]]…"),
    from_file: Word = Many.from_file,
    call: Word = option("All recordings of this call, also those to come.", "CA…"),
    reason: Word = option("Why, for the receipt; without names.", "TEXT"),
    keep_source: bool = option("Erase here alone; the service keeps what it has."),
    unfinished: bool = option("Go on with erasures that did not come to their end."),
) -> None:
    """Erase for good, here and at the service, with a receipt: recordings, results, payloads.

    Objects, markers, index, what was said, reports of runs and exports; all of it is looked for
    again, and a tombstone keeps it from coming back. The receipt says what cannot be reached.
    """
    from addonctl.addresses import Token, read
    from addonctl.archive import erase, target

    sink, login, dry_run = state.answering(Outcome), state.login, deleting.dry_run
    order, account = erase.Order.of(login, reason), login.acting_account
    consent = Consent(state, deleting)
    consent.must_be_possible("erase for good")
    tally = Tally(sink, "would erase" if dry_run else "erased", "item")
    with opened(state, archive.archive, alone=not dry_run) as at:
        at.must_be_of(account)
        client, recall = state.client(), partial(target.recall, at, exact=deleting.yes)
        named = read(map(Token, addresses or ()), 1, 3, recall)
        if from_file is not None or "-" in (addresses or ()):
            many, exact = Many(from_file=from_file), deleting.yes
            named = iter(state.addresses(addresses, many, 1, 3, whole_only=exact).items)
        asked = target.asked_for(at.kept, account, named, call, unfinished=unfinished)
        targets, names = erase.look_for(
            client, at.place, at.kept, asked, keep_source=keep_source, unfinished=unfinished
        )
        known = [each for each in targets if each.known]
        count = sum(max(1, len(each.results)) for each in known)
        where = "here" if keep_source else "here and at the service"
        what = f"erase {plural(count, 'result')} for good, {where}"
        consent.get(what, count, (f"{each.asked.name}: {each}" for each in known), done="done")
        if known and not dry_run:
            with sink.progress(len(known), "items") as progress:
                erase.erase(client, at.place, at.kept, known, names, order, progress.advance)
        rows = [each.row(at.kept, dry_run=dry_run) for each in targets]
        exports = {name for each in known for name in each.exports}
        gone = [name for name in exports if at.place.size(name) is None]
    tally.report(rows)
    if not dry_run:
        sids = {sid for each in known for sid in (*each.tombstones, *each.below)}
        history.forget(account, sids)
    if gone:
        sink.warn(f"{plural(len(gone), 'file')} of exports went too: addonctl archive export")
    tally.finish()
    sink.say(tally.summary)
    if known and not dry_run:
        receipt = known[0].receipt.id
        sink.say(f"to read the receipt: addonctl archive show --receipt {receipt}")


@command.verb("export")
@example("for DuckDB, Spark, pandas or polars", "addonctl archive export --to tables")
@example("a file a table", "addonctl archive export --as csv --to tables")
@example("to browse it", "addonctl archive export --as datasette --to tables")
def export_archive(
    state: State,
    archive: Archive,
    to: Word = option("A folder or bucket (exports/ in the archive).", "DIR"),
    form: Word = option("parquet, csv, jsonl, or datasette (parquet).", "FORM", flag="--as"),
) -> None:
    """Write what the archive knows as tables: results, payloads, transcripts and turns.

    Parquet lies in a folder for each account and day, csv and jsonl in a file a table. Run again,
    only what has changed is written, and what was erased vanishes. datasette writes metadata.json,
    with which Datasette shows the archive's index.
    """
    from addonctl.archive import browse, export, opening
    from addonctl.archive.writers import FORMS

    form, sink = (form or "parquet").lower(), state.sink
    if form not in (known := (*FORMS, "datasette")):
        raise Usage(f"no form '{form}'; known: {', '.join(known)}")
    place = None if to is None else place_of(state, to)
    with (
        opened(state, archive.archive, alone=to is None) as at,
        opening.destination(at, place) as target,
    ):
        if form == "datasette":
            content = browse.metadata(at.kept.path.stem, at.accounts)
            target.place.put(f"{target.below}metadata.json", io.BytesIO(content))
            sink.say(f"now: datasette {at.kept.path} --metadata {target.url}/metadata.json")
            return
        steps = export.export(at.kept, target.place, form, below=target.below)
        done = next(steps)
        with sink.progress(done.due, "parts") as progress:
            for step in steps:
                progress.advance()
                done = step
    sink.say(done.said(form, target.url))


@command.verb("report")
@example("a page to look at, or to mail", "addonctl archive report --to report.html")
@example("with what was said", "addonctl archive report --to calls.html --transcripts 200")
def report_archive(
    state: State,
    archive: Archive,
    to: Word = option("The file to write.", "FILE.html"),
    transcripts: Number = option("So many of the newest transcripts, to read and search (0).", "N"),
    max_age: Word = option("How old a good run may be in a safe archive (26h).", "TIME"),
) -> None:
    """Draw one page: whether the archive is safe, what is in it, and what happened to it.

    One HTML file that asks for nothing from the network. It holds no word of a call, unless
    --transcripts says of how many.
    """
    from addonctl import files
    from addonctl.archive.opening import must_be_outside
    from addonctl.archive.report import report

    if not to:
        raise Usage("where to?", hint="addonctl archive report --to report.html")
    # At the most some 60 MB, which is what a browser still searches without a pause.
    number = options.whole_number("transcripts", transcripts, 0, most=10_000)
    if max_age is not None:
        dates.duration(max_age)
    names = state.add_ons
    with opened(state, archive.archive) as at:
        must_be_outside(at, Path(to))
        url, accounts, now = at.place.url, at.accounts, datetime.now(UTC)
        page = report(at.kept, url, accounts, now, names=names, transcripts=number, max_age=max_age)
        files.replace(Path(to), b"".join(page))
    state.sink.say(f"wrote {to}" + ("; it holds what was said in calls" if number else ""))

"""`archive retire` and `archive erase`: what goes at the service, and what goes everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from addonctl import dates
from addonctl.archive.rows import Kept, KeptPayload
from addonctl.batch.outcomes import Row, plural
from addonctl.cli.archived import Archive, must_be_of, opened
from addonctl.cli.commands import Noun
from addonctl.cli.deleting import confirm, must_be_able_to_ask
from addonctl.cli.options import (
    Ages,
    Deleting,
    Many,
    Option,
    Output,
    PayloadFilters,
    ResultFilters,
    selection_of,
    whole_number,
)
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, Usage
from addonctl.login import SANDBOX
from addonctl.models import Outcome

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
    from addonctl.archive.retire import Candidate, Retired, Wish, candidates, retire

    sink = state.answering(Outcome)
    now, most = datetime.now(UTC), _most(deleting)
    named = None
    if many.from_file is not None:
        named = frozenset(map(str, state.addresses([], many, 1, 2).items))
    wish = Wish(
        state.login.acting_account,
        None if older_than is None else dates.when(older_than, now),
        selection_of(Kept, ages, filters),
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
        must_be_of(at, wish.account)
        chosen = list(candidates(at.kept, wish, now))
        if most is not None and len(chosen) > most:
            raise Usage(
                f"this would delete {len(chosen)}, more than --max-delete {most};"
                " nothing is deleted"
            )
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
                if got.done:
                    with at.kept.changing():
                        noting.retired(at.kept, each.address.result, iso(now))
                outcomes[got.outcome] += 1
                yield each.address, got.outcome, got.detail

        batch.report(batch.rows(rows()))
    note = "".join(f"; {outcome} {count}" for outcome, count in sorted(outcomes.items()))
    batch.finish(note)
    sink.say(f"{batch.summary}{note}")


def _most(deleting: Deleting) -> int | None:
    if deleting.max_delete is None:
        return None
    return whole_number("max_delete", deleting.max_delete, 0)

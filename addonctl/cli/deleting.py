"""`delete`, a verb of `results` and of `payloads`: what is agreed to before anything goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from addonctl.addresses import Address, Addresses
from addonctl.batch import deletion
from addonctl.batch.outcomes import Tally, plural
from addonctl.cli.options import Deleting, Many, Missing, RecordingFilters, Whole
from addonctl.cli.state import ANY_RECORDING, NOT_WHOLE, State, whole_number, workers_of
from addonctl.errors import AddonctlError, Usage
from addonctl.login import SANDBOX
from addonctl.models import Outcome

if TYPE_CHECKING:
    from addonctl.selection import Selection


def delete(
    state: State,
    words: Sequence[str] | None,
    unit: str,
    level: int,
    deleting: Deleting,
    missing: Missing,
    many: Many,
    selection: Selection | None = None,
    whole: Whole = NOT_WHOLE,
    recordings: RecordingFilters = ANY_RECORDING,
    *,
    expand: bool = False,
) -> None:
    """Delete the results or payloads (`unit`, of that `level`) that the words name.

    With `expand` a recording stands for those of its results that the selection lets through.
    Raises Usage, with nothing deleted, for what does not fit, or where nobody can be asked.
    """
    sink = state.answering(Outcome)
    most = None
    if deleting.max_delete is not None:
        most = whole_number("max_delete", deleting.max_delete, 0)
    if selection and selection.filters and not expand:
        raise Usage("filters choose among all results of a recording", hint="add --all-results")
    workers_of(many)
    asks = not (deleting.yes or deleting.dry_run)
    least = 1 if expand else level
    if whole.all and most is None and state.login.source != SANDBOX and not deleting.dry_run:
        raise Usage(
            "--all may be more than you think",
            hint="say how many at the most: --max-delete N; --dry-run shows what would go",
        )
    addresses = state.addresses(words, many, least, level, whole, recordings)
    if not addresses.typed:  # all is read and checked before anything is done with the first
        from addonctl.batch.lists import AddressSet

        listed = AddressSet(addresses.items)
        addresses = Addresses(listed, typed=False, total=len(listed))
    if not addresses.total:
        sink.records(Outcome, [])
        return
    if asks:
        state.must_be_able_to_ask(f"delete {unit}s for good")
    unlisted: Mapping[Address, AddonctlError] = {}
    alone = addresses.alone and not expand
    if expand and selection:
        looking = state.batch(many, "looked through", "recording", alone=False)
        addresses, unlisted = deletion.expanded(looking, selection, addresses)
    count = (addresses.total or 0) - len(unlisted)
    if most is not None and count > most:
        raise Usage(f"this would delete {count}, more than --max-delete {most}; nothing is deleted")
    if asks and count:
        state.confirm(f"delete {plural(count, unit)} for good")
    if deleting.dry_run:
        tally = Tally(sink, "would delete", unit)
        planned = ((each, unlisted.get(each, "would-delete"), None) for each in addresses.items)
        tally.report(tally.rows(planned))
    else:
        tally = batch = state.batch(many, "deleted", unit, alone=alone)
        done = deletion.outcomes(batch, addresses, unlisted)
        tally.report(tally.rows(done, ignore_not_found=missing.ignore_not_found))
    tally.finish()
    sink.say(tally.summary)

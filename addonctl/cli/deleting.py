"""`delete`, a verb of `results` and of `payloads`: what is agreed to before anything goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from addonctl.addresses import Address, Addresses, AddressSet
from addonctl.batch import deletion
from addonctl.batch.outcomes import Tally, plural
from addonctl.cli.options import (
    Deleting,
    Many,
    Missing,
    RecordingFilters,
    Whole,
    recording_parameters,
    whole_number,
    workers_of,
)
from addonctl.cli.state import ANY_RECORDING, NOT_WHOLE, State
from addonctl.errors import AddonctlError, Usage
from addonctl.login import SANDBOX
from addonctl.models import Outcome

if TYPE_CHECKING:
    from addonctl.selection import Selection

SAMPLE = 5
"""How many of what is about to go a question shows."""
TYPED_ABOVE = 100
"""From how many things on a real account a question wants the number typed."""


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
    most = most_of(deleting)
    if selection and selection.filters and not expand:
        raise Usage("filters choose among all results of a recording", hint="add --all-results")
    workers_of(many)
    asks = not (deleting.yes or deleting.dry_run)
    least = 1 if expand else level
    instead = "; to delete all of them: --all-results" if unit == "result" else ""
    if whole.all and most is None and state.login.source != SANDBOX and not deleting.dry_run:
        raise Usage(
            "--all may be more than you think",
            hint="say how many at the most: --max-delete N; --dry-run shows what would go",
        )
    addresses = state.addresses(
        *(words, many, least, level, whole, recordings), whole_only=deleting.yes, instead=instead
    )
    if not addresses.typed:  # all is read and checked before anything is done with the first
        listed = AddressSet(addresses.items)
        addresses = Addresses(listed, typed=False, total=len(listed))
    if not addresses.total:
        sink.records(Outcome, [])
        return
    if asks:
        must_be_able_to_ask(state, f"delete {unit}s for good")
    unlisted: Mapping[Address, AddonctlError] = {}
    alone = addresses.alone and not expand
    if expand and selection:
        looking = state.batch(many, "looked through", "recording", alone=False)
        addresses, unlisted = deletion.expanded(looking, selection, addresses)
    count = (addresses.total or 0) - len(unlisted)
    must_be_at_most(most, count, "delete", "deleted")
    if asks and count:
        named = (str(each) for each in addresses.items if each not in unlisted)
        what = f"delete {plural(count, unit)} for good"
        confirm(state, what, count, named, chosen_by(selection, recordings))
    if deleting.dry_run:
        tally = Tally(sink, "would delete", unit)
        planned = ((each, unlisted.get(each, "would-delete"), None) for each in addresses.items)
        tally.report(tally.rows(planned))
    else:
        tally = batch = state.batch(many, "deleted", unit, alone=alone)
        done = deletion.outcomes(batch, addresses, unlisted)
        tally.report(tally.rows(done, ignore_not_found=missing.ignore_not_found))
    tally.finish()
    tally.sum_up()


def most_of(deleting: Deleting) -> int | None:
    """How many things may go; None for any number. Raises Usage."""
    if deleting.max_delete is None:
        return None
    return whole_number("max_delete", deleting.max_delete, 0)


def must_be_at_most(most: int | None, count: int, what: str, done: str) -> None:
    """Raises Usage where more than `most` would go, before anything has."""
    if most is not None and count > most:
        raise Usage(f"this would {what} {count}, more than --max-delete {most}; nothing is {done}")


def must_be_able_to_ask(state: State, what: str) -> None:
    """Raises Usage where nobody is there to be asked whether to do `what`."""
    if not state.sink.interactive:
        raise Usage(f"will not {what} without --yes when nobody is here to ask")


def chosen_by(selection: Selection | None, recordings: RecordingFilters) -> str:
    """By which dates something was chosen, whoever typed them and in whatever zone: in UTC."""
    from datetime import UTC

    moments = recording_parameters(recordings)
    words = [
        f"of recordings made {word} {moments[name].replace('T', ' ').replace('Z', ' UTC')}"
        for name, word in (("DateCreated>", "since"), ("DateCreated<", "before"))
        if name in moments
    ]
    if selection:
        ends = (("after", selection.created_after), ("before", selection.created_before))
        words += [
            f"made {word} {moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            for word, moment in ends
            if moment
        ]
    return " and ".join(words)


def confirm(
    state: State, what: str, count: int | None = None, sample: Iterable[str] = (), chosen: str = ""
) -> None:
    """Go on only if the user agrees to do `what`, to `count` things like those of `sample`.

    `chosen` says what they were chosen by. More than 100 on a real account want their number
    typed. Raises Usage where nobody is there to be asked, and AddonctlError for a no.
    """
    must_be_able_to_ask(state, what)
    login, sink = state.login, state.sink
    source = f"profile {login.profile}" if login.profile else f"login from {login.source}"
    shown = list(islice(sample, SAMPLE))
    for line in shown:
        sink.say(f"  {line}")
    if count is not None and shown and count > len(shown):
        sink.say(f"  and {count - len(shown)} more")
    by = f", {chosen}" if chosen else ""
    question = f"{what}{by}, on account {login.acting_account} ({source})?"
    if count is not None and count > TYPED_ABOVE and login.source != SANDBOX:
        agreed = sink.ask(f"{question} Type {count} to go on:") == str(count)
    else:
        agreed = sink.confirm(question)
    if not agreed:
        raise AddonctlError(f"will not {what}: you said no")

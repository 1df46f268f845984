"""`delete`, a verb of `results` and of `payloads`, and what is agreed to before anything goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING

from addonctl.addresses import Address, Addresses, AddressSet
from addonctl.batch.outcomes import Tally, plural
from addonctl.cli import options
from addonctl.cli.options import Deleting, RecordingFilters
from addonctl.cli.state import ANY_RECORDING, NOT_WHOLE, UNITS, State
from addonctl.errors import AddonctlError, Usage
from addonctl.login import SANDBOX
from addonctl.models import Outcome

if TYPE_CHECKING:
    from addonctl.selection import Selection

SAMPLE = 5
"""How many of what is about to go a question shows."""
AHEAD = 10_000
"""How many outcomes may wait for their turn: an item that is slow to fail holds up no other."""
TYPED_ABOVE = 100
"""From how many things on a real account a question wants the number typed."""


def delete(
    state: State,
    words: Sequence[str] | None,
    level: int,
    selection: Selection,
    deleting: Deleting,
    missing: options.Missing,
    many: options.Many,
    whole: options.Whole = NOT_WHOLE,
    recordings: RecordingFilters = ANY_RECORDING,
    *,
    expand: bool = False,
) -> None:
    """Delete the results or payloads, as the `level` says, that the words name.

    With `expand` a recording stands for those of its results that the selection lets through.
    Raises Usage, with nothing deleted, for what does not fit, or where nobody can be asked.
    """
    sink, unit, consent = state.answering(Outcome), UNITS[level], Consent(state, deleting)
    if selection.filters and not expand:
        raise Usage("filters choose among all results of a recording", hint="add --all-results")
    state.workers(many)
    bounded = consent.most is not None or deleting.dry_run
    if whole.all and not bounded and state.login.source != SANDBOX:
        raise Usage(
            "--all may be more than you think",
            hint="say how many at the most: --max-delete N; --dry-run shows what would go",
        )
    addresses = state.addresses(
        *(words, many, 1 if expand else level, level, whole, recordings),
        whole_only=deleting.yes,
        instead="; to delete all of them: --all-results" if unit == "result" else "",
    )
    if not addresses.typed:  # all is read and checked before anything is done with the first
        listed = AddressSet(addresses.items)
        addresses = Addresses(listed, typed=False, total=len(listed))
    if not addresses.total:
        sink.records(Outcome, [])
        return
    consent.must_be_possible(f"delete {unit}s for good")
    unlisted: Mapping[Address, AddonctlError] = {}
    alone = addresses.alone and not expand
    if expand:
        from addonctl.batch.listing import expanded

        looking = state.batch(many, "looked through", "recording", alone=False)
        addresses, unlisted = expanded(looking, selection, addresses)
    count = (addresses.total or 0) - len(unlisted)
    named = (str(each) for each in addresses.items if each not in unlisted)
    chosen = chosen_by(selection, recordings)
    consent.get(f"delete {plural(count, unit)} for good", count, named, chosen)
    if deleting.dry_run:
        tally = Tally(sink, "would delete", unit)
        planned = ((each, unlisted.get(each, "would-delete"), None) for each in addresses.items)
        tally.report(tally.rows(planned))
    else:
        tally = batch = state.batch(many, "deleted", unit, alone=alone)

        def work(address: Address) -> None:
            if address in unlisted:
                raise unlisted[address]
            batch.client.delete(address)

        outcomes = batch.run(work, addresses.items, addresses.total, window=AHEAD)
        done = ((each, problem or "deleted", None) for each, problem in outcomes)
        tally.report(tally.rows(done, ignore_not_found=missing.ignore_not_found))
    tally.finish()
    tally.sum_up()


class Consent:
    """What may go: so many at the `most`, and not before somebody has agreed, unless --yes says
    so. Raises Usage for a number that cannot be.
    """

    def __init__(self, state: State, deleting: Deleting) -> None:
        self.most = deleting.max_delete
        if self.most is not None:
            options.whole_number("max_delete", self.most, 0)
        self._state = state
        self._asks = not (deleting.yes or deleting.dry_run)

    def must_be_possible(self, what: str) -> None:
        """Raises Usage where nobody is there to be asked whether to do `what`."""
        if self._asks and not self._state.sink.interactive:
            raise Usage(f"will not {what} without --yes when nobody is here to ask")

    def get(
        self, what: str, count: int, sample: Iterable[str], chosen: str = "", done: str = "deleted"
    ) -> None:
        """Go on only if the user agrees to do `what`, to `count` things like those of `sample`.

        `chosen` says what they were chosen by. More than 100 on a real account want their number
        typed. Raises Usage for more than may go, with nothing `done`, and AddonctlError for a no.
        """
        if self.most is not None and count > self.most:
            would = f"this would {what.split()[0]} {count}"
            raise Usage(f"{would}, more than --max-delete {self.most}; nothing is {done}")
        if not (self._asks and count):
            return
        login, sink = self._state.login, self._state.sink
        source = f"profile {login.profile}" if login.profile else f"login from {login.source}"
        shown = list(islice(sample, SAMPLE))
        for line in shown:
            sink.say(f"  {line}")
        if count > len(shown):
            sink.say(f"  and {count - len(shown)} more")
        by = f", {chosen}" if chosen else ""
        question = f"{what}{by}, on account {login.acting_account} ({source})?"
        if count > TYPED_ABOVE and login.source != SANDBOX:
            agreed = sink.ask(f"{question} Type {count} to go on:") == str(count)
        else:
            agreed = sink.ask(f"{question} [y/N]").lower() in ("y", "yes")
        if not agreed:
            raise AddonctlError(f"will not {what}: you said no")


def chosen_by(selection: Selection, recordings: RecordingFilters) -> str:
    """By which dates something was chosen, whoever typed them and in whatever zone: in UTC."""
    bounds = options.recording_parameters(recordings)
    after, before = selection.created_after, selection.created_before
    moments = {
        "of recordings made since": bounds.get("DateCreated>"),
        "of recordings made before": bounds.get("DateCreated<"),
        "made after": after and after.astimezone(UTC).isoformat(),
        "made before": before and before.astimezone(UTC).isoformat(),
    }
    words = [
        f"{made} {moment[:19].replace('T', ' ')} UTC" for made, moment in moments.items() if moment
    ]
    return " and ".join(words)

"""`addonctl results wait`: what it shows, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeGuard

from addonctl import dates, waiting
from addonctl.addresses import Address
from addonctl.cli.batch import Batch, is_single, plural
from addonctl.errors import AddonctlError, StillPending, Usage
from addonctl.models import Result

if TYPE_CHECKING:
    from addonctl.cli.state import State

WATCHED = 250
"""How many recordings are watched at a time: any of them may end badly, and end the wait."""

Found = Sequence[Result | AddonctlError]


def wait(
    state: State,
    words: Sequence[str] | None,
    timeout: str | None,
    interval: str | None,
    any_end: bool,
) -> None:
    """Wait for the results that the words name, show them, and raise what it ends with."""
    state.sink.check(Result)
    batch = Batch(state, "waited for", "result", "recording")
    patience = waiting.Patience(_seconds(timeout), _seconds(interval), any_end)
    if interval and not _seconds(interval):
        raise Usage(f"--interval {interval}: expected more than nothing")
    addresses = state.addresses(words, 1, 2)
    groups: Iterable[list[Address]] = waiting.by_recording(addresses)
    if isinstance(addresses, Sequence):
        groups = list(groups)
    work = partial(waiting.wait, patience)
    outcomes = batch.run(work, groups, stop=patience.end, patient=WATCHED)
    watch = _Watch(state, batch, any_end=any_end, single=is_single(groups))
    state.sink.records(Result, watch.pages(outcomes))
    watch.finish()


class _Watch:
    """Shows the results of one wait, and knows how they ended."""

    def __init__(self, state: State, batch: Batch, *, any_end: bool, single: bool) -> None:
        self._state = state
        self._batch = batch
        self._any_end = any_end
        self._single = single
        self._bad: list[Result] = []
        self._final = 0
        self._pending = 0
        self._unseen = False

    def pages(
        self, outcomes: Iterable[tuple[list[Address], Found | AddonctlError | None]]
    ) -> Iterator[list[Result]]:
        for group, found in outcomes:
            if found is None:  # it was over before anybody looked at these
                self._unseen = True
                return
            if isinstance(found, AddonctlError):
                found = [found]
            if not found:
                self._batch.tell(f"recording {group[0].recording} has no results")
                self._batch.succeeded()
            tell = not (self._single and len(group) == 1)
            there = [result for result in found if self._counted(result, tell)]
            if there or not found:
                yield there
        if self._batch.nothing_came:
            self._batch.finish()

    def finish(self) -> None:
        """Raises what the wait ends with, if it is no success."""
        self._batch.finish_if_interrupted()
        if self._bad:
            first, more = self._bad[0], len(self._bad) - 1
            also = f", and so did {plural(more, 'other')}" if more else ""
            ended = f"result {first.sid} on recording {first.address.recording} ended as"
            raise AddonctlError(self._batch.telling(f"{ended} {first.status}{also}"))
        if (self._pending or self._unseen) and not self._batch.failures:
            seen = f"{self._final} of {plural(self._final + self._pending, 'result')}"
            unseen = ", others have not been looked at" if self._unseen else ""
            raise StillPending(self._batch.telling(f"time is up: {seen} final{unseen}"))
        self._batch.finish()

    def _counted(self, result: Result | AddonctlError, tell: bool) -> TypeGuard[Result]:
        """Note how `result` ended; whether there is one."""
        if isinstance(result, AddonctlError):
            self._batch.failed(result, tell=tell)
            return False
        self._batch.succeeded()
        self._final += result.final
        self._pending += not result.final
        if not self._any_end and waiting.ended_badly(result):
            self._bad.append(result)
        return True


def _seconds(word: str | None) -> float | None:
    return None if word is None else dates.seconds(word)

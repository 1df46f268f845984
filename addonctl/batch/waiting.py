"""Waiting until results are final, without asking more often than there is news to expect."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from time import monotonic
from typing import TYPE_CHECKING

from addonctl.addresses import Address, Addresses
from addonctl.batch.outcomes import Batch, plural
from addonctl.errors import AddonctlError, Interrupted, NotFound, StillPending
from addonctl.models import FINAL, Result

if TYPE_CHECKING:
    from addonctl.api import Client

WATCHED = 250
"""How many recordings are watched at a time: any of them may end badly, and end the wait."""
FIRST_INTERVAL = 1.0
LONGEST_INTERVAL = 15.0
GROWTH = 1.5
BAD_ENDS = frozenset({"failed", "canceled"})
NAMED = 5
"""How many pending results an interrupted wait names."""

Outcome = tuple[list[Address], "list[Result | NotFound] | AddonctlError | None"]
"""Addresses of one recording, and what there is of them."""


class Polling:
    """How long to wait, and how often to look, for all who wait together.

    `interval` seconds lie between two looks; without one it grows from 1 to 15. `timeout` is in
    seconds from now. Once a result has ended badly nobody waits any longer, unless `any_end`.
    """

    def __init__(
        self, timeout: float | None = None, interval: float | None = None, any_end: bool = False
    ) -> None:
        self.any_end = any_end
        self.seen: Callable[[Sequence[Result]], None] = lambda results: None
        self._end = None if timeout is None else monotonic() + timeout
        self._interval = interval
        self._over = threading.Event()
        self._begun = False

    @property
    def over(self) -> bool:
        """Whether nobody should wait any longer."""
        return self._over.is_set() or (self._end is not None and monotonic() >= self._end)

    def end(self) -> None:
        """Wait no longer, whoever waits."""
        self._over.set()

    def ended_badly(self, result: Result) -> bool:
        """Whether a result is final, but not as it was waited for."""
        return not self.any_end and result.status in BAD_ENDS

    def wait(self, client: Client, group: Sequence[Address]) -> list[Result | NotFound] | None:
        """The results that `group` names, all of one recording, once they are final.

        Those of a whole recording where it names just that. When the time is up, what there is;
        None if it was up before. A result that is not there, or no longer, is NotFound.
        """
        if self.over and self._begun:
            return None
        self._begun = True
        seconds = self._interval or FIRST_INTERVAL
        while True:
            found = _look(client, group)
            there = [result for result in found if isinstance(result, Result)]
            self.seen(there)
            if any(map(self.ended_badly, there)):
                self.end()
            if all(result.final for result in there) or self.over:
                return found
            left = seconds if self._end is None else max(0.0, self._end - monotonic())
            if self._over.wait(min(seconds, left)):
                return found
            if not self._interval:
                seconds = min(seconds * GROWTH, LONGEST_INTERVAL)


def _look(client: Client, group: Sequence[Address]) -> list[Result | NotFound]:
    """One request for one result, or the list for several."""
    if len(group) == 1 and group[0].result:
        return [client.result(group[0])]
    recording = group[0]._replace(result="")
    there = {result.sid: result for page in client.results(recording) for result in page}
    if recording in group:
        return list(there.values())
    return [
        there.get(address.result)
        or NotFound(
            f"no result {address.result} on recording {address.recording}",
            hint="results are kept 30 days from their creation",
        )
        for address in group
    ]


class Waiting:
    """One wait over many recordings: its rows, and how it ended.

    Addresses of one recording that follow each other cost one request a look.
    """

    def __init__(
        self, batch: Batch, polling: Polling, addresses: Addresses, *, ignore_not_found: bool
    ) -> None:
        def groups() -> Iterator[list[Address]]:
            by_recording = groupby(addresses.items, lambda each: (each.recording, each.account))
            return (list(group) for _, group in by_recording)

        # Whatever is known to be so many can be gone through twice.
        self._total = None if addresses.total is None else sum(1 for _ in groups())
        self._groups = groups()
        self._single = addresses.typed and self._total == 1
        self._alone = addresses.alone
        self._batch = batch
        self._polling = polling
        self._ignore_not_found = ignore_not_found
        self._bad: list[Result] = []
        self._final = self._pending = 0
        self._unseen = False
        self._statuses: dict[str, str] = {}
        polling.seen = self._show

    def _show(self, results: Sequence[Result]) -> None:
        """Show how many results have which status, as far as they have been looked at.

        What is waited for comes first: the line may be cut at the terminal's edge.
        """
        self._statuses |= {str(result.address): result.status for result in results}
        counts = Counter(self._statuses.copy().values())
        order = sorted(counts, key=lambda status: (status in FINAL, status))
        self._batch.progress.note(", ".join(f"{counts[status]} {status}" for status in order))

    def pages(self) -> Iterator[list[Result]]:
        """The results of one recording after the other, as they become final."""
        batch = self._batch
        batch.alone = self._single
        outcomes = batch.run(
            lambda group: self._polling.wait(batch.client, group),
            self._groups,
            self._total,
            stop=self._polling.end,
            long=True,
            waiting=WATCHED,
        )
        for group, got in self._interruptible(outcomes):
            if got is None:  # it was over before anybody looked at these
                self._unseen = True
                return
            found = [got] if isinstance(got, AddonctlError) else got
            if not found:
                batch.tell(f"recording {group[0].recording} has no results")
                batch.succeeded()
                yield []
            for result in found:
                self._count(result)
            if there := [result for result in found if isinstance(result, Result)]:
                yield there

    def finish(self) -> None:
        """Raises what the wait ends with, if it is no success."""
        batch = self._batch
        if batch.interrupted:
            raise batch.ended(self._interrupted())
        if self._bad:
            first, more = self._bad[0], len(self._bad) - 1
            also = f", and so did {plural(more, 'other')}" if more else ""
            ended = f"result {first.sid} on recording {first.address.recording} ended as"
            raise batch.ended(AddonctlError(f"{ended} {first.status}{also}"))
        if (self._pending or self._unseen) and not batch.failures:
            seen = f"{self._final} of {plural(self._final + self._pending, 'result')}"
            unseen = ", others have not been looked at" if self._unseen else ""
            raise batch.ended(StillPending(f"time is up: {seen} final{unseen}"))
        batch.finish()

    def _interruptible(self, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
        """The same. Raises Interrupted, with what is pending, where just one is waited for."""
        try:
            yield from outcomes
        except KeyboardInterrupt:
            raise self._interrupted() from None

    def _interrupted(self) -> Interrupted:
        statuses = self._statuses.copy()
        pending = {at: status for at, status in statuses.items() if status not in FINAL}
        if not pending:
            return Interrupted("interrupted: nothing is known to be pending")
        shown = [f"{at} ({status})" for at, status in islice(pending.items(), NAMED)]
        more = f" and {len(pending) - NAMED} more" if len(pending) > NAMED else ""
        count = f"{len(statuses) - len(pending)} of {plural(len(statuses), 'result')} final"
        return Interrupted(f"interrupted: {count}, pending: {', '.join(shown)}{more}")

    def _count(self, result: Result | AddonctlError) -> None:
        """Note how `result` ended, or that there is none."""
        if isinstance(result, NotFound) and self._ignore_not_found:
            self._batch.tell(result.message)
            self._batch.succeeded()
        elif isinstance(result, AddonctlError):
            self._batch.failed(result, tell=not self._alone)
        else:
            self._batch.succeeded()
            self._final += result.final
            self._pending += not result.final
            if self._polling.ended_badly(result):
                self._bad.append(result)

"""Waiting until results are final, without asking more often than there is news to expect."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from time import monotonic

from addonctl.addresses import Address, Addresses
from addonctl.batch.outcomes import Batch, plural
from addonctl.errors import AddonctlError, Interrupted, NotFound, StillPending
from addonctl.models import FINAL, Result

WATCHED = 250
"""How many recordings are watched at a time: any of them may end badly, and end the wait."""
FIRST_INTERVAL = 1.0
LONGEST_INTERVAL = 15.0
GROWTH = 1.5
BAD_ENDS = frozenset({"failed", "canceled"})
NAMED = 5
"""How many pending results an interrupted wait names."""


class Waiting:
    """One wait over many recordings: how often to look, what came, and how it ends.

    `interval` seconds lie between two looks; without one it grows from 1 to 15. `until` is a
    moment of the monotonic clock. Once a result has ended badly nobody waits any longer, unless
    `any_end`. Addresses of one recording that follow each other cost one request a look.
    """

    def __init__(
        self,
        batch: Batch,
        addresses: Addresses,
        until: float | None = None,
        interval: float | None = None,
        *,
        any_end: bool = False,
        ignore_not_found: bool = False,
    ) -> None:
        self._batch = batch
        self._addresses = addresses
        self._until = until
        self._interval = interval
        self._bad_ends = frozenset() if any_end else BAD_ENDS
        self._ignore_not_found = ignore_not_found
        self._over = threading.Event()
        self._begun = self._unseen = False
        self._bad: list[Result] = []
        self._final = self._pending = 0
        self._statuses: dict[str, str] = {}

    def pages(self) -> Iterator[list[Result]]:
        """The results of one recording after the other, as they become final.

        Raises Interrupted, with what is pending, where just one recording is waited for.
        """
        batch, addresses = self._batch, self._addresses

        def groups() -> Iterator[list[Address]]:
            by_recording = groupby(addresses.items, lambda each: (each.recording, each.account))
            return (list(group) for _, group in by_recording)

        # Whatever is known to be so many can be gone through twice.
        total = None if addresses.total is None else sum(1 for _ in groups())
        batch.alone = addresses.typed and total == 1
        outcomes = batch.run(
            self.look, groups(), total, stop=self._over.set, long=True, waiting=WATCHED
        )
        try:
            for group, got in outcomes:
                if got is None:  # it was over before anybody looked at these
                    self._unseen = True
                    return
                found = [got] if isinstance(got, AddonctlError) else got
                if not found:
                    batch.tell(f"recording {group[0].recording} has no results")
                    batch.succeeded()
                    yield []
                there = []
                for result in found:
                    if isinstance(result, Result):
                        there.append(result)
                        batch.succeeded()
                        self._final += result.final
                        self._pending += not result.final
                        if result.status in self._bad_ends:
                            self._bad.append(result)
                    elif isinstance(result, NotFound) and self._ignore_not_found:
                        batch.tell(result.message)
                        batch.succeeded()
                    else:
                        batch.failed(result, tell=not addresses.alone)
                if there:
                    yield there
        except KeyboardInterrupt:
            raise self._interrupted() from None

    def look(self, group: Sequence[Address]) -> list[Result | NotFound] | None:
        """The results that `group` names, all of one recording, once they are final.

        Those of a whole recording where it names just that. When the time is up, what there is;
        None if it was up before. A result that is not there, or no longer, is NotFound.
        """
        if self._begun and self._is_over():
            return None
        self._begun = True
        seconds = self._interval or FIRST_INTERVAL
        while True:
            found = self._asked(group)
            there = [result for result in found if isinstance(result, Result)]
            self._statuses |= {str(result.address): result.status for result in there}
            counts = Counter(self._statuses.copy().values())
            # What is waited for comes first: the line may be cut at the terminal's edge.
            order = sorted(counts, key=lambda status: (status in FINAL, status))
            self._batch.progress.note(", ".join(f"{counts[each]} {each}" for each in order))
            if any(result.status in self._bad_ends for result in there):
                self._over.set()
            if all(result.final for result in there) or self._is_over():
                return found
            left = seconds if self._until is None else max(0.0, self._until - monotonic())
            if self._over.wait(min(seconds, left)):
                return found
            if not self._interval:
                seconds = min(seconds * GROWTH, LONGEST_INTERVAL)

    def _is_over(self) -> bool:
        """Whether nobody should wait any longer."""
        return self._over.is_set() or (self._until is not None and monotonic() >= self._until)

    def _asked(self, group: Sequence[Address]) -> list[Result | NotFound]:
        """One request for one result, or the list for several."""
        client = self._batch.client
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

    def _interrupted(self) -> Interrupted:
        statuses = self._statuses.copy()
        pending = {at: status for at, status in statuses.items() if status not in FINAL}
        if not pending:
            return Interrupted("interrupted: nothing is known to be pending")
        shown = [f"{at} ({status})" for at, status in islice(pending.items(), NAMED)]
        more = f" and {len(pending) - NAMED} more" if len(pending) > NAMED else ""
        count = f"{len(statuses) - len(pending)} of {plural(len(statuses), 'result')} final"
        return Interrupted(f"interrupted: {count}, pending: {', '.join(shown)}{more}")

"""Waiting until results are final, without asking more often than there is news to expect."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from time import monotonic

from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.errors import NotFound
from addonctl.models import Result

FIRST_INTERVAL = 1.0
LONGEST_INTERVAL = 15.0
GROWTH = 1.5
BAD_ENDS = frozenset({"failed", "canceled"})


class Patience:
    """How long to wait, and how often to look, for all who wait together.

    `interval` seconds lie between two looks; without one it grows from 1 to 15. `timeout` is in
    seconds from now. Once a result has ended badly nobody waits any longer, unless `any_end`.
    """

    def __init__(
        self, timeout: float | None = None, interval: float | None = None, any_end: bool = False
    ) -> None:
        self._end = None if timeout is None else monotonic() + timeout
        self._interval = interval
        self._any_end = any_end
        self._over = threading.Event()
        self.looked = False

    @property
    def over(self) -> bool:
        """Whether nobody should wait any longer."""
        return self._over.is_set() or (self._end is not None and monotonic() >= self._end)

    def end(self) -> None:
        """Wait no longer, whoever waits."""
        self._over.set()

    def intervals(self) -> Iterator[None]:
        """One turn for each look that is due, until it is over; always a first one."""
        seconds = self._interval or FIRST_INTERVAL
        yield
        while not self.over:
            left = seconds if self._end is None else max(0.0, self._end - monotonic())
            if self._over.wait(min(seconds, left)):
                return
            yield
            if not self._interval:
                seconds = min(seconds * GROWTH, LONGEST_INTERVAL)

    def saw(self, results: Iterable[Result]) -> None:
        """End the wait if one of `results` has ended badly."""
        if not self._any_end and any(ended_badly(result) for result in results):
            self.end()


def ended_badly(result: Result) -> bool:
    return result.status in BAD_ENDS


def by_recording(addresses: Iterable[Address]) -> Iterator[list[Address]]:
    """`addresses` in groups of one recording each, as they follow each other."""
    for _, group in groupby(addresses, key=lambda address: (address.recording, address.account)):
        yield list(group)


def wait(
    patience: Patience, client: Client, group: Sequence[Address]
) -> list[Result | NotFound] | None:
    """The results that `group` names, all of one recording, once they are final.

    Those of a whole recording where it names just that. When the patience is over, what there
    is; None if it was over before. A result that is not there, or no longer, is NotFound.
    """
    if patience.over and patience.looked:
        return None
    patience.looked = True
    found: list[Result | NotFound] = []
    for _ in patience.intervals():
        found = _look(client, group)
        there = [result for result in found if isinstance(result, Result)]
        patience.saw(there)
        if all(result.final for result in there):
            break
    return found


def _look(client: Client, group: Sequence[Address]) -> list[Result | NotFound]:
    """One request for one result, or the list for several."""
    if len(group) == 1 and group[0].result:
        return [client.result(group[0])]
    recording = group[0]._replace(result="")
    there = {result.sid: result for page in client.results(recording) for result in page}
    if recording in group:
        return list(there.values())
    return [there.get(address.result) or _missing(address) for address in group]


def _missing(address: Address) -> NotFound:
    return NotFound(
        f"no result {address.result} on recording {address.recording}",
        hint="results are kept 30 days from their creation",
    )

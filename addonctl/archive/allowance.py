"""How many requests a command has made, and may make: counted where each is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from addonctl.api import Pace
from addonctl.errors import StillPending

RESERVED = 16
"""Requests that a look may need. With fewer left for each that is under way, looks wait for one
another: many that begin and none that ends would be no progress, however often it is tried."""


class UsedUp(StillPending):
    """All requests that were allowed have been made."""


class Allowance(Pace):
    """Counts requests, retries and those to the store with them, on their way to another pace.

    With `most`, a request beyond that many is not sent: UsedUp is raised.
    """

    def __init__(self, pace: Pace, most: int | None = None, of: Allowance | None = None) -> None:
        """`of`: what both count together, as of the requests to the service and to its store."""
        self._pace = pace
        self._most = most
        self._of = of
        self._made = 0
        self._looks = 0
        self._changed = threading.Condition()

    @property
    def made(self) -> int:
        """How many requests were sent."""
        return self._of.made if self._of else self._made

    @property
    def used_up(self) -> bool:
        return self._most is not None and self._made >= self._most

    @property
    def left(self) -> int | None:
        """How many more may be made; None where nothing bounds them."""
        return None if self._most is None else self._most - self._made

    def give_back(self, requests: int) -> None:
        """Count less: of those taken, so many were not made."""
        with self._changed:
            self._made -= requests

    def take(self, requests: int = 1) -> None:
        """Count requests that are about to be made, here or by others."""
        if self._of:
            self._of.take(requests)
            return
        with self._changed:
            if self._most is not None and self._made + requests > self._most:
                raise UsedUp(f"{self._most} requests were made")
            self._made += requests

    @contextmanager
    def look(self) -> Iterator[None]:
        """Room for one look among those that are under way."""
        with self._changed:
            while (
                self._looks
                and self._most is not None
                and self._most - self._made < RESERVED * (self._looks + 1)
            ):
                self._changed.wait()
            self._looks += 1
        try:
            yield
        finally:
            with self._changed:
                self._looks -= 1
                self._changed.notify_all()

    def request(self) -> AbstractContextManager[None]:
        self.take()
        return self._pace.request()

    def wait(self, seconds: float) -> None:
        self.take()  # what is waited for is a retry
        self._pace.wait(seconds)

    def refused(self, seconds: float, retry_after: float | None, concurrent: int | None) -> None:
        self.take()
        self._pace.refused(seconds, retry_after, concurrent)

    def answered(self, status: int, concurrent: int | None) -> None:
        self._pace.answered(status, concurrent)

    def crowded(self) -> bool:
        return self._pace.crowded()

    def stop(self) -> None:
        self._pace.stop()

    def beside(self) -> Pace:
        return Allowance(self._pace.beside(), of=self)

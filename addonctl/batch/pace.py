"""How fast a batch may go: as many requests in flight as the service takes, and not one more.

The service limits how many of an account's requests are in flight at once, refuses those beyond
with 429, unprocessed, and says in `Twilio-Concurrent-Requests` how many there are. Where the
limit lies it does not say: a batch has to find it, and others of the account share it.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from time import monotonic

from addonctl.api import Pace
from addonctl.errors import Interrupted

PROBE = 2
"""Rounds without a refusal after which one more request is let into flight, at first."""
LONGEST_PROBE = 128


class BatchPace(Pace, AbstractContextManager[None]):
    """One limit on requests in flight for all workers of a batch.

    The limit starts at `most`. A refusal lowers it to what is still in flight, but at most by
    half in one round; it rises by one after a number of rounds, which grows with every refusal
    and shrinks with every rise that went well. While the service says that fewer are in flight
    than when it refused, somebody else has left, and the limit rises every round.

    Where the service says for how long (Retry-After), the whole batch holds still. After `stop`
    nothing is sent any more: what would be raises Interrupted.
    """

    def __init__(self, most: int) -> None:
        self._answers = 0
        self._most = most
        self._limit = most
        self._proven = most  # a limit that went well, before nothing got through at all
        self._in_flight = 0
        self._round = 0  # grows with every cut of the limit
        self._floor = 1  # how far refusals of this round may lower it
        self._since = 0  # answers since the limit last changed
        self._probe = PROBE
        self._rose = False
        self._full: int | None = None  # how many the service had in flight when it refused
        self._peak = 0  # the most it has said since the limit last changed
        self._answers_then = 0  # when it last refused
        self._hold_until = 0.0
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._mine = threading.local()

    def stop(self) -> None:
        """Send nothing any more, not even what waits for its retry."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()

    def request(self) -> AbstractContextManager[None]:
        self._mine.answers = 0  # what came before its first try may all have been in its way
        return self

    def __enter__(self) -> None:
        with self._changed:
            while True:
                if self._stopped.is_set():
                    raise Interrupted("interrupted")
                hold = self._hold_until - monotonic()
                if hold <= 0 and self._in_flight < self._limit:
                    break
                self._changed.wait(hold if hold > 0 else None)
            self._in_flight += 1
            self._mine.round = self._round

    def __exit__(self, *_: object) -> None:
        with self._changed:
            if self._mine.round is not None:
                self._leave()

    def wait(self, seconds: float) -> None:
        with self._changed:
            self._leave()
        self._come_back(seconds)

    def refused(self, seconds: float, retry_after: float | None, concurrent: int | None) -> None:
        with self._changed:
            sent_in = self._mine.round
            self._leave()
            if retry_after:
                self._hold_until = max(self._hold_until, monotonic() + retry_after)
            if sent_in == self._round:  # what was sent before the last cut tells nothing new
                self._round += 1
                self._floor = max(1, self._limit // 2)
                self._probe = min(self._probe * 4, LONGEST_PROBE)
            self._limit = max(self._floor, min(self._limit, self._in_flight))
            if self._in_flight or self._answers > self._answers_then:
                self._proven = self._limit
            self._answers_then = self._answers
            self._since, self._peak, self._rose = 0, 0, False
            # Whether the refused request counts, the service does not say.
            self._full = concurrent - 1 if concurrent else None
        self._come_back(seconds)  # meanwhile others take its place

    def answered(self, status: int, concurrent: int | None) -> None:
        if status == 429:
            return
        with self._changed:
            self._answers += 1
            if self._limit >= self._most:
                return
            self._since += 1
            self._peak = max(self._peak, concurrent or 0)
            if self._limit < self._proven:
                self._limit += 1
                self._changed.notify()
            elif self._since >= self._limit:
                if self._rose:
                    self._probe = max(1, self._probe // 4)
                    self._rose = False
                room = self._full is not None and self._peak < self._full
                if room or self._since >= self._limit * self._probe:
                    self._limit += 1
                    self._proven = self._limit
                    self._since, self._peak, self._rose = 0, 0, True
                    self._changed.notify()

    def crowded(self) -> bool:
        return self._answers > self._mine.answers or self._in_flight > 1

    def beside(self) -> Pace:
        return _Beside(self._stopped)

    def _leave(self) -> None:
        self._mine.round, self._mine.answers = None, self._answers
        self._in_flight -= 1
        self._changed.notify()

    def _come_back(self, seconds: float) -> None:
        """Go into flight again, after a pause."""
        if self._stopped.wait(seconds):
            raise Interrupted("interrupted")
        self.__enter__()


class _Beside(Pace):
    """Holds nobody back, but sends nothing once the batch is stopped."""

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped

    def request(self) -> AbstractContextManager[None]:
        self.wait(0)
        return nullcontext()

    def wait(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise Interrupted("interrupted")

"""Many at once: workers take items, outcomes come back in the items' order, only the caller speaks.

`run` is the one engine of every batch. A feeder thread pulls the items, so that a slow input holds
up nobody; workers do the work; whoever iterates over `run`, the main thread, gets the outcomes.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Generic, TypeVar

from addonctl.errors import AddonctlError, Interrupted

GRACE = 1.5
"""Seconds that an interrupted batch waits for what is under way."""
FIRST_LOOK = 0.05
"""Seconds that the first work waits for the input: a bad line in a short list comes before it."""

Item = TypeVar("Item")
Value = TypeVar("Value")


def run(
    work: Callable[[Item], Value],
    items: Iterable[Item],
    *,
    workers: int,
    window: int | None = None,
    stop: Callable[[], object] | None = None,
) -> Iterator[tuple[Item, Value | AddonctlError]]:
    """Do `work` on every item, `workers` at a time; each item and what came of it, in their order.

    An error of ours is an outcome like any other; any other exception is raised here, and so is
    what `items` raises, once the items before it are through. At most `window` items (4 for each
    worker) are under way or waiting for their turn, so memory stays flat however many there are.

    On Ctrl-C or SIGTERM no further item is begun and `stop` is called, which should keep the work
    from sending anything more; after at most GRACE seconds come the outcomes there are, and then
    Interrupted is raised. A second signal ends the program at once.

    A sequence of one item is worked on right here, without any thread.
    """
    if isinstance(items, Sequence) and len(items) <= 1:
        for item in items:
            yield item, _outcome(work, item)
        return
    crew = _Crew(work, items, workers, window or 4 * workers)
    with _listening(crew):
        try:
            yield from crew.outcomes()
            if crew.interrupted:
                if stop:
                    stop()
                yield from crew.last_outcomes()
                raise Interrupted("interrupted")
        finally:
            crew.dismiss()


class _Crew(Generic[Item, Value]):
    """The threads of one batch. All they have to tell goes through `_news` to the main thread,
    which alone touches what it is told.
    """

    def __init__(
        self,
        work: Callable[[Item], Value],
        items: Iterable[Item],
        workers: int,
        window: int,
    ) -> None:
        self.interrupted = False
        self._work = work
        self._items = items
        self._workers = workers
        self._spare = max(1, window // 4)
        self._room = threading.Semaphore(window)
        self._begin = threading.Event()
        self._over = False  # nothing more is begun
        self._hired = 0
        self._tasks: SimpleQueue[tuple[int, Item] | None] = SimpleQueue()
        # Reentrant, unlike most of threading: a signal handler may write to it.
        self._news: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._finished: dict[int, tuple[Item, Value | AddonctlError]] = {}
        self._gone = 0
        self._end: int | None = None
        self._problem: BaseException | None = None

    def interrupt(self) -> None:
        """Begin nothing more, and wake the main thread. Safe to call from a signal handler."""
        self.interrupted = self._over = True
        self._news.put(_nothing)

    def dismiss(self) -> None:
        """Let every thread go as soon as its request is through."""
        self._over = True
        self._begin.set()
        self._room.release()
        for _ in range(self._workers):
            self._tasks.put(None)

    def outcomes(self) -> Iterator[tuple[Item, Value | AddonctlError]]:
        """All outcomes, in order; ends early when interrupted. Raises what `items` raised."""
        _start(self._feed)
        self._begin.wait(FIRST_LOOK)
        self._begin.set()
        turn = 0
        while not self._over and turn != self._end:
            if turn not in self._finished:
                self._news.get()()
                continue
            yield self._finished.pop(turn)
            turn += 1
            if turn % self._spare == 0:
                self._room.release(self._spare)
        if self._problem and not self.interrupted:
            raise self._problem

    def last_outcomes(self) -> Iterator[tuple[Item, Value | AddonctlError]]:
        """What was under way when the batch was interrupted, as far as it ends in time."""
        self.dismiss()
        end = monotonic() + GRACE
        while self._gone < self._hired and (left := end - monotonic()) > 0:
            with suppress(Empty):
                self._news.get(timeout=left)()
        for turn in sorted(self._finished):
            item, outcome = self._finished.pop(turn)
            if not isinstance(outcome, Interrupted):
                yield item, outcome

    def _feed(self) -> None:
        """Hand out the items while there is room (one thread)."""
        number = 0
        try:
            for item in self._items:
                if not self._room.acquire(blocking=False):
                    self._begin.set()
                    self._room.acquire()
                if self._over:
                    return
                self._tasks.put((number, item))
                number += 1
                if self._hired < self._workers:
                    self._hired += 1
                    _start(self._labour)
        except BaseException as problem:  # outcomes() raises it
            self._problem = problem
            self._over = self._over or not self._begin.is_set()
        self._news.put(partial(self._ended, number))
        self._begin.set()

    def _labour(self) -> None:
        """Do one item after the other (many threads)."""
        self._begin.wait()
        try:
            while (task := self._tasks.get()) and not self._over:
                number, item = task
                pair = item, _outcome(self._work, item)
                self._news.put(partial(self._finished.__setitem__, number, pair))
        except BaseException as problem:  # outcomes() raises it
            self._problem = problem
            self._over = True
        self._news.put(self._went)

    # What the main thread does on being told

    def _ended(self, number: int) -> None:
        self._end = number

    def _went(self) -> None:
        self._gone += 1


def _outcome(work: Callable[[Item], Value], item: Item) -> Value | AddonctlError:
    try:
        return work(item)
    except AddonctlError as problem:
        return problem


def _nothing() -> None:
    pass


def _start(task: Callable[[], None]) -> None:
    # Daemons: a batch that is given up must not wait for a request that hangs.
    threading.Thread(target=task, daemon=True).start()


@contextmanager
def _listening(crew: _Crew[Any, Any]) -> Iterator[None]:
    """Ctrl-C and SIGTERM interrupt the crew; a second one ends the program at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hear(*_: object) -> None:
        if crew.interrupted:
            os._exit(Interrupted.exit_code)
        crew.interrupt()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # What our caller had us ignore (nohup does so) stays ignored.
    before = {number: handler for number, handler in before.items() if handler != signal.SIG_IGN}
    for number in before:
        signal.signal(number, hear)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

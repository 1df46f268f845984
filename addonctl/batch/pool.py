"""The thread pool of every batch: outcomes come back in the items' order, only the caller speaks.

A feeder thread pulls the items, so that a slow input holds up nobody; workers do the work; whoever
iterates over `run`, the main thread, gets the outcomes. Not concurrent.futures: that takes all
items at once, waits for what hangs when the program ends, and cannot be told of a signal.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Generic, Protocol, TypeVar

from addonctl.batch.outcomes import attempt
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

    Where the system gives fewer threads, fewer do the work; where it gives none, the caller does.
    """
    pool = _Pool(work, items, workers, window or 4 * workers)
    with listening(pool):
        try:
            yield from pool.outcomes()
            if pool.interrupted:
                if stop:
                    stop()
                yield from pool.last_outcomes()
                raise Interrupted("interrupted")
        finally:
            pool.close()


class Interruptible(Protocol):
    """What can be told, from within a signal handler, to begin nothing more."""

    interrupted: bool

    def interrupt(self) -> None: ...


class _Pool(Generic[Item, Value]):
    """The threads of one batch. All they have to tell goes through `_events` to the main thread,
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
        self._ready = threading.Event()
        self._over = False  # nothing more is begun
        self._threads = 0
        self._tasks: SimpleQueue[tuple[int, Item] | None] = SimpleQueue()
        # Reentrant, unlike most of threading: a signal handler may write to it.
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._finished: dict[int, tuple[Item, Value | AddonctlError]] = {}
        self._finished_threads = 0
        self._end: int | None = None
        self._problem: BaseException | None = None

    def interrupt(self) -> None:
        """Begin nothing more, and wake the main thread. Safe to call from a signal handler."""
        self.interrupted = self._over = True
        self._events.put(_nothing)

    def close(self) -> None:
        """Let every thread go as soon as its request is through."""
        self._over = True
        self._ready.set()
        self._room.release()
        for _ in range(self._workers):
            self._tasks.put(None)

    def outcomes(self) -> Iterator[tuple[Item, Value | AddonctlError]]:
        """All outcomes, in order; ends early when interrupted. Raises what `items` raised."""
        if not _start(self._feed):
            for item in self._items:
                if self._over:
                    return
                yield item, attempt(self._work, item)
            return
        self._ready.wait(FIRST_LOOK)
        self._ready.set()
        turn = 0
        while not self._over and turn != self._end:
            if turn not in self._finished:
                self._events.get()()
                continue
            yield self._finished.pop(turn)
            turn += 1
            if turn % self._spare == 0:
                self._room.release(self._spare)
        if self._problem and not self.interrupted:
            raise self._problem

    def last_outcomes(self) -> Iterator[tuple[Item, Value | AddonctlError]]:
        """What was under way when the batch was interrupted, as far as it ends in time."""
        self.close()
        end = monotonic() + GRACE
        while self._finished_threads < self._threads and (left := end - monotonic()) > 0:
            with suppress(Empty):
                self._events.get(timeout=left)()
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
                    self._ready.set()
                    self._room.acquire()
                if self._over:
                    return
                self._tasks.put((number, item))
                number += 1
                if self._threads < self._workers:
                    if _start(self._serve):
                        self._threads += 1
                    else:
                        self._workers = self._threads
                if not self._threads:
                    self._do(*(self._tasks.get() or (0, item)))
        except BaseException as problem:  # outcomes() raises it
            self._problem = problem
            self._over = self._over or not self._ready.is_set()
        self._events.put(partial(self._ended, number))
        self._ready.set()

    def _serve(self) -> None:
        """Do one item after the other (many threads)."""
        self._ready.wait()
        try:
            while (task := self._tasks.get()) and not self._over:
                self._do(*task)
        except BaseException as problem:  # outcomes() raises it
            self._problem = problem
            self._over = True
        self._events.put(self._left)

    def _do(self, number: int, item: Item) -> None:
        pair = item, attempt(self._work, item)
        self._events.put(partial(self._finished.__setitem__, number, pair))

    # What the main thread does on being told

    def _ended(self, number: int) -> None:
        self._end = number

    def _left(self) -> None:
        self._finished_threads += 1


def _nothing() -> None:
    pass


def _start(task: Callable[[], None]) -> bool:
    """Begin a thread; false where the system gives no more of them."""
    # Daemons: a batch that is given up must not wait for a request that hangs.
    try:
        threading.Thread(target=task, daemon=True).start()
    except RuntimeError:
        return False
    return True


@contextmanager
def listening(pool: Interruptible) -> Iterator[None]:
    """Ctrl-C and SIGTERM interrupt the pool; a second one ends the program at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    own = os.getpid()

    def hear(number: int, _: object) -> None:
        if os.getpid() != own:  # one that was forked off to work for this one, which will tell it
            if number == signal.SIGTERM:
                os._exit(Interrupted.exit_code)
            return
        if pool.interrupted:
            os._exit(Interrupted.exit_code)
        pool.interrupt()

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

"""The threads of a batch: many items at work, few in memory, outcomes in order.

One thread goes through the items, `workers` threads each do one after the other, and whoever
iterates over `run`, the main thread, gets the outcomes. Not concurrent.futures: that takes all
items at once, waits for what hangs when the program ends, and cannot be told of a signal.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from time import monotonic
from typing import Generic, TypeVar

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
    with listening(pool.interrupt):
        try:
            yield from pool.outcomes()
            if pool.interrupted:
                if stop:
                    stop()
                yield from pool.last_outcomes()
                raise Interrupted("interrupted")
        finally:
            pool.close()


class _Pool(Generic[Item, Value]):
    """The threads of one batch. They tell the main thread what is finished, or, by None, that
    something else has changed.
    """

    def __init__(
        self, work: Callable[[Item], Value], items: Iterable[Item], workers: int, window: int
    ) -> None:
        self.interrupted = False
        self._work = work
        self._items = items
        self._workers = workers
        self._spare = max(1, window // 4)
        self._room = threading.Semaphore(window)
        self._ready = threading.Event()
        self._over = False  # nothing more is begun
        self._threads: list[threading.Thread] = []
        self._tasks: SimpleQueue[tuple[int, Item] | None] = SimpleQueue()
        # Reentrant, unlike most of threading: a signal handler may write to it.
        self._told: SimpleQueue[tuple[int, Item, Value | AddonctlError] | None] = SimpleQueue()
        self._finished: dict[int, tuple[Item, Value | AddonctlError]] = {}
        self._end: int | None = None
        self._problem: BaseException | None = None

    def interrupt(self) -> None:
        """Begin nothing more, and wake the main thread. Safe to call from a signal handler."""
        self.interrupted = self._over = True
        self._told.put(None)

    def close(self) -> None:
        """Let every thread go as soon as its request is through."""
        self._over = True
        self._ready.set()
        self._room.release()
        for _ in range(self._workers):
            self._tasks.put(None)

    def outcomes(self) -> Iterator[tuple[Item, Value | AddonctlError]]:
        """All outcomes, in order; ends early when interrupted. Raises what `items` raised."""
        if not _started(self._feed):
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
                self._listen()
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
        for thread in self._threads:
            thread.join(max(0.0, end - monotonic()))
        while not self._told.empty():
            self._listen()
        for turn in sorted(self._finished):
            item, outcome = self._finished.pop(turn)
            if not isinstance(outcome, Interrupted):
                yield item, outcome

    def _listen(self) -> None:
        if told := self._told.get():
            turn, item, outcome = told
            self._finished[turn] = item, outcome

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
                if len(self._threads) < self._workers:
                    if thread := _started(self._serve):
                        self._threads.append(thread)
                    else:
                        self._workers = len(self._threads)
                if not self._threads:
                    self._tasks.put(None)
                    self._serve()
        except BaseException as problem:  # outcomes() raises it
            self._problem = problem
            self._over = self._over or not self._ready.is_set()
        self._end = number
        self._ready.set()
        self._told.put(None)

    def _serve(self) -> None:
        """Do one item after the other (many threads)."""
        self._ready.wait()
        try:
            while (task := self._tasks.get()) and not self._over:
                number, item = task
                self._told.put((number, item, attempt(self._work, item)))
        except BaseException as problem:  # outcomes() raises it
            self._problem = problem
            self._over = True
            self._told.put(None)


def _started(task: Callable[[], None]) -> threading.Thread | None:
    """A thread that has begun with a task; None where the system gives no more of them."""
    # A daemon: a batch that is given up must not wait for a request that hangs.
    thread = threading.Thread(target=task, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


@contextmanager
def listening(interrupt: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM call `interrupt`; a second one ends the program at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    own = os.getpid()
    heard = False

    def hear(number: int, _: object) -> None:
        nonlocal heard
        if os.getpid() != own:  # one that was forked off to work for this one, which will tell it
            if number == signal.SIGTERM:
                os._exit(Interrupted.exit_code)
            return
        if heard:
            os._exit(Interrupted.exit_code)
        heard = True
        interrupt()

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

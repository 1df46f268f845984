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

from addonctl.batch.outcomes import Item, Value, attempt
from addonctl.errors import AddonctlError, Interrupted

GRACE = 1.5
"""Seconds that an interrupted batch waits for what is under way."""
FIRST_LOOK = 0.05
"""Seconds that the first work waits for the input: a bad line in a short list comes before it."""


def run(
    work: Callable[[Item], Value],
    items: Iterable[Item],
    *,
    workers: int,
    window: int | None = None,
    stop: Callable[[], object] = lambda: None,
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
    window = window or 4 * workers
    spare = max(1, window // 4)
    room, ready = threading.Semaphore(window), threading.Event()
    threads: list[threading.Thread] = []
    tasks: SimpleQueue[tuple[int, Item] | None] = SimpleQueue()
    # What is finished; None where something else has changed. Reentrant, unlike most of threading:
    # a signal handler may write to it.
    told: SimpleQueue[tuple[int, tuple[Item, Value | AddonctlError]] | None] = SimpleQueue()
    finished: dict[int, tuple[Item, Value | AddonctlError]] = {}
    interrupted = over = False  # over: nothing more is begun
    end: int | None = None
    problem: BaseException | None = None

    def interrupt() -> None:
        nonlocal interrupted, over
        interrupted = over = True
        told.put(None)

    def feed() -> None:
        """Hand out the items while there is room (one thread)."""
        nonlocal workers, over, end, problem
        number = 0
        try:
            for item in items:
                if not room.acquire(blocking=False):
                    ready.set()
                    room.acquire()
                if over:
                    return
                tasks.put((number, item))
                number += 1
                if len(threads) < workers:
                    if thread := _started(serve):
                        threads.append(thread)
                    else:
                        workers = len(threads)
                if not threads:
                    tasks.put(None)
                    serve()
        except BaseException as raised:  # the main thread raises it again
            problem = raised
            over = over or not ready.is_set()
        end = number
        ready.set()
        told.put(None)

    def serve() -> None:
        """Do one item after the other (many threads)."""
        nonlocal over, problem
        ready.wait()
        try:
            while (task := tasks.get()) and not over:
                number, item = task
                told.put((number, (item, attempt(work, item))))
        except BaseException as raised:  # the main thread raises it again
            problem, over = raised, True
            told.put(None)

    def let_go() -> None:
        """Have every thread end as soon as its request is through."""
        nonlocal over
        over = True
        ready.set()
        room.release()
        for _ in range(workers):
            tasks.put(None)

    with listening(interrupt):
        try:
            if _started(feed):
                ready.wait(FIRST_LOOK)
                ready.set()
            else:
                end = 0
                for item in items:
                    if over:
                        break
                    yield item, attempt(work, item)
            turn = 0
            while not over and turn != end:
                if turn not in finished:
                    if news := told.get():
                        finished[news[0]] = news[1]
                    continue
                yield finished.pop(turn)
                turn += 1
                if turn % spare == 0:
                    room.release(spare)
            if interrupted:
                stop()
                let_go()
                last = monotonic() + GRACE
                for thread in threads:
                    thread.join(max(0.0, last - monotonic()))
                finished.update(filter(None, (told.get() for _ in range(told.qsize()))))
                for _, (item, outcome) in sorted(finished.items()):
                    if not isinstance(outcome, Interrupted):
                        yield item, outcome
                raise Interrupted("interrupted")
            if problem:
                raise problem
        finally:
            let_go()


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

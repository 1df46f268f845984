"""What does the looks of a run: threads of this process, or a cluster they are spread over.

What a cluster is handed is a chunk of recordings, two chunks for each slot; each future is dropped
once it is read, for what a cluster still holds it does again when a worker dies. What the workers
give back goes to whoever keeps the index: no state is with them.
"""

from __future__ import annotations

import io
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any

from addonctl import __version__
from addonctl.api import Client, Limits
from addonctl.archive import worker
from addonctl.archive.accounts import Engine
from addonctl.archive.allowance import RESERVED
from addonctl.archive.look import Job, Seen
from addonctl.archive.marker import PROBE
from addonctl.archive.run import Run
from addonctl.archive.worker import Chunk, Connect, Done, Task
from addonctl.batch import pool
from addonctl.errors import AddonctlError, Interrupted, StillPending, TryLater, Usage
from addonctl.output.sink import Sink

if TYPE_CHECKING:
    from addonctl.archive.crews import Crew

SECONDS = 10.0
"""How long a worker is at one chunk; then it gives back the rest."""
FIRST_GUESS = 0.25
"""Seconds for a recording, before any is known."""
PARTS = 16
"""How many chunks a slot would make of what is left: so they end together, and a worker that dies
takes little with it."""
LARGEST = 500
"""Recordings in a chunk, so that memory stays flat."""
MANY = 1 << 40
"""Recordings that are to come where nobody has counted them."""
GRACE = 15.0
"""Seconds that an interrupted run waits for what is under way: a chunk, and a little more."""
TICK = 0.5
"""Seconds after which the cluster itself is looked at."""

Outcome = tuple[Job, Seen | AddonctlError]


def check(word: str) -> None:
    """Raises Usage for what names no engine."""
    address = r"dask=(?:tls|tcp)://[^\s/@]+:\d{1,5}"
    factory = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*"
    if not re.fullmatch(f"threads|dask|{address}|{factory}", word):
        raise Usage(
            f"no engine '{word}'",
            hint="known: threads, dask, dask=tls://HOST:PORT, dask=tcp://HOST:PORT, MODULE:FACTORY",
        )


def threads(client: Client, workers: int, sink: Sink) -> Engine:
    """The threads of a batch, in this process."""

    def engine(work: Any, jobs: Iterable[Job], total: int | None) -> Iterator[Outcome]:
        outcomes = pool.run(work, jobs, workers=workers, stop=client.pace.stop)
        return _shown(outcomes, total, sink)

    return engine


@contextmanager
def engine_of(
    word: str, run: Run, limits: Limits, sink: Sink, connect: Connect, *, verbose: bool
) -> Iterator[Engine]:
    """The engine of that name for a run, and others beside it; `limits` are those of its clients,
    which workers elsewhere make by `connect`. Raises AddonctlError where there is none to be had.
    """
    workers, client, place = limits.connections, run.client, run.place
    if word == "threads":
        yield threads(client, workers, sink)
        return
    from addonctl.archive.crews import crew_of

    login = client.login
    # What workers will look for in the place: a token that no other run has.
    token = os.urandom(16).hex()
    with crew_of(word, workers) as crew:
        place.put(PROBE, io.BytesIO(token.encode()))
        try:
            task = Task(
                run=token,
                version=__version__,
                place=place.url,
                lease=place.lease,
                token=token.encode(),
                now=run.now,
                account=login.account,
                api_url=login.api_url,
                profile=login.profile,
                login=login,
                limits=limits,
                connect=connect,
                slots=workers,
                verbose=verbose,
            )
            with Cluster(crew, task, run, sink) as cluster:
                # The work is the same look, with what each worker opens for itself.
                yield lambda work, jobs, total: _shown(cluster.looks(jobs, total), total, sink)
        finally:
            with suppress(AddonctlError):
                place.delete(PROBE)


def _shown(outcomes: Iterator[Outcome], total: int | None, sink: Sink) -> Iterator[Outcome]:
    """The same, with their progress on a terminal."""
    with sink.progress(total, "recordings") as progress:
        for pair in outcomes:
            yield pair
            progress.advance()


class Cluster:
    """The engine of a run, and others beside it, on a crew. Requests made elsewhere are taken from
    the run's allowance; the sink is told what workers would have said.
    """

    def __init__(self, crew: Crew, task: Task, run: Run, sink: Sink) -> None:
        self.interrupted = False
        self._crew = crew
        self._task = task
        self._allowance = run.allowance
        self._until = run.wish.until
        self._told = {True: sink.trace, False: sink.pause}
        self._each = FIRST_GUESS
        self._count = 0
        self._left: deque[Job] = deque()
        self._large: deque[Job] = deque()
        self._under_way: dict[Future[Done | AddonctlError], Chunk] = {}
        self._ended: SimpleQueue[Future[Done | AddonctlError] | None] = SimpleQueue()

    def __enter__(self) -> Cluster:
        """Have all workers make ready. Raises AddonctlError where one cannot."""
        try:
            self._crew.check(self._task_for_all())
        except BaseException:
            self._crew.forget(self._task.run)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.forget(self._task.run)

    def interrupt(self) -> None:
        """Begin nothing more, and wake the main thread. Safe to call from a signal handler."""
        self.interrupted = True
        self._ended.put(None)

    def looks(self, jobs: Iterable[Job], total: int | None) -> Iterator[Outcome]:
        """What was found at each of `total` recordings, as it comes back.

        Raises StillPending when time or requests are used up before all are looked at, TryLater
        where the cluster is lost, Interrupted on Ctrl-C; each after all that has come back.
        """
        source, self._count = iter(jobs), MANY if total is None else total
        slots, looked_at = self._crew.slots(), monotonic()
        with pool.listening(self.interrupt):
            try:
                while not self.interrupted:
                    if monotonic() - looked_at >= TICK:
                        if problem := self._crew.lost():
                            raise problem
                        slots, looked_at = self._crew.slots(), monotonic()
                    while len(self._under_way) < 2 * max(1, slots) and (
                        chunk := self._chunk(source, slots)
                    ):
                        self._hand_out(chunk)
                    if not self._under_way:
                        break
                    yield from self._read(TICK)
                if self.interrupted:
                    yield from self._last()
                    raise Interrupted("interrupted")
                if self._left or self._large or next(source, None) is not None:
                    late = self._until is not None and monotonic() >= self._until
                    made = f"{self._allowance.made} requests were made"
                    raise StillPending("the time was up" if late else made)
            finally:
                if self._under_way:  # whatever ended it: nothing goes on behind our back
                    self._crew.stop(self._task.run, list(self._under_way))
                    self._under_way.clear()

    def _chunk(self, source: Iterator[Job], slots: int) -> Chunk | None:
        """What to hand out next; None where there is nothing, or not yet."""
        seconds, requests = SECONDS, self._allowance.left
        if self._until is not None:
            # Two chunks are before each slot, and both should be through by then.
            seconds = min(seconds, (self._until - monotonic()) / 2)
            if seconds <= 0:
                return None
        most = int(min(SECONDS / self._each, self._count / (PARTS * max(1, slots)), LARGEST))
        if requests is not None:
            if requests <= 0 or (self._under_way and requests < RESERVED):
                return None
            if self._large:  # all there is, for one that a usual share is too small for
                return Chunk((self._large.popleft(),), seconds, requests)
            requests = min(requests, max(RESERVED, requests // (2 * max(1, slots))))
        jobs: list[Job] = []
        began = monotonic()
        # Taking a job may mean to list its account first: meanwhile nobody should be idle.
        while len(jobs) < max(1, most) and not (jobs and monotonic() - began > TICK):
            job = self._left.popleft() if self._left else next(source, None)
            if job is None:
                break
            jobs.append(job)
        self._count -= len(jobs)
        return Chunk(tuple(jobs), seconds, requests) if jobs else None

    def _hand_out(self, chunk: Chunk) -> None:
        self._allowance.take(chunk.requests or 0)
        try:
            future = self._crew.executor.submit(worker.work, self._task_for_all(), chunk)
        except RuntimeError as problem:  # it is broken, or was shut down
            raise TryLater(f"the cluster takes no more work: {problem}") from None
        self._under_way[future] = chunk
        future.add_done_callback(self._ended.put)

    def _task_for_all(self) -> Task:
        """The task as it may be sent to whoever is a worker now."""
        return self._task if self._crew.private() else self._task._replace(login=None)

    def _read(self, seconds: float) -> list[Outcome]:
        """What the next chunk to end has found, if one does in time. Raises AddonctlError where
        its worker is none.
        """
        try:
            future = self._ended.get(timeout=seconds)
        except Empty:
            return []
        if future is None:
            return []
        chunk = self._under_way.pop(future)
        self._allowance.give_back(chunk.requests or 0)
        try:
            done = future.result()
        except CancelledError:
            self._again(chunk.jobs)
            if problem := self._crew.lost():
                raise problem from None
            return []
        except BrokenExecutor as problem:
            raise TryLater(
                f"the cluster broke down: {problem}", hint="the next run goes on"
            ) from None
        except self._crew.killed:
            why = "each worker that looked at it died"
            return [(job, Seen(job, job.document, problem=why)) for job in chunk.jobs]
        except ImportError as problem:
            raise AddonctlError(
                f"a worker cannot do the work of addonctl {self._task.version}: {problem}",
                hint=f"there: pip install 'addonctl[cluster]=={self._task.version}'",
            ) from None
        if isinstance(done, AddonctlError):
            raise done
        self._allowance.take(done.requests)
        for request, line in done.told:
            self._told[request](line)
        if done.found:
            each = done.seconds / len(done.found)
            self._each = max(0.001, (self._each + each) / 2)
        self._again(chunk.jobs[len(done.found) :])
        found: list[Outcome] = []
        for job, seen in done.found:
            left = self._allowance.left
            if isinstance(seen, Seen) and seen.cut and left is not None and left >= RESERVED:
                self._large.append(job)
            else:
                found.append((job, seen))
        return found

    def _again(self, jobs: tuple[Job, ...]) -> None:
        """Have jobs done that came back undone, before all others."""
        self._left.extendleft(reversed(jobs))
        self._count += len(jobs)

    def _last(self) -> Iterator[Outcome]:
        """What comes back of what was under way when the run was interrupted."""
        self._crew.stop(self._task.run, list(self._under_way))
        end = monotonic() + GRACE
        while self._under_way and (left := end - monotonic()) > 0 and not self._crew.lost():
            yield from self._read(min(left, TICK))
        self._under_way.clear()

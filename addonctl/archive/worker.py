"""What a worker of a cluster does: some of the looks of a run, in a process of its own.

It opens the place and logs in by itself, writes bytes and markers, and gives back what it found;
the index is written by the coordinator alone.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from addonctl import __version__
from addonctl.api import Client, Limits, Pace
from addonctl.archive.allowance import RESERVED, Allowance
from addonctl.archive.look import Job, Seen, look
from addonctl.archive.marker import PROBE
from addonctl.archive.place import Place, PlaceFailed, open_place
from addonctl.batch.pace import BatchPace
from addonctl.errors import AddonctlError, Interrupted, LoginRefused, NotFound
from addonctl.profiles import Login

MOST_RUNS = 8
"""How many runs a worker is ready to go on with: several may share a cluster."""
MOST_SAID = 10_000
"""Lines that a chunk brings back for the terminal, so that memory stays flat."""

Say = Callable[[str], None]
Connect = Callable[[Login, Limits, Pace, Say | None, Say], Client]
"""Makes a client that traces each request to the one, and tells pauses to the other."""


class Task(NamedTuple):
    """What a worker must know of a run.

    `login` is the coordinator's, where it may be sent; else a worker finds its own, of the same
    `account` at the same `api_url`: from its variables, or the `profile` of that name. `token` is
    what the coordinator wrote to the place. `connect` is found by its name in the worker's
    process. `slots` is how many looks may be under way in one process.
    """

    run: str
    version: str
    place: str
    lease: str
    token: bytes
    now: datetime
    account: str
    api_url: str
    profile: str | None
    login: Login | None
    limits: Limits
    connect: Connect
    slots: int
    verbose: bool = False

    def __repr__(self) -> str:
        return f"Task({self.run})"


class Chunk(NamedTuple):
    """Some jobs, how many requests they may take, and for how many seconds more of them may be
    begun; one is in any case.
    """

    jobs: tuple[Job, ...]
    seconds: float
    requests: int | None = None

    def __repr__(self) -> str:
        return f"Chunk({len(self.jobs)} recordings)"


class Done(NamedTuple):
    """What came of a chunk: its first jobs with what was found, and how many requests and seconds
    all that took. `told` are the lines that a single process would have shown: of requests (true)
    and of pauses.
    """

    found: tuple[tuple[Job, Seen | AddonctlError], ...]
    requests: int
    seconds: float
    told: tuple[tuple[bool, str], ...] = ()

    def __repr__(self) -> str:
        return f"Done({len(self.found)} recordings)"


class ThreadPace(Pace):
    """The pace that is `now` that of the thread which asks."""

    def __init__(self, now: Callable[[], Pace]) -> None:
        self._now = now

    def request(self) -> AbstractContextManager[None]:
        return self._now().request()

    def wait(self, seconds: float) -> None:
        self._now().wait(seconds)

    def refused(self, seconds: float, retry_after: float | None, concurrent: int | None) -> None:
        self._now().refused(seconds, retry_after, concurrent)

    def answered(self, status: int, concurrent: int | None) -> None:
        self._now().answered(status, concurrent)

    def crowded(self) -> bool:
        return self._now().crowded()

    def beside(self) -> Pace:
        return ThreadPace(lambda: self._now().beside())


class Bench:
    """What a process works on a run with: the place, a client, and a pace for each account, for
    the service limits each by itself. Raises AddonctlError where it cannot work on it.
    """

    def __init__(self, task: Task) -> None:
        _settle()
        self.over = False
        self._now = task.now
        self._slots = task.slots
        self._paces: dict[str, BatchPace] = {}
        self._mine = threading.local()  # .allowance, .told
        self._lock = threading.Lock()
        if task.version != __version__:
            raise AddonctlError(
                f"it has addonctl {__version__}, the coordinator {task.version}",
                hint=f"there: pip install 'addonctl=={task.version}'",
            )
        self.place = open_place(task.place, task.limits, task.lease)
        _probe(self.place, task)
        login = task.login or _own_login(task)
        pace = ThreadPace(lambda: self._mine.allowance)
        trace = (lambda line: self._tell(True, line)) if task.verbose else None
        self.client = task.connect(
            login, task.limits, pace, trace, lambda line: self._tell(False, line)
        )
        if task.login is None:
            # Refused, it is this worker's fault, not the account's: nothing may be noted of that.
            self.turn(task.account, None)
            next(self.client.recordings(page_size=1))

    def turn(self, account: str, most: int | None) -> Allowance:
        """Have this thread ask for an account's things, with so many requests at most."""
        with self._lock:
            pace = self._paces.setdefault(account, BatchPace(self._slots))
        if self.over:
            pace.stop()
        allowance = self._mine.allowance = Allowance(pace, most)
        return allowance

    def stop(self) -> None:
        """Send nothing any more: what would be raises Interrupted."""
        self.over = True
        with self._lock:
            for pace in self._paces.values():
                pace.stop()

    def work(self, chunk: Chunk) -> Done:
        """Look at the recordings of a chunk, one after the other."""
        began = monotonic()
        told: list[tuple[bool, str]] = []
        self._mine.told = told
        found: list[tuple[Job, Seen | AddonctlError]] = []
        left, asked = chunk.requests, 0
        for job in chunk.jobs:
            late = monotonic() - began >= chunk.seconds
            short = left is not None and left < RESERVED
            if self.over or (found and (late or short)):
                break
            allowance = self.turn(job.account, left)
            seen: Seen | AddonctlError
            try:
                seen = look(self.client, self.place, job, self._now)
            except Interrupted:
                break
            except AddonctlError as problem:
                seen = problem
            finally:
                asked += allowance.made
                left = None if left is None else left - allowance.made
            found.append((job, seen))
            if isinstance(seen, PlaceFailed):
                break
        return Done(tuple(found), asked, monotonic() - began, tuple(told))

    def _tell(self, request: bool, line: str) -> None:
        told = self._mine.told
        if len(told) < MOST_SAID:
            told.append((request, line))


_benches: OrderedDict[str, Bench] = OrderedDict()
_lock = threading.Lock()


def work(task: Task, chunk: Chunk) -> Done | AddonctlError:
    """Do a chunk of a run; the error is that of a worker that cannot work on it."""
    try:
        return bench(task).work(chunk)
    except AddonctlError as problem:
        return problem.reworded(f"{name()}: {problem.message}")


def check(task: Task) -> AddonctlError | None:
    """Make ready for a run; what keeps this worker from it, if anything does."""
    try:
        bench(task)
    except AddonctlError as problem:
        return problem
    return None


async def checked(task: Task, dask_worker: Any) -> AddonctlError | None:
    """The same at a worker of Dask's, which goes on hearing of other things meanwhile."""
    import asyncio

    task = task._replace(slots=dask_worker.state.nthreads)
    return await asyncio.get_running_loop().run_in_executor(None, check, task)


def stop(run: str) -> None:
    """Begin nothing more of a run, and send nothing any more for it."""
    with _lock:
        if run in _benches:
            _benches[run].stop()


def forget(run: str) -> None:
    """Let go of what a run was worked on with, its login too."""
    with _lock:
        if found := _benches.pop(run, None):
            found.stop()
            found.client.close()


def bench(task: Task) -> Bench:
    """What this process works on a run with, made when first asked for."""
    with _lock:
        if task.run not in _benches:
            _benches[task.run] = Bench(task._replace(slots=_slots(task.slots)))
            while len(_benches) > MOST_RUNS:
                _benches.popitem(last=False)
        return _benches[task.run]


def name() -> str:
    """What this worker is called in a message."""
    if distributed := sys.modules.get("distributed"):
        with suppress(ValueError):  # another engine's
            return f"worker {distributed.get_worker().address}"
    return f"worker {os.getpid()} on {socket.gethostname()}"


def _settle() -> None:
    """Leave Ctrl-C to the coordinator, and end when it does, in a process that multiprocessing made
    of it; whatever that inherited, a lock too, would else outlive its owner.
    """
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is None or threading.current_thread() is not threading.main_thread():
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def watch() -> None:
        parent.join()
        os._exit(Interrupted.exit_code)

    threading.Thread(target=watch, daemon=True).start()


def _slots(most: int) -> int:
    """How many chunks this process does at a time."""
    if distributed := sys.modules.get("distributed"):
        with suppress(ValueError):
            return int(distributed.get_worker().state.nthreads)
    return most


def _probe(place: Place, task: Task) -> None:
    """Read in the place what the coordinator wrote, and write what it will read.

    Raises AddonctlError for another place than the coordinator's, or one that cannot be written.
    """
    if place.read(PROBE) != task.token:
        raise NotFound(
            f"it does not see the archive {place.url}: what the coordinator wrote there is missing",
            hint="a folder must be one that all machines share; or use a bucket",
        )
    answer = f"{PROBE}-{os.urandom(4).hex()}"
    place.create(answer, task.token)
    place.delete(answer)


def _own_login(task: Task) -> Login:
    """The login of this worker's environment, which must be of the coordinator's account."""
    from addonctl.profiles import login_variables, resolve

    here = login_variables(os.environ) or os.environ.get("ADDONCTL_PROFILE")
    login = resolve(os.environ, profile=None if here else task.profile)
    if (login.account, login.api_url) != (task.account, task.api_url):
        raise LoginRefused(
            f"it logs in to {login.account} at {login.api_url}, the coordinator to {task.account}"
            f" at {task.api_url}"
        )
    return login

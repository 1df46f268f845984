"""The workers of a cluster: those of Dask, or of any concurrent.futures.Executor."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Protocol

from addonctl.archive import worker
from addonctl.archive.worker import Chunk, Done, Task
from addonctl.errors import AddonctlError, Usage


class Crew(Protocol):
    """Workers, whoever brings them."""

    executor: Executor
    killed: tuple[type[Exception], ...]
    """What a chunk ends with that killed its worker again and again."""

    def slots(self) -> int:
        """How many chunks are done at a time just now."""

    def private(self) -> bool:
        """Whether nobody can read what is sent to the workers."""

    def check(self, task: Task) -> None:
        """Have all workers make ready. Raises AddonctlError for one that cannot."""

    def lost(self) -> AddonctlError | None:
        """Why no more chunks will be done, if it is so."""

    def stop(self, run: str, futures: Iterable[Future[Done | AddonctlError]]) -> None:
        """Have the workers begin nothing more of a run, and give back what they have."""

    def forget(self, run: str) -> None:
        """Have the workers let go of a run's login."""


class Executors:
    """The workers of an executor of which nothing is known but that it is one."""

    killed: tuple[type[Exception], ...] = ()

    def __init__(self, executor: Executor, slots: int) -> None:
        self.executor = executor
        self._slots = slots

    def slots(self) -> int:
        return self._slots

    def private(self) -> bool:
        return isinstance(self.executor, ThreadPoolExecutor | ProcessPoolExecutor)

    def check(self, task: Task) -> None:
        """One of them; each of the others makes ready when its first chunk comes."""
        problem = self.executor.submit(worker.work, task, Chunk((), 0)).result()
        if isinstance(problem, AddonctlError):
            raise problem

    def lost(self) -> None:
        return None

    def stop(self, run: str, futures: Iterable[Future[Done | AddonctlError]]) -> None:
        worker.stop(run)  # where they are threads of this process
        for each in futures:
            each.cancel()

    def forget(self, run: str) -> None:
        worker.forget(run)


@contextmanager
def crew_of(engine: str, workers: int) -> Iterator[Crew]:
    """The workers of an engine: `dask`, `dask=ADDRESS` or `module:factory`; what was started for
    it ends with it.

    `workers` is how many slots there are where nobody else says. Raises AddonctlError where a
    library is missing, Usage for a factory that gives no executor, TryLater where no scheduler
    answers.
    """
    kind, _, at = engine.partition("=")
    if kind == "dask":
        from addonctl.archive.dasks import dask_crew

        with dask_crew(at, workers) as crew:
            yield crew
        return
    module, _, name = engine.partition(":")
    if (here := str(Path.cwd())) not in sys.path:  # where it is when `python -m` is typed
        sys.path.append(here)
    try:
        made = getattr(import_module(module), name)()
    except Exception as problem:  # somebody else's code
        raise Usage(f"--engine {engine}: {type(problem).__name__}: {problem}") from None
    if not isinstance(made, Executor):
        raise Usage(
            f"--engine {engine}: it gave a {type(made).__name__}, not a concurrent.futures.Executor"
        )
    try:
        yield Executors(made, workers)
    finally:
        made.shutdown(cancel_futures=True)  # what works for it may hold the lock, too

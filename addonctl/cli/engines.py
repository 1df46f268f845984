"""`--engine`: what does the work of an archive's run, and how it is shown at the one terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from addonctl.cli.state import State, connected
from addonctl.errors import AddonctlError, Usage

if TYPE_CHECKING:
    from addonctl.api import Client
    from addonctl.archive.accounts import Engine
    from addonctl.archive.allowance import Allowance
    from addonctl.archive.engine import Outcome
    from addonctl.archive.look import Job
    from addonctl.archive.place import Place

_ADDRESS = r"dask=(?:tls|tcp)://[^\s/@]+:\d{1,5}"
_FACTORY = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*"


class Working(NamedTuple):
    """An engine, and whether it may do several accounts in one stream."""

    engine: Engine
    together: bool = False


def check_engine(word: str) -> None:
    """Raises Usage for what names no engine."""
    if not re.fullmatch(f"threads|dask|{_ADDRESS}|{_FACTORY}", word):
        raise Usage(
            f"no engine '{word}'",
            hint="known: threads, dask, dask=tls://HOST:PORT, dask=tcp://HOST:PORT, MODULE:FACTORY",
        )


@contextmanager
def working(
    state: State,
    client: Client,
    word: str,
    workers: int,
    place: Place,
    now: datetime,
    allowance: Allowance,
    until: float | None,
) -> Iterator[Working]:
    """The engine of that name, for as long as it is needed."""
    if word == "threads":
        yield Working(threads(state, client, workers))
        return
    from addonctl import __version__
    from addonctl.archive.engine import Cluster, crew_of, probed
    from addonctl.archive.worker import Task

    login = client.login
    with ExitStack() as ending:
        crew = ending.enter_context(crew_of(word, workers))
        token = ending.enter_context(probed(place))
        task = Task(
            run=token.decode(),
            version=__version__,
            place=place.url,
            lease=place.lease,
            token=token,
            now=now,
            account=login.account,
            api_url=login.api_url,
            profile=login.profile,
            login=login,
            limits=state.limits(workers),
            connect=connected,
            slots=workers,
            verbose=state.common.verbose,
        )
        cluster = Cluster(
            crew, task, allowance, until=until, trace=state.sink.trace, pause=state.sink.pause
        )
        ending.enter_context(cluster)

        def engine(work: Any, jobs: Iterable[Job], total: int | None) -> Iterator[Outcome]:
            # The work is the same look, with what each worker opens for itself.
            return _shown(state, cluster.looks(jobs, total), total)

        yield Working(engine, together=True)


def threads(state: State, client: Client, workers: int) -> Engine:
    """The threads of a batch, in this process."""
    from addonctl.batch import pool

    def engine(work: Any, jobs: Iterable[Job], total: int | None) -> Iterator[Outcome]:
        return _shown(state, pool.run(work, jobs, workers=workers, stop=client.pace.stop), total)

    return engine


def through(workers: int) -> Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]:
    """What `map` does, by threads."""
    from addonctl.batch import pool

    def mapped(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        for _, found in pool.run(work, items, workers=workers):
            if isinstance(found, AddonctlError):
                raise found
            yield found

    return mapped


def _shown(state: State, outcomes: Iterator[Outcome], total: int | None) -> Iterator[Outcome]:
    """The same, with their progress on a terminal."""
    with state.sink.progress(total, "recordings") as progress:
        for pair in outcomes:
            yield pair
            progress.advance()

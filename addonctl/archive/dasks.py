"""Workers of Dask: a cluster that is there, or one on this machine for the length of a run."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

from addonctl import __version__
from addonctl.archive import worker
from addonctl.archive.worker import Done, Task
from addonctl.errors import AddonctlError, TryLater
from addonctl.profiles import is_this_machine

CONNECT = 30
"""Seconds to reach a scheduler in."""
PATIENCE = 60.0
"""Seconds that workers have to make ready, and after which a cluster without any is given up."""
SHORTLY = 5.0
"""Seconds that workers have to hear that a run is over."""
QUIET = ("distributed", "distributed.client", "distributed.comm", "tornado", "tornado.application")
"""Whose logs say in their words what we say in ours."""

Value = TypeVar("Value")


class DaskCrew:
    """The workers of a scheduler."""

    def __init__(self, client: Any, at: str) -> None:
        from distributed.scheduler import KilledWorker

        self.executor = client.get_executor(pure=False)
        self.killed: tuple[type[Exception], ...] = (KilledWorker,)
        self._client = client
        self._at = at
        self._addresses = [at, client.scheduler_info()["address"]]
        self._threads: dict[str, int] = {}
        self._seen = monotonic()
        self._lost = False

    def slots(self) -> int:
        return sum(self._threads.values())

    def private(self) -> bool:
        return all(map(is_private, (*self._addresses, *self._threads)))

    def check(self, task: Task) -> None:
        if problem := self.lost():
            raise problem
        asked = self._client.get_versions(packages=["addonctl"])
        for address, found in asked["workers"].items():
            version = found["packages"].get("addonctl")
            if version != __version__:
                has = f"addonctl {version}" if version else "no addonctl"
                raise AddonctlError(
                    f"worker {address} has {has}; the coordinator has {__version__}",
                    hint=f"there: pip install 'addonctl[cluster]=={__version__}'",
                )
        answers = self._asked(PATIENCE, worker.checked, task)
        if answers is None:
            raise TryLater(f"not all workers of {self._at} answer", hint="the next run goes on")
        for address, problem in answers.items():
            if isinstance(problem, AddonctlError):
                raise problem.reworded(f"worker {address}: {problem.message}")
            if isinstance(problem, Exception):
                raise AddonctlError(f"worker {address}: {type(problem).__name__}: {problem}")

    def lost(self) -> AddonctlError | None:
        try:
            if self._client.status == "running":
                self._threads = dict(self._client.nthreads())
            else:
                self._lost = True
        except OSError:
            self._lost = True
        if self._lost:
            return TryLater(
                f"the scheduler at {self._at} was lost; what came back until then is kept",
                hint="the next run goes on",
            )
        if self._threads:
            self._seen = monotonic()
        if monotonic() - self._seen < PATIENCE:
            return None
        return TryLater(f"the scheduler at {self._at} has had no worker for {PATIENCE:.0f} seconds")

    def stop(self, run: str, futures: Iterable[Future[Done | AddonctlError]]) -> None:
        self._asked(SHORTLY, worker.stop, run)

    def forget(self, run: str) -> None:
        self._asked(SHORTLY, worker.forget, run)

    def _asked(self, seconds: float, act: Callable[..., Any], *given: Any) -> dict[str, Any] | None:
        """What each worker answers; None where they do not in time."""
        answers: list[dict[str, Any]] = []

        def ask() -> None:
            with suppress(Exception):  # the scheduler is lost; `lost` says so
                answers.append(self._client.run(act, *given, on_error="return"))

        if self._client.status != "running":
            return None
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(seconds)
        return answers[0] if answers else None


@contextmanager
def dask_crew(at: str, slots: int) -> Iterator[DaskCrew]:
    """The workers of the scheduler at an address; of none, processes of this machine, with so many
    slots, which end with this one.

    Raises AddonctlError where Dask is not installed, TryLater where no scheduler answers.
    """
    try:
        import dask
        import distributed
    except ImportError:
        raise AddonctlError(
            "--engine dask needs Dask's distributed, which is not installed",
            hint="install addonctl with its extra: pip install 'addonctl[cluster]'",
        ) from None
    made: Any = distributed  # which has no types
    # Ours must be the same, and are compared; others may differ.
    warnings.filterwarnings("ignore", category=made.versions.VersionMismatchWarning)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with ExitStack() as ending:
        if at:
            if at.startswith("tls://"):
                _has_certificates(made.Security(), at)
            try:
                client = made.Client(at, timeout=CONNECT, set_as_default=False)
            except (OSError, ValueError) as problem:
                raise TryLater(f"no scheduler answers at {at}: {problem}") from None
            ending.callback(client.close, timeout=SHORTLY)
            yield DaskCrew(client, at)
            return
        processes = max(1, min(os.cpu_count() or 1, slots))
        folder = ending.enter_context(tempfile.TemporaryDirectory(prefix="addonctl-"))
        # Who can speak to a scheduler can run what he likes as its user: so nobody else can.
        own = made.Security.temporary()
        off: dict[str, list[str]] = {
            f"distributed.{which}.http.routes": [] for which in ("scheduler", "worker")
        }
        ending.enter_context(dask.config.set(off))
        cluster = made.LocalCluster(
            n_workers=processes,
            threads_per_worker=-(-slots // processes),
            security=own,
            protocol="tls://",
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # None would take port 8787, and warn if it is taken
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        )
        ending.enter_context(cluster)
        client = ending.enter_context(made.Client(cluster, set_as_default=False))
        yield DaskCrew(client, cluster.scheduler_address)


def is_private(address: str) -> bool:
    """Whether nobody else can read what goes to an address of Dask's."""
    parts = urlsplit(address)
    return parts.scheme in ("tls", "inproc") or is_this_machine(parts.hostname or "")


def _has_certificates(security: Any, at: str) -> None:
    """Raises AddonctlError where Dask's settings name none that can be used."""
    why = "Dask's settings name no certificates for it"
    try:
        if security.get_connection_args("client").get("ssl_context"):
            return
    except (OSError, ValueError) as problem:  # of ssl, too
        why = f"the certificates that Dask's settings name are of no use: {problem}"
    raise AddonctlError(
        f"{at}: {why}",
        hint="DASK_DISTRIBUTED__COMM__TLS__CA_FILE and, after the same beginning, __CLIENT__CERT"
        " and __CLIENT__KEY",
    )

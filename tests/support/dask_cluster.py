"""A Dask scheduler and its workers on loopback, each a process of its own that a test may kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.program import until

QUIET = {"DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": "[]"}


class DaskCluster:
    """The processes of a cluster; `log` is what all of them have said."""

    def __init__(self, folder: Path, protocol: str, settings: dict[str, str]) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.log = folder / "log"
        self.workers: list[subprocess.Popen[bytes]] = []
        names = ("PATH", "PYTHONPATH", "DAYS_AHEAD", "HOME")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        self._environment = kept | QUIET | settings
        self.scheduler = self._start(
            *("scheduler", "--host", "127.0.0.1", "--port", "0", "--protocol", protocol),
            *("--scheduler-file", str(self.file), "--no-dashboard"),
            *("--dashboard-address", "127.0.0.1:0"),
        )
        until(self.file.exists)
        until(lambda: bool(self.file.read_bytes()))
        self.address = str(json.loads(self.file.read_text())["address"])

    def add(
        self, threads: int = 4, preload: str = "", environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """A worker, once it is one; `preload` is Python that it runs first."""
        more: list[str] = []
        name = f"w{len(self.workers)}"
        if preload:
            (self.folder / f"{name}.py").write_text(preload)
            more = ["--preload", str(self.folder / f"{name}.py")]
        process = self._start(
            *("worker", "--scheduler-file", str(self.file), "--no-nanny", "--no-dashboard"),
            *("--nthreads", str(threads), "--local-directory", str(self.folder), "--name", name),
            *more,
            environment=environment,
        )
        self.workers.append(process)
        until(lambda: f"Register worker addr: {self.address.partition(':')[0]}" in self.said(name))
        return process

    def said(self, name: str = "") -> str:
        """What was logged; with a worker's name the lines that have it."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return "\n".join(line for line in lines if not name or f"name: {name}" in line)

    def _start(
        self, *words: str, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                env=self._environment | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@contextmanager
def dask_cluster(
    folder: Path, workers: int, protocol: str = "tcp", **settings: str
) -> Iterator[DaskCluster]:
    folder.mkdir(exist_ok=True)
    cluster = DaskCluster(folder, protocol, settings)
    try:
        for _ in range(workers):
            cluster.add()
        yield cluster
    finally:
        cluster.stop()

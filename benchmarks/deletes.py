"""How fast `results delete -` is beside `curl --parallel`, and how it fares when it is held back.

    python benchmarks/deletes.py [--rounds 3]

3,000 deletes at 50 ms latency with 8, 32 and 64 workers, each beside curl with as many, in turns;
then 2,000 with 64 workers at a service that allows 10 in flight, beside 10 workers. Rates are deletes a second,
by the server's clock from the first request to the last answer, and by the wall clock, start-up included.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

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
        command = [sys.executable, HERE / "slow_service.py", *map(str, arguments)]
        self._process = subprocess.Popen(
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


def ours(server: Service, count: int, workers: int) -> Taken:
    environment = os.environ | {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "none",
        "ADDONCTL_API_URL": server.url,
    }
    command = [sys.executable, "-m", "addonctl", "results", "delete", "-", "--yes", "-f", "sids", "-q"]
    return timed(
        server,
        count,
        [*command, "--workers", str(workers)],
        input="\n".join(addresses(count)),
        text=True,
        env=environment,
    )


def curl(server: Service, count: int, workers: int, folder: Path) -> Taken:
    base = f"{server.url}/2010-04-01/Accounts/{ACCOUNT}/Recordings"
    urls = [f"{base}/{address.replace('/', '/AddOnResults/')}.json" for address in addresses(count)]
    config = folder / "urls"
    config.write_text("".join(f'url = "{url}"\noutput = /dev/null\n' for url in urls))
    parallel = ["--parallel", "--parallel-max", str(workers)]
    return timed(
        server,
        count,
        ["curl", "--no-progress-meter", "-X", "DELETE", "-u", f"{ACCOUNT}:none", *parallel, "-K", str(config)],
    )


def beside_curl(rounds: int, folder: Path, count: int = 3000) -> None:
    print(f"{count} deletes at {LATENCY * 1000:.0f} ms, a second (by the server's clock | wall clock)")
    for workers in (8, 32, 64):
        runs: dict[str, list[Taken]] = {"curl": [], "addonctl": []}
        with service(LATENCY) as server:
            for _ in range(rounds):
                runs["curl"].append(curl(server, count, workers, folder))
                runs["addonctl"].append(ours(server, count, workers))
        rates = {
            name: (
                count / median(taken.server for taken in each),
                count / median(taken.wall for taken in each),
            )
            for name, each in runs.items()
        }
        mine, theirs = rates["addonctl"], rates["curl"]
        print(
            f"{workers:>3} workers: addonctl {mine[0]:5.0f} | {mine[1]:5.0f}"
            f"   curl {theirs[0]:5.0f} | {theirs[1]:5.0f}"
            f"   ratio {mine[0] / theirs[0]:.2f} | {mine[1] / theirs[1]:.2f}"
        )


def held_back(rounds: int, count: int = 2000, allowed: int = 10) -> None:
    print(f"{count} deletes at a service that allows {allowed} in flight, seconds")
    ten: list[Taken] = []
    many: list[Taken] = []
    with service(LATENCY, allowed) as server:
        for _ in range(rounds):
            ten.append(ours(server, count, allowed))
            many.append(ours(server, count, 64))
    few, lots = (median(taken.wall for taken in each) for each in (ten, many))
    refused = median(taken.counted["refused"] for taken in many)
    print(f" 10 workers {few:.1f}   64 workers {lots:.1f}   ratio {lots / few:.2f}, {refused} refused")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        beside_curl(arguments.rounds, Path(folder))
    held_back(arguments.rounds)

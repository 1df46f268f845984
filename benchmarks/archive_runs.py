"""Runs of the archive: a first one beside curl, and sixty days of 2,000 recordings each.

    python -m benchmarks.archive_runs [--runs 3] [--recordings 400] [--a-day 2000] [--only WHAT]

The first run is of whole processes against one server that answers each request after 50 ms; curl
gets the same URLs, known to it beforehand, and checks, syncs and indexes nothing. The sixty days
are simulated in one process, without a network or a disk: results come days late, take days to be
final, or are run again weeks later. Of each night the requests are counted and held against the
rule of when to look, worked out here anew; in the end every result must have been saved.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from addonctl.addresses import Address
from addonctl.api import Body, Pace
from addonctl.archive.accounts import look_all
from addonctl.archive.allowance import Allowance
from addonctl.archive.index import Index
from addonctl.archive.look import Job, Seen
from addonctl.archive.place import NoObject, Object
from addonctl.archive.run import Run, Wish
from addonctl.dates import rfc2822
from addonctl.errors import AddonctlError
from addonctl.models import Payload, Recording, Result
from benchmarks.downloads import ACCOUNT, Server
from benchmarks.measure import ADDONCTL, logged_in, side_by_side
from benchmarks.report import keep, table

DAY = timedelta(days=1)
LATENCY = 0.05


def sid(prefix: str, number: int) -> str:
    return f"{prefix}{number:032x}"


# A first run


class Account(Server):
    """An account of recordings with a result of two payloads each."""

    def document(self, path: str, target: str) -> dict[str, Any]:
        made = rfc2822(datetime.now(UTC) - 2 * DAY)
        dates = {"date_created": made, "date_updated": made}
        names = path.removesuffix(".json").split("/")[4:]
        if names == ["Recordings"]:
            begin = int(target.rpartition("&Begin=")[2]) if "&Begin=" in target else 0
            end = min(begin + 1000, self.count)
            following = f"{path}?PageSize=1000&Begin={end}" if end < self.count else None
            found = [{"sid": sid("RE", n), **dates} for n in range(begin, end)]
            return {"recordings": found, "next_page_uri": following}
        number = int(names[1][2:], 16)
        if names[-1] == "AddOnResults":
            about = {"sid": sid("XR", number), "reference_sid": names[1], "status": "completed"}
            return {"add_on_results": [about | dates], "next_page_uri": None}
        payloads = [
            {"sid": sid("XH", 2 * number + k), "content_type": "application/json", "label": "words"}
            for k in range(2)
        ]
        return {"payloads": [each | dates for each in payloads], "next_page_uri": None}


def asked(api: str, count: int, folder: Path) -> str:
    """The URLs of all requests of a first run, for curl; its -L makes two of each Data."""
    root = f"{api}/2010-04-01/Accounts/{ACCOUNT}/Recordings"
    urls = [f"{root}.json?PageSize=1000&Begin={begin}" for begin in range(0, count, 1000)]
    for n in range(count):
        urls.append(f"{root}/{sid('RE', n)}/AddOnResults.json?PageSize=1000")
        result = f"{root}/{sid('RE', n)}/AddOnResults/{sid('XR', n)}"
        urls.append(f"{result}/Payloads.json?PageSize=1000")
        urls += [f"{result}/Payloads/{sid('XH', 2 * n + k)}/Data" for k in range(2)]
    return "".join(f"url = {url}\noutput = {folder}/{n}\n" for n, url in enumerate(urls))


def first_run(folder: Path, count: int, in_flight: int, runs: int) -> dict[str, Any]:
    file = folder / "payload"
    said = [{"alternatives": [{"transcript": "so the ferry leaves from pier two at noon " * 120}]}]
    file.write_text(json.dumps({"results": [{"results": said}]}))
    command = [sys.executable, "-m", "benchmarks.archive_runs", "--serve", str(file), str(count)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        api = f"http://127.0.0.1:{int(server.stdout.readline())}"
        kept, urls = folder / "keep", folder / "urls"
        urls.write_text(asked(api, count, folder / "curl"))
        curl = ["curl", "-sS", "-L", "-u", f"{ACCOUNT}:secret", "-K", str(urls)]
        took = side_by_side(
            {
                "curl": [*curl, "--parallel", "--parallel-max", str(in_flight)],
                "addonctl": [ADDONCTL, "archive", "run", "-q", "--workers", str(in_flight)],
            },
            runs=runs,
            environment=logged_in(ACCOUNT, folder, ADDONCTL_API_URL=api),
            before=[
                *("sh", "-c"),
                f"rm -rf {kept} {folder}/curl; mkdir {folder}/curl;"
                f" {ADDONCTL} -q archive init {kept}; sync",
            ],
        )
    finally:
        server.terminate()
        server.wait()
    ours, curl_s = took["addonctl"], took["curl"].seconds
    return {
        "what": f"first run, {count} recordings, {in_flight} in flight at 50 ms",
        "beside": "curl --parallel",
        "ratio": curl_s / ours.seconds,
        "at least": 0.85,
        "seconds": ours.seconds,
        "beside, s": curl_s,
        "MiB": ours.mebibytes,
    }


# Sixty days


class Memory:
    """A place without a disk."""

    url, lease = "memory", ""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, bytes]] = {}

    def read(self, name: str) -> bytes | None:
        folder, _, last = name.rpartition("/")
        return self.held.get(folder, {}).get(last)

    def blocks(self, name: str) -> Iterator[bytes]:
        data = self.read(name)
        if data is None:
            raise NoObject(name)
        yield data

    def put(self, name: str, content: IO[bytes]) -> None:
        folder, _, last = name.rpartition("/")
        self.held.setdefault(folder, {})[last] = content.read()

    def create(self, name: str, content: bytes) -> bool:
        folder, _, last = name.rpartition("/")
        return self.held.setdefault(folder, {}).setdefault(last, content) is content

    def size(self, name: str) -> int | None:
        data = self.read(name)
        return None if data is None else len(data)

    def delete(self, name: str) -> None:
        folder, _, last = name.rpartition("/")
        self.held.get(folder, {}).pop(last, None)

    def objects(self, below: str = "") -> Iterator[Object]:
        for name, data in self.held.get(below, {}).items():
            yield Object(f"{below}/{name}", len(data))

    def lock(self) -> AbstractContextManager[None]:
        return nullcontext()

    def beyond_reach(self) -> tuple[str, ...]:
        return ()


class Service:
    """What the service would answer at `now`; counts what it is asked."""

    timeout, retries = 0.0, 0

    def __init__(self) -> None:
        self.pace = Pace()
        self.now = datetime.now(UTC)
        self.requests = 0
        self.born: list[tuple[datetime, str]] = []  # in the order of time
        self.under: dict[str, list[tuple[str, datetime, datetime]]] = {}

    def recordings(
        self, parameters: dict[str, str], page_size: int, account: str
    ) -> Iterator[list[Recording]]:
        since = parameters.get("DateCreated>", "")
        begin = datetime.fromisoformat(since) if since else datetime.min.replace(tzinfo=UTC)
        found = [(at, name) for at, name in reversed(self.born) if at >= begin]
        for first in range(0, max(1, len(found)), page_size):
            self.requests += 1
            yield [
                Recording({"sid": name, "date_created": rfc2822(at), "duration": "60"})
                for at, name in found[first : first + page_size]
            ]

    def results(self, at: Address) -> Iterator[list[Result]]:
        self.requests += 1
        yield [
            Result(
                {
                    **{"sid": name, "reference_sid": at.recording},
                    "status": "completed" if final <= self.now else "in-progress",
                    "date_created": rfc2822(came),
                    "date_updated": rfc2822(final if final <= self.now else came),
                }
            )
            for name, came, final in self.under[at.recording]
            if came <= self.now < came + 30 * DAY
        ]

    def payloads(self, at: Address) -> Iterator[list[Payload]]:
        self.requests += 1
        names = {"label": "words", "content_type": "text/plain"}
        yield [Payload({"sid": "XH" + at.result[2:], "date_created": rfc2822(self.now), **names})]

    def link(self, at: Address) -> Address:
        self.requests += 1
        return at

    def open(self, link: Address, begin: int = 0, etag: str | None = None) -> Body:
        self.requests += 1
        return Body(0, 3, {"content-length": "3"}, iter([b"Hi."]), lambda: None)


def one_by_one(work: Callable[[Job], Seen], jobs: Iterable[Job], total: int | None) -> Any:
    """An engine without threads."""
    return ((job, work(job)) for job in jobs)


def refuse(run: Run, problem: AddonctlError) -> None:
    raise problem


def sixty_days(folder: Path, a_day: int, days: int = 60) -> dict[str, Any]:
    chance = random.Random(11)
    service, place = Service(), Memory()
    index = Index(folder / "index.sqlite", "0" * 32, make=True, url="memory")
    index.db.execute("PRAGMA synchronous = OFF")
    begin = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - 200 * DAY
    due: dict[str, datetime] = {}
    seen: set[str] = set()
    number, listed_all, last = 0, None, None
    began, slowest, most, total = time.monotonic(), 0.0, 0, 0
    for day in range(days + 31):
        night = begin + (day + 1) * DAY + timedelta(hours=2)
        moments = sorted(chance.randrange(86400) for _ in range(a_day if day < days else 0))
        for second in moments:
            number += 1
            at, name = begin + day * DAY + timedelta(seconds=second), sid("RE", number)
            service.born.append((at, name))
            late = [60.0]
            if chance.random() < 0.05:
                late.append(86400 * chance.uniform(1, 5))  # days after the call
            if chance.random() < 0.05:
                late.append(86400 * chance.uniform(14, 45))  # run again weeks later
            service.under[name] = []
            for n, wait in enumerate(late):
                came = (at + timedelta(seconds=wait)).replace(microsecond=0)
                took = chance.choice([60, 600, 3 * 86400]) if chance.random() < 0.1 else 60
                final = came + timedelta(seconds=took)
                service.under[name].append((sid("XR", 10 * number + n), came, final))
        service.now = night
        service.requests = 0
        run = Run(service, place, index, ACCOUNT, Wish(), night, Allowance(service.pace))  # type: ignore[arg-type]
        before = time.monotonic()
        look_all([run], one_by_one, refuse)
        slowest = max(slowest, time.monotonic() - before)
        total += service.requests
        most = max(most, service.requests)
        whole = listed_all is None or night - listed_all >= 7 * DAY
        since = begin - DAY if whole or last is None else last - 3 * DAY
        listed_all, last = (night if whole else listed_all), night
        expected = max(1, -(-sum(at >= since for at, _ in service.born) // 1000))
        for at, name in service.born:
            if name in due and due[name] > night:
                continue
            expected += 1
            pending = False
            for result, came, final in service.under[name]:
                if came > night or came <= night - 30 * DAY or result in seen:
                    continue
                if final <= night:
                    seen.add(result)
                    expected += 1 + 2
                else:
                    pending = True
            rest = 14 * DAY - DAY / 2 if night - at < 60 * DAY else 25 * DAY - DAY / 2
            due[name] = night if pending or night - at < 2 * DAY else night + rest
        assert service.requests == expected, (day, service.requests, expected)
    made = [each for results in service.under.values() for each in results]
    saved = {row[0] for row in index.rows("SELECT sid FROM results WHERE state = 'saved'")}
    lost = [name for name, came, _ in made if came <= night - 28 * DAY and name not in saved]
    assert not lost, lost
    assert not index.value("SELECT count(*) FROM results WHERE problem IS NOT NULL")
    index.close()
    return {
        "what": f"{days} days of {a_day:,} recordings: {len(made):,} results, {total:,} requests",
        "beside": "the formula, each night",
        "lost": len(lost),
        "most in a night": most,
        "slowest night, s": slowest,
        "seconds": time.monotonic() - began,
        "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--recordings", type=int, default=400)
    parser.add_argument("--a-day", type=int, default=2000)
    parser.add_argument("--only", choices=("first", "days"))
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.serve:
        file, count = words.serve
        asyncio.run(Account(Path(file), int(count), LATENCY, parts=False).serve())
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        if words.only != "days":
            for in_flight in (16, 32):
                place = Path(folder) / str(in_flight)
                place.mkdir()
                rows.append(first_run(place, words.recordings, in_flight, words.runs))
        if words.only != "first":
            rows.append(sixty_days(Path(folder), words.a_day))
    if not words.only:
        keep("archive_runs", rows, runs=words.runs)
    print(table(rows))


if __name__ == "__main__":
    main()

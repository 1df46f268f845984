"""An archive's index, search and proof, beside the plainest tools; and what a million results cost.

    python -m benchmarks.archive [--results 100000] [--runs 5]
    python -m benchmarks.archive cluster [--recordings 2000] [--only NAME+NAME]

CPU time beside time on the wall, so that other work on the machine can be told apart. The index is
filled directly, without a service; the nightly run asks one that answers after 50 ms; `verify`
reads payloads of 64 KiB. A run by a cluster is a benchmark of its own: cluster.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from addonctl.archive import marker, noting
from addonctl.archive.index import Index, iso
from addonctl.archive.marker import Kept
from addonctl.archive.noting import Look, SavedPayload, SeenResult
from addonctl.archive.place import LocalPlace
from addonctl.dates import rfc2822
from addonctl.transcripts import Transcript, Turn
from benchmarks import cluster
from benchmarks.measure import ADDONCTL, logged_in
from benchmarks.report import keep, table

ACCOUNT = "AC" + "1" * 32
WORDS = (
    *("the", "ferry", "leaves", "from", "pier", "two", "at", "noon"),
    *("and", "nobody", "knows", "why", "so", "we", "wait", "here"),
)
SEARCH = """import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for row in db.execute(
    "SELECT t.payload_sid, r.date_created, snippet(transcripts_fts, 0, '', '', '.', 12)"
    " FROM transcripts_fts JOIN transcripts AS t ON t.id = transcripts_fts.rowid"
    " JOIN results AS r ON r.sid = t.result_sid"
    " WHERE transcripts_fts MATCH ? ORDER BY transcripts_fts.rowid DESC LIMIT 20", (sys.argv[2],)
):
    print(*row)
"""


class Spent(NamedTuple):
    """What a process took: seconds on the wall and of CPU, and its most memory in MiB."""

    wall: float
    cpu: float
    memory: float


def spent(command: Sequence[str], environment: Mapping[str, str], runs: int = 1) -> Spent:
    """The medians of several runs of a command; its memory is that of the last."""
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} left {process.returncode}")
        wall = time.perf_counter() - began
        found.append(Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    walls, cpus, memories = zip(*found, strict=True)
    return Spent(statistics.median(walls), statistics.median(cpus), memories[-1])


def row(
    what: str,
    took: Spent,
    beside: str = "",
    other: Spent | None = None,
    most: float | None = None,
) -> dict[str, object]:
    found: dict[str, object] = {"what": what, "beside": beside}
    if other:
        found |= {
            "ratio": took.cpu / other.cpu,
            "at most": most,
            "on the wall": took.wall / other.wall,
        }
    return found | {"CPU, s": took.cpu, "wall, s": took.wall, "MiB": took.memory}


def sid(prefix: str, number: int) -> str:
    return f"{prefix}{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:016x}"


def looks(results: int, spoken: int, now: datetime) -> Iterator[list[Look]]:
    """Results of one payload, two to a recording; every `spoken`-th holds words. A thousand
    results at a time."""
    for first in range(0, results, 1000):
        part: list[Look] = []
        for n in range(first, min(first + 1000, results)):
            at = rfc2822(now - timedelta(days=400) * (n / results))
            names = sid("RE", n // 2), sid("XR", n), sid("XH", n)
            result = {"sid": names[1], "reference_sid": names[0], "status": "completed"}
            result |= {"add_on_sid": sid("XB", n % 5), "date_created": at}
            document = {"sid": names[2], "label": "words", "content_type": "text/plain"}
            words = None
            if n % spoken == 0:
                said = " ".join(WORDS[(n + k * k) % len(WORDS)] for k in range(150))
                words = Transcript("text", (Turn(1, "A", None, 0.0, 9.0, f"{said} w{n}", None),))
            kept = Kept(document, f"{names[2]}.txt", 64, "0" * 64)
            folder = marker.folder_of(ACCOUNT, result)
            seen = SeenResult(result, "saved", folder, (SavedPayload(kept, words),))
            if n % 2 and part:
                part[-1] = part[-1]._replace(results=[*part[-1].results, seen])
                continue
            recording = {"sid": names[0], "date_created": at, "duration": "60"}
            due = now + timedelta(days=10)
            part.append(Look(ACCOUNT, names[0], recording, [seen], due))
        yield part


def fill(index: Index, results: int, spoken: int) -> float:
    """Fill an index; the seconds of CPU that took, without those to make up what is in it."""
    now, spent = datetime.now(UTC), 0.0
    for part in looks(results, spoken, now):
        began = time.process_time()
        with index.changing():
            noting.saw(index, part, now)
        spent += time.process_time() - began
    with index.changing():
        index.run("INSERT INTO accounts VALUES (?, ?, ?, NULL)", ACCOUNT, iso(now), iso(now))
    return spent


def bare(source: Path, target: Path) -> float:
    """The same rows into the same tables, by executemany in transactions of as many: seconds."""
    db = sqlite3.connect(target, isolation_level=None)
    old = sqlite3.connect(source)
    made = old.execute(
        "SELECT sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE '%fts_%'"
    )
    for (statement,) in made.fetchall():
        db.execute(statement)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    spent = 0.0
    # In the order in which they came, as much of each table at a time as a thousand results have.
    sizes = {"recordings": 500, "results": 1000, "payloads": 1000, "transcripts": 100, "turns": 100}
    parts = {
        name: old.execute(f"SELECT * FROM {name} ORDER BY substr({key}, -16)")  # noqa: S608
        for name in sizes
        for key in ["payload_sid" if name in ("transcripts", "turns") else "sid"]
    }
    while True:
        rows = {name: part.fetchmany(sizes[name]) for name, part in parts.items()}
        if not any(rows.values()):
            return spent
        began = time.process_time()
        db.execute("BEGIN")
        for name, some in rows.items():
            marks = ", ".join("?" * len(some[0])) if some else ""
            db.executemany(f"INSERT INTO {name} VALUES ({marks})", some)  # noqa: S608
        words = [(row[0], row[-1]) for row in rows["transcripts"]]
        db.executemany("INSERT INTO transcripts_fts (rowid, text) VALUES (?, ?)", words)
        db.execute("COMMIT")
        spent += time.process_time() - began


def index_beside(folder: Path, results: int) -> dict[str, object]:
    """An index in that folder, filled by ours and by the bare statements; in a process of its own,
    for the memory of this one would count as that of those it starts.
    """
    place = LocalPlace(folder / "keep")
    place.root.mkdir()
    about = marker.make(place, ACCOUNT)
    path = place.root / "index.sqlite"
    index = Index(path, about.id, make=True, url=place.url)
    ours = fill(index, results, 10)
    index.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    plain = bare(path, folder / "bare.sqlite")
    (folder / "bare.sqlite").unlink()
    return {
        "what": f"index of {results:,} results, {path.stat().st_size / 1e6:,.0f} MB",
        "beside": "sqlite3 executemany",
        "ratio": ours / plain,
        "at most": 1.3,
        "CPU, s": ours,
        "MiB": memory,
    }


def measure(folder: Path, results: int, runs: int) -> list[dict[str, object]]:
    filling = [sys.executable, "-m", "benchmarks.archive", "--fill", str(folder)]
    filled = subprocess.run(
        [*filling, "--results", str(results)], check=True, capture_output=True, text=True
    )
    rows: list[dict[str, object]] = [json.loads(filled.stdout)]
    kept = folder / "keep"
    path = kept / "index.sqlite"
    environment = logged_in(ACCOUNT, folder, ADDONCTL_ARCHIVE=str(kept))
    ours_in = [ADDONCTL, "archive"]
    for word in (f"w{results // 20 * 10}", "ferry"):
        lines = spent([sys.executable, "-c", SEARCH, str(path), word], environment, runs)
        for form in ("table", "jsonl"):
            took = spent([*ours_in, "search", word, "-q", "-f", form], environment, runs)
            rows.append(row(f"search '{word}' -f {form}", took, "ten lines of sqlite3", lines, 1.3))
    for name in ("status", "list results --limit 20", "list problems", "run --dry-run"):
        took = spent([*ours_in, *name.split(), "-q"], environment, runs)
        rows.append(row(f"{name}, {results:,} results held", took))
    for beginning in ("RE", "XR", "XH"):
        completing = [ADDONCTL, "__complete", "zsh", "archive", "show", beginning]
        took = spent(completing, environment, runs)
        rows.append(row(f"TAB at {beginning}, {results:,} results held", took))
    rows.append(night(folder, environment, kept, results))
    rows.append(proof(folder, environment, runs))
    return rows


def night(
    folder: Path, environment: Mapping[str, str], kept: Path, results: int
) -> dict[str, object]:
    """A nightly run that finds 200 new recordings, beside the same in an archive of nothing."""
    payload = folder / "payload"
    payload.write_text("Ann: The ferry leaves at noon.")
    serve = [sys.executable, "-m", "benchmarks.archive_runs", "--serve", str(payload), "200"]
    server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        environment = {**environment, "ADDONCTL_API_URL": url}
        spent([ADDONCTL, "archive", "init", str(folder / "none"), "-q"], environment)
        run = [ADDONCTL, "archive", "run", "-q", "--workers", "16", "-a"]
        nothing = spent([*run, str(folder / "none")], environment)
        took = spent([*run, str(kept)], environment)
    finally:
        server.terminate()
        server.wait()
    what = f"nightly run, 200 new recordings, {results:,} results held"
    return row(what, took, "nothing held", nothing)


def proof(folder: Path, environment: Mapping[str, str], runs: int) -> dict[str, object]:
    """`verify --sample 1/1` of 4,000 payloads, beside `sha256sum -c` of the same files."""
    root = folder / "proof"
    place = LocalPlace(root)
    root.mkdir()
    about = marker.make(place, ACCOUNT)
    index = Index(root / "index.sqlite", about.id, make=True, url=place.url)
    fill(index, 4000, 10)
    sums = []
    with index.changing():
        for each in list(
            index.rows(
                "SELECT p.*, folder FROM payloads AS p, results AS r WHERE r.sid = p.result_sid"
            )
        ):
            data = os.urandom(1024) * 64
            file = root / each["folder"] / each["object"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            values = (len(data), digest, each["sid"])
            index.run("UPDATE payloads SET bytes = ?, sha256 = ? WHERE sid = ?", *values)
            sums.append(f"{digest}  {file}\n")
    index.close()
    (folder / "sums").write_text("".join(sums))
    plain = spent(["sha256sum", "--quiet", "-c", str(folder / "sums")], environment, runs)
    verify = [ADDONCTL, "archive", "verify", "-q", "--sample", "1/1", "-a", str(root)]
    took = spent(verify, environment, runs)
    return row("verify 4,000 files of 64 KiB", took, "sha256sum -c", plain, 1 / 0.9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("cluster",))
    parser.add_argument("--results", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--fill", help=argparse.SUPPRESS)
    parser.add_argument("--recordings", type=int, default=2000)
    parser.add_argument("--only", help="of a cluster: some of its contenders")
    words = parser.parse_args()
    if words.what:
        cluster.main(words.recordings, words.only)
        return
    if words.fill:
        print(json.dumps(index_beside(Path(words.fill), words.results)))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), words.results, words.runs)
    print(table(rows))
    keep("archive", rows, runs=words.runs)


if __name__ == "__main__":
    main()

"""CPU time of an archive: its index, its search and its proof, beside the plainest tools.

    python -m benchmarks.archive [--results 100000]

CPU time rather than time on the wall, so other work on the machine counts little. The index is
filled directly, without a service; `verify` reads payloads of 64 KiB.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from addonctl.archive import marker, noting
from addonctl.archive.index import Index, iso
from addonctl.archive.marker import Kept
from addonctl.archive.noting import Look, SavedPayload, SeenResult
from addonctl.archive.place import LocalPlace
from addonctl.dates import rfc2822
from addonctl.transcripts import Transcript, Turn
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


def cpu(act: Callable[[], object]) -> float:
    """Seconds of CPU, of this process and those it starts."""

    def used() -> float:
        return sum(
            each.ru_utime + each.ru_stime
            for each in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        )

    began = used()
    act()
    return used() - began


def wall(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


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


def measure(folder: Path, results: int) -> list[dict[str, object]]:
    place = LocalPlace(folder / "keep")
    place.root.mkdir()
    about = marker.make(place, ACCOUNT)
    path = place.root / "index.sqlite"
    index = Index(path, about.id, make=True, url=place.url)
    ours = fill(index, results, 10)
    index.close()
    plain = bare(path, folder / "bare.sqlite")
    rows: list[dict[str, object]] = [
        {
            "what": f"index of {results:,} results",
            "beside": "sqlite3 executemany",
            "ratio": ours / plain,
            "at most": 1.3,
            "seconds": ours,
        }
    ]
    environment = os.environ | {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "x" * 32,
        "ADDONCTL_ARCHIVE": str(place.root),
        "XDG_STATE_HOME": str(folder),
    }

    def addonctl(*words: str) -> None:
        command = [sys.executable, "-m", "addonctl", "archive", *words]
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)

    for word in (f"w{results // 20 * 10}", "ferry"):
        search = [sys.executable, "-c", SEARCH, str(path), word]
        lines = cpu(lambda search=search: subprocess.run(search, stdout=subprocess.DEVNULL))  # type: ignore[misc]
        took = cpu(lambda word=word: addonctl("search", word, "-q"))  # type: ignore[misc]
        rows.append(
            {
                "what": f"search '{word}'",
                "beside": "ten lines of sqlite3",
                "ratio": took / lines,
                "seconds": took,
            }
        )
    for name in ("status", "run --dry-run", "list runs"):
        rows.append(
            {
                "what": f"{name}, {results:,} results held",
                "beside": "",
                "seconds": cpu(lambda name=name: addonctl(*name.split())),  # type: ignore[misc]
            }
        )
    rows.append(proof(folder, addonctl))
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    rows.append({"what": "most memory of these, MiB", "beside": "", "seconds": most})
    return rows


def proof(folder: Path, addonctl: Callable[..., None]) -> dict[str, object]:
    """`verify --sample 1/1` of 4,000 payloads, beside `sha256sum -c` of the same files."""
    root = folder / "proof"
    place = LocalPlace(root)
    root.mkdir()
    about = marker.make(place, ACCOUNT)
    index = Index(root / "index.sqlite", about.id, make=True, url=place.url)
    fill(index, 4000, 10)
    sums = []
    with index.changing():
        for row in list(
            index.rows(
                "SELECT p.*, folder FROM payloads AS p, results AS r WHERE r.sid = p.result_sid"
            )
        ):
            data = os.urandom(1024) * 64
            file = root / row["folder"] / row["object"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            values = (len(data), digest, row["sid"])
            index.run("UPDATE payloads SET bytes = ?, sha256 = ? WHERE sid = ?", *values)
            sums.append(f"{digest}  {file}\n")
    index.close()
    (folder / "sums").write_text("".join(sums))
    plain = cpu(lambda: subprocess.run(["sha256sum", "--quiet", "-c", folder / "sums"], check=True))
    took = cpu(lambda: addonctl("verify", "--sample", "1/1", "-a", str(root)))
    return {
        "what": "verify 4,000 files of 64 KiB",
        "beside": "sha256sum -c",
        "ratio": took / plain,
        "at most": 1 / 0.9,
        "seconds": took,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=100_000)
    results = parser.parse_args().results
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), results)
    print(table(rows))
    keep("archive", rows, results=results)


if __name__ == "__main__":
    main()

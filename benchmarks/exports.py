"""An archive's export and report, beside DuckDB's own copy and beside the bare queries.

    python -m benchmarks.exports [--results 100000]

CPU time rather than time on the wall, so other work on the machine counts little. What is said is
drawn from 2,000 words: 5 kB in twenty turns, for every fifth result.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from addonctl.archive import marker, noting
from addonctl.archive.index import Index
from addonctl.archive.marker import Kept
from addonctl.archive.noting import Look, SavedPayload, SeenResult
from addonctl.archive.place import LocalPlace
from addonctl.dates import rfc2822
from addonctl.transcripts import Transcript, Turn
from benchmarks.archive import ACCOUNT, sid
from benchmarks.report import keep, table

SYLLABLES = ["ba", "ko", "ri", "ten", "mal", "so", "ver", "li", "num", "da", "cha", "per"]
WORDS = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in ("", *SYLLABLES)]
TABLES = ("results", "payloads", "transcripts", "turns")
COPY = """import duckdb, os, sys
for table in sys.argv[3:]:
    os.makedirs(f"{sys.argv[2]}/{table}")
    duckdb.sql(
        f"COPY (SELECT * FROM read_parquet('{sys.argv[1]}/{table}/**/*.parquet',"
        f" hive_partitioning = true)) TO '{sys.argv[2]}/{table}'"
        " (FORMAT parquet, PARTITION_BY (account, date), COMPRESSION zstd, OVERWRITE_OR_IGNORE)"
    )
"""


def looks(results: int, now: datetime) -> Iterator[list[Look]]:
    """Results of two payloads, over 400 days, a thousand at a time."""
    drawn = random.Random(1)
    for first in range(0, results, 1000):
        part = []
        for n in range(first, min(first + 1000, results)):
            made = now - timedelta(days=400) * (n / results)
            done = made + timedelta(seconds=40 + n % 600)
            recording, result = sid("RE", n), sid("XR", n)
            document = {"sid": result, "reference_sid": recording, "add_on_sid": sid("XB", n % 5)}
            document |= {"status": "completed" if n % 37 else "failed"}
            document |= {"add_on_configuration_sid": sid("XE", n % 7)}
            document |= {"date_created": rfc2822(made), "date_completed": rfc2822(done)}
            payloads = []
            for k, label in enumerate(("transcript", "summary")):
                name = sid("XH", 2 * n + k)
                kept = {"sid": name, "label": label, "content_type": "application/json"}
                kept |= {"date_created": rfc2822(done)}
                words = None
                if n % 5 == k == 0:
                    turns = [" ".join(drawn.choices(WORDS, k=36)) for _ in range(20)]
                    words = Transcript(
                        "watson",
                        tuple(
                            Turn(m + 1, f"Speaker {m % 2}", None, 6.0 * m, 6.0 * m + 5, said, 0.9)
                            for m, said in enumerate(turns)
                        ),
                    )
                digest = f"{drawn.getrandbits(256):064x}"
                payloads.append(SavedPayload(Kept(kept, f"{name}.json", 5000, digest), words))
            folder = marker.folder_of(ACCOUNT, document)
            seen = SeenResult(document, "saved", folder, tuple(payloads))
            about = {"sid": recording, "date_created": rfc2822(made), "duration": "60"}
            about |= {"call_sid": sid("CA", n)}
            part.append(Look(ACCOUNT, recording, about, [seen], now + timedelta(days=10)))
        yield part


def archive(root: Path, results: int) -> Index:
    """An archive of that many results, without their bytes."""
    root.mkdir(parents=True)
    place = LocalPlace(root)
    about = marker.make(place, ACCOUNT)
    index = Index(root / "index.sqlite", about.id, make=True, url=place.url)
    now = datetime.now(UTC)
    for part in looks(results, now):
        with index.changing():
            noting.saw(index, part, now)
    return index


def most(command: list[str]) -> tuple[float, float]:
    """Seconds of CPU that a command takes, and the most memory in MiB, of itself alone."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command[:4]} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(folder: Path, results: int) -> list[dict[str, object]]:
    """Each thing beside the other, three times in turn; the medians."""
    archive(folder / "keep", results).close()
    export = [sys.executable, "-m", "addonctl", "archive", "export", "-a", str(folder / "keep")]
    ours, theirs, again, memory = [], [], [], 0.0
    for turn in range(3):
        out, copy = folder / f"out{turn}", folder / f"copy{turn}"
        seconds, peak = most([*export, "--to", str(out)])
        ours.append(seconds)
        memory = max(memory, peak)
        again.append(most([*export, "--to", str(out)])[0])
        theirs.append(most([sys.executable, "-c", COPY, str(out), str(copy), *TABLES])[0])
        shutil.rmtree(out)
        shutil.rmtree(copy)
    return [
        {
            "what": f"export of {results:,} results as Parquet",
            "beside": "DuckDB COPY of the same, parquet to parquet",
            "ratio": median(theirs) / median(ours),
            "at least": 0.45,
            "seconds": median(ours),
            "MiB": memory,
            "MiB at most": 300,
        },
        {
            "what": "the same again, nothing changed",
            "beside": "the first",
            "ratio": median(again) / median(ours),
            "seconds": median(again),
        },
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=100_000)
    results = parser.parse_args().results
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), results)
    print(table(rows))
    keep("exports", rows, results=results)


if __name__ == "__main__":
    main()

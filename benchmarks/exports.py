"""An archive's export and report, beside DuckDB's own copy and beside the bare queries.

    python -m benchmarks.exports [--results 100000]

CPU time rather than time on the wall, so other work on the machine counts little. What is said is
drawn from 2,000 words: 5 kB in twenty turns, for every fifth result.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from addonctl.archive import marker, noting
from addonctl.archive.index import Index
from addonctl.archive.marker import Kept
from addonctl.archive.noting import Look, SavedPayload, SeenResult
from addonctl.archive.place import LocalPlace
from addonctl.dates import rfc2822
from addonctl.transcripts import Transcript, Turn
from benchmarks.archive import ACCOUNT, sid
from benchmarks.report import keep, table

SYLLABLES = "ba ko ri ten mal so ver li num da cha per".split()
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

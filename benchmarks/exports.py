"""An archive's export and report, beside DuckDB's own copy and beside the bare queries.

    python -m benchmarks.exports [--results 100000]

CPU time rather than time on the wall, so other work on the machine counts little. What is said is
drawn from 2,000 words: 5 kB in twenty turns, for every fifth result.
"""

from __future__ import annotations

import argparse
import json
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
from addonctl.archive.report import report
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

BARE = """import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for query in json.load(open(sys.argv[2])):
    db.execute(query).fetchall()
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


def more(index: Index, results: int) -> None:
    """So many results more, of two payloads each and of one add-on in five, by SQL alone."""
    count = "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < ?)"
    sid = "printf('%s%016x%016x', '{}', {} * 40503 % 16777216, {})".format
    after = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', ({} - k * 34) || ' seconds')".format
    with index.changing():
        index.run(
            f"{count} INSERT INTO results (sid, recording_sid, account_sid, add_on_sid,"
            " add_on_configuration_sid, status, date_created, date_completed, expires, state)"
            f" SELECT {sid('XR', 'k', 'k')}, {sid('RE', 'k', 'k')}, ?,"
            " printf('XB%032x', k % 5), printf('XE%032x', k % 7),"
            f" iif(k % 37, 'completed', 'failed'), {after('0')}, {after('k % 600')},"
            f" {after('2592000')}, 'saved' FROM n",
            *(results, ACCOUNT),
        )
        index.run(
            f"{count} INSERT INTO payloads (sid, result_sid, recording_sid, label, content_type,"
            f" object, bytes, sha256) SELECT {sid('XH', 'k', 'k')},"
            f" {sid('XR', '(k / 2)', 'k / 2')}, {sid('RE', '(k / 2)', 'k / 2')},"
            " 'label ' || k % 200, 'application/json', 'x.json', 5000, hex(zeroblob(32)) FROM n",
            2 * results,
        )


def most(command: list[str]) -> tuple[float, float]:
    """Seconds of CPU that a command takes, and the most memory in MiB, of itself alone."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command[:4]} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(folder: Path, results: int) -> list[dict[str, object]]:
    """Each thing beside the other, three times in turn; the medians."""
    return [*exports(folder, results), drawn(folder, 10 * results)]


def exports(folder: Path, results: int) -> list[dict[str, object]]:
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


def drawn(folder: Path, results: int) -> dict[str, object]:
    """The report of an archive, beside all that it asks the index for."""
    keep = folder / "drawn"
    index = archive(keep, 1000)
    more(index, results)
    asked: list[str] = []
    index.db.set_trace_callback(asked.append)
    for _ in report(index, "", (ACCOUNT,), datetime.now(UTC), names={}):
        pass
    index.close()
    queries, page = folder / "queries.json", folder / "page.html"
    queries.write_text(json.dumps([each for each in asked if each.startswith("SELECT")]))
    drawing = [sys.executable, "-m", "addonctl", "archive", "report", "-a", str(keep)]
    ours, bare, memory = [], [], 0.0
    for _ in range(3):
        seconds, memory = most([*drawing, "--to", str(page)])
        ours.append(seconds)
        bare.append(most([sys.executable, "-c", BARE, f"{keep}/index.sqlite", str(queries)])[0])
    return {
        "what": f"report of {results:,} results",
        "beside": "its queries by bare sqlite3",
        "ratio": median(ours) / median(bare),
        "at most": 1.3,
        "seconds": median(ours),
        "MiB": memory,
        "kB": page.stat().st_size / 1000,
        "kB at most": 1000,
    }


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

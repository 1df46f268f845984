"""What an archive knows as tables for other programs, and how it is browsed."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.archives import index, kept, rows
from support.bucket import BOTH, in_both, stored
from support.program import PROGRAM, Run

from addonctl.docs import topics

CALL = "RE73640dced2490fa811f54a87139210ee"
TABLES = ("results", "payloads", "transcripts", "turns")
HOSTILE = (
    "=1+1",
    'a,"b"\n\r\nc',
    "\u202eevil",
    "nul\x00here",
    "</script><b>",
    "'; DROP TABLE x;--",
)


@pytest.fixture(params=BOTH)
def run(run: Run, request: pytest.FixtureRequest) -> Run:
    return in_both(run, request)


@pytest.fixture(autouse=True)
def profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")


@pytest.fixture
def keep(run: Run, home: Path) -> Path:
    """An archive with the sandbox's samples in it."""
    return kept(run, home)


def parquet(folder: Path, table: str) -> str:
    return f"read_parquet('{folder}/{table}/**/*.parquet', hive_partitioning = true)"


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Each file but the lock, with its inode: what is written again has another."""
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def parts(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {name: held for name, held in files(folder).items() if name.endswith(".parquet")}


# Parquet, by those who read it


def test_duckdb_counts_what_the_index_holds(run: Run, keep: Path, tmp_path: Path) -> None:
    assert 0 == run(f"archive export --to {tmp_path / 'out'}").code

    for table in TABLES:
        counted = f"SELECT count(*) FROM {parquet(tmp_path / 'out', table)}"
        (found,) = duckdb.execute(counted).fetchall()
        assert rows(keep, f"SELECT count(*) FROM {table}") == [found]
    query = 'SELECT payload_sid, n, speaker, start, "end", text FROM turns ORDER BY 1, 2'
    said = duckdb.execute(query.replace("turns", parquet(tmp_path / "out", "turns"))).fetchall()
    assert rows(keep, query) == said


def test_times_are_of_utc_and_parts_are_dates(run: Run, keep: Path, tmp_path: Path) -> None:
    run(f"archive export --to {tmp_path / 'out'}")
    found = duckdb.execute(
        "SELECT typeof(date_created), typeof(date), epoch(date_created)::BIGINT, account, sid,"
        f" date::VARCHAR FROM {parquet(tmp_path / 'out', 'results')} ORDER BY sid"
    ).fetchall()
    held = rows(keep, "SELECT date_created, account_sid, sid FROM results ORDER BY sid")

    assert {("TIMESTAMP WITH TIME ZONE", "DATE")} == {row[:2] for row in found}
    assert [
        (int(datetime.fromisoformat(made).timestamp()), account, sid, made[:10])
        for made, account, sid in held
    ] == [row[2:] for row in found]


def test_pandas_polars_and_pyarrow_read_it(run: Run, keep: Path, tmp_path: Path) -> None:
    import pandas
    import polars
    import pyarrow
    from pyarrow import dataset

    run(f"archive export --to {tmp_path / 'out'}")
    folder = tmp_path / "out" / "results"
    [(count,)] = rows(keep, "SELECT count(*) FROM results")
    seen = dataset.dataset(folder, partitioning="hive").to_table()
    frame = pandas.read_parquet(folder)
    lazy = polars.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=True).collect()

    assert [count] * 3 == [seen.num_rows, len(frame), lazy.height]
    assert pyarrow.timestamp("us", tz="UTC") == seen.schema.field("date_created").type
    assert "UTC" == str(frame["date_created"].dt.tz)
    assert lazy.schema["date_created"] == polars.Datetime("us", "UTC")
    assert {"account", "date"} <= set(lazy.columns)
    assert {path.name for path in folder.iterdir()} == {
        f"account={sid}" for (sid,) in rows(keep, "SELECT DISTINCT account_sid FROM results")
    }


def test_the_queries_of_the_manual_run(run: Run, keep: Path, home: Path) -> None:
    """As they stand, in the folder that the manual's own line makes."""
    text = topics.plain(topics.TOPICS["tables"])
    queries = re.findall(r"^  (SELECT .*?;)$", text, re.MULTILINE | re.DOTALL)

    assert 0 == run("archive export --to tables").code
    assert 3 == len(queries)
    for query in queries:
        assert duckdb.execute(query).fetchall(), query


# Again


def test_nothing_is_written_twice(run: Run, keep: Path) -> None:
    run("archive export --to out")
    run("archive export")
    before = files(Path("out"))
    again = run("archive export --to out")

    assert "wrote 0 of" in again.err
    assert before == files(Path("out"))
    assert "wrote 0 of" in run("archive export").err


def test_what_is_read_anew_is_written_anew(run: Run, keep: Path) -> None:
    """The version of what reads transcripts stands for their words."""
    run("archive export")
    with index(keep) as db:
        db.execute("UPDATE transcripts SET version = version + 1")

    assert "wrote 0 of" not in run("archive export").err


def test_a_rebuilt_index_changes_nothing(run: Run, keep: Path) -> None:
    run("archive export --as jsonl --to out")
    before = files(Path("out"))
    assert 0 == run("archive rebuild").code
    # When a thing was saved is known to the index alone.
    words = {"transcripts.jsonl", "turns.jsonl", "payloads.jsonl"}
    run("archive export --as jsonl --to out")

    after = files(Path("out"))
    assert {name: before[name][1] for name in words} == {name: after[name][1] for name in words}


def test_what_is_erased_vanishes(run: Run, keep: Path) -> None:
    for form in ("parquet", "csv", "jsonl"):
        run(f"archive export --as {form} --to out")
    [(text,)] = rows(
        keep,
        f"SELECT text FROM turns JOIN payloads ON sid = payload_sid"
        f" WHERE recording_sid = '{CALL}' ORDER BY length(text) DESC LIMIT 1",
    )
    assert any(text.encode() in held for _, held in files(Path("out")).values())
    assert 0 == run(f"archive erase {CALL} --yes").code
    for form in ("parquet", "csv", "jsonl"):
        assert 0 == run(f"archive export --as {form} --to out").code

    for name, (_, held) in files(Path("out")).items():
        assert CALL.encode() not in held, name
        assert text.encode() not in held, name
    assert not duckdb.execute(
        f"SELECT * FROM {parquet(Path('out'), 'results')} WHERE recording_sid = '{CALL}'"
    ).fetchall()


def test_a_day_of_which_nothing_is_left_goes(run: Run, keep: Path) -> None:
    run("archive export --to out")
    with index(keep) as db:
        db.execute(
            "DELETE FROM results WHERE date_created = (SELECT min(date_created) FROM results)"
        )
    [(first,)] = rows(keep, "SELECT min(substr(date_created, 1, 10)) FROM results")
    stranger = Path("out/results/notes.txt")
    stranger.write_text("mine")
    ran = run("archive export --to out")

    assert "took away" in ran.err
    assert first == min(re.findall(r"date=([\d-]+)", " ".join(parts(Path("out")))))
    assert stranger.exists()


@pytest.mark.parametrize("damage", ["gone", "cut", "state", "left"])
def test_a_damaged_export_is_mended(run: Run, keep: Path, damage: str) -> None:
    run("archive export --to out")
    before = {name: held for name, (_, held) in parts(Path("out")).items()}
    one = next(Path("out/turns").rglob("*.parquet"))
    if damage == "gone":
        one.unlink()
    elif damage == "cut":
        one.write_bytes(one.read_bytes()[:20])
    elif damage == "left":
        (one.parent / ".part-0.parquet.01234567.tmp").write_bytes(b"half")
    else:
        Path("out/export.json").write_text("{")

    assert 0 == run("archive export --to out").code
    assert before == {name: held for name, (_, held) in parts(Path("out")).items()}
    assert not list(Path("out").rglob("*.tmp"))


@pytest.mark.parametrize("held", [b"", b"PAR1, cut off"])
def test_what_is_erased_goes_from_a_damaged_export_too(run: Run, keep: Path, held: bytes) -> None:
    run("archive export")
    for each in (keep / "exports").rglob("*.parquet"):
        each.write_bytes(held)
    erased, again = run(f"archive erase {CALL} --yes"), run("archive export")

    assert (0, 0) == (erased.code, again.code)
    for each in (keep / "exports").rglob("*.parquet"):
        assert each.read_bytes() not in (b"", held)


def test_an_archive_in_a_bucket_has_its_export_in_the_bucket(run: Run, bucket: str) -> None:
    """And the same files as in a folder; erased, they go there, too."""
    run(f"archive init {bucket}")
    assert 0 == run("archive run").code
    here, there = run("archive export --to out"), run("archive export")
    again, page = run("archive export"), run("archive report --to page.html")
    exported = {
        name.removeprefix("exports/"): held
        for name, held in stored(bucket).items()
        if name.startswith("exports/") and name.endswith(".parquet")
    }
    erased = run(f"archive erase {CALL} --yes")
    left = b"".join(held for name, held in stored(bucket).items() if "exports/" in name)

    assert [0] * 5 == [each.code for each in (here, there, again, page, erased)]
    assert exported == {name: held for name, (_, held) in parts(Path("out")).items()}
    assert "wrote 0 of" in again.err
    assert any(CALL.encode() in held for held in exported.values())
    assert CALL.encode() not in left


@pytest.mark.parametrize("verb", ["export --to out", "report --to page.html"])
def test_a_broken_index_is_said_to_be_broken(run: Run, keep: Path, verb: str) -> None:
    content = bytearray((keep / "index.sqlite").read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    (keep / "index.sqlite").write_bytes(content)
    for name in ("index.sqlite-wal", "index.sqlite-shm"):
        (keep / name).unlink(missing_ok=True)
    ran = run(f"archive {verb}")

    assert (1, "") == (ran.code, ran.out)
    assert "the index" in ran.err
    assert "unexpected" not in ran.err
    assert not Path("page.html").exists()


# Text


def hostile(keep: Path) -> None:
    with index(keep) as db:
        sids = [sid for (sid,) in db.execute("SELECT payload_sid FROM transcripts ORDER BY 1")]
        for sid, text in zip(sids, HOSTILE, strict=False):
            db.execute("UPDATE payloads SET label = ? WHERE sid = ?", (text, sid))
            db.execute(
                "UPDATE turns SET text = ?, speaker = ? WHERE payload_sid = ?", (text, text, sid)
            )


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_hostile_text_comes_back_as_it_is(run: Run, keep: Path, form: str) -> None:
    """But for formulas in csv, which get an apostrophe."""
    hostile(keep)
    assert 0 == run(f"archive export --as {form} --to out").code
    query = "SELECT payload_sid, n, text FROM turns ORDER BY 1, 2"
    expected = rows(keep, query)
    if form == "parquet":
        found = duckdb.execute(query.replace("turns", parquet(Path("out"), "turns"))).fetchall()
    elif form == "jsonl":
        lines = Path("out/turns.jsonl").read_text("utf-8").split("\n")[:-1]
        found = sorted((d["payload_sid"], d["n"], d["text"]) for d in map(json.loads, lines))
    else:
        with Path("out/turns.csv").open(encoding="utf-8", newline="") as file:
            found = sorted((d["payload_sid"], int(d["n"]), d["text"]) for d in csv.DictReader(file))
        expected = [(*row[:2], f"'{row[2]}" if row[2][0] in "=+-@" else row[2]) for row in expected]

    assert {text for *_, text in rows(keep, query)} >= {HOSTILE[0], HOSTILE[3]}
    assert expected == found


def test_csv_and_jsonl_hold_a_whole_table_each(run: Run, keep: Path) -> None:
    for form in ("csv", "jsonl"):
        assert 0 == run(f"archive export --as {form} --to out").code
    listed = list(csv.DictReader(io.StringIO(Path("out/results.csv").read_text())))
    lined = [json.loads(line) for line in Path("out/results.jsonl").read_text().splitlines()]

    assert sorted(rows(keep, "SELECT sid, date_created FROM results")) == sorted(
        (row["sid"], row["date_created"]) for row in listed
    )
    assert [row["sid"] for row in listed] == [row["sid"] for row in lined]
    assert list(lined[0]) == list(listed[0])


def test_a_result_without_a_date_is_in_the_null_partition(run: Run, keep: Path) -> None:
    with index(keep) as db:
        db.execute("UPDATE results SET date_created = NULL WHERE recording_sid = ?", (CALL,))
    run("archive export --to out")
    found = duckdb.execute(
        f"SELECT count(*) FROM {parquet(Path('out'), 'results')} WHERE date IS NULL"
    ).fetchall()

    assert rows(keep, f"SELECT count(*) FROM results WHERE recording_sid = '{CALL}'") == found


# Where it cannot be done


def test_an_empty_archive(run: Run, home: Path) -> None:
    run("archive init keep")
    ran = run("archive export")
    other = run("archive export --as csv --to out")

    assert (0, 0) == (ran.code, other.code)
    assert "no results yet" in ran.err
    assert Path("out/results.csv").read_text().startswith("sid,recording_sid,")
    assert 1 == len(Path("out/turns.csv").read_text().splitlines())


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("archive export --as xlsx", 2, "no form 'xlsx'; known: parquet, csv, jsonl, datasette"),
        ("archive export --to keep", 2, "is in an archive"),
        ("archive export --to keep/exports", 2, "is in an archive"),
        ("archive export --to keep/data/../x", 2, "is in an archive"),
        ("archive export -a nowhere", 3, "no archive at"),
        ("archive export --to file", 1, "file"),
    ],
)
@pytest.mark.folder
def test_what_is_refused(run: Run, keep: Path, line: str, code: int, said: str) -> None:
    Path("file").write_text("mine")
    before = files(keep)
    ran = run(line)

    assert (code, "") == (ran.code, ran.out)
    assert said in ran.err
    assert "unexpected" not in ran.err
    assert {**before} == files(keep)
    assert "mine" == Path("file").read_text()


def test_the_export_of_another_archive_is_left_alone(run: Run, keep: Path) -> None:
    run("archive export --as csv --to out")
    before = files(Path("out"))
    run("archive init other")
    ran = run("archive export --as csv --to out -a other")

    assert 2 == ran.code
    assert "another archive" in ran.err
    assert before == files(Path("out"))


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc").exists(), reason="root may write")
def test_a_folder_that_takes_no_file(run: Run, keep: Path) -> None:
    Path("out").mkdir()
    (Path("out") / "results").write_text("in the way")
    ran = run("archive export --to out")

    assert 1 == ran.code
    assert "out/results" in ran.err
    assert "in the way" == (Path("out") / "results").read_text()


@pytest.mark.folder
def test_two_at_once(run: Run, keep: Path) -> None:
    import fcntl

    run("archive export --as csv --to out")
    for folder, line in ((Path("out"), "archive export --to out"), (keep, "archive export")):
        with (folder / ".lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            ran = run(line)
        assert 5 == ran.code
        assert "another" in ran.err


def test_without_pyarrow_it_says_what_to_install(
    run: Run, keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ran = run("archive export --to out")

    assert 1 == ran.code
    assert "addonctl[parquet]" in ran.err
    assert 0 == run("archive export --as csv --to out").code


def test_an_index_that_names_no_account_is_refused(run: Run, keep: Path) -> None:
    with index(keep) as db:
        db.execute("UPDATE results SET account_sid = '../../escaped'")
    ran = run("archive export --to out")

    assert 1 == ran.code
    assert "archive rebuild" in ran.err
    assert not list(Path().rglob("*escaped*"))


def test_an_index_with_a_date_that_is_none_is_refused(run: Run, keep: Path) -> None:
    with index(keep) as db:
        db.execute("UPDATE results SET saved_at = 'yesterday'")
    ran = run("archive export --to out")

    assert 1 == ran.code
    assert "fits no column of results" in ran.err


def test_killed_it_leaves_whole_files_and_goes_on(run: Run, keep: Path) -> None:
    """With as many days as keep it busy, and killed where they are being written."""
    with index(keep) as db:
        db.executescript(
            """
            WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 90)
            INSERT INTO results (sid, recording_sid, account_sid, status, date_created, state)
            SELECT printf('XR%032x', k), recording_sid, account_sid, status,
                date('2020-01-01', k || ' days') || 'T00:00:00Z', 'saved'
            FROM n, (SELECT * FROM results LIMIT 1);
            """
        )
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    busy = subprocess.Popen([*PROGRAM, "archive", "export", "--to", "out"], env=environment)
    try:
        while busy.poll() is None and len(list(Path("out").rglob("*.parquet"))) < 230:
            time.sleep(0.01)
    finally:
        busy.send_signal(signal.SIGKILL)
        busy.wait()
    there = parts(Path("out"))
    for name in there:
        duckdb.execute(f"SELECT count(*) FROM read_parquet('out/{name}')").fetchall()
    ran = run("archive export --to out")
    after = parts(Path("out"))
    fresh = run("archive export --to fresh")

    assert (0, 0, -signal.SIGKILL) == (ran.code, fresh.code, busy.returncode)
    assert {name: held for name, (_, held) in after.items()} == {
        name: held for name, (_, held) in parts(Path("fresh")).items()
    }
    assert any(after[name] == held for name, held in there.items())  # and did not begin anew


# Browsing


@pytest.mark.folder
def test_datasette_finds_a_sentence(run: Run, keep: Path) -> None:
    """The real one, on the index, with the metadata that was written for it."""
    ran = run("archive export --as datasette --to out")
    (line,) = re.findall(r"datasette (\S+) --metadata (\S+)", ran.err)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "datasette", "serve", line[0], "--metadata", line[1]]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )

    def asked(path: str, **query: str) -> Any:
        address = f"http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    try:
        for _ in range(600):
            with suppress(OSError):
                asked("/-/versions.json")
                break
            assert server.poll() is None, server.stderr and server.stderr.read()
            time.sleep(0.1)
        canned = asked("/index/search.json", words='two weeks "ago"', _shape="array")
        table = asked("/index/transcripts.json", _search="never arrived", _shape="array")
        facets = asked("/index/results.json", _size="0")
        titles = asked("/-/metadata.json")
    finally:
        server.terminate()
        server.communicate(timeout=30)

    assert any(
        "tent two weeks" in row["snippet"].replace("[", "").replace("]", "") for row in canned
    )
    assert {CALL} <= {row["recording_sid"] for row in canned}
    assert any("never arrived" in row["text"] for row in table)
    assert {"status", "state"} <= set(facets["facet_results"])
    assert "Results" == titles["databases"]["index"]["tables"]["results"]["title"]

"""The archive of a folder: kept whole, found again, and never said to be safe when it is not."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from support.archives import kept
from support.bucket import BOTH, in_both
from support.program import PROGRAM, Run
from support.serving import serving, troubled
from support.terminal import on_screen

from addonctl import sandbox
from addonctl.archive.look import next_look
from addonctl.docs import topics
from addonctl.sandbox.app import Application
from addonctl.sandbox.state import Database

CALL = "RE73640dced2490fa811f54a87139210ee"
RESULT = "XR68b652bc56ffb143af7cdb76f8cbc0ef"
PLAIN = "XH490b86aebe891b7656eebf1333bc7523"
SUBACCOUNT = "ACffffffffffffffffffffffffffffffff"


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


def the(keep: Path, name: str) -> Path:
    (found,) = keep.rglob(f"{name}*")
    return found


def status(run: Run) -> dict[str, object]:
    found: dict[str, object] = json.loads(run("archive status -f json").out)
    return found


def content(keep: Path) -> dict[str, bytes]:
    """Every object, without what a run says of itself."""
    data = keep / "data"
    return {
        str(path.relative_to(keep)): path.read_bytes() for path in data.rglob("*") if path.is_file()
    }


def indexed(keep: Path) -> list[tuple[object, ...]]:
    """What the index says of results, payloads and words."""
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        return [
            *db.execute("SELECT sid, state, status, folder FROM results ORDER BY sid"),
            *db.execute("SELECT sid, object, bytes, sha256 FROM payloads ORDER BY sid"),
            *db.execute("SELECT payload_sid, text FROM transcripts ORDER BY payload_sid"),
        ]


# The tour


def test_what_is_kept_is_found_and_shown(run: Run, keep: Path) -> None:
    found = run("archive search tent -f csv")
    rows = list(csv.DictReader(io.StringIO(found.out)))
    shown = run(f"archive show {rows[0]['address']} --as text")

    assert (0, 0) == (found.code, shown.code)
    assert all("tent" in row["snippet"] for row in rows)
    assert "tent two weeks ago" in shown.out
    assert run(f"archive show {PLAIN}").out == run(f"payloads show {CALL} {RESULT} {PLAIN}").out
    assert "WEBVTT" in run(f"archive show {RESULT} --as vtt").out


def test_the_moment_in_the_call_and_who_said_it(run: Run, keep: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("archive search 'never arrived' -f csv").out)))
    timed = next(row for row in rows if row["start"])

    assert "Speaker 1" == timed["speaker"]
    assert 6 < float(timed["start"]) < 8
    assert "RE" == timed["address"][:2]


def test_hits_are_marked_on_a_terminal_and_nowhere_else(run: Run, keep: Path) -> None:
    code, shown, said = on_screen("archive search '\"two weeks\"'", columns=200)
    piped = run("archive search '\"two weeks\"' -f csv").out

    assert 0 == code
    assert "[two weeks]" in shown or "[two] [weeks]" in shown
    assert "archive show RE" in said
    assert "[" not in piped


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("parcel", True),
        ("PARCEL", True),
        ("'parcel tent'", True),
        ("parc*", True),
        ("parc", False),
        ("'\"two weeks ago\"'", True),
        ("'\"weeks two ago\"'", False),
        ("parcel --since 1d", True),
        ("parcel --until 60d", False),
        ("parcel --add-on XB188747dae75789b4159c0d566910c655", True),
        ("parcel --add-on XBffffffffffffffffffffffffffffffff", False),
        ("parcel --speaker 'speaker 1'", True),
        ("parcel --speaker 'speaker 0'", False),
        (f"parcel --recording {CALL}", True),
        ("parcel --call CAffffffffffffffffffffffffffffffff", False),
        ("parcel --rank", True),
    ],
)
def test_a_search(run: Run, keep: Path, words: str, found: bool) -> None:
    ran = run(f"archive search {words} -f sids")

    assert (0 if found else 3) == ran.code
    assert found == bool(ran.out)


@pytest.mark.parametrize(
    "words", ['"\\"open"', "'*'", "'AND OR'x", "'text:x'", "'a NEAR(b'", "'x\"'", "'-- ;'"]
)
def test_no_words_break_the_search(run: Run, keep: Path, words: str) -> None:
    ran = run(f"archive search {words}")

    assert ran.code in (2, 3)
    assert ran.out == ""
    assert "unexpected" not in ran.err
    assert "fts5" not in ran.err.lower()


def test_a_second_run_fetches_nothing_twice(run: Run, keep: Path) -> None:
    before = content(keep)
    again = run("archive run")

    assert 0 == again.code
    assert "saved 0 results" in again.err
    assert before == content(keep)


def test_dry_run_asks_for_nothing(run: Run, home: Path) -> None:
    run("archive init keep")
    ran = run("archive run --dry-run")

    assert 0 == ran.code
    assert "would make about 1 requests" in ran.out
    assert not (home / "keep" / "data").exists()


def test_lists_in_every_format(run: Run, keep: Path) -> None:
    results = json.loads(run("archive list results -f json").out)
    payloads = json.loads(run("archive list payloads -f json").out)
    completed = json.loads(run("archive list results --status completed -f json").out)

    assert {"saved", "pending"} == {row["state"] for row in results}
    assert {"completed"} == {row["status"] for row in completed}
    assert len(completed) < len(results)
    assert all(len(row["sha256"]) == 64 for row in payloads)
    assert 1 == len(run("archive list runs -f jsonl").out.splitlines())
    assert "[]\n" == run("archive list problems -f json").out
    assert 2 == run("archive list things").code


def test_the_index_is_read_by_others_as_it_is(keep: Path) -> None:
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        (found,) = db.execute(
            "SELECT count(*) FROM transcripts_fts WHERE transcripts_fts MATCH 'parcel'"
        ).fetchone()
        (created,) = db.execute("SELECT min(date_created) FROM results").fetchone()

    assert 2 == found
    assert created == datetime.fromisoformat(created).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert 0o600 == (keep / "index.sqlite").stat().st_mode & 0o777


@pytest.mark.folder
def test_only_the_owner_can_read_it(keep: Path) -> None:
    assert all(not path.stat().st_mode & 0o077 for path in keep.rglob("*"))


# Late, and later


def test_what_was_pending_is_saved_once_it_is_final(run: Run, keep: Path) -> None:
    assert 4 == status(run)["results_pending"]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5), tick=True):
        later = run("archive run")

        assert 0 == later.code
        assert 0 == status(run)["results_pending"]
        assert "saved 4 results" in later.err


@pytest.mark.parametrize(
    ("age", "pending", "wait"),
    [
        (0.5, False, 0),
        (1.9, False, 0),
        (3, False, 13.5),
        (59, False, 13.5),
        (61, False, 24.5),
        (400, False, 24.5),
        (400, True, 0),
    ],
)
def test_when_to_look_again(age: float, pending: bool, wait: float) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    assert timedelta(days=wait) == next_look(now - timedelta(days=age), now, pending=pending) - now


def test_what_is_gone_at_the_service_stays_in_the_archive(run: Run, keep: Path) -> None:
    before = content(keep)
    assert 0 == run("results delete --all --yes").code
    again, then = run("archive run --full"), run("archive run --full")

    assert (6, 0) == (again.code, then.code)
    assert before == content(keep)
    assert (10, 4) == (status(run)["results_saved"], status(run)["results_lost"])
    assert 4 == run("archive list problems -f csv").out.count("deleted at the service")
    assert 0 == run("archive search tent").code


# What is no archive


def test_without_archive_json_there_is_no_archive(run: Run, keep: Path) -> None:
    (keep / "archive.json").rename(keep.parent / "elsewhere")
    codes = {
        run(f"archive {line}").code
        for line in (
            "run",
            "status",
            "list results",
            "search x",
            f"show {PLAIN}",
            "verify",
            "rebuild",
        )
    }

    assert {3} == codes
    assert len(content(keep)) > 10


def test_an_archive_that_is_not_named_is_asked_for(run: Run) -> None:
    ran = run("archive status")

    assert 2 == ran.code
    assert "archive init" in ran.err


def test_a_folder_with_other_files_is_refused(run: Run, home: Path) -> None:
    (home / "photos").mkdir()
    (home / "photos" / "cat.jpg").write_bytes(b"meow")
    ran = run("archive init photos")

    assert 2 == ran.code
    assert "cat.jpg" in ran.err
    assert ["cat.jpg"] == [path.name for path in (home / "photos").iterdir() if path.name[0] != "."]


def change(keep: Path, **values: object) -> None:
    about = json.loads((keep / "archive.json").read_bytes())
    (keep / "archive.json").write_text(json.dumps(about | values))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"accounts": ["AC" + "a" * 32]}, "is the archive of"),
        ({"version": 2}, "of version 2"),
        ({"version": "x"}, "not as addonctl wrote it"),
        ({"id": "f" * 32}, "of another archive"),
        ({"id": 5}, "not as addonctl wrote it"),
        ({"accounts": ["../../etc"]}, "not as addonctl wrote it"),
    ],
)
def test_an_archive_json_that_was_edited(
    run: Run, keep: Path, values: dict[str, object], said: str
) -> None:
    before = content(keep)
    change(keep, **values)
    ran = run("archive run")

    assert 2 == ran.code
    assert said in ran.err
    assert before == content(keep)


def test_an_index_that_is_newer_than_the_program(run: Run, keep: Path) -> None:
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        db.execute("PRAGMA user_version = 99")
        db.commit()
    ran = run("archive run")

    assert 2 == ran.code
    assert "version 99" in ran.err


def test_an_index_that_is_lost_is_made_anew(run: Run, keep: Path) -> None:
    before = indexed(keep)
    for path in keep.glob("index.sqlite*"):
        path.unlink()
    lost = run("archive run")
    rebuilt = run("archive rebuild")
    again = run("archive run")

    assert (1, 0, 0) == (lost.code, rebuilt.code, again.code)
    assert "archive rebuild" in lost.err
    assert before == indexed(keep)


def test_an_older_index_catches_up(run: Run, home: Path) -> None:
    run("archive init keep")
    keep = home / "keep"
    shutil.copy(keep / "index.sqlite", home / "older")
    run("archive run")
    after, data = indexed(keep), content(keep)
    for path in keep.glob("index.sqlite*"):
        path.unlink()
    shutil.copy(home / "older", keep / "index.sqlite")
    again = run("archive run")

    assert 0 == again.code
    assert (after, data) == (indexed(keep), content(keep))


# Damage


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def to_link(path: Path) -> None:
    path.rename(path.parent.parent / "moved")
    path.symlink_to(path.parent.parent / "moved")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "flipped": flip,
    "missing": lambda path: path.unlink(),
    "link": to_link,
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"x"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_and_mended(run: Run, keep: Path, damage: str) -> None:
    path = the(keep, PLAIN)
    whole = path.read_bytes()
    DAMAGE[damage](path)
    found = run("archive verify -f jsonl")
    shown = run(f"archive show {PLAIN}")
    repaired = run("archive verify --repair")

    assert 6 == found.code
    assert PLAIN in found.out
    assert (1, "") == (shown.code, shown.out)
    assert 0 == repaired.code
    assert whole == the(keep, PLAIN).read_bytes()
    assert 0 == run("archive verify").code


def test_quick_sees_sizes_alone(run: Run, keep: Path) -> None:
    flip(the(keep, PLAIN))

    assert 0 == run("archive verify --quick").code
    assert 6 == run("archive verify").code


def test_thirty_samples_are_the_whole(run: Run, keep: Path) -> None:
    flip(the(keep, PLAIN))
    codes = [run(f"archive verify --sample {part}/5").code for part in range(1, 6)]

    assert 1 == sum(code != 0 for code in codes)
    assert 2 == run("archive verify --sample 6/5").code


def test_strangers_and_orphans_are_named_and_left_alone(run: Run, keep: Path) -> None:
    folder = the(keep, PLAIN).parent
    (keep / "notes.txt").write_text("mine")
    (folder / f"XH{'a' * 32}.json").write_text("{}")
    ran = run("archive verify -f jsonl")
    verdicts = {json.loads(line)["verdict"] for line in ran.out.splitlines()}

    assert 0 == ran.code
    assert {"stranger", "orphan"} == verdicts
    assert (keep / "notes.txt").exists()


def test_a_damaged_marker_is_found_and_mended(run: Run, keep: Path) -> None:
    marker = the(keep, PLAIN).parent / "result.json"
    marker.write_text("{}")
    found, repaired = run("archive verify"), run("archive verify --repair")

    assert (6, 0) == (found.code, repaired.code)
    assert RESULT in marker.read_text()


def test_damage_makes_the_status_bad(run: Run, keep: Path) -> None:
    flip(the(keep, PLAIN))
    run("archive verify")
    ran = run("archive status")

    assert 1 == ran.code
    assert "damaged" in ran.err
    assert PLAIN in run("archive list problems -f csv").out


def test_the_watchdog(run: Run, keep: Path) -> None:
    assert 0 == run("archive status --max-age 26h").code
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=27), tick=True):
        ran = run("archive status --max-age 26h")

    assert 1 == ran.code
    assert "no good run within 26h" in ran.err


# Every night


def blocks() -> list[list[str]]:
    """The files that the topic shows."""
    shown = [part for part in topics.TOPICS["archive"].parts if isinstance(part, list)]
    return [text.split("\n") for part in shown for text in "\n".join(part).split("\n\n")]


def test_the_lines_of_the_crontab_do_what_they_say(keep: Path, home: Path) -> None:
    """As cron runs them: by sh, a `%` only with a backslash before it."""
    (crontab,) = [block for block in blocks() if block[0][0].isdigit()]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for line in crontab:
        command = line.split(maxsplit=5)[5]
        assert "%" not in command.replace("\\%", "")
        ran = subprocess.run(
            ["sh", "-c", command.replace("\\%", "%")],
            env=environment,
            cwd=home,
            capture_output=True,
            text=True,
        )
        assert (0, "", "") == (ran.returncode, ran.stdout, ran.stderr)
    (run_line, watchdog, _) = crontab
    assert "archive run" in run_line
    assert "archive status --max-age 26h" in watchdog


def test_the_units_of_systemd_are_valid(home: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    units = [block for block in blocks() if block[0].startswith("# ")]
    for block in units:
        # It wants the program where the line says it is.
        text = "\n".join(block).replace("%h/.local/bin/addonctl", f"{sys.executable} -m addonctl")
        (home / block[0][2:]).write_text(text + "\n")
    (home / "tell-me@.service").write_text("[Service]\nType=oneshot\nExecStart=/bin/true\n")
    files = [str(home / block[0][2:]) for block in units]
    ran = subprocess.run(
        ["systemd-analyze", "--user", "verify", *files],
        env=os.environ | {"XDG_RUNTIME_DIR": str(home), "SYSTEMD_UNIT_PATH": f"{home}:"},
        capture_output=True,
        text=True,
    )

    assert 4 == len(files)
    assert (0, "") == (ran.returncode, ran.stderr)


# Trouble


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """A served account of 12 recordings, and a place to say which of them fail, and how."""
    file, failing = tmp_path / "account.sqlite", dict[str, int]()
    Database(file).reset(recordings=12, results=2, payloads=2)

    def trouble(method: str, path: str) -> int | None:
        return next((code for sid, code in failing.items() if sid in path), None)

    with serving(lambda url: troubled(Application(file, store_url=url), trouble)) as server:
        monkeypatch.delenv("ADDONCTL_PROFILE")
        monkeypatch.setenv("ADDONCTL_API_URL", server.api_url)
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", sandbox.ACCOUNT)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", sandbox.AUTH_TOKEN)
        yield failing


def test_what_fails_stays_due_and_is_named(run: Run, served: dict[str, int]) -> None:
    recording = run("recordings list -f sids").out.split()[0]
    payload = run("payloads list --all -f sids").out.split()[-1].rpartition("/")[2]
    run("archive init keep")
    served |= {recording: 400, payload: 400}
    first = run("archive run --retries 0")
    problems = run("archive list problems -f csv").out
    watchdog = run("archive status --max-age 26h")
    served.clear()
    second = run("archive run")

    assert (6, 1, 0) == (first.code, watchdog.code, second.code)
    assert recording in problems
    assert payload in problems
    assert 24 == status(run)["results_saved"]
    assert "[]\n" == run("archive list problems -f json").out


def test_requests_can_be_bounded_and_the_next_run_goes_on(run: Run, served: dict[str, int]) -> None:
    run("archive init keep")
    codes = []
    for _ in range(30):
        codes.append(run("archive run --max-requests 20 --workers 1").code)
        if codes[-1] == 0:
            break

    assert {8, 0} == set(codes)
    assert 24 == status(run)["results_saved"]


def test_a_login_that_is_refused_ends_the_run(run: Run, served: dict[str, int]) -> None:
    run("archive init keep")
    served["AddOnResults"] = 401
    ran = run("archive run")

    assert 4 == ran.code
    assert 0 == status(run)["results_saved"]
    assert 1 == run("archive status --max-age 26h").code


def test_named_recordings_alone_are_saved(run: Run, served: dict[str, int]) -> None:
    first, second, *_ = run("results list --all -f sids").out.split()
    run("archive init keep")
    ran = run("archive run --from -", stdin=f"{first}\n{second}\n")

    assert 0 == ran.code
    assert first[:34] == second[:34]
    assert 2 == status(run)["results_saved"]


@pytest.mark.folder
def test_two_runs_at_once(run: Run, keep: Path) -> None:
    with (keep / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = run("archive run")

    assert 5 == ran.code
    assert "another run" in ran.err
    assert 0 == run("archive run").code


@pytest.mark.folder
def test_a_folder_that_cannot_be_written(run: Run, home: Path) -> None:
    run("archive init keep")
    (home / "keep" / "data").write_text("in the way")
    ran = run("archive run")

    assert 1 == ran.code
    assert "unexpected" not in ran.err
    assert 0 == status(run)["results_saved"]


def kill_and_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int) -> None:
    """Runs killed at random instants, then one that is not: as if nothing had happened."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    subprocess.run(
        [*PROGRAM, "sandbox", "reset", "--recordings", "40", "--results", "2", "--payloads", "2"],
        check=True,
    )
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    for place in (calm, rough):
        subprocess.run([*PROGRAM, "archive", "init", str(place)], check=True)
    subprocess.run([*PROGRAM, "archive", "run", "-a", str(calm)], check=True)
    chance = random.Random(7)
    for _ in range(kills):
        process = subprocess.Popen(
            [*PROGRAM, "archive", "run", "-a", str(rough), "--workers", "4"],
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.2 + chance.random() * 1.5)
        process.kill()
        process.wait()
        for path in rough.rglob("result.json"):
            for each in json.loads(path.read_bytes())["payloads"]:
                assert (path.parent / each["object"]).stat().st_size == each["bytes"]
        with closing(sqlite3.connect(rough / "index.sqlite")) as db:
            for (folder,) in db.execute("SELECT folder FROM results WHERE state = 'saved'"):
                assert (rough / folder / "result.json").exists()
    subprocess.run([*PROGRAM, "archive", "run", "-a", str(rough)], check=True)
    subprocess.run([*PROGRAM, "archive", "verify", "-a", str(rough)], check=True)

    assert {name for name in content(calm) if ".tmp" not in name} == {
        name for name in content(rough) if not name.endswith(".tmp")
    }
    assert indexed(calm) == indexed(rough)


def test_a_run_killed_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill_and_compare(tmp_path, monkeypatch, 3)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_run_killed_fifty_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill_and_compare(tmp_path, monkeypatch, 50)

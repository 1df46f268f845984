"""What may happen to an archive: at the service, to its disk, to its clock; and sixty days."""

from __future__ import annotations

import json
import random
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from support.account import Account, AddOn, Payload, Recording, Result, put
from support.archives import kept, listed
from support.bucket import BOTH, in_both
from support.program import PROGRAM, Run

from addonctl import sandbox
from addonctl.archive.known import known
from addonctl.sandbox.contents import sid

DAY = timedelta(days=1)
SUBACCOUNT = sandbox.SUBACCOUNT
CALL = "RE73640dced2490fa811f54a87139210ee"
TEXT = f"{CALL} XR68b652bc56ffb143af7cdb76f8cbc0ef XH490b86aebe891b7656eebf1333bc7523"


@pytest.fixture(params=BOTH)
def run(run: Run, request: pytest.FixtureRequest) -> Run:
    return in_both(run, request)


@pytest.fixture
def keep(run: Run, home: Path, account: Account) -> Path:
    """An archive of a result with two payloads, brought up to date."""
    account.one()
    return kept(run, home)


def stored(keep: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (keep / "data").rglob("*") if path.is_file()}


def named(keep: Path) -> set[str]:
    """The objects that markers name."""
    markers = [json.loads(path.read_bytes()) for path in keep.rglob("result.json")]
    return {each["object"] for marker in markers for each in marker["payloads"]}


# At the service


def test_a_payload_that_changes_is_written_beside_and_the_old_one_goes(
    run: Run, keep: Path, account: Account
) -> None:
    old = named(keep)
    account.change(
        "UPDATE payloads SET body = ?, size = 9, created = created + 60 WHERE sid = ?",
        *(b"It is new", sid("XH", 1)),
    )
    account.touched()
    ran = run("archive run")

    assert 0 == ran.code
    assert named(keep) == {name for name in stored(keep) if name != "result.json"}
    (new,) = named(keep) - old
    assert new.startswith(f"{sid('XH', 1)}.")
    assert b"It is new" == stored(keep)[new]
    assert (3, 0) == (run("archive search parcel").code, run("archive search new").code)
    assert 0 == run("archive verify").code


def test_killed_between_the_marker_and_the_end_of_the_old_object(
    run: Run, keep: Path, account: Account
) -> None:
    folder = next(keep.rglob("result.json")).parent
    leftover = folder / f"{sid('XH', 1)}.{'a' * 8}.txt"
    leftover.write_bytes(b"an older version")
    half = folder / ".result.json.0123abcd.tmp"
    half.write_bytes(b"{")
    account.touched()
    run("archive run")

    assert not leftover.exists()
    assert not half.exists()
    assert "" == run("archive verify -f jsonl").out


def test_a_payload_list_that_shrinks_is_a_problem_and_nothing_goes(
    run: Run, keep: Path, account: Account
) -> None:
    before = named(keep)
    account.change("UPDATE payloads SET deleted = 1 WHERE sid = ?", sid("XH", 2))
    account.touched()
    ran = run("archive run")
    (problem,) = listed(run, "problems")

    assert 0 == ran.code
    assert before == named(keep)
    assert "no longer listed" in problem["problem"]
    assert sid("XH", 2) in problem["problem"]
    assert b"two" in stored(keep).values()


def test_what_is_damaged_here_and_gone_there_is_never_said_to_be_saved(
    run: Run, keep: Path, account: Account
) -> None:
    path = next(keep.rglob(f"{sid('XH', 2)}*"))
    path.write_bytes(b"t")
    account.change("UPDATE payloads SET deleted = 1 WHERE sid = ?", sid("XH", 2))
    account.touched()
    ran = run("archive run")

    assert 6 == ran.code
    assert path.exists()
    assert {sid("XR", 1), sid("XH", 2)} == {row["sid"] for row in listed(run, "problems")}
    assert 1 == run("archive status").code


def test_a_change_that_the_result_does_not_show_is_seen_by_full(
    run: Run, keep: Path, account: Account
) -> None:
    account.change("UPDATE payloads SET body = ?, size = 1, created = created + 9", b"x")
    plain = run("archive run")
    before = set(stored(keep).values())
    full = run("archive run --full")

    assert (0, 0) == (plain.code, full.code)
    assert b"x" not in before
    assert b"x" in stored(keep).values()


@pytest.mark.parametrize("how", ["recordings", "results"])
def test_deleted_at_the_service_before_it_was_saved_is_lost(
    run: Run, account: Account, how: str
) -> None:
    account.one()
    account.change("UPDATE results SET completed = NULL")
    run("archive init keep")
    pending = run("archive run")
    account.change(
        f"DELETE FROM {how}" if how == "recordings" else "UPDATE results SET deleted = 1"
    )
    gone, then = run("archive run"), run("archive run")
    (problem,) = listed(run, "problems")

    assert (0, 6, 0) == (pending.code, gone.code, then.code)
    assert "lost" == problem["state"]
    assert "deleted at the service" in problem["problem"]


def test_a_recording_that_is_listed_again_is_looked_at_again(
    run: Run, keep: Path, account: Account
) -> None:
    account.failing[f"{sid('RE', 1)}/AddOnResults"] = 404
    account.touched()
    run("archive run")
    account.failing.clear()
    account.add(Result(sid("RE", 1), sid("XR", 2), account.now() - 9, account.now() - 5))
    run("archive run")

    assert {sid("XR", 1), sid("XR", 2)} == {row["sid"] for row in listed(run, "results")}


def test_a_result_that_expires_unsaved_is_lost_and_no_longer_asked_for(
    run: Run, keep: Path, account: Account
) -> None:
    account.add(Result(sid("RE", 1), sid("XR", 2), account.now() - 100, None))
    run("archive run")
    with time_machine.travel(datetime.now(UTC) + 31 * DAY, tick=True):
        run("archive run")
        (problem,) = listed(run, "problems")
        account.requests = 0
        run("archive run")

    assert ("lost", sid("XR", 2)) == (problem["state"], problem["sid"])
    assert 1 == account.requests  # the list of recordings


def test_what_is_not_final_is_saved_as_it_is_before_it_is_too_late(
    run: Run, keep: Path, account: Account
) -> None:
    account.add(Result(sid("RE", 1), sid("XR", 2), account.now() - 100, None))
    with time_machine.travel(datetime.now(UTC) + 26 * DAY, tick=True):
        run("archive run")
    early = {row["sid"]: (row["state"], row["status"]) for row in listed(run, "results")}
    account.change("UPDATE results SET completed = created WHERE sid = ?", sid("XR", 2))
    with time_machine.travel(datetime.now(UTC) + 27 * DAY, tick=True):
        run("archive run")
    late = {row["sid"]: (row["state"], row["status"]) for row in listed(run, "results")}

    assert ("saved", "queued") == early[sid("XR", 2)]
    assert ("saved", "completed") == late[sid("XR", 2)]


def test_documents_are_kept_word_for_word(run: Run, keep: Path) -> None:
    marker = json.loads(next(keep.rglob("result.json")).read_bytes())
    recording = json.loads(run("recordings", "get", sid("RE", 1), "-f", "json").out)
    result = json.loads(run("results", "get", sid("RE", 1), sid("XR", 1), "-f", "json").out)

    assert recording == marker["recording"]
    assert result == marker["result"]


# Its clock


def test_a_clock_that_was_ahead_hides_nothing(run: Run, keep: Path, account: Account) -> None:
    with time_machine.travel(datetime.now(UTC) + 700 * DAY, tick=True):
        run("archive run --full")
    watchdog = run("archive status --max-age 26h")
    now = account.now()
    account.add(
        Recording(sid("RE", 2), now - 20 * 86400, 60, sid("CA", 2)),
        Result(sid("RE", 2), sid("XR", 2), now - 50, now - 40),
        Result(sid("RE", 1), sid("XR", 3), now - 50, now - 40),
    )
    ran = run("archive run")

    assert (1, 0) == (watchdog.code, ran.code)
    assert 0 == run("archive status --max-age 26h").code
    assert {sid("XR", n) for n in (1, 2, 3)} == {
        row["sid"] for row in listed(run, "results") if row["state"] == "saved"
    }


def test_a_good_run_of_the_future_is_no_good_run(run: Run, home: Path, account: Account) -> None:
    run("archive init keep")
    with time_machine.travel(datetime.now(UTC) + 700 * DAY, tick=True):
        run("archive run")

    assert 1 == run("archive status --max-age 26h").code


def test_a_run_of_a_part_does_not_quiet_the_watchdog(
    run: Run, home: Path, account: Account
) -> None:
    account.one()
    run("archive init keep")
    codes = [
        run("archive run --from -", stdin=f"{sid('RE', 1)}\n").code,
        run("archive run --status failed").code,
        run("archive run --since 5d").code,
    ]
    early = run("archive status --max-age 26h").code
    run("archive run")

    assert [0, 0, 0, 1, 0] == [*codes, early, run("archive status --max-age 26h").code]


def test_what_filters_leave_out_waits_for_the_next_run(
    run: Run, home: Path, account: Account
) -> None:
    account.one()
    run("archive init keep")
    run("archive run --status failed")
    first = listed(run, "results")
    run("archive run")

    assert ["pending"] == [row["state"] for row in first]
    assert ["saved"] == [row["state"] for row in listed(run, "results")]


# Its disk


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))


@pytest.mark.folder
def test_a_full_disk_ends_the_run_and_the_next_goes_on(
    run: Run, home: Path, account: Account
) -> None:
    now = account.now()
    for n in range(20):
        account.add(
            Recording(sid("RE", n), now - 600, 60, sid("CA", n)),
            Result(sid("RE", n), sid("XR", n), now - 500, now - 400),
            Payload(sid("XR", n), sid("XH", n), now - 400, "", "text/plain", 400_000 * (n % 2)),
        )
    run("archive init keep")
    ran = subprocess.run(
        [*PROGRAM, "archive", "run"], preexec_fn=small_files, capture_output=True, text=True
    )
    claimed = {row["sid"] for row in listed(run, "results") if row["state"] == "saved"}
    markers = {path.parent.name for path in (home / "keep").rglob("result.json")}

    assert 1 == ran.returncode
    assert "too large" in ran.stderr
    assert "unexpected" not in ran.stderr
    assert claimed <= markers
    for line in ("archive run", "archive verify"):
        again = run(line)
        assert 0 == again.code, again.err
    assert not list((home / "keep").rglob("*.tmp"))
    assert 20 == len([row for row in listed(run, "results") if row["state"] == "saved"])


def test_two_processes_at_once(run: Run, home: Path, account: Account) -> None:
    account.state.reset(recordings=60, results=2, payloads=2)
    run("archive init keep")
    both = [
        subprocess.Popen([*PROGRAM, "archive", "run"], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[1] for process in both]
    codes = sorted(process.returncode for process in both)

    assert codes in ([0, 5], [0, 0]), said
    assert 120 == len([row for row in listed(run, "results") if row["state"] == "saved"])
    assert 0 == run("archive verify").code


def test_what_a_run_notes_is_made_anew_too(run: Run, keep: Path) -> None:
    before = listed(run, "runs"), listed(run, "results"), listed(run, "payloads")
    name = next((keep / "runs").iterdir())
    (keep / "runs" / f"20200101T000000Z-{'a' * 8}.json").write_text("[]")
    (keep / "runs" / f"20200101T000000Z-{'b' * 8}.json").write_bytes(name.read_bytes())
    ran = run("archive rebuild")
    after = listed(run, "runs"), listed(run, "results"), listed(run, "payloads")

    assert 6 == ran.code
    assert "a" * 8 in ran.err
    for row in (*before[1], *after[1]):
        row.pop("saved_at")
    assert before == after


MARKERS: dict[str, dict[str, Any]] = {
    "another version": {"version": 2},
    "another account": {"account_sid": "AC" + "a" * 32},
    "another recording": {"recording": {"sid": sid("RE", 9)}},
    "no recording": {"recording": {}},
    "payloads of nobody": {"payloads": [{"document": {}, "object": "x", "bytes": 1}]},
    "outside": {"payloads": [{"document": {"sid": "XH"}, "object": "../../x", "bytes": 1}]},
    "no list": {"payloads": 7},
}


@pytest.mark.parametrize("damage", MARKERS)
def test_a_marker_that_lies_is_a_problem(run: Run, keep: Path, damage: str) -> None:
    path = next(keep.rglob("result.json"))
    path.write_text(json.dumps(json.loads(path.read_bytes()) | MARKERS[damage]))
    verified, problems = run("archive verify"), listed(run, "problems")
    status, mended = run("archive status"), run("archive verify --repair")

    assert (6, 1, 0) == (verified.code, status.code, mended.code)
    assert [sid("XR", 1)] == [row["sid"] for row in problems]
    assert [] == listed(run, "problems")


def test_a_marker_that_the_index_does_not_know_is_named(run: Run, keep: Path) -> None:
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        for table in ("payloads", "results"):
            db.execute(f"DELETE FROM {table}")  # noqa: S608
        db.commit()
    verdicts = run("archive verify -f jsonl").out

    assert "not in the index" in verdicts
    assert 2 == verdicts.count("orphan")


# Many accounts


def test_a_subaccount_that_is_refused_is_a_problem_and_others_go_on(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, account: Account
) -> None:
    account.state.reset()
    run("archive init keep")
    account.failing[SUBACCOUNT] = 401
    refused = run("archive run --all-accounts")
    (problem,) = [row for row in listed(run, "problems") if row["kind"] == "account"]
    watchdog = run("archive status --max-age 26h")
    account.failing.clear()
    good = run("archive run --all-accounts")

    assert (6, 1) == (refused.code, watchdog.code)
    assert SUBACCOUNT == problem["sid"]
    assert 0 == good.code
    assert {sandbox.ACCOUNT, SUBACCOUNT} == {row["account_sid"] for row in listed(run, "results")}
    assert 0 == run("archive status --max-age 26h").code


def test_accounts_that_cannot_be_listed_are_a_sentence(run: Run, account: Account) -> None:
    run("archive init keep")
    account.failing["/Accounts.json"] = 401
    ran = run("archive run --all-accounts")

    assert 4 == ran.code
    assert "the subaccounts cannot be listed" in ran.err


def test_a_recording_of_a_subaccount_is_kept_under_it(run: Run, account: Account) -> None:
    account.state.reset()
    url = run(f"recordings list --account {SUBACCOUNT} -f json").out
    recording = json.loads(url)[0]["sid"]
    run("archive init keep")
    ran = run(
        "archive run --from -",
        stdin=f"/2010-04-01/Accounts/{SUBACCOUNT}/Recordings/{recording}.json\n",
    )

    assert 0 == ran.code
    assert [SUBACCOUNT] == [row["account_sid"] for row in listed(run, "results")]


def test_the_bound_on_requests_is_one_for_all(run: Run, account: Account) -> None:
    account.state.reset()
    run("archive init keep")
    ran = run("archive run --all-accounts --max-requests 3 --workers 1")

    assert 8 == ran.code
    assert not [path for path in account.paths if SUBACCOUNT in path]


# In the midst of a run


def after(account: Account, requests: int, act: Callable[[], object]) -> None:
    """Have something happen once so many requests more have come."""
    end = account.requests + requests

    def trouble(method: str, path: str) -> None:
        if account.requests >= end:
            account.trouble = lambda method, path: None
            act()

    account.trouble = trouble


def many(account: Account) -> None:
    for n in range(40):
        made(account, n, account.now() - 9 * 86400 - n, "words", "more")


def undisturbed(run: Run, keep: Path) -> None:
    """The next run ends as if nothing had happened."""
    again = run("archive run")

    assert 0 == again.code, again.err
    assert 40 == len([row for row in listed(run, "results") if row["state"] == "saved"])
    assert [] == listed(run, "problems")
    assert "" == run("archive verify -f jsonl").out
    assert not list(keep.rglob("*.tmp"))


@pytest.mark.parametrize("path", ["/", "/Payloads/", "AddOnResults.json"])
def test_a_login_that_is_withdrawn(run: Run, home: Path, account: Account, path: str) -> None:
    many(account)
    run("archive init keep")
    after(account, 60, lambda: account.failing.update({path: 401}))
    ran = run("archive run --workers 4")
    saved = {row["sid"] for row in listed(run, "results") if row["state"] == "saved"}
    account.failing.clear()

    assert 4 == ran.code
    assert 0 < len(saved) < 40
    undisturbed(run, home / "keep")


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_a_folder_that_is_unmounted(
    tmp_path: Path, home: Path, account: Account, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    """Nothing goes into the folder under a disk, and nothing is said to be saved that is not."""
    many(account)
    keep, away = home / "keep", home / "away"

    def addonctl(line: str) -> subprocess.CompletedProcess[str]:
        words = [*PROGRAM, *line.split()]
        return subprocess.run(words, capture_output=True, text=True, cwd=home)

    def unmount() -> None:
        keep.rename(away)
        if left == "an empty folder":
            keep.mkdir()

    addonctl("archive init keep")
    after(account, 60, unmount)
    ran = addonctl("archive run --workers 4")
    watchdog = addonctl("archive status --max-age 26h")

    assert (1, 3) == (ran.returncode, watchdog.returncode), ran.stderr
    assert "unmounted" in ran.stderr or "there is no" in ran.stderr
    # What was between the look at the folder and the write into it, one for each worker.
    assert len([each for each in keep.rglob("*") if each.is_file()]) <= 4
    if keep.exists():
        shutil.rmtree(keep)
    away.rename(keep)
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        folders = db.execute("SELECT folder FROM results WHERE state = 'saved'").fetchall()
    assert all((keep / folder / "result.json").exists() for (folder,) in folders)
    again = [addonctl(line) for line in ("archive run", "archive verify -f jsonl")]
    assert [0, 0] == [each.returncode for each in again], again
    assert "" == again[1].stdout


def test_time_that_is_up_ends_a_run_in_order(run: Run, home: Path, account: Account) -> None:
    many(account)
    run("archive init keep")
    began: list[float] = []

    def stalls(method: str, path: str) -> None:
        """From the 61st request on nothing is answered before the time is up."""
        began.append(time.monotonic())
        if len(began) > 60:
            time.sleep(max(0.0, began[0] + 1.0 - began[-1]))

    account.trouble = stalls
    ran = run("archive run --max-time 1 --workers 2")
    account.trouble = lambda method, path: None
    (night,) = listed(run, "runs")

    assert 8 == ran.code, ran.err
    assert "the time was up" in ran.err
    assert (0, "the time was up") == (night["complete"], night["ended_as"])
    assert [] == listed(run, "problems")
    assert 1 == run("archive status --max-age 26h").code
    undisturbed(run, home / "keep")


# Its network


def test_a_service_that_is_down_is_not_asked_for_each_recording(run: Run, account: Account) -> None:
    """A run of many thousand would go on for days, each look with its retries; and half of it is
    saved already."""
    for n in range(200):
        made(account, n, account.now() - 9 * 86400 - n, "words")
    run("archive init keep")
    account.failing |= {f"{sid('RE', n)}/AddOnResults": 503 for n in range(150)}
    down = run("archive run --retries 0 --workers 4")
    asked = len(account.paths)
    (night, problems) = listed(run, "runs")[0], listed(run, "problems")
    watchdog = run("archive status --max-age 26h")
    saved = {row["sid"] for row in listed(run, "results") if row["state"] == "saved"}
    account.failing.clear()
    up = run("archive run")

    assert (5, 1, 0) == (down.code, watchdog.code, up.code)
    assert "503" in down.err
    assert 0 == night["complete"]
    assert 24 <= len(problems) < 100
    assert asked < 500
    assert 20 < len(saved) <= 50
    assert [] == listed(run, "problems")
    assert 200 == len([row for row in listed(run, "results") if row["state"] == "saved"])
    assert 0 == run("archive verify").code


def test_a_few_that_are_refused_end_nothing(run: Run, account: Account) -> None:
    for n in range(60):
        made(account, n, account.now() - 9 * 86400 - n, "words")
    run("archive init keep")
    account.failing |= {f"{sid('RE', n)}/AddOnResults": 503 for n in range(60) if n % 10 < 8}
    ran = run("archive run --retries 0")

    assert 6 == ran.code
    assert 48 == len(listed(run, "problems"))


# What it asks for


def made(account: Account, n: int, at: float, *labels: str) -> None:
    """A recording with a result that was final a minute later, and a payload of each label."""
    body, made_at = b"Ann: The parcel is lost.", int(at) + 60
    account.add(
        Recording(sid("RE", n), int(at), 60, sid("CA", n)),
        Result(sid("RE", n), sid("XR", n), int(at) + 30, int(at) + 60),
        *(
            Payload(sid("XR", n), sid("XH", 10 * n + k), made_at, label, "text/plain", 24, body)
            for k, label in enumerate(labels)
        ),
    )


@pytest.mark.parametrize("workers", [1, 8])
def test_not_one_request_more_than_allowed(run: Run, account: Account, workers: int) -> None:
    for n in range(12):
        made(account, n, account.now() - 9 * 86400 - n, "words", "more")
    run("archive init keep")
    codes: list[int] = []
    saved = 0
    while 0 not in codes:
        account.requests = 0
        codes.append(run(f"archive run --max-requests 17 --workers {workers}").code)
        assert account.requests <= 17
        before, saved = saved, len([row for row in listed(run, "results") if row["saved_at"]])
        assert saved > before or codes[-1] == 0

    assert {0, 8} == set(codes)
    assert 12 == saved
    assert [] == listed(run, "problems")
    assert 0 == run("archive verify").code


def test_retries_count_as_requests(run: Run, account: Account) -> None:
    made(account, 1, account.now() - 3600, "words")
    run("archive init keep")
    account.failing["AddOnResults"] = 503
    ran = run("archive run --max-requests 3 --retries 9")

    assert 8 == ran.code
    assert 3 == account.requests
    assert "3 requests were made" in ran.err


def test_all_that_is_allowed_is_enough_if_it_is_all_that_is_needed(
    run: Run, account: Account
) -> None:
    made(account, 1, account.now() - 3600, "words")
    run("archive init keep")

    assert 0 == run("archive run --max-requests 5").code


@pytest.mark.parametrize(
    ("words", "saved"),
    [
        ("--label words", [1, 2]),
        ("--label m*", [2]),
        ("--content-type text/*", [1, 2, 3]),
        ("--content-type audio/*", []),
        ("--label words --status failed", []),
    ],
)
def test_results_are_chosen_by_their_payloads_and_saved_whole(
    run: Run, account: Account, words: str, saved: list[int]
) -> None:
    for n, labels in enumerate((["words"], ["words", "more"], [""]), 1):
        made(account, n, account.now() - 3600 - n, *labels)
    run("archive init keep")
    chosen = run(f"archive run {words}")
    states = {row["sid"]: (row["state"], row["payloads"]) for row in listed(run, "results")}
    payloads = {1: 1, 2: 2, 3: 1}
    then = run("archive run")

    assert (0, 0) == (chosen.code, then.code)
    assert states == {
        sid("XR", n): ("saved", payloads[n]) if n in saved else ("pending", 0) for n in payloads
    }
    assert {"saved"} == {row["state"] for row in listed(run, "results")}


def test_a_steady_account_is_predicted_to_the_request(run: Run, account: Account) -> None:
    """As many calls each day: what a night takes is known before it begins."""
    begin = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - 20 * DAY
    run("archive init keep")
    for day in range(20):
        for n in range(3):
            at = begin + day * DAY + timedelta(hours=8 * n)
            made(account, 3 * day + n, at.timestamp(), "words", "more")
        if day > 8:
            with time_machine.travel(begin + (day + 1) * DAY, tick=False):
                account.requests = 0
                planned = run("archive run --dry-run").out
                asked_before = account.requests
                said = run("archive run").err
                night = listed(run, "runs")[0]
            assert 0 == asked_before
            if day > 9:
                assert night["predicted"] == night["requests"] == account.requests, day
                assert f"about {account.requests} requests" in planned
                assert f"{account.requests} requests (predicted: {account.requests})" in said
    kept = [row for row in listed(run, "results") if row["state"] == "saved"]

    assert 60 == len(kept)


def test_the_numbers_of_the_status_add_up(run: Run, account: Account) -> None:
    now = account.now()
    for n in range(1, 7):
        made(account, n, now - 3600 - n, "words")
    account.change("UPDATE results SET completed = NULL WHERE sid = ?", sid("XR", 2))
    account.failing[sid("XH", 30)] = 400
    run("archive init keep")
    run("archive run --retries 0")
    account.change("UPDATE results SET deleted = 1 WHERE sid = ?", sid("XR", 2))
    run("archive run --retries 0")
    next(Path.cwd().rglob(f"{sid('XH', 40)}*")).write_bytes(b"")
    run("archive verify")
    status = json.loads(run("archive status -f json").out)
    states = [row["state"] for row in listed(run, "results")]
    payloads = listed(run, "payloads")

    assert len(states) == status["results"] == 6
    names = ("saved", "pending", "failed", "lost", "retired")
    assert {name: states.count(name) for name in names} == {
        name: status[f"results_{name}"] for name in names
    }
    assert status["results"] == sum(status[f"results_{name}"] for name in names)
    assert (4, 1, 1) == tuple(status[f"results_{name}"] for name in ("saved", "failed", "lost"))
    assert len(payloads) == status["payloads"]
    assert sum(row["bytes"] for row in payloads) == status["bytes"]
    assert 1 == status["damaged"] == len([row for row in payloads if row["verdict"] != "ok"])
    assert 3 == len(listed(run, "problems"))


def test_named_recordings_that_are_not_there_are_problems(run: Run, account: Account) -> None:
    made(account, 1, account.now() - 3600, "words")
    run("archive init keep")
    ran = run("archive run --from -", stdin=f"{sid('RE', 1)}\n{sid('RE', 99)}\n")
    (problem,) = listed(run, "problems")
    document = json.loads(next(Path.cwd().rglob("result.json")).read_bytes())["recording"]
    account.requests = 0
    then = run("archive run")

    assert (6, 0) == (ran.code, then.code)
    assert sid("RE", 99) == problem["sid"]
    assert sid("CA", 1) == document["call_sid"]
    assert 2 == account.requests  # the list, and the recording that is young


# Read in place of the service


@pytest.fixture
def sample(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The samples in an archive, and nothing at the service any more."""
    monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")
    run("archive init keep")
    run("archive run")


@pytest.mark.parametrize(
    "line",
    [
        "results stats --all --status completed,failed,canceled",
        "results stats --all --by label,status --status completed -f json",
        "results transcript --all -f jsonl",
        f"results transcript {CALL} --as vtt",
        f"results transcript {CALL} -f csv",
        f"results transcript {TEXT} -f json",
    ],
)
def test_the_archive_answers_as_the_service_did(run: Run, sample: None, line: str) -> None:
    before = run(line)
    kept = run(f"{line} -a keep")
    run("results delete --all --yes")
    after = run(f"{line} -a keep")

    assert 0 == before.code
    assert before.out == kept.out == after.out
    assert before.out.strip()


def test_short_addresses_of_the_archive(run: Run, sample: None, monkeypatch: Any) -> None:
    monkeypatch.setenv("ADDONCTL_NO_HISTORY", "1")
    row = listed(run, "results")[0]
    got = run("results", "get", row["sid"][:12], "-f", "json")

    assert 0 == got.code
    assert row["sid"] == json.loads(got.out)["sid"]
    assert 2 == run("results get XRffffffffff").code


def completed(*words: str) -> set[str]:
    ran = subprocess.run(
        [*PROGRAM, "__complete", "zsh", *words], capture_output=True, text=True, check=True
    )
    assert "" == ran.stderr
    return {line.partition(":")[0] for line in ran.stdout.splitlines()[1:]}


def test_completion_knows_the_archive(run: Run, sample: None, home: Path) -> None:
    result = listed(run, "results")[0]
    payload = next(row for row in listed(run, "payloads") if row["result_sid"] == result["sid"])

    assert result["recording_sid"] in completed("archive", "show", "RE")
    assert result["sid"] in completed("archive", "show", "XR")
    assert payload["sid"] in completed(
        "payloads", "get", result["recording_sid"], result["sid"], ""
    )
    (home / "keep" / "index.sqlite").write_bytes(b"no database at all, but long enough" * 99)
    assert set() == completed("archive", "show", "XR")
    (home / "state" / "addonctl" / "archives.json").write_text("[")
    assert set() == completed("archive", "show", "XR")


def test_completion_sorts_nothing(run: Run, sample: None, home: Path) -> None:
    """At a TAB there is no time to put a million results in order: indexes have them so."""
    asked: list[str] = []
    row = listed(run, "payloads")[0]
    with closing(sqlite3.connect(home / "keep" / "index.sqlite")) as db:
        db.set_trace_callback(asked.append)
        for level, name in ((1, "recording_sid"), (2, "result_sid"), (3, "sid")):
            for beginning in (row[name][:2], row[name][:8]):
                whole = known(db, level, beginning)
                assert row[name] in {each.split("/")[-1] for each in whole}
        above = row["recording_sid"], row["result_sid"]
        assert [f"{'/'.join(above)}/{row['sid']}"] == known(db, 3, row["sid"][:8], above)
        db.set_trace_callback(None)
        plans = [db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall() for query in asked]

    assert 7 == len(plans)
    assert not [plan for plan in plans[:6] if "ORDER BY" in str(plan)]


def test_lists_are_sorted_filtered_and_cut(run: Run, sample: None) -> None:
    created = json.loads(run("archive list results --sort date_created -f json").out)
    label = run(
        "archive list payloads --label transcript --sort -bytes -f csv --fields label,bytes"
    )
    sizes = [int(line.split(",")[1]) for line in label.out.splitlines()[1:]]
    cut = run("archive list results --limit 2 -f sids")

    assert [row["sid"] for row in created][::-1] != [row["sid"] for row in created]
    assert sizes == sorted(sizes, reverse=True)
    assert 2 == len(cut.out.splitlines())
    assert "there are more" in cut.err
    assert 2 == run("archive list runs --status completed").code
    assert 2 == run("archive list results --sort nonsense").code
    assert 2 == run("archive search parcel --limit -1").code


def test_a_list_that_is_cut_leaves_no_query_open(run: Run, sample: None, home: Path) -> None:
    with closing(sqlite3.connect(home / "keep" / "index.sqlite")) as db:
        db.executemany(
            "INSERT INTO results (sid, recording_sid, account_sid, state)"
            " VALUES (?, ?, ?, 'saved')",
            [(sid("XR", n), sid("RE", n), sandbox.ACCOUNT) for n in range(2500)],
        )
        db.commit()
    ran = subprocess.run(
        [*PROGRAM, *["archive", "list", "results", "--limit", "3", "-f", "sids"]],
        capture_output=True,
        text=True,
    )

    assert (0, 3) == (ran.returncode, len(ran.stdout.splitlines()))
    assert "limit 3 reached, there are more" == ran.stderr.strip()


@pytest.mark.parametrize("words", [" ".join(["parcel"] * 5000), "\udcff", "*", '"', '""'])
def test_a_hostile_search_is_a_sentence(run: Run, sample: None, words: str) -> None:
    ran = run("archive", "search", words)

    assert 2 == ran.code
    assert "unexpected" not in ran.err


def test_who_said_it_is_found_behind_those_who_did_not(
    run: Run, home: Path, account: Account
) -> None:
    now = account.now()
    for n in range(30):
        body = b"Ann: A parcel.\nBob: Yes." if n else "Bob: The p\u00e0rcel.\nAnn: No.".encode()
        account.add(
            Recording(sid("RE", n), now - 9000 + n, 60, sid("CA", n)),
            Result(sid("RE", n), sid("XR", n), now - 8000 + n, now - 700),
            Payload(sid("XR", n), sid("XH", n), now - 700, "", "text/plain", len(body), body),
        )
    run("archive init keep")
    run("archive run")
    newest = json.loads(run("archive search parcel -f json").out)
    bob = json.loads(run("archive search parcel --speaker bob --limit 5 -f json").out)

    assert [sid("XR", n) for n in range(29, 9, -1)] == [
        row["address"].split("/")[1] for row in newest
    ]
    assert [sid("XR", 0)] == [row["address"].split("/")[1] for row in bob]


# Sixty days


def sixty_days(
    run: Run, account: Account, monkeypatch: pytest.MonkeyPatch, a_day: int, days: int = 60
) -> None:
    """Every night a run, while recordings come in and results late, later, and again.

    Of each night the requests that the service counted are those that the run counted, and those
    that follow from the rule of when to look, worked out here anew.
    """
    chance = random.Random(11)
    begin = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - (days + 31) * DAY
    put(account.file, AddOn(sid("XB", 1), sid("XE", 1)))
    made: dict[str, tuple[datetime, datetime]] = {}  # a result: made, final
    under: dict[str, list[str]] = {}
    born: dict[str, datetime] = {}
    due: dict[str, datetime] = {}
    seen: set[str] = set()
    number, listed_all, last = 0, None, None
    run("archive init keep")
    for day in range(days + 31):
        night = begin + (day + 1) * DAY + timedelta(hours=2)
        contents: list[Any] = []
        for _ in range(a_day if day < days else 0):
            number += 1
            at = begin + day * DAY + timedelta(seconds=chance.randrange(86400))
            name = sid("RE", number)
            born[name] = at
            contents.append(Recording(name, int(at.timestamp()), 60, sid("CA", number)))
            late = [60.0]
            if chance.random() < 0.05:
                late.append(86400 * chance.uniform(1, 5))  # days after the call
            if chance.random() < 0.05:
                late.append(86400 * chance.uniform(14, 45))  # run again weeks later
            for n, wait in enumerate(late):
                result = sid("XR", number * 10 + n)
                came = at + timedelta(seconds=wait)
                took = chance.choice([60, 600, 3 * 86400]) if chance.random() < 0.1 else 60
                final = came + timedelta(seconds=took)
                made[result] = came, final
                under.setdefault(name, []).append(result)
                contents.append(Result(name, result, int(came.timestamp()), int(final.timestamp())))
                file = sid("XH", number * 10 + n)
                ended = int(final.timestamp())
                contents.append(Payload(result, file, ended, "words", "text/plain", 3, b"Hi."))
        account.add(*contents)
        with time_machine.travel(night, tick=False):
            account.requests = 0
            ran = run("archive run -q --workers 4")
            counted = listed(run, "runs")[0]["requests"]
        assert 0 == ran.code, ran.err
        # Listed is everything once a week, else what is younger than the last list less 3 days.
        there = [name for name, at in born.items() if at <= night]
        whole = listed_all is None or night - listed_all >= 7 * DAY
        since = begin - DAY if whole or last is None else last - 3 * DAY
        listed_all, last = (night if whole else listed_all), night
        expected = max(1, -(-sum(born[name] >= since for name in there) // 1000))
        for name in there:
            if name in due and due[name] > night:
                continue
            expected += 1
            pending = False
            for result in under[name]:
                came, final = made[result]
                if came > night or came <= night - 30 * DAY or result in seen:
                    continue
                if final <= night:
                    seen.add(result)
                    expected += 1 + 2
                else:
                    pending = True
            age = night - born[name]
            rest = timedelta() if pending or age < 2 * DAY else 14 * DAY - DAY / 2
            if not pending and age >= 60 * DAY:
                rest = 25 * DAY - DAY / 2
            due[name] = night + rest
        assert expected == counted == account.requests, (day, expected, counted)
    kept = listed(run, "results")

    saved = {row["sid"] for row in kept if row["state"] == "saved"}
    assert {result for result, (came, _) in made.items() if came <= night - 28 * DAY} <= saved
    assert [] == listed(run, "problems")
    print(f"{number} recordings, {len(made)} results, {len(kept)} saved")  # noqa: T201


@pytest.mark.folder
def test_sixty_days_of_a_few_recordings(
    run: Run, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    sixty_days(run, account, monkeypatch, 3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.folder
def test_sixty_days_of_forty_recordings_each(
    run: Run, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    sixty_days(run, account, monkeypatch, 40)

"""`archive retire`: only what is proven to be here goes at the service, whatever happens."""

from __future__ import annotations

import fcntl
import hashlib
import json
import random
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
from support.account import Account, Payload, Recording, Result
from support.archives import kept, listed
from support.bucket import BOTH, in_both
from support.program import PROGRAM, Run

from addonctl import sandbox
from addonctl.sandbox.contents import sid

DAY = timedelta(days=1)
ONE = f"{sid('RE', 1)}/{sid('XR', 1)}"


@pytest.fixture(params=BOTH)
def run(run: Run, request: pytest.FixtureRequest) -> Run:
    return in_both(run, request)


@pytest.fixture
def keep(run: Run, home: Path, account: Account) -> Path:
    """An archive of a result with two payloads, brought up to date."""
    account.one()
    return kept(run, home)


def outcomes(out: str) -> dict[str, tuple[str, str]]:
    """What became of each address, and the detail, of an answer in json."""
    return {row["sid"]: (row["outcome"], row["detail"]) for row in json.loads(out)}


def test_what_is_proven_goes_and_stays_here(run: Run, keep: Path, account: Account) -> None:
    ran = run("archive retire --older-than 0s --yes -f json")
    outcome, proof = outcomes(ran.out)[ONE]

    assert (0, "retired") == (ran.code, outcome)
    for body in (b"Ann: The parcel is lost.\nBob: Again.", b"two"):
        assert f"{len(body)} bytes sha256 {hashlib.sha256(body).hexdigest()}" in proof
    assert {sid("XR", 1)} == account.deleted()
    assert 3 == run(f"results get {ONE}").code
    assert ["retired"] == [row["state"] for row in listed(run, "results")]
    assert 0 == run("archive search parcel").code
    assert "Again" in run(f"archive show {ONE} --as text").out
    assert "Again" in run(f"results transcript {ONE} --as text -a keep").out
    assert 0 == run("archive verify").code
    assert 1 == json.loads(run("archive status -f json").out)["results_retired"]


def test_nothing_is_done_without_a_yes(run: Run, keep: Path, account: Account) -> None:
    account.requests = 0
    unasked = run("archive retire --older-than 0s")
    unbounded = run("archive retire --yes")
    too_many = run("archive retire --max-delete 0 --yes")

    assert [2, 2, 2] == [ran.code for ran in (unasked, unbounded, too_many)]
    assert "--yes" in unasked.err
    assert "--older-than" in unbounded.err
    assert "nothing is deleted" in too_many.err
    assert 0 == account.requests


def test_a_dry_run_proves_and_deletes_nothing(run: Run, keep: Path, account: Account) -> None:
    before = {path: path.read_bytes() for path in (keep / "data").rglob("*") if path.is_file()}
    ran = run("archive retire --dry-run -f json")

    assert 0 == ran.code
    assert "would-retire" == outcomes(ran.out)[ONE][0]
    assert set() == account.deleted()
    assert before == {path: path.read_bytes() for path in before}


def test_only_what_is_old_enough_and_has_not_expired(
    run: Run, keep: Path, account: Account
) -> None:
    young = run("archive retire --older-than 1d --yes -f json")
    with time_machine.travel(datetime.now(UTC) + 31 * DAY, tick=True):
        expired = run("archive retire --older-than 1d --yes -f json")

    assert ("[]\n", "[]\n") == (young.out, expired.out)
    assert set() == account.deleted()


# What is not proven


def newer_status(account: Account, folder: Path) -> None:
    account.change("UPDATE results SET completed = NULL")


def touched(account: Account, folder: Path) -> None:
    account.touched()


def another_payload(account: Account, folder: Path) -> None:
    account.add(Payload(sid("XR", 1), sid("XH", 3), account.now() - 9, "", "text/plain", 1, b"3"))


def one_payload_less(account: Account, folder: Path) -> None:
    account.change("UPDATE payloads SET deleted = 1 WHERE sid = ?", sid("XH", 2))


def changed_payload(account: Account, folder: Path) -> None:
    account.change("UPDATE payloads SET created = created + 9 WHERE sid = ?", sid("XH", 2))


def no_payloads(account: Account, folder: Path) -> None:
    account.change("UPDATE payloads SET deleted = 1")
    document = json.loads((folder / "result.json").read_bytes())
    (folder / "result.json").write_text(json.dumps(document | {"payloads": []}))
    with closing(sqlite3.connect(folder.parents[4] / "index.sqlite")) as db:
        db.execute("DELETE FROM payloads")
        db.commit()


SPARED = {
    newer_status: "not final",
    touched: "something else",
    another_payload: sid("XH", 3),
    one_payload_less: sid("XH", 2),
    changed_payload: sid("XH", 2),
    no_payloads: "they may come yet",
}


@pytest.mark.parametrize("change", SPARED)
def test_what_the_service_has_otherwise_is_spared(
    run: Run, keep: Path, account: Account, change: Any
) -> None:
    change(account, next(keep.rglob("result.json")).parent)
    before = account.deleted()
    ran = run("archive retire --older-than 0s --yes -f json")
    outcome, detail = outcomes(ran.out)[ONE]

    assert (0, "spared") == (ran.code, outcome)
    assert SPARED[change] in detail
    assert before == account.deleted()


def flip(folder: Path) -> None:
    path = next(folder.glob(f"{sid('XH', 1)}*"))
    data = bytearray(path.read_bytes())
    data[3] ^= 1
    path.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "is damaged here": flip,
    "is missing here": lambda folder: next(folder.glob(f"{sid('XH', 1)}*")).unlink(),
    "has no marker here": lambda folder: (folder / "result.json").unlink(),
    "result.json is damaged": lambda folder: (folder / "result.json").write_text("{}"),
}


@pytest.mark.parametrize("said", DAMAGE)
def test_what_is_damaged_here_stays_at_the_service(
    run: Run, keep: Path, account: Account, said: str
) -> None:
    DAMAGE[said](next(keep.rglob("result.json")).parent)
    ran = run("archive retire --older-than 0s --yes -f json")
    outcome, detail = outcomes(ran.out)[ONE]

    assert (1, "failed") == (ran.code, outcome)
    assert said in detail
    assert set() == account.deleted()


@pytest.mark.parametrize(
    ("path", "code"), [("Payloads.json", 503), ("Payloads.json", 404), ("XR", 500), ("XR", 401)]
)
def test_a_service_in_trouble_loses_nothing(
    run: Run, keep: Path, account: Account, path: str, code: int
) -> None:
    account.failing[path] = code
    ran = run("archive retire --older-than 0s --yes --retries 0")
    account.failing.clear()

    assert ran.code in (3, 4, 5)
    assert set() == account.deleted()
    assert ["saved"] == [row["state"] for row in listed(run, "results")]


def test_several_are_chosen_by_filters_and_names(run: Run, home: Path, account: Account) -> None:
    now = account.now()
    for n in range(1, 5):
        account.add(
            Recording(sid("RE", n), now - 600, 60, sid("CA", n)),
            Result(sid("RE", n), sid("XR", n), now - 500, now - 400),
            Payload(sid("XR", n), sid("XH", n), now - 400, f"l{n}", "text/plain", 1, b"x"),
        )
    run("archive init keep")
    run("archive run")
    none = run("archive retire --status failed --yes -f sids")
    label = run("archive retire --label l1 --older-than 0s --yes -f sids")
    named = run("archive retire --from - --yes -f sids", stdin=f"{sid('RE', 2)}\n")
    most = run("archive retire --max-delete 1 --yes")
    rest = run("archive retire --max-delete 2 --yes -f sids")

    assert (0, "", 2) == (none.code, none.out, most.code)
    assert f"{sid('RE', 1)}/{sid('XR', 1)}\n" == label.out
    assert f"{sid('RE', 2)}/{sid('XR', 2)}\n" == named.out
    assert 2 == len(rest.out.splitlines())
    assert {sid("XR", n) for n in range(1, 5)} == account.deleted()


# Afterwards


def test_the_next_run_and_a_new_index_know_of_it(run: Run, keep: Path, account: Account) -> None:
    run("archive retire --older-than 0s --yes")
    before = listed(run, "results")
    runs = run("archive run --full"), run("archive rebuild"), run("archive run --full")
    after = listed(run, "results")
    for row in (*before, *after):
        row.pop("saved_at")

    assert [0, 0, 0] == [ran.code for ran in runs]
    assert before == after
    assert "[]\n" == run("archive list problems -f json").out
    assert "[]\n" == run("archive retire --older-than 0s --yes -f json").out


def test_damage_to_what_is_retired_is_told_and_not_asked_for(
    run: Run, keep: Path, account: Account
) -> None:
    run("archive retire --older-than 0s --yes")
    flip(next(keep.rglob("result.json")).parent)
    next(keep.rglob("result.json")).write_text("{}")
    account.requests = 0
    ran = run("archive verify --repair")

    assert 6 == ran.code
    assert "a copy of this archive" in ran.err
    assert 2 == len(listed(run, "problems"))
    assert 0 == account.requests


def test_what_somebody_else_deleted_is_noted_once(run: Run, keep: Path, account: Account) -> None:
    run(f"results delete {ONE} --yes")
    before = {path: path.read_bytes() for path in (keep / "data").rglob("*") if path.is_file()}
    dry = run("archive retire --dry-run -f json")
    untouched = {path: path.read_bytes() for path in before}
    ran = run("archive retire --older-than 0s --yes -f json")
    state = listed(run, "results")[0]["state"]
    rebuilt = run("archive rebuild")

    assert ("gone", before) == (outcomes(dry.out)[ONE][0], untouched)
    assert (0, "gone") == (ran.code, outcomes(ran.out)[ONE][0])
    assert ("retired", 0) == (state, rebuilt.code)
    assert "[]\n" == run("archive retire --older-than 0s --yes -f json").out


def test_bytes_and_marker_that_agree_without_the_index(
    run: Run, keep: Path, account: Account
) -> None:
    """Whoever changes both can still not have the original deleted."""
    marker = next(keep.rglob("result.json"))
    document = json.loads(marker.read_bytes())
    for each in document["payloads"]:
        (marker.parent / each["object"]).write_bytes(b"forged")
        each |= {"bytes": 6, "sha256": hashlib.sha256(b"forged").hexdigest()}
    marker.write_text(json.dumps(document))
    ran = run("archive retire --older-than 0s --yes -f json")

    assert (1, "failed") == (ran.code, outcomes(ran.out)[ONE][0])
    assert "differs from the index" in ran.out
    assert set() == account.deleted()


@pytest.mark.folder
def test_one_at_a_time(run: Run, keep: Path, account: Account) -> None:
    with (keep / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = run("archive retire --older-than 0s --yes")

    assert 5 == ran.code
    assert set() == account.deleted()


def test_an_archive_of_another_account(run: Run, keep: Path, account: Account) -> None:
    ran = run(f"archive retire --older-than 0s --yes --account {sandbox.SUBACCOUNT}")

    assert 2 == ran.code
    assert set() == account.deleted()


# Killed


def whole(keep: Path, result: str) -> bool:
    """Whether a result lies in an archive with its marker, and every byte that it names."""
    for path in (keep / "data").glob(f"*/*/*/{result}/result.json"):
        marker = json.loads(path.read_bytes())
        return all(
            hashlib.sha256((path.parent / each["object"]).read_bytes()).hexdigest()
            == each["sha256"]
            for each in marker["payloads"]
        )
    return False


def flip_any(marker: Path) -> None:
    """One bit of a payload beside a marker, which stays."""
    path = next(each for each in marker.parent.iterdir() if each != marker)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGE_TO_MARKER: list[Callable[[Path], object]] = [
    flip_any,
    lambda marker: marker.unlink(),
    lambda marker: marker.write_text("{"),
]


def kill_and_compare(run: Run, home: Path, account: Account, kills: int) -> None:
    """Killed at any instant: whatever the account's record says is deleted is whole here."""
    account.state.reset(recordings=kills * 2, results=3, payloads=2)
    run("archive init keep")
    assert 0 == run("archive run").code
    keep, chance, seen = home / "keep", random.Random(17), [0]
    # Damaged, missing and unmarked results are mixed in: of these nothing may go.
    unproven = set()
    for number, path in enumerate(sorted((keep / "data").rglob("result.json"))):
        if number % 10 == 0:
            unproven.add(path.parent.name)
            DAMAGE_TO_MARKER[number // 10 % 3](path)
    for _ in range(kills):
        process = subprocess.Popen(
            [*PROGRAM, "archive", "retire", "--older-than", "0s", "--yes", "--workers", "3"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # From the first requests on: what comes before them is the same each time.
        account.requests = 0
        end = time.monotonic() + 60
        most = chance.randrange(1, 24)
        while account.requests < most and process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.02)
        process.kill()
        process.wait()
        gone = account.deleted()
        seen.append(len(gone))
        assert not [each for each in gone if not whole(keep, each)]
    assert seen[-1] > 0
    ran = run("archive retire --older-than 0s --yes")
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        query = "SELECT sid FROM results WHERE state = 'retired'"
        noted = {row for (row,) in db.execute(query)}

    assert ran.code in (1, 6)  # 1 where nothing was left but what is not proven
    assert noted == account.deleted()
    assert not noted & unproven
    assert kills * 6 == len(noted) + len(unproven)
    print(f"{kills} kills, after each deleted: {seen}")  # noqa: T201


@pytest.mark.folder
def test_killed_a_few_times(run: Run, home: Path, account: Account) -> None:
    kill_and_compare(run, home, account, 3)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.folder
def test_killed_a_hundred_times(run: Run, home: Path, account: Account) -> None:
    kill_and_compare(run, home, account, 100)

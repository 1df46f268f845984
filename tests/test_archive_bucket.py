"""The archive in a bucket: the same commands, the same promises, and a lock that two machines keep.

A real store on loopback answers; a line in front of it has the bad days.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
import pytest
from support.account import Account
from support.bucket import (
    CUT,
    LOST,
    OWNER,
    READER,
    RESET,
    SPOILED,
    STRANGER,
    WRONG_ETAG,
    Fault,
    Line,
    Store,
    line_to,
    objects,
    stored,
)
from support.program import PROGRAM, Run, until

from addonctl.archive import lease
from addonctl.archive.known import index_of
from addonctl.archive.place import PlaceBusy, open_place

CALL = "RE73640dced2490fa811f54a87139210ee"
RESULT = "XR68b652bc56ffb143af7cdb76f8cbc0ef"
PLAIN = "XH490b86aebe891b7656eebf1333bc7523"


@pytest.fixture
def profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")


@pytest.fixture
def keep(run: Run, bucket: str, profile: None) -> str:
    """An archive with the sandbox's samples in it."""
    assert 0 == run(f"archive init {bucket}").code
    assert 0 == run("archive run").code
    return bucket


def the(url: str, name: str) -> str:
    (found,) = (each for each in stored(url) if name in each)
    return found


# The tour


def test_it_is_kept_found_and_shown(run: Run, keep: str, home: Path) -> None:
    here = home / "keep"
    lines = (
        "archive search parcel -f csv",
        f"archive show {RESULT} --as text",
        f"archive show {PLAIN}",
        "archive list payloads --sort sid -f csv",
        "archive list results --sort sid -f csv --fields sid,state,status",
        f"results transcript {CALL} -f csv -a",
    )
    there = [run(line + (f" {keep}" if line.endswith("-a") else "")) for line in lines]
    verified, status = run("archive verify"), run("archive status --max-age 26h")
    run(f"archive init {here}")
    run("archive run")
    local = [run(line + (f" {here}" if line.endswith("-a") else "")) for line in lines]

    assert [0] * len(lines) == [ran.code for ran in there]
    assert [ran.out for ran in local] == [ran.out for ran in there]
    assert (0, 0) == (verified.code, status.code)
    names = {str(path.relative_to(here)) for path in (here / "data").rglob("*") if path.is_file()}
    assert names == {name for name in stored(keep) if name.startswith("data/")}


def test_its_index_is_the_users_own_and_is_made_anew(run: Run, keep: str) -> None:
    index = index_of(keep)
    before = run("archive list payloads -f csv").out
    assert 0 == stat.S_IMODE(index.stat().st_mode) & 0o077
    assert not [name for name in stored(keep) if "index" in name]
    for each in index.parent.iterdir():
        each.unlink()
    lost = run("archive run")
    rebuilt, again = run("archive rebuild"), run("archive run")

    assert (1, 0, 0) == (lost.code, rebuilt.code, again.code)
    assert "archive rebuild" in lost.err
    assert before == run("archive list payloads -f csv").out


def test_an_index_of_another_archive_is_refused(run: Run, keep: str) -> None:
    about = json.loads(stored(keep)["archive.json"]) | {"id": "f" * 32}
    obstore.put(objects(keep), "archive.json", json.dumps(about).encode())
    ran = run("archive run")

    assert 2 == ran.code
    assert "of another archive" in ran.err


def test_without_archive_json_there_is_no_archive(run: Run, keep: str) -> None:
    obstore.delete(objects(keep), "archive.json")

    assert 3 == run("archive run").code
    assert 3 == run("archive status").code


@pytest.mark.parametrize("with_what", ["a stranger's object", "another archive"])
def test_what_is_not_empty_is_refused_and_nothing_is_written(
    run: Run, bucket: str, profile: None, with_what: str
) -> None:
    name, content = "photos/cat.jpg", b"meow"
    if with_what == "another archive":
        about = {"addonctl": "archive", "id": "a" * 32, "version": 1, "accounts": ["AC" + "a" * 32]}
        name, content = "archive.json", json.dumps(about).encode()
    obstore.put(objects(bucket), name, content)
    ran = run(f"archive init {bucket}")

    assert 2 == ran.code
    assert name in ran.err or "holds the archive of" in ran.err
    assert [name] == [each["path"] for page in obstore.list(objects(bucket)) for each in page]


def test_damage_is_found_and_mended(run: Run, keep: str) -> None:
    name, gone = the(keep, PLAIN), next(name for name in stored(keep) if "XH" in name)
    whole = stored(keep)
    obstore.put(objects(keep), name, whole[name][:-1] + b"!")
    obstore.delete(objects(keep), gone)
    obstore.put(objects(keep), "notes.txt", b"mine")
    found = run("archive verify -f jsonl")
    repaired = run("archive verify --repair")

    assert (6, 0) == (found.code, repaired.code)
    assert {"damaged", "missing", "stranger"} == {
        json.loads(line)["verdict"] for line in found.out.splitlines()
    }
    assert {name: whole[name] for name in whole if name.startswith("data/")} == {
        name: content for name, content in stored(keep).items() if name.startswith("data/")
    }


def test_completion_knows_what_is_in_a_bucket(run: Run, keep: str) -> None:
    ran = subprocess.run(
        [*PROGRAM, "__complete", "zsh", "archive", "show", PLAIN[:6]],
        capture_output=True,
        text=True,
        check=True,
    )

    assert PLAIN in ran.stdout


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3:///x",
        "s3://KEY:hunter2@bucket/x",
        "s3://bucket/../x",
        "s3://bucket/a//b",
        "s3://bucket/x?versionId=hunter2",
        "s3://Bucket_/x\n",
        "http://bucket/x",
        "ftp://bucket",
        "file:///tmp",
        "gs://bucket/x#hunter2",
    ],
)
def test_an_address_that_is_none(run: Run, profile: None, url: str) -> None:
    ran = run("archive", "init", url)

    assert 2 == ran.code
    assert "hunter2" not in ran.err
    assert "unexpected" not in ran.err


# Bad days


@pytest.fixture
def line(store: Store, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """A line to the store, which the program takes, with retries that wait for milliseconds."""
    monkeypatch.setattr("addonctl.api.transport.BACKOFF", 0.005)
    with line_to(store.url) as line:
        monkeypatch.setenv("AWS_ENDPOINT_URL", line.url)
        yield line


def every(number: int, fault: Fault, methods: str = "GET PUT HEAD POST") -> Any:
    """A fault at each so-many-th request of those methods, but never four times at the same one."""
    count, tries = [0], Counter[tuple[str, str]]()

    def trouble(method: str, path: str) -> Fault:
        if method not in methods:
            return None
        count[0] += 1
        if count[0] % number or tries[method, path] >= 3:
            tries[method, path] = 0
            return None
        tries[method, path] += 1
        return fault

    return trouble


@pytest.mark.parametrize(
    ("fault", "methods"),
    [
        (503, "GET PUT HEAD POST"),
        pytest.param(429, "GET PUT HEAD POST", marks=pytest.mark.slow),
        pytest.param(500, "PUT POST", marks=pytest.mark.slow),
        (RESET, "GET PUT HEAD POST"),
        (LOST, "PUT POST"),
        (CUT, "GET"),
        (WRONG_ETAG, "PUT"),
        pytest.param(0.02, "PUT GET", marks=pytest.mark.slow),
    ],
)
def test_it_is_kept_whole_over_a_bad_line(
    run: Run, bucket: str, line: Line, account: Account, fault: Fault, methods: str
) -> None:
    account.state.reset(recordings=6, results=2, payloads=2)
    line.trouble = every(3, fault, methods)
    codes = [run(f"archive {each}").code for each in (f"init {bucket}", "run", "verify", "rebuild")]
    line.trouble = lambda method, path: None
    verified = run("archive verify")

    assert [0, 0, 0, 0] == codes
    assert 0 == verified.code
    assert 12 == len([name for name in stored(bucket) if name.endswith("/result.json")])


def of_data(fault: Fault, methods: str = "PUT") -> Any:
    return lambda method, path: fault if method in methods and "/data/AC" in path else None


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (503, 5, "busy (503"),
        (RESET, 5, "the connection broke"),
        (1.5, 5, "no answer within the time-out"),
        (SPOILED, 1, "refused"),
    ],
)
def test_a_store_that_takes_nothing_ends_the_run_and_the_next_goes_on(
    run: Run, bucket: str, line: Line, account: Account, fault: Fault, code: int, said: str
) -> None:
    account.one()
    run(f"archive init {bucket}")
    line.trouble = of_data(fault)
    line.asked.clear()
    ran = run("archive run --retries 2 --timeout 0.4s")
    tries = [path for method, path in line.asked if method == "PUT" and "/data/AC" in path]
    states = [row["state"] for row in json.loads(run("archive list results -f json").out)]
    line.trouble = lambda method, path: None

    assert (code, True) == (ran.code, said in ran.err), ran.err
    assert (3 if code == 5 else 1) == tries.count(tries[0])
    assert "saved" not in states
    assert not [name for name in stored(bucket) if name.endswith("/result.json")]
    assert (0, 0) == (run("archive run").code, run("archive verify").code)


def test_what_is_stored_otherwise_than_it_was_sent_is_never_called_saved(
    run: Run, bucket: str, line: Line, account: Account
) -> None:
    account.one()
    run(f"archive init {bucket}")
    line.trouble = lambda method, path: (
        None if "/data/AC" not in path else WRONG_ETAG if method == "PUT" else SPOILED
    )
    ran = run("archive run")
    line.trouble = lambda method, path: None

    assert 1 == ran.code
    assert "is not stored as it was sent" in ran.err
    assert not [name for name in stored(bucket) if name.endswith("/result.json")]


def test_a_store_that_takes_no_heed_of_conditions_is_refused(
    run: Run, bucket: str, line: Line, profile: None
) -> None:
    line.heedless = True
    ran = run(f"archive init {bucket}")

    assert 1 == ran.code
    assert "takes no heed of conditions" in ran.err
    assert "archive.json" not in stored(bucket)


def test_trouble_is_no_damage(run: Run, bucket: str, line: Line, account: Account) -> None:
    """A place that cannot be read says nothing about what lies in it."""
    account.one()
    run(f"archive init {bucket}")
    run("archive run")
    before = stored(bucket)
    line.trouble = of_data(503, "GET HEAD")
    account.touched()
    ran = [run(f"archive {each} --retries 1") for each in ("run", "verify", "rebuild")]
    line.trouble = lambda method, path: None

    assert [5, 5, 5] == [each.code for each in ran]
    assert {name for name in before if name.startswith("data/")} <= set(stored(bucket))
    assert (0, 0) == (run("archive verify").code, run("archive run").code)


def test_a_long_list_comes_in_pages(run: Run, bucket: str, line: Line, account: Account) -> None:
    account.one()
    run(f"archive init {bucket}")
    run("archive run")
    place = objects(bucket)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: obstore.put(place, f"mine/{n:05}", b""), range(2100)))
    cut = [2]

    def trouble(method: str, path: str) -> Fault:
        if "continuation-token" in path and cut[0]:
            cut[0] -= 1
            return CUT
        return None

    line.trouble = trouble
    line.asked.clear()
    ran = run("archive verify -f jsonl --retries 2")
    names = [json.loads(each)["name"] for each in ran.out.splitlines()]

    assert 0 == ran.code
    assert [f"mine/{n:05}" for n in range(2100)] == names
    assert 0 == cut[0]


def test_a_long_object_goes_in_parts(
    bucket: str, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addonctl.archive.bucket.PART", 5 << 20)
    content = random.Random(5).randbytes((11 << 20) + 7)
    line.trouble = every(2, RESET, "PUT GET")
    place = open_place(bucket)
    with place.lock():
        for each in (content, content[1:], b"short"):
            place.put("data/long", io.BytesIO(each))
            assert each == place.read("data/long")
    parts = {path for method, path in line.asked if "partNumber=" in path}

    assert 6 == len(parts)


def test_what_a_run_asks_of_the_store(run: Run, bucket: str, line: Line, account: Account) -> None:
    """As `addonctl help buckets` counts it: what it costs."""
    account.one()
    run(f"archive init {bucket}")
    line.asked.clear()
    run("archive run")
    data = [method for method, path in line.asked if "/data/AC" in path]
    line.asked.clear()
    run("archive verify")
    proof = [method for method, path in line.asked if "/data/AC" in path]

    assert ["GET", "HEAD", "PUT", "PUT", "PUT"] == sorted(data)
    assert ["GET"] * 3 + ["HEAD"] * 2 == sorted(proof)


# The lock

SHORT = [
    sys.executable,
    "-c",
    "from addonctl.archive import lease; lease.TERM = 1.0;"
    "from addonctl.cli import entry_point; entry_point()",
]
"""The program, in a process, with leases of a second."""


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases of a second here, too."""
    monkeypatch.setattr(lease, "TERM", 1.0)


def held_by(url: str, owner: str = "ann on elsewhere", **changes: Any) -> None:
    """Have somebody's lease there, which runs out in a minute."""
    expires = datetime.now(UTC) + changes.pop("left", timedelta(minutes=1))
    document = {"id": "a" * 32, "owner": owner, "expires": expires.isoformat(), "term": 1.0}
    document |= {"term": 60.0} if expires > datetime.now(UTC) else {}
    document |= {"number": time.monotonic(), **changes}
    obstore.put(objects(url), ".lock", json.dumps(document).encode())


def lease_of(url: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bytes(obstore.get(objects(url), ".lock").bytes()))
    return found


def test_a_lease_that_is_held_keeps_other_runs_out(run: Run, keep: str) -> None:
    held_by(keep)
    codes = [run(f"archive {each}").code for each in ("run", "verify", "rebuild", f"init {keep}")]
    ran = run("archive run")
    reading = [run(f"archive {each}").code for each in ("status", "search parcel", "list runs")]

    assert [5] * 4 == codes
    assert "another run is at work" in ran.err
    assert "ann on elsewhere" in ran.err
    assert "its lease ends at" in ran.err
    assert [0, 0, 0] == reading
    assert "ann on elsewhere" == lease_of(keep)["owner"]


def test_a_lease_says_who_holds_it_and_is_left_when_the_run_ends(run: Run, keep: str) -> None:
    left = lease_of(keep)

    assert left["released"]
    assert left["owner"].endswith(f"process {os.getpid()}")
    assert datetime.fromisoformat(left["expires"]) > datetime.fromisoformat(left["renewed"])
    assert 0 == run("archive run").code


@pytest.mark.parametrize(
    "changes",
    [
        {"left": timedelta(seconds=-5)},
        {"left": timedelta(days=9), "owner": "a clock that is ahead", "term": 1.0},
        {"expires": "soon"},
        {"term": "x", "left": timedelta(seconds=-5)},
    ],
)
def test_a_lease_that_ran_out_is_taken_over_once_it_was_watched(
    run: Run, keep: str, short: None, changes: dict[str, Any]
) -> None:
    held_by(keep, **changes)
    began = time.monotonic()
    ran = run("archive run")

    assert 0 == ran.code
    assert "waiting 1 s to see whether" in ran.err
    assert time.monotonic() - began >= 1.0
    assert "a" * 32 != lease_of(keep)["id"]


def test_an_owner_who_renews_keeps_it_whatever_the_clocks_say(
    run: Run, keep: str, short: None
) -> None:
    """By our clock his lease ran out long ago; but it changes under our eyes."""
    held_by(keep, left=timedelta(hours=-3))
    done = threading.Event()

    def renew() -> None:
        while not done.wait(0.3):
            held_by(keep, left=timedelta(hours=-3))

    owner = threading.Thread(target=renew)
    owner.start()
    try:
        ran = run("archive run")
    finally:
        done.set()
        owner.join()

    assert 5 == ran.code
    assert "another run is at work" in ran.err
    assert "a" * 32 == lease_of(keep)["id"]


def test_a_long_run_renews_its_lease(
    run: Run, bucket: str, line: Line, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "TERM", 0.3)
    account.state.reset(recordings=4, results=1, payloads=2)
    run(f"archive init {bucket}")
    line.trouble = lambda method, path: 0.1 if method == "PUT" and "/data/AC" in path else None
    ran = run("archive run --workers 1")

    assert 0 == ran.code
    assert lease_of(bucket)["number"] > 3


def mid_run(bucket: str, line: Line) -> subprocess.Popen[str]:
    """A run in a process of its own that has stored something, and has a lot left to do."""
    line.trouble = lambda method, path: 0.05 if method == "PUT" and "/data/AC" in path else None
    before = len(line.asked)
    process = subprocess.Popen(
        [*SHORT, "archive", "run", "--workers", "4", "-a", bucket],
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: sum("result.json" in path for _, path in line.asked[before:]) > 2)
    return process


def test_an_owner_who_slept_finds_out_before_he_writes(
    run: Run,
    store: Store,
    bucket: str,
    line: Line,
    account: Account,
    short: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Stopped in mid-run; another machine takes over, finds the payloads changed, and saves them
    anew. Woken up, the first one must not put the old ones back.
    """
    account.state.reset(recordings=30, results=2, payloads=2)
    run(f"archive init {bucket}")
    sleeper = mid_run(bucket, line)
    sleeper.send_signal(signal.SIGSTOP)
    try:
        time.sleep(0.3)  # for what is on its way
        account.change(
            "UPDATE payloads SET body = ?, size = 9, created = created + 60", b"It is new"
        )
        account.touched()
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
            elsewhere.setenv("AWS_ENDPOINT_URL", store.url)
            until(lambda: run(f"archive rebuild -a {bucket}").code == 0)
            taken = run(f"archive run --full -a {bucket}")
            verified = run(f"archive verify -a {bucket}")
            before = stored(bucket)
            line.asked.clear()
            sleeper.send_signal(signal.SIGCONT)
            _, said = sleeper.communicate(timeout=60)
            again = run(f"archive verify -a {bucket}")
    finally:
        sleeper.kill()
        sleeper.wait()

    assert (0, 0) == (taken.code, verified.code)
    assert 5 == sleeper.returncode, said
    assert "has taken over the archive" in said
    assert before == stored(bucket)
    assert (0, verified.err) == (again.code, again.err)


@pytest.mark.parametrize("kills", [1, pytest.param(12, marks=pytest.mark.slow)])
def test_a_run_killed_in_the_middle_leaves_no_false_marker(
    run: Run, bucket: str, line: Line, account: Account, short: None, kills: int
) -> None:
    account.state.reset(recordings=12 * kills, results=2, payloads=2)
    run(f"archive init {bucket}")
    for _ in range(kills):
        process = mid_run(bucket, line)
        process.kill()
        process.communicate()
        there = stored(bucket)
        for name in [each for each in there if each.endswith("/result.json")]:
            for each in json.loads(there[name])["payloads"]:
                content = there[f"{name.rpartition('/')[0]}/{each['object']}"]
                assert each["sha256"] == hashlib.sha256(content).hexdigest()
        until(lambda: datetime.fromisoformat(lease_of(bucket)["expires"]) < datetime.now(UTC))
    line.trouble = lambda method, path: None
    ran, verified = run("archive run"), run("archive verify -f jsonl")

    assert (0, 0, "") == (ran.code, verified.code, verified.out)
    assert 24 * kills == len([name for name in stored(bucket) if name.endswith("/result.json")])


def test_two_machines_at_once(
    run: Run, bucket: str, account: Account, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.state.reset(recordings=40, results=2, payloads=2)
    run(f"archive init {bucket}")
    both = [
        subprocess.Popen(
            [*PROGRAM, "archive", "run", "-a", bucket],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_STATE_HOME": state},
        )
        for state in (os.environ["XDG_STATE_HOME"], str(home / "elsewhere"))
    ]
    said = [process.communicate()[1] for process in both]
    codes = sorted(process.returncode for process in both)

    assert codes in ([0, 5], [0, 0], [0, 1]), said  # one may come when the other one is done
    assert 80 == len([name for name in stored(bucket) if name.endswith("/result.json")])
    run("archive rebuild")
    assert 0 == run("archive verify").code


def test_workers_elsewhere_write_under_the_lock_of_the_one_that_sent_them(
    run: Run, keep: str, short: None
) -> None:
    at = open_place(keep)
    with at.lock():
        worker = open_place(at.url, lease=at.lease)
        worker.put("data/one", io.BytesIO(b"1"))
        time.sleep(1.5)  # the lease is renewed meanwhile
        worker.put("data/two", io.BytesIO(b"2"))
    time.sleep(0.2)
    with pytest.raises(PlaceBusy, match="does not hold"):
        worker.put("data/three", io.BytesIO(b"3"))

    assert {"data/one", "data/two"} <= set(stored(keep))
    assert "data/three" not in stored(keep)


# Who may


def as_(monkeypatch: pytest.MonkeyPatch, login: tuple[str, str]) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", login[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", login[1])
    if not login[1]:
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


def test_a_login_that_may_only_read(run: Run, keep: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stored(keep)
    as_(monkeypatch, READER)
    reading = [run(f"archive {each}").code for each in ("status", "search parcel", f"show {PLAIN}")]
    writing = [run(f"archive {each}") for each in ("run", "verify", "rebuild", f"init {keep}")]

    assert [0, 0, 0] == reading
    assert [1] * 4 == [ran.code for ran in writing]
    for ran in writing:
        assert "the login has no right to do that (403 AccessDenied)" in ran.err
        assert READER[1] not in ran.err
    as_(monkeypatch, OWNER)
    assert before == stored(keep)


@pytest.mark.parametrize(
    ("login", "code", "said"),
    [
        (STRANGER, 1, "the login has no right to do that (403 AccessDenied)"),
        (("AKIANOBODY", "the-secret-of-nobody"), 4, "the login is refused (403 InvalidAccessKeyId"),
        ((OWNER[0], "not-the-secret"), 4, "the login is refused (403 SignatureDoesNotMatch"),
        ((OWNER[0], ""), 4, "is not complete, or not valid"),
    ],
)
def test_a_login_that_is_not_taken(
    run: Run,
    keep: str,
    monkeypatch: pytest.MonkeyPatch,
    login: tuple[str, str],
    code: int,
    said: str,
) -> None:
    as_(monkeypatch, login)
    for each in ("status", "run", f"init {keep}", "verify -f json"):
        ran = run(f"archive {each} --verbose")

        assert (code, "", True) == (ran.code, ran.out, said in ran.err), ran.err
        assert login[1] == "" or login[1] not in ran.err


def test_a_bucket_that_is_not_there(run: Run, bucket: str, profile: None) -> None:
    made, ran = run("archive init s3://no-such-bucket/x"), run("archive run -a s3://no-such-bucket")

    assert [3, 3] == [made.code, ran.code]
    assert "there is no bucket no-such-bucket" in made.err
    assert "make it first" in made.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("s3.bucket.versioning -name {} -enable", "the bucket keeps versions"),
        ("s3.bucket.lock -name {} -enable", "an object lock"),
    ],
)
def test_a_bucket_with_versions_or_a_lock_is_told_of(
    run: Run, store: Store, bucket: str, account: Account, command: str, said: str
) -> None:
    name = store.make(f"kept-{command[10:14]}")
    store.shell(command.format(name))
    probe = objects(store.place(name))
    until(lambda: obstore.put(probe, "probe", b"").get("version") is not None)
    account.one()
    url = store.place(name)
    made = run(f"archive init {url}")
    codes = [run("archive run").code]
    account.change("UPDATE payloads SET body = ?, size = 1, created = created + 9", b"x")
    account.touched()
    codes += [run(f"archive {each}").code for each in ("run", "verify", "rebuild", "run --full")]

    assert 0 == made.code
    assert said in made.err
    assert [0] * 5 == codes
    assert len(open_place(url).beyond_reach()) == 1
    assert () == open_place(bucket).beyond_reach()


# Where the login comes from


@pytest.fixture
def aws(bucket: str, store: Store, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """AWS's own folder, and nothing in variables."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)
    (home / ".aws").mkdir()
    return home / ".aws"


KEYS = f"aws_access_key_id = {OWNER[0]}\naws_secret_access_key = {OWNER[1]}\n"


@pytest.mark.parametrize(
    ("credentials", "config", "named"),
    [
        (f"[default]\n{KEYS}", "[default]\nregion = eu-west-1\nendpoint_url = {url}\n", None),
        (f"[work]\n{KEYS}", "[profile work]\nendpoint_url = {url}\n", "work"),
        ("", f"[profile work]\n{KEYS}endpoint_url = {{url}}\n", "work"),
        (
            f"[default]\naws_access_key_id = X\n[work]\n{KEYS}",
            "[profile work]\nendpoint_url = {url}\nrole_arn = ignored where there are keys\n",
            "work",
        ),
    ],
)
def test_a_login_of_awss_own_files(
    run: Run,
    bucket: str,
    store: Store,
    aws: Path,
    profile: None,
    monkeypatch: pytest.MonkeyPatch,
    credentials: str,
    config: str,
    named: str | None,
) -> None:
    (aws / "credentials").write_text(credentials)
    (aws / "config").write_text(config.format(url=store.url))
    if named:
        monkeypatch.setenv("AWS_PROFILE", named)

    assert 0 == run(f"archive init {bucket}").code
    assert 0 == run("archive run").code


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[profile other]\nregion = x\n", "AWS_PROFILE is work, and there is no such profile"),
        ("[profile work]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = y\n", "boto3"),
        ("[profile work]\nsso_session = x\n", "boto3"),
        ("[profile work]\ncredential_process = echo hunter2\n", "boto3"),
        ("aws_secret_access_key = hunter2\n", "cannot read"),
        ("[profile work\nhunter2", "cannot read"),
    ],
)
def test_a_profile_that_gives_no_login(
    run: Run, aws: Path, profile: None, monkeypatch: pytest.MonkeyPatch, config: str, said: str
) -> None:
    (aws / "config").write_text(config)
    monkeypatch.setenv("AWS_PROFILE", "work")
    ran = run("archive init s3://bucket/x")

    assert 4 == ran.code
    assert said in ran.err
    assert "hunter2" not in ran.err


def test_a_profile_of_a_role_is_left_to_boto3(
    run: Run,
    bucket: str,
    store: Store,
    aws: Path,
    profile: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stand-in for it, which knows the owner's keys."""
    given = f'{{"access_key": "{OWNER[0]}", "secret_key": "{OWNER[1]}", "token": None}}'
    for name, content in {
        "boto3/__init__.py": "from boto3.session import Session\n",
        "boto3/session.py": (
            "import types\nclass Session:\n    region_name = None\n"
            "    def get_credentials(self):\n        return types.SimpleNamespace("
            f"get_frozen_credentials=lambda: types.SimpleNamespace(**{given}))\n"
        ),
        "botocore/__init__.py": "",
        "botocore/credentials.py": "class Credentials:\n    pass\n",
        "botocore/session.py": "class Session:\n    pass\n",
    }.items():
        path = tmp_path / "libraries" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (aws / "config").write_text(
        f"[profile work]\nendpoint_url = {store.url}\nrole_arn = arn:aws:iam::1:role/x\n"
    )
    libraries = f"{tmp_path / 'libraries'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    ran = subprocess.run(
        [*PROGRAM, "archive", "init", bucket],
        env={**os.environ, "AWS_PROFILE": "work", "PYTHONPATH": libraries},
        capture_output=True,
        text=True,
    )

    assert 0 == ran.returncode, ran.stderr


@pytest.mark.parametrize(
    ("variable", "value", "scheme"),
    [
        ("AWS_ENDPOINT_URL", "http://store.example", "s3"),
        ("AWS_ENDPOINT_URL_S3", "http://192.168.0.9:9000", "s3"),
        ("AWS_ENDPOINT_URL", "https://key:hunter2@store.example", "s3"),
        ("AWS_ENDPOINT_URL", "ftp://store.example", "s3"),
        ("STORAGE_EMULATOR_HOST", "http://store.example", "gs"),
        ("STORAGE_EMULATOR_HOST", "store.example:4443", "gs"),
        ("AZURE_STORAGE_ENDPOINT", "http://store.example", "az"),
    ],
)
def test_plain_http_goes_to_loopback_alone(
    run: Run,
    profile: None,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    scheme: str,
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "account")
    monkeypatch.setenv("AZURE_STORAGE_KEY", "aHVudGVyMg==")
    ran = run(f"archive init {scheme}://bucket/x")

    assert 2 == ran.code
    assert "http on loopback" in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "which storage account of Azure?"),
        (
            {"AZURE_STORAGE_ACCOUNT": "account", "AZURE_STORAGE_KEY": "hunter2 is no base64"},
            "is not complete, or not valid",
        ),
        ({"AZURE_STORAGE_CONNECTION_STRING": "AccountKey=hunter2"}, "which storage account"),
    ],
)
def test_a_login_for_azure_that_is_none(
    run: Run,
    profile: None,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    said: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ran = run("archive init az://container/x")

    assert 4 == ran.code
    assert said in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize("content", [None, "{", '{"private_key": "hunter2", "client_email": "x"}'])
def test_a_login_for_google_that_is_none(
    run: Run, profile: None, home: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    file = home / "key.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    ran = run("archive init gs://bucket/x")

    assert 4 == ran.code
    assert "hunter2" not in ran.err


def test_without_obstore_it_is_a_sentence(
    run: Run, bucket: str, profile: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    ran = run(f"archive init {bucket}")

    assert 1 == ran.code
    assert "pipx install 'addonctl[cloud]'" in ran.err

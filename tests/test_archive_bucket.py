"""The archive in a bucket: the same commands, the same promises, and a lock that two machines keep.

A real store on loopback answers; a line in front of it has the bad days.
"""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import obstore
import pytest
from support.account import Account
from support.bucket import (
    CUT,
    LOST,
    RESET,
    SPOILED,
    WRONG_ETAG,
    Fault,
    Line,
    Store,
    line_to,
    objects,
    stored,
)
from support.program import PROGRAM, Run

from addonctl.archive.known import index_of
from addonctl.sandbox.samples import sid
from addonctl.sandbox.schema import Payload, Recording, Result

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
    """A fault at each so-many-th request of those methods, its retry not counted."""
    count = [0]

    def trouble(method: str, path: str) -> Fault:
        if method not in methods:
            return None
        count[0] += 1
        return fault if count[0] % number == 0 else None

    return trouble


@pytest.mark.parametrize(
    ("fault", "methods"),
    [
        (503, "GET PUT HEAD POST"),
        (429, "GET PUT HEAD POST"),
        (500, "PUT POST"),
        (RESET, "GET PUT HEAD POST"),
        (LOST, "PUT POST"),
        (CUT, "GET"),
        (WRONG_ETAG, "PUT"),
        (0.02, "PUT GET"),
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
        (503, 5, "busy (503 SlowDown)"),
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
    run: Run, bucket: str, line: Line, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addonctl.archive.bucket.PART", 5 << 20)
    now = account.now()
    account.add(
        Recording(sid("RE", 1), now - 600, 60, sid("CA", 1)),
        Result(sid("RE", 1), sid("XR", 1), now - 500, now - 400),
        Payload(sid("XR", 1), sid("XH", 1), now - 400, "", "audio/mpeg", (11 << 20) + 7),
    )
    run(f"archive init {bucket}")
    line.trouble = every(2, RESET, "PUT GET")
    ran, verified = run("archive run"), run("archive verify")
    parts = {path for method, path in line.asked if "partNumber=" in path}

    assert (0, 0) == (ran.code, verified.code)
    assert 3 == len(parts)

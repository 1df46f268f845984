"""An archive in which somebody else has been: neither its folder nor its index is to be trusted."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from support.account import Account, Payload, Recording, Result
from support.archives import kept, listed
from support.program import Run

from addonctl import sandbox
from addonctl.sandbox.contents import sid

OTHER = "AC" + "b" * 32


@pytest.fixture
def keep(run: Run, home: Path, account: Account) -> Path:
    """An archive of a result with two payloads, brought up to date."""
    account.one()
    return kept(run, home)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to(path.with_name("moved"))


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


# archive.json


ABOUT: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:40]),
    "a list": lambda path: path.write_text("[]"),
    "null": lambda path: path.write_text("null"),
    "no text": lambda path: path.write_bytes(os.urandom(4096)),
    "deep": lambda path: path.write_text("[" * 200_000),
    "without accounts": lambda path: path.write_text('{"id": "%s", "version": 1}' % ("a" * 32)),
    "version of no number": lambda path: path.write_text(
        json.dumps(json.loads(path.read_bytes()) | {"version": []})
    ),
}


@pytest.mark.parametrize("damage", ABOUT)
def test_an_archive_json_that_is_none(run: Run, keep: Path, damage: str) -> None:
    ABOUT[damage](keep / "archive.json")
    before = sorted(keep.rglob("*"))
    ran = [run(f"archive {line}") for line in ("run", "status", "list problems", "verify")]

    assert {2} == {each.code for each in ran}
    assert all("is not as addonctl wrote it" in each.err for each in ran)
    assert before == sorted(keep.rglob("*"))


@pytest.mark.parametrize("damage", [to_folder, to_link, to_pipe])
def test_an_archive_json_that_is_no_file(
    run: Run, keep: Path, damage: Callable[[Path], object]
) -> None:
    damage(keep / "archive.json")
    ran = [run(f"archive {line}") for line in ("run", "status", "rebuild", "init keep")]

    assert all(each.code in (1, 2, 3) for each in ran), ran
    assert all("unexpected" not in each.err for each in ran)
    assert 1 == len(list((keep / "data").rglob("result.json")))


def test_the_archive_of_another_account_is_refused(
    run: Run, keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", OTHER)
    ran = [run(line) for line in ("archive init keep", f"archive run -a {keep}")]

    assert [2, 2] == [each.code for each in ran]
    assert all(sandbox.ACCOUNT in each.err for each in ran)
    assert [sandbox.ACCOUNT] == json.loads((keep / "archive.json").read_bytes())["accounts"]


# The index


INDEX: dict[str, Callable[[Path], object]] = {
    "no database": lambda path: path.write_bytes(b"no database at all" * 500),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "a folder": to_folder,
}


@pytest.mark.parametrize("damage", INDEX)
def test_an_index_that_is_none_is_a_sentence_and_made_anew(
    run: Run, keep: Path, damage: str
) -> None:
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    INDEX[damage](keep / "index.sqlite")
    ran = [run(f"archive {line}") for line in ("status", "list results", "search parcel", "run")]
    if damage == "a folder":
        (keep / "index.sqlite").rmdir()
    rebuilt, again = run("archive rebuild"), run("archive run")

    assert {1} == {each.code for each in ran}, ran
    assert all("index" in each.err and "unexpected" not in each.err for each in ran)
    assert (0, 0) == (rebuilt.code, again.code)
    assert ["saved"] == [row["state"] for row in listed(run, "results")]
    assert 0 == run("archive search parcel").code


def test_an_index_of_no_version_is_not_filled(run: Run, keep: Path) -> None:
    for path in keep.glob("index.sqlite*"):
        path.unlink()
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        db.execute("CREATE TABLE meta (key TEXT, value TEXT)")
        db.commit()
    ran = run("archive run")

    assert 1 == ran.code
    assert "unexpected" not in ran.err


# Objects and markers


OBJECTS: dict[str, Callable[[Path], object]] = {
    "renamed": lambda path: path.rename(path.with_name(f"{sid('XH', 77)}.txt")),
    "renamed to what is none of ours": lambda path: path.rename(path.with_name("words.txt")),
    "of length 0": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
    "a folder": to_folder,
    "a pipe": to_pipe,
    "a link": to_link,
}


@pytest.mark.parametrize("damage", OBJECTS)
def test_an_object_that_is_none_is_a_problem_and_is_mended(
    run: Run, keep: Path, damage: str
) -> None:
    (path,) = (keep / "data").rglob(f"{sid('XH', 1)}*")
    OBJECTS[damage](path)
    found = run("archive verify")
    problems, status = listed(run, "problems"), run("archive status")
    if damage == "a folder":
        path.rmdir()
    mended = run("archive verify --repair")

    assert (6, 1, 0) == (found.code, status.code, mended.code)
    assert [("payload", sid("XH", 1))] == [(row["kind"], row["sid"]) for row in problems]
    assert [] == listed(run, "problems")
    assert b"Ann: The parcel is lost.\nBob: Again." == path.read_bytes()


@pytest.mark.parametrize("damage", OBJECTS)
def test_a_damaged_object_is_never_taken_for_whole_by_a_run(
    run: Run, keep: Path, account: Account, damage: str
) -> None:
    """The service says that the result has changed: what lies here is proven before it is kept."""
    (path,) = (keep / "data").rglob(f"{sid('XH', 1)}*")
    OBJECTS[damage](path)
    account.touched()
    ran = run("archive run")
    if damage == "a folder":  # in the way: said, and due again
        assert (6, ["failed"]) == (ran.code, [row["state"] for row in listed(run, "results")])
        assert "is a directory" in listed(run, "problems")[0]["problem"]
        path.rmdir()
        ran = run("archive run")

    assert 0 == ran.code, ran.err
    (now,) = [
        each
        for each in (keep / "data").rglob(f"{sid('XH', 1)}*")
        if each.is_file() and not each.is_symlink()
    ]
    assert b"Ann: The parcel is lost.\nBob: Again." == now.read_bytes()
    assert "missing" not in run("archive verify -f jsonl").out


MARKERS: dict[str, Callable[[Path], object]] = {
    "renamed": lambda path: path.rename(path.with_name("marker.json")),
    "of length 0": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "deep": lambda path: path.write_text('{"payloads": ' + "[" * 100_000),
    "of numbers": lambda path: path.write_text("1e999"),
    "a link": to_link,
    "missing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", MARKERS)
def test_a_marker_that_is_none_is_a_problem_and_is_mended(
    run: Run, keep: Path, damage: str
) -> None:
    (path,) = keep.rglob("result.json")
    MARKERS[damage](path)
    found = run("archive verify")
    problems, status = listed(run, "problems"), run("archive status")
    rebuilt = run("archive rebuild")
    mended = [run(line) for line in ("archive run --full", "archive verify")]

    assert (6, 1) == (found.code, status.code)
    assert [("result", sid("XR", 1))] == [(row["kind"], row["sid"]) for row in problems]
    assert rebuilt.code == (6 if path.name in rebuilt.err else 0)
    assert 0 == mended[0].code
    assert mended[1].code == 0
    assert ["saved"] == [row["state"] for row in listed(run, "results")]


# What is handed to `run --from -`


def callback(*results: dict[str, object]) -> str:
    """What an add-on posts, as it comes: JSON in a field of a form."""
    named = {f"ibm_watson_{n}": result for n, result in enumerate(results)}
    document = {"status": "successful", "message": None, "code": None, "results": named}
    return f"AddOns={quote_plus(json.dumps(document))}&CallSid={sid('CA', 1)}"


def called_back(n: int, *, account: str = sandbox.ACCOUNT) -> dict[str, object]:
    place = f"https://api.twilio.com/2010-04-01/Accounts/{account}/Recordings/{sid('RE', n)}"
    result = f"{place}/AddOnResults/{sid('XR', n)}"
    url = f"{result}/Payloads/{sid('XH', n)}/Data"
    links = {"add_on_result": result, "payloads": f"{result}/Payloads", "recording": place}
    return {
        "request_sid": sid("XR", n),
        "status": "successful",
        "payload": [{"content_type": "text/plain", "url": url}],
        "links": links,
    }


@pytest.mark.parametrize("form", ["posted", "document", "results"])
def test_callbacks_say_what_is_new_and_save_the_list(
    run: Run, home: Path, account: Account, form: str
) -> None:
    now = account.now()
    for n in (1, 2, 3):
        account.add(
            Recording(sid("RE", n), now - 600, 60, sid("CA", n)),
            Result(sid("RE", n), sid("XR", n), now - 500, now - 400),
            Payload(sid("XR", n), sid("XH", n), now - 400, "", "text/plain", 9, b"It is new"),
        )
    posted = callback(called_back(1), called_back(2))
    document = {"results": {"a": called_back(1), "b": called_back(2)}}
    text = {
        "posted": posted,
        "document": json.dumps({"AddOns": document}),
        "results": json.dumps(document),
    }[form]
    run("archive init keep")
    account.paths.clear()
    ran = run("archive run --from -", stdin=text + "\n")

    assert 0 == ran.code, ran.err
    assert {sid("XR", 1), sid("XR", 2)} == {row["sid"] for row in listed(run, "results")}
    assert {"saved"} == {row["state"] for row in listed(run, "results")}
    assert not [path for path in account.paths if path.endswith("/Recordings.json")]
    assert 0 == run("archive search new").code


@pytest.mark.parametrize("text", ["AddOns=%7B%7D\n", "AddOns=%7B\n", '{"AddOns": 7}\n', "XR12\n"])
def test_what_is_no_callback_is_a_sentence(
    run: Run, keep: Path, account: Account, text: str
) -> None:
    account.requests = 0
    ran = run("archive run --from -", stdin=text)

    assert 2 == ran.code
    assert "line 1 of stdin" in ran.err
    assert 0 == account.requests

"""`archive erase`: gone here and at the service, proven, and never fetched again."""

from __future__ import annotations

import fcntl
import json
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.account import Account, Payload, Recording, Result
from support.archives import kept, listed
from support.bucket import BOTH, in_both, stored
from support.program import PROGRAM, Run
from support.terminal import on_screen

from addonctl import sandbox
from addonctl.archive.known import index_of
from addonctl.sandbox.contents import sid

ONE = f"{sid('RE', 1)}/{sid('XR', 1)}"
WORDS = (b"kowalczyk", b"quetzalcoatl", "žluťoučký".encode())
SAID = (
    "Ann: My name is Kowalczyk and the parcel from Quetzalcoatl never arrived.\n"
    "Bob: Žluťoučký, how is that spelled, please?\n"
    "Ann: I told you about the parcel two weeks ago already.\n"
)
OTHERS = "Cid: The weather in Wellington is fine today, and so is the parcel.\nDot: Good to hear.\n"


def fill(account: Account) -> None:
    """Two calls. Of the first there are two recordings; all but one of what add-ons left says
    something that nobody else says.
    """
    now = account.now()
    for n, call in ((1, 1), (2, 1), (3, 3)):
        account.add(Recording(sid("RE", n), now - 900 + n, 60, sid("CA", call)))
    for n, (recording, body) in enumerate(((1, SAID), (1, SAID), (2, SAID), (3, OTHERS)), 1):
        account.add(Result(sid("RE", recording), sid("XR", n), now - 500, now - 400))
        name = body.split()[4]  # a vendor's label may be anything
        for number, label, said in ((n * 10, name, body), (n * 10 + 1, "", "[1, 2]")):
            content = said.encode()
            about = sid("XR", n), sid("XH", number), now - 400, label, "text/plain"
            account.add(Payload(*about, len(content), content))


@pytest.fixture(params=BOTH)
def run(run: Run, request: pytest.FixtureRequest) -> Run:
    return in_both(run, request)


@pytest.fixture
def keep(run: Run, home: Path, account: Account) -> Path:
    """An archive of both calls."""
    fill(account)
    return kept(run, home)


def grep(folder: Path, *words: bytes | str) -> set[str]:
    """The files that hold one of the words in their raw bytes: free pages of SQLite, its log, and
    whatever else lies there.
    """
    wanted = [(each.encode() if isinstance(each, str) else each).lower() for each in words]
    escaped = [json.dumps(each.decode())[1:-1].encode().lower() for each in wanted]
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file()
        for content in [path.read_bytes()]
        for low in [content.decode("utf-8", "surrogateescape").lower()]
        if any(each in low.encode("utf-8", "surrogateescape") for each in (*wanted, *escaped))
    }


def receipts(keep: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in sorted((keep / "erased").glob("*.json"))]


def said(run: Run, keep: Path) -> list[str]:
    """Which payloads the archive holds, by what it holds: objects, index, full text."""
    objects = {path.name[:34] for path in keep.rglob("XH*")}
    held = {row["sid"] for row in listed(run, "payloads")}
    assert objects == held
    return sorted(held)


def payloads(*results: int) -> list[str]:
    return sorted(sid("XH", n * 10 + more) for n in results for more in (0, 1))


# By recording, result, payload and call


GONE = {sid("RE", 1): [1, 2], ONE: [1], f"--call {sid('CA', 1)}": [1, 2, 3]}


@pytest.mark.parametrize("address", GONE)
def test_all_of_it_goes_and_nothing_else(
    run: Run, keep: Path, account: Account, address: str
) -> None:
    gone = GONE[address]
    left = [n for n in (1, 2, 3, 4) if n not in gone]
    erased = [*(sid("XR", n) for n in gone), *payloads(*gone)]
    assert len(grep(keep, *WORDS)) > 3
    ran = run(f"archive erase {address} --yes --reason 'request 4711'")
    (receipt,) = receipts(keep)

    assert 0 == ran.code
    assert "erased 1 item" in ran.err
    assert receipt["complete"]
    assert not [each for each in receipt["proven"] if each["found"]]
    assert {sid("XR", n) for n in gone} == account.deleted()
    assert payloads(*left) == said(run, keep)
    # The words are in the other results' bytes alone, and nowhere once these are gone too.
    still = {sid("XR", n) for n in left if n != 4}
    found = grep(keep, *WORDS)
    assert all(any(each in name for each in still) for name in found - {"index.sqlite"})
    assert bool(still) == ("index.sqlite" in found)
    # SIDs are in the receipt, and those of tombstones in the index.
    names = grep(keep, *(each for each in erased if each not in receipt["sids"]))
    assert {f"erased/{receipt['id']}.json"} == names
    assert 0 == run("archive verify").code


@pytest.mark.parametrize("address", [sid("RE", 1), ONE, f"{ONE}/{sid('XH', 10)}"])
def test_the_words_of_one_alone_are_nowhere(
    run: Run, keep: Path, account: Account, address: str
) -> None:
    run(f"archive erase {sid('RE', 2)} {sid('RE', 1)}/{sid('XR', 2)} --yes")
    before = grep(keep, *WORDS)
    ran = run(f"archive erase {address} --yes")

    assert {"index.sqlite"} < before
    assert 0 == ran.code
    assert set() == grep(keep, *WORDS)
    assert 3 == run("archive search kowalczyk").code
    assert 0 == run("archive search wellington").code


def test_one_payload_leaves_the_rest_of_its_result(run: Run, keep: Path, account: Account) -> None:
    ran = run(f"archive erase {ONE}/{sid('XH', 10)} --yes")
    marker = next(keep.glob(f"data/*/*/*/{sid('XR', 1)}/result.json"))
    (receipt,) = receipts(keep)

    assert 0 == ran.code
    assert [sid("XH", 11)] == [
        each["document"]["sid"] for each in json.loads(marker.read_bytes())["payloads"]
    ]
    assert {sid("XH", 10)} == account.deleted()
    assert {"markers that name the payload": (1, 0)} == {
        each["what"]: (each["checked"], each["found"])
        for each in receipt["proven"]
        if each["what"].startswith("markers")
    }
    assert (0, 0) == (run("archive run --full").code, run("archive verify").code)
    assert sorted([sid("XH", 11), *payloads(2, 3, 4)]) == said(run, keep)


def test_nothing_brings_it_back(run: Run, keep: Path, account: Account) -> None:
    """Though the service keeps it, and gives it whenever it is asked."""
    ran = run(f"archive erase {sid('RE', 1)} {sid('RE', 2)}/{sid('XR', 3)} --keep-source --yes")
    account.touched()
    account.requests = 0
    again = [
        run(line)
        for line in (
            "archive run",
            "archive run --full",
            "archive run --since 30d",
            "archive rebuild",
            "archive run --full",
            "archive verify --repair",
        )
    ]
    named = run("archive run --from -", stdin=f"{sid('RE', 1)}\n")

    assert 0 == ran.code
    assert [0] * 6 == [each.code for each in again]
    assert 0 == named.code
    assert f"{sid('RE', 1)} was erased" in named.err
    assert set() == account.deleted()
    assert not [path for path in account.paths[-account.requests :] if sid("RE", 1) in path]
    assert payloads(4) == said(run, keep)
    assert set() == grep(keep, *WORDS)
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        known = {row for (row,) in db.execute("SELECT sid FROM recordings")}
    assert {sid("RE", 2), sid("RE", 3)} == known


def test_what_comes_later_of_a_call_that_was_erased(run: Run, keep: Path, account: Account) -> None:
    run(f"archive erase --call {sid('CA', 1)} --yes")
    now = account.now()
    account.add(
        Recording(sid("RE", 9), now - 60, 60, sid("CA", 1)),
        Result(sid("RE", 9), sid("XR", 9), now - 50, now - 40),
        Payload(sid("XR", 9), sid("XH", 90), now - 40, "", "text/plain", 5, b"Later"),
    )
    codes = run("archive run").code, run("archive run --full").code
    named = run("archive run --from -", stdin=f"{sid('RE', 9)}\n")

    assert (0, 0, 0) == (*codes, named.code)
    assert f"{sid('RE', 9)} was erased" in named.err
    assert payloads(4) == said(run, keep)
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        assert [(sid("RE", 3),)] == db.execute("SELECT sid FROM recordings").fetchall()


# What is typed


def test_sids_of_the_archive_need_no_others_before_them(run: Run, keep: Path) -> None:
    payload = run(f"archive erase {sid('XH', 10)} --yes -f sids")
    result = run(f"archive erase {sid('XR', 2)} --yes -f sids")
    again = run(f"archive erase {sid('XR', 2)} --yes -f sids")
    short = run(f"archive erase {sid('XR', 4)[:12]} --yes")

    assert (0, f"{ONE}/{sid('XH', 10)}\n") == (payload.code, payload.out)
    assert (0, f"{sid('RE', 1)}/{sid('XR', 2)}\n") == (result.code, result.out)
    assert (0, result.out) == (again.code, again.out)
    assert (2, "") == (short.code, short.out)
    assert "typed whole" in short.err
    assert sid("XH", 40) in said(run, keep)


def test_at_a_terminal_it_is_asked(run: Run, keep: Path, account: Account) -> None:
    line = f"archive erase {sid('XR', 4)[:12]}"
    no = on_screen(line, stdin=b"n\n")
    yes = on_screen(line, stdin=b"y\n")

    assert (1, 0) == (no[0], yes[0])
    assert f"{sid('RE', 3)}/{sid('XR', 4)}" in no[2]
    assert "erase 1 result for good, here and at the service" in no[2]
    assert {sid("XR", 4)} == account.deleted()


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (f"archive erase {ONE}", 2, "--yes"),
        ("archive erase --yes", 2, "erase what?"),
        (f"archive erase {ONE} {sid('RE', 3)} --max-delete 1 --yes", 2, "more than --max-delete"),
        (f"archive erase --call {sid('RE', 1)} --yes", 2, "expected the SID of a call"),
        (f"archive erase {sid('RE', 8)} --yes", 3, "there is nothing of"),
        (f"archive erase {sid('RE', 1)}/{sid('XR', 8)} --yes", 3, "there is nothing of"),
        (f"archive erase --call {sid('CA', 8)} --yes", 3, "there is nothing of"),
        ("archive erase nonsense --yes", 2, "no address"),
        (f"archive erase {sid('XR', 8)} --yes", 2, "needs its recording"),
        (f"archive erase {ONE} --dry-run", 0, "would erase 1 item"),
    ],
)
def test_lines_that_erase_nothing(
    run: Run, keep: Path, account: Account, line: str, code: int, said: str
) -> None:
    before = {path: path.read_bytes() for path in keep.rglob("*") if path.is_file()}
    ran = run(line)

    assert code == ran.code
    assert said in ran.err
    assert set() == account.deleted()
    assert not (keep / "erased").exists()
    assert before == {path: path.read_bytes() for path in keep.rglob("*") if path.is_file()}


def test_many_from_a_list_and_some_unknown(run: Run, keep: Path, account: Account) -> None:
    addresses = f"{ONE}\n{sid('RE', 1)}\n{sid('RE', 8)}\n{sid('RE', 3)}/{sid('XR', 4)}\n"
    ran = run("archive erase --from - --yes -f json", stdin=addresses)
    outcomes = {row["sid"]: row["outcome"] for row in json.loads(ran.out)}

    assert 6 == ran.code
    assert {
        sid("RE", 1): "erased",
        sid("RE", 8): "not-found",
        f"{sid('RE', 3)}/{sid('XR', 4)}": "erased",
    } == outcomes
    assert payloads(3) == said(run, keep)
    assert 2 == len(receipts(keep))


# Receipts


def test_a_receipt_is_shown_and_listed(run: Run, keep: Path) -> None:
    run(f"archive erase {ONE} --yes --reason 'request 4711'")
    (row,) = listed(run, "erasures")
    text = run(f"archive show --receipt {row['id']}")
    as_json = run(f"archive show --receipt {row['id'][:16]} -f json")
    document = json.loads(as_json.out)

    assert (0, 0) == (text.code, as_json.code)
    assert document == receipts(keep)[0]
    assert (ONE, "request 4711", 1, 2) == (
        *(row["asked"], row["reason"]),
        *(row["results"], row["payloads"]),
    )
    for word in (ONE, "complete", "request 4711", sandbox.ACCOUNT, *payloads(1), "deleted"):
        assert word in text.out
    assert "copies and backups" in text.out
    assert "0 found in 3" in text.out
    assert {"account": sandbox.ACCOUNT, "profile": None, "login": sandbox.ACCOUNT} == document["by"]
    assert "kowalczyk" not in text.out.lower()
    assert sandbox.AUTH_TOKEN not in as_json.out


@pytest.mark.parametrize("id", ["20", "x", "''", "../archive", "*"])
def test_a_receipt_that_is_none(run: Run, keep: Path, id: str) -> None:
    ran = run(f"archive show --receipt {id}")

    assert (3, "") == (ran.code, ran.out)
    assert "list erasures" in ran.err


def test_receipts_outlive_the_index(run: Run, keep: Path) -> None:
    run(f"archive erase {ONE} --yes --reason why")
    before = listed(run, "erasures")
    for path in keep.glob("index.sqlite*"):
        path.unlink()
    codes = run("archive rebuild").code, run("archive run --full").code

    assert (0, 0) == codes
    assert before == listed(run, "erasures")
    assert payloads(2, 3, 4) == said(run, keep)


def test_a_receipt_that_is_damaged_is_told(run: Run, keep: Path) -> None:
    run(f"archive erase {ONE} --yes")
    (path,) = (keep / "erased").iterdir()
    path.write_text("{}")
    quiet = run("archive run")
    rebuilt = run("archive rebuild")

    assert (0, 6) == (quiet.code, rebuilt.code)
    assert path.name in rebuilt.err


# What goes wrong at the service


def test_a_service_that_is_down_gets_its_turn_later(run: Run, keep: Path, account: Account) -> None:
    account.failing[ONE.replace("/", "/AddOnResults/")] = 503
    ran = run(f"archive erase {ONE} --yes --retries 0")
    (receipt,) = receipts(keep)
    status = run("archive status")
    account.failing.clear()
    account.touched()
    runs = run("archive run"), run("archive run --full")
    after_runs = said(run, keep)
    later = run("archive erase --unfinished --yes")
    (done,) = receipts(keep)

    assert (5, 1) == (ran.code, status.code)
    assert "stays open" in ran.err
    assert "erasures are not complete" in status.err
    assert not receipt["complete"]
    assert [0, 0] == [each.code for each in runs]
    assert payloads(2, 3, 4) == after_runs
    assert 0 == later.code
    assert {sid("XR", 1)} == account.deleted()
    assert (receipt["id"], True) == (done["id"], done["complete"])
    assert payloads(1) == done["erased"][0]["payloads"]
    assert 0 == run("archive status").code
    assert 0 == run("archive erase --unfinished --yes").code


def test_a_login_that_is_refused_ends_it_before_it_begins(
    run: Run, keep: Path, account: Account
) -> None:
    account.failing["AddOnResults"] = 401
    ran = run(f"archive erase {ONE} --yes")

    assert 4 == ran.code
    assert not (keep / "erased").exists()
    assert payloads(1, 2, 3, 4) == said(run, keep)


def test_a_service_that_does_not_delete_single_payloads(
    run: Run, keep: Path, account: Account
) -> None:
    """As older documents say. It is erased here, and said; then the service may keep it."""
    address = f"{ONE}/{sid('XH', 10)}"
    account.failing["DELETE "] = 405
    first = run(f"archive erase {address} --yes")
    second = run(f"archive erase {address} --keep-source --yes")

    assert (1, 0) == (first.code, second.code)
    assert "stays open" in first.err
    assert "does not offer deleting single payloads" in first.err
    assert sid("XH", 10) not in said(run, keep)
    assert "to be kept there" in " ".join(receipts(keep)[0]["not_reached"])


def test_what_is_gone_at_the_service_is_erased_here(run: Run, keep: Path, account: Account) -> None:
    run("archive retire --from - --yes", stdin=f"{ONE}\n")
    ran = run(f"archive erase {ONE} --yes -f json")

    assert 0 == ran.code
    assert "gone already" in ran.out
    assert payloads(2, 3, 4) == said(run, keep)


def test_what_was_never_saved_is_erased_at_the_service(
    run: Run, home: Path, account: Account
) -> None:
    fill(account)
    run("archive init keep")
    ran = run(f"archive erase {ONE} --yes")
    codes = run("archive run").code, run("archive verify").code

    assert (0, 0, 0) == (ran.code, *codes)
    assert {sid("XR", 1)} == account.deleted()
    assert payloads(2, 3, 4) == said(run, home / "keep")


# What else lies there


def test_words_of_an_older_version_in_free_pages(run: Run, keep: Path, account: Account) -> None:
    """What was said before a payload was replaced stays in a SQLite that is not told to wipe."""
    body = b"Eve: A wholly different sentence, and a xylophone."
    account.change(
        "UPDATE payloads SET body = ?, size = ?, label = '', created = created + 9", body, len(body)
    )
    account.touched()
    run("archive run")
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("CREATE TABLE older (text)")
        db.executemany("INSERT INTO older VALUES (?)", [(SAID,)] * 200)
        db.execute("DROP TABLE older")
        db.commit()
    before = grep(keep, *WORDS)
    ran = run(f"archive erase --call {sid('CA', 1)} --yes")

    assert {"index.sqlite"} == before
    assert 0 == ran.code
    assert set() == grep(keep, *WORDS)


@pytest.mark.folder
def test_copies_and_what_killed_runs_left(run: Run, keep: Path) -> None:
    folder = next(keep.glob(f"data/*/*/*/{sid('XR', 1)}"))
    content = SAID.encode()
    (folder / f".{sid('XH', 10)}.txt.0123abcd.tmp").write_bytes(content)
    (folder / f"{sid('XH', 10)}.txt.bak").write_bytes(content)
    for path in (keep / "runs", keep / "exports" / "turns", folder.parent / sid("XR", 4)):
        path.mkdir(parents=True, exist_ok=True)
        (path / ".x.json.0123abcd.tmp").write_bytes(content)
    for name in ("index.sqlite.new", "index.sqlite.bak"):
        shutil.copy(keep / "index.sqlite", keep / name)
    (keep / "index.sqlite.note").write_text("nothing of it")
    (report,) = (keep / "runs").glob("2*.json")
    report.write_text(report.read_text().replace("null", f'"result {sid("XR", 1)}: 404"'))
    sibling = sid("XR", 4)
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        db.execute("UPDATE runs SET ended_as = ?", [f"result {sid('XR', 1)}: 404"])
        db.execute("UPDATE accounts SET problem = ?", [f"{sid('XH', 10)} and others"])
        db.execute("UPDATE results SET problem = ? WHERE sid = ?", [sid("XH", 11), sibling])
        db.commit()
    ran = run(f"archive erase --call {sid('CA', 1)} --yes")
    (receipt,) = receipts(keep)

    assert 0 == ran.code
    assert set() == grep(keep, *WORDS)
    assert {f"erased/{receipt['id']}.json"} == grep(keep, sid("XR", 1), *payloads(1))
    assert "result (erased): 404" == listed(run, "runs")[0]["ended_as"]
    assert "result (erased): 404" in report.read_text()
    assert not (keep / "index.sqlite.bak").exists()
    assert (keep / "index.sqlite.note").exists()


def test_a_file_that_is_none_of_ours_is_named_and_left(run: Run, keep: Path) -> None:
    """Also later on, when the words that it holds are not known any more."""
    (keep / "words.txt").write_text(SAID)
    (keep / "data" / "sids.txt").write_text(f"see {sid('XR', 1)}")
    (keep / "other.txt").write_text("something else")
    line = "archive erase --unfinished --yes"
    codes = [run(f"archive erase --call {sid('CA', 1)} --yes").code, run(line).code]
    err = run(line).err
    (keep / "words.txt").unlink()
    codes.append(run(line).code)
    (keep / "data" / "sids.txt").unlink()
    codes.append(run(line).code)
    (receipt,) = receipts(keep)

    assert [1, 1, 1, 0] == codes
    assert "words.txt holds what was erased" in err
    assert "sids.txt holds what was erased" in err
    assert (keep / "other.txt").exists()
    assert "other.txt, which is none of the archive's" in receipt["not_reached"]


def exports_of(keep: Path) -> dict[str, bytes]:
    folder = keep / "exports"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "export.json"
    }


def test_exports_are_written_anew(run: Run, keep: Path, account: Account) -> None:
    now = account.now() - 9 * 86400
    account.add(
        Recording(sid("RE", 9), now, 60, sid("CA", 9)),
        Result(sid("RE", 9), sid("XR", 9), now, now + 60),
    )
    run("archive run --full")
    for form in ("parquet", "csv", "jsonl", "datasette"):
        assert 0 == run(f"archive export --as {form}").code
    (keep / "exports" / "mine.csv").write_bytes(b"kowalczyk")
    before = exports_of(keep)
    ran = run(f"archive erase --call {sid('CA', 1)} --yes")
    after = exports_of(keep)
    again = run("archive export")
    (receipt,) = receipts(keep)
    proof = next(each for each in receipt["proven"] if "exports" in each["what"])

    assert 0 == ran.code
    assert before.keys() - {"mine.csv"} == after.keys()
    assert {"results.csv", "turns.jsonl"} < {name for name in after if before[name] != after[name]}
    assert any("/part-0.parquet" in name and before[name] == after[name] for name in after)
    assert set() == grep(keep, *WORDS)
    assert (13, 0) == (proof["checked"], proof["found"])
    assert "1 file of exports went too" in ran.err
    assert "wrote 0 of 2 days" in again.err
    turns = [pq.read_table(path)["text"].to_pylist() for path in keep.rglob("turns/*/*/*.parquet")]
    assert ["The weather in Wellington is fine today, and so is the parcel.", "Good to hear."] == [
        text for texts in turns for text in texts
    ]
    assert OTHERS.partition("Dot: ")[2].strip() in (keep / "exports" / "turns.csv").read_text()


def test_exports_that_cannot_be_written_go(
    run: Run, keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in ("parquet", "csv", "jsonl"):
        run(f"archive export --as {form}")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pyarrow", None)
        ran = run(f"archive erase --call {sid('CA', 1)} --yes")

    assert 0 == ran.code
    assert "12 files of exports went too" in ran.err
    assert {} == exports_of(keep)
    assert set() == grep(keep, *WORDS)


@pytest.mark.parametrize("step", ["clean", "unname", "exported", "said_by_nobody_else"])
def test_exports_are_still_written_after_a_death_in_between(
    run: Run, keep: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The index has forgotten it by then, and so the days of which the exports are."""

    def die(*_: object) -> None:
        raise MemoryError

    run("archive export --as csv")
    with monkeypatch.context() as patch:
        patch.setattr(f"addonctl.archive.purge.{step}", die)
        died = run(f"archive erase --call {sid('CA', 1)} --yes")
    ran = run("archive erase --unfinished --yes")

    assert (1, 0) == (died.code, ran.code)
    assert set() == grep(keep, *WORDS)
    assert 4 == len(exports_of(keep))


# Other indexes, and copies that are restored


def test_an_index_of_another_machine_or_an_older_one_learns_of_it(
    run: Run, keep: Path, tmp_path: Path
) -> None:
    shutil.copy(keep / "index.sqlite", tmp_path / "older")
    run(f"archive erase --call {sid('CA', 1)} --yes")
    after = listed(run, "erasures")
    for path in keep.glob("index.sqlite*"):
        path.unlink()
    shutil.copy(tmp_path / "older", keep / "index.sqlite")
    before = grep(keep, *WORDS)
    ran = run("archive run")

    assert {"index.sqlite"} == before
    assert 0 == ran.code
    assert set() == grep(keep, *WORDS)
    assert after == listed(run, "erasures")
    assert payloads(4) == said(run, keep)


def test_a_copy_of_the_data_that_is_restored(run: Run, keep: Path, tmp_path: Path) -> None:
    shutil.copytree(keep / "data", tmp_path / "data")
    run(f"archive erase --call {sid('CA', 1)} --yes")
    shutil.copytree(tmp_path / "data", keep / "data", dirs_exist_ok=True)
    verified = run("archive verify -f jsonl")
    rebuilt = run("archive rebuild")
    found = run("archive search kowalczyk")
    erased = run(f"archive erase --call {sid('CA', 1)} --yes")

    assert (6, 0, 3, 0) == (verified.code, rebuilt.code, found.code, erased.code)
    assert 9 == verified.out.count("erased, but here")
    assert "erase it again" in verified.err
    assert set() == grep(keep, *WORDS)
    assert payloads(4) == said(run, keep)


def test_an_index_of_the_first_version(run: Run, keep: Path) -> None:
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        db.execute("DROP TABLE erasures")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    ran = run(f"archive erase {ONE} --yes")

    assert 0 == ran.code
    assert 1 == len(listed(run, "erasures"))


# Odd words, and trouble here


def test_what_another_result_says_too_is_told(run: Run, keep: Path) -> None:
    run(f"archive erase {ONE} --yes")
    run(f"archive erase {sid('RE', 3)} --yes")
    both, alone = sorted(receipts(keep), key=lambda each: each["asked"] != ONE)

    assert f"{sid('RE', 1)}/{sid('XR', 2)}, which says some of the same" in str(both["not_reached"])
    assert "which says some of the same" not in str(alone["not_reached"])


def test_a_recording_of_which_nothing_is_made_yet(run: Run, keep: Path, account: Account) -> None:
    now = account.now()
    account.add(Recording(sid("RE", 7), now - 60, 60, sid("CA", 7)))
    ran = run(f"archive erase {sid('RE', 7)} --yes")
    account.add(
        Result(sid("RE", 7), sid("XR", 7), now - 50, now - 40),
        Payload(sid("XR", 7), sid("XH", 70), now - 40, "", "text/plain", 5, b"Later"),
    )
    codes = run("archive run").code, run("archive run --full").code

    assert (0, 0, 0) == (ran.code, *codes)
    assert payloads(1, 2, 3, 4) == said(run, keep)


@pytest.mark.parametrize("reason", ["\udcff\0\x1b[31m'); DROP", "é" * 500])
def test_a_reason_may_be_anything(run: Run, keep: Path, reason: str) -> None:
    ran = run("archive", "erase", ONE, "--yes", "--reason", reason)
    (row,) = listed(run, "erasures")

    assert 0 == ran.code
    assert row["reason"].rstrip("é").endswith("DROP") or row["reason"] == reason
    assert 0 == run(f"archive show --receipt {row['id']}").code
    assert 0 == run("archive rebuild").code
    assert 2 == run("archive", "erase", ONE, "--yes", "--reason", "x" * 501).code


def test_a_subaccounts_recording(run: Run, home: Path, account: Account) -> None:
    account.state.reset()
    recordings = json.loads(run(f"recordings list --account {sandbox.SUBACCOUNT} -f json").out)
    run("archive init keep")
    run("archive run --all-accounts")
    before = [row for row in listed(run, "results") if row["account_sid"] == sandbox.SUBACCOUNT]
    ran = run(f"archive erase {recordings[0]['sid']} --yes")

    assert before
    assert 0 == ran.code
    assert {row["sid"] for row in before} <= account.deleted()
    assert receipts(home / "keep")[0]["account"] == sandbox.SUBACCOUNT


def test_a_damaged_marker_of_a_single_payload_is_told(
    run: Run, keep: Path, account: Account
) -> None:
    marker = next(keep.glob(f"data/*/*/*/{sid('XR', 1)}/result.json"))
    marker.write_bytes(marker.read_bytes()[:-20])
    first = run(f"archive erase {ONE}/{sid('XH', 10)} --yes")
    run("archive verify --repair")
    second = run("archive erase --unfinished --yes")

    assert (1, 0) == (first.code, second.code)
    assert "result.json is damaged" in first.err
    assert sid("XH", 10) not in marker.read_text()
    assert 0 == run("archive verify").code


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


@pytest.mark.folder
def test_a_disk_that_is_full_leaves_it_open(run: Run, keep: Path, account: Account) -> None:
    line = [*PROGRAM, "archive", "erase", "--call", sid("CA", 1), "--yes"]
    ran = subprocess.run(line, preexec_fn=small_files, capture_output=True, text=True)
    status = run("archive status").code
    later = run("archive erase --unfinished --yes")

    assert 1 == ran.returncode
    assert "unexpected" not in ran.stderr
    assert (1, 0) == (status, later.code)
    assert set() == grep(keep, *WORDS)
    assert 0 == run("archive verify").code


@pytest.mark.folder
def test_ctrl_c_leaves_it_open(run: Run, keep: Path, account: Account) -> None:
    hung = threading.Event()

    def answer(method: str, path: str) -> int | None:
        if method == "DELETE" and not hung.is_set():
            hung.set()
            time.sleep(1)
        return None

    account.trouble = answer
    line = [*PROGRAM, "archive", "erase", sid("RE", 1), "--yes"]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
        hung.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    later = run("archive erase --unfinished --yes")

    assert 130 == process.returncode
    assert "--unfinished" in err
    assert 0 == later.code
    assert payloads(3, 4) == said(run, keep)


def test_completion_forgets_it_too(run: Run, keep: Path, home: Path) -> None:
    for recording in (sid("RE", 1), sid("RE", 3)):
        on_screen(f"results list {recording}")
        on_screen(f"payloads list {recording}")
    before = grep(home / "cache", sid("XR", 1), sid("XH", 10))
    run(f"archive erase --call {sid('CA', 1)} --yes")

    assert before
    assert set() == grep(home / "cache", sid("RE", 1), sid("XR", 1), sid("XH", 10), sid("CA", 1))
    assert grep(home / "cache", sid("XR", 4))


# In a bucket


@pytest.mark.folder
def test_in_a_bucket(run: Run, bucket: str, account: Account, home: Path) -> None:
    """Another machine has an index of its own, which learns of it."""
    fill(account)
    run(f"archive init {bucket}")
    run("archive run")
    index = index_of(bucket)
    shutil.copy(index, home / "older")
    retired = run("archive retire --from - --yes", stdin=f"{sid('RE', 3)}\n")
    ran = run(f"archive erase --call {sid('CA', 1)} --yes --reason why")
    names = [name for name in stored(bucket) if name.startswith("data/")]
    words = b"".join(stored(bucket).values()).lower()
    here = grep(index.parent, *WORDS)
    for each in index.parent.glob(f"{index.name}*"):
        each.unlink()
    shutil.copy(home / "older", index)
    older = grep(index.parent, *WORDS)
    again = run("archive run --full")

    assert (0, 0) == (retired.code, ran.code)
    assert {sid("XR", n) for n in (1, 2, 3, 4)} == account.deleted()
    assert all(sid("RE", 3) in name for name in names)
    assert b"wellington" in words
    assert not [each for each in WORDS if each in words]
    assert set() == here
    assert older
    assert 0 == again.code
    assert set() == grep(index.parent, *WORDS)
    assert 0 == run("archive verify").code


# At once, and killed


@pytest.mark.folder
def test_one_at_a_time(run: Run, keep: Path, account: Account) -> None:
    with (keep / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = run(f"archive erase {ONE} --yes")

    assert 5 == ran.code
    assert set() == account.deleted()


def test_somebody_who_reads_the_index_keeps_it_open(
    run: Run, keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log cannot be emptied under a reader: that is said, and done later."""
    monkeypatch.setattr("addonctl.archive.purge.PATIENCE", 100)
    with closing(sqlite3.connect(keep / "index.sqlite", isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM payloads").fetchone()
        ran = run(f"archive erase --call {sid('CA', 1)} --yes")
        open_still = grep(keep, *WORDS)
    later = run("archive erase --unfinished --yes")

    assert (5, 0) == (ran.code, later.code)
    assert "another program is reading the index" in ran.err
    assert open_still
    assert set() == grep(keep, *WORDS)


def kill_and_compare(run: Run, home: Path, account: Account, kills: int) -> None:
    """Killed at any instant and asked for again: it ends, and nothing is left of it."""
    account.state.reset(recordings=kills + 2, results=2, payloads=2)
    run("archive init keep")
    run("archive run")
    keep, chance, killed = home / "keep", random.Random(5), 0
    wanted = sorted({row["recording_sid"] for row in listed(run, "results")})[:kills]
    for recording in wanted:
        results = {
            row["sid"] for row in listed(run, "results") if row["recording_sid"] == recording
        }
        line = [*PROGRAM, "archive", "erase", recording, "--yes", "-q"]
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        account.requests = 0
        end, most = time.monotonic() + 60, chance.randrange(1, 7)
        while account.requests < most and process.poll() is None and time.monotonic() < end:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.08)
        killed += process.poll() is None
        process.kill()
        process.wait()
        assert 0 == run("archive run").code
        ran = run(f"archive erase {recording} --yes")
        assert 0 == ran.code, ran.err
        assert results <= account.deleted()
    assert all(each["complete"] for each in receipts(keep))
    names = {name.partition("/")[0] for name in grep(keep, *wanted)}
    assert names <= {"erased", "index.sqlite"}
    assert {row["asked"] for row in listed(run, "erasures")} == set(wanted)
    assert 0 == run("archive verify").code
    assert not {row["recording_sid"] for row in listed(run, "results")} & set(wanted)
    print(f"{killed} of {kills} killed")  # noqa: T201


@pytest.mark.folder
def test_killed_a_few_times(run: Run, home: Path, account: Account) -> None:
    kill_and_compare(run, home, account, 3)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.folder
def test_killed_sixty_times(run: Run, home: Path, account: Account) -> None:
    kill_and_compare(run, home, account, 60)

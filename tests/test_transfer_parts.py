"""`.part` files: which are ours, what becomes of them, and what is passed by."""

from __future__ import annotations

import fcntl
import gc
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.breaking import RECORDING, Breaking, Fault, breaking, files, some
from support.program import Run, open_below, until

NO_MD5 = '"in-parts-2"'
LINE = f"results download {RECORDING} --to keep"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Breaking]:
    monkeypatch.setattr("addonctl.transfer.source._pause", lambda failures: 0)
    with breaking(monkeypatch) as account:
        yield account


@pytest.fixture
def keep(home: Path) -> Path:
    return home / "keep"


@pytest.fixture
def part(account: Breaking, keep: Path) -> Path:
    """Where the part of the one payload there is will lie."""
    return keep / f"{account.add(some(1))}.addonctl.part"


def begun(run: Run, account: Breaking, keep: Path) -> tuple[str, Path, Path]:
    """A payload that a run has left in the middle: its address, its part, its note."""
    one = account.add(some(1), faults=[Fault("closed", 50_000)], etag=NO_MD5)
    run(f"{LINE} --retries 0")
    (part,) = keep.rglob("*.part")
    (note,) = keep.rglob("*.note")
    return one, part, note


def test_a_part_lies_beside_the_file_with_a_note(run: Run, account: Breaking, keep: Path) -> None:
    one, part, note = begun(run, account, keep)

    assert (part, note) == (keep / f"{one}.addonctl.part", keep / f"{one}.addonctl.note")
    assert part.read_bytes() == some(1)[:50_000]
    assert json.loads(note.read_text()) == {
        "made by": "addonctl", "payload": one[-34:], "etag": NO_MD5, "size": 70_001,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["report.json.part", "report.json.part.etag"])
@pytest.mark.parametrize("faults", [[], [Fault("closed", 50_000)]])
def test_a_users_own_part_is_never_touched(
    run: Run, account: Breaking, home: Path, name: str, faults: list[Fault]
) -> None:
    one = account.add(some(1), faults=faults)
    (home / name).write_text("mine")
    before = (home / name).stat()
    ran = run(f"payloads download {one} -o report.json")

    assert ran.code == 0
    assert (home / "report.json").read_bytes() == some(1)
    assert (home / name).stat() == before


# What is in the way

Obstacle = Callable[[Path, Path], object]


def _owned_by_another(place: Path, mine: Path) -> None:
    place.write_text("mine")
    os.chown(place, 65534, 65534)


OBSTACLES: dict[str, Obstacle] = {
    "file": lambda place, mine: place.write_text("mine"),
    "empty file": lambda place, mine: place.touch(),
    "large file": lambda place, mine: place.write_bytes(bytes(1_000_000)),
    "folder": lambda place, mine: place.mkdir(),
    "link": lambda place, mine: place.symlink_to(mine),
    "dangling link": lambda place, mine: place.symlink_to("nowhere"),
    "second name": lambda place, mine: place.hardlink_to(mine),
    "pipe": lambda place, mine: os.mkfifo(place),
    "another user's": _owned_by_another,
}


def described(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything in a folder: what it is, and what it holds."""
    found = {}
    for path in folder.rglob("*"):
        there = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        found[str(path)] = there.st_mode, there.st_ino, data
    return found


@pytest.mark.parametrize("obstacle", OBSTACLES)
@pytest.mark.parametrize("end", [".part", ".note"])
@pytest.mark.parametrize("faults", [[], [Fault("closed", 50_000)]])
def test_what_is_not_ours_is_passed_by(
    run: Run, account: Breaking, home: Path, part: Path,
    obstacle: str, end: str, faults: list[Fault],
) -> None:  # fmt: skip
    """Under another name, at once, and with nothing of it changed."""
    if obstacle == "another user's" and os.geteuid():
        pytest.skip("only root can give a file away")
    if (obstacle, end) == ("empty file", ".note"):
        pytest.skip("that is a note of ours which was never written")
    account.payload(f"XH{0:032x}").faults = faults
    (home / "mine").write_text("mine")
    part.parent.mkdir(parents=True)
    OBSTACLES[obstacle](part.with_suffix(end), home / "mine")
    before = described(home)
    ran = run(f"{LINE} --timeout 60s")
    after = described(home)
    saved = after.pop(str(part).replace(".addonctl.part", ".json"))

    assert ran.code == 0
    assert saved[2] == some(1)
    assert after == before


def test_all_names_taken_is_no_reason_to_fail(run: Run, account: Breaking, part: Path) -> None:
    part.parent.mkdir(parents=True)
    for infix in ("", ".2", ".3", ".4", ".5", ".6", ".7", ".8", ".9"):
        os.mkfifo(part.with_name(part.name.replace(".part", f"{infix}.part")))
    ran = run(LINE)

    assert ran.code == 0
    assert Path(str(part).replace(".addonctl.part", ".json")).read_bytes() == some(1)
    assert len(list(part.parent.iterdir())) == 10


def test_a_part_that_another_run_never_lets_go_is_passed_by(
    run: Run, account: Breaking, keep: Path
) -> None:
    """It is waited for for as long as for an answer, and left as it is."""
    one, part, note = begun(run, account, keep)
    with note.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = run(f"{LINE} --timeout 0.3s")

    assert ran.code == 0
    assert files(keep)[f"{one}.json"] == some(1)
    assert part.read_bytes() == some(1)[:50_000]
    assert note.exists()


@pytest.mark.parametrize("obstacle", ["link", "second name"])
def test_what_took_the_place_of_our_part_is_passed_by(
    run: Run, account: Breaking, home: Path, keep: Path, obstacle: str
) -> None:
    """Though the note beside it is ours."""
    one, part, _ = begun(run, account, keep)
    (home / "mine").write_text("mine")
    part.unlink()
    OBSTACLES[obstacle](part, home / "mine")
    ran = run(LINE)

    assert ran.code == 0
    assert (keep / f"{one}.json").read_bytes() == some(1)
    assert (home / "mine").read_text() == "mine"


# Notes

BAD_NOTES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda said: said[:40],
    "garbage after it": lambda said: said + b"}",
    "no version": lambda said: b'{"made by": "addonctl", "payload": 1}',
    "of another payload": lambda said: said.replace(b'"XH0', b'"XH1'),
    "a size that is none": lambda said: said.replace(b"70001", b'"70001"'),
    "a size of nothing": lambda said: said.replace(b"70001", b"0"),
    "a negative size": lambda said: said.replace(b"70001", b"-70001"),
    "a size like no disk's": lambda said: said.replace(b"70001", b"9" * 400),
    "a size that is not finite": lambda said: said.replace(b"70001", b"1e999"),
    "a true size": lambda said: said.replace(b"70001", b"true"),
    "an ETag with a header": lambda said: said.replace(b"parts-2", b"parts\\r\\nHost: evil"),
    "an ETag that is none": lambda said: said.replace(b'\\"in-parts-2\\"', b"in-parts-2"),
    "an ETag that is a list": lambda said: said.replace(b'"\\"in-parts-2\\""', b"[]"),
    "nested": lambda said: said[:-1] + b', "x": ' + b"[" * 1900 + b"]" * 10,
    "not text": lambda said: said[:-1] + b"\xff\xfe}",
}


@pytest.mark.parametrize("how", BAD_NOTES)
def test_a_bad_note_costs_nothing_but_its_resume(
    run: Run, account: Breaking, keep: Path, how: str
) -> None:
    one, part, note = begun(run, account, keep)
    said = note.read_bytes()
    note.write_bytes(BAD_NOTES[how](said))
    assert note.read_bytes() != said
    ran = run(LINE)

    assert ran.code == 0
    assert account.fetched()[-1].headers["Range"] is None
    assert files(keep) == {f"{one}.json": some(1)}


@pytest.mark.parametrize("said", [b"", b"{}", b"[]", b"null", b"mine", bytes(3_000)])
def test_a_note_without_our_mark_is_somebody_elses(
    run: Run, account: Breaking, keep: Path, said: bytes
) -> None:
    one, part, note = begun(run, account, keep)
    note.write_bytes(said)
    ran = run(LINE)

    assert ran.code == 0
    assert files(keep) == {
        f"{one}.json": some(1),
        f"{one}.addonctl.part": some(1)[:50_000],
        f"{one}.addonctl.note": said,
    }


@pytest.mark.parametrize("what", ["note", "empty note", "part and note", "second part"])
def test_what_a_killed_run_left_goes_once_the_file_is_whole(
    run: Run, account: Breaking, keep: Path, what: str
) -> None:
    """Killed before its part had a byte, between rename and note, or beside another run."""
    one, part, note = begun(run, account, keep)
    said = note.read_bytes()
    if what == "note":
        part.unlink()
    elif what == "empty note":
        part.unlink()
        note.write_bytes(b"")
    elif what == "second part":
        part.rename(part.with_name(f"{one[-34:]}.addonctl.2.part"))
        note.rename(note.with_name(f"{one[-34:]}.addonctl.2.note"))
    first = run(LINE)
    whole = files(keep)
    note.write_bytes(said)
    second = run(LINE)

    assert (first.code, second.code) == (0, 0)
    assert whole == files(keep) == {f"{one}.json": some(1)}


@pytest.mark.parametrize("what", ["somebody else's", "in use"])
def test_what_is_not_left_by_a_killed_run_stays_once_the_file_is_whole(
    run: Run, account: Breaking, keep: Path, what: str
) -> None:
    one, part, note = begun(run, account, keep)
    infix = "" if what == "in use" else ".2"
    for path in (part, note):
        path.rename(path.with_name(path.name.replace(".addonctl.", f".addonctl{infix}.")))
    said = note.with_name(note.name.replace(".addonctl.", f".addonctl{infix}."))
    if what == "somebody else's":
        said.write_bytes(b"mine")
    before = described(keep)
    with said.open("rb") as held:
        if what == "in use":
            fcntl.flock(held, fcntl.LOCK_EX)
        codes = [run(f"{LINE} --timeout 0.3s").code for _ in range(2)]
    after = described(keep)

    assert codes == [0, 0]
    assert after.pop(str(keep / f"{one}.json"))[2] == some(1)
    assert after == before


def test_nothing_stays_open(run: Run, account: Breaking, keep: Path) -> None:
    """Neither what was compared, nor what was fetched, nor the folders."""
    account.add(some(1), faults=[Fault("closed", 50_000)])
    account.add(some(2), etag=NO_MD5)
    for more in ("--retries 0", "", "--check", "--clobber", "--delete-after --yes"):
        run(f"{LINE} {more}")

    def opened() -> list[Path]:
        gc.collect()
        return open_below(keep)

    until(lambda: not opened())  # workers that are about to end hold the folder until then

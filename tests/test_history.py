"""What lists leave for completion: the SIDs somebody saw, and nothing else."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.terminal import Terminal

from addonctl import files, history, sandbox
from addonctl.models import Payload, Recording, Result

CREATED = "Wed, 18 Nov 2026 10:00:00 +0000"


def recording(number: int, **other: str) -> Recording:
    return Recording({"sid": f"RE{number:032x}", "date_created": CREATED, **other})


def line(number: int, about: str = "") -> str:
    return f"RE{number:032x}\t{about}"


@pytest.fixture
def file(home: Path) -> Path:
    return home / "cache" / "addonctl" / "history" / f"{sandbox.ACCOUNT}.txt"


def at_a_terminal(line: str, code: int = 0) -> str:
    """Run the program as a person does: every stream a terminal."""
    terminal = Terminal(line)

    assert terminal.end() == code
    return terminal.shown


def test_a_list_at_a_terminal_is_remembered_by_its_owner_alone(file: Path) -> None:
    shown = at_a_terminal("-p sandbox recordings list --format sids").split()
    kept = [each.split("\t")[0] for each in file.read_text().splitlines()]

    assert kept == shown
    assert {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.glob("[!.]*")) == [file]


def test_what_was_listed_last_comes_first_and_brings_its_parent_up(file: Path) -> None:
    recordings = at_a_terminal("-p sandbox recordings list --format sids").split()
    oldest = recordings[-1]
    results = at_a_terminal(f"-p sandbox results list {oldest} --format sids").split()
    kept = [each.split("\t")[0] for each in file.read_text().splitlines()]

    assert kept == [oldest, *results, *recordings[:-1]]


def test_a_list_that_nobody_saw_is_not_remembered(file: Path) -> None:
    """In a pipe, with stderr in a file: a script's lists are nothing to complete."""
    subprocess.run(
        [sys.executable, "-m", "addonctl", "-p", "sandbox", "recordings", "list"],
        capture_output=True,
        check=True,
    )

    assert not file.exists()


def test_a_list_that_failed_is_not_remembered(file: Path) -> None:
    at_a_terminal(f"-p sandbox results list RE{0:032x}", code=3)

    assert not file.exists()


def test_the_user_can_turn_it_off(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDONCTL_NO_HISTORY", "1")
    at_a_terminal("-p sandbox recordings list")

    assert not file.exists()


def test_a_folder_that_cannot_be_written_disturbs_nobody(file: Path) -> None:
    file.parent.parent.mkdir(parents=True)
    file.parent.write_text("a file where the folder should be")

    assert "addonctl: " not in at_a_terminal("-p sandbox recordings list")


def test_a_damaged_file_is_mended(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(
        b"\xff\x00junk\n\n; rm -rf\n" + f"{line(1)}\nRE12\n".encode() + b"RE" + b"1" * 32
    )
    history.remember(sandbox.ACCOUNT, [line(2, "new")])

    assert file.read_text() == f"{line(2, 'new')}\n{line(1)}\n"


def test_it_stays_small(file: Path) -> None:
    """However many lists there were."""
    for first in range(0, 1000, 200):
        new = [line(number, "x" * 60) for number in range(first, first + 200)]
        history.remember(sandbox.ACCOUNT, new)
    lines = file.read_text().splitlines()

    assert len(lines) == history.LINES
    assert lines[:200] == [line(number, "x" * 60) for number in range(800, 1000)]


def test_one_that_others_made_large_is_made_small(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("".join(f"{line(number, 'old')}\n" for number in range(100_000)))
    history.remember(sandbox.ACCOUNT, [line(100_001, "new")])
    lines = file.read_text().splitlines()

    assert len(lines) == history.LINES
    assert lines[:2] == [line(100_001, "new"), line(0, "old")]


def test_one_list_does_not_push_out_all_others() -> None:
    lines: list[str] = []
    pages = [[recording(n) for n in range(page * 100, page * 100 + 100)] for page in range(5)]

    assert list(history.noted(pages, lines)) == pages
    assert len(lines) == history.SHARE


def test_accounts_are_kept_apart(file: Path) -> None:
    history.remember(sandbox.ACCOUNT, [line(1)])
    history.remember(sandbox.SUBACCOUNT, [line(2)])

    assert file.read_text() == f"{line(1)}\n"
    assert (file.parent / f"{sandbox.SUBACCOUNT}.txt").read_text() == f"{line(2)}\n"


@pytest.mark.parametrize(
    ("record", "about"),
    [
        (recording(1, status="completed"), "completed, 2026-11-18 10:00"),
        (
            Payload(
                {
                    "sid": "XH" + "3" * 32,
                    "reference_sid": f"RE{1:032x}",
                    "add_on_result_sid": "XR" + "2" * 32,
                    "label": "\x1b[31m$(boom)\n`x`\u202e…" + "x" * 100,
                }
            ),
            "[31m$(boom) `x` " + "x" * 44,
        ),
    ],
)
def test_what_is_said_of_a_record_is_printable_and_short(
    record: Recording | Payload, about: str
) -> None:
    lines: list[str] = []
    list(history.noted([[record]], lines))

    assert lines == [f"{record.address}\t{about}"]


def test_what_options_take_is_kept_for_them() -> None:
    """The other SIDs of a record, and its label."""
    call, conference, add_on = "CA" + "1" * 32, "CF" + "2" * 32, "XB" + "3" * 32
    payload = {
        "sid": "XH" + "3" * 32,
        "reference_sid": f"RE{1:032x}",
        "add_on_result_sid": "XR" + "2" * 32,
        "add_on_sid": add_on,
        "add_on_configuration_sid": "none",
        "label": "it's a\\$(label)",
    }
    lines: list[str] = []
    records = [recording(1, call_sid=call, conference_sid=conference), Payload(payload)]
    list(history.noted([records], lines))
    seen = [history.Shown(*each.split("\t")) for each in lines]

    assert [each.words("CA") for each in seen] == [[call], []]
    assert [each.words("CF") for each in seen] == [[conference], []]
    assert [each.words("XB") for each in seen] == [[], [add_on]]
    assert [each.words("XE") for each in seen] == [[], []]
    assert [each.words("label") for each in seen] == [[], ["it's a\\$(label)"]]


@pytest.mark.parametrize("label", ["caf\u00e9", "two\nlines", "tab\there", "[a-z]", "x" * 61])
def test_a_label_that_could_not_be_typed_back_is_left_out(label: str) -> None:
    payload = {"sid": "XH" + "3" * 32, "reference_sid": f"RE{1:032x}", "label": label}
    payload["add_on_result_sid"] = "XR" + "2" * 32
    lines: list[str] = []
    list(history.noted([[Payload(payload)]], lines))

    assert history.Shown(*lines[0].split("\t")).label == ""


def test_what_earlier_versions_wrote_is_read(file: Path) -> None:
    """An address and a few words, or the address alone; what is odd is left out."""
    file.parent.mkdir(parents=True)
    file.write_text(f"{line(1, 'completed')}\n{line(2).strip()}\nRE3\todd\n{line(4)}\ta\tb\tc\td\n")

    assert history.recall(sandbox.ACCOUNT) == [
        history.Shown(f"RE{1:032x}", "completed"),
        history.Shown(f"RE{2:032x}"),
    ]
    assert history.recall(sandbox.SUBACCOUNT) == []


def test_a_record_without_a_whole_address_is_left_out() -> None:
    lines: list[str] = []
    list(history.noted([[Result({"sid": "XR1", "reference_sid": "RE1"}), Result({})]], lines))

    assert lines == []


def test_many_lists_at_once_lose_nothing(file: Path) -> None:
    """Several processes, each with several lists, and one file for all."""
    code = (
        "import sys; from addonctl import history\n"
        "for line in sys.argv[1:]:\n"
        f"    history.remember({sandbox.ACCOUNT!r}, [line])"
    )
    lines = [[line(10 * process + n, "x" * 40) for n in range(5)] for process in range(4)]
    running = [subprocess.Popen([sys.executable, "-c", code, *each]) for each in lines]
    codes = [each.wait() for each in running]

    assert codes == [0] * 4
    assert sorted(file.read_text().splitlines()) == sorted(line for each in lines for line in each)


def test_a_terminal_that_hangs_holds_up_no_other(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that cannot be written down at once is forgotten."""
    monkeypatch.setattr(history, "PATIENCE", 0)
    with files.locked(file):
        history.remember(sandbox.ACCOUNT, [line(1)])

    assert not file.exists()


def test_without_a_home_nothing_is_remembered_and_nobody_is_disturbed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "relative")
    monkeypatch.setattr("pwd.getpwuid", dict[int, object]().__getitem__)
    history.remember(sandbox.ACCOUNT, [line(1)])

    assert history.recall(sandbox.ACCOUNT) == []
    assert [each for each in home.rglob("*") if each.is_file()] == []

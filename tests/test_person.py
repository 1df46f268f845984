"""Nothing is mute at a terminal: what is waited for, how far it has come, why it does not move."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.account import Account
from support.program import Run
from support.scripted import Scripted, answer, scripted
from support.terminal import ESCAPE, Terminal, on_screen

PENDING = "REb53607bf941f24d7cd847655a9a8ad30"
OPEN = ("queued", "init", "processing", "in-progress")
RECORDING = "RE" + "1" * 32
RESULTS: dict[str, object] = {"add_on_results": [], "next_page_uri": None}


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A service that is busy once, and then has nothing."""
    answers = iter([answer({"message": "Too Many Requests"}, 429), answer(RESULTS, 200)])
    with scripted(lambda _: next(answers)) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "a" * 32)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", "a-token")
        yield server


def test_a_wait_shows_what_it_waits_for() -> None:
    line = f"-p sandbox results wait {PENDING} --timeout 3 --interval 1"
    code, _, err = on_screen(line)
    shown = ESCAPE.sub("", err)

    assert 8 == code
    assert "1 queued" in shown
    assert "1 in-progress" in shown


def pending(run: Run) -> list[str]:
    """The addresses of the sandbox's results that are not final."""
    rows = run("-p sandbox results list --all -f csv --fields reference_sid,sid,status").out
    words = [row.split(",") for row in rows.splitlines()[1:]]
    return [f"{recording}/{result}" for recording, result, status in words if status in OPEN]


# A format that flows takes the bar's place at once, where some are final: a table waits.
@pytest.mark.parametrize("which", [f"{PENDING} -f sids", "--all --any-end"])
def test_ctrl_c_of_a_wait_names_what_is_pending(run: Run, which: str) -> None:
    terminal = Terminal(f"-p sandbox results wait {which} --interval 30")
    terminal.wait_for("queued")
    terminal.type("\x03")

    assert 130 == terminal.end()
    *before, last = (line for line in ESCAPE.sub("", terminal.shown).splitlines() if line.strip())
    assert "results final, pending: " in last
    assert all(address in last for address in pending(run))
    assert not any("addonctl:" in line for line in before)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_ctrl_c_leaves_nothing_of_a_bar(columns: int) -> None:
    """Also where a terminal shows ^C at the end of a line that is full."""
    terminal = Terminal(f"-p sandbox results wait {PENDING} --interval 30 -f sids", columns)
    terminal.wait_for("queued")
    terminal.type("\x03")

    assert 130 == terminal.end()
    assert not [line for line in terminal.screen() if "━" in line]


@pytest.mark.parametrize("columns", [80, 120])
def test_however_much_is_said_beside_it_a_bar_is_whole(columns: int) -> None:
    line = "-p sandbox results wait --all --any-end --interval 30"
    terminal = Terminal(line, columns)
    terminal.wait_for("canceled")
    (bar,) = (line for line in terminal.screen() if "━" in line)
    terminal.type("\x03")

    assert 130 == terminal.end()
    assert re.match(r"recordings [━╸╺]{20} \d/5 ", bar)


def test_ctrl_d_alone_ends_a_list_without_addresses() -> None:
    code, out, err = on_screen("-p sandbox results get - -f sids", stdin=b"\x04")

    assert (0, "") == (code, out)
    assert "the list is empty" in err


def test_a_pause_is_said_on_a_terminal_alone(busy: Scripted) -> None:
    code, _, err = on_screen(f"results list {RECORDING}")

    assert 0 == code
    assert "busy (429), again in" in ESCAPE.sub("", err)
    assert "1 of 5" in ESCAPE.sub("", err)


def test_off_a_terminal_a_pause_is_not_said(run: Run, busy: Scripted) -> None:
    ran = run(f"results list {RECORDING}")

    assert (0, "") == (ran.code, ran.err)


def test_addresses_typed_at_a_terminal_are_asked_for() -> None:
    line = "-p sandbox results get - -f sids"
    code, out, err = on_screen(line, stdin=b"RE73640dced2490fa811f54a87139210ee\n\x04")

    assert 2 == code
    assert "Ctrl-D ends the list" in ESCAPE.sub("", err)
    assert "" == out


def test_progress_has_a_total_where_one_page_is_all() -> None:
    code, _, err = on_screen("-p sandbox results list --all -f sids", only="stderr")

    assert 0 == code
    assert "/5" in ESCAPE.sub("", err)


def test_progress_has_a_total_for_a_file_of_addresses(home: Path, run: Run) -> None:
    listed = run("-p sandbox results list --all -f sids").out
    (home / "list.txt").write_text(listed)
    code, _, err = on_screen("-p sandbox results get --from list.txt -f sids", only="stderr")

    assert 0 == code
    assert f"/{len(listed.split())}" in ESCAPE.sub("", err)


def test_counts_have_bars_on_a_terminal_alone(run: Run) -> None:
    line = "-p sandbox results stats --all --by add-on"
    code, out, _ = on_screen(f"{line} --no-pager")

    assert 0 == code
    assert "█" * 30 in out
    assert "█" not in run(line).out
    assert "bar" not in run(f"{line} -f json").out


@pytest.mark.parametrize(
    ("words", "colored"),
    [("--color always", True), ("--color never", False), ("", True), ("--color NEVER", False)],
)
def test_colours_as_asked_for(words: str, colored: bool) -> None:
    code, out, _ = on_screen(f"-p sandbox results list --all {words} --no-pager")

    assert 0 == code
    assert colored == ("\x1b[3" in out)


def test_a_colour_that_is_none(run: Run) -> None:
    ran = run("-p sandbox results list --all --color blue")

    assert (2, "") == (ran.code, ran.out)
    assert "always, never, auto" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--created-before 2100-01-01", "made before 2100-01-01 00:00:00 UTC"),
        ("--created-before 2100-01-01T01:00+02:00", "made before 2099-12-31 23:00:00 UTC"),
        ("--since 2001-02-03", "of recordings made since 2001-02-03 00:00:00 UTC"),
        ("", "results for good, on account"),
    ],
)
def test_a_question_tells_its_dates_in_utc(words: str, said: str) -> None:
    line = f"-p sandbox results delete --all {words}"
    code, out, err = on_screen(line, stdin=b"n\n", only="stderr")

    assert (1, "") == (code, out)
    assert said in err
    assert "(profile sandbox)? [y/N]" in err
    assert 5 == len(re.findall(r"  RE\w{32}/XR\w{32}", err))


def test_more_than_a_hundred_on_a_real_account_want_their_number(account: Account) -> None:
    account.state.reset(recordings=101, results=1, payloads=1)
    line = "results delete --all --max-delete 200"
    refused, _, asked = on_screen(line, stdin=b"y\n", only="stderr")
    ended, _, err = on_screen("results delete --all --dry-run -f sids", only="stderr")
    agreed, out, _ = on_screen(f"{line} -f sids", stdin=b"101\n", only="stderr")

    assert "delete 101 results for good, on account" in asked
    assert "(login from variables)? Type 101 to go on:" in asked
    assert "and 96 more" in asked
    assert (1, 0, 0) == (refused, ended, agreed)
    assert "would delete 101 results" in err
    assert 101 == len(out.splitlines())

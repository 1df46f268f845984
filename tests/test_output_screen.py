"""What a person sees: a pseudo-terminal of four widths, its screen read back by an emulator."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from support.documents import RE, XR, listed, page, payload, result
from support.program import Run
from support.scripted import answer
from support.terminal import ESCAPE, on_screen, screen_of

pytest.importorskip("pty", reason="this system has no pseudo-terminals")

WIDTHS = [80, 100, 120, 200]
SID = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")
CALL = "RE73640dced2490fa811f54a87139210ee"
TRANSCRIPT = "XR68b652bc56ffb143af7cdb76f8cbc0ef"
TEXT = "XH490b86aebe891b7656eebf1333bc7523"
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def ago(**parts: float) -> str:
    """The service's date for a moment in the past."""
    return format_datetime(datetime.now(UTC) - timedelta(**parts))


def seen(line: str, columns: int) -> tuple[list[str], list[str]]:
    """The lines of a screen, and what is said beside them, of a command that does well."""
    code, out, err = on_screen(line, columns)
    assert code == 0, err
    said = [part for part in ESCAPE.sub("", err).replace("\r", "\n").split("\n") if part.strip()]
    shown = screen_of(out, columns)
    assert len(shown) == (out.count("\n") or 1), "a line was wrapped by the terminal"
    return shown, [part for part in said if "━" not in part]


@pytest.mark.parametrize("columns", WIDTHS)
def test_results_stand_under_their_recordings_whole(columns: int) -> None:
    """Each recording says when it was, how long, and which call; no SID is cut."""
    lines, said = seen("-p sandbox results list --all", columns)
    heads = [line for line in lines if line.startswith("RE")]
    rows = [line for line in lines if line.startswith("  XR")]
    first = lines.index(heads[0])

    assert lines[0].split()[:4] == ["sid", "status", "date_created", "expires"]
    assert len(heads) == 4
    assert len(rows) > 10
    assert re.match(r"RE[0-9a-f]{32}  \d+h ago  (\d+:)?\d+:\d\d", heads[0])
    assert re.search(r"CA[0-9a-f]{32}$", heads[0] if columns > 84 else lines[first + 1])
    assert all(re.match(r"  XR[0-9a-f]{32}  [a-z-]+ +<?\d+h ago +in <?\d+h", row) for row in rows)
    hidden = ["1 column hidden (add_on_sid): add --fields, or a wider terminal"]
    assert said == (hidden if columns < 110 else [])
    assert all("XB" in row for row in rows) == (columns >= 110)


def test_typed_recordings_have_headings_like_all_of_them() -> None:
    recordings = [CALL, "REb53607bf941f24d7cd847655a9a8ad30"]
    lines, _ = seen(f"-p sandbox results list {' '.join(recordings)}", 120)
    every, _ = seen("-p sandbox results list --all", 120)
    headings = [line for line in lines if line.startswith("RE")]

    assert recordings == [line[:34] for line in headings]
    assert all(re.search(r"ago  0:\d\d  CA[0-9a-f]{32}$", line) for line in headings)
    assert {line.partition("ago")[2] for line in headings} <= {
        line.partition("ago")[2] for line in every
    }


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_bars_are_as_long_as_the_terminal_lets_them_be(columns: int) -> None:
    lines, _ = seen("-p sandbox results stats --all --by status,add-on", columns)
    counted = [line.split()[2:] for line in lines[1:]]
    most = max(int(count) for count, _ in counted)
    longest = max(len(bar) for _, bar in counted)

    assert (24 <= longest <= 30) if columns == 80 else longest == 30
    assert all(abs(len(bar) - longest * int(count) / most) <= 1 for count, bar in counted)


@pytest.mark.parametrize("columns", WIDTHS)
def test_one_recordings_results_name_it_too(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    with listed(monkeypatch, page("add_on_results", [result(1), result(2)])):
        lines, _ = seen(f"results list {RE}", columns)

    assert lines[1] == RE
    assert [SID.findall(line)[0] for line in lines[2:]] == [result(n)["sid"] for n in (1, 2)]


@pytest.mark.parametrize("columns", WIDTHS)
def test_payloads_stand_under_their_results(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    other = "XR" + "a" * 32
    rows = [payload(1), payload(2, label="a b " * 20), payload(3, add_on_result_sid=other)]
    with listed(monkeypatch, page("payloads", rows)):
        lines, said = seen(f"payloads list {RE} {XR}", columns)
    heads = [line for line in lines if line.startswith("RE")]

    assert heads == [f"{RE}/{XR}", f"{RE}/{other}"]
    assert [SID.findall(line)[0] for line in lines if line.startswith("  XH")] == [
        row["sid"] for row in rows
    ]
    assert " ".join(lines).count("a b") > 5
    assert bool(said) == (columns == 80)


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_sid_within_a_text_is_not_cut_either(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    label = f"of {RE} and others, as the vendor has it"
    with listed(monkeypatch, page("payloads", [payload(label=label)])):
        lines, _ = seen(f"payloads list {RE} {XR}", columns)

    assert [sid for line in lines[2:] for sid in SID.findall(line)].count(RE) == 1


@pytest.mark.parametrize("columns", WIDTHS)
def test_what_a_batch_did_is_told_outcome_first_and_whole(columns: int, home: Path) -> None:
    """Folded where it does not fit, at slashes: nothing of an address or a path is left out."""
    lines, said = seen(f"-p sandbox results download {CALL} --to keep", columns)
    text = "".join(line.strip() for line in lines)
    files = [str(file.relative_to(home)) for file in sorted((home / "keep").rglob("XH*"))]

    assert len(files) == 4
    assert said == ["saved 4 payloads"]
    for file in files:
        address = file.removeprefix("keep/").partition(".")[0]
        assert address in text
        assert file in text
    assert [line.split()[0] for line in lines if not line.startswith(" ")].count("saved") == 4


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_failure_of_a_batch_says_why_below_its_address(columns: int) -> None:
    gone = f"{CALL}/XR{'0' * 32}"
    code, out, err = on_screen(
        f"-p sandbox results delete --yes {gone} {CALL}/{TRANSCRIPT}", columns
    )
    lines = screen_of(out, columns)
    text = " ".join(line.strip() for line in lines)

    assert code == 6
    assert any(line.startswith("not-found  RE") for line in lines)
    assert any(line.startswith("deleted    RE") for line in lines)
    assert "was not found" in text
    assert text.replace("/ ", "/").count(gone) == 1


def test_a_single_deletion_is_one_plain_line() -> None:
    lines, said = seen(f"-p sandbox results delete --yes {CALL} {TRANSCRIPT}", 100)

    assert lines == [f"deleted  {CALL}/{TRANSCRIPT}"]
    assert not said


def test_a_single_file_is_one_plain_line(home: Path) -> None:
    """Not folded, so that it can be copied; saved, and there when asked for again."""
    line = f"-p sandbox payloads download {CALL} {TRANSCRIPT} {TEXT} --to keep"
    (saved, said), (skipped, said_again) = seen(line, 400), seen(line, 400)
    file = f"keep/{CALL}/{TRANSCRIPT}/{TEXT}.txt"

    assert [[f"saved  {file}"], [f"skipped  {file}"]] == [saved, skipped]
    assert not said + said_again


def test_a_single_failure_is_a_plain_line_and_the_error() -> None:
    gone = f"{CALL}/XR{'0' * 32}"
    code, out, err = on_screen(f"-p sandbox results delete --yes {gone}", 400)

    assert 3 == code
    assert f"not-found  {gone}\n" == out
    assert 1 == ESCAPE.sub("", err).count("was not found")


def test_a_failure_of_a_batch_is_told_at_once_too() -> None:
    """A line each on a terminal's stderr, named even where its reason names nothing."""
    gone = [f"{CALL}/XR{number:032x}" for number in range(3)]
    line = f"-p sandbox results delete --yes {' '.join(gone)} {CALL}/{TRANSCRIPT}"
    code, out, err = on_screen(line, 400, only="stderr")
    lines = [line for line in screen_of(err, 400) if "was not found" in line]

    assert 6 == code
    assert [each[-34:] in line for each, line in zip(gone, lines, strict=True)] == [True] * 3
    _, out, err = on_screen(line, 400, only="stdout")
    assert "addonctl: deleted 0 of 4" in err.splitlines()[0]


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize(
    "line",
    [
        "-p sandbox auth status",
        f"-p sandbox results get {CALL} {TRANSCRIPT}",
    ],
)
def test_one_record_is_lines(line: str, columns: int) -> None:
    lines, said = seen(line, columns)

    assert said == []
    assert all(re.match(r"[a-z_]+:( +\S.*)?$", each) for each in lines)
    assert len({len(re.match(r"[a-z_]+: +", each)[0]) for each in lines if " " in each}) == 1  # type: ignore[index]


def test_one_record_without_its_header_is_values_alone() -> None:
    line = f"-p sandbox results get {CALL} {TRANSCRIPT} --fields sid,status"

    assert seen(line, 100) == ([f"sid:    {TRANSCRIPT}", "status: completed"], [])
    assert seen(f"{line} --no-header", 100) == ([TRANSCRIPT, "completed"], [])


@pytest.mark.parametrize("columns", WIDTHS)
def test_logins_are_a_table_only_where_none_of_it_is_hidden(run: Run, columns: int) -> None:
    """Whether a login was taken stands there at any width."""
    for name in ("one", "two"):
        login = f"auth login {name} --account AC{'1' * 32} --insecure-storage --no-verify"
        assert run(f"{login} --secret-stdin", stdin="secret\n").code == 0
    code, out, _ = on_screen("auth list", columns)
    lines = screen_of(out, columns)

    assert code == 0
    assert sum("AC" + "1" * 32 in line for line in lines) == 2
    assert (lines[0].split()[:2] == ["profile", "in_use"]) == (columns >= 100)
    assert ("storage:" in out) == (columns < 100)


def test_an_age_column_has_one_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    """That which tells the nearest from now, unless the farthest took a thousand of it."""
    units = {}
    cases: dict[str, list[dict[str, float]]] = {
        "near": [{"minutes": 3}, {"minutes": 500}],
        "both": [{"seconds": 90}, {"days": 28}],
        "far": [{"hours": 1}, {"days": 400}],
        "days": [{"days": 2.5}, {"days": 29}],
    }
    for name, spans in cases.items():
        rows = [result(at, date_created=ago(**span)) for at, span in enumerate(spans)]
        with listed(monkeypatch, page("add_on_results", rows)):
            lines, _ = seen(f"results list {RE} --fields date_created", 80)
        units[name] = lines[1:]

    assert units == {
        "near": ["3m ago", "500m ago"],
        "both": ["<1h ago", "672h ago"],
        "far": ["<1d ago", "400d ago"],
        "days": ["2d ago", "29d ago"],
    }


def test_lengths_are_shown_as_a_clock_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"sid": RE, "duration": text} for text in ("1260", 74, "3661", "0", None, "-1", [5])]
    with listed(monkeypatch, page("recordings", rows)):
        lines, _ = seen("recordings list --fields duration,sid --no-header", 80)

    assert [line.replace(RE, "").strip() for line in lines] == [
        "21:00", "1:14", "1:01:01", "0:00", "", "-1", "[5]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "noun"),
    [
        ("recordings list --call CA" + "0" * 32, "recordings"),
        ("results list --all --status failed --created-after 1s", "results"),
        (f"payloads list {CALL} {TRANSCRIPT} --label nothing", "payloads"),
    ],
)
def test_nothing_is_said_to_be_nothing(line: str, noun: str) -> None:
    for options, beside in (("", f"no {noun}"), ("-f json", ""), ("--quiet", "")):
        _, said = seen(f"-p sandbox {line} {options}", 120)

        assert said == ([beside] if beside else [])


def test_a_long_list_ends_with_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    with listed(monkeypatch, page("add_on_results", [result(at) for at in range(60)])):
        _, said = seen(f"results list {RE}", 120)
        _, quiet = seen(f"results list {RE} --quiet", 120)
    with listed(monkeypatch, page("add_on_results", [result(at) for at in range(20)])):
        _, short = seen(f"results list {RE}", 120)

    assert (said, quiet, short) == (["60 results"], [], [])


def test_off_a_terminal_nothing_of_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with listed(monkeypatch, page("add_on_results", [result(at) for at in range(60)])):
        _, _, beside_a_pipe = on_screen(f"results list {RE}", 80, only="stderr")
        _, _, into_a_file = on_screen(f"results list {RE}", 80, only="stdout")

    assert (beside_a_pipe, into_a_file) == ("", "")


def test_json_on_a_terminal_is_in_colour_and_means_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [result(1, cost=[-1.5e3, None, True, 'a"b: 1 null']), result(2)]
    with listed(monkeypatch, page("add_on_results", rows)):
        for options, read in (
            ("-f json", json.loads),
            ("-f jsonl", lambda text: [json.loads(line) for line in text.splitlines()]),
            ("-f json --query '[]'", json.loads),
        ):
            _, colored, _ = on_screen(f"results list {RE} {options}")
            _, plain, _ = on_screen(f"results list {RE} {options} --no-color")

            assert read(COLOR.sub("", colored)) == read(plain) == rows
            assert '\x1b[1;34m"sid"\x1b[0m:' in colored
            assert '\x1b[32m"a\\"b: 1 null"\x1b[0m' in colored
            assert "\x1b[36m-1500.0\x1b[0m" in colored
            assert "\x1b" not in plain


@pytest.mark.parametrize(
    ("environment", "colored"),
    [
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
        ({}, False),
    ],
)
def test_colours_can_be_had_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, Any], colored: bool
) -> None:
    """They are all that changes there."""
    rows = [result(1), result(2, status="failed")]
    with listed(monkeypatch, page("add_on_results", rows)):
        for options in ("", "-f json", "--fields status --no-header"):
            line = f"results list {RE} {options}"
            _, plain, _ = on_screen(line, only="stderr")
            _, out, _ = on_screen(line, only="stderr", **environment)

            assert ("\x1b[3" in out) == colored
            assert COLOR.sub("", out) == plain


class TestPager:
    """A program that is given long answers on a terminal."""

    @pytest.fixture(autouse=True)
    def many(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        with listed(monkeypatch, page("add_on_results", [result(at) for at in range(60)])) as it:
            yield it

    @pytest.fixture
    def pager(self, home: Path) -> str:
        """Notes what it gets, and shows it."""
        script = "import sys; text = sys.stdin.read(); print(text, end='')\n"
        script += "with open('paged', 'w') as paged: paged.write(text)\n"
        (home / "pager.py").write_text(script)
        return f"{sys.executable} '{home / 'pager.py'}'"

    @pytest.mark.parametrize("name", ["PAGER", "ADDONCTL_PAGER"])
    def test_a_long_table_is_given_to_it(self, home: Path, pager: str, name: str) -> None:
        environment: dict[str, Any] = {"PAGER": "false", name: pager}
        unset = ("ADDONCTL_PAGER",) if name == "PAGER" else ()
        code, out, err = on_screen(f"results list {RE}", unset=unset, **environment)

        assert code == 0
        assert (home / "paged").read_text() == out
        assert out.count("XR") == 60
        assert err == "60 results\n"

    @pytest.mark.parametrize(
        ("line", "environment"),
        [
            ("--limit 5", {}),
            ("-f csv", {}),
            ("", {"TERM": "dumb"}),
            ("", {"ADDONCTL_PAGER": ""}),
            ("", {"LINES": "500"}),
        ],
    )
    def test_it_is_not_asked_for(
        self, home: Path, pager: str, line: str, environment: dict[str, Any]
    ) -> None:
        _, out, _ = on_screen(
            f"results list {RE} {line}", **{"ADDONCTL_PAGER": pager, **environment}
        )

        assert out.count("XR") >= 5
        assert not (home / "paged").exists()

    def test_a_pipe_never_gets_to_it(self, home: Path, pager: str) -> None:
        _, out, _ = on_screen(f"results list {RE}", only="stderr", ADDONCTL_PAGER=pager)

        assert out.count("XR") == 60
        assert not (home / "paged").exists()

    @pytest.mark.parametrize("pager", ["no-such-pager", "'", "true", "false"])
    def test_one_that_does_not_read_loses_no_exit_code(self, pager: str) -> None:
        code, out, err = on_screen(f"results list {RE}", ADDONCTL_PAGER=pager)

        assert code == 0
        assert out.count("XR") == (0 if pager in ("true", "false") else 60)
        assert err == "60 results\n"

    def test_less_is_used_where_it_is(self) -> None:
        """It shows the first screen, waits for a key, and Ctrl-C is its own."""
        import shutil

        import pexpect

        if not shutil.which("less"):
            pytest.skip("less is not installed")
        child = pexpect.spawn(
            sys.executable,
            ["-m", "addonctl", "results", "list", RE],
            encoding="utf-8",
            dimensions=(20, 120),
            timeout=30,
        )
        child.expect_exact(result(10)["sid"])
        child.send("\x03")
        child.send("G")
        child.expect_exact(result(59)["sid"])
        child.send("q")
        child.expect_exact("60 results")
        child.expect(pexpect.EOF)
        child.close()

        assert child.exitstatus == 0


def test_a_person_reads_an_error_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    with listed(monkeypatch, answer({"code": 20404, "message": "no\r\nmore"}, 404)):
        code, out, err = on_screen(f"results list {RE} --no-color")

    assert (code, out) == (3, "")
    assert "\ncode 20404\n" in err

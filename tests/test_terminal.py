"""A real terminal, as far as a program can tell: a pseudo-terminal of some width."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from support.documents import HOSTILE, RE, XH, XR, listed, page, pages, payload, result
from support.scripted import Scripted, answer
from support.terminal import ESCAPE, on_screen

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")

COLOR = re.compile(r"\x1b\[[0-9;]*m")


def ago(**parts: float) -> str:
    """The service's date for a moment in the past."""
    from datetime import UTC, datetime, timedelta
    from email.utils import format_datetime

    return format_datetime(datetime.now(UTC) - timedelta(**parts))


ROWS = [
    result(1, status="completed", date_created=ago(hours=3)),
    result(2, status="failed", date_created=ago(days=28, hours=1)),
    result(3, status="in-progress", date_created=ago(seconds=200)),
]


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> Any:
    with listed(monkeypatch, page("add_on_results", ROWS)) as server:
        yield server


@pytest.mark.parametrize(("columns", "shown"), [(80, 4), (120, 5), (200, 5), (40, 1), (20, 1)])
def test_a_table_fits_its_terminal_and_cuts_no_sid(
    three: Scripted, columns: int, shown: int
) -> None:
    code, out, err = on_screen(f"results list {RE}", columns)
    lines = ESCAPE.sub("", out).splitlines()
    names = ["sid", "status", "date_created", "expires", "add_on_sid"]

    assert code == 0
    assert err.count("hidden") == (shown < 5)
    assert lines[0].split() == names[:shown]
    assert [line.split()[0] for line in lines[1:]] == [RE, *(row["sid"] for row in ROWS)]
    assert all(len(line) <= max(columns, 36) for line in lines)
    for sid in re.findall(r"\b[A-Z]{2}[0-9a-f]+", " ".join(lines)):
        assert len(sid) == 34


def test_columns_that_were_asked_for_are_never_dropped(three: Scripted) -> None:
    _, out, _ = on_screen(f"results list {RE} --fields sid,add_on_sid,reference_sid", 80)
    lines = out.splitlines()

    assert all(row["sid"] in out for row in ROWS)
    assert lines[1].count(RE) == 1
    assert ROWS[0]["add_on_sid"] in lines[1]


def test_ages_colours_and_marks_are_shown(three: Scripted) -> None:
    _, out, _ = on_screen(f"results list {RE}")
    head, place, first, second, third = out.splitlines()

    assert head.count("\x1b[1m") == 5
    assert place == f"\x1b[1m{RE}\x1b[0m"
    assert "\x1b[32mcompleted" in first
    assert "3h ago" in first
    assert re.search(r"in 71\dh", first)
    assert "!" not in first
    assert "\x1b[31mfailed" in second
    assert re.search(r"\x1b\[1;31min 4[67]h !", second)
    assert "\x1b[36min-progress" in third
    assert "<1h ago" in third


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        ("--no-color", {}),
        ("", {"NO_COLOR": "1"}),
        ("", {"TERM": "dumb"}),
    ],
)
def test_colours_can_be_turned_off_and_nothing_else_changes(
    three: Scripted, options: str, environment: dict[str, Any]
) -> None:
    _, colored, _ = on_screen(f"results list {RE}")
    code, plain, err = on_screen(f"results list {RE} {options}", **environment)

    assert (code, err) == (0, "")
    assert "\x1b" not in plain
    assert "3h ago" in plain
    assert re.search(r"in 4\dh !", plain)
    assert COLOR.sub("", colored).splitlines()[0] == plain.splitlines()[0]


def test_an_empty_no_color_means_nothing(three: Scripted) -> None:
    _, out, _ = on_screen(f"results list {RE}", NO_COLOR="")

    assert "\x1b[32m" in out


def test_each_stream_asks_for_itself(three: Scripted) -> None:
    """A pipe beside a terminal is plain, and the terminal beside a pipe is not."""
    _, piped, _ = on_screen(f"results list {RE}", only="stderr")
    _, shown, _ = on_screen(f"results list {RE}", only="stdout")
    _, _, error_shown = on_screen(f"results list {RE} --fields nope", only="stderr")
    _, _, error_piped = on_screen(f"results list {RE} --fields nope", only="stdout")

    assert "\x1b" not in piped
    assert "ago" not in piped
    assert "\x1b[32m" in shown
    assert error_shown.startswith("\x1b[31maddonctl:\x1b[0m no field 'nope'")
    assert error_piped.startswith("addonctl: no field 'nope'")


def test_ten_thousand_rows_are_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [result(number, date_created=ago(minutes=number)) for number in range(10_000)]
    lists = [rows[at : at + 1000] for at in range(0, 10_000, 1000)]
    with listed(monkeypatch, *pages("add_on_results", *lists)):
        code, out, _ = on_screen(f"results list {RE}", 200)

    assert code == 0
    assert len(out.splitlines()) == 10_002
    assert "\x1b[32mcompleted" in out


def test_long_labels_are_folded_and_their_rows_stay_aligned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from rich.cells import cell_len

    rows = [payload(1, label="word " * 12), payload(2, label="転写" * 20), payload(3, label="x")]
    with listed(monkeypatch, page("payloads", rows)):
        _, out, _ = on_screen(f"payloads list {RE} {XR} --no-color", 100)
        _, huge, _ = on_screen(f"payloads list {RE} {XR} --no-color", 80)
    lines = out.splitlines()
    starts = {
        cell_len(line[: line.index("application")]) for line in lines if "application" in line
    }

    assert all(cell_len(line) <= 100 for line in lines)
    assert len(starts) == 1
    assert out.count("word") == 12
    assert out.count("転写") + out.count("転\n") >= 19
    assert all(cell_len(line) <= 80 for line in huge.splitlines())


def test_a_label_of_ten_thousand_characters_does_not_bury_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with listed(monkeypatch, page("payloads", [payload(label=HOSTILE["long"])])):
        _, out, _ = on_screen(f"payloads list {RE} {XR}", 100)

    assert len(out.splitlines()) < 12
    assert "…" in out
    assert max(map(len, COLOR.sub("", out).splitlines())) == 100  # all there is, no more


def shown(monkeypatch: pytest.MonkeyPatch, body: bytes, kind: str, **settings: Any) -> Any:
    """What `payloads show` makes of a payload."""
    with listed(monkeypatch, b"") as server:
        location = f"{server.url}/data"
        link = answer({"redirect_to": location}, 307, {"Location": location})
        metadata = answer(payload(sid=XH, content_type=kind))

        def asked(request: Any) -> bytes:
            if "/Data" in request.target:
                return link
            return metadata if request.target.endswith(".json") else answer(body, content_type=kind)

        server.answers = [asked]
        return on_screen(f"payloads show {RE} {XR} {XH} --as raw", **settings)


def test_show_indents_and_colours_json(monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"text": "hi \x1b[31m\u202e\x9b", "list": [1, 2.5, None, True], "字": "幕"}
    body = json.dumps(value, ensure_ascii=False).encode()
    code, out, err = shown(monkeypatch, body, "application/json")
    plain = COLOR.sub("", out)

    assert (code, err) == (0, "")
    assert json.loads(plain) == value
    assert '\n  "list": [\n    1,' in plain
    assert "字" in plain
    assert COLOR.search(out)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", plain)


def test_show_makes_text_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = shown(monkeypatch, "a\tb\n\x1b]0;x\x07é".encode(), "text/plain")

    assert (code, err) == (0, "")
    assert out == "a\tb\n\\x1b]0;x\\x07é\n"


@pytest.mark.parametrize(
    "body",
    [b"", b"[broken", b"[00:01] hello\n", pytest.param(b'{"a": ' * 100_000, id="bottomless")],
)
def test_show_shows_what_only_looks_like_json(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    code, out, err = shown(monkeypatch, body, "application/json")

    assert (code, err) == (0, "")
    assert out.strip() == body.decode().strip()


def test_show_keeps_binary_data_off_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = shown(monkeypatch, b"RIFF\x00\x01\x02", "audio/wav")

    assert (code, out) == (1, "")
    assert "not text for a terminal" in err
    assert "hint:" in err


def test_show_gives_exact_bytes_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"b":1,  "a":"\x1b[31m"}'
    code, out, err = shown(monkeypatch, body, "application/json", only="stderr")

    assert (code, err) == (0, "")
    assert out.encode() == body


@pytest.mark.parametrize(
    ("typed", "code", "deleted"), [(b"y\n", 0, True), (b"n\n", 130, False), (b"\n", 130, False)]
)
def test_a_question_is_asked_on_stderr(
    monkeypatch: pytest.MonkeyPatch, typed: bytes, code: int, deleted: bool
) -> None:
    with listed(monkeypatch, answer(status=204)) as server:
        got, out, err = on_screen(f"results delete {RE} {XR}", stdin=typed)

    assert bool([1 for heard in server.heard if heard.method == "DELETE"]) == deleted
    assert "[y/N]" in err
    assert "[y/N]" not in out
    assert (got == 0) == (code == 0)


def test_no_input_means_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    with listed(monkeypatch, answer(status=204)) as server:
        code, out, err = on_screen(f"results delete {RE} {XR} --no-input")

    assert (code, out) == (2, "")
    assert "--yes" in err
    assert server.heard == []


def test_a_bar_moves_only_on_a_terminal() -> None:
    """Off one, under --quiet and on a dumb one there is none; words go above it."""
    script = """
import sys
from addonctl.output import OutputSettings
from addonctl.output.sink import Sink
sink = Sink(OutputSettings(quiet="quiet" in sys.argv))
with sink.progress(3, "results") as bar:
    bar.advance()
    bar.received(2_000_000)
    bar.note("note\\x1b[2J")
    sink.warn("a [bold]word[/bold]")
    sink.text("answer")
"""
    seen = {}
    for name, words, only, term in (
        ("shown", [], "stderr", "xterm"),
        ("piped", [], "stdout", "xterm"),
        ("quiet", ["quiet"], "stderr", "xterm"),
        ("dumb", [], "stderr", "dumb"),
    ):
        seen[name] = script_on_screen(script, words, only, term)

    assert all(out.strip() == "answer" for out, _ in seen.values())
    assert "results" in seen["shown"][1]
    assert "1/3" in seen["shown"][1]
    assert "2.0 MB" in seen["shown"][1]
    assert "note\\x1b[2J" in seen["shown"][1]
    assert "a [bold]word[/bold]" in seen["shown"][1]
    assert seen["piped"][1] == seen["dumb"][1] == "a [bold]word[/bold]\n"
    assert COLOR.sub("", seen["quiet"][1]) == "a [bold]word[/bold]\n"


def script_on_screen(script: str, words: list[str], only: str, term: str) -> tuple[str, str]:
    """What a piece of Python leaves on stdout and stderr, one of which is a terminal."""
    master, slave = pty.openpty()
    reading, writing = os.pipe()
    streams: dict[str, Any] = {"stdout": writing, "stderr": writing} | {only: slave}
    process = subprocess.Popen(
        [sys.executable, "-c", script, *words], env={**os.environ, "TERM": term}, **streams
    )
    os.close(slave)
    os.close(writing)
    process.wait(30)
    seen = {}
    for end in (master, reading):
        seen[end] = b""
        with contextlib.suppress(OSError):
            while data := os.read(end, 1 << 16):
                seen[end] += data
        os.close(end)
    screen, pipe = (seen[end].decode().replace("\r\n", "\n") for end in (master, reading))
    return (screen, pipe) if only == "stdout" else (pipe, screen)

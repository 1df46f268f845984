"""stdout and stderr as the system has them: closed, full, in another encoding, or no file."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.documents import RE, XR, listed, page, pages, payload, result
from support.program import PROGRAM, Run
from support.scripted import answer

from addonctl.errors import AddonctlError
from addonctl.models import Result
from addonctl.output import FORMATS, OutputSettings
from addonctl.output.documents import IN_MEMORY, spooled
from addonctl.output.sink import Sink

THOUSANDS = [[result(at + number) for number in range(1000)] for at in (0, 1000, 2000)]
needs_full = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no /dev/full"
)


@pytest.fixture
def big(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server with three pages of a thousand results, far more than a pipe holds."""
    with listed(monkeypatch, *pages("add_on_results", *THOUSANDS)):
        yield


def started(line: str, **settings: Any) -> subprocess.Popen[bytes]:
    """The program in a process of its own."""
    return subprocess.Popen([*PROGRAM, *shlex.split(line)], stderr=subprocess.PIPE, **settings)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("read", [0, 1, 100_000])
def test_a_closed_pipe_ends_in_silence(big: None, format: str, read: int) -> None:
    """Before the first byte, in the first page, and in the middle of a later one."""
    process = started(f"results list {RE} -f {format}", stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    with process.stdout as out:
        out.read(read)
    said = process.stderr.read()
    process.stderr.close()

    assert (process.wait(30), said) == (0, b"")


@needs_full
@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    """Also where all of it would have fitted into a buffer that is flushed at the end."""
    with (
        listed(monkeypatch, page("add_on_results", [result()])),
        Path("/dev/full").open("w") as full,
    ):
        process = started(f"results list {RE} -f {format}", stdout=full)
        _, said = process.communicate(timeout=30)
    message = "cannot write to standard output: No space left on device"

    assert process.returncode == 1
    if format in ("json", "jsonl"):
        assert json.loads(said)["error"] == {"message": message, "exit_code": 1}
    else:
        assert said.decode() == f"addonctl: {message}\n"


@needs_full
@pytest.mark.parametrize("line", [f"payloads show {RE} {XR} XH{'1' * 32}", "--help", "--version"])
def test_a_full_disk_is_noticed_by_everything_that_answers(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    link = answer({"redirect_to": "http://127.0.0.1:1/"}, 307)
    with listed(monkeypatch, link) as server, Path("/dev/full").open("w") as full:
        server.answers = [
            answer({"redirect_to": f"{server.url}/x"}, 307, {"Location": f"{server.url}/x"}),
            answer("some text", content_type="text/plain"),
        ]
        process = started(line, stdout=full)
        _, said = process.communicate(timeout=30)

    assert process.returncode == 1
    assert said == b"addonctl: cannot write to standard output: No space left on device\n"


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes stdout")
def test_a_stdout_that_was_never_open_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with listed(monkeypatch, page("add_on_results", [result()])):
        line = f"{shlex.join(PROGRAM)} results list {RE} -f csv >&-"
        ran = subprocess.run(["/bin/sh", "-c", line], capture_output=True, timeout=30)

    assert ran.returncode == 1
    assert ran.stderr == b"addonctl: cannot write to standard output: it is closed\n"


def test_answers_are_utf8_whatever_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    with listed(monkeypatch, page("payloads", [payload(label="字幕 é")])):
        environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
        for format in set(FORMATS) - {"sids", "xlsx"}:
            process = started(
                f"payloads list {RE} {XR} -f {format}", stdout=subprocess.PIPE, env=environment
            )
            out, said = process.communicate(timeout=30)

            assert (process.returncode, said) == (0, b"")
            assert "字幕 é".encode() in out


def test_a_stdout_without_bytes_beneath_takes_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that embed this one may replace sys.stdout by anything that takes text."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    sink = Sink(OutputSettings(format="csv", fields=("sid",)))
    sink.records(Result, [[Result(result(1))]])

    assert out.getvalue() == f"sid\n{result(1)['sid']}\n"


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def test_one_terminal_shows_rows_or_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first row takes the bar away, and nothing brings it back."""
    monkeypatch.setenv("TERM", "xterm")
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, Terminal())
    sink = Sink(OutputSettings())
    with sink.progress(3, "results") as bar:
        before = bar.shown
        sink.text("a row")
        bar.advance()
        after = bar.shown

    assert before is not None
    assert after is None


def test_payload_bytes_reach_a_pipe_exactly(
    run: Run, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    data = bytes(range(256)) * 3 + b'{"not": json'
    sink = Sink(OutputSettings())
    sink.show([data[:100], data[100:]], "application/json")

    assert capfdbinary.readouterr() == (data, b"")


def test_a_document_larger_than_memory_should_hold_waits_in_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import tempfile

    made = []
    real = tempfile.TemporaryFile

    def counted(*_: Any, **__: Any) -> Any:
        made.append(real())
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", counted)
    chunks = [str(number).encode() * (IN_MEMORY // 8) for number in range(10)]

    assert b"".join(spooled(chunks[:2])) == b"".join(chunks[:2])
    assert made == []
    assert b"".join(spooled(chunks)) == b"".join(chunks)
    assert len(made) == 1


def test_a_temporary_folder_that_takes_nothing_is_one_clear_error(
    run: Run, big: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    ran = run(f"results list {RE} -f xml")

    assert (1, "") == (ran.code, ran.out)
    assert "cannot keep the document in a temporary file: No space left on device" in ran.err


def test_quiet_and_verbose_concern_stderr_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with listed(monkeypatch, page("add_on_results", [result()])):
        plain = run(f"results list {RE} -f csv")
        quiet = run(f"results list {RE} -f csv --quiet")
        verbose = run(f"results list {RE} -f csv --verbose")

    assert plain.out == quiet.out == verbose.out
    assert plain.err == quiet.err == ""
    assert "GET" in verbose.err


def test_a_stderr_that_is_gone_changes_no_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "gone")

    monkeypatch.setattr(sys, "stderr", Gone())

    assert Sink(OutputSettings()).complain(AddonctlError("lost")) == 1


@needs_full
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("-p sandbox recordings list -f csv --limit 1", 0),
        ("-p sandbox recordings list -f csv -v", 0),
        ("-p sandbox results list --all -f json --workers 3", 0),
        ("-p sandbox results delete --yes RE73640dced2490fa811f54a87139210ee --all-results", 0),
        ("-p sandbox recordings list --fields nope", 2),
        ("-p sandbox recordings", 2),
        ("recordings list", 4),
        (f"-p sandbox results list {RE} -f jsonl", 3),
    ],
)
def test_a_full_stderr_changes_no_exit_code_and_no_answer(home: Path, line: str, code: int) -> None:
    answers = []
    for name in ("/dev/null", "/dev/full"):
        with Path(name).open("wb") as said:
            ran = subprocess.run(
                [*PROGRAM, *shlex.split(line)], stdout=subprocess.PIPE, stderr=said, timeout=60
            )
        answers.append((ran.returncode, re.sub(rb"\d\d:\d\d:\d\d", b"TIME", ran.stdout)))
        subprocess.run([*PROGRAM, "sandbox", "reset"], stderr=subprocess.DEVNULL, check=True)

    assert answers[0][0] == code
    assert answers[1] == answers[0]

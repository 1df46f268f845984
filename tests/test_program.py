"""How a run ends: help, Ctrl-C, readers that leave, and mistakes of our own."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.documents import RE, TOKEN, XR, listed, page, result
from support.program import PROGRAM, Run
from support.terminal import Terminal

from addonctl.api import Client

LINE = shlex.join(PROGRAM)


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """A line as a shell runs it; its exit code is that of the first program."""
    command = f"set -o pipefail; {line}"
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("line", ["--help", "results list -h", "help formats", "--version"])
def test_help_for_a_reader_that_has_gone_ends_in_silence(line: str) -> None:
    ran = shell(f"{LINE} {line} | exec true")

    assert (0, "", "") == (ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.parametrize("line", ["--help", "results list -h", "help formats", "--version"])
def test_help_that_cannot_be_written_is_an_error(line: str) -> None:
    ran = shell(f"{LINE} {line} >&-")

    assert ran.returncode == 1
    assert ran.stderr == "addonctl: cannot write to standard output: it is closed\n"


def test_help_is_utf8_whatever_the_locale() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    words = [*PROGRAM, "results", "get", "--help"]
    ran = subprocess.run(words, capture_output=True, env=environment, timeout=30)

    assert (0, b"") == (ran.returncode, ran.stderr)
    assert "RE…" in ran.stdout.decode("utf-8")


@pytest.fixture
def mistaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program with a mistake in it, whose words hold a secret."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"Basic {TOKEN}")

    monkeypatch.setattr(Client, "recordings", fail)
    monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")


def test_a_mistake_of_ours_is_one_line_without_its_words(run: Run, mistaken: None) -> None:
    ran = run("recordings list")
    first, hint = ran.err.splitlines()

    assert (1, "") == (ran.code, ran.out)
    assert first.startswith("addonctl: unexpected error: RuntimeError at test_program.py:")
    assert hint.startswith("hint: ")
    assert "report it" in hint


def test_a_mistake_of_ours_is_an_object_for_scripts(run: Run, mistaken: None) -> None:
    ran = run("recordings list -f json")

    assert (1, "") == (ran.code, ran.out)
    assert json.loads(ran.err)["error"]["exit_code"] == 1
    assert TOKEN not in ran.err


def test_verbose_shows_where_a_mistake_was_made(run: Run, mistaken: None) -> None:
    ran = run("recordings list -v")

    assert ran.code == 1
    assert "results.py:" in ran.err
    assert TOKEN not in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize(
    ("format", "said"),
    [
        ("csv", "addonctl: interrupted\n"),
        ("json", '{"error": {"message": "interrupted", "exit_code": 130}}\n'),
    ],
)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_sigterm_while_waiting_for_an_answer(
    monkeypatch: pytest.MonkeyPatch, format: str, said: str, sent: signal.Signals
) -> None:
    words = [*PROGRAM, "results", "list", RE, "-f", format]
    with listed(monkeypatch, b"") as server:

        def interrupt(_: object) -> bytes:
            process.send_signal(sent)
            process.wait(20)
            return b""

        server.answers = [interrupt]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=30)

    assert (130, b"", said) == (process.returncode, out, err.decode())


def test_ctrl_c_while_the_program_is_still_loading() -> None:
    program = (
        "import sys\n"
        "class Slow:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Slow())\n"
        "from addonctl.cli import main\n"
        "sys.exit(main(['recordings', 'list']))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30)

    assert (130, b"", b"") == (ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminal")
@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("auth login --insecure-storage", "account SID"),
        (f"auth login --insecure-storage --account AC{'1' * 32}", "SK…"),
        (f"auth login --insecure-storage --account AC{'1' * 32} --key SK{'1' * 32}", "not shown"),
        (f"-p sandbox results delete {RE} {XR}", "[y/N]"),
    ],
)
def test_ctrl_c_at_a_question(line: str, question: str, home: Path) -> None:
    terminal = Terminal(line)
    terminal.wait_for(question)
    terminal.type("\x03")

    assert terminal.end() == 130
    assert re.search(r"\r\n(\x1b\[\d+m)*addonctl:(\x1b\[0m)? interrupted\r\n$", terminal.shown)
    assert list(home.rglob("*.json")) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminal")
def test_without_a_keyring_no_question_is_asked_in_vain() -> None:
    terminal = Terminal("auth login")

    assert terminal.end() == 4
    assert "account SID" not in terminal.shown
    assert "--insecure-storage" in terminal.shown


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("--timeout 0", "--timeout 0"),
        ("--timeout 101d", "--timeout 101d"),
        ("--timeout soon", "'soon'"),
        ("--retries -1", "--retries -1"),
        ("--workers 0", "--workers 0"),
        ("--account AC12", "--account"),
        ("--account ../../AC", "--account"),
        ("--region evil.example/", "region"),
        ("--edge a@b", "edge"),
    ],
)
@pytest.mark.parametrize("profile", ["", "-p sandbox"])
def test_a_setting_that_cannot_be_is_refused_before_any_request(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: str, named: str, profile: str
) -> None:
    with listed(monkeypatch, page("add_on_results", [result()])) as server:
        monkeypatch.delenv("ADDONCTL_API_URL")
        ran = run(f"results list {RE} {words} {profile}")

    assert (2, "") == (ran.code, ran.out)
    assert named in ran.err
    assert server.heard == []


@pytest.mark.parametrize(
    ("line", "said", "see"),
    [
        ("results lst", "no such command 'lst'. Did you mean 'list'?", "addonctl results"),
        ("results list --limitt 3", "no such option: --limitt", "addonctl results list"),
        ("completion", "missing argument 'SHELL'", "addonctl completion"),
        ("-v", "a command is missing", "addonctl"),
    ],
)
def test_words_the_parser_does_not_know(run: Run, line: str, said: str, see: str) -> None:
    ran = run(line)

    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith(f"addonctl: {said}")
    assert ran.err.endswith(f"hint: see: {see} --help\n")


@pytest.mark.parametrize(
    "line",
    [
        "-p sandbox -f sids -v recordings list",
        "recordings -p sandbox -f sids -v list",
        "recordings list -p sandbox -f sids -v",
        "-p nobody -f csv recordings -f tsv list -p sandbox -f sids -v",
        "--profile=sandbox recordings --verbose list --format=sids",
    ],
)
def test_common_options_are_taken_at_every_place_and_the_last_holds(run: Run, line: str) -> None:
    ran = run(line)

    assert ran.code == 0
    assert re.fullmatch(r"(RE[0-9a-f]{32}\n)+", ran.out)
    assert "GET /2010-04-01/" in ran.err


def test_a_flag_beats_a_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDONCTL_FORMAT", "nonsense")
    monkeypatch.setenv("ADDONCTL_PROFILE", "nobody")

    assert run("-f sids recordings -p sandbox list") == run("recordings list -p sandbox -f sids")
    assert run("-f sids recordings -p sandbox list").code == 0

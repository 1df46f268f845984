"""The scripts themselves: printed for each shell, and such as the shell can read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.program import Run

from addonctl.docs.complete import SCRIPTS


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_script_is_printed_and_asks_the_program_that_was_typed(run: Run, shell: str) -> None:
    ran = run(f"completion {shell}")

    assert (ran.code, ran.err) == (0, "")
    assert f"__complete {shell}" in ran.out
    assert "addonctl __complete" not in ran.out


def test_a_shell_that_does_not_exist_is_named_with_those_that_do(run: Run) -> None:
    ran = run("completion tcsh")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == ("addonctl: no completion for 'tcsh'; known: bash, zsh, fish, powershell\n")


def test_a_missing_shell_is_a_wrong_word(run: Run) -> None:
    ran = run("completion")

    assert (ran.code, ran.out) == (2, "")
    assert "SHELL" in ran.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_itself_can_read_its_script(run: Run, tmp_path: Path, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / SCRIPTS[shell]
    script.write_text(run(f"completion {shell}").out)
    read = subprocess.run([shell, "-n", script], capture_output=True, text=True)

    assert (read.returncode, read.stdout, read.stderr) == (0, "", "")


def test_bash_is_asked_for_nothing_newer_than_3_2(run: Run) -> None:
    """What macOS has: no associative arrays, no mapfile, no case changes, no namerefs."""
    script = run("completion bash").out

    assert not re.search(r"declare -A|local -[An]|mapfile|readarray|\$\{\w+(,,|\^\^)", script)


def test_the_powershell_script_is_powershell_and_registers_itself(run: Run) -> None:
    """As a grammar of PowerShell has it; nothing here runs it."""
    script = run("completion powershell").out

    assert "Register-ArgumentCompleter -Native -CommandName addonctl -ScriptBlock {" in script
    assert parsed(script)
    assert not parsed(script.replace("param(", "param(("))


FOUND = {
    "bash": '. "$BASH_COMPLETION"; _completion_loader addonctl; complete -p addonctl',
    "zsh": "autoload -Uz compinit; compinit -u -d $HOME/dump; print $_comps[addonctl]",
    "fish": "complete -C 'addonctl completion powersh'",
}
BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")


@pytest.mark.parametrize("shell", FOUND)
def test_an_installed_script_is_found_by_a_shell_that_starts_anew(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    """zsh with the line that it was said to need."""
    if not shutil.which(shell) or (shell == "bash" and not BASH_COMPLETION.exists()):
        pytest.skip(f"{shell} is not installed, or not its completion")
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("BASH_COMPLETION", str(BASH_COMPLETION))
    program = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", program)
    first, again = (run(f"completion {shell} --install") for _ in range(2))
    line = first.err.partition("add: ")[2]
    words = {"bash": ["--norc", "-c"], "zsh": ["-fc"], "fish": ["-c"]}[shell]
    found = subprocess.run([shell, *words, line + FOUND[shell]], capture_output=True, text=True)

    assert (first.code, first.out) == (0, "")
    assert first == again
    assert "addonctl" in found.stdout or "powershell" in found.stdout, found.stderr


def test_where_a_script_cannot_be_put_is_said(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "data").touch()
    refused = run("completion zsh --install")
    unknown = run("completion tcsh --install")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", "relative")
    homeless = run("completion powershell --install")

    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(f"addonctl: cannot write {home / 'data' / 'zsh'}")
    assert unknown.code == 2
    assert (homeless.code, "set HOME" in homeless.err) == (1, True)
    assert [path.name for path in home.iterdir()] == ["data"]


def test_powershell_is_told_the_line_that_reads_it(run: Run, home: Path) -> None:
    ran = run("completion powershell --install")
    (place,) = (home / "data" / "addonctl").glob("*.ps1")

    assert place.read_text("utf-8") == run("completion powershell").out
    assert ran.err.endswith(f"to the file that $PROFILE names, add: . '{place}'\n")


def parsed(script: str) -> bool:
    grammar = pytest.importorskip("tree_sitter_powershell")
    tree_sitter = pytest.importorskip("tree_sitter")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    return not parser.parse(script.encode()).root_node.has_error

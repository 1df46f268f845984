"""The scripts themselves: printed for each shell, and such as the shell can read."""

from __future__ import annotations

import re
import shutil
import subprocess
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


def parsed(script: str) -> bool:
    grammar = pytest.importorskip("tree_sitter_powershell")
    tree_sitter = pytest.importorskip("tree_sitter")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    return not parser.parse(script.encode()).root_node.has_error

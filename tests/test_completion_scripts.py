"""The scripts themselves: printed for each shell, whole, and with every word in them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.program import Run

from addonctl.cli import tree as commands
from addonctl.cli.program import command
from addonctl.docgen import table
from addonctl.docgen.scripts import FILES
from addonctl.output import FORMATS

PROGRAM = commands.read(command)
WORDS = {
    *(word for entry in table.entries(PROGRAM) for word, _ in (*entry.commands, *entry.options)),
    *(word for value, _ in table.values(PROGRAM) for word, _ in value.words),
}


@pytest.mark.parametrize("shell", FILES)
def test_a_script_is_printed_with_every_word(run: Run, shell: str) -> None:
    ran = run(f"completion {shell}")

    assert (ran.code, ran.err) == (0, "")
    assert set(FORMATS) < WORDS
    assert [word for word in WORDS if word not in ran.out] == []
    assert not re.search(r"#[A-Z]+#", ran.out)


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
    script = tmp_path / FILES[shell]
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

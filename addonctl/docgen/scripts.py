"""Completion scripts: an engine for each shell, and the command tree as tables in its tongue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from addonctl import sandbox
from addonctl.docgen import table
from addonctl.docgen.tree import SHELLS, Command
from addonctl.errors import Usage

ENGINES = Path(__file__).parent / "engines"
FILES = {
    "bash": "addonctl.bash",
    "zsh": "_addonctl",
    "fish": "addonctl.fish",
    "powershell": "addonctl.ps1",
}
HISTORY_BYTES = 131072
"""What a script reads of a history file at most: an overgrown one must not hold up a TAB."""


def script(shell: str, program: Command) -> str:
    """The completion script of a shell. Raises Usage for one that is not of SHELLS."""
    if shell not in WRITERS:
        raise Usage(f"no completion for '{shell}'; known: {', '.join(SHELLS)}")
    engine = (ENGINES / FILES[shell]).read_text("utf-8")
    return (
        engine.replace("#TABLES#\n", WRITERS[shell](program))
        .replace("#PROFILE#", " | ".join(table.takes(program, "--profile")))
        .replace("#ACCOUNT#", " | ".join(table.takes(program, "--account")))
        .replace("#SANDBOX#", sandbox.ACCOUNT)
        .replace("#BYTES#", str(HISTORY_BYTES))
    )


def _names(rows: tuple[tuple[str, str], ...]) -> str:
    return " ".join(name for name, _ in rows)


def _bash(program: Command) -> str:
    lines = ["_addonctl_command() {", "    case $1 in"]
    for path, target in table.aliases(program):
        lines += [f"    {_quoted(path)}) _addonctl_enter {_quoted(target)} ;;"]
    for entry in table.entries(program):
        lines += [
            f"    {_quoted(entry.path)})",
            f"        commands={_quoted(_names(entry.commands))}",
            f"        options={_quoted(_names(entry.options))}",
            f"        kind={_quoted(entry.argument.kind)}",
            f"        words={_quoted(_names(entry.argument.words))}",
            "        ;;",
        ]
    lines += ["    esac", "}", "", "_addonctl_value() {", '    case "$1 $2" in']
    for value, places in table.values(program):
        patterns = [
            f"*' {option}'" if path == "*" else _quoted(f"{path} {option}")
            for path, option in places
        ]
        lines += [
            f"    {' | '.join(patterns)})",
            f"        kind={_quoted(value.kind)} words={_quoted(_names(value.words))} ;;",
        ]
    return "\n".join([*lines, "    esac", "}", ""])


def _quoted(text: str) -> str:
    """`text` in single quotes, as bash and zsh read them."""
    return "'" + text.replace("'", "'\\''") + "'"


WRITERS: dict[str, Callable[[Command], str]] = {"bash": _bash}

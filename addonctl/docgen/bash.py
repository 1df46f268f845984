"""The tables of the bash script: words in strings, for bash 3.2 has little else."""

from __future__ import annotations

from collections.abc import Sequence

from addonctl.docgen import table
from addonctl.docgen.tree import Command


def tables(program: Command) -> str:
    """Functions that know each command, and what each option takes."""
    lines = ["_addonctl_command() {", "    case $1 in"]
    for path, target in table.aliases(program):
        lines += [f"    {quoted(path)}) _addonctl_enter {quoted(target)} ;;"]
    for entry in table.entries(program):
        lines += [
            f"    {quoted(entry.path)})",
            f"        commands={quoted(_names(entry.commands))}",
            f"        options={quoted(_names(entry.options))}",
            f"        kind={quoted(entry.argument.kind)}",
            f"        words={quoted(_names(entry.argument.words))}",
            "        ;;",
        ]
    lines += ["    esac", "}", "", "_addonctl_value() {", '    case "$1 $2" in']
    for value, places in table.values(program):
        patterns = [
            f"*' {option}'" if path == "*" else quoted(f"{path} {option}")
            for path, option in places
        ]
        lines += [
            f"    {' | '.join(patterns)})",
            f"        kind={quoted(value.kind)} words={quoted(_names(value.words))} ;;",
        ]
    return "\n".join([*lines, "    esac", "}", ""])


def quoted(text: str) -> str:
    """`text` in single quotes, as bash and zsh read them."""
    return "'" + text.replace("'", "'\\''") + "'"


def _names(rows: tuple[tuple[str, str], ...]) -> str:
    return " ".join(name for name, _ in rows)


def alternatives(names: Sequence[str]) -> str:
    """Several names, any of which may stand in a place."""
    return " | ".join(names)

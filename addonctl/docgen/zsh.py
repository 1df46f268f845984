"""The tables of the zsh script: words with their descriptions, as _describe takes them."""

from __future__ import annotations

from addonctl.docgen import table
from addonctl.docgen.bash import alternatives, quoted
from addonctl.docgen.tree import Command

__all__ = ["alternatives", "tables"]


def tables(program: Command) -> str:
    """Functions that know each command, and what each option takes."""
    lines = ["_addonctl_command() {", "    case $1 in"]
    for path, target in table.aliases(program):
        lines += [f"    {quoted(path)}) _addonctl_enter {quoted(target)} ;;"]
    for entry in table.entries(program):
        lines += [
            f"    {quoted(entry.path)})",
            *_array("commands", entry.commands),
            *_array("options", entry.options),
            f"        kind={quoted(entry.argument.kind)}",
            *_array("values", entry.argument.words),
            "        ;;",
        ]
    lines += ["    esac", "}", "", "_addonctl_value() {", "    case $1 in"]
    for value, places in table.values(program):
        patterns = [
            f"*{quoted(f' {option}')}" if path == "*" else quoted(f"{path} {option}")
            for path, option in places
        ]
        lines += [
            f"    {' | '.join(patterns)})",
            f"        kind={quoted(value.kind)}",
            *_array("values", value.words),
            "        ;;",
        ]
    return "\n".join([*lines, "    esac", "}", ""])


def _array(name: str, rows: tuple[tuple[str, str], ...]) -> list[str]:
    """Words with their descriptions, as _describe takes them."""
    if not rows:
        return []
    items = [quoted(f"{word}:{line}" if line else word) for word, line in rows]
    return [f"        {name}=(", *(f"            {item}" for item in items), "        )"]

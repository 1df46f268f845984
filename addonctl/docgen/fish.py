"""The tables of the fish script: words with their descriptions, a tab between."""

from __future__ import annotations

from collections.abc import Sequence

from addonctl.docgen import table
from addonctl.docgen.tree import Command


def tables(program: Command) -> str:
    """Functions that know each command, and what each option takes."""
    lines = ["function __addonctl_command", "    switch $argv[1]"]
    for path, target in table.aliases(program):
        lines += [f"        case {_quoted(path)}", f"            __addonctl_enter {target}"]
    for entry in table.entries(program):
        lines += [
            f"        case {_quoted(entry.path)}",
            *_list("commands", entry.commands),
            *_list("options", entry.options),
            f"            set -g __addonctl_kind {_quoted(entry.argument.kind)}",
            *_list("words", entry.argument.words),
        ]
    lines += ["    end", "end", "", "function __addonctl_value", "    switch $argv[1]"]
    for value, places in table.values(program):
        patterns = " ".join(_quoted(f"{path} {option}") for path, option in places)
        lines += [
            f"        case {patterns}",
            f"            set -g __addonctl_kind {_quoted(value.kind)}",
            *_list("words", value.words),
        ]
    return "\n".join([*lines, "    end", "end", ""])


def _list(name: str, rows: tuple[tuple[str, str], ...]) -> list[str]:
    """Words with their descriptions, a tab between, as fish takes them."""
    items = [f"{_quoted(word)}\\t{_quoted(line)}" if line else _quoted(word) for word, line in rows]
    if not items:
        return []
    return [f"            set -g __addonctl_{name} \\", *_continued(items, 16)]


def _continued(items: list[str], indent: int) -> list[str]:
    return [f"{' ' * indent}{item} \\" for item in items[:-1]] + [f"{' ' * indent}{items[-1]}"]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def alternatives(names: Sequence[str]) -> str:
    """Several names, any of which may stand in a place."""
    return " ".join(names)

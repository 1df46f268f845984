"""The tables of the PowerShell script: hash tables of pairs."""

from __future__ import annotations

from collections.abc import Sequence

from addonctl.docgen import table
from addonctl.docgen.tree import Command


def tables(program: Command) -> str:
    """Hash tables that know each command, and what each option takes."""
    lines = []
    for entry in table.entries(program):
        lines += [
            f"        {quoted(entry.path)} = @{{",
            *_pairs("commands", entry.commands),
            *_pairs("options", entry.options),
            f"            argument = @{{ kind = {quoted(entry.argument.kind)}; words = @(",
            *_rows(entry.argument.words),
            "            ) }",
            "        }",
        ]
    lines += [
        "    }",
        "",
        "    # What the options take, and which option takes what.",
        "    $values = @(",
    ]
    found = table.values(program)
    for value, _ in found:
        lines += [
            f"        @{{ kind = {quoted(value.kind)}; words = @(",
            *_rows(value.words),
            "        ) }",
        ]
    # Options are told apart by case, which PowerShell's own tables do not do.
    lines += ["    )", "    $takes = [System.Collections.Hashtable]::new()"]
    lines += [
        f"    $takes[{quoted(f'{path} {option}')}] = {number}"
        for number, (_, places) in enumerate(found)
        for path, option in places
    ]
    lines += ["    $aliases = @{"]
    lines += [
        f"        {quoted(path)} = {quoted(target)}" for path, target in table.aliases(program)
    ]
    return "\n".join([*lines, ""])


def _pairs(name: str, rows: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"            {name} = @(", *_rows(rows), "            )"]


def _rows(rows: tuple[tuple[str, str], ...]) -> list[str]:
    """Words with their descriptions, as an array of arrays even where it is one."""
    return [f"                , @({quoted(word)}, {quoted(line)})" for word, line in rows]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def alternatives(names: Sequence[str]) -> str:
    """Several names, any of which may stand in a place."""
    return ", ".join(quoted(name) for name in names)

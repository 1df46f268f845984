"""The command tree as the flat tables that completion scripts look things up in."""

from __future__ import annotations

from typing import NamedTuple

from addonctl.docgen.tree import Command, Value


class Entry(NamedTuple):
    """One command as a script needs it: what can follow its words."""

    path: str
    commands: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    argument: Value


def entries(program: Command) -> list[Entry]:
    """Every command, outermost first."""
    return [
        Entry(
            command.path,
            tuple(
                [(inner.words[-1], inner.summary) for inner in command.commands]
                + [(name, summary) for name, _, summary in command.aliases]
            ),
            tuple(
                (name, option.help.removesuffix("."))
                for option in (*command.options, *command.common)
                for name in option.names
            ),
            command.arguments[0].value if command.arguments else Value(),
        )
        for command in program.walk()
    ]


def aliases(program: Command) -> list[tuple[str, str]]:
    """The paths that stand for others, and those."""
    return [
        (f"{command.path} {name}", " ".join(words))
        for command in program.walk()
        for name, words, _ in command.aliases
    ]


def values(program: Command) -> list[tuple[Value, list[tuple[str, str]]]]:
    """Each kind of value, and the (path, option) places that take it; switches left out.

    An option that means the same everywhere has one place, of path `*`.
    """
    meanings: dict[str, dict[str, Value]] = {}
    for command in program.walk():
        for option in (*command.options, *command.common):
            for name in option.names:
                meanings.setdefault(name, {})[command.path] = option.value
    places: dict[Value, list[tuple[str, str]]] = {}
    for name, by_path in meanings.items():
        if len(set(by_path.values())) == 1:
            by_path = {"*": next(iter(by_path.values()))}
        for path, value in by_path.items():
            if value.kind:
                places.setdefault(value, []).append((path, name))
    return list(places.items())


def takes(program: Command, option: str) -> list[str]:
    """Every name of the option that one name stands for."""
    found: set[str] = set()
    for command in program.walk():
        for each in (*command.options, *command.common):
            if option in each.names:
                found.update(each.names)
    return sorted(found)

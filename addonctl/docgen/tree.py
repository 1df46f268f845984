"""The command tree as plain values: all that a page or a completion script is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from addonctl import topics
from addonctl.models import STATUSES, Record
from addonctl.output import FORMATS

SHELLS = ("bash", "zsh", "fish", "powershell")

Kind = Literal["", "any", "word", "list", "sort", "file", "folder", "profile", "address"]


class Value(NamedTuple):
    """What may stand in a place, as a shell can complete it.

    `kind` is empty where nothing is taken, "any" where nothing is known, "word" for one of
    `words`, "list" for some of them with commas between, "sort" for one that may have a `-`
    before it; for "address" the words are the kinds of SIDs taken, outermost first.
    """

    kind: Kind = ""
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Option:
    """An option: its names, its help, and what follows it."""

    names: tuple[str, ...]
    help: str
    metavar: str
    value: Value


@dataclass(frozen=True)
class Argument:
    """What follows the options: how it is written, and what it is."""

    metavar: str
    help: str
    value: Value
    usage: str


@dataclass(frozen=True)
class Command:
    """A noun or a verb. `common` are the options that every command takes.

    `commands` are the members of a noun, with `aliases` for those whose place is elsewhere: the
    words under this noun, and the words of their own.
    """

    words: tuple[str, ...]
    summary: str
    description: str
    arguments: tuple[Argument, ...]
    options: tuple[Option, ...]
    common: tuple[Option, ...]
    examples: tuple[tuple[str, str], ...]
    fields: tuple[str, ...]
    commands: tuple[Command, ...] = ()
    aliases: tuple[tuple[str, tuple[str, ...], str], ...] = ()

    @property
    def path(self) -> str:
        """Its words after the program's name; empty for the program itself."""
        return " ".join(self.words)

    def walk(self) -> Iterator[Command]:
        """This command and all under it, outermost first."""
        yield self
        for command in self.commands:
            yield from command.walk()


def value(metavar: str, record: type[Record] | None) -> Value:
    """What a placeholder stands for; the placeholders are those of addonctl/cli."""
    if not metavar:
        return Value()
    sids = tuple((kind, "") for kind in ("RE", "XR", "XH") if f"{kind}…" in metavar)
    if sids:
        return Value("address", sids)
    fields = tuple((field.name, "") for field in record.FIELDS) if record else ()
    known: dict[str, Value] = {
        "FORMAT": Value("word", _formats()),
        "STATUS,…": Value("list", tuple((status, "") for status in STATUSES)),
        "FIELD": Value("sort", fields),
        "a,b,c": Value("list", fields),
        "FILE": Value("file"),
        "DIR": Value("folder"),
        "NAME": Value("profile"),
        "SHELL": Value("word", tuple((shell, "") for shell in SHELLS)),
        "TOPIC": Value("word", tuple((name, line) for name, (line, _) in topics.TOPICS.items())),
    }
    return known.get(metavar, Value("any"))


def _formats() -> tuple[tuple[str, str], ...]:
    rows = dict(topics.formats())
    return tuple((name, rows[name]) for name in FORMATS)

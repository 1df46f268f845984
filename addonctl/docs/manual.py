"""The program as plain values, and its manual: pages in the man(7) language, one a command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from addonctl.docs import topics

WIDTH = 72
TOPICS_OF_PROGRAM = ("addresses", "formats", "archive", "buckets", "cluster", "tables")

Kind = Literal[
    "", "any", "word", "list", "sort", "help", "file", "folder", "profile", "address", "seen"
]


class ValueDoc(NamedTuple):
    """What may stand in a place, as a shell can complete it.

    `kind` is empty where nothing is taken, "any" where nothing is known, "word" for one of
    `words`, "list" for some of them with commas between, "sort" for one that may have a `-`
    before it, "help" for one of them or a command, "profile" for one of them or a profile. For
    "address" the words are the kinds of SIDs taken, outermost first; for "seen" the kind of SID,
    or `label`, that lists have shown.
    """

    kind: Kind = ""
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class OptionDoc:
    """An option: its names, its help, and what follows it."""

    names: tuple[str, ...]
    help: str
    metavar: str
    value: ValueDoc


@dataclass(frozen=True)
class ArgumentDoc:
    """What follows the options: how it is written, and what it is; once, or as often as wanted."""

    metavar: str
    help: str
    value: ValueDoc
    usage: str
    many: bool


@dataclass(frozen=True)
class CommandDoc:
    """A noun or a verb. `common` are the options that every command takes.

    `commands` are the members of a noun, with `aliases` for those whose place is elsewhere: the
    words under this noun, and the words of their own.
    """

    words: tuple[str, ...]
    summary: str
    description: str
    arguments: tuple[ArgumentDoc, ...]
    options: tuple[OptionDoc, ...]
    common: tuple[OptionDoc, ...]
    examples: tuple[tuple[str, str], ...]
    fields: tuple[str, ...]
    commands: tuple[CommandDoc, ...] = ()
    aliases: tuple[tuple[str, tuple[str, ...], str], ...] = ()

    @property
    def path(self) -> str:
        """Its words after the program's name; empty for the program itself."""
        return " ".join(self.words)

    def walk(self) -> Iterator[CommandDoc]:
        """This command and all under it, outermost first."""
        yield self
        for command in self.commands:
            yield from command.walk()


def pages(program: CommandDoc, version: str, date: str) -> dict[str, str]:
    """Every page by its file name. `date` is the version's, so that pages change with it only."""
    parents = {inner.words: command for command in program.walk() for inner in command.commands}
    return {
        f"{_name(command)}.1": _page(command, parents.get(command.words), version, date)
        for command in program.walk()
    }


def _page(command: CommandDoc, parent: CommandDoc | None, version: str, date: str) -> str:
    name = _name(command)
    usage = ["[OPTIONS]", *(argument.usage for argument in command.arguments)]
    usage += ["COMMAND", "[ARGUMENTS]"] if command.commands else []
    lines = [
        r"\" Written by `python -m addonctl.docs` from the command tree. Do not edit.",
        f'.TH {_plain(name.upper())} 1 {date} "addonctl {version}" "addonctl manual"',
        ".SH NAME",
        _plain(name) + " \\- " + _plain(command.summary[:1].lower() + command.summary[1:]),
        ".SH SYNOPSIS",
        f".B {_plain(f'addonctl {command.path}'.strip())}",
        _plain(" ".join(usage)),
        ".SH DESCRIPTION",
        "\n.PP\n".join(_styled(_stopped(each)) for each in command.description.split("\n\n")),
    ]
    if command.commands or command.aliases:
        lines += [".SH COMMANDS"]
    for inner in command.commands:
        lines += _term(f"{_bold(_name(inner))}(1)", _stopped(inner.summary))
    for alias, words, summary in command.aliases:
        same = f"The same as {'-'.join(('addonctl', *words))}(1)."
        lines += _term(_bold(f"addonctl {command.path} {alias}"), f"{_stopped(summary)} {same}")
    if command.arguments:
        lines += [".SH ARGUMENTS"]
    for argument in command.arguments:
        lines += _term(f"\\fI{_plain(argument.metavar)}\\fR", _stopped(argument.help))
    lines += [".SH OPTIONS"]
    for option in (*command.options, *(() if parent else command.common)):
        lines += _option(option)
    if parent:
        names = ", ".join(f"`{option.names[-1]}`" for option in command.common)
        lines += [".PP"] if command.options else []
        lines += [_styled(f"Taken by every command, and told of in addonctl(1): {names}.")]
    if command.fields:
        lines += [".SH FIELDS", _plain(", ".join(command.fields))]
    if parent:
        lines += [
            ".SH EXIT STATUS",
            "0 when all is done; the others are those of every command, in addonctl(1).",
            ".SH ENVIRONMENT",
            _styled(
                "`ADDONCTL_PROFILE`, `ADDONCTL_FORMAT`, the login's `TWILIO_` variables and others;"
                " see addonctl(1)."
            ),
            ".SH FILES",
            _styled("`config.toml` holds the profiles; see addonctl(1)."),
        ]
    else:
        for topic in map(topics.TOPICS.__getitem__, TOPICS_OF_PROGRAM):
            lines += _topic(topic)
        lines += _topic(topics.TOPICS["exit-codes"], "EXIT STATUS")
        lines += [*_topic(topics.TOPICS["environment"]), *_topic(topics.TOPICS["files"])]
    lines += [".SH EXAMPLES", *_examples(command)]
    near = [parent] if parent else []
    near += [inner for inner in (parent or command).commands if inner.words != command.words]
    near += command.commands if parent else ()
    names = ",\n".join(f"{_bold(name)}(1)" for name in sorted({_name(each) for each in near}))
    return "\n".join([*lines, ".SH SEE ALSO", names, ""])


def _name(command: CommandDoc) -> str:
    return "-".join(("addonctl", *command.words))


def _option(option: OptionDoc) -> list[str]:
    term = ", ".join(map(_bold, option.names))
    if option.metavar:
        term += f" \\fI{_plain(option.metavar)}\\fR"
    known = ", ".join(word for word, _ in option.value.words)
    one_of = f" Known: {known}." if known and option.value.kind in ("word", "list") else ""
    return _term(term, f"{_stopped(option.help)}{one_of}")


def _term(term: str, text: str) -> list[str]:
    return [".TP", term, _styled(text)]


def _topic(topic: topics.Topic, title: str = "") -> list[str]:
    lines = [f".SH {(title or topic.title).upper()}"]
    for number, part in enumerate(topic.parts):
        if isinstance(part, str):
            lines += [".PP"] * bool(number) + [_styled(part)]
        elif isinstance(part, list):
            lines += _literal(part)
        else:
            lines += [line for term, text in part for line in _term(_bold(term), text)]
    return lines


def _examples(command: CommandDoc) -> Iterator[str]:
    examples = command.examples or tuple(
        example for inner in command.walk() for example in inner.examples[:1]
    )
    for number, (what, line) in enumerate(examples):
        if number:
            yield ".PP"
        yield _styled(f"{what[:1].upper()}{what[1:]}:")
        yield from _literal(topics.continued(line, WIDTH))


def _literal(lines: list[str]) -> list[str]:
    return [".PP", ".RS 4", ".nf", *(_plain(line) for line in lines), ".fi", ".RE"]


def _stopped(text: str) -> str:
    return text if not text or text[-1] in ".:;?!" else f"{text}."


def _bold(text: str) -> str:
    return f"\\fB{_plain(text)}\\fR"


def _styled(text: str) -> str:
    """Running text: escaped, with what stands in backquotes in bold."""
    return re.sub(r"`([^`]*)`", r"\\fB\1\\fR", _plain(text))


def _plain(text: str) -> str:
    """`text` as roff takes it: no escapes, no requests, hyphens that can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    text = "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in text)
    return f"\\&{text}" if text.startswith((".", "\\(aq")) else text

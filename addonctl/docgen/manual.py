"""Manual pages in the man(7) language, one for the program and one for each noun and verb."""

from __future__ import annotations

import re
from collections.abc import Iterator

from addonctl import topics
from addonctl.docgen.lines import continued
from addonctl.docgen.tree import Command, Option

WIDTH = 72
TOPICS_OF_PROGRAM = ("addresses", "formats")


def pages(program: Command, version: str, date: str) -> dict[str, str]:
    """Every page by its file name. `date` is the version's, so that pages change with it only."""
    parents = {inner.words: command for command in program.walk() for inner in command.commands}
    return {
        f"{_name(command)}.1": _page(command, parents.get(command.words), version, date)
        for command in program.walk()
    }


def _page(command: Command, parent: Command | None, version: str, date: str) -> str:
    name = _name(command)
    lines = [
        r"\" Written by `python -m addonctl.docgen` from the command tree. Do not edit.",
        f'.TH {_plain(name.upper())} 1 {date} "addonctl {version}" "addonctl manual"',
        ".SH NAME",
        f"{_plain(name)} \\- {_plain(_lowered(command.summary))}",
        ".SH SYNOPSIS",
        *_synopsis(command),
        ".SH DESCRIPTION",
        *_paragraphs(command.description),
        *_commands(command),
        *_arguments(command),
        ".SH OPTIONS",
        *(line for option in command.options for line in _option(option)),
    ]
    if command.options and command.common:
        lines += [".SS Taken by every command"]
    lines += [line for option in command.common for line in _option(option)]
    if command.fields:
        lines += [".SH FIELDS", _plain(", ".join(command.fields))]
    if parent is None:
        for topic in TOPICS_OF_PROGRAM:
            lines += _topic(topics.named(topic))
    lines += _topic(topics.named("exit-codes"), "EXIT STATUS")
    lines += _topic(topics.named("environment")) if parent is None else _variables()
    lines += _topic(topics.files()) if parent is None else _files()
    lines += [".SH EXAMPLES", *_examples(command)]
    lines += [".SH SEE ALSO", _see_also(command, parent)]
    return "\n".join(lines) + "\n"


def _name(command: Command) -> str:
    return "-".join(("addonctl", *command.words))


def _synopsis(command: Command) -> list[str]:
    words = " ".join(("addonctl", *command.words))
    rest = ["[OPTIONS]", *(argument.usage for argument in command.arguments)]
    if command.commands:
        rest += ["COMMAND", "[ARGUMENTS]"]
    return [f".B {_plain(words)}", _plain(" ".join(rest))]


def _paragraphs(text: str) -> list[str]:
    lines: list[str] = []
    for number, paragraph in enumerate(text.split("\n\n")):
        lines += [".PP"] * bool(number) + [_styled(_stopped(paragraph))]
    return lines


def _commands(command: Command) -> Iterator[str]:
    if command.commands or command.aliases:
        yield ".SH COMMANDS"
    for inner in command.commands:
        yield from _term(f"\\fB{_plain(_name(inner))}\\fR(1)", _stopped(inner.summary))
    for name, words, summary in command.aliases:
        page = "-".join(("addonctl", *words))
        yield from _term(
            f"\\fB{_plain(f'addonctl {command.path} {name}')}\\fR",
            f"{_stopped(summary)} The same as {page}(1).",
        )


def _arguments(command: Command) -> Iterator[str]:
    if command.arguments:
        yield ".SH ARGUMENTS"
    for argument in command.arguments:
        yield from _term(f"\\fI{_plain(argument.metavar)}\\fR", _stopped(argument.help))


def _option(option: Option) -> list[str]:
    term = ", ".join(f"\\fB{_plain(name)}\\fR" for name in option.names)
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
            lines += [
                line for term, text in part for line in _term(f"\\fB{_plain(term)}\\fR", text)
            ]
    return lines


def _variables() -> list[str]:
    return [
        ".SH ENVIRONMENT",
        _styled(
            "`ADDONCTL_PROFILE`, `ADDONCTL_FORMAT`, the login's `TWILIO_` variables and others;"
            " see addonctl(1)."
        ),
    ]


def _files() -> list[str]:
    return [".SH FILES", _styled("`config.toml` holds the profiles; see addonctl(1).")]


def _examples(command: Command) -> Iterator[str]:
    examples = command.examples or tuple(
        example for inner in command.walk() for example in inner.examples[:1]
    )
    for number, (what, line) in enumerate(examples):
        if number:
            yield ".PP"
        yield _styled(f"{what[:1].upper()}{what[1:]}:")
        yield from _literal(continued(line, WIDTH))


def _literal(lines: list[str]) -> list[str]:
    return [".PP", ".RS 4", ".nf", *(_plain(line) for line in lines), ".fi", ".RE"]


def _see_also(command: Command, parent: Command | None) -> str:
    near = [parent] if parent else []
    near += [inner for inner in (parent or command).commands if inner.words != command.words]
    if parent and command.commands:
        near += list(command.commands)
    names = sorted({_name(each) for each in near})
    return ",\n".join(f"\\fB{_plain(name)}\\fR(1)" for name in names)


def _stopped(text: str) -> str:
    return text if not text or text[-1] in ".:;?!" else f"{text}."


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _styled(text: str) -> str:
    """Running text: escaped, with what stands in backquotes in bold."""
    return re.sub(r"`([^`]*)`", r"\\fB\1\\fR", _plain(text))


def _plain(text: str) -> str:
    """`text` as roff takes it: no escapes, no requests, hyphens that can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    text = "".join(_character(each) for each in text)
    return f"\\&{text}" if text.startswith((".", "\\(aq")) else text


def _character(character: str) -> str:
    return character if character.isascii() else f"\\[u{ord(character):04X}]"

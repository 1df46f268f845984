"""`python -m addonctl.docs`, in a checkout: writes man/, completions/ and docs/words.json anew."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args, get_origin

from addonctl import __version__, sandbox
from addonctl.cli.commands import Declared, Noun, Verb
from addonctl.cli.config import NAMES
from addonctl.cli.program import command
from addonctl.docs import complete, manual, topics
from addonctl.docs.manual import ArgumentDoc, CommandDoc, OptionDoc, ValueDoc
from addonctl.models import STATUSES, Record


def main(checkout: Path, folder: Path) -> None:
    """Write what is made of the commands under `folder`, and nothing else in its folders.

    The date of this version is taken from the changelog in `checkout`.
    """
    program = read(command)
    pages = manual.pages(program, __version__, _date(checkout / "CHANGELOG.md"))
    scripts = {name: complete.script(shell) for shell, name in complete.SCRIPTS.items()}
    for place, files in (("man", pages), ("completions", scripts)):
        for stale in set((folder / place).glob("*")) - {folder / place / name for name in files}:
            stale.unlink()
        for name, text in files.items():
            _write(folder / place / name, text)
    _write(folder / "addonctl" / "docs" / "words.json", words(program, sandbox.ACCOUNT))


def read(program: Noun) -> CommandDoc:
    """The program and all its commands, as manual and completion describe them."""
    return _command(program, (), frozenset(program.nouns))


def words(program: CommandDoc, sandbox_account: str) -> str:
    """The table that TABs are answered from: an option a line, a command a line.

    `sandbox_account` is the account of the profile `sandbox`, which is in no config.toml.
    """
    options: dict[OptionDoc, int] = {}
    commands: dict[str, object] = {}
    for each in program.walk():
        members = {inner.words[-1]: inner.summary for inner in each.commands}
        for name, words, summary in each.aliases:
            members[name] = summary
            commands[f"{each.path} {name}"] = " ".join(words)
        taken = (*each.options, *each.common)
        argument = each.arguments[0] if each.arguments else None
        value = argument.value if argument else ValueDoc()
        commands[each.path] = {
            "commands": members,
            "options": [options.setdefault(option, len(options)) for option in taken],
            "argument": [value.kind, dict(value.words)],
            "many": bool(argument and argument.many),
        }
    rows = [
        {
            "names": option.names,
            "about": option.help.removesuffix("."),
            "value": [option.value.kind, dict(option.value.words)],
        }
        for option in options
    ]
    return (
        f'{{"sandbox": {_json(sandbox_account)},\n"options": [\n'
        + ",\n".join(map(_json, rows))
        + '\n],\n"commands": {\n'
        + ",\n".join(f"{_json(path)}: {_json(row)}" for path, row in commands.items())
        + "\n}}\n"
    )


def _command(declared: Noun | Verb, words: tuple[str, ...], nouns: frozenset[str]) -> CommandDoc:
    members, aliases = [], []
    if isinstance(declared, Noun):
        for name, summary in declared.summaries():
            member = declared.member(name)
            if words and name in nouns:
                # A noun of its own, reachable under its parent too: described once.
                aliases.append((name, (name,), summary))
            elif member:
                members.append(_command(member, (*words, name), nouns))
    rows = declared.rows
    paragraphs = [" ".join(paragraph.split()) for paragraph in declared.help.split("\n\n")]
    return CommandDoc(
        words,
        paragraphs[0].removesuffix("."),
        "\n\n".join(paragraphs),
        tuple(_argument(each) for each in declared.own if not each.flags),
        tuple(_option(each, rows) for each in declared.own if each.flags),
        tuple(_option(each, rows) for each in declared.common),
        tuple(declared.examples),
        tuple(field.name for field in rows.FIELDS) if rows else (),
        tuple(members),
        tuple(aliases),
    )


def _option(option: Declared, rows: type[Record] | None) -> OptionDoc:
    label = ValueDoc("seen", (("label", ""),)) if option.name == "label" else None
    value = label or _value(option.metavar, rows)
    return OptionDoc(option.flags, option.help, option.metavar, value)


def _argument(argument: Declared) -> ArgumentDoc:
    kinds = (argument.type, *get_args(argument.type))
    many = any(get_origin(each) is list for each in kinds)
    value = _value(argument.metavar, None)
    return ArgumentDoc(argument.metavar, argument.help, value, argument.usage, many)


def _value(metavar: str, rows: type[Record] | None) -> ValueDoc:
    """What a placeholder stands for; the placeholders are those of addonctl/cli."""
    if not metavar:
        return ValueDoc()
    sids = tuple((kind, "") for kind in ("RE", "XR", "XH") if f"{kind}…" in metavar)
    if sids:
        return ValueDoc("address", sids)
    if metavar in ("CA…", "CF…", "XB…", "XE…"):
        return ValueDoc("seen", ((metavar[:2], ""),))
    fields = rows.FIELDS if rows else ()
    known: dict[str, ValueDoc] = {
        "FORMAT": ValueDoc("word", topics.formats()),
        "STATUS,…": ValueDoc("list", tuple((status, "") for status in STATUSES)),
        "FIELD": ValueDoc("sort", tuple((each.name, "") for each in fields if each.kind != "uris")),
        "a,b,c": ValueDoc("list", tuple((each.name, "") for each in fields)),
        "iso|own": ValueDoc("word", (("iso", "2026-11-21T18:43:00Z"), ("own", "the format's"))),
        "FILE": ValueDoc("file"),
        "DIR": ValueDoc("folder"),
        "NAME": ValueDoc("profile", (("sandbox", "needs no login"),)),
        "[NAME]": ValueDoc("profile"),  # where one is made or removed
        "SETTING": ValueDoc("word", tuple((name, "") for name in NAMES)),
        "SHELL": ValueDoc("word", tuple((shell, "") for shell in complete.SCRIPTS)),
        "TOPIC": ValueDoc("help", tuple((name, topics.TOPICS[name].line) for name in topics.NAMES)),
    }
    return known.get(metavar, ValueDoc("any"))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _date(changelog: Path) -> str:
    heading = rf"^## {re.escape(__version__)} \((\d{{4}}-\d\d-\d\d)\)$"
    found = re.search(heading, changelog.read_text("utf-8"), re.MULTILINE)
    if not found:
        raise SystemExit(f"{changelog} has no heading '## {__version__} (DATE)'")
    return found[1]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(), Path())

"""`python -m addonctl.docs`, in a checkout: writes man/, completions/ and docs/words.json anew."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_origin

from addonctl import __version__, sandbox
from addonctl.cli.commands import NOUNS, PROGRAM, Declared, Noun, Verb
from addonctl.docs import complete, topics
from addonctl.models import STATUSES, Record
from addonctl.output import FORMATS
from addonctl.profiles.config import DEFAULTS


class CommandDoc:
    """A noun or a verb in its place, as manual, completion and site describe it.

    `words` lead to it, by its `parent`; the program itself has neither. `commands` are the members
    of a noun, with `aliases` (and what they do) for those whose place is at the top.
    """

    def __init__(
        self, declared: Noun | Verb, words: tuple[str, ...] = (), parent: CommandDoc | None = None
    ) -> None:
        paragraphs = [" ".join(each.split()) for each in declared.help.split("\n\n")]
        self.words, self.path, self.parent = words, " ".join(words), parent
        self.page = "-".join(("addonctl", *words))
        self.summary = paragraphs[0].removesuffix(".")
        self.description = "\n\n".join(paragraphs)
        self.arguments = [each for each in declared.own if not each.flags]
        self.options = [each for each in declared.own if each.flags]
        self.common, self.examples, self.rows = declared.common, declared.examples, declared.rows
        self.fields = [field.name for field in declared.rows.FIELDS] if declared.rows else []
        self.commands: list[CommandDoc] = []
        self.aliases: dict[str, str] = {}
        if isinstance(declared, Noun):
            for name, summary in declared.members.items():
                if words and name in NOUNS:
                    self.aliases[name] = summary
                elif member := declared.member(name):
                    self.commands.append(CommandDoc(member, (*words, name), self))

    def walk(self) -> Iterator[CommandDoc]:
        """This command and all under it, outermost first."""
        yield self
        for inner in self.commands:
            yield from inner.walk()


def main(checkout: Path, folder: Path) -> None:
    """Write what is made of the commands under `folder`, and nothing else in its man/.

    The date of this version, and so of its pages, is taken from the changelog in `checkout`.
    """
    changelog, program = checkout / "CHANGELOG.md", CommandDoc(PROGRAM)
    heading = rf"^## {re.escape(__version__)} \((\d{{4}}-\d\d-\d\d)\)$"
    date = re.search(heading, changelog.read_text("utf-8"), re.MULTILINE)
    if not date:
        raise SystemExit(f"{changelog} has no heading '## {__version__} (DATE)'")
    files = {f"man/{each.page}.1": manual_page(each, date[1]) for each in program.walk()}
    for shell, name in complete.SCRIPTS.items():
        files[f"completions/{name}"] = complete.script(shell)
    files["addonctl/docs/words.json"] = words(program)
    for page in (folder / "man").glob("*"):
        page.unlink()
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8", newline="\n")


# What TABs are answered from


def words(program: CommandDoc) -> str:
    """The table of all that can be typed: an option a line, a command a line."""
    options: dict[str, int] = {}
    commands: dict[str, object] = {}
    for each in program.walk():
        commands |= {f"{each.path} {name}": name for name in each.aliases}
        numbers = []
        for option in (*each.options, *each.common):
            about, value = option.help.removesuffix("."), value_of(option, each.rows)
            row = _json({"names": option.flags, "about": about, "value": value})
            numbers.append(options.setdefault(row, len(options)))
        argument = each.arguments[0] if each.arguments else None
        kinds = (argument.type, *get_args(argument.type)) if argument else ()
        commands[each.path] = {
            "commands": {inner.words[-1]: inner.summary for inner in each.commands} | each.aliases,
            "options": numbers,
            "argument": value_of(argument, None) if argument else ("", {}),
            "many": any(get_origin(kind) is list for kind in kinds),
        }
    rows = [f"{_json(path)}: {_json(row)}" for path, row in commands.items()]
    # The profile `sandbox` and its account are in no config.toml.
    return (
        f'{{"sandbox": {_json(sandbox.ACCOUNT)},\n"options": [\n'
        + ",\n".join(options)
        + '\n],\n"commands": {\n'
        + ",\n".join(rows)
        + "\n}}\n"
    )


def value_of(declared: Declared, rows: type[Record] | None) -> tuple[str, dict[str, str]]:
    """What may stand in a place, as a shell can complete it: its kind, and words with their help.

    The kind is empty where nothing is taken, "any" where nothing is known, "word" for one of the
    words, "list" for some of them with commas between, "sort" for one that may have a `-` before
    it, "help" for one of them or a command, "profile" for one of them or a profile. For "address"
    the words are the kinds of SIDs taken, outermost first; for "seen" the kind of SID, or `label`,
    that lists have shown. It follows from the placeholder; the placeholders are those of cli/.
    """
    metavar, fields = declared.metavar, rows.FIELDS if rows else ()
    if not metavar:
        return "", {}
    if declared.name == "label":
        return "seen", {"label": ""}
    if sids := [kind for kind in ("RE", "XR", "XH") if f"{kind}…" in metavar]:
        return "address", dict.fromkeys(sids, "")
    if metavar in ("CA…", "CF…", "XB…", "XE…"):
        return "seen", {metavar[:2]: ""}
    known: dict[str, tuple[str, dict[str, str]]] = {
        "FORMAT": ("word", {name: each.help for name, each in FORMATS.items()}),
        "STATUS,…": ("list", dict.fromkeys(STATUSES, "")),
        "FIELD": ("sort", {each.name: "" for each in fields if each.kind != "uris"}),
        "a,b,c": ("list", {each.name: "" for each in fields}),
        "iso|own": ("word", {"iso": "2026-11-21T18:43:00Z", "own": "the format's"}),
        "FILE": ("file", {}),
        "DIR": ("folder", {}),
        "NAME": ("profile", {"sandbox": "needs no login"}),
        "[NAME]": ("profile", {}),  # where one is made or removed
        "SETTING": ("word", dict.fromkeys(DEFAULTS, "")),
        "SHELL": ("word", dict.fromkeys(complete.SCRIPTS, "")),
        "TOPIC": ("help", {name: topics.TOPICS[name].line for name in topics.NAMES}),
    }
    return known.get(metavar, ("any", {}))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# Pages in the man(7) language


def manual_page(command: CommandDoc, date: str) -> str:
    """A command's page; that of the program tells what all others share."""
    parent = command.parent
    usage = ["[OPTIONS]", *(argument.shown for argument in command.arguments)]
    usage += ["COMMAND", "[ARGUMENTS]"] if command.commands else []
    summary = command.summary[:1].lower() + command.summary[1:]
    lines = [
        r"\" Written by `python -m addonctl.docs` from the command tree. Do not edit.",
        f'.TH {_plain(command.page.upper())} 1 {date} "addonctl {__version__}" "addonctl manual"',
        ".SH NAME",
        _plain(f"{command.page} - {summary}"),
        ".SH SYNOPSIS",
        f".B {_plain(f'addonctl {command.path}'.strip())}",
        _plain(" ".join(usage)),
    ]
    # Terms of these are roff already.
    members = [(f"{_bold(inner.page)}(1)", f"{inner.summary}.") for inner in command.commands]
    for alias, summary in command.aliases.items():
        same = f"{summary}. The same as addonctl-{alias}(1)."
        members.append((_bold(f"addonctl {command.path} {alias}"), same))
    arguments = [
        (rf"\fI{_plain(each.metavar)}\fR", each.help and f"{each.help.removesuffix('.')}.")
        for each in command.arguments
    ]
    options = []
    for option in (*command.options, *(() if parent else command.common)):
        term, (kind, known) = ", ".join(map(_bold, option.flags)), value_of(option, command.rows)
        term += rf" \fI{_plain(option.metavar)}\fR" if option.metavar else ""
        one_of = f" Known: {', '.join(known)}." if known and kind in ("word", "list") else ""
        options.append((term, f"{option.help}{one_of}"))
    sections: dict[str, list[topics.Part]] = {
        "description": [*command.description.split("\n\n")],
        "commands": [tuple(members)],
        "arguments": [tuple(arguments)],
        "options": [tuple(options)],
        "fields": [", ".join(command.fields)],
    }
    if parent:
        names = ", ".join(f"`{option.flags[-1]}`" for option in command.common)
        sections["options"].append(f"Taken by every command, and told of in addonctl(1): {names}.")
        exits = "0 when all is done; the others are those of every command, in addonctl(1)."
        variables = "`ADDONCTL_PROFILE`, `ADDONCTL_FORMAT`, the login's `TWILIO_` variables"
        sections |= {
            "exit status": [exits],
            "environment": [f"{variables} and others; see addonctl(1)."],
            "files": ["`config.toml` holds the profiles; see addonctl(1)."],
        }
    else:
        shared = ("addresses", "formats", "archive", "buckets", "cluster", "tables")
        for name in (*shared, "exit-codes", "environment", "files"):
            title, _, parts = topics.TOPICS[name]
            sections["exit status" if name == "exit-codes" else title] = parts
    sections["examples"] = []
    for what, line in command.examples or [it.examples[0] for it in command.walk() if it.examples]:
        sections["examples"] += [f"{what[:1].upper()}{what[1:]}:", topics.continued(line, 72)]
    for title, parts in sections.items():
        parts = [part for part in parts if part]
        lines += [f".SH {title.upper()}"] if parts else []
        for at, part in enumerate(parts):
            if isinstance(part, str):
                lines += [".PP", _styled(part)] if at else [_styled(part)]
            elif isinstance(part, list):
                lines += [".PP", ".RS 4", ".nf", *map(_plain, part), ".fi", ".RE"]
            else:
                for term, text in part:
                    term = term if term.startswith("\\f") else _bold(term)
                    lines += [".TP", term, _styled(text)]
    near = [parent, *parent.commands, *command.commands] if parent else command.commands
    pages = sorted({other.page for other in near} - {command.page})
    return "\n".join([*lines, ".SH SEE ALSO", ",\n".join(f"{_bold(it)}(1)" for it in pages), ""])


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


if __name__ == "__main__":
    main(Path(), Path())

"""The commands as the manual and the completions describe them, made of their declarations."""

from __future__ import annotations

from addonctl.cli.commands import COMMON, Declared, Noun, Verb
from addonctl.cli.options import Argument, Option
from addonctl.cli.parser import HELP, VERSION, addresses_help
from addonctl.docgen import tree
from addonctl.docgen.tree import Command
from addonctl.models import Record


def read(program: Noun) -> Command:
    """The whole tree under the program."""
    return _command(program, (), frozenset(program.nouns))


def _command(declared: Noun | Verb, words: tuple[str, ...], nouns: frozenset[str]) -> Command:
    members, aliases = [], []
    if isinstance(declared, Noun):
        for name, summary in declared.summaries():
            member = declared.member(name)
            if words and name in nouns:
                # A noun of its own, reachable under its parent too: described once.
                aliases.append((name, (name,), summary))
            elif member:
                members.append(_command(member, (*words, name), nouns))
    own = declared.own if isinstance(declared, Verb) else []
    common = declared.common if isinstance(declared, Verb) else COMMON
    rows = declared.rows
    paragraphs = [" ".join(paragraph.split()) for paragraph in declared.help.split("\n\n")]
    return Command(
        words,
        paragraphs[0].removesuffix("."),
        "\n\n".join(paragraphs),
        tuple(_argument(each, each.typed) for each in own if isinstance(each.typed, Argument)),
        tuple(_option(each.typed, rows) for each in own if isinstance(each.typed, Option)),
        tuple(
            _option(each, rows)
            for each in (
                *(each.typed for each in common if isinstance(each.typed, Option)),
                *(() if words else (VERSION,)),
                HELP,
            )
        ),
        tuple(declared.examples),
        tuple(field.name for field in rows.FIELDS) if rows else (),
        tuple(members),
        tuple(aliases),
    )


def _option(option: Option, rows: type[Record] | None) -> tree.Option:
    names = tuple(sorted(option.flags, key=len))
    metavar = option.metavar or ""
    return tree.Option(names, option.help, metavar, tree.value(metavar, rows))


def _argument(declared: Declared, argument: Argument) -> tree.Argument:
    metavar = argument.metavar
    usage = f"[{metavar}]" if declared.optional and metavar[0] != "[" else metavar
    return tree.Argument(
        metavar, addresses_help(argument), tree.value(metavar.strip("[]"), None), usage
    )

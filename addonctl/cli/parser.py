"""The command line as the parser sees it: nothing but this file knows Typer.

A command is built for the parser, of its declaration, only when it is named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer
import typer.main

from addonctl import __version__
from addonctl.cli.commands import PROGRAM, Noun, Verb
from addonctl.cli.state import State
from addonctl.errors import Usage
from addonctl.output import FORMATS

OTHERS_WORDS = {
    "list": ("ls",),
    "show": ("cat", "print", "read", "view"),
    "download": ("export", "fetch", "save"),
    "get": ("describe", "fetch", "read", "show", "view"),
    "delete": ("remove", "rm"),
    "wait": ("watch",),
}
"""What other tools call what a verb of ours does."""


def execute(arguments: Sequence[str], state: State) -> int:
    """Run one command line, and give back its exit code. Raises AddonctlError."""
    declared: Noun | Verb = PROGRAM
    name, rest, context = "addonctl", list(arguments), None
    try:
        while True:
            command, parent, typed = _built(name, declared), context, list(rest)
            # Not the parser's own main(), which ends Ctrl-C and closed pipes in silence.
            with command.make_context(name, rest, parent=parent, obj=state) as context:
                command.invoke(context)
            if isinstance(declared, Verb):
                return 0
            rest, path = context.args, context.command_path
            if not rest and (typed or state.common.quiet or state.format in ("json", "jsonl")):
                raise Usage("a command is missing", hint=f"see: {path} --help")
            if not rest:
                state.sink.say(_help(declared, context))
                return Usage.exit_code
            name = rest.pop(0)
            member = declared.member(name)
            if not member:
                raise _no_such(declared, name, path)
            declared = member
    except typer.Exit as done:
        return done.exit_code
    except typer.TyperException as problem:
        # What can be read of the line says how its error is told.
        lenient = {"resilient_parsing": True, "ignore_unknown_options": True}
        context = command.make_context(name, typed, parent=parent, obj=state, **lenient)
        state.take_common({each: context.params.get(each) for each in ("format", "quiet")})
        said = problem.format_message().removesuffix(".")
        hint = f"see: {context.command_path} --help"
        if match := re.match(r"No such option: (-o|--json|--output|--csv|--table|--yaml)\b", said):
            word = match[1].removeprefix("--")
            said = f"no such option: {match[1]}"
            hint = f"the format is chosen so: -f {word if word in FORMATS else 'json'}"
        raise Usage(f"{said[:1].lower()}{said[1:]}", hint=hint) from None


def _no_such(noun: Noun, word: str, path: str) -> Usage:
    """What to say of a word that is no member of a noun; what to type in its place, if known."""
    # A verb without its noun, or what another tool calls one?
    wanted = [word, *(ours for ours, others in OTHERS_WORDS.items() if word in others)]
    nouns = {f"{path} {name}": noun.member(name) for name in noun.nouns}
    found = [
        f"{at} {verb}"
        for verb in wanted
        for at, member in ({path: noun} if noun.verbs else nouns).items()
        if isinstance(member, Noun) and verb in member.verbs
    ]
    if found:
        return Usage(f"no such command '{word}'", hint=f"type: {', or '.join(found)}")
    from difflib import get_close_matches

    close = get_close_matches(word, noun.members)
    guess = f". Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return Usage(f"no such command '{word}'{guess}", hint=f"see: {path} --help")


def _built(name: str, declared: Noun | Verb) -> Any:
    """A command for the parser, made of its declaration; a noun's leaves the words after it."""

    def call(context: typer.Context, **given: Any) -> None:
        declared.call(context.obj, **given)

    def instead(context: typer.Context, option: typer.CallbackParam, asked: bool) -> None:
        if asked and not context.resilient_parsing:
            state: State = context.obj
            state.config = None  # config.toml has no say in help
            version = f"addonctl {__version__}"
            state.sink.text(version if option.name == "version" else _help(declared, context))
            raise typer.Exit

    parameters = [Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
    for each in (*declared.own, *declared.common):
        if each.flags:
            shows = each.name in ("help", "version")
            typed: Any = typer.Option(
                *reversed(each.flags),
                metavar=each.metavar or None,
                parser=_whole_number if each.type in (int, int | None) else None,
                callback=instead if shows else None,
                is_eager=shows,
            )
        else:
            typed = typer.Argument(metavar=each.metavar)
        kind, by_name = Annotated[each.type, typed], Parameter.KEYWORD_ONLY
        parameters.append(Parameter(each.name, by_name, annotation=kind, default=each.default))
    call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    settings: dict[str, Any] = {"max_content_width": 80}
    if isinstance(declared, Noun):
        settings |= {"allow_extra_args": True, "allow_interspersed_args": False}
    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    app.command(name, add_help_option=False, context_settings=settings)(call)
    return typer.main.get_command(app)


def _whole_number(word: str) -> int:
    """Each release of Typer words this otherwise, and not all of them say what was given."""
    try:
        return int(word)
    except ValueError:
        raise typer.BadParameter(f"{word!r} is no whole number") from None


def _help(declared: Noun | Verb, context: typer.Context) -> str:
    """What -h shows: the usage, what it is for, examples first, then the details."""
    from addonctl.docs.topics import NAMES, continued

    formatter, indent = context.make_formatter(), " " * 2
    top, noun = context.parent is None, declared if isinstance(declared, Noun) else None
    arguments = [each for each in declared.own if not each.flags]
    options = [each for each in declared.own if each.flags]
    options += [each for each in declared.common if top or each.name == "help"]
    usage = ["COMMAND [ARGS]..."] if noun else [each.shown for each in arguments]
    formatter.write_usage(context.command_path, " ".join(["[OPTIONS]", *usage]))
    formatter.write_paragraph()
    formatter.write_text(declared.help)
    if declared.examples:
        note = " (they work as they stand after: export ADDONCTL_PROFILE=sandbox)" if top else ""
        with formatter.section(f"Examples{note}"):
            for what, line in declared.examples:
                for part in (f"# {what}", *continued(line, formatter.width - len(indent))):
                    formatter.write(f"{indent}{part}\n")
    must = {Parameter.empty: "  [required]"}
    lists = {
        "Commands": list(noun.members.items()) if noun else [],
        "Arguments": [
            (each.metavar, f"{each.help}{must.get(each.default, '')}".strip()) for each in arguments
        ],
        "Options": [(each.shown, each.help) for each in options],
    }
    for title, rows in lists.items():
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)
    if declared.rows:
        with formatter.section("Fields"):
            formatter.write_text(", ".join(field.name for field in declared.rows.FIELDS))
    if top:
        formatter.write_paragraph()
        formatter.write_text(f"Topics of addonctl help: {', '.join(NAMES)}.")
        return str(formatter.getvalue()).rstrip()
    lines = [""]
    for shown in (each.shown for each in declared.common if each not in options):
        if len(f"{indent}{lines[-1]}{shown}") > formatter.width and lines[-1]:
            lines.append("")
        lines[-1] += f"{shown}   "
    with formatter.section("Common options (what they do: addonctl --help)"):
        formatter.write("".join(f"{indent}{line.rstrip()}\n" for line in lines))
    return str(formatter.getvalue()).rstrip()

"""The command line as the parser sees it: nothing but this file knows Typer.

A command is built for the parser, of its declaration, only when it is named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from addonctl import __version__
from addonctl.cli.commands import Noun, Verb
from addonctl.cli.state import State
from addonctl.errors import Usage
from addonctl.output import FORMATS

OTHERS_WORDS = {
    "cat": ("show",),
    "describe": ("get",),
    "export": ("download",),
    "fetch": ("download", "get"),
    "ls": ("list",),
    "print": ("show",),
    "read": ("show", "get"),
    "remove": ("delete",),
    "rm": ("delete",),
    "save": ("download",),
    "show": ("get",),
    "view": ("show", "get"),
    "watch": ("wait",),
}
"""What other tools call what a verb of ours does."""


class CommandMissing(Usage):
    """Nothing but nouns were typed; `page` is the help on what could follow them."""

    def __init__(self, context: Any) -> None:
        super().__init__("a command is missing", hint=f"see: {context.command_path} --help")
        self.page: str = context.get_help()


def execute(program: Noun, arguments: Sequence[str], state: State) -> int:
    """Run one command line, and give back its exit code. Raises AddonctlError."""
    # Not the parser's own main(): it has silent ends of its own for Ctrl-C and closed pipes.
    command = _built("addonctl", program)
    try:
        with command.make_context("addonctl", list(arguments), obj=state) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except typer.TyperException as problem:
        state.take_common(_common_words(arguments))
        said = problem.format_message().removesuffix(".")
        context = getattr(problem, "ctx", None)
        hint = f"see: {context.command_path if context else 'addonctl'} --help"
        if match := re.match(r"No such option: (-o|--json|--output|--csv|--table|--yaml)\b", said):
            word = match[1].removeprefix("--")
            said = f"no such option: {match[1]}"
            hint = f"the format is chosen so: -f {word if word in FORMATS else 'json'}"
        raise Usage(f"{said[:1].lower()}{said[1:]}", hint=hint) from None
    return 0


def _common_words(arguments: Sequence[str]) -> dict[str, Any]:
    """How an error shall be told, of a command line that could not be parsed."""
    found: dict[str, Any] = {}
    for number, word in enumerate(arguments):
        if given := re.fullmatch(r"--format=(.*)|-[qv]*f(.+)", word):
            found["format"] = given[1] or given[2]
        elif word == "--format" or re.fullmatch(r"-[qv]*f", word):
            found["format"] = "".join(arguments[number + 1 : number + 2])
        if word == "--quiet" or re.fullmatch(r"-v*q[qvf]*", word):
            found["quiet"] = True
    return found


class Group(TyperGroup):
    """A noun, to the parser."""

    declared: Noun

    def list_commands(self, ctx: Any) -> list[str]:
        return self.declared.names

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        member = self.declared.member(cmd_name)
        return member and _built(cmd_name, member)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            raise CommandMissing(ctx)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        noun, path = self.declared, ctx.command_path
        if not args or args[0] in noun.names:
            return super().resolve_command(ctx, args)
        # A verb without its noun, or what another tool calls one?
        wanted = (args[0], *OTHERS_WORDS.get(args[0], ()))
        nouns = {f"{path} {name}": noun.member(name) for name in noun.nouns}
        found = [
            f"{at} {verb}"
            for verb in wanted
            for at, member in ({path: noun} if noun.verbs else nouns).items()
            if isinstance(member, Noun) and verb in member.verbs
        ]
        if found:
            raise Usage(f"no such command '{args[0]}'", hint=f"type: {', or '.join(found)}")
        from difflib import get_close_matches

        close = get_close_matches(args[0], noun.names)
        guess = f". Did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise Usage(f"no such command '{args[0]}'{guess}", hint=f"see: {path} --help")

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _write_help(self.declared, ctx, formatter)


class Command(TyperCommand):
    """A verb, to the parser."""

    declared: Verb

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _write_help(self.declared, ctx, formatter)


def _built(name: str, declared: Noun | Verb) -> Any:
    """A command for the parser, made of its declaration."""

    def call(context: typer.Context, **given: Any) -> None:
        declared.call(context.find_root().obj, **given)

    parameters = [Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
    for each in (*declared.own, *declared.common):
        if each.flags:
            typed: Any = typer.Option(
                *reversed(each.flags),
                metavar=each.metavar or None,
                parser=_whole_number if each.type in (int, int | None) else None,
                callback=_answer_instead if each.name in ("help", "version") else None,
                is_eager=each.name in ("help", "version"),
                show_default=False,
            )
        else:
            typed = typer.Argument(metavar=each.metavar, show_default=False)
        kind, by_name = Annotated[each.type, typed], Parameter.KEYWORD_ONLY
        parameters.append(Parameter(each.name, by_name, annotation=kind, default=each.default))
    call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    app = typer.Typer(
        cls=Group, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
    )
    cls: type[Any] = Group if isinstance(declared, Noun) else Command
    add = app.callback if isinstance(declared, Noun) else partial(app.command, name)
    add(cls=cls, add_help_option=False, context_settings={"max_content_width": 80})(call)
    command: Any = typer.main.get_command(app)
    command.declared = declared
    return command


def _whole_number(word: str) -> int:
    """Each release of Typer words this otherwise, and not all of them say what was given."""
    try:
        return int(word)
    except ValueError:
        raise typer.BadParameter(f"{word!r} is no whole number") from None


def _answer_instead(context: typer.Context, option: typer.CallbackParam, asked: bool) -> None:
    """What --help and --version show stands in place of the command."""
    if asked and not context.resilient_parsing:
        state: State = context.find_root().obj
        state.unread()
        version = f"addonctl {__version__}"
        state.sink.text(version if option.name == "version" else context.get_help())
        raise typer.Exit


def _write_help(declared: Noun | Verb, ctx: Any, formatter: Any) -> None:
    """What -h shows: the usage, what it is for, examples first, then the details."""
    from addonctl.docs.topics import NAMES, continued

    top, indent, is_noun = ctx.parent is None, " " * 2, isinstance(declared, Noun)
    arguments = [each for each in declared.own if not each.flags]
    options = [each for each in declared.own if each.flags]
    options += [each for each in declared.common if top or each.name == "help"]
    usage = ["COMMAND [ARGS]..."] if is_noun else [each.usage for each in arguments]
    formatter.write_usage(ctx.command_path, " ".join(["[OPTIONS]", *usage]))
    formatter.write_paragraph()
    formatter.write_text(declared.help)
    if declared.examples:
        note = " (they work as they stand after: export ADDONCTL_PROFILE=sandbox)" if top else ""
        with formatter.section(f"Examples{note}"):
            for what, line in declared.examples:
                formatter.write(f"{indent}# {what}\n")
                for part in continued(line, formatter.width - len(indent)):
                    formatter.write(f"{indent}{part}\n")
    needed = {each.name: "  [required]" for each in arguments if each.required}
    lists = {
        "Commands": declared.summaries() if isinstance(declared, Noun) else [],
        "Arguments": [
            (each.metavar, f"{each.help}{needed.get(each.name, '')}".strip()) for each in arguments
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
        return
    with formatter.section("Common options (what they do: addonctl --help)"):
        line = indent
        for shown in (each.shown for each in declared.common if each not in options):
            if len(line) + len(shown) > formatter.width and line != indent:
                formatter.write(line.rstrip() + "\n")
                line = indent
            line += shown + "   "
        formatter.write(line.rstrip() + "\n")

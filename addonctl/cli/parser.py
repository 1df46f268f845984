"""The command line as the parser sees it: nothing but this file knows Typer.

A command is built for the parser, of its declaration, only when it is named.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from addonctl.cli.commands import COMMON, Noun, Verb
from addonctl.cli.options import Argument, Option
from addonctl.cli.state import State
from addonctl.errors import Usage
from addonctl.output import FORMATS

HELP = Option("--help", "Show this message and exit.", short="-h")
VERSION = Option("--version", "Show the version and exit.")
SETTINGS: dict[str, Any] = {"max_content_width": 80}


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
        raise _wrong_words(problem) from None
    except CommandMissing:
        state.take_common(_common_words(arguments))
        raise
    return 0


def page(program: Noun, words: Sequence[str]) -> str | None:
    """The help of the command that `words` name; None where there is none."""
    member: Noun | Verb | None = program
    context = typer.Context(_built("addonctl", program), info_name="addonctl", **SETTINGS)
    for word in words:
        member = member.member(word) if isinstance(member, Noun) else None
        if member is None:
            return None
        context = typer.Context(_built(word, member), info_name=word, parent=context, **SETTINGS)
    return str(context.get_help())


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
        names = self.declared.names
        if args and args[0] not in names:
            from difflib import get_close_matches

            close = get_close_matches(args[0], names)
            guess = f". Did you mean {' or '.join(map(repr, close))}?" if close else ""
            remedy = _remedy(self.declared, args[0], ctx.command_path)
            raise Usage(
                f"no such command '{args[0]}'{'' if remedy else guess}",
                hint=remedy or f"see: {ctx.command_path} --help",
            )
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _write_help(self, self.declared, ctx, formatter)


class Command(TyperCommand):
    """A verb, to the parser."""

    declared: Verb

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        # typer puts braces around what is required; nobody else does.
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _write_help(self, self.declared, ctx, formatter)


def _built(name: str, declared: Noun | Verb) -> Any:
    """A command for the parser, made of its declaration."""
    cls: type[Any] = Group if isinstance(declared, Noun) else Command
    app = typer.Typer(
        cls=Group, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
    )
    settings: dict[str, Any] = {
        "cls": cls,
        "help": declared.help,
        "add_help_option": False,
        "context_settings": SETTINGS,
    }

    def call(context: typer.Context, **given: Any) -> None:
        state: State = context.find_root().obj
        if isinstance(declared, Verb):
            declared.call(state, **given)
        else:
            state.take_common({each.name: given[each.name] for each in COMMON})

    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [_CONTEXT, *_parameters(declared, top=name == "addonctl")]
    )
    if isinstance(declared, Verb):
        app.command(name, **settings)(call)
    else:
        app.callback(**settings)(call)
    command: Any = typer.main.get_command(app)
    command.declared = declared
    return command


_CONTEXT = inspect.Parameter(
    "context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
)


def _parameters(declared: Noun | Verb, *, top: bool) -> Iterator[inspect.Parameter]:
    each_own = declared.own if isinstance(declared, Verb) else []
    common = declared.common if isinstance(declared, Verb) else COMMON
    for each in (*each_own, *common):
        if isinstance(each.typed, Option):
            given: Any = typer.Option(
                *each.typed.flags,
                help=each.typed.help,
                metavar=each.typed.metavar,
                show_default=False,
                parser=_whole_number if each.type in (int, int | None) else None,
            )
        else:
            given = typer.Argument(
                metavar=each.typed.metavar, help=addresses_help(each.typed), show_default=False
            )
        yield _parameter(each.name, Annotated[each.type, given], each.default)
    if top:
        version = typer.Option(
            *VERSION.flags, help=VERSION.help, is_eager=True, callback=_show_version
        )
        yield _parameter("version", Annotated[bool, version], False)
    helping = typer.Option(*HELP.flags, help=HELP.help, is_eager=True, callback=_show_help)
    yield _parameter("help", Annotated[bool, helping], False)


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
    )


def _whole_number(word: str) -> int:
    """Each release of Typer words this otherwise, and not all of them say what was given."""
    try:
        return int(word)
    except ValueError:
        raise typer.BadParameter(f"{word!r} is no whole number") from None


def addresses_help(argument: Argument) -> str:
    """What an argument is: its own help, or where addresses are explained."""
    return argument.help or (
        "Which; see: addonctl help addresses." if "RE…" in argument.metavar else ""
    )


def _show_help(context: typer.Context, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        context.find_root().obj.settings.unread()
        context.find_root().obj.sink.text(context.get_help())
        raise typer.Exit


def _show_version(context: typer.Context, asked: bool) -> None:
    if asked:
        from addonctl import __version__

        context.find_root().obj.settings.unread()
        context.find_root().obj.sink.text(f"addonctl {__version__}")
        raise typer.Exit


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


def _wrong_words(problem: typer.TyperException) -> Usage:
    """What the parser has to say, in our way of saying it."""
    said = problem.format_message().removesuffix(".")
    context = getattr(problem, "ctx", None)
    path = context.command_path if context else "addonctl"
    hint = f"see: {path} --help"
    if match := re.match(r"No such option: (-o|--json|--output|--csv|--table|--yaml)\b", said):
        word = match[1].removeprefix("--")
        said = f"no such option: {match[1]}"
        hint = f"the format is chosen so: -f {word if word in FORMATS else 'json'}"
    return Usage(f"{said[:1].lower()}{said[1:]}", hint=hint)


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


def _remedy(noun: Noun, word: str, path: str) -> str | None:
    """The line to type instead of `word`, if it is a verb without its noun, or another tool's."""
    wanted = (word, *OTHERS_WORDS.get(word, ()))
    if noun.verbs:
        found = [f"{path} {verb}" for verb in wanted if verb in noun.verbs]
    else:
        found = [
            f"{path} {name} {verb}"
            for verb in wanted
            for name in noun.nouns
            if isinstance(member := noun.member(name), Noun) and verb in member.verbs
        ]
    return f"type: {', or '.join(found)}" if found else None


# What -h shows: the usage, what it is for, examples first, then the details


def _write_help(command: Any, declared: Noun | Verb, ctx: Any, formatter: Any) -> None:
    from addonctl.docs.topics import NAMES, continued

    top = ctx.parent is None
    command.format_usage(ctx, formatter)
    formatter.write_paragraph()
    formatter.write_text(declared.help)
    indent = " " * 2
    if declared.examples:
        note = " (they work as they stand after: export ADDONCTL_PROFILE=sandbox)" if top else ""
        with formatter.section(f"Examples{note}"):
            for what, line in declared.examples:
                formatter.write(f"{indent}# {what}\n")
                for part in continued(line, formatter.width - len(indent)):
                    formatter.write(f"{indent}{part}\n")
    if isinstance(declared, Noun):
        with formatter.section("Commands"):
            formatter.write_dl(declared.summaries())
    common = set() if top else {each.name for each in COMMON}
    if isinstance(declared, Verb):
        common -= {each.name for each in declared.own}
    rows: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
    flags: list[str] = []
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record and parameter.name in common:
            flags.append(record[0])
        elif record:
            rows[parameter.param_type_name].append(record)
    for title, kind in (("Arguments", "argument"), ("Options", "option")):
        if rows[kind]:
            with formatter.section(title):
                formatter.write_dl(rows[kind])
    if declared.rows:
        with formatter.section("Fields"):
            formatter.write_text(", ".join(field.name for field in declared.rows.FIELDS))
    if top:
        formatter.write_paragraph()
        formatter.write_text(f"Topics of addonctl help: {', '.join(NAMES)}.")
        return
    with formatter.section("Common options (what they do: addonctl --help)"):
        line = indent
        for flag in flags:
            if len(line) + len(flag) > formatter.width and line != indent:
                formatter.write(line.rstrip() + "\n")
                line = indent
            line += flag + "   "
        formatter.write(line.rstrip() + "\n")

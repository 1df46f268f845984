"""What a noun and a verb are to the parser: options taken anywhere, nouns imported when named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import typer
import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup

from addonctl.cli.options import COMMON, Option
from addonctl.errors import Usage

if TYPE_CHECKING:
    from addonctl.models import Record

Function = TypeVar("Function", bound=Callable[..., Any])

Examples = tuple[tuple[str, str], ...]
"""What a line is for, and the line; each works as it stands with ADDONCTL_PROFILE=sandbox."""

ADDRESSES = "Which; see: addonctl help addresses."


class CommandMissing(Usage):
    """Nothing but nouns were typed; `page` is the help on what could follow them."""

    def __init__(self, context: Any) -> None:
        super().__init__("a command is missing", hint=f"see: {context.command_path} --help")
        self.page: str = context.get_help()


class Verb(TyperCommand):
    """A command, with the options of its sets and those that every command takes.

    `rows` is the kind of record it answers with, whose fields --fields takes.
    """

    sets: ClassVar[tuple[tuple[Option, ...], ...]] = ()
    rows: ClassVar[type[Record] | None] = None
    examples: ClassVar[Examples] = ()

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        for parameter in self.params:
            if isinstance(parameter, TyperArgument) and "RE…" in (parameter.metavar or ""):
                parameter.help = parameter.help or ADDRESSES

    @cached_property
    def common(self) -> list[Any]:
        """The options that every command takes, but those it has of its own."""
        return self._lacking(COMMON, self.shared)

    @cached_property
    def shared(self) -> list[Any]:
        """The options of its sets."""
        return self._lacking(option for options in self.sets for option in options)

    def get_params(self, ctx: Any) -> list[Any]:
        # Made when asked for: of a noun's verbs a run needs one.
        *own, helping = super().get_params(ctx)
        return [*own, *self.shared, *self.common, helping]

    def _lacking(self, options: Iterable[Option], besides: Sequence[Any] = ()) -> list[Any]:
        own = {parameter.name for parameter in (*self.params, *besides)}
        found = [option.parameter() for option in options]
        return [parameter for parameter in found if parameter.name not in own]

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        # typer puts braces around what is required; nobody else does.
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from addonctl.cli.help_page import write

        write(self, ctx, formatter)

    def get_help_option(self, ctx: Any) -> Any:
        return _through_the_sink(super().get_help_option(ctx))


class Nouns(TyperGroup):
    """A group whose members are imported only when they are named."""

    nouns: ClassVar[dict[str, tuple[str, str]]] = {}
    examples: ClassVar[Examples] = ()

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.common = [option.parameter() for option in COMMON]
        self.params += self.common

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *self.nouns]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.nouns:
            return super().get_command(ctx, cmd_name)
        module = import_module(self.nouns[cmd_name][0])
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command

    def summaries(self) -> list[tuple[str, str]]:
        """Each member's name and its one line, nothing imported."""
        own = [(name, summary_of(command)) for name, command in self.commands.items()]
        return [*own, *((name, line) for name, (_, line) in self.nouns.items())]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            raise CommandMissing(ctx)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from addonctl.cli.help_page import write

        write(self, ctx, formatter)

    def get_help_option(self, ctx: Any) -> Any:
        return _through_the_sink(super().get_help_option(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.list_commands(ctx):
            from difflib import get_close_matches

            close = get_close_matches(args[0], self.list_commands(ctx))
            guess = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
            ctx.fail(f"No such command '{args[0]}'.{guess}")
        return super().resolve_command(ctx, args)


def _through_the_sink(option: Any) -> Any:
    """The option --help, its page written like every other answer."""

    def show(context: Any, parameter: Any, asked: bool) -> None:
        if asked and not context.resilient_parsing:
            context.find_root().obj.sink.text(context.get_help())
            context.exit()

    option.callback = show
    return option


def summary_of(command: Any) -> str:
    """The first sentence of a command's help, as a line in a list."""
    first: str = (command.help or "").split("\n\n")[0]
    return " ".join(first.split()).removesuffix(".")


def noun(cls: type[Nouns] = Nouns) -> typer.Typer:
    """A group of verbs."""
    return typer.Typer(
        cls=cls,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    )


def verb(
    app: typer.Typer,
    name: str,
    *sets: tuple[Option, ...],
    rows: type[Record] | None = None,
    examples: Examples = (),
    **settings: Any,
) -> Callable[[Function], Function]:
    """Make a function a verb of `app`, with the options of those sets."""
    cls = type("Verb", (Verb,), {"sets": sets, "rows": rows, "examples": examples})
    return app.command(name, cls=cls, **settings)

"""What a noun and a verb are to the parser: options taken anywhere, nouns imported when named."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar, TypeVar

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from addonctl.cli.options import COMMON, Option

Function = TypeVar("Function", bound=Callable[..., Any])


class PipeClosed(Exception):
    """stdout's reader has gone. Not an OSError: typer would turn that one into exit 1."""


class Verb(TyperCommand):
    """A command, with the options of its sets and those that every command takes."""

    sets: ClassVar[tuple[tuple[Option, ...], ...]] = ()

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        own = {parameter.name for parameter in self.params}
        for option in (option for options in (*self.sets, COMMON) for option in options):
            parameter = option.parameter()
            if parameter.name not in own:
                self.params.append(parameter)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as problem:
            raise PipeClosed from problem


class Nouns(TyperGroup):
    """A group whose members are imported only when they are named."""

    nouns: ClassVar[dict[str, tuple[str, str]]] = {}

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += [option.parameter() for option in COMMON]

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *self.nouns]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.nouns:
            return super().get_command(ctx, cmd_name)
        module = import_module(self.nouns[cmd_name][0])
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rows = [
            (name, command.get_short_help_str(60)) for name, command in self.commands.items()
        ]
        rows += [(name, line) for name, (_, line) in self.nouns.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.list_commands(ctx):
            from difflib import get_close_matches

            close = get_close_matches(args[0], self.list_commands(ctx))
            guess = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
            ctx.fail(f"No such command '{args[0]}'.{guess}")
        return super().resolve_command(ctx, args)


def noun(cls: type[Nouns] = Nouns, help: str | None = None) -> typer.Typer:
    """A group of verbs."""
    return typer.Typer(
        cls=cls,
        help=help,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    )


def verb(
    app: typer.Typer, name: str, *sets: tuple[Option, ...], **settings: Any
) -> Callable[[Function], Function]:
    """Make a function a verb of `app`, with the options of those sets."""
    return app.command(name, cls=type("Verb", (Verb,), {"sets": sets}), **settings)

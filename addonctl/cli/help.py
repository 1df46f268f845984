"""`addonctl help`: the topics that belong to no single command, and any command's help."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from addonctl import topics
from addonctl.cli.command import noun, verb
from addonctl.cli.state import state_of
from addonctl.errors import Usage

app = noun()


@verb(
    app,
    "help",
    examples=(
        ("what the exit codes mean", "addonctl help exit-codes"),
        ("a command's help", "addonctl help results list"),
    ),
)
def show_help(
    context: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Argument(metavar="TOPIC", help=f"{', '.join(topics.NAMES)}, or a command."),
    ] = None,
) -> None:
    """Show help on a topic, or on a command."""
    words = topic or []
    if len(words) == 1 and words[0] in topics.NAMES:
        text = topics.plain(topics.named(words[0]))
    else:
        text = _page(context.find_root(), words)
    state_of(context).sink.text(text)


def _page(root: Any, words: list[str]) -> str:
    """The help of the command that `words` name. Raises Usage where there is none."""
    command, context = root.command, root
    for word in words:
        inner = command.get_command(context, word) if hasattr(command, "get_command") else None
        if inner is None:
            known = ", ".join(topics.NAMES)
            raise Usage(
                f"no help on '{' '.join(words)}'; topics: {known}",
                hint="commands: addonctl --help",
            )
        command = inner
        context = command.context_class(command, info_name=word, parent=context)
    page: str = context.get_help()
    return page

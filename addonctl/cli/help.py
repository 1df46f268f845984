"""`addonctl help`: the topics that belong to no single command, and any command's help."""

from __future__ import annotations

from typing import Annotated

from addonctl.cli.commands import Verb
from addonctl.cli.options import Argument
from addonctl.cli.state import State
from addonctl.docs import topics
from addonctl.errors import Usage


def show_help(
    state: State,
    topic: Annotated[
        list[str] | None, Argument("TOPIC", f"{', '.join(topics.NAMES)}, or a command.")
    ] = None,
) -> None:
    """Show help on a topic, or on a command."""
    from addonctl.cli import parser, program

    words = topic or []
    if len(words) == 1 and words[0] in topics.NAMES:
        text: str | None = topics.plain(topics.named(words[0]))
    else:
        text = parser.page(program.command, words)
    if text is None:
        raise Usage(
            f"no help on '{' '.join(words)}'; topics: {', '.join(topics.NAMES)}",
            hint="commands: addonctl --help",
        )
    state.sink.text(text)


command = Verb(
    show_help,
    examples=(
        ("what the exit codes mean", "addonctl help exit-codes"),
        ("a command's help", "addonctl help results list"),
    ),
)

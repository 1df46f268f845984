"""`addonctl help`: the topics that belong to no single command, and any command's help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from addonctl.cli.commands import Noun, Verb
from addonctl.cli.options import Argument, Option
from addonctl.cli.state import State
from addonctl.docs import topics
from addonctl.errors import AddonctlError, Usage


def show_help(
    state: State,
    topic: Annotated[
        list[str] | None, Argument("TOPIC", f"{', '.join(topics.NAMES)}, or a command.")
    ] = None,
    man: Annotated[
        bool, Option("The page of the manual; in a pipe or a file as man reads it.")
    ] = False,
) -> None:
    """Show help on a topic, or on a command."""
    words = topic or []
    if man:
        _show_page(state, words)
        return
    from addonctl.cli import parser, program

    if len(words) == 1 and words[0] in topics.NAMES:
        state.sink.text(topics.plain(topics.TOPICS[words[0]]))
        return
    member: Noun | Verb | None = program.command
    for word in words:
        member = member.member(word) if isinstance(member, Noun) else None
    if member is None:
        raise Usage(
            f"no help on '{' '.join(words)}'; topics: {', '.join(topics.NAMES)}",
            hint="commands: addonctl --help",
        )
    parser.execute(program.command, [*words, "--help"], state)


def _show_page(state: State, words: list[str]) -> None:
    """The page that `man` would show, had the installation put it where man looks."""
    import os
    from shutil import which

    named = "-".join(("addonctl", *words))
    page = _pages().get("addonctl.1" if words and words[0] in topics.NAMES else f"{named}.1")
    if page is None:
        raise Usage(f"no page {named} in the manual", hint="try: addonctl help --man")
    if not state.sink.on_terminal:
        state.sink.text(page.read_text("utf-8"))
    elif program := which("man"):
        # In our place: it has the terminal, and Ctrl-C, for itself.
        os.execl(program, "man", str(page))  # noqa: S606 the user's own, by its whole path
    else:
        wanted = " ".join(("addonctl help", *words))
        raise AddonctlError("there is no program 'man' here to show it", hint=f"try: {wanted}")


def _pages() -> dict[str, Path]:
    """The manual's files by name: the checkout's, or those that came with the installation."""
    from importlib.metadata import PackageNotFoundError, files

    try:
        kept = [Path(str(each.locate())) for each in files("addonctl") or () if "man1" in str(each)]
    except PackageNotFoundError:
        kept = []
    checkout = Path(__file__).parents[2] / "man"
    return {each.name: each for each in (*kept, *checkout.glob("*.1")) if each.is_file()}


command = Verb(
    show_help,
    examples=(
        ("what the exit codes mean", "addonctl help exit-codes"),
        ("a command's help", "addonctl help results list"),
        ("the manual, wherever it was installed", "addonctl help --man results list"),
    ),
)

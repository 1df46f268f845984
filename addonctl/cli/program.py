"""The whole program: the nouns by name, and the one place where errors end."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb
from typing import Annotated

import typer

from addonctl.cli.command import CommandMissing, Nouns, noun
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, Interrupted, Usage
from addonctl.output import PipeClosed


class Program(Nouns):
    """The nouns, each imported only when it is named."""

    nouns = {
        "results": ("addonctl.cli.results", "What add-ons made of recordings"),
        "payloads": ("addonctl.cli.payloads", "The files of a result"),
        "recordings": ("addonctl.cli.recordings", "Which recordings there are"),
        "auth": ("addonctl.cli.auth", "Logins, kept in the system's keyring"),
        "sandbox": ("addonctl.cli.sandbox", "A pretend account to try things on"),
        "completion": ("addonctl.cli.completion", "Print the completion script of a shell"),
        "help": ("addonctl.cli.help", "Help on a topic or a command"),
    }
    examples = (
        ("every add-on result of every recording", "addonctl results list --all"),
        ("what will be gone within three days", "addonctl results list --all --expiring-within 3d"),
    )


def _show_version(context: typer.Context, asked: bool) -> None:
    if asked:
        from addonctl import __version__

        context.obj.sink.text(f"addonctl {__version__}")
        raise typer.Exit


app = noun(cls=Program)


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version)
    ] = False,
) -> None:
    """Inspect, save and delete the results of Twilio's recording add-ons."""


def run(arguments: list[str]) -> int:
    """Run one command line; whatever happens ends here, as an exit code."""
    state = State(environment=os.environ)
    try:
        # Not the parser's own main(): it has silent ends of its own for Ctrl-C and closed pipes.
        command = typer.main.get_command(app)
        with _termination(), command.make_context("addonctl", arguments, obj=state) as context:
            command.invoke(context)
        state.sink.close()
    except typer.Exit as done:
        return done.exit_code
    except typer.TyperException as problem:
        return state.sink.complain(_wrong_words(problem))
    except KeyboardInterrupt:
        return state.sink.complain(Interrupted("interrupted"))
    except CommandMissing as problem:
        if state.given.get("quiet") or state.format in ("json", "jsonl"):
            return state.sink.complain(problem)
        state.sink.say(problem.page)
        return problem.exit_code
    except AddonctlError as problem:
        return state.sink.complain(problem)
    except PipeClosed:
        return 0  # in silence: whoever read our output has seen enough
    except Exception as problem:  # whatever else there is, is a mistake of ours
        state.sink.trace("\n".join(_places(problem)))
        return state.sink.complain(_unexpected(problem))
    return 0


@contextmanager
def _termination() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does, unless our caller had it ignored."""
    alone = threading.current_thread() is threading.main_thread()
    if not alone or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _unexpected(problem: Exception) -> AddonctlError:
    """A mistake of ours, without its own words: they may hold a login or a signed link."""
    return AddonctlError(
        f"unexpected error: {type(problem).__name__} at {_places(problem)[-1]}",
        hint="this is a mistake in addonctl; please report it, with what --verbose shows",
    )


def _places(problem: Exception) -> list[str]:
    """Where it happened, from the outside in: files and lines, no values."""
    return [
        f"{Path(frame.f_code.co_filename).name}:{line} in {frame.f_code.co_name}"
        for frame, line in walk_tb(problem.__traceback__)
    ]


def _wrong_words(problem: typer.TyperException) -> Usage:
    """What the parser has to say, in our way of saying it."""
    said = problem.format_message().removesuffix(".")
    context = getattr(problem, "ctx", None)
    path = context.command_path if context else "addonctl"
    return Usage(f"{said[:1].lower()}{said[1:]}", hint=f"see: {path} --help")

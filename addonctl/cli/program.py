"""The whole program: the nouns by name, and the one place where errors end."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from addonctl.cli.command import CommandMissing, Nouns, PipeClosed, noun
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, Interrupted, Usage


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
        code = typer.main.get_command(app).main(
            args=arguments, prog_name="addonctl", standalone_mode=False, obj=state
        )
        state.sink.close()
    except typer.TyperException as problem:
        return state.sink.complain(Usage(problem.format_message(), hint=_help_for(problem)))
    except typer.Abort:
        return state.sink.complain(Interrupted("nothing was answered; nothing was done"))
    except KeyboardInterrupt:
        return state.sink.complain(Interrupted("interrupted"))
    except CommandMissing as problem:
        if state.given.get("quiet") or state.format in ("json", "jsonl"):
            return state.sink.complain(problem)
        state.sink.say(problem.page)
        return problem.exit_code
    except AddonctlError as problem:
        return state.sink.complain(problem)
    except (PipeClosed, BrokenPipeError):
        return closed_pipe()
    except OSError as problem:  # the parser writes --help itself
        return state.sink.complain(state.sink.lost(problem))
    return code if isinstance(code, int) else 0


def closed_pipe() -> int:
    """End in silence: whoever read our output has seen enough."""
    # Python flushes stdout once more at exit, and would complain then.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return 0


def _help_for(problem: typer.TyperException) -> str:
    context = getattr(problem, "ctx", None)
    return f"see: {context.command_path} --help" if context else "see: addonctl --help"

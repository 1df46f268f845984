"""The whole program: the nouns by name, and the one place where errors end."""

from __future__ import annotations

import os
import sys

import typer

from addonctl.cli.command import Nouns, PipeClosed, noun
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
    }


app = noun(cls=Program)


@app.callback()
def program() -> None:
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
    except AddonctlError as problem:
        return state.sink.complain(problem)
    except (PipeClosed, BrokenPipeError):
        return closed_pipe()
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

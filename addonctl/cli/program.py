"""The whole program: the nouns by name, and the one place where errors end."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from addonctl.cli.commands import ROOT, Noun
from addonctl.cli.parser import execute
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, Interrupted
from addonctl.output import PipeClosed

NOUNS = {
    "results": ("addonctl.cli.results", "What add-ons made of recordings"),
    "payloads": ("addonctl.cli.payloads", "The files of a result"),
    "recordings": ("addonctl.cli.recordings", "Which recordings there are"),
    "archive": ("addonctl.cli.archive", "What outlives the 30 days"),
    "auth": ("addonctl.cli.auth", "Logins, kept in the system's keyring"),
    "config": ("addonctl.cli.config", "Settings without secrets"),
    "sandbox": ("addonctl.cli.sandbox", "A pretend account to try things on"),
    "completion": ("addonctl.cli.help:completion", "Print the completion script of a shell"),
    "help": ("addonctl.cli.help", "Help on a topic or a command"),
}
"""By name: the module of each, imported when it is named, and one line of help."""

command = Noun(
    "Inspect, save and delete the results of Twilio's recording add-ons.",
    nouns=NOUNS,
    examples=(
        ("every add-on result of every recording", "addonctl results list --all"),
        ("what will be gone within three days", "addonctl results list --all --expiring-within 3d"),
    ),
)
command.common = ROOT


def run(arguments: list[str]) -> int:
    """Run one command line; whatever happens ends here, as an exit code."""
    state = State(environment=os.environ)
    # SIGTERM ends a command as Ctrl-C does, unless our caller had it ignored.
    alone = threading.current_thread() is threading.main_thread()
    ends = alone and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    try:
        if ends:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            code = execute(command, arguments, state)
        finally:
            if ends:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
        state.sink.close()
        return code
    except KeyboardInterrupt:
        return state.sink.complain(Interrupted("interrupted"))
    except AddonctlError as problem:
        return state.sink.complain(problem)
    except PipeClosed:
        return 0  # in silence: whoever read our output has seen enough
    except Exception as problem:  # whatever else there is, is a mistake of ours
        # Without its own words: they may hold a login or a signed link.
        from traceback import walk_tb

        places = [
            f"{Path(frame.f_code.co_filename).name}:{line} in {frame.f_code.co_name}"
            for frame, line in walk_tb(problem.__traceback__)
        ]
        state.sink.trace("\n".join(places))
        return state.sink.complain(
            AddonctlError(
                f"unexpected error: {type(problem).__name__} at {places[-1]}",
                hint="this is a mistake in addonctl; please report it, with what --verbose shows",
            )
        )

"""The words a user types: parse, call, hand over. main() is where every run begins and ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def main(argv: list[str] | None = None) -> int:
    """Run one command line; whatever happens ends here, as an exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"]:
        # Answered before anything is loaded: scripts ask for it in every run.
        from addonctl import __version__

        with suppress(OSError, AttributeError):  # closed, or full: the long way says so
            sys.stdout.write(f"addonctl {__version__}\n")
            sys.stdout.flush()
            return 0
    if arguments[:1] == ["__complete"]:
        # At every TAB, so before the parser; and whatever goes wrong, nobody asked for an error.
        with suppress(Exception, KeyboardInterrupt):
            from addonctl.docs.complete import answer

            os.write(1, answer(arguments[1:], os.environ).encode())
        return 0
    try:
        import signal
        import threading
        from pathlib import Path
        from traceback import walk_tb

        from addonctl.cli.parser import execute
        from addonctl.cli.state import State
        from addonctl.errors import AddonctlError, Interrupted, PipeClosed
    except KeyboardInterrupt:  # so early that there is nobody yet who could say it
        return 130
    state = State(os.environ)
    # SIGTERM ends a command as Ctrl-C does, unless our caller had it ignored.
    alone = threading.current_thread() is threading.main_thread()
    ends = alone and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    try:
        if ends:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            code = execute(arguments, state)
        finally:
            if ends:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return code
    except KeyboardInterrupt:
        return state.sink.complain(Interrupted("interrupted"))
    except AddonctlError as problem:
        return state.sink.complain(problem)
    except PipeClosed:
        return 0  # in silence: whoever read our output has seen enough
    except Exception as problem:  # whatever else there is, is a mistake of ours
        # Without its own words: they may hold a login or a signed link.
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


def entry_point() -> None:
    """Run this process's command line, and end the process.

    At once: everything is written by then, and to take the interpreter down in order, module by
    module, would take a fifth of the time of a short command.
    """
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)

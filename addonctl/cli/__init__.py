"""The words a user types: parse, call, hand over. main() is where every run begins and ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def main(argv: list[str] | None = None) -> int:
    """Run one command line, and give back its exit code."""
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
        from addonctl.cli.program import run
    except KeyboardInterrupt:  # so early that there is nobody yet who could say it
        return 130
    return run(arguments)


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

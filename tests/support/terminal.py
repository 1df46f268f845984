"""The program on a pseudo-terminal: what is shown, and what is typed."""

from __future__ import annotations

import contextlib
import io
import os
import re
import select
import shlex
import struct
import subprocess
import time
from typing import Any

import pexpect

from support.program import PROGRAM

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """The program with every stream on one terminal, as a person has it."""

    def __init__(self, line: str, columns: int = 200) -> None:
        words = [*PROGRAM, *shlex.split(line)]
        self._columns = columns
        self._seen = io.StringIO()
        # Not what the process itself would hand on: readline tells it of a width of its own.
        sized = ("COLUMNS", "LINES")
        environ = {name: word for name, word in os.environ.items() if name not in sized}
        self._child = pexpect.spawn(
            *(words[0], words[1:], 120),
            encoding="utf-8",
            dimensions=(50, columns),
            env=environ,
        )
        self._child.delaybeforesend = None
        self._child.logfile_read = self._seen

    @property
    def shown(self) -> str:
        """All it has shown so far."""
        return self._seen.getvalue()

    def screen(self) -> list[str]:
        """What is on it now: its lines, without the empty ends."""
        return screen_of(self.shown.replace("\r\n", "\n"), self._columns)

    def wait_for(self, text: str) -> None:
        """Read until `text` is on the screen."""
        self._child.expect_exact(text)

    def type(self, text: str) -> None:
        self._child.send(text)

    def end(self) -> int | None:
        """Its exit code, once all it has shown is read."""
        self._child.expect(pexpect.EOF)
        self._child.close()
        code: int | None = self._child.exitstatus
        return code


def on_screen(
    line: str,
    columns: int = 120,
    *,
    only: str = "",
    stdin: bytes = b"",
    unset: tuple[str, ...] = (),
    **environment: str,
) -> tuple[int, str, str]:
    """Exit code, and what a terminal of that width received on stdout and on stderr.

    Both are terminals, each one of its own, unless `only` names one of them: then the other is a
    pipe. `stdin` is typed. No pager is started unless ADDONCTL_PAGER is among the variables.
    """
    import fcntl
    import pty
    import termios

    ends: dict[str, int] = {}
    given: dict[str, Any] = {}
    for name in ("stdin", "stdout", "stderr"):
        if only and name != only and name != "stdin":
            ends[name], given[name] = os.pipe()
        else:
            ends[name], given[name] = pty.openpty()
            fcntl.ioctl(given[name], termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environ = {**os.environ, "TERM": "xterm-256color", "ADDONCTL_PAGER": "", **environment}
    for name in ("COLUMNS", *unset):
        environ.pop(name, None)
    process = subprocess.Popen([*PROGRAM, *shlex.split(line)], env=environ, **given)
    for descriptor in given.values():
        os.close(descriptor)
    if stdin:
        os.write(ends["stdin"], stdin)
    seen = {"stdout": b"", "stderr": b""}
    waiting = {ends[name]: name for name in seen}
    until = time.monotonic() + 120
    while waiting and time.monotonic() < until:
        for ready in select.select(list(waiting), [], [], 1)[0]:
            data = b""
            with contextlib.suppress(OSError):  # how Linux says that the other end is closed
                data = os.read(ready, 1 << 16)
            if data:
                seen[waiting[ready]] += data
            else:
                del waiting[ready]
    code = process.wait(30)
    for descriptor in ends.values():
        os.close(descriptor)
    out, err = (seen[name].decode().replace("\r\n", "\n") for name in ("stdout", "stderr"))
    return code, out, err


def screen_of(received: str, columns: int, lines: int = 200) -> list[str]:
    """What a terminal of that size shows of what it received: its lines, without the empty ends."""
    import pyte

    screen = pyte.Screen(columns, lines)
    pyte.Stream(screen).feed(received.replace("\n", "\r\n"))
    return "\n".join(line.rstrip() for line in screen.display).rstrip("\n").split("\n")

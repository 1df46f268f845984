"""A shell at a pseudo-terminal: type, press TAB, and read the screen as a person would."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

PROMPT = "$ "
MARK = "@"
PATIENCE = 120
COMMANDS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
SETUP = {
    "bash": "PS1='$ '; source '{script}'",
    "zsh": "PS1='$ '; autoload -Uz compinit; compinit -u; source '{script}'",
    "fish": "function fish_prompt; echo -n '$ '; end; source '{script}'",
}


class Prompt:
    """One interactive shell that has read a completion script."""

    def __init__(self, shell: str, script: Path, environment: dict[str, str], folder: Path) -> None:
        self.shell = shell
        self._screen = pyte.Screen(160, 50)
        self._stream = pyte.Stream(self._screen)
        first, *rest = COMMANDS[shell]
        self._child = pexpect.spawn(
            first,
            rest,
            env={"TERM": "xterm", "LANG": "C.UTF-8", **environment},
            cwd=str(folder),
            dimensions=(50, 160),
            encoding="utf-8",
        )
        self._child.delaybeforesend = None
        self.type(f"{SETUP[shell].format(script=script)}\r")
        # Split, so that what the shell says is told from what was typed.
        self.type("echo rea''dy\r")
        self.sees(lambda text: re.search(r"^ready", text, re.MULTILINE))

    def close(self) -> None:
        self._child.close(force=True)

    def type(self, keys: str) -> None:
        self._child.send(keys)

    def sees(self, expected: str | Callable[[str], object]) -> str:
        """What is on the screen, once `expected` (text, or a test of the text) is there."""
        test = expected if callable(expected) else lambda text: str(expected) in text
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if test(self.text):
                return self.text
            try:
                self._stream.feed(self._child.read_nonblocking(65536, timeout=0.05))
            except pexpect.TIMEOUT:
                continue
        raise AssertionError(f"{expected!r} never came; the screen:\n{self.text}")

    @property
    def text(self) -> str:
        """The screen, without its empty lines."""
        return "\n".join(line.rstrip() for line in self._screen.display if line.strip())

    def fresh(self) -> None:
        """A new, empty command line at the top."""
        # Ctrl-U rather than Ctrl-C, at which the terminal would forget the keys after it. It may
        # leave an empty line, too; so an empty one counts only after another has been seen.
        self.type("\x15clear")
        self.sees(lambda text: f"{PROMPT}clear" in text)
        self.type("\r")
        self.sees(lambda text: text == PROMPT.rstrip())

    def completed(self, keys: str) -> str:
        """The command line after `keys` and one more character, when the shell has drawn it."""
        self.fresh()
        self.type(keys + MARK)
        text = self.sees(lambda text: any(MARK in line for line in _lines(text)))
        return next(line for line in _lines(text) if MARK in line).partition(MARK)[0]

    def listed(self, keys: str, expected: str) -> str:
        """The screen after `keys`, once `expected` is among what the shell offers."""
        self.fresh()
        self.type(keys)
        return self.sees(lambda text: expected in "\n".join(text.split("\n")[1:]))


def _lines(text: str) -> list[str]:
    return [line.removeprefix(PROMPT) for line in text.split("\n") if line.startswith(PROMPT)]

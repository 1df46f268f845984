"""What is said beside an answer, and asked: on stderr, full, gone or a terminal."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, TextIO

from addonctl.errors import AddonctlError, Interrupted
from addonctl.output import safe
from addonctl.output.formats import OutputSettings

_RED, _YELLOW, _DIM, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


class Words:
    """The streams of a process, and what goes to stderr: lines, questions, progress.

    `in_json` says that an error is told as one JSON object; `interactive` that a user can be asked;
    `watched` that somebody is looking, at stdout (`on_terminal`) or stderr (`err_terminal`).
    """

    def __init__(self, settings: OutputSettings) -> None:
        self._settings = settings
        self._stdin, self._stdout, self._stderr = sys.stdin, sys.stdout, sys.stderr
        self._bar: Progress | None = None
        self.format = settings.format
        self.in_json = settings.format in ("json", "jsonl")
        self.on_terminal = _is_terminal(self._stdout)
        self.err_terminal = _is_terminal(self._stderr)
        self.watched = self.on_terminal or self.err_terminal
        self.interactive = settings.ask and self.err_terminal and _is_terminal(self._stdin)

    def colored(self, terminal: bool) -> bool:
        """Whether a stream is written in colour, that is a terminal or not."""
        if self._settings.color is not None:
            return self._settings.color
        if os.environ.get("NO_COLOR"):
            return False
        forced = os.environ.get("FORCE_COLOR", "0") not in ("", "0")
        return forced or (terminal and os.environ.get("TERM") != "dumb")

    def say(self, text: str) -> None:
        """A line on stderr, not under --quiet."""
        if not self._settings.quiet:
            self._tell(text)

    def warn(self, text: str) -> None:
        """A line on stderr, also under --quiet."""
        self._tell(text, _YELLOW)

    def pause(self, text: str) -> None:
        """A line on a terminal's stderr: why nothing moves, and for how long."""
        if self.err_terminal and not self._settings.quiet:
            self._tell(text, _DIM)

    def trace(self, text: str) -> None:
        """A line on stderr under --verbose."""
        if self._settings.verbose:
            self._tell(text, _DIM)

    def complain(self, error: AddonctlError) -> int:
        """Say what went wrong, in the asked format; gives back the exit code."""
        if self.in_json:
            self._err(json.dumps(error.document()) + "\n")
            return error.exit_code
        name = f"{_RED}addonctl:{_PLAIN}" if self.colored(self.err_terminal) else "addonctl:"
        self._err(f"{name} {safe.block(error.message)}\n")
        code = error.code is not None and f"code {error.code}"
        request = error.request_id and f"request {error.request_id}"
        if parts := [part for part in (code, error.more_info, request) if part]:
            self._err(f"{safe.line(', '.join(parts))}\n")
        if error.hint:
            self._err(f"hint: {safe.block(error.hint)}\n")
        return error.exit_code

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """What the user types in answer to a question on stderr; `hidden` needs a terminal.

        Raises Interrupted at Ctrl-D: an end of the input is no answer.
        """
        question, answer = f"{safe.line(question)} ", ""
        try:
            if hidden:
                from getpass import getpass

                answer = getpass(question, stream=self._stderr) + "\n"
            else:
                self._err(question)
                answer = self._stdin.readline() if self._stdin else ""
        except EOFError:
            pass
        finally:
            if not answer.endswith("\n"):  # at its end, or interrupted
                self._err("\n")
        if not answer:
            raise Interrupted("nothing was answered: the input has ended")
        return answer.strip()

    def progress(self, total: int | None, unit: str) -> Progress:
        """A bar on a terminal's stderr, as a context manager; silent anywhere else."""
        moves = self.err_terminal and os.environ.get("TERM") != "dumb"
        stream = self._stderr if moves and not self._settings.quiet else None
        self._bar = Progress(total, unit, stream, color=self.colored(self.err_terminal))
        return self._bar

    def _tell(self, text: str, color: str = "") -> None:
        text = safe.block(text)
        if color and self.colored(self.err_terminal):
            text = f"{color}{text}{_PLAIN}"
        self._err(f"{text}\n")

    def _err(self, text: str) -> None:
        if self._bar and (bar := self._bar.shown):
            bar.console.print(text, end="", markup=False, highlight=False, soft_wrap=True)
            return
        try:
            if self._stderr is not None:
                self._stderr.write(text)
                self._stderr.flush()
        except (OSError, ValueError):
            pass  # there is nobody left to tell


class Progress:
    """How far a piece of work has come; without a `stream` it keeps silent.

    `unit` is what is counted (`results`, `payloads`). `received` counts bytes beside that. `shown`
    is the bar while there is one; what is said meanwhile is printed above it.
    """

    def __init__(self, total: int | None, unit: str, stream: TextIO | None, *, color: bool) -> None:
        self._total, self._unit = total, unit
        self._stream, self._color = stream, color
        self.shown: Any = None
        self._bytes = 0

    def __enter__(self) -> Progress:
        if self._stream is None:
            return self
        from rich import progress
        from rich.console import Console, RenderableType
        from rich.constrain import Constrain
        from rich.filesize import decimal
        from rich.table import Column
        from rich.text import Text

        class Narrower(progress.Progress):
            """One that leaves room for the ^C that a terminal shows: a wrapped bar stays behind."""

            def get_renderable(self) -> RenderableType:
                return Constrain(super().get_renderable(), max(1, console.width - 3))

        class Rate(progress.ProgressColumn):
            """What has come, and how much in a second; or how many are done in one."""

            def render(self, task: progress.Task) -> Text:
                done, elapsed, come = task.completed, task.elapsed, task.fields["bytes"]
                if come:
                    rate = f" at {decimal(int(come / elapsed))}/s" if elapsed else ""
                    return Text(f"{decimal(come)}{rate}")
                if not (elapsed and done):
                    return Text()
                return Text(f"{done / elapsed:.{0 if done >= 10 * elapsed else 1}f}/s")

        console = Console(
            file=self._stream, force_terminal=True, no_color=not self._color, highlight=False
        )
        whole = Column(no_wrap=True)
        time = progress.TimeElapsedColumn if self._total is None else progress.TimeRemainingColumn
        self.shown = Narrower(
            progress.TextColumn("{task.description}", table_column=whole),
            progress.BarColumn(bar_width=20, table_column=whole),
            progress.MofNCompleteColumn(table_column=whole),
            time(table_column=whole),
            Rate(table_column=whole),
            progress.TextColumn("{task.fields[note]}", markup=False, table_column=Column()),
            console=console,
            transient=True,
        )
        self._task = self.shown.add_task(self._unit, total=self._total, note="", bytes=0)
        self.shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def advance(self, n: int = 1) -> None:
        """`n` more are done."""
        if self.shown:
            self.shown.advance(self._task, n)

    def received(self, count: int) -> None:
        """`count` more bytes have come; shown with their rate."""
        self._bytes += count
        if self.shown:
            self.shown.update(self._task, bytes=self._bytes)

    def note(self, text: str) -> None:
        """A few words beside the bar."""
        if self.shown:
            self.shown.update(self._task, note=safe.line(text))

    def stop(self) -> None:
        """Take the bar away for good."""
        bar, self.shown = self.shown, None
        if bar:
            bar.stop()


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at `stream`; a closed or missing one has none."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False

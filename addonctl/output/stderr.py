"""The two streams: bytes to stdout whatever the locale, and a bar on stderr for what takes long."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from types import TracebackType
from typing import IO, Any

from addonctl.errors import AddonctlError
from addonctl.output import safe

IN_MEMORY = 1 << 20
CHUNK = 1 << 18


class PipeClosed(Exception):
    """stdout's reader has gone. No OSError, so that nobody takes it for a broken connection."""


class Out:
    """stdout, as bytes: UTF-8 and LF on every system.

    A closed pipe raises PipeClosed; whatever else goes wrong AddonctlError, once.
    """

    def __init__(self, stream: IO[Any] | None) -> None:
        self._stream = stream
        self.terminal = is_terminal(stream)

    def write(self, data: bytes) -> None:
        """Write all of `data` and pass it on at once: a reader of a pipe waits for it."""
        if not data:
            return
        if self._stream is None:
            raise AddonctlError("cannot write to standard output: it is closed")
        try:
            binary = getattr(self._stream, "buffer", None)
            if binary is None:
                self._stream.write(data.decode("utf-8", "replace"))
            else:
                binary.write(data)
            self._stream.flush()
        except (OSError, ValueError) as problem:
            raise self._lost(problem) from None

    def page(self, command: str, chunks: Iterable[bytes]) -> None:
        """The same by a program that shows it page by page; without it where it cannot be run.

        Who leaves it has seen enough. While it runs Ctrl-C is for it.
        """
        import shlex
        import signal
        import subprocess
        import threading

        try:
            # less shows colours, and ends where all fits, unless somebody told it otherwise.
            environ = {"LESS": "FRX", **os.environ}
            pager = subprocess.Popen(  # noqa: S603 the user's own choice
                shlex.split(command), stdin=subprocess.PIPE, stdout=self._stream, env=environ
            )
        except (OSError, ValueError):
            for chunk in chunks:
                self.write(chunk)
            return
        alone = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGINT, signal.SIG_IGN) if alone else None
        try:
            with suppress(OSError), pager.stdin or nullcontext() as pipe:
                for chunk in chunks:
                    pipe.write(chunk)  # type: ignore[union-attr]
            pager.wait()
        finally:
            if alone:
                signal.signal(signal.SIGINT, before)

    def flush(self) -> None:
        """Raises like `write`, for what something else has left in the stream."""
        try:
            if self._stream is not None:
                self._stream.flush()
        except (OSError, ValueError) as problem:
            raise self._lost(problem) from None

    def _lost(self, problem: OSError | ValueError) -> AddonctlError:
        """What to raise for a failed write. Raises PipeClosed itself for a closed pipe.

        What could not be written is dropped, or Python would try, and complain, again at its end.
        """
        with suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())  # type: ignore[union-attr]
            os.close(nowhere)
        if not isinstance(problem, OSError):
            reason = "it is closed"
        # Windows has no EPIPE for a pipe that nobody reads any more.
        elif problem.errno == errno.EPIPE or (os.name == "nt" and problem.errno == errno.EINVAL):
            raise PipeClosed
        else:
            reason = problem.strerror or str(problem)
        return AddonctlError(f"cannot write to standard output: {reason}")


class Progress:
    """How far a piece of work has come; without a `stream` it keeps silent.

    `unit` is what is counted (`results`, `payloads`). `received` counts bytes beside that.
    """

    def __init__(
        self, total: int | None, unit: str, *, stream: IO[Any] | None, color: bool
    ) -> None:
        self._total = total
        self._unit = unit
        self._stream = stream
        self._color = color
        self._bar: Any = None
        self._task: Any = None
        self._bytes = 0

    def __enter__(self) -> Progress:
        if self._stream is None:
            return self
        from rich import progress
        from rich.console import Console, RenderableType
        from rich.constrain import Constrain
        from rich.table import Column
        from rich.text import Text

        class Narrower(progress.Progress):
            """One that leaves room for the ^C that a terminal shows: a wrapped bar stays behind."""

            def get_renderable(self) -> RenderableType:
                return Constrain(super().get_renderable(), max(1, console.width - 3))

        shown = self._rate

        class Rate(progress.ProgressColumn):
            def render(self, task: progress.Task) -> Text:
                return Text(shown(task.completed, task.elapsed))

        def whole() -> Column:
            return Column(no_wrap=True)

        console = Console(
            file=self._stream, force_terminal=True, no_color=not self._color, highlight=False
        )
        time = progress.TimeElapsedColumn if self._total is None else progress.TimeRemainingColumn
        self._bar = Narrower(
            progress.TextColumn("{task.description}", table_column=whole()),
            progress.BarColumn(bar_width=20, table_column=whole()),
            progress.MofNCompleteColumn(table_column=whole()),
            time(table_column=whole()),
            Rate(table_column=whole()),
            progress.TextColumn("{task.fields[note]}", markup=False, table_column=Column()),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task(self._unit, total=self._total, note="")
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def advance(self, n: int = 1) -> None:
        """`n` more are done."""
        if self._bar:
            self._bar.advance(self._task, n)

    def received(self, count: int) -> None:
        """`count` more bytes have come; shown with their rate."""
        self._bytes += count

    def _rate(self, done: float, elapsed: float | None) -> str:
        """What has come, and how much in a second; or how many are done in one."""
        from rich.filesize import decimal

        if not elapsed or not (done or self._bytes):
            return decimal(self._bytes) if self._bytes else ""
        if self._bytes:
            return f"{decimal(self._bytes)} at {decimal(int(self._bytes / elapsed))}/s"
        return f"{done / elapsed:.{0 if done >= 10 * elapsed else 1}f}/s"

    def note(self, text: str) -> None:
        """A few words beside the bar."""
        if self._bar:
            self._bar.update(self._task, note=safe.line(text))

    def print(self, text: str) -> bool:
        """Show `text` above the bar; false where there is none."""
        if not self._bar:
            return False
        self._bar.console.print(text, end="", markup=False, highlight=False, soft_wrap=True)
        return True

    def stop(self) -> None:
        """Take the bar away for good."""
        bar, self._bar = self._bar, None
        if bar:
            bar.stop()


def is_terminal(stream: IO[Any] | None) -> bool:
    """Whether a person looks at `stream`; a closed or missing one has none."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def size(stream: IO[Any] | None, environ: Mapping[str, str]) -> tuple[int, int]:
    """Columns and lines of the terminal behind `stream`; 80 and 24 where it does not say.

    COLUMNS and LINES beat what it says.
    """
    try:
        told = tuple(os.get_terminal_size(stream.fileno()))  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        told = (0, 0)
    asked = [environ.get(name, "") for name in ("COLUMNS", "LINES")]
    columns, lines = (
        int(word) if word.isascii() and word.isdecimal() and int(word) else number
        for word, number in zip(asked, told, strict=True)
    )
    return columns or 80, lines or 24


def whole(texts: Iterable[str | bytes]) -> Iterator[bytes]:
    """A document in pieces, the first after the last text has come: in a file if it is long.

    Raises AddonctlError if the temporary folder will not take it.
    """
    from tempfile import SpooledTemporaryFile

    with SpooledTemporaryFile(IN_MEMORY) as spool:
        for text in texts:
            with kept_in_file():
                spool.write(text if isinstance(text, bytes) else encoded(text))
        with kept_in_file():
            spool.seek(0)
        while chunk := spool.read(CHUNK):
            yield chunk


@contextmanager
def kept_in_file() -> Iterator[None]:
    """Says in a sentence what the temporary folder will not take. Raises AddonctlError."""
    try:
        yield
    except OSError as problem:
        raise AddonctlError(
            f"cannot keep the document in a temporary file: {problem.strerror or problem}",
            hint="TMPDIR names the folder; jsonl and csv need none",
        ) from None


def encoded(text: str) -> bytes:
    """UTF-8. A lone surrogate becomes \\udXXX: in JSON that very character, elsewhere its name."""
    return text.encode("utf-8", "backslashreplace")

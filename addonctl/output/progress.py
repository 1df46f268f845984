"""A bar on a terminal's stderr while something takes long."""

from __future__ import annotations

from types import TracebackType
from typing import IO, Any

from addonctl.output import safe


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
        from rich.console import Console

        console = Console(
            file=self._stream, force_terminal=True, no_color=not self._color, highlight=False
        )
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn() if self._total is None else progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[bytes]}", markup=False),
            progress.TextColumn("{task.fields[note]}", markup=False),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task(self._unit, total=self._total, bytes="", note="")
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
        if not self._bar:
            return
        from rich.filesize import decimal

        self._bytes += count
        elapsed = self._bar.tasks[0].elapsed or 0
        rate = f" at {decimal(int(self._bytes / elapsed))}/s" if elapsed else ""
        self._bar.update(self._task, bytes=f"{decimal(self._bytes)}{rate}")

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

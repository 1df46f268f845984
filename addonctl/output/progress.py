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

"""What only a terminal gets: payloads and transcripts to be read, a pager, and a bar."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterable, Iterator
from itertools import chain, cycle, pairwise
from typing import IO, TYPE_CHECKING, Any, TextIO

from addonctl.errors import AddonctlError
from addonctl.output import safe

if TYPE_CHECKING:
    from addonctl.transcripts import Transcript

LONGEST_JSON = 4 << 20  # bytes of a payload up to which JSON is taken apart and indented


def payload(chunks: Iterable[bytes], content_type: str, *, color: bool) -> Iterator[str]:
    """A payload as text, no character of which a terminal would obey: JSON indented and coloured.

    Raises AddonctlError for what is no text.
    """
    rest, start = iter(chunks), b""
    for chunk in rest:
        start += chunk
        if len(start) > LONGEST_JSON or not (start[:1] in b"{[ \r\n\t" or "json" in content_type):
            break
    else:
        try:
            text = json.dumps(json.loads(start), ensure_ascii=False, indent=2)
        except (ValueError, RecursionError):
            pass  # it only looks like JSON
        else:
            from addonctl.output.documents import shown

            yield shown(text, screen=True, color=color) + "\n"
            return
    if b"\0" in start:
        raise AddonctlError(
            f"the payload is {content_type or 'data'}, not text for a terminal",
            hint="send it to a file: … > FILE, or addonctl results download",
        )
    end = "\n"
    for text in codecs.iterdecode(chain([start], rest), "utf-8", "replace"):
        text = f"\r{text}" if end == "\r" else text
        end = text[-1]
        yield safe.prose(text.removesuffix("\r"))  # its newline may come next
    if end == "\r":
        yield safe.prose(end)
    if end != "\n":
        yield "\n"


def dialogue(transcript: Transcript, width: int, *, color: bool) -> str:
    """A transcript to be read: times, who speaks, each in a colour, and the words wrapped."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from addonctl.transcripts.write import clock, labels

    turns, voices = transcript.turns, labels(transcript)
    times = ["" if turn.start is None else clock(turn.start) for turn in turns]
    grid, columns = Table.grid(padding=(0, 2)), []
    if any(times):
        grid.add_column(justify="right", no_wrap=True)
        columns.append([Text(time, "dim") for time in times])
    if any(voices):
        grid.add_column(max_width=max(8, width // 4))
        colors = cycle(("cyan", "green", "magenta", "yellow", "blue", "red"))
        styles = dict(zip(dict.fromkeys(voices), colors, strict=False))
        shown = ["" if who == before else safe.line(who) for before, who in pairwise(["", *voices])]
        columns.append([Text(name, styles[who]) for name, who in zip(shown, voices, strict=True)])
    grid.add_column(ratio=1, overflow="fold")
    columns.append([Text(safe.line(" ".join(turn.text.split()))) for turn in turns])
    for row in zip(*columns, strict=True):
        grid.add_row(*row)
    console = Console(
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(grid)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def paged(data: bytes, stdout: IO[Any]) -> bool:
    """Show a long answer by the user's pager; false where there is none, or it cannot be run.

    Who leaves it has seen enough. While it runs Ctrl-C is for it.
    """
    import shlex
    import signal
    import subprocess
    import threading
    from shutil import which

    usual = "less -FRX" if which("less") else ""
    command = os.environ.get("ADDONCTL_PAGER", os.environ.get("PAGER", usual)).strip()
    if not command or os.environ.get("TERM") == "dumb":
        return False
    try:
        # less shows colours, and ends where all fits, unless somebody told it otherwise.
        pager = subprocess.Popen(  # noqa: S603 the user's own choice
            shlex.split(command),
            stdin=subprocess.PIPE,
            stdout=stdout,
            env={"LESS": "FRX", **os.environ},
        )
    except (OSError, ValueError):
        return False
    alone = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if alone else None
    try:
        pager.communicate(data)
    finally:
        if alone:
            signal.signal(signal.SIGINT, before)
    return True


class Progress:
    """How far a piece of work has come: a bar on a `stream`, without which it keeps silent.

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

        plain = not self._color
        console = Console(file=self._stream, force_terminal=True, no_color=plain, highlight=False)
        whole = Column(no_wrap=True)
        time = progress.TimeElapsedColumn if self._total is None else progress.TimeRemainingColumn
        bar = Narrower(
            progress.TextColumn("{task.description}", table_column=whole),
            progress.BarColumn(bar_width=20, table_column=whole),
            progress.MofNCompleteColumn(table_column=whole),
            time(table_column=whole),
            Rate(table_column=whole),
            progress.TextColumn("{task.fields[note]}", markup=False, table_column=Column()),
            console=console,
            transient=True,
        )
        bar.add_task(self._unit, total=self._total, note="", bytes=0)
        bar.start()
        self.shown = bar
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def advance(self) -> None:
        """One more is done."""
        self._update(advance=1)

    def received(self, count: int) -> None:
        """`count` more bytes have come; shown with their rate."""
        self._bytes += count
        self._update(bytes=self._bytes)

    def note(self, text: str) -> None:
        """A few words beside the bar."""
        self._update(note=safe.line(text))

    def stop(self) -> None:
        """Take the bar away for good."""
        bar, self.shown = self.shown, None
        if bar:
            bar.stop()

    def _update(self, **change: Any) -> None:
        if bar := self.shown:
            bar.update(bar.task_ids[0], **change)

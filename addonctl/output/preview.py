"""A payload on a terminal: JSON indented and coloured, no character that a terminal would obey."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from addonctl.errors import AddonctlError
from addonctl.output import documents, safe

if TYPE_CHECKING:
    from addonctl.transcripts import Transcript

MOST = 4 << 20
"""Bytes of JSON up to which it is taken apart and indented; longer ones are shown as they are."""


def shown(chunks: Iterable[bytes], content_type: str, *, color: bool) -> Iterator[str]:
    """The payload as text. Raises AddonctlError for what is none."""
    rest = iter(chunks)
    start = b""
    for chunk in rest:
        start += chunk
        if len(start) > MOST or not (start[:1] in b"{[ \r\n\t" or "json" in content_type):
            break
    else:
        pretty = _pretty(start, color)
        if pretty is not None:
            yield pretty
            return
    if b"\0" in start:
        raise AddonctlError(
            f"the payload is {content_type or 'data'}, not text for a terminal",
            hint="send it to a file: … > FILE, or addonctl results download",
        )
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    end, held = "\n", ""
    for chunk in chain([start], rest, [b""]):
        text = held + decoder.decode(chunk, final=not chunk)
        held = "\r" if chunk and text.endswith("\r") else ""  # its newline may come next
        text = text.removesuffix(held)
        end = text[-1:] or end
        yield safe.prose(text)
    if end != "\n":
        yield "\n"


def _pretty(data: bytes, color: bool) -> str | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return documents.shown(text, screen=True, color=color) + "\n"


_VOICES = ("cyan", "green", "magenta", "yellow", "blue", "red")


def dialogue(transcript: Transcript, width: int, *, color: bool) -> str:
    """A transcript to be read: times, who speaks, each in a colour, and the words wrapped."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from addonctl.transcripts.write import clock, labels

    voices = labels(transcript)
    colors: dict[str, str] = {}
    grid = Table.grid(padding=(0, 2))
    timed = any(turn.start is not None for turn in transcript.turns)
    if timed:
        grid.add_column(justify="right", no_wrap=True)
    if any(voices):
        grid.add_column(max_width=max(8, width // 4))
    grid.add_column(ratio=1, overflow="fold")
    before = ""
    for who, turn in zip(voices, transcript.turns, strict=True):
        style = colors.setdefault(who, _VOICES[len(colors) % len(_VOICES)])
        cells = [Text(safe.line(" ".join(turn.text.split())))]
        if any(voices):
            cells.insert(0, Text(safe.line(who) if who != before else "", style))
        if timed:
            cells.insert(0, Text("" if turn.start is None else clock(turn.start), "dim"))
        grid.add_row(*cells)
        before = who
    lines = StringIO()
    console = Console(
        file=lines,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
    )
    console.print(grid)
    return "".join(f"{line.rstrip()}\n" for line in lines.getvalue().splitlines())

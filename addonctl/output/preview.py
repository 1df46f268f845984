"""A payload on a terminal: JSON indented and coloured, no character that a terminal would obey."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from itertools import chain

from addonctl.errors import AddonctlError
from addonctl.output import safe

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
    end = "\n"
    for chunk in chain([start], rest, [b""]):
        text = decoder.decode(chunk, final=not chunk)
        end = text[-1:] or end
        yield safe.block(text)
    if end != "\n":
        yield "\n"


def _pretty(data: bytes, color: bool) -> str | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    text = safe.json_text(json.dumps(value, ensure_ascii=False, indent=2))
    return f"{_painted(text) if color else text}\n"


def _painted(text: str) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.highlighter import JSONHighlighter

    lines = StringIO()
    console = Console(file=lines, force_terminal=True, color_system="standard", width=1 << 20)
    console.print(JSONHighlighter()(text), soft_wrap=True, end="")
    return lines.getvalue()

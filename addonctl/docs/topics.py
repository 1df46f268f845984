"""What belongs to no single command: the help topics, and how lines of help are laid out."""

from __future__ import annotations

import re
import textwrap
from functools import partial
from typing import NamedTuple

from addonctl.docs import data
from addonctl.output import FORMATS

WIDTH = 78

_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")

Rows = tuple[tuple[str, str], ...]
fill = partial(textwrap.fill, break_on_hyphens=False)  # they are in options


class Topic(NamedTuple):
    """A heading, the line that lists of topics show, and parts.

    A part is a paragraph where it is text, a list of terms where it is rows of pairs, and lines
    to be shown as they are where it is a list.
    """

    title: str
    line: str
    parts: list[str | Rows | list[str]]


def formats() -> Rows:
    """The formats and what each is, the one used unasked first."""
    return tuple((name, format.help) for name, format in FORMATS.items())


def _topics() -> dict[str, Topic]:
    """The topics of topics.md, by their names; that file says how they are written there."""
    found: dict[str, Topic] = {}
    for section in data("topics.md").decode().split("\n# ")[1:]:
        heading, *blocks = section.strip("\n").split("\n\n")
        name, _, line = heading.partition(": ")
        parts: list[str | Rows | list[str]] = []
        for block in blocks:
            if block.startswith("    "):
                typed = [line[4:] for line in block.split("\n")]
                if parts and isinstance(parts[-1], list):  # a blank line is one of them
                    parts[-1] += ["", *typed]
                else:
                    parts.append(typed)
            elif block == "{formats}":
                parts.append(formats())
            elif "\n: " in block:
                terms = (each.split("\n: ") for each in re.split(r"\n(?![: ])", block))
                parts.append(tuple((term, " ".join(said.split())) for term, said in terms))
            else:
                parts.append(" ".join(block.split()))
        found[name] = Topic(name.replace("-", " ").capitalize(), line, parts)
    return found


TOPICS = _topics()
NAMES = tuple(name for name, topic in TOPICS.items() if topic.line)
"""The topics of `addonctl help`; what has no line there is in the manual only."""


def plain(topic: Topic) -> str:
    """The topic as text for a terminal of 80 columns."""
    blocks = [f"{topic.title}"]
    for part in topic.parts:
        if isinstance(part, str):
            blocks.append(fill(part, WIDTH))
        elif isinstance(part, list):
            blocks.append("\n".join(f"  {line}" for line in part))
        else:
            blocks.append("\n".join(_term(term, meaning, part) for term, meaning in part))
    return "\n\n".join(blocks) + "\n"


def _term(term: str, meaning: str, rows: Rows) -> str:
    column = min(max(len(each) for each, _ in rows), 24) + 4
    text = fill(meaning, WIDTH, initial_indent=" " * column, subsequent_indent=" " * column)
    if len(term) + 4 > column:
        return f"  {term}\n{text}"
    return f"  {term}".ljust(column) + text[column:]


def continued(line: str, width: int) -> list[str]:
    """`line` in pieces of at most `width` columns, where its words allow that."""
    if len(line) <= width:
        return [line]
    first, *others = line.split(" | ")
    pieces = _wrapped(first, "", width)
    for other in others:
        pieces[-1] += " |"
        pieces += _wrapped(other, "    ", width)
    return pieces


def _wrapped(line: str, indent: str, width: int) -> list[str]:
    pieces: list[str] = []
    piece = indent
    for word in _WORD.findall(line):
        # Two columns are kept for the backslash, or for a pipe.
        if piece.strip() and len(piece) + 1 + len(word) > width - 2:
            pieces.append(f"{piece} \\")
            piece = f"{indent}    {word}"
        else:
            piece = f"{piece} {word}" if piece.strip() else f"{piece}{word}"
    return [*pieces, piece]

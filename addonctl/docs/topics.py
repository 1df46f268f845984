"""What belongs to no single command: the help topics, and how lines of help are laid out."""

from __future__ import annotations

import re
import textwrap
from functools import partial
from typing import NamedTuple

from addonctl.docs import data
from addonctl.output import FORMATS

Part = str | tuple[tuple[str, str], ...] | list[str]
"""A paragraph; terms, each with what is said of it; or lines to be shown as they are."""

fill = partial(textwrap.fill, width=78, break_on_hyphens=False)  # they are in options


class Topic(NamedTuple):
    """A heading, the line that lists of topics show, and what stands under it."""

    title: str
    line: str
    parts: list[Part]


def _topics() -> dict[str, Topic]:
    """The topics of topics.md, by their names; that file says how they are written there."""
    found: dict[str, Topic] = {}
    for section in data("topics.md").decode().split("\n# ")[1:]:
        heading, *blocks = section.strip("\n").split("\n\n")
        name, _, line = heading.partition(": ")
        parts: list[Part] = []
        for block in blocks:
            if block.startswith("    "):
                typed = [line[4:] for line in block.split("\n")]
                if parts and isinstance(parts[-1], list):  # a blank line is one of them
                    parts[-1] += ["", *typed]
                else:
                    parts.append(typed)
            elif block == "{formats}":
                parts.append(tuple((name, each.help) for name, each in FORMATS.items()))
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
    blocks = [topic.title]
    for part in topic.parts:
        if isinstance(part, str):
            lines = [fill(part)]
        elif isinstance(part, list):
            lines = [f"  {line}" for line in part]
        else:
            column, lines = min(max(len(term) for term, _ in part), 24) + 4, []
            for term, meaning in part:
                indent = " " * column
                text = fill(meaning, initial_indent=indent, subsequent_indent=indent)
                beside = len(term) + 4 <= column
                lines.append(
                    f"  {term}".ljust(column) + text[column:] if beside else f"  {term}\n{text}"
                )
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def continued(line: str, width: int) -> list[str]:
    """`line` in pieces of at most `width` columns, where its words allow that."""
    if len(line) <= width:
        return [line]
    pieces: list[str] = []
    for command in line.split(" | "):
        indent = "    " if pieces else ""
        pieces[-1:] = [f"{piece} |" for piece in pieces[-1:]]
        piece = indent
        for word in re.findall(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""", command):
            # Two columns are kept for the backslash, or for a pipe.
            if piece.strip() and len(piece) + 1 + len(word) > width - 2:
                pieces.append(f"{piece} \\")
                piece = f"{indent}    {word}"
            else:
                piece = f"{piece} {word}" if piece.strip() else f"{piece}{word}"
        pieces.append(piece)
    return pieces

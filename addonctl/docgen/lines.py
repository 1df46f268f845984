"""A command line too long for a page, continued on the next line as a shell takes it."""

from __future__ import annotations

import re

_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")


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

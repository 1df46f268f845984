"""A command line too long for a page, continued on the next line as a shell takes it."""

from __future__ import annotations

import re

_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")


def continued(line: str, width: int) -> list[str]:
    """`line` in pieces of at most `width` columns where its words allow that."""
    pieces: list[str] = []
    piece = ""
    for word in _WORD.findall(line):
        # Two columns are kept for the backslash.
        if piece.strip() and len(piece) + 1 + len(word) > width - 2:
            pieces.append(f"{piece} \\")
            piece = f"    {word}"
        else:
            piece = f"{piece} {word}" if piece else word
    return [*pieces, piece]

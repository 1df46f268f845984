"""Making text harmless to look at: add-on vendors and servers may send anything at all.

A terminal, and stderr, get nothing but what Python calls printable, and spaces: no control
character (so no ANSI or OSC escape), no mark that turns the direction of text, no invisible or
private character, no line separator, no lone surrogate. A pipe keeps its invisible characters, but
none that ends a row, moves a cursor or turns the direction. What is shown in their place names the
character: `\\x1b`, `\\u202e`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_SPACES = (
    "\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_JOINERS = "\u200c\u200d"
_ODD = re.compile("[^ -~]+")
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# Not compiled until it is needed: such wide ranges take as long as the rest of a start.
_UNFIT_FOR_A_ROW = f"[\x00-\x1f\x7f-\x9f{_DIRECTIONS}\u2028\u2029\ufeff\ud800-\udfff]"


def line(text: str) -> str:
    """`text` on one line of a terminal: newlines and tabs are escaped too."""
    return _escaped(text, _name)


def block(text: str) -> str:
    """`text` of many lines for a terminal: newlines, in either form, and tabs stay."""
    return _escaped(text.replace("\r\n", "\n"), _name, kept="\n\t")


def prose(text: str) -> str:
    """The same for what is read as text: emoji, and words of Persian and Hindi, need joiners."""
    return _escaped(text.replace("\r\n", "\n"), _name, kept="\n\t" + _JOINERS)


def cell(text: str) -> str:
    """`text` on one line in a pipe."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_UNFIT_FOR_A_ROW, lambda found: _name(found[0]), text)


def json_text(text: str) -> str:
    """A JSON text for a terminal, with what JSON itself escapes: it still means the same."""
    return _escaped(text, lambda character: json.dumps(character)[1:-1], kept="\n")


def xml_text(text: str) -> str:
    """An XML text for a terminal, with character references: it still means the same."""
    return _escaped(text, lambda character: f"&#{ord(character)};", kept="\n\t")


def _escaped(text: str, escape: Callable[[str], str], kept: str = "") -> str:
    if text.isprintable():
        return text
    harmless = _SPACES + kept

    def shown(found: re.Match[str]) -> str:
        odd = found[0]
        if odd.isprintable():
            return odd
        return "".join([it if it.isprintable() or it in harmless else escape(it) for it in odd])

    return _ODD.sub(shown, text)


def _name(character: str) -> str:
    return ascii(character)[1:-1]

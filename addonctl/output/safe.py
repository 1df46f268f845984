"""Making text harmless to look at: add-on vendors and servers may send anything at all.

A terminal, and stderr, get nothing but what Python calls printable, and spaces: no control
character (so no ANSI or OSC escape), no mark that turns the direction of text, no invisible or
private character, no line separator, no lone surrogate. A pipe keeps its invisible characters, but
none that ends a row, moves a cursor or turns the direction. What is shown in their place names the
character: `\\x1b`, `\\u202e`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

_SPACES = frozenset(
    "\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_JOINERS = "\u200c\u200d"
_ODD = re.compile("[^ -~]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def line(text: str) -> str:
    """`text` on one line of a terminal: newlines and tabs are escaped too."""
    return text if text.isprintable() else _escaped(text, _name)


def block(text: str) -> str:
    """`text` of many lines for a terminal: newlines, in either form, and tabs stay."""
    return _by_line(text.replace("\r\n", "\n"), _name, kept="\t")


def prose(text: str) -> str:
    """The same for what is read as text: emoji, and words of Persian and Hindi, need joiners."""
    return _by_line(text.replace("\r\n", "\n"), _name, kept="\t" + _JOINERS)


def cell(text: str) -> str:
    """`text` on one line in a pipe."""
    if text.isascii() and text.isprintable():
        return text
    return _unfit_for_a_row().sub(lambda found: _name(found[0]), text)


def json_text(text: str) -> str:
    """A JSON text for a terminal, with what JSON itself escapes: it still means the same."""
    return _by_line(text, _json_escape)


def xml_text(text: str) -> str:
    """An XML text for a terminal, with character references: it still means the same."""
    return _by_line(text, lambda character: f"&#{ord(character)};", kept="\t")


def _by_line(text: str, escape: Callable[[str], str], kept: str = "") -> str:
    if text.isprintable():
        return text
    return "\n".join([_escaped(part, escape, kept) for part in text.split("\n")])


def _escaped(text: str, escape: Callable[[str], str], kept: str = "") -> str:
    if text.isprintable():
        return text

    def shown(found: re.Match[str]) -> str:
        character = found[0]
        harmless = character.isprintable() or character in _SPACES or character in kept
        return character if harmless else escape(character)

    return _ODD.sub(shown, text)


@cache
def _unfit_for_a_row() -> re.Pattern[str]:
    # Not compiled until it is needed: such wide ranges take as long as the rest of a start.
    directions = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    return re.compile(f"[\x00-\x1f\x7f-\x9f{directions}\u2028\u2029\ufeff\ud800-\udfff]")


def _name(character: str) -> str:
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def _json_escape(character: str) -> str:
    code = ord(character)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"

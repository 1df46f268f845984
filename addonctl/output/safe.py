"""Making text harmless to look at: add-on vendors and servers may send anything at all.

What is escaped: control characters (so no ANSI or OSC escape gets through), the marks that
change the direction of text, line separators, and lone surrogates, which are no text. What is
shown in their place names the character: `\\x1b`, `\\u202e`.
"""

from __future__ import annotations

import re
from functools import cache

_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_OTHERS = f"{_CONTROL}{_DIRECTION}\u2028\u2029\ufeff\ud800-\udfff"
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def line(text: str) -> str:
    """`text` on one line: newlines and tabs are escaped too."""
    return text if text.isascii() and text.isprintable() else _others("\t\n").sub(_shown, text)


def block(text: str) -> str:
    """`text` of many lines: newlines and tabs stay."""
    return text if text.isascii() and text.isprintable() else _others().sub(_shown, text)


def json_text(text: str) -> str:
    """A JSON text with such characters as JSON escapes: it still means the same."""
    return _others().sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def xml_text(text: str) -> str:
    """An XML text with such characters as character references: it still means the same."""
    return _others().sub(lambda found: f"&#{ord(found[0])};", text)


@cache
def _others(more: str = "") -> re.Pattern[str]:
    # Not compiled until it is needed: such wide ranges take as long as the rest of a start.
    return re.compile(f"[{_OTHERS}{more}]")


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")

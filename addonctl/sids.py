"""What a SID is: two letters that name its kind, and 32 hexadecimal digits."""

from __future__ import annotations

import re

from addonctl.errors import AddonctlError, Usage

KINDS = {
    "AC": "account",
    "CA": "call",
    "CF": "conference",
    "RE": "recording",
    "SK": "API key",
    "XB": "add-on",
    "XE": "add-on configuration",
    "XH": "payload",
    "XR": "result",
}
HEX = "[0-9a-fA-F]{32}"
"""What follows the two letters, as a pattern."""

_DIGITS = frozenset("0123456789abcdefABCDEF")


def is_sid(word: str, prefix: str) -> bool:
    """Whether `word` is a whole SID of the kind that `prefix` names."""
    return len(word) == 34 and word.startswith(prefix) and set(word[2:]) <= _DIGITS


def checked_sid(word: str, prefix: str) -> str:
    """`word` as a SID of the kind that `prefix` names. Raises Usage for anything else."""
    if is_sid(word, prefix):
        return word
    raise Usage(f"'{word}' is {kind_of(word)}; expected the SID of {_named(prefix)} ({prefix}…)")


def given_sid(sid: str, prefix: str) -> str:
    """A SID of the service's, to become part of a path. Raises AddonctlError if it is none."""
    try:
        return checked_sid(sid, prefix)
    except Usage:
        problem = f"the service gave '{sid[:40]}' where a SID ({prefix}…) belongs"
    raise AddonctlError(problem)


def _named(prefix: str) -> str:
    name = KINDS[prefix]
    return f"an {name}" if name[0] in "aA" else f"a {name}"


def kind_of(word: str) -> str:
    """What `word` is, in the words of an error that expected something else."""
    if word[:2] in KINDS and is_sid(word, word[:2]):
        return f"the SID of {_named(word[:2])}"
    if re.fullmatch(r"(?:RE|XR|XH|AC|SK)\w*", word):
        return "no whole SID (two letters and 32 hexadecimal digits)"
    return "no address"

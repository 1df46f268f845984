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

KNOWN_ADD_ONS = {"XB7afe11af3e292cadb03248e0066b8c1e": "VoiceBase"}
"""What add-ons are called whose SIDs are public."""

_DIGITS = frozenset("0123456789abcdefABCDEF")


def is_sid(word: str, prefix: str) -> bool:
    """Whether `word` is a whole SID of the kind that `prefix` names."""
    return len(word) == 34 and word.startswith(prefix) and set(word[2:]) <= _DIGITS


def sid_flaw(word: str, prefix: str) -> str | None:
    """Why `word` is no SID of that kind, in words that do not repeat it; None if it is.

    It may be a secret, pasted in the wrong place.
    """
    right = is_sid(word, prefix)
    expected = f"{_named(prefix)} ({prefix} and 32 hexadecimal digits)"
    return None if right else f"is not the SID of {expected}"


def in_service_case(sid: str) -> str:
    """A SID of any case as the service writes it: letters upper, digits lower."""
    return sid[:2].upper() + sid[2:].lower()


def checked_sid(word: str, prefix: str) -> str:
    """The SID, of the kind that `prefix` names, that `word` is in any case. Raises Usage."""
    sid = in_service_case(word)
    if is_sid(sid, prefix):
        return sid
    raise Usage(f"'{word}' is {kind_of(word)}; expected the SID of {_named(prefix)} ({prefix}…)")


def given_sid(sid: str, prefix: str) -> str:
    """A SID of the service's, to become part of a path. Raises AddonctlError if it is none."""
    if is_sid(sid, prefix):
        return sid
    raise AddonctlError(f"the service gave '{sid[:40]}' where a SID ({prefix}…) belongs")


def _named(prefix: str) -> str:
    name = KINDS[prefix]
    return f"an {name}" if name[0] in "aA" else f"a {name}"


def kind_of(word: str) -> str:
    """What `word` is, in the words of an error that expected something else."""
    prefix = word[:2].upper()
    if prefix in KINDS and is_sid(in_service_case(word), prefix):
        return f"the SID of {_named(prefix)}"
    if re.fullmatch(r"(?:RE|XR|XH|AC|SK)\w*|(?i:RE|XR|XH|AC|SK)[0-9a-fA-F]{6,}\w*", word):
        return "no whole SID (two letters and 32 hexadecimal digits)"
    return "no address"

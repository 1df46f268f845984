"""What a SID is, and SIDs, paths and URLs in, Address values out.

Words are read left to right, each under the last parent, so `RE1 XR1 XR2 RE2` is two results
and a recording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from sys import intern
from typing import NamedTuple

from addonctl.errors import AddonctlError, Usage

KINDS = {
    "AC": "an account",
    "CA": "a call",
    "CF": "a conference",
    "RE": "a recording",
    "SK": "an API key",
    "XB": "an add-on",
    "XE": "an add-on configuration",
    "XH": "a payload",
    "XR": "a result",
}
HEX = "[0-9a-fA-F]{32}"
"""What follows the two letters of a SID, as a pattern."""

KNOWN_ADD_ONS = {"XB7afe11af3e292cadb03248e0066b8c1e": "VoiceBase"}
"""What add-ons are called whose SIDs are public."""

LEVELS = ("", "a recording (RE…)", "a result (XR…)", "a payload (XH…)")

_SHORT = r"[xX][rRhH][0-9a-fA-F]{6,32}"
_AROUND = " \t\r\n\u00a0\ufeff,;\"'`“”„‘’«»"
"""What may stand around an address that was pasted."""

_NAMING = {"RE": "recording", "XR": "result", "XH": "payload"}
_CHOOSING = {"CA": "--call", "CF": "--conference", "AC": "--account"}
"""The options that take what is no address, but belongs to recordings."""

_END = r"(?:/|(?=[.?]|$))"
_ADDRESS = rf"""(?ax)
    (?:(?:(?i:https?)://[^/\s?\#]+)?/2010-04-01/Accounts/(?P<account>[Aa][Cc]{HEX})/Recordings/)?
    (?:(?P<recording>[Rr][Ee]{HEX})(?:\.mp3|\.wav|{_END}(?:AddOnResults{_END})?))?
    (?:(?P<result>[Xx][Rr]{HEX}){_END}(?:Payloads{_END})?)?
    (?:(?P<payload>[Xx][Hh]{HEX}){_END}(?:Data{_END})?)?
    (?:\.(?:json|xml|csv))?(?:\?\S*)?"""
# A page of the console shows a recording: its SID is anywhere behind the host, often encoded in
# a query, and the account's may be.
_PAGE = r"(?a)(?i:https://(?!api\.)(?:[\w-]+\.)*twilio\.com/)\S*"
_SHOWN = rf"(?<![0-9A-Za-z])(?:[Rr][Ee]|[Aa][Cc]){HEX}(?![0-9A-Za-z])"


def is_sid(word: str, prefix: str) -> bool:
    """Whether `word` is a whole SID of the kind that the two letters of `prefix` name."""
    return word[:2] == prefix and re.fullmatch(HEX, word[2:]) is not None


def sid_flaw(word: str, prefix: str) -> str | None:
    """Why `word` is no SID of that kind, in words that do not repeat it; None if it is.

    It may be a secret, pasted in the wrong place.
    """
    if is_sid(word, prefix):
        return None
    return f"is not the SID of {KINDS[prefix]} ({prefix} and 32 hexadecimal digits)"


def in_service_case(sid: str) -> str:
    """A SID of any case as the service writes it: letters upper, digits lower."""
    return sid[:2].upper() + sid[2:].lower()


def checked_sid(word: str, prefix: str) -> str:
    """The SID, of the kind that `prefix` names, that `word` is in any case. Raises Usage."""
    sid = in_service_case(word)
    if is_sid(sid, prefix):
        return sid
    expected = f"the SID of {KINDS[prefix]} ({prefix}…)"
    raise Usage(f"'{word}' is {_what_it_is(word)}; expected {expected}")


def given_sid(sid: str, prefix: str) -> str:
    """A SID of the service's, to become part of a path. Raises AddonctlError if it is none."""
    if is_sid(sid, prefix):
        return sid
    raise AddonctlError(f"the service gave '{sid[:40]}' where a SID ({prefix}…) belongs")


def _what_it_is(word: str) -> str:
    """What `word` is, in the words of an error that expected something else."""
    prefix = word[:2].upper()
    if prefix in KINDS and is_sid(in_service_case(word), prefix):
        return f"the SID of {KINDS[prefix]}"
    if re.fullmatch(r"(?:RE|XR|XH|AC|SK)\w*|(?i:RE|XR|XH|AC|SK)[0-9a-fA-F]{6,}\w*", word):
        return "no whole SID (two letters and 32 hexadecimal digits)"
    return "no address"


class Address(NamedTuple):
    """Where a recording, a result or a payload lies.

    `account` is the account a pasted URL named, or empty: the login's own. It is no part of
    what the place is called. (These values are named tuples, not dataclasses: one of those takes
    0.5 ms to define, in every run.)
    """

    recording: str
    result: str = ""
    payload: str = ""
    account: str = ""

    @property
    def level(self) -> int:
        """1 for a recording, 2 for a result, 3 for a payload."""
        return 3 if self.payload else 2 if self.result else 1

    def __str__(self) -> str:
        return "/".join(sid for sid in self[:3] if sid)


class Addresses(NamedTuple):
    """What a command works on: the addresses, each once, and what is known of them.

    `typed` if they stand on the command line, so that all are there and checked; `total` is how
    many there are, None while a list is still being read.
    """

    items: Iterable[Address]
    typed: bool
    total: int | None = None

    @property
    def alone(self) -> bool:
        """Whether a single thing was typed: its failure is the command's."""
        return self.typed and self.total == 1


class AddressSet:
    """Many addresses, each once, in their order; a million results take about 150 MiB."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self._accounts: dict[str, str] = {}  # in which each place lies
        for address in addresses:
            self._accounts.setdefault(str(address), intern(address.account))

    def __len__(self) -> int:
        return len(self._accounts)

    def __iter__(self) -> Iterator[Address]:
        for place, account in self._accounts.items():
            yield Address(*place.split("/"))._replace(account=account)


class Token(NamedTuple):
    """One word to read, and where it stood (`line 3 of list.txt`), if not on the command line."""

    text: str
    place: str = ""


Recall = Callable[[str], Iterable[str]]
"""The addresses that are known, whose SIDs may begin so; the newest first."""


def read(
    words: Iterable[Token], least: int, most: int, recall: Recall | None = None, instead: str = ""
) -> Iterator[Address]:
    """The addresses that `words` name, of levels `least` to `most`, in their order.

    A parent counts as an address of its own where no child follows it. Words are taken one by
    one, so an endless input flows. With `recall` an XR or XH without its parents, or six and more
    of its digits, is looked for among what one lately saw. Raises Usage at the first word that
    does not fit; of one that names too much, `instead` says what else could be typed.
    """
    kinds = [level.partition(" (")[0] for level in LEVELS]
    parent: Address | None = None
    waiting: Token | None = None  # names `parent`, which waits to see whether a child follows
    for word in chain(words, (None,)):
        address = _parse(word, parent, recall) if word else None
        if parent and waiting:
            level = parent.level
            follows = address and address.level > level and address[:level] == parent[:level]
            if level < least and not follows:
                noun = "results" if level == 1 else "payloads"
                why = f"is {kinds[level]}; expected {LEVELS[least]} under it"
                raise _unfit(waiting, why, f"its {noun}: addonctl {noun} list {parent}{instead}")
            if not follows:
                yield parent
        if not (word and address):
            return
        if address.level > most:
            noun = "results" if address.level == 2 else "payloads"
            why = f"is {kinds[address.level]}; expected {LEVELS[most]}"
            raise _unfit(word, why, f"type: addonctl {noun} get {address}")
        parent, waiting = address, word
        if address.level == most:
            waiting = None
            yield address


def _parse(word: Token, parent: Address | None, recall: Recall | None) -> Address:
    text = word.text.strip(_AROUND)
    sid, sids = in_service_case(text), {}
    kind = sid[:2] if is_sid(sid, sid[:2]) else ""
    if kind in _NAMING:  # the commonest word does without the long pattern
        sids[_NAMING[kind]] = sid
    elif found := re.fullmatch(_ADDRESS, text):
        sids = found.groupdict("")
    elif re.fullmatch(_PAGE, text):
        from urllib.parse import unquote

        shown = sorted({in_service_case(each) for each in re.findall(_SHOWN, unquote(text))})
        if [each[:2] for each in shown] in (["RE"], ["AC", "RE"]):
            sids = {"recording": shown[-1], "account": "".join(shown[:-1])}
    recording, result, payload, account = (
        in_service_case(sids.get(name, "")) for name in Address._fields
    )
    alone = not recording and (parent is None or (payload and not (result or parent.result)))
    if recall and not recording and (alone or not sids) and re.fullmatch(_SHORT, text):
        return _recalled(word, sid, parent, recall)
    if not (recording or result or payload):
        if not recall and not word.place and re.fullmatch(_SHORT, text):
            raise _unfit(word, "is not whole", "type the whole address here: RE…/XR…/XH…")
        why = f"is {_what_it_is(text)}; expected RE…, RE…/XR…/XH… or a URL of the API"
        if kind in _CHOOSING and not word.place:
            raise _unfit(word, why, f"type: addonctl results list --all {_CHOOSING[kind]} {sid}")
        raise _unfit(word, why)
    if not recording:
        if parent is None:
            raise _unfit(word, "needs its recording (RE…) before it")
        recording, account, result = parent.recording, parent.account, result or parent.result
    if payload and not result:
        raise _unfit(word, "needs its result (XR…) before it")
    return Address(recording, result, payload, account)


def _recalled(word: Token, text: str, parent: Address | None, recall: Recall) -> Address:
    """The one address lately seen whose last SID begins with `text`."""
    depth = 2 if text.startswith("XR") else 3
    seen = (each.split("/")[:depth] for each in recall(text))
    known = dict.fromkeys(
        "/".join(sids) for sids in seen if len(sids) == depth and sids[-1].startswith(text)
    )
    found = [each for each in known if parent and each.startswith(f"{parent}/")] or list(known)
    if len(found) == 1:
        return Address(*found[0].split("/"))
    if found:
        shown = ", ".join(found[:5]) + (" …" if len(found) > 5 else "")
        raise _unfit(word, f"may be any of {shown}", "type more of its digits")
    if parent and (depth == 2 or parent.level > 1):
        raise _unfit(word, "was in none of your last lists", "type all of its 34 characters")
    missing = "its recording (RE…)" if depth == 2 else "its recording and result (RE… XR…)"
    if parent:
        missing = "its result (XR…)"
    raise _unfit(
        word,
        f"needs {missing} before it, for it was in none of your last lists",
        "list it first: addonctl results list RE…, or addonctl payloads list RE… XR…",
    )


def _unfit(word: Token, why: str, hint: str = "see: addonctl help addresses") -> Usage:
    place = f"{word.place}: " if word.place else ""
    text = word.text if len(word.text) <= 200 else word.text[:200] + "…"
    return Usage(f"{place}'{text}' {why}", hint=hint)

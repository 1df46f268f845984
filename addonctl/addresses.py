"""SIDs, paths and URLs in, Address values out.

Words are read left to right, each under the last parent, so `RE1 XR1 XR2 RE2` is two results
and a recording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from addonctl.errors import Usage
from addonctl.sids import HEX, in_service_case, is_sid, kind_of

LEVELS = ("", "a recording (RE…)", "a result (XR…)", "a payload (XH…)")

_SHORT = r"[xX][rRhH][0-9a-fA-F]{6,32}"
_AROUND = " \t\r\n\u00a0\ufeff,;\"'`“”„‘’«»"
"""What may stand around an address that was pasted."""

_CHOOSING = {"CA": "--call", "CF": "--conference", "AC": "--account"}
"""The options that take what is no address, but belongs to recordings."""

_END = r"(?:/|(?=[.?]|$))"
_PLAIN = (
    rf"(?:(?P<recording>[Rr][Ee]{HEX})|(?P<result>[Xx][Rr]{HEX})|(?P<payload>[Xx][Hh]{HEX}))"
    r"(?P<account>)"
)
_ADDRESS = rf"""(?ax)
    (?:(?:(?i:https?)://[^/\s?\#]+)?/2010-04-01/Accounts/(?P<account>[Aa][Cc]{HEX})/Recordings/)?
    (?:(?P<recording>[Rr][Ee]{HEX})(?:\.mp3|\.wav|{_END}(?:AddOnResults{_END})?))?
    (?:(?P<result>[Xx][Rr]{HEX}){_END}(?:Payloads{_END})?)?
    (?:(?P<payload>[Xx][Hh]{HEX}){_END}(?:Data{_END})?)?
    (?:\.(?:json|xml|csv))?(?:\?\S*)?"""
# A page of the console: a recording's SID anywhere behind the host, often encoded in a query.
_PAGE = r"(?a)(?i:https://(?!api\.)(?:[\w-]+\.)*twilio\.com/)\S*"
_SHOWN = rf"(?<![0-9A-Za-z])(?:[Rr][Ee]|[Aa][Cc]){HEX}(?![0-9A-Za-z])"


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
        return "/".join(sid for sid in (self.recording, self.result, self.payload) if sid)


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


class Token(NamedTuple):
    """One word to read, and where it stood (`line 3 of list.txt`), if not on the command line."""

    text: str
    place: str = ""


Recall = Callable[[str], Iterable[str]]
"""The addresses that are known, whose SIDs may begin so; the newest first."""


def read(
    words: Iterable[Token],
    least: int,
    most: int,
    recall: Recall | None = None,
    instead: str = "",
) -> Iterator[Address]:
    """The addresses that `words` name, of levels `least` to `most`, in their order.

    A parent counts as an address of its own where no child follows it. Words are taken one by
    one, so an endless input flows. With `recall` an XR or XH without its parents, or six and more
    of its digits, is looked for among what one lately saw. Raises Usage at the first word that
    does not fit; of one that names too much, `instead` says what else could be typed.
    """
    parent: Address | None = None
    open_word: Token | None = None  # names `parent`, which waits to see whether a child follows
    for word in words:
        read_word = _parse(word, parent, recall)
        if open_word and parent and not _is_under(read_word, parent):
            yield _deep_enough(parent, open_word, least, instead)
        if read_word.level > most:
            why = f"is {_article(read_word.level)}; expected {LEVELS[most]}"
            noun = "results" if read_word.level == 2 else "payloads"
            raise _unfit(word, why, f"type: addonctl {noun} get {read_word}")
        parent, open_word = read_word, word
        if parent.level == most:
            open_word = None
            yield parent
    if open_word and parent:
        yield _deep_enough(parent, open_word, least, instead)


def _parse(word: Token, parent: Address | None, recall: Recall | None = None) -> Address:
    text = word.text.strip(_AROUND)
    # re keeps what it compiled; a bare SID, the commonest word, does without the long pattern.
    found = re.fullmatch(_PLAIN, text) or re.fullmatch(_ADDRESS, text)
    sids = found.group("recording", "result", "payload", "account") if found else _on_page(text)
    recording, result, payload, account = (in_service_case(sid) if sid else "" for sid in sids)
    alone = not recording and (parent is None or (payload and not (result or parent.result)))
    if recall and not recording and (alone or not found) and re.fullmatch(_SHORT, text):
        return _recalled(word, in_service_case(text), parent, recall)
    if not (recording or result or payload):
        if not recall and not word.place and re.fullmatch(_SHORT, text):
            raise _unfit(word, "is not whole", "type the whole address here: RE…/XR…/XH…")
        why = f"is {kind_of(text)}; expected RE…, RE…/XR…/XH… or a URL of the API"
        sid = in_service_case(text)
        option = _CHOOSING.get(sid[:2]) if is_sid(sid, sid[:2]) else None
        if option and not word.place:
            raise _unfit(word, why, f"type: addonctl results list --all {option} {sid}")
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
    seen = (each.split("/") for each in recall(text))
    known = {
        "/".join(sids[:depth]): None
        for sids in seen
        if len(sids) >= depth and sids[depth - 1].startswith(text)
    }
    under = [each for each in known if parent and each.startswith(f"{parent}/")]
    found = under or list(known)
    if len(found) == 1:
        return Address(*found[0].split("/"))
    if found:
        shown = ", ".join(found[:5]) + (" …" if len(found) > 5 else "")
        raise _unfit(word, f"may be any of {shown}", "type more of its digits")
    if parent and (depth == 2 or parent.level > 1):
        raise _unfit(word, "was in none of your last lists", "type all of its 34 characters")
    missing = "its recording (RE…)" if depth == 2 else "its recording and result (RE… XR…)"
    if parent and depth == 3:
        missing = "its result (XR…)"
    raise _unfit(
        word,
        f"needs {missing} before it, for it was in none of your last lists",
        "list it first: addonctl results list RE…, or addonctl payloads list RE… XR…",
    )


def _on_page(text: str) -> tuple[str, str, str, str]:
    """The recording that a page of the console shows, with its account if the URL says so."""
    sids = set()
    if re.fullmatch(_PAGE, text):
        from urllib.parse import unquote

        sids = {in_service_case(sid) for sid in re.findall(_SHOWN, unquote(text))}
    recordings = [sid for sid in sids if sid.startswith("RE")]
    accounts = [sid for sid in sids if sid.startswith("AC")]
    if len(recordings) != 1 or len(accounts) > 1:
        return "", "", "", ""
    return recordings[0], "", "", "".join(accounts)


def _is_under(child: Address, parent: Address) -> bool:
    if child.level <= parent.level or child.recording != parent.recording:
        return False
    return parent.level == 1 or child.result == parent.result


def _deep_enough(address: Address, word: Token, least: int, instead: str) -> Address:
    if address.level < least:
        noun = "results" if address.level == 1 else "payloads"
        raise _unfit(
            word,
            f"is {_article(address.level)}; expected {LEVELS[least]} under it",
            f"its {noun}: addonctl {noun} list {address}{instead}",
        )
    return address


def _unfit(word: Token, why: str, hint: str = "see: addonctl help addresses") -> Usage:
    place = f"{word.place}: " if word.place else ""
    text = word.text if len(word.text) <= 200 else word.text[:200] + "…"
    return Usage(f"{place}'{text}' {why}", hint=hint)


def _article(level: int) -> str:
    return LEVELS[level].split(" (")[0]

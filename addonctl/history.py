"""What the last lists showed, in small text files, for completion.

One file per account in the cache folder, `history/AC….txt`, mode 0600: an address a line
(RE…/XR…/XH…), newest list first, then, after tabs, a few words about it, the other SIDs that
options take (blanks between), and its label. No more than LINES lines, of which one list gives at
most SHARE. It is a convenience: whatever goes wrong, the run does not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from addonctl.sids import is_sid

if TYPE_CHECKING:
    from addonctl.models import Resource

LINES = 500
SHARE = 200
LINE_BYTES = 330

_LINE = re.compile(r"RE\w{32}(?:/XR\w{32}(?:/XH\w{32})?)?(?:\t[ -~]*){0,3}", re.ASCII)
_ODD = re.compile(r"[^ -~]+")
_OTHERS = ("call_sid", "conference_sid", "add_on_sid", "add_on_configuration_sid")

AnyRecord = TypeVar("AnyRecord", bound="Resource")


class Seen(NamedTuple):
    """One record that a list showed. Its other SIDs are in one text, with blanks between."""

    address: str
    about: str = ""
    others: str = ""
    label: str = ""

    def words(self, what: str) -> list[str]:
        """Its `label`, or its SIDs of the kind that two letters name: nothing, or one word."""
        if what == "label":
            return [self.label] if self.label else []
        return [sid for sid in self.others.split() if is_sid(sid, what)]


class Noted:
    """Pages that pass through, and the lines of the first SHARE records that did."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def pages(self, pages: Iterable[list[AnyRecord]]) -> Iterator[list[AnyRecord]]:
        """The pages as they come, taken note of."""
        for page in pages:
            room = SHARE - len(self.lines)
            if room > 0:
                self.lines += [line for record in page[:room] if (line := _line(record))]
            yield page


def folder() -> Path:
    """Where the files lie: the platform's own place for caches."""
    from platformdirs import user_cache_path

    return user_cache_path("addonctl", appauthor=False) / "history"


def recall(account: str, folder: Path) -> list[Seen]:
    """What is remembered of `account`, the newest first; nothing where that cannot be read."""
    return [Seen(*line.split("\t")) for line in _known(folder / f"{account}.txt")]


def remember(account: str, lines: Sequence[str], folder: Path) -> None:
    """Put `lines` before what is known of `account`. Does nothing where that cannot be written."""
    if not lines:
        return
    path = folder / f"{account}.txt"
    known = {_address(line): line for line in _known(path)}
    kept: dict[str, str] = {}
    for line in lines:
        address = _address(line)
        # A parent comes up with its first child: it is what the user works on now.
        for parent in _parents(address):
            if parent in known:
                kept.setdefault(parent, known[parent])
        kept[address] = line
    kept = {**kept, **{address: line for address, line in known.items() if address not in kept}}
    text = "".join(f"{line}\n" for line in list(kept.values())[:LINES])
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = folder / f".{account}.{os.getpid()}"
        try:
            new = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(new, "w", encoding="ascii", newline="\n") as file:
                file.write(text)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _known(path: Path) -> list[str]:
    """The whole lines of the file that are as we write them; damage is left out."""
    try:
        with path.open("rb") as file:
            content = file.read(LINES * LINE_BYTES)
    except OSError:
        return []
    lines = content.decode("ascii", "replace").split("\n")[:-1]
    return [line for line in lines if _LINE.fullmatch(line)]


def _address(line: str) -> str:
    return line.partition("\t")[0]


def _parents(address: str) -> list[str]:
    sids = address.split("/")
    return ["/".join(sids[:depth]) for depth in range(1, len(sids))]


def _line(record: Resource) -> str:
    """The record as a line of the file; nothing where it has no address."""
    document = record.document
    words = [str(document.get(name) or "") for name in ("label", "content_type", "status")]
    if record.created:
        words.append(f"{record.created:%Y-%m-%d %H:%M}")
    about = ", ".join(word for word in words if word)
    others = [str(document.get(name)) for name in _OTHERS]
    label = words[0]
    # What a line cannot hold is not completed; nor what --label would take for a pattern.
    if len(label) > 60 or _ODD.search(label) or "[" in label:
        label = ""
    parts = (
        str(record.address),
        _ODD.sub(" ", about).strip()[:60].strip(),
        " ".join(sid for sid in others if is_sid(sid, sid[:2])),
        label,
    )
    line = "\t".join(parts).rstrip("\t")
    return line if _LINE.fullmatch(line) else ""

"""What the last lists showed: for completion, and for words that are the start of a SID.

One file per account in the cache folder, `history/AC….txt`, mode 0600: an address a line
(RE…/XR…/XH…), newest list first, then, after tabs, a few words about it, the other SIDs that
options take (blanks between), and its label. No more than LINES lines, of which one list gives at
most SHARE. It is a convenience: whatever goes wrong, the run does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from addonctl import files
from addonctl.addresses import is_sid
from addonctl.errors import AddonctlError
from addonctl.places import cache_folder

if TYPE_CHECKING:
    from addonctl.models import Resource

LINES = 500
SHARE = 200
LINE_BYTES = 330

PATIENCE = 1.0
"""Seconds to wait for another terminal; after that a list goes unremembered."""

_LINE = re.compile(r"RE\w{32}(?:/XR\w{32}(?:/XH\w{32})?)?(?:\t[ -~]*){0,3}", re.ASCII)
_ODD = re.compile(r"[^ -~]+")
_OTHERS = ("call_sid", "conference_sid", "add_on_sid", "add_on_configuration_sid")

AnyRecord = TypeVar("AnyRecord", bound="Resource")


class Shown(NamedTuple):
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


def folder() -> Path | None:
    """Where the files lie, in the platform's own place for caches; None where there is none."""
    try:
        return cache_folder() / "history"
    except AddonctlError:
        return None


def recall(account: str, folder: Path | None) -> list[Shown]:
    """What is remembered of `account`, the newest first; nothing where that cannot be read."""
    return [Shown(*line.split("\t")) for line in _known(account, folder)]


def remember(account: str, lines: Sequence[str], folder: Path | None) -> None:
    """Put `lines` before what is known of `account`. Does nothing where that cannot be written."""
    if not lines or not folder:
        return
    path = folder / f"{account}.txt"
    with suppress(AddonctlError), files.locked(path, PATIENCE):
        known = {_address(line): line for line in _known(account, folder)}
        kept: dict[str, str] = {}
        for line in lines:
            *parents, address = accumulate(_address(line).split("/"), "{}/{}".format)
            # A parent comes up with its first child: it is what the user works on now.
            for parent in parents:
                if parent in known:
                    kept.setdefault(parent, known[parent])
            kept[address] = line
        kept |= {address: line for address, line in known.items() if address not in kept}
        text = "".join(f"{line}\n" for line in list(kept.values())[:LINES])
        files.replace(path, text.encode("ascii"))


def forget(account: str, sids: set[str], folder: Path | None) -> None:
    """Take out the lines that name any of the SIDs. Does nothing where that cannot be written."""
    if folder and (path := folder / f"{account}.txt").exists():
        with suppress(AddonctlError), files.locked(path, PATIENCE):
            known = _known(account, folder)
            kept = [line for line in known if sids.isdisjoint(re.split(r"[/\t ]", line))]
            files.replace(path, "".join(f"{line}\n" for line in kept).encode("ascii"))


def _known(account: str, folder: Path | None) -> list[str]:
    """The whole lines of the file that are as we write them; damage is left out."""
    content = b""
    with suppress(AddonctlError):
        if folder:
            content = files.read(folder / f"{account}.txt", LINES * LINE_BYTES, cut=True)
    lines = content.decode("ascii", "replace").split("\n")[:-1]
    return [line for line in lines if _LINE.fullmatch(line)]


def _address(line: str) -> str:
    return line.partition("\t")[0]


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

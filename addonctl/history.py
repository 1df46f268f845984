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

if TYPE_CHECKING:
    from addonctl.models import Resource

LINES = 500
SHARE = 200
LINE_BYTES = 330

PATIENCE = 1.0
"""Seconds to wait for another terminal; after that a list goes unremembered."""

_LINE = r"(?a)RE\w{32}(?:/XR\w{32}(?:/XH\w{32})?)?(?:\t[ -~]*){0,3}"
_ODD = r"[^ -~]+"
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


def noted(pages: Iterable[list[AnyRecord]], lines: list[str]) -> Iterator[list[AnyRecord]]:
    """The pages as they come; the first SHARE records are taken down in `lines`."""
    for page in pages:
        lines += filter(None, map(_line, page[: max(0, SHARE - len(lines))]))
        yield page


def recall(account: str) -> list[Shown]:
    """What is remembered of `account`, the newest first; nothing where that cannot be read."""
    return [Shown(*line.split("\t")) for line in _lines(account)]


def remember(account: str, lines: Sequence[str]) -> None:
    """Put `lines` before what is known of `account`. Does nothing where that cannot be written."""
    with suppress(AddonctlError), files.locked(path := _file(account), PATIENCE):
        known = {line.split("\t")[0]: line for line in _lines(account)}
        kept: dict[str, str] = {}
        for line in lines:
            *parents, address = accumulate(line.split("\t")[0].split("/"), "{}/{}".format)
            # A parent comes up with its first child: it is what the user works on now.
            for parent in parents:
                if parent in known:
                    kept.setdefault(parent, known[parent])
            kept[address] = line
        kept |= {address: line for address, line in known.items() if address not in kept}
        text = "".join(f"{line}\n" for line in list(kept.values())[:LINES])
        files.replace(path, text.encode("ascii"))


def forget(account: str, sids: set[str]) -> None:
    """Take out the lines that name any of the SIDs. Does nothing where that cannot be written."""
    with suppress(AddonctlError):
        if (path := _file(account)).exists():
            with files.locked(path, PATIENCE):
                known = _lines(account)
                kept = [line for line in known if sids.isdisjoint(re.split(r"[/\t ]", line))]
                files.replace(path, "".join(f"{line}\n" for line in kept).encode("ascii"))


def _file(account: str) -> Path:
    """Raises AddonctlError where the platform has no place for it."""
    return files.cache_folder() / "history" / f"{account}.txt"


def _lines(account: str) -> list[str]:
    """The whole lines of the file that are as we write them; damage is left out."""
    content = b""
    with suppress(AddonctlError):
        content = files.read(_file(account), LINES * LINE_BYTES, cut=True)
    lines = content.decode("ascii", "replace").split("\n")[:-1]
    return [line for line in lines if re.fullmatch(_LINE, line)]


def _line(record: Resource) -> str:
    """The record as a line of the file; nothing where it has no address."""
    document = record.document
    words = [str(document.get(name) or "") for name in ("label", "content_type", "status")]
    if record.created:
        words.append(f"{record.created:%Y-%m-%d %H:%M}")
    about = re.sub(_ODD, " ", ", ".join(filter(None, words))).strip()[:60].strip()
    others = [str(document.get(name)) for name in _OTHERS]
    label = words[0]
    # What a line cannot hold is not completed; nor what --label would take for a pattern.
    if len(label) > 60 or re.search(_ODD, label) or "[" in label:
        label = ""
    sids = " ".join(sid for sid in others if is_sid(sid, sid[:2]))
    line = f"{record.address}\t{about}\t{sids}\t{label}".rstrip("\t")
    return line if re.fullmatch(_LINE, line) else ""

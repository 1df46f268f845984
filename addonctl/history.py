"""Which SIDs the last lists showed, in small text files that completion scripts read.

One file per account in the cache folder, `history/AC….txt`, mode 0600: an address a line
(RE…/XR…/XH…), newest list first, then a tab and a few words about it. No more than LINES lines,
of which one list gives at most SHARE. It is a convenience: whatever goes wrong, the run does not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from addonctl.models import Resource

LINES = 500
SHARE = 200
LINE_BYTES = 180

_LINE = re.compile(r"RE\w{32}(?:/XR\w{32}(?:/XH\w{32})?)?(?:\t[ -~]*)?", re.ASCII)
_ODD = re.compile(r"[^ -~]+")

AnyRecord = TypeVar("AnyRecord", bound=Resource)


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
    """The record's address and what tells it from others; nothing where it has no address."""
    document = record.document
    words = [str(document.get(name) or "") for name in ("label", "content_type", "status")]
    if record.created:
        words.append(f"{record.created:%Y-%m-%d %H:%M}")
    about = ", ".join(word for word in words if word)
    line = f"{record.address}\t{_ODD.sub(' ', about).strip()[:60].strip()}"
    return line if _LINE.fullmatch(line) else ""

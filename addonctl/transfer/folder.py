"""The folder that payloads are saved in, and how a file in it shows that it is whole.

A file comes to its name only by a rename, when all its bytes are on disk. It carries as its time
of modification the payload's own `date_updated`, with a fraction of a second made of the SID. So
a file with exactly that time is this payload, whole and not written to since, and needs no
request to be skipped; wherever the folder is copied with its times, that goes along. A file with
any other time is held against the store's length and checksum.
"""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeVar

from addonctl import dates
from addonctl.addresses import Address
from addonctl.errors import AddonctlError
from addonctl.models import Payload
from addonctl.transfer.naming import Names
from addonctl.transfer.part import on_disk
from addonctl.transfer.plan import Failed, Found

Item = TypeVar("Item", bound=Found | Failed)

TICK = 100
"""Nanoseconds: the finest that every common file system keeps."""


class Target(NamedTuple):
    """A file that a payload may go to. Another file that lies there is replaced only if `own`;
    one that is `taken` is looked at, in case the payload lies there already.
    """

    file: Path
    own: bool
    taken: bool = False


class Folder:
    """A folder, made when needed. Raises AddonctlError where none can be made or written to."""

    def __init__(self, root: Path, names: Names) -> None:
        self.root = root
        self._names = names
        self._known = {root}
        self._lock = threading.Lock()
        with on_disk(root):
            root.mkdir(parents=True, exist_ok=True)
            self._real = root.resolve(strict=True)
        if not os.access(root, os.W_OK | os.X_OK):
            raise AddonctlError(f"{root}: this folder cannot be written to")

    def targets(self, address: Address, payload: Payload) -> list[Target]:
        """Where a payload may go, best first, with the folders made.

        Raises AddonctlError where a link would lead out of the folder.
        """
        names = self._names.candidates(address, payload)
        return [Target(self._place(name.path), name.own, name.taken) for name in names]

    def reserved(self, item: Item) -> Item:
        """What was found, its name given to it before any that comes later has one."""
        if isinstance(item, Found):
            self._names.candidates(item.address, item.payload)
        return item

    def _place(self, path: PurePosixPath) -> Path:
        place = self.root
        for part in path.parts[:-1]:
            place = place / part
            with self._lock:
                if place in self._known:
                    continue
                with on_disk(place):
                    place.mkdir(exist_ok=True)
                    if place.is_symlink() and not place.resolve().is_relative_to(self._real):
                        raise AddonctlError(f"{place}: this link leads out of {self.root}")
                self._known.add(place)
        return place / path.name


def stamp(sid: str, payload: Payload) -> int | None:
    """The time of modification, in nanoseconds since 1970, that a payload's file carries."""
    document = payload.document
    updated = dates.parse(document.get("date_updated")) or dates.parse(document.get("date_created"))
    if updated is None:
        return None
    return int(updated.timestamp()) * 1_000_000_000 + int(sid[2:], 16) % 10_000_000 * TICK


def is_whole(file: Path, modified: int | None) -> bool:
    """Whether the payload with that stamp lies at `file`, as it was saved."""
    there = status(file)
    return there is not None and modified is not None and there.st_mtime_ns == modified


def status(file: Path) -> os.stat_result | None:
    """What is at `file`, or nothing. Raises AddonctlError where it is no regular file."""
    with on_disk(file):
        try:
            there = file.lstat()
        except FileNotFoundError:
            return None
    if not stat.S_ISREG(there.st_mode):
        what = "a folder" if stat.S_ISDIR(there.st_mode) else "something that is no file"
        raise AddonctlError(f"{file}: {what} is in the way")
    return there

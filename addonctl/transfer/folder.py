"""The folder that payloads are saved in, and how a file in it shows that it is whole.

A file comes to its name only by a rename, when all its bytes are on disk. It carries as its time
of modification the payload's own `date_updated`, with a fraction of a second made of the SID. So
a file with exactly that time is this payload, whole and not written to since, and needs no
request to be skipped; wherever the folder is copied with its times, that goes along. A file with
any other time is held against the store's length and checksum.

Folders are held by descriptor: what a path leads to may be changed while a payload comes, and
nothing of ours follows it there. (Windows has no such descriptors; there paths have to do.)
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from addonctl import dates, files
from addonctl.addresses import Address
from addonctl.errors import AddonctlError
from addonctl.models import Payload
from addonctl.transfer.naming import Name, Names

TICK = 100
"""Nanoseconds: the finest that every common file system keeps."""

_BY_DESCRIPTOR = os.open in os.supports_dir_fd
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
# Without O_NONBLOCK a pipe that nobody writes to would be waited for.
_FILE = _NO_LINKS | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """What the file system refuses while a payload comes as one of our errors, naming the file.

    Nothing but that: a mistake of ours must not look like one of the disk's.
    """
    try:
        yield
    except OSError as problem:
        reason = (problem.strerror or "the system refuses it").lower()
        raise AddonctlError(f"cannot write {path}: {reason}") from None


class Directory:
    """One folder, held open, and what is done to the names in it. Raises OSError.

    `path` is what its user calls it, for messages.
    """

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def open(self, name: str, flags: int) -> int:
        """A file, through no link and waiting for nobody."""
        return os.open(self._at(name), flags | _FILE, 0o666, dir_fd=self._descriptor)

    def status(self, name: str) -> os.stat_result | None:
        """What is at a name, links not followed; None where nothing is."""
        try:
            return os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def unlink(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._at(name), dir_fd=self._descriptor)

    def rename(self, old: str, new: str, *, over: bool) -> None:
        """Rename a file, over another one or not. Raises FileExistsError where it may not.

        A link is made only where nothing is, at once for all who try; where the file system
        makes none, an empty file holds the name until the rename.
        """
        ends = {"src_dir_fd": self._descriptor, "dst_dir_fd": self._descriptor}
        if not over and self._descriptor is None:
            (self.path / old).rename(self.path / new)  # Windows refuses by itself
            return
        if not over:
            try:
                os.link(self._at(old), self._at(new), follow_symlinks=False, **ends)
                self.unlink(old)
                return
            except FileExistsError:
                raise
            except OSError:
                os.close(self.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.replace(self._at(old), self._at(new), **ends)  # noqa: PTH105  it knows no descriptors

    def set_time(self, name: str, descriptor: int, modified: int) -> None:
        """Set an open file's time of modification, in nanoseconds since 1970."""
        file = descriptor if os.utime in os.supports_fd else self.path / name
        os.utime(file, ns=(modified, modified))

    def below(self, name: str) -> Directory:
        """A folder in it, made where it is not there. Raises OSError for a link."""
        path = self.path / name
        if not _BY_DESCRIPTOR:
            path.mkdir(exist_ok=True)
            return Directory(path, None)
        flags = _FOLDER | _NO_LINKS
        try:
            return Directory(path, os.open(name, flags, dir_fd=self._descriptor))
        except FileNotFoundError:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=self._descriptor)
            return Directory(path, os.open(name, flags, dir_fd=self._descriptor))

    def sync(self) -> None:
        """Have the disk keep which names it holds."""
        if self._descriptor is not None:
            settle(self._descriptor)

    def _at(self, name: str) -> str | Path:
        return self.path / name if self._descriptor is None else name


def settle(descriptor: int) -> None:
    """Have the disk keep what is open, where it can be told to. Raises OSError where it cannot."""
    try:
        os.fsync(descriptor)
    except OSError as problem:  # some file systems do not know how
        if problem.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


class Target(NamedTuple):
    """Where a payload may go: folders below `folder`, and the names there, best first."""

    folder: Folder
    below: tuple[str, ...]
    names: list[Name]

    def directory(self, *, sync: bool = False) -> Directory:
        return self.folder.directory(self.below, sync=sync)


class Folder:
    """A folder for payloads to be given `names` in, made when needed; without any it has to be
    there. Raises AddonctlError where there is none, or where it cannot be written to.
    """

    def __init__(self, root: Path, names: Names | None = None) -> None:
        self.root = root
        self._names = names or Names()
        self._descriptor: int | None = None
        with files.explained("write", root):
            if names:
                new = [each for each in (root, *root.parents) if not each.exists()]
                root.mkdir(parents=True, exist_ok=True)
                for each in new:
                    files.sync_folder(each.parent)
            self._real = root.resolve(strict=True)
            if _BY_DESCRIPTOR:
                self._descriptor = os.open(root, _FOLDER)
                # Only when the last worker that may use it has gone.
                weakref.finalize(self, os.close, self._descriptor)
        if not os.access(root, os.W_OK | os.X_OK):
            raise AddonctlError(f"cannot write {root}: permission denied")

    def target(self, address: Address, payload: Payload) -> Target:
        """Where a payload may go. Names go to payloads in the order they are asked for."""
        return Target(self, *self._names.candidates(address, payload))

    def directory(self, below: tuple[str, ...], *, sync: bool = False) -> Directory:
        """A folder below this one, made where it is not there, and what leads to it.

        With `sync` it is on disk that they are there. Raises AddonctlError where a link leads
        out of this folder, or something else is in the way.
        """
        path = self.root.joinpath(*below)
        with files.explained("write", path):
            root = None if self._descriptor is None else os.dup(self._descriptor)
            here = Directory(self.root, root)
            for number, name in enumerate(below):
                with closing(here):
                    if sync:
                        here.sync()
                    there = here.status(name)
                    if there and stat.S_ISLNK(there.st_mode):
                        link = here.path / name
                        real = link.resolve(strict=True)
                        if not real.is_relative_to(self._real):
                            raise AddonctlError(f"{link}: this link leads out of {self.root}")
                        inside = real.relative_to(self._real).parts
                        here = self.directory((*inside, *below[number + 1 :]), sync=sync)
                        break
                    here = here.below(name)
            if sync:
                here.sync()
        here.path = path
        return here


def stamp(sid: str, payload: Payload) -> int | None:
    """The time of modification, in nanoseconds since 1970, that a payload's file carries."""
    document = payload.document
    updated = dates.parse(document.get("date_updated")) or dates.parse(document.get("date_created"))
    if updated is None:
        return None
    # A digest, so that SIDs that follow each other, or the like, have nothing in common.
    fraction = int.from_bytes(hashlib.blake2b(sid.encode(), digest_size=8).digest(), "big")
    return int(updated.timestamp()) * 1_000_000_000 + fraction % 10_000_000 * TICK


def is_whole(there: os.stat_result | None, modified: int | None) -> bool:
    """Whether a file is, by its time, the payload of that stamp as it was saved."""
    if there is None or modified is None:
        return False
    return stat.S_ISREG(there.st_mode) and there.st_mtime_ns == modified

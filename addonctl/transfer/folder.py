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
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from addonctl import dates, files
from addonctl.addresses import Address
from addonctl.errors import AddonctlError
from addonctl.models import Payload
from addonctl.transfer.naming import Name

Candidates = Callable[[Address, Payload], tuple[tuple[str, ...], list[Name]]]
"""What gives a payload its folders and names: see `Names.candidates`."""

_BY_DESCRIPTOR = os.open in os.supports_dir_fd
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
# Without O_NONBLOCK a pipe that nobody writes to would be waited for.
_FILE = _NO_LINKS | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Directory(NamedTuple):
    """One folder, held open, and what is done to the names in it. Raises OSError.

    `path` is what its user calls it, for messages.
    """

    path: Path
    descriptor: int | None

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)

    def open(self, name: str, flags: int) -> int:
        """A file, through no link and waiting for nobody."""
        return os.open(self._at(name), flags | _FILE, 0o666, dir_fd=self.descriptor)

    def status(self, name: str) -> os.stat_result | None:
        """What is at a name, links not followed; None where nothing is."""
        try:
            return os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def unlink(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._at(name), dir_fd=self.descriptor)

    def rename(self, old: str, new: str, *, over: bool) -> None:
        """Rename a file, over another one or not. Raises FileExistsError where it may not.

        A link is made only where nothing is, at once for all who try; where the file system
        makes none, an empty file holds the name until the rename.
        """
        ends = {"src_dir_fd": self.descriptor, "dst_dir_fd": self.descriptor}
        if not over and self.descriptor is None:
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

    def set_time(self, name: str, descriptor: int, modified: int | None) -> None:
        """Set an open file's time of modification, in nanoseconds since 1970, if there is one."""
        if modified is not None:
            file = descriptor if os.utime in os.supports_fd else self.path / name
            os.utime(file, ns=(modified, modified))

    def below(self, name: str) -> Directory:
        """A folder in it, made where it is not there. Raises OSError for a link."""
        path = self.path / name
        if not _BY_DESCRIPTOR:
            path.mkdir(exist_ok=True)
            return Directory(path, None)
        flags = _FOLDER | _NO_LINKS
        while True:
            with suppress(FileNotFoundError):
                return Directory(path, os.open(name, flags, dir_fd=self.descriptor))
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=self.descriptor)

    def _at(self, name: str) -> str | Path:
        return self.path / name if self.descriptor is None else name


def settle(descriptor: int | None) -> None:
    """Have the disk keep what is open, where it can be told to. Raises OSError where it cannot."""
    try:
        if descriptor is not None:
            os.fsync(descriptor)
    except OSError as problem:  # some file systems do not know how
        if problem.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


class Target(NamedTuple):
    """Where a payload may go: folders below `folder`, and the names there, best first.

    `modified` is the time of modification, in nanoseconds since 1970, that tells it is whole.
    """

    folder: Folder
    below: tuple[str, ...]
    names: list[Name]
    modified: int | None

    def is_whole(self, there: os.stat_result | None) -> bool:
        """Whether a file is, by its time, the payload as it was saved."""
        if there is None or not stat.S_ISREG(there.st_mode):
            return False
        return there.st_mtime_ns == self.modified

    def whole(self, directory: Directory) -> str | None:
        """The name at which the payload lies, by its time."""
        names = (name.file for name in self.names)
        return next((each for each in names if self.is_whole(directory.status(each))), None)


class Folder:
    """A folder for payloads, each to be given one of the `candidates` for its name.

    It has to be there unless it is to be made. Raises AddonctlError where there is none, or where
    it cannot be written to.
    """

    def __init__(self, root: Path, candidates: Candidates, *, make: bool = True) -> None:
        self.root = root
        self._candidates = candidates
        self._descriptor: int | None = None
        with files.explained("write", root):
            if make:
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
        folders, names = self._candidates(address, payload)
        told = (
            dates.parse(payload.document.get(f"date_{what}")) for what in ("updated", "created")
        )
        modified = None
        if changed := next(filter(None, told), None):
            # A digest, so that SIDs that follow each other, or the like, have nothing in common.
            digest = hashlib.blake2b(address.payload.encode(), digest_size=8).digest()
            # In steps of 100 ns: the finest that every common file system keeps.
            fraction = int.from_bytes(digest, "big") % 10_000_000 * 100
            modified = int(changed.timestamp()) * 1_000_000_000 + fraction
        return Target(self, folders, names, modified)

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
                        settle(here.descriptor)
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
                settle(here.descriptor)
        return here._replace(path=path)

"""What is done on disk: in a folder that is held open, and with what has come so far of a payload.

Folders are held by descriptor: what a path leads to may be changed while a payload comes, and
nothing of ours follows it there. (Windows has no such descriptors; there paths have to do.)

XH….addonctl.part holds the bytes, XH….addonctl.note says that they are ours. The note is made
first and goes last, so whatever part has none is somebody else's; and whoever holds the lock on
the note is the only run to touch either. Once a payload comes in more than one read, the note
also says what the store called the version it began to send, so that a later run goes on with
that very version or not at all; it is always written before the bytes it speaks of.

A part or a note that is not ours, or that another run holds for long, is left alone: another
number, XH….addonctl.2.part, will do.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from addonctl import files
from addonctl.transfer.source import BLOCK, Checks, Piece, Version, told, version_of

INFIXES = ("", *(f".{number}" for number in range(2, 10)))
"""What tells the parts of one payload apart, in the order they are tried."""
LONGEST_NOTE = 2048

_BY_DESCRIPTOR = os.open in os.supports_dir_fd


class Directory(NamedTuple):
    """One folder, held open, and what is done to the names in it. Raises OSError.

    `path` is what its user calls it, for messages.
    """

    path: Path
    descriptor: int | None

    @classmethod
    def at(cls, path: Path) -> Directory:
        """The folder that a path leads to."""
        flags = os.O_RDONLY | files.flags("O_DIRECTORY")
        return cls(path, os.open(path, flags) if _BY_DESCRIPTOR else None)

    def again(self) -> Directory:
        """The very same folder, to be closed for itself."""
        descriptor = None if self.descriptor is None else os.dup(self.descriptor)
        return self._replace(descriptor=descriptor)

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)

    def open(self, name: str, flags: int) -> int:
        """A file, through no link and waiting for nobody."""
        # Without O_NONBLOCK a pipe that nobody writes to would be waited for.
        flags |= files.flags("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")
        return os.open(self._at(name), flags, 0o666, dir_fd=self.descriptor)

    def status(self, name: str) -> os.stat_result | None:
        """What is at a name, links not followed; None where nothing is."""
        with suppress(FileNotFoundError):
            return os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)
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
        if not over:
            if self.descriptor is None:
                (self.path / old).rename(self.path / new)  # Windows refuses by itself
                return
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
        flags = os.O_RDONLY | files.flags("O_DIRECTORY", "O_NOFOLLOW")
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


class Part:
    """A part that is ours alone for as long as a `with` lasts: see `part_of`.

    Its first `length` bytes are of that `version` of the payload. Leaves what has come for the next
    run where an error ends it, else nothing but the file whose name it was given. Raises OSError.
    """

    def __init__(self, directory: Directory, name: str, note: int, data: int, said: bytes) -> None:
        self.hashing = False
        self.length = os.fstat(data).st_size
        self.version: Version | None = None
        self._directory, self._name, self._note, self._data = directory, name, note, data
        self._sid = name.partition(".")[0]
        self._checks = Checks((), 0)
        self._told: dict[str, bytes] | None = None
        with suppress(ValueError, RecursionError):  # the note may make no sense
            document = json.loads(said)
            etag, size = document.get("etag"), document.get("size")
            named = re.fullmatch(r'"[\x21\x23-\x7e]{1,1024}"', str(etag))
            measured = size is None or (type(size) is int and 0 < size < 1 << 63)
            if named and measured and document.get("payload") == self._sid:
                self.version = Version(etag, size)

    def __enter__(self) -> Part:
        return self

    def __exit__(self, problem: type[BaseException] | None, *_: object) -> None:
        if self._data >= 0:
            os.close(self._data)
        if problem and self.length:
            os.close(self._note)
            return
        self._directory.unlink(f"{self._name}.part")
        if sys.platform == "win32":  # what is open cannot be removed there
            os.close(self._note)
        self._directory.unlink(f"{self._name}.note")
        if sys.platform != "win32":  # not before: whoever has the lock may touch the part
            os.close(self._note)
        prune(self._directory, self._sid, INFIXES[1:])  # of runs that found the first in use

    def write(self, piece: Piece) -> None:
        """Put a piece where it belongs; one that begins an answer may begin anywhere."""
        if piece.data:
            end = piece.begin + len(piece.data)
            if self.length == 0 and (self.version or piece.body.size != end):
                _say(self._note, self._sid, version_of(piece.body))
            self._checks.update(piece.data)
            data = memoryview(piece.data)
            while data:
                data = data[os.write(self._data, data) :]
            self.length = end
        elif self._told is None or not (piece.begin == self.length > 0):
            os.ftruncate(self._data, piece.begin)
            self._told = told(piece.body)
            # What an earlier run left is read back: no digest of that is one of what came.
            names = self._told or ({"sha256"} if self.hashing and not piece.begin else ())
            self._checks = Checks(names, piece.body.size)
            os.lseek(self._data, 0 if names else piece.begin, os.SEEK_SET)
            for block in iter(partial(os.read, self._data, BLOCK), b""):
                self._checks.update(block)
            self.length = piece.begin

    def finish(self, modified: int | None) -> dict[str, bytes] | None:
        """Have it on disk, if its bytes are those the store holds; else throw them away.

        `modified` is the time, in nanoseconds since 1970, that the file shall carry. Gives back
        the digests of the bytes as they came, by the names of their algorithms.
        """
        digests = self._checks.digests()
        if self._told and digests != self._told:
            self.length = 0
            return None
        self._directory.set_time(f"{self._name}.part", self._data, modified)
        os.fsync(self._data)
        os.close(self._data)
        self._data = -1
        return digests

    def give_name(self, name: str, *, over: bool) -> None:
        """Make the part the file of that name. Raises FileExistsError where it may not replace."""
        self._directory.rename(f"{self._name}.part", name, over=over)
        self.length = 0


def part_of(directory: Directory, sid: str, patience: float, *, hashing: bool) -> Part:
    """The part of a payload. Another run that has it is waited for, `patience` seconds at most.

    With `hashing` there is always a digest of what came, even where the store tells nothing to
    hold one against. Raises OSError.
    """
    end = time.monotonic() + patience
    for infix in (*INFIXES, f".{os.urandom(4).hex()}"):
        if part := _taken(directory, sid, infix, end):
            part.hashing = hashing
            return part
    raise FileExistsError(errno.EEXIST, "every name for its part is taken")


def prune(directory: Directory, sid: str, infixes: Iterable[str] = INFIXES) -> None:
    """Remove what runs that were killed have left of a payload that is whole now."""
    for infix in infixes:
        if directory.status(f"{sid}.addonctl{infix}.note") is None:
            return
        if part := _taken(directory, sid, infix, 0.0):
            with part:
                pass


def _taken(directory: Directory, sid: str, infix: str, end: float) -> Part | None:
    """The part of that name; None where it is somebody else's, or held until `end` is over."""
    name = f"{sid}.addonctl{infix}"
    while True:
        if directory.status(f"{name}.part") and directory.status(f"{name}.note") is None:
            return None
        if (note := _opened(directory, f"{name}.note")) < 0:
            return None
        is_held = files.lock(note, end - time.monotonic())
        there = directory.status(f"{name}.note")
        is_there = there is not None and os.path.samestat(there, os.fstat(note))
        if is_held and is_there:
            said = os.read(note, LONGEST_NOTE + 1)
            is_ours = said.startswith(b'{"made by": "addonctl", ') and len(said) <= LONGEST_NOTE
            if is_ours or not (said or directory.status(f"{name}.part")):
                if not said:
                    _say(note, sid, None)
                if (data := _opened(directory, f"{name}.part")) >= 0:
                    return Part(directory, name, note, data, said)
        os.close(note)
        if is_there or not is_held:
            return None  # else the run that had it has just ended


def _opened(directory: Directory, name: str) -> int:
    """A file of our own, open, new or not; -1 for what somebody else may have put there.

    A file with a second name is refused too: under that one it may be anything.
    """
    try:
        descriptor = directory.open(name, os.O_RDWR | os.O_CREAT)
    except OSError:
        if directory.status(name) is None:
            raise
        return -1  # a link, a folder, a file that is not ours to write to
    there = os.fstat(descriptor)
    is_mine = not hasattr(os, "geteuid") or there.st_uid == os.geteuid()
    if stat.S_ISREG(there.st_mode) and there.st_nlink == 1 and is_mine:
        return descriptor
    os.close(descriptor)
    return -1


def _say(note: int, sid: str, version: Version | None) -> None:
    """Write a note: the mark, and the version that is about to be written."""
    mark = {"made by": "addonctl", "payload": sid}
    said = json.dumps(mark | (version._asdict() if version else {})).encode()
    if len(said) > LONGEST_NOTE:
        said = json.dumps(mark).encode()
    os.lseek(note, 0, os.SEEK_SET)
    os.write(note, said)
    os.ftruncate(note, len(said))

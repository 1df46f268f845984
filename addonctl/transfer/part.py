"""What has come so far of a payload, in a file of our own beside its place.

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
import hashlib
import json
import os
import re
import stat
import sys
import threading
import time
import weakref
import zlib
from collections.abc import Iterable
from functools import partial
from queue import Queue
from typing import Any

from addonctl import files
from addonctl.transfer.folder import Directory
from addonctl.transfer.source import Piece, Version, told, version_of

INFIXES = ("", *(f".{number}" for number in range(2, 10)))
"""What tells the parts of one payload apart, in the order they are tried."""
LONGEST_NOTE = 2048
BLOCK = 1024 * 1024
BESIDE = 16 * 1024 * 1024
"""Bytes from which on checksums are worked out beside the transfer, not between its chunks."""

_MARK = b'{"made by": "addonctl", '
_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,1024}"')


class _CRC32:
    """zlib's checksum with hashlib's manners."""

    _value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class Checks:
    """Digests of the bytes that are given to it, by the names of their algorithms.

    Of many bytes, or where nobody knows how many (`size`), they are worked out in a thread of
    their own: hashing is slower than a fast line or disk.
    """

    def __init__(self, names: Iterable[str], size: int | None) -> None:
        self._digests: dict[str, Any] = {
            name: _CRC32() if name == "crc32" else hashlib.new(name, usedforsecurity=False)
            for name in names
        }
        self._thread: threading.Thread | None = None
        if self._digests and (size is None or size >= BESIDE):
            self._queue: Queue[bytes] = Queue(4)
            work = (iter(self._queue.get, b""), self._digests.values())
            self._thread = threading.Thread(target=_hash, args=work, daemon=True)
            self._thread.start()
            # The thread ends with this, whether the last byte came or not.
            self._end = weakref.finalize(self, self._queue.put, b"")

    def update(self, data: bytes) -> None:
        if self._thread:
            self._queue.put(data)
        else:
            _hash([data], self._digests.values())

    def digests(self) -> dict[str, bytes]:
        """What the bytes given to `update` have come to. To be asked once, at the end."""
        if self._thread:
            self._end()
            self._thread.join()
        return {name: digest.digest() for name, digest in self._digests.items()}


def _hash(pieces: Iterable[bytes], digests: Iterable[Any]) -> None:
    for data in pieces:
        for digest in digests:
            digest.update(data)


class Part:
    """A part that is ours alone for as long as a `with` lasts: see `part_of`.

    Its first `length` bytes are of that `version` of the payload. Leaves what has come for the next
    run where an error ends it, else nothing but the file whose name it was given. Raises OSError.
    """

    def __init__(self, directory: Directory, name: str, note: int, data: int, said: bytes) -> None:
        self.hashing = False
        self._directory, self._name = directory, name
        self._sid = name.partition(".")[0]
        self._note, self._data = note, data
        self.length, self.version = os.fstat(data).st_size, _version(said, self._sid)
        self._checks = Checks((), 0)
        self._told: dict[str, bytes] = {}
        self._begun = False

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
        elif not (self._begun and piece.begin == self.length > 0):
            os.ftruncate(self._data, piece.begin)
            self._begun, self._told = True, told(piece.body)
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
        note = _opened(directory, f"{name}.note")
        if note < 0:
            return None
        is_held = files.lock(note, max(0.0, end - time.monotonic()))
        there = directory.status(f"{name}.note")
        is_there = there is not None and os.path.samestat(there, os.fstat(note))
        if is_held and is_there:
            said = os.read(note, LONGEST_NOTE + 1)
            is_ours = said.startswith(_MARK) and len(said) <= LONGEST_NOTE
            if is_ours or not (said or directory.status(f"{name}.part")):
                if not said:
                    _say(note, sid, None)
                data = _opened(directory, f"{name}.part")
                if data >= 0:
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


def _version(said: bytes, sid: str) -> Version | None:
    """The version that a note speaks of; None for a note that does not say, or makes no sense."""
    try:
        note = json.loads(said)
    except (ValueError, RecursionError):
        return None
    etag, size = note.get("etag"), note.get("size")
    makes_sense = size is None or (type(size) is int and 0 < size < 1 << 63)
    if note.get("payload") == sid and _ETAG.fullmatch(str(etag)) and makes_sense:
        return Version(etag, size)
    return None

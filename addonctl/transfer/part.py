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

import json
import os
import re
import stat
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from addonctl import files
from addonctl.transfer.content import Checks, blocks, told
from addonctl.transfer.folder import Directory
from addonctl.transfer.source import Piece, Version

INFIXES = ("", *(f".{number}" for number in range(2, 10)))
"""What tells the parts of one payload apart, in the order they are tried."""
LONGEST_NOTE = 2048

_MARK = b'{"made by": "addonctl", '
_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,1024}"')


class Part:
    """The part of one payload, ours alone while it is open: `with Part(directory, sid, …)`.

    Waits for another run that has it, `patience` seconds at most. Leaves what has come for the
    next run, unless it was given its name. With `hashing` there is always a digest of what came,
    even where the store tells nothing to hold one against. Raises OSError.
    """

    def __init__(self, directory: Directory, sid: str, patience: float, *, hashing: bool) -> None:
        self.length = 0
        self.digests: dict[str, bytes] = {}
        self._directory = directory
        self._sid = sid
        self._patience = patience
        self._hashing = hashing
        self._name = ""  # without its ending
        self._note = self._data = -1
        self._version: Version | None = None
        self._checks = Checks((), 0)
        self._told: dict[str, bytes] = {}
        self._begun = self._resumed = False

    def __enter__(self) -> Part:
        end = time.monotonic() + self._patience
        for infix in (*INFIXES, f".{os.urandom(4).hex()}"):
            self._name = f"{self._sid}.addonctl{infix}"
            if self._take(end):
                break
        return self

    def __exit__(self, *_: object) -> None:
        self._checks.close()
        if self._data >= 0:
            os.close(self._data)
        if self.length and self._note >= 0:
            os.close(self._note)
        elif self._note >= 0:
            _remove(self._directory, self._name, self._note)
            prune(self._directory, self._sid, INFIXES[1:])  # of runs that found the first in use

    def held(self) -> tuple[int, Version | None]:
        """How many bytes are here to go on from, and of which version of the payload."""
        version = self._version
        if version is None or version.size is None:
            return (self.length if version else 0), version
        # Of a part that is complete the last byte is asked for again: the store has to say that
        # it still holds this version, and no range is empty.
        return min(self.length, version.size - 1), version

    def write(self, piece: Piece) -> None:
        """Put a piece where it belongs; one that begins an answer may begin anywhere."""
        if not piece.data:
            self._begin(piece)
            return
        end = piece.begin + len(piece.data)
        if self.length == 0 and piece.body.size != end:
            resumable = piece.body.etag and not piece.body.encoding
            self._say(Version(piece.body.etag or "", piece.body.size) if resumable else None)
        self._checks.update(piece.data)
        data = memoryview(piece.data)
        while data:
            data = data[os.write(self._data, data) :]
        self.length = end

    def finish(self, modified: int | None) -> bool:
        """Have it on disk, if its bytes are those the store holds; else throw them away.

        `modified` is the time, in nanoseconds since 1970, that the file shall carry. Then `digests`
        are those of the bytes as they came, by the names of their algorithms.
        """
        self._begun = False
        digests = self._checks.digests()
        if any(digests[name] != value for name, value in self._told.items()):
            self.length = 0
            return False
        if modified is not None:
            self._directory.set_time(f"{self._name}.part", self._data, modified)
        os.fsync(self._data)
        # What an earlier run left was read back from disk: no digest of that is one of what came.
        self.digests = digests if self._told or not self._resumed else {}
        return True

    def give_name(self, name: str, *, over: bool) -> None:
        """Make the part the file of that name. Raises FileExistsError where it may not replace."""
        if self._data >= 0:
            os.close(self._data)
            self._data = -1
        self._directory.rename(f"{self._name}.part", name, over=over)
        self.length = 0

    def discard(self) -> None:
        """Leave nothing behind."""
        self.length = 0

    def _begin(self, piece: Piece) -> None:
        """Be ready for the bytes of an answer."""
        if self._begun and piece.begin and piece.begin == self.length:
            return
        os.ftruncate(self._data, piece.begin)
        self._checks.close()
        self._told = told(piece.body)
        names = {"sha256"} if self._hashing and not self._told else set(self._told)
        self._checks = Checks(names, piece.body.size)
        os.lseek(self._data, 0, os.SEEK_SET)
        if names:
            for block in blocks(partial(os.read, self._data), piece.begin):
                self._checks.update(block)
        os.lseek(self._data, piece.begin, os.SEEK_SET)
        self.length, self._begun, self._resumed = piece.begin, True, piece.begin > 0

    def _say(self, version: Version | None) -> None:
        """Write the note: the mark, and the version that is about to be written."""
        said = {"made by": "addonctl", "payload": self._sid}
        data = json.dumps(said | (version._asdict() if version else {})).encode()
        if len(data) <= LONGEST_NOTE:
            os.lseek(self._note, 0, os.SEEK_SET)
            os.write(self._note, data)
            os.ftruncate(self._note, len(data))

    def _take(self, end: float) -> bool:
        """Have the part of this name; false where it is somebody else's, or held for too long."""
        part_name, note_name = f"{self._name}.part", f"{self._name}.note"
        while True:
            note, is_new = _opened(self._directory, note_name)
            if note < 0 or not files.lock(note, max(0.0, end - time.monotonic())):
                break
            there = self._directory.status(note_name)
            if there is None or not os.path.samestat(there, os.fstat(note)):
                os.close(note)  # the run that had it has just ended
                continue
            said = os.read(note, LONGEST_NOTE + 1)
            if _is_marked(said) or (not said and self._directory.status(part_name) is None):
                self._note, self._version = note, _version(said, self._sid)
                if not said:
                    self._say(None)
                self._data, _ = _opened(self._directory, part_name)
            if self._data >= 0:
                self.length = os.fstat(self._data).st_size
                return True
            if is_new:
                self._directory.unlink(note_name)
            break
        self._note = -1
        if note >= 0:
            os.close(note)
        return False


def prune(directory: Directory, sid: str, infixes: Iterable[str] = INFIXES) -> None:
    """Remove what runs that were killed have left of a payload that is whole now."""
    for infix in infixes:
        name = f"{sid}.addonctl{infix}"
        if directory.status(f"{name}.note") is None:
            return
        note, _ = _opened(directory, f"{name}.note")
        if note >= 0 and files.lock(note) and _is_marked(os.read(note, LONGEST_NOTE + 1)):
            _remove(directory, name, note)
        elif note >= 0:
            os.close(note)


def _opened(directory: Directory, name: str) -> tuple[int, bool]:
    """A file of our own, open, and whether it is new; -1 for what somebody else may have put there.

    A file with a second name is refused too: under that one it may be anything.
    """
    while True:
        with suppress(FileExistsError):
            return directory.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL), True
        try:
            descriptor = directory.open(name, os.O_RDWR)
        except FileNotFoundError:
            continue
        except OSError:  # a link, a folder, a file that is not ours to write to
            return -1, False
        there = os.fstat(descriptor)
        is_mine = not hasattr(os, "geteuid") or there.st_uid == os.geteuid()
        if stat.S_ISREG(there.st_mode) and there.st_nlink == 1 and is_mine:
            return descriptor, False
        os.close(descriptor)
        return -1, False


def _remove(directory: Directory, name: str, note: int) -> None:
    """Remove a part and then its note, the lock on which is held until then."""
    directory.unlink(f"{name}.part")
    if sys.platform == "win32":  # what is open cannot be removed there
        os.close(note)
        directory.unlink(f"{name}.note")
        return
    directory.unlink(f"{name}.note")
    os.close(note)


def _is_marked(said: bytes) -> bool:
    return said.startswith(_MARK) and len(said) <= LONGEST_NOTE


def _version(said: bytes, sid: str) -> Version | None:
    """The version that a note speaks of; None for a note that does not say, or makes no sense."""
    try:
        document = json.loads(said)
    except (ValueError, RecursionError):
        return None
    etag, size = document.get("etag"), document.get("size")
    if document.get("payload") != sid or not isinstance(etag, str) or not _ETAG.fullmatch(etag):
        return None
    if size is None or (type(size) is int and 0 < size < 1 << 63):
        return Version(etag, size)
    return None

"""NAME.part: what has come so far of the file NAME, which only one run at a time may touch.

Beside it lies NAME.part.etag with what the store called the version it began to send, so that a
later run goes on with that very version or not at all. It is there only while a payload comes
in several reads, and always written before the bytes it speaks of.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from addonctl.errors import AddonctlError
from addonctl.transfer.checksum import Checks, blocks
from addonctl.transfer.source import Piece, Version

LOOK_AGAIN = 0.1
"""Seconds between two looks whether another run has let go of a part."""

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into one of our errors, naming the file."""
    try:
        yield
    except OSError as problem:
        reason = (problem.strerror or "cannot be written").lower()
        raise AddonctlError(f"{problem.filename or path}: {reason}") from None


class Part:
    """The part of one file, locked while it is open: `with Part(path) as part`.

    Waits for another run that works on the same file. Leaves what has come for the next run,
    unless `finish` made it the file. Raises OSError.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.path = file.with_name(f"{file.name}.part")
        self._note = file.with_name(f"{file.name}.part.etag")
        self._descriptor = -1
        self._length = 0
        self._checks: Checks | None = None

    def __enter__(self) -> Part:
        while not self._take():
            time.sleep(LOOK_AGAIN)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._checks:
            self._checks.close()
        if self._descriptor < 0:
            return
        with suppress(OSError):
            if not self._length:
                self.discard()
        os.close(self._descriptor)

    def held(self) -> tuple[int, Version | None]:
        """How many bytes are here to go on from, and of which version of the payload."""
        try:
            said = json.loads(self._note.read_text("utf-8"))
            version = Version(str(said["etag"]), int(said["size"]) if said["size"] else None)
        except (OSError, ValueError, KeyError, TypeError):
            return 0, None
        if version.size is None:
            return self._length, version
        # Of a part that is complete the last byte is asked for again: the store has to say that
        # it still holds this version, and no range is empty.
        return min(self._length, version.size - 1), version

    def write(self, piece: Piece) -> None:
        """Put a piece where it belongs; one that begins an answer may begin anywhere."""
        if not piece.data:
            self._begin(piece)
            return
        end = piece.begin + len(piece.data)
        if self._length == 0 and piece.body.size != end:
            self._remember(piece)
        if self._checks:
            self._checks.update(piece.data)
        data = memoryview(piece.data)
        while data:
            data = data[os.write(self._descriptor, data) :]
        self._length = end

    def finish(self, modified: int | None) -> bool:
        """Make the part the file, if its bytes are those the store holds; else throw them away.

        `modified` is the time, in nanoseconds since 1970, that the file shall carry.
        """
        checks, self._checks = self._checks, None
        if checks and not checks.agree():
            os.ftruncate(self._descriptor, 0)
            self._length = 0
            return False
        if modified is not None:
            os.utime(self.path, ns=(modified, modified))
        os.fsync(self._descriptor)
        if sys.platform == "win32":  # an open file cannot be renamed there
            os.close(self._descriptor)
            self._descriptor = -1
        self._note.unlink(missing_ok=True)
        self.path.replace(self.file)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        return True

    def discard(self) -> None:
        """Leave nothing behind."""
        self._length = 0
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def _take(self) -> bool:
        """Open the part and lock it; false where another run has it, or has just renamed it."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | _NO_LINKS, 0o666)
        try:
            there = os.fstat(descriptor)
            if not stat.S_ISREG(there.st_mode):
                raise OSError(errno.EEXIST, "there is something that is no file", str(self.path))
            if not _locked(descriptor) or not self._is_at_path(there):
                return False
            self._length = os.fstat(descriptor).st_size
            self._descriptor, descriptor = descriptor, -1
            return True
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _is_at_path(self, there: os.stat_result) -> bool:
        try:
            return os.path.samestat(there, self.path.lstat())
        except FileNotFoundError:
            return False

    def _begin(self, piece: Piece) -> None:
        if piece.begin and piece.begin == self._length and self._checks:
            return
        if self._checks:
            self._checks.close()
        os.ftruncate(self._descriptor, piece.begin)
        self._length = piece.begin
        self._checks = Checks(piece.body)
        if self._checks and piece.begin:
            with self.path.open("rb") as file:
                for block in blocks(file, piece.begin):
                    self._checks.update(block)
        os.lseek(self._descriptor, piece.begin, os.SEEK_SET)

    def _remember(self, piece: Piece) -> None:
        """Note which version is about to be written, if it can be gone on with."""
        if piece.body.encoding or not piece.body.etag:
            self._note.unlink(missing_ok=True)
            return
        note = json.dumps({"etag": piece.body.etag, "size": piece.body.size})
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_LINKS
        descriptor = os.open(self._note, flags, 0o666)
        try:
            os.write(descriptor, note.encode())
        finally:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Lock an open file, for as long as it is open; false where another run has locked it."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, 1 << 40, os.SEEK_SET)  # past any byte that is read or written
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # this file system knows no locks: better without than not at all
    return True

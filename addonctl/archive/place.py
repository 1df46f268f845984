"""Where an archive's bytes lie: names and whole objects, whatever is underneath.

A name is a path of SIDs and known extensions. An object is written whole or not at all, and what
is there is only replaced by a write that says so.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol

from addonctl import files
from addonctl.errors import AddonctlError, LoginRefused, NotFound, TryLater

if TYPE_CHECKING:
    from addonctl.api import Limits

CHUNK = 1 << 20
LEFT_OVER = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")
"""The name of an object that is being written."""


class Object(NamedTuple):
    """One object of a place: its name, and its length in bytes; None for what is no object."""

    name: str
    size: int | None


class Place(Protocol):
    """What an archive asks of a folder or a bucket. Everything raises AddonctlError.

    Whoever works under a lock that another process holds opens the place by its `url` and `lease`.
    """

    url: str

    @property
    def lease(self) -> str:
        """Names the lock that is held, where others can work under it; empty for a folder."""

    def read(self, name: str) -> bytes | None:
        """An object's bytes; None where there is none."""
        try:
            return b"".join(self.blocks(name))
        except NoObject:
            return None

    def blocks(self, name: str) -> Iterator[bytes]:
        """The same, a piece at a time. Raises NoObject where there is none."""

    def put(self, name: str, content: IO[bytes]) -> None:
        """Make what is left of an open file the whole of an object, new or replaced."""

    def create(self, name: str, content: bytes) -> bool:
        """Make an object, if there is none of that name; false if there is."""

    def size(self, name: str) -> int | None:
        """An object's length; None where there is none."""

    def delete(self, name: str) -> None:
        """Take an object away; nothing happens where there is none."""

    def objects(self, below: str = "") -> Iterator[Object]:
        """What lies there, in the order of names."""

    def lock(self) -> AbstractContextManager[None]:
        """Keep every other run out. Raises TryLater where another holds it."""

    def beyond_reach(self) -> tuple[str, ...]:
        """What of a deleted object the place itself may hold on to, a sentence each: older
        versions, a lock. Empty where a deleted object is gone.
        """


class NoObject(AddonctlError):
    """There is no object of that name, or what lies there is none."""


class PlaceFailed(AddonctlError):
    """The place, or the index, does not take what is to be kept, and would take no more."""


class PlaceBusy(PlaceFailed, TryLater):
    """The place cannot be reached or is overloaded, and the retries did not help; or another run
    has taken over its lock.
    """


class PlaceRefused(PlaceFailed, LoginRefused):
    """The place takes no login of ours, or there is none."""


class NoPlace(PlaceFailed, NotFound):
    """There is no such bucket."""


def open_place(
    where: str,
    limits: Limits | None = None,
    lease: str = "",
    say: Callable[[str], None] = lambda text: None,
) -> Place:
    """The place that a folder or a URL names; nothing is asked of it yet.

    `lease` is what another process holds, and under which this one writes; `say` tells what is
    waited for. Raises Usage for a URL that is none of a bucket's.
    """
    if "://" in where:
        from addonctl.api import Limits
        from addonctl.archive.bucket import BucketPlace

        return BucketPlace(where, limits or Limits(), lease, say)
    return LocalPlace(Path(where).expanduser().absolute())


class LocalPlace(Place):
    """A folder on this machine. Links in it are no objects, and are not followed."""

    lease = ""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = str(root)
        self._lock: os.stat_result | None = None

    def blocks(self, name: str) -> Iterator[bytes]:
        flags = os.O_RDONLY | files.flags("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")
        with self._explained("read", name):
            number = os.open(self._path(name), flags)
            with os.fdopen(number, "rb", buffering=0) as file:
                if not stat.S_ISREG(os.fstat(number).st_mode):
                    raise NoObject(f"{self._path(name)} is no file")
                while block := file.read(CHUNK):
                    yield block

    def put(self, name: str, content: IO[bytes]) -> None:
        path, begin = self._path(name), content.tell()
        with self._explained("write", name):
            self._folder(path.parent)
            for each in path.parent.iterdir():
                if LEFT_OVER.fullmatch(each.name):  # by a run that was killed
                    each.unlink(missing_ok=True)
            part = _beside(path, iter(partial(content.read, CHUNK), b""))
            try:
                part.replace(path)
            except FileNotFoundError:
                # A worker that was given up is still at it, and took this for what was left.
                content.seek(begin)
                self.put(name, content)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        files.sync_folder(path.parent)

    def create(self, name: str, content: bytes) -> bool:
        path = self._path(name)
        with self._explained("write", name):
            self._folder(path.parent)
            part = _beside(path, [content])
            try:
                os.link(part, path)  # fails where the name is taken, and never shows half of it
            except FileExistsError:
                return False
            finally:
                part.unlink(missing_ok=True)
        files.sync_folder(path.parent)
        return True

    def size(self, name: str) -> int | None:
        with self._explained("read", name):
            try:
                there = self._path(name).lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return there.st_size if stat.S_ISREG(there.st_mode) else None

    def delete(self, name: str) -> None:
        path = self._path(name)
        with self._explained("delete", name):
            path.unlink(missing_ok=True)
        folder = path.parent
        with suppress(OSError):  # others are in it
            while folder != self.root:
                folder.rmdir()
                folder = folder.parent
        files.sync_folder(folder)  # or a power cut brings it back

    def objects(self, below: str = "") -> Iterator[Object]:
        with self._explained("read", below):
            folders = [self.root / below]
            while folders:
                folder = folders.pop()
                try:
                    found = sorted(os.scandir(folder), key=lambda each: each.name, reverse=True)
                except (FileNotFoundError, NotADirectoryError):
                    continue
                inner = []
                for each in reversed(found):
                    name = Path(each.path).relative_to(self.root).as_posix()
                    if each.is_dir(follow_symlinks=False):
                        inner.append(Path(each.path))
                    elif each.is_file(follow_symlinks=False):
                        yield Object(name, each.stat(follow_symlinks=False).st_size)
                    else:
                        yield Object(name, None)
                folders += reversed(inner)

    @contextmanager
    def lock(self) -> Iterator[None]:
        with self._explained("lock", ".lock"):
            number = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not files.lock(number, 0):
                raise TryLater(
                    f"another run is at work on the archive {self.url}",
                    hint="wait for it to end; one at a time",
                )
            self._lock = os.fstat(number)
            yield
        finally:
            self._lock = None
            os.close(number)

    def beyond_reach(self) -> tuple[str, ...]:
        return ()

    def _path(self, name: str) -> Path:
        return self.root / name

    def _folder(self, folder: Path) -> None:
        """Make a folder of the archive, none of whose parts may be a link. Raises PlaceFailed where
        the archive is not there any more: nothing goes into the folder under an unmounted disk.
        """
        try:
            gone = self._lock and not os.path.samestat(self._lock, self._path(".lock").stat())
        except FileNotFoundError:
            gone = True
        if gone:
            raise PlaceFailed(
                f"{self.root} is not the folder that it was when this began",
                hint="was its disk unmounted?",
            )
        place = self.root
        for part in folder.relative_to(self.root).parts:
            place = place / part
            if not place.is_dir():
                place.mkdir(mode=0o700, exist_ok=True)
                files.sync_folder(place.parent)  # or a power cut takes all that is put in it
            if place.is_symlink():
                raise AddonctlError(f"{place} is a link; an archive has none in it")

    @contextmanager
    def _explained(self, doing: str, name: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):
            raise NoObject(f"there is no {self._path(name)}") from None
        except OSError as problem:
            reason = (problem.strerror or "the system refuses it").lower()
            kind = NoObject if doing == "read" and problem.errno == errno.ELOOP else AddonctlError
            raise kind(f"cannot {doing} {self._path(name)}: {reason}") from None


def _beside(path: Path, content: Iterable[bytes]) -> Path:
    """A file beside that of the path, which holds the content and has reached the disk."""
    part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | files.flags("O_BINARY")
    number = os.open(part, flags, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(number)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part

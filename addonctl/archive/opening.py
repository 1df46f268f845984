"""Archives made and opened, their index made anew, and which one each profile remembers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from addonctl import files
from addonctl.archive import marker
from addonctl.archive.index import Index
from addonctl.archive.known import index_of, known
from addonctl.archive.place import LocalPlace, Place
from addonctl.errors import AddonctlError, Usage

if TYPE_CHECKING:
    from addonctl.archive.verify import Rebuilt

MEMORY = 1 << 20
"""Bytes of archives.json."""


class Opened(NamedTuple):
    """An archive that is open."""

    place: Place
    kept: Index
    accounts: tuple[str, ...]

    def must_be_of(self, account: str) -> None:
        """Raises Usage where the archive is not of that account."""
        if account not in self.accounts:
            theirs = ", ".join(self.accounts)
            raise Usage(f"{self.place.url} is the archive of {theirs}, not {account}")

    def recall(self, beginning: str) -> list[str]:
        """The addresses in it whose last SID begins so."""
        return known(self.kept.db, 2 if beginning.startswith("XR") else 3, beginning)


def remembered(profile: str) -> str:
    """The archive that a profile, or an account without one, has made. Raises Usage for none."""
    try:
        memory = json.loads(files.read(files.state_folder() / "archives.json", MEMORY) or b"{}")
        found = memory.get(profile)
    except (ValueError, AttributeError):
        found = None
    if not (found and isinstance(found, str)):
        raise Usage(
            "which archive?",
            hint="addonctl archive init DIR makes one, and this profile remembers it; or -a DIR",
        )
    return found


def remember(profile: str, where: str) -> None:
    """Have a profile remember its archive."""
    path = files.state_folder() / "archives.json"
    with files.locked(path):
        try:
            memory = dict(json.loads(files.read(path, MEMORY) or b"{}"))
        except (ValueError, TypeError):
            memory = {}
        files.replace(path, json.dumps(memory | {profile: where}, indent=2).encode())


def make(place: Place, account: str) -> None:
    """Make an archive of an account, or leave the one that is there. Raises AddonctlError."""
    if isinstance(place, LocalPlace):
        try:
            place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise AddonctlError(f"{place.url}: {(problem.strerror or '').lower()}") from None
    marker.fitting(place, account)  # else nothing at all is written there
    with place.lock():
        about = marker.make(place, account)
        path = index_of(place.url)
        if path.exists() or not next(iter(place.objects("data")), None):
            Index(path, about.id, make=True, url=place.url).close()


@contextmanager
def opened(
    place: Place, warn: Callable[[str], None], *, make: bool = False, alone: bool = False
) -> Iterator[Opened]:
    """An archive and its index; `alone` where no other run may be at work."""
    marker.there(place)
    # The lock comes first: a rebuild puts another index in the place of the one that is open.
    with place.lock() if alone else nullcontext():
        about = marker.there(place)
        path = index_of(place.url)
        if make and not path.exists() and next(iter(place.objects("data")), None):
            make = False  # there is more than an empty index knows
        index = Index(path, about.id, make=make, url=place.url)
        try:
            if alone:
                from addonctl.archive.purge import learn

                for name in learn(place, index):
                    warn(f"{name} is damaged: what it names may be fetched again")
            yield Opened(place, index, about.accounts)
        finally:
            index.close()


class Destination(NamedTuple):
    """Where tables go: a place, and what their names begin with."""

    place: Place
    below: str

    @property
    def url(self) -> str:
        return f"{self.place.url}/{self.below}".rstrip("/")


@contextmanager
def destination(at: Opened, place: Place | None) -> Iterator[Destination]:
    """Where tables go: into the archive, or to a place outside of it, which is made where there is
    none, and where no other export is at work. Raises Usage for one in an archive.
    """
    if place is None:
        from addonctl.archive.export import BELOW

        yield Destination(at.place, BELOW)
        return
    if isinstance(place, LocalPlace):
        must_be_outside(at, place.root)
    if f"{place.url}/".startswith(f"{at.place.url}/") or marker.find(place):
        raise _inside(place.url)
    if isinstance(place, LocalPlace):
        with files.explained("make", place.root):
            place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with place.lock():
        yield Destination(place, "")


def must_be_outside(at: Opened, path: Path) -> None:
    """Raises Usage for a path in the archive."""
    with files.explained("use", path):
        if path.resolve().is_relative_to(Path(at.place.url).resolve()):
            raise _inside(str(path))


def _inside(to: str) -> Usage:
    return Usage(
        f"{to} is in an archive, which holds nothing but its own",
        hint="without --to an export goes to exports/ in the archive",
    )


def rebuilt(place: Place, now: datetime) -> Rebuilt:
    """Make the index anew of what is stored, beside the old one, which it replaces when done."""
    from addonctl.archive.verify import rebuild

    about = marker.there(place)
    with place.lock():
        path = index_of(place.url)
        new = path.with_name(f"{path.name}.new")
        for each in (new, Path(f"{new}-wal"), Path(f"{new}-shm")):
            each.unlink(missing_ok=True)
        index = Index(new, about.id, make=True, url=place.url)
        try:
            index.db.execute("PRAGMA synchronous = OFF")  # killed, it is begun anew
            made = rebuild(place, index, now)
            index.db.execute("PRAGMA synchronous = FULL")
            index.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            index.close()
        for each in (Path(f"{path}-wal"), Path(f"{path}-shm")):
            each.unlink(missing_ok=True)
        new.replace(path)
        files.sync_folder(path.parent)
    return made

"""The lock of an archive in a bucket: an object that names its owner, and that its owner renews.

All that changes it is conditional on what was read, so that of two at once one fails. A lease is
taken over when it has run out and was not renewed while somebody watched it for a whole term by
his own clock: the clocks of two machines need not agree.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from addonctl.archive.place import PlaceBusy, PlaceFailed
from addonctl.errors import AddonctlError

NAME = ".lock"
TERM = 60.0
"""Seconds that a lease lasts beyond its last renewal. It is renewed three times in that."""

Tag = dict[str, str]
"""What names one content of an object, and no other."""
Read = Callable[[], tuple[bytes, Tag] | None]
"""The lease's content and tag; None where there is none."""
Write = Callable[[bytes, Tag | None], tuple[bool, Tag | None]]
"""Replaces the content of that tag, or makes it where there is none. Whether it is so, and the
tag of what is there now."""


class _Said(NamedTuple):
    """What a lease says of itself."""

    id: str
    owner: str
    expires: datetime
    term: float
    released: bool

    @classmethod
    def read(cls, content: bytes) -> _Said:
        try:
            document = json.loads(content)
            return cls(
                str(document["id"]),
                str(document["owner"])[:200],
                datetime.fromisoformat(document["expires"]).astimezone(UTC),
                min(max(float(document["term"]), 1.0), 3600.0),
                document.get("released") is True,
            )
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            # None that we wrote: whoever did is given a term to show that he is there.
            return cls("", "somebody", datetime.min.replace(tzinfo=UTC), TERM, False)


class Lease:
    """A lease that is held, or, with an `id`, one that another process holds and this one trusts.

    Raises PlaceBusy where another run holds it, or has taken it over.
    """

    def __init__(
        self, url: str, read: Read, write: Write, say: Callable[[str], None], id: str = ""
    ) -> None:
        self.id = id or uuid.uuid4().hex
        self._url, self._read, self._write, self._say = url, read, write, say
        self._mine = not id
        self._tag: Tag | None = None
        self._number = 0
        self._lost: PlaceBusy | None = None
        self._since = _now()
        self._mutex = threading.Lock()
        self._done = threading.Event()
        self._renewing = threading.Thread(target=self._keep, name="lease", daemon=True)

    def take(self) -> None:
        """Take the lease, watching one that has run out for a term first; then keep it renewed.

        Raises PlaceFailed where the store replaces what it was asked to create.
        """
        for _ in range(5):  # as often as it is gone between two looks
            self._since = _now()
            taken, self._tag = self._write(self._content(), None)
            if taken:
                if self._write(self._content(), None)[0]:
                    raise PlaceFailed(
                        f"the store of {self._url} takes no heed of conditions, so that two runs"
                        " at once would write over each other"
                    )
            elif found := self._read():
                taken = self._taken_over(*found)
            if taken:
                self._renewing.start()
                return
        raise PlaceBusy(f"others take and leave the archive {self._url} all the time")

    def _taken_over(self, content: bytes, tag: Tag) -> bool:
        """Take one that is somebody's; false where it is gone meanwhile."""
        said = _Said.read(content)
        left = said.expires - datetime.now(UTC)
        # One that lasts longer than any is of a clock that is ahead, and says nothing.
        if not said.released and timedelta() < left <= timedelta(seconds=2 * said.term):
            raise self._busy(said, f"; its lease ends at {said.expires:%H:%M:%S} UTC")
        if not said.released:
            self._say(
                f"waiting {said.term:.0f} s to see whether {said.owner}, whose lease on"
                f" {self._url} has run out, is still there"
            )
            end = time.monotonic() + said.term
            while (rest := end - time.monotonic()) > 0:
                time.sleep(min(rest, said.term / 10))
                found = self._read()
                if found is None:
                    return False
                if found[1] != tag:
                    raise self._busy(_Said.read(found[0]))
        self._since = _now()
        taken, self._tag = self._write(self._content(), tag)
        if not taken and (found := self._read()):
            raise self._busy(_Said.read(found[0]))
        return taken

    def check(self, *, replacing: bool = False) -> None:
        """Make sure that the lease is held; before each write. Whoever slept finds out here, and
        not by what he overwrites.

        An owner's word is good for a while after he renewed it; whoever only trusts him looks each
        time that something is replaced, and now and then before what is new.
        """
        with self._mutex:
            if self._lost:
                raise self._lost
            if self._mine:
                if _age(self._since) > TERM / 2:
                    self._renew()
            elif replacing or self._tag is None or _age(self._since) > TERM / 6:
                self._look()

    def release(self) -> None:
        """Let others take it at once. One that is lost is left alone."""
        self._done.set()
        self._renewing.join()
        with self._mutex:
            if not self._lost and self._tag:
                self._write(self._content(released=True), self._tag)

    def _keep(self) -> None:
        while not self._done.wait(TERM / 3):
            with self._mutex:
                if self._lost:
                    return
                with suppress(AddonctlError):  # the next may do; a write asks for itself
                    self._renew()

    def _renew(self) -> None:
        since = _now()
        held, tag = self._write(self._content(), self._tag)
        if not held:
            found = self._read()
            owner = _Said.read(found[0]).owner if found else "somebody"
            self._lost = PlaceBusy(
                f"this run slept too long: {owner} has taken over the archive {self._url}",
                hint="nothing was written since; what was not saved stays due",
            )
            raise self._lost
        self._tag, self._since = tag, since

    def _look(self) -> None:
        since, found = _now(), self._read()
        said = _Said.read(found[0]) if found else None
        if found is None or said is None or said.id != self.id or said.released:
            raise PlaceBusy(f"the run that began this work does not hold {self._url} any more")
        self._tag, self._since = found[1], since

    def _busy(self, said: _Said, until: str = "") -> PlaceBusy:
        return PlaceBusy(
            f"another run is at work on the archive {self._url}: {said.owner}{until}",
            hint="wait for it to end; one at a time",
        )

    def _content(self, *, released: bool = False) -> bytes:
        self._number += 1
        now = datetime.now(UTC)
        document = {
            "owner": _owner(),
            "renewed": now.isoformat(timespec="seconds"),
            "expires": (now + timedelta(seconds=TERM)).isoformat(timespec="seconds"),
            "term": TERM,
            "released": released,
            "id": self.id,
            "number": self._number,  # so that the tags of two contents differ
        }
        return (json.dumps(document, indent=1) + "\n").encode()


def _now() -> tuple[float, float]:
    """By two clocks: one is not set, the other one goes on while the machine sleeps."""
    return time.monotonic(), time.time()


def _age(since: tuple[float, float]) -> float:
    return max(now - then for now, then in zip(_now(), since, strict=True))


def _owner() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # as a number that no list knows
        user = "somebody"
    return f"{user} on {socket.gethostname()}, process {os.getpid()}"

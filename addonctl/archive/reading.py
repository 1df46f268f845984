"""An archive read as the service is: the same questions, answered by what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

from addonctl import transcripts
from addonctl.addresses import Address
from addonctl.api import Body, Kind, Pace
from addonctl.archive import marker
from addonctl.archive.index import Index
from addonctl.archive.look import held_bytes
from addonctl.archive.marker import Marker
from addonctl.archive.place import Place
from addonctl.errors import NotFound
from addonctl.models import Payload, Recording, Result
from addonctl.transcripts import Transcript

PAGE = 1000
PARAMETERS = {
    "DateCreated>": "date_created >= ?",
    "DateCreated<": "date_created < ?",
    "CallSid": "call_sid = ?",
    "ConferenceSid": "conference_sid = ?",
}
"""The service's filters of recordings, as conditions on the index."""


class KeptClient:
    """Answers what a Client does of recordings, results and payloads, without a request.

    Documents come from the markers, word for word. Raises NotFound for what is not kept.
    """

    timeout = 0.0
    retries = 0

    def __init__(self, place: Place, index: Index) -> None:
        self.pace = Pace()
        self._place = place
        self._index = index
        self._marker = lru_cache(64)(self._read)

    def recordings(
        self, parameters: Mapping[str, str] | None = None, page_size: int = PAGE, account: str = ""
    ) -> Iterator[list[Recording]]:
        """The recordings that something is kept of, newest first."""
        given = {**(parameters or {})}
        chosen = "".join(f" AND {PARAMETERS[name]}" for name in given)
        query = (
            "SELECT sid, account_sid, call_sid, conference_sid, date_created, duration"  # noqa: S608
            " FROM recordings AS c WHERE EXISTS"
            f" (SELECT 1 FROM results WHERE recording_sid = c.sid AND folder IS NOT NULL){chosen}"
            " ORDER BY date_created DESC"
        )
        with self._index.reader() as db:
            rows = db.execute(query, tuple(given.values()))
            while part := rows.fetchmany(page_size):
                yield [Recording(dict(row)) for row in part]

    def results(self, recording: Address, page_size: int = PAGE) -> Iterator[list[Result]]:
        found = [Result(each.result) for each in self._markers(recording)]
        if not found:
            raise NotFound(f"the archive holds nothing of {recording.recording}")
        yield found

    def get(self, kind: type[Kind], address: Address) -> Kind:
        found = self._one(address)
        if address.level < 3:
            return kind(found.recording if address.level == 1 else found.result)
        for each in found.payloads:
            if each.sid == address.payload:
                return kind(each.document)
        raise NotFound(f"the archive does not hold {address}")

    def payloads(self, result: Address, page_size: int = PAGE) -> Iterator[list[Payload]]:
        yield [Payload(each.document) for each in self._one(result).payloads]

    def link(self, address: Address) -> Address:
        return address

    def open(self, link: Address, begin: int = 0, etag: str | None = None) -> Body:
        """A payload's bytes, held against their hash."""
        found = self._one(link)
        for each in found.payloads:
            if each.sid == link.payload:
                data = held_bytes(self._place, f"{found.folder}/{each.name}", each.sha256)
                length = {"content-length": str(len(data))}
                return Body(0, len(data), length, iter([data]), lambda: None)
        raise NotFound(f"the archive does not hold {link}")

    def _one(self, address: Address) -> Marker:
        for found in self._markers(address):
            return found
        raise NotFound(f"the archive does not hold {address._replace(payload='')}")

    def _markers(self, address: Address) -> Iterator[Marker]:
        query = (
            "SELECT folder FROM results WHERE recording_sid = ? AND (? = '' OR sid = ?)"
            " AND folder IS NOT NULL ORDER BY date_created DESC, sid"
        )
        with self._index.reader() as db:
            values = (address.recording, address.result, address.result)
            folders = [folder for (folder,) in db.execute(query, values)]
        for folder in folders:
            if found := self._marker(folder):
                yield found

    def _read(self, folder: str) -> Marker | None:
        return marker.read(self._place, folder)


class KeptBytes(NamedTuple):
    """A payload that is kept, and how its bytes are read: held against their hash."""

    address: Address
    label: str
    content_type: str
    read: Callable[[], bytes]

    def transcript(self) -> Transcript | None:
        """What is said in it, if it can be read."""
        found = transcripts.read(self.read(), self.content_type)
        return found if isinstance(found, Transcript) else None


def kept_at(place: Place, index: Index, address: Address) -> list[KeptBytes]:
    """The payloads that an address leads to. Raises NotFound where nothing of it is kept."""
    rows = index.rows(
        "SELECT p.*, r.folder FROM payloads AS p JOIN results AS r ON r.sid = p.result_sid"
        " WHERE p.recording_sid = ? AND (? = '' OR p.result_sid = ?)"
        " AND (? = '' OR p.sid = ?) ORDER BY p.result_sid, p.sid",
        address.recording,
        *([address.result] * 2),
        *([address.payload] * 2),
    )
    found = [
        KeptBytes(
            Address(row["recording_sid"], row["result_sid"], row["sid"]),
            row["label"] or "",
            row["content_type"] or "",
            partial(held_bytes, place, f"{row['folder']}/{row['object']}", row["sha256"]),
        )
        for row in rows
    ]
    if not found:
        raise NotFound(f"the archive holds nothing of {address}")
    return found

"""Every byte against its hash; and the index, made anew of what is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.archive import marker
from addonctl.archive.index import Index, iso
from addonctl.archive.look import words_of
from addonctl.archive.marker import Kept, Marker
from addonctl.archive.noting import SavedPayload, SeenResult, saw
from addonctl.archive.place import NoObject, Place
from addonctl.archive.run import Engine, Run, Wish
from addonctl.errors import AddonctlError
from addonctl.models import Payload


class Verdict(NamedTuple):
    """What became of one object: ok, missing, truncated, damaged, orphan or stranger."""

    name: str
    verdict: str
    payload: str | None = None
    result: str | None = None


class Sample(NamedTuple):
    """The third of thirty parts is (3, 30): the objects whose SIDs fall into it."""

    part: int
    of: int

    def takes(self, sid: str) -> bool:
        return int(sid[2:10], 16) % self.of == self.part - 1


def verify(
    place: Place, index: Index, now: datetime, *, sample: Sample | None = None, quick: bool = False
) -> Iterator[Verdict]:
    """Each payload of the index that the sample takes, and, where all is looked at, what lies in
    the place beside them. `quick` compares names and lengths alone.
    """
    known: set[str] = set()
    rows = index.rows(
        "SELECT p.sid, p.result_sid, p.object, p.bytes, p.sha256, r.folder FROM payloads AS p"
        " JOIN results AS r ON r.sid = p.result_sid WHERE r.folder IS NOT NULL ORDER BY p.sid"
    )
    for row in list(rows):
        name = f"{row['folder']}/{row['object']}"
        known.add(name)
        if sample and not sample.takes(row["sid"]):
            continue
        kept = Kept({"sid": row["sid"]}, row["object"], row["bytes"], row["sha256"])
        verdict = held(place, name, kept, quick=quick)
        with index.changing():
            index.run(
                "UPDATE payloads SET verified_at = ?, verdict = ? WHERE sid = ?",
                *(iso(now), verdict, row["sid"]),
            )
        yield Verdict(name, verdict, row["sid"], row["result_sid"])
    if sample:
        return
    yield from _markers(place, index, known)
    for each in place.objects():
        last = each.name.rpartition("/")[2]
        if not marker.is_ours(each.name):
            yield Verdict(each.name, "stranger")
        elif each.name.startswith("data/") and last != marker.MARKER and each.name not in known:
            yield Verdict(each.name, "orphan")


def _markers(place: Place, index: Index, known: set[str]) -> Iterator[Verdict]:
    """Whether each result that is said to be saved has a marker, which names what is known."""
    rows = index.rows("SELECT sid, folder FROM results WHERE state = 'saved'")
    for row in list(rows):
        name = f"{row['folder']}/{marker.MARKER}"
        try:
            found = marker.read(place, row["folder"])
        except AddonctlError:
            yield Verdict(name, "damaged", None, row["sid"])
            continue
        if found is None:
            yield Verdict(name, "missing", None, row["sid"])
        elif any(f"{row['folder']}/{each.name}" not in known for each in found.payloads):
            yield Verdict(name, "differs from the index", None, row["sid"])
        else:
            yield Verdict(name, "ok", None, row["sid"])


def held(place: Place, name: str, kept: Kept, *, quick: bool = False) -> str:
    """How an object compares with what it should be: ok, missing, truncated or damaged."""
    size = place.size(name)
    if size is None:
        return "missing"
    if size != kept.size:
        return "truncated" if size < kept.size else "damaged"
    if quick:
        return "ok"
    digest = hashlib.sha256()
    try:
        for block in place.blocks(name):
            digest.update(block)
    except NoObject:
        return "missing"
    return "ok" if digest.hexdigest() == kept.sha256 else "damaged"


def repaired(
    client: Client,
    place: Place,
    index: Index,
    bad: Iterable[Verdict],
    now: datetime,
    engine: Engine,
) -> int:
    """Fetch again the results that hold what is bad, while the service has them; how many of the
    bad objects are whole now.
    """
    found = list(bad)
    mended = 0
    for sid in sorted({each.result for each in found if each.result}):
        row = next(index.rows("SELECT * FROM results WHERE sid = ?", sid), None)
        if row is None:
            continue
        with index.changing():
            index.run("UPDATE results SET state = 'failed' WHERE sid = ?", sid)
        wish = Wish(recordings=(Address(row["recording_sid"], account=row["account_sid"]),))
        run = Run(client, place, index, row["account_sid"], wish, now)
        run.go(engine)
        with index.changing():
            if index.value("SELECT state FROM results WHERE sid = ?", sid) == "saved":
                index.run("UPDATE payloads SET verdict = NULL WHERE result_sid = ?", sid)
                mended += sum(each.result == sid for each in found)
            else:
                index.run("UPDATE results SET state = 'saved' WHERE sid = ?", sid)
    return mended


RUN = (
    *("id", "started", "ended", "complete", "predicted", "requests", "looked", "saved", "failed"),
    "ended_as",
)
"""What is kept of a run, as in the table of them."""


class Rebuilt(NamedTuple):
    """What an index was made of: how many results, and the markers that could not be read."""

    results: int
    damaged: tuple[str, ...]


def rebuild(
    place: Place, index: Index, now: datetime, advance: Callable[[], None] = lambda: None
) -> Rebuilt:
    """Fill an empty index with what the markers of a place say; what was said is read anew."""
    results, damaged = 0, []
    for each in place.objects("erased"):
        content = place.read(each.name)
        try:
            erased = json.loads(content or b"")["sids"]
            at = str(json.loads(content or b"")["at"])
        except (ValueError, KeyError, TypeError):
            damaged.append(each.name)
            continue
        with index.changing():
            for sid in erased:
                index.run("INSERT OR REPLACE INTO tombstones VALUES (?, ?, NULL)", sid, at)
    for each in place.objects("runs"):
        try:
            run = json.loads(place.read(each.name) or b"")
            values = [run[name] for name in RUN]
        except (ValueError, KeyError, TypeError):
            damaged.append(each.name)
            continue
        with index.changing():
            index.run(f"INSERT INTO runs VALUES ({', '.join('?' * len(RUN))})", *values)  # noqa: S608
    for folder in marker.markers(place):
        try:
            found = marker.read(place, folder)
        except AddonctlError:
            damaged.append(f"{folder}/{marker.MARKER}")
            continue
        if found is None:
            continue
        saved = tuple(_saved(place, found))
        with index.changing():
            seen = SeenResult(found.result, "saved", folder, saved)
            saw(index, found.account, found.recording, [seen], now)
        results += 1
        advance()
    return Rebuilt(results, tuple(damaged))


def _saved(place: Place, found: Marker) -> Iterator[SavedPayload]:
    for kept in found.payloads:
        payload = Payload(dict(kept.document))
        try:
            words = words_of(place, f"{found.folder}/{kept.name}", payload)
        except AddonctlError:  # verify tells what is missing
            words = None
        yield SavedPayload(kept, words)

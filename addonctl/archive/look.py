"""One look at one recording: what the service has of it, saved where it was not yet.

A plain function of plain values, so that it can be done by threads or by other machines: it writes
bytes and markers to the place, and gives back rows for whoever keeps the index.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import IO, Any, NamedTuple

from addonctl import transcripts
from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.archive import marker
from addonctl.archive.index import iso_of
from addonctl.archive.marker import Kept, Marker
from addonctl.archive.noting import SavedPayload, SeenResult
from addonctl.archive.place import NoObject, Place
from addonctl.errors import AddonctlError, Interrupted, LoginRefused, NotFound
from addonctl.models import Payload, Result
from addonctl.sids import given_sid
from addonctl.transcripts import Transcript
from addonctl.transfer.fetch import stream
from addonctl.transfer.source import Source

TOO_LATE = timedelta(days=5)
"""A result that has no more time than this left is saved as it is, final or not."""
IN_MEMORY = 1 << 22
"""Bytes of a payload that are held in memory before they are hashed and put; others on disk."""


class Known(NamedTuple):
    """What is known of a result: its state in the index, and what the service said last."""

    state: str
    status: str
    date_updated: str | None


class Job(NamedTuple):
    """A recording to look at, and all that is known of it.

    `tombstones` are SIDs that must not be fetched again. `wanted` chooses among results, as
    Selection does; None takes all.
    """

    account: str
    recording: str
    document: Mapping[str, Any]
    known: Mapping[str, Known]
    tombstones: frozenset[str] = frozenset()


class Seen(NamedTuple):
    """What a look found. `gone` if the recording is not there any more; `problem` if it could not
    be looked at; `requests` is how many that took.
    """

    job: Job
    document: Mapping[str, Any]
    results: tuple[SeenResult, ...] = ()
    gone: bool = False
    problem: str | None = None
    requests: int = 0


def look(client: Client, place: Place, job: Job, now: datetime) -> Seen:
    """Bring one recording up to date. Raises what ends a whole run: a login refused, a place that
    cannot be written, an interrupt.
    """
    at = Address(job.recording, account=job.account)
    asked = 0
    listed: list[Result] = []
    document = dict(job.document) or {"sid": job.recording, "account_sid": job.account}
    try:
        for page in client.results(at):
            asked += 1
            listed += page
    except NotFound:
        return Seen(job, document, gone=True, requests=asked + 1)
    except (LoginRefused, Interrupted):
        raise
    except AddonctlError as problem:
        return Seen(job, document, problem=problem.message, requests=asked + 1)
    found = []
    for result in listed:
        if result.sid in job.tombstones:
            continue
        seen, requests = _result(client, place, job, document, result, now)
        asked += requests
        if seen:
            found.append(seen)
    return Seen(job, document, tuple(found), requests=asked)


def _result(
    client: Client,
    place: Place,
    job: Job,
    recording: Mapping[str, Any],
    result: Result,
    now: datetime,
) -> tuple[SeenResult | None, int]:
    """One result: as it was, pending, or saved now; and how many requests that took."""
    sid = given_sid(result.sid, "XR")
    known = job.known.get(sid)
    updated = iso_of(result.document.get("date_updated"))
    expires = result.expires
    late = expires is not None and expires - now <= TOO_LATE
    kept_so = known is not None and known.state in ("saved", "retired")
    if known and kept_so and (known.status, known.date_updated) == (result.status, updated):
        return None, 0
    if not (result.final or late):
        return SeenResult(result.document, "pending"), 0
    asked = [0]
    try:
        return _saved(client, place, job, recording, result, asked), asked[0]
    except (LoginRefused, Interrupted, PlaceFailed):
        raise
    except AddonctlError as problem:
        over = expires is not None and expires <= now
        state = "lost" if over and isinstance(problem, NotFound) else "failed"
        return SeenResult(result.document, state, problem=problem.message), asked[0]


class PlaceFailed(AddonctlError):
    """The place does not take what is to be kept, and would take no more: the run ends."""


def _saved(
    client: Client,
    place: Place,
    job: Job,
    recording: Mapping[str, Any],
    result: Result,
    asked: list[int],
) -> SeenResult:
    """Fetch what is not there yet, then write the marker, then take away what it replaced."""
    at = Address(job.recording, result.sid, account=job.account)
    folder = marker.folder_of(job.account, result.document)
    before: Marker | None
    try:
        before = marker.read(place, folder)
    except AddonctlError:  # damaged: as good as none
        before = None
    there = {each.sid: each for each in before.payloads} if before else {}
    payloads: list[Payload] = []
    for page in client.payloads(at):
        asked[0] += 1
        payloads += page
    saved: list[SavedPayload] = []
    for payload in payloads:
        sid = given_sid(payload.sid, "XH")
        if sid in job.tombstones:
            continue
        old = there.pop(sid, None)
        if old and old.document == dict(payload.document) and _whole(place, folder, old):
            words = words_of(place, f"{folder}/{old.name}", payload)
            saved.append(SavedPayload(old, words))
            continue
        asked[0] += 2
        saved.append(_fetched(client, place, folder, at._replace(payload=sid), payload, old))
    # What the list does not show any more is kept: a list is no proof that a thing is gone.
    saved += [SavedPayload(each, None) for each in there.values() if _whole(place, folder, each)]
    kept = tuple(each.kept for each in saved)
    made = Marker(job.account, recording, result.document, kept)
    if made != before:
        with _placing():
            marker.write(place, made)
    names = {each.name for each in kept}
    for each in before.payloads if before else ():
        if each.name not in names:
            place.delete(f"{folder}/{each.name}")
    problem = None
    if there:
        problem = f"payloads no longer listed by the service: {', '.join(sorted(there))}"
    return SeenResult(result.document, "saved", folder, tuple(saved), problem)


def _fetched(
    client: Client, place: Place, folder: str, at: Address, payload: Payload, old: Kept | None
) -> SavedPayload:
    """A payload fetched, checked as it came, hashed, and put where it belongs."""
    digest, size = hashlib.sha256(), 0
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as held:
        for chunk in stream(Source(client, at, payload)):
            digest.update(chunk)
            size += len(chunk)
            held.write(chunk)
        sha256 = digest.hexdigest()
        name = marker.object_name(payload)
        if old and old.sha256 == sha256:
            name = old.name
        elif old and old.name == name:
            # Beside the old one, which its marker still names.
            name = marker.object_name(payload, sha256)
        held.seek(0)
        with _placing():
            place.put(f"{folder}/{name}", held)
        held.seek(0)
        words = _words(held, payload)
    return SavedPayload(Kept(payload.document, name, size, sha256), words)


def _whole(place: Place, folder: str, kept: Kept) -> bool:
    """Whether an object holds the bytes that its marker says, read back now."""
    digest, size = hashlib.sha256(), 0
    try:
        for block in place.blocks(f"{folder}/{kept.name}"):
            digest.update(block)
            size += len(block)
    except NoObject:
        return False
    return (size, digest.hexdigest()) == (kept.size, kept.sha256)


def held_bytes(place: Place, name: str, sha256: str) -> bytes:
    """An object's bytes. Raises AddonctlError where they are not those that were kept."""
    data = place.read(name)
    if data is None:
        raise AddonctlError(f"{name} is not in the archive", hint="addonctl archive verify")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise AddonctlError(f"{name} is damaged", hint="addonctl archive verify --repair")
    return data


def words_of(place: Place, name: str, payload: Payload) -> Transcript | None:
    """What is said in an object that is there."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as held:
        for block in place.blocks(name):
            held.write(block)
        held.seek(0)
        return _words(held, payload)


def _words(held: IO[bytes], payload: Payload) -> Transcript | None:
    if payload.content_type.lower().startswith(("audio/", "image/", "video/")):
        return None
    found = transcripts.read(held, payload.content_type)  # type: ignore[arg-type]
    return found if isinstance(found, Transcript) else None


class _placing:
    """What the place refuses ends the run."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, problem: object, trace: object) -> None:
        if isinstance(problem, AddonctlError) and not isinstance(problem, PlaceFailed):
            raise PlaceFailed(problem.message, hint=problem.hint) from None


def next_look(created: datetime | None, now: datetime, *, pending: bool) -> datetime:
    """When to look at a recording again: results come days late, and may be run again weeks later.

    The next run while it is young or something is pending; every 14 days until 60 days, every 25
    after. Half a day early, so that a run that begins a little sooner than the last one counts.
    """
    age = now - created if created else timedelta()
    if pending or age < timedelta(days=2):
        return now
    wait = timedelta(days=14) if age < timedelta(days=60) else timedelta(days=25)
    return now + wait - timedelta(hours=12)

"""One look at one recording: what the service has of it, saved where it was not yet.

A plain function of plain values, so that it can be done by threads or by other machines: it writes
bytes and markers to the place, and gives back rows for whoever keeps the index.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, Any, NamedTuple

from addonctl import transcripts
from addonctl.addresses import Address, given_sid
from addonctl.api import Client
from addonctl.archive import marker
from addonctl.archive.allowance import UsedUp
from addonctl.archive.index import iso, iso_of
from addonctl.archive.marker import Kept, Marker
from addonctl.archive.noting import SavedPayload, SeenResult
from addonctl.archive.place import NoObject, Place, PlaceFailed
from addonctl.errors import AddonctlError, Interrupted, LoginRefused, NotFound, TryLater
from addonctl.models import FINAL, Payload, Recording, Result
from addonctl.selection import Selection
from addonctl.transcripts import Transcript
from addonctl.transfer.fetch import stream

TOO_LATE = timedelta(days=5)
"""A result that has no more time than this left is saved as it is, final or not."""
IN_MEMORY = 1 << 22
"""Bytes of a payload that are held in memory before they are hashed and put; others on disk."""
ENDS = (LoginRefused, Interrupted, PlaceFailed, UsedUp)
"""What ends more than the look in which it happens."""


class Known(NamedTuple):
    """What is known of a result: its state in the index, and what the service said last."""

    state: str
    status: str
    date_updated: str | None
    expires: str | None


class Job(NamedTuple):
    """A recording to look at, and all that is known of it; no `document` where it was only named.

    `tombstones` are SIDs that must not be fetched again. `wanted` chooses among results, and
    `payloads` those that have such a payload; None takes all. `full` lists also the payloads of
    results that seem to be as they were.
    """

    account: str
    recording: str
    document: Mapping[str, Any]
    known: Mapping[str, Known]
    tombstones: frozenset[str] = frozenset()
    wanted: Selection | None = None
    payloads: Selection | None = None
    full: bool = False


class Seen(NamedTuple):
    """What a look found. `gone` if the recording is not there any more; `erased` if its call was;
    `vanished` are results that are not there, though they were not saved, and why; `problem` if it
    could not be looked at, and `later` if the service is to blame; `cut` if no more requests were
    allowed before all was seen. `requests` are those made elsewhere than by the reader's allowance.
    """

    job: Job
    document: Mapping[str, Any]
    results: tuple[SeenResult, ...] = ()
    vanished: tuple[tuple[str, str], ...] = ()
    gone: bool = False
    erased: bool = False
    problem: str | None = None
    cut: bool = False
    later: bool = False
    requests: int = 0

    def pending(self, now: datetime) -> bool:
        """Whether there is a result that is not final, or not kept though it should be."""
        job = self.job
        if self.problem or self.cut or job.wanted is not None or job.payloads is not None:
            return True  # not all of it was looked at
        found = {sid: (each.state, each.status, each.expires) for sid, each in job.known.items()}
        for each in self.results:
            result = Result(each.document)
            expires = result.expires
            found[result.sid] = each.state, result.status, iso(expires) if expires else None
        for sid, _ in self.vanished:
            found.pop(sid, None)
        return any(
            state in ("pending", "failed")
            or (state == "saved" and status not in FINAL and (expires or "9") > iso(now))
            for state, status, expires in found.values()
        )


def look(client: Client, place: Place, job: Job, now: datetime) -> Seen:
    """Bring one recording up to date. Raises what ends a whole run: a login refused, a place that
    cannot be written, an interrupt.
    """
    at = Address(job.recording, account=job.account)
    document = dict(job.document) or {"sid": job.recording, "account_sid": job.account}
    there: dict[str, Result] = {}
    vanished = []
    found: list[SeenResult] = []
    wrong = None
    try:
        if not job.document:
            document = dict(client.get(Recording, at).document)
        if document.get("call_sid") in job.tombstones:
            return Seen(job, document, erased=True)
        for page in client.results(at):
            there |= {each.sid: each for each in page}
        for sid, known in job.known.items():
            if sid in there or known.state not in ("pending", "failed"):
                continue
            # A list is no proof: only its age, or the answer to a question after itself.
            if known.expires and known.expires <= iso(now):
                vanished.append((sid, "it expired at the service before it was saved"))
                continue
            try:
                there[sid] = client.get(Result, at._replace(result=sid))
            except NotFound:
                vanished.append((sid, "it was deleted at the service before it was saved"))
            except ENDS:
                raise
            except AddonctlError:  # it stays as it is, and due
                pass
        for sid, result in there.items():
            if sid in job.tombstones:
                continue
            try:
                given_sid(sid, "XR")
            except AddonctlError as problem:
                wrong = problem.message
                continue
            if seen := _result(client, place, job, document, result, now):
                found.append(seen)
    except UsedUp:
        return Seen(job, document, tuple(found), tuple(vanished), cut=True)
    except ENDS:
        raise
    except NotFound:
        return Seen(job, document, gone=True)
    except AddonctlError as problem:
        return Seen(job, document, problem=problem.message, later=isinstance(problem, TryLater))
    return Seen(job, document, tuple(found), tuple(vanished), problem=wrong)


def _result(
    client: Client,
    place: Place,
    job: Job,
    recording: Mapping[str, Any],
    result: Result,
    now: datetime,
) -> SeenResult | None:
    """One result: pending, saved now, failed or lost; None where it is as it was."""
    known = job.known.get(result.sid)
    updated = iso_of(result.document.get("date_updated"))
    expires = result.expires
    late = expires is not None and expires - now <= TOO_LATE
    if known and known.state in ("saved", "retired"):
        same = (known.status, known.date_updated) == (result.status, updated)
        if known.state == "retired" or (same and not job.full):
            return None
    waiting = None if known else SeenResult(result.document, "pending")
    if job.wanted is not None and not job.wanted.matches(result):
        return waiting
    if not (result.final or late):
        return SeenResult(result.document, "pending")
    try:
        return _saved(client, place, job, recording, result) or waiting
    except ENDS:
        raise
    except AddonctlError as problem:
        over = expires is not None and expires <= now
        state = "lost" if over and isinstance(problem, NotFound) else "failed"
        return SeenResult(result.document, state, problem=problem.message)


def _saved(
    client: Client, place: Place, job: Job, recording: Mapping[str, Any], result: Result
) -> SeenResult | None:
    """Fetch what is not there yet, then write the marker, then take away what it replaced; None
    where no payload is one that is wanted.
    """
    at = Address(job.recording, result.sid, account=job.account)
    if result.document.get("reference_sid") != job.recording:
        raise AddonctlError("the service gave a result of another recording")
    folder = marker.folder_of(job.account, result.document)
    before: Marker | None
    again = place.size(f"{folder}/{marker.MARKER}") is not None
    try:
        before = marker.read(place, folder)
    except PlaceFailed:
        raise
    except AddonctlError:  # damaged: as good as none
        before = None
    there = {each.sid: each for each in before.payloads} if before else {}
    payloads: dict[str, Payload] = {}
    for page in client.payloads(at):
        payloads |= {given_sid(each.sid, "XH"): each for each in page}
    if job.payloads is not None and not any(map(job.payloads.matches, payloads.values())):
        return None
    saved: list[SavedPayload] = []
    for sid, payload in payloads.items():
        if sid in job.tombstones:
            continue
        old = there.pop(sid, None)
        if old and old.document == dict(payload.document) and _whole(place, folder, old):
            words = words_of(place, f"{folder}/{old.name}", payload)
            saved.append(SavedPayload(old, words))
            continue
        saved.append(_fetched(client, place, folder, at._replace(payload=sid), payload, old))
    # What the list does not show any more is kept: a list is no proof that a thing is gone.
    damaged = []
    for sid, each in there.items():
        if sid in job.tombstones:
            continue
        if _whole(place, folder, each):
            words = words_of(place, f"{folder}/{each.name}", Payload(dict(each.document)))
            saved.append(SavedPayload(each, words))
        else:
            damaged.append(sid)
            saved.append(SavedPayload(each, None, "damaged"))
    kept = tuple(each.kept for each in saved)
    made = Marker(job.account, recording, result.document, kept)
    if made != before:
        _put(place, f"{folder}/{marker.MARKER}", io.BytesIO(made.written()))
    if again:  # also what an earlier run was about to take away when it was killed
        names = {f"{folder}/{each.name}": each.sid for each in kept}
        for at_place in list(place.objects(folder)):
            sid = at_place.name.rpartition("/")[2].partition(".")[0]
            if at_place.name not in names and sid in names.values():
                place.delete(at_place.name)
    problem = None
    if there:
        problem = f"payloads no longer listed by the service: {', '.join(sorted(there))}"
    if damaged:
        problem = f"payloads damaged here, and not there any more: {', '.join(sorted(damaged))}"
    state = "failed" if damaged else "saved"
    return SeenResult(result.document, state, folder, tuple(saved), problem)


def _fetched(
    client: Client, place: Place, folder: str, at: Address, payload: Payload, old: Kept | None
) -> SavedPayload:
    """A payload fetched, checked as it came, hashed, and put where it belongs."""
    digest, size = hashlib.sha256(), 0
    with _placing(), tempfile.SpooledTemporaryFile(IN_MEMORY) as held:
        for chunk in stream(client, at, payload):
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
        _put(place, f"{folder}/{name}", held)
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


def _put(place: Place, name: str, content: IO[bytes]) -> None:
    """Put an object. Raises PlaceFailed for whatever the place refuses: the run ends."""
    try:
        place.put(name, content)
    except PlaceFailed:
        raise
    except AddonctlError as problem:
        raise PlaceFailed(problem.message, hint=problem.hint) from None


@contextmanager
def _placing() -> Iterator[None]:
    """A folder for temporary files that is full ends the run, too."""
    try:
        yield
    except OSError as problem:
        reason = (problem.strerror or "the system refuses it").lower()
        raise PlaceFailed(f"cannot hold a payload in {tempfile.gettempdir()}: {reason}") from None


def next_look(created: datetime | None, now: datetime, *, pending: bool) -> datetime:
    """When to look at a recording again: results come days late, and may be run again weeks later.

    The next run while it is young or something is pending; every 14 days until 60 days, every 25
    after. Half a day early, so that a run that begins a little sooner than the last one counts.
    """
    age = now - created if created else timedelta()
    if pending or age < timedelta(days=2):
        return now
    return now + timedelta(days=14 if age < timedelta(days=60) else 25) - timedelta(hours=12)

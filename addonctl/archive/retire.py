"""Deleting at the service what is proven to be here, now.

Each result is proven anew in the moment before its DELETE: it is final, its marker says what the
service says of it, every byte read back from the place has its hash, and its payloads, listed again
after that, are those of the marker word for word. Nothing rests on what an earlier run found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.archive import marker, noting
from addonctl.archive.index import Index, iso
from addonctl.archive.marker import Kept
from addonctl.archive.place import Place
from addonctl.archive.rows import KeptPayload, KeptResult, dated
from addonctl.archive.verify import held
from addonctl.batch.outcomes import Batch, Row
from addonctl.errors import AddonctlError, NotFound
from addonctl.models import Result
from addonctl.selection import Selection

SAID = tuple(
    field.name
    for field in Result.FIELDS
    if field.kind != "uris" and not field.origin and not field.asked
)
"""What a result must say now as it did when it was saved: a list and a single answer may word the
paths differently.
"""

SAVED = ("sid", "object", "bytes", "sha256")


class Candidate(NamedTuple):
    """A result that is saved here, and as far as is known still at the service. `payloads` are what
    the index says of them: SID, object, length, SHA-256.
    """

    address: Address
    folder: str
    payloads: frozenset[tuple[str, str, int, str]]


class Retired(NamedTuple):
    """What became of one result: retired, gone (somebody else had deleted it), would-retire, or
    spared; and the proof, or the reason.
    """

    outcome: str
    detail: str


class Retiring(NamedTuple):
    """Which results of an account: made `before`, chosen by filters, and by those of their payloads
    (one that fits is enough), and `named` by themselves or by their recording, if any are.
    """

    account: str
    before: datetime | None
    results: Selection
    payloads: Selection
    named: frozenset[str] | None = None

    @property
    def bounded(self) -> bool:
        """Whether it says which results, or how old they are; else it is all that are here."""
        return bool(self.before or self.named is not None or self.results.filters)


def candidates(index: Index, wish: Retiring, now: datetime) -> Iterator[Candidate]:
    """The results wished for that are saved here and have not expired, the oldest first."""
    before = iso(wish.before) if wish.before else None
    with index.reader() as db:
        rows = db.execute(
            "SELECT * FROM results WHERE state = 'saved' AND folder IS NOT NULL"
            " AND account_sid = ? AND (expires IS NULL OR expires > ?)"
            " AND (? IS NULL OR date_created < ?) ORDER BY date_created, sid",
            (wish.account, iso(now), before, before),
        )
        for row in rows:
            result = KeptResult(dated(row, KeptResult))
            address = result.address._replace(account=wish.account)
            if wish.named is not None and wish.named.isdisjoint((address.recording, str(address))):
                continue
            if not wish.results.matches(result):
                continue
            query = "SELECT * FROM payloads WHERE result_sid = ?"
            its = [
                KeptPayload(dated(each, KeptPayload)) for each in db.execute(query, [result.sid])
            ]
            if wish.payloads.filters and not any(map(wish.payloads.matches, its)):
                continue
            said = [[each.document[name] for name in SAVED] for each in its]
            yield Candidate(address, row["folder"], frozenset(map(tuple, said)))


def retire_all(
    batch: Batch,
    place: Place,
    index: Index,
    chosen: Sequence[Candidate],
    now: datetime,
    *,
    dry_run: bool,
) -> Iterator[Row]:
    """Retire each of the chosen, and note it in the index; what came of it."""

    def work(each: Candidate) -> Retired:
        return retire(batch.client, place, each, now, dry_run=dry_run)

    for each, got in batch.run(work, chosen, len(chosen)):
        if isinstance(got, AddonctlError):
            yield each.address, got, None
            continue
        if got.outcome in ("retired", "gone") and not dry_run:
            with index.changing():
                noting.retired(index, each.address.result, iso(now))
        yield each.address, got.outcome, got.detail


def retire(
    client: Client, place: Place, each: Candidate, now: datetime, *, dry_run: bool = False
) -> Retired:
    """Delete one result at the service, if all of it is proven to be here.

    Raises AddonctlError where it cannot be told, or where what lies here is damaged.
    """
    at, there = each.address, None
    with suppress(NotFound):  # of the thing itself, not of a list
        there = client.get(Result, at)
    if there and not there.final:
        return Retired("spared", "it is not final yet, so more may come")
    kept = marker.read(place, each.folder)
    if kept is None:
        raise AddonctlError(f"{at} has no marker here; it stays", hint="addonctl archive verify")
    if there and any(there.document.get(name) != kept.result.get(name) for name in SAID):
        return Retired("spared", "the service says something else of it than when it was saved")
    said = {(its.sid, its.name, its.size, its.sha256) for its in kept.payloads}
    if said != each.payloads:
        raise AddonctlError(
            f"{at}: its marker differs from the index; it stays", hint="addonctl archive verify"
        )
    for payload in kept.payloads:
        verdict = held(place, f"{each.folder}/{payload.name}", payload)
        if verdict != "ok":
            raise AddonctlError(
                f"{at}: payload {payload.sid} is {verdict} here; it stays",
                hint="while the service has it: addonctl archive verify --repair",
            )
    if there is None:
        if not dry_run:
            _note(place, kept, now)
        return Retired("gone", f"the service has it no more; here: {_proof(kept.payloads)}")
    listed = {payload.sid: payload.document for page in client.payloads(at) for payload in page}
    here = {payload.sid: payload.document for payload in kept.payloads}
    if listed != here:
        others = sorted(sid for sid in listed.keys() | here if listed.get(sid) != here.get(sid))
        return Retired("spared", f"its payloads are not those that are here: {', '.join(others)}")
    if not listed and there.status == "completed":
        return Retired("spared", "it is completed and has no payloads: they may come yet")
    if dry_run:
        return Retired("would-retire", _proof(kept.payloads))
    client.delete(at)
    _note(place, kept, now)
    return Retired("retired", _proof(kept.payloads))


def _note(place: Place, kept: marker.Marker, now: datetime) -> None:
    """Have the marker say so, too: an index can be made anew.

    Where it cannot be written nothing is lost: asked again, the service has the result no more.
    """
    marker.write(place, kept._replace(retired_at=iso(now)))


def _proof(payloads: tuple[Kept, ...]) -> str:
    """What was read back, hashed, and listed again."""
    if not payloads:
        return "no payloads, here and there"
    return "; ".join(f"{each.sid} {each.size} bytes sha256 {each.sha256}" for each in payloads)

"""Erasing on request, here and at the service, so that nothing brings it back.

In this order: the receipt and its tombstones, the service, exports, objects and markers, the index
with what was said, the reports of runs; then all of it is looked for again. Whatever fails or is
killed, the receipt stays open, and asked for once more the same erasure goes on to its end.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from addonctl.api import Client
from addonctl.archive import marker, purge, receipts
from addonctl.archive.index import Index, iso
from addonctl.archive.place import LEFT_OVER, NoObject, Place
from addonctl.archive.receipts import Erased, Proof, Receipt
from addonctl.archive.target import DONE, Asked, Besides, Erasure, at_service, found, named, touched
from addonctl.errors import AddonctlError, Interrupted, NotFound, Usage
from addonctl.profiles import Login

BEYOND = (
    "copies and backups of this archive: where one is restored, erase again",
    "indexes of this archive on other machines, until their next run",
    "what `archive export` and `archive report` wrote elsewhere, and who was sent it",
    "blocks that a disk has freed and not yet written over: fstrim, where it can",
    "the recordings themselves at the service, which add-ons worked on",
    "what the vendors of the add-ons keep",
)
MOST_NAMED, LONGEST_REASON = 20, 500
"""How many strangers a receipt names, and how many characters of a reason it holds."""
KEPT = "what the service still has: it was to be kept there (--keep-source)"


class Order(NamedTuple):
    """Who erases, and why."""

    by: Mapping[str, str | None]
    reason: str

    @classmethod
    def of(cls, login: Login, reason: str | None) -> Order:
        """A user's order, with the reason as JSON and SQLite can hold it. Raises Usage."""
        by = {"account": login.account, "profile": login.profile, "login": login.username}
        reason = (reason or "").encode("utf-8", "replace").decode().replace("\0", " ")
        if len(reason) > LONGEST_REASON:
            raise Usage(f"--reason is longer than {LONGEST_REASON} characters")
        return cls(by, reason)


def open_receipt(place: Place, index: Index, asked: str) -> Receipt | None:
    """The receipt of an erasure that did not come to its end."""
    row = next(index.rows("SELECT * FROM erasures WHERE asked = ? AND ended IS NULL", asked), None)
    if row is None:
        return None
    bare = Receipt(row["id"], asked, row["account_sid"], {}, row["at"], row["reason"] or "")
    try:
        return receipts.parsed(place.read(bare.name) or b"")
    except ValueError:  # it is damaged, and written anew
        return bare


def look_for(
    client: Client,
    place: Place,
    index: Index,
    asked: Sequence[Asked],
    *,
    keep_source: bool,
    unfinished: bool,
) -> tuple[list[Erasure], Besides]:
    """What there is of all that was asked for; what else lies in the place.

    With `keep_source` the service keeps what it has; one that is `unfinished` goes on as it began.
    Raises LoginRefused; other trouble at the service is among the problems of a target.
    """
    targets = []
    for each in asked:
        before = open_receipt(place, index, each.name)
        keep = keep_source or bool(unfinished and before and before.keep_source)
        target = Erasure(each, before, keep_source=keep)
        targets.append(found(None if keep else client, index, target))
    return targets, named(place, targets)


def erase(
    client: Client,
    place: Place,
    index: Index,
    targets: Sequence[Erasure],
    names: Besides,
    order: Order,
    advance: Callable[[], None],
) -> None:
    """Erase the targets, which are known, and leave in each its receipt. What goes wrong with one
    is among its problems, and its receipt stays open; the others go on. Raises Interrupted.
    """
    try:
        with index.explained():
            index.db.execute("PRAGMA secure_delete = ON")
        for target in targets:
            _begin(place, index, target, order)
        for target in targets:
            _delete(None if target.keep_source else client, target)
            _remove(place, target)
            advance()
        sids = {sid for target in targets for sid in (*target.tombstones, *target.below)}
        phrases = purge.samples(index, sorted(sid for sid in sids if sid.startswith("XH")))
        with index.changing():
            purge.forget(index, sids)
            purge.unname(index, sids)
        shared: list[AddonctlError] = []
        for name in (*names.left, *names.runs):
            try:
                _scrub(place, name, sids)
            except AddonctlError as problem:
                shared.append(problem)
        for work in (partial(purge.clean, index), partial(_renew, place, index, targets, names)):
            try:
                work()
            except AddonctlError as problem:
                shared.append(problem)
        alone = purge.said_by_nobody_else(index, phrases)
        rest = _rest(place, index, names, sids, alone)
        others = [phrase for phrase in phrases if phrase not in alone]
        for target in targets:
            target.problems += shared
            target.also = purge.said_in(index, others, target.recordings)
            _end(place, index, target, rest)
    except KeyboardInterrupt:
        hint = "to go on: addonctl archive erase --unfinished"
        raise Interrupted("interrupted: not all of it is erased", hint=hint) from None


def _begin(place: Place, index: Index, target: Erasure, order: Order) -> None:
    """Write the receipt, still open, and the tombstones, before anything is deleted."""
    before, now = target.before, datetime.now(UTC)
    reason = order.reason or (before.reason if before else "")
    target.receipt = Receipt(
        before.id if before else marker.stamped(now),
        target.asked.name,
        target.asked.account,
        order.by,
        before.at if before else iso(now),
        reason,
        target.tombstones,
        target.keep_source,
        erased=_erased(target),
        days=tuple(sorted(target.days)),
    )
    receipts.write(place, target.receipt)
    with index.changing():
        receipts.noted(index, target.receipt)


def _erased(target: Erasure) -> tuple[Erased, ...]:
    """What is erased, result by result, with what a receipt that was open has of it."""
    before = {each.sid: each for each in target.before.erased} if target.before else {}
    found = []
    for at, payloads in sorted(target.results.items()):
        old = before.pop(str(at), Erased(str(at)))
        its = [size for name, size in target.objects if f"/{at.result}/" in name]
        source = target.at_service.get(at._replace(payload=target.payload)) or old.source
        found.append(
            Erased(
                str(at),
                tuple(sorted(payloads.union(old.payloads))),
                old.objects or len(its),
                old.bytes or sum(its),
                source,
            )
        )
    return (*found, *before.values()) or (Erased(target.asked.name),)


def _delete(client: Client | None, target: Erasure) -> None:
    """Delete at the service, and ask there again for what was deleted."""
    for at in target.at_service:
        if client is None:
            target.at_service[at] = "kept"
            continue
        try:
            client.delete(at)
            target.at_service[at] = "deleted"
            with suppress(NotFound):
                at_service(client, at)
                raise AddonctlError(f"{at} was deleted at the service, which still gives it")
        except NotFound:
            target.at_service[at] = "gone already"
        except Interrupted:
            raise
        except AddonctlError as problem:
            target.at_service[at] = f"failed: {problem.message}"
            target.problems.append(problem)


def _remove(place: Place, target: Erasure) -> None:
    """Take objects away, a marker before what it names."""
    wholes = sorted(target.objects, key=lambda each: not each[0].endswith(f"/{marker.MARKER}"))
    for folder in target.markers:
        try:
            kept = marker.read(place, folder)
            if kept:
                others = tuple(each for each in kept.payloads if each.sid != target.payload)
                marker.write(place, kept._replace(payloads=others))
        except AddonctlError as problem:
            target.problems.append(problem)
    for name, _ in wholes:
        try:
            place.delete(name)
        except AddonctlError as problem:
            target.problems.append(problem)


def _renew(place: Place, index: Index, targets: Sequence[Erasure], names: Besides) -> None:
    """Have the archive's own exports be of what is left; those that cannot be written go."""
    from addonctl.archive.export import is_export, renew

    for target in targets:
        target.exports = [name for name in names.exports if touched(name, target.days)]
    days = {each for target in targets for each in target.days}
    exports = {name for target in targets for name in target.exports}
    left = exports
    if exports:
        with suppress(AddonctlError):  # without its library, or on a full disk
            renew(index, place, [(its, day.replace(marker.UNDATED, "")) for its, day in days])
            left = {name for name in exports if not is_export(name)}
    for name in left:
        place.delete(name)


def _scrub(place: Place, name: str, sids: set[str]) -> None:
    """Take SIDs out of the report of a run; take away what a killed run left."""
    if not name.startswith("runs/") or LEFT_OVER.fullmatch(name.rpartition("/")[2]):
        place.delete(name)
        return
    content = place.read(name) or b""
    if (without := purge.unnamed(content, sids)) != content:
        place.put(name, io.BytesIO(without))


# What is proven


class _Rest(NamedTuple):
    """What was looked for once for all: SIDs and phrases in the raw bytes of the index, in reports
    of runs, in copies of the index (which are removed) and in files that are none of an archive's.
    """

    bytes: int
    found: set[str]
    phrases: list[str]
    runs: dict[str, set[str]]
    copies: list[str]
    holding: list[str]
    strangers: list[str]


def _rest(place: Place, index: Index, names: Besides, sids: set[str], phrases: list[str]) -> _Rest:
    size, found, copies, holding = 0, set[str](), [], []
    for path in purge.files_of(index):
        with index.explained():
            if purge.is_live(index, path):
                size += path.stat().st_size
                found |= purge.hits(purge.blocks(path), sids, phrases)
            elif purge.hits(purge.blocks(path), sids, phrases):
                path.unlink()
                copies.append(path.name)
    said = "SELECT count(*) FROM transcripts WHERE instr(text, ?)"
    found -= {each for each in found if each in phrases and index.value(said, each)}
    runs = {}
    for name in names.runs:
        runs[name] = purge.hits([place.read(name) or b""], sids, ())
    for name in names.strangers:
        with suppress(NoObject):
            if purge.hits(place.blocks(name), sids, phrases):
                holding.append(name)
    return _Rest(size, found, phrases, runs, copies, holding, names.strangers)


def _end(place: Place, index: Index, target: Erasure, rest: _Rest) -> None:
    """Look for all of it again, and write what was proven; the receipt has ended if it all was."""
    before = target.before.holding if target.before else ()
    holding = {*rest.holding, *(name for name in before if place.size(name) is not None)}
    sids = {*target.tombstones, *target.below}
    at = f"in the {rest.bytes} bytes of the index and its log"
    proven = [
        Proof(
            "objects, asked for again",
            len(target.objects),
            sum(place.size(name) is not None for name, _ in target.objects),
        ),
        Proof(
            "markers that name the payload",
            len(target.markers),
            sum(
                target.payload.encode() in (place.read(f"{each}/{marker.MARKER}") or b"")
                for each in target.markers
            ),
        ),
        Proof("SIDs in the rows of the index", len(sids), purge.rows_of(index, sids)),
        Proof(f"SIDs {at}", len(target.below), len(target.below & rest.found)),
        Proof(
            f"phrases that nobody else said, {at}",
            len(rest.phrases),
            len(rest.found.intersection(rest.phrases)),
        ),
        Proof(
            "reports of runs that name it",
            len(rest.runs),
            sum(not sids.isdisjoint(each) for each in rest.runs.values()),
        ),
        Proof(
            "SIDs in the exports of the days it was made on",
            len(target.exports),
            sum(purge.exported(place, name, sids) for name in target.exports),
        ),
        Proof("copies of the index beside it, which were removed", len(rest.copies), 0),
    ]
    if not target.keep_source:
        sources = list(target.at_service.values())
        there = sum(each not in DONE for each in sources)
        proven.append(Proof("results and payloads at the service", len(sources), there))
    for each in proven:
        if each.found and not each.what.endswith("at the service"):  # that has its own problem
            target.problems.append(AddonctlError(f"{each.what}: {each.found} still found"))
    for name in sorted(holding):
        target.problems.append(
            AddonctlError(f"{name} holds what was erased, and is none of the archive's: delete it")
        )
    kept = (KEPT,) if target.keep_source else ()
    also = [f"{each}, which says some of the same and was not asked for" for each in target.also]
    strangers = [f"{each}, which is none of the archive's" for each in rest.strangers[:MOST_NAMED]]
    target.receipt = target.receipt._replace(
        erased=_erased(target),
        proven=tuple(proven),
        not_reached=(*kept, *also, *strangers, *BEYOND, *place.beyond_reach()),
        problems=tuple(each.message for each in target.problems),
        holding=tuple(sorted(holding)),
        ended=None if target.problems else iso(datetime.now(UTC)),
    )
    receipts.write(place, target.receipt)
    with index.changing():
        receipts.noted(index, target.receipt)

"""Receipts: what was erased, why, by whom, what was proven, and what cannot be reached.

    erased/<UTC>-<id>.json

A receipt is written before anything is deleted, and is complete once all of it is proven. Its SIDs
are tombstones: nothing fetches them again, also with an index that was made anew. It holds SIDs,
times, counts and the reason that was given, and nothing of what was said.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from addonctl.addresses import HEX
from addonctl.archive.index import Index
from addonctl.archive.place import Place
from addonctl.errors import AddonctlError, NotFound, Usage

BELOW = "erased"
VERSION = 1
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}", re.ASCII)
_ASKED = re.compile(rf"CA{HEX}|RE{HEX}(?:/XR{HEX}(?:/XH{HEX})?)?", re.ASCII)
_SID = re.compile(rf"(?:CA|RE|XR|XH){HEX}", re.ASCII)


class Erased(NamedTuple):
    """One result of which something was erased, or a recording without any: the payloads, how many
    objects and bytes that were here, and what became of it at the service.
    """

    sid: str
    payloads: tuple[str, ...] = ()
    objects: int = 0
    bytes: int = 0
    source: str = "not asked yet"


class Proof(NamedTuple):
    """What was looked for once all was done, where, in how many things, and how often found."""

    what: str
    checked: int
    found: int


class Receipt(NamedTuple):
    """One thing that was asked to be erased: RE…, RE…/XR…, RE…/XR…/XH… or CA…

    `sids` are its tombstones, `by` the account, profile and login that asked. It is open until it
    has `ended`. `holding` are files that are none of the archive's and hold what was erased; `days`
    the accounts and days of the results, by which exports are written.
    """

    id: str
    asked: str
    account: str
    by: Mapping[str, str | None]
    at: str
    reason: str = ""
    sids: tuple[str, ...] = ()
    keep_source: bool = False
    ended: str | None = None
    erased: tuple[Erased, ...] = ()
    proven: tuple[Proof, ...] = ()
    not_reached: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()
    days: tuple[tuple[str, str], ...] = ()

    @property
    def complete(self) -> bool:
        return self.ended is not None

    @property
    def name(self) -> str:
        return f"{BELOW}/{self.id}.json"

    def document(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            **self._asdict(),
            "complete": self.complete,
            "erased": [each._asdict() for each in self.erased],
            "proven": [each._asdict() for each in self.proven],
        }


def parsed(content: bytes) -> Receipt:
    """Raises ValueError for what is no receipt."""
    try:
        given = json.loads(content)
        receipt = Receipt(
            given["id"],
            given["asked"],
            given["account"],
            dict(given["by"]),
            str(given["at"]),
            str(given["reason"]),
            tuple(given["sids"]),
            bool(given["keep_source"]),
            given["ended"],
            tuple(
                Erased(**each | {"payloads": tuple(each["payloads"])}) for each in given["erased"]
            ),
            tuple(Proof(**each) for each in given["proven"]),
            tuple(map(str, given["not_reached"])),
            tuple(map(str, given["problems"])),
            tuple(map(str, given["holding"])),
            tuple((str(account), str(day)) for account, day in given["days"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise ValueError(str(problem)) from None
    fine = (
        given["version"] == VERSION
        and _ID.fullmatch(str(receipt.id))
        and _ASKED.fullmatch(str(receipt.asked))
        and receipt.sids
        and all(_SID.fullmatch(str(sid)) for sid in receipt.sids)
    )
    if not fine:
        raise ValueError("it does not fit")
    return receipt


def write(place: Place, receipt: Receipt) -> None:
    content = json.dumps(receipt.document(), indent=1, ensure_ascii=True) + "\n"
    place.put(receipt.name, io.BytesIO(content.encode()))


def read(place: Place, beginning: str) -> Receipt:
    """The receipt whose id begins so. Raises AddonctlError where there is none, or several."""
    names = [each.name for each in place.objects(BELOW) if each.name.endswith(".json")]
    fit = [name for name in names if name.partition("/")[2].startswith(beginning)]
    if not fit or not beginning:
        raise NotFound(f"no receipt {beginning}", hint="addonctl archive list erasures")
    if len(fit) > 1:
        raise Usage(f"receipt {beginning} may be any of {len(fit)}", hint="type more of it")
    try:
        return parsed(place.read(fit[0]) or b"")
    except ValueError:
        raise AddonctlError(f"{fit[0]} is damaged") from None


def noted(index: Index, receipt: Receipt) -> None:
    """Have the index know a receipt and its tombstones; within a transaction."""
    for sid in receipt.sids:
        index.run(
            "INSERT OR IGNORE INTO tombstones VALUES (?, ?, ?)", sid, receipt.at, receipt.reason
        )
    index.run(
        "INSERT OR REPLACE INTO erasures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(receipt.id, receipt.asked, receipt.account, receipt.at, receipt.ended),
        *("kept" if receipt.keep_source else "deleted", receipt.reason),
        sum(each.sid.count("/") for each in receipt.erased),
        sum(len(each.payloads) for each in receipt.erased),
        sum(each.bytes for each in receipt.erased),
        receipt.by.get("profile"),
        "; ".join(receipt.problems) or None,
    )


def unknown(place: Place, index: Index) -> Iterator[Receipt | str]:
    """The receipts that the index does not know, or not as complete, for another machine may have
    written them, or the index is an older one; and the names of those that are damaged.
    """
    known = {row["id"] for row in index.rows("SELECT id FROM erasures WHERE ended IS NOT NULL")}
    for each in list(place.objects(BELOW)):
        id = each.name.rpartition("/")[2].removesuffix(".json")
        if id in known or not _ID.fullmatch(id):
            continue
        try:
            yield parsed(place.read(each.name) or b"")
        except ValueError:
            yield each.name


def written(receipt: Receipt, form: str) -> str:
    """A receipt to be read (text), or as it lies in the archive (json). Raises Usage for others."""
    if form == "json":
        return json.dumps(receipt.document(), indent=2)
    if form in ("text", "table"):
        return "\n".join(_lines(receipt))
    raise Usage(f"a receipt is text or json, not {form}")


def _lines(receipt: Receipt) -> Iterator[str]:
    state = "complete" if receipt.complete else "not complete"
    yield f"Erasure {receipt.id}: {state}"
    by = ", ".join(f"{name} {value}" for name, value in receipt.by.items() if value)
    for name, value in (
        ("asked for", receipt.asked),
        ("reason", receipt.reason or "none was given"),
        ("begun", receipt.at),
        ("ended", receipt.ended or "not yet"),
        ("by", by),
    ):
        yield f"  {name:<10}{value}"
    yield "Erased"
    for each in receipt.erased:
        payloads = ", ".join(each.payloads) or "no payloads"
        yield f"  {each.sid}: {payloads}"
        yield f"    here: {each.objects} objects, {each.bytes} bytes; at the service: {each.source}"
    for title, sentences in (
        (
            "Proven",
            [f"{each.what}: {each.found} found in {each.checked}" for each in receipt.proven],
        ),
        ("Cannot be reached from here", receipt.not_reached),
        ("Problems", receipt.problems),
    ):
        if sentences:
            yield title
            yield from (f"  {each}" for each in sentences)

"""Lists and single records of many addresses: what the service gives for each, in their order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, TypeVar

from addonctl.addresses import Address, Addresses
from addonctl.batch.outcomes import Batch
from addonctl.errors import AddonctlError, Interrupted, NotFound
from addonctl.sids import given_sid

if TYPE_CHECKING:
    from addonctl.api import Client
    from addonctl.models import Payload, Recording, Result
    from addonctl.selection import Selection

Value = TypeVar("Value")
Kind = TypeVar("Kind")

Ask = Callable[[Address], Iterator[list[Kind]]]


def pages(
    batch: Batch, ask: Ask[Kind], addresses: Addresses, *, gone_is_empty: bool = False
) -> Iterator[list[Kind]]:
    """All pages of all lists, in the addresses' order; a list that fails is told of.

    With `gone_is_empty` one that is not found is an empty one, and told of too. Of an address
    alone the failure is raised.
    """
    if batch.alone:
        for address in addresses.items:
            yield from ask(address)
        return
    for address, got in batch.run(partial(_first_pages, ask), addresses.items, addresses.total):
        if isinstance(got, NotFound) and gone_is_empty:
            batch.tell(f"{address} is gone")
        elif isinstance(got, AddonctlError):
            batch.failed(got, tell=True)
        else:
            first, second, rest = got
            batch.succeeded()
            yield first
            if second:
                yield second
                yield from _rest(batch, rest)
        if batch.interrupted:
            return


def values(
    batch: Batch,
    ask: Callable[[Address], Value],
    addresses: Addresses,
    *,
    ignore_not_found: bool = False,
) -> Iterator[Value]:
    """One value for each address that has one; an address that fails is told of."""
    for address, got in batch.run(ask, addresses.items, addresses.total):
        if isinstance(got, NotFound) and ignore_not_found:
            batch.succeeded()
            batch.tell(f"{address} is gone")
        elif isinstance(got, AddonctlError):
            batch.failed(got, tell=not addresses.alone)
        else:
            batch.succeeded()
            yield got


class KnownRecordings:
    """Recordings that results belong to: from the list that they came of, or asked for.

    As many are remembered as are worked on at a time. Safe to use from many threads.
    """

    MOST = 5_000

    def __init__(self) -> None:
        self._known: dict[str, Recording | None] = {}
        self._lock = threading.Lock()

    def note(self, sid: str, recording: Recording | None) -> None:
        with self._lock:
            self._known[sid] = recording
            if len(self._known) > self.MOST:
                del self._known[next(iter(self._known))]

    def of(self, client: Client, address: Address) -> Recording | None:
        """The recording at, or above, an address; None where it is gone. Raises AddonctlError."""
        sid = address.recording
        with self._lock:
            if sid in self._known:
                return self._known[sid]
        try:
            recording = client.recording(address._replace(result="", payload=""))
        except NotFound:
            recording = None
        self.note(sid, recording)
        return recording


GROUPS = ("status", "add-on", "config", "day", "expires", "label")
"""By what results, and payloads, can be counted."""


def counts(
    batch: Batch, addresses: Addresses, selection: Selection, by: Sequence[str]
) -> dict[tuple[str, ...], int]:
    """How many results the selection lets through, by what they have of `by` (of GROUPS).

    By label it is payloads that are counted. A recording that cannot be listed is told of.
    """
    found: dict[tuple[str, ...], int] = {}
    client = batch.client
    labelled = "label" in by
    of_results = selection._replace(label=None, content_type=None)

    def rows(address: Address) -> Iterator[list[tuple[str, ...]]]:
        for page in client.results(address):
            results = [result for result in page if of_results.matches(result)]
            if not labelled:
                yield [tuple(_group(result, None, each) for each in by) for result in results]
                continue
            for result in results:
                place = address._replace(result=given_sid(result.sid, "XR"))
                for payloads in client.payloads(place):
                    yield [tuple(_group(result, each, name) for name in by) for each in payloads]

    for page in pages(batch, rows, addresses, gone_is_empty=not addresses.typed):
        for key in page:
            found[key] = found.get(key, 0) + 1
    return found


def _group(result: Result, payload: Payload | None, by: str) -> str:
    """What a result, and one of its payloads, has of a group."""
    document = result.document
    if by == "label":
        return payload.label if payload else ""
    if by in ("day", "expires"):
        moment = result.created if by == "day" else result.expires
        return f"{moment:%Y-%m-%d}" if moment else ""
    name = {"add-on": "add_on_sid", "config": "add_on_configuration_sid"}.get(by, by)
    return str(document.get(name) or "")


def _first_pages(
    ask: Ask[Kind], address: Address
) -> tuple[list[Kind], list[Kind] | None, Iterator[list[Kind]]]:
    found = ask(address)
    return next(found, []), next(found, None), found


def _rest(batch: Batch, rest: Iterator[list[Kind]]) -> Iterator[list[Kind]]:
    """The pages after the first two: asked for by one thread, a little ahead."""
    from addonctl.batch import pool

    steps = pool.run(
        lambda _: next(rest, None), repeat(None), workers=1, window=2, stop=batch.client.pace.stop
    )
    try:
        for _, page in steps:
            if isinstance(page, AddonctlError):
                batch.failed_after_all(page)
            if not isinstance(page, list):
                return
            yield page
    except Interrupted:
        batch.interrupted = True

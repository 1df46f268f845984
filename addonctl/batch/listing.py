"""What the service lists for many addresses: pages, what is to be deleted, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, TypeVar

from addonctl.addresses import Address, Addresses, AddressSet, given_sid
from addonctl.batch.outcomes import Batch
from addonctl.errors import AddonctlError, Interrupted, Usage

if TYPE_CHECKING:
    from addonctl.api import Client
    from addonctl.models import Payload, Result
    from addonctl.selection import Selection

Kind = TypeVar("Kind")


def pages(
    batch: Batch,
    ask: Callable[[Address], Iterator[list[Kind]]],
    addresses: Addresses,
    *,
    gone_is_empty: bool = False,
) -> Iterator[list[Kind]]:
    """All pages of all lists, in the addresses' order; a list that fails is told of.

    With `gone_is_empty` one that is not found is an empty one, and told of too. Of an address
    alone the failure is raised.
    """
    if batch.alone:
        for address in addresses.items:
            yield from ask(address)
        return

    def begin(address: Address) -> tuple[list[Kind], list[Kind] | None, Iterator[list[Kind]]]:
        found = ask(address)
        return next(found, []), next(found, None), found

    for first, second, rest in batch.values(begin, addresses, ignore_not_found=gone_is_empty):
        yield first
        if second:
            yield second
            yield from _rest(batch, rest)
        if batch.interrupted:
            return


def _rest(batch: Batch, rest: Iterator[list[Kind]]) -> Iterator[list[Kind]]:
    """The pages after the first two: asked for by one thread, a little ahead."""
    from addonctl.batch import pool

    steps = pool.run(
        lambda _: next(rest, None), repeat(None), workers=1, window=2, stop=batch.client.pace.stop
    )
    try:
        for _, page in steps:
            if isinstance(page, AddonctlError):
                batch.failed(page, tell=True, after_all=True)
            if not isinstance(page, list):
                return
            yield page
    except Interrupted:
        batch.interrupted = True


def results_of(
    client: Client, address: Address, selection: Selection
) -> Iterator[tuple[Address, Result]]:
    """The results that the selection lets through: an address's own, or all of a recording."""
    selection = selection.of_results
    if address.result:
        if selection.matches(result := client.result(address._replace(payload=""))):
            yield address, result
        return
    for page in selection.apply(client.results(address)):
        for result in page:
            yield address._replace(result=given_sid(result.sid, "XR")), result


def payloads_of(
    client: Client, address: Address, selection: Selection
) -> Iterator[tuple[Address, Payload]]:
    """The payloads at an address that the selection lets through: its own, or a result's."""
    selection = selection.of_payloads
    if address.payload:
        if selection.matches(payload := client.payload(address)):
            yield address, payload
        return
    for page in selection.apply(client.payloads(address)):
        for payload in page:
            yield address._replace(payload=given_sid(payload.sid, "XH")), payload


def expanded(
    batch: Batch, selection: Selection, addresses: Addresses
) -> tuple[Addresses, Mapping[Address, AddonctlError]]:
    """The results to delete: a recording stands for those of its results that are wanted.

    All are known before one is deleted, for a list that shrinks while it is read may miss some.
    A recording that cannot be listed stays among them, with the reason beside. Raises Usage for
    filters beside single results.
    """
    if selection.filters and any(address.result for address in addresses.items):
        raise Usage("filters choose among all results of a recording, not single ones")
    unlisted: dict[Address, AddonctlError] = {}

    def results(address: Address) -> list[Address]:
        if address.result:
            return [address]
        return [place for place, _ in results_of(batch.client, address, selection)]

    def wanted() -> Iterator[Address]:
        for address, got in batch.run(results, addresses.items, addresses.total):
            if isinstance(got, AddonctlError):
                unlisted[address] = got
                got = [address]
            batch.succeeded()
            yield from got

    found = AddressSet(wanted())
    batch.finish("; nothing was deleted")
    return Addresses(found, typed=False, total=len(found)), unlisted


GROUPS = ("status", "add-on", "config", "day", "expires", "label")
"""By what results, and payloads, can be counted."""


def counts(
    batch: Batch, addresses: Addresses, selection: Selection, by: Sequence[str]
) -> Counter[tuple[str, ...]]:
    """How many results the selection lets through, by what they have of `by` (of GROUPS).

    By label it is payloads that are counted. A recording that cannot be listed is told of.
    """
    client = batch.client

    def count(recording: Address) -> Counter[tuple[str, ...]]:
        found: Counter[tuple[str, ...]] = Counter()
        for place, result in results_of(client, recording, selection):
            labels = [""]
            if "label" in by:
                labels = [payload.label for page in client.payloads(place) for payload in page]
            found.update(tuple(_group(result, label, each) for each in by) for label in labels)
        return found

    counted: Counter[tuple[str, ...]] = Counter()
    for found in batch.values(count, addresses, ignore_not_found=not addresses.typed):
        counted.update(found)
    return counted


def _group(result: Result, label: str, by: str) -> str:
    """What a result, and a payload of that label, has of a group."""
    if by == "label":
        return label
    if by in ("day", "expires"):
        moment = result.created if by == "day" else result.expires
        return f"{moment:%Y-%m-%d}" if moment else ""
    name = {"add-on": "add_on_sid", "config": "add_on_configuration_sid"}.get(by, by)
    return str(result.document.get(name) or "")

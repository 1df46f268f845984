"""Deleting for good: everything is read, counted and agreed to before the first request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from addonctl.addresses import Address, Addresses, AddressSet
from addonctl.batch.listing import results_of
from addonctl.batch.outcomes import Batch, Row
from addonctl.errors import AddonctlError, Usage

if TYPE_CHECKING:
    from addonctl.selection import Selection

AHEAD = 10_000
"""How many outcomes may wait for their turn: an item that is slow to fail holds up no other."""


def expanded(
    batch: Batch, selection: Selection, addresses: Addresses
) -> tuple[Addresses, Mapping[Address, AddonctlError]]:
    """The results to delete: a recording stands for those of its results that are wanted.

    All are known before one is deleted, for a list that shrinks while it is read may miss some.
    A recording that cannot be listed stays among them, with the reason beside. Raises Usage for
    filters beside single results.
    """
    unlisted: dict[Address, AddonctlError] = {}

    def results(address: Address) -> list[Address]:
        if address.level == 1:
            return [place for place, _ in results_of(batch.client, address, selection)]
        if selection.filters:
            raise Usage("filters choose among all results of a recording, not single ones")
        return [address]

    def wanted() -> Iterator[Address]:
        for address, got in batch.run(results, addresses.items, addresses.total):
            if isinstance(got, Usage):
                raise got
            if isinstance(got, AddonctlError):
                unlisted[address] = got
                got = [address]
            batch.succeeded()
            yield from got

    found = AddressSet(wanted())
    batch.finish("; nothing was deleted")
    return Addresses(found, typed=False, total=len(found)), unlisted


def outcomes(
    batch: Batch, addresses: Addresses, unlisted: Mapping[Address, AddonctlError]
) -> Iterator[Row]:
    """Delete what lies at the addresses: what came of each."""

    def work(address: Address) -> None:
        if address in unlisted:
            raise unlisted[address]
        batch.client.delete(address)

    for address, problem in batch.run(work, addresses.items, addresses.total, window=AHEAD):
        yield address, problem or "deleted", None

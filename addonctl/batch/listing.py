"""Lists and single records of many addresses: what the service gives for each, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, TypeVar

from addonctl.addresses import Address, Addresses
from addonctl.batch.outcomes import Batch
from addonctl.errors import AddonctlError, Interrupted, NotFound

if TYPE_CHECKING:
    from addonctl.models import Record

Value = TypeVar("Value")
Kind = TypeVar("Kind", bound="Record")

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

"""Which payloads the addresses lead to. Each step asks the service for one document or list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.errors import AddonctlError, NotFound
from addonctl.models import Payload
from addonctl.selection import Selection
from addonctl.sids import given_sid


class Failed(NamedTuple):
    """What could not even be looked up."""

    address: Address
    problem: AddonctlError


class Wanted(NamedTuple):
    """What is wanted: all of a recording or a result, or the `payloads` of a result named here."""

    address: Address
    payloads: tuple[str, ...] = ()

    def failed(self, problem: AddonctlError) -> list[Failed]:
        """Everything that was named here, failed for one reason."""
        named = self.payloads or ("",)
        return [Failed(self.address._replace(payload=sid), problem) for sid in named]


class Found(NamedTuple):
    """One payload to be had."""

    address: Address
    payload: Payload


def wanted(addresses: Iterable[Address]) -> Iterator[Wanted]:
    """The addresses, with neighbours of the same result taken together: they cost one request."""
    for result, group in groupby(addresses, _result_of):
        payloads = tuple(dict.fromkeys(address.payload for address in group))
        yield Wanted(result, tuple(filter(None, payloads)) if "" not in payloads else ())


def results(client: Client, selection: Selection, want: Wanted) -> list[Wanted]:
    """The results wanted, of those that the selection lets through."""
    address = want.address
    if address.level == 1:
        return [
            Wanted(address._replace(result=given_sid(result.sid, "XR")))
            for page in client.results(address)
            for result in page
            if selection.matches(result)
        ]
    if selection.filters and not selection.matches(client.result(address)):
        return []
    return [want]


def payloads(client: Client, selection: Selection, want: Wanted) -> list[Found | Failed]:
    """The payloads wanted of a result, of those that the selection lets through."""
    address = want.address
    if len(want.payloads) == 1:
        place = address._replace(payload=want.payloads[0])
        payload = client.payload(place)
        return [Found(place, payload)] if selection.matches(payload) else []
    there = {payload.sid: payload for page in client.payloads(address) for payload in page}
    found: list[Found | Failed] = []
    for sid in want.payloads or there:
        place = address._replace(payload=given_sid(sid, "XH"))
        if sid not in there:
            found.append(Failed(place, NotFound(f"no payload {sid} of result {address.result}")))
        elif selection.matches(there[sid]):
            found.append(Found(place, there[sid]))
    return found


def _result_of(address: Address) -> Address:
    return address._replace(payload="")

"""Downloads: which payloads, where to, what came of each, and which results go after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

from addonctl.addresses import Address, Addresses
from addonctl.api import Client
from addonctl.batch.outcomes import Batch, Row, attempt
from addonctl.errors import AddonctlError, NotFound
from addonctl.models import Payload
from addonctl.selection import Selection
from addonctl.sids import given_sid
from addonctl.transfer.fetch import Saved, Spared, retire, save
from addonctl.transfer.folder import Folder, Target
from addonctl.transfer.source import Source

Results = dict[Address, dict[str, Saved]]
"""The results that were looked up, in their order, each with what was saved of it, by SIDs."""


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


Item = Found | Failed
Next = TypeVar("Next", Wanted, Item)


def find(
    client: Client,
    addresses: Addresses,
    selection: Selection,
    workers: int,
    results: Results,
    look: Callable[[Address], object] | None = None,
) -> Iterator[Item]:
    """The payloads that the addresses lead to, in their order; what fails goes along as such.
    `look` is called with each address where there is something.

    Each list is asked for a little ahead of its turn; of an address alone right when it is due.
    The `results` whose payloads are listed are noted.
    """
    of_results = selection._replace(label=None, content_type=None)
    of_payloads = selection._replace(statuses=frozenset())
    workers = 1 if addresses.alone else workers

    def noted(items: Iterator[Wanted | Failed]) -> Iterator[Wanted | Failed]:
        for item in items:
            if isinstance(item, Wanted):
                results.setdefault(item.address, {})
            yield item

    def payloads(want: Wanted) -> Sequence[Item]:
        try:
            return _payloads(client, of_payloads, want)
        except AddonctlError:
            results.pop(want.address, None)
            raise

    def wanted(want: Wanted) -> Sequence[Wanted]:
        found = _results(client, of_results, want)
        if found and look:
            look(want.address)
        return found

    listed = _step(wanted, _wanted(addresses.items), workers)
    return _step(payloads, noted(listed), workers)


def _wanted(addresses: Iterable[Address]) -> Iterator[Wanted]:
    """The addresses, with neighbours of the same result taken together: they cost one request."""
    for result, group in groupby(addresses, _result_of):
        payloads = tuple(dict.fromkeys(address.payload for address in group))
        yield Wanted(result, tuple(filter(None, payloads)) if "" not in payloads else ())


def _results(client: Client, selection: Selection, want: Wanted) -> list[Wanted]:
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


def _payloads(client: Client, selection: Selection, want: Wanted) -> list[Found | Failed]:
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


def _step(
    ask: Callable[[Wanted], Sequence[Next]], items: Iterable[Wanted | Failed], workers: int
) -> Iterator[Next | Failed]:
    """All that `ask` gives for the items, in their order."""

    def work(item: Wanted | Failed) -> Sequence[Next | Failed]:
        return [item] if isinstance(item, Failed) else ask(item)

    outcomes: Iterable[tuple[Wanted | Failed, Sequence[Next | Failed] | AddonctlError]]
    if workers == 1:
        outcomes = ((item, attempt(work, item)) for item in items)
    else:
        from addonctl.batch import pool

        outcomes = pool.run(work, items, workers=workers)
    for item, got in outcomes:
        if not isinstance(got, AddonctlError):
            yield from got
        elif isinstance(item, Wanted):
            yield from item.failed(got)


def named(found: Iterable[Item], folder: Folder) -> Iterator[Item]:
    """What was found; names go by this order, whichever worker is first."""
    for item in found:
        if isinstance(item, Found):
            folder.target(item.address, item.payload)
        yield item


class Download:
    """One download of many payloads: how they are saved, and what came of them.

    With `check` no file's time is trusted; `again` fetches in any case.
    """

    def __init__(
        self,
        batch: Batch,
        target: Callable[[Address, Payload], Target],
        results: Results,
        *,
        again: bool,
        check: bool,
    ) -> None:
        self.skipped = self.deleted = 0
        self.spared: Counter[str] = Counter()
        self._batch = batch
        self._target = target
        self._results = results
        self._again = again
        self._check = check

    def outcomes(self, found: Iterable[Item], total: int | None) -> Iterator[Row]:
        """Save what was found: what came of each payload."""
        for item, got in self._batch.run(self._save, found, total, long=True):
            if isinstance(got, AddonctlError):
                yield item.address, got, None
                continue
            self.skipped += not got.fetched
            result = item.address._replace(payload="")
            self._results.setdefault(result, {})[item.address.payload] = got
            yield item.address, "saved" if got.fetched else "skipped", str(got.file)

    def deletions(self, deleting: Batch, folder: Folder) -> Iterator[Row]:
        """Delete each result once all its payloads are proven to be in the folder: what came of
        it, and why the others are `spared`.
        """
        if self._batch.interrupted:
            return

        def work(result: Address) -> Spared | None:
            return retire(self._batch.client, result, self._results[result], folder)

        for result, got in deleting.run(work, list(self._results), len(self._results)):
            if isinstance(got, AddonctlError):
                yield result, got, None
            elif got:
                self.spared[got.why] += 1
                yield result, "spared", got.detail
            else:
                self.deleted += 1
                yield result, "deleted", None

    def _save(self, item: Item) -> Saved:
        if isinstance(item, Failed):
            raise item.problem
        return save(
            Source(self._batch.client, item.address, item.payload),
            self._target(item.address, item.payload),
            self._batch.received,
            again=self._again,
            check=self._check,
        )

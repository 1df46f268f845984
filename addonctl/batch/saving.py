"""Downloads: which payloads, where to, what came of each, and which results go after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple, TypeVar

from addonctl.addresses import Address, Addresses
from addonctl.batch.listing import payloads_of, results_of
from addonctl.batch.outcomes import Batch, Row, attempt
from addonctl.errors import AddonctlError, NotFound
from addonctl.models import Payload
from addonctl.selection import Selection
from addonctl.transfer.fetch import Saved, retire, save
from addonctl.transfer.folder import Folder, Target
from addonctl.transfer.source import Source

Results = dict[Address, dict[str, Saved]]
"""The results that were looked up, in their order, each with what was saved of it, by SIDs."""
Found = tuple[Address, Payload | AddonctlError]
"""A payload to be had, or what could not even be looked up, and why."""

Item = TypeVar("Item")
Value = TypeVar("Value")


class Wanted(NamedTuple):
    """What is wanted: all of a recording or a result, or the `payloads` of a result named here."""

    address: Address
    payloads: tuple[str, ...] = ()

    def failed(self, problem: AddonctlError) -> list[Found]:
        """Everything that was named here, failed for one reason."""
        named = self.payloads or ("",)
        return [(self.address._replace(payload=sid), problem) for sid in named]


def find(
    batch: Batch,
    addresses: Addresses,
    selection: Selection,
    results: Results,
    look: Callable[[Address], object] | None = None,
) -> Iterator[Found]:
    """The payloads that the addresses lead to, in their order; what fails goes along as such.
    `look` is called with each address where there is something.

    Each list is asked for a little ahead of its turn; of an address alone right when it is due.
    The `results` whose payloads are listed are noted.
    """
    client = batch.client

    def named() -> Iterator[Wanted]:
        # Neighbours of the same result cost one request together.
        for address, group in groupby(addresses.items, lambda each: each._replace(payload="")):
            sids = dict.fromkeys(each.payload for each in group)
            yield Wanted(address, () if "" in sids else tuple(sids))

    def ask_for_results(want: Wanted) -> list[Wanted]:
        found = [want]
        if want.address.level == 1 or selection.of_results.filters:
            places = results_of(client, want.address, selection)
            found = [want._replace(address=place) for place, _ in places]
        if found and look:
            look(want.address)
        return found

    def results_wanted() -> Iterator[Wanted | list[Found]]:
        for want, got in ahead(ask_for_results, named()):
            if isinstance(got, AddonctlError):
                yield want.failed(got)
                continue
            for each in got:
                results.setdefault(each.address, {})
                yield each

    def ask_for_payloads(want: Wanted | list[Found]) -> list[Found]:
        if not isinstance(want, Wanted):
            return want
        address, sids = want
        if len(sids) < 2:
            return list(payloads_of(client, address._replace(payload="".join(sids)), selection))
        there = {payload.sid: payload for page in client.payloads(address) for payload in page}
        found: list[Found] = []
        for sid in sids:
            place = address._replace(payload=sid)
            if sid not in there:
                found.append((place, NotFound(f"no payload {sid} of result {address.result}")))
            elif selection.of_payloads.matches(there[sid]):
                found.append((place, there[sid]))
        return found

    def ahead(
        work: Callable[[Item], Value], items: Iterable[Item]
    ) -> Iterable[tuple[Item, Value | AddonctlError]]:
        if addresses.alone or batch.workers == 1:
            return ((item, attempt(work, item)) for item in items)
        from addonctl.batch import pool

        return pool.run(work, items, workers=batch.workers)

    for want, got in ahead(ask_for_payloads, results_wanted()):
        if not isinstance(got, AddonctlError):
            yield from got
        elif isinstance(want, Wanted):
            results.pop(want.address, None)
            yield from want.failed(got)


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

    def outcomes(self, found: Iterable[Found], total: int | None) -> Iterator[Row]:
        """Save what was found: what came of each payload."""
        batch = self._batch

        def placed() -> Iterator[tuple[Address, tuple[Source, Target] | AddonctlError]]:
            for address, got in found:
                if isinstance(got, AddonctlError):
                    yield address, got
                else:  # names go by this order, whichever worker is first
                    yield address, (Source(batch.client, address, got), self._target(address, got))

        def work(item: tuple[Address, tuple[Source, Target] | AddonctlError]) -> Saved:
            _, place = item
            if isinstance(place, AddonctlError):
                raise place
            received = batch.progress.received
            return save(*place, received, again=self._again, check=self._check)

        for (address, _), saved in batch.run(work, placed(), total, long=True):
            if isinstance(saved, AddonctlError):
                yield address, saved, None
                continue
            self.skipped += not saved.fetched
            result = address._replace(payload="")
            self._results.setdefault(result, {})[address.payload] = saved
            yield address, "saved" if saved.fetched else "skipped", str(saved.file)

    def deletions(self, deleting: Batch, folder: Folder) -> Iterator[Row]:
        """Delete each result once all its payloads are proven to be in the folder: what came of
        it, and why the others are `spared`.
        """
        client, results = self._batch.client, self._results
        if self._batch.interrupted:
            return
        outcomes = deleting.run(
            lambda result: retire(client, result, results[result], folder),
            list(results),
            len(results),
        )
        for result, got in outcomes:
            if isinstance(got, AddonctlError):
                yield result, got, None
            elif got:
                self.spared[got.why] += 1
                yield result, "spared", got.detail
            else:
                self.deleted += 1
                yield result, "deleted", None

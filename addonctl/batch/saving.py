"""Downloads: which payloads, where to, what came of each, and which results go after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from addonctl.addresses import Address, Addresses
from addonctl.api import Client
from addonctl.batch.outcomes import Batch, Row, attempt
from addonctl.errors import AddonctlError
from addonctl.models import Payload
from addonctl.selection import Selection
from addonctl.transfer import plan
from addonctl.transfer.fetch import Saved, save
from addonctl.transfer.folder import Folder, Target
from addonctl.transfer.plan import Failed, Found, Wanted
from addonctl.transfer.retire import retire
from addonctl.transfer.source import Source

Item = Found | Failed
Next = TypeVar("Next", Wanted, Item)


def find(
    client: Client, addresses: Addresses, selection: Selection, workers: int
) -> Iterator[Item]:
    """The payloads that the addresses lead to, in their order; what fails goes along as such.

    Each list is asked for a little ahead of its turn; of an address alone right when it is due.
    """
    of_results = selection._replace(label=None, content_type=None)
    of_payloads = selection._replace(statuses=frozenset())
    workers = 1 if addresses.alone else workers
    wanted = plan.wanted(addresses.items)
    results = _step(partial(plan.results, client, of_results), wanted, workers)
    return _step(partial(plan.payloads, client, of_payloads), results, workers)


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


class Download:
    """One download of many payloads: how they are saved, and what came of them.

    `saved` are those that are whole on disk, by their SIDs, and `results` what they belong to.
    """

    def __init__(
        self,
        batch: Batch,
        targets: Callable[[Address, Payload], Sequence[Target]],
        *,
        again: bool,
    ) -> None:
        self.saved: dict[str, Saved] = {}
        self.results: dict[Address, None] = {}
        self.skipped = self.deleted = self.spared = 0
        self._batch = batch
        self._targets = targets
        self._again = again

    def outcomes(self, found: Iterable[Item], total: int | None) -> Iterator[Row]:
        """Save what was found: what came of each payload."""
        for item, got in self._batch.run(self._save, found, total, long=True):
            if item.address.level > 1:
                self.results[item.address._replace(payload="")] = None
            if isinstance(got, AddonctlError):
                yield item.address, got, None
                continue
            self.skipped += not got.fetched
            self.saved[item.address.payload] = got
            yield item.address, "saved" if got.fetched else "skipped", str(got.file)

    def deletions(self, deleting: Batch, folder: Folder) -> Iterator[Row]:
        """Delete each result once all its payloads are safe in the folder: what came of it."""
        if self._batch.interrupted:
            return
        work = partial(retire, self._batch.client, saved=self.saved, folder=folder)
        for result, reason in deleting.run(work, list(self.results), len(self.results)):
            if isinstance(reason, AddonctlError):
                yield result, reason, None
                continue
            self.spared += bool(reason)
            self.deleted += not reason
            yield result, "spared" if reason else "deleted", reason or None

    def _save(self, item: Item) -> Saved:
        if isinstance(item, Failed):
            raise item.problem
        return save(
            Source(self._batch.client, item.address, item.payload),
            self._targets(item.address, item.payload),
            self._batch.received,
            again=self._again,
        )

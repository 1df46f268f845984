"""Results of many addresses: which there are, to be deleted, counted, or waited for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice
from math import inf
from time import monotonic

from addonctl.addresses import Address, Addresses, AddressSet, given_sid
from addonctl.api import Client
from addonctl.batch.outcomes import Batch, plural
from addonctl.errors import AddonctlError, Interrupted, NotFound, StillPending, Usage
from addonctl.models import FINAL, Result
from addonctl.selection import Selection

GROUPS: dict[str, Callable[[Result], object]] = {
    "status": lambda result: result.status,
    "add-on": lambda result: result.document.get("add_on_sid"),
    "config": lambda result: result.document.get("add_on_configuration_sid"),
    "day": lambda result: result.created and result.created.date(),
    "expires": lambda result: result.expires and result.expires.date(),
    "label": lambda result: "",
}
"""By what results can be counted, and what each has of it; labels are of their payloads."""
WATCHED = 250
"""How many recordings are watched at a time: any of them may end badly, and end the wait."""
NAMED = 5
"""How many pending results an interrupted wait names."""


def results_of(
    client: Client, address: Address, selection: Selection
) -> Iterator[tuple[Address, Result]]:
    """The results that the selection lets through: an address's own, or all of a recording."""
    own = [[client.get(Result, address._replace(payload=""))]] if address.result else None
    for page in selection.of_results.apply(own or client.results(address)):
        for result in page:
            yield address._replace(result=address.result or given_sid(result.sid, "XR")), result


def places_of(client: Client, address: Address, selection: Selection) -> Iterator[Address]:
    """Where these results lie; of an address's own it is taken for granted, unless filters ask."""
    if address.result and not selection.of_results.filters:
        yield address
    else:
        yield from (place for place, _ in results_of(client, address, selection))


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
        return list(places_of(batch.client, address, selection))

    def wanted() -> Iterator[Address]:
        for address, got in batch.run(results, addresses.items, addresses.total):
            if isinstance(got, AddonctlError):
                unlisted[address] = got
                got = [address]
            batch.seen += 1
            yield from got

    found = AddressSet(wanted())
    batch.finish("; nothing was deleted")
    return Addresses(found, typed=False, total=len(found)), unlisted


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
            keys = [{group: str(GROUPS[group](result) or "") for group in by}]
            if "label" in by:
                payloads = chain.from_iterable(client.payloads(place))
                keys = [keys[0] | {"label": payload.label} for payload in payloads]
            found.update(tuple(key.values()) for key in keys)
        return found

    counted: Counter[tuple[str, ...]] = Counter()
    for found in batch.values(count, addresses):
        counted.update(found)
    return counted


def wait(
    batch: Batch,
    addresses: Addresses,
    until: float = inf,
    interval: float | None = None,
    *,
    any_end: bool = False,
) -> None:
    """Write the results of one recording after the other, as they become final.

    `interval` seconds lie between two looks; without one it grows from 1 to 15. `until` is a
    moment of the monotonic clock. Once a result has ended badly nobody waits any longer, unless
    `any_end`. Addresses of one recording that follow each other cost one request a look.

    Raises StillPending when the time is up, Interrupted, with what is pending, AddonctlError for
    a bad end, or what the batch ends with.
    """
    client, bad_ends = batch.client, () if any_end else ("failed", "canceled")
    over = threading.Event()
    begun = unseen = False
    statuses: dict[str, str] = {}
    ended: Counter[bool] = Counter()  # whether results were final when they were written
    bad: list[Result] = []

    def is_over() -> bool:
        return over.is_set() or monotonic() >= until

    def look(group: Sequence[Address]) -> list[Result | NotFound] | None:
        """What there is of a group, once it is final or the time is up; None if it was before."""
        nonlocal begun
        if begun and is_over():
            return None
        begun = True
        recording, seconds = group[0]._replace(result=""), interval or 1.0
        while True:
            if len(group) == 1 and group[0].result:
                found: list[Result | NotFound] = [client.get(Result, group[0])]
            else:
                listed = {each.sid: each for page in client.results(recording) for each in page}
                sids = listed if recording in group else [each.result for each in group]
                hint = "results are kept 30 days from their creation"
                found = [
                    listed.get(sid)
                    or NotFound(f"no result {sid} on recording {recording}", hint=hint)
                    for sid in sids
                ]
            there = [result for result in found if isinstance(result, Result)]
            statuses.update((str(result.address), result.status) for result in there)
            counts = Counter(statuses.copy().values())
            # What is waited for comes first: the line may be cut at the terminal's edge.
            order = sorted(counts, key=lambda status: (status in FINAL, status))
            batch.progress.note(", ".join(f"{counts[status]} {status}" for status in order))
            if any(result.status in bad_ends for result in there):
                over.set()
            if all(result.final for result in there) or is_over():
                return found
            if over.wait(min(seconds, max(0.0, until - monotonic()))):
                return found
            if not interval:
                seconds = min(seconds * 1.5, 15.0)

    def groups() -> Iterator[list[Address]]:
        for _, group in groupby(addresses.items, lambda each: (each.recording, each.account)):
            yield list(group)

    def pages() -> Iterator[list[Result]]:
        nonlocal unseen
        for group, got in batch.run(look, groups(), total, stop=over.set, long=True):
            if got is None:  # it was over before anybody looked at these
                unseen = True
                return
            found = [got] if isinstance(got, AddonctlError) else got
            batch.seen += max(1, len(found))
            there: list[Result] = []
            for result in found:
                if isinstance(result, Result):
                    there.append(result)
                elif isinstance(result, NotFound) and batch.gone_ok:
                    batch.tell(result.message)
                else:
                    batch.failed(result, tell=not addresses.alone)
            ended.update(result.final for result in there)
            bad.extend(result for result in there if result.status in bad_ends)
            if not found:
                batch.tell(f"recording {group[0].recording} has no results")
            if there or not found:
                yield there

    # Whatever is known to be so many can be gone through twice.
    total = None if addresses.total is None else sum(1 for _ in groups())
    batch.alone = addresses.typed and total == 1
    # No more requests are in flight than ever, however many wait.
    batch.workers, batch.items = max(batch.workers, WATCHED), "recordings"
    try:
        if (answer := batch.begun(pages())) is not None:
            batch.sink.records(Result, answer)
    except KeyboardInterrupt:
        batch.interrupted = True
    if batch.interrupted:
        pending = {at: status for at, status in statuses.items() if status not in FINAL}
        if not pending:
            raise batch.ended(Interrupted("interrupted: nothing is known to be pending"))
        shown = [f"{at} ({status})" for at, status in islice(pending.items(), NAMED)]
        others = f" and {len(pending) - NAMED} more" if len(pending) > NAMED else ""
        final = f"{len(statuses) - len(pending)} of {plural(len(statuses), 'result')} final"
        said = f"interrupted: {final}, pending: {', '.join(shown)}{others}"
        raise batch.ended(Interrupted(said))
    if bad:
        first, more = bad[0], len(bad) - 1
        also = f", and so did {plural(more, 'other')}" if more else ""
        where = f"result {first.sid} on recording {first.address.recording}"
        raise batch.ended(AddonctlError(f"{where} ended as {first.status}{also}"))
    if (ended[False] or unseen) and not batch.failures:
        seen = f"{ended[True]} of {plural(ended.total(), 'result')}"
        others = ", others have not been looked at" if unseen else ""
        raise batch.ended(StillPending(f"time is up: {seen} final{others}"))
    batch.finish()

"""Waiting until results are final, without asking more often than there is news to expect."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from time import monotonic

from addonctl.addresses import Address, Addresses
from addonctl.batch.outcomes import Batch, plural
from addonctl.errors import AddonctlError, Interrupted, NotFound, StillPending
from addonctl.models import FINAL, Result

WATCHED = 250
"""How many recordings are watched at a time: any of them may end badly, and end the wait."""
FIRST_INTERVAL = 1.0
LONGEST_INTERVAL = 15.0
GROWTH = 1.5
BAD_ENDS = frozenset({"failed", "canceled"})
NAMED = 5
"""How many pending results an interrupted wait names."""


def wait(
    batch: Batch,
    addresses: Addresses,
    until: float | None = None,
    interval: float | None = None,
    *,
    any_end: bool = False,
    ignore_not_found: bool = False,
) -> None:
    """Write the results of one recording after the other, as they become final.

    `interval` seconds lie between two looks; without one it grows from 1 to 15. `until` is a
    moment of the monotonic clock. Once a result has ended badly nobody waits any longer, unless
    `any_end`. Addresses of one recording that follow each other cost one request a look.

    Raises StillPending when the time is up, Interrupted, with what is pending, AddonctlError for
    a bad end, or what the batch ends with.
    """
    client, bad_ends = batch.client, frozenset() if any_end else BAD_ENDS
    over = threading.Event()
    begun = unseen = False
    statuses: dict[str, str] = {}
    ended: Counter[bool] = Counter()  # whether results were final when they were written
    bad: list[Result] = []

    def is_over() -> bool:
        return over.is_set() or (until is not None and monotonic() >= until)

    def look(group: Sequence[Address]) -> list[Result | NotFound] | None:
        """What there is of a group, once it is final or the time is up; None if it was before."""
        nonlocal begun
        if begun and is_over():
            return None
        begun = True
        recording, seconds = group[0]._replace(result=""), interval or FIRST_INTERVAL
        while True:
            if len(group) == 1 and group[0].result:
                found: list[Result | NotFound] = [client.result(group[0])]
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
            left = seconds if until is None else max(0.0, until - monotonic())
            if over.wait(min(seconds, left)):
                return found
            if not interval:
                seconds = min(seconds * GROWTH, LONGEST_INTERVAL)

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
            if not found:
                batch.tell(f"recording {group[0].recording} has no results")
                batch.succeeded()
                yield []
            for result in found:
                if isinstance(result, Result):
                    batch.succeeded()
                    ended[result.final] += 1
                    if result.status in bad_ends:
                        bad.append(result)
                elif isinstance(result, NotFound) and ignore_not_found:
                    batch.tell(result.message)
                    batch.succeeded()
                else:
                    batch.failed(result, tell=not addresses.alone)
            if there := [result for result in found if isinstance(result, Result)]:
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

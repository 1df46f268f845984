"""What a night of the archive costs in requests, and how long it takes with 5,000 subaccounts.

    python -m benchmarks.nights

No service is asked: requests are counted by the rule of when a recording is looked at again, and
the night is simulated. An account gets a recording as often on every day of a year, with a result
of two payloads; of the subaccounts few are large and many small. Every request takes 150 ms, and
of one account's at most 20 are in flight, which is the limit that a cluster does not move.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Iterator
from math import ceil
from typing import Any, NamedTuple

from addonctl.archive.accounts import SIDE_BY_SIDE
from benchmarks.report import keep, table

YEAR = 365
PAGE = 1000
LATENCY = 0.15
ALLOWED = 20
CHUNK = 64
"""Requests of a chunk: ten seconds of one slot's work."""


class Night(NamedTuple):
    """Requests: for lists of recordings, for looks at those that are due, for what is new."""

    listed: float
    looks: float
    fetched: float

    @property
    def requests(self) -> int:
        return ceil(sum(self))


def night(held: int, results: float = 1, payloads: float = 2) -> Night:
    """An ordinary night of an account whose archive holds so many recordings of a year."""
    a_day = held / YEAR
    # Six nights of a week the list reaches back to three days before the last run, then to all.
    listed = (6 * max(1, 4 * a_day / PAGE) + max(1, held / PAGE)) / 7
    old = a_day * (YEAR - 60)
    looks = 2 * a_day + a_day * 60 / 14 + old / 25
    return Night(listed, looks, a_day * results * (1 + 2 * payloads))


def first(held: int, results: float = 1, payloads: float = 2) -> Night:
    """The first night: all are looked at, and what is younger than 30 days is fetched."""
    fetched = held / YEAR * 30 * results * (1 + 2 * payloads)
    return Night(max(1, held / PAGE), held, fetched)


def subaccounts(count: int, held: int) -> list[int]:
    """How many recordings each holds: of so many in all, most are with few."""
    chance = random.Random(18)
    sizes = [chance.lognormvariate(0, 2) for _ in range(count)]
    return [round(size * held / sum(sizes)) for size in sizes]


def one_process(sizes: list[int], workers: int) -> float:
    """Seconds of a night by threads: an account after the other, and the list before the looks."""
    at_once = min(workers, ALLOWED)
    seconds = 0.0
    for held in sizes:
        asked = night(held)
        # The last looks of an account end alone: a result that is new takes six in a row.
        alone = 6 * LATENCY if asked.fetched >= 1 else LATENCY
        seconds += LATENCY * (asked.listed + (asked.looks + asked.fetched) / at_once) + alone
    return seconds


def cluster(sizes: list[int], slots: int) -> float:
    """Seconds of a night by that many slots: the coordinator lists one account after the other,
    and the looks of some accounts at a time are handed out in turn.
    """
    free = [0.0] * slots
    listed = end = 0.0
    waiting = iter(sizes)
    open_: deque[tuple[Iterator[float], list[float], float]] = deque()
    while True:
        while len(open_) < SIDE_BY_SIDE and (held := next(waiting, None)) is not None:
            asked = night(held)
            listed = max(listed, free[0]) + LATENCY * asked.listed
            lanes = [0.0] * min(ALLOWED, slots)
            open_.append((_chunks(asked.looks + asked.fetched), lanes, listed))
        if not open_:
            return end
        chunks, lanes, begin = open_.popleft()
        requests = next(chunks, None)
        if requests is None:
            continue
        start = max(heapq.heappop(free), heapq.heappop(lanes), begin)
        done = start + requests * LATENCY
        heapq.heappush(free, done)
        heapq.heappush(lanes, done)
        end = max(end, done)
        open_.append((chunks, lanes, begin))


def _chunks(requests: float) -> Iterator[float]:
    while requests > 0:
        yield min(CHUNK, requests)
        requests -= CHUNK


def hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{ceil(seconds / 60)} min"


def costs() -> list[dict[str, Any]]:
    """One account of 1 k, 100 k and 10 M recordings."""
    rows = []
    for held in (1000, 100_000, 10_000_000):
        every, once = night(held), first(held)
        rows.append(
            {
                "recordings held": f"{held:,}",
                "requests a night": f"{every.requests:,}",
                "to list": f"{ceil(every.listed):,}",
                "to look": f"{ceil(every.looks):,}",
                "for what is new": f"{ceil(every.fetched):,}",
                "a night takes": hours(every.requests * LATENCY / ALLOWED),
                "the first run": f"{once.requests:,}",
                "it takes": hours(once.requests * LATENCY / ALLOWED),
            }
        )
    return rows


def simulated(count: int = 5000, held: int = 10_000_000) -> list[dict[str, Any]]:
    sizes = subaccounts(count, held)
    rows: list[dict[str, Any]] = []
    for workers in (8, 16, 64):
        took = one_process(sizes, workers)
        rows.append({"engine": f"threads, --workers {workers}", "a night takes": hours(took)})
    for slots in (16, 64, 128, 256, 1024):
        took = cluster(sizes, slots)
        rows.append({"engine": f"a cluster of {slots} threads", "a night takes": hours(took)})
    return rows


def main() -> None:
    for name, rows in (("nights", costs()), ("subaccounts", simulated())):
        print(f"{table(rows)}\n")
        keep(name, rows)


if __name__ == "__main__":
    main()

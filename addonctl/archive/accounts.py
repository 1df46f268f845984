"""All runs of one command, an account each; and what they did, kept in the place and the index."""

from __future__ import annotations

import io
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from itertools import groupby, islice
from time import monotonic
from typing import NamedTuple

from addonctl.addresses import Address, given_sid
from addonctl.api import Client
from addonctl.archive import marker
from addonctl.archive.allowance import Allowance, UsedUp
from addonctl.archive.index import Index, iso
from addonctl.archive.look import Job, Seen
from addonctl.archive.opening import Opened
from addonctl.archive.place import Place, PlaceFailed
from addonctl.archive.run import Run, Wish
from addonctl.errors import AddonctlError, Interrupted, SomeFailed, StillPending, TryLater

TOGETHER, SOON = 100, 0.5
"""How many looks are noted in one transaction, and seconds after which fewer are."""
DOWN = 24
"""So many looks on end that the service would not answer, and it is down: the next run goes on."""

Engine = Callable[
    [Callable[[Job], Seen], Iterable[Job], int | None], Iterator[tuple[Job, Seen | AddonctlError]]
]
"""Does the looks, and gives back each job and what it found; the number is how many there are, if
that is known. Raises StillPending where it ends before they do.
"""


SIDE_BY_SIDE, IN_A_ROW = 16, 8
"""How many accounts are worked on at a time, and how many jobs of one come before another's."""


class Summary(NamedTuple):
    """What a run did. `cut` says why it ended before its work did, or is empty."""

    predicted: int
    requests: int = 0
    looked: int = 0
    saved: int = 0
    failed: int = 0
    cut: str = ""

    @property
    def said(self) -> str:
        return (
            f"looked at {self.looked} recordings, saved {self.saved} results;"
            f" {self.requests} requests (predicted: {self.predicted})"
        )

    def finish(self) -> None:
        """Raises what a run ends with that did not do all of it."""
        if self.cut:
            raise StillPending(f"{self.cut}: {self.said}; the next run goes on")
        if self.failed:
            raise SomeFailed(
                f"{self.said}; {self.failed} failed and stay due",
                hint="addonctl archive list problems",
            )


def runs_of(
    client: Client,
    at: Opened,
    account: str,
    wish: Wish,
    now: datetime,
    allowance: Allowance,
    known: Client | Index | None = None,
) -> list[Run]:
    """A run of each account whose recordings are named, or of the one; with `known` of all that
    the service, or an index, knows besides.
    """
    wishes = {account: wish}
    if wish.recordings:
        named: dict[str, list[Address]] = {}
        for each in wish.recordings:
            named.setdefault(each.account or account, []).append(each)
        wishes = {its: wish._replace(recordings=tuple(each)) for its, each in named.items()}
    elif isinstance(known, Index):
        of = known.rows("SELECT sid FROM accounts ORDER BY sid")
        wishes |= {sid: wish for (sid,) in of}
    elif known:
        try:
            listed = [given_sid(each.sid, "AC") for page in known.accounts() for each in page]
        except (Interrupted, UsedUp):
            raise
        except AddonctlError as problem:
            raise problem.reworded(f"the subaccounts cannot be listed: {problem.message}") from None
        wishes |= dict.fromkeys(listed, wish)
    return [
        Run(client, at.place, at.kept, its, wished, now, allowance)
        for its, wished in wishes.items()
    ]


def run_all(
    runs: list[Run],
    engine: Engine,
    allowance: Allowance,
    warn: Callable[[str], None],
    *,
    together: bool = False,
) -> Summary:
    """Do the runs of one command, an account each, and keep what they did; `together` if the
    engine takes its jobs in the thread that calls it, which alone may write the index.

    An account that is refused is a problem, and the others go on; of an account alone it is raised.
    """
    started = runs[0].now
    place, index = runs[0].place, runs[0].index
    ended_as, refused = "", 0

    def refuse(run: Run, problem: AddonctlError) -> None:
        nonlocal refused
        if len(runs) == 1:
            raise problem
        refused += 1
        warn(f"addonctl: account {run.account}: {problem.message}")
        with index.changing():
            index.run(
                "INSERT INTO accounts (sid, problem) VALUES (?, ?)"
                " ON CONFLICT (sid) DO UPDATE SET problem = excluded.problem",
                *(run.account, problem.message),
            )

    try:
        marker.add_accounts(place, marker.there(place), [run.account for run in runs])
        for group in [runs] if together else [[run] for run in runs]:
            look_all(group, engine, refuse)
            for sid in (sid for run in group for sid in run.erased):
                warn(f"{sid} was erased, and is not fetched again")
            if any(run.cut for run in group):
                break
    except BaseException as problem:
        ended_as = getattr(problem, "message", "") or type(problem).__name__
        raise
    finally:
        done = Summary(
            sum(run.predicted for run in runs),
            allowance.made,
            sum(run.looked for run in runs),
            sum(run.saved for run in runs),
            sum(run.failed for run in runs) + refused,
            next((run.cut for run in runs if run.cut), ""),
        )
        # Of two failures the first tells more.
        with suppress(AddonctlError) if ended_as else nullcontext():
            _record(place, index, started, done, ended_as, whole=runs[0].wish.whole)
    return done


def look_all(
    runs: Sequence[Run], engine: Engine, refuse: Callable[[Run, AddonctlError], None]
) -> None:
    """Do all of one run, or of several side by side: an account is listed when another's jobs are
    all handed out, by whoever takes them, and the jobs of those that are begun come in turn. So
    nothing waits for the last look at another account, nor for the limit of a large one.

    Raises what ends it all at once: a place that fails, a service that is down, an interrupt. An
    account that is refused is told to `refuse`, which may raise that too, and has no more jobs.
    """
    of = {run.account: run for run in runs}
    found: list[Seen] = []
    noted, down = monotonic(), 0

    def note() -> None:
        found.sort(key=lambda seen: seen.job.account)
        for account, its in groupby(found, lambda seen: seen.job.account):
            of[account].note(list(its))
        found.clear()

    def refused(run: Run, problem: AddonctlError) -> None:
        if isinstance(problem, PlaceFailed | Interrupted):
            raise problem
        if not run.refused:
            run.refused = True
            refuse(run, problem)

    def begun(run: Run) -> int:
        try:
            return run.begin()
        except AddonctlError as problem:
            refused(run, problem)
            return 0

    def jobs() -> Iterator[Job]:
        waiting, begun_ones = iter(runs), deque[Iterator[Job]]()
        while True:
            while len(begun_ones) < SIDE_BY_SIDE and (run := next(waiting, None)):
                if run is not runs[0]:
                    begun(run)
                if run.cut:
                    return
                begun_ones.append(run.jobs())
            if not begun_ones:
                return
            its = begun_ones.popleft()
            if part := list(islice(its, IN_A_ROW)):
                yield from part
                begun_ones.append(its)

    def work(job: Job) -> Seen:
        return of[job.account].look(job)

    due = begun(runs[0])
    try:
        for job, seen in engine(work, jobs(), due if len(runs) == 1 else None):
            if isinstance(seen, AddonctlError):
                refused(of[job.account], seen)
                continue
            found.append(seen)
            down = down + 1 if seen.later else 0
            if down == DOWN:
                raise TryLater(str(seen.problem), hint="what is due stays due: run it again")
            if len(found) >= TOGETHER or monotonic() - noted >= SOON:
                note()
                noted = monotonic()
    except StillPending as problem:
        runs[0].cut = runs[0].cut or problem.message
    except BaseException:
        with suppress(AddonctlError):  # of two failures the first tells more
            note()
        raise
    note()


def _record(
    place: Place, index: Index, started: datetime, done: Summary, ended_as: str, *, whole: bool
) -> None:
    """Keep what a run did: in the place, and in the index. It was complete if all that was due was
    asked for, and nothing failed.
    """
    name, ended = marker.stamped(started), datetime.now(UTC)
    complete = whole and not (done.cut or done.failed or ended_as)
    if not whole and not done.cut:
        ended_as = ended_as or "only a part was asked for"
    document = {
        "id": name,
        "started": iso(started),
        "ended": iso(ended),
        "complete": complete,
        **done._asdict(),
        "ended_as": ended_as or done.cut or None,
    }
    place.put(f"runs/{name}.json", io.BytesIO((json.dumps(document, indent=1) + "\n").encode()))
    with index.changing():
        index.run(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(name, iso(started), iso(ended), int(complete), done.predicted, done.requests),
            *(done.looked, done.saved, done.failed, ended_as or done.cut or None),
        )

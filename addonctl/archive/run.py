"""A run: the account listed, what is due looked at, soonest to expire first.

State moves only in the transaction that records the thing. No time cursor says what has been seen:
each recording knows when it is to be looked at again, and what failed stays due.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple

from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.archive import noting
from addonctl.archive.index import Index, iso, iso_of, moment
from addonctl.archive.look import Job, Known, Seen, look, next_look
from addonctl.archive.place import Place
from addonctl.errors import AddonctlError, Interrupted, LoginRefused
from addonctl.models import RETENTION, Recording
from addonctl.selection import Selection

LIST_AGAIN = timedelta(days=3)
"""How far before the last run a list reaches back: recordings are listed late, too."""
LIST_ALL = timedelta(days=7)
"""How often all recordings are listed, whatever their age."""
LONGEST_WAIT = timedelta(days=25)
PAGE = 1000
DUE = (
    "SELECT due.rowid AS place, recordings.* FROM due JOIN recordings ON recordings.sid = due.sid"
    " WHERE due.rowid > ? ORDER BY due.rowid LIMIT 500"
)

Engine = Callable[[Callable[[Job], Seen], Iterable[Job], int], Iterator[Seen | AddonctlError]]
"""Does the looks, and gives back what they found as they end; the number is how many there are."""


class Wish(NamedTuple):
    """What a run was asked for. Times are in seconds; `since` bounds the list of recordings.

    `wanted` chooses among results; those in `again` are fetched whatever is known of them.
    """

    full: bool = False
    since: datetime | None = None
    recordings: tuple[Address, ...] | None = None
    wanted: Selection | None = None
    again: frozenset[str] = frozenset()
    max_time: float | None = None
    max_requests: int | None = None

    @property
    def whole(self) -> bool:
        """Whether all that is due of the account is asked for: only such a run says it is safe."""
        return self.since is None and self.recordings is None and self.wanted is None


class Spent:
    """What all runs of one command have used up together."""

    def __init__(self) -> None:
        self.requests = 0
        self.began = monotonic()


class Run:
    """One run over one account. The engine's workers look; this alone writes the index."""

    def __init__(
        self,
        client: Client,
        place: Place,
        index: Index,
        account: str,
        wish: Wish,
        now: datetime,
        spent: Spent | None = None,
    ) -> None:
        self.client = client
        self.place = place
        self.index = index
        self.account = account
        self.wish = wish
        self.now = now
        self.requests = self.looked = self.saved = self.failed = 0
        self.cut = ""
        self._spent = spent or Spent()
        self._handed_out = 0

    # The plan

    def listing(self) -> dict[str, str] | None:
        """The API's parameters for the list of recordings; None where none is needed."""
        if self.wish.recordings is not None:
            return None
        if self.wish.since:
            return _from(self.wish.since)
        row = next(self.index.rows("SELECT * FROM accounts WHERE sid = ?", self.account), None)
        at = moment(row["listed_at"]) if row else None
        all_at = moment(row["listed_all_at"]) if row else None
        if self.wish.full or at is None or all_at is None or self.now - all_at >= LIST_ALL:
            return {}
        if self.now < max(at, all_at):  # the clock was ahead then: what was listed, nobody knows
            return {}
        return _from(at - LIST_AGAIN)

    def predicted(self) -> int:
        """How many requests are known to be needed before anything is asked."""
        parameters = self.listing()
        due = self.index.value(f"SELECT count(*) FROM ({self._due()})")  # noqa: S608
        if parameters is None:
            return int(due)
        known: int = self.index.value(
            "SELECT count(*) FROM recordings WHERE account_sid = ? AND date_created >= ?",
            self.account,
            parameters.get("DateCreated>", ""),
        )
        return int(due) + max(1, -(-known // PAGE))

    def _due(self) -> str:
        account, now = self.account, iso(self.now)
        if self.wish.recordings is not None:
            sids = ", ".join(f"'{each.recording}'" for each in self.wish.recordings)
            chosen = f"sid IN ({sids or 'NULL'})"
        elif self.wish.full:
            chosen = "settled = 0"
        else:
            # No look is put off for longer than that: then the clock was ahead.
            never = iso(self.now + LONGEST_WAIT)
            chosen = f"settled = 0 AND (next_look <= '{now}' OR next_look > '{never}')"
        # What is still kept by the service goes first, the oldest of it before all.
        kept = iso(self.now - RETENTION)
        return (
            f"SELECT sid FROM recordings WHERE account_sid = '{account}' AND {chosen}"  # noqa: S608
            f" ORDER BY coalesce(date_created, '') < '{kept}', date_created"
        )

    def jobs(self) -> Iterator[Job]:
        """What is due, in order, as long as there is time. Read by a thread of the engine's."""
        with self.index.reader() as db:
            tombstones = frozenset(row["sid"] for row in db.execute("SELECT sid FROM tombstones"))
            # A table of its own, on disk if it is long: meanwhile others write, and memory is flat.
            db.execute(f"CREATE TEMP TABLE due AS {self._due()}")
            known = (
                "SELECT sid, state, status, date_updated, expires FROM results"
                " WHERE recording_sid = ?"
            )
            last = 0
            while part := db.execute(DUE, (last,)).fetchall():
                last = part[-1]["place"]
                for row in part:
                    if row["sid"] in tombstones:
                        continue
                    if self._over():
                        return
                    results = {
                        sid: Known(*others)
                        for sid, *others in db.execute(known, (row["sid"],)).fetchall()
                        if sid not in self.wish.again
                    }
                    self._handed_out += 1
                    yield Job(
                        *(self.account, row["sid"], _document(row), results, tombstones),
                        *(self.wish.wanted, self.wish.full),
                    )

    def _over(self) -> bool:
        """Whether time or requests are used up; says so in `cut`."""
        most_time, most_requests = self.wish.max_time, self.wish.max_requests
        if most_time is not None and monotonic() - self._spent.began >= most_time:
            self.cut = "the time was up"
        under_way = self._handed_out - self.looked
        if most_requests is not None and self._spent.requests + under_way >= most_requests:
            self.cut = f"{most_requests} requests were made"
        return bool(self.cut)

    # The work

    def go(self, engine: Engine) -> None:
        """Do all of it. Raises what ends a run at once: a login refused, a place that fails."""
        self._list()
        if self.wish.recordings is not None:
            self._name()
        total = self.index.value(f"SELECT count(*) FROM ({self._due()})")  # noqa: S608
        if self._over():
            return

        def work(job: Job) -> Seen:
            return look(self.client, self.place, job, self.now)

        for seen in engine(work, self.jobs(), int(total)):
            if isinstance(seen, AddonctlError):
                raise seen
            self._note(seen)

    def _list(self) -> None:
        parameters = self.listing()
        if parameters is None:
            return
        wrong: list[str] = []
        for page in self.client.recordings(parameters, PAGE, account=self.account):
            self._count(1)
            wrong += noting.listed(self.index, self.account, page, self.now)
            if self._over():
                return
        self.failed += len(wrong)
        with self.index.changing():
            column = "listed_at, listed_all_at" if not parameters else "listed_at"
            if self.wish.since:
                return  # no whole list
            values = ", ".join("?" for _ in column.split(", "))
            sets = ", ".join(f"{name} = excluded.{name}" for name in column.split(", "))
            self.index.run(
                f"INSERT INTO accounts (sid, problem, {column}) VALUES (?, ?, {values})"  # noqa: S608
                f" ON CONFLICT (sid) DO UPDATE SET {sets}, problem = excluded.problem",
                *(self.account, wrong[0] if wrong else None),
                *(iso(self.now) for _ in column.split(", ")),
            )

    def _name(self) -> None:
        """Have the recordings that were named in the index, with what the service says of them."""
        for each in self.wish.recordings or ():
            if self.index.value("SELECT sid FROM recordings WHERE sid = ?", each.recording):
                continue
            self._count(1)
            bare = Recording({"sid": each.recording, "account_sid": self.account})
            try:
                found = self.client.recording(each._replace(result="", payload=""))
            except (LoginRefused, Interrupted):
                raise
            except AddonctlError:  # the look will say what is wrong
                found = bare
            noting.listed(self.index, self.account, [found], self.now)

    def _count(self, requests: int) -> None:
        self.requests += requests
        self._spent.requests += requests

    def _note(self, seen: Seen) -> None:
        """Record what one look found, and when the next is due."""
        sid = seen.job.recording
        self._count(seen.requests)
        self.looked += 1
        with self.index.changing():
            noting.saw(self.index, self.account, seen.document, seen.results, self.now)
            for result, problem in seen.vanished:
                noting.vanished(self.index, result, problem)
            if seen.gone:
                self.failed += noting.gone(self.index, sid)
                noting.looked(self.index, sid, next_look=None, problem=None, now=self.now)
                return
            failed = [each for each in seen.results if each.state in ("failed", "lost")]
            self.failed += len(failed) + len(seen.vanished) + bool(seen.problem)
            self.saved += sum(each.state == "saved" for each in seen.results)
            created = moment(iso_of(seen.document.get("date_created")))
            pending = bool(seen.problem) or noting.pending(self.index, sid, self.now)
            pending = pending or self.wish.wanted is not None  # others were not looked at
            due = next_look(created, self.now, pending=pending)
            noting.looked(self.index, sid, next_look=due, problem=seen.problem, now=self.now)


def _from(since: datetime) -> dict[str, str]:
    return {"DateCreated>": iso(since)}


def _document(row: sqlite3.Row) -> dict[str, Any]:
    """What the index knows of a recording, under the API's names."""
    from addonctl.dates import rfc2822

    if row["document"]:
        return dict(json.loads(row["document"]))
    created = moment(row["date_created"])
    return {
        "sid": row["sid"],
        "account_sid": row["account_sid"],
        "call_sid": row["call_sid"],
        "conference_sid": row["conference_sid"],
        "date_created": rfc2822(created) if created else None,
        "duration": row["duration"],
    }

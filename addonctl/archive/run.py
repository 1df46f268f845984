"""A run: the account listed, what is due looked at, soonest to expire first.

State moves only in the transaction that records the thing. No time cursor says what has been seen:
each recording knows when it is to be looked at again, and what failed stays due.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple

from addonctl import dates
from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.archive import noting
from addonctl.archive.allowance import Allowance, UsedUp
from addonctl.archive.index import Index, iso, iso_of, moment
from addonctl.archive.look import Job, Known, Seen, look, next_look
from addonctl.archive.noting import Look
from addonctl.archive.place import Place
from addonctl.models import RETENTION
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


class Wish(NamedTuple):
    """What a run was asked for. `since` bounds the list of recordings, `until` the time: a moment
    of the monotonic clock.

    `wanted` chooses among results, `payloads` those that have such a payload; those in `again` are
    fetched whatever is known of them.
    """

    full: bool = False
    since: datetime | None = None
    recordings: tuple[Address, ...] | None = None
    wanted: Selection | None = None
    payloads: Selection | None = None
    again: frozenset[str] = frozenset()
    until: float | None = None

    @classmethod
    def of(
        cls,
        named: Iterable[Address] | None,
        results: Selection,
        payloads: Selection,
        now: datetime,
        *,
        full: bool,
        since: str | None,
        max_time: str | None,
    ) -> Wish:
        """The wish that a user's words make. Raises Usage."""
        recordings = {each.recording: each._replace(result="", payload="") for each in named or ()}
        return cls(
            full,
            None if since is None else dates.when(since, now),
            None if named is None else tuple(recordings.values()),
            results if results.filters else None,
            payloads if payloads.filters else None,
            until=None if max_time is None else monotonic() + dates.seconds(max_time),
        )

    @property
    def whole(self) -> bool:
        """Whether all that is due of the account is asked for: only such a run says it is safe."""
        chosen = (self.since, self.recordings, self.wanted, self.payloads)
        return all(each is None for each in chosen)


class Plan(NamedTuple):
    """What a run will ask for: `pages` of the list of recordings, the `due` looks and `documents`
    of recordings that were only named, and what is `new` if it comes as in the week before: as many
    looks, and requests to fetch what they find.
    """

    pages: int
    due: int
    documents: int = 0
    new: int = 0
    fetched: int = 0

    @property
    def requests(self) -> int:
        return sum(self)

    def __str__(self) -> str:
        if not self.pages:
            return (
                f"make about {self.requests} requests, and fetch what is new of {self.due}"
                " recordings that are named"
            )
        return (
            f"make about {self.requests} requests: {self.pages} to list recordings, {self.due} to"
            f" look at those that are due, {self.new + self.fetched} for what is new if it comes"
            " as in the week before"
        )


class Run:
    """One run over one account. The engine's workers look; this alone writes the index.

    `allowance` counts the requests of the client, and may bound them. `erased` are recordings that
    were named and are not fetched, for they were erased.
    """

    def __init__(
        self,
        client: Client,
        place: Place,
        index: Index,
        account: str,
        wish: Wish,
        now: datetime,
        allowance: Allowance,
    ) -> None:
        self.client = client
        self.place = place
        self.index = index
        self.account = account
        self.wish = wish
        self.now = now
        self.predicted = self.looked = self.saved = self.failed = 0
        self.cut = ""
        self.refused = False
        self.erased: list[str] = []
        self.allowance = allowance

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

    def plan(self) -> Plan:
        """What is known to be needed before anything is asked, and what is to be expected."""
        parameters = self.listing()
        query, values = _due(self.account, self.wish, self.now)
        due = int(self.index.value(f"SELECT count(*) FROM ({query})", *values))  # noqa: S608
        if parameters is None:
            named = len({each.recording for each in self.wish.recordings or ()})
            return Plan(0, named, documents=named - due)
        listed = self.index.value(
            "SELECT count(*) FROM recordings WHERE account_sid = ? AND date_created >= ?",
            *(self.account, parameters.get("DateCreated>", "")),
        )
        last = moment(
            self.index.value("SELECT listed_at FROM accounts WHERE sid = ?", self.account)
        )
        if last is None or last >= self.now:
            return Plan(max(1, -(-listed // PAGE)), due)
        weeks = (self.now - last) / timedelta(days=7)
        new, results, payloads = next(
            self.index.rows(
                "SELECT count(DISTINCT c.sid), count(DISTINCT r.sid), count(p.sid)"
                " FROM recordings AS c"
                " LEFT JOIN results AS r ON r.recording_sid = c.sid AND r.folder IS NOT NULL"
                " LEFT JOIN payloads AS p ON p.result_sid = r.sid WHERE c.account_sid = ?"
                " AND c.date_created >= ? AND c.date_created < ?",
                *(self.account, iso(last - timedelta(days=7)), iso(last)),
            )
        )
        new, fetched = round(new * weeks), round((results + 2 * payloads) * weeks)
        return Plan(max(1, -(-(listed + new) // PAGE)), due, 0, new, fetched)

    def jobs(self) -> Iterator[Job]:
        """What is due, in order, as long as there is time. Read by a thread of the engine's."""
        with self.index.reader() as db:
            tombstones = frozenset(row["sid"] for row in db.execute("SELECT sid FROM tombstones"))
            # A table of its own, on disk if it is long: meanwhile others write, and memory is flat.
            query, values = _due(self.account, self.wish, self.now)
            db.execute("CREATE TEMP TABLE due (sid TEXT)")
            db.execute(f"INSERT INTO due {query}", values)
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
                    if self._over() or self.refused:
                        return
                    results = {
                        sid: Known(*others)
                        for sid, *others in db.execute(known, (row["sid"],)).fetchall()
                        if sid not in self.wish.again
                    }
                    yield Job(
                        *(self.account, row["sid"], _document(row), results, tombstones),
                        *(self.wish.wanted, self.wish.payloads, self.wish.full),
                    )

    def _over(self) -> bool:
        """Whether time or requests are used up; says so in `cut`."""
        if self.wish.until is not None and monotonic() >= self.wish.until:
            self.cut = "the time was up"
        elif self.allowance.used_up:
            self.cut = f"{self.allowance.made} requests were made"
        return bool(self.cut)

    # The work

    def begin(self) -> int:
        """Note what is to be expected, and list what there is; how many recordings are due then.
        Raises AddonctlError for an account that is refused.
        """
        self.predicted = self.plan().requests
        try:
            self._list()
        except UsedUp as problem:
            self.cut = problem.message
        if self.cut:
            return 0
        if self.wish.recordings is not None:
            sids = [each.recording for each in self.wish.recordings]
            self.erased = noting.named(self.index, self.account, sids, self.now)
        query, values = _due(self.account, self.wish, self.now)
        return int(self.index.value(f"SELECT count(*) FROM ({query})", *values))  # noqa: S608

    def look(self, job: Job) -> Seen:
        """Bring one recording up to date, if there is still room for that."""
        with self.allowance.look():
            return look(self.client, self.place, job, self.now)

    def _list(self) -> None:
        parameters = self.listing()
        if parameters is None:
            return
        wrong: list[str] = []
        for page in self.client.recordings(parameters, PAGE, account=self.account):
            wrong += noting.listed(self.index, self.account, page, self.now)
            if self.wish.until is not None and self._over():
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

    def note(self, found: list[Seen]) -> None:
        """Record what looks found, and when the next are due."""
        looks = []
        with self.index.changing():
            for seen in found:
                sid = seen.job.recording
                problem, next_time = seen.problem, None
                self.allowance.take(seen.requests)
                self.looked += not seen.cut
                if seen.cut:
                    self.cut = self.cut or f"{self.allowance.made} requests were made"
                if seen.erased:
                    self.index.run("DELETE FROM recordings WHERE sid = ?", sid)
                    self.erased.append(sid)
                    continue
                if seen.gone:
                    if not seen.job.document:
                        problem = "the service has no such recording"
                    self.failed += noting.gone(self.index, sid) + bool(problem)
                else:
                    failed = [each for each in seen.results if each.state in ("failed", "lost")]
                    self.failed += len(failed) + len(seen.vanished) + bool(problem)
                    self.saved += sum(each.state == "saved" for each in seen.results)
                    created = moment(iso_of(seen.document.get("date_created")))
                    pending = seen.pending(self.now)
                    next_time = next_look(created, self.now, pending=pending)
                looks.append(
                    Look(self.account, sid, seen.document, seen.results, next_time, problem)
                )
            noting.saw(self.index, looks, self.now)
            for seen in found:
                for result, why in seen.vanished:
                    noting.vanished(self.index, result, why)


def _due(account: str, wish: Wish, now: datetime) -> tuple[str, list[str]]:
    """The query for the SIDs of what is due, and its values."""
    values = [account]
    if wish.recordings is not None:
        chosen = "sid IN (SELECT value FROM json_each(?))"
        values.append(json.dumps([each.recording for each in wish.recordings]))
    elif wish.full:
        chosen = "settled = 0"
    else:
        # No look is put off for longer than that: then the clock was ahead.
        chosen = "settled = 0 AND (next_look <= ? OR next_look > ?)"
        values += [iso(now), iso(now + LONGEST_WAIT)]
    # What is still kept by the service goes first, the oldest of it before all.
    values.append(iso(now - RETENTION))
    return (
        f"SELECT sid FROM recordings WHERE account_sid = ? AND {chosen}"  # noqa: S608
        " ORDER BY coalesce(date_created, '') < ?, date_created"
    ), values


def _from(since: datetime) -> dict[str, str]:
    return {"DateCreated>": iso(since)}


def _document(row: sqlite3.Row) -> dict[str, Any]:
    """What the index knows of a recording, under the API's names; nothing where it was named."""
    if row["document"]:
        return dict(json.loads(row["document"]))
    created = moment(row["date_created"])
    if created is None and row["looked_at"] is None:
        return {}
    return {
        "sid": row["sid"],
        "account_sid": row["account_sid"],
        "call_sid": row["call_sid"],
        "conference_sid": row["conference_sid"],
        "date_created": dates.rfc2822(created) if created else None,
        "duration": row["duration"],
    }

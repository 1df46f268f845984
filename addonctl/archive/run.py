"""A run: the account listed, what is due looked at, soonest to expire first.

State moves only in the transaction that records the thing. No time cursor says what has been seen:
each recording knows when it is to be looked at again, and what failed stays due.
"""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple

from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.archive import marker, noting
from addonctl.archive.index import Index, iso, iso_of, moment
from addonctl.archive.look import Job, Known, PlaceFailed, Seen, look, next_look
from addonctl.archive.place import Place
from addonctl.errors import AddonctlError, LoginRefused, NotFound
from addonctl.models import RETENTION, Recording

LIST_AGAIN = timedelta(days=3)
"""How far before the last run a list reaches back: recordings are listed late, too."""
LIST_ALL = timedelta(days=7)
"""How often all recordings are listed, whatever their age."""
PAGE = 1000

Engine = Callable[[Callable[[Job], Seen], Iterable[Job], int], Iterator[Seen | AddonctlError]]
"""Does the looks, and gives back what they found as they end; the number is how many there are."""


class Wish(NamedTuple):
    """What a run was asked for. Times are in seconds; `since` bounds the list of recordings."""

    full: bool = False
    since: datetime | None = None
    recordings: tuple[Address, ...] | None = None
    max_time: float | None = None
    max_requests: int | None = None


class Done(NamedTuple):
    """What a run did. `cut` says why it ended before its work did, or is empty."""

    predicted: int
    requests: int = 0
    looked: int = 0
    saved: int = 0
    failed: int = 0
    cut: str = ""


class Run:
    """One run over one account. The engine's workers look; this alone writes the index."""

    def __init__(
        self, client: Client, place: Place, index: Index, account: str, wish: Wish, now: datetime
    ) -> None:
        self.client = client
        self.place = place
        self.index = index
        self.account = account
        self.wish = wish
        self.now = now
        self.requests = self.looked = self.saved = self.failed = 0
        self.cut = ""
        self._began = monotonic()

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
            chosen = f"settled = 0 AND next_look <= '{now}'"
        # What is still kept by the service goes first, the oldest of it before all.
        kept = iso(self.now - RETENTION)
        return (
            f"SELECT * FROM recordings WHERE account_sid = '{account}' AND {chosen}"  # noqa: S608
            f" ORDER BY coalesce(date_created, '') < '{kept}', date_created"
        )

    def jobs(self) -> Iterator[Job]:
        """What is due, in order, as long as there is time. Read by a thread of the engine's."""
        with self.index.reader() as db:
            tombstones = frozenset(row["sid"] for row in db.execute("SELECT sid FROM tombstones"))
            known = "SELECT * FROM results WHERE recording_sid = ?"
            for row in db.execute(self._due()).fetchall():
                if row["sid"] in tombstones:
                    continue
                if self._over():
                    return
                results = {
                    each["sid"]: Known(each["state"], each["status"], each["date_updated"])
                    for each in db.execute(known, (row["sid"],))
                }
                yield Job(self.account, row["sid"], _document(row), results, tombstones)

    def _over(self) -> bool:
        """Whether time or requests are used up; says so in `cut`."""
        most_time, most_requests = self.wish.max_time, self.wish.max_requests
        if most_time is not None and monotonic() - self._began >= most_time:
            self.cut = "the time was up"
        if most_requests is not None and self.requests >= most_requests:
            self.cut = f"{self.requests} requests were made"
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
        for page in self.client.recordings(parameters, PAGE, account=self.account):
            self.requests += 1
            noting.listed(self.index, self.account, page, self.now)
            if self._over():
                return
        with self.index.changing():
            column = "listed_at, listed_all_at" if not parameters else "listed_at"
            if self.wish.since:
                return  # no whole list
            values = ", ".join("?" for _ in column.split(", "))
            sets = ", ".join(f"{name} = excluded.{name}" for name in column.split(", "))
            self.index.run(
                f"INSERT INTO accounts (sid, {column}) VALUES (?, {values})"  # noqa: S608
                f" ON CONFLICT (sid) DO UPDATE SET {sets}, problem = NULL",
                self.account,
                *(iso(self.now) for _ in column.split(", ")),
            )

    def _name(self) -> None:
        """Have the recordings that were named in the index, with what the service says of them."""
        for each in self.wish.recordings or ():
            if self.index.value("SELECT sid FROM recordings WHERE sid = ?", each.recording):
                continue
            self.requests += 1
            try:
                found = self.client.recording(each._replace(result="", payload=""))
            except NotFound:
                found = Recording({"sid": each.recording, "account_sid": self.account})
            except LoginRefused:
                raise
            noting.listed(self.index, self.account, [found], self.now)

    def _note(self, seen: Seen) -> None:
        """Record what one look found, and when the next is due."""
        sid = seen.job.recording
        self.requests += seen.requests
        self.looked += 1
        with self.index.changing():
            noting.saw(self.index, self.account, seen.document, seen.results, self.now)
            if seen.gone:
                self._gone(sid)
                noting.looked(self.index, sid, next_look=None, problem=None, now=self.now)
                return
            failed = [each for each in seen.results if each.state in ("failed", "lost")]
            self.failed += len(failed) + bool(seen.problem)
            self.saved += sum(each.state == "saved" for each in seen.results)
            created = moment(iso_of(seen.document.get("date_created")))
            pending = bool(seen.problem) or noting.pending(self.index, sid)
            due = next_look(created, self.now, pending=pending)
            noting.looked(self.index, sid, next_look=due, problem=seen.problem, now=self.now)

    def _gone(self, sid: str) -> None:
        """The recording is not there any more: what was not saved of it is lost."""
        self.index.run(
            "UPDATE results SET state = 'lost', problem = 'its recording was deleted at the"
            " service before it was saved' WHERE recording_sid = ? AND state IN"
            " ('pending', 'failed')",
            sid,
        )


def run_all(runs: list[Run], engine: Engine, warn: Callable[[str], None]) -> Done:
    """Do the runs of one command, an account each, and keep what they did.

    An account that is refused is a problem, and the others go on; of an account alone it is raised.
    """
    started = runs[0].now
    place, index = runs[0].place, runs[0].index
    ended_as, refused = "", 0
    predicted = 0
    about = marker.there(place)
    try:
        for run in runs:
            about = marker.add_account(place, about, run.account)
            try:
                predicted += run.predicted()
                run.go(engine)
            except AddonctlError as problem:
                if len(runs) == 1 or isinstance(problem, PlaceFailed):
                    raise
                refused += 1
                warn(f"addonctl: account {run.account}: {problem.message}")
                with index.changing():
                    index.run(
                        "INSERT INTO accounts (sid, problem) VALUES (?, ?)"
                        " ON CONFLICT (sid) DO UPDATE SET problem = excluded.problem",
                        *(run.account, problem.message),
                    )
            if run.cut:
                break
    except BaseException as problem:
        ended_as = getattr(problem, "message", "") or type(problem).__name__
        raise
    finally:
        done = Done(
            predicted,
            sum(run.requests for run in runs),
            sum(run.looked for run in runs),
            sum(run.saved for run in runs),
            sum(run.failed for run in runs) + refused,
            next((run.cut for run in runs if run.cut), ""),
        )
        _record(place, index, started, done, ended_as)
    return done


def _record(place: Place, index: Index, started: datetime, done: Done, ended_as: str) -> None:
    """Keep what a run did: in the place, and in the index. It was complete if nothing failed."""
    name, ended = marker.stamped(started), datetime.now(UTC)
    complete = not (done.cut or done.failed or ended_as)
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


def _from(since: datetime) -> dict[str, str]:
    return {"DateCreated>": iso(since)}


def _document(row: sqlite3.Row) -> dict[str, Any]:
    """What the index knows of a recording, under the API's names."""
    from addonctl.dates import rfc2822

    created = moment(row["date_created"])
    return {
        "sid": row["sid"],
        "account_sid": row["account_sid"],
        "call_sid": row["call_sid"],
        "conference_sid": row["conference_sid"],
        "date_created": rfc2822(created) if created else None,
        "duration": row["duration"],
    }

"""What the pretend account holds: one SQLite file, shared by any number of threads and processes.

Nothing is taken out but by `reset`: a deleted row is only marked, so that a page token that names
it still has its place. Times are whole seconds since the epoch; `position` is the order of
every list, newest first.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from addonctl.sandbox import ACCOUNT, SandboxError, generated, sample
from addonctl.sandbox.schema import REMEDY, Contents, Row, connect, refill

RETENTION = 30 * 24 * 3600
FINAL = frozenset({"canceled", "completed", "deleted", "failed"})
# Which rows the API still shows.
LIVE = {
    "recording": "TRUE",
    "result": "deleted = 0 AND created > :oldest",
    "payload": "deleted = 0 AND result_deleted = 0 AND result_created > :oldest",
}


@dataclass(frozen=True)
class Counts:
    """What the account holds now; `next_expiry` is in seconds since the epoch."""

    recordings: int
    results: int
    payloads: int
    next_expiry: int | None


class State:
    """The recordings, results and payloads in the SQLite file `path`.

    Every method raises SandboxError when the file can not be used.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.path = path
        self.clock = clock
        # A pool rather than a connection per thread: threads end, and would leave theirs open.
        self._idle: deque[sqlite3.Connection] = deque()
        self.close = weakref.finalize(self, _close, self._idle)

    def now(self) -> int:
        """Give the account's time in whole seconds since the epoch."""
        return int(self.clock().timestamp())

    def check(self) -> None:
        """Make the file if there is none yet; raises SandboxError when it can not be used."""
        self._rows("SELECT 1")

    def secret(self) -> str:
        """Give the secret that signs payload links; every reset makes a new one."""
        return str(self._rows("SELECT secret FROM signing")[0]["secret"])

    def find(self, kind: str, account: str, parent: str, sid: str) -> Row | None:
        """Give the live recording, result or payload `sid` of `parent`, or None."""
        rows = self._rows(
            f"SELECT * FROM {kind} WHERE sid = :sid AND parent = :parent"  # noqa: S608
            f" AND account_sid = :account AND {LIVE[kind]}",
            account=account,
            parent=parent,
            sid=sid,
        )
        return rows[0] if rows else None

    def payload(self, sid: str) -> Row | None:
        """Give the live payload `sid`, wherever it lies, or None."""
        query = f"SELECT * FROM payload WHERE sid = :sid AND {LIVE['payload']}"  # noqa: S608
        rows = self._rows(query, sid=sid)
        return rows[0] if rows else None

    def position(self, kind: str, parent: str, sid: str) -> int | None:
        """Give the place of `sid` among the children of `parent`, also when it has gone."""
        rows = self._rows(
            f"SELECT position FROM {kind} WHERE sid = :sid AND parent = :parent",  # noqa: S608
            parent=parent,
            sid=sid,
        )
        return int(rows[0]["position"]) if rows else None

    def children(
        self,
        kind: str,
        parent: str,
        limit: int,
        conditions: Sequence[str] = (),
        values: Mapping[str, Any] | None = None,
        *,
        backwards: bool = False,
    ) -> list[Row]:
        """Give up to `limit` live children of `parent`, in order.

        `conditions` are SQL of our own with the names of `values`, and never hold what a client
        sent. `backwards` takes the last that fulfil them instead of the first.
        """
        where = " AND ".join(("parent = :parent", LIVE[kind], *conditions))
        rows = self._rows(
            f"SELECT * FROM {kind} WHERE {where}"  # noqa: S608
            f" ORDER BY position {'DESC' if backwards else 'ASC'} LIMIT :limit",
            parent=parent,
            limit=limit,
            **(values or {}),
        )
        return rows[::-1] if backwards else rows

    def delete(self, kind: str, position: int) -> bool:
        """Delete a result or payload; False if somebody else was quicker."""
        query = f"UPDATE {kind}s SET deleted = 1 WHERE position = ? AND deleted = 0"  # noqa: S608
        with self._connection() as connection:
            return connection.execute(query, (position,)).rowcount == 1

    def set_status(self, sid: str, status: str) -> bool:
        """Move the result `sid` on to `status`, as an add-on's vendor does; False if unknown."""
        now = self.now()
        query = "UPDATE results SET status = ?, updated = ?, completed = ? WHERE sid = ?"
        with self._connection() as connection:
            values = (status, now, now if status in FINAL else None, sid)
            return connection.execute(query, values).rowcount == 1

    def counts(self) -> Counts:
        """Count what is live in the main account, and say when its next result ends."""
        mine = "account_sid = :account"
        (row,) = self._rows(
            f"""SELECT
            (SELECT count(*) FROM recording WHERE {mine} AND status != 'deleted') AS recordings,
            (SELECT count(*) FROM result WHERE {mine} AND {LIVE["result"]}) AS results,
            (SELECT count(*) FROM payload WHERE {mine} AND {LIVE["payload"]}) AS payloads,
            (SELECT min(created) FROM result WHERE {mine} AND {LIVE["result"]}) AS first
            """,  # noqa: S608
            account=ACCOUNT,
        )
        first = row["first"]
        return Counts(
            row["recordings"],
            row["results"],
            row["payloads"],
            None if first is None else first + RETENTION,
        )

    def reset(
        self,
        *,
        recordings: int | None = None,
        results: int | None = None,
        payloads: int | None = None,
        payload_bytes: int | None = None,
    ) -> Counts:
        """Make the account anew, also when the file is damaged or of another version.

        Without sizes: the sample data. With any: so many recordings, of so many results each, of
        so many payloads each, of so many bytes each (those left out: 1, 1, 1, 1000); the n-th
        thing has the same SID whenever and wherever it is made.
        """
        sizes = (recordings, results, payloads, payload_bytes)

        def contents() -> Contents:
            if all(size is None for size in sizes):
                return sample.contents(self.now())
            return generated.contents(self.now(), *sizes)

        self.close()
        self.close = weakref.finalize(self, _close, self._idle)
        try:
            with self._connection() as connection:
                refill(connection, contents())
        except SandboxError as problem:
            # A file that is only busy or not ours to write would be no better for being removed.
            if isinstance(problem.__cause__, sqlite3.OperationalError | OSError):
                raise
            for ending in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            with self._connection() as connection:
                refill(connection, contents())
        return self.counts()

    def _rows(self, query: str, **values: Any) -> list[Row]:
        values["oldest"] = self.now() - RETENTION
        with self._connection() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend an open connection; it goes back to the pool unless something went wrong."""
        connection = None
        try:
            with suppress(IndexError):
                connection = self._idle.pop()
            if connection is None:
                connection = connect(self.path, lambda: sample.contents(self.now()))
            yield connection
        except BaseException as problem:
            if connection is not None:
                connection.close()
            if isinstance(problem, sqlite3.Error | OSError):
                raise SandboxError(
                    f"the sandbox's state in {self.path} can not be used ({problem}); {REMEDY}"
                ) from problem
            raise
        self._idle.append(connection)


def _close(connections: deque[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()

"""What the pretend account holds: one SQLite file, shared by any number of threads and processes.

Times are whole seconds since the epoch, and may lie ahead: what is created later is not there yet,
and a result goes on to its next status when the time has come. Nothing is taken out but by `reset`:
a deleted row is only marked, so that a page token that names it still has its place. `position` is
the order of every list, newest first.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from addonctl.sandbox import ACCOUNT, SandboxError, schema
from addonctl.sandbox.schema import Contents

BUSY_SECONDS = 60.0
RETENTION = 30 * 24 * 3600
# Which rows the API shows.
LIVE = {
    "account": "TRUE",
    "recording": "created <= :now",
    "result": "deleted = 0 AND created > :oldest AND created <= :now",
    "payload": (
        "deleted = 0 AND result_deleted = 0 AND result_created > :oldest AND created <= :now"
    ),
}
# Something keeps us from a file that may well be whole: another in its stead would be no better.
KEPT_OUT = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
HELD_UP = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM}
REMEDY = "run `addonctl sandbox reset` to make it anew"

Row = sqlite3.Row
Clock = Callable[[], datetime]


def real_time() -> datetime:
    """Tell the time, where no other clock is given."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Counts:
    """What the main account shows now; `next_expiry` is in seconds since the epoch."""

    recordings: int
    results: int
    payloads: int
    next_expiry: int | None


class Database:
    """The accounts and what they hold, in the SQLite file `path`.

    It is made, and filled with the sample data, on first use. Every method raises SandboxError
    when the file can not be used.
    """

    def __init__(self, path: Path, clock: Clock = real_time) -> None:
        self.path = path
        self.clock = clock
        # A pool rather than a connection per thread: threads end, and would leave theirs open.
        self._idle: deque[sqlite3.Connection] = deque()
        self.close = weakref.finalize(self, _close, self._idle)

    def now(self) -> int:
        """Give the account's time: the clock's, and what `forward` has added."""
        return int(self._rows("SELECT :now AS now")[0]["now"])

    def forward(self, seconds: int) -> None:
        """Move the account's time, for every process that uses the file, until it is reset."""
        with self._connection() as connection:
            connection.execute("UPDATE settings SET ahead = ahead + ?", (seconds,))

    def secret(self) -> str:
        """Give the secret that signs payload links; every reset makes a new one."""
        return str(self._rows("SELECT max(secret) AS secret FROM settings")[0]["secret"])

    def find(self, kind: str, account: str, parent: str, sid: str) -> Row | None:
        """Give the live account, recording, result or payload `sid` of `parent`, or None."""
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
        return next(iter(self._rows(query, sid=sid)), None)

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
        conditions: Sequence[str],
        values: Mapping[str, Any],
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
            **{**values, "parent": parent, "limit": limit},
        )
        return rows[::-1] if backwards else rows

    def delete(self, kind: str, position: int) -> bool:
        """Delete a result or payload; False if somebody else was quicker."""
        query = f"UPDATE {kind}s SET deleted = 1 WHERE position = ? AND deleted = 0"  # noqa: S608
        with self._connection() as connection:
            return connection.execute(query, (position,)).rowcount == 1

    def add(self, contents: Contents) -> None:
        """Put in more, all of it or nothing; what is added last is the newest."""
        with self._connection() as connection, schema.transaction(connection):
            schema.insert(connection, contents, added=True)

    def counts(self) -> Counts:
        """Count what is live in the main account, and say when its next result ends."""
        mine = {kind: f"FROM {kind} WHERE account_sid = :account AND {LIVE[kind]}" for kind in LIVE}
        (row,) = self._rows(
            f"""SELECT
            (SELECT count(*) {mine["recording"]} AND status != 'deleted') AS recordings,
            (SELECT count(*) {mine["result"]}) AS results,
            (SELECT count(*) {mine["payload"]}) AS payloads,
            (SELECT min(created) {mine["result"]}) + {RETENTION} AS next_expiry
            """,
            account=ACCOUNT,
        )
        return Counts(**row)

    def reset(self, **sizes: int | None) -> Counts:
        """Make the account anew, also when the file is damaged or of another version.

        Without sizes: the sample data. With any of those of `samples.generated`: an account of
        that size.
        """
        from addonctl.sandbox import samples

        given = {name: size for name, size in sizes.items() if size is not None}
        now = int(self.clock().timestamp())

        def refill() -> None:
            contents = samples.generated(now, **given) if given else samples.contents(now)
            with self._connection() as connection:
                schema.refill(connection, contents)

        self.close()
        self.close = weakref.finalize(self, _close, self._idle)
        try:
            refill()
        except SandboxError as problem:
            cause = problem.__cause__
            if isinstance(cause, OSError) or _code(cause) in KEPT_OUT | HELD_UP:
                raise
            try:
                for ending in ("", "-wal", "-shm"):
                    self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            except OSError as other:
                raise self._complaint(other) from other
            refill()
        return self.counts()

    def _rows(self, query: str, **values: Any) -> list[Row]:
        with self._connection() as connection:
            (ahead,) = connection.execute("SELECT total(ahead) FROM settings").fetchone()
            now = int(self.clock().timestamp() + ahead)
            values |= {"now": now, "oldest": now - RETENTION}
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend an open connection; it goes back to the pool unless something went wrong."""
        connection = None
        try:
            with suppress(IndexError):
                connection = self._idle.pop()
            if connection is None:
                connection = self._open()
            yield connection
        except BaseException as problem:
            if connection is not None:
                connection.close()
            # SQLite quotes the damage, which need not be text.
            if isinstance(problem, sqlite3.Error | OSError | UnicodeError):
                raise self._complaint(problem) from problem
            raise
        self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        """Open the file; one that is not there yet, or of an older version, is made and filled.

        Any number of processes may do so at the same moment: one fills it, the others wait.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            if schema.pragma(connection, "user_version") < schema.VERSION:
                with schema.transaction(connection):
                    version = schema.pragma(connection, "user_version")
                    held = schema.holdings(connection)
                    if not held or (version == 1 and "signing" in held):
                        from addonctl.sandbox import samples

                        now = int(self.clock().timestamp())
                        schema.fill(connection, samples.contents(now))
            if schema.pragma(connection, "user_version") != schema.VERSION:
                raise SandboxError(
                    f"the sandbox's state in {self.path} was made by another version; {REMEDY}"
                )
            # Whoever finds the file free turns the journal; until then it works as well, slower.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _complaint(self, problem: Exception) -> SandboxError:
        said = f"the sandbox's state in {self.path} can not be used ({problem})"
        if isinstance(problem, OSError) or _code(problem) in KEPT_OUT:
            said += "; the file and its folder must be yours to write"
        elif _code(problem) not in HELD_UP:
            said += f"; {REMEDY}"
        return SandboxError(said)


def _code(problem: BaseException | None) -> int:
    """Give SQLite's primary result code of a problem; 0 for one that is not SQLite's."""
    return int(getattr(problem, "sqlite_errorcode", 0)) & 0xFF


def _close(connections: deque[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()

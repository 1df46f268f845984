"""What the pretend account holds: one SQLite file, shared by any number of threads and processes.

Times are whole seconds since the epoch, and may lie ahead: what is created later is not there yet,
and a result goes on to its next status when the time has come. Nothing is taken out but by `reset`:
a deleted row is only marked, so that a page token that names it still has its place.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from addonctl.sandbox import ACCOUNT, SandboxError, contents

# A result is made of the recording `reference_sid` by the add-on of that number: its status is
# `waiting`, from `started` on `working`, from `completed` on `status`; a time that is null never
# comes. Without a body a payload's `size` bytes are made up.
#
# The views carry the API's own field names and, as `parent`, the sid a list is asked by. Lists are
# in the order of `place`, the highest first: what was put in last, but of accounts what was first.
SCHEMA = f"""
CREATE TABLE settings (secret);
CREATE TABLE accounts (
    sid, owner_account_sid DEFAULT '{ACCOUNT}', friendly_name, auth_token, created,
    status DEFAULT 'active', position INTEGER PRIMARY KEY
);
CREATE TABLE add_ons (sid, configuration_sid, position INTEGER PRIMARY KEY);
CREATE TABLE recordings (
    sid, account_sid DEFAULT '{ACCOUNT}', call_sid, conference_sid, created, duration,
    source DEFAULT 'RecordVerb', channels DEFAULT 1, status DEFAULT 'completed',
    position INTEGER PRIMARY KEY
);
CREATE TABLE results (
    sid, reference_sid, add_on, created, started, completed, waiting DEFAULT 'queued',
    working DEFAULT 'in-progress', status DEFAULT 'completed', deleted DEFAULT 0,
    position INTEGER PRIMARY KEY
);
CREATE TABLE payloads (
    sid, add_on_result_sid, label, content_type, created, size, body, deleted DEFAULT 0,
    position INTEGER PRIMARY KEY
);
CREATE VIEW account AS SELECT *, '' AS parent, -position AS place FROM accounts;
CREATE VIEW recording AS SELECT *, account_sid AS parent, position AS place FROM recordings;
CREATE VIEW result AS
    SELECT results.*, reference_sid AS parent, results.position AS place, recordings.account_sid,
           add_ons.sid AS add_on_sid, add_ons.configuration_sid AS add_on_configuration_sid
    FROM results JOIN recordings ON recordings.sid = results.reference_sid
    JOIN add_ons ON add_ons.position = results.add_on;
CREATE VIEW payload AS
    SELECT payloads.*, add_on_result_sid AS parent, payloads.position AS place,
           result.account_sid, result.reference_sid,
           result.add_on_sid, result.add_on_configuration_sid,
           result.created AS result_created, result.deleted AS result_deleted
    FROM payloads JOIN result ON result.sid = payloads.add_on_result_sid;
"""  # noqa: S608
# Made once the rows are in: far quicker than keeping them in order row by row.
INDEXES = """
CREATE UNIQUE INDEX recordings_by_sid ON recordings (sid);
CREATE INDEX recordings_by_account ON recordings (account_sid, position);
CREATE UNIQUE INDEX results_by_sid ON results (sid);
CREATE INDEX results_by_recording ON results (reference_sid, deleted, position);
CREATE INDEX results_by_age ON results (deleted, created);
CREATE UNIQUE INDEX payloads_by_sid ON payloads (sid);
CREATE INDEX payloads_by_result ON payloads (add_on_result_sid, deleted, position);
"""
# Of the file, views first; indexes go with their tables.
HOLDINGS = "SELECT type, name FROM sqlite_master WHERE type != 'index' ORDER BY type DESC"
HALF_EMPTY = "SELECT freelist_count > page_count / 2 FROM pragma_freelist_count, pragma_page_count"
VERSION = 3
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


class Counts(NamedTuple):
    """What the main account shows now; `next_expiry` is in seconds since the epoch."""

    recordings: int
    results: int
    payloads: int
    next_expiry: int | None


class Database:
    """The accounts and what they hold, in the SQLite file `path`; `clock` tells the time.

    It is made, and filled with the sample data, on first use. Every method raises SandboxError
    when the file can not be used.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        # A pool: one may have to wait for another process; one a thread would outlive its thread.
        self._idle: deque[sqlite3.Connection] = deque()
        self.close = partial(_close, self._idle)
        weakref.finalize(self, self.close)

    def now(self) -> int:
        """Give the account's time, in seconds since the epoch."""
        return int(self._clock())

    def rows(self, query: str, **values: Any) -> list[sqlite3.Row]:
        """Ask with SQL of our own, which never holds what a client sent.

        It may name `values`, and `:now` and `:oldest`, the times LIVE is about.
        """
        values |= {"now": self.now(), "oldest": self.now() - RETENTION}
        with self._connection() as connection:
            return connection.execute(query, values).fetchall()

    def find(self, kind: str, sid: str, *, gone: bool = False) -> sqlite3.Row | None:
        """Give the account, recording, result or payload `sid`; what is `gone` only if asked."""
        live = "TRUE" if gone else LIVE[kind]
        query = f"SELECT * FROM {kind} WHERE sid = :sid AND {live}"  # noqa: S608
        return next(iter(self.rows(query, sid=sid)), None)

    def delete(self, kind: str, sid: str) -> bool:
        """Delete a result or payload; False if somebody else was quicker."""
        query = f"UPDATE {kind}s SET deleted = 1 WHERE sid = ? AND deleted = 0"  # noqa: S608
        with self._connection() as connection:
            return connection.execute(query, (sid,)).rowcount == 1

    def counts(self) -> Counts:
        """Count what is live in the main account, and say when its next result ends."""
        mine = {kind: f"FROM {kind} WHERE account_sid = :account AND {LIVE[kind]}" for kind in LIVE}
        (row,) = self.rows(
            f"""SELECT
            (SELECT count(*) {mine["recording"]} AND status != 'deleted'),
            (SELECT count(*) {mine["result"]}),
            (SELECT count(*) {mine["payload"]}),
            (SELECT min(created) {mine["result"]}) + {RETENTION}
            """,
            account=ACCOUNT,
        )
        return Counts(*row)

    def reset(self, **sizes: int | None) -> Counts:
        """Make the account anew, also when the file is damaged or of another version.

        Without sizes: the sample data. With any of those of `contents.generated`: an account of
        that size. Others see all of it or nothing.
        """
        given = {name: size for name, size in sizes.items() if size is not None}

        def refill() -> None:
            now = self.now()
            rows = contents.generated(now, **given) if given else contents.sample(now)
            with self._connection() as connection:
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    _fill(connection, rows)
                # Others that read now may hold this back; the file is only larger for it.
                with suppress(sqlite3.OperationalError):
                    if connection.execute(HALF_EMPTY).fetchone()[0]:
                        connection.execute("VACUUM")
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        try:
            refill()
        except SandboxError as problem:
            if REMEDY not in str(problem):
                raise
            self.close()
            try:
                for ending in ("", "-wal", "-shm"):
                    self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
            except OSError as other:
                raise self._complaint(other) from other
            refill()
        return self.counts()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend an open connection; it goes back to the pool unless something went wrong."""
        connection = None
        try:
            try:
                connection = self._idle.pop()
            except IndexError:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(
                    self.path, timeout=60, isolation_level=None, check_same_thread=False
                )
                self._prepare(connection)
            yield connection
        except BaseException as problem:
            if connection is not None:
                connection.close()
            # SQLite quotes the damage, which need not be text.
            if isinstance(problem, sqlite3.Error | OSError | UnicodeError):
                raise self._complaint(problem) from problem
            raise
        self._idle.append(connection)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make and fill a file that is not there yet, or of an older version.

        Any number of processes may do so at the same moment: one fills it, the others wait.
        """
        connection.row_factory = sqlite3.Row
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version < VERSION:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                held = {name for _, name in connection.execute(HOLDINGS)}
                if not held or (0 < version < VERSION and "payloads" in held):
                    _fill(connection, contents.sample(self.now()))
                    version = VERSION
        if version != VERSION:
            raise SandboxError(
                f"the sandbox's state in {self.path} was made by another version; {REMEDY}"
            )
        # Whoever finds the file free turns the journal; until then it works as well, slower.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    def _complaint(self, problem: Exception) -> SandboxError:
        said = f"the sandbox's state in {self.path} can not be used ({problem})"
        code = getattr(problem, "sqlite_errorcode", 0) & 0xFF  # SQLite's primary result code
        if isinstance(problem, OSError) or code in KEPT_OUT:
            said += "; the file and its folder must be yours to write"
        elif code not in HELD_UP:
            said += f"; {REMEDY}"
        return SandboxError(said)


def _fill(connection: sqlite3.Connection, rows: Iterable[contents.Row]) -> None:
    """Drop what the file holds and fill it anew, as a part of a transaction."""
    for kind, name in connection.execute(HOLDINGS).fetchall():
        connection.execute(f"DROP {kind} {name}")
    for statement in SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO settings VALUES (?)", (secrets.token_hex(32),))
    for (table, *columns), alike in groupby(rows, lambda row: (row[0], *row[1])):
        values = f"({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"
        connection.executemany(f"INSERT INTO {table} {values}", (row for _, row in alike))
    for statement in INDEXES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _close(connections: deque[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()

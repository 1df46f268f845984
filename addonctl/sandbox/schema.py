"""The shape of the state file, and how to come by a connection to one that has it."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addonctl.sandbox import SandboxError

VERSION = 1
BUSY_SECONDS = 60.0
REMEDY = "run `addonctl sandbox reset` to make it anew"

# The views carry the API's own field names and, as `parent`, the sid a list is asked by.
TABLES = """
CREATE TABLE signing (secret TEXT NOT NULL);
CREATE TABLE add_ons (position INTEGER PRIMARY KEY, sid TEXT, configuration_sid TEXT);
CREATE TABLE recordings (
    position INTEGER PRIMARY KEY, sid TEXT, account_sid TEXT, call_sid TEXT, conference_sid TEXT,
    status TEXT, source TEXT, channels INTEGER, duration INTEGER, created INTEGER
);
CREATE TABLE results (
    position INTEGER PRIMARY KEY, sid TEXT, recording INTEGER, add_on INTEGER, status TEXT,
    created INTEGER, updated INTEGER, completed INTEGER, deleted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE payloads (
    position INTEGER PRIMARY KEY, sid TEXT, result INTEGER, label TEXT, content_type TEXT,
    created INTEGER, size INTEGER, body BLOB, deleted INTEGER NOT NULL DEFAULT 0
);
CREATE VIEW recording AS SELECT *, account_sid AS parent FROM recordings;
CREATE VIEW result AS
    SELECT results.*, recordings.account_sid, recordings.sid AS reference_sid,
           recordings.sid AS parent, add_ons.sid AS add_on_sid,
           add_ons.configuration_sid AS add_on_configuration_sid
    FROM results JOIN recordings ON recordings.position = results.recording
    JOIN add_ons ON add_ons.position = results.add_on;
CREATE VIEW payload AS
    SELECT payloads.*, result.account_sid, result.reference_sid, result.sid AS add_on_result_sid,
           result.sid AS parent, result.add_on_sid, result.add_on_configuration_sid,
           result.created AS result_created, result.deleted AS result_deleted
    FROM payloads JOIN result ON result.position = payloads.result;
"""
# Made once the rows are in: far quicker than keeping them in order row by row.
INDEXES = """
CREATE UNIQUE INDEX recordings_by_sid ON recordings (sid);
CREATE INDEX recordings_by_account ON recordings (account_sid, position);
CREATE UNIQUE INDEX results_by_sid ON results (sid);
CREATE INDEX results_by_recording ON results (recording, deleted, position);
CREATE INDEX results_by_age ON results (deleted, created);
CREATE UNIQUE INDEX payloads_by_sid ON payloads (sid);
CREATE INDEX payloads_by_result ON payloads (result, deleted, position);
"""
COLUMNS = {
    "add_ons": "sid, configuration_sid",
    "recordings": "sid, account_sid, call_sid, conference_sid, status, source, channels,"
    " duration, created",
    "results": "sid, recording, add_on, status, created, updated, completed",
    "payloads": "sid, result, label, content_type, created, size, body",
}

Row = sqlite3.Row
Rows = Iterable[tuple[Any, ...]]


@dataclass(frozen=True)
class Contents:
    """What an account is filled with: for each table rows of its COLUMNS, newest first."""

    add_ons: Rows
    recordings: Rows
    results: Rows
    payloads: Rows


def connect(path: Path, contents: Callable[[], Contents]) -> sqlite3.Connection:
    """Open the state file, making and filling it if there is none yet.

    Any number of processes may do so at the same moment: one fills it, the others wait.
    Raises SandboxError for a file of another version, sqlite3.Error for one that is damaged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        if pragma(connection, "user_version") == 0:
            with _transaction(connection):
                if not _holdings(connection):
                    _fill(connection, contents())
        if pragma(connection, "user_version") != VERSION:
            raise SandboxError(
                f"the sandbox's state in {path} was made by another version; {REMEDY}"
            )
        # Whoever finds the file free turns the journal; until then it works as well, slower.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def refill(connection: sqlite3.Connection, contents: Contents) -> None:
    """Drop what the file holds and fill it anew; others see all of it or nothing."""
    with _transaction(connection):
        for kind, name in _holdings(connection):
            connection.execute(f"DROP {kind} {name}")
        _fill(connection, contents)
    # Others that read at this moment may hold this back; the file is only larger for it.
    with suppress(sqlite3.OperationalError):
        if pragma(connection, "freelist_count") > pragma(connection, "page_count") // 2:
            connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """Read one number about the file."""
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _holdings(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Give the kind and name of what is in the file, views first; indexes go with their tables."""
    query = "SELECT type, name FROM sqlite_master WHERE type != 'index' ORDER BY type DESC"
    return [(row["type"], row["name"]) for row in connection.execute(query).fetchall()]


def _fill(connection: sqlite3.Connection, contents: Contents) -> None:
    for statement in TABLES.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO signing VALUES (?)", (secrets.token_hex(32),))
    for table, columns in COLUMNS.items():
        marks = ", ".join("?" * (columns.count(",") + 1))
        connection.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608
            getattr(contents, table),
        )
    for statement in INDEXES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")

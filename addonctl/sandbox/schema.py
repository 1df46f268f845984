"""The rows of the state file, its tables, and how they are filled."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from addonctl.sandbox import ACCOUNT

VERSION = 2


class Account(NamedTuple):
    """A main account, or a subaccount of `owner_account_sid`."""

    sid: str
    owner_account_sid: str
    friendly_name: str
    auth_token: str
    created: int
    status: str = "active"


class AddOn(NamedTuple):
    """An add-on as it is installed; results name it by its number, from 1."""

    sid: str
    configuration_sid: str


class Recording(NamedTuple):
    """A recording of `account_sid`, of `duration` seconds."""

    sid: str
    created: int
    duration: int
    call_sid: str
    account_sid: str = ACCOUNT
    conference_sid: str | None = None
    source: str = "RecordVerb"
    channels: int = 1
    status: str = "completed"


class Result(NamedTuple):
    """What an add-on makes of `recording`.

    Its status is `waiting`, from `started` on `working`, from `completed` on `status`; a time that
    is None never comes.
    """

    recording: str | int
    sid: str
    created: int
    completed: int | None
    add_on: int = 1
    status: str = "completed"
    started: int | None = None
    waiting: str = "queued"
    working: str = "in-progress"


class Payload(NamedTuple):
    """A file of `result`; without a body its `size` bytes are made up."""

    result: str | int
    sid: str
    created: int
    label: str
    content_type: str
    size: int
    body: bytes | None = None


class Contents(NamedTuple):
    """What an account is filled with, all of it iterated once.

    For `reset` newest first, and a parent is named by its place in its list, from 1; for `add`
    oldest first, and a parent is named by its SID.
    """

    accounts: Iterable[Account] = ()
    add_ons: Iterable[AddOn] = ()
    recordings: Iterable[Recording] = ()
    results: Iterable[Result] = ()
    payloads: Iterable[Payload] = ()


TABLES: dict[str, tuple[str, ...]] = {
    "accounts": Account._fields,
    "add_ons": AddOn._fields,
    "recordings": Recording._fields,
    "results": Result._fields,
    "payloads": Payload._fields,
}
PARENTS = {"results": "recordings", "payloads": "results"}
# Typed, or they would not be looked up by index.
PLACES = {name: f"{name} INTEGER NOT NULL" for name in ("recording", "result", "add_on")}
# The views carry the API's own field names and, as `parent`, the sid a list is asked by.
VIEWS = """
CREATE TABLE settings (secret, ahead);
CREATE VIEW account AS SELECT *, sid AS account_sid, '' AS parent FROM accounts;
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


def refill(connection: sqlite3.Connection, contents: Contents) -> None:
    """Drop what the file holds and fill it anew; others see all of it or nothing."""
    with transaction(connection):
        fill(connection, contents)
    # Others that read at this moment may hold this back; the file is only larger for it.
    with suppress(sqlite3.OperationalError):
        if pragma(connection, "freelist_count") > pragma(connection, "page_count") // 2:
            connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def fill(connection: sqlite3.Connection, contents: Contents) -> None:
    """Do so as a part of a transaction."""
    for name, kind in holdings(connection).items():
        connection.execute(f"DROP {kind} {name}")
    for table, fields in TABLES.items():
        columns = ", ".join(PLACES.get(name, name) for name in fields)
        connection.execute(
            f"CREATE TABLE {table} (position INTEGER PRIMARY KEY, {columns}, deleted NOT NULL)"
        )
    for statement in VIEWS.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO settings VALUES (?, 0)", (secrets.token_hex(32),))
    insert(connection, contents)
    for statement in INDEXES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def insert(connection: sqlite3.Connection, contents: Contents, *, added: bool = False) -> None:
    """Write rows into the tables: into empty ones, or `added` to those that are there."""
    for table, fields in TABLES.items():
        position, marks = "NULL", ["?"] * len(fields)
        if added and table in {"recordings", *PARENTS}:
            position = f"(SELECT coalesce(min(position), 1) - 1 FROM {table})"  # noqa: S608
        if added and table in PARENTS:
            marks[0] = f"(SELECT position FROM {PARENTS[table]} WHERE sid = ?)"  # noqa: S608
        connection.executemany(
            f"INSERT INTO {table} VALUES ({position}, {', '.join(marks)}, 0)",  # noqa: S608
            getattr(contents, table),
        )


def holdings(connection: sqlite3.Connection) -> dict[str, str]:
    """Give the names and kinds of what is in the file, views first.

    Without indexes, which go with their tables.
    """
    query = "SELECT type, name FROM sqlite_master WHERE type != 'index' ORDER BY type DESC"
    return {name: kind for kind, name in connection.execute(query).fetchall()}


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """Read one number about the file."""
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all that is within, or nothing of it; others that write wait."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")

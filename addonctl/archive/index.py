"""What an archive holds, to be searched, and when to look again: one SQLite file.

It is readable as it is (SIDs as text, times as `2026-11-21T18:43:00Z`), has one writer, and can be
thrown away: `archive rebuild` makes it anew of the markers. The rows of a recording change in one
transaction.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from addonctl import dates
from addonctl.archive.place import PlaceFailed
from addonctl.errors import AddonctlError, Usage

MARKER_IS = "its marker: "
"""How the problem of a result begins whose marker is not as it should be."""

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE accounts (
    sid TEXT PRIMARY KEY, listed_at TEXT, listed_all_at TEXT, problem TEXT) WITHOUT ROWID;
CREATE TABLE recordings (
    sid TEXT PRIMARY KEY, account_sid TEXT NOT NULL, call_sid TEXT, conference_sid TEXT,
    date_created TEXT, duration INTEGER, looked_at TEXT, next_look TEXT,
    settled INTEGER NOT NULL DEFAULT 0, problem TEXT, tries INTEGER NOT NULL DEFAULT 0,
    document TEXT
);
CREATE INDEX recordings_due ON recordings (next_look) WHERE settled = 0;
CREATE INDEX recordings_made ON recordings (account_sid, date_created);
CREATE INDEX recordings_call ON recordings (call_sid);
CREATE INDEX recordings_problem ON recordings (sid) WHERE problem IS NOT NULL;
CREATE TABLE results (
    sid TEXT PRIMARY KEY, recording_sid TEXT NOT NULL, account_sid TEXT NOT NULL,
    add_on_sid TEXT, add_on_configuration_sid TEXT, status TEXT,
    date_created TEXT, date_updated TEXT, date_completed TEXT, expires TEXT,
    state TEXT NOT NULL, folder TEXT, saved_at TEXT, retired_at TEXT,
    problem TEXT, tries INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX results_recording ON results (recording_sid);
CREATE INDEX results_state ON results (state, expires);
CREATE INDEX results_made ON results (date_created);
CREATE INDEX results_problem ON results (sid) WHERE problem IS NOT NULL;
CREATE TABLE payloads (
    sid TEXT PRIMARY KEY, result_sid TEXT NOT NULL, recording_sid TEXT NOT NULL,
    label TEXT, content_type TEXT, date_created TEXT, date_updated TEXT,
    object TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    verified_at TEXT, verdict TEXT
) WITHOUT ROWID;
CREATE INDEX payloads_result ON payloads (result_sid);
CREATE INDEX payloads_bad ON payloads (sid) WHERE verdict != 'ok';
CREATE TABLE transcripts (
    id INTEGER PRIMARY KEY, payload_sid TEXT NOT NULL UNIQUE, result_sid TEXT NOT NULL,
    recording_sid TEXT NOT NULL, shape TEXT, version INTEGER, language TEXT, text TEXT NOT NULL);
CREATE VIRTUAL TABLE transcripts_fts USING fts5(
    text, content='transcripts', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE TABLE turns (
    payload_sid TEXT NOT NULL, n INTEGER NOT NULL, speaker TEXT, channel INTEGER,
    start REAL, "end" REAL, text TEXT NOT NULL, confidence REAL,
    PRIMARY KEY (payload_sid, n)) WITHOUT ROWID;
CREATE TABLE runs (
    id TEXT PRIMARY KEY, started TEXT NOT NULL, ended TEXT, complete INTEGER NOT NULL DEFAULT 0,
    predicted INTEGER, requests INTEGER, looked INTEGER, saved INTEGER, failed INTEGER,
    ended_as TEXT) WITHOUT ROWID;
CREATE TABLE tombstones (
    sid TEXT PRIMARY KEY, erased_at TEXT NOT NULL, reason TEXT) WITHOUT ROWID;
"""
_ERASURES = """
CREATE TABLE erasures (
    id TEXT PRIMARY KEY, asked TEXT NOT NULL, account_sid TEXT, at TEXT NOT NULL, ended TEXT,
    source TEXT, reason TEXT, results INTEGER, payloads INTEGER, bytes INTEGER, profile TEXT,
    problem TEXT) WITHOUT ROWID;
"""
_STEPS = (_FIRST, _ERASURES)
"""What brings an index from each version to the next."""
SCHEMA = len(_STEPS)
"""The version of the tables, as `user_version` has it."""


def iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def iso_of(text: object) -> str | None:
    """A date of the service as it stands in the index."""
    found = dates.parse(text)
    return iso(found) if found else None


class Index:
    """An open index. Raises AddonctlError for whatever SQLite refuses."""

    def __init__(self, path: Path, archive_id: str, *, make: bool, url: str) -> None:
        """`make` it where there is none; else it must be of that very archive."""
        self.path = path
        fresh = not path.exists()
        if fresh and not make:
            raise AddonctlError(
                f"the index of {url} is not at {path}",
                hint="make it of what is stored: addonctl archive rebuild",
            )
        with self.explained():
            if fresh:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self.db = sqlite3.connect(path, timeout=30, isolation_level=None)
        try:
            self._check(archive_id, url)
        except BaseException:
            self.close()
            raise

    def _check(self, archive_id: str, url: str) -> None:
        """Have the tables in a new file; refuse one that is not this archive's, or not known."""
        with self.explained():
            self.db.row_factory = sqlite3.Row
            version = self.db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA:
                raise Usage(
                    f"the index {self.path} is of version {version}; this program knows {SCHEMA}",
                    hint="a newer addonctl is needed",
                )
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("PRAGMA synchronous = FULL")
            if version < SCHEMA:
                with self.changing():
                    self._make(archive_id)
        if self.value("SELECT value FROM meta WHERE key = 'archive'") != archive_id:
            raise Usage(
                f"the index {self.path} is of another archive than the one at {url}",
                hint="is the right disk mounted? If so: addonctl archive rebuild",
            )

    def _make(self, archive_id: str) -> None:
        """Bring the tables to this version; another process may just have done so."""
        version = self.db.execute("PRAGMA user_version").fetchone()[0]
        try:
            for statement in "".join(_STEPS[version:]).split(";\n"):
                if statement.strip():
                    self.db.execute(statement)
        except sqlite3.OperationalError as problem:
            if "fts5" in str(problem):
                raise AddonctlError(
                    "this Python's SQLite has no full text search (FTS5), which an archive needs"
                ) from None
            raise
        if version == 0:
            self.db.execute("INSERT INTO meta VALUES ('archive', ?)", (archive_id,))
        self.db.execute(f"PRAGMA user_version = {SCHEMA}")

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Whatever SQLite says as an AddonctlError."""
        try:
            yield
        except (sqlite3.Error, OSError, OverflowError, UnicodeError) as problem:
            raise PlaceFailed(f"the index {self.path}: {problem}") from None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One transaction: all of it, or nothing."""
        with self.explained():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:  # a full disk has ended it already
                    self.db.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: object) -> Iterator[sqlite3.Row]:
        """The rows of a query, as they are read."""
        with self.explained():
            for row in self.db.execute(query, values):  # noqa: UP028  it would close what is closed
                yield row

    @contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for another thread, which reads while this one writes."""
        with self.explained():
            # Where a run ends early, it is closed by another thread than the one that read.
            db = sqlite3.connect(
                self.path, timeout=30, isolation_level=None, check_same_thread=False
            )
        db.row_factory = sqlite3.Row
        try:
            with self.explained():
                yield db
        finally:
            db.close()

    def value(self, query: str, *values: object) -> Any:
        """The one value that a query asks for."""
        with self.explained():
            row = self.db.execute(query, values).fetchone()
        return row[0] if row else None

    def run(self, statement: str, *values: object) -> None:
        """Change something, within a transaction that is open."""
        self.db.execute(statement, values)

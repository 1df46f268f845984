"""What an archive holds, to be searched, and when to look again: one SQLite file.

It is readable as it is (SIDs as text, times as `2026-11-21T18:43:00Z`), has one writer, and can be
thrown away: `archive rebuild` makes it anew of the markers. The rows of a recording change in one
transaction.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from addonctl import dates
from addonctl.archive.marker import Kept
from addonctl.errors import AddonctlError, Usage
from addonctl.models import FINAL, Recording, Result
from addonctl.transcripts import VERSION, Transcript

SCHEMA = 1
"""The version of the tables, as `user_version` has it."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE accounts (
    sid TEXT PRIMARY KEY, listed_at TEXT, listed_all_at TEXT, problem TEXT) WITHOUT ROWID;
CREATE TABLE recordings (
    sid TEXT PRIMARY KEY, account_sid TEXT NOT NULL, call_sid TEXT, conference_sid TEXT,
    date_created TEXT, duration INTEGER, looked_at TEXT, next_look TEXT,
    settled INTEGER NOT NULL DEFAULT 0, problem TEXT, tries INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX recordings_due ON recordings (next_look) WHERE settled = 0;
CREATE INDEX recordings_call ON recordings (call_sid);
CREATE TABLE results (
    sid TEXT PRIMARY KEY, recording_sid TEXT NOT NULL, account_sid TEXT NOT NULL,
    add_on_sid TEXT, add_on_configuration_sid TEXT, status TEXT,
    date_created TEXT, date_updated TEXT, date_completed TEXT, expires TEXT,
    state TEXT NOT NULL, folder TEXT, saved_at TEXT, retired_at TEXT,
    problem TEXT, tries INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX results_recording ON results (recording_sid);
CREATE INDEX results_state ON results (state, expires);
CREATE TABLE payloads (
    sid TEXT PRIMARY KEY, result_sid TEXT NOT NULL, recording_sid TEXT NOT NULL,
    label TEXT, content_type TEXT, date_created TEXT, date_updated TEXT,
    object TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    verified_at TEXT, verdict TEXT
) WITHOUT ROWID;
CREATE INDEX payloads_result ON payloads (result_sid);
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


class SavedPayload(NamedTuple):
    """A payload that is in the place, and what was said in it, if anything."""

    kept: Kept
    transcript: Transcript | None


class SeenResult(NamedTuple):
    """A result as the service, or its marker, has it.

    `state` is pending (not final yet), saved (all of it is in the place), failed (it could not be
    saved, and stays due) or lost (it expired before it could be). `payloads` are None where they
    are as they were.
    """

    document: Mapping[str, Any]
    state: str
    folder: str | None = None
    payloads: tuple[SavedPayload, ...] | None = None
    problem: str | None = None


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
            self.db.row_factory = sqlite3.Row
            version = self.db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA:
                raise Usage(
                    f"the index {path} is of version {version}; this program knows {SCHEMA}",
                    hint="a newer addonctl is needed",
                )
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("PRAGMA synchronous = FULL")
            if version == 0:
                with self.changing():
                    self._make(archive_id)
        known = self.value("SELECT value FROM meta WHERE key = 'archive'")
        if known != archive_id:
            self.close()
            raise Usage(
                f"the index {path} is of another archive than the one at {url}",
                hint="is the right disk mounted? If so: addonctl archive rebuild",
            )

    def _make(self, archive_id: str) -> None:
        try:
            for statement in _TABLES.split(";\n"):
                if statement.strip():
                    self.db.execute(statement)
        except sqlite3.OperationalError as problem:
            if "fts5" in str(problem):
                raise AddonctlError(
                    "this Python's SQLite has no full text search (FTS5), which an archive needs"
                ) from None
            raise
        self.db.execute("INSERT INTO meta VALUES ('archive', ?)", (archive_id,))
        self.db.execute(f"PRAGMA user_version = {SCHEMA}")

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Whatever SQLite says as an AddonctlError."""
        try:
            yield
        except (sqlite3.Error, OSError) as problem:
            raise AddonctlError(f"the index {self.path}: {problem}") from None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One transaction: all of it, or nothing."""
        with self.explained():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def rows(self, query: str, *values: object) -> Iterator[sqlite3.Row]:
        """The rows of a query, as they are read."""
        with self.explained():
            yield from self.db.execute(query, values)

    @contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for another thread, which reads while this one writes."""
        with self.explained():
            db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
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

    # What is seen

    def listed(self, account: str, recordings: Iterable[Recording], now: datetime) -> None:
        """Note recordings that a list showed; those not known are due at once."""
        with self.changing():
            for each in recordings:
                self._recording(account, each.sid, each.document, now)

    def _recording(
        self, account: str, sid: str, document: Mapping[str, Any], now: datetime
    ) -> None:
        duration = str(document.get("duration") or "")
        self.run(
            "INSERT INTO recordings (sid, account_sid, call_sid, conference_sid, date_created,"
            " duration, next_look) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sid) DO UPDATE SET"
            " call_sid = coalesce(excluded.call_sid, call_sid),"
            " conference_sid = coalesce(excluded.conference_sid, conference_sid),"
            " date_created = coalesce(excluded.date_created, date_created),"
            " duration = coalesce(excluded.duration, duration)",
            sid,
            account,
            document.get("call_sid"),
            document.get("conference_sid"),
            iso_of(document.get("date_created")),
            int(duration) if duration.isdecimal() and len(duration) < 10 else None,
            iso(now),
        )

    def saw(
        self,
        account: str,
        recording: Mapping[str, Any],
        results: Iterable[SeenResult],
        now: datetime,
    ) -> None:
        """Note what a look at one recording found; within a transaction."""
        sid = str(recording["sid"])
        self._recording(account, sid, recording, now)
        for seen in results:
            self._result(account, sid, seen, now)

    def _result(self, account: str, recording: str, seen: SeenResult, now: datetime) -> None:
        document = seen.document
        result = Result(document)
        expires = result.expires
        self.run(
            "INSERT INTO results (sid, recording_sid, account_sid, add_on_sid,"
            " add_on_configuration_sid, status, date_created, date_updated, date_completed,"
            " expires, state, folder, saved_at, problem, tries)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sid) DO UPDATE SET"
            " status = excluded.status, date_updated = excluded.date_updated,"
            " date_completed = excluded.date_completed, state = excluded.state,"
            " folder = coalesce(excluded.folder, folder),"
            " saved_at = coalesce(excluded.saved_at, saved_at), problem = excluded.problem,"
            " tries = CASE WHEN excluded.problem IS NULL THEN 0 ELSE tries + 1 END",
            result.sid,
            recording,
            account,
            document.get("add_on_sid"),
            document.get("add_on_configuration_sid"),
            result.status,
            iso_of(document.get("date_created")),
            iso_of(document.get("date_updated")),
            iso_of(document.get("date_completed")),
            iso(expires) if expires else None,
            seen.state,
            seen.folder,
            iso(now) if seen.payloads is not None else None,
            seen.problem,
            1 if seen.problem else 0,
        )
        if seen.payloads is not None:
            listed = {each.kept.sid for each in seen.payloads}
            old = self.db.execute("SELECT sid FROM payloads WHERE result_sid = ?", (result.sid,))
            for (gone,) in old.fetchall():
                if gone not in listed:
                    self.forget_payload(gone)
            for each in seen.payloads:
                self._payload(recording, result.sid, each)

    def _payload(self, recording: str, result: str, saved: SavedPayload) -> None:
        kept, document = saved.kept, saved.kept.document
        known = self.db.execute("SELECT sha256 FROM payloads WHERE sid = ?", (kept.sid,)).fetchone()
        self.run(
            "INSERT OR REPLACE INTO payloads (sid, result_sid, recording_sid, label, content_type,"
            " date_created, date_updated, object, bytes, sha256)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            kept.sid,
            result,
            recording,
            _text(document.get("label")),
            _text(document.get("content_type")),
            iso_of(document.get("date_created")),
            iso_of(document.get("date_updated")),
            kept.name,
            kept.size,
            kept.sha256,
        )
        if known and known[0] == kept.sha256:
            return
        self.forget_words(kept.sid)
        if not saved.transcript:
            return
        turns = saved.transcript.turns
        text = "\n".join(_text(turn.text) or "" for turn in turns)
        added = self.db.execute(
            "INSERT INTO transcripts (payload_sid, result_sid, recording_sid, shape, version,"
            " language, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(kept.sid, result, recording, saved.transcript.shape, VERSION),
                *(_text(saved.transcript.language), text),
            ),
        )
        self.run("INSERT INTO transcripts_fts (rowid, text) VALUES (?, ?)", added.lastrowid, text)
        self.db.executemany(
            "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (kept.sid, turn.n, _text(turn.speaker), turn.channel)
                + (turn.start, turn.end, _text(turn.text), turn.confidence)
                for turn in turns
            ],
        )

    def forget_words(self, payload: str) -> None:
        """Take what was said in a payload out of the index; within a transaction."""
        found = self.db.execute(
            "SELECT id, text FROM transcripts WHERE payload_sid = ?", (payload,)
        ).fetchone()
        if found:
            self.run(
                "INSERT INTO transcripts_fts (transcripts_fts, rowid, text)"
                " VALUES ('delete', ?, ?)",
                *found,
            )
            self.run("DELETE FROM transcripts WHERE id = ?", found[0])
        self.run("DELETE FROM turns WHERE payload_sid = ?", payload)

    def forget_payload(self, payload: str) -> None:
        """Take a payload out of the index; within a transaction."""
        self.forget_words(payload)
        self.run("DELETE FROM payloads WHERE sid = ?", payload)

    def looked(
        self, sid: str, *, next_look: datetime | None, problem: str | None, now: datetime
    ) -> None:
        """Note when to look at a recording again, or never; within a transaction."""
        self.run(
            "UPDATE recordings SET looked_at = ?, next_look = ?, settled = ?, problem = ?,"
            " tries = CASE WHEN ?4 IS NULL THEN 0 ELSE tries + 1 END WHERE sid = ?5",
            iso(now),
            iso(next_look) if next_look else None,
            int(next_look is None),
            problem,
            sid,
        )

    def pending(self, recording: str) -> bool:
        """Whether a recording has a result that is not final, or not kept though it should be."""
        final = ", ".join(f"'{status}'" for status in sorted(FINAL))
        return bool(
            self.value(
                "SELECT count(*) FROM results WHERE recording_sid = ? AND state != 'lost'"  # noqa: S608
                f" AND retired_at IS NULL AND (status NOT IN ({final}) OR state = 'failed')",
                recording,
            )
        )


def _text(value: object) -> str | None:
    """Text that SQLite can hold: UTF-8 has no lone surrogates."""
    if value is None:
        return None
    return str(value).encode("utf-8", "replace").decode()

"""What a look found, noted in the index: a recording's rows change in one transaction.

All but `listed` work within a transaction that is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from addonctl.archive.index import Index, iso, iso_of
from addonctl.archive.marker import Kept
from addonctl.models import FINAL, Recording, Result
from addonctl.transcripts import VERSION, Transcript


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


def listed(index: Index, account: str, recordings: Iterable[Recording], now: datetime) -> None:
    """Note recordings that a list showed; those not known are due at once."""
    with index.changing():
        for each in recordings:
            _recording(index, account, each.sid, each.document, now)


def _recording(
    index: Index, account: str, sid: str, document: Mapping[str, Any], now: datetime
) -> None:
    duration = str(document.get("duration") or "")
    index.run(
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
    index: Index,
    account: str,
    recording: Mapping[str, Any],
    results: Iterable[SeenResult],
    now: datetime,
) -> None:
    """Note what a look at one recording found; within a transaction."""
    sid = str(recording["sid"])
    _recording(index, account, sid, recording, now)
    for seen in results:
        _result(index, account, sid, seen, now)


def _result(index: Index, account: str, recording: str, seen: SeenResult, now: datetime) -> None:
    document = seen.document
    result = Result(document)
    expires = result.expires
    index.run(
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
        old = index.db.execute("SELECT sid FROM payloads WHERE result_sid = ?", (result.sid,))
        for (gone,) in old.fetchall():
            if gone not in listed:
                forget_payload(index, gone)
        for each in seen.payloads:
            _payload(index, recording, result.sid, each)


def _payload(index: Index, recording: str, result: str, saved: SavedPayload) -> None:
    kept, document = saved.kept, saved.kept.document
    known = index.db.execute("SELECT sha256 FROM payloads WHERE sid = ?", (kept.sid,)).fetchone()
    index.run(
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
    forget_words(index, kept.sid)
    if not saved.transcript:
        return
    turns = saved.transcript.turns
    text = "\n".join(_text(turn.text) or "" for turn in turns)
    added = index.db.execute(
        "INSERT INTO transcripts (payload_sid, result_sid, recording_sid, shape, version,"
        " language, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(kept.sid, result, recording, saved.transcript.shape, VERSION),
            *(_text(saved.transcript.language), text),
        ),
    )
    index.run("INSERT INTO transcripts_fts (rowid, text) VALUES (?, ?)", added.lastrowid, text)
    index.db.executemany(
        "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (kept.sid, turn.n, _text(turn.speaker), turn.channel)
            + (turn.start, turn.end, _text(turn.text), turn.confidence)
            for turn in turns
        ],
    )


def forget_words(index: Index, payload: str) -> None:
    """Take what was said in a payload out of the index; within a transaction."""
    found = index.db.execute(
        "SELECT id, text FROM transcripts WHERE payload_sid = ?", (payload,)
    ).fetchone()
    if found:
        index.run(
            "INSERT INTO transcripts_fts (transcripts_fts, rowid, text) VALUES ('delete', ?, ?)",
            *found,
        )
        index.run("DELETE FROM transcripts WHERE id = ?", found[0])
    index.run("DELETE FROM turns WHERE payload_sid = ?", payload)


def forget_payload(index: Index, payload: str) -> None:
    """Take a payload out of the index; within a transaction."""
    forget_words(index, payload)
    index.run("DELETE FROM payloads WHERE sid = ?", payload)


def looked(
    index: Index, sid: str, *, next_look: datetime | None, problem: str | None, now: datetime
) -> None:
    """Note when to look at a recording again, or never; within a transaction."""
    index.run(
        "UPDATE recordings SET looked_at = ?, next_look = ?, settled = ?, problem = ?,"
        " tries = CASE WHEN ?4 IS NULL THEN 0 ELSE tries + 1 END WHERE sid = ?5",
        iso(now),
        iso(next_look) if next_look else None,
        int(next_look is None),
        problem,
        sid,
    )


def pending(index: Index, recording: str) -> bool:
    """Whether a recording has a result that is not final, or not kept though it should be."""
    final = ", ".join(f"'{status}'" for status in sorted(FINAL))
    return bool(
        index.value(
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

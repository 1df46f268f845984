"""What a look found, noted in the index: a recording's rows change in one transaction.

All but `listed` work within a transaction that is open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from addonctl.archive.index import Index, iso, iso_of, moment
from addonctl.archive.marker import Kept
from addonctl.errors import AddonctlError
from addonctl.models import FINAL, Recording, Result
from addonctl.sids import given_sid
from addonctl.transcripts import VERSION, Transcript

A_SECOND = 1 << 20
"""How many transcripts may be of results made in the same second."""
MARKER_IS = "its marker: "
"""How the problem of a result begins whose marker is not as it should be."""
OLD = timedelta(days=60)
"""Recordings older than this are looked at rarely, and their documents are not held ready."""


class SavedPayload(NamedTuple):
    """A payload that is in the place, and what was said in it, if anything.

    The `verdict` is of bytes that are not those that were kept, and cannot be had again.
    """

    kept: Kept
    transcript: Transcript | None
    verdict: str | None = None


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


def listed(index: Index, account: str, recordings: Iterable[Recording], now: datetime) -> list[str]:
    """Note recordings that a list showed; those not known are due at once, and so is one that was
    taken to be gone. Gives back what is wrong with those that cannot be noted.
    """
    wrong = []
    with index.changing():
        for each in recordings:
            try:
                sid = given_sid(each.sid, "RE")
            except AddonctlError as problem:
                wrong.append(problem.message)
                continue
            _recording(index, account, sid, each.document, now)
            index.run(
                "UPDATE recordings SET document = ?, settled = 0,"
                " next_look = coalesce(next_look, ?)"
                " WHERE sid = ? AND (document IS NULL AND looked_at IS NULL OR settled = 1)",
                *(json.dumps(each.document), iso(now), sid),
            )
    return wrong


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
        _text(document.get("call_sid")),
        _text(document.get("conference_sid")),
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
        _text(document.get("add_on_sid")),
        _text(document.get("add_on_configuration_sid")),
        _text(result.status),
        iso_of(document.get("date_created")),
        iso_of(document.get("date_updated")),
        iso_of(document.get("date_completed")),
        iso(expires) if expires else None,
        seen.state,
        seen.folder,
        iso(now) if seen.payloads is not None else None,
        _text(seen.problem),
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
        " date_created, date_updated, object, bytes, sha256, verdict)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        saved.verdict,
    )
    if known and known[0] == kept.sha256:
        return
    forget_words(index, kept.sid)
    if not saved.transcript:
        return
    turns = saved.transcript.turns
    text = "\n".join(_text(turn.text) or "" for turn in turns)
    number = _number(index, result)
    index.run(
        "INSERT INTO transcripts (id, payload_sid, result_sid, recording_sid, shape, version,"
        " language, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(number, kept.sid, result, recording, saved.transcript.shape, VERSION),
        *(_text(saved.transcript.language), text),
    )
    index.run("INSERT INTO transcripts_fts (rowid, text) VALUES (?, ?)", number, text)
    index.db.executemany(
        "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (kept.sid, turn.n, _text(turn.speaker), turn.channel)
            + (turn.start, turn.end, _text(turn.text), turn.confidence)
            for turn in turns
        ],
    )


def _number(index: Index, result: str) -> int:
    """The number of a new transcript: they are in the order of their results' dates, so that the
    newest of many thousand hits are found without a look at the others.
    """
    made = moment(index.value("SELECT date_created FROM results WHERE sid = ?", result))
    first = int(made.timestamp()) * A_SECOND if made else 0
    last = index.value(
        "SELECT max(id) FROM transcripts WHERE id >= ? AND id < ?", first, first + A_SECOND
    )
    return first if last is None else int(last) + 1


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
        " tries = CASE WHEN ?4 IS NULL THEN 0 ELSE tries + 1 END,"
        # Rarely has one so old another result; most of the file would be such documents.
        " document = CASE WHEN date_created < ?6 THEN NULL ELSE document END WHERE sid = ?5",
        iso(now),
        iso(next_look) if next_look else None,
        int(next_look is None),
        _text(problem),
        sid,
        iso(now - OLD),
    )


def vanished(index: Index, result: str, problem: str) -> None:
    """Note that a result is not at the service any more, and was not saved as it was last seen;
    within a transaction.
    """
    index.run(
        "UPDATE results SET state = CASE WHEN saved_at IS NULL THEN 'lost' ELSE 'saved' END,"
        " problem = ? WHERE sid = ?",
        *(problem, result),
    )


def retired(index: Index, result: str, at: str) -> None:
    """Note that a result was deleted at the service because it is here; within a transaction."""
    index.run("UPDATE results SET state = 'retired', retired_at = ? WHERE sid = ?", at, result)


def gone(index: Index, recording: str) -> int:
    """Note that a recording is not there any more: what was not saved of it is lost. Gives back
    how many results that are; within a transaction.
    """
    query = "SELECT sid FROM results WHERE recording_sid = ? AND state IN ('pending', 'failed')"
    unsaved = index.db.execute(query, (recording,)).fetchall()
    for (result,) in unsaved:
        why = "its recording was deleted at the service before it was saved"
        vanished(index, result, why)
    return len(unsaved)


def marked(index: Index, result: str, verdict: str) -> None:
    """Note how a result's marker was found to be; within a transaction."""
    if verdict == "ok":
        index.run(
            "UPDATE results SET problem = NULL WHERE sid = ? AND problem GLOB ?",
            *(result, f"{MARKER_IS}*"),
        )
    else:
        index.run("UPDATE results SET problem = ? WHERE sid = ?", f"{MARKER_IS}{verdict}", result)


def pending(index: Index, recording: str, now: datetime) -> bool:
    """Whether a recording has a result that is not final, or not kept though it should be."""
    final = ", ".join(f"'{status}'" for status in sorted(FINAL))
    return bool(
        index.value(
            "SELECT count(*) FROM results WHERE recording_sid = ? AND retired_at IS NULL AND ("  # noqa: S608
            " state IN ('pending', 'failed') OR state = 'saved'"
            f" AND status NOT IN ({final}) AND coalesce(expires, '9') > ?)",
            *(recording, iso(now)),
        )
    )


def _text(value: object) -> str | None:
    """Text that SQLite can hold: UTF-8 has no lone surrogates."""
    if value is None:
        return None
    return str(value).encode("utf-8", "replace").decode()

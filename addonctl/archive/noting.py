"""What looks found, noted in the index: many recordings in one transaction, each of them whole.

All but `listed` work within a transaction that is open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from addonctl import dates
from addonctl.addresses import given_sid
from addonctl.archive.index import MARKER_IS, Index, iso
from addonctl.archive.marker import Kept
from addonctl.errors import AddonctlError
from addonctl.models import RETENTION, Recording
from addonctl.transcripts import VERSION, Transcript

A_SECOND = 1 << 20
"""How many transcripts may be of results made in the same second."""
OLD = timedelta(days=60)
"""Recordings older than this are looked at rarely, and their documents are not held ready."""
AT_ONCE = 500
"""How many SIDs one query asks for: older releases of SQLite take 999 values."""

RECORDING = (
    "INSERT INTO recordings (sid, account_sid, call_sid, conference_sid, date_created, duration,"
    " looked_at, next_look, settled, problem, tries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (sid) DO UPDATE SET"
    " call_sid = coalesce(excluded.call_sid, call_sid),"
    " conference_sid = coalesce(excluded.conference_sid, conference_sid),"
    " date_created = coalesce(excluded.date_created, date_created),"
    " duration = coalesce(excluded.duration, duration)"
)
LOOKED = (
    f"{RECORDING}, looked_at = excluded.looked_at, next_look = excluded.next_look,"
    " settled = excluded.settled, problem = excluded.problem,"
    " tries = CASE WHEN excluded.problem IS NULL THEN 0 ELSE tries + 1 END,"
    # Rarely has one so old another result; most of the file would be such documents.
    " document = CASE WHEN date_created < ?12 THEN NULL ELSE document END"
)
RESULT = (
    "INSERT INTO results (sid, recording_sid, account_sid, add_on_sid, add_on_configuration_sid,"
    " status, date_created, date_updated, date_completed, expires, state, folder, saved_at,"
    " problem, tries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (sid) DO UPDATE SET"
    " status = excluded.status, date_updated = excluded.date_updated,"
    " date_completed = excluded.date_completed, state = excluded.state,"
    " folder = coalesce(excluded.folder, folder),"
    " saved_at = coalesce(excluded.saved_at, saved_at), problem = excluded.problem,"
    " tries = CASE WHEN excluded.problem IS NULL THEN 0 ELSE tries + 1 END"
)
PAYLOAD = (
    "INSERT OR REPLACE INTO payloads (sid, result_sid, recording_sid, label, content_type,"
    " date_created, date_updated, object, bytes, sha256, verdict)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


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


class Look(NamedTuple):
    """What there is to note of one recording: its document, its results, when to look at it again
    (None: never), and what kept it from being looked at.
    """

    account: str
    sid: str
    document: Mapping[str, Any]
    results: Sequence[SeenResult] = ()
    next_look: datetime | None = None
    problem: str | None = None


def listed(index: Index, account: str, recordings: Iterable[Recording], now: datetime) -> list[str]:
    """Note recordings that a list showed; those not known are due at once, and so is one that was
    taken to be gone. Those that were erased, or whose call was, are not. Gives back what is wrong
    with those that cannot be noted.
    """
    wrong = []
    found: dict[str, Mapping[str, Any]] = {}
    for each in recordings:
        try:
            found[given_sid(each.sid, "RE")] = each.document
        except AddonctlError as problem:
            wrong.append(problem.message)
    calls = {sid: str(document.get("call_sid")) for sid, document in found.items()}
    erased = _among(index, {*calls, *calls.values()}, "SELECT sid FROM tombstones WHERE sid")
    for sid, call in calls.items():
        if not erased.isdisjoint([(sid,), (call,)]):
            del found[sid]
    with index.changing():
        old, due = iso(now - OLD), iso(now)
        known = _among(
            index,
            found,
            "SELECT sid FROM recordings WHERE settled = 0"  # noqa: S608
            f" AND (document IS NOT NULL OR date_created < '{old}') AND sid",
        )
        rows = [_recording(Look(account, *each), None, due) for each in found.items()]
        index.db.executemany(RECORDING, rows)
        index.db.executemany(
            "UPDATE recordings SET document = ?, settled = 0, next_look = coalesce(next_look, ?)"
            " WHERE sid = ?",
            [
                (json.dumps(document), due, sid)
                for sid, document in found.items()
                if (sid,) not in known
            ],
        )
    return wrong


def named(index: Index, account: str, sids: Iterable[str], now: datetime) -> list[str]:
    """Note recordings of which only the name is known. Gives back those that were erased."""
    due, wanted = iso(now), set(sids)
    erased = {sid for (sid,) in _among(index, wanted, "SELECT sid FROM tombstones WHERE sid")}
    rows = [_recording(Look(account, sid, {}), None, due) for sid in wanted - erased]
    with index.changing():
        index.db.executemany(RECORDING, rows)
    return sorted(erased)


def saw(index: Index, looks: Sequence[Look], now: datetime) -> None:
    """Note what looks found, and when the next are due; within a transaction."""
    _results(index, looks, now)
    at, old = iso(now), iso(now - OLD)
    rows = [_recording(each, at, iso(each.next_look) if each.next_look else None) for each in looks]
    index.db.executemany(LOOKED, [(*row, old) for row in rows])


def filled(index: Index, looks: Sequence[Look], now: datetime) -> None:
    """Note what markers say of recordings that nobody has looked at; within a transaction."""
    _results(index, looks, now)
    due = iso(now)
    index.db.executemany(RECORDING, [_recording(each, None, due) for each in looks])


def _recording(look: Look, looked_at: str | None, next_look: str | None) -> tuple[object, ...]:
    document = look.document
    duration = str(document.get("duration") or "")
    return (
        *(look.sid, look.account),
        *(_text(document.get("call_sid")), _text(document.get("conference_sid"))),
        _date(document.get("date_created")),
        int(duration) if duration.isdecimal() and len(duration) < 10 else None,
        *(looked_at, next_look, int(next_look is None)),
        *(_text(look.problem), 1 if look.problem else 0),
    )


def _results(index: Index, looks: Sequence[Look], now: datetime) -> None:
    """Note results, their payloads and what was said in them."""
    results: list[tuple[object, ...]] = []
    payloads: dict[str, tuple[object, ...]] = {}
    words: dict[str, tuple[str, str, object, Transcript]] = {}
    at = iso(now)
    for look in looks:
        for document, state, folder, saved, problem in look.results:
            sid = str(document["sid"])
            created = document.get("date_created")
            results.append(
                (
                    *(sid, look.sid, look.account, _text(document.get("add_on_sid"))),
                    *(
                        _text(document.get("add_on_configuration_sid")),
                        _text(document.get("status")),
                    ),
                    *(_date(created), _date(document.get("date_updated"))),
                    *(_date(document.get("date_completed")), _date(created, RETENTION)),
                    *(state, folder, None if saved is None else at),
                    *(_text(problem), 1 if problem else 0),
                )
            )
            for kept, transcript, verdict in saved or ():
                about, name, size, sha256 = kept
                payloads[kept.sid] = (
                    *(kept.sid, sid, look.sid),
                    *(_text(about.get("label")), _text(about.get("content_type"))),
                    *(_date(about.get("date_created")), _date(about.get("date_updated"))),
                    *(name, size, sha256, verdict),
                )
                if transcript:
                    words[kept.sid] = sid, look.sid, created, transcript
    saved_now = [
        str(seen.document["sid"])
        for look in looks
        for seen in look.results
        if seen.payloads is not None
    ]
    for sid, sha256 in _among(
        index, saved_now, "SELECT sid, sha256 FROM payloads WHERE result_sid"
    ):
        if sid not in payloads:
            forget_payload(index, sid)
        elif payloads[sid][9] == sha256:
            words.pop(sid, None)
        else:
            forget_words(index, sid)
    for (sid,) in _among(index, words, "SELECT payload_sid FROM transcripts WHERE payload_sid"):
        forget_words(index, sid)  # it was another result's
    index.db.executemany(RESULT, results)
    index.db.executemany(PAYLOAD, payloads.values())
    _words(index, words)


def _words(index: Index, words: Mapping[str, tuple[str, str, object, Transcript]]) -> None:
    """Note what was said. The numbers of transcripts are in the order of their results' dates, so
    that the newest of many thousand hits are found without a look at the others.
    """
    numbers: dict[int, int] = {}
    transcripts, turns = [], []
    for payload, (result, recording, created, transcript) in words.items():
        made = dates.parse(created)
        first = int(made.timestamp()) * A_SECOND if made else 0
        if first not in numbers:
            query = "SELECT max(id) FROM transcripts WHERE id >= ? AND id < ?"
            last = index.value(query, first, first + A_SECOND)
            numbers[first] = first if last is None else int(last) + 1
        number, numbers[first] = numbers[first], numbers[first] + 1
        text = "\n".join(_text(turn.text) or "" for turn in transcript.turns)
        about = transcript.shape, VERSION, _text(transcript.language)
        transcripts.append((number, payload, result, recording, *about, text))
        for turn in transcript.turns:
            said = turn.start, turn.end, _text(turn.text), turn.confidence
            turns.append((payload, turn.n, _text(turn.speaker), turn.channel, *said))
    index.db.executemany("INSERT INTO transcripts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", transcripts)
    index.db.executemany(
        "INSERT INTO transcripts_fts (rowid, text) VALUES (?, ?)",
        [(row[0], row[-1]) for row in transcripts],
    )
    index.db.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)", turns)


def _among(index: Index, sids: Iterable[str], query: str) -> set[tuple[str, ...]]:
    """The rows of a query whose last column is one of many SIDs."""
    wanted, found = list(sids), set()
    for first in range(0, len(wanted), AT_ONCE):
        part = wanted[first : first + AT_ONCE]
        marks = ", ".join("?" * len(part))
        found |= {tuple(row) for row in index.db.execute(f"{query} IN ({marks})", part)}
    return found


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


def _date(text: object, shift: timedelta | None = None) -> str | None:
    """A date of the service as it stands in the index."""
    if not isinstance(text, str):
        return None
    found = dates.iso(text, shift, zulu=True)
    return None if found == text else found


def _text(value: object) -> str | None:
    """Text that SQLite can hold: UTF-8 has no lone surrogates."""
    if value is None:
        return None
    text = str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()

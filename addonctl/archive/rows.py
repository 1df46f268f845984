"""The rows in which an archive is shown, and the queries they are made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from addonctl import dates
from addonctl.addresses import Address
from addonctl.archive.index import MARKER_IS, Index, iso, moment
from addonctl.errors import Usage
from addonctl.models import Record, Resource, fields


class KeptResult(Resource):
    """A result in the archive."""

    COLLECTION, ELEMENT = "results", "Result"
    FIELDS = fields(
        "sid:sid recording_sid:sid account_sid:sid call_sid:sid state:status"
        " status:status add_on_sid:sid add_on_configuration_sid:sid date_created:date"
        " expires:date saved_at:date payloads:number problem"
    )
    COLUMNS = ("sid", "state", "status", "date_created", "expires", "recording_sid")

    @property
    def address(self) -> Address:
        return Address(self._text("recording_sid"), self._text("sid"))


class KeptPayload(Resource):
    """A payload in the archive."""

    COLLECTION, ELEMENT = "payloads", "Payload"
    FIELDS = fields(
        "sid:sid result_sid:sid recording_sid:sid label content_type bytes:number"
        " sha256 status:status add_on_sid:sid add_on_configuration_sid:sid"
        " date_created:date verified_at:date verdict"
    )
    COLUMNS = ("sid", "label", "content_type", "bytes", "result_sid", "recording_sid")

    @property
    def address(self) -> Address:
        return Address(self._text("recording_sid"), self._text("result_sid"), self._text("sid"))


class RunRow(Record):
    """One run."""

    COLLECTION, ELEMENT = "runs", "Run"
    FIELDS = fields(
        "started:date ended:date complete predicted:number requests:number"
        " looked:number saved:number failed:number ended_as"
    )


class ErasureRow(Record):
    """One thing that was erased; `ended` is empty while it is not complete."""

    COLLECTION, ELEMENT = "erasures", "Erasure"
    FIELDS = fields(
        "id asked account_sid:sid at:date ended:date source results:number"
        " payloads:number bytes:number profile reason problem"
    )
    COLUMNS = ("id", "at", "ended", "asked", "reason", "problem")


class Problem(Record):
    """What could not be saved, or is not as it should be."""

    COLLECTION, ELEMENT = "problems", "Problem"
    FIELDS = fields("kind sid state tries:number expires:date problem")
    COLUMNS = ("kind", "sid", "state", "expires", "problem")


class HitRow(Record):
    """One transcript in which something was said."""

    COLLECTION, ELEMENT = "hits", "Hit"
    FIELDS = fields(
        "address call_sid:sid add_on_sid:sid date_created:date speaker start:number snippet"
    )
    COLUMNS = ("snippet", "speaker", "start", "date_created", "address")

    @property
    def address(self) -> Address:
        return Address(*self._text("address").split("/"))


class VerdictRow(Record):
    """How one object compares with what it should be."""

    COLLECTION, ELEMENT = "verdicts", "Verdict"
    FIELDS = fields("verdict:status name payload_sid result_sid")
    COLUMNS = ("verdict", "name")


class StatusRow(Record):
    """Whether an archive is safe."""

    COLLECTION, ELEMENT = "archives", "Archive"
    FIELDS = fields(
        "archive accounts last_good_run:date last_run:date recordings:number"
        " recordings_not_looked_at:number results:number results_saved:number"
        " results_pending:number unsaved_expiring_in_1_day:number"
        " unsaved_expiring_in_3_days:number unsaved_expiring_in_7_days:number"
        " results_failed:number results_lost:number results_retired:number payloads:number"
        " bytes:number damaged:number"
    )


def date_of(text: str | None) -> str | None:
    """A time of the index as the API writes it."""
    found = moment(text)
    return dates.rfc2822(found) if found else None


def dated(row: sqlite3.Row, kind: type[Record]) -> dict[str, Any]:
    """A row of the index as a document of that kind."""
    names = {field.name for field in kind.FIELDS if field.kind == "date"}
    return {
        name: date_of(v) if name in names else v for name, v in zip(row.keys(), row, strict=True)
    }


LISTS: dict[str, tuple[type[Record], str]] = {
    "results": (
        KeptResult,
        "SELECT r.*, c.call_sid,"
        " (SELECT count(*) FROM payloads AS p WHERE p.result_sid = r.sid) AS payloads"
        " FROM results AS r LEFT JOIN recordings AS c ON c.sid = r.recording_sid"
        " ORDER BY r.date_created DESC",
    ),
    "payloads": (
        KeptPayload,
        "SELECT p.*, r.status, r.add_on_sid, r.add_on_configuration_sid FROM payloads AS p"
        " JOIN results AS r ON r.sid = p.result_sid ORDER BY r.date_created DESC",
    ),
    "runs": (RunRow, "SELECT * FROM runs ORDER BY started DESC"),
    "erasures": (ErasureRow, "SELECT * FROM erasures ORDER BY at DESC, id"),
    "problems": (
        Problem,
        "SELECT 'recording' AS kind, sid, NULL AS state, tries, NULL AS expires, problem"
        " FROM recordings WHERE problem IS NOT NULL UNION ALL"
        " SELECT 'result', sid, state, tries, expires, problem FROM results"
        " WHERE problem IS NOT NULL OR state IN ('failed', 'lost') UNION ALL"
        " SELECT 'payload', sid, verdict, 0, NULL, 'not as it was kept'"
        " FROM payloads WHERE verdict != 'ok' UNION ALL"
        " SELECT 'account', sid, NULL, 0, NULL, problem FROM accounts WHERE problem IS NOT NULL",
    ),
}
"""What `archive list` knows: the kind of row, and where it comes from."""


def list_of(what: str) -> tuple[type[Any], str]:
    """The kind of row of a list, and its query. Raises Usage for a word that names none."""
    if what.lower() not in LISTS:
        raise Usage(f"no list of '{what}'; known: {', '.join(LISTS)}")
    return LISTS[what.lower()]


def pages_of(index: Index, kind: type[Any], query: str) -> Iterator[list[Any]]:
    """The rows of a list, a thousand at a time."""
    rows = index.rows(query)
    return iter(lambda: [kind(dated(row, kind)) for row in islice(rows, 1000)], [])


def status_of(
    index: Index, url: str, accounts: tuple[str, ...], now: datetime, max_age: str | None
) -> tuple[StatusRow, list[str]]:
    """Whether an archive is safe: its row, and what speaks against it."""
    value = index.value
    unsaved = (
        "SELECT count(*) FROM results WHERE state IN ('pending', 'failed')"
        " AND expires > ? AND expires <= ?"
    )
    soon = [value(unsaved, iso(now), iso(now + timedelta(days=days))) for days in (1, 3, 7)]
    # What ended in the future says nothing: the clock was wrong then, or is now.
    ended = "SELECT max(ended) FROM runs WHERE ended <= ?"
    good = value(f"{ended} AND complete = 1", iso(now))  # noqa: S608
    counts = dict.fromkeys(("saved", "pending", "failed", "lost", "retired"), 0)
    counts |= dict(map(tuple, index.rows("SELECT state, count(*) FROM results GROUP BY state")))
    payloads, size = next(index.rows("SELECT count(*), coalesce(sum(bytes), 0) FROM payloads"))
    damaged = value("SELECT count(*) FROM payloads WHERE verdict != 'ok'") + value(
        "SELECT count(*) FROM results WHERE problem GLOB ?", f"{MARKER_IS}*"
    )
    unseen = value("SELECT count(*) FROM recordings WHERE looked_at IS NULL AND settled = 0")
    row = {
        "archive": url,
        "accounts": " ".join(accounts),
        "last_good_run": date_of(good),
        "last_run": date_of(value(ended, iso(now))),
        "recordings": value("SELECT count(*) FROM recordings"),
        "recordings_not_looked_at": unseen,
        "results": sum(counts.values()),
        "results_saved": counts["saved"],
        "results_pending": counts["pending"],
        "unsaved_expiring_in_1_day": soon[0],
        "unsaved_expiring_in_3_days": soon[1],
        "unsaved_expiring_in_7_days": soon[2],
        "results_failed": counts["failed"],
        "results_lost": counts["lost"],
        "results_retired": counts["retired"],
        "payloads": payloads,
        "bytes": size,
        "damaged": damaged,
    }
    bad = []
    last = moment(good)
    age = now - last if last else None
    if max_age is not None and (age is None or age > dates.duration(max_age)):
        bad.append(f"no good run within {max_age}")
    if max_age is not None:
        since = iso(now - dates.duration(max_age))
        query = (
            "SELECT sid FROM accounts WHERE problem IS NOT NULL"
            " OR coalesce(listed_at, '') NOT BETWEEN ? AND ? ORDER BY sid"
        )
        behind = [sid for (sid,) in index.rows(query, since, iso(now))]
        if age is not None and behind:
            bad.append(f"not brought up to date within {max_age}: {', '.join(behind)}")
    if soon[0]:
        bad.append(f"{soon[0]} unsaved results expire within a day")
    if damaged:
        bad.append(f"{damaged} payloads are damaged")
    if unfinished := value("SELECT count(*) FROM erasures WHERE ended IS NULL"):
        bad.append(f"{unfinished} erasures are not complete: archive erase --unfinished")
    return StatusRow(row), bad

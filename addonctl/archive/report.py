"""One page to look at: whether an archive is safe, what is in it, and, if wanted, what was said.

A file of its own that asks for nothing from the network, and that a Content-Security-Policy holds
to that: its style and its script are allowed by their hashes, and nothing else is. What comes from
vendors is text, whatever it looks like.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any, NamedTuple

from addonctl import dates
from addonctl.archive.index import Index, iso, moment
from addonctl.archive.rows import status_of
from addonctl.errors import AddonctlError
from addonctl.output import safe
from addonctl.transcripts.write import clock

DAYS = 60
"""Days in the chart of results; what is older is one number."""
AHEAD = 31
"""Days in the calendar of what expires."""
MOST = 40
"""Rows of a table; the others are one more row."""
OTHERS = "all others"
LONGEST = 120
"""Characters of a vendor's word."""
STATUSES = (
    "completed",
    "failed",
    "canceled",
    "deleted",
    "init",
    "queued",
    "processing",
    "in-progress",
)
MAX_AGE = "26h"
"""A page that is asked whether an archive is safe takes it to be brought up to date each night."""

QUERIES = {
    "days": "SELECT substr(date_created, 1, 10), status, count(*) FROM results GROUP BY 1, 2",
    "add_ons": "SELECT add_on_sid, add_on_configuration_sid, status, count(*) FROM results"
    " GROUP BY 1, 2, 3",
    "failures": "SELECT sid, recording_sid, add_on_sid, add_on_configuration_sid, date_created"
    " FROM results WHERE status = 'failed' ORDER BY date_created DESC, sid LIMIT 10",
    "waits": "SELECT add_on_sid,"
    " strftime('%s', date_completed) - strftime('%s', date_created), count(*) FROM results"
    " WHERE date_completed IS NOT NULL AND date_created IS NOT NULL GROUP BY 1, 2",
    "expiry": "SELECT substr(expires, 1, 10), state = 'saved', count(*) FROM results"
    " WHERE expires > ? AND state IN ('saved', 'pending', 'failed') GROUP BY 1, 2",
    "bytes": "SELECT label, content_type, count(*), sum(bytes) FROM payloads GROUP BY 1, 2"
    " ORDER BY 4 DESC, 1, 2",
    "runs": "SELECT started, ended, complete, requests, looked, saved, failed, ended_as FROM runs"
    " ORDER BY started DESC LIMIT 30",
    "calls": "SELECT t.payload_sid, t.result_sid, t.recording_sid, t.language, r.add_on_sid,"
    " r.date_created, c.call_sid, c.duration FROM transcripts AS t"
    " JOIN results AS r ON r.sid = t.result_sid"
    " LEFT JOIN recordings AS c ON c.sid = t.recording_sid ORDER BY t.id DESC LIMIT ?",
}
"""All that the page asks the index for, besides what `archive status` does."""
TURNS = 'SELECT n, speaker, start, "end", text FROM turns WHERE payload_sid = ? ORDER BY n'


def report(
    index: Index,
    url: str,
    accounts: tuple[str, ...],
    now: datetime,
    *,
    names: Mapping[str, str],
    transcripts: int = 0,
    max_age: str | None = None,
) -> Iterator[bytes]:
    """The page, in pieces; of one state of the index.

    `names` are what add-ons are called, by SID; `transcripts` is how many of the newest may be
    read in it. Raises AddonctlError.
    """
    template = _template()
    with index.explained():
        index.db.execute("BEGIN")
    try:
        status, bad = status_of(index, url, accounts, now, max_age or MAX_AGE)
        rows = {
            name: [tuple(row) for row in index.rows(query, *([iso(now)] if "?" in query else []))]
            for name, query in QUERIES.items()
            if name != "calls"
        }
        calls = list(index.rows(QUERIES["calls"], transcripts)) if transcripts else []
        style, script = _part("report.css"), _part("report.js")
        pieces = template.generate(
            status=status.document,
            bad=bad,
            now=now,
            names=names,
            days=_days(rows["days"], now),
            add_ons=_add_ons(rows["add_ons"]),
            failures=rows["failures"],
            waits=_waits(rows["waits"]),
            expiry=_expiry(rows["expiry"], now),
            bytes=_largest(rows["bytes"]),
            runs=rows["runs"],
            calls=calls,
            turns_of=lambda payload: index.rows(TURNS, payload),
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
        for piece in pieces:
            yield piece.encode("utf-8", "replace")
    except (ValueError, TypeError) as problem:
        raise AddonctlError(
            f"the index {index.path} holds what is not to be drawn: {type(problem).__name__}",
            hint="make it of what is stored: addonctl archive rebuild",
        ) from None
    finally:
        with index.explained():
            index.db.execute("ROLLBACK")


# What is drawn


class Bar(NamedTuple):
    """One day: how many results of each status, and where their bars begin, from the top."""

    day: str
    counts: dict[str, int]
    pieces: list[tuple[str, float, float]]


class Days(NamedTuple):
    """Results by day: the statuses there are, the days, and how many are older, or have no date."""

    statuses: list[str]
    bars: list[Bar]
    most: int
    older: int
    undated: int


def _days(rows: Iterable[Sequence[Any]], now: datetime) -> Days:
    first = f"{now - timedelta(days=DAYS - 1):%Y-%m-%d}"
    by_day: dict[str, Counter[str]] = {}
    older = undated = 0
    totals: Counter[str] = Counter()
    for day, status, count in rows:
        if day is None:
            undated += count
        elif day < first:
            older += count
        else:
            by_day.setdefault(day, Counter())[status or "unknown"] += count
            totals[status or "unknown"] += count
    known = [each for each in STATUSES if each in totals]
    others = [each for each, _ in totals.most_common() if each not in STATUSES]
    statuses = [*known, *others[:3], *(["others"] if others[3:] else [])]
    shown = [f"{now - timedelta(days=n):%Y-%m-%d}" for n in reversed(range(DAYS))]
    shown += sorted(day for day in by_day if day > shown[-1])[:7]  # a clock is wrong somewhere
    most = max((sum(by_day[day].values()) for day in shown if day in by_day), default=0)
    bars = []
    for day in shown:
        found = by_day.get(day, Counter())
        counts = {each: found[each] for each in statuses if each != "others"}
        if others[3:]:
            counts["others"] = sum(found[each] for each in others[3:])
        pieces, top = [], 100.0
        for status, count in counts.items():
            height = 100 * count / most if most else 0
            top -= height
            if count:
                pieces.append((status, round(top, 2), round(height, 2)))
        bars.append(Bar(day, counts, pieces))
    return Days(statuses, bars, most, older, undated)


class AddOn(NamedTuple):
    """The results of an add-on in one configuration."""

    add_on: str | None
    config: str | None
    results: int
    failed: int

    @property
    def rate(self) -> float:
        return self.failed / self.results


def _add_ons(rows: Iterable[Sequence[Any]]) -> list[AddOn]:
    found: dict[tuple[Any, Any], list[int]] = {}
    for add_on, config, status, count in rows:
        counts = found.setdefault((add_on, config), [0, 0])
        counts[0] += count
        counts[1] += count if status == "failed" else 0
    every = sorted((AddOn(*names, *counts) for names, counts in found.items()), key=lambda a: -a[2])
    rest = every[MOST:]
    others = AddOn(OTHERS, None, sum(a.results for a in rest), sum(a.failed for a in rest))
    return [*every[:MOST], *([others] if rest else [])]


class Wait(NamedTuple):
    """How long an add-on takes from created to completed: seconds, by half and by 95 of 100."""

    add_on: str | None
    results: int
    p50: int
    p95: int


def _waits(rows: Iterable[Sequence[Any]]) -> list[Wait]:
    found: dict[Any, Counter[int]] = {}
    for add_on, seconds, count in rows:
        if seconds is not None:
            found.setdefault(add_on, Counter())[int(seconds)] += count
    every = [
        Wait(add_on, counts.total(), *(_rank(counts, part) for part in (0.5, 0.95)))
        for add_on, counts in found.items()
    ]
    return sorted(every, key=lambda each: -each.results)[:MOST]


def _rank(counts: Counter[int], part: float) -> int:
    """The least value that so great a part of all does not exceed."""
    left = math.ceil(part * counts.total())
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return 0


class Expiring(NamedTuple):
    """What the service forgets on a day: results that are saved, and those that are not."""

    day: date
    saved: int
    unsaved: int


def _expiry(rows: Iterable[Sequence[Any]], now: datetime) -> list[Expiring]:
    counts = {(day, bool(saved)): count for day, saved, count in rows}
    found = []
    for n in range(AHEAD):
        day = (now + timedelta(days=n)).astimezone(UTC).date()
        at = day.isoformat()
        found.append(Expiring(day, counts.get((at, True), 0), counts.get((at, False), 0)))
    return found


class Kind(NamedTuple):
    """Payloads of one label and type."""

    label: str | None
    type: str | None
    payloads: int
    bytes: int


def _largest(rows: Sequence[Sequence[Any]]) -> list[Kind]:
    every = [Kind(*row) for row in rows]
    rest = every[MOST:]
    others = Kind(OTHERS, None, sum(k.payloads for k in rest), sum(k.bytes for k in rest))
    return [*every[:MOST], *([others] if rest else [])]


# How it is written


def _template() -> Any:
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise AddonctlError(
            "a report needs Jinja2, which is not installed",
            hint="install addonctl with its extra: pipx install 'addonctl[report]'",
        ) from None
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "word": _word,
        "said": safe.prose,
        "count": lambda number: f"{number or 0:,}",
        "size": _size,
        "span": _span,
        "clock": lambda seconds: clock(seconds or 0),
        "when": _when,
        "percent": lambda part: f"{100 * part:.1f} %",
    }
    return environment.from_string(_part("report.html.j2"))


def _part(name: str) -> str:
    """A file that lies beside this one, be that in a zip file."""
    return (files("addonctl.archive") / name).read_text("utf-8")


def _hash(text: str) -> str:
    """As a Content-Security-Policy names what is allowed."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _word(text: object) -> str:
    """A vendor's word on one line, of a length that a table can hold."""
    shown = safe.line("none" if text is None else str(text)[: LONGEST + 1])
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def _size(number: int | None) -> str:
    size, unit = float(number or 0), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"


def _span(seconds: int) -> str:
    """A time that something takes."""
    if abs(seconds) < 120:
        return f"{seconds} s"
    if abs(seconds) < 7200:
        return f"{seconds // 60} min {seconds % 60} s"
    if abs(seconds) < 172800:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86400} d {seconds % 86400 // 3600} h"


def _when(text: str | None) -> str:
    """A time of the index, or of the API, to be read."""
    found = dates.parse(text) or (moment(text) if text else None)
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M}" if found else "never"

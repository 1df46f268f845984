"""Finding what was said: words, phrases and beginnings of words, over all transcripts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from addonctl.archive.index import Index
from addonctl.errors import Usage

SNIPPET = 12
"""Words around a hit."""


class Filters(NamedTuple):
    """Which transcripts are searched; times as in the index."""

    since: str | None = None
    until: str | None = None
    add_ons: tuple[str, ...] = ()
    speaker: str | None = None
    recording: str | None = None
    call: str | None = None

    def conditions(self) -> tuple[str, list[object]]:
        """What to add to a query over `results AS r` and `recordings AS c`."""
        found: list[tuple[str, list[object]]] = []
        if self.since:
            found.append(("r.date_created >= ?", [self.since]))
        if self.until:
            found.append(("r.date_created < ?", [self.until]))
        if self.add_ons:
            marks = ", ".join("?" * len(self.add_ons))
            found.append((f"r.add_on_sid IN ({marks})", [*self.add_ons]))
        if self.recording:
            found.append(("r.recording_sid = ?", [self.recording]))
        if self.call:
            found.append(("c.call_sid = ?", [self.call]))
        return "".join(f" AND {text}" for text, _ in found), [v for _, vs in found for v in vs]


class Hit(NamedTuple):
    """One transcript that holds the words, and the first turn in which they are said."""

    recording: str
    result: str
    payload: str
    call: str | None
    add_on: str | None
    date: str | None
    speaker: str | None
    start: float | None
    snippet: str


def parsed(words: str) -> tuple[str, list[str]]:
    """The query as FTS5 takes it, and its words and phrases.

    `lost parcel` finds both words, `"lost parcel"` the phrase, `parc*` what begins so. Everything
    else is taken as it stands. Raises Usage where nothing is left, or a quote is open.
    """
    if words.count('"') % 2:
        raise Usage(f"a quote is not closed: {words}", hint='a phrase: "lost parcel"')
    terms: list[str] = []
    query: list[str] = []
    for phrase, word in re.findall(r'"([^"]*)"|([^\s"]+)', words):
        begins = word.endswith("*")
        term = (phrase or word).strip("*").strip()
        if not re.search(r"\w", term):
            continue
        terms.append(term)
        quoted = term.replace("\0", " ")
        query.append(f'"{quoted}"' + ("*" if begins else ""))
    if not terms:
        raise Usage(f"'{words}' holds no word to look for", hint="addonctl archive search parcel")
    return " ".join(query), terms


def search(
    index: Index, words: str, filters: Filters, *, limit: int, rank: bool, marks: tuple[str, str]
) -> Iterator[Hit]:
    """What is found, the newest first or, with `rank`, the best; `marks` go around each word."""
    query, terms = parsed(words)
    conditions, values = filters.conditions()
    order = "rank" if rank else "t.id DESC"
    said_by = ""
    if filters.speaker:
        said_by = (
            " AND EXISTS (SELECT 1 FROM turns WHERE turns.payload_sid = t.payload_sid"
            " AND lower(turns.speaker) = lower(?))"
        )
        values.append(filters.speaker)
    statement = (
        "SELECT t.payload_sid, t.result_sid, t.recording_sid, r.add_on_sid, r.date_created,"  # noqa: S608
        f" c.call_sid, snippet(transcripts_fts, 0, ?, ?, '…', {SNIPPET}) AS snippet"
        " FROM transcripts_fts JOIN transcripts AS t ON t.id = transcripts_fts.rowid"
        " JOIN results AS r ON r.sid = t.result_sid"
        " LEFT JOIN recordings AS c ON c.sid = t.recording_sid"
        f" WHERE transcripts_fts MATCH ?{conditions}{said_by} ORDER BY {order} LIMIT ?"
    )
    for row in index.rows(statement, *marks, query, *values, limit):
        turn = _turn(index, row["payload_sid"], terms, filters.speaker)
        if filters.speaker and turn is None:
            continue  # somebody else said it
        yield Hit(
            row["recording_sid"],
            row["result_sid"],
            row["payload_sid"],
            row["call_sid"],
            row["add_on_sid"],
            row["date_created"],
            turn["speaker"] if turn else None,
            turn["start"] if turn else None,
            " ".join(row["snippet"].split()),
        )


def _turn(index: Index, payload: str, terms: list[str], speaker: str | None) -> sqlite3.Row | None:
    """The first turn that holds one of the words, said by that speaker."""
    patterns = [re.compile(rf"\b{re.escape(term)}", re.IGNORECASE) for term in terms]
    for turn in index.rows("SELECT * FROM turns WHERE payload_sid = ? ORDER BY n", payload):
        if speaker and (turn["speaker"] or "").lower() != speaker.lower():
            continue
        if any(pattern.search(turn["text"]) for pattern in patterns):
            return turn
    return None

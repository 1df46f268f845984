"""Finding what was said: words, phrases and beginnings of words, over all transcripts."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from addonctl import dates
from addonctl.addresses import checked_sid
from addonctl.archive.index import Index, iso
from addonctl.archive.rows import HitRow, date_of
from addonctl.errors import Usage

SNIPPET = 12
"""Words around a hit."""
MOST = 64
"""Words and phrases that are looked for at once."""
ADDRESS = ("recording_sid", "result_sid", "payload_sid")


class Filters(NamedTuple):
    """Which transcripts are searched; times as in the index."""

    since: str | None = None
    until: str | None = None
    add_ons: tuple[str, ...] = ()
    speaker: str | None = None
    recording: str | None = None
    call: str | None = None

    @classmethod
    def of(
        cls,
        now: datetime,
        *,
        since: str | None,
        until: str | None,
        add_on: str | None,
        speaker: str | None,
        recording: str | None,
        call: str | None,
    ) -> Filters:
        """The filters that a user's words make; ages count from `now`. Raises Usage."""
        return cls(
            None if since is None else iso(dates.when(since, now)),
            None if until is None else iso(dates.when(until, now)),
            () if add_on is None else tuple(checked_sid(each, "XB") for each in add_on.split(",")),
            speaker,
            None if recording is None else checked_sid(recording, "RE"),
            None if call is None else checked_sid(call, "CA"),
        )

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


class Term(NamedTuple):
    """The words of a phrase, or one word; the last may only begin so."""

    words: list[str]
    begins: bool

    def stands_in(self, said: list[str]) -> bool:
        *first, last = self.words
        for at in range(len(said) - len(first)):
            end = said[at + len(first)]
            if said[at : at + len(first)] == first and (
                end.startswith(last) if self.begins else end == last
            ):
                return True
        return False


def parsed(words: str) -> tuple[str, list[Term]]:
    """The query as FTS5 takes it, and its words and phrases.

    `lost parcel` finds both words, `"lost parcel"` the phrase, `parc*` what begins so. Everything
    else is taken as it stands. Raises Usage where nothing is left, a quote is open, or there are
    more than MOST.
    """
    if words.count('"') % 2:
        raise Usage(f"a quote is not closed: {words}", hint='a phrase: "lost parcel"')
    terms: list[Term] = []
    query: list[str] = []
    for phrase, word in re.findall(r'"([^"]*)"|([^\s"]+)', words):
        plain = (phrase or word).replace("\0", " ").encode("utf-8", "replace").decode()
        if found := _folded(plain):
            begins = word.endswith("*")
            terms.append(Term(found, begins))
            query.append(f'"{plain.rstrip("*")}"' + ("*" if begins else ""))
    if not terms:
        raise Usage(f"'{words}' holds no word to look for", hint="addonctl archive search parcel")
    if len(terms) > MOST or len(words) > 100 * MOST:
        raise Usage(f"more than {MOST} words to look for")
    return " ".join(query), terms


def search(
    index: Index, words: str, filters: Filters, *, limit: int, rank: bool, marks: tuple[str, str]
) -> Iterator[HitRow]:
    """The transcripts that hold the words, each with the first turn in which they are said: the
    newest first or, with `rank`, the best; `marks` go around each word.
    """
    query, terms = parsed(words)
    conditions, values = filters.conditions()
    if filters.speaker:
        conditions += (
            " AND EXISTS (SELECT 1 FROM turns WHERE turns.payload_sid = t.payload_sid"
            " AND lower(turns.speaker) = lower(?))"
        )
        values.append(filters.speaker.encode("utf-8", "replace").decode())
    # The numbers of transcripts are in the order of dates: the newest are read from the end on,
    # and no more of them than are shown.
    statement = (
        "SELECT transcripts_fts.rowid AS id FROM transcripts_fts"  # noqa: S608
        " CROSS JOIN transcripts AS t ON t.id = transcripts_fts.rowid"
        " CROSS JOIN results AS r ON r.sid = t.result_sid"
        " LEFT JOIN recordings AS c ON c.sid = t.recording_sid"
        f" WHERE transcripts_fts MATCH ?{conditions}"
        f" ORDER BY {'rank' if rank else 'transcripts_fts.rowid DESC'}"
    )
    shown = (
        "SELECT t.payload_sid, t.result_sid, t.recording_sid, r.add_on_sid, r.date_created,"  # noqa: S608
        f" c.call_sid, snippet(transcripts_fts, 0, ?, ?, '…', {SNIPPET}) AS snippet"
        " FROM transcripts_fts CROSS JOIN transcripts AS t ON t.id = transcripts_fts.rowid"
        " CROSS JOIN results AS r ON r.sid = t.result_sid"
        " LEFT JOIN recordings AS c ON c.sid = t.recording_sid"
        " WHERE transcripts_fts MATCH ? AND transcripts_fts.rowid = ?"
    )
    found = index.rows(statement, query, *values)
    while limit > 0 and (hit := next(found, None)) is not None:
        row = next(index.rows(shown, *marks, query, hit["id"]))
        turn = _turn(index, row["payload_sid"], terms, filters.speaker)
        if filters.speaker and turn is None:
            continue  # somebody else said it
        limit -= 1
        yield HitRow(
            {
                "address": "/".join(row[name] for name in ADDRESS),
                "call_sid": row["call_sid"],
                "add_on_sid": row["add_on_sid"],
                "date_created": date_of(row["date_created"]),
                "speaker": turn["speaker"] if turn else None,
                "start": turn["start"] if turn else None,
                "snippet": " ".join(row["snippet"].split()),
            }
        )


def _turn(index: Index, payload: str, terms: list[Term], speaker: str | None) -> sqlite3.Row | None:
    """The first turn that holds one of the words, said by that speaker."""
    for turn in index.rows("SELECT * FROM turns WHERE payload_sid = ? ORDER BY n", payload):
        if speaker and (turn["speaker"] or "").lower() != speaker.lower():
            continue
        said = _folded(turn["text"])
        if any(term.stands_in(said) for term in terms):
            return turn
    return None


def _folded(text: str) -> list[str]:
    """The words of a text as the index compares them: no case, no accents."""
    plain = unicodedata.normalize("NFD", text).casefold()
    return re.findall(r"[^\W_]+", re.sub(r"[\u0300-\u036f]", "", plain))

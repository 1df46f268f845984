"""Taking what is erased out of the index, so that not even the free pages of its file hold it.

A row that is deleted stays in the file until something is written over it, and so do the segments
that full text search has merged. So both are made anew, and the write-ahead log is emptied.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from addonctl.archive import receipts
from addonctl.archive.index import Index
from addonctl.archive.noting import forget_payload
from addonctl.archive.place import CHUNK, Place
from addonctl.archive.receipts import Receipt
from addonctl.errors import TryLater

PATIENCE = 10_000
"""Milliseconds to wait for those who read the index."""
LEAST, MOST = 24, 120
"""How long a phrase must be to prove anything, and how much of it is looked for; in characters."""
EACH, ALL = 12, 240
"""How many phrases of one transcript are looked for, and of all."""
_SID = re.compile(rb"(?:CA|RE|XR|XH)[0-9a-fA-F]{32}")
_TEXTS = (
    ("accounts", "sid", "problem"),
    ("recordings", "sid", "problem"),
    ("results", "sid", "problem"),
    ("runs", "id", "ended_as"),
)
"""Where the index may name in words what is erased."""


def learn(place: Place, index: Index) -> list[str]:
    """Have the index know the tombstones that lie in the place, and hold nothing that is under
    them: another machine may have erased it, or the index may be an older one. Gives back the
    names of receipts that are damaged.
    """
    damaged, old = [], False
    for each in receipts.unknown(place, index):
        if isinstance(each, Receipt):
            with index.changing():
                receipts.noted(index, each)
                old |= forget(index, each.sids)
        else:
            damaged.append(each)
    if old:
        clean(index)
    return damaged


def forget(index: Index, sids: Iterable[str]) -> bool:
    """Take calls, recordings, results and payloads out of the tables; whether any was there. Within
    a transaction.
    """
    before = index.db.total_changes
    for sid in sids:
        kind, column = sid[:2], "sid"
        if kind == "CA":
            rows = index.db.execute("SELECT sid FROM recordings WHERE call_sid = ?", (sid,))
            forget(index, [recording for (recording,) in rows.fetchall()])
        elif kind == "XH":
            forget_payload(index, sid)
        else:
            column = "recording_sid" if kind == "RE" else "sid"
            its = f"SELECT sid FROM results WHERE {column} = ?"  # noqa: S608
            payloads = f"SELECT sid FROM payloads WHERE result_sid IN ({its})"  # noqa: S608
            for (payload,) in index.db.execute(payloads, (sid,)).fetchall():
                forget_payload(index, payload)
            index.run(f"DELETE FROM results WHERE {column} = ?", sid)  # noqa: S608
            if kind == "RE":
                index.run("DELETE FROM recordings WHERE sid = ?", sid)
    return index.db.total_changes > before


def unname(index: Index, sids: Collection[str]) -> None:
    """Take SIDs out of the sentences of the index; within a transaction."""
    for table, key, column in _TEXTS:
        query = f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608
        for of, text in index.db.execute(query).fetchall():
            if (without := unnamed(text.encode(), sids).decode()) != text:
                statement = f"UPDATE {table} SET {column} = ? WHERE {key} = ?"  # noqa: S608
                index.run(statement, without, of)


def unnamed(text: bytes, sids: Collection[str]) -> bytes:
    """A text with `(erased)` in the place of those SIDs."""
    return _SID.sub(lambda found: b"(erased)" if found[0].decode() in sids else found[0], text)


def clean(index: Index) -> None:
    """Have the file of the index hold what its tables hold, and nothing else.

    Takes room for another copy of it. Raises TryLater where another program is reading it.
    """
    with index.explained():
        index.db.execute("INSERT INTO transcripts_fts (transcripts_fts) VALUES ('optimize')")
        index.db.execute("VACUUM")
        index.db.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        busy = index.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise TryLater(
            f"another program is reading the index {index.path}, and keeps what is erased in it",
            hint="end that program, then go on: addonctl archive erase --unfinished",
        )


# Proof


def samples(index: Index, payloads: Iterable[str]) -> list[str]:
    """Phrases of what is said in payloads, spread over each, to be looked for later."""
    found: list[str] = []
    for sid in payloads:
        text = index.value("SELECT text FROM transcripts WHERE payload_sid = ?", sid)
        lines = [line for line in (text or "").splitlines() if len(line) >= LEAST]
        for line in lines[:: max(1, len(lines) // EACH)][:EACH]:
            found.append(line[:MOST].rpartition(" ")[0] if len(line) > MOST else line)
    return found[:: max(1, len(found) // ALL)]


def said_by_nobody_else(index: Index, phrases: Iterable[str]) -> list[str]:
    """Those phrases that no transcript of the index holds."""
    query = "SELECT count(*) FROM transcripts_fts WHERE transcripts_fts MATCH ?"
    return [
        phrase
        for phrase in phrases
        if len(phrase) >= LEAST and not index.value(query, _quoted(phrase))
    ]


def said_in(index: Index, phrases: Iterable[str], recordings: Iterable[str]) -> list[str]:
    """The results of those recordings in which one of the phrases is said."""
    query = (
        "SELECT DISTINCT t.recording_sid || '/' || t.result_sid AS at FROM transcripts_fts"
        " JOIN transcripts AS t ON t.id = transcripts_fts.rowid"
        " WHERE transcripts_fts MATCH ? AND t.recording_sid = ?"
    )
    found = {
        row["at"]
        for phrase in phrases
        for recording in recordings
        for row in index.rows(query, _quoted(phrase), recording)
    }
    return sorted(found)


def _quoted(phrase: str) -> str:
    return '"' + phrase.replace('"', " ").replace("\0", " ") + '"'


def rows_of(index: Index, sids: Iterable[str]) -> int:
    """How many rows there are of calls, recordings, results and payloads; tombstones aside."""
    columns = {
        "CA": ["recordings.call_sid"],
        "RE": ["recordings.sid", "results.recording_sid"],
        "XR": ["results.sid", "payloads.result_sid"],
        "XH": ["payloads.sid", "transcripts.payload_sid", "turns.payload_sid"],
    }
    return sum(
        index.value(
            "SELECT count(*) FROM {} WHERE {} = ?".format(*column.split(".")),  # noqa: S608
            sid,
        )
        for sid in sids
        for column in columns[sid[:2]]
    )


def files_of(index: Index) -> list[Path]:
    """The file of the index and what lies beside it under its name: its log, and copies of it."""
    path = index.path
    return sorted(each for each in path.parent.glob(f"{path.name}*") if each.is_file())


def is_live(index: Index, path: Path) -> bool:
    """Whether a file is the index itself, or its log."""
    name = index.path.name
    return path.name in (name, f"{name}-wal", f"{name}-shm")


def blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while block := file.read(CHUNK):
            yield block


def exported(place: Place, name: str, sids: Collection[str]) -> bool:
    """Whether an export, if it is there, holds one of the SIDs; one that is damaged may."""
    content = place.read(name)
    if content is None or not name.endswith(".parquet"):
        return bool(hits([content or b""], sids, ()))
    from pyarrow import ArrowException, BufferReader, parquet

    try:
        file = parquet.ParquetFile(BufferReader(content))
        columns = [each for each in file.schema_arrow.names if each.endswith("sid")]
        return any(
            not set(column.to_pylist()).isdisjoint(sids)
            for group in range(file.num_row_groups)  # an empty table has none
            for column in file.read_row_group(group, columns=columns).columns
        )
    except (ArrowException, OSError):
        return True


def hits(blocks: Iterable[bytes], sids: Collection[str], phrases: Collection[str]) -> set[str]:
    """Which SIDs and phrases stand in raw bytes."""
    said = b"|".join(re.escape(each.encode()) for each in sorted(phrases, key=len, reverse=True))
    phrase = re.compile(said) if said else None
    longest = max([34, *(len(each.encode()) for each in phrases)])
    found, rest = set(), b""
    for block in blocks:
        piece = rest + block
        found |= {each.decode() for each in _SID.findall(piece)} & set(sids)
        if phrase:
            found |= {each.decode() for each in phrase.findall(piece)}
        rest = piece[-longest:]
    return found

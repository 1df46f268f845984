"""What an archive holds, in files for other programs: results, payloads, transcripts and turns.

    results/account=AC…/date=2026-11-21/part-0.parquet     by account, and by the result's day
    results.csv, results.jsonl                             a table in one file
    export.json                                            what was written, and of what

A file is written whole or not at all, and written again only where the index has changed what is
in it: export.json has a fingerprint of the rows behind each part, and names a part only while all
of its files are whole. What the index does not hold any more vanishes.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sqlite3
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

from addonctl.addresses import HEX, is_sid
from addonctl.archive.index import Index
from addonctl.archive.place import LEFT_OVER, Place, PlaceFailed
from addonctl.archive.writers import FORMS, TABLES, UNSAID, Rows, Table
from addonctl.batch.outcomes import plural
from addonctl.errors import AddonctlError, Usage

BELOW = "exports/"
"""Where an archive holds its own export."""
STATE = "export.json"
UNDATED = "__HIVE_DEFAULT_PARTITION__"
"""What stands for a day that is not known: whoever reads such folders takes it for null."""
ROWS, FEW, TEXT = 20_000, 50, 1 << 23
"""How many rows, and characters of their last column, are held at a time."""
IN_MEMORY = 1 << 22
"""Bytes of a file that are held in memory before they are put; others on disk."""
SAVE_EVERY = 50
"""After so many parts the state is saved: what is killed does not begin anew."""

Part = tuple[str, str]
"""An account and a day, which is empty where it is not known."""
ALL: Part = ("", "")
"""The part that all of a table is, in a form that is not partitioned."""
_DAY = (
    "CASE WHEN date_created GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'"
    " THEN substr(date_created, 1, 10) ELSE '' END"
)
_FOLDER = re.compile(
    rf"({'|'.join(TABLES)})/account=(AC{HEX})/date=(\d{{4}}-\d\d-\d\d|{UNDATED})", re.ASCII
)


class Exported(NamedTuple):
    """How far an export is: parts there are, and of them due and written; files taken away."""

    parts: int
    due: int
    written: int
    removed: int

    def said(self, form: str, url: str) -> str:
        """What was written of that form, and where."""
        if not self.parts:
            said = "the archive holds no results yet"
        elif FORMS[form].partitioned:
            said = f"wrote {self.written} of {plural(self.parts, 'day')} to {url}"
        else:
            said = f"{'wrote' if self.written else 'nothing has changed in'} the {form} of {url}"
        if self.removed:
            said += f"; took away {plural(self.removed, 'file')} of what is here no more"
        return said


def export(
    index: Index, place: Place, form: str, *, below: str = "", only: Collection[Part] | None = None
) -> Iterator[Exported]:
    """Have the files of that form agree with the index: all, or `only` those of some days.

    Tells once what is due, and again after each part; it is done when that ends. One may write at
    a time, which is for the caller to see to. Raises AddonctlError.
    """
    target = _Target(place, below, form, index)
    if not target.partitioned:
        only = None
    with index.reader() as db:
        db.row_factory = None
        db.execute("BEGIN")  # one state of the index, whatever is written meanwhile
        parts = _chosen(db, index, only)
        if not target.partitioned:
            parts = [ALL]
        there = target.files(only)
        due: list[Part] = []
        for part in parts:
            sizes = [there.pop(target.name(table, part), None) for table in TABLES]
            known = target.known.get("/".join(part))
            if known != [*sizes, _Fingerprint().of(db, part) if known else ""]:
                due.append(part)
        done = Exported(len(parts), len(due), 0, len(there))
        yield done
        changed = set(due)
        current = {"/".join(part) for part in parts if part not in changed}
        concerned = target.known if only is None else map("/".join, only)
        stale = [key for key in concerned if key not in current]
        if not (due or there or stale):
            return
        for key in stale:
            target.known.pop(key, None)
        target.save()  # before a file changes: it names only what is whole
        for name in there:
            place.delete(name)
        try:
            for part in due:
                fingerprint = _Fingerprint()
                sizes = []
                for name, table in TABLES.items():
                    rows = fingerprint.over(name, _rows(db, table, part))
                    sizes.append(_written(index, target, name, part, rows))
                target.known["/".join(part)] = [*sizes, fingerprint.taken]
                done = done._replace(written=done.written + 1)
                if done.written % SAVE_EVERY == 0:
                    target.save()
                yield done
        finally:
            target.save()


def renew(index: Index, place: Place, parts: Iterable[Part]) -> None:
    """Have what an archive holds of its own export, in every form, agree with the index about some
    days; files that cannot be written any more are taken away.

    `parts` are accounts and days ("2026-11-21"; empty for results without a date). For who has
    the lock of the archive. Raises AddonctlError.
    """
    parts = list(parts)
    for form in FORMS:
        target = _Target(place, BELOW, form, index)
        if not target.files(None):
            continue
        try:
            for _ in export(index, place, form, below=BELOW, only=parts):
                pass
        except AddonctlError:
            # Without the library, or on a full disk: rather no file than one with what is erased.
            for name in target.files(parts if target.partitioned else None):
                place.delete(name)
            raise


def is_export(name: str) -> bool:
    """Whether a name is one that an archive's own export has."""
    folder, _, last = name.removeprefix(BELOW).rpartition("/")
    if folder:
        return bool(_FOLDER.fullmatch(folder)) and last == "part-0.parquet"
    table, _, form = last.partition(".")
    return table in TABLES and form in FORMS


class _Target:
    """Where the files of one form lie, and what is known of them."""

    def __init__(self, place: Place, below: str, form: str, index: Index) -> None:
        self.place, self.below, self.form = place, below, form
        self.partitioned = FORMS[form].partitioned
        archive = index.value("SELECT value FROM meta WHERE key = 'archive'")
        try:
            state = json.loads(place.read(below + STATE) or b"{}")
            if state.get("archive", archive) != archive:
                raise Usage(f"{place.url} holds the export of another archive")
            self._state = {"archive": archive, "forms": dict(state.get("forms", {}))}
            self.known = dict(self._state["forms"].get(form, {}))
        except (ValueError, TypeError, AttributeError, RecursionError):
            # Damaged: all is written again.
            self._state, self.known = {"archive": archive, "forms": {}}, {}

    def name(self, table: str, part: Part) -> str:
        if part == ALL:
            return f"{self.below}{table}.{self.form}"
        account, day = part
        return f"{self.below}{table}/account={account}/date={day or UNDATED}/part-0.{self.form}"

    def files(self, only: Collection[Part] | None) -> dict[str, int | None]:
        """The files of this form that are there, with their lengths, and left-overs of others."""
        if not self.partitioned:
            names = [self.name(table, ALL) for table in TABLES]
            sizes = {name: self.place.size(name) for name in names}
            return {name: size for name, size in sizes.items() if size is not None}
        found = {}
        for table in TABLES:
            for each in self.place.objects(self.below + table):
                folder, _, last = each.name.removeprefix(self.below).rpartition("/")
                place = _FOLDER.fullmatch(folder)
                if place and (last == f"part-0.{self.form}" or LEFT_OVER.fullmatch(last)):
                    part = place[2], place[3].replace(UNDATED, "")
                    if only is None or part in only:
                        found[each.name] = each.size
        return found

    def save(self) -> None:
        self._state["forms"][self.form] = self.known
        content = json.dumps(self._state, indent=0, sort_keys=True).encode()
        self.place.put(self.below + STATE, io.BytesIO(content))


def _chosen(db: sqlite3.Connection, index: Index, only: Collection[Part] | None) -> list[Part]:
    """Put the results that are exported into the table `chosen`, in order; the parts they make."""
    db.execute(
        "CREATE TEMP TABLE chosen (account TEXT, day TEXT, sid TEXT,"
        " PRIMARY KEY (account, day, sid)) WITHOUT ROWID"
    )
    insert = f"INSERT INTO chosen SELECT account_sid, {_DAY}, sid FROM results"  # noqa: S608
    if only is None:
        db.execute(f"{insert} ORDER BY 1, 2, 3")
    else:
        db.executemany(f"{insert} WHERE account_sid = ? AND {_DAY} = ?", set(only))
    parts = db.execute("SELECT DISTINCT account, day FROM chosen").fetchall()
    if wrong := [account for account, _ in parts if not is_sid(account, "AC")]:
        raise PlaceFailed(
            f"the index {index.path} names an account that is none: {wrong[0][:40]}",
            hint="make it of what is stored: addonctl archive rebuild",
        )
    return parts


def _rows(db: sqlite3.Connection, table: Table, part: Part) -> Iterator[Rows]:
    """The rows of a part, as many at a time as memory may hold.

    They come in the order of accounts, days and SIDs, which the joins keep: to have them sorted
    would take as long again.
    """
    which = "" if part == ALL else " WHERE chosen.account = ? AND chosen.day = ?"
    found = db.execute(
        f"SELECT {table.values} FROM chosen CROSS {table.joined}{which}",  # noqa: S608
        () if part == ALL else part,
    )
    long = table.values.endswith(UNSAID)
    rows: list[tuple[Any, ...]] = []
    length = 0
    while more := found.fetchmany(FEW if long else ROWS):
        rows += more
        length += sum([len(row[-1]) for row in more]) if long else 0
        if len(rows) >= ROWS or length > TEXT:
            yield rows
            rows, length = [], 0
    if rows:
        yield rows


class _Fingerprint:
    """What stands for all that is exported of a part, and for the columns it is exported in."""

    def __init__(self) -> None:
        columns = [table.columns for table in TABLES.values()]
        self._digest = hashlib.sha256(repr(columns).encode())

    def of(self, db: sqlite3.Connection, part: Part) -> str:
        """The whole, of what the index holds."""
        for name, table in TABLES.items():
            if name != "turns":
                values = table.values.removesuffix(UNSAID)
                for rows in _rows(db, table._replace(values=values), part):
                    self._take(rows)
        return self.taken

    def over(self, name: str, batches: Iterator[Rows]) -> Iterator[Rows]:
        """The same rows, taken into account as they pass."""
        for rows in batches:
            if name != "turns":
                self._take([row[:-1] for row in rows] if name == "transcripts" else rows)
            yield rows

    def _take(self, rows: Rows) -> None:
        self._digest.update("".join(map(repr, rows)).encode())

    @property
    def taken(self) -> str:
        return self._digest.hexdigest()


def _written(index: Index, target: _Target, table: str, part: Part, batches: Iterator[Rows]) -> int:
    """Write the file of one table and part; its length."""
    try:
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            with closing(FORMS[target.form].writer(file, TABLES[table].columns)) as writer:
                for rows in batches:
                    writer.write(rows)
            size = file.tell()
            file.seek(0)
            target.place.put(target.name(table, part), file)
    except OSError as problem:
        reason = (problem.strerror or "the system refuses it").lower()
        raise AddonctlError(
            f"cannot hold a file of {table} in {tempfile.gettempdir()}: {reason}"
        ) from None
    except (ValueError, TypeError, OverflowError):
        raise PlaceFailed(
            f"the index {index.path} holds what fits no column of {table}",
            hint="make it of what is stored: addonctl archive rebuild",
        ) from None
    return size

"""Every byte against its hash; and the index, made anew of what is stored."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.archive import marker, noting, purge
from addonctl.archive.accounts import TOGETHER, Engine, look_all
from addonctl.archive.allowance import Allowance
from addonctl.archive.index import Index, iso
from addonctl.archive.look import words_of
from addonctl.archive.marker import Kept, Marker
from addonctl.archive.noting import Look, SavedPayload, SeenResult
from addonctl.archive.place import NoObject, Place, PlaceFailed
from addonctl.archive.rows import VerdictRow
from addonctl.archive.run import Run, Wish
from addonctl.batch import pool
from addonctl.errors import AddonctlError, SomeFailed, Usage
from addonctl.models import Payload


class Verdict(NamedTuple):
    """What became of one object: ok, missing, truncated, damaged, differs from the index; or, of
    what lies there besides, orphan, stranger, not in the index, or erased, but here.
    """

    name: str
    verdict: str
    payload: str | None = None
    result: str | None = None


class Sample(NamedTuple):
    """The third of thirty parts is (3, 30): the objects whose SIDs fall into it."""

    part: int
    of: int

    @classmethod
    def named(cls, word: str) -> Sample:
        """The sample that K/N stands for. Raises Usage."""
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", word, re.ASCII)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise Usage(f"--sample {word}: expected K/N, such as 3/30")
        return cls(int(found[1]), int(found[2]))

    def takes(self, sid: str) -> bool:
        return int(sid[2:10], 16) % self.of == self.part - 1


class Verification:
    """What an archive holds, held against what it should be: counted, and what is `bad` kept.

    A `sample` takes some payloads, without what lies in the place beside them; `quick` compares
    names and lengths alone; `repair` says whether what is bad is to be fetched again.
    """

    def __init__(
        self,
        place: Place,
        index: Index,
        now: datetime,
        *,
        sample: Sample | None,
        quick: bool,
        repair: bool,
    ) -> None:
        self.ok = self.besides = self.mended = 0
        self.bad: list[Verdict] = []
        self._place, self._index, self._now = place, index, now
        self._sample, self._quick, self._repair = sample, quick, repair

    def pages(self, workers: int) -> Iterator[list[VerdictRow]]:
        """A row for each object that is not ok; `workers` read at a time."""
        yield []
        for each in self._verdicts(workers):
            if each.verdict == "ok":
                self.ok += 1
                continue
            if each.verdict in ("orphan", "stranger"):
                self.besides += 1
            else:
                self.bad.append(each)
            document = {"verdict": each.verdict, "name": each.name}
            document |= {"payload_sid": each.payload or "", "result_sid": each.result or ""}
            yield [VerdictRow(document)]

    def _verdicts(self, workers: int) -> Iterator[Verdict]:
        place, index, sample = self._place, self._index, self._sample

        def payload(row: sqlite3.Row) -> Verdict:
            kept = Kept({"sid": row["sid"]}, row["object"], row["bytes"], row["sha256"])
            name = f"{row['folder']}/{row['object']}"
            verdict = held(place, name, kept, quick=self._quick)
            return Verdict(name, verdict, row["sid"], row["result_sid"])

        for part in _parts(
            index,
            "SELECT p.sid, p.result_sid, p.object, p.bytes, p.sha256, r.folder FROM payloads AS p"
            " JOIN results AS r ON r.sid = p.result_sid WHERE r.folder IS NOT NULL AND p.sid > ?"
            " ORDER BY p.sid LIMIT 1000",
        ):
            taken = [row for row in part if sample is None or sample.takes(row["sid"])]
            verdicts: list[Verdict] = []
            for _, verdict in pool.run(payload, taken, workers=workers):
                if isinstance(verdict, AddonctlError):
                    raise verdict
                verdicts.append(verdict)
            with index.changing():
                index.db.executemany(
                    "UPDATE payloads SET verified_at = ?, verdict = ? WHERE sid = ?",
                    [(iso(self._now), each.verdict, each.payload) for each in verdicts],
                )
            yield from verdicts
        if sample:
            return
        for part in _parts(
            index,
            "SELECT sid, folder, state FROM results WHERE folder IS NOT NULL AND sid > ?"
            " AND state IN ('saved', 'retired') ORDER BY sid LIMIT 1000",
        ):
            found = [_marker(place, index, row["sid"], row["folder"]) for row in part]
            with index.changing():
                for each in found:
                    noting.marked(index, str(each.result), each.verdict)
            yield from found
        yield from _besides(place, index)

    def mend(self, client: Client, engine: Engine) -> None:
        """Fetch again the results that hold what is bad, while the service has them."""
        place, index = self._place, self._index
        for sid in sorted({each.result for each in self.bad if each.result}):
            row = next(index.rows("SELECT * FROM results WHERE sid = ?", sid), None)
            if row is None or row["retired_at"]:  # the service has it no more
                continue
            account = row["account_sid"]
            at = Address(row["recording_sid"], account=account)
            wish = Wish(recordings=(at,), again=frozenset({sid}))
            run = Run(client, place, index, account, wish, self._now, Allowance(client.pace))
            look_all([run], engine, _refuse)
            its = [each for each in self.bad if each.result == sid]
            self.mended += sum(_is_whole(place, index, each) for each in its)

    @property
    def summary(self) -> str:
        said = f"{self.ok} ok, {len(self.bad)} not, {self.besides} that nothing names"
        return f"{said}; {self.mended} mended" if self._repair else said

    def finish(self) -> None:
        """Raises what it ends with where something is bad still."""
        if len(self.bad) <= self.mended:
            return
        hint = "while the service has it: addonctl archive verify --repair"
        if any(each.verdict == "erased, but here" for each in self.bad):
            hint = "what was erased and is here again, such as from a copy: erase it again"
        elif self._repair:
            hint = "what the service has no more, retired or expired, is in a copy of this archive"
        raise (SomeFailed if self.ok else AddonctlError)(self.summary, hint=hint)


def _parts(index: Index, query: str) -> Iterator[list[sqlite3.Row]]:
    """A long answer in parts, each read whole: nothing is open while others write."""
    last = ""
    while part := list(index.rows(query, last)):
        last = part[-1]["sid"]
        yield part


def _marker(place: Place, index: Index, result: str, folder: str) -> Verdict:
    """Whether a result that is said to be saved has a marker, which says what the index says."""
    name = f"{folder}/{marker.MARKER}"
    try:
        found = marker.read(place, folder)
    except PlaceFailed:
        raise
    except AddonctlError:
        return Verdict(name, "damaged", None, result)
    if found is None:
        return Verdict(name, "missing", None, result)
    rows = index.rows(
        "SELECT sid, object, bytes, sha256 FROM payloads WHERE result_sid = ?", result
    )
    said = {(each.sid, each.name, each.size, each.sha256) for each in found.payloads}
    verdict = "ok" if said == {tuple(row) for row in rows} else "differs from the index"
    return Verdict(name, verdict, None, result)


def _besides(place: Place, index: Index) -> Iterator[Verdict]:
    """What lies there that the index does not name."""
    payload = (
        "SELECT 1 FROM payloads AS p JOIN results AS r ON r.sid = p.result_sid"
        " WHERE p.sid = ? AND r.folder = ? AND p.object = ?"
    )
    for each in place.objects():
        folder, _, last = each.name.rpartition("/")
        if not marker.is_ours(each.name):
            yield Verdict(each.name, "stranger")
        elif each.name.startswith("data/") and _is_erased(index, each.name):
            yield Verdict(each.name, "erased, but here")
        elif not each.name.startswith("data/"):
            continue
        elif last == marker.MARKER:
            sid = folder.rpartition("/")[2]
            if index.value("SELECT folder FROM results WHERE sid = ?", sid) != folder:
                yield Verdict(each.name, "not in the index")
        elif not index.value(payload, last.partition(".")[0], folder, last):
            yield Verdict(each.name, "orphan")


def held(place: Place, name: str, kept: Kept, *, quick: bool = False) -> str:
    """How an object compares with what it should be: ok, missing, truncated or damaged."""
    size = place.size(name)
    if size is None:
        return "missing"
    if size != kept.size:
        return "truncated" if size < kept.size else "damaged"
    if quick:
        return "ok"
    digest = hashlib.sha256()
    try:
        for block in place.blocks(name):
            digest.update(block)
    except NoObject:
        return "missing"
    return "ok" if digest.hexdigest() == kept.sha256 else "damaged"


def _refuse(run: Run, problem: AddonctlError) -> None:
    raise problem


def _is_whole(place: Place, index: Index, bad: Verdict) -> bool:
    """Whether what was bad is as it should be now."""
    row = next(
        index.rows(
            "SELECT r.folder, p.object, p.bytes, p.sha256 FROM results AS r"
            " LEFT JOIN payloads AS p ON p.result_sid = r.sid AND p.sid = ? WHERE r.sid = ?",
            *(bad.payload, bad.result),
        )
    )
    if bad.payload is None:
        return _marker(place, index, str(bad.result), row["folder"]).verdict == "ok"
    if row["object"] is None:
        return False
    kept = Kept({"sid": bad.payload}, row["object"], row["bytes"], row["sha256"])
    return held(place, f"{row['folder']}/{row['object']}", kept) == "ok"


class Rebuilt(NamedTuple):
    """What an index was made of: how many results, and the markers that could not be read."""

    results: int
    damaged: tuple[str, ...]


def rebuild(place: Place, index: Index, now: datetime) -> Rebuilt:
    """Fill an empty index with what the markers of a place say; what was said is read anew."""
    results, damaged = 0, purge.learn(place, index)
    columns = [name for _, name, *_ in index.rows("PRAGMA table_info(runs)")]
    for each in place.objects("runs"):
        try:
            run = json.loads(place.read(each.name) or b"")
            values = [run[name] for name in columns]
        except (ValueError, KeyError, TypeError, RecursionError):
            damaged.append(each.name)
            continue
        if not all(each is None or isinstance(each, str | int) for each in values):
            damaged.append(each.name)
            continue
        with index.changing():
            marks = ", ".join("?" * len(values))
            index.run(f"INSERT OR REPLACE INTO runs VALUES ({marks})", *values)  # noqa: S608
    folders = marker.markers(place)
    while part := list(islice(folders, TOGETHER)):
        looks, retired = [], []
        for folder in part:
            try:
                found = marker.read(place, folder)
            except PlaceFailed:
                raise
            except AddonctlError:
                found = None
            if found is None:
                damaged.append(f"{folder}/{marker.MARKER}")
                continue
            if _is_erased(index, folder):  # its erasure is not complete, or a copy was restored
                continue
            saved = (x for x in _saved(place, found) if not _is_erased(index, x.kept.sid))
            seen = SeenResult(found.result, "saved", folder, tuple(saved))
            its = found.address
            looks.append(Look(found.account, its.recording, found.recording, [seen]))
            if found.retired_at:
                retired.append((its.result, found.retired_at))
        with index.changing():
            noting.filled(index, looks, now)
            for sid, when in retired:
                noting.retired(index, sid, when)
        results += len(looks)
    return Rebuilt(results, tuple(damaged))


def _is_erased(index: Index, name: str) -> bool:
    """Whether an object or folder is named for what was erased."""
    sids = [part[:34] for part in name.split("/") if part[:2] in ("RE", "XR", "XH")]
    query = f"SELECT count(*) FROM tombstones WHERE sid IN ({', '.join('?' * len(sids))})"  # noqa: S608
    return bool(index.value(query, *sids))


def _saved(place: Place, found: Marker) -> Iterator[SavedPayload]:
    for kept in found.payloads:
        payload = Payload(dict(kept.document))
        try:
            words = words_of(place, f"{found.folder}/{kept.name}", payload)
        except PlaceFailed:
            raise
        except AddonctlError:  # verify tells what is missing
            words = None
        yield SavedPayload(kept, words)

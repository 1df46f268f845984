"""What an erasure comes to: what there is of it, in the index, at the service and in the place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from addonctl.addresses import HEX, Address, checked_sid, given_sid
from addonctl.api import Client
from addonctl.archive import marker
from addonctl.archive.index import Index
from addonctl.archive.opening import Opened
from addonctl.archive.place import LEFT_OVER, Place
from addonctl.archive.receipts import Receipt
from addonctl.batch.outcomes import Row, plural
from addonctl.errors import AddonctlError, Interrupted, LoginRefused, NotFound, Usage
from addonctl.models import Payload, Result

MOST_SAID = 3
"""How many problems of one erasure are told."""
DONE = ("deleted", "gone already", "kept")
"""What became of something at the service that is not to be deleted there any more."""
_PAYLOAD = re.compile(rf"XH{HEX}")


class Asked(NamedTuple):
    """One thing to be erased: RE…, RE…/XR…, RE…/XR…/XH… or CA…, and the account it lies in."""

    name: str
    account: str

    @property
    def sid(self) -> str:
        return self.name.rpartition("/")[2]


class Erasure:
    """What one erasure comes to: what there is of it, here and at the service, and what went wrong.

    `results` are those it lies in, with the payloads known of each; `at_service` is what is to be
    deleted there, and what became of it; `days` are the accounts and days of its results; `objects`
    are names and lengths; `markers` the folders whose markers name a payload that is erased alone;
    `exports` files that may have held it; `also` other results that say some of the same.
    `before` is a receipt that is still open; with `keep_source` the service keeps what it has.
    """

    def __init__(self, asked: Asked, before: Receipt | None, *, keep_source: bool) -> None:
        self.asked, self.before, self.keep_source = asked, before, keep_source
        self.recordings: dict[str, str] = {}
        self.results: dict[Address, set[str]] = {}
        self.at_service: dict[Address, str] = {}
        self.days: set[tuple[str, str]] = set()
        self.objects: list[tuple[str, int]] = []
        self.markers: list[str] = []
        self.exports: list[str] = []
        self.also: list[str] = []
        self.problems: list[AddonctlError] = []
        self.known = before is not None
        self.receipt: Receipt
        if before:
            self.days.update(before.days)
            for each in before.erased:
                if each.sid.count("/"):
                    at = Address(*each.sid.split("/"))._replace(account=before.account)
                    self.results.setdefault(at, set()).update(each.payloads)
                    if each.source not in DONE:
                        self.at_service[at._replace(payload=self.payload)] = ""

    def __str__(self) -> str:
        payloads = len(set[str]().union(*self.results.values()))
        size = sum(size for _, size in self.objects)
        words = [
            f"{plural(len(self.results), 'result')}, {plural(payloads, 'payload')}",
            f"{plural(len(self.objects), 'object')} of {size} bytes here",
        ]
        outcomes = sorted(set(filter(None, self.at_service.values())))
        if self.keep_source:
            words.append("the service keeps what it has")
        elif outcomes:
            words.append(f"at the service {', '.join(outcomes)}")
        else:
            words.append(f"{len(self.at_service)} at the service")
        return "; ".join(words)

    @property
    def payload(self) -> str:
        return self.asked.sid if self.asked.sid.startswith("XH") else ""

    @property
    def tombstones(self) -> tuple[str, ...]:
        """What must not come back: what was asked for, and of a call its recordings."""
        before = self.before.sids if self.before else ()
        of_call = self.recordings if self.asked.sid.startswith("CA") else ()
        return tuple(dict.fromkeys((self.asked.sid, *before, *of_call)))

    @property
    def below(self) -> set[str]:
        """The SIDs of results and payloads under the tombstones, which nothing may name."""
        found = set().union(*self.results.values())
        if not self.payload:
            found |= {each.result for each in self.results}
        return found - set(self.tombstones)

    def row(self, index: Index, *, dry_run: bool) -> Row:
        """What became of it, or would."""
        address = Address(*self.asked.name.split("/"))
        if not self.known:
            if self.problems:
                return address, self.problems[0], None
            query = "SELECT max(id) FROM erasures WHERE ended IS NOT NULL AND asked IN (?, ?, ?)"
            names = [str(address), str(address._replace(payload="")), address.recording]
            if receipt := index.value(query, *names):
                return address, "erased", f"before: receipt {receipt}"
            nothing = f"there is nothing of {address}, in the archive or at the service"
            return address, NotFound(nothing), None
        if dry_run:
            return address, "would-erase", str(self)
        detail = f"{self}; receipt {self.receipt.id}"
        if not self.problems:
            return address, "erased", detail
        problem = self.problems[0]
        if isinstance(problem, NotFound):
            problem = AddonctlError(problem.message)
        said = list(dict.fromkeys(each.message for each in self.problems))
        more = f"; and {len(said) - MOST_SAID} more" if len(said) > MOST_SAID else ""
        problem = problem.reworded(f"{'; '.join(said[:MOST_SAID])}{more}; it stays open: {detail}")
        hints = "to go on: addonctl archive erase --unfinished", problem.hint
        problem.hint = "; ".join(filter(None, hints))
        return address, problem, None


# What is asked for, and what there is of it


def recall(at: Opened, beginning: str, *, exact: bool) -> list[str]:
    """The addresses in an archive, or erased from it, whose last SID begins so. Raises Usage for
    one that is not whole, where it must be `exact`.
    """
    if exact and len(beginning) < 34:
        raise Usage(f"'{beginning}' is not whole", hint="with --yes SIDs are typed whole")
    of = at.kept.rows("SELECT asked FROM erasures WHERE instr(asked, ?)", beginning)
    return [*at.recall(beginning), *(row["asked"] for row in of)]


def asked_for(
    index: Index, account: str, addresses: Iterable[Address], call: str | None, *, unfinished: bool
) -> list[Asked]:
    """What is to be erased, each once: nothing beside what it lies under. Raises Usage."""
    found: dict[str, Asked] = {}
    if unfinished:
        for row in index.rows("SELECT asked, account_sid FROM erasures WHERE ended IS NULL"):
            found[row["asked"]] = Asked(row["asked"], row["account_sid"])
    if call is not None:
        sid = checked_sid(call, "CA")
        found[sid] = Asked(sid, account)
    for each in addresses:
        of = index.value("SELECT account_sid FROM recordings WHERE sid = ?", each.recording)
        found[str(each)] = Asked(str(each), of or each.account or account)
    if not found and not unfinished:
        raise Usage("erase what?", hint="RE…, RE…/XR…, RE…/XR…/XH…, --call CA… or --unfinished")
    return [
        asked
        for name, asked in found.items()
        if not any(name.startswith(f"{other}/") for other in found)
    ]


def found(client: Client | None, index: Index, target: Erasure) -> Erasure:
    """Have a target know what the index has of it, and the service if a client is given.

    Raises LoginRefused; any other trouble at the service is the target's.
    """
    asked = target.asked
    recording, result, payload = (*asked.name.split("/"), "", "")[:3]
    if recording.startswith("CA"):
        rows = index.rows("SELECT sid, account_sid FROM recordings WHERE call_sid = ?", recording)
        target.recordings = {row["sid"]: row["account_sid"] for row in rows}
    else:
        target.recordings = {recording: asked.account}
    try:
        if client and recording.startswith("CA"):
            for page in client.recordings({"CallSid": recording}, account=asked.account):
                for each in page:
                    target.recordings.setdefault(given_sid(each.sid, "RE"), asked.account)
                    target.known = True
        for sid, account in target.recordings.items():
            if client is None:
                break
            with suppress(NotFound):
                there = at_service(client, Address(sid, result, payload, account))
                target.known = True  # also a recording of which nothing has been made yet
                for at in there:
                    target.at_service.setdefault(at, "")
                    target.results.setdefault(at._replace(payload=""), set())
    except (LoginRefused, Interrupted):
        raise
    except AddonctlError as problem:
        target.problems.append(problem)
    for sid, account in target.recordings.items():
        of_it = "SELECT count(*) FROM recordings WHERE sid = ?"
        target.known |= not result and bool(index.value(of_it, sid))
        rows = index.rows(
            "SELECT sid, date_created FROM results WHERE recording_sid = ? AND ? IN ('', sid)",
            *(sid, result),
        )
        for row in list(rows):
            its = "SELECT sid FROM payloads WHERE result_sid = ? AND ? IN ('', sid)"
            payloads = {each["sid"] for each in index.rows(its, row["sid"], payload)}
            if payload and not payloads:
                continue
            at = Address(sid, row["sid"], account=account)
            target.results.setdefault(at, set()).update(payloads)
            target.at_service.setdefault(at._replace(payload=payload), "")
            target.days.add((account, (row["date_created"] or marker.UNDATED)[:10]))
            target.known = True
    if payload:
        for at in target.results:
            target.results[at] = {payload}
    return target


def at_service(client: Client, at: Address) -> list[Address]:
    """What the service has there to be deleted."""
    if at.payload:
        client.get(Payload, at)
        return [at]
    if at.result:
        client.get(Result, at)
        return [at]
    listed = [each for page in client.results(at) for each in page]
    return [at._replace(result=given_sid(each.sid, "XR")) for each in listed]


class Besides(NamedTuple):
    """What lies in a place besides: exports, reports of runs, what a killed run left, and what is
    none of an archive's.
    """

    exports: list[str]
    runs: list[str]
    left: list[str]
    strangers: list[str]


def named(place: Place, targets: Iterable[Erasure]) -> Besides:
    """Look at every name in a place: have the targets know their objects, also those that neither
    index nor marker knows; what else there is.
    """
    names = Besides([], [], [], [])
    wanted = {sid: target for target in targets for sid in target.tombstones}
    besides: dict[str, list[Erasure]] = {}
    for target in wanted.values():
        if target.payload:
            besides.setdefault(target.asked.name.split("/")[1], []).append(target)
    for name, size in place.objects():
        *folders, last = name.split("/")
        in_data = folders[:1] == ["data"]
        owner = next((wanted[each] for each in (*folders, last) if each in wanted), None)
        if in_data and not owner and (payload := _PAYLOAD.search(last)):
            owner = wanted.get(payload[0])
        if in_data and owner:
            owner.objects.append((name, size or 0))
            owner.known = True
            _lies_in(owner, folders, last)
        elif LEFT_OVER.fullmatch(last):
            names.left.append(name)
        elif in_data and last == marker.MARKER:
            for target in besides.get(folders[-1], ()):
                target.markers.append("/".join(folders))
        elif name.startswith("exports/"):
            names.exports.append(name)
        elif name.startswith("runs/"):
            names.runs.append(name)
        elif not marker.is_ours(name) and not name.startswith("index.sqlite"):
            names.strangers.append(name)
    return names


def _lies_in(target: Erasure, folders: Sequence[str], last: str) -> None:
    """Note the result that an object is of, and its payload and day."""
    if len(folders) != 5:
        return
    _, account, day, recording, result = folders
    its = target.results.setdefault(Address(recording, result, account=account), set())
    its.update(_PAYLOAD.findall(last))
    target.days.add((account, day))


def touched(name: str, days: set[tuple[str, str]]) -> bool:
    """Whether an export may hold what was made on those days: all may that is in no partition."""
    parts = dict(each.partition("=")[::2] for each in name.split("/") if "=" in each)
    if not days or name in ("exports/export.json", "exports/metadata.json"):
        return False
    account, day = parts.get("account"), parts.get("date")
    if account is None or day is None:
        return True
    return (account, day if day[:1].isdigit() else marker.UNDATED) in days

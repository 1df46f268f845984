"""A served account that a test fills, troubles, and asks for its own record."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from addonctl import sandbox
from addonctl.sandbox.contents import sid
from addonctl.sandbox.state import Database


class AccountRow(NamedTuple):
    """A main account, or a subaccount of `owner_account_sid`."""

    sid: str
    owner_account_sid: str
    friendly_name: str
    auth_token: str
    created: int
    status: str = "active"


class AddOn(NamedTuple):
    """An add-on as it is installed; results name it by its number, from 1."""

    sid: str
    configuration_sid: str


class Recording(NamedTuple):
    """A recording of `account_sid`, of `duration` seconds."""

    sid: str
    created: int
    duration: int
    call_sid: str
    account_sid: str = sandbox.ACCOUNT


class Result(NamedTuple):
    """What an add-on makes of the recording `reference_sid`; a time that is None never comes."""

    reference_sid: str
    sid: str
    created: int
    completed: int | None
    add_on: int = 1
    status: str = "completed"
    started: int | None = None


class Payload(NamedTuple):
    """A file of the result `add_on_result_sid`; without a body its `size` bytes are made up."""

    add_on_result_sid: str
    sid: str
    created: int
    label: str
    content_type: str
    size: int
    body: bytes | None = None


Row = AccountRow | AddOn | Recording | Result | Payload
TABLES: dict[type[Row], str] = {
    AccountRow: "accounts",
    AddOn: "add_ons",
    Recording: "recordings",
    Result: "results",
    Payload: "payloads",
}


def put(file: Path, *rows: Row) -> None:
    """Put rows into an account's state file, oldest first; what is put in last is the newest."""
    with closing(sqlite3.connect(file)) as db:
        for row in rows:
            columns, marks = ", ".join(row._fields), ", ".join("?" * len(row))
            db.execute(f"INSERT INTO {TABLES[type(row)]} ({columns}) VALUES ({marks})", row)
        db.commit()


class Account:
    """A served account that a test fills, and whose requests are counted."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.state = Database(file)
        self.state.reset(recordings=0, results=0, payloads=0)
        self.requests = 0
        self.paths: list[str] = []
        self.failing: dict[str, int] = {}
        self.trouble: Callable[[str, str], int | None] = lambda method, path: None

    def answer(self, method: str, path: str) -> int | None:
        self.requests += 1
        self.paths.append(path)
        asked = f"{method} {path}"
        found = next((code for part, code in self.failing.items() if part in asked), None)
        return found or self.trouble(method, path)

    def now(self) -> int:
        return int(datetime.now(UTC).timestamp())

    def add(self, *rows: Recording | Result | Payload) -> None:
        put(self.file, *rows)

    def change(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.file)) as db:
            db.execute(statement, values)
            db.commit()

    def one(self, body: bytes = b"Ann: The parcel is lost.\nBob: Again.") -> None:
        """A recording with a result of two payloads."""
        now = self.now()
        self.add(
            Recording(sid("RE", 1), now - 600, 60, sid("CA", 1)),
            Result(sid("RE", 1), sid("XR", 1), now - 500, now - 400),
            Payload(sid("XR", 1), sid("XH", 1), now - 400, "words", "text/plain", len(body), body),
            Payload(sid("XR", 1), sid("XH", 2), now - 400, "more", "text/plain", 3, b"two"),
        )

    def deleted(self) -> set[str]:
        """The results and payloads that were deleted, as the account itself has it."""
        with closing(sqlite3.connect(self.file)) as db:
            both = "SELECT sid FROM {0}s WHERE deleted = 1"
            return {
                row for kind in ("result", "payload") for (row,) in db.execute(both.format(kind))
            }

    def touched(self) -> None:
        """The result was worked on again: the service gives it another date."""
        self.change("UPDATE results SET completed = completed + 60")

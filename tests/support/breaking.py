"""A service and a store on loopback, whose lines break where a test says, byte for byte."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from socket import socket
from socketserver import StreamRequestHandler
from typing import Any

import pytest

from support.documents import ACCOUNT, CREATED
from support.loopback import on_loopback, read_head, reset_on_close
from support.program import log_in_by_variables

RECORDING = "RE" + "1" * 32
RESULT = "XR" + "2" * 32
SIZE = 70_001
PAGE = b"<!DOCTYPE html><html><body>Please log in to this network</body></html>"
ERROR = b'<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>We</Message></Error>'
EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one answer of the store, and after how many bytes of its body."""

    kind: str
    after: int | None = 0  # None: before the answer begins


@dataclass
class Stored:
    """A payload, what the service says of it, and the faults its next answers have, in order."""

    data: bytes
    content_type: str = "application/json"
    label: str = ""
    faults: list[Fault] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None  # the MD5, unless it says otherwise; empty for none
    ranges: bool = True
    updated: str | None = CREATED


@dataclass
class Heard:
    """One request: its path, and its headers."""

    path: str
    headers: Message

    @property
    def at_store(self) -> bool:
        return self.path.startswith("/store/")


@dataclass
class Breaking:
    """An account with one recording, whose results hold payloads by their SIDs."""

    results: dict[str, dict[str, Stored]] = field(default_factory=lambda: {RESULT: {}})
    statuses: dict[str, str] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    connections: int = 0
    before: Callable[[str, str], object] = lambda method, path: None  # each answer
    url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    over: threading.Event = field(default_factory=threading.Event)

    def add(self, data: bytes, result: str = RESULT, sid: str = "", **more: Any) -> str:
        """A further payload of a result; its address."""
        payloads = self.results.setdefault(result, {})
        sid = sid or f"XH{sum(map(len, self.results.values())):032x}"
        payloads[sid] = Stored(data, **more)
        return f"{RECORDING}/{result}/{sid}"

    def payload(self, sid: str) -> Stored:
        found = (payloads.get(sid) for payloads in self.results.values())
        return next(filter(None, found))

    def fetched(self, sid: str = "") -> list[Heard]:
        """The requests that the store has heard, of all payloads or of one."""
        with self.lock:
            return [heard for heard in self.heard if heard.at_store and sid in heard.path]

    def answer(self, method: str, heard: Heard, line: Line) -> None:
        path, _, _ = heard.path.partition("?")
        with self.lock:
            self.heard.append(heard)
        self.before(method, path)
        words = path.removesuffix(".json").strip("/").split("/")
        if heard.at_store:
            self._store(words[1], heard, line)
        elif words[-1] == "Data":
            line.send(307, b"", Location=f"{self.url}/store/{words[-2]}?signature=a-secret")
        elif method == "DELETE":
            with self.lock:
                self.results.pop(words[-1], None)
                self.deleted.append(words[-1])
            line.send(204, b"")
        else:
            self._document(words, line)

    def _document(self, words: list[str], line: Line) -> None:
        last, parent = words[-1], words[-2]
        known = {sid for payloads in self.results.values() for sid in payloads}
        if last == "AddOnResults" and parent == RECORDING:
            found: Any = {"add_on_results": [self._result(sid) for sid in self.results]}
        elif last == "Payloads" and parent in self.results:
            found = {"payloads": [self._metadata(sid) for sid in self.results[parent]]}
        elif last in self.results:
            found = self._result(last)
        elif last in known:
            found = self._metadata(last)
        else:
            line.send(404, b'{"code": 20404, "message": "not found", "status": 404}')
            return
        line.send(200, json.dumps(found).encode(), Content_Type="application/json")

    def _result(self, sid: str) -> dict[str, Any]:
        status = self.statuses.get(sid, "completed")
        return {"sid": sid, "reference_sid": RECORDING, "status": status, "date_created": CREATED}

    def _metadata(self, sid: str) -> dict[str, Any]:
        payload = self.payload(sid)
        return {
            "sid": sid,
            "label": payload.label,
            "content_type": payload.content_type,
            "date_created": payload.updated,
            "date_updated": payload.updated,
        }

    def _store(self, sid: str, heard: Heard, line: Line) -> None:
        payload = self.payload(sid)
        with self.lock:
            fault = payload.faults.pop(0) if payload.faults else Fault("none")
        data, etag = payload.data, payload.etag
        if etag is None:
            etag = f'"{hashlib.md5(data).hexdigest()}"'
        headers = {"Content_Type": "application/octet-stream", **payload.headers}
        if etag:
            headers["ETag"] = etag
        status, begin = 200, 0
        asked = heard.headers.get("Range")
        if asked and payload.ranges and heard.headers.get("If-Range") in (None, etag):
            begin = int(asked.removeprefix("bytes=").removesuffix("-"))
            if begin >= len(data):
                line.send(416, b"<Error><Code>InvalidRange</Code></Error>")
                return
            status = 206
            headers["Content_Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        line.broken(fault, status, data[begin:], headers)


class Line:
    """One connection's way back."""

    def __init__(self, connection: socket, over: threading.Event) -> None:
        self._connection = connection
        self._over = over

    def send(self, status: int, body: bytes, **headers: str) -> None:
        headers.setdefault("Content_Length", str(len(body)))
        self._head(status, headers)
        self._connection.sendall(body)

    def broken(self, fault: Fault, status: int, body: bytes, headers: dict[str, str]) -> None:
        """An answer with its fault; `after` counts bytes of this answer's body."""
        if fault.after is None:
            self._break(fault)
        after = min(fault.after or 0, len(body))
        if fault.kind == "none":
            self.send(status, body, **headers)
        elif fault.kind in ("closed", "reset", "stalled"):
            self.send(status, body[:after], **headers, Content_Length=str(len(body)))
            self._break(fault)
        elif fault.kind == "chunked":
            self._head(status, {**headers, "Transfer_Encoding": "chunked"})
            self._connection.sendall(b"%x\r\n%s\r\n" % (after, body[:after]) if after else b"")
            self._break(fault)
        elif fault.kind == "forgetful":  # a range of no told length, which ends as if it were all
            span = headers.get("Content_Range", "").partition("/")[0]
            told = {"Content_Range": f"{span}/*"} if span else {}
            self._head(status, {**headers, **told, "Transfer_Encoding": "chunked"})
            self._connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (after, body[:after]))
        elif fault.kind == "shifted":  # a range that begins elsewhere than asked
            begin, end = (
                int(word) for word in headers["Content_Range"][6:].split("/")[0].split("-")
            )
            moved = {"Content_Range": f"bytes {begin + after}-{end}/{end + 1}"}
            self.send(status, body[after:], **{**headers, **moved})
        elif fault.kind == "renamed":  # a range of another version than asked
            self.send(status, body, **{**headers, "ETag": '"another-1"'})
        elif fault.kind in ("short", "long"):  # a Content-Length that lies
            length = after if fault.kind == "short" else len(body) + 7
            self.send(status, body[:after], **headers, Content_Length=str(length))
            self._break(fault)
        elif fault.kind == "unframed":
            self._head(status, {**headers, "Connection": "close"})
            self._connection.sendall(body[:after])
            self._break(fault)
        elif fault.kind == "damaged":
            flipped = bytes([body[after - 1] ^ 1])
            self.send(status, body[: after - 1] + flipped + body[after:], **headers)
        elif fault.kind == "gzip":
            encoded = gzip.compress(body)
            self._head(status, {**headers, "Content_Encoding": "gzip", "Connection": "close"})
            self._connection.sendall(encoded[: min(after, len(encoded) - 1)])
            self._break(fault)
        elif fault.kind == "expired":
            self.send(403, EXPIRED)
        elif fault.kind == "gone":
            self.send(404, b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>")
        elif fault.kind == "page":
            self.send(200, PAGE, Content_Type="text/html")
        elif fault.kind == "error":
            self.send(200, ERROR, Content_Type="application/xml")
        else:
            raise AssertionError(fault.kind)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self._connection.sendall(f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode())

    def _break(self, fault: Fault) -> None:
        if fault.kind == "stalled":
            self._over.wait(300)
        if fault.kind == "reset":
            reset_on_close(self._connection)
            self._connection.close()
        raise ConnectionAbortedError


@contextmanager
def breaking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Breaking]:
    """The program pointed at such an account, for as long as a test needs it."""
    account = Breaking()

    class Handler(StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            line = Line(self.request, account.over)
            with account.lock:
                account.connections += 1
            with suppress(OSError):
                while head := read_head(self.rfile):
                    method, path, headers = head
                    account.answer(method, Heard(path, headers), line)

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()

    with on_loopback(Handler) as account.url:
        log_in_by_variables(monkeypatch, account.url, account=ACCOUNT)
        try:
            yield account
        finally:
            account.over.set()


def some(seed: int, size: int = SIZE) -> bytes:
    """Data for a payload, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder, by name."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}

"""A service on loopback that keeps its own record of what is deleted, and has bad days.

It knows results by their addresses, answers over connections that stay open, and asks a `trouble`
what to do with each request: answer it, refuse it, break the line before or after acting on it.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler

import pytest

from support.documents import ACCOUNT, CREATED
from support.loopback import on_loopback, read_head, reset_on_close
from support.program import log_in_by_variables

PLACE = re.compile(
    r"/2010-04-01/Accounts/(AC\w{32})/Recordings/(RE\w{32})/AddOnResults(?:/(XR\w{32}))?\.json"
)
REASONS = {200: "OK", 204: "No Content", 404: "Not Found", 429: "Too Many Requests"}

# What a trouble may say of a request.
RESET, LOST, CUT, HANG = "reset", "lost", "cut", "hang"
Fault = int | str | None


@dataclass
class Service:
    """The record: what is there, what was asked, and how much at a time."""

    there: set[str] = field(default_factory=set)
    trouble: Callable[[int, str], Fault] = lambda number, place: None
    latency: float = 0.0
    allowed: int | None = None
    retry_after: str | None = None
    statuses: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    refused: int = 0
    in_flight: int = 0
    most: int = 0
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, method: str, place: str) -> Fault:
        """Note a request; what is to happen to it."""
        with self.lock:
            self.asked.append((method, place))
            fault = self.trouble(len(self.asked), place)
            self.in_flight += 1
            if fault is None and self.allowed is not None and self.in_flight > self.allowed:
                fault = 429
            if fault == 429:
                self.refused += 1
            else:
                self.most = max(self.most, self.in_flight)
            return fault

    def end(self) -> None:
        with self.lock:
            self.in_flight -= 1

    def act(self, method: str, recording: str, result: str | None) -> tuple[int, object]:
        """Do what is asked, and the answer to it."""
        place = f"{recording}/{result}"
        with self.lock:
            if result is None:
                found = sorted(each for each in self.there if each.startswith(recording))
                documents = [self.document(each) for each in found]
                return 200, {"add_on_results": documents, "next_page_uri": None}
            if place not in self.there:
                return 404, {"code": 20404, "message": f"{result} was not found", "status": 404}
            if method == "DELETE":
                self.there.remove(place)
                self.deleted.append(place)
                return 204, None
            return 200, self.document(place)

    def document(self, place: str) -> dict[str, object]:
        recording, _, result = place.partition("/")
        return {
            "sid": result,
            "account_sid": ACCOUNT,
            "reference_sid": recording,
            "status": self.statuses.get(place, "completed"),
            "date_created": CREATED,
        }


class Handler(StreamRequestHandler):
    """One connection, for as long as both sides keep it open."""

    disable_nagle_algorithm = True
    service: Service

    def handle(self) -> None:
        with suppress(OSError):
            while head := read_head(self.rfile):
                method, target, _ = head
                if not self.answer(method, target.partition("?")[0]):
                    return

    def answer(self, method: str, path: str) -> bool:
        """Whether the connection may go on."""
        found = PLACE.fullmatch(path)
        assert found, path
        _, recording, result = found.groups()
        fault = self.service.begin(method, f"{recording}/{result}" if result else recording)
        try:
            if fault == RESET:
                return self.hang_up()
            if fault == HANG:
                self.rfile.read(1)  # until the other side goes
                return False
            if isinstance(fault, int):
                return self.reply(fault, {"message": REASONS.get(fault, "Trouble")})
            time.sleep(self.service.latency)
            answer = self.service.act(method, recording, result)
            if fault == LOST:
                return self.hang_up()
            return self.reply(*answer, cut=fault == CUT)
        finally:
            self.service.end()

    def reply(self, status: int, document: object, cut: bool = False) -> bool:
        body = b"" if document is None else json.dumps(document).encode()
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'Trouble')}\r\n"
        head += f"Twilio-Concurrent-Requests: {self.service.in_flight}\r\n"
        if status == 429 and self.service.retry_after:
            head += f"Retry-After: {self.service.retry_after}\r\n"
        if status != 204:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.wfile.write(head.encode() + b"\r\n" + (body[:-5] if cut else body))
        return not cut

    def hang_up(self) -> bool:
        """End the connection with a reset, as a crash does."""
        reset_on_close(self.request)
        return False


@contextmanager
def faulty(monkeypatch: pytest.MonkeyPatch, service: Service) -> Iterator[Service]:
    """The program pointed at `service`, for as long as a test needs it."""
    handler = type("Pointed", (Handler,), {"service": service})
    with on_loopback(handler) as service.url:
        log_in_by_variables(monkeypatch, service.url, account=ACCOUNT)
        yield service


def results(count: int, recordings: int = 3) -> list[str]:
    """Addresses of so many results, of so many recordings."""
    return [f"RE{number % recordings:032x}/XR{number:032x}" for number in range(count)]


def lines(addresses: Iterable[str]) -> str:
    return "".join(f"{address}\n" for address in addresses)


@contextmanager
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Retries that wait for milliseconds."""
    with monkeypatch.context() as patch:
        patch.setattr("addonctl.api.transport.BACKOFF", 0.002)
        yield

"""A service of many recordings, in a process of its own: slow, with a limit, and counting.

Run as `python many.py ACCOUNTS RECORDINGS LATENCY ALLOWED`: so many accounts of so many recordings
each, with a result of one payload; each request takes LATENCY seconds, and of an account's requests
at most ALLOWED are in flight (0: any number), those beyond are refused. Prints its port, and for
each line of stdin what it has counted since, as JSON.
"""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "the-token-of-a-test"


def account(number: int = 0) -> str:
    return f"AC{number:032x}"


class Service:
    """What is there, and what was asked."""

    def __init__(self, accounts: int, recordings: int, latency: float, allowed: int) -> None:
        self.accounts, self.recordings = accounts, recordings
        self.latency, self.allowed = latency, allowed
        self.in_flight: Counter[str] = Counter()
        self.most = 0
        made = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
        self.dates = dict.fromkeys(("date_created", "date_updated"), format_datetime(made))
        pair = f"{account()}:{TOKEN}".encode()
        self.login = "Basic " + base64.b64encode(pair).decode()
        self.forget()

    def forget(self) -> None:
        self.asked: Counter[str] = Counter()
        self.refused: list[int] = []
        self.denied = 0

    def counted(self) -> str:
        told = {
            "requests": self.asked.total(),
            "twice": self.asked.total() - len(self.asked),
            "refused": self.refused,
            "denied": self.denied,
            "most": self.most,
        }
        self.forget()
        return json.dumps(told)

    def answer(self, path: str, query: str) -> tuple[int, bytes | dict[str, Any]]:
        """The status and body of an answer; a text is where it leads to."""
        parts = path.removesuffix(".json").strip("/").split("/")
        if parts[0] == "store":
            return 200, f"Ann: This is number {int(parts[1][2:], 16)}.\nBob: So it is.".encode()
        names = parts[2:]
        if len(names) == 0:
            return 200, {"accounts": [{"sid": account(n)} for n in range(self.accounts)]}
        owner = int(names[0][2:], 16)
        number = int(names[2][2:], 16) if len(names) > 2 else 0
        about = {"account_sid": names[0], **self.dates}
        if len(names) == 2:
            page, size = (int(parse_qs(query).get(n, ["0"])[0]) for n in ("Page", "PageSize"))
            size = size or 50
            first = owner * self.recordings
            here = range(self.recordings)[page * size : (page + 1) * size]
            found = [{"sid": f"RE{first + n:032x}", **about} for n in here]
            more = (page + 1) * size < self.recordings
            after = f"{path}?PageSize={size}&Page={page + 1}" if more else None
            return 200, {"recordings": found, "next_page_uri": after}
        if names[-1] == "AddOnResults":
            result = {"sid": f"XR{number:032x}", "reference_sid": names[2], "status": "completed"}
            return 200, {"add_on_results": [result | about]}
        if names[-1] == "Payloads":
            payload = {"sid": f"XH{number:032x}", "label": "words", "content_type": "text/plain"}
            return 200, {"payloads": [payload | about]}
        if names[-1] == "Data":
            return 307, f"/store/{names[-2]}?signature={'s' * 40}".encode()
        return 404, {"status": 404, "message": "not found"}


class Connection(asyncio.Protocol):
    """One client's connection; requests have no bodies, and come one after the other."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if not self.heard.endswith(b"\r\n\r\n"):
            return
        (line, *headers), self.heard = self.heard.decode().split("\r\n"), b""
        service, url = self.service, urlsplit(line.split()[1])
        given = dict(each.lower().split(": ", 1) for each in headers if each)
        names = url.path.split("/")
        owner = names[3].removesuffix(".json") if len(names) > 3 else ""
        at_store = url.path.startswith("/store/")
        if not at_store and given.get("authorization") != service.login.lower():
            service.denied += 1
            self.send(401, {"status": 401, "message": "Authenticate"}, owner)
        elif service.allowed and not at_store and service.in_flight[owner] >= service.allowed:
            service.refused.append(service.asked.total())
            self.send(429, {"status": 429, "message": "Too Many Requests"}, owner)
        else:
            service.asked[f"{url.path}?{'' if at_store else url.query}"] += 1
            service.in_flight[owner] += not at_store
            service.most = max(service.most, service.in_flight.total())
            status, body = service.answer(url.path, url.query)
            loop = asyncio.get_running_loop()
            loop.call_later(service.latency, self.later, status, body, owner, not at_store)

    def later(self, status: int, body: bytes | dict[str, Any], owner: str, counts: bool) -> None:
        self.send(status, body, owner)
        self.service.in_flight[owner] -= counts

    def send(self, status: int, body: bytes | dict[str, Any], owner: str) -> None:
        more = f"Twilio-Concurrent-Requests: {self.service.in_flight[owner]}\r\n"
        kind = "text/plain"
        if status == 307 and isinstance(body, bytes):
            host, port = self.transport.get_extra_info("sockname")
            more, body = f"{more}Location: http://{host}:{port}{body.decode()}\r\n", b""
        if not isinstance(body, bytes):
            kind, body = "application/json", json.dumps(body).encode()
        head = f"HTTP/1.1 {status} So\r\nContent-Type: {kind}\r\n{more}"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


async def main() -> None:
    accounts, recordings, allowed = (int(sys.argv[n]) for n in (1, 2, 4))
    service = Service(accounts, recordings, float(sys.argv[3]), allowed)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while await loop.run_in_executor(None, sys.stdin.readline):
        sys.stdout.write(f"{service.counted()}\n")
        sys.stdout.flush()
    server.close()


class Many:
    """Such a service, for a test that runs it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout
        self.url = f"http://127.0.0.1:{process.stdout.readline().strip()}"

    def counted(self) -> dict[str, Any]:
        """What it has counted since the last time it was asked."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@contextmanager
def many(
    recordings: int, *, accounts: int = 1, latency: float = 0.0, allowed: int = 0
) -> Iterator[Many]:
    words = map(str, (accounts, recordings, latency, allowed))
    command = [sys.executable, __file__, *words]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Many(process)
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(main())

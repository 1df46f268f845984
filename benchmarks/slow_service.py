"""A stand-in for the service that answers every request after a while, and counts.

A GET gets a list of three results, anything else 204.

Run as `python slow_service.py LATENCY [ALLOWED]`: LATENCY in seconds; above ALLOWED requests in
flight it answers 429 at once. Prints its port, and on each line of stdin a line of JSON with what
it has counted since the last: requests, refused, most in flight, seconds from first to last.
"""

from __future__ import annotations

import asyncio
import json
import sys
from time import perf_counter

GONE = b"HTTP/1.1 204 No Content\r\nTwilio-Request-Id: RQ%d\r\n%s\r\n"
LIST = (
    b"HTTP/1.1 200 OK\r\nTwilio-Request-Id: RQ%d\r\n%s"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
)
BUSY = b'{"code":20429,"message":"Too Many Requests","status":429}'
REFUSED = (
    b"HTTP/1.1 429 Too Many Requests\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
)


def listed() -> bytes:
    """A page with what three add-ons made of a recording."""
    account, recording = "AC" + "a" * 32, "RE" + "e" * 32
    date = "Tue, 24 Nov 2026 18:43:00 +0000"
    rows = [
        {
            "sid": f"XR{number:032x}",
            "account_sid": account,
            "status": "completed",
            "add_on_sid": "XB" + "b" * 32,
            "add_on_configuration_sid": "XE" + "c" * 32,
            "date_created": date,
            "date_updated": date,
            "date_completed": date,
            "reference_sid": recording,
            "subresource_uris": {"payloads": f"/2010-04-01/Accounts/{account}/…/Payloads.json"},
        }
        for number in range(3)
    ]
    return json.dumps({"add_on_results": rows, "next_page_uri": None}).encode()


class Service:
    """Counts what it is asked."""

    def __init__(self, latency: float, allowed: int | None) -> None:
        self.latency = latency
        self.allowed = allowed
        self.in_flight = 0
        self.forget()

    def forget(self) -> None:
        self.done = self.refused = self.most = 0
        self.first = self.last = 0.0

    def counted(self) -> str:
        seconds = round(self.last - self.first, 3)
        told = {"done": self.done, "refused": self.refused, "most": self.most, "seconds": seconds}
        self.forget()
        return json.dumps(told)


class Connection(asyncio.Protocol):
    """One client's connection; requests have no bodies."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.heard = b""
        self.page = listed()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while b"\r\n\r\n" in self.heard:
            asked, _, self.heard = self.heard.partition(b"\r\n\r\n")
            self.asked(lists=asked.startswith(b"GET"))

    def asked(self, *, lists: bool) -> None:
        service = self.service
        service.first = service.first or perf_counter()
        if service.allowed is not None and service.in_flight >= service.allowed:
            service.refused += 1
            self.transport.write(REFUSED % (len(BUSY), self.load(), BUSY))
            return
        service.in_flight += 1
        service.most = max(service.most, service.in_flight)
        asyncio.get_running_loop().call_later(service.latency, self.answer, lists)

    def answer(self, lists: bool) -> None:
        service = self.service
        load = self.load()
        service.in_flight -= 1
        service.done += 1
        service.last = perf_counter()
        if lists:
            self.transport.write(LIST % (service.done, load, len(self.page), self.page))
        else:
            self.transport.write(GONE % (service.done, load))

    def load(self) -> bytes:
        return b"Twilio-Concurrent-Requests: %d\r\n" % self.service.in_flight


async def main() -> None:
    allowed = int(sys.argv[2]) if len(sys.argv) > 2 else None
    service = Service(float(sys.argv[1]), allowed)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(service.counted(), flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())

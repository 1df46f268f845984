"""A server on loopback that says what a test tells it to, byte for byte, and keeps all it heard."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from socket import SHUT_RDWR, socket
from socketserver import StreamRequestHandler
from ssl import SSLContext
from typing import Any

from support.loopback import on_loopback, read_head


@dataclass
class Heard:
    """One request: method, target and headers."""

    method: str
    target: str
    headers: Message


Answer = bytes | Callable[[Heard], bytes]


@dataclass
class Scripted:
    """Plays its answers in order, the last one for ever; one cut short is a line that broke."""

    answers: list[Answer]
    heard: list[Heard] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_answer(self, request: Heard) -> bytes:
        with self.lock:
            answer = self.answers[min(len(self.heard), len(self.answers) - 1)]
            self.heard.append(request)
        return answer if isinstance(answer, bytes) else answer(request)


def answer(
    body: bytes | str | dict[str, Any] | list[Any] = b"",
    status: int = 200,
    headers: dict[str, str] | None = None,
    *,
    content_type: str | None = None,
    length: int | None = None,
) -> bytes:
    """A whole HTTP answer; `length` makes it lie about how long it is."""
    kind = content_type or "application/json"
    if isinstance(body, dict | list):
        body = json.dumps(body)
    data = body.encode() if isinstance(body, str) else body
    lines = {"Content-Type": kind, "Content-Length": str(len(data) if length is None else length)}
    head = "".join(f"{name}: {value}\r\n" for name, value in (lines | (headers or {})).items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + data


@contextmanager
def scripted(*answers: Answer, tls: SSLContext | None = None) -> Iterator[Scripted]:
    """Serve those answers on a free port of loopback, over https where `tls` is given."""
    script = Scripted(list(answers))

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            connection: socket = self.request
            if head := read_head(self.rfile):
                self.wfile.write(script.next_answer(Heard(*head)))
                self.wfile.flush()
                with suppress(OSError):
                    connection.shutdown(SHUT_RDWR)

    with on_loopback(Handler, tls) as script.url:
        yield script

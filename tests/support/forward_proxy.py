"""A forward proxy on sockets: it tunnels what CONNECT asks for, and keeps what it was asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler
from ssl import SSLContext

from support.loopback import on_loopback


@dataclass
class Proxy:
    """Where it is, and every head of a request it has seen in the clear."""

    url: str = ""
    heads: list[bytes] = field(default_factory=list)


@contextmanager
def forward_proxy(
    tls: SSLContext | None = None, refusal: Callable[[], Iterator[bytes]] | None = None
) -> Iterator[Proxy]:
    """Serve on a free port of loopback, over https where `tls` is given.

    With a `refusal` it opens no tunnel, but sends those pieces as its answer.
    """
    proxy = Proxy()

    class Handler(StreamRequestHandler):
        rbufsize = 0  # what follows the head belongs to the tunnel

        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n") and (byte := self.rfile.read(1)):
                head += byte
            proxy.heads.append(head)
            method, target, *_ = head.decode().split()
            if refusal or method != "CONNECT":
                forbidden = b"HTTP/1.1 403 Tunnels only\r\nContent-Length: 0\r\n\r\n"
                with suppress(OSError):
                    for piece in refusal() if refusal else (forbidden,):
                        self.wfile.write(piece)
                return
            host, _, port = target.rpartition(":")
            with socket.create_connection((host, int(port)), timeout=20) as other:
                self.wfile.write(b"HTTP/1.1 200 Tunnel\r\n\r\n")
                back = threading.Thread(target=pump, args=(other, self.request))
                back.start()
                pump(self.request, other)
                back.join()

    with on_loopback(Handler, tls) as proxy.url:
        yield proxy


def pump(source: socket.socket, target: socket.socket) -> None:
    """Pass on bytes until one side has ended."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

"""A free port of loopback, and what answers there."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.parser import BytesHeaderParser
from io import BufferedIOBase
from socket import SO_LINGER, SOL_SOCKET, socket
from socketserver import BaseRequestHandler, ThreadingTCPServer
from ssl import SSLContext
from typing import IO, Any


@contextmanager
def on_loopback(handler: type[BaseRequestHandler], tls: SSLContext | None = None) -> Iterator[str]:
    """Serve there, a thread for each connection; gives the URL, of https where `tls` is given."""

    class Server(ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 128

        def get_request(self) -> Any:
            accepted, address = super().get_request()
            return (tls.wrap_socket(accepted, server_side=True) if tls else accepted), address

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up early is part of many tests."""

    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def read_head(lines: IO[bytes] | BufferedIOBase) -> tuple[str, str, Message] | None:
    """Method, target and headers of the next request; none where the other side has gone."""
    words = lines.readline().decode("latin-1").split()
    if len(words) < 2:
        return None
    headers = b""
    while (line := lines.readline()) not in (b"\r\n", b"\n", b""):
        headers += line
    return words[0], words[1], BytesHeaderParser().parsebytes(headers)


def reset_on_close(connection: socket) -> None:
    """Have it end with a reset, as after a crash."""
    connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))

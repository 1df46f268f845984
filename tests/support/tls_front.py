"""The vendor's host over TLS, in front of another server: for clients that speak nothing else."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from socket import MSG_PEEK
from socketserver import StreamRequestHandler
from urllib.parse import urlsplit

import trustme

from support.loopback import on_loopback, read_head

HOST = "api.twilio.com"
TLS_HANDSHAKE = b"\x16"
"""What the first byte of a connection is that begins with TLS."""


@contextmanager
def tls_front(api_url: str, folder: Path) -> Iterator[dict[str, str]]:
    """Serve, as a proxy on loopback, what `api_url` answers as https://api.twilio.com.

    Gives the variables that lead the vendor's clients and ours there, and have them trust the
    certificate. Ours, which can be given another address, comes without a tunnel.
    """
    authority = trustme.CA()
    bundle = str(folder / "authority.pem")
    authority.cert_pem.write_to_path(bundle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, "127.0.0.1").configure_cert(context)

    class Handler(StreamRequestHandler):
        rbufsize = 0  # what follows the head belongs to TLS

        def handle(self) -> None:
            with suppress(OSError):
                if self.request.recv(1, MSG_PEEK) != TLS_HANDSHAKE:
                    head = read_head(self.rfile)
                    if head is None or head[:2] != ("CONNECT", f"{HOST}:443"):
                        return
                    self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                with context.wrap_socket(self.request, server_side=True) as line:
                    while answer(line):
                        pass

    def answer(line: ssl.SSLSocket) -> bool:
        """One request and its answer; False when the client has gone."""
        with line.makefile("rb") as lines:
            head = read_head(lines)
        if head is None:
            return False
        method, target, headers = head
        passed = {name: value for name, value in headers.items() if name.lower() != "host"}
        behind = HTTPConnection(urlsplit(api_url).netloc, timeout=20)
        behind.request(method, target, headers=passed)
        answered = behind.getresponse()
        body = answered.read()
        behind.close()
        said = [f"HTTP/1.1 {answered.status} {answered.reason}"]
        said += [f"{name}: {value}" for name, value in answered.getheaders()]
        line.sendall("\r\n".join([*said, "", ""]).encode("latin-1") + body)
        return True

    with on_loopback(Handler) as url:
        yield {
            "HTTP_PROXY": url,
            "NODE_EXTRA_CA_CERTS": bundle,
            "ADDONCTL_API_URL": url.replace("http:", "https:"),
            "REQUESTS_CA_BUNDLE": bundle,
        }

"""How requests reach the application: through `requests` without a socket, or on loopback."""

from __future__ import annotations

import io
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from addonctl.sandbox import SandboxError

HOST = "127.0.0.1"
POLL_SECONDS = 0.1

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WSGIAdapter(HTTPAdapter):
    """Calls a WSGI application for each request; mount it for the application's hosts.

    Bodies stream both ways, and errors the application raises pass through. Time-outs, proxies
    and certificates mean nothing here.
    """

    def __init__(self, application: WSGIApplication) -> None:
        super().__init__()
        self._application = application

    def send(self, request: PreparedRequest, *given: Any, **settings: Any) -> Response:
        """Give the response once the application has begun its answer."""
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            begun[:] = [(status, headers)]

        body = io.BufferedReader(ChunkReader(self._application(_environ(request), start_response)))
        ((status, headers),) = begun
        code, _, reason = status.partition(" ")
        raw = HTTPResponse(
            body=body,
            headers=HTTPHeaderDict(headers),
            status=int(code),
            reason=reason,
            preload_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)


class ChunkReader(io.RawIOBase):
    """Chunks as a file to read from; closes the iterator of the chunks at their end."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._source = chunks
        self._chunks: Iterator[bytes] = iter(chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill what fits of the next chunk into `buffer`; nothing only at the end."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._end()
                return 0
            self._rest = memoryview(chunk)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        self._end()
        super().close()

    def _end(self) -> None:
        getattr(self._source, "close", lambda: None)()


def _environ(request: PreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url or "")
    body = request.body if request.body is not None else b""
    if isinstance(body, str):
        body = body.encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc.rpartition("@")[2],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body) if isinstance(body, bytes) else body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        environ["HTTP_" + name.upper().replace("-", "_")] = text
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if f"HTTP_{name}" in environ:
            environ[name] = environ.pop(f"HTTP_{name}")
    return environ


@dataclass(frozen=True)
class Server:
    """A server that listens already, and answers once it is run."""

    api_url: str
    store_url: str
    _waitress: Any = field(repr=False)
    _stopped: threading.Event = field(repr=False, default_factory=threading.Event)

    def run(self) -> None:
        """Answer requests until `stop`, or an exception such as KeyboardInterrupt."""
        from waitress import wasyncore

        try:
            while not self._stopped.is_set():
                wasyncore.loop(POLL_SECONDS, use_poll=True, map=self._waitress.map, count=1)
        finally:
            self._waitress.close()

    def stop(self) -> None:
        """Let `run` end, from any thread."""
        self._stopped.set()


def serve(
    application: Callable[[str], WSGIApplication], *, port: int = 0, threads: int = 100
) -> Server:
    """Listen on `port` (0: any that is free) for the API, and on another port for the store.

    `application` is called with the store's URL and gives the application for both; another port
    is another host to anyone who takes care where a login goes. Raises SandboxError when the
    port is taken.
    """
    import logging

    from waitress.server import create_server

    # A queue is nothing to warn of: whoever asks for more than `threads` at once means to wait.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        api = _listen(port)
    except (OSError, OverflowError) as problem:
        raise SandboxError(f"can not listen on port {port}: {problem}") from problem
    try:
        store = _listen(api.getsockname()[1] + 1)
    except (OSError, OverflowError):
        store = _listen(0)
    ports = [sock.getsockname()[1] for sock in (api, store)]
    api_url, store_url = (f"http://{HOST}:{number}" for number in ports)
    waitress = create_server(
        _guarded(application(store_url), ports),
        sockets=[api, store],
        threads=threads,
        connection_limit=1000,
        clear_untrusted_proxy_headers=True,
        ident=None,
    )
    return Server(api_url, store_url, waitress)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except BaseException:
        listener.close()
        raise
    return listener


def _guarded(application: WSGIApplication, ports: list[int]) -> WSGIApplication:
    """Answer under loopback's names only, and in plain words where the state can not be used.

    A web page whose own name is made to lead to loopback would otherwise be of the same origin.
    """
    hosts = {f"{name}:{port}" for name in (HOST, "localhost") for port in ports}

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status = "421 Misdirected Request"
        body = f"this server answers as {' and '.join(sorted(hosts))}\n".encode()
        if (host := environ.get("HTTP_HOST", "").lower()) in hosts:
            # One name for each port: by it the application tells the store from the API.
            environ["HTTP_HOST"] = host.replace("localhost", HOST)
            try:
                return application(environ, start_response)
            except SandboxError as problem:
                status, body = "500 Internal Server Error", f"{problem}\n".encode()
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        start_response(status, headers)
        return [body]

    return answer

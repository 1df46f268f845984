"""How requests reach the application: through `requests` without a socket, or on loopback."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from addonctl.sandbox import SandboxError

HOST = "127.0.0.1"

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WSGIAdapter(HTTPAdapter):
    """Calls a WSGI application for each request; mount it for the application's hosts.

    Answers are streamed, and errors the application raises pass through. Bodies of requests (the
    API takes none), time-outs, proxies and certificates mean nothing here.
    """

    def __init__(self, application: WSGIApplication) -> None:
        super().__init__()
        self._application = application

    def send(self, request: PreparedRequest, *given: Any, **settings: Any) -> Response:
        """Give the response once the application has begun its answer."""
        url = urlsplit(request.url or "")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
            "QUERY_STRING": url.query,
            "HTTP_HOST": url.netloc,
            "wsgi.url_scheme": url.scheme,
            "wsgi.input": io.BytesIO(),
        }
        for name, value in request.headers.items():
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        chunks = self._application(environ, lambda *start: begun.append(start))
        ((status, headers),) = begun
        code, _, reason = status.partition(" ")
        raw = HTTPResponse(
            body=io.BufferedReader(ChunkReader(chunks)),
            headers=dict(headers),
            status=int(code),
            reason=reason,
            preload_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)


class ChunkReader(io.RawIOBase):
    """Chunks as a file to read from; to close it closes what gives them."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._source, self._chunks = chunks, filter(None, chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill what fits of the next chunk into `buffer`; nothing only at the end."""
        self._rest = self._rest or memoryview(next(self._chunks, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        getattr(self._source, "close", lambda: None)()
        super().close()


def serve(application: Callable[[str], WSGIApplication], port: int = 0) -> tuple[str, Any]:
    """Listen on `port` (0: any that is free) for the API, and on another port for the store.

    `application` is called with the store's URL and gives the application for both; another port
    is another host to anyone who takes care where a login goes. It is asked under loopback's names
    only: a web page whose own name is made to lead to loopback would otherwise be of the same
    origin. Gives the API's URL, and a server of waitress's whose `run` answers until
    KeyboardInterrupt. Raises SandboxError when the port is taken.
    """
    import logging

    from waitress.server import create_server

    # A queue is nothing to warn of: whoever asks for more at once than there are threads can wait.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        api = socket.create_server((HOST, port))
    except OSError as problem:
        said = f"[Errno {problem.errno}] {os.strerror(problem.errno or 0)}"
        raise SandboxError(f"can not listen on port {port}: {said}") from problem
    try:
        store = socket.create_server((HOST, api.getsockname()[1] + 1))
    except (OSError, OverflowError):
        store = socket.create_server((HOST, 0))
    ports = [listener.getsockname()[1] for listener in (api, store)]
    api_url, store_url = (f"http://{HOST}:{number}" for number in ports)
    hosts = {f"{name}:{number}" for name in (HOST, "localhost") for number in ports}
    asked = application(store_url)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").lower()
        status = "421 Misdirected Request"
        said = f"this server answers as {' and '.join(sorted(hosts))}"
        if host in hosts:
            # One name for each port: by it the application tells the store from the API.
            environ["HTTP_HOST"] = host.replace("localhost", HOST)
            try:
                return asked(environ, start_response)
            except SandboxError as problem:
                status, said = "500 Internal Server Error", str(problem)
        body = f"{said}\n".encode()
        start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    server = create_server(
        answer,
        sockets=[api, store],
        threads=100,
        connection_limit=1000,
        clear_untrusted_proxy_headers=True,
        ident=None,
    )
    return api_url, server

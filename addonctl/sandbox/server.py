"""The application on loopback: the API on one port, the payloads' store on another."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from addonctl.sandbox import SandboxError

HOST = "127.0.0.1"
POLL_SECONDS = 0.1
WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Server:
    """A server that listens already, and answers once it is run."""

    api_url: str
    store_url: str
    _waitress: Any = field(repr=False)
    _stopped: threading.Event = field(repr=False, default_factory=threading.Event)

    def run(self) -> None:
        """Answer requests until `stop`, or an exception such as KeyboardInterrupt."""
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
    api_url, store_url = (f"http://{HOST}:{sock.getsockname()[1]}" for sock in (api, store))
    waitress = create_server(
        _without_tracebacks(application(store_url)),
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


def _without_tracebacks(application: WSGIApplication) -> WSGIApplication:
    """Answer 500 in plain words where the state can not be used, as a broken service does."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return application(environ, start_response)
        except SandboxError as problem:
            body = f"{problem}\n".encode()
            headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
            start_response("500 Internal Server Error", headers)
            return [body]

    return answer

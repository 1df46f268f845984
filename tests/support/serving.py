"""A WSGI application on loopback or in-process, for as long as a test needs it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import requests
from waitress import wasyncore

from addonctl import sandbox
from addonctl.sandbox.transport import WSGIAdapter, WSGIApplication, serve


@dataclass(frozen=True)
class Server:
    """What answers on loopback: the API, and on another port the store."""

    api_url: str
    store_url: str


@contextmanager
def serving(application: Callable[[str], WSGIApplication], port: int = 0) -> Iterator[Server]:
    """Serve what `application` gives for the store's URL; the Server tells both URLs.

    For the sandbox: `serving(lambda url: Application(path, url))`; for an application of the
    test's own: `serving(lambda _: application)`.
    """
    store_urls: list[str] = []

    def made(store_url: str) -> WSGIApplication:
        store_urls.append(store_url)
        return application(store_url)

    api_url, server = serve(made, port)
    stopped = threading.Event()

    def run() -> None:
        """As `server.run`, which only a signal ends."""
        while not stopped.is_set():
            wasyncore.loop(0.1, use_poll=True, map=server.map, count=1)
        server.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield Server(api_url, *store_urls)
    finally:
        stopped.set()
        thread.join(20)


@dataclass(frozen=True)
class Cut:
    """A body that breaks off after so many bytes."""

    after: int


def troubled(
    application: WSGIApplication, trouble: Callable[[str, str], int | Cut | None]
) -> WSGIApplication:
    """Give `application` bad days: `trouble` is asked with each request's method and path.

    It answers with a status to refuse the request with (the application never hears of it), with
    a Cut, or with None to let it pass.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        fault = trouble(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if isinstance(fault, int):
            body = json.dumps({"message": HTTPStatus(fault).phrase, "status": fault}).encode()
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            start_response(f"{fault} {HTTPStatus(fault).phrase}", headers)
            return [body]
        whole = application(environ, start_response)
        return [b"".join(whole)[: fault.after]] if fault else whole

    return answer


def in_process(application: WSGIApplication) -> requests.Session:
    """Give a session, logged in to the main account, whose requests reach `application` only."""
    session = requests.Session()
    session.trust_env = False
    for prefix in list(session.adapters):
        session.mount(prefix, WSGIAdapter(application))
    session.auth = (sandbox.ACCOUNT, sandbox.AUTH_TOKEN)
    return session


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> float:
        return self.moment.timestamp()

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)

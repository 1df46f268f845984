"""The pretend account as one WSGI application: the API under one host, the payloads' store under
another.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from addonctl.sandbox import ACCOUNT, API_KEY, API_SECRET, STORE_URL
from addonctl.sandbox.documents import (
    ACCOUNTS,
    COLLECTIONS,
    CONTENT_TYPES,
    ROOT,
    Refusal,
    Reply,
    document,
    item,
    listing,
    page,
    single,
)
from addonctl.sandbox.state import Database, Row
from addonctl.sandbox.store import Store

VERSION, _ = ROOT.strip("/").split("/")
WORDS = [*(noun.plural for noun in COLLECTIONS), "Data"]

Environ = dict[str, Any]


class Application:
    """Answers requests to the API, and to the signed links it gives out, from `state`.

    `latency` in seconds is waited before each answer; of more than `max_concurrent` API requests at
    once the later ones are refused with 429. Bodies are streamed. Raises SandboxError when the
    state can not be used.
    """

    def __init__(
        self,
        state: Database,
        *,
        store_url: str = STORE_URL,
        latency: float = 0.0,
        max_concurrent: int | None = None,
    ) -> None:
        self.state = state
        self._store = Store(state, store_url)
        self._store_host = urlsplit(store_url).netloc
        self._latency = latency
        self._max_concurrent = max_concurrent
        self._in_flight = 0
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_HOST") == self._store_host:
            time.sleep(self._latency)
            reply = self._store.reply(environ)
        else:
            reply = self._api(environ)
        headers = dict(reply.headers)
        if reply.status != HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(reply.size)
        phrase = HTTPStatus(reply.status).phrase
        start_response(f"{reply.status} {phrase}", list(headers.items()))
        return () if environ["REQUEST_METHOD"] == "HEAD" else reply.body

    def _api(self, environ: Environ) -> Reply:
        begin = time.perf_counter()
        with self._counted() as in_flight:
            path, form = _form(environ["PATH_INFO"])
            try:
                if self._max_concurrent is not None and in_flight > self._max_concurrent:
                    raise Refusal(429, 20429, "Too Many Requests")
                time.sleep(self._latency)
                reply = self._answer(environ, path, form)
            except Refusal as refusal:
                reply = _refused(refusal, form)
        reply.headers.update(
            {
                "Twilio-Request-Id": f"RQ{secrets.token_hex(16)}",
                "Twilio-Concurrent-Requests": str(in_flight),
                "Twilio-Request-Duration": f"{time.perf_counter() - begin:.3f}",
            }
        )
        return reply

    def _answer(self, environ: Environ, path: str, form: str) -> Reply:
        login = self._login(environ.get("HTTP_AUTHORIZATION", ""))
        version, *parts = path.strip("/").split("/")
        words, sids = parts[::2], parts[1::2]
        known = version == VERSION and words == WORDS[: len(words)] != []
        if form not in CONTENT_TYPES or not known or len(sids) > len(COLLECTIONS):
            raise _missing(environ)
        method, methods = environ["REQUEST_METHOD"], ["GET", "HEAD"]
        if len(words) == len(sids) > 2:
            methods.append("DELETE")
        if method not in methods:
            allow = {"Allow": ", ".join(methods)}
            raise Refusal(405, 20004, "Method not allowed", headers=allow)

        row: Row | None = None
        for noun, sid in zip(COLLECTIONS, sids, strict=False):
            row = self.state.find(noun.kind, sids[0], row["sid"] if row else "", sid)
            if noun is ACCOUNTS and not (row and login in (sid, row["owner_account_sid"])):
                raise _unknown_login()
            if row is None:
                raise _missing(environ)
            if noun is ACCOUNTS and len(words) > 1 and row["status"] != "active":
                raise Refusal(403, 20005, "Account not active")
        noun = COLLECTIONS[min(len(words), len(COLLECTIONS)) - 1]
        host = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
        now = self.state.now()

        if row and method == "DELETE":
            if not self.state.delete(noun.kind, row["position"]):
                raise _missing(environ)
            return Reply(204)
        if row and len(words) == len(sids):
            return _reply(200, form, item(noun, document(noun, row, form, host, now), form))
        if row and words[-1] == "Data":
            link = self._store.link(row)
            body = single("Data", {"redirect_to": link}, form)
            return _reply(307, form, body, {"Location": link})
        found = page(
            self.state,
            noun,
            row["sid"] if row else "",
            environ["PATH_INFO"],
            dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
            lambda child: document(noun, child, form, host, now),
            login,
        )
        return _reply(200, form, listing(noun, found, form))

    def _login(self, authorization: str) -> str:
        """Give the account that a request is logged in to; raises Refusal (401)."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise _unknown_login() from None
        known: tuple[str, str] | None = (ACCOUNT, API_SECRET) if user == API_KEY else None
        if row := self.state.find("account", user, "", user):
            known = user, row["auth_token"]
        if scheme.lower() != "basic" or known is None or password != known[1]:
            raise _unknown_login()
        return known[0]

    @contextmanager
    def _counted(self) -> Iterator[int]:
        """Count a request among those in flight, and say how many there are."""
        with self._lock:
            self._in_flight += 1
            in_flight = self._in_flight
        try:
            yield in_flight
        finally:
            with self._lock:
                self._in_flight -= 1


def _form(path: str) -> tuple[str, str]:
    """Split a path from the representation its extension asks for; XML without one."""
    path = path.rstrip("/")
    stem, dot, form = path.rpartition(".")
    return (stem, form) if dot and "/" not in form else (path, "xml")


def _unknown_login() -> Refusal:
    detail = "Your AccountSid or AuthToken was incorrect."
    realm = {"WWW-Authenticate": 'Basic realm="Twilio API"'}
    return Refusal(401, 20003, "Authenticate", detail=detail, headers=realm)


def _missing(environ: Environ) -> Refusal:
    return Refusal(404, 20404, f"The requested resource {environ['PATH_INFO']} was not found")


def _refused(refusal: Refusal, form: str) -> Reply:
    form = "json" if form == "json" else "xml"
    body = single("RestException", refusal.document, form)
    return _reply(refusal.status, form, body, refusal.headers)


def _reply(status: int, form: str, body: bytes, headers: dict[str, str] | None = None) -> Reply:
    content_type = {"Content-Type": CONTENT_TYPES[form]}
    return Reply(status, (body,), len(body), {**content_type, **(headers or {})})

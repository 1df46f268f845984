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
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from addonctl.sandbox import (
    ACCOUNT,
    API_KEY,
    API_SECRET,
    AUTH_TOKEN,
    STORE_URL,
    SUBACCOUNT,
    SUBACCOUNT_AUTH_TOKEN,
)
from addonctl.sandbox.paging import page
from addonctl.sandbox.reply import Refusal, Reply
from addonctl.sandbox.representation import CONTENT_TYPES, item, listing, single
from addonctl.sandbox.resources import NOUNS, ROOT, document
from addonctl.sandbox.schema import Row
from addonctl.sandbox.state import State
from addonctl.sandbox.store import Store

# Who logs in with which secret, and whose paths that opens.
LOGINS = {
    ACCOUNT: (AUTH_TOKEN, {ACCOUNT, SUBACCOUNT}),
    API_KEY: (API_SECRET, {ACCOUNT, SUBACCOUNT}),
    SUBACCOUNT: (SUBACCOUNT_AUTH_TOKEN, {SUBACCOUNT}),
}
WORDS = [*(noun.plural for noun in NOUNS), "Data"]

Environ = dict[str, Any]


class Application:
    """Answers requests to the API, and to the signed links it gives out, from `state`.

    `latency` in seconds is waited before each answer; of more than `max_concurrent` API requests at
    once the later ones are refused with 429. A link holds for `link_seconds`. Bodies are
    streamed. Raises SandboxError when the state can not be used.
    """

    def __init__(
        self,
        state: State,
        *,
        store_url: str = STORE_URL,
        clock: Callable[[], datetime] | None = None,
        latency: float = 0.0,
        max_concurrent: int | None = None,
        link_seconds: int = 300,
    ) -> None:
        if clock is not None:
            state.clock = clock
        self.state = state
        self._store = Store(state, store_url, link_seconds)
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
        accounts = _accounts(environ.get("HTTP_AUTHORIZATION", ""))
        parts = path.strip("/").split("/")
        account, words, sids = "".join(parts[2:3]), parts[3::2], parts[4::2]
        known = parts[:2] == ROOT.strip("/").split("/") and words == WORDS[: len(words)] != []
        if form not in CONTENT_TYPES or not known or len(sids) > len(NOUNS):
            raise _missing(environ)
        if account not in accounts:
            raise _unknown_login()
        method = environ["REQUEST_METHOD"]
        deletable = len(words) == len(sids) > 1
        if method not in {"GET", "HEAD"} and not (method == "DELETE" and deletable):
            raise Refusal(405, 20004, "Method not allowed")

        row: Row | None = None
        for noun, sid in zip(NOUNS, sids, strict=False):
            row = self.state.find(noun.kind, account, row["sid"] if row else account, sid)
            if row is None:
                raise _missing(environ)
        noun = NOUNS[min(len(words), len(NOUNS)) - 1]
        host = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"

        if row and method == "DELETE":
            if not self.state.delete(noun.kind, row["position"]):
                raise _missing(environ)
            return Reply(204)
        if row and len(words) == len(sids):
            return _reply(200, form, item(noun, document(noun, row, form, host), form))
        if row and words[-1] == "Data":
            link = self._store.link(row)
            # Only the forms that are asked for by name have a body beside the header.
            body = single("Data", {"redirect_to": link}, form) if form == "json" else b""
            return _reply(307, form, body, {"Location": link})
        found = page(
            self.state,
            noun,
            row["sid"] if row else account,
            environ["PATH_INFO"],
            dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
            lambda child: document(noun, child, form, host),
        )
        return _reply(200, form, listing(noun, found, form))

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


def now() -> datetime:
    """Give the time; the clock of a sandbox that was given none."""
    return datetime.now(UTC)


def _form(path: str) -> tuple[str, str]:
    """Split a path from the representation its extension asks for; XML without one."""
    path = path.rstrip("/")
    stem, dot, form = path.rpartition(".")
    return (stem, form) if dot and "/" not in form else (path, "xml")


def _accounts(authorization: str) -> set[str]:
    """Give the accounts a login opens; raises Refusal (401)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise _unknown_login() from None
    secret, accounts = LOGINS.get(user, ("", set[str]()))
    if scheme.lower() != "basic" or not accounts or password != secret:
        raise _unknown_login()
    return accounts


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

"""The pretend account as one WSGI application: the API under one host; under another the store,
where the bytes of payloads lie, which gives them for signed links as S3 does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from sqlite3 import Row
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from addonctl.sandbox import ACCOUNT, API_KEY, API_SECRET, AUTH_TOKEN, STORE_URL, documents
from addonctl.sandbox.documents import ACCOUNTS, COLLECTIONS, Refusal, represent
from addonctl.sandbox.state import Database

WORDS = [*(noun.plural for noun in COLLECTIONS), "Data"]
STAMP = "%Y%m%dT%H%M%SZ"
BLOCK = 1 << 16
LETTERS = (b"abcdefghijklmnopqrstuvwxyz ,.0123456789ABCDEFGHIJKLMNOPQRSTUVW\n" * 5)[:256]
PIECE = 8 << 20

Environ = Mapping[str, Any]
# A status, headers, and a body, or a body in chunks.
Reply = tuple[int, dict[str, str], bytes | Iterable[bytes]]


@dataclass(eq=False)
class Application:
    """Answers requests to the API, and to the signed links it gives out, from the state `path`.

    `latency` in seconds is waited before each answer; of more than `max_concurrent` API requests at
    once the later ones are refused with 429. Bodies are streamed. Raises SandboxError, also when it
    is made, for a state that is damaged, of another version or can not be written.
    """

    path: Path
    store_url: str = STORE_URL
    latency: float = 0.0
    max_concurrent: int | None = None
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self.state = Database(self.path, self.clock)
        self.state.counts()  # makes the file, or finds out that it can not be used
        self._in_flight = 0
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("HTTP_HOST") == urlsplit(self.store_url).netloc:
            time.sleep(self.latency)
            status, headers, body = self._stored(environ)
        else:
            status, headers, body = self._api(environ)
        if isinstance(body, bytes):
            headers["Content-Length"], body = str(len(body)), [body]
        start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return () if environ["REQUEST_METHOD"] == "HEAD" else body

    def _api(self, environ: Environ) -> Reply:
        begin = time.perf_counter()
        # The extension asks for a representation; XML without one.
        path, form = environ["PATH_INFO"].strip("/"), "xml"
        stem, dot, extension = path.rpartition(".")
        if dot and "/" not in extension:
            path, form = stem, extension
        with self._lock:
            self._in_flight += 1
            in_flight = self._in_flight
        try:
            if self.max_concurrent is not None and in_flight > self.max_concurrent:
                raise Refusal(429, 20429, "Too Many Requests")
            time.sleep(self.latency)
            status, headers, body = self._answer(environ, path, form)
        except Refusal as refusal:
            form = "json" if form == "json" else "xml"
            status, headers = refusal.status, refusal.headers
            body = represent(form, "RestException", refusal.document)
        finally:
            with self._lock:
                self._in_flight -= 1
        headers["Twilio-Request-Id"] = f"RQ{secrets.token_hex(16)}"
        headers["Twilio-Concurrent-Requests"] = str(in_flight)
        headers["Twilio-Request-Duration"] = f"{time.perf_counter() - begin:.3f}"
        if body:
            headers["Content-Type"] = documents.CONTENT_TYPES[form]
        return status, headers, body

    def _answer(self, environ: Environ, path: str, form: str) -> Reply:
        """Find what lies at `path`, or delete it. Raises Refusal."""
        unknown = Refusal(
            *(401, 20003, "Authenticate"),
            detail="Your AccountSid or AuthToken was incorrect.",
            headers={"WWW-Authenticate": 'Basic realm="Twilio API"'},
        )
        uri = environ["PATH_INFO"]
        missing = Refusal(404, 20404, f"The requested resource {uri} was not found")
        login = self._login(environ.get("HTTP_AUTHORIZATION", ""))
        if login is None:
            raise unknown
        version, *parts = path.split("/")
        words, sids = parts[::2], parts[1::2]
        known = version == documents.API_VERSION and words == WORDS[: len(words)] != []
        if form not in documents.CONTENT_TYPES or not known or len(sids) > len(COLLECTIONS):
            raise missing
        method, methods = environ["REQUEST_METHOD"], ["GET", "HEAD"]
        if len(words) == len(sids) > 2:
            methods.append("DELETE")
        if method not in methods:
            allow = {"Allow": ", ".join(methods)}
            raise Refusal(405, 20004, "Method not allowed", headers=allow)

        parent, row = "", None
        for noun, sid in zip(COLLECTIONS, sids, strict=False):
            row = self.state.find(noun.kind, sid)
            if noun is ACCOUNTS and not (row and login in (sid, row["owner_account_sid"])):
                raise unknown
            if row is None or row["parent"] != parent:
                raise missing
            if noun is ACCOUNTS and len(words) > 1 and row["status"] != "active":
                raise Refusal(403, 20005, "Account not active")
            parent = sid
        noun = COLLECTIONS[min(len(words), len(COLLECTIONS)) - 1]
        now = self.state.now()
        if row and method == "DELETE":
            if not self.state.delete(noun.kind, row["sid"]):
                raise missing
            return 204, {}, ()
        if row and words[-1] == "Data":
            link = self._link(row)
            return 307, {"Location": link}, represent(form, "Data", {"redirect_to": link})
        host = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
        if row and len(words) == len(sids):
            one = documents.document(noun, row, host, f"/{path}", form, now)
            return 200, {}, represent(form, noun.singular, one)
        found = documents.page(self.state, noun, parent, uri, environ["QUERY_STRING"], login)
        found[noun.key] = [
            documents.document(noun, child, host, f"/{path}/{child['sid']}", form, now)
            for child in found[noun.key]
        ]
        return 200, {}, represent(form, noun.singular, found, noun)

    def _login(self, authorization: str) -> str | None:
        """Give the account that a request is logged in to; None for a login of no account."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return None
        if (user, password) == (API_KEY, API_SECRET):
            user, password = ACCOUNT, AUTH_TOKEN
        row = self.state.find("account", user)
        known = scheme.lower() == "basic" and row and password == row["auth_token"]
        return user if known else None

    def _link(self, payload: Row) -> str:
        """Give a link to a payload's bytes that needs no login, and so is a secret itself."""
        path = f"/{payload['account_sid']}/{payload['sid']}"
        query = (
            "X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=SANDBOX%2Fus-east-1%2Fs3%2Faws4_request"
            f"&X-Amz-Date={datetime.fromtimestamp(self.state.now(), UTC):{STAMP}}"
            "&X-Amz-Expires=300&X-Amz-SignedHeaders=host"
        )
        return f"{self.store_url}{path}?{query}&X-Amz-Signature={self._signature(path, query)}"

    def _signature(self, path: str, query: str) -> str:
        (secret,) = self.state.rows("SELECT secret FROM settings")[0]
        text = f"GET\n{path}\n{query}".encode("latin-1", "replace")
        return hmac.digest(secret.encode(), text, "sha256").hex()

    def _stored(self, environ: Environ) -> Reply:
        """Answer a request for a link."""
        path = environ["PATH_INFO"]
        query, mark, signature = environ["QUERY_STRING"].partition("&X-Amz-Signature=")
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            message = "The specified method is not allowed against this resource."
            return _error(405, "MethodNotAllowed", message, Allow="GET, HEAD")
        if "HTTP_AUTHORIZATION" in environ:
            message = (
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
                "Signature query string parameter or the Authorization header should be specified"
            )
            return _error(400, "InvalidArgument", message)
        if not mark:
            return _error(403, "AccessDenied", "Access Denied")
        if not hmac.compare_digest(signature.encode(), self._signature(path, query).encode()):
            message = (
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method."
            )
            return _error(403, "SignatureDoesNotMatch", message)
        signed = dict(parse_qsl(query))
        begun = datetime.strptime(signed["X-Amz-Date"], STAMP).replace(tzinfo=UTC).timestamp()
        if self.state.now() >= begun + int(signed["X-Amz-Expires"]):
            return _error(403, "AccessDenied", "Request has expired")
        payload = self.state.find("payload", path.rpartition("/")[2])
        if payload is None:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        return _content(payload, environ)


def _content(payload: Row, environ: Environ) -> Reply:
    """Give the whole payload, or the part that Range and If-Range ask for."""
    sid, size, body = payload["sid"], payload["size"], payload["body"]
    if body is None and size <= PIECE:
        body = b"".join(made_up(sid, 0, size))
    # S3 gives the MD5 of what came in one piece, and `…-N` for what came in N pieces.
    summed = f"{sid} {size}".encode() if body is None else body
    pieces = f"-{-(-size // PIECE)}" if body is None else ""
    headers = {
        "Content-Type": payload["content_type"],
        "ETag": f'"{hashlib.md5(summed, usedforsecurity=False).hexdigest()}{pieces}"',
        "Last-Modified": formatdate(payload["created"], usegmt=True),
        "Accept-Ranges": "bytes",
    }
    status, begin, end = 200, 0, size
    unchanged = {None, headers["ETag"], headers["Last-Modified"]}
    asked = environ.get("HTTP_RANGE", "") if environ.get("HTTP_IF_RANGE") in unchanged else ""
    # A Range that can not be read, or of several parts, is ignored, as S3 does.
    read = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", asked.strip())
    first, last = read.groups() if read else ("", "")
    if first and (not last or int(first) <= int(last)):
        status, begin, end = 206, int(first), min(int(last) + 1, size) if last else size
    elif last and not first:
        status, begin = 206, max(size - int(last), 0)
    if begin >= end and status == 206:
        whole = {"Content-Range": f"bytes */{size}"}
        return _error(416, "InvalidRange", "The requested range is not satisfiable", **whole)
    if status == 206:
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - begin)
    return status, headers, [body[begin:end]] if body else made_up(sid, begin, end)


def made_up(seed: str, begin: int, end: int) -> Iterator[bytes]:
    """Give the bytes from `begin` up to `end` of the endless text that belongs to `seed`.

    Blocks differ by the number they start with, so that bytes in the wrong place show.
    """
    text = random.Random(seed).randbytes(BLOCK - 16).translate(LETTERS)  # noqa: S311
    for start in range(begin - begin % BLOCK, end, BLOCK):
        block = b"%015d\n" % (start // BLOCK) + text
        yield block[max(begin - start, 0) : end - start]


def _error(status: int, code: str, message: str, **headers: str) -> Reply:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'.encode()
    return status, {"Content-Type": "application/xml", **headers}, body

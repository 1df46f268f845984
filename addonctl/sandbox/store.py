"""Where the bytes of payloads lie: signed links, and the answers to them, as S3 gives them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from addonctl.sandbox.documents import Reply, element
from addonctl.sandbox.state import Database, Row

STAMP = "%Y%m%dT%H%M%SZ"
PATH = re.compile(r"/AC[0-9a-fA-F]{32}/(XH[0-9a-fA-F]{32})")
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
LINK_SECONDS = 300
BLOCK = 1 << 16
LETTERS = (b"abcdefghijklmnopqrstuvwxyz ,.0123456789ABCDEFGHIJKLMNOPQRSTUVW\n" * 5)[:256]
# S3 gives the MD5 of what came in one piece, and `…-N` for what came in N pieces.
PIECE = 8 << 20


class Store:
    """The payloads' bytes under `url`; a link holds for LINK_SECONDS."""

    def __init__(self, state: Database, url: str) -> None:
        self._state = state
        self._url = url

    def link(self, payload: Row) -> str:
        """Give a link to a payload's bytes that needs no login, and so is a secret itself."""
        path = f"/{payload['account_sid']}/{payload['sid']}"
        query = urlencode(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": "SANDBOX/us-east-1/s3/aws4_request",
                "X-Amz-Date": datetime.fromtimestamp(self._state.now(), UTC).strftime(STAMP),
                "X-Amz-Expires": LINK_SECONDS,
                "X-Amz-SignedHeaders": "host",
            }
        )
        return f"{self._url}{path}?{query}&X-Amz-Signature={self._signature(path, query)}"

    def reply(self, environ: Mapping[str, Any]) -> Reply:
        """Answer a request for a link."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            allow = {"Allow": "GET, HEAD"}
            message = "The specified method is not allowed against this resource."
            return _error(405, "MethodNotAllowed", message, allow)
        if "HTTP_AUTHORIZATION" in environ:
            message = (
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
                "Signature query string parameter or the Authorization header should be specified"
            )
            return _error(400, "InvalidArgument", message, ArgumentName="Authorization")
        path = environ["PATH_INFO"]
        query, mark, signature = environ["QUERY_STRING"].partition("&X-Amz-Signature=")
        if not mark:
            return _error(403, "AccessDenied", "Access Denied")
        if not hmac.compare_digest(signature.encode(), self._signature(path, query).encode()):
            message = (
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method."
            )
            return _error(403, "SignatureDoesNotMatch", message)
        signed = dict(parse_qsl(query))
        begin = datetime.strptime(signed["X-Amz-Date"], STAMP).replace(tzinfo=UTC)
        end = begin + timedelta(seconds=int(signed["X-Amz-Expires"]))
        now = datetime.fromtimestamp(self._state.now(), UTC)
        if now >= end:
            return _error(
                403,
                "AccessDenied",
                "Request has expired",
                **{"X-Amz-Expires": signed["X-Amz-Expires"]},
                Expires=f"{end:%Y-%m-%dT%H:%M:%SZ}",
                ServerTime=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            )
        match = PATH.fullmatch(path)
        payload = self._state.payload(match[1]) if match else None
        if payload is None:
            return _error(404, "NoSuchKey", "The specified key does not exist.", Key=path[1:])
        return _content(payload, environ)

    def _signature(self, path: str, query: str) -> str:
        text = f"GET\n{path}\n{query}".encode("latin-1", "replace")
        return hmac.new(self._state.secret().encode(), text, hashlib.sha256).hexdigest()


def _content(payload: Row, environ: Mapping[str, Any]) -> Reply:
    """Give the whole payload, or the part that Range and If-Range ask for."""
    size, body = payload["size"], payload["body"]
    if body is None:
        etag = f'"{etag_of(payload["sid"], size)}"'
    else:
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    headers = {
        "Content-Type": payload["content_type"],
        "ETag": etag,
        "Last-Modified": formatdate(payload["created"], usegmt=True),
        "Accept-Ranges": "bytes",
    }
    begin, end, status = 0, size, 200
    asked = RANGE.fullmatch(environ.get("HTTP_RANGE", "").strip())
    unchanged = environ.get("HTTP_IF_RANGE") in {None, etag, headers["Last-Modified"]}
    # A Range that can not be read, or of several parts, is ignored, as S3 does.
    if asked and any(asked.groups()) and unchanged:
        first, last = asked.groups()
        if not first:
            begin, end = max(size - int(last), 0), size
        else:
            begin, end = int(first), min(int(last) + 1, size) if last else size
        if first and last and int(last) < int(first):
            begin, end = 0, size
        elif begin >= end:
            content_range = {"Content-Range": f"bytes */{size}"}
            message = "The requested range is not satisfiable"
            return _error(416, "InvalidRange", message, headers=content_range)
        else:
            status, headers["Content-Range"] = 206, f"bytes {begin}-{end - 1}/{size}"
    chunks = stream(payload["sid"], begin, end) if body is None else _chunks(body, begin, end)
    return Reply(status, chunks, end - begin, headers)


def _chunks(body: bytes, begin: int, end: int) -> Iterator[bytes]:
    for start in range(begin, end, BLOCK):
        yield body[start : min(start + BLOCK, end)]


def stream(seed: str, begin: int, end: int) -> Iterator[bytes]:
    """Give the bytes from `begin` up to `end` of the endless text that belongs to `seed`.

    Blocks differ by the number they start with, so that bytes in the wrong place show.
    """
    if begin >= end:
        return
    text = _text(seed)
    for number in range(begin // BLOCK, (end - 1) // BLOCK + 1):
        start = number * BLOCK
        block = b"%015d\n" % number + text
        if begin > start or end < start + BLOCK:
            block = block[max(begin - start, 0) : end - start]
        yield block


@lru_cache(maxsize=1024)
def etag_of(seed: str, size: int) -> str:
    """Give the checksum the store tells for `size` bytes of `seed`, without quotes."""
    if size <= PIECE:
        digest = hashlib.md5(usedforsecurity=False)
        for block in stream(seed, 0, size):
            digest.update(block)
        return digest.hexdigest()
    whole = hashlib.md5(f"{seed} {size}".encode(), usedforsecurity=False)
    return f"{whole.hexdigest()}-{-(-size // PIECE)}"


@lru_cache(maxsize=64)
def _text(seed: str) -> bytes:
    import random

    return random.Random(seed).randbytes(BLOCK - 16).translate(LETTERS)  # noqa: S311


def _error(
    status: int, code: str, message: str, headers: dict[str, str] | None = None, **more: str
) -> Reply:
    inner = "".join(
        element(name, value) for name, value in {"Code": code, "Message": message, **more}.items()
    )
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()
    return Reply(status, (body,), len(body), {"Content-Type": "application/xml", **(headers or {})})

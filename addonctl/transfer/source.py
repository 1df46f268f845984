"""A payload's bytes from the store, however often the line breaks or the link expires; in what
encoding they come, by what checksum they are known, and whether they are a payload at all.

What a store tells: S3's ETag is the MD5 of an object that was put in one piece and not encrypted
with a key of its own (Amazon S3 API reference, "Object"); `x-amz-checksum-*` is of the whole
object unless it ends in `-N` parts; `Content-MD5` is of this very answer.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
import threading
import time
import weakref
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from queue import Queue
from typing import Any, NamedTuple

from addonctl.addresses import Address
from addonctl.api import Body, Client, LinkExpired, SignedLink
from addonctl.errors import AddonctlError, TryLater
from addonctl.models import Payload

BLOCK = 1024 * 1024
HEAD = 1024
"""Bytes of an answer by which it is judged."""
BESIDE = 16 * 1024 * 1024
"""Bytes from which on checksums are worked out beside the transfer, not between its chunks."""

_HEADERS = {
    "content-md5": ("md5", 16),
    "x-amz-checksum-sha256": ("sha256", 32),
    "x-amz-checksum-sha1": ("sha1", 20),
    "x-amz-checksum-crc32": ("crc32", 4),
}
_EITHER = 47  # zlib's window bits for gzip or zlib, told apart by the header


class Version(NamedTuple):
    """What the store said of the bytes it began to send: enough to go on with the very same."""

    etag: str
    size: int | None


def version_of(body: Body) -> Version | None:
    """What to go on with after a break; not where ranges are of other bytes, in their encoding."""
    return Version(body.etag, body.size) if body.etag and not body.encoding else None


class Piece(NamedTuple):
    """Some bytes of a payload, and where in it they lie.

    Each answer of the store begins with an empty piece. Where that begins before the end of what
    has come so far, the bytes that follow take its place. Of `doubtful` bytes only the store's
    checksum can tell that they are the payload, and not a page in its place.
    """

    body: Body
    begin: int
    data: bytes
    doubtful: bool


class Source:
    """Where one payload's bytes come from; `what` names them in an error."""

    def __init__(self, client: Client, address: Address, payload: Payload) -> None:
        self.what = f"data of payload {address.payload}"
        self._client, self._address, self._payload = client, address, payload
        self._link: SignedLink | None = None

    def pieces(self, have: int = 0, version: Version | None = None) -> Generator[Piece, None, None]:
        """The payload's bytes, from `have` on if it still is that `version`, else from the start.

        A line that breaks is picked up where it broke, and a link that the store refuses is asked
        for anew. When the pieces have run out, as many bytes have come as the store had said.
        Raises TryLater after as many tries in a row as the client has retries (a try that got
        further does not count), and AddonctlError for an answer that is no payload.
        """
        if version and version.size is not None:
            # Of what is complete the last byte is asked for again: the store has to say that it
            # still holds this version, and no range is empty.
            have = min(have, version.size - 1)
        if have < HEAD or not version:  # too little to judge it by, or to go on with
            have, version = 0, None
        # The first bytes, as far as they came before they were judged, and what was said of them.
        head = b""
        headers: Mapping[str, str] = {}
        failures, furthest, doubtful = 0, have, False
        while True:
            try:
                body = self._open(have, version)
            except LinkExpired as problem:
                self._link, failures = None, failures + 1
                failure = TryLater(f"{problem.message}, though its link is new", status=403)
            else:
                try:
                    have = body.begin
                    if have:  # what was said of the first bytes is of these, too
                        body = body._replace(headers=headers) if have < HEAD else _plain(body)
                    version = version_of(body)
                    if have < HEAD:
                        head, headers = head[:have], body.headers
                        for chunk in body.chunks:
                            head += chunk
                            have = len(head)
                            if have >= HEAD:
                                break
                        body = body._replace(chunks=chain([head], body.chunks))
                        body, doubtful = self._judged(body, head)
                        have, version = 0, version_of(body)
                    yield Piece(body, have, b"", doubtful)
                    for data in filter(None, body.chunks):
                        yield Piece(body, have, data, doubtful)
                        have += len(data)
                    return
                except TryLater as problem:
                    failures = 0 if have > furthest else failures + 1
                    furthest = max(furthest, have)
                    failure = problem
                finally:
                    body.close()
            if failures > self._client.retries or not self._client.retries:
                raise failure
            have = have if version else 0
            time.sleep(_pause(failures))

    def _open(self, have: int, version: Version | None) -> Body:
        """An answer from `have` on or, where it cannot be gone on with, from the start.

        What was told once of how long the version is holds for all its ranges.
        """
        for begin in (have, 0):
            etag = version.etag if version and begin else None
            self._link = self._link or self._client.link(self._address)
            try:
                body = self._client.open(self._link, begin, etag)
            except AddonctlError as problem:
                if problem.status == 416 and etag:
                    continue
                raise
            same = version is not None and body.etag == version.etag
            if version and body.begin:
                same = body.begin == begin and (same or body.etag is None)
                same = same and (version.size is None or body.size in (None, version.size))
            if version and same and body.size is None:
                body = body._replace(size=version.size)
            if same or not body.begin:
                return body._replace(chunks=self._counted(body))
            body.close()
        raise AddonctlError(f"{self.what}: the store gives no more than a part of it")

    def _counted(self, body: Body) -> Iterator[bytes]:
        arrived = body.begin
        for chunk in body.chunks:
            arrived += len(chunk)
            yield chunk
        if body.size not in (None, arrived):
            raise TryLater(f"{self.what}: {arrived} of {body.size} bytes came")

    def _judged(self, body: Body, head: bytes) -> tuple[Body, bool]:
        """An answer, its bytes decoded, and whether they are doubtful; `head` is how they begin.

        An encoding that its bytes do not have is struck from its headers. Raises AddonctlError
        where it is no payload.
        """
        # Encoded although we asked for the bytes as they lie: a vendor may have stored them so, and
        # the store then says so to everybody. But uploaders also leave words there that name no
        # encoding, or not that of the bytes; those are saved as they lie.
        words = {word.strip() for word in body.encoding.split(",")}
        is_gzip = head[:2] == b"\x1f\x8b" and not words.isdisjoint({"gzip", "x-gzip", "deflate"})
        is_zlib = "deflate" in words and head[:1] and head[0] & 0x8F == 8
        if is_gzip or (is_zlib and int.from_bytes(head[:2], "big") % 31 == 0):
            chunks, head = decoded(body.chunks, self.what), b""
            for chunk in chunks:
                head += chunk
                if len(head) >= HEAD:
                    break
            body = body._replace(chunks=chain([head], chunks))
        else:
            body = _plain(body)
        framed = body.size is not None or "transfer-encoding" in body.headers
        if not (framed or body.encoding or told(body)):  # an early end would go unnoticed
            raise AddonctlError(f"{self.what}: the store says nowhere how long it is")
        doubtful = is_page(head, body, self._payload.content_type)
        if doubtful and not told(body):
            hint = "a proxy or a login page may have answered instead of the store"
            raise AddonctlError(f"{self.what}: a page came in its place", hint=hint, status=200)
        return body, doubtful


def _plain(body: Body) -> Body:
    """An answer whose bytes are saved as they lie, whatever it calls their encoding."""
    return body._replace(headers={**body.headers, "content-encoding": ""})


def _pause(failures: int) -> float:
    """Seconds to wait before the next try, with jitter."""
    return min(20.0, random.random() * 2.0 ** max(0, failures - 1))  # noqa: S311


def told(body: Body) -> dict[str, bytes]:
    """What the store tells of the whole payload: checksums, by the names of their algorithms.

    Nothing of a payload that comes encoded: they are of the bytes on their way.
    """
    headers, found = body.headers, {}
    if body.encoding:
        return {}
    own_key = "x-amz-server-side-encryption-customer-algorithm" in headers
    kms = headers.get("x-amz-server-side-encryption") in ("aws:kms", "aws:kms:dsse")
    etag = re.fullmatch('"([0-9a-fA-F]{32})"', headers.get("etag", ""))
    if etag and not (kms or own_key):
        found["md5"] = bytes.fromhex(etag[1])
    if "content-range" in headers:
        return found
    for header, (name, length) in _HEADERS.items():
        with suppress(ValueError):
            value = base64.b64decode(headers.get(header, ""), validate=True)
            if len(value) == length and found.setdefault(name, value) != value:
                found[name] = b""  # two that contradict each other: no bytes are right
    return found


class _CRC32:
    """zlib's checksum with hashlib's manners."""

    _value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class Checks:
    """Digests of the bytes that are given to it, by the names of their algorithms.

    Of many bytes, or where nobody knows how many (`size`), they are worked out in a thread of
    their own: hashing is slower than a fast line or disk.
    """

    def __init__(self, names: Iterable[str], size: int | None) -> None:
        self._digests: dict[str, Any] = {
            name: _CRC32() if name == "crc32" else hashlib.new(name, usedforsecurity=False)
            for name in names
        }
        self._thread: threading.Thread | None = None
        if self._digests and (size is None or size >= BESIDE):
            self._queue: Queue[bytes] = Queue(4)
            work = (iter(self._queue.get, b""), self._digests.values())
            self._thread = threading.Thread(target=_hash, args=work, daemon=True)
            self._thread.start()
            # The thread ends with this, whether the last byte came or not.
            self._end = weakref.finalize(self, self._queue.put, b"")

    def update(self, data: bytes) -> None:
        if self._thread:
            self._queue.put(data)
        else:
            _hash([data], self._digests.values())

    def digests(self) -> dict[str, bytes]:
        """What the bytes given to `update` have come to. To be asked once, at the end."""
        if self._thread:
            self._end()
            self._thread.join()
        return {name: digest.digest() for name, digest in self._digests.items()}


def _hash(pieces: Iterable[bytes], digests: Iterable[Any]) -> None:
    for data in pieces:
        for digest in digests:
            digest.update(data)


def decoded(chunks: Iterable[bytes], what: str) -> Iterator[bytes]:
    """`chunks` of gzip or zlib without that encoding; `what` names them in an error.

    Raises TryLater for bytes that are damaged or cut short, which both tell by a checksum.
    """
    member = zlib.decompressobj(_EITHER)
    try:
        for chunk in chunks:
            while chunk:
                if member.eof:  # a gzip file may be several, one after the other
                    member = zlib.decompressobj(_EITHER)
                yield member.decompress(chunk, BLOCK)  # a few bytes may stand for very many
                chunk = member.unconsumed_tail or member.unused_data
        if not member.eof:
            yield member.flush()
    except zlib.error:
        raise TryLater(f"{what}: its encoded bytes arrived damaged") from None
    if not member.eof:
        raise TryLater(f"{what}: its encoded bytes ended early")


def is_page(head: bytes, body: Body, content_type: str) -> bool:
    """Whether an answer of status 200 that begins with `head` looks as if it stood in the place
    of a payload: a page about an error, or a proxy's login page.

    `content_type` is what the service says the payload is, empty where it says nothing. What
    begins as something of that type does is none, whatever the answer calls itself.
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    answered = body.headers.get("content-type", "").lower()
    is_markup = text.startswith(b"<")
    is_html = text.startswith((b"<!doctype html", b"<html"))
    called_html = answered.startswith(("text/html", "application/xhtml"))
    is_error = is_markup and (
        (b"<error>" in text and b"<code>" in text)
        or (b"<twilioresponse>" in text and b"<restexception>" in text)
    )
    if not (is_html or called_html or is_error):
        return False
    # The store names the version of every object it holds, and of no error.
    named = "etag" in body.headers
    declared = content_type.partition(";")[0].strip().lower()
    if "json" in declared:
        return not re.match(rb'[{\["]|-?[0-9]|(?:true|false|null)\b', text)
    if "html" in declared:
        return is_error and not (is_html or named)
    if "xml" in declared:
        unsure = called_html and not (named or text.startswith(b"<?xml"))
        return is_html or unsure or not is_markup
    if declared.startswith("text/") and not is_html:
        return is_markup and not named and (called_html or "xml" in answered)
    return not named or (bool(declared) and is_markup)

"""What a payload's bytes are: by what checksum, in what encoding, and whether a payload at all.

What a store tells: S3's ETag is the MD5 of an object that was put in one piece and not encrypted
with a key of its own (Amazon S3 API reference, "Object"); `x-amz-checksum-*` is of the whole
object unless it ends in `-N` parts; `Content-MD5` is of this very answer.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from addonctl.api import Body
from addonctl.errors import TryLater

BLOCK = 1024 * 1024
HEAD = 1024
"""Bytes of an answer by which it is judged."""
BESIDE = 16 * 1024 * 1024
"""Bytes from which on a checksum is worked out beside the transfer, not between its chunks."""

_HEADERS = {
    "content-md5": ("md5", 16),
    "x-amz-checksum-sha256": ("sha256", 32),
    "x-amz-checksum-sha1": ("sha1", 20),
    "x-amz-checksum-crc32": ("crc32", 4),
}
_HEX_MD5 = re.compile(r'"([0-9a-fA-F]{32})"')
_NO_MD5 = ("aws:kms", "aws:kms:dsse")
_EITHER = 47  # zlib's window bits for gzip or zlib, told apart by the header
_JSON = re.compile(rb'[{\["]|-?[0-9]|(?:true|false|null)\b')


def told(body: Body) -> dict[str, bytes]:
    """What the store tells of the whole payload: checksums, by the names of their algorithms.

    Nothing of a payload that comes encoded: they are of the bytes on their way.
    """
    headers, found = body.headers, {}
    if body.encoding:
        return {}
    own_key = "x-amz-server-side-encryption-customer-algorithm" in headers
    if headers.get("x-amz-server-side-encryption") not in _NO_MD5 and not own_key:
        etag = _HEX_MD5.fullmatch(headers.get("etag", ""))
        if etag:
            found["md5"] = bytes.fromhex(etag[1])
    if "content-range" in headers:
        return found
    for header, (name, length) in _HEADERS.items():
        try:
            value = base64.b64decode(headers.get(header, ""), validate=True)
        except ValueError:
            continue
        if len(value) == length and found.setdefault(name, value) != value:
            found[name] = b""  # two that contradict each other: no bytes are right
    return found


class Digest(Protocol):
    """What hashlib's objects are."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class Checks:
    """Digests of the bytes that are given to it, by the names of their algorithms."""

    def __init__(self, names: Iterable[str], size: int | None) -> None:
        """`size`, the bytes to come where that is known, decides where they are worked out."""
        beside = size is None or size >= BESIDE
        self._digests = {name: _digest(name, beside) for name in names}

    def update(self, data: bytes) -> None:
        for digest in self._digests.values():
            digest.update(data)

    def digests(self) -> dict[str, bytes]:
        """What the bytes given to `update` have come to. To be asked once, at the end."""
        return {name: digest.digest() for name, digest in self._digests.items()}

    def close(self) -> None:
        """Give up what was begun."""
        for digest in self._digests.values():
            if isinstance(digest, _Threaded):
                digest.close()


def blocks(read: Callable[[int], bytes], length: int | None = None) -> Iterator[bytes]:
    """What `read` gives, up to `length` bytes of it."""
    left = length
    while block := read(BLOCK if left is None else min(BLOCK, left)):
        yield block
        if left is not None:
            left -= len(block)


def _digest(name: str, beside: bool) -> Digest:
    digest: Digest
    if name == "crc32":
        digest = _CRC32()
    else:
        import hashlib

        digest = hashlib.new(name, usedforsecurity=False)
    return _Threaded(digest) if beside else digest


class _CRC32:
    """zlib's checksum with hashlib's manners."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = binascii.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class _Threaded:
    """A digest worked out in a thread of its own: hashing is slower than a fast line or disk."""

    def __init__(self, digest: Digest) -> None:
        import threading
        from queue import Queue

        self._digest = digest
        self._queue: Queue[bytes] = Queue(4)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def update(self, data: bytes) -> None:
        if data:
            self._queue.put(data)

    def digest(self) -> bytes:
        self.close()
        self._thread.join()
        return self._digest.digest()

    def close(self) -> None:
        self._queue.put(b"")

    def _work(self) -> None:
        while data := self._queue.get():
            self._digest.update(data)


# Encoded although we asked for the bytes as they lie: a vendor may have stored them so, and the
# store then says so to everybody. Uploaders also leave words there that name no encoding at all.


def peeked(chunks: Iterator[bytes]) -> tuple[bytes, TryLater | None, Iterator[bytes]]:
    """How they begin (HEAD bytes or more, if there are so many), what broke the line before that,
    if anything did, and all of them, to the end or to the break.
    """
    head, broke = b"", None
    try:
        for chunk in chunks:
            head += chunk
            if len(head) >= HEAD:
                break
    except TryLater as problem:
        broke = problem

    def flow() -> Iterator[bytes]:
        yield head
        if broke:
            raise broke
        yield from chunks

    return head, broke, flow()


def is_encoded(encoding: str, head: bytes) -> bool:
    """Whether bytes that begin with `head` are what an `encoding` that we can read makes of them.

    The word alone proves nothing: what is called gzip and is none is saved as it lies.
    """
    words = {word.strip() for word in encoding.split(",")}
    if head[:2] == b"\x1f\x8b":
        return not words.isdisjoint({"gzip", "x-gzip", "deflate"})
    is_zlib = len(head) > 1 and head[0] & 0x8F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    return is_zlib and "deflate" in words


def decoded(chunks: Iterator[bytes], what: str) -> Iterator[bytes]:
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
    is_html = text.startswith((b"<!doctype html", b"<html"))
    called_html = answered.startswith(("text/html", "application/xhtml"))
    is_error = text.startswith(b"<") and (
        (b"<error>" in text and b"<code>" in text)
        or (b"<twilioresponse>" in text and b"<restexception>" in text)
    )
    if not (is_html or called_html or is_error):
        return False
    # The store names the version of every object it holds, and of no error.
    named = "etag" in body.headers
    declared = content_type.partition(";")[0].strip().lower()
    if "json" in declared:
        return not _JSON.match(text)
    if "html" in declared:
        return is_error and not (is_html or named)
    if "xml" in declared:
        unsure = called_html and not (named or text.startswith(b"<?xml"))
        return is_html or unsure or not text.startswith(b"<")
    if declared.startswith("text/") and not is_html:
        strange = called_html or "xml" in answered
        return strange and not named and text.startswith(b"<")
    return not named or (bool(declared) and text.startswith(b"<"))

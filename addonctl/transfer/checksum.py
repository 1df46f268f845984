"""Whether the bytes that arrived are those the store holds.

What a store tells: S3's ETag is the MD5 of an object that was put in one piece and not encrypted
with a key of its own (Amazon S3 API reference, "Object"); `x-amz-checksum-*` is of the whole
object unless it ends in `-N` parts; `Content-MD5` is of this very answer.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from addonctl.api import Body

BLOCK = 1024 * 1024
BESIDE = 16 * 1024 * 1024
"""Bytes from which on a checksum is worked out beside the transfer, not between its chunks."""

_HEX_MD5 = re.compile(r'"([0-9a-fA-F]{32})"')
_NO_MD5 = ("aws:kms", "aws:kms:dsse")


class Digest(Protocol):
    """What hashlib's objects are."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class Checks:
    """Everything the store told about a payload's bytes, to be held against what arrives."""

    def __init__(self, body: Body) -> None:
        # What comes encoded carries a checksum of its own, and is checked as it is decoded.
        expected = () if body.encoding else _expected(body)
        beside = body.size is None or body.size >= BESIDE
        self._digests = [(_digest(name, beside), told) for name, told in expected]

    def __bool__(self) -> bool:
        """Whether there is anything to go by."""
        return bool(self._digests)

    def update(self, data: bytes) -> None:
        for digest, _ in self._digests:
            digest.update(data)

    def agree(self) -> bool:
        """Whether all that was given to `update` is what the store told. To be asked once."""
        return all([digest.digest() == told for digest, told in self._digests])

    def close(self) -> None:
        """Give up what was begun."""
        for digest, _ in self._digests:
            if isinstance(digest, _Beside):
                digest.close()


def tells(body: Body) -> bool:
    """Whether the store tells anything by which the whole payload's bytes can be checked."""
    return next(_expected(body), None) is not None


def same(path: Path, body: Body) -> bool:
    """Whether the file at `path` holds these very bytes, as far as the store tells without them."""
    checks = Checks(body)
    if not checks or (body.size is not None and path.stat().st_size != body.size):
        return False
    with path.open("rb") as file:
        for block in blocks(file):
            checks.update(block)
    return checks.agree()


def blocks(file: Any, length: int | None = None) -> Iterator[bytes]:
    """The bytes of an open file, up to `length` of them."""
    left = length
    while block := file.read(BLOCK if left is None else min(BLOCK, left)):
        yield block
        if left is not None:
            left -= len(block)


def _expected(body: Body) -> Iterator[tuple[str, bytes]]:
    """The names of algorithms, and what they should give for the whole payload."""
    headers = body.headers
    own_key = "x-amz-server-side-encryption-customer-algorithm" in headers
    if headers.get("x-amz-server-side-encryption") not in _NO_MD5 and not own_key:
        found = _HEX_MD5.fullmatch(headers.get("etag", ""))
        if found:
            yield "md5", bytes.fromhex(found[1])
    if "content-range" in headers:
        return
    names = ("content-md5", "x-amz-checksum-sha256", "x-amz-checksum-sha1", "x-amz-checksum-crc32")
    for name, length in zip(names, (16, 32, 20, 4), strict=True):
        if told := _decoded(headers.get(name), length):
            yield name.rpartition("-")[2], told


def _decoded(text: str | None, length: int) -> bytes | None:
    try:
        told = base64.b64decode(text or "", validate=True)
    except binascii.Error:
        return None
    return told if len(told) == length else None


def _digest(name: str, beside: bool) -> Digest:
    digest: Digest
    if name == "crc32":
        digest = _CRC32()
    else:
        import hashlib

        digest = hashlib.new(name, usedforsecurity=False)
    return _Beside(digest) if beside else digest


class _CRC32:
    """zlib's checksum with hashlib's manners."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = binascii.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class _Beside:
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

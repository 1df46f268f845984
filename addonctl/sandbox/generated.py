"""An account of any size: the same SIDs, dates and bytes whenever and wherever it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from addonctl.sandbox import ACCOUNT
from addonctl.sandbox.schema import Contents

DAY = 24 * 3600
BLOCK = 1 << 16
STAMP = 16
LETTERS = (b"abcdefghijklmnopqrstuvwxyz ,.0123456789ABCDEFGHIJKLMNOPQRSTUVW\n" * 5)[:256]
# S3 gives the MD5 of what came in one piece, and `…-N` for what came in N pieces.
PIECE = 8 << 20


def sid(prefix: str, number: int, seed: str = "generated") -> str:
    """Give a SID that looks real and never changes."""
    digits = hashlib.md5(f"{seed} {prefix} {number}".encode(), usedforsecurity=False)
    return prefix + digits.hexdigest()


def contents(
    now: int,
    recordings: int | None = None,
    results: int | None = None,
    payloads: int | None = None,
    payload_bytes: int | None = None,
) -> Contents:
    """Give `recordings` × `results` × `payloads` rows, made one by one as they are asked for.

    All results are completed, and spread evenly over the last 29 days.
    """
    recordings = 1 if recordings is None else recordings
    results = 1 if results is None else results
    payloads = 1 if payloads is None else payloads
    size = 1000 if payload_bytes is None else payload_bytes
    span = 29 * DAY - DAY // 24
    now -= now % 60

    def created(number: int, total: int) -> int:
        return now - 300 - span * number // max(total, 1)

    total = recordings * results
    return Contents(
        add_ons=[(sid("XB", n), sid("XE", n)) for n in range(3)],
        recordings=(
            (sid("RE", n), ACCOUNT, sid("CA", n), None, "completed", "RecordVerb", 1, 60 + n % 240)
            + (created(n, recordings) - 120,)
            for n in range(recordings)
        ),
        results=(
            (sid("XR", n), n // results + 1, n % 3 + 1, "completed", at, at + 90, at + 90)
            for n in range(total)
            for at in (created(n, total),)
        ),
        payloads=(
            (sid("XH", n), n // payloads + 1, f"transcript {n % payloads + 1}", "text/plain")
            + (created(n // payloads, total) + 90, size, None)
            for n in range(total * payloads)
        ),
    )


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
def etag(seed: str, size: int) -> str:
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

    return random.Random(seed).randbytes(BLOCK - STAMP).translate(LETTERS)  # noqa: S311

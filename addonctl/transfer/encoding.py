"""Payloads that come encoded although we asked for them as they lie.

A vendor may have stored them so, and the store then says `Content-Encoding: gzip` to everybody.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from addonctl.errors import AddonctlError, TryLater

_EITHER = 47  # zlib's window bits for gzip or zlib, told apart by the header
_MOST = 1024 * 1024  # bytes decoded at a time: a few may stand for very many


def decoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """`chunks` without their `encoding`, which is empty for none.

    Raises TryLater for bytes that are damaged or cut short, which gzip tells by its own length
    and checksum, and AddonctlError for an encoding that we cannot read.
    """
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _inflated(chunks)
    if encoding:
        raise AddonctlError(f"the payload comes in an encoding that is not known here: {encoding}")
    return chunks


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    member = zlib.decompressobj(_EITHER)
    begun = False
    try:
        for chunk in chunks:
            while chunk:
                if member.eof:  # a gzip file may be several, one after the other
                    member = zlib.decompressobj(_EITHER)
                begun = True
                yield member.decompress(chunk, _MOST)
                chunk = member.unconsumed_tail or member.unused_data
        if begun and not member.eof:
            yield member.flush()
    except zlib.error:
        raise TryLater("the payload's encoded bytes arrived damaged") from None
    if begun and not member.eof:
        raise TryLater("the payload's encoded bytes ended early")

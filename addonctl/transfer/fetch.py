"""One payload: to a file, whole or not at all, or as a stream."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from addonctl.errors import AddonctlError, TryLater
from addonctl.transfer.checksum import Checks, same
from addonctl.transfer.folder import Target, is_whole, stamp, status
from addonctl.transfer.part import Part, on_disk
from addonctl.transfer.source import Source

Received = Callable[[int], None]

TOLD = 256 * 1024
"""Bytes after which it is told that they came; chunks may be much smaller."""


class Saved(NamedTuple):
    """A payload that is whole on disk; `fetched` unless it had been there before.

    `modified` is the file's time of modification, in nanoseconds since 1970.
    """

    file: Path
    fetched: bool
    modified: int


def save(
    source: Source, targets: Sequence[Target], received: Received, *, again: bool = False
) -> Saved:
    """Bring a payload to the first of `targets` that is its own already, or free.

    `received` is told how many bytes came. `again` fetches even what is whole. Raises
    AddonctlError, with whatever lies at the targets as it was.
    """
    modified = stamp(source.address.payload, source.payload)
    for target in targets:
        file = target.file
        if not again and is_whole(file, modified):
            return _saved(file, fetched=False)
        if target.taken:
            continue
        with on_disk(file), Part(file) as part:
            # Only under the part's lock is it sure that nobody else is about to rename.
            there = status(file) is not None
            whole = is_whole(file, modified)
            if whole and not again:
                return _saved(file, fetched=False)
            if there and not (whole or target.own or target is targets[-1]):
                continue
            return _fill(
                part, source, modified, received,
                compare=there and not again,
                replace=whole or target.own or not there,
            )  # fmt: skip
    raise AssertionError("the last target is always tried")


def stream(source: Source) -> Iterator[bytes]:
    """A payload's bytes, in order, each once; a line that breaks is picked up where it broke.

    Raises TryLater where they cannot be gone on with, or were not those the store holds: what
    has been handed on by then is not the payload.
    """
    written, etag = 0, None
    checks: Checks | None = None
    try:
        for piece in source.pieces():
            if checks is None:
                checks, etag = Checks(piece.body), piece.body.etag
            elif written > piece.begin and (etag is None or piece.body.etag != etag):
                raise TryLater(
                    f"data of payload {source.address.payload}: the line broke after {written} "
                    "bytes had been written, and the store does not go on from there"
                )
            if fresh := piece.data[max(0, written - piece.begin) :]:
                checks.update(fresh)
                written += len(fresh)
                yield fresh
        if checks and not checks.agree():
            raise _damaged(source)
    finally:
        if checks:
            checks.close()


def _fill(
    part: Part,
    source: Source,
    modified: int | None,
    received: Received,
    *,
    compare: bool,
    replace: bool,
) -> Saved:
    for _ in range(2):
        untold = 0
        with closing(source.pieces(*part.held())) as pieces:
            for piece in pieces:
                if compare and same(part.file, piece.body):
                    part.discard()
                    if modified is not None:
                        os.utime(part.file, ns=(modified, modified))
                    return _saved(part.file, fetched=False)
                if not replace:
                    raise AddonctlError(
                        f"{part.file}: another file is there", hint="--clobber replaces it"
                    )
                compare = False
                part.write(piece)
                untold += len(piece.data)
                if untold >= TOLD:
                    received(untold)
                    untold = 0
        received(untold)
        if part.finish(modified):
            return _saved(part.file, fetched=True)
    raise _damaged(source)


def _saved(file: Path, *, fetched: bool) -> Saved:
    return Saved(file, fetched, file.lstat().st_mtime_ns)


def _damaged(source: Source) -> TryLater:
    return TryLater(
        f"data of payload {source.address.payload}: other bytes arrived than the store's checksum "
        "is of"
    )

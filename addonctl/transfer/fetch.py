"""Payloads to disk, whole or not at all: which ones, one of them, and what may go then."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from addonctl.addresses import Address, given_sid
from addonctl.api import Body, Client
from addonctl.errors import AddonctlError, TryLater
from addonctl.transfer.content import Checks, blocks, told
from addonctl.transfer.folder import Directory, Folder, Target, is_whole, on_disk, settle, stamp
from addonctl.transfer.part import Part, prune
from addonctl.transfer.source import Source

TOLD = 256 * 1024
"""Bytes after which it is told that they came; chunks may be much smaller."""
MOST_PROOFS = 3
"""Looks at a file before its source may go: what the first finds wrong, a later one finds right."""
HELD_BACK = 1024 * 1024
"""Bytes of a doubtful stream that are held in memory, not on disk."""


class Came(NamedTuple):
    """What came of a payload in this run: what to know its file by where the store tells nothing.

    `store` is what the store said of the version, `modified` the stamp of what the service did.
    """

    digests: dict[str, bytes]
    size: int
    store: tuple[str, ...]
    modified: int | None


class Saved(NamedTuple):
    """A payload that is whole on disk; `fetched` unless it had been there before."""

    file: Path
    fetched: bool
    there: os.stat_result
    came: Came | None = None


def save(
    source: Source,
    target: Target,
    received: Callable[[int], None] = lambda count: None,
    *,
    check: bool,
    again: bool = False,
    came: Came | None = None,
) -> Saved:
    """Bring a payload to the first of its target's names that is its own already, or free.

    A file is skipped that has the payload's time, or what the store tells of length and checksum.
    With `check` no time is trusted: a file is read back from disk, and held against what the store
    tells now or, where it tells no checksum, against what `came` in this run; what neither proves
    is fetched, and compared. `again` fetches in any case. `received` is told how many bytes came.

    Raises AddonctlError, with whatever lies at the target as it was.
    """
    sid = source.address.payload
    modified = stamp(sid, source.payload)
    trusting = not (again or check)
    with (
        closing(target.directory()) as folder,
        on_disk(folder.path / target.names[0].file),
    ):
        if trusting and (file := _whole(folder, target, modified)):
            prune(folder, sid)
            return _saved(folder, file)
        with Part(folder, sid, source.patience, hashing=check) as part:
            # Only now is it sure that no other run is about to give the payload its name.
            if trusting and (file := _whole(folder, target, modified)):
                part.discard()
                return _saved(folder, file)
            old, replaced = _old(folder, target, modified)
            compared = again or not old
            for _ in range(2):
                untold = 0
                with closing(source.pieces(*part.held())) as pieces:
                    for piece in pieces:
                        if not compared and _proven(folder, old, piece.body, came, modified):
                            part.discard()
                            return _saved(folder, old, came)
                        compared = True
                        if old and not replaced:
                            raise AddonctlError(
                                f"{folder.path / old}: another file is there",
                                hint="--clobber replaces it",
                            )
                        part.write(piece)
                        untold += len(piece.data)
                        if untold >= TOLD:
                            received(untold)
                            untold = 0
                received(untold)
                if part.finish(modified):
                    came = Came(part.digests, part.length, _store(piece.body), modified)
                    if check and old and _holds(folder, old, came.digests, came.size, modified):
                        part.discard()
                        return _saved(folder, old, came)
                    file = _named(part, target, old)
                    return _saved(folder, file, came, fetched=True)
    raise _damaged(source)


def _whole(folder: Directory, target: Target, modified: int | None) -> str | None:
    """The name at which the payload lies, by its time."""
    for name in target.names:
        if is_whole(folder.status(name.file), modified):
            return name.file
    return None


def _old(folder: Directory, target: Target, modified: int | None) -> tuple[str, bool]:
    """The file to compare with, and whether it may be replaced; an empty name if there is none.

    At a name that others may have, that is only what is the payload by its time.
    """
    for name in target.names:
        there = None if name.taken else folder.status(name.file)
        replaced = name.own or is_whole(there, modified)
        if there and (replaced or name is target.names[-1]):
            if not stat.S_ISREG(there.st_mode):
                what = "a folder" if stat.S_ISDIR(there.st_mode) else "something that is no file"
                raise AddonctlError(f"{folder.path / name.file}: {what} is in the way")
            return name.file, replaced
    return "", False


def _named(part: Part, target: Target, old: str) -> str:
    """Give a part its name: that of the `old` file it replaces, or the first that is free."""
    for name in target.names:
        if not name.taken and old in ("", name.file):
            with suppress(FileExistsError):
                part.give_name(name.file, over=bool(old) or name.own)
                return name.file
    raise FileExistsError(errno.EEXIST, "another file is there")


def _saved(
    folder: Directory, name: str, came: Came | None = None, *, fetched: bool = False
) -> Saved:
    """Raises AddonctlError where the path does not lead to what was saved in the folder."""
    file, there = folder.path / name, folder.status(name)
    if not there or not os.path.samestat(there, file.lstat()):
        raise AddonctlError(f"{file}: what leads there was changed while the payload came")
    return Saved(file, fetched, there, came)


def _store(body: Body) -> tuple[str, ...]:
    """What names the version that the store sends, as far as it does."""
    return tuple(body.headers.get(name, "") for name in ("etag", "last-modified"))


def _proven(
    folder: Directory, name: str, body: Body, came: Came | None, modified: int | None
) -> bool:
    """Whether a file holds the payload, by what the store tells of it or by what came of it."""
    if digests := told(body):
        return _holds(folder, name, digests, body.size, modified)
    if came is None or (came.store, came.modified) != (_store(body), modified):
        return False
    same_size = body.encoding or body.size in (None, came.size)
    return bool(same_size) and _holds(folder, name, came.digests, came.size, modified)


def _holds(
    folder: Directory, name: str, digests: dict[str, bytes], size: int | None, modified: int | None
) -> bool:
    """Whether a file, read back from disk, has these digests; if so it gets its time."""
    descriptor = folder.open(name, os.O_RDONLY)
    try:
        if not digests or size not in (None, os.fstat(descriptor).st_size):
            return False
        if sys.platform != "win32":
            settle(descriptor)
        if sys.platform == "linux":  # not what memory has of it: what the disk has
            with suppress(OSError):
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        checks = Checks(digests, size)
        for block in blocks(partial(os.read, descriptor)):
            checks.update(block)
        is_it = checks.digests() == digests
        if is_it and modified is not None:
            folder.set_time(name, descriptor, modified)
        return is_it
    finally:
        os.close(descriptor)


def stream(source: Source) -> Iterator[bytes]:
    """A payload's bytes, in order, each once; a line that breaks is picked up where it broke.

    Doubtful bytes are held back. Raises TryLater where they cannot be gone on with, or were not
    those the store holds: what has been handed on by then is not the payload.
    """
    written, etag, doubtful = 0, None, False
    digests: dict[str, bytes] = {}
    checks = Checks((), 0)
    with tempfile.SpooledTemporaryFile(HELD_BACK) as held:
        try:
            for piece in source.pieces():
                if not piece.data:
                    doubtful = piece.doubtful
                    if not written:
                        checks.close()
                        digests, etag = told(piece.body), piece.body.etag
                        checks = Checks(digests, piece.body.size)
                    elif written > piece.begin and (etag is None or piece.body.etag != etag):
                        raise TryLater(
                            f"data of payload {source.address.payload}: the line broke after "
                            f"{written} bytes, and the store does not go on from there"
                        )
                elif fresh := piece.data[max(0, written - piece.begin) :]:
                    checks.update(fresh)
                    written += len(fresh)
                    if doubtful:
                        held.write(fresh)
                        continue
                    yield from _taken(held)
                    yield fresh
            if checks.digests() != digests:
                raise _damaged(source)
            yield from _taken(held)
        finally:
            checks.close()


def _taken(held: IO[bytes]) -> Iterator[bytes]:
    """What was held back, which is empty then."""
    if held.tell():
        held.seek(0)
        yield from blocks(held.read)
        held.seek(0)
        held.truncate()


def _damaged(source: Source) -> TryLater:
    return TryLater(
        f"data of payload {source.address.payload}: other bytes arrived than the store's checksum "
        "is of"
    )


class Spared(NamedTuple):
    """Why a result is not deleted: in short, to count them by, and of this one."""

    why: str
    detail: str


def retire(
    client: Client, result: Address, saved: Mapping[str, Saved], folder: Folder
) -> Spared | None:
    """Delete a result, if all it left is proven to be on disk; else say why it is spared.

    `saved` are its payloads that were saved in this run, by their SIDs; others may lie there from
    before. Proven means: the result is final, and its payloads, listed again just now, are there,
    each read back from disk and held against what the store tells now. What is not, an updated
    payload or a damaged file, is fetched first.
    """
    if not client.result(result).final:
        return Spared("not final yet", "it is not final yet, so more may come")
    listed = [payload for page in client.payloads(result) for payload in page]
    if not listed:
        return Spared("without payloads", "it has no payloads")
    for sid in saved.keys() - {payload.sid for payload in listed}:
        return Spared("not as it was saved", f"payload {sid} is no longer listed")
    proven: list[tuple[Target, Saved]] = []
    for payload in listed:
        address = result._replace(payload=given_sid(payload.sid, "XH"))
        target, kept = folder.target(address, payload), saved.get(payload.sid)
        if kept is None:
            with closing(target.directory()) as there:
                if not _whole(there, target, stamp(payload.sid, payload)):
                    return Spared("not wholly saved", f"payload {payload.sid} is not on disk")
        came = kept and kept.came
        for _ in range(MOST_PROOFS):
            kept = save(Source(client, address, payload), target, check=True, came=came)
            if not kept.fetched:
                proven.append((target, kept))
                break
            came = kept.came
        else:
            detail = f"payload {payload.sid} is another whenever it is looked at"
            return Spared("not proven to be saved", detail)
    for target in {target.below: target for target, _ in proven}.values():
        target.directory(sync=True).close()
    for _, kept in proven:
        with on_disk(kept.file):
            if _unchanging(kept.file.lstat()) != _unchanging(kept.there):
                return Spared("not proven to be saved", f"{kept.file} has been changed")
    client.delete(result)
    return None


def _unchanging(there: os.stat_result) -> tuple[int, ...]:
    """What stays the same of a file for as long as nobody writes to it."""
    return there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns, there.st_ctime_ns

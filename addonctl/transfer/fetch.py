"""One payload to disk, whole or not at all; and whether its source may go then."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from addonctl import files
from addonctl.addresses import Address, given_sid
from addonctl.api import Client
from addonctl.errors import AddonctlError, TryLater
from addonctl.models import Payload, Result
from addonctl.transfer.disk import Directory, part_of, prune, settle
from addonctl.transfer.folder import Folder, Target
from addonctl.transfer.source import BLOCK, Checks, Piece, Source, told


class Saved(NamedTuple):
    """A payload that is whole on disk; `fetched` unless it had been there before.

    `digests` are those of the bytes that came in this run, `version` is what store and service
    named them by: what to know the file by where the store tells no checksum.
    """

    file: Path
    there: os.stat_result
    fetched: bool = False
    digests: Mapping[str, bytes] = {}
    version: tuple[object, ...] = ()


def save(
    client: Client,
    target: Target,
    received: Callable[[int], None] = lambda count: None,
    *,
    check: bool,
    again: bool = False,
    before: Saved | None = None,
) -> Saved:
    """Bring a payload to the first of its target's names that is its own already, or free.

    A file is skipped that has the payload's time, or what the store tells of length and checksum.
    With `check` no time is trusted: a file is read back from disk, and held against what the store
    tells now or, where it tells no checksum, against what came `before` in this run; what neither
    proves is fetched, and compared. `again` fetches in any case. `received` is told how many bytes
    came.

    Raises AddonctlError, with whatever lies at the target as it was.
    """
    trusting = not (again or check)
    source, sid = Source(client, target.address, target.payload), target.address.payload
    directory = target.folder.directory(target.below)
    place = directory.path / target.names[0].file
    with closing(directory), files.explained("write", place, only=OSError):
        if trusting and (name := target.whole(directory)):
            prune(directory, sid)
            return _saved(directory, name)
        with part_of(directory, sid, client.timeout, hashing=check) as part:
            # Only now is it sure that no other run is about to give the payload its name.
            if trusting and (name := target.whole(directory)):
                return _saved(directory, name)
            # The file to compare with: at a name that others may have, only what is the payload by
            # its time, and nothing else than that is replaced.
            old, replaced = "", False
            free = [each for each in target.names if not each.taken]
            for each in free:
                there = directory.status(each.file)
                replaced = each.own or target.is_whole(there)
                if there and (replaced or each is free[-1]):
                    if not stat.S_ISREG(there.st_mode):
                        is_folder = stat.S_ISDIR(there.st_mode)
                        what = "a folder" if is_folder else "something that is no file"
                        raise AddonctlError(f"{directory.path / each.file}: {what} is in the way")
                    old, free = each.file, [each]
                    break
            for is_first in (True, False):
                with closing(source.pieces(part.length, part.version)) as pieces:
                    answer = next(pieces)
                    if old and is_first and not again:
                        proof: Mapping[str, bytes] = told(answer.body)
                        if before and not proof and before.version == _version(answer, target):
                            proof = before.digests
                        size = None if answer.body.encoding else answer.body.size
                        if _holds(directory, old, proof, size, target):
                            return _saved(directory, old)
                    if old and not replaced:
                        message = f"{directory.path / old}: another file is there"
                        raise AddonctlError(message, hint="--clobber replaces it")
                    for piece in chain([answer], pieces):
                        part.write(piece)
                        received(len(piece.data))
                digests = part.finish(target.modified)
                if digests is None:
                    continue
                version = _version(piece, target)
                if check and old and _holds(directory, old, digests, part.length, target):
                    return _saved(directory, old)._replace(digests=digests, version=version)
                for each in free:
                    with suppress(FileExistsError):
                        part.give_name(each.file, over=bool(old) or each.own)
                        saved = _saved(directory, each.file)
                        return saved._replace(fetched=True, digests=digests, version=version)
                raise AddonctlError(f"cannot write {place}: another file is there")
    raise _damaged(source)


def _saved(directory: Directory, name: str) -> Saved:
    """Raises AddonctlError where the path does not lead to what was saved in the directory."""
    file, there = directory.path / name, directory.status(name)
    if not there or not os.path.samestat(there, file.lstat()):
        raise AddonctlError(f"{file}: what leads there was changed while the payload came")
    return Saved(file, there)


def _version(piece: Piece, target: Target) -> tuple[object, ...]:
    """What names the version that comes, as far as the store and the service do."""
    return (*map(piece.body.headers.get, ("etag", "last-modified")), target.modified)


def _holds(
    directory: Directory, name: str, digests: Mapping[str, bytes], size: int | None, target: Target
) -> bool:
    """Whether a file, read back from disk, has these digests; if so it gets its time."""
    descriptor = directory.open(name, os.O_RDONLY)
    try:
        if not digests or size not in (None, os.fstat(descriptor).st_size):
            return False
        if sys.platform != "win32":
            settle(descriptor)
        if sys.platform == "linux":  # not what memory has of it: what the disk has
            with suppress(OSError):
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        checks = Checks(digests, size)
        for block in iter(partial(os.read, descriptor, BLOCK), b""):
            checks.update(block)
        if checks.digests() != digests:
            return False
        directory.set_time(name, descriptor, target.modified)
        return True
    finally:
        os.close(descriptor)


def stream(client: Client, address: Address, payload: Payload) -> Iterator[bytes]:
    """A payload's bytes, in order, each once; a line that breaks is picked up where it broke.

    Doubtful bytes are held back. Raises TryLater where they cannot be gone on with, or were not
    those the store holds: what has been handed on by then is not the payload.
    """
    source, written = Source(client, address, payload), 0
    with closing(source.pieces()) as pieces, tempfile.SpooledTemporaryFile(BLOCK) as held:
        first = next(pieces).body
        digests = told(first)
        checks = Checks(digests, first.size)
        for piece in pieces:
            if written > piece.begin and not (first.etag and piece.body.etag == first.etag):
                raise TryLater(
                    f"{source.what}: the line broke after {written} bytes, and the store does not "
                    "go on from there"
                )
            if fresh := piece.data[max(0, written - piece.begin) :]:
                checks.update(fresh)
                written += len(fresh)
                if piece.doubtful or held.tell():
                    held.write(fresh)
                else:
                    yield fresh
        if checks.digests() != digests:
            raise _damaged(source)
        held.seek(0)
        yield from iter(partial(held.read, BLOCK), b"")


def _damaged(source: Source) -> TryLater:
    return TryLater(f"{source.what}: other bytes arrived than the store's checksum is of")


def retire(
    client: Client, result: Address, saved: Mapping[str, Saved], folder: Folder
) -> tuple[str, str] | None:
    """Delete a result, if all it left is proven to be on disk; else say why it is spared: in
    short, to count such results by, and of this one.

    `saved` are its payloads that were saved in this run, by their SIDs; others may lie there from
    before. Proven means: the result is final, and its payloads, listed again just now, are there,
    each read back from disk and held against what the store tells now. What is not, an updated
    payload or a damaged file, is fetched first.
    """
    if not client.get(Result, result).final:
        return "not final yet", "it is not final yet, so more may come"
    listed = [payload for page in client.payloads(result) for payload in page]
    if not listed:
        return "without payloads", "it has no payloads"
    for sid in saved.keys() - {payload.sid for payload in listed}:
        return "not as it was saved", f"payload {sid} is no longer listed"
    proven: list[tuple[Target, Saved]] = []
    for payload in listed:
        address = result._replace(payload=given_sid(payload.sid, "XH"))
        target, kept = folder.target(address, payload), saved.get(payload.sid)
        if kept is None:
            with closing(folder.directory(target.below)) as directory:
                if not target.whole(directory):
                    return "not wholly saved", f"payload {payload.sid} is not on disk"
        for _ in range(3):  # what the first look finds wrong, a later one finds right
            kept = save(client, target, check=True, before=kept)
            if not kept.fetched:
                proven.append((target, kept))
                break
        else:
            why = f"payload {payload.sid} is another whenever it is looked at"
            return "not proven to be saved", why
    for below in {target.below for target, _ in proven}:
        folder.directory(below, sync=True).close()
    # What stays the same of a file for as long as nobody writes to it.
    unchanging = attrgetter("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
    for _, kept in proven:
        with files.explained("write", kept.file, only=OSError):
            if unchanging(kept.file.lstat()) != unchanging(kept.there):
                return "not proven to be saved", f"{kept.file} has been changed"
    client.delete(result)
    return None

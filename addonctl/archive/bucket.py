"""An archive in a bucket of S3, Google Cloud Storage or Azure, by obstore.

Each write is conditional on what was there when the lock was last seen to be ours: of a run that
slept while another one took over nothing is overwritten.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from addonctl.archive import lease
from addonctl.archive.asking import Asking
from addonctl.archive.cloud import bucket_of, store_of
from addonctl.archive.lease import Lease, Tag
from addonctl.archive.place import NoObject, Object, Place, PlaceBusy, PlaceFailed
from addonctl.errors import AddonctlError

if TYPE_CHECKING:
    from addonctl.api import Limits

PART = 8 << 20
"""Bytes that are sent or read at a time; what is longer goes in several parts."""
AT_ONCE = 2
"""Parts of one object that are sent at once."""

_VERSIONS = (
    "the bucket keeps versions: what is deleted or replaced stays as an older one, until a"
    " lifecycle rule, and an object lock if it has one, let it go"
)
_UNSEEN = {
    "gs": "whether the bucket keeps older versions, or deleted objects for a while (soft delete),"
    " is not to be seen from here",
    "az": "whether the account keeps deleted blobs for a while (soft delete) is not to be seen"
    " from here",
}


class BucketPlace(Place):
    """A bucket, or what of it begins with a prefix. Objects are there whole or not at all."""

    def __init__(
        self,
        url: str,
        limits: Limits,
        lease_id: str = "",
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._bucket = bucket_of(url)
        self.url = self._bucket.url
        self._store = store_of(self._bucket, limits, os.environ)
        self._asking = Asking(self._bucket, limits.retries)
        self._say = say
        self._lease: Lease | None = self._new_lease(lease_id) if lease_id else None

    @property
    def lease(self) -> str:
        return self._lease.id if self._lease else ""

    def blocks(self, name: str) -> Iterator[bytes]:
        import obstore

        def begin() -> tuple[int, bytes]:
            found = obstore.get(self._store, name)
            size = found.meta["size"]
            return size, bytes(found.bytes()) if size <= PART else b""

        def part(start: int, end: int) -> bytes:
            return bytes(obstore.get_range(self._store, name, start=start, end=end))

        size, data = self._asking.tried("read", name, begin)
        if size <= PART:
            yield data
            return
        for start in range(0, size, PART):
            yield self._asking.tried("read", name, partial(part, start, min(size, start + PART)))

    def put(self, name: str, content: IO[bytes]) -> None:
        begin = content.tell()
        data = content.read(PART + 1)
        if len(data) > PART:
            content.seek(begin)
            self._put_parts(name, content)
            return
        tag: Tag | None = None
        for _ in range(3):  # nobody else writes, unless the lock was taken over just now
            self._check(replacing=tag is not None)  # after the tag was read
            done, tag = self._conditional(name, data, tag)
            if done:
                return
        raise PlaceBusy(f"cannot write {self.url}/{name}: others write it at the same time")

    def create(self, name: str, content: bytes) -> bool:
        self._check()
        return self._conditional(name, content, None)[0]

    def size(self, name: str) -> int | None:
        import obstore

        with suppress(NoObject):
            found = self._asking.tried("read", name, lambda: obstore.head(self._store, name))
            return int(found["size"])
        return None

    def delete(self, name: str) -> None:
        import obstore

        self._check(replacing=True)
        with suppress(NoObject):
            self._asking.tried("delete", name, lambda: obstore.delete(self._store, name))

    def objects(self, below: str = "") -> Iterator[Object]:
        import obstore

        last, failures = None, 0
        while True:
            try:
                with self._asking.explained("list", below):
                    pages = obstore.list(self._store, below or None, offset=last, chunk_size=1000)
                    for page in pages:
                        for each in page:
                            last = each["path"]
                            yield Object(last, each["size"])
                        failures = 0
                return
            except PlaceBusy as problem:  # it goes on behind what came
                failures += 1
                self._asking.wait(failures, problem)

    @contextmanager
    def lock(self) -> Iterator[None]:
        held = self._new_lease()
        held.take()
        self._lease = held
        try:
            yield
        finally:
            self._lease = None
            with suppress(AddonctlError):  # then it runs out
                held.release()

    def beyond_reach(self) -> tuple[str, ...]:
        import obstore

        kept = [_UNSEEN[self._bucket.scheme]] if self._bucket.scheme in _UNSEEN else []
        if self._bucket.scheme != "gs":  # there each object has a version, kept or not
            with suppress(NoObject):
                about = self._asking.tried(
                    "read", "archive.json", lambda: obstore.head(self._store, "archive.json")
                )
                if about.get("version"):
                    kept.append(_VERSIONS)
        return tuple(kept)

    # How it is written

    def _conditional(self, name: str, data: bytes, tag: Tag | None) -> tuple[bool, Tag | None]:
        """Make an object, or replace the one of that tag. Whether it holds those bytes now, and
        the tag of what is there; None where there is nothing.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        mode: Any = "create" if tag is None else tag

        def put() -> Any:
            try:
                return obstore.put(self._store, name, data, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return None

        done = self._asking.tried("write", name, put)
        if done is None:
            # Perhaps by ourselves, where the answer was lost and we asked again.
            found = self._content(name)
            return (found[0] == data, found[1]) if found else (False, None)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if (done.get("e_tag") or "").strip('"') == md5:
            return True, _tag_of(done)
        # Of another cloud, or encrypted with a key of the owner's: only the bytes can tell.
        found = self._content(name)
        if found is None or found[0] != data:
            raise PlaceFailed(f"{self.url}/{name} is not stored as it was sent")
        return True, found[1]

    def _put_parts(self, name: str, content: IO[bytes]) -> None:
        """A long object, in parts: no condition is to be had for it, and no MD5 of the whole."""
        import obstore

        begin, digest = content.tell(), hashlib.sha256()
        while block := content.read(PART):
            digest.update(block)
        self._check(replacing=True)

        def put() -> None:
            content.seek(begin)
            obstore.put(self._store, name, content, chunk_size=PART, max_concurrency=AT_ONCE)

        self._asking.tried("write", name, put)
        back = hashlib.sha256()
        for block in self.blocks(name):
            back.update(block)
        if back.digest() != digest.digest():
            raise PlaceFailed(f"{self.url}/{name} is not stored as it was sent")

    def _content(self, name: str) -> tuple[bytes, Tag] | None:
        """A short object, and its tag."""
        import obstore

        def get() -> tuple[bytes, Tag]:
            found = obstore.get(self._store, name)
            return bytes(found.bytes()), _tag_of(found.meta)

        with suppress(NoObject):
            return self._asking.tried("read", name, get)
        return None

    def _check(self, *, replacing: bool = False) -> None:
        if self._lease:
            self._lease.check(replacing=replacing)

    def _new_lease(self, lease_id: str = "") -> Lease:
        return Lease(
            self.url,
            lambda: self._content(lease.NAME),
            lambda data, tag: self._conditional(lease.NAME, data, tag),
            self._say,
            lease_id,
        )


def _tag_of(said: Any) -> Tag:
    """What names a content: its ETag, and its version where the store gives one."""
    return {name: said[name] for name in ("e_tag", "version") if said.get(name)}

"""A payload's bytes from the store, however often the line breaks or the link expires."""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Iterator
from typing import NamedTuple

from addonctl.addresses import Address
from addonctl.api import Body, Client, LinkExpired, SignedLink
from addonctl.errors import AddonctlError, TryLater
from addonctl.models import Payload
from addonctl.transfer.content import HEAD, decoded, is_encoded, is_page, peeked, told

LONGEST_PAUSE = 20.0


class Version(NamedTuple):
    """What the store said of the bytes it began to send: enough to go on with the very same."""

    etag: str
    size: int | None


class Piece(NamedTuple):
    """Some bytes of a payload, and where in it they lie.

    Each answer of the store begins with an empty piece. Where that begins before the end of what
    has come so far, the bytes that follow take its place. Of `doubtful` bytes only the store's
    checksum can tell that they are the payload, and not a page in its place.
    """

    body: Body
    begin: int
    data: bytes
    doubtful: bool = False


class Source:
    """Where one payload's bytes come from."""

    def __init__(self, client: Client, address: Address, payload: Payload) -> None:
        self.address = address
        self.payload = payload
        self.patience = client.timeout  # seconds to wait for another run that fetches it
        self._client = client
        self._link: SignedLink | None = None
        self._head = b""  # the first HEAD bytes, as far as they have come

    def pieces(self, have: int = 0, version: Version | None = None) -> Generator[Piece, None, None]:
        """The payload's bytes, from `have` on if it still is that `version`, else from the start.

        A line that breaks is picked up where it broke, and a link that the store refuses is asked
        for anew. When the pieces have run out, as many bytes have come as the store had said.
        Raises TryLater after as many tries in a row as the client has retries (a try that got
        further does not count), and AddonctlError for an answer that is no payload.
        """
        if have < HEAD:  # too little to judge it by
            have, version = 0, None
        failures, furthest = 0, have
        while True:
            try:
                body = self._open(have, version)
            except LinkExpired as problem:
                self._link, failures = None, failures + 1
                failure = TryLater(f"{problem.message}, though its link is new", status=403)
            else:
                try:
                    body, chunks, doubtful = self._begun(body)
                    version = Version(body.etag, body.size) if body.etag else None
                    if body.encoding:  # it cannot be gone on with: its ranges are of other bytes
                        version = None
                    have = body.begin
                    yield Piece(body, have, b"", doubtful)
                    for data in filter(None, chunks):
                        if have < HEAD:
                            self._head = self._head[:have] + data[:HEAD]
                        yield Piece(body, have, data)
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
        etag = version.etag if version and have else None
        try:
            body = self._follow(have, etag)
        except AddonctlError as problem:
            if problem.status != 416 or not etag:
                raise
            body = self._follow(0, None)
        if body.begin and not _goes_on(body, have, version):
            body.close()
            body = self._follow(0, None)
            if body.begin:
                body.close()
                raise AddonctlError(f"{self._named}: the store gives no more than a part of it")
        same = version is not None and (body.begin or body.etag == version.etag)
        if version and same and body.size is None:
            return body._replace(size=version.size)
        return body

    def _follow(self, have: int, etag: str | None) -> Body:
        if self._link is None:
            self._link = self._client.link(self.address)
        return self._client.open(self._link, have, etag)

    def _begun(self, body: Body) -> tuple[Body, Iterator[bytes], bool]:
        """An answer, its bytes decoded, and whether they are doubtful.

        An encoding that its bytes do not have is struck from its headers. Raises AddonctlError
        where it is no payload.
        """
        chunks = self._counted(body)
        if body.begin >= HEAD:
            return _plain(body), chunks, False
        head, broke, chunks = peeked(chunks)
        if broke and (body.encoding or not body.etag):  # it cannot be gone on with anyway
            raise broke
        if not body.begin and is_encoded(body.encoding, head):
            head, broke, chunks = peeked(decoded(chunks, self._named))
        else:
            body = _plain(body)
        if not (body.framed or body.encoding or told(body)):
            raise AddonctlError(f"{self._named}: the store says nowhere how long it is")
        head = self._head[: body.begin] + head
        if broke or not is_page(head, body, self.payload.content_type):
            return body, chunks, broke is not None
        if told(body):
            return body, chunks, True
        raise AddonctlError(
            f"{self._named}: a page came in its place",
            hint="a proxy or a login page may have answered instead of the store",
            status=200,
        )

    def _counted(self, body: Body) -> Iterator[bytes]:
        arrived = body.begin
        for chunk in body.chunks:
            arrived += len(chunk)
            yield chunk
        if body.size not in (None, arrived):
            raise TryLater(f"{self._named}: {arrived} of {body.size} bytes came")

    @property
    def _named(self) -> str:
        return f"data of payload {self.address.payload}"


def _goes_on(body: Body, have: int, version: Version | None) -> bool:
    """Whether an answer is the rest, from `have` on, of that very version."""
    return (
        version is not None
        and body.begin == have
        and body.etag in (None, version.etag)
        and (version.size is None or body.size in (None, version.size))
    )


def _plain(body: Body) -> Body:
    """An answer whose bytes are saved as they lie, whatever it calls their encoding."""
    return body._replace(headers={**body.headers, "content-encoding": ""})


def _pause(failures: int) -> float:
    """Seconds to wait before the next try, with jitter."""
    return min(LONGEST_PAUSE, random.random() * 2.0 ** max(0, failures - 1))  # noqa: S311

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
from addonctl.transfer.checksum import tells
from addonctl.transfer.encoding import decoded
from addonctl.transfer.page import HEAD, is_page

ENOUGH = 1024 * 1024
"""Bytes by which a try that broke off must have got further for it not to count as a failure."""
LONGEST_PAUSE = 20.0


class Version(NamedTuple):
    """What the store said of the bytes it began to send: enough to go on with the very same."""

    etag: str
    size: int | None


class Piece(NamedTuple):
    """Some bytes of a payload, and where in it they lie.

    Each answer of the store begins with an empty piece. Where that begins before the end of what
    has come so far, the bytes that follow take its place.
    """

    body: Body
    begin: int
    data: bytes


class Source:
    """Where one payload's bytes come from."""

    def __init__(self, client: Client, address: Address, payload: Payload) -> None:
        self.address = address
        self.payload = payload
        self._client = client
        self._link: SignedLink | None = None

    def pieces(self, have: int = 0, version: Version | None = None) -> Generator[Piece, None, None]:
        """The payload's bytes, from `have` on if it still is that `version`, else from the start.

        A line that breaks is picked up where it broke. When the pieces have run out, as many
        bytes have come as the store had said. Raises TryLater once the retries are used up,
        and AddonctlError for an answer that is no payload.
        """
        failures = furthest = 0
        while True:
            body = self._open(have, version)
            # What comes encoded cannot be gone on with: its ranges are those of other bytes.
            version = None if body.encoding or not body.etag else Version(body.etag, body.size)
            have = body.begin
            try:
                yield Piece(body, have, b"")
                for data in filter(None, self._payload_of(body)):
                    yield Piece(body, have, data)
                    have += len(data)
                return
            except TryLater:
                failures = 0 if have - furthest >= ENOUGH else failures + 1
                furthest = max(furthest, have)
                if failures > self._client.retries:
                    raise
            finally:
                body.close()
            have = have if version else 0
            time.sleep(_pause(failures))

    def _open(self, have: int, version: Version | None) -> Body:
        body = self._ask(have, version)
        if body.begin and not _goes_on(body, have, version):
            body.close()
            body = self._ask(0, None)
            if body.begin:
                body.close()
                raise AddonctlError(f"{self._named}: the store gives no more than a part of it")
        return body

    def _ask(self, have: int, version: Version | None) -> Body:
        etag = version.etag if version and have else None
        try:
            return self._follow(have, etag)
        except LinkExpired:
            self._link = None
        except AddonctlError as problem:
            if problem.status != 416 or not etag:
                raise
            etag = None
        return self._follow(have, etag)

    def _follow(self, have: int, etag: str | None) -> Body:
        if self._link is None:
            self._link = self._client.link(self.address)
        return self._client.open(self._link, have, etag)

    def _payload_of(self, body: Body) -> Iterator[bytes]:
        """The bytes of an answer, decoded. Raises AddonctlError where they are no payload's."""
        if not (body.framed or body.encoding or tells(body)):
            raise AddonctlError(f"{self._named}: the store says nowhere how long it is")
        chunks = decoded(self._counted(body), body.encoding)
        if not body.begin:
            head = b""
            for chunk in chunks:
                head += chunk
                if len(head) >= HEAD:
                    break
            if is_page(head, body, self.payload.content_type):
                raise AddonctlError(
                    f"{self._named}: a page came in its place",
                    hint="a proxy or a login page may have answered instead of the store",
                    status=200,
                )
            if head:
                yield head
        yield from chunks

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
        and not body.encoding
        and body.etag in (None, version.etag)
        and (version.size is None or body.size in (None, version.size))
    )


def _pause(failures: int) -> float:
    """Seconds to wait before the next try, with jitter."""
    return min(LONGEST_PAUSE, random.random() * 2.0 ** max(0, failures - 1))  # noqa: S311

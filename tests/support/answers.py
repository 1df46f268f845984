"""A store for the tests of transfers: answers made up, and what was asked for; no socket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from addonctl.addresses import Address
from addonctl.api import Body, SignedLink
from addonctl.errors import AddonctlError, TryLater
from support.breaking import some

SID = "XH" + "5" * 32
ADDRESS = Address("RE" + "1" * 32, "XR" + "2" * 32, SID)
NAMED = f"data of payload {SID}"
ETAG = '"in-parts-2"'
SIZE = 5_000
DATA = some(1, SIZE)
LATER = TryLater("the line broke")


def body(*chunks: bytes | AddonctlError, begin: Any = 0, size: Any = SIZE, **headers: Any) -> Body:
    """An answer of the store; an error among its chunks is where the line breaks."""

    def flow() -> Iterator[bytes]:
        for chunk in chunks:
            if isinstance(chunk, AddonctlError):
                raise chunk
            yield chunk

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if begin:
        named["content-range"] = f"bytes {begin}-"
    return Body(begin, size, named, flow(), lambda: None)


@dataclass
class Store:
    """Stands for a client: gives its answers in order, and keeps what it was asked for.

    `unclosed` is how many of them nobody has given up yet.
    """

    answers: list[Any]
    retries: int = 1
    timeout: float = 0.0
    links: int = 0
    asked: list[tuple[int, str | None]] = field(default_factory=list)
    unclosed: int = 0

    def link(self, address: Address) -> SignedLink:
        assert address == ADDRESS
        self.links += 1
        return SignedLink(f"https://store/{self.links}")

    def open(self, link: SignedLink, begin: int = 0, etag: str | None = None) -> Body:
        assert link.url == f"https://store/{self.links}"
        self.asked.append((begin, etag))
        answer: Body | AddonctlError = self.answers.pop(0)
        if isinstance(answer, AddonctlError):
            raise answer
        self.unclosed += 1
        return answer._replace(close=self._closed)

    def _closed(self) -> None:
        self.unclosed -= 1

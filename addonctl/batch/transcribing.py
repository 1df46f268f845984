"""What was said, of many recordings: which payloads are transcripts, and the words in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from addonctl import transcripts
from addonctl.addresses import Address, Addresses
from addonctl.api import Client
from addonctl.batch.listing import payloads_of, results_of
from addonctl.batch.outcomes import Batch
from addonctl.errors import AddonctlError, NotFound
from addonctl.models import Payload
from addonctl.selection import Selection
from addonctl.transcripts import NotATranscript, Transcript
from addonctl.transfer.fetch import stream

NEVER_WORDS = ("audio/", "image/", "video/", "application/pdf", "application/zip")
"""Content types that are not fetched to be read."""


class Said(NamedTuple):
    """The transcript of one result, and where it lies."""

    address: Address
    add_on: str
    transcript: Transcript

    @property
    def worth(self) -> tuple[bool, bool, bool]:
        """How much it tells: words rather than a guess, times, speakers."""
        turns = self.transcript.turns
        return (
            self.transcript.shape != "generic",
            any(turn.start is not None for turn in turns),
            any(turn.speaker for turn in turns),
        )


def whole(client: Client, address: Address, payload: Payload) -> bytes:
    """A payload's bytes, as far as a transcript may reach. Raises as a download does."""
    data = bytearray()
    for chunk in stream(client, address, payload):
        data += chunk
        if len(data) > transcripts.LARGEST:
            break
    return bytes(data)


def read(
    client: Client, address: Address, payload: Payload
) -> tuple[Transcript | NotATranscript, bytes]:
    """What a payload says, or why it says nothing; and its bytes, as far as they were fetched."""
    if payload.content_type.lower().startswith(NEVER_WORDS):
        return NotATranscript(f"is {payload.content_type}, not words"), b""
    data = whole(client, address, payload)
    return transcripts.read(data, payload.content_type), data


def all_said(batch: Batch, addresses: Addresses, selection: Selection) -> Iterator[Said]:
    """The transcripts that addresses lead to, in their order: of each result the one that tells
    most, for vendors leave the same words as a document and as plain text.

    An address that fails is told of; so is a single result, or payload, that holds none.
    """
    client = batch.client

    def said_at(address: Address) -> list[Said]:
        found: list[Said] = []
        why = "it has no payloads"
        for place, result in results_of(client, address, selection):
            best: Said | None = None
            for at, payload in payloads_of(
                client, address if address.payload else place, selection
            ):
                got, _ = read(client, at, payload)
                if isinstance(got, NotATranscript):
                    why = f"payload {payload.sid} {got.reason}"
                    continue
                said = Said(at, str(result.document.get("add_on_sid") or ""), got)
                if best is None or said.worth > best.worth:
                    best = said
            if best:
                found.append(best)
        if not found and address.level > 1:
            raise NotFound(f"no transcript at {address}: {why}")
        return found

    for address, got in batch.run(said_at, addresses.items, addresses.total):
        if isinstance(got, NotFound) and not addresses.typed and address.level == 1:
            batch.tell(f"{address} is gone")
        elif isinstance(got, AddonctlError):
            batch.failed(got, tell=not addresses.alone)
        else:
            batch.succeeded()
            yield from got

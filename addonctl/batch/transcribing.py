"""What was said, of many recordings: which payloads are transcripts, and the words in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from addonctl import transcripts
from addonctl.addresses import Address, Addresses, given_sid
from addonctl.api import Client
from addonctl.batch.outcomes import Batch
from addonctl.errors import AddonctlError, NotFound
from addonctl.models import Payload, Result
from addonctl.selection import Selection
from addonctl.transcripts import NotATranscript, Transcript
from addonctl.transfer.fetch import stream
from addonctl.transfer.source import Source

NEVER_WORDS = ("audio/", "image/", "video/", "application/pdf", "application/zip")
"""Content types that are not fetched to be read."""


class Said(NamedTuple):
    """The transcript of one result, and where it lies."""

    address: Address
    add_on: str
    transcript: Transcript


def whole(client: Client, address: Address, payload: Payload) -> bytes:
    """A payload's bytes, as far as a transcript may reach. Raises as a download does."""
    data = bytearray()
    for chunk in stream(Source(client, address, payload)):
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


def of_address(client: Client, address: Address, selection: Selection) -> list[Said]:
    """The transcripts that an address leads to: of each result the one that tells most.

    Vendors leave the same words as a document and as plain text. Raises NotFound where a single
    result or payload holds none.
    """
    of_results = selection._replace(label=None, content_type=None)
    of_payloads = selection._replace(statuses=frozenset(), add_ons=frozenset(), configs=frozenset())
    found: list[Said] = []
    why = "it has no payloads"
    for result in _results(client, address):
        if not of_results.matches(result):
            continue
        place = address._replace(result=given_sid(result.sid, "XR"))
        best: Said | None = None
        for payload in _payloads(client, place):
            if not of_payloads.matches(payload):
                continue
            at = place._replace(payload=given_sid(payload.sid, "XH"))
            got, _ = read(client, at, payload)
            if isinstance(got, NotATranscript):
                why = f"payload {payload.sid} {got.reason}"
            elif best is None or _worth(got) > _worth(best.transcript):
                best = Said(at, str(result.document.get("add_on_sid") or ""), got)
        if best:
            found.append(best)
    if not found and address.level > 1:
        raise NotFound(f"no transcript at {address}: {why}")
    return found


def _results(client: Client, address: Address) -> Iterator[Result]:
    if address.level > 1:
        yield client.result(address._replace(payload=""))
        return
    for page in client.results(address):
        yield from page


def _payloads(client: Client, place: Address) -> Iterator[Payload]:
    if place.payload:
        yield client.payload(place)
        return
    for page in client.payloads(place):
        yield from page


def _worth(transcript: Transcript) -> tuple[bool, bool, bool]:
    """How much a transcript tells: words rather than a guess, times, speakers."""
    turns = transcript.turns
    return (
        transcript.shape != "generic",
        any(turn.start is not None for turn in turns),
        any(turn.speaker for turn in turns),
    )


def all_said(batch: Batch, addresses: Addresses, selection: Selection) -> Iterator[Said]:
    """The transcripts of all addresses, in their order; an address that fails is told of."""
    work = batch.run(
        lambda each: of_address(batch.client, each, selection), addresses.items, addresses.total
    )
    for address, got in work:
        if isinstance(got, NotFound) and not addresses.typed and address.level == 1:
            batch.tell(f"{address} is gone")
        elif isinstance(got, AddonctlError):
            batch.failed(got, tell=not addresses.alone)
        else:
            batch.succeeded()
            yield from got

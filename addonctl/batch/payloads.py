"""The data of many payloads: which there are, saved to files, and read as what was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from addonctl import files, transcripts
from addonctl.addresses import Address, Addresses, given_sid
from addonctl.api import Client
from addonctl.batch.outcomes import Batch, Item, Row, Value, attempt
from addonctl.batch.results import places_of, results_of
from addonctl.errors import AddonctlError, NotFound, Usage
from addonctl.models import Payload
from addonctl.selection import Selection
from addonctl.transcripts import NotATranscript, Transcript
from addonctl.transfer.fetch import Saved, retire, save, stream
from addonctl.transfer.folder import Folder, Name, Target

Results = dict[Address, dict[str, Saved]]
"""The results that were looked up, in their order, each with what was saved of it, by SIDs."""
Found = tuple[Address, Payload | AddonctlError]
"""A payload to be had, or what could not even be looked up, and why."""

NEVER_WORDS = ("audio/", "image/", "video/", "application/pdf", "application/zip")
"""Content types that are not fetched to be read."""


def payloads_of(
    client: Client, address: Address, selection: Selection
) -> Iterator[tuple[Address, Payload]]:
    """The payloads at an address that the selection lets through: its own, or a result's."""
    own = [[client.get(Payload, address)]] if address.payload else None
    for page in selection.of_payloads.apply(own or client.payloads(address)):
        for payload in page:
            sid = address.payload or given_sid(payload.sid, "XH")
            yield address._replace(payload=sid), payload


def find(
    batch: Batch,
    addresses: Addresses,
    selection: Selection,
    results: Results,
    look: Callable[[Address], object] | None = None,
) -> Iterator[Found]:
    """The payloads that the addresses lead to, in their order; what fails goes along as such.
    `look` is called with each address where there is something.

    Each list is asked for a little ahead of its turn; of an address alone right when it is due.
    The `results` whose payloads are listed are noted.
    """
    client = batch.client

    def ahead(
        work: Callable[[Item], Value], items: Iterable[Item]
    ) -> Iterable[tuple[Item, Value | AddonctlError]]:
        if addresses.alone or batch.workers == 1:
            return ((item, attempt(work, item)) for item in items)
        from addonctl.batch import pool

        return pool.run(work, items, workers=batch.workers)

    def wanted() -> Iterator[list[Address]]:
        """A recording, a result, or payloads of one result, which cost one request together."""
        for result, group in groupby(addresses.items, _result_of):
            payloads = list(group)
            yield [result] if result in payloads else payloads

    def look_up(want: list[Address]) -> list[list[Address]]:
        """The results wanted, of those that the selection lets through."""
        places = places_of(client, want[0], selection)
        found = [want if want[0].result else [place] for place in places]
        if found and look:
            look(want[0])
        return found

    def looked_up() -> Iterator[tuple[list[Address], AddonctlError | None]]:
        for want, got in ahead(look_up, wanted()):
            if isinstance(got, AddonctlError):
                yield want, got
            else:
                yield from ((each, None) for each in got)

    def payloads(item: tuple[list[Address], AddonctlError | None]) -> list[Found]:
        """The payloads wanted of a result, of those that the selection lets through."""
        want, problem = item
        if problem:
            raise problem
        if len(want) == 1:
            return list(payloads_of(client, want[0], selection))
        result = _result_of(want[0])
        there = {payload.sid: payload for page in client.payloads(result) for payload in page}
        found: list[Found] = []
        for at in want:
            if not (payload := there.get(at.payload)):
                found.append((at, NotFound(f"no payload {at.payload} of result {at.result}")))
            elif selection.of_payloads.matches(payload):
                found.append((at, payload))
        return found

    for (want, _), got in ahead(payloads, looked_up()):
        if isinstance(got, AddonctlError):
            results.pop(_result_of(want[0]), None)
            yield from ((each, got) for each in want)
        else:
            results.setdefault(_result_of(want[0]), {})
            yield from got


def _result_of(address: Address) -> Address:
    return address._replace(payload="")


def saved(
    batch: Batch,
    found: Iterable[Found],
    total: int | None,
    folder: Folder,
    results: Results,
    *,
    again: bool,
    check: bool,
) -> Iterator[Row]:
    """Save what was found: what came of each payload, which is noted among the `results`.

    With `check` no file's time is trusted; `again` fetches in any case.
    """

    def work(item: tuple[Address, Target | AddonctlError]) -> Saved:
        _, target = item
        if isinstance(target, AddonctlError):
            raise target
        return save(batch.client, target, batch.progress.received, again=again, check=check)

    placed = (  # names go by this order, whichever worker is first
        (address, got if isinstance(got, AddonctlError) else folder.target(address, got))
        for address, got in found
    )
    for (address, _), got in batch.run(work, placed, total, long=True):
        if isinstance(got, AddonctlError):
            yield address, got, None
        else:
            results.setdefault(_result_of(address), {})[address.payload] = got
            yield address, "saved" if got.fetched else "skipped", str(got.file)


def deleted(
    saving: Batch, deleting: Batch, results: Results, folder: Folder, spared: Counter[str]
) -> Iterator[Row]:
    """Delete each result once all its payloads are proven to be in the folder: what came of it,
    and, counted, why others are `spared`; none goes once `saving` was interrupted.
    """
    if saving.interrupted:
        return

    def work(result: Address) -> tuple[str, str] | None:
        return retire(deleting.client, result, results[result], folder)

    for result, got in deleting.run(work, list(results), len(results)):
        if isinstance(got, AddonctlError):
            yield result, got, None
        elif got:
            why, detail = got
            spared[why] += 1
            yield result, "spared", detail
        else:
            yield result, "deleted", None


def to_file(batch: Batch, found: Iterable[Found], output: str, *, again: bool, check: bool) -> None:
    """Write the one payload that was found to a file, a device or, for `-`, to stdout.

    Raises Usage where it is not just one, and what the command ends with, if it is no success.
    """
    first = list(islice(found, 2))
    if len(first) != 1:
        few = "more than one" if first else "none"
        hint = "all of them, to a folder: --to DIR" if first else None
        raise Usage(f"-o is for a single payload; here is {few}", hint=hint)
    batch.alone, sink = True, batch.sink
    with files.explained("write", Path(output)):
        file = Path(output).resolve()
        is_device = file.exists() and not (file.is_file() or file.is_dir())
    if output != "-" and not is_device:
        name = Name(file.name, own=again)
        folder = Folder(file.parent, lambda *_: ((), [name]), make=False)
        outcomes = saved(batch, first, 1, folder, {}, again=again, check=check)
        batch.conclude(outcomes)
        return
    address, payload = first[0]
    try:
        if isinstance(payload, AddonctlError):
            raise payload
        with sink.progress(1, "payloads") as progress:

            def chunks() -> Iterator[bytes]:
                for chunk in stream(batch.client, address, payload):
                    progress.received(len(chunk))
                    yield chunk

            if output == "-":
                sink.show(chunks())
                return
            with files.explained("write", file, only=OSError), file.open("wb") as device:
                device.writelines(chunks())
    except NotFound as problem:
        if not batch.gone_ok:
            raise
        sink.say(problem.message)


class Said(NamedTuple):
    """The transcript of one result, and where it lies."""

    address: Address
    add_on: str
    transcript: Transcript


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

    def worth(said: Said) -> tuple[bool, bool, bool]:
        """How much it tells: words rather than a guess, times, speakers."""
        shape, turns = said.transcript.shape, said.transcript.turns
        timed = any(turn.start is not None for turn in turns)
        return shape != "generic", timed, any(turn.speaker for turn in turns)

    def said_at(address: Address) -> list[Said]:
        found: list[Said] = []
        why = "it has no payloads"
        for place, result in results_of(client, address, selection):
            its: list[Said] = []
            for at, payload in payloads_of(client, place, selection):
                got, _ = read(client, at, payload)
                if isinstance(got, NotATranscript):
                    why = f"payload {payload.sid} {got.reason}"
                else:
                    its.append(Said(at, str(result.document.get("add_on_sid") or ""), got))
            if its:
                found.append(max(its, key=worth))
        if not found and address.level > 1:
            raise NotFound(f"no transcript at {address}: {why}")
        return found

    for address, got in batch.run(said_at, addresses.items, addresses.total):
        batch.seen += 1
        if isinstance(got, NotFound) and not addresses.typed and address.level == 1:
            batch.tell(f"{address} is gone")
        elif isinstance(got, AddonctlError):
            batch.failed(got, tell=not addresses.alone)
        else:
            yield from got

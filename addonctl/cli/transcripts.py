"""What was said, as people read it: `payloads show` and `results transcript`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from addonctl.addresses import Address
from addonctl.cli.options import (
    Ages,
    Argument,
    FromArchive,
    Many,
    Option,
    Output,
    PayloadFilters,
    RecordingFilters,
    ResultFilters,
    Whole,
)
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, NotFound, Usage
from addonctl.models import Payload, Record, fields

if TYPE_CHECKING:
    from addonctl.batch.transcribing import Said
    from addonctl.transcripts import Transcript

FORMS = ("text", "md", "vtt", "srt", "json", "raw")
"""How a transcript is written; raw is the vendor's own document."""

As = Annotated[str | None, Option(f"How: {', '.join(FORMS)}.", "FORM", flag="--as")]


class SaidRow(Record):
    """One turn of a conversation."""

    __slots__ = ()
    COLLECTION, ELEMENT = "turns", "Turn"
    FIELDS = fields(
        "address call_sid:sid add_on_sid:sid speaker start:number end:number text n:number"
        " channel:number confidence:number"
    )
    COLUMNS = ("speaker", "start", "end", "text", "address", "call_sid", "add_on_sid")

    @property
    def address(self) -> Address:
        return Address(*str(self.document["address"]).split("/"))


def rows(said: Said, call: str | None) -> list[SaidRow]:
    """A row for each turn."""
    place = {"address": str(said.address), "call_sid": call, "add_on_sid": said.add_on or None}
    names = ("speaker", "start", "end", "text", "n", "channel", "confidence")
    return [
        SaidRow({**place, **{name: getattr(turn, name) for name in names}})
        for turn in said.transcript.turns
    ]


def written(transcript: Transcript, form: str) -> str:
    """A transcript in one of FORMS. Raises AddonctlError for subtitles without times."""
    from addonctl.transcripts.write import WRITERS

    return WRITERS[form](transcript)


def _form(word: str | None, *, raw: bool) -> str | None:
    form = word.lower() if word else None
    known = FORMS if raw else FORMS[:-1]
    if form and form not in known:
        raise Usage(f"no form '{word}'; known: {', '.join(known)}")
    return form


def show_payload(
    state: State,
    filters: PayloadFilters,
    payload: Annotated[list[str] | None, Argument("RE… [XR… [XH…]]")] = None,
    form: As = None,
    query: Annotated[str | None, Option("A JMESPath expression, on JSON.", "EXPRESSION")] = None,
) -> None:
    """Write a payload's data to stdout; on a terminal a transcript is shown as a dialogue.

    In a pipe it is the vendor's bytes, unless --as says otherwise. A recording or a result is
    enough where it holds a single payload; --label chooses among several, and with --as, or on a
    terminal, each is shown under a heading.
    """
    from addonctl.transfer.fetch import stream

    form = _form(form, raw=True)
    sink = state.sink
    selection = state.selection(Payload, filters)
    addresses = list(state.addresses(payload, Many(), 1, 3).items)
    if len(addresses) > 1:
        raise Usage(f"'{addresses[1]}' is one too many; expected a single address")
    client = state.client()
    exact = form == "raw" or (form is None and not sink.on_terminal and query is None)
    found: Iterable[tuple[Address, Payload]] = _payloads(state, addresses[0], exact=exact)
    found = [(at, each) for at, each in found if not each.document or selection.matches(each)]
    if not found:
        raise NotFound(f"{addresses[0]} holds no such payload", hint="addonctl payloads list --all")
    if len(found) > 1 and (exact or query is not None):
        names = ", ".join(f"{at} ({each.label})" for at, each in found[:5])
        raise Usage(
            f"{addresses[0]} holds {len(found)} payloads: {names}",
            hint="choose one, by its address or by --label; --as text shows all",
        )
    if exact:
        (at, each) = found[0]
        sink.show(stream(client, at, each), each.content_type)
        return
    if query is not None:
        sink.queried(_json(state, *found[0]), query)
        return
    for number, (at, each) in enumerate(found):
        if len(found) > 1:
            sink.text(("\n" if number else "") + f"# {at} {each.label}".rstrip())
        _show(state, at, each, form, single=len(found) == 1)


def _payloads(state: State, address: Address, *, exact: bool) -> Iterator[tuple[Address, Payload]]:
    """What an address leads to; of one payload, to be written as it is, nothing is asked."""
    client = state.client()
    if address.payload:
        yield address, Payload({}) if exact else client.payload(address)
        return
    results = [address]
    if not address.result:
        listed = chain.from_iterable(client.results(address))
        results = [address._replace(result=result.sid) for result in listed]
    for result in results:
        for each in chain.from_iterable(client.payloads(result)):
            yield result._replace(payload=each.sid), each


def _json(state: State, address: Address, payload: Payload) -> object:
    import json

    from addonctl.batch.transcribing import whole

    try:
        return json.loads(whole(state.client(), address, payload))
    except (ValueError, RecursionError):
        raise AddonctlError(f"payload {address.payload} is not JSON, which --query takes") from None


def _show(
    state: State, address: Address, payload: Payload, form: str | None, *, single: bool
) -> None:
    """One payload: as a dialogue on a terminal, in a form that was asked for, or else as it is."""
    from addonctl.batch.transcribing import read
    from addonctl.transcripts import Transcript

    sink = state.sink
    got, data = read(state.client(), address, payload)
    if isinstance(got, Transcript):
        if form:
            sink.text(written(got, form))
        else:
            sink.dialogue(got)
            sink.say("this is what was said; the vendor's own document: --as raw")
    elif form and single:
        raise AddonctlError(
            f"payload {address.payload} {got.reason}", hint="as the vendor left it: --as raw"
        )
    elif form or not data:
        sink.say(f"payload {address.payload} {got.reason}")
    else:
        sink.show(iter([data]), payload.content_type)


def transcribe(
    state: State,
    results: ResultFilters,
    payloads: PayloadFilters,
    ages: Ages,
    whole: Whole,
    recordings: RecordingFilters,
    many: Many,
    kept: FromArchive,
    output: Output,
    addresses: Annotated[list[str] | None, Argument("RE… [XR…]…")] = None,
    form: Annotated[
        str | None, Option(f"How: {', '.join(FORMS[:-1])} (text).", "FORM", flag="--as")
    ] = None,
    to: Annotated[str | None, Option("A file for each transcript, in this folder.", "DIR")] = None,
) -> None:
    """Write what was said: the transcripts of recordings, found by what they hold.

    A document for each; with a format (-f csv, jsonl …) a row for each turn. Where an add-on left
    the same words twice, as a document and as text, the one that tells more is taken.
    """
    from addonctl.batch.transcribing import all_said
    from addonctl.cli.archived import read_from

    form = _form(form, raw=False)
    as_rows = state.common.format is not None or state.format != "table"
    if as_rows and (form or to is not None):
        raise Usage("-f writes a row for each turn; --as and --to write documents")
    sink = state.answering(SaidRow)
    selection = state.selection(Payload, ages, results, payloads)
    read_from(state, kept)
    wanted = state.addresses(addresses, many, 1, 3, whole, recordings)
    batch = state.batch(many, "read", "recording", alone=wanted.alone)
    said = all_said(batch, wanted, selection)
    if as_rows:
        calls: dict[str, str | None] = {}

        def pages() -> Iterator[list[SaidRow]]:
            for each in said:
                place = each.address._replace(result="", payload="")
                if place.recording not in calls:
                    calls.clear()
                    calls[place.recording] = _call(state, place)
                yield rows(each, calls[place.recording])

        begun = batch.begun(pages())
        if begun is not None:
            sink.records(SaidRow, begun)
    elif to is not None:
        _to_folder(state, said, form or "text", Path(to))
    else:
        _to_stdout(state, said, form, single=wanted.alone)
    batch.finish()


def _call(state: State, recording: Address) -> str | None:
    """The call that a recording is of; nothing where the recording is gone."""
    try:
        call = state.client().recording(recording).document.get("call_sid")
    except NotFound:
        return None
    return str(call) if call else None


def _to_stdout(state: State, said: Iterator[Said], form: str | None, *, single: bool) -> None:
    sink, number = state.sink, 0
    for number, each in enumerate(said, 1):
        if number > 1 and form in ("vtt", "srt"):
            raise Usage(
                f"there are several transcripts, and {form} holds one", hint="a file each: --to DIR"
            )
        if form not in ("vtt", "srt", "json") and not single:
            sink.text(("\n" if number > 1 else "") + f"# {each.address}")
        if form or not sink.on_terminal:
            sink.text(written(each.transcript, form or "text"))
        else:
            sink.dialogue(each.transcript)
    if not number:
        sink.say("no transcripts")


def _to_folder(state: State, said: Iterator[Said], form: str, folder: Path) -> None:
    from addonctl.files import replace

    number = 0
    for each in said:
        number += 1
        result = each.address._replace(payload="")
        place = folder / f"{result}.{'txt' if form == 'text' else form}"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise AddonctlError(f"{place.parent}: {problem.strerror}") from None
        replace(place, written(each.transcript, form).encode(), mode=0o666)
        state.sink.say(f"wrote {place}")
    state.sink.say(f"wrote {number} transcripts" if number != 1 else "wrote 1 transcript")

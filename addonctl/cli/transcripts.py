"""What was said, as people read it: `payloads show` and `results transcript`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from addonctl import files
from addonctl.addresses import Address
from addonctl.cli import options
from addonctl.cli.commands import CALL, TEXT, example
from addonctl.cli.options import Many, PayloadFilters, Word, Words, argument, option
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, NotFound, Usage
from addonctl.models import Payload, Record, Recording, fields

if TYPE_CHECKING:
    from addonctl.batch.payloads import Said
    from addonctl.output.sink import Sink
    from addonctl.transcripts import Transcript

FORMS = ("text", "md", "vtt", "srt", "json", "raw")
"""How a transcript is written; raw is the vendor's own document."""
FORM = option(f"How: {', '.join(FORMS)}.", "FORM", flag="--as")
FORM_OF_MANY = option(f"How: {', '.join(FORMS[:-1])} (text).", "FORM", flag="--as")


class SaidRow(Record):
    """One turn of a conversation."""

    COLLECTION, ELEMENT = "turns", "Turn"
    FIELDS = fields(
        "address call_sid:sid add_on_sid:sid speaker start:number end:number text n:number"
        " channel:number confidence:number"
    )
    COLUMNS = ("speaker", "start", "end", "text", "address", "call_sid", "add_on_sid")

    @property
    def address(self) -> Address:
        return Address(*str(self.document["address"]).split("/"))

    @classmethod
    def page(cls, said: Said, recording: Recording | None) -> list[SaidRow]:
        """A row for each turn, with the call that the recording is of."""
        call = recording and recording.call_sid or None
        place = {"address": str(said.address), "call_sid": call, "add_on_sid": said.add_on or None}
        names = ("speaker", "start", "end", "text", "n", "channel", "confidence")
        return [
            cls({**place, **{name: getattr(turn, name) for name in names}})
            for turn in said.transcript.turns
        ]


def checked_form(word: str | None, known: tuple[str, ...] = FORMS) -> str | None:
    """The form that is meant. Raises Usage for one that is not `known`."""
    if word and word.lower() not in known:
        raise Usage(f"no form '{word}'; known: {', '.join(known)}")
    return word.lower() if word else None


def write(sink: Sink, transcript: Transcript, form: str | None) -> None:
    """Write what was said: in one of FORMS, else as a dialogue on a terminal, as text elsewhere.

    Raises AddonctlError for subtitles without times.
    """
    from addonctl.transcripts.write import WRITERS

    if form or not sink.on_terminal:
        sink.text(WRITERS[form or "text"](transcript))
    else:
        sink.dialogue(transcript)


@example("read a transcript", f"addonctl payloads show {TEXT}")
@example("all that was said about a recording", f"addonctl payloads show {CALL} --as text")
@example("count its words", f"addonctl payloads show {TEXT} | wc -w")
def show_payload(
    state: State,
    filters: PayloadFilters,
    payload: Words = argument("RE… [XR… [XH…]]"),
    form: Word = FORM,
    query: Word = option("A JMESPath expression, on JSON.", "EXPRESSION"),
) -> None:
    """Write a payload's data to stdout; on a terminal a transcript is shown as a dialogue.

    In a pipe it is the vendor's bytes, unless --as says otherwise. A recording or a result is
    enough where it holds a single payload; --label chooses among several, and with --as, or on a
    terminal, each is shown under a heading.
    """
    from addonctl.batch.payloads import payloads_of, read, whole
    from addonctl.batch.results import places_of
    from addonctl.transcripts import Transcript
    from addonctl.transfer.fetch import stream

    form, sink = checked_form(form), state.sink
    selection = state.selection(Payload, filters)
    address, *more = state.addresses(payload, Many(), 1, 3).items
    if more:
        raise Usage(f"'{more[0]}' is one too many; expected a single address")
    client = state.client()
    exact = form == "raw" or (form is None and not sink.on_terminal and query is None)
    if exact and address.payload:  # nothing has to be known of it
        found = [(address, Payload({}))]
    else:
        results = list(places_of(client, address, selection))
        found = [each for place in results for each in payloads_of(client, place, selection)]
    if not found:
        raise NotFound(f"{address} holds no such payload", hint="addonctl payloads list --all")
    single = len(found) == 1
    if not single and (exact or query is not None):
        names = ", ".join(f"{at} ({each.label})" for at, each in found[:5])
        raise Usage(
            f"{address} holds {len(found)} payloads: {names}",
            hint="choose one, by its address or by --label; --as text shows all",
        )
    at, each = found[0]
    if exact:
        sink.show(stream(client, at, each), each.content_type)
        return
    if query is not None:
        try:
            document = json.loads(whole(client, at, each))
        except (ValueError, RecursionError):
            problem = f"payload {at.payload} is not JSON, which --query takes"
            raise AddonctlError(problem) from None
        from addonctl.output import documents

        answer = f"{documents.query(query)(document)}\n"
        sink.show([answer.encode("utf-8", "backslashreplace")], "application/json")
        return
    for number, (at, each) in enumerate(found):
        if not single:
            sink.text(("\n" if number else "") + f"# {at} {each.label}".rstrip())
        got, data = read(client, at, each)
        if isinstance(got, Transcript):
            write(sink, got, form)
            if not form:
                sink.say("this is what was said; the vendor's own document: --as raw")
        elif form and single:
            problem = f"payload {at.payload} {got.reason}"
            raise AddonctlError(problem, hint="as the vendor left it: --as raw")
        elif form or not data:
            sink.say(f"payload {at.payload} {got.reason}")
        else:
            sink.show(iter([data]), each.content_type)


@example("what was said in one recording", f"addonctl results transcript {CALL}")
@example("a file of subtitles for each", f"addonctl results transcript {CALL} --as vtt --to said")
@example(
    "every turn of every conversation, for a spreadsheet",
    "addonctl results transcript --all -f csv > turns.csv",
)
def transcribe(
    state: State,
    filters: options.Wanted,
    whole: options.Whole,
    many: Many,
    kept: options.FromArchive,
    addresses: Words = argument("RE… [XR…]…"),
    form: Word = FORM_OF_MANY,
    to: Word = option("A file for each transcript, in this folder.", "DIR"),
) -> None:
    """Write what was said: the transcripts of recordings, found by what they hold.

    A document for each; with a format (-f csv, jsonl …) a row for each turn. Where an add-on left
    the same words twice, as a document and as text, the one that tells more is taken.
    """
    from addonctl.batch.outcomes import plural
    from addonctl.batch.payloads import all_said
    from addonctl.cli.archived import read_from
    from addonctl.transcripts.write import WRITERS

    form = checked_form(form, FORMS[:-1])
    as_rows = state.common.format is not None or state.format != "table"
    if as_rows and (form or to is not None):
        raise Usage("-f writes a row for each turn; --as and --to write documents")
    sink = state.answering(SaidRow)
    selection = state.selection(Payload, filters.results, filters.payloads, filters.ages)
    read_from(state, kept)
    wanted = state.addresses(addresses, many, 1, 3, whole)
    batch = state.batch(many, "read", "recording", alone=wanted.alone)
    said, number = all_said(batch, wanted, selection), 0
    if as_rows:
        rows = (SaidRow.page(each, state.recording(each.address)) for each in said)
        if (pages := batch.begun(rows)) is not None:
            sink.records(SaidRow, pages)
        batch.finish()
        return
    for number, each in enumerate(said, 1):
        if to is not None:
            form = form or "text"
            ending = "txt" if form == "text" else form
            place = Path(to) / f"{each.address._replace(payload='')}.{ending}"
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
            except OSError as problem:
                raise AddonctlError(f"{place.parent}: {problem.strerror}") from None
            files.replace(place, WRITERS[form](each.transcript).encode(), mode=0o666)
            sink.say(f"wrote {place}")
            continue
        if number > 1 and form in ("vtt", "srt"):
            several = f"there are several transcripts, and {form} holds one"
            raise Usage(several, hint="a file each: --to DIR")
        if form not in ("vtt", "srt", "json") and not wanted.alone:
            sink.text(("\n" if number > 1 else "") + f"# {each.address}")
        write(sink, each.transcript, form)
    if to is not None:
        sink.say(f"wrote {plural(number, 'transcript')}")
    elif not number:
        sink.say("no transcripts")
    batch.finish()

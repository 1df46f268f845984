"""The formats there are, what a writer of one gets, and records as columns of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, NamedTuple

from addonctl import dates
from addonctl.errors import Usage
from addonctl.models import Field, Record


class OutputSettings(NamedTuple):
    """The words that shape an answer.

    `fields` empty means the format's own choice. `color` None asks each stream whether it is a
    terminal. `ask` is false under --no-input. `bom` and `exact` concern csv and tsv, `query` json.
    `pager` allows a program to be started that shows a long answer on a terminal page by page.
    `names` is what SIDs are called on a terminal. `iso` writes dates as 2026-11-21T18:43:00Z in
    json, jsonl, csv and tsv.
    """

    format: str = "table"
    fields: tuple[str, ...] = ()
    header: bool = True
    query: str | None = None
    bom: bool = False
    exact: bool = False
    iso: bool = False
    names: Mapping[str, str] = {}
    color: bool | None = None
    quiet: bool = False
    verbose: bool = False
    ask: bool = True
    pager: bool = True


class Answer(NamedTuple):
    """All that a writer needs: records of one kind, in pages, and how they are wanted.

    `fields` are those asked for, in their order, or none. `whole` marks records that were asked
    for one by one, `single` that it was just one. `screen` says that a terminal gets it, of
    `width` cells; ages count from `now`. `parents` are the records, by SID, that rows belong to,
    as far as they are known. What is to be said beside the answer goes to `notes`.
    """

    kind: type[Record]
    pages: Iterable[Sequence[Record]]
    notes: list[str]
    now: datetime
    fields: tuple[Field, ...] = ()
    settings: OutputSettings = OutputSettings()
    whole: bool = False
    single: bool = False
    screen: bool = False
    width: int = 80
    color: bool = False
    parents: Mapping[str, Record] = {}


class Format(NamedTuple):
    """One format: the function of this package that writes it, and its line of help.

    What `flows` is written as pages arrive; of anything else no part is written before it is whole.
    """

    writer: str
    help: str
    flows: bool = False

    def write(self, answer: Answer) -> Iterator[Any]:
        """The answer as text, or as the bytes of a workbook, in pieces; only the writer's own
        imports are paid for.
        """
        module, _, name = self.writer.partition(":")
        writer: Callable[[Answer], Iterator[Any]] = getattr(
            import_module(f"addonctl.output.{module}"), name
        )
        return writer(answer)


FORMATS = {
    "table": Format(
        "rows:table",
        "Columns to read: fitted, with ages and colours on a terminal; plain and uncut in a pipe.",
    ),
    "csv": Format(
        "rows:csv", "Header and rows for spreadsheets, commas between, times in UTC.", flows=True
    ),
    "json": Format(
        "documents:json_array",
        "The API's own names, values and dates: an array of objects, or one object for one `get`.",
    ),
    "jsonl": Format("documents:json_lines", "One JSON object a line, as pages arrive.", flows=True),
    "markdown": Format("rows:markdown", "A table to paste into a document, times in UTC."),
    "sids": Format(
        "rows:sids", "One address a line (RE…/XR…/XH…), for xargs, loops and `-`.", flows=True
    ),
    "tsv": Format(
        "rows:tsv", "Header and rows for spreadsheets, tabs between, times in UTC.", flows=True
    ),
    "xlsx": Format(
        "workbook:xlsx",
        "A workbook with real dates, for Excel; to a file, with the extra addonctl[excel].",
    ),
    "xml": Format("documents:xml", "The API's own document, all pages in one TwilioResponse."),
}
"""By name, the one used unasked first."""


def asked(kind: type[Record], names: Sequence[str]) -> tuple[Field, ...]:
    """The fields that `names` ask for. Raises Usage for an unknown one, with the known."""
    found = []
    for name in names:
        field = kind.field(name)
        if field is None:
            known = ", ".join(field.name for field in kind.FIELDS)
            raise Usage(f"no field '{name}'; known: {known}")
        found.append(field)
    return tuple(found)


def unasked(answer: Answer) -> tuple[Field, ...]:
    """The fields of a spreadsheet: those asked for, or all but paths."""
    every = answer.kind.FIELDS
    return answer.fields or tuple(it for it in every if it.kind != "uris" and not it.asked)


Documents = Sequence[Mapping[str, Any]]


def values(documents: Documents, field: Field) -> list[Any]:
    """One field of all documents, as the API has it; None where it is missing."""
    name = field.origin or field.name
    try:
        return [document[name] for document in documents]
    except KeyError:
        return [document.get(name) for document in documents]


def texts(documents: Documents, field: Field, *, zulu: bool = False) -> list[str]:
    """One field of all documents as text, dates in ISO form; empty where there is nothing.

    `zulu` is that of dates.iso.

    By columns rather than by rows: that a whole page holds nothing but strings is one cheap
    question, and so a million rows take seconds.
    """
    column = values(documents, field)
    if set(map(type, column)) != {str}:
        column = [plain(value) for value in column]
    if field.kind == "date":
        iso, shift = dates.iso, field.shift or None
        return [iso(text, shift, zulu=zulu) if text else text for text in column]
    return column


def plain(value: Any) -> str:
    """A value as text: strings as they are, null as nothing, the rest as JSON has it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value, ensure_ascii=False)


def document(record: Record, fields: Sequence[Field], *, iso: bool = False) -> dict[str, Any]:
    """The API's own document, or of it the fields asked for, derived dates in its own form.

    With `iso` all dates are as 2026-11-21T18:43:00Z.
    """
    if fields:
        found = {field.name: _value(record, field) for field in fields}
    else:
        found = record.document if isinstance(record.document, dict) else dict(record.document)
    if not iso:
        return found
    named = {field.name for field in record.FIELDS if field.kind == "date"}
    return {
        name: dates.iso(value, zulu=True) if name in named and isinstance(value, str) else value
        for name, value in found.items()
    }


def _value(record: Record, field: Field) -> Any:
    if not field.origin:
        return record.document.get(field.name)
    moment = date(record.document, field)
    return dates.rfc2822(moment) if moment else None


def date(document: Mapping[str, Any], field: Field) -> datetime | None:
    """The moment that a field of dates names; None where it names none, or one past year 9999."""
    moment = dates.parse(document.get(field.origin or field.name))
    try:
        return moment and moment + field.shift
    except OverflowError:
        return None

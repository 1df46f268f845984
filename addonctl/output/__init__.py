"""What the user gets to see: answers on stdout, everything else on stderr.

The only package that prints. `sink.Sink` takes records, bytes and words from a command. Here are
the formats that records are written in, and what the writer of one gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

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

    `fields` are those asked for, in their order, or none; `columns` those of a table, and `every`
    those of a spreadsheet, which shows all but paths unasked. `whole` marks records that were asked
    for one by one, `single` that it was just one. `screen` says that a terminal gets it, of
    `width` cells. `parents` are the records, by SID, that rows belong to, as far as they are
    known. What is to be said beside the answer goes to `notes`.
    """

    kind: type[Record]
    pages: Iterable[Sequence[Record]]
    settings: OutputSettings
    fields: tuple[Field, ...]
    columns: tuple[Field, ...]
    every: tuple[Field, ...]
    whole: bool
    single: bool
    screen: bool
    width: int
    color: bool
    parents: Mapping[str, Record | None]
    notes: list[str]


class Format(NamedTuple):
    """One format: its writer, and its line of help.

    The writer is a function of this package, `module:name`, imported when it is needed; it takes an
    Answer and yields text, or the bytes of a file. What `flows` is written as pages arrive; of
    anything else no part is written before it is whole.
    """

    writer: str
    help: str
    flows: bool = False


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
        "rows:csv", "Header and rows for spreadsheets, tabs between, times in UTC.", flows=True
    ),
    "xlsx": Format(
        "rows:xlsx",
        "A workbook with real dates, for Excel; to a file, with the extra addonctl[excel].",
    ),
    "xml": Format("documents:xml", "The API's own document, all pages in one TwilioResponse."),
}
"""By name, the one used unasked first."""

"""csv and tsv: RFC 4180 quoting, LF line ends, dates that spreadsheets know as dates.

An add-on vendor's text that a spreadsheet would run as a formula gets an apostrophe before it,
unless `exact`; numbers may start with a sign. Everything else comes back from Python's csv
module as it went in, except lone surrogates, which UTF-8 cannot hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from addonctl.models import Field
from addonctl.output import columns, safe
from addonctl.output.settings import Answer

_FORMULA = frozenset("=+-@\t\r")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def write(answer: Answer, delimiter: str) -> Iterator[str]:
    """A header and rows, a page at a time."""
    fields = answer.fields or columns.flat(answer.kind)
    exact = answer.settings.exact
    start = "\ufeff" if answer.settings.bom else ""
    if answer.settings.header:
        start += delimiter.join(field.name for field in fields) + "\n"
    yield start
    for page in answer.pages:
        documents = columns.documents(page)
        table = [columns.texts(documents, field) for field in fields]
        if not exact:
            table = [_harmless(column, field) for column, field in zip(table, fields, strict=True)]
        lines = _lines(table, delimiter) if page else ""
        yield safe.block(lines) if answer.screen else lines


def _lines(table: Sequence[Sequence[str]], delimiter: str) -> str:
    """Columns as lines. The csv module is asked only where something needs quotes."""
    height = len(table[0])
    text = "\n".join(map(delimiter.join, zip(*table, strict=True))) + "\n"
    if (
        len(table) > 1
        and text.count(delimiter) == height * (len(table) - 1)
        and text.count("\n") == height
        and '"' not in text
        and "\r" not in text
    ):
        return text
    import csv
    from io import StringIO

    lines = StringIO()
    if "\r" in text:
        # Before 3.13 Python leaves a bare return unquoted, which no reader takes back.
        writer = csv.writer(lines, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    else:
        writer = csv.writer(lines, delimiter=delimiter, lineterminator="\n")
    writer.writerows(zip(*table, strict=True))
    return lines.getvalue()


def _harmless(column: list[str], field: Field) -> list[str]:
    if _FORMULA.isdisjoint([text[:1] for text in column]):
        return column
    return [
        f"'{text}" if text and text[0] in _FORMULA and not _is_number(text, field) else text
        for text in column
    ]


def _is_number(text: str, field: Field) -> bool:
    return field.kind == "number" and _NUMBER.fullmatch(text) is not None

"""Rows: csv, tsv, addresses, markdown, the aligned table of a pipe, and a workbook's sheet.

csv and tsv: RFC 4180 quoting, LF line ends, dates that spreadsheets know as dates. A text that a
spreadsheet would run as a formula gets an apostrophe before it, unless `exact`; numbers may start
with a sign. Everything else comes back from Python's csv module as it went in, except lone
surrogates, which UTF-8 cannot hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

from addonctl import dates
from addonctl.errors import AddonctlError
from addonctl.models import Field
from addonctl.output import Answer, safe

MOST_ROWS, LONGEST_CELL = 1 << 20, 32767  # of Excel's sheets, with a header; in UTF-16 units

_FORMULA = frozenset("=+-@\t\r")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
# All that Markdown, GitHub's kind included, would take for markup: links and mentions too.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#!|&~:@$^]|(?<=www)\.", re.IGNORECASE)


def texts(
    documents: Sequence[Mapping[str, Any]], fields: Sequence[Field], *, zulu: bool = False
) -> list[list[str]]:
    """The fields of documents, each a column of text, dates in ISO form; empty for nothing.

    `zulu` is that of dates.iso.

    By columns rather than by rows: that a whole page holds nothing but strings is one cheap
    question, and so a million rows take seconds.
    """
    columns = []
    for field in fields:
        name = field.origin or field.name
        try:
            column: list[Any] = list(map(itemgetter(name), documents))
        except KeyError:
            column = [document.get(name) for document in documents]
        if set(map(type, column)) != {str}:
            column = [plain(value) for value in column]
        if field.kind == "date":
            iso, shift = dates.iso, field.shift or None
            column = [iso(text, shift, zulu=zulu) if text else text for text in column]
        columns.append(column)
    return columns


def plain(value: Any) -> str:
    """A value as text: strings as they are, null as nothing, the rest as JSON has it."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def csv(answer: Answer) -> Iterator[str]:
    """A header and rows, a page at a time, with commas between or, for tsv, tabs.

    Unasked they hold all that is in a document, except its paths.
    """
    settings, fields = answer.settings, answer.every
    delimiter = "\t" if settings.format == "tsv" else ","
    start = "\ufeff" if settings.bom and not answer.screen else ""
    if settings.header:
        start += delimiter.join(field.name for field in fields) + "\n"
    yield start
    for page in filter(None, answer.pages):
        columns = texts([record.document for record in page], fields, zulu=settings.iso)
        if not settings.exact:
            columns = [
                defused(column, may_be_number=field.kind == "number")
                for column, field in zip(columns, fields, strict=True)
            ]
        text = lines(columns, delimiter)
        yield safe.block(text) if answer.screen else text


def lines(columns: Sequence[Sequence[str]], delimiter: str) -> str:
    """Columns as lines. The csv module is asked only where something needs quotes."""
    height, joints = len(columns[0]), len(columns) - 1
    text = "\n".join(map(delimiter.join, zip(*columns, strict=True))) + "\n"
    bare = joints and not ('"' in text or "\r" in text)
    if bare and (text.count(delimiter), text.count("\n")) == (height * joints, height):
        return text
    from csv import writer
    from io import StringIO

    written = StringIO()
    # Before 3.13 Python leaves a bare return unquoted, which no reader takes back; unix quotes all.
    dialect = "unix" if "\r" in text else "excel"
    rows = writer(written, dialect, delimiter=delimiter, lineterminator="\n")
    rows.writerows(zip(*columns, strict=True))
    return written.getvalue()


def defused(column: list[str], *, may_be_number: bool) -> list[str]:
    """A column without anything that a spreadsheet would run."""
    if _FORMULA.isdisjoint([text[:1] for text in column]):
        return column
    return [
        f"'{text}"
        if text[:1] in _FORMULA and not (may_be_number and _NUMBER.fullmatch(text))
        else text
        for text in column
    ]


def sids(answer: Answer) -> Iterator[str]:
    """The addresses, as they can be typed back."""
    shown = safe.line if answer.screen else safe.cell
    for page in answer.pages:
        yield "".join([f"{shown(str(record.address))}\n" for record in page])


def markdown(answer: Answer) -> Iterator[str]:
    """A table whose cells hold no markup, whatever a vendor wrote."""
    shown = safe.line if answer.screen else safe.cell
    fields = answer.columns
    if answer.settings.header:
        yield f"| {' | '.join(field.name for field in fields)} |\n|{' --- |' * len(fields)}\n"
    for page in answer.pages:
        columns = [
            [
                text if _DATE.fullmatch(text) else _MARKUP.sub(r"\\\g<0>", shown(text))
                for text in column
            ]
            for column in texts([record.document for record in page], fields)
        ]
        yield "".join([f"| {' | '.join(row)} |\n" for row in zip(*columns, strict=True)])


def table(answer: Answer) -> Iterator[str]:
    """A row for each record; of those asked for one by one, a block of all their fields."""
    if answer.screen:
        from addonctl.output import screen

        yield from screen.table(answer)
        return
    header = answer.settings.header
    documents = [record.document for record in chain(*answer.pages)]
    if answer.whole:
        names = [field.name for field in answer.every]
        for at, document in enumerate(documents):
            values = [safe.cell(text) for (text,) in texts([document], answer.every)]
            block = list(zip(names, values, strict=True)) if header else list(zip(values))
            yield ("\n" if at and header else "") + _aligned([], block)
        return
    columns = [list(map(safe.cell, column)) for column in texts(documents, answer.columns)]
    for at, field in enumerate(answer.columns):
        if answer.color and field.kind == "status":
            from addonctl.output import screen

            styles = screen.STATUS_STYLES
            columns[at] = [screen.padded(text, 0, styles.get(text, "")) for text in columns[at]]
    names = [field.name for field in answer.columns] if header else []
    yield _aligned(names, list(zip(*columns, strict=True)))


# tabulate counts characters where a terminal counts cells. No cell holds a control character any
# more, so two of them can stand for the difference until the columns are aligned: one for nothing,
# after a wide character; one, in a form that tabulate does not count, for a space that the next
# column needs after characters without a width.
_NOTHING = "\x00"
_SPACE = "\x1b[m"


def _aligned(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their names, two spaces between."""
    if len(rows) < 2 and all(text.isascii() and text.isprintable() for text in chain(*rows)):
        # A row alone is aligned with its head in no time; importing tabulate takes as long as
        # the request of the command that has one row to show.
        both = [names, *rows] if names else rows
        widths = [max(map(len, column)) for column in zip(*both, strict=True)]
        aligned = ["  ".join(map(str.ljust, row, widths)) for row in both]
    else:
        import tabulate

        tabulate.WIDE_CHARS_MODE = False  # the same on a machine with wcwidth and on one without
        text = tabulate.tabulate(
            [list(map(_as_long_as_wide, row)) for row in rows],
            headers=names,
            tablefmt="plain",
            disable_numparse=True,
            preserve_whitespace=True,
        )
        aligned = text.replace(_NOTHING, "").replace(_SPACE, " ").splitlines()
    return "".join([f"{line.rstrip(' ')}\n" for line in aligned])


def _as_long_as_wide(text: str) -> str:
    if text.isascii():
        return text
    from rich.cells import cell_len

    extra = cell_len(text) - len(text)
    return text + (_NOTHING * extra if extra > 0 else _SPACE * -extra)


def xlsx(answer: Answer) -> Iterator[bytes]:
    """A workbook of one sheet, once all rows have come: dates as dates, every text as text.

    XlsxWriter keeps one row at a time in memory, the others in a folder for temporary files.
    Raises AddonctlError for what no sheet can hold.
    """
    from tempfile import TemporaryDirectory, TemporaryFile

    import xlsxwriter

    fields, header = answer.every, answer.settings.header
    with TemporaryDirectory() as folder, TemporaryFile() as file:
        how = {
            "constant_memory": True,
            "tmpdir": folder,
            "default_date_format": "yyyy-mm-dd hh:mm:ss",
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        with xlsxwriter.Workbook(file, how) as book:
            sheet = book.add_worksheet(answer.kind.COLLECTION)
            for column, field in enumerate(fields):
                width = {"sid": 37, "date": 19, "number": 12}.get(field.kind, 20)
                sheet.set_column(column, column, width)
            if header:
                bold = book.add_format({"bold": True})
                sheet.write_row(0, 0, [field.name for field in fields], bold)
                sheet.freeze_panes(1, 0)
            number = int(header)
            for page in answer.pages:
                documents = [record.document for record in page]
                rows = zip(*texts(documents, fields), strict=True)
                for document, row in zip(documents, rows, strict=True):
                    if number == MOST_ROWS:
                        raise AddonctlError(
                            f"a sheet holds {MOST_ROWS:,} rows, and there are more", hint="-f csv"
                        )
                    sheet.write_row(number, 0, map(_cell, repeat(document), fields, row))
                    number += 1
        file.seek(0)
        yield from iter(partial(file.read, 1 << 18), b"")


def _cell(document: Mapping[str, Any], field: Field, text: str) -> datetime | float | str:
    """What a sheet holds of a field: a moment, which is naive and in UTC, a number, or its text."""
    if field.kind == "date" and (moment := field.date(document)) and moment.year > 1900:
        return moment.replace(tzinfo=None)  # Excel's calendar begins in 1900
    if field.kind == "number" and len(text) <= 15:  # no digit is lost
        with suppress(ValueError):
            if abs(found := float(text)) < 1e15:
                return found
    if len(text.encode("utf-16-le", "replace")) > 2 * LONGEST_CELL:
        raise AddonctlError(
            f"a {field.name} is longer than the {LONGEST_CELL:,} characters that a cell of a"
            " workbook holds",
            hint="-f csv",
        )
    kept = text.encode("utf-8", "backslashreplace").decode()
    return re.sub("[\ufffe\uffff]", "\ufffd", kept)  # which XML cannot hold

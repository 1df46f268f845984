"""xlsx: a workbook of one sheet, with dates as dates and every text as text.

XlsxWriter keeps one row at a time in memory, the others in a folder for temporary files.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from itertools import count
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

from addonctl.errors import AddonctlError, Usage
from addonctl.models import Field
from addonctl.output.formats import Answer, date, texts, unasked
from addonctl.output.streams import CHUNK, encoded, kept_in_file

MOST_ROWS = 1 << 20
LONGEST_CELL = 32767
"""Of Excel: rows in a sheet, with the header, and UTF-16 units in a cell."""

_WIDTHS = {"sid": 37, "date": 19, "number": 12}
_NONE_OF_XML = {ord(character): "\ufffd" for character in "\ufffe\uffff"}


def check() -> None:
    """Raises Usage where workbooks cannot be written here."""
    if importlib.util.find_spec("xlsxwriter") is None:
        raise Usage(
            "xlsx needs XlsxWriter, which is not installed",
            hint="install addonctl with its extra: pipx install 'addonctl[excel]'",
        )


def xlsx(answer: Answer) -> Iterator[bytes]:
    """The workbook, once all rows have come. Raises AddonctlError for what no sheet can hold."""
    import xlsxwriter

    with kept_in_file(), TemporaryDirectory() as folder, TemporaryFile() as file:
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder})
        try:
            _write(book, answer)
        finally:
            book.close()  # whatever happens: it holds files of its own open
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _write(book: Any, answer: Answer) -> None:
    fields = unasked(answer)
    sheet = book.add_worksheet(answer.kind.COLLECTION)
    form = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for column, field in enumerate(fields):
        sheet.set_column(column, column, _WIDTHS.get(field.kind, 20))
    numbers = count(1 if answer.settings.header else 0)
    if answer.settings.header:
        bold = book.add_format({"bold": True})
        for column, field in enumerate(fields):
            sheet.write_string(0, column, field.name, bold)
        sheet.freeze_panes(1, 0)
    for page in answer.pages:
        documents = [record.document for record in page]
        columns = [_cells(documents, field) for field in fields]
        for row, number in zip(zip(*columns, strict=True), numbers, strict=False):
            if number == MOST_ROWS:
                raise AddonctlError(
                    f"a sheet holds {MOST_ROWS:,} rows, and there are more", hint="-f csv"
                )
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                elif isinstance(value, float):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_datetime(number, column, value, form)


def _cells(documents: Any, field: Field) -> list[Any]:
    """One field of all documents: moments, which are naive and in UTC, numbers and texts."""
    shown: list[Any] = list(texts(documents, field))
    for at, text in enumerate(shown):
        if not text:
            shown[at] = None
        elif field.kind == "date" and (moment := date(documents[at], field)):
            # Excel's calendar begins in 1900.
            shown[at] = moment.replace(tzinfo=None) if moment.year > 1900 else text
        elif field.kind == "number" and (number := _number(text)) is not None:
            shown[at] = number
        else:
            if len(text.encode("utf-16-le", "replace")) > 2 * LONGEST_CELL:
                raise AddonctlError(
                    f"a {field.name} is longer than the {LONGEST_CELL:,} characters that a cell"
                    " of a workbook holds",
                    hint="-f csv",
                )
            shown[at] = encoded(text).decode().translate(_NONE_OF_XML)
    return shown


def _number(text: str) -> float | None:
    """The number that `text` writes, if a workbook can hold it without losing a digit."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if len(text) <= 15 and abs(found) < 1e15 else None

"""Rows of text: csv, tsv, addresses, markdown, and the aligned table of a pipe.

csv and tsv: RFC 4180 quoting, LF line ends, dates that spreadsheets know as dates. A text that a
spreadsheet would run as a formula gets an apostrophe before it, unless `exact`; numbers may start
with a sign. Everything else comes back from Python's csv module as it went in, except lone
surrogates, which UTF-8 cannot hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from addonctl.output import safe
from addonctl.output.formats import Answer, asked, texts, unasked

_FORMULA = frozenset("=+-@\t\r")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
# All that Markdown, GitHub's kind included, would take for markup: links and mentions too.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#!|&~:@$^]|(?<=www)\.", re.IGNORECASE)


def csv(answer: Answer) -> Iterator[str]:
    return _delimited(answer, ",")


def tsv(answer: Answer) -> Iterator[str]:
    return _delimited(answer, "\t")


def _delimited(answer: Answer, delimiter: str) -> Iterator[str]:
    """A header and rows, a page at a time; unasked all that is in a document, except its paths."""
    fields = unasked(answer)
    start = "\ufeff" if answer.settings.bom and not answer.screen else ""
    if answer.settings.header:
        start += delimiter.join(field.name for field in fields) + "\n"
    yield start
    for page in answer.pages:
        documents = [record.document for record in page]
        columns = [texts(documents, field, zulu=answer.settings.iso) for field in fields]
        if not answer.settings.exact:
            columns = [
                defused(column, may_be_number=field.kind == "number")
                for column, field in zip(columns, fields, strict=True)
            ]
        text = lines(columns, delimiter) if page else ""
        yield safe.block(text) if answer.screen else text


def lines(columns: Sequence[Sequence[str]], delimiter: str) -> str:
    """Columns as lines. The csv module is asked only where something needs quotes."""
    height = len(columns[0])
    text = "\n".join(map(delimiter.join, zip(*columns, strict=True))) + "\n"
    if (
        len(columns) > 1
        and text.count(delimiter) == height * (len(columns) - 1)
        and text.count("\n") == height
        and '"' not in text
        and "\r" not in text
    ):
        return text
    from csv import QUOTE_ALL, QUOTE_MINIMAL, writer
    from io import StringIO

    written = StringIO()
    # Before 3.13 Python leaves a bare return unquoted, which no reader takes back.
    rows = writer(
        written,
        delimiter=delimiter,
        lineterminator="\n",
        quoting=QUOTE_ALL if "\r" in text else QUOTE_MINIMAL,
    )
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
    fields = answer.fields or asked(answer.kind, answer.kind.COLUMNS)
    shown = safe.line if answer.screen else safe.cell
    rows: list[Sequence[str]] = []
    if answer.settings.header:
        rows = [[field.name for field in fields], ["---" for _ in fields]]
    for page in answer.pages:
        documents = [record.document for record in page]
        columns = [
            [
                text if _DATE.fullmatch(text) else _MARKUP.sub(r"\\\g<0>", shown(text))
                for text in texts(documents, field)
            ]
            for field in fields
        ]
        rows += zip(*columns, strict=True)
        yield "".join([f"| {' | '.join(row)} |\n" for row in rows])
        rows = []


def table(answer: Answer) -> Iterator[str]:
    """A row for each record; of those asked for one by one, a block of all their fields."""
    if answer.screen:
        from addonctl.output import screen

        yield from screen.table(answer)
        return
    if answer.whole:
        yield from _blocks(answer)
        return
    fields = answer.fields or asked(answer.kind, answer.kind.COLUMNS)
    names = [field.name for field in fields] if answer.settings.header else []
    documents = [record.document for record in chain(*answer.pages)]
    columns = [list(map(safe.cell, texts(documents, field))) for field in fields]
    if answer.color:
        from addonctl.output import screen

        columns = screen.painted(columns, fields)
    yield _aligned(names, list(zip(*columns, strict=True)))


def _blocks(answer: Answer) -> Iterator[str]:
    fields = unasked(answer)
    between = ""
    for record in chain(*answer.pages):
        values = [safe.cell(texts([record.document], field)[0]) for field in fields]
        names = [field.name for field in fields]
        shown = zip(names, values, strict=True) if answer.settings.header else zip(values)
        yield between + _aligned([], list(shown))
        between = "\n" if answer.settings.header else ""


# tabulate counts characters where a terminal counts cells. No cell holds a control character any
# more, so two of them can stand for the difference until the columns are aligned: one for nothing,
# after a wide character; one, in a form that tabulate does not count, for a space that the next
# column needs after characters without a width.
_NOTHING = "\x00"
_SPACE = "\x1b[m"


def _aligned(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their names, two spaces between."""
    if not rows:
        return f"{'  '.join(names)}\n" if names else ""
    if len(rows) == 1 and all(text.isascii() and text.isprintable() for text in rows[0]):
        # A row alone is aligned with its head in no time; importing tabulate takes as long as
        # the request of the command that has one row to show.
        both = [names, rows[0]] if names else rows
        widths = [max(map(len, column)) for column in zip(*both, strict=True)]
        lines = ["  ".join(map(str.ljust, texts, widths)) for texts in both]
    else:
        import tabulate

        tabulate.WIDE_CHARS_MODE = False  # the same on a machine with wcwidth and on one without
        rows = [list(map(_as_long_as_wide, row)) for row in rows]
        text = tabulate.tabulate(
            rows, headers=names, tablefmt="plain", disable_numparse=True, preserve_whitespace=True
        )
        lines = text.replace(_NOTHING, "").replace(_SPACE, " ").splitlines()
    return "".join([f"{line.rstrip(' ')}\n" for line in lines])


def _as_long_as_wide(text: str) -> str:
    if text.isascii():
        return text
    from rich.cells import cell_len

    extra = cell_len(text) - len(text)
    return text + (_NOTHING * extra if extra > 0 else _SPACE * -extra)

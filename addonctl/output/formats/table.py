"""Columns to read: fitted, with ages and colours on a terminal; plain and uncut in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from addonctl.models import Field
from addonctl.output import columns, safe
from addonctl.output.settings import Answer, Screen

FLOWS = False

PIECE = 10_000
"""Rows that are aligned at a time."""


def write(answer: Answer) -> Iterator[str]:
    """A row for each record; of those asked for one by one, a block of all their fields."""
    if answer.whole:
        return _blocks(answer, columns.documents(chain(*answer.pages)))
    fields = answer.fields or columns.telling(answer.kind)
    names = [field.name for field in fields] if answer.settings.header else []
    if answer.screen:
        from addonctl.output import layout

        documents = columns.documents(chain(*answer.pages))
        cells = [layout.cells(documents, field, answer.screen) for field in fields]
        return layout.table(names, cells, answer.screen, droppable=not answer.fields)
    return _piped(names, fields, map(columns.documents, answer.pages))


def _piped(
    names: Sequence[str], fields: Sequence[Field], pages: Iterable[columns.Documents]
) -> Iterator[str]:
    """A table in flat memory: its cells wait, in a file if they are many, until all widths are
    known; then tabulate gets them a piece at a time.
    """
    from addonctl.output.spool import Spool

    widths = [0] * len(fields)
    with Spool() as kept:
        for page in pages:
            table = [_plain(page, field) for field in fields]
            widths = [
                max(width, *map(_width, texts), 0)
                for width, texts in zip(widths, table, strict=True)
            ]
            rows = ["\t".join(row) + "\n" for row in zip(*table, strict=True)]
            kept.write("".join(rows).encode())
        cells = (line[:-1].decode().split("\t") for line in kept.lines())
        piece = list(islice(cells, PIECE))
        if len(piece) < PIECE:
            yield from _aligned(names, piece)
            return
        # tabulate keeps away from a head's neighbours by two more spaces.
        heads = [len(name) + 2 for name in names] or widths
        widths = [max(width, head) for width, head in zip(widths, heads, strict=True)]
        while piece:
            # One row as wide as all the others makes the pieces fit each other.
            piece[0] = [
                text + " " * (width - _width(text))
                for text, width in zip(piece[0], widths, strict=True)
            ]
            yield from _aligned(names, piece)
            names, piece = [], list(islice(cells, PIECE))


def _blocks(answer: Answer, documents: columns.Documents) -> Iterator[str]:
    fields = answer.fields or tuple(field for field in answer.kind.FIELDS if field.kind != "uris")
    names = [field.name for field in fields]
    between = ""
    for record in documents:
        values = [_value(record, field, answer.screen) for field in fields]
        yield between
        shown = (
            zip(names, values, strict=True) if answer.settings.header else zip(values, strict=True)
        )
        yield from _aligned([], list(shown))
        between = "\n" if answer.settings.header else ""


def _value(record: Mapping[str, Any], field: Field, screen: Screen | None) -> str:
    text = _plain([record], field)[0]
    if not (screen and text and field.kind == "date"):
        return text
    from addonctl.output import layout

    return f"{text} ({layout.cells([record], field, screen).texts[0]})"


def _plain(documents: columns.Documents, field: Field) -> list[str]:
    return [safe.line(text) for text in columns.texts(documents, field)]


def _aligned(names: Sequence[str], table: Sequence[Sequence[str]]) -> Iterator[str]:
    rows = [[_as_long_as_wide(text) for text in row] for row in table]
    if not rows:
        yield f"{'  '.join(names)}\n" if names else ""
        return
    if len(rows) == 1 and all(text.isascii() for text in rows[0]):
        # A row alone is aligned with its head in no time; importing tabulate takes as long as
        # the request of the command that has one row to show.
        both = [list(names), rows[0]] if names else rows
        widths = [max(map(len, column)) for column in zip(*both, strict=True)]
        yield from (_padded(texts, widths) for texts in both)
        return
    import tabulate

    tabulate.WIDE_CHARS_MODE = False  # the same on a machine with wcwidth and on one without
    text = tabulate.tabulate(
        rows, headers=names, tablefmt="plain", disable_numparse=True, preserve_whitespace=True
    )
    lines = text.replace(_NOTHING, "").replace(_SPACE, " ").splitlines()
    yield "".join([f"{line.rstrip(' ')}\n" for line in lines])


def _padded(texts: Sequence[str], widths: Sequence[int]) -> str:
    cells = [text.ljust(width) for text, width in zip(texts, widths, strict=True)]
    return f"{'  '.join(cells).rstrip(' ')}\n"


# tabulate counts characters where a terminal counts cells. No cell holds a control character any
# more, so two of them can stand for the difference until the columns are aligned: one for nothing,
# after a wide character; one, in a form that tabulate does not count, for a space that the next
# column needs after characters without a width.
_NOTHING = "\x00"
_SPACE = "\x1b[m"


def _as_long_as_wide(text: str) -> str:
    if text.isascii():
        return text
    extra = _width(text) - len(text)
    return text + (_NOTHING * extra if extra > 0 else _SPACE * -extra)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)

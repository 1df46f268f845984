"""What a terminal shows: tables fitted to it, grouped under what they belong to; records as lines.

rich's own Table lays out under a thousand rows a second, so the widths are worked out here, once
for all rows, from rich's cell widths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, groupby
from typing import Any, NamedTuple

from rich.cells import cell_len, chop_cells

from addonctl import dates
from addonctl.models import Field, Record
from addonctl.output import safe
from addonctl.output.formats import Answer, Documents, asked, date, plain, texts, unasked

GAP = "  "
NARROWEST = 12
"""Cells that a column of free text gets at least."""
TALLEST = 8
"""Lines that one cell of free text may take; beyond them it ends in an ellipsis."""
BAR = "█"
"""What a text is drawn with that is shortened where it does not fit, in proportion to others."""
SOON = timedelta(days=3)
"""A result that ends within this is marked."""
PARENTS = ("reference_sid", "add_on_result_sid")
"""The fields that say what a record belongs to, outermost first."""

_CODES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
_ALARM = "1;31"
_STATUS_STYLES = {
    "completed": "green",
    "done": "green",
    "failed": "red",
    "canceled": "yellow",
    "deleted": "dim",
    "in-progress": "cyan",
    "init": "cyan",
    "processing": "cyan",
    "queued": "cyan",
}
_PIECE = re.compile(r" +|/?[^ /]+/?|/+")
_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}/?")
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)


class Column(NamedTuple):
    """One field of all rows: its heading, its texts, a style for each (or empty).

    `width` are the cells it takes unfolded, `least` those it can be folded to.
    """

    name: str
    texts: list[str]
    styles: list[str]
    width: int
    least: int


def table(answer: Answer) -> Iterator[str]:
    """All rows of an answer, as they are read best at this width.

    Records asked for one by one are lines. So are logins and the like, of which nothing may be
    hidden, where there is one or a table does not fit; items of a batch are entries there. Of
    anything else the last columns are hidden that do not fit.
    """
    documents = [record.document for record in chain(*answer.pages)]
    kind, outcome = answer.kind, answer.kind.field("outcome")
    fields = answer.fields or asked(kind, kind.COLUMNS)
    if answer.whole:
        yield from _lines(answer, documents, unasked(answer))
    elif answer.fields or not documents:
        yield from _grid(answer, documents, fields)
    elif outcome and len(documents) == 1 and (line := _plain_line(documents[0])):
        yield line
    elif outcome:
        fields = (outcome, *(field for field in fields if field != outcome))
        columns = _columns(answer, documents, fields)
        if len(documents) > 1 and _taken([column.width for column in columns]) <= answer.width:
            yield from _grid(answer, documents, fields)
        else:
            yield from _entries(answer, columns)
    elif kind.address is Record.address:
        columns = _columns(answer, documents, fields)
        if len(documents) > 1 and _taken([column.least for column in columns]) <= answer.width:
            yield from _grid(answer, documents, fields)
        else:
            yield from _lines(answer, documents, fields)
    else:
        yield from _grid(answer, documents, fields, droppable=True)


def _plain_line(document: Mapping[str, Any]) -> str:
    """What became of a single thing: with its file, or else its address; the reason of a failure
    is told as an error. Nothing where there is more to say.
    """
    outcome, detail = plain(document.get("outcome")), plain(document.get("detail"))
    if outcome in ("failed", "not-found") or not detail:
        detail = plain(document.get("sid"))
    elif outcome not in ("saved", "skipped"):
        return ""
    return f"{safe.line(outcome)}  {safe.line(detail)}\n"


def _grid(
    answer: Answer, documents: Documents, fields: Sequence[Field], *, droppable: bool = False
) -> Iterator[str]:
    """A table. Only where columns are `droppable`, which nobody asked for, it is grouped."""
    parents = [name for name in PARENTS if droppable and answer.kind.field(name)]
    indent = GAP if parents else ""
    shown = [field for field in fields if field.name not in parents]
    columns = _columns(answer, documents, shown)
    widths = _fitted(columns, answer.width - len(indent), droppable=droppable)
    if hidden := [field.name for field in shown[len(widths) :]]:
        columns = columns[: len(widths)]
        count = f"{len(hidden)} column{'s' if len(hidden) > 1 else ''} hidden"
        answer.notes.append(f"{count} ({', '.join(hidden)}): add --fields, or a wider terminal")
    if answer.settings.header and documents:
        names = [column.name for column in columns]
        head = map(_padded, names, widths, ["bold"] * len(names), [answer.color] * len(names))
        yield f"{indent}{GAP.join(head)}".rstrip() + "\n"
    rows = _rows(answer, columns, widths, indent)
    for place, group in groupby(
        zip(documents, rows, strict=True),
        lambda pair: "/".join([safe.line(plain(pair[0].get(name))) for name in parents]),
    ):
        if place.strip("/"):
            yield _heading(answer, place)
        for _, text in group:
            yield text


def _heading(answer: Answer, place: str) -> str:
    """What a group belongs to: its address and, if known, when it was, how long, and the call."""
    words = [place]
    record = answer.parents.get(place.partition("/")[0])
    if record:
        fields = asked(type(record), ("date_created", "duration", "call_sid"))
        columns = _columns(answer, [record.document], fields)
        words += [text for column in columns if (text := column.texts[0])]
    first, *more = _folded(GAP.join(words), answer.width)
    begin = _styled(first, "bold") if answer.color else first
    return "".join(f"{line}\n" for line in [begin, *(2 * GAP + line for line in more)])


def _entries(answer: Answer, columns: Sequence[Column]) -> Iterator[str]:
    """For each row its first text, and beside it, a line each or more, all the others."""
    first, *others = columns
    width = max(map(cell_len, first.texts))
    indent = " " * (width + len(GAP))
    for at, text in enumerate(first.texts):
        parts = [column.texts[at] for column in others if column.texts[at]]
        lines = [line for part in parts for line in _folded(part, answer.width - len(indent))]
        begin = _padded(text, width, first.styles[at], answer.color) + GAP
        yield f"{begin}{lines[0] if lines else ''}".rstrip() + "\n"
        yield "".join([f"{indent}{line}\n" for line in lines[1:]])


def _lines(answer: Answer, documents: Documents, fields: Sequence[Field]) -> Iterator[str]:
    """For each record a line for each field, `name: value`; without a header the values alone."""
    names = [f"{field.name}:" for field in fields] if answer.settings.header else []
    width = max(map(len, names), default=0)
    between = ""
    for document in documents:
        yield between
        for at, (field, column) in enumerate(
            zip(fields, _columns(answer, [document], fields), strict=True)
        ):
            text, style = column.texts[0], column.styles[0]
            shown = _padded(text, 0, style, answer.color)
            if field.kind == "date" and date(document, field):
                shown = f"{texts([document], field)[0]} ({shown})"
            yield f"{names[at]:<{width}} {shown}".rstrip() + "\n" if names else f"{shown}\n"
        between = "\n" if names else ""


def _columns(answer: Answer, documents: Documents, fields: Sequence[Field]) -> list[Column]:
    return [_column(answer, documents, field) for field in fields]


def _column(answer: Answer, documents: Documents, field: Field) -> Column:
    """One field of all documents as a terminal shows it."""
    name = field.name if answer.settings.header else ""
    if field.kind == "date":
        shown, styles = _ages(documents, field, answer.now)
    else:
        shown = [safe.line(text) for text in texts(documents, field)]
        styles = [""] * len(shown)
    if field.kind == "sid" and (names := answer.settings.names):
        shown = [f"{sid} {safe.line(names[sid])}" if sid in names else sid for sid in shown]
    if field.kind == "status":
        styles = [_STATUS_STYLES.get(text, "") for text in shown]
    if field.name.endswith("duration"):
        shown = [_length(text) for text in shown]
    width = least = max([len(name), *map(cell_len, shown)])
    if field.kind in ("text", "uris"):
        sids = any(map(_SID.search, shown))
        least = min(width, max(NARROWEST, len(name), 35 if sids else 0))
    return Column(name, shown, styles, width, least)


def _ages(documents: Documents, field: Field, now: datetime) -> tuple[list[str], list[str]]:
    """A column of dates as ages, and their styles; what is soon to end is marked."""
    moments = [date(document, field) for document in documents]
    shown, styles = dates.ages(moments, now), [""] * len(moments)
    for at, moment in enumerate(moments):
        if moment is None:
            shown[at] = safe.line(plain(documents[at].get(field.origin or field.name)))
        elif field.origin and moment - now <= SOON:
            shown[at], styles[at] = f"{shown[at]} !", _ALARM
    return shown, styles


def _length(text: str) -> str:
    """Seconds as a clock shows them: 21:00."""
    if not _SECONDS.fullmatch(text):
        return text
    from addonctl.transcripts.write import clock

    return clock(int(text))


def _taken(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _fitted(columns: Sequence[Column], room: int, *, droppable: bool) -> list[int]:
    """The widths of as many columns as fit; what can be folded gives way first."""
    least = [column.least for column in columns]
    while droppable and len(least) > 1 and _taken(least) > room:
        least.pop()
    widths = [column.width for column in columns[: len(least)]]
    while (over := _taken(widths) - room) > 0:
        spare = [width - needed for width, needed in zip(widths, least, strict=True)]
        most, next_most = sorted([0, 0, *spare])[:-3:-1]
        if not most:
            break
        # The widest give way together; by one cell at a time, or at once if there is one alone.
        widths[spare.index(most)] -= min(over, max(1, most - next_most))
    return widths


def _rows(
    answer: Answer, columns: Sequence[Column], widths: Sequence[int], indent: str
) -> Iterator[str]:
    """For each row its lines, as one text."""
    cells = [
        _cells(column, width, answer.color) for column, width in zip(columns, widths, strict=True)
    ]
    for row in zip(*cells, strict=True):
        if (height := max(map(len, row))) == 1:
            yield f"{indent}{GAP.join([cell[0] for cell in row])}".rstrip() + "\n"
            continue
        lines = []
        for at in range(height):
            parts = [
                cell[at] if at < len(cell) else " " * width
                for cell, width in zip(row, widths, strict=True)
            ]
            lines.append(f"{indent}{GAP.join(parts)}".rstrip() + "\n")
        yield "".join(lines)


def _cells(column: Column, width: int, color: bool) -> Iterator[list[str]]:
    """For each cell its lines, padded and painted."""
    for text, style in zip(column.texts, column.styles, strict=True):
        parts = [text]
        if text and not text.strip(BAR):
            parts = [text[: max(1, len(text) * width // column.width)]]
        elif column.least < column.width and cell_len(text) > width:
            parts = _folded(text, width)
            if len(parts) > TALLEST:
                parts = [*parts[: TALLEST - 1], "…"]
        yield [_padded(part, width, style, color) for part in parts]


def _folded(text: str, width: int) -> list[str]:
    """`text` in lines of that width, ended at blanks and slashes where there are any; no SID is
    ever cut.
    """
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if cell_len(line + piece.rstrip()) <= width:
            line += piece
            continue
        lines.append(line.rstrip())
        line = piece.lstrip()
        if cell_len(piece.rstrip()) > width and not _SID.search(piece):
            *whole, line = chop_cells(piece, max(width, 2))
            lines += whole
    return [line for line in [*lines, line.rstrip()] if line]


def _padded(text: str, width: int, style: str, color: bool) -> str:
    padding = " " * (width - cell_len(text))
    return (_styled(text, style) if color and style else text) + padding


def _styled(text: str, style: str) -> str:
    return f"\x1b[{_CODES.get(style, style)}m{text}\x1b[0m"


def painted(columns: Sequence[list[str]], fields: Sequence[Field]) -> list[list[str]]:
    """The texts of columns, statuses in their colours."""
    return [
        [_styled(text, _STATUS_STYLES[text]) if text in _STATUS_STYLES else text for text in column]
        if field.kind == "status"
        else column
        for column, field in zip(columns, fields, strict=True)
    ]

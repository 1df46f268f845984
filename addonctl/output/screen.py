"""What a terminal shows: tables fitted to it, grouped under what they belong to; records as lines.

rich's own Table lays out under a thousand rows a second, so the widths are worked out here, once
for all rows, from rich's cell widths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, zip_longest
from typing import Any, NamedTuple

from rich.cells import cell_len, chop_cells

from addonctl import dates
from addonctl.models import STATUSES, Field, Record
from addonctl.output import Answer, safe
from addonctl.output.rows import plain, texts

GAP = "  "
NARROWEST = 12  # cells that a column of free text gets at least
TALLEST = 8  # lines that a cell of free text may take; beyond them it ends in an ellipsis
BAR = "█"  # drawn with it, a text is shortened where it does not fit, in proportion to others
SOON = timedelta(days=3)  # a result that ends within this is marked
PARENTS = ("reference_sid", "add_on_result_sid")  # what a record belongs to, outermost first

_BOLD, _ALARM = "1", "1;31"
_ENDS = {"completed": "32", "done": "32", "failed": "31", "canceled": "33", "deleted": "2"}
STATUS_STYLES = dict.fromkeys(STATUSES, "36") | _ENDS
_PIECE = re.compile(r" +|/?[^ /]+/?|/+")
_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}/?")
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)

Documents = Sequence[Mapping[str, Any]]


class Column(NamedTuple):
    """One field of all rows: its name, its texts, a style for each (or empty).

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
    outcome, several = answer.kind.field("outcome"), len(documents) > 1
    columns = _columns(answer, documents, answer.columns)
    if answer.whole:
        yield from _lines(answer, documents, answer.every)
    elif answer.fields or not documents:
        yield from _grid(answer, documents, columns)
    elif outcome and not several and (line := _plain_line(documents[0])):
        yield line
    elif not outcome and answer.kind.address is not Record.address:
        yield from _grid(answer, documents, columns, droppable=True)
    else:
        columns.sort(key=lambda column: column.name != "outcome")
        needed = [column.width if outcome else column.least for column in columns]
        if several and _taken(needed) <= answer.width:
            yield from _grid(answer, documents, columns)
        elif outcome:
            yield from _entries(answer, columns)
        else:
            yield from _lines(answer, documents, answer.columns)


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
    answer: Answer, documents: Documents, columns: Sequence[Column], *, droppable: bool = False
) -> Iterator[str]:
    """A table. Only where columns are `droppable`, which nobody asked for, it is grouped."""
    parents = [name for name in PARENTS if droppable and answer.kind.field(name)]
    indent = GAP if parents else ""
    columns = [column for column in columns if column.name not in parents]
    widths = _fitted(columns, answer.width - len(indent), droppable=droppable)
    if hidden := [column.name for column in columns[len(widths) :]]:
        columns = columns[: len(widths)]
        count = f"{len(hidden)} column{'s' if len(hidden) > 1 else ''} hidden"
        answer.notes.append(f"{count} ({', '.join(hidden)}): add --fields, or a wider terminal")
    bold = _BOLD if answer.color else ""
    if answer.settings.header and documents:
        head = [padded(it.name, width, bold) for it, width in zip(columns, widths, strict=True)]
        yield f"{indent}{GAP.join(head)}".rstrip() + "\n"
    group = ""
    rows = zip(*map(_cells, columns, widths), strict=True)
    for document, row in zip(documents, rows, strict=True):
        place = "/".join([safe.line(plain(document.get(name))) for name in parents])
        if place != group and place.strip("/"):
            # Its address and, if known, when it was, how long, and the call.
            words = [place]
            if record := answer.parents.get(place.partition("/")[0]):
                fields = record.picked(("date_created", "duration", "call_sid"))
                told = _columns(answer, [record.document], fields)
                words += [column.texts[0] for column in told if column.texts[0]]
            first, *more = _folded(GAP.join(words), answer.width)
            yield f"{padded(first, 0, bold)}\n"
            yield "".join([f"{2 * GAP}{line}\n" for line in more])
        group = place
        for parts in zip_longest(*row, fillvalue=""):
            line = [part or " " * width for part, width in zip(parts, widths, strict=True)]
            yield f"{indent}{GAP.join(line)}".rstrip() + "\n"


def _entries(answer: Answer, columns: Sequence[Column]) -> Iterator[str]:
    """For each row its first text, and beside it, a line each or more, all the others."""
    first, *others = columns
    width = max(map(cell_len, first.texts))
    indent = " " * (width + len(GAP))
    for at, text in enumerate(first.texts):
        parts = [column.texts[at] for column in others if column.texts[at]]
        lines = [line for part in parts for line in _folded(part, answer.width - len(indent))]
        begin = padded(text, width, first.styles[at]) + GAP
        yield f"{begin}{lines[0] if lines else ''}".rstrip() + "\n"
        yield "".join([f"{indent}{line}\n" for line in lines[1:]])


def _lines(answer: Answer, documents: Documents, fields: Sequence[Field]) -> Iterator[str]:
    """For each record a line for each field, `name: value`; without a header the values alone."""
    header, width = answer.settings.header, max(len(field.name) for field in fields) + 1
    for number, document in enumerate(documents):
        if number and header:
            yield "\n"
        for field, column in zip(fields, _columns(answer, [document], fields), strict=True):
            text = padded(column.texts[0], 0, column.styles[0])
            if field.kind == "date" and field.date(document):
                text = f"{texts([document], [field])[0][0]} ({text})"
            name = f"{field.name}:"
            yield f"{name:<{width}} {text}".rstrip() + "\n" if header else f"{text}\n"


def _columns(answer: Answer, documents: Documents, fields: Sequence[Field]) -> list[Column]:
    """The fields of documents as a terminal shows them: dates as ages, lengths as a clock does."""
    now, names, columns = datetime.now(UTC), answer.settings.names, []
    for field, column in zip(fields, texts(documents, fields), strict=True):
        shown, styles = [safe.line(text) for text in column], [""] * len(column)
        if field.kind == "date":
            moments = [field.date(document) for document in documents]
            for at, (moment, age) in enumerate(zip(moments, dates.ages(moments, now), strict=True)):
                if moment and field.origin and moment - now <= SOON:
                    shown[at], styles[at] = f"{age} !", _ALARM
                elif moment:
                    shown[at] = age
        elif field.kind == "status":
            styles = [STATUS_STYLES.get(text, "") for text in shown]
        elif field.kind == "sid" and names:
            shown = [f"{sid} {safe.line(names[sid])}" if sid in names else sid for sid in shown]
        if field.name.endswith("duration"):
            from addonctl.transcripts.write import clock

            shown = [clock(int(text)) if _SECONDS.fullmatch(text) else text for text in shown]
        head = len(field.name) if answer.settings.header else 0
        width = least = max([head, *map(cell_len, shown)])
        if field.kind in ("text", "uris"):
            sids = any(map(_SID.search, shown))
            least = min(width, max(NARROWEST, head, 35 if sids else 0))
        styles = styles if answer.color else [""] * len(shown)
        columns.append(Column(field.name, shown, styles, width, least))
    return columns


def _taken(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _fitted(columns: Sequence[Column], room: int, *, droppable: bool) -> list[int]:
    """The widths of as many columns as fit; what can be folded gives way first."""
    least = [column.least for column in columns]
    while droppable and len(least) > 1 and _taken(least) > room:
        least.pop()
    # Of a text of a million characters no more counts than there is room.
    widths = [max(column.least, min(column.width, room)) for column in columns[: len(least)]]
    while _taken(widths) > room:
        spare = [width - needed for width, needed in zip(widths, least, strict=True)]
        if not any(spare):
            break
        widths[spare.index(max(spare))] -= 1  # the widest give way together
    return widths


def _cells(column: Column, width: int) -> Iterator[list[str]]:
    """For each cell its lines, padded and painted."""
    for text, style in zip(column.texts, column.styles, strict=True):
        parts = [text]
        if text and not text.strip(BAR):
            parts = [text[: max(1, len(text) * width // column.width)]]
        elif column.least < column.width and cell_len(text) > width:
            parts = _folded(text, width)
            if len(parts) > TALLEST:
                parts = [*parts[: TALLEST - 1], "…"]
        yield [padded(part, width, style) for part in parts]


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


def padded(text: str, width: int, style: str) -> str:
    """A text in its style, if it has one, and blanks up to so many cells."""
    padding = " " * (width - cell_len(text))
    return f"\x1b[{style}m{text}\x1b[0m{padding}" if style else text + padding

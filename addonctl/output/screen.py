"""A table on a terminal: fitted to its width, with ages and colours.

rich's own Table lays out under a thousand rows a second, so the widths are worked out here, once
for all rows, from rich's cell widths, and painted with rich's styles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from textwrap import wrap
from typing import Any

from rich.cells import cell_len, chop_cells
from rich.color import ColorSystem
from rich.style import Style

from addonctl import dates
from addonctl.models import Field
from addonctl.output import safe
from addonctl.output.formats import Documents, Screen, date, plain, texts

GAP = "  "
NARROWEST = 16
"""Cells that a column of free text gets at least."""
TALLEST = 8
"""Lines that one cell of free text may take; beyond them it ends in an ellipsis."""
SOON = timedelta(days=3)
"""A result that ends within this is marked."""

_STATUS_STYLES = {
    "completed": "green",
    "failed": "red",
    "canceled": "yellow",
    "deleted": "dim",
    "in-progress": "cyan",
    "init": "cyan",
    "processing": "cyan",
    "queued": "cyan",
    "done": "green",
}


@dataclass(frozen=True, slots=True)
class Cells:
    """One column: its texts, a style name for each (or empty), and whether it may be folded."""

    texts: list[str]
    styles: list[str]
    foldable: bool


def cells(documents: Documents, field: Field, screen: Screen) -> Cells:
    """One field of all documents as a terminal shows it."""
    if field.kind == "date":
        ages = [_age(document, field, screen) for document in documents]
        return Cells([text for text, _ in ages], [style for _, style in ages], False)
    shown = [safe.line(text) for text in texts(documents, field)]
    if field.kind == "status":
        return Cells(shown, [_STATUS_STYLES.get(text, "") for text in shown], False)
    return Cells(shown, [""] * len(shown), field.kind in ("text", "uris"))


def table(
    names: Sequence[str], table: Sequence[Cells], screen: Screen, *, droppable: bool
) -> Iterator[str]:
    """The lines of a table no wider than the screen, as far as that cuts no SID.

    `droppable` columns that do not fit are left out, from the right; other columns of free
    text are folded.
    """
    heads = list(names) or [""] * len(table)
    widths = [max(map(cell_len, column.texts), default=0) for column in table]
    widths = [max(width, len(head)) for width, head in zip(widths, heads, strict=True)]
    widths = _fitted(widths, table, heads, screen.width, droppable=droppable)
    shown = list(zip(table, widths, strict=False))
    if names:
        head = GAP.join(
            [
                _painted(name, width, "bold", screen)
                for name, width in zip(names, widths, strict=False)
            ]
        )
        yield f"{head.rstrip()}\n"
    lines = [_lines(column, width, screen) for column, width in shown]
    for row in zip(*lines, strict=True):
        height = max(map(len, row))
        for number in range(height):
            parts = [
                cell[number] if number < len(cell) else " " * width
                for cell, width in zip(row, widths, strict=True)
            ]
            yield f"{GAP.join(parts).rstrip()}\n"


def _fitted(
    widths: list[int], table: Sequence[Cells], heads: list[str], room: int, *, droppable: bool
) -> list[int]:
    least = [
        min(width, max(NARROWEST, len(head))) if column.foldable else width
        for column, width, head in zip(table, widths, heads, strict=True)
    ]
    shown = len(least)
    while droppable and shown > 1 and sum(least[:shown]) + len(GAP) * (shown - 1) > room:
        shown -= 1
    fitted = widths[:shown]
    over = sum(fitted) + len(GAP) * (shown - 1) - room
    while over > 0:
        spare = max(range(shown), key=lambda at: fitted[at] - least[at])
        if fitted[spare] == least[spare]:
            break
        fitted[spare] -= 1
        over -= 1
    return fitted


def _lines(column: Cells, width: int, screen: Screen) -> Iterator[list[str]]:
    """For each cell its lines, padded and painted."""
    for text, style in zip(column.texts, column.styles, strict=True):
        if not column.foldable or cell_len(text) <= width:
            yield [_painted(text, width, style, screen)]
        else:
            folded = wrap(text, width) if text.isascii() else chop_cells(text, width)
            if len(folded) > TALLEST:
                folded = [*folded[: TALLEST - 1], "…"]
            yield [_painted(part, width, style, screen) for part in folded]


def _painted(text: str, width: int, style: str, screen: Screen) -> str:
    padding = " " * (width - cell_len(text))
    if not (style and screen.color):
        return text + padding
    painted = Style.parse(style).render(text, color_system=ColorSystem.STANDARD)
    return painted + padding


def _age(document: Mapping[str, Any], field: Field, screen: Screen) -> tuple[str, str]:
    moment = date(document, field)
    if moment is None:
        return safe.line(plain(document.get(field.origin or field.name))), ""
    shown = dates.age(moment, screen.now)
    if field.origin and moment - screen.now <= SOON:
        return f"{shown} !", "bold red"
    return shown, ""

"""A table to paste into a document, times in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from addonctl.output import columns, safe
from addonctl.output.settings import Answer

FLOWS = False

# All that Markdown, GitHub's kind included, would take for markup: links and mentions too.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#!|&~:@$^]|(?<=www)\.", re.IGNORECASE)


def write(answer: Answer) -> Iterator[str]:
    fields = answer.fields or columns.telling(answer.kind)
    if answer.settings.header:
        yield _line([field.name for field in fields])
        yield _line(["---" for _ in fields])
    for page in answer.pages:
        documents = columns.documents(page)
        table = [
            [_harmless(text) for text in columns.texts(documents, field)]
            if field.kind != "date"
            else columns.texts(documents, field)
            for field in fields
        ]
        yield "".join([_line(row) for row in zip(*table, strict=True)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _harmless(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", safe.line(text))

"""The API's own names, values and dates: an array of objects, or one object for one `get`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from addonctl.output import columns, safe
from addonctl.output.settings import Answer

FLOWS = False


def write(answer: Answer) -> Iterator[str]:
    """An object a line in a pipe, indented on a terminal; what a query found comes indented."""
    if answer.settings.query is not None:
        from addonctl.output import query

        yield _shown(query.search(answer.settings.query, _value(answer)), answer) + "\n"
        return
    indent = 2 if answer.screen else None
    encode = json.JSONEncoder(
        ensure_ascii=False, indent=indent, separators=None if indent else (",", ":")
    ).encode
    if answer.single:
        yield _shown(encode(_value(answer)), answer) + "\n"
        return
    before, after = "[\n", "[]\n"
    for page in answer.pages:
        if page:
            objects = [encode(columns.document(record, answer.fields)) for record in page]
            yield before + _shown(",\n".join(objects), answer)
            before, after = ",\n", "\n]\n"
    yield after


def _value(answer: Answer) -> Any:
    """The whole document as a value."""
    documents = [columns.document(record, answer.fields) for record in chain(*answer.pages)]
    return documents[0] if answer.single else documents


def _shown(text: str, answer: Answer) -> str:
    return safe.json_text(text) if answer.screen else text

"""Which fields of a record are shown, and a page of records as columns of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from addonctl import dates
from addonctl.errors import Usage
from addonctl.models import Field, Record


def asked(kind: type[Record], names: Sequence[str]) -> tuple[Field, ...]:
    """The fields that `names` ask for. Raises Usage for an unknown one, with the known."""
    found = []
    for name in names:
        field = kind.field(name)
        if field is None:
            known = ", ".join(field.name for field in kind.FIELDS)
            raise Usage(f"no field '{name}'; known: {known}")
        found.append(field)
    return tuple(found)


def flat(kind: type[Record]) -> tuple[Field, ...]:
    """What a spreadsheet gets unasked: all that is in the document, except its paths."""
    return tuple(field for field in kind.FIELDS if field.kind != "uris" and not field.origin)


def telling(kind: type[Record]) -> tuple[Field, ...]:
    """What a table shows unasked."""
    return asked(kind, kind.COLUMNS)


Documents = Sequence[Mapping[str, Any]]


def documents(page: Iterable[Record]) -> Documents:
    """The documents of a page, for what goes through them field by field."""
    return [record.document for record in page]


def values(page: Documents, field: Field) -> list[Any]:
    """One field of all documents, as the API has it; None where it is missing."""
    name = field.origin or field.name
    try:
        return [document[name] for document in page]
    except KeyError:
        return [document.get(name) for document in page]


def texts(page: Documents, field: Field) -> list[str]:
    """One field of all documents as text, dates in ISO form; empty where there is nothing.

    By columns rather than by rows: that a whole page holds nothing but strings is one cheap
    question, and so a million rows take seconds.
    """
    column = values(page, field)
    if set(map(type, column)) != {str}:
        column = [plain(value) for value in column]
    if field.kind == "date":
        iso, shift = dates.iso, field.shift or None
        return [iso(text, shift) if text else text for text in column]
    return column


def plain(value: Any) -> str:
    """A value as text: strings as they are, null as nothing, the rest as JSON has it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value, ensure_ascii=False)


def document(record: Record, fields: Sequence[Field]) -> dict[str, Any]:
    """The API's own document, or of it the fields asked for, derived dates in its own form."""
    if not fields:
        return record.document if isinstance(record.document, dict) else dict(record.document)
    return {field.name: _value(record, field) for field in fields}


def _value(record: Record, field: Field) -> Any:
    if not field.origin:
        return record.document.get(field.name)
    origin = dates.parse(record.document.get(field.origin))
    return dates.rfc2822(origin + field.shift) if origin else None

"""Documents as XML, JSON or CSV.

A document is what the JSON representation holds; the others are made from it. XML is the API's
default, and has PascalCase names; CSV too, and leaves out what is no single value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from addonctl.sandbox.resources import Document, Noun

CONTENT_TYPES = {"xml": "application/xml", "json": "application/json", "csv": "text/csv"}
PAGE_ATTRIBUTES = (
    *("page", "page_size", "start", "end", "uri"),
    *("first_page_uri", "previous_page_uri", "next_page_uri"),
)
NOT_IN_CSV = {"subresource_uris", "encryption_details"}
# XML has no way to write these, escaped or not.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"


def item(noun: Noun, document: Document, form: str) -> bytes:
    """Represent one recording, result or payload."""
    if form == "json":
        return json.dumps(document).encode()
    if form == "csv":
        return _csv([document], noun)
    return _xml(element(noun.singular, document))


def listing(noun: Noun, document: Document, form: str) -> bytes:
    """Represent a page of a list."""
    if form == "json":
        return json.dumps(document).encode()
    if form == "csv":
        return _csv(document[noun.key], noun)
    attributes = "".join(
        f" {name.replace('_', '')}={_attribute(document[name])}" for name in PAGE_ATTRIBUTES
    )
    items = "".join(element(noun.singular, one) for one in document[noun.key])
    return _xml(f"<{noun.plural}{attributes}>{items}</{noun.plural}>")


def single(name: str, document: Document, form: str) -> bytes:
    """Represent what is neither an item nor a list: an error, a redirect."""
    return json.dumps(document).encode() if form == "json" else _xml(element(name, document))


@lru_cache(maxsize=128)
def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _xml(content: str) -> bytes:
    return f"{DECLARATION}<TwilioResponse>{content}</TwilioResponse>".encode()


def _attribute(value: Any) -> str:
    from xml.sax.saxutils import quoteattr

    return quoteattr("" if value is None else str(value))


def element(name: str, value: Any) -> str:
    """Represent a value, or a document, as an XML element."""
    # Slow to load, and the account that is asked in-process is only ever asked for JSON.
    from xml.sax.saxutils import escape

    if value is None:
        return f"<{name}/>"
    if isinstance(value, Mapping):
        inner = "".join(element(_pascal(key), one) for key, one in value.items())
    else:
        inner = escape(NOT_IN_XML.sub("\ufffd", str(value)))
    return f"<{name}>{inner}</{name}>"


def _csv(documents: list[Document], noun: Noun) -> bytes:
    import csv
    import io

    columns = [name for name in noun.fields if name not in NOT_IN_CSV]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_pascal(name) for name in columns])
    writer.writerows([document[name] for name in columns] for document in documents)
    return text.getvalue().encode()

"""What the account answers: rows as documents, in pages, and documents as XML, JSON or CSV.

A document is what the JSON representation holds; the others are made from it. XML is the API's
default, and has PascalCase names; CSV too, and leaves out what is no single value.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from sqlite3 import Row
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from addonctl.sandbox.state import LIVE, Database

API_VERSION = "2010-04-01"
CONTENT_TYPES = {"xml": "application/xml", "json": "application/json", "csv": "text/csv"}
NOT_IN_CSV = {"subresource_uris", "encryption_details"}
# XML has no way to write these, escaped or not.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Document = Mapping[str, Any]


class Refusal(Exception):
    """A request the API refuses, with its HTTP status and the vendor's error code."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = more.pop("headers", {})
        more_info = f"https://www.twilio.com/docs/errors/{code}"
        self.document = dict(code=code, **more, message=message, more_info=more_info, status=status)


class Collection:
    """What a kind of thing is called, what lies below it, and its fields, in order."""

    def __init__(self, kind: str, key: str, below: str, fields: str) -> None:
        self.kind, self.key = kind, key  # a table or view of the state; a list in JSON
        self.plural = pascal(key)  # in paths, and a list in XML
        self.singular = self.plural.removesuffix("s")
        self.below, self.fields = below.split(), fields.split()


@cache
def pascal(name: str) -> str:
    """Give the PascalCase of a field's name."""
    return name.title().replace("_", "")


ACCOUNTS = Collection(
    *("account", "accounts", "recordings"),
    "sid owner_account_sid friendly_name status type auth_token date_created date_updated uri"
    " subresource_uris",
)
RECORDINGS = Collection(
    *("recording", "recordings", "add_on_results transcriptions"),
    "account_sid api_version call_sid conference_sid channels date_created date_updated start_time"
    " price price_unit duration sid source status error_code uri subresource_uris"
    " encryption_details media_url",
)
RESULTS = Collection(
    *("result", "add_on_results", "payloads"),
    "sid account_sid reference_sid status add_on_sid add_on_configuration_sid date_created"
    " date_updated date_completed subresource_uris",
)
PAYLOADS = Collection(
    *("payload", "payloads", "data"),
    "sid reference_sid add_on_sid add_on_configuration_sid add_on_result_sid account_sid label"
    " content_type date_created date_updated subresource_uris",
)
COLLECTIONS = (ACCOUNTS, RECORDINGS, RESULTS, PAYLOADS)


def document(noun: Collection, row: Row, host: str, path: str, form: str, now: int) -> Document:
    """Give the document of one row as it is at `now`, found at `path` of `host` as `form`."""
    # A URI leads to the representation it was found in; XML needs no extension.
    extension = "" if form == "xml" else f".{form}"
    created = date(row["created"])
    values: dict[str, Any] = {
        **dict(row),
        "type": "Full",
        "api_version": API_VERSION,
        "date_created": created,
        "date_updated": created,
        "start_time": created,
        "price_unit": "USD",
        "error_code": None,
        "encryption_details": None,
        "media_url": host + path,
        "uri": path + extension,
        "subresource_uris": {name: f"{path}/{pascal(name)}{extension}" for name in noun.below},
    }
    if noun is RECORDINGS:
        values["date_updated"] = date(row["created"] + row["duration"])
        values["duration"] = str(row["duration"])
        values["price"] = f"-{0.0025 * (row['duration'] // 60 + 1):.4f}"
    elif noun is RESULTS:
        started, completed = row["started"], row["completed"]
        if completed is not None and completed <= now:
            values["date_updated"] = values["date_completed"] = date(completed)
        else:
            under_way = started is not None and started <= now
            values["status"] = row["working"] if under_way else row["waiting"]
            values["date_updated"] = date(started) if under_way else created
            values["date_completed"] = None
    return {name: values[name] for name in noun.fields}


def date(seconds: int) -> str:
    """Give seconds since the epoch as the API writes them: RFC 2822, `+0000`."""
    # Thrice as fast as `email.utils`, and English as long as nobody sets a locale.
    return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(seconds))


def represent(form: str, name: str, document: Document, listed: Collection | None = None) -> bytes:
    """Represent what is called `name`: one document, or a page of those that are `listed`."""
    if form == "json":
        return json.dumps(document).encode()
    documents = document[listed.key] if listed else [document]
    if form == "csv":
        import csv
        import io

        columns = [key for key in (listed.fields if listed else document) if key not in NOT_IN_CSV]
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(map(pascal, columns))
        writer.writerows([one[key] for key in columns] for one in documents)
        return text.getvalue().encode()
    # Slow to load, and the account that is asked in-process is only ever asked for JSON.
    from xml.etree.ElementTree import Element, SubElement, tostring

    def add(parent: Element, name: str, value: Any) -> None:
        made = SubElement(parent, name)
        if isinstance(value, Mapping):
            for key, one in value.items():
                add(made, pascal(key), one)
        elif value is not None:
            made.text = NOT_IN_XML.sub("\ufffd", str(value))

    response = parent = Element("TwilioResponse")
    if listed:
        parent = SubElement(response, listed.plural)
        for key, value in document.items():
            if key != listed.key:
                parent.set(key.replace("_", ""), "" if value is None else str(value))
    for one in documents:
        add(parent, name, one)
    written: bytes = tostring(response, "UTF-8", xml_declaration=True)
    return written


def seconds(text: str) -> int:
    """Read a date a list is narrowed by."""
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise Refusal(400, 20001, f"Invalid date {text!r}: it must be YYYY-MM-DD.") from None


# What a list can be narrowed by: the SQL that the value ends, and how the value is read.
FILTERS: dict[str, dict[str, tuple[str, Callable[[str], Any]]]] = {
    "account": {"FriendlyName": ("friendly_name =", str), "Status": ("status =", str)},
    "recording": {
        "DateCreated": ("created / 86400 =", lambda text: seconds(text) // 86400),
        "DateCreated<": ("created <=", seconds),
        "DateCreated>": ("created >=", seconds),
        "CallSid": ("call_sid =", str),
        "ConferenceSid": ("conference_sid =", str),
        "IncludeSoftDeleted": ("status != 'deleted' OR 'true' =", str.lower),
    },
}


def page(
    state: Database, noun: Collection, parent: str, path: str, query: str, login: str
) -> dict[str, Any]:
    """Give the page of `parent`'s children that `query` asks for, of those `login` may see.

    The children are rows still. A parameter without a value counts as not given. A token is `PA`
    or `PB` and the sid after or before which the page lies, so that nothing is skipped or shown
    twice. That item may be deleted meanwhile: its place in the order stays. Raises Refusal (400)
    for a size, number, token or date the API does not take.
    """
    given = dict(parse_qsl(query))
    numbers = []
    for name, default, code in (("PageSize", "50", 20007), ("Page", "0", 20001)):
        text = given.get(name, default)
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Refusal(400, code, f"{name} must be a whole number.")
        numbers.append(int(text))
    size, number = numbers
    if not 1 <= size <= 1000:
        raise Refusal(400, 20007, "Page size must be between 1 and 1000.")
    token = given.get("PageToken", "")
    if number and not token:
        raise Refusal(400, 20001, "PageToken is required for paging.")

    conditions = ["parent = :parent", LIVE[noun.kind]]
    values: dict[str, Any] = {"parent": parent, "limit": size + 1, "login": login}
    if noun is ACCOUNTS:
        conditions.append(":login IN (sid, owner_account_sid)")
    filters = FILTERS.get(noun.kind, {})
    asked = {name: given[name] for name in filters if name in given}
    if noun is RECORDINGS and "IncludeSoftDeleted" not in asked:
        conditions.append("status != 'deleted'")
    for count, (name, text) in enumerate(asked.items()):
        condition, read = filters[name]
        conditions.append(f"({condition} :filter{count})")
        values[f"filter{count}"] = read(text)
    # Above all places, or SQLite would not look a first page up by its place either.
    backwards, place = token.startswith("PB"), 1 << 62
    if token:
        named = state.find(noun.kind, token[2:], gone=True)
        if token[:2] not in {"PA", "PB"} or named is None or named["parent"] != parent:
            raise Refusal(400, 21481, "Invalid PageToken.")
        place = named["place"]
    conditions.append(f"place {'>' if backwards else '<'} :place")
    found = state.rows(
        f"SELECT * FROM {noun.kind} WHERE {' AND '.join(conditions)}"  # noqa: S608
        f" ORDER BY place {'ASC' if backwards else 'DESC'} LIMIT :limit",
        **values,
        place=place,
    )
    more, found = len(found) > size, found[:size]
    if backwards:
        more, found = bool(found), found[::-1]

    def uri(page_number: int, page_token: str = "") -> str:
        parts = {**asked, "PageSize": size, "Page": page_number, "PageToken": page_token}
        return f"{quote(path)}?{urlencode(parts)}".removesuffix("&PageToken=")

    start = number * size if found else 0
    return {
        "end": start + max(len(found) - 1, 0),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"PA{found[-1]['sid']}") if more else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": uri(number - 1, f"PB{found[0]['sid']}") if found and number else None,
        noun.key: found,
        "start": start,
        "uri": uri(number, token),
    }

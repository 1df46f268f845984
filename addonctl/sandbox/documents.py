"""What the account answers: rows as documents, in pages, and documents as XML, JSON or CSV.

A document is what the JSON representation holds; the others are made from it. XML is the API's
default, and has PascalCase names; CSV too, and leaves out what is no single value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from addonctl.sandbox.state import Database, Row

ROOT = "/2010-04-01/Accounts"
CONTENT_TYPES = {"xml": "application/xml", "json": "application/json", "csv": "text/csv"}
# A URI leads to the representation it was found in; XML needs no extension.
EXTENSIONS = {"xml": "", "json": ".json", "csv": ".csv"}
PAGE_ATTRIBUTES = (
    *("page", "page_size", "start", "end", "uri"),
    *("first_page_uri", "previous_page_uri", "next_page_uri"),
)
NOT_IN_CSV = {"subresource_uris", "encryption_details"}
# XML has no way to write these, escaped or not.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"

Document = Mapping[str, Any]


class Collection(NamedTuple):
    """What a kind of thing is called, and its fields in the documents' order."""

    kind: str
    key: str  # of its list in JSON
    plural: str  # in paths, and of its list in XML
    singular: str  # of one in XML
    fields: tuple[str, ...]


def _collection(kind: str, key: str, plural: str, fields: str) -> Collection:
    return Collection(kind, key, plural, plural.removesuffix("s"), tuple(fields.split()))


ACCOUNTS = _collection(
    *("account", "accounts", "Accounts"),
    "sid owner_account_sid friendly_name status type auth_token date_created date_updated uri"
    " subresource_uris",
)
RECORDINGS = _collection(
    *("recording", "recordings", "Recordings"),
    "account_sid api_version call_sid conference_sid channels date_created date_updated start_time"
    " price price_unit duration sid source status error_code uri subresource_uris"
    " encryption_details media_url",
)
RESULTS = _collection(
    *("result", "add_on_results", "AddOnResults"),
    "sid account_sid reference_sid status add_on_sid add_on_configuration_sid date_created"
    " date_updated date_completed subresource_uris",
)
PAYLOADS = _collection(
    *("payload", "payloads", "Payloads"),
    "sid reference_sid add_on_sid add_on_configuration_sid add_on_result_sid account_sid label"
    " content_type date_created date_updated subresource_uris",
)
COLLECTIONS = (ACCOUNTS, RECORDINGS, RESULTS, PAYLOADS)


@dataclass(frozen=True)
class Reply:
    """A status, headers and a body in chunks; `size` is the length of the body in bytes."""

    status: int
    body: Iterable[bytes] = ()
    size: int = 0
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A request the API refuses, with its HTTP status and the vendor's error code."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = more.pop("headers", {})
        self.document = {
            "code": code,
            **more,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }


def document(noun: Collection, row: Row, form: str, host: str, now: int) -> Document:
    """Give the document of one row as it is at `now`; `host` begins full URLs."""
    extension = EXTENSIONS[form]
    values: dict[str, Any] = dict(row)
    values["date_created"] = values["date_updated"] = date(row["created"])
    path = f"{ROOT}/{row['account_sid']}"
    if noun is ACCOUNTS:
        uris = {"recordings": f"{path}/Recordings{extension}"}
        values |= {"type": "Full", "uri": path + extension}
    elif noun is RECORDINGS:
        path += f"/Recordings/{row['sid']}"
        uris = {
            "add_on_results": f"{path}/AddOnResults{extension}",
            "transcriptions": f"{path}/Transcriptions{extension}",
        }
        values |= {
            "api_version": "2010-04-01",
            "date_updated": date(row["created"] + row["duration"]),
            "start_time": values["date_created"],
            "price": f"-{0.0025 * (row['duration'] // 60 + 1):.4f}",
            "price_unit": "USD",
            "duration": str(row["duration"]),
            "error_code": None,
            "uri": path + extension,
            "encryption_details": None,
            "media_url": host + path,
        }
    elif noun is RESULTS:
        path += f"/Recordings/{row['reference_sid']}/AddOnResults/{row['sid']}"
        uris = {"payloads": f"{path}/Payloads{extension}"}
        started, completed = row["started"], row["completed"]
        if completed is not None and completed <= now:
            values["date_updated"] = values["date_completed"] = date(completed)
        else:
            under_way = started is not None and started <= now
            values["status"] = row["working"] if under_way else row["waiting"]
            values["date_updated"] = date(started if under_way else row["created"])
            values["date_completed"] = None
    else:
        path += f"/Recordings/{row['reference_sid']}/AddOnResults/{row['add_on_result_sid']}"
        uris = {"data": f"{path}/Payloads/{row['sid']}/Data{extension}"}
    values["subresource_uris"] = uris
    return {name: values[name] for name in noun.fields}


def date(seconds: int) -> str:
    """Give seconds since the epoch as the API writes them: RFC 2822, `+0000`."""
    days, rest = divmod(seconds, 86400)
    return f"{_day(days)} {rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02} +0000"


# A long list has many dates and few days.
@lru_cache(maxsize=100)
def _day(days: int) -> str:
    return format_datetime(datetime.fromtimestamp(days * 86400, UTC))[:16]


def item(noun: Collection, document: Document, form: str) -> bytes:
    """Represent one account, recording, result or payload."""
    if form == "csv":
        return _csv([document], [name for name in noun.fields if name not in NOT_IN_CSV])
    return single(noun.singular, document, form)


def listing(noun: Collection, document: Document, form: str) -> bytes:
    """Represent a page of a list."""
    if form == "json":
        return json.dumps(document).encode()
    if form == "csv":
        return _csv(document[noun.key], [name for name in noun.fields if name not in NOT_IN_CSV])
    from xml.sax.saxutils import quoteattr

    values = ((name, document[name]) for name in PAGE_ATTRIBUTES)
    attributes = "".join(
        f" {name.replace('_', '')}={quoteattr('' if value is None else str(value))}"
        for name, value in values
    )
    items = "".join(element(noun.singular, one) for one in document[noun.key])
    return _xml(f"<{noun.plural}{attributes}>{items}</{noun.plural}>")


def single(name: str, document: Document, form: str) -> bytes:
    """Represent what is no list: an item, an error, a redirect."""
    if form == "json":
        return json.dumps(document).encode()
    return _csv([document], list(document)) if form == "csv" else _xml(element(name, document))


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


@lru_cache(maxsize=128)
def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _xml(content: str) -> bytes:
    return f"{DECLARATION}<TwilioResponse>{content}</TwilioResponse>".encode()


def _csv(documents: list[Document], columns: list[str]) -> bytes:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_pascal(name) for name in columns])
    writer.writerows([document[name] for name in columns] for document in documents)
    return text.getvalue().encode()


# Pages of a list, by the place of an item, so that nothing is skipped or shown twice. A token is
# `PA` or `PB` and the sid after or before which the page lies. That item may be deleted meanwhile:
# its place in the order stays.

FILTERS = {
    ACCOUNTS: ("FriendlyName", "Status"),
    RECORDINGS: (
        *("DateCreated", "DateCreated<", "DateCreated>"),
        *("CallSid", "ConferenceSid", "IncludeSoftDeleted"),
    ),
}
# Filters that a value must equal, and the columns that hold it.
EQUAL = {
    "FriendlyName": "friendly_name",
    "Status": "status",
    "CallSid": "call_sid",
    "ConferenceSid": "conference_sid",
}
BEFORE_ALL = -(1 << 62)


def page(
    state: Database,
    noun: Collection,
    parent: str,
    path: str,
    query: Mapping[str, str],
    document: Callable[[Row], Document],
    login: str,
) -> Document:
    """Give the page of `parent`'s children that `query` asks for, of those `login` may see.

    A parameter without a value counts as not given. Raises Refusal (400) for a size, number, token
    or date the API does not take.
    """
    query = {name: value for name, value in query.items() if value}
    size = _number(query, "PageSize", 50, 20007)
    number = _number(query, "Page", 0, 20001)
    if not 1 <= size <= 1000:
        raise Refusal(400, 20007, "Page size must be between 1 and 1000.")
    token = query.get("PageToken", "")
    if number and not token:
        raise Refusal(400, 20001, "PageToken is required for paging.")
    asked = {name: query[name] for name in FILTERS.get(noun, ()) if name in query}
    conditions, values = _conditions(noun, asked)
    values["login"] = login

    def rows(limit: int, sign: str, place: int, backwards: bool = False) -> list[Row]:
        beyond = [*conditions, f"position {sign} :place"]
        return state.children(
            noun.kind, parent, limit, beyond, {**values, "place": place}, backwards=backwards
        )

    place = _place(state, noun, parent, token)
    if token.startswith("PB"):
        found = rows(size, "<", place, backwards=True)
        more = bool(found) and bool(rows(1, ">", found[-1]["position"]))
    else:
        found = rows(size + 1, ">", place)
        more = len(found) > size
        found = found[:size]

    def uri(page_number: int, page_token: str = "") -> str:
        parts = {**asked, "PageSize": size, "Page": page_number}
        if page_token:
            parts["PageToken"] = page_token
        return f"{quote(path)}?{urlencode(parts)}"

    start = number * size if found else 0
    return {
        "end": start + max(len(found) - 1, 0),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"PA{found[-1]['sid']}") if more else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": uri(number - 1, f"PB{found[0]['sid']}") if found and number else None,
        noun.key: [document(row) for row in found],
        "start": start,
        "uri": uri(number, token),
    }


def _number(query: Mapping[str, str], name: str, default: int, code: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refusal(400, code, f"{name} must be a whole number.")
    return int(text)


def _place(state: Database, noun: Collection, parent: str, token: str) -> int:
    if not token:
        return BEFORE_ALL
    place = state.position(noun.kind, parent, token[2:]) if token[:2] in {"PA", "PB"} else None
    if place is None:
        raise Refusal(400, 21481, "Invalid PageToken.")
    return place


def _conditions(noun: Collection, asked: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
    """Turn the filters of a list into SQL and its values."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if noun is ACCOUNTS:
        conditions.append(":login IN (sid, owner_account_sid)")
    if noun is RECORDINGS and asked.get("IncludeSoftDeleted", "").lower() != "true":
        conditions.append("status != 'deleted'")
    for name, column in EQUAL.items():
        if name in asked:
            conditions.append(f"{column} = :{column}")
            values[column] = asked[name]
    if on := asked.get("DateCreated"):
        conditions.append("created >= :day AND created < :day + 86400")
        values["day"] = _seconds(on) // 86400 * 86400
    if until := asked.get("DateCreated<"):
        conditions.append("created <= :until")
        values["until"] = _seconds(until)
    if since := asked.get("DateCreated>"):
        conditions.append("created >= :since")
        values["since"] = _seconds(since)
    return conditions, values


def _seconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise Refusal(400, 20001, f"Invalid date {text!r}: it must be YYYY-MM-DD.") from None

"""Rows of the state as the API's documents: what each noun is called and which fields it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from addonctl.sandbox.schema import Row

ROOT = "/2010-04-01/Accounts"
# A URI leads to the representation it was found in; XML needs no extension.
EXTENSIONS = {"xml": "", "json": ".json", "csv": ".csv"}

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Noun:
    """What a kind of thing is called, and its fields in the documents' order."""

    kind: str
    key: str  # of its list in JSON
    plural: str  # in paths, and of its list in XML
    singular: str  # of one in XML
    fields: tuple[str, ...]


RECORDING = Noun(
    "recording",
    "recordings",
    "Recordings",
    "Recording",
    (
        *("account_sid", "api_version", "call_sid", "conference_sid", "channels", "date_created"),
        *("date_updated", "start_time", "price", "price_unit", "duration", "sid", "source"),
        *("status", "error_code", "uri", "subresource_uris", "encryption_details", "media_url"),
    ),
)
RESULT = Noun(
    "result",
    "add_on_results",
    "AddOnResults",
    "AddOnResult",
    (
        *("sid", "account_sid", "reference_sid", "status", "add_on_sid"),
        *("add_on_configuration_sid", "date_created", "date_updated", "date_completed"),
        "subresource_uris",
    ),
)
PAYLOAD = Noun(
    "payload",
    "payloads",
    "Payloads",
    "Payload",
    (
        *("sid", "reference_sid", "add_on_sid", "add_on_configuration_sid", "add_on_result_sid"),
        *("account_sid", "label", "content_type", "date_created", "date_updated"),
        "subresource_uris",
    ),
)
NOUNS = (RECORDING, RESULT, PAYLOAD)


def document(noun: Noun, row: Row, form: str, host: str) -> Document:
    """Give the document of one recording, result or payload; `host` begins full URLs."""
    values: dict[str, Any] = {"account_sid": row["account_sid"], "sid": row["sid"]}
    values["date_created"] = values["date_updated"] = date(row["created"])
    extension = EXTENSIONS[form]
    recording = f"{ROOT}/{row['account_sid']}/Recordings"
    if noun is RECORDING:
        path = f"{recording}/{row['sid']}"
        price = f"-{0.0025 * (row['duration'] // 60 + 1):.4f}"
        uris = {
            "add_on_results": f"{path}/AddOnResults{extension}",
            "transcriptions": f"{path}/Transcriptions{extension}",
        }
        values |= {
            **_same(row, "call_sid", "conference_sid", "channels", "source", "status"),
            "api_version": "2010-04-01",
            "date_updated": date(row["created"] + row["duration"]),
            "start_time": values["date_created"],
            "price": price,
            "price_unit": "USD",
            "duration": str(row["duration"]),
            "error_code": None,
            "uri": f"{path}{extension}",
            "encryption_details": None,
            "media_url": host + path,
        }
    else:
        values |= _same(row, "reference_sid", "add_on_sid", "add_on_configuration_sid")
        path = f"{recording}/{row['reference_sid']}/AddOnResults"
        if noun is RESULT:
            uris = {"payloads": f"{path}/{row['sid']}/Payloads{extension}"}
            values |= {
                "status": row["status"],
                "date_updated": date(row["updated"]),
                "date_completed": None if row["completed"] is None else date(row["completed"]),
            }
        else:
            path = f"{path}/{row['add_on_result_sid']}/Payloads/{row['sid']}"
            uris = {"data": f"{path}/Data{extension}"}
            values |= _same(row, "add_on_result_sid", "label", "content_type")
    values["subresource_uris"] = uris
    return {name: values[name] for name in noun.fields}


def _same(row: Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def date(seconds: int) -> str:
    """Give seconds since the epoch as the API writes them: RFC 2822, `+0000`."""
    days, rest = divmod(seconds, 86400)
    return f"{_day(days)} {rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02} +0000"


# A long list has many dates and few days.
@lru_cache(maxsize=100)
def _day(days: int) -> str:
    return format_datetime(datetime.fromtimestamp(days * 86400, UTC))[:16]

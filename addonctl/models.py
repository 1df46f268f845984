"""What the service holds: the document as it came, its fields, its expiry.

A record keeps the API's document untouched (so that json gives back every name and value as
it came) and says once, in FIELDS, which fields it has and what they hold. Every writer,
filter and check reads them from there. Field names and their meaning: the service's
published API description, `Recording`, `AddOnResult` and `Payload`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, NamedTuple, cast

from addonctl import dates
from addonctl.addresses import Address
from addonctl.errors import Usage

RETENTION = timedelta(days=30)
"""How long the service keeps a result and its payloads (its documents say 30 days)."""

PAGE_SIZE = 1000
"""The most rows of a list the service gives at once."""

FINAL = frozenset({"completed", "failed", "canceled", "deleted"})
"""Statuses that will not change. A word we do not know counts as not final."""

STATUSES = tuple(sorted({*FINAL, "in-progress", "init", "processing", "queued"}))

Kind = Literal["sid", "status", "text", "number", "date", "uris"]


class Field(NamedTuple):
    """One field of a record: its name in the API, and what it holds.

    A field with an `origin` is not in the document: it is the date in `origin`, `shift` later.
    One that is only `asked` for by name is no part of the API's document either: whoever asks
    for it has it put in.
    """

    name: str
    kind: Kind = "text"
    origin: str | None = None
    shift: timedelta = timedelta()
    asked: bool = False

    def date(self, document: Mapping[str, Any]) -> datetime | None:
        """The moment, in UTC, that a document has under a field of dates; None where it names
        none, or one past the year 9999.
        """
        moment = dates.parse(document.get(self.origin or self.name))
        try:
            return moment and moment + self.shift
        except OverflowError:
            return None


EXPIRES = Field("expires", "date", origin="date_created", shift=RETENTION)
OURS = {"expires": EXPIRES, "add_on": Field("add_on", asked=True)}
"""Fields that are not the API's, by name."""


def fields(names: str) -> tuple[Field, ...]:
    """The fields of these names, each with its kind after a colon (`sid:sid label`), or text."""
    words = (word.partition(":") for word in names.split())
    return tuple(
        OURS.get(name) or Field(name, cast(Kind, kind or "text")) for name, _, kind in words
    )


class Record:
    """One row of an answer: a document, untouched.

    FIELDS are all the fields it can show; COLUMNS those of a table, most telling first, if not all;
    COLLECTION is the key of a list of them in the API's documents, and ELEMENT names one of them
    in its XML.
    """

    FIELDS: ClassVar[tuple[Field, ...]] = ()
    COLUMNS: ClassVar[tuple[str, ...]] = ()
    COLLECTION: ClassVar[str] = ""
    ELEMENT: ClassVar[str] = ""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    @property
    def address(self) -> Address | None:
        """Where it lies in the API, as it can be typed back; None for what lies nowhere there."""
        return None

    @classmethod
    def field(cls, name: str) -> Field | None:
        """The field of that name, if this kind of record has it."""
        return next((field for field in cls.FIELDS if field.name == name), None)

    @classmethod
    def picked(cls, names: Sequence[str]) -> tuple[Field, ...]:
        """The fields of these names, in their order. Raises Usage for an unknown one."""
        found = {field.name: field for field in cls.FIELDS}
        for name in names:
            if name not in found:
                raise Usage(f"no field '{name}'; known: {', '.join(found)}")
        return tuple(found[name] for name in names)

    def _text(self, name: str) -> str:
        """What the document says under `name`; empty for nothing, and for what is no text."""
        value = self.document.get(name)
        return str(value) if isinstance(value, str | int | float) else ""


class Resource(Record):
    """A record that is one of the API's own, with a SID and the day it was created.

    PLACE are the fields that make its address, from outside in, and the one of its account.
    """

    PLACE: ClassVar[tuple[str, ...]] = ("sid", "", "", "account_sid")

    @property
    def sid(self) -> str:
        return self._text("sid")

    @property
    def address(self) -> Address:
        return Address(*[name and self._text(name) for name in self.PLACE])

    @property
    def created(self) -> datetime | None:
        return dates.parse(self.document.get("date_created"))

    @property
    def expires(self) -> datetime | None:
        """The end of the 30 days; None without a date, or past the year 9999."""
        return EXPIRES.date(self.document)


class Account(Resource):
    """An account, or a subaccount of one."""

    COLLECTION, ELEMENT = "accounts", "Account"
    FIELDS = fields("sid:sid friendly_name status:status")


class Recording(Resource):
    """A recorded call or conference: what add-ons work on."""

    COLLECTION, ELEMENT = "recordings", "Recording"
    FIELDS = fields(
        "sid:sid account_sid:sid call_sid:sid conference_sid:sid status:status source"
        " channels:number duration:number start_time:date date_created:date date_updated:date"
        " price:number price_unit error_code:number api_version uri:uris"
        " encryption_details:uris media_url:uris subresource_uris:uris"
    )
    COLUMNS = ("sid", "status", "date_created", "duration", "source", "call_sid")

    @property
    def call_sid(self) -> str:
        return self._text("call_sid")


class Result(Resource):
    """What one add-on made of one recording."""

    COLLECTION, ELEMENT = "add_on_results", "AddOnResult"
    PLACE = ("reference_sid", "sid", "", "account_sid")
    FIELDS = fields(
        "sid:sid account_sid:sid reference_sid:sid status:status add_on_sid:sid"
        " add_on_configuration_sid:sid date_created:date date_updated:date date_completed:date"
        " subresource_uris:uris expires add_on"
    )
    COLUMNS = ("sid", "status", "date_created", "expires", "add_on_sid", "reference_sid")

    @property
    def status(self) -> str:
        return self._text("status")

    @property
    def final(self) -> bool:
        return self.status in FINAL


class ListedResult(Result):
    """A result in a list, which can say of what recording it was made, if that is asked for."""

    OF_RECORDING: ClassVar = {
        "call_sid": "call_sid",
        "recording_created": "date_created",
        "recording_duration": "duration",
    }
    """Fields of the recording, by what they are called here; empty where it is gone."""
    FIELDS = (
        *Result.FIELDS,
        Field("call_sid", "sid", asked=True),
        Field("recording_created", "date", asked=True),
        Field("recording_duration", "number", asked=True),
    )


class Payload(Resource):
    """One file an add-on left behind: its metadata, not its bytes."""

    COLLECTION, ELEMENT = "payloads", "Payload"
    PLACE = ("reference_sid", "add_on_result_sid", "sid", "account_sid")
    FIELDS = fields(
        "sid:sid account_sid:sid reference_sid:sid add_on_result_sid:sid label content_type"
        " add_on_sid:sid add_on_configuration_sid:sid date_created:date date_updated:date"
        " subresource_uris:uris expires add_on"
    )
    COLUMNS = ("sid", "label", "content_type", "expires", "add_on_result_sid", "date_created")

    @property
    def label(self) -> str:
        return self._text("label")

    @property
    def content_type(self) -> str:
        return self._text("content_type")


class Outcome(Record):
    """What became of one item of a batch: its address, one word, and the reason."""

    COLLECTION, ELEMENT = "outcomes", "Outcome"
    FIELDS = fields("sid:sid outcome:status detail")

    @property
    def address(self) -> Address:
        """What was worked on: here `sid` is a whole address, as it was given."""
        return Address(*str(self.document["sid"]).split("/"))

"""What an account is filled with: the sample data, or as much as one asks for, oldest first.

The sample data (samples.json) are a few calls of an outdoor shop, and what five add-ons made of
them: transcripts in the shapes of IBM and VoiceBase (speech-to-text-async of cloud.ibm.com/docs;
github.com/voicebase), as text, sentiment and keywords. SIDs never change; times are in seconds
after the moment they are made, those before it after its whole minute. Newest first:

0. a call of today about a parcel that never came: transcript, sentiment and keywords, completed;
1. a call of three hours ago, still being worked on: all four results are completed within a minute;
2. a call of yesterday that no add-on has heard;
3. a conference of five days ago: failed, canceled, deleted and completed, by two add-ons; among the
   payloads those nobody expects (a hostile label, an empty one);
4. a call of last month whose results are about to expire, in five hours and in two days, and one of
   an add-on that was run again later;
5. a call that was deleted (listed only with `IncludeSoftDeleted=true`).

Another call lies in the subaccount.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import NamedTuple

from addonctl.sandbox import ACCOUNT, AUTH_TOKEN, SUBACCOUNT, SUBACCOUNT_AUTH_TOKEN

DAY = 24 * 3600


class Account(NamedTuple):
    """A main account, or a subaccount of `owner_account_sid`."""

    sid: str
    owner_account_sid: str
    friendly_name: str
    auth_token: str
    created: int
    status: str = "active"


class AddOn(NamedTuple):
    """An add-on as it is installed; results name it by its number, from 1."""

    sid: str
    configuration_sid: str


class Recording(NamedTuple):
    """A recording of `account_sid`, of `duration` seconds."""

    sid: str
    created: int
    duration: int
    call_sid: str
    account_sid: str = ACCOUNT
    conference_sid: str | None = None
    source: str = "RecordVerb"
    channels: int = 1
    status: str = "completed"


class Result(NamedTuple):
    """What an add-on makes of the recording `reference_sid`.

    Its status is `waiting`, from `started` on `working`, from `completed` on `status`; a time that
    is None never comes.
    """

    reference_sid: str
    sid: str
    created: int
    completed: int | None
    add_on: int = 1
    status: str = "completed"
    started: int | None = None
    waiting: str = "queued"
    working: str = "in-progress"


class Payload(NamedTuple):
    """A file of the result `add_on_result_sid`; without a body its `size` bytes are made up."""

    add_on_result_sid: str
    sid: str
    created: int
    label: str
    content_type: str
    size: int
    body: bytes | None = None


Content = Account | AddOn | Recording | Result | Payload
TABLES: dict[type[Content], str] = {
    Account: "accounts",
    AddOn: "add_ons",
    Recording: "recordings",
    Result: "results",
    Payload: "payloads",
}


def accounts(now: int) -> list[Account]:
    """Give the main account and its subaccount."""
    return [
        Account(ACCOUNT, ACCOUNT, "Northwind Outfitters", AUTH_TOKEN, now - 900 * DAY),
        Account(SUBACCOUNT, ACCOUNT, "Repair shop", SUBACCOUNT_AUTH_TOKEN, now - 400 * DAY),
    ]


def sample(now: int) -> Iterator[Content]:
    """Give the sample data, as it looks at `now`."""
    import wave
    from importlib.resources import files

    row_types = {row_type.__name__: row_type for row_type in TABLES}
    minute = now - now % 60
    yield from accounts(minute)
    for given in json.loads(files("addonctl.sandbox").joinpath("samples.json").read_bytes()):
        ((name, row),) = given.items()
        for time in {"created", "started", "completed"} & row.keys():
            row[time] += minute if row[time] < 0 else now
        if name == "Payload":
            if "json" in row:
                body = json.dumps(row.pop("json")).encode()
            elif "text" in row:
                body = row.pop("text").encode()
            else:  # half a second of 444 Hz
                with wave.open(file := io.BytesIO(), "wb") as writer:
                    writer.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
                    writer.writeframes((b"\x00\x20" * 9 + b"\x00\xe0" * 9) * 222)
                body = file.getvalue()
            row |= {"size": len(body), "body": body}
        yield row_types[name](**row)


def sid(prefix: str, number: int) -> str:
    """Give the SID of the n-th thing of its kind, one that looks real and never changes."""
    digits = hashlib.md5(f"generated {prefix} {number}".encode(), usedforsecurity=False)
    return prefix + digits.hexdigest()


def generated(
    now: int, recordings: int = 1, results: int = 1, payloads: int = 1, payload_bytes: int = 1000
) -> Iterator[Content]:
    """Give `recordings` × `results` × `payloads` rows, made one by one as they are asked for.

    All results are completed, and spread evenly over the last 29 days. The n-th thing, counted from
    the newest, has the same SID whenever and wherever it is made.
    """
    span = 29 * DAY - 3600
    now -= now % 60

    def created(number: int, total: int) -> int:
        return now - 300 - span * number // total

    total = recordings * results
    yield from accounts(now)
    yield from (AddOn(sid("XB", n), sid("XE", n)) for n in range(3))
    for n in reversed(range(recordings)):
        yield Recording(sid("RE", n), created(n, recordings) - 120, 60 + n % 240, sid("CA", n))
    for n in reversed(range(total)):
        at = created(n, total)
        yield Result(sid("RE", n // results), sid("XR", n), at, at + 90, n % 3 + 1)
    for n in reversed(range(total * payloads)):
        at, label = created(n // payloads, total) + 90, f"transcript {n % payloads + 1}"
        yield Payload(
            sid("XR", n // payloads), sid("XH", n), at, label, "text/plain", payload_bytes
        )

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
from typing import Any

from addonctl.sandbox import ACCOUNT, AUTH_TOKEN, SUBACCOUNT, SUBACCOUNT_AUTH_TOKEN

DAY = 24 * 3600

# A table of the state, and what a row of it holds; other columns have their defaults.
Row = tuple[str, dict[str, Any]]


def accounts(now: int) -> Iterator[Row]:
    """Give the main account and its subaccount."""
    for account, name, token, days in (
        (ACCOUNT, "Northwind Outfitters", AUTH_TOKEN, 900),
        (SUBACCOUNT, "Repair shop", SUBACCOUNT_AUTH_TOKEN, 400),
    ):
        at = now - days * DAY
        yield "accounts", dict(sid=account, friendly_name=name, auth_token=token, created=at)


def sample(now: int) -> Iterator[Row]:
    """Give the sample data, as it looks at `now`."""
    import wave
    from importlib.resources import files

    minute = now - now % 60
    yield from accounts(minute)
    for given in json.loads(files("addonctl.sandbox").joinpath("samples.json").read_bytes()):
        ((table, row),) = given.items()
        for time in {"created", "started", "completed"} & row.keys():
            row[time] += minute if row[time] < 0 else now
        if table == "payloads":
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
        yield table, row


def sid(prefix: str, number: int) -> str:
    """Give the SID of the n-th thing of its kind, one that looks real and never changes."""
    digits = hashlib.md5(f"generated {prefix} {number}".encode(), usedforsecurity=False)
    return prefix + digits.hexdigest()


def generated(
    now: int, recordings: int = 1, results: int = 1, payloads: int = 1, payload_bytes: int = 1000
) -> Iterator[Row]:
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
    for n in range(3):
        yield "add_ons", dict(sid=sid("XB", n), configuration_sid=sid("XE", n))
    for n in reversed(range(recordings)):
        at, call = created(n, recordings) - 120, sid("CA", n)
        yield "recordings", dict(sid=sid("RE", n), created=at, duration=60 + n % 240, call_sid=call)
    for n in reversed(range(total)):
        at, parent = created(n, total), sid("RE", n // results)
        row = dict(sid=sid("XR", n), reference_sid=parent, created=at, completed=at + 90)
        yield "results", row | {"add_on": n % 3 + 1}
    text = {"content_type": "text/plain", "size": payload_bytes}
    for n in reversed(range(total * payloads)):
        at, parent = created(n // payloads, total) + 90, sid("XR", n // payloads)
        label = f"transcript {n % payloads + 1}"
        row = dict(sid=sid("XH", n), add_on_result_sid=parent, created=at, label=label)
        yield "payloads", row | text

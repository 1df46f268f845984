"""What an account is filled with: the sample data, or as much as one asks for.

The sample data (samples.json) are a few calls of an outdoor shop, and what five add-ons made of
them: transcripts in the shapes of IBM and VoiceBase (speech-to-text-async of cloud.ibm.com/docs;
github.com/voicebase), as text, sentiment and keywords. SIDs never change; dates are relative to
the moment they are made, in seconds, and made in whole minutes. Newest first:

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
import json
from importlib.resources import files
from typing import Any

from addonctl import sandbox
from addonctl.sandbox.schema import (
    Account,
    AddOn,
    Contents,
    Payload,
    Recording,
    Result,
)

DAY = 24 * 3600


def accounts(now: int) -> list[Account]:
    """Give the main account and its subaccount."""
    main, below = sandbox.ACCOUNT, sandbox.SUBACCOUNT
    return [
        Account(main, main, "Northwind Outfitters", sandbox.AUTH_TOKEN, now - 900 * DAY),
        Account(below, main, "Repair shop", sandbox.SUBACCOUNT_AUTH_TOKEN, now - 400 * DAY),
    ]


def contents(now: int) -> Contents:
    """Give the sample data, as it looks at `now`."""
    minute = now - now % 60
    given = json.loads(files(sandbox).joinpath("samples.json").read_bytes())
    recordings: list[Recording] = []
    results: list[Result] = []
    payloads: list[Payload] = []
    for recording in given["recordings"]:
        its_results = recording.pop("results", ())
        recordings.append(Recording(created=minute - recording.pop("age"), **recording))
        for result in its_results:
            its_payloads = result.pop("payloads", ())
            created = minute - result.pop("age")
            if "ends" in result:  # under way still: it starts and ends so long after this moment
                started, completed = now + result.pop("starts"), now + result.pop("ends")
            else:
                started, completed = None, created + result.pop("took")
            place = len(recordings), result.pop("sid"), created, completed
            results.append(Result(*place, started=started, **result))
            for payload in its_payloads:
                kind, body = _data(payload)
                place = len(results), payload["sid"], completed, payload["label"]
                payloads.append(Payload(*place, kind, len(body), body))
    add_ons = [AddOn(**add_on) for add_on in given["add_ons"]]
    return Contents(accounts(minute), add_ons, recordings, results, payloads)


def _data(payload: dict[str, Any]) -> tuple[str, bytes]:
    """Give a payload's content type and bytes: JSON, text, or half a second of 444 Hz."""
    if "json" in payload:
        return "application/json", json.dumps(payload["json"]).encode()
    if "text" in payload:
        return payload["content_type"], payload["text"].encode()
    import io
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        writer.writeframes((b"\x00\x20" * 9 + b"\x00\xe0" * 9) * 222)
    return payload["content_type"], file.getvalue()


def sid(prefix: str, number: int, seed: str = "generated") -> str:
    """Give the SID of the n-th thing of its kind, one that looks real and never changes."""
    digits = hashlib.md5(f"{seed} {prefix} {number}".encode(), usedforsecurity=False)
    return prefix + digits.hexdigest()


def generated(
    now: int, recordings: int = 1, results: int = 1, payloads: int = 1, payload_bytes: int = 1000
) -> Contents:
    """Give `recordings` × `results` × `payloads` rows, made one by one as they are asked for.

    All results are completed, and spread evenly over the last 29 days. The n-th thing has the same
    SID whenever and wherever it is made.
    """
    span = 29 * DAY - 3600
    now -= now % 60

    def created(number: int, total: int) -> int:
        return now - 300 - span * number // max(total, 1)

    total = recordings * results
    return Contents(
        accounts(now),
        [AddOn(sid("XB", n), sid("XE", n)) for n in range(3)],
        (
            Recording(sid("RE", n), created(n, recordings) - 120, 60 + n % 240, sid("CA", n))
            for n in range(recordings)
        ),
        (
            Result(n // results + 1, sid("XR", n), at, at + 90, n % 3 + 1)
            for n in range(total)
            for at in (created(n, total),)
        ),
        (
            Payload(n // payloads + 1, sid("XH", n), at, label, "text/plain", payload_bytes)
            for n in range(total * payloads)
            for at in (created(n // payloads, total) + 90,)
            for label in (f"transcript {n % payloads + 1}",)
        ),
    )

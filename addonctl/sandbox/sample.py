"""The sample data: a few support calls of an outdoor shop, and what four add-ons made of them.

The SIDs never change; the dates are relative to the moment of seeding, in whole minutes. Newest
first, the account holds:

0. a call of today about a parcel that never came: transcript, sentiment and keywords, completed;
1. a call of three hours ago, still being worked on: queued, init, processing, in-progress;
2. a call of yesterday that no add-on has heard;
3. a conference of five days ago: failed, canceled, deleted and completed, the last with the
   payloads nobody expects (a hostile label, an empty one);
4. a call of last month whose results are about to expire, in five hours and in two days;
5. a call that was deleted (listed only with `IncludeSoftDeleted=true`).

Another call lies in the subaccount.
"""

from __future__ import annotations

import json
from typing import Any

from addonctl.sandbox import ACCOUNT, SUBACCOUNT
from addonctl.sandbox.generated import DAY, sid
from addonctl.sandbox.schema import Contents

HOUR = 3600
SPEECH, SENTIMENT, KEYWORDS, AUDIO = 1, 2, 3, 4
HOSTILE_LABEL = (
    '=HYPERLINK("http://evil.invalid";"\x1b[31mopen me\x1b[0m")/../../etc/passwd\nline 2'
)

PARCEL = (
    ("Agent", "Thank you for calling Northwind Outfitters, this is Maya. How can I help?"),
    ("Customer", "Hi, I ordered a tent two weeks ago and the parcel never arrived."),
    ("Agent", "I am sorry about that. Could you give me the order number, please?"),
    ("Customer", "It is four seven one one. Tracking says delivered, but nobody was home."),
    ("Agent", "I will send a new tent today by express, at no cost."),
    ("Customer", "That is wonderful, thank you so much!"),
)
BOOTS = (
    ("Customer", "The boots I bought last month leak after an hour of rain."),
    ("Agent", "They should not. Would you like another pair, or your money back?"),
    ("Customer", "My money back, please."),
)
MEETING = (
    ("Tom", "Shall we open the new store before the winter season?"),
    ("Ines", "Only if the lease is signed by Friday."),
)

Lines = tuple[tuple[str, str], ...]


def contents(now: int) -> Contents:
    """Give the sample data, as it looks at `now`."""
    now -= now % 60
    recordings: list[tuple[Any, ...]] = []
    results: list[tuple[Any, ...]] = []
    payloads: list[tuple[Any, ...]] = []

    def recording(age: int, seconds: int, source: str = "RecordVerb", **other: Any) -> None:
        number = len(recordings)
        conference = sid("CF", number, "sample") if "Conference" in source else None
        status, account = other.get("status", "completed"), other.get("account", ACCOUNT)
        call = sid("CA", number, "sample")
        recordings.append(
            (sid("RE", number, "sample"), account, call, conference, status, source)
            + (2 if conference else 1, seconds, now - age)
        )

    def result(add_on: int, status: str, age: int, took: int | None = None) -> None:
        created = now - age
        completed = None if took is None else created + took
        results.append(
            (sid("XR", len(results), "sample"), len(recordings), add_on, status, created)
            + (completed or created + 60, completed)
        )

    def payload(label: str, content_type: str, body: bytes) -> None:
        created = results[-1][5]
        payloads.append(
            (sid("XH", len(payloads), "sample"), len(results), label, content_type, created)
            + (len(body), body)
        )

    recording(2 * HOUR, 74)
    result(SPEECH, "completed", 2 * HOUR - 240, 60)
    payload("transcript", "application/json", _transcript(PARCEL))
    payload("transcript as text", "text/plain", _text(PARCEL))
    result(SENTIMENT, "completed", 2 * HOUR - 180, 120)
    payload("sentiment", "application/json", _sentiment(PARCEL, 0.42))
    result(KEYWORDS, "completed", 2 * HOUR - 120, 60)
    payload("keywords", "text/csv", _keywords("parcel", "tent", "tracking", "express", "order"))

    recording(3 * HOUR, 301, "OutboundAPI")
    result(KEYWORDS, "queued", 3 * HOUR - 360)
    result(SENTIMENT, "init", 3 * HOUR - 360)
    result(AUDIO, "processing", 3 * HOUR - 360)
    result(SPEECH, "in-progress", 3 * HOUR - 360)

    recording(26 * HOUR, 12)

    recording(5 * DAY, 1260, "Conference")
    result(SENTIMENT, "failed", 5 * DAY - 1500, 300)
    result(KEYWORDS, "canceled", 5 * DAY - 1500, 60)
    result(AUDIO, "deleted", 5 * DAY - 1440, 240)
    result(SPEECH, "completed", 5 * DAY - 1380, 600)
    payload("media", "application/json", _media(MEETING, "lease", "winter"))
    payload(HOSTILE_LABEL, "text/plain", _text(MEETING))
    payload("", "text/plain", b"")

    recording(30 * DAY - 4 * HOUR, 48)
    result(AUDIO, "completed", 28 * DAY, 180)
    payload("enhanced audio", "audio/x-wav", _tone())
    result(SPEECH, "completed", 30 * DAY - 5 * HOUR, 120)
    payload("transcript", "application/json", _transcript(BOOTS))

    recording(31 * DAY, 5, "DialVerb", status="deleted")

    recording(DAY, 33, account=SUBACCOUNT)
    result(SPEECH, "completed", DAY - 60, 60)
    payload("transcript", "application/json", _transcript(BOOTS))

    add_ons = [(sid("XB", n, "sample"), sid("XE", n, "sample")) for n in range(4)]
    return Contents(add_ons, recordings, results, payloads)


def _text(lines: Lines) -> bytes:
    return "".join(f"{who}: {said}\n" for who, said in lines).encode()


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _transcript(lines: Lines) -> bytes:
    at = 0.0
    spoken = []
    for number, (_, said) in enumerate(lines):
        timestamps = []
        for word in said.split():
            end = round(at + 0.08 + 0.05 * len(word), 2)
            timestamps.append([word.strip(",.!?"), at, end])
            at = round(end + 0.04, 2)
        confidence = round(0.94 - 0.03 * number, 2)
        best = {"transcript": said, "confidence": confidence, "timestamps": timestamps}
        spoken.append({"alternatives": [best], "final": True})
    return _json({"results": [{"results": spoken, "result_index": 0}]})


def _media(lines: Lines, *keywords: str) -> bytes:
    text = " ".join(f"{who}: {said}" for who, said in lines)
    return _json({"media": {"transcripts": {"text": text}, "keywords": list(keywords)}})


def _sentiment(lines: Lines, score: float) -> bytes:
    step = 2 * score / (len(lines) - 1)
    sentences = [
        {"speaker": who, "text": said, "score": round(step * number - score, 2)}
        for number, (who, said) in enumerate(lines)
    ]
    return _json({"sentiment": {"overall": score, "sentences": sentences}})


def _keywords(*words: str) -> bytes:
    rows = (f"{word},{len(words) - n},{0.97 - n / 20:.2f}\r\n" for n, word in enumerate(words))
    return ("keyword,count,relevance\r\n" + "".join(rows)).encode()


def _tone(rate: int = 8000, seconds: float = 0.5) -> bytes:
    """Give a short 440 Hz tone as a WAV file, 16 bits, mono."""
    import io
    import math
    import struct
    import wave

    samples = (
        int(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(int(rate * seconds))
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(b"".join(struct.pack("<h", value) for value in samples))
    return file.getvalue()

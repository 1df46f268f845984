"""What an account is filled with: the sample data, or as much as one asks for.

The sample data are a few calls of an outdoor shop, and what five add-ons made of them. Their SIDs
never change; dates are relative to the moment they are made, in whole minutes. Newest first:

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
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from addonctl import sandbox
from addonctl.sandbox.schema import Account, AddOn, Contents, Payload, Recording, Result

HOUR = 3600
DAY = 24 * HOUR
WATSON, SENTIMENT, KEYWORDS, AUDIO, VOICEBASE = 1, 2, 3, 4, 5
HOSTILE_LABEL = (
    '=HYPERLINK("http://evil.invalid";"\x1b[31mopen me\x1b[0m")/../../etc/passwd\nline 2'
)
KEYWORDS_AS_CSV = b"keyword,count,relevance\r\nparcel,2,0.97\r\ntent,2,0.92\r\nexpress,1,0.87\r\n"

Lines = tuple[tuple[str, str], ...]

PARCEL: Lines = (
    ("Agent", "Thank you for calling Northwind Outfitters, this is Maya. How can I help?"),
    ("Customer", "Hi, I ordered a tent two weeks ago and the parcel never arrived."),
    ("Agent", "I am sorry about that. Could you give me the order number, please?"),
    ("Customer", "It is four seven one one. Tracking says delivered, but nobody was home."),
    ("Agent", "I will send a new tent today by express, at no cost."),
    ("Customer", "That is wonderful, thank you so much!"),
)
STOVE: Lines = (
    ("Agent", "Good morning, Northwind Outfitters calling back about your stove."),
    ("Customer", "Oh, good. The flame goes out as soon as there is any wind."),
    ("Agent", "Then the valve needs cleaning. Have you got the little brush that came with it?"),
    ("Customer", "I threw the box away, sorry."),
    ("Agent", "No problem, I will post you one. Is it still the address in Bristol?"),
    ("Customer", "Yes, nothing has changed. Thanks for ringing."),
)
MEETING: Lines = (
    ("Tom", "Shall we open the new store before the winter season?"),
    ("Ines", "Only if the lease is signed by Friday. The landlord wants two years."),
    ("Tom", "Two years is long. What would one year cost us?"),
    ("Ines", "About ten percent more. I can ask again this afternoon."),
    ("Tom", "Please do, and send me the numbers."),
)
BOOTS: Lines = (
    ("Customer", "The boots I bought last month leak after an hour of rain."),
    ("Agent", "They should not. Would you like another pair, or your money back?"),
    ("Customer", "My money back, please."),
    ("Agent", "Of course. You will have it by Monday."),
)


def sid(prefix: str, number: int, seed: str = "sample") -> str:
    """Give a SID that looks real and never changes."""
    digits = hashlib.md5(f"{seed} {prefix} {number}".encode(), usedforsecurity=False)
    return prefix + digits.hexdigest()


def accounts(now: int) -> list[Account]:
    """Give the main account and its subaccount."""
    main, below = sandbox.ACCOUNT, sandbox.SUBACCOUNT
    return [
        Account(main, main, "Northwind Outfitters", sandbox.AUTH_TOKEN, now - 900 * DAY),
        Account(below, main, "Repair shop", sandbox.SUBACCOUNT_AUTH_TOKEN, now - 400 * DAY),
    ]


def contents(now: int) -> Contents:
    """Give the sample data, as it looks at `now`."""
    exact, now = now, now - now % 60
    add_ons = [AddOn(sid("XB", n), sid("XE", n)) for n in range(5)]
    # VoiceBase's own, which people know.
    add_ons[VOICEBASE - 1] = AddOn("XB7afe11af3e292cadb03248e0066b8c1e", sid("XE", VOICEBASE - 1))
    recordings: list[Recording] = []
    results: list[Result] = []
    payloads: list[Payload] = []

    def recording(age: int, lines: Lines = (), **other: Any) -> None:
        n = len(recordings)
        seconds = int(spoken(lines)[-1].end) + 2 if lines else 12
        recordings.append(Recording(sid("RE", n), now - age, seconds, sid("CA", n), **other))

    def result(n: int, add_on: int, age: int, took: int, **other: Any) -> None:
        created = now - age
        other.setdefault("completed", created + took)
        results.append(Result(len(recordings), sid("XR", n), created, add_on=add_on, **other))

    def pending(n: int, add_on: int, seconds: int, waits: int, **other: Any) -> None:
        age = now - recordings[-1].created - 360
        result(n, add_on, age, 0, started=exact + waits, completed=exact + seconds, **other)

    def payload(n: int, label: str, content_type: str, body: bytes) -> None:
        created = results[-1].completed or 0
        payloads.append(
            Payload(len(results), sid("XH", n), created, label, content_type, len(body), body)
        )

    def document(n: int, label: str, body: dict[str, Any]) -> None:
        payload(n, label, "application/json", json.dumps(body).encode())

    recording(2 * HOUR, PARCEL)
    result(0, WATSON, 2 * HOUR - 240, 60)
    document(0, "transcript", watson(PARCEL, results[-1].sid, "tent", "parcel"))
    payload(1, "transcript as text", "text/plain", text(PARCEL))
    result(1, SENTIMENT, 2 * HOUR - 180, 120)
    document(2, "sentiment", sentiment(PARCEL, 0.42))
    result(2, KEYWORDS, 2 * HOUR - 120, 60)
    payload(3, "keywords", "text/csv", KEYWORDS_AS_CSV)

    recording(3 * HOUR, STOVE, source="OutboundAPI")
    pending(3, KEYWORDS, 45, waits=25)
    document(12, "keywords", {"keywords": [{"text": "stove", "relevance": 0.93, "count": 1}]})
    pending(4, SENTIMENT, 60, waits=20, waiting="init")
    document(13, "sentiment", sentiment(STOVE, 0.31))
    pending(5, AUDIO, 35, waits=-60, working="processing")
    payload(14, "enhanced audio", "audio/x-wav", tone())
    pending(6, WATSON, 25, waits=-60)
    document(15, "transcript", watson(STOVE, results[-1].sid, "stove"))

    recording(26 * HOUR)

    conference = sid("CF", len(recordings))
    recording(5 * DAY, MEETING, source="Conference", channels=2, conference_sid=conference)
    result(7, SENTIMENT, 5 * DAY - 1500, 300, status="failed")
    result(8, KEYWORDS, 5 * DAY - 1500, 60, status="canceled")
    result(9, AUDIO, 5 * DAY - 1440, 240, status="deleted")
    result(10, VOICEBASE, 5 * DAY - 1380, 600)
    document(4, "voicebase_transcription", voicebase(MEETING, "lease", "winter"))
    payload(5, HOSTILE_LABEL, "text/plain", text(MEETING))
    payload(6, "", "text/plain", b"")
    document(10, "media", voicebase_2(MEETING, results[-1].sid, "lease", "winter"))

    recording(30 * DAY - 4 * HOUR, BOOTS)
    result(14, VOICEBASE, 12 * DAY, 90)
    document(11, "transcript", voicebase_3(BOOTS, results[-1].sid))
    result(11, AUDIO, 28 * DAY, 180)
    payload(7, "enhanced audio", "audio/x-wav", tone())
    result(12, WATSON, 30 * DAY - 5 * HOUR, 120)
    document(8, "transcript", watson(BOOTS, results[-1].sid, "boots"))

    recording(31 * DAY, source="DialVerb", status="deleted")

    recording(DAY, BOOTS, account_sid=sandbox.SUBACCOUNT)
    result(13, WATSON, DAY - 60, 60)
    document(9, "transcript", watson(BOOTS, results[-1].sid, "boots"))

    return Contents(accounts(now), add_ons, recordings, results, payloads)


def generated(
    now: int, recordings: int = 1, results: int = 1, payloads: int = 1, payload_bytes: int = 1000
) -> Contents:
    """Give `recordings` × `results` × `payloads` rows, made one by one as they are asked for.

    All results are completed, and spread evenly over the last 29 days. The n-th thing has the same
    SID whenever and wherever it is made.
    """
    span = 29 * DAY - HOUR
    now -= now % 60

    def name(prefix: str, number: int) -> str:
        return sid(prefix, number, "generated")

    def created(number: int, total: int) -> int:
        return now - 300 - span * number // max(total, 1)

    total = recordings * results
    return Contents(
        accounts(now),
        [AddOn(name("XB", n), name("XE", n)) for n in range(3)],
        (
            Recording(name("RE", n), created(n, recordings) - 120, 60 + n % 240, name("CA", n))
            for n in range(recordings)
        ),
        (
            Result(n // results + 1, name("XR", n), at, at + 90, n % 3 + 1)
            for n in range(total)
            for at in (created(n, total),)
        ),
        (
            Payload(n // payloads + 1, name("XH", n), at, label, "text/plain", payload_bytes)
            for n in range(total * payloads)
            for at in (created(n // payloads, total) + 90,)
            for label in (f"transcript {n % payloads + 1}",)
        ),
    )


class Word(NamedTuple):
    """A word of a call as it is written, with the number of its line, and its seconds."""

    text: str
    line: int
    begin: float
    end: float


def spoken(lines: Lines) -> list[Word]:
    """Give every word of a call and when it was said."""
    words, at = [], 0.4
    for number, (_, said) in enumerate(lines):
        for word in said.split():
            end = round(at + 0.12 + 0.06 * len(word.strip(",.!?")), 2)
            words.append(Word(word, number, at, end))
            at = round(end + 0.05, 2)
        at = round(at + 0.8, 2)
    return words


def text(lines: Lines) -> bytes:
    """Write a call as lines of plain text."""
    return "".join(f"{who}: {said}\n" for who, said in lines).encode()


def watson(lines: Lines, result: str, *keywords: str) -> dict[str, Any]:
    """Write a call as IBM's add-on does, with the words as they sound.

    https://cloud.ibm.com/docs/speech-to-text?topic=speech-to-text-async, and -speaker-labels.
    """
    words, found = spoken(lines), []
    speakers = list(dict.fromkeys(who for who, _ in lines))
    for number in range(len(lines)):
        stamps: list[tuple[str, float, float]] = []
        begins = True
        for word, _, begin, end in (word for word in words if word.line == number):
            heard = word.strip(",.!?")
            stamps.append((heard.lower() if begins and heard != "I" else heard, begin, end))
            begins = word[-1] in ".!?"
        best = {
            "transcript": "".join(f"{heard} " for heard, _, _ in stamps),
            "confidence": round(0.94 - 0.03 * number, 2),
            "timestamps": stamps,
        }
        spotted = {
            keyword: [
                {"normalized_text": keyword, "start_time": begin, "end_time": end}
                for heard, begin, end in stamps
                if heard == keyword
            ]
            for keyword in keywords
        }
        named = {keyword: places for keyword, places in spotted.items() if places}
        found.append({"final": True, "alternatives": [best], "keywords_result": named})
    labels = [
        {
            **{"from": word.begin, "to": word.end, "speaker": speakers.index(lines[word.line][0])},
            **{"confidence": 0.61, "final": word is words[-1]},
        }
        for word in words
    ]
    return {
        "user_token": result,
        "id": str(UUID(result[2:])),
        "event": "recognitions.completed_with_results",
        "results": [{"result_index": 0, "results": found, "speaker_labels": labels}],
    }


def voicebase(lines: Lines, *keywords: str) -> dict[str, Any]:
    """Write a call as VoiceBase's add-on does."""
    speakers = list(dict.fromkeys(who for who, _ in lines))
    said = " ".join(f"Speaker {speakers.index(who) + 1}: {said}" for who, said in lines)
    return {"media": {"transcripts": {"text": said}, "keywords": list(keywords)}}


def voicebase_2(lines: Lines, result: str, *keywords: str) -> dict[str, Any]:
    """Write a call as version 2 of VoiceBase's own API does."""
    revision = {"revision": str(UUID(result[2:]))}
    spotted = [{"name": keyword, "relevance": "0.71"} for keyword in keywords]
    media = {
        "mediaId": str(UUID(result[2:])),
        "status": "finished",
        "transcripts": {"latest": {**revision, "words": list(_words(lines, ": "))}},
        "keywords": {"latest": {**revision, "words": spotted, "groups": []}},
        "topics": {"latest": {**revision, "topics": []}},
    }
    return {"_links": {}, "media": media}


def voicebase_3(lines: Lines, result: str) -> dict[str, Any]:
    """Write a call as version 3 of VoiceBase's own API does: see github.com/voicebase."""
    return {
        "_links": {},
        "formatVersion": "3.0.7",
        "mediaId": str(UUID(result[2:])),
        "status": "finished",
        "mediaContentType": "audio/x-wav",
        "length": round(spoken(lines)[-1].end * 1000),
        "knowledge": {"keywords": [], "topics": []},
        "transcript": {"confidence": 0.89, "words": list(_words(lines, ""))},
    }


def _words(lines: Lines, after_name: str) -> Iterator[dict[str, Any]]:
    place, line = 0, -1
    for word in spoken(lines):
        begin, end = round(word.begin * 1000), round(word.end * 1000)
        plain = word.text.rstrip(",.!?")
        parts = [(plain, begin, end, "")]
        if word.line != line:
            line = word.line
            parts.insert(0, (lines[line][0] + after_name, begin, begin, "turn"))
        if mark := word.text[len(plain) :]:
            parts.append((mark, end, end, "punc"))
        for said, begin, end, kind in parts:
            place += 1
            confidence = 1.0 if kind else 0.89
            yield {
                **{"p": place, "c": confidence, "s": begin, "e": end, "w": said},
                **({"m": kind} if kind else {}),
            }


def sentiment(lines: Lines, score: float) -> dict[str, Any]:
    """Write how a call felt; no transcript, though it quotes the call."""
    step = 2 * score / (len(lines) - 1)
    sentences = [
        {"speaker": who, "text": said, "score": round(step * number - score, 2)}
        for number, (who, said) in enumerate(lines)
    ]
    return {"sentiment": {"overall": score, "sentences": sentences}}


def tone() -> bytes:
    """Give half a second of 444 Hz as a WAV file, 16 bits, mono."""
    import io
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        writer.writeframes((b"\x00\x20" * 9 + b"\x00\xe0" * 9) * 222)
    return file.getvalue()

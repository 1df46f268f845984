"""The sample data: documents as vendors write them, of calls that say the same in each shape."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import wave
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from support.program import Run
from support.serving import Clock, in_process

from addonctl import sandbox
from addonctl.sandbox.app import Application

ROOT = f"{sandbox.API_URL}/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings"
ONGOING = "REb53607bf941f24d7cd847655a9a8ad30"


class Sample:
    """The account, a minute and more after it was made, and all that lies in it."""

    def __init__(self, path: Path, seconds: int = 0) -> None:
        clock = Clock()
        self.application = Application(path, clock=clock)
        self.session = in_process(self.application)
        self.application.state.counts()
        clock.forward(seconds=seconds)

    def payloads(self) -> Iterator[tuple[dict[str, Any], dict[str, Any], bytes]]:
        """Each recording, payload and its bytes."""
        for recording in self.session.get(f"{ROOT}.json").json()["recordings"]:
            path = f"{ROOT}/{recording['sid']}/AddOnResults"
            for result in self.session.get(f"{path}.json").json()["add_on_results"]:
                below = f"{path}/{result['sid']}/Payloads"
                for payload in self.session.get(f"{below}.json").json()["payloads"]:
                    data = self.session.get(f"{below}/{payload['sid']}/Data").content
                    yield recording, payload, data

    def documents(self) -> list[tuple[dict[str, Any], dict[str, Any], Any]]:
        return [
            (recording, payload, json.loads(data))
            for recording, payload, data in self.payloads()
            if payload["content_type"] == "application/json"
        ]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    made = Sample(tmp_path_factory.mktemp("sample") / "state.sqlite", seconds=90)
    yield made
    made.application.state.close()


def heard(text: str) -> list[str]:
    """The words of a text as they sound."""
    return [word.strip(",.!?").lower() for word in text.split()]


def of_watson(document: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Turns by the speaker labels, of the words with times."""
    (outer,) = document["results"]
    stamps = [
        tuple(stamp) for one in outer["results"] for stamp in one["alternatives"][0]["timestamps"]
    ]
    speakers = {(label["from"], label["to"]): label["speaker"] for label in outer["speaker_labels"]}
    turns = groupby(stamps, key=lambda stamp: speakers[stamp[1:]])
    return [(str(who), [word.lower() for word, _, _ in words]) for who, words in turns]


def of_words(words: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Turns of VoiceBase's words."""
    turns: list[tuple[str, list[str]]] = []
    for word in words:
        if word.get("m") == "turn":
            turns.append((word["w"].rstrip(": "), []))
        elif word.get("m") != "punc":
            turns[-1][1].append(word["w"].lower())
    return turns


def told(payload: dict[str, Any], data: bytes) -> list[tuple[str, list[str]]]:
    """What a payload says, turn by turn, in whichever shape; nothing where it is no conversation.

    Speakers are numbered as they come.
    """
    turns: list[tuple[str, list[str]]] = []
    if payload["content_type"] == "text/plain":
        lines = (line.split(": ", 1) for line in data.decode().splitlines())
        turns = [(who, heard(words)) for who, words in lines]
    elif payload["content_type"] == "application/json":
        document = json.loads(data)
        transcripts = document.get("media", {}).get("transcripts", {})
        if "user_token" in document:
            turns = of_watson(document)
        elif "latest" in transcripts:
            turns = of_words(transcripts["latest"]["words"])
        elif "text" in transcripts:
            parts = re.split(r"Speaker (\d+): ", transcripts["text"])[1:]
            turns = [
                (who, heard(words)) for who, words in zip(parts[::2], parts[1::2], strict=True)
            ]
        elif "transcript" in document:
            turns = of_words(document["transcript"]["words"])
        elif "sentiment" in document:
            sentences = document["sentiment"]["sentences"]
            turns = [(each["speaker"], heard(each["text"])) for each in sentences]
    numbers = {who: str(n) for n, who in enumerate(dict.fromkeys(who for who, _ in turns))}
    return [(numbers[who], words) for who, words in turns]


def test_every_shape_of_a_call_says_the_same(sample: Sample) -> None:
    """The same words by the same speakers."""
    calls: dict[str, list[list[tuple[str, list[str]]]]] = {}
    for recording, payload, data in sample.payloads():
        if said := told(payload, data):
            calls.setdefault(recording["sid"], []).append(said)

    for shapes in calls.values():
        assert all(said == shapes[0] for said in shapes)
    assert sorted(map(len, calls.values())) == [2, 2, 3, 3]


def test_times_are_the_same_in_seconds_and_in_thousandths(sample: Sample) -> None:
    watson, third = (
        next(document for _, _, document in reversed(sample.documents()) if name in document)
        for name in ("user_token", "transcript")
    )
    stamps = [
        stamp
        for one in watson["results"][0]["results"]
        for stamp in one["alternatives"][0]["timestamps"]
    ]
    times = [(word["s"], word["e"]) for word in third["transcript"]["words"] if "m" not in word]

    assert times == [(round(begin * 1000), round(end * 1000)) for _, begin, end in stamps]


def test_watsons_documents_are_as_the_add_on_leaves_them(sample: Sample) -> None:
    found = [
        (recording, payload, document)
        for recording, payload, document in sample.documents()
        if "user_token" in document
    ]
    for recording, payload, document in found:
        (outer,) = document["results"]
        best = [one["alternatives"][0] for one in outer["results"]]
        times = [time for one in best for _, *both in one["timestamps"] for time in both]

        assert document["user_token"] == payload["add_on_result_sid"]
        assert document["event"] == "recognitions.completed_with_results"
        assert all(one["final"] for one in outer["results"])
        assert all(one["transcript"].endswith(" ") for one in best)
        assert [one["transcript"].split() for one in best] == [
            [word for word, _, _ in one["timestamps"]] for one in best
        ]
        assert times == sorted(times)
        assert times[-1] < int(recording["duration"])
        assert [label["final"] for label in outer["speaker_labels"]][-2:] == [False, True]
    assert len(found) == 3
    spotted = [
        one["keywords_result"]
        for _, _, document in found[:1]
        for one in document["results"][0]["results"]
    ]
    assert {word for one in spotted for word in one} == {"tent", "parcel"}


def test_each_shape_seen_as_an_add_on_is_there_and_other_things_too(sample: Sample) -> None:
    every = list(sample.payloads())
    documents = [document for _, _, document in sample.documents()]
    media = [document["media"]["transcripts"] for document in documents if "media" in document]

    assert sum("text" in transcripts for transcripts in media) == 1
    assert sum("latest" in transcripts for transcripts in media) == 1
    assert sum("transcript" in document for document in documents) == 1
    assert sum("sentiment" in document for document in documents) == 2
    assert sum("keywords" in document for document in documents) == 1
    kinds = [payload["content_type"] for _, payload, _ in every]
    assert (kinds.count("text/csv"), kinds.count("audio/x-wav")) == (1, 2)
    for _, payload, data in every:
        if payload["content_type"] == "audio/x-wav":
            with wave.open(io.BytesIO(data)) as sound:
                assert sound.getnframes() > 1000


def test_what_is_pending_is_completed_within_a_minute(tmp_path: Path) -> None:
    """One after the other, each by the same steps whenever the account is made."""
    clock = Clock()
    application = Application(tmp_path / "state.sqlite", clock=clock)
    session = in_process(application)
    seen: dict[str, list[str]] = {}
    counts = []
    for _ in range(62):
        page = session.get(f"{ROOT}/{ONGOING}/AddOnResults.json").json()["add_on_results"]
        number = 0
        for result in page:
            steps = seen.setdefault(result["sid"], [])
            if result["status"] not in steps:
                steps.append(result["status"])
            assert (result["date_completed"] is None) == (result["status"] != "completed")
            path = f"{ROOT}/{ONGOING}/AddOnResults/{result['sid']}/Payloads.json"
            held = session.get(path).json()["payloads"]
            assert bool(held) == (result["status"] == "completed")
            number += len(held)
        counts.append(number)
        clock.forward(seconds=1)
    application.state.close()

    assert list(seen.values()) == [
        ["queued", "in-progress", "completed"],
        ["init", "in-progress", "completed"],
        ["processing", "completed"],
        ["in-progress", "completed"],
    ]
    assert (counts[19], counts[60]) == (0, 4)
    assert counts == sorted(counts)


def test_a_wait_for_the_sample_succeeds(run: Run, home: Path) -> None:
    """Too early it says what is pending; then a minute is gone by."""
    run("sandbox reset")
    early = run(f"-p sandbox results wait {ONGOING} --timeout 0s -f csv --fields status")
    with closing(sqlite3.connect(home / "state" / "addonctl" / "sandbox.sqlite")) as db:
        db.execute("UPDATE results SET completed = completed - 60")
        db.commit()
    late = run(f"-p sandbox results wait {ONGOING} -f csv --fields status")

    assert early.code == 8
    assert (late.code, late.out) == (0, "status\n" + "completed\n" * 4)

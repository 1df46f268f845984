"""What was said, out of every document that is known; and out of none that holds nothing.

The documents are in tests/fixtures/transcripts/, where a README names what they were written from.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import addonctl
from addonctl import transcripts
from addonctl.transcripts import NotATranscript, Transcript, Turn, Word

FIXTURES = Path(__file__).parent / "fixtures" / "transcripts"
SAID = (
    "Hello, this is Ada at the ferry office.",
    "Hi, is the noon boat running today?",
    "It is, but it leaves from pier two.",
    "Great, thank you.",
)
HEARD = tuple(re.sub("[,.?]", "", said[0].lower() + said[1:]) for said in SAID)
TIMES = ((0.4, 2.75), (3.3, 5.39), (5.94, 8.09), (8.64, 9.59))
NOBODY = (None,) * 4
ZERO_ONE = ("Speaker 0", "Speaker 1") * 2
ONE_TWO = ("Speaker 1", "Speaker 2") * 2
PEOPLE = ("Clerk", "Caller") * 2


def of(document: object, content_type: str = "application/json") -> Transcript:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = transcripts.read(data, content_type)
    assert isinstance(found, Transcript), found
    return found


def reason(data: bytes, content_type: str = "") -> str:
    found = transcripts.read(data, content_type)
    assert isinstance(found, NotATranscript), found
    return found.reason


def document(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "shape", "speakers", "channels", "said"),
    [
        ("watson-addon.json", "watson", ZERO_ONE, NOBODY, HEARD),
        ("watson-bare.json", "watson", NOBODY, NOBODY, HEARD),
        ("voicebase-v2.json", "voicebase-v2", PEOPLE, NOBODY, SAID),
        ("voicebase-v3.json", "voicebase-v3", PEOPLE, NOBODY, SAID),
        ("google-speakers.json", "google", ONE_TWO, NOBODY, SAID),
        ("google-channels.json", "google", NOBODY, (1, 2, 1, 2), SAID),
        ("google-v2.json", "google", ONE_TWO, NOBODY, SAID),
        ("deepgram-utterances.json", "deepgram", ZERO_ONE, (0,) * 4, SAID),
        ("deepgram-paragraphs.json", "deepgram", ZERO_ONE, (0,) * 4, SAID),
        ("deepgram-words.json", "deepgram", ZERO_ONE, (0,) * 4, SAID),
        ("deepgram-channels.json", "deepgram", NOBODY, (0, 1, 0, 1), SAID),
        ("aws-speakers.json", "aws", ZERO_ONE, NOBODY, SAID),
        ("aws-channels.json", "aws", NOBODY, (0, 1, 0, 1), SAID),
        ("aws-segments.json", "aws", NOBODY, NOBODY, SAID),
        ("whisper-verbose.json", "whisper", NOBODY, NOBODY, SAID),
        ("whisper-speakers.json", "whisper", ZERO_ONE, NOBODY, SAID),
        ("assemblyai.json", "assemblyai", ("Speaker A", "Speaker B") * 2, NOBODY, SAID),
    ],
)
def test_each_shape_gives_the_turns(
    name: str,
    shape: str,
    speakers: tuple[str | None, ...],
    channels: tuple[int | None, ...],
    said: tuple[str, ...],
) -> None:
    found = transcripts.read(FIXTURES / name)

    assert isinstance(found, Transcript)
    assert found.shape == shape
    assert [turn.n for turn in found.turns] == [1, 2, 3, 4]
    assert tuple(turn.speaker for turn in found.turns) == speakers
    assert tuple(turn.channel for turn in found.turns) == channels
    assert tuple(turn.text for turn in found.turns) == said
    for turn, (start, end) in zip(found.turns, TIMES, strict=True):
        first = 0.0 if name == "google-v2.json" and turn.n == 1 else start
        assert (turn.start, turn.end) == pytest.approx((first, end))


@pytest.mark.parametrize(
    ("name", "shape", "turns"),
    [
        ("voicebase-addon.json", "voicebase-addon", list(zip(ONE_TWO, SAID, strict=True))),
        ("plain-names.txt", "plain", list(zip(PEOPLE, SAID, strict=True))),
        ("plain-lines.txt", "plain", list(zip(NOBODY, SAID, strict=True))),
        ("whisper-words.json", "whisper", [(None, " ".join(SAID))]),
        ("assemblyai-words.json", "assemblyai", [(None, " ".join(SAID))]),
        ("generic.json", "generic", [(None, " ".join(SAID))]),
    ],
)
def test_what_tells_less_gives_what_it_tells(
    name: str, shape: str, turns: list[tuple[str | None, str]]
) -> None:
    found = of((FIXTURES / name).read_bytes(), "")

    assert found.shape == shape
    assert [(turn.speaker, turn.text) for turn in found.turns] == turns
    assert {turn.confidence for turn in found.turns} <= {None, 0.925}


RAW: dict[str, Callable[[Any], Iterator[tuple[Any, ...]]]] = {
    "watson-addon.json": lambda d: (
        tuple(word)
        for result in d["results"][0]["results"]
        for word in result["alternatives"][0]["timestamps"]
    ),
    "watson-bare.json": lambda d: (
        tuple(word)
        for result in d["results"]
        if result["final"]
        for word in result["alternatives"][0]["timestamps"]
    ),
    "voicebase-v2.json": lambda d: _voicebase(d["media"]["transcripts"]["latest"]["words"]),
    "voicebase-v3.json": lambda d: _voicebase(d["transcript"]["words"]),
    "google-speakers.json": lambda d: (
        (word["word"], float(word["startTime"][:-1]), float(word["endTime"][:-1]))
        for word in d["response"]["results"][-1]["alternatives"][0]["words"]
    ),
    "deepgram-words.json": lambda d: (
        (word["punctuated_word"], word["start"], word["end"])
        for word in d["results"]["channels"][0]["alternatives"][0]["words"]
    ),
    "aws-speakers.json": lambda d: _aws(d["results"]["items"]),
    "whisper-speakers.json": lambda d: (
        (word["word"], word["start"], word["end"])
        for part in d["segments"]
        for word in part["words"]
    ),
    "assemblyai.json": lambda d: (
        (word["text"], word["start"] / 1000, word["end"] / 1000) for word in d["words"]
    ),
}


def _voicebase(words: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for word, after in zip(words, [*words[1:], {}], strict=True):
        if "m" not in word:
            sign = after["w"] if after.get("m") == "punc" else ""
            yield word["w"] + sign, word["s"] / 1000, word["e"] / 1000


def _aws(items: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for item, after in zip(items, [*items[1:], {"type": ""}], strict=True):
        if item["type"] == "pronunciation":
            sign = after["alternatives"][0]["content"] if after["type"] == "punctuation" else ""
            word = item["alternatives"][0]["content"] + sign
            yield word, float(item["start_time"]), float(item["end_time"])


@pytest.mark.parametrize("name", RAW)
def test_every_word_is_there_with_its_times(name: str) -> None:
    """One by one, in order, none twice; the text is made of the same words."""
    raw = list(RAW[name](document(name)))
    turns = of((FIXTURES / name).read_bytes()).turns
    words = [word for turn in turns for word in turn.words]

    assert len(raw) == 26
    assert [word[:3] for word in words] == raw
    assert " ".join(turn.text for turn in turns).split() == [word[0] for word in raw]


@pytest.mark.parametrize(
    ("name", "confidence"),
    [
        ("watson-addon.json", [0.95, 0.9, 0.9, 0.83]),
        ("watson-bare.json", [0.95, 0.91, 0.87, 0.83]),
        ("google-channels.json", [0.96, 0.94, 0.92, 0.9]),
        ("google-speakers.json", [None] * 4),
        ("deepgram-utterances.json", [0.97, 0.96, 0.95, 0.94]),
        ("assemblyai.json", [0.96, 0.95, 0.94, 0.93]),
        ("voicebase-v3.json", [0.92175, 0.928714, 0.933125, 0.903333]),
        ("aws-speakers.json", [0.92175, 0.928714, 0.933125, 0.903333]),
        ("whisper-speakers.json", [0.92175, 0.928714, 0.933125, 0.903333]),
    ],
)
def test_confidence_is_the_turns_or_the_mean_of_its_words(
    name: str, confidence: list[float | None]
) -> None:
    assert [turn.confidence for turn in of(document(name)).turns] == confidence


@pytest.mark.parametrize(
    ("name", "keywords", "topics", "language"),
    [
        ("watson-bare.json", ("boat", "pier"), (), None),
        ("voicebase-addon.json", ("ferry office", "noon boat"), (), None),
        ("voicebase-v2.json", ("noon boat", "pier two"), ("Timetable",), None),
        ("voicebase-v3.json", ("noon boat",), ("Timetable",), None),
        ("deepgram-utterances.json", (), ("Ferry timetable",), "en"),
        ("google-speakers.json", (), (), "en-us"),
        ("aws-channels.json", (), (), "en-US"),
        ("whisper-verbose.json", (), (), "english"),
        ("assemblyai.json", ("noon boat",), ("Travel>TravelType>SeaTravel",), "en_us"),
    ],
)
def test_what_else_a_document_tells(
    name: str, keywords: tuple[str, ...], topics: tuple[str, ...], language: str | None
) -> None:
    found = of(document(name))

    assert (found.keywords, found.topics, found.language) == (keywords, topics, language)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("none-*.json")), ids=lambda path: path.stem)
def test_a_document_of_something_else_is_none(path: Path) -> None:
    """Sentiment, keywords and entities quote what was said; a callback names where it lies."""
    assert reason(path.read_bytes()) == "is JSON, but of no known kind of transcript"


@pytest.mark.parametrize(
    ("data", "content_type", "why"),
    [
        (b"", "", "is empty"),
        (b" \n\t\n", "text/plain", "is empty"),
        (b"", "application/json", "is empty"),
        (b"null", "application/json", "is JSON, but of no known kind of transcript"),
        (b'"hello"', "application/json", "is JSON, but of no known kind of transcript"),
        (b"[1, 2, 3]", "", "is JSON, but of no known kind of transcript"),
        (b'{"text": "12 34"}', "", "is JSON, but of no known kind of transcript"),
        (b'{"text": "so bad", "score": -1}', "", "is JSON, but of no known kind of transcript"),
        (b'{"text": "hel', "", "is JSON that is cut off"),
        (b'{"text": "hello"', "text/plain", "is JSON that is cut off"),
        (b'[{"text": ', "", "is JSON that is cut off"),
        (b"{'text': 1}", "text/plain", "is not valid JSON: "),
        (b'{"text": "a"} {"text": "b"}', "", "is not valid JSON: Extra data"),
        (b'{"text": "hello"} bye', "", "is not valid JSON: Extra data"),
        (b"hello", "application/json", "is not valid JSON: "),
        (b"hello", "application/vnd.x+json; charset=utf-8", "is not valid JSON: "),
        (b"<html><p>Agent: hi</p></html>", "", "is a table or a page, not what was said"),
        (b"keyword,count\nboat,1\n", "text/csv", "is a table or a page, not what was said"),
        (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0", "audio/x-wav", "is not text"),
        (bytes(range(128, 256)) * 4, "", "is not text"),
    ],
)
def test_what_is_no_transcript_says_why(data: bytes, content_type: str, why: str) -> None:
    assert reason(data, content_type).startswith(why)


@pytest.mark.parametrize(
    "name",
    ["watson-bare.json", "voicebase-v2.json", "deepgram-words.json", "aws-speakers.json"],
)
def test_wrappers_do_not_matter(name: str) -> None:
    """Whatever somebody put around a document, and whatever they left away."""
    inner = document(name)
    inner = inner.get("media", inner)
    plain = of(inner)

    assert len(plain.turns) == 4
    assert of([inner]) == plain
    assert of({"id": 1, "data": {"response": {"payload": inner}}, "note": "x"}) == plain
    assert of({"media": inner}) == plain


def test_the_content_type_decides_nothing_that_the_bytes_tell() -> None:
    data = (FIXTURES / "watson-addon.json").read_bytes()

    kinds = ("", "text/plain", "audio/mpeg", "application/json; charset=latin-1", "no such thing")
    assert {of(data, kind) for kind in kinds} == {of(data)}


def test_it_reads_bytes_files_and_paths() -> None:
    path = FIXTURES / "plain-names.txt"
    with path.open("rb") as file:
        assert transcripts.read(file) == transcripts.read(path) == of(path.read_bytes(), "")
    assert of(io.BytesIO(b"Ada: hi").read(), "").turns[0].speaker == "Ada"


@pytest.mark.parametrize(
    ("data", "content_type", "said"),
    [
        ("\ufeffAda: grüße".encode(), "text/plain", "grüße"),
        ("Ada: grüße".encode("utf-16"), "text/plain", "grüße"),
        ("Ada: grüße".encode("utf-32"), "text/plain", "grüße"),
        ("Ada: grüße".encode("latin-1"), 'text/plain; charset="ISO-8859-1"', "grüße"),
        ("Ada: viele liebe grüße".encode("latin-1"), "", "viele liebe gr\ufffd\ufffde"),
        (
            "Ada: ein schöner gruß".encode("latin-1"),
            "x/y; charset=no",
            "ein sch\ufffdner gru\ufffd",
        ),
        ('\ufeff{"text": "grüße"}'.encode(), "", "grüße"),
        ('{"text": "grüße"}'.encode("utf-16"), "", "grüße"),
        (b'{"text": "\\ud800 alone, \\u001b[31m"}', "", "\ud800 alone, \x1b[31m"),
    ],
)
def test_character_sets(data: bytes, content_type: str, said: str) -> None:
    """Lone surrogates and control characters are kept: they are what the vendor wrote."""
    assert of(data, content_type).turns[0].text == said


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("Ada: hi\r\n\r\nBo : yes\r\n", [("Ada", "hi"), ("Bo", "yes")]),
        ("Ada: hi\n  and more\nBo:\nyes", [("Ada", "hi and more"), ("Bo", "yes")]),
        ("Dr. Ada Byron King: hi", [("Dr. Ada Byron King", "hi")]),
        ("Élise: salut\nÉlise: ça va", [("Élise", "salut"), ("Élise", "ça va")]),
        ("Monday\nAda: hi\nBo: yes", [(None, "Monday"), ("Ada", "hi"), ("Bo", "yes")]),
        ("[00:01] hello\n[00:04] bye", [(None, "[00:01] hello"), (None, "[00:04] bye")]),
        ("http://example.com:80/x at 10:30", [(None, "http://example.com:80/x at 10:30")]),
        ("I said this. Then that: no", [(None, "I said this. Then that: no")]),
        ("It was\nthis\nthing: odd", [(None, "It was"), (None, "this"), (None, "thing: odd")]),
        ("Ada: hi Speaker 2: no", [("Ada", "hi Speaker 2: no")]),
    ],
)
def test_plain_text(text: str, turns: list[tuple[str | None, str]]) -> None:
    assert [(turn.speaker, turn.text) for turn in of(text.encode(), "").turns] == turns


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("Speaker 1: hi  Speaker 2: yes: no", [("Speaker 1", "hi"), ("Speaker 2", "yes: no")]),
        ("Agent: hi. Customer: yes", [("Agent", "hi."), ("Customer", "yes")]),
        ("Ada: hi\nBo: yes Ada: no", [("Ada", "hi"), ("Bo", "yes"), ("Ada", "no")]),
        ("Speaker 1: Note: two things", [("Speaker 1", "Note: two things")]),
        ("just text", [(None, "just text")]),
    ],
)
def test_speakers_within_the_text_of_an_addon(
    text: str, turns: list[tuple[str | None, str]]
) -> None:
    found = of({"media": {"transcripts": {"text": text}}})

    assert [(turn.speaker, turn.text) for turn in found.turns] == turns


def test_google_and_watson_are_told_apart_by_what_one_alone_says() -> None:
    said: dict[str, Any] = {"transcript": "hi"}
    timed = {**said, "timestamps": [["hi", 1, 2]]}

    assert of({"results": [{"alternatives": [said]}]}).shape == "google"
    assert of({"results": [{"alternatives": [timed]}]}).shape == "watson"
    assert of({"results": [{"alternatives": [said], "final": True}]}).shape == "watson"
    assert of({"results": [{"alternatives": [said]}], "result_index": 0}).shape == "watson"
    assert of({"results": [{"results": [{"alternatives": [said]}]}]}).shape == "watson"


def test_voicebase_without_words_is_read_from_its_text() -> None:
    document = {"transcripts": {"latest": {"words": [{"m": "turn", "w": "A"}]}, "text": "B: hi"}}

    assert [(turn.speaker, turn.text) for turn in of(document).turns] == [("Speaker B", "hi")]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (0, "Speaker 0"),
        (3.0, "Speaker 3"),
        ("2", "Speaker 2"),
        ("B", "Speaker B"),
        ("spk_1", "Speaker 1"),
        ("SPEAKER_07", "Speaker 7"),
        ("agent: ", "agent"),
        ("Ada Byron", "Ada Byron"),
        ("x" * 1000, "x" * 100),
        (-1, None),
        (True, None),
        (10**30, None),
        ("", None),
        (" : ", None),
        (["A"], None),
        (None, None),
    ],
)
def test_names_of_speakers(given: object, name: str | None) -> None:
    words = [{"word": "hi", "start": 0.5, "end": 1, "speaker": given}]
    found = of({"results": {"channels": [{"alternatives": [{"words": words}]}]}})

    assert [turn.speaker for turn in found.turns] == [name]


def test_watson_labels_go_by_the_time_a_word_starts() -> None:
    """Where no label starts with a word, the speaker before goes on, or the first begins."""
    found = of(
        {
            "results": [
                {
                    "alternatives": [
                        {
                            "transcript": "a b c d",
                            "timestamps": [["a", 0, 1], ["b", 1, 2], ["c", 2.5, 3], ["d", 4, 5]],
                        }
                    ],
                    "final": True,
                },
                {"alternatives": [{"transcript": "no times"}], "final": True},
            ],
            "speaker_labels": [
                {"from": 4, "to": 5, "speaker": 7},
                {"from": 1, "to": 2, "speaker": 3},
                {"from": "x", "speaker": 9},
                {"from": 2.5, "speaker": None},
            ],
        }
    )

    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        ("Speaker 3", "a b c"),
        ("Speaker 7", "d no times"),
    ]


def test_a_silent_call_is_a_transcript_without_turns() -> None:
    silent: list[object] = [
        {"user_token": "XR1", "results": [{"results": [], "result_index": 0}]},
        {"results": [], "result_index": 0},
        {"results": {"channels": [{"alternatives": [{"transcript": "", "words": []}]}]}},
        {"results": {"transcripts": [{"transcript": ""}], "items": []}},
        {"text": "", "segments": [], "language": "en"},
        {"media": {"transcripts": {"text": ""}}},
        {"transcript": {"words": []}},
    ]

    assert [of(each).turns for each in silent] == [()] * len(silent)


BROKEN: tuple[object, ...] = (None, True, -5, "x", [], {"a": {}})


@pytest.mark.parametrize("name", [path.name for path in sorted(FIXTURES.glob("[!n]*.json"))])
def test_a_piece_of_the_wrong_type_costs_itself_alone(name: str) -> None:
    """Each value in turn is replaced by what has no business there.

    A text, number or flag costs one word at most; only the text of a segment without words is all
    there is of it. A list or an object may cost what is in it.
    """
    whole = document(name)
    said = _words(of(whole))
    for path, value in _values(whole):
        for broken in BROKEN:
            found = transcripts.read(json.dumps(_with(whole, path, broken)).encode())
            if isinstance(found, Transcript):
                _sound(found)
            if isinstance(value, dict | list) or type(value) is type(broken):
                continue
            if path[-1] == "text" and name in ALL_THERE_IS:
                continue
            assert isinstance(found, Transcript), path
            assert len(said - _words(found)) <= 1, (path, broken)


ALL_THERE_IS = ("whisper-verbose.json", "voicebase-addon.json", "generic.json")


def _words(found: Transcript) -> set[str]:
    return {re.sub("[,.?]", "", word).lower() for t in found.turns for word in t.text.split()}


def _values(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], object]]:
    """Each value below, and the way to it; of a long list the first two and the last."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _values(inner, (*path, key))
    elif isinstance(value, list):
        for place in sorted({0, 1, len(value) - 1} & set(range(len(value)))):
            yield from _values(value[place], (*path, place))


def _with(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _with(value[path[0]], path[1:], new)
    return copy


def _sound(found: Transcript) -> None:
    """What every transcript may be trusted to be."""
    for n, turn in enumerate(found.turns, 1):
        assert isinstance(turn, Turn)
        assert turn.n == n
        assert turn.text.strip() == turn.text != ""
        assert turn.speaker is None or 0 < len(turn.speaker) <= 100
        assert turn.channel is None or turn.channel >= 0
        assert turn.confidence is None or 0 <= turn.confidence <= 1
        for start, end in [(turn.start, turn.end), *(word[1:3] for word in turn.words)]:
            assert start is None or 0 <= start <= 1e6
            assert end is None or 0 <= end <= 1e6
        assert turn.start is None or turn.end is None or turn.start <= turn.end
        assert all(isinstance(word, Word) and word.text for word in turn.words)
    assert all(isinstance(each, str) for each in (*found.keywords, *found.topics))


def test_shapes_are_found_in_a_zip_too(tmp_path: Path) -> None:
    """As `python -m zipapp` makes one; and a new shape is one file more."""
    package = Path(addonctl.__file__).parent
    copy = tmp_path / "addonctl" / "transcripts"
    shutil.copytree(package / "transcripts", copy)
    for name in ("__init__.py", "errors.py"):
        shutil.copy(package / name, copy.parent)
    (copy / "morse.py").write_text(
        "from addonctl.transcripts import transcript, turn\n"
        "def from_json(document):\n"
        "    if 'morse' in document:\n"
        "        return transcript('morse', [turn((), document['morse'])])\n"
    )
    with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
        for file in copy.parent.rglob("*.py"):
            archive.write(file, file.relative_to(tmp_path))
    shutil.rmtree(copy.parent)
    says = (
        "from addonctl import transcripts as t; print(t.__file__);"
        'print(t.read(b\'{"morse": "dah dit"}\').shape)\n'
        f"with open({str(FIXTURES / 'watson-addon.json')!r}, 'rb') as file:\n"
        "    print(t.read(file).shape)"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", says],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "it.zip")},
        capture_output=True,
        text=True,
    )

    assert ran.stderr == ""
    assert ran.stdout.split() == [
        str(tmp_path / "it.zip" / "addonctl" / "transcripts" / "__init__.py"),
        "morse",
        "watson",
    ]

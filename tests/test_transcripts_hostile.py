"""No document makes the reader fail, run for minutes or take all memory."""

from __future__ import annotations

import copy
import gc
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addonctl import transcripts
from addonctl.errors import AddonctlError
from addonctl.transcripts import NotATranscript, Transcript, write

FIXTURES = Path(__file__).parent / "fixtures" / "transcripts"
DOCUMENTS = [json.loads(path.read_bytes()) for path in sorted(FIXTURES.glob("*.json"))]
BYTES = [path.read_bytes() for path in sorted(FIXTURES.glob("*.[jt][sx]*"))]
KEYS = sorted(
    {
        key
        for document in DOCUMENTS
        for key in json.dumps(document).replace(":", "").split('"')
        if key.isidentifier()
    }
)
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    1e308,
    float("inf"),
    float("nan"),
    10**400,
    "",
    " ",
    "\x00\x1b[2J",
    "\ud800",
    "\u202e\u2028",
    "-->",
    "Speaker 1: a\nSpeaker 2:",
    "1.5s",
    "9" * 40,
    [],
    {},
    [[[]]],
    [None],
]
values = st.recursive(
    st.sampled_from(ODD) | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=20,
)


def survives(data: bytes, content_type: str = "") -> None:
    """It is read or refused with a reason, and what was read can be written in every way."""
    found = transcripts.read(data, content_type)
    if isinstance(found, NotATranscript):
        assert found.reason
        return
    assert [turn.n for turn in found.turns] == [*range(1, len(found.turns) + 1)]
    assert all(turn.text.strip() for turn in found.turns)
    assert len(write.text(found).splitlines()) == len(found.turns)
    write.text(found, 20).encode()
    for name, writer in write.WRITERS.items():
        try:
            writer(found).encode()
        except AddonctlError:
            assert name in ("vtt", "srt")
            assert all(turn.start is None for turn in found.turns)


@settings(max_examples=300, deadline=None, database=None)
@given(st.integers(0, len(DOCUMENTS) - 1), st.randoms(use_true_random=False), st.data())
def test_documents_with_pieces_replaced(which: int, chance: random.Random, data: Any) -> None:
    document = json.loads(json.dumps(DOCUMENTS[which]))
    for _ in range(chance.randint(1, 6)):
        place = document
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = chance.choice(keys)
            if not isinstance(place[key], dict | list) or not place[key] or chance.random() < 0.1:
                if chance.random() < 0.2:
                    del place[key]
                else:
                    place[key] = copy.deepcopy(data.draw(values))
                break
            place = place[key]
    survives(json.dumps(document).encode())


@settings(max_examples=300, deadline=None, database=None)
@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=5))
def test_documents_made_of_the_same_keys(document: dict[str, Any]) -> None:
    survives(json.dumps(document).encode())


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.sampled_from(BYTES),
    st.lists(st.tuples(st.integers(0, 20_000), st.binary(max_size=3)), max_size=5),
    st.integers(0, 20_000),
    st.sampled_from(["", "application/json", "text/plain; charset=utf-16", "text/plain"]),
)
def test_bytes_that_are_cut_or_spoiled(
    data: bytes, spoils: list[tuple[int, bytes]], length: int, content_type: str
) -> None:
    for place, new in spoils:
        data = data[:place] + new + data[place + len(new) :]
    survives(data[:length], content_type)


@settings(max_examples=100, deadline=None, database=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_at_all(data: bytes) -> None:
    survives(data)


def test_json_that_is_cut_off_anywhere_is_no_half_transcript() -> None:
    """Half a call must not pass for a whole one."""
    for path in FIXTURES.glob("*.json"):
        data = path.read_bytes().rstrip()
        for length in range(1, len(data), 97):
            assert transcripts.read(data[:length]) == NotATranscript("is JSON that is cut off")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[" * 100_000, "is JSON that is nested too deep"),
        (b'{"results":[' * 100_000 + b"]}" * 100_000, "is JSON that is nested too deep"),
        (b'{"a":' * 2_000_000, "is JSON that is nested too deep"),
        (b"[" + b"[]," * 8_000_001 + b"[]]", "holds more than 8,000,000 values"),
        (b"a" * (128 * 2**20 + 1), "is larger than 128 MiB"),
    ],
    ids=["lists", "results", "objects", "many", "large"],
)
def test_what_has_no_bounds_is_refused(data: bytes, reason: str) -> None:
    assert transcripts.read(data) == NotATranscript(reason)


def test_a_file_is_not_read_beyond_the_bound(tmp_path: Path) -> None:
    file = tmp_path / "huge"
    with file.open("wb") as out:
        out.truncate(10 * 2**40)

    assert transcripts.read(file) == NotATranscript("is larger than 128 MiB")


def test_what_is_nested_as_deep_as_json_allows_is_walked_without_recursion() -> None:
    deep = b'{"a":' * 900 + b'{"text": "at the bottom"}' + b"}" * 900
    found = transcripts.read(deep)

    assert isinstance(found, Transcript)
    assert found.turns[0].text == "at the bottom"


def test_numbers_of_any_length_cost_no_words() -> None:
    found = transcripts.read(
        b'{"result_index": 0, "results": [{"alternatives": [{"transcript": "hello", '
        b'"confidence": '
        + b"9" * 100_000
        + b', "timestamps": [["hello", 1, '
        + b"9" * 5000
        + b"]]}]}]}"
    )

    assert isinstance(found, Transcript)
    assert found.turns[0][3:7] == (1, None, "hello", None)


def test_a_name_is_not_repeated_without_bound() -> None:
    """A long name at each of many turns would make gigabytes of a megabyte."""
    words = [[f"w{n}", n, n + 0.5] for n in range(2000)]
    labels = [{"from": n, "speaker": ("x" if n % 2 else "y") * 100_000} for n in (0, 1)]
    labels += [{"from": n, "speaker": labels[n % 2]["speaker"]} for n in range(2, 40)]
    found = transcripts.read(
        json.dumps(
            {
                "result_index": 0,
                "speaker_labels": labels,
                "results": [{"alternatives": [{"transcript": "", "timestamps": words}]}],
            }
        ).encode()
    )

    assert isinstance(found, Transcript)
    assert len(write.text(found)) < 20_000


def watson(words: int) -> bytes:
    """A call with two speakers who say nine words in turn."""
    timestamps = [[f"w{n}", n / 2, n / 2 + 0.3] for n in range(words)]
    labels = [{"from": n / 2, "to": n / 2 + 0.3, "speaker": n // 9 % 2} for n in range(words)]
    results = [
        {"alternatives": [{"transcript": "", "timestamps": timestamps[n : n + 14]}], "final": True}
        for n in range(0, words, 14)
    ]
    return json.dumps({"results": results, "result_index": 0, "speaker_labels": labels}).encode()


@pytest.mark.parametrize(
    ("what", "make"),
    [
        ("labels", watson),
        ("lines", lambda size: b"Ada: one\n" * size),
        ("names", lambda size: b"".join(b"N%d: one\n" % n for n in range(size))),
        ("inline", lambda size: addon("Speaker 1: a Speaker 2: b " * size)),
        ("blanks", lambda size: addon("Ada: " + " " * 20 * size)),
        ("colons", lambda size: addon("a: " * 5 * size)),
        ("one word", lambda size: addon("Ada: " + "x" * 20 * size)),
        ("zeros", lambda size: addon("0" * 20 * size + ": x")),
    ],
)
def test_ten_times_as_much_takes_about_ten_times_as_long(
    what: str, make: Callable[[int], bytes]
) -> None:
    """A hundred times would be what matching all with all takes. CPU of this thread alone."""
    took = []
    for size in (2_000, 20_000):
        data = make(size)
        best = min(_cpu_seconds(data) for _ in range(3))
        took.append(best)

    assert took[1] < 40 * took[0], what


def addon(text: str) -> bytes:
    return json.dumps({"media": {"transcripts": {"text": text}}}).encode()


def _cpu_seconds(data: bytes) -> float:
    gc.collect()
    gc.disable()  # it goes through all that the tests before this one have left, too
    try:
        began = time.thread_time()
        found = transcripts.read(data)
        if isinstance(found, Transcript):
            write.text(found, 80)
            if found.turns and found.turns[0].start is not None:
                write.srt(found)
        return time.thread_time() - began
    finally:
        gc.enable()


LARGE = """
import resource, sys
for what, most in ((resource.RLIMIT_AS, 1536 * 2**20), (resource.RLIMIT_CPU, 300)):
    resource.setrlimit(what, (most, most))
from addonctl import transcripts
word = b'{"word": "hello", "punctuated_word": "Hello,", "start": 1.25, "end": 1.5, "speaker": 0}'
wrapped = b'{"results": {"channels": [{"alternatives": [{"words": [', b"]}]}]}}"
data = {
    "json": lambda: b'{"text": "' + b"hello there " * 8_400_000 + b'"}',
    "addon": lambda: b'{"transcripts": {"text": "' + b"Speaker 1: hello " * 6_000_000 + b'"}}',
    "text": lambda: b"Speaker 1: hello there\\n" * 4_400_000,
    "words": lambda: wrapped[0] + b", ".join([word] * 1_100_000) + wrapped[1],
    "values": lambda: b"[" + b"0," * 50_000_000 + b"0]",
    "binary": lambda: bytes(range(256)) * 400_000,
}[sys.argv[1]]()
found = transcripts.read(data)
turns = getattr(found, "turns", ())
print(len(data), len(turns), sum(turn.text.count("ello") for turn in turns))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("json", 8_400_000),
        ("addon", 6_000_000),
        ("text", 4_400_000),
        ("words", 1_100_000),
        ("values", 0),
        ("binary", 0),
    ],
)
def test_a_hundred_megabytes(kind: str, words: int) -> None:
    """In a process that may take 1.5 GiB and 300 s of CPU; nothing that was said is lost."""
    ran = subprocess.run([sys.executable, "-c", LARGE, kind], capture_output=True, text=True)

    assert ran.stderr == ""
    size, turns, found = map(int, ran.stdout.split())
    assert size >= 95_000_000
    assert turns <= 200_001
    assert found == words

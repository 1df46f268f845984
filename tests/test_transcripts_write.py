"""Transcripts as text, Markdown, JSON and subtitles, read back by those who take them."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pysubs2
import pytest
import webvtt
from markdown_it import MarkdownIt

from addonctl import transcripts
from addonctl.errors import AddonctlError
from addonctl.transcripts import Transcript, Turn, Word, write

FIXTURES = Path(__file__).parent / "fixtures" / "transcripts"
HOSTILE = (
    "a <b>bold</b> & <i>claim</i> of 1 < 2 > 0",
    "00:00:01.000 --> 00:00:02.000 and 00:00:01,000 --> 00:00:02,000",
    "{\\an8}top {y:i} \\N \\h",
    "WEBVTT\n\nNOTE x\n\n1\n00:00:01.000 --> 00:00:02.000\nforged",
    "\x1b[31m red \x00 nul \ud800 lone \u2028 line \x85 next",
    "&amp; &lt;b&gt; &nbsp;",
    "</v><v Bob>not Bob",
    "# no heading",
    "1. no list",
    "- no list - at all",
    "| no | table |",
    "[no](javascript:alert(1)) ![no](x) `no` _no_ **no** ~~no~~ <http://no> \\",
)
NAMES = ("A<b>&\n\n1", "Bob --> x", None, "x: *y*", "\ud800\x1b")


def made(*turns: tuple[str | None, float | None, float | None, str]) -> Transcript:
    """Turns of (speaker, start, end, text), numbered."""
    return Transcript(
        "test",
        tuple(
            Turn(n, speaker, None, start, end, text, None)
            for n, (speaker, start, end, text) in enumerate(turns, 1)
        ),
    )


def fixture(name: str) -> Transcript:
    found = transcripts.read(FIXTURES / name)
    assert isinstance(found, Transcript)
    return found


def hostile() -> Transcript:
    lines = enumerate(HOSTILE)
    return made(*((NAMES[n % len(NAMES)], 3.0 * n, 3.0 * n + 2.5, said) for n, said in lines))


def flat(text: str) -> str:
    return " ".join(text.split())


def test_text_is_a_line_for_each_turn() -> None:
    assert write.text(fixture("voicebase-v2.json")) == (
        "Clerk: Hello, this is Ada at the ferry office.\n"
        "Caller: Hi, is the noon boat running today?\n"
        "Clerk: It is, but it leaves from pier two.\n"
        "Caller: Great, thank you.\n"
    )
    assert write.text(fixture("aws-channels.json")).splitlines()[:2] == [
        "Channel 0: Hello, this is Ada at the ferry office.",
        "Channel 1: Hi, is the noon boat running today?",
    ]
    assert write.text(fixture("deepgram-words.json")).startswith("Speaker 0: Hello, ")
    assert write.text(fixture("aws-segments.json")).startswith("Hello, ")


def test_the_only_channel_is_no_speaker() -> None:
    turns = (Turn(1, None, 0, None, None, "one", None), Turn(2, None, 0, None, None, "two", None))

    assert write.text(Transcript("test", turns)) == "one\ntwo\n"


@pytest.mark.parametrize("name", ["voicebase-v2.json", "google-v2.json", "assemblyai.json"])
def test_text_can_be_read_again(name: str) -> None:
    whole = fixture(name)
    again = transcripts.read(write.text(whole).encode())

    assert isinstance(again, Transcript)
    assert [turn[1:2] + turn[5:6] for turn in again.turns] == [
        turn[1:2] + turn[5:6] for turn in whole.turns
    ]


def test_text_is_broken_to_a_width() -> None:
    said = "It is, but it leaves from pier two. " + "x" * 50
    wrapped = write.text(made(("Clerk", None, None, said), (None, None, None, "yes")), 20)

    assert wrapped == (
        "Clerk: It is, but it\n"
        "  leaves from pier\n"
        "  two.\n"
        f"  {'x' * 18}\n"
        f"  {'x' * 18}\n"
        f"  {'x' * 14}\n"
        "yes\n"
    )
    assert write.text(made((None, None, None, "x" * 19)), 20) == f"{'x' * 18}\n  x\n"


@pytest.mark.parametrize("width", [1, 2, 9, 40])
def test_no_line_is_wider_and_no_word_is_lost(width: int) -> None:
    lines = write.text(hostile(), width).splitlines()
    whole = write.text(hostile())

    assert max(map(len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(whole.split())


def test_a_turn_stays_on_its_line() -> None:
    """So nobody's words can pass for another's turn."""
    assert len(write.text(hostile()).splitlines()) == len(HOSTILE)
    assert len(json.loads(write.json(hostile()))["turns"]) == len(HOSTILE)


def test_markdown_is_a_dialogue() -> None:
    assert write.md(fixture("watson-addon.json")) == (
        "**Speaker 0** (0:00): hello this is Ada at the ferry office\n\n"
        "**Speaker 1** (0:03): hi is the noon boat running today\n\n"
        "**Speaker 0** (0:05): it is but it leaves from pier two\n\n"
        "**Speaker 1** (0:08): great thank you\n"
    )
    assert write.md(made((None, None, None, "- a_b"), (None, 3723.9, None, "hi"))) == (
        "\\- a\\_b\n\n(1:02:03): hi\n"
    )


def test_markdown_says_what_was_said_and_nothing_else() -> None:
    """Rendered, each turn is one paragraph that reads as it was said; nothing in it is marked."""
    turns = [turn._replace(start=None, speaker=None) for turn in hostile().turns]
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(
        write.md(Transcript("test", tuple(turns)))
    )
    inlines = [token for token in tokens if token.type == "inline"]
    shown = [flat("".join(part.content for part in token.children or ())) for token in inlines]

    assert {token.type for token in tokens} == {"paragraph_open", "inline", "paragraph_close"}
    assert {part.type for token in inlines for part in token.children or ()} <= {
        "text",
        "text_special",
    }
    assert [text.replace("\ufffd", "") for text in shown] == [
        flat(said).replace("\ud800", "").replace("\x00", "") for said in HOSTILE
    ]


def test_json_is_every_turn_whole() -> None:
    found = json.loads(write.json(fixture("deepgram-utterances.json")))

    assert {name: found[name] for name in found if name != "turns"} == {
        "shape": "deepgram",
        "version": transcripts.VERSION,
        "language": "en",
        "keywords": [],
        "topics": ["Ferry timetable"],
    }
    assert len(found["turns"]) == 4
    assert found["turns"][1] == {
        "n": 2,
        "speaker": "Speaker 1",
        "channel": 0,
        "start": 3.3,
        "end": 5.39,
        "text": "Hi, is the noon boat running today?",
        "confidence": 0.96,
    }
    written = write.json(hostile()).encode()
    assert [turn["text"] for turn in json.loads(written)["turns"]] == list(HOSTILE)


def test_vtt_and_srt_as_they_are_written() -> None:
    whole = fixture("watson-addon.json")

    assert write.vtt(whole).startswith(
        "WEBVTT\n"
        "\n"
        "00:00:00.400 --> 00:00:02.750\n"
        "<v Speaker 0>hello this is Ada at the ferry office\n"
        "\n"
        "00:00:03.300 --> 00:00:05.390\n"
    )
    assert write.srt(whole).startswith(
        "1\n"
        "00:00:00,400 --> 00:00:02,750\n"
        "Speaker 0: hello this is Ada at the ferry office\n"
        "\n"
        "2\n"
        "00:00:03,300 --> 00:00:05,390\n"
    )


@pytest.mark.parametrize("writer", [write.vtt, write.srt])
def test_words_without_times_make_no_subtitles(writer: Callable[[Transcript], str]) -> None:
    with pytest.raises(AddonctlError, match="this transcript has no times") as caught:
        writer(fixture("voicebase-addon.json"))

    assert caught.value.exit_code == 1
    assert caught.value.hint


def test_silence_makes_empty_documents() -> None:
    silent = Transcript("test", ())

    assert (write.text(silent), write.md(silent), write.srt(silent)) == ("", "", "")
    assert write.vtt(silent) == "WEBVTT\n"


TIMED = [
    path.name
    for path in sorted(FIXTURES.glob("*.json"))
    if not path.name.startswith(("none", "generic", "voicebase-addon"))
]


@pytest.mark.parametrize("name", TIMED)
def test_pysubs2_reads_every_word_at_its_time(name: str) -> None:
    whole = fixture(name)
    for written, format_ in ((write.vtt(whole), "vtt"), (write.srt(whole), "srt")):
        events = pysubs2.SSAFile.from_string(written, format_=format_).events
        texts = [re.sub(r"^[A-Z]\w+( \w)?: ", "", flat(event.plaintext)) for event in events]

        assert " ".join(texts) == " ".join(turn.text for turn in whole.turns)
        assert all(0 < event.end - event.start <= 7000 for event in events)
        assert events[0].start == round(1000 * (whole.turns[0].start or 0))
        assert events[-1].end == round(1000 * (whole.turns[-1].end or 0))
        starts = {event.start for event in events}
        assert {round(1000 * (turn.start or 0)) for turn in whole.turns} <= starts


def test_each_cue_has_its_speaker_as_a_voice() -> None:
    cues = webvtt.from_string(write.vtt(fixture("voicebase-v3.json")), strict=True)

    assert [cue.voice for cue in cues.captions] == ["Clerk", "Caller"] * 2


def test_what_was_said_cannot_pass_for_a_cue() -> None:
    """Nor for a mark, a voice or an entity, in any of three readers."""
    whole = hostile()
    vtt = webvtt.from_string(write.vtt(whole), strict=True)
    shown = ["\ufffd".join(re.split("[\0-\x1f\ud800]", flat(said))) for said in HOSTILE]
    alike = str.maketrans("\N{RATIO}", ":")

    assert [html.unescape(flat(cue.text)).translate(alike) for cue in vtt.captions] == shown
    for written, format_ in ((write.vtt(whole), "vtt"), (write.srt(whole), "srt")):
        events = pysubs2.SSAFile.from_string(written, format_=format_).events
        assert [event.start for event in events] == [3000 * n for n in range(len(HOSTILE))]
        assert written.encode()
    for text in write.srt(whole).splitlines():
        assert not set(text) & set("<{}\\")
        assert "-->" not in text or re.fullmatch(r"[\d:,]{12} --> [\d:,]{12}", text)


@pytest.mark.parametrize("format_", ["vtt", "srt"])
@pytest.mark.parametrize("source", ["hostile", "voicebase-v2.json", "assemblyai-words.json"])
def test_ffmpeg_plays_it(tmp_path: Path, source: str, format_: str) -> None:
    """ffprobe sees each cue at its time, and ffmpeg shows the same words, marks included."""
    if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
        pytest.skip("ffmpeg is not installed")
    whole = hostile() if source == "hostile" else fixture(source)
    file = tmp_path / f"call.{format_}"
    file.write_text(getattr(write, format_)(whole), "utf-8")
    probed = subprocess.check_output(
        ["ffprobe", "-v", "error", "-show_packets", "-show_streams", "-of", "json", file]
    )
    played = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", file, "-f", "ass", "-"], capture_output=True, check=True
    )
    lines = re.findall(r"(?m)^Dialogue: (?:[^,]*,){9}(.*)$", played.stdout.decode())
    cues = write.cues(whole)

    assert played.stderr == b""
    (stream,) = json.loads(probed)["streams"]
    assert stream["codec_name"] == {"vtt": "webvtt", "srt": "subrip"}[format_]
    assert [float(packet["pts_time"]) for packet in json.loads(probed)["packets"]] == (
        pytest.approx([cue.start for cue in cues], abs=0.001)
    )
    assert len(lines) == len(cues)
    if format_ == "vtt":
        # In its own format a line is broken by \N, and braces are escaped.
        shown = [re.sub(r"\\([{}])", r"\1", line.strip("\r")) for line in lines]
        assert shown == ["\\N".join(cue.lines) for cue in cues]


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize("pace", [0.4, 1.6])
def test_long_turns_become_cues_that_can_be_read(pace: float, words: bool) -> None:
    """Two lines of 42 and 7 seconds at most, in order, no word lost, none before its time."""
    said = [f"w{n}" + "x" * (n * 7 % 11) + "." * (n % 13 == 12) for n in range(400)]
    times = [(pace * n, pace * n + 0.3) for n in range(400)]
    spoken = tuple(Word(word, *at) for word, at in zip(said, times, strict=True)) if words else ()
    turn = Turn(1, "Ada", None, 0.0, pace * 400, " ".join(said), None, spoken)
    cues = write.cues(Transcript("test", (turn,)))
    start_of = dict(zip(said, (at for at, _ in times), strict=True))

    assert " ".join(" ".join(cue.lines) for cue in cues).split() == said
    for cue, after in zip(cues, cues[1:], strict=False):
        assert len(cue.lines) <= 2
        assert max(map(len, cue.lines)) <= 42
        assert cue.end - cue.start <= 7.0
        assert cue.end <= after.start + 1e-9
    for cue in cues:
        begins = start_of[cue.lines[0].split()[0]]
        assert cue.start == (
            pytest.approx(begins) if words else pytest.approx(begins, abs=20 * pace)
        )


def test_cues_end_at_a_pause_and_where_a_sentence_does() -> None:
    words = tuple(
        Word(word, at, at + 0.3)
        for word, at in zip(["one", "two", "three", "four"], (0, 0.5, 4.0, 4.5), strict=True)
    )
    paused = Turn(1, None, None, 0.0, 4.8, "one two three four", None, words)
    text = "This is a first sentence which is rather long, and it ends. Here is another."
    two = Turn(2, None, None, 5.0, 11.0, text, None)
    cues = write.cues(Transcript("test", (paused, two)))

    assert [(cue.start, cue.end, " ".join(cue.lines)) for cue in cues[:2]] == [
        (0, 0.8, "one two"),
        (4.0, 4.8, "three four"),
    ]
    assert [" ".join(cue.lines) for cue in cues[2:]] == [text[:59], text[60:]]


def test_subrip_names_a_speaker_once() -> None:
    """Where one begins to speak; not at each cue of a long turn, nor of the next by the same."""
    whole = made(("A", 0.0, 9.0, "one " * 40), ("A", 9.0, 9.5, "two"), ("B", 9.5, 10.0, "three"))
    texts = [part.split("\n", 2)[2] for part in write.srt(whole).split("\n\n")]

    assert len(texts) > 3
    assert [text[:2] for text in texts if ":" in text] == ["A:", "B:"]


def test_a_formatted_text_takes_its_times_from_what_was_recognised() -> None:
    heard = zip(["it", "costs", "twenty", "five", "pounds"], (0, 1, 1.5, 10, 11), strict=True)
    words = tuple(Word(word, at, at + 0.9) for word, at in heard)
    turn = Turn(1, None, None, 0.0, 11.9, "It costs £25.", None, words)
    cues = write.cues(Transcript("test", (turn,)))

    assert [cue[:2] + cue.lines for cue in cues] == [(0, 2.4, "It costs"), (10, 11.9, "£25.")]


def test_a_turn_without_times_follows_the_one_before() -> None:
    whole = made(("A", 1.0, 2.0, "one"), ("B", None, None, "two"), ("A", 9.0, None, "three"))

    assert [(cue.start, " ".join(cue.lines)) for cue in write.cues(whole)] == [
        (1.0, "one"),
        (2.0, "two"),
        (9.0, "three"),
    ]


def test_cues_never_end_before_they_begin() -> None:
    """Whatever the words' times are; and they come in the order they begin."""
    times = [(5, 1), (None, None), (0, 0), (0, None), (9e5, 2), (None, 3), (1e-9, 1e-9)]
    said = [f"w{n}" for n in range(200)]
    words = tuple(Word(word, *times[n % 7]) for n, word in enumerate(said))
    turn = Turn(1, None, None, 5.0, None, " ".join(said), None, words)
    late = Turn(2, None, None, 0.0, 0.0, "early", None)
    whole = Transcript("test", (turn, late))
    events = pysubs2.SSAFile.from_string(write.srt(whole), format_="srt").events

    assert [event.start for event in events] == sorted(event.start for event in events)
    assert all(event.start < event.end for event in events)
    assert " ".join(flat(event.plaintext) for event in events).split() == ["early", *said]


def test_a_word_that_ends_before_it_begins_moves_nothing_back() -> None:
    backwards = Turn(1, None, None, 5.0, None, "one", None, (Word("one", 5.0, 1.0),))
    after = Turn(2, None, None, None, None, "two", None)

    assert [cue.start for cue in write.cues(Transcript("test", (backwards, after)))] == [5, 5]

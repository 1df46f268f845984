"""A transcript as text, Markdown, WebVTT, SubRip or JSON.

Every writer gives back text that can be encoded as UTF-8, ends in a newline unless it is empty, and
keeps each turn or cue to lines of its own, whatever the vendor wrote. Control characters stay in
text, Markdown and JSON: who shows them on a terminal makes them safe.
"""

from __future__ import annotations

import json as json_library
import re
from collections.abc import Iterator
from typing import NamedTuple

from addonctl.errors import AddonctlError
from addonctl.transcripts import VERSION, Transcript, Turn

CUE_LINES, LINE_CHARACTERS, CUE_SECONDS = 2, 42, 7.0
"""What subtitles are held to, so that they can be read in time."""
_PAUSE = 2.0
_SHORTEST = 0.2
_CHARACTERS_A_SECOND = 15
_SURROGATES = re.compile("[\ud800-\udfff]")
_NOT_FOR_PLAYERS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Some readers look for times anywhere in a line.
_TIME = re.compile(r"(?<=\d):(?=\d\d[.,]\d)")
# What players take for marks: in the name of a voice, of which ffmpeg knows no escapes, and in
# SubRip, which has none.
_NO_MARKS_IN_NAMES = str.maketrans("<>&", "\u2039\u203a\uff06")
_NO_MARKS = str.maketrans("<>{}\\", "\u2039\u203a()\u2216")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>&|~])")
_MARKDOWN_BEGINNING = re.compile(r"^(\d{0,9})([#+=.)-])")


class Cue(NamedTuple):
    """What a player shows at one time: seconds, who speaks (or empty), and one or two lines."""

    start: float
    end: float
    speaker: str
    lines: tuple[str, ...]


def labels(transcript: Transcript) -> list[str]:
    """Who speaks in each turn: the speaker or, where there are several, the channel; or empty."""
    several = len({turn.channel for turn in transcript.turns}) > 1
    found = []
    for turn in transcript.turns:
        channel = "" if turn.channel is None or not several else f"Channel {turn.channel}"
        found.append(" ".join((turn.speaker or "").split()) or channel)
    return found


def clock(seconds: float) -> str:
    """A time for readers: `0:04`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def text(transcript: Transcript, width: int | None = None) -> str:
    """A line a turn, `Speaker: what was said`; broken where it would be longer than `width`."""
    lines = []
    for who, turn in zip(labels(transcript), transcript.turns, strict=True):
        words = turn.text.split()
        if who:
            words = [*who.split(), *words]
            words[len(who.split()) - 1] += ":"
        lines += [" ".join(words)] if width is None else _wrapped(words, width)
    return _encodable("".join(f"{line}\n" for line in lines))


def md(transcript: Transcript) -> str:
    """A paragraph a turn, `**Speaker** (0:04): what was said`, with nothing that is Markdown."""
    paragraphs = []
    for who, turn in zip(labels(transcript), transcript.turns, strict=True):
        said = _MARKDOWN.sub(r"\\\1", " ".join(turn.text.split()))
        name = _MARKDOWN.sub(r"\\\1", who)
        head = f"**{name}**" if who else ""
        if turn.start is not None:
            head = f"{head} ({clock(turn.start)})".lstrip()
        paragraphs.append(f"{head}: {said}" if head else _MARKDOWN_BEGINNING.sub(r"\1\\\2", said))
    return _encodable("\n\n".join(paragraphs) + "\n" * bool(paragraphs))


def json(transcript: Transcript) -> str:
    """One object: shape, version of the reader, language, keywords, topics, and the turns."""
    document = {
        "shape": transcript.shape,
        "version": VERSION,
        "language": transcript.language,
        "keywords": transcript.keywords,
        "topics": transcript.topics,
        "turns": [
            {name: value for name, value in turn._asdict().items() if name != "words"}
            for turn in transcript.turns
        ],
    }
    written = json_library.dumps(document, indent=2, ensure_ascii=False)
    return _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", written) + "\n"


def vtt(transcript: Transcript) -> str:
    """WebVTT, each cue with its speaker as a voice.

    In a name, `<`, `>` and `&` become characters that look alike. Raises AddonctlError if there are
    words but no times.
    """
    from webvtt import Caption, WebVTT

    captions = []
    for cue in cues(transcript):
        shown = "\n".join(map(_escaped, cue.lines))
        voice = f"<v {cue.speaker.translate(_NO_MARKS_IN_NAMES)}>" if cue.speaker else ""
        captions.append(Caption(_timecode(cue.start, "."), _timecode(cue.end, "."), voice + shown))
    return f"{WebVTT(captions=captions).content.rstrip()}\n"


def srt(transcript: Transcript) -> str:
    """SubRip. It knows no speakers: a cue begins with the name where another one begins to speak.

    Nor has it a way to write what players take for marks: `<`, `>`, braces and backslashes become
    characters that look alike. Raises AddonctlError if there are words but no times.
    """
    blocks = []
    before = ""
    for number, cue in enumerate(cues(transcript), 1):
        shown = "\n".join(cue.lines)
        if cue.speaker and cue.speaker != before:
            shown = f"{cue.speaker}: {shown}"
        before = cue.speaker
        times = f"{_timecode(cue.start, ',')} --> {_timecode(cue.end, ',')}"
        blocks.append(f"{number}\n{times}\n{shown.translate(_NO_MARKS)}\n")
    return "\n".join(blocks)


def cues(transcript: Transcript) -> list[Cue]:
    """The turns in pieces that can be read, in the order they begin.

    A piece ends where two lines are full, after 7 seconds, at a pause, and where a sentence ends
    in its second line. Its times are those of its words; without them the turn's time is shared
    out by length, and a turn without times follows the one before it. Raises AddonctlError if no
    turn has any time.
    """
    turns = transcript.turns
    if turns and all(turn.start is None for turn in turns):
        raise AddonctlError(
            "this transcript has no times, and subtitles cannot be made without",
            hint="it can be had as text, md or json",
        )
    found: list[Cue] = []
    last = 0.0
    for who, turn in zip(map(_shown, labels(transcript)), turns, strict=True):
        lines: list[str] = []
        start = end = last
        for word, began, ended in _timed(turn, last):
            fits = bool(lines) and len(lines[-1]) + 1 + len(word) <= LINE_CHARACTERS
            if lines and (
                not (fits or len(lines) < CUE_LINES)
                or ended - start > CUE_SECONDS
                or began - end > _PAUSE
                or (len(lines) == CUE_LINES and lines[-1][-1] in ".?!…。？！")
            ):
                end = min(max(end, start + _SHORTEST), max(began, start + 0.002))
                found.append(Cue(start, end, who, tuple(lines)))
                lines = []
            if lines and fits:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
            if lines == [word]:
                start = began
            end = last = ended
        if lines:
            found.append(Cue(start, max(end, start + _SHORTEST), who, tuple(lines)))
    return sorted(found, key=lambda cue: cue.start)


def _timed(turn: Turn, last: float) -> Iterator[tuple[str, float, float]]:
    """The words as they are shown, none longer than a line, each with when it begins and ends."""
    words = _shown(turn.text).split()
    share = len(turn.words) / len(words) if words else 0
    total = sum(map(len, words))
    begin = last if turn.start is None else turn.start
    span = total / _CHARACTERS_A_SECOND if turn.end is None else max(0.0, turn.end - begin)
    done = 0
    for place, word in enumerate(words):
        start, end = begin + span * done / total, begin + span * (done + len(word)) / total
        done += len(word)
        if turn.words:
            # A formatted text has fewer words, or more, than were recognised.
            first = turn.words[int(place * share)]
            final = turn.words[max(int(place * share), int((place + 1) * share) - 1)]
            start = start if first.start is None else first.start
            end = end if final.end is None else final.end
        start = last = max(start, last if place else start)
        end = max(start, end)
        for at in range(0, len(word), LINE_CHARACTERS):
            piece = word[at : at + LINE_CHARACTERS]
            took = (end - start) / len(word)
            yield piece, start + took * at, start + took * (at + len(piece))


def _shown(text: str) -> str:
    """`text` in one line that no player takes for anything else."""
    text = _NOT_FOR_PLAYERS.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))
    return _TIME.sub("\N{RATIO}", text)


def _wrapped(words: list[str], width: int) -> list[str]:
    """The words in lines of `width` characters at most, the second and later ones indented."""
    indent = "  " if width > 8 else ""
    room = max(1, width - len(indent))
    lines: list[str] = []
    for word in words:
        for at in range(0, len(word), room):
            piece = word[at : at + room]
            if lines and not at and len(lines[-1]) + 1 + len(piece) <= width:
                lines[-1] += f" {piece}"
            else:
                lines.append(f"{indent}{piece}" if lines else piece)
    return lines


def _encodable(text: str) -> str:
    return text if text.isascii() else _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _timecode(seconds: float, point: str) -> str:
    rest = round(seconds * 1000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


WRITERS = {"text": text, "md": md, "vtt": vtt, "srt": srt, "json": json}
"""By the name a user gives; text the one meant where none is given."""

"""What was said: turns of speech out of whatever document a vendor left as a payload.

One module a shape, found by its file and tried on the document's structure; no label or content
type decides. A shape has `from_json(document)`, for JSON objects, or `from_text(text)`, for
everything else that is text. Either gives back a Transcript, or None if the document is not of its
shape. `LAST` is true for a shape that is only asked when no other knows the document.

A piece of the wrong type is left out and the rest kept: vendors change their documents, and a
missing time is no reason to lose a word. Text is kept as it came; who shows it makes it safe.
"""

from __future__ import annotations

import json
import os
import pkgutil
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

VERSION = 1
"""Of all that reads documents: what was read by an older one may be worth reading anew."""

LARGEST = 128 * 2**20
"""Bytes of a document. A call may last for a day; its longest known transcript is 90 MB."""
MOST_VALUES = 8_000_000
"""Of a JSON document, whatever its size: each takes up to 120 bytes of memory."""
LONGEST = 1_000_000.0
"""Seconds: no recording has a word after this, so such a time is a mistake."""
LONGEST_NAME = 100
"""Characters of a speaker's name, which is written at each turn."""


class Word(NamedTuple):
    """One word as it is read, its punctuation with it; times in seconds."""

    text: str
    start: float | None = None
    end: float | None = None
    confidence: float | None = None


class Turn(NamedTuple):
    """What one speaker said until another did; None is what the vendor does not tell.

    `n` counts from 1; times are in seconds from the beginning, `confidence` is 0 to 1. `channel` is
    the vendor's own number. `words` is empty where the vendor gives none; they may be spelled as
    they were recognised while `text` is formatted ("twenty" for "20").
    """

    n: int
    speaker: str | None
    channel: int | None
    start: float | None
    end: float | None
    text: str
    confidence: float | None
    words: tuple[Word, ...] = ()


class Transcript(NamedTuple):
    """All turns, in the order they began, and the shape of the document they were in."""

    shape: str
    turns: tuple[Turn, ...]
    keywords: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    language: str | None = None


class NotATranscript(NamedTuple):
    """Why nothing that was said can be read from a document: a clause about "the payload"."""

    reason: str


def read(
    data: bytes | BinaryIO | os.PathLike[str], content_type: str = ""
) -> Transcript | NotATranscript:
    """Read a payload: its bytes, an open file, or the path of one.

    `content_type` tells the character set where the bytes do not, and marks text that is a table or
    a page. Raises OSError only, if the file cannot be read.
    """
    if isinstance(data, os.PathLike):
        with Path(data).open("rb") as file:
            data = file.read(LARGEST + 1)
    elif not isinstance(data, bytes):
        data = data.read(LARGEST + 1)
    if len(data) > LARGEST:
        return NotATranscript(f"is larger than {LARGEST // 2**20} MiB")
    text = _decoded(data, content_type)
    if text is None:
        return NotATranscript("is not text")
    opening = text[:1000].lstrip()[:2] or text.lstrip()[:2]
    if not opening:
        return NotATranscript("is empty")
    subtype = content_type.partition(";")[0].strip().lower().rpartition("/")[2]
    says_json = subtype.rpartition("+")[2] == "json"
    if says_json or opening[0] in "{[":
        document = _json(text)
        if not isinstance(document, NotATranscript):
            return _from_json(document)
        # A line of plain text may begin with a time in brackets.
        if says_json or opening[0] == "{" or opening[1:] in ("", "[", "{", '"'):
            return document
    if opening[0] == "<" or subtype in ("csv", "tab-separated-values", "html", "xml"):
        return NotATranscript("is a table or a page, not what was said")
    for shape in _shapes():
        found: Transcript | None = shape.from_text(text) if hasattr(shape, "from_text") else None
        if found:
            return found
    return NotATranscript("holds no words")


def _decoded(data: bytes, content_type: str) -> str | None:
    """The text, with U+FFFD for bytes that are none; or None if it is not text at all."""
    encoding = "utf-8-sig"
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        encoding = "utf-32"
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        told = re.search(r"charset=\"?([\w.:-]+)", content_type, re.IGNORECASE)
        try:
            text = data.decode(told[1] if told else encoding, "replace")
        except (LookupError, UnicodeError):
            text = data.decode("utf-8", "replace")
    sample = text[:4096]
    if "\0" in sample or 10 * sample.count("\N{REPLACEMENT CHARACTER}") > len(sample):
        return None
    return text


def _json(text: str) -> Any:
    """The JSON document in `text`, or why there is none."""
    if sum(map(text.count, ",[{")) > MOST_VALUES:
        return NotATranscript(f"holds more than {MOST_VALUES:,} values")
    try:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            raise
        except ValueError:
            # Python refuses to read whole numbers of thousands of digits, but not as fractions.
            return json.loads(text, parse_int=float)
    except json.JSONDecodeError as problem:
        rest = text[problem.pos :]
        begun = text.lstrip()[:1] in ("{", "[") and problem.msg != "Extra data"
        ends_within = len(rest) < 32 and not re.search('[][{},:"]', rest)
        if begun and (ends_within or problem.msg.startswith("Unterminated")):
            return NotATranscript("is JSON that is cut off")
        return NotATranscript(f"is not valid JSON: {problem.msg} at character {problem.pos}")
    except RecursionError:
        return NotATranscript("is JSON that is nested too deep")


def _from_json(document: object) -> Transcript | NotATranscript:
    shapes = [shape for shape in _shapes() if hasattr(shape, "from_json")]
    parts = _parts(document)
    silent: Transcript | None = None
    for last in (False, True):
        for part in parts[:1] if last else parts:
            for shape in shapes:
                found: Transcript | None = None
                if getattr(shape, "LAST", False) == last:
                    found = shape.from_json(part)
                if found and found.turns:
                    return found
                silent = silent or found
        if silent:
            return silent
    return NotATranscript("is JSON, but of no known kind of transcript")


def _parts(document: object) -> list[dict[str, Any]]:
    """The objects in which a transcript may be wrapped, from the outermost in."""
    found: list[dict[str, Any]] = []
    level = [document]
    for _ in range(6):
        inner: list[object] = []
        for part in level:
            if isinstance(part, dict):
                found.append(part)
                inner += part.values()
            elif isinstance(part, list) and len(part) == 1:
                inner += part
        level = [part for part in inner[:1000] if isinstance(part, dict | list)]
    return found


@cache
def _shapes() -> tuple[Any, ...]:
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name != "write"]
    return tuple(import_module(f"{__name__}.{name}") for name in names)


# What shapes are made with.


def number(value: object, most: float = LONGEST) -> float | None:
    """A number from 0 to `most`, also as text (`"1.25"`, `"1.25s"`); None if it is none."""
    if type(value) is float:  # nearly always: this is asked several times for each word
        return value if 0 <= value <= most else None
    if isinstance(value, str):
        try:
            value = float(value.strip().removesuffix("s"))
        except ValueError:
            return None
    if isinstance(value, float | int) and not isinstance(value, bool) and 0 <= value <= most:
        return float(value)
    return None


def milliseconds(value: object) -> float | None:
    """A time in milliseconds, as seconds."""
    found = number(value, 1000 * LONGEST)
    return None if found is None else found / 1000


def whole(value: object) -> int | None:
    """A small whole number, as it is or at the end of a name (`ch_0`)."""
    if isinstance(value, str):
        digits = re.search(r"\d{1,4}$", value)
        value = digits and digits[0]
    found = number(value, 9999)
    return int(found) if found is not None and found.is_integer() else None


def speaker(value: object) -> str | None:
    """A speaker's name: numbers, single letters, `spk_1` and `SPEAKER_01` are put in one way."""
    if type(value) is int and 0 <= value < 10_000:
        return f"Speaker {value}"
    if not isinstance(value, str):
        return None if (place := whole(value)) is None else f"Speaker {place}"
    name = value.strip()[:LONGEST_NAME].rstrip(" :")
    if plain := re.fullmatch(
        r"(?:(?:spk|speaker)[ _-]?)?0*(\d{1,4})|(?:speaker[ _-])?([a-z])", name, re.I
    ):
        return f"Speaker {plain[1] or plain[2]}"
    return name or None


def items(value: object) -> list[dict[str, Any]]:
    """The objects in a list; none if it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def inside(value: object, *path: str) -> Any:
    """What is at the end of a path of keys, or None."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def string(value: object) -> str:
    """A text without blanks around it; empty if it is none."""
    return value.strip() if isinstance(value, str) else ""


def names(value: object, *keys: str) -> tuple[str, ...]:
    """Each name once, from a list of names or of objects that have one under one of `keys`."""
    found: list[str] = []
    for item in value if isinstance(value, list) else ():
        texts = [string(item)] if isinstance(item, str) else [string(inside(item, k)) for k in keys]
        found += [text for text in texts if text][:1]
    return tuple(dict.fromkeys(found))


def turn(
    words: Sequence[Word],
    text: str = "",
    *,
    speaker: str | None = None,
    channel: int | None = None,
    start: float | None = None,
    end: float | None = None,
    confidence: float | None = None,
) -> Turn:
    """A turn, with what is not given taken from its words; `transcript` numbers it."""
    if confidence is None:
        known = [word.confidence for word in words if word.confidence is not None]
        confidence = round(sum(known) / len(known), 6) if known else None
    if start is None:
        start = next((word.start for word in words if word.start is not None), None)
    if end is None:
        end = next((word.end for word in reversed(words) if word.end is not None), None)
    if start is not None and end is not None and end < start:
        end = None
    text = text or " ".join([word.text for word in words])
    return Turn(0, speaker, channel, start, end, text, confidence, tuple(words))


def by_speaker(said: Iterable[tuple[str | None, int | None, Word]]) -> Iterator[Turn]:
    """Turns out of words that each have a speaker and a channel."""
    for (who, channel), group in groupby(said, itemgetter(0, 1)):
        yield turn([word for _, _, word in group], speaker=who, channel=channel)


def transcript(shape: str, turns: Iterable[Turn], **more: Any) -> Transcript:
    """A transcript of the turns that hold words, numbered; channels are put into one order."""
    spoken = [turn for turn in turns if turn.text]
    if len({turn.channel for turn in spoken}) > 1:
        spoken.sort(key=lambda turn: LONGEST if turn.start is None else turn.start)
    return Transcript(shape, tuple(t._replace(n=n) for n, t in enumerate(spoken, 1)), **more)

"""VoiceBase: what its add-on leaves, and its own documents of version 2 and 3.

The add-on's text has the speakers written into it. In the others each word is an object; `m` marks
one that is none: `turn` is a change of speaker, who is named by `w`, and `punc` a sign that belongs
to the word before it. A callback's document has text and words: the words tell more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from addonctl.transcripts import (
    Transcript,
    Turn,
    Word,
    inside,
    items,
    milliseconds,
    names,
    number,
    plain,
    speaker,
    string,
    transcript,
    turn,
)


def from_json(document: dict[str, Any]) -> Transcript | None:
    shape, words = "voicebase-v2", inside(document, "transcripts", "latest", "words")
    text, about = inside(document, "transcripts", "text"), document
    if not _spoken(words):
        shape, words = "voicebase-v3", inside(document, "transcript", "words")
        about = document.get("knowledge") or document
    turns = [each for each in _turns(words) if each.text] if _spoken(words) else None
    if not turns and isinstance(text, str):
        shape, turns, about = "voicebase-addon", plain.dialogue(text, inline=True), document
    if turns is None:
        return None
    keywords, topics = inside(about, "keywords"), inside(about, "topics")
    return transcript(
        shape,
        turns,
        keywords=names(inside(keywords, "latest", "words") or keywords, "name", "keyword"),
        topics=names(inside(topics, "latest", "topics") or topics, "name", "topicName"),
    )


def _spoken(words: object) -> bool:
    return isinstance(words, list) and (not words or any("w" in item for item in items(words)))


def _turns(words: list[Any]) -> Iterator[Turn]:
    who: str | None = None
    said: list[Word] = []
    for item in items(words):
        text, kind = string(item.get("w")), item.get("m")
        if kind == "turn":
            yield turn(said, speaker=who)
            who, said = speaker(text), []
        elif kind == "punc" and text and said:
            said[-1] = said[-1]._replace(text=said[-1].text + text)
        elif text:
            times = milliseconds(item.get("s")), milliseconds(item.get("e"))
            said.append(Word(text, *times, number(item.get("c"), 1)))
    yield turn(said, speaker=who)

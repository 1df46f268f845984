"""OpenAI Whisper, its descendants, and the API's `verbose_json`: each segment is a turn."""

from __future__ import annotations

from typing import Any

from addonctl.transcripts import (
    Transcript,
    Turn,
    Word,
    items,
    number,
    speaker,
    string,
    transcript,
    turn,
)


def from_json(document: dict[str, Any]) -> Transcript | None:
    segments = [item for item in items(document.get("segments")) if "text" in item]
    words = [item for item in items(document.get("words")) if "word" in item]
    if not any("start" in item or "end" in item for item in segments):
        # One that was asked for words alone has no segments.
        text = document.get("text")
        if not words and not (isinstance(text, str) and document.get("segments") == []):
            return None
        segments = [{"text": text, "words": words}]
    language = string(document.get("language"))
    return transcript("whisper", map(_turn, segments), language=language or None)


def _turn(segment: dict[str, Any]) -> Turn:
    words = []
    for item in items(segment.get("words")):
        if text := string(item.get("word")):
            sure = number(item.get("probability", item.get("score")), 1)
            words.append(Word(text, number(item.get("start")), number(item.get("end")), sure))
    return turn(
        words,
        string(segment.get("text")),
        speaker=speaker(segment.get("speaker")),
        start=number(segment.get("start")),
        end=number(segment.get("end")),
    )

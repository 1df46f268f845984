"""AssemblyAI: utterances where speakers or channels were told apart, else the words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from addonctl.transcripts import (
    Transcript,
    Turn,
    Word,
    by_speaker,
    inside,
    items,
    milliseconds,
    names,
    number,
    speaker,
    string,
    transcript,
    turn,
    whole,
)

Json = dict[str, Any]


def from_json(document: Json) -> Transcript | None:
    utterances, words = items(document.get("utterances")), items(document.get("words"))
    if not any("text" in item and "start" in item for item in (*utterances, *words)):
        return None
    turns = [_utterance(each) for each in utterances]
    if not any(turn.text for turn in turns):
        turns = list(by_speaker(_said(words)))
    if len(turns) == 1 and not utterances:
        turns = [turns[0]._replace(text=string(document.get("text")) or turns[0].text)]
    topics = inside(document, "iab_categories_result", "summary")
    language = string(document.get("language_code"))
    return transcript(
        "assemblyai",
        turns,
        keywords=names(inside(document, "auto_highlights_result", "results"), "text"),
        topics=names(list(topics) if isinstance(topics, dict) else topics),
        language=language or None,
    )


def _utterance(item: Json) -> Turn:
    return turn(
        [word for _, _, word in _said(items(item.get("words")))],
        string(item.get("text")),
        speaker=speaker(item.get("speaker")),
        channel=whole(item.get("channel")),
        start=milliseconds(item.get("start")),
        end=milliseconds(item.get("end")),
        confidence=number(item.get("confidence"), 1),
    )


def _said(words: list[Json]) -> Iterator[tuple[str | None, int | None, Word]]:
    for item in words:
        if text := string(item.get("text")):
            times = milliseconds(item.get("start")), milliseconds(item.get("end"))
            word = Word(text, *times, number(item.get("confidence"), 1))
            yield speaker(item.get("speaker")), whole(item.get("channel")), word

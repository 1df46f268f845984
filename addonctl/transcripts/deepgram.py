"""Deepgram: utterances where it was asked for them, else paragraphs, else words by speaker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from addonctl.transcripts import (
    LONGEST,
    Transcript,
    Turn,
    Word,
    by_speaker,
    inside,
    items,
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
    results = document.get("results")
    channels = inside(results, "channels")
    utterances = items(inside(results, "utterances"))
    if not isinstance(channels, list) and not utterances:
        return None
    turns = [
        _turn(each, each.get("transcript"), [word for _, word in _words(each)])
        for each in utterances
    ]
    if not any(turn.text for turn in turns):
        turns = list(_of_channels(items(channels)))
    about = items(inside(results, "topics", "segments"))
    topics = [topic for segment in about for topic in items(segment.get("topics"))]
    languages = (string(channel.get("detected_language")) for channel in items(channels))
    return transcript(
        "deepgram",
        turns,
        topics=names(topics, "topic"),
        language=next(filter(None, languages), None),
    )


def _of_channels(channels: list[Json]) -> Iterator[Turn]:
    said: list[tuple[str | None, int | None, Word]] = []
    for place, channel in enumerate(channels):
        best = next(iter(items(channel.get("alternatives"))), {})
        words = _words(best)
        paragraphs = items(inside(best, "paragraphs", "paragraphs"))
        if paragraphs:
            at = 0
            for each in paragraphs:
                own = words[at : at + (whole(each.get("num_words")) or 0)]
                at += len(own)
                text = " ".join(string(s.get("text")) for s in items(each.get("sentences")))
                yield _turn(each, text, [word for _, word in own], place)
        elif words:
            said += ((who, place, word) for who, word in words)
        else:
            yield _turn(best, best.get("transcript"), [], place)
    if len({channel for _, channel, _ in said}) > 1:
        said.sort(key=lambda each: LONGEST if each[2].start is None else each[2].start)
    yield from by_speaker(said)


def _turn(part: Json, text: object, words: list[Word], channel: int | None = None) -> Turn:
    return turn(
        words,
        string(text),
        speaker=speaker(part.get("speaker")),
        channel=whole(part.get("channel")) if channel is None else channel,
        start=number(part.get("start")),
        end=number(part.get("end")),
        confidence=number(part.get("confidence"), 1),
    )


def _words(part: Json) -> list[tuple[str | None, Word]]:
    found = []
    for item in items(part.get("words")):
        text = string(item.get("punctuated_word")) or string(item.get("word"))
        if text:
            times = number(item.get("start")), number(item.get("end"))
            word = Word(text, *times, number(item.get("confidence"), 1))
            found.append((speaker(item.get("speaker")), word))
    return found

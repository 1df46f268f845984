"""Amazon Transcribe: `results.items[]`, by speaker or channel; else its audio segments.

Numbers are written as text. A sign of punctuation is an item without a time of its own. Older
documents tell who speaks only in `speaker_labels`, by the time at which a word starts.
"""

from __future__ import annotations

from typing import Any

from addonctl.transcripts import (
    Transcript,
    Turn,
    Word,
    by_speaker,
    inside,
    items,
    number,
    speaker,
    string,
    transcript,
    turn,
    whole,
)

Json = dict[str, Any]
Said = tuple[str | None, int | None, Word]


def from_json(document: Json) -> Transcript | None:
    results = document.get("results")
    parts = [inside(results, name) for name in ("items", "transcripts", "audio_segments")]
    if not any(isinstance(part, list) for part in parts):
        return None
    words, texts, segments = map(items, parts)
    said, places = _said(results, words or _of_channels(results))
    if segments and not any(who or channel is not None for who, channel, _ in said):
        turns = [_segment(each, said, places) for each in segments]
    else:
        turns = list(by_speaker(said))
    if not any(turn.text for turn in turns):
        turns = [turn((), string(each.get("transcript"))) for each in texts]
    language = string(inside(results, "language_code"))
    return transcript("aws", turns, language=language or None)


def _of_channels(results: object) -> list[Json]:
    """The items of all channels, in one order; each with the name of its channel."""
    found = [
        {"channel_label": channel.get("channel_label")} | item
        for channel in items(inside(results, "channel_labels", "channels"))
        for item in items(channel.get("items"))
    ]
    at = 0.0
    starts = []
    for item in found:
        # A sign stays behind its word.
        at = at if (start := number(item.get("start_time"))) is None else start
        starts.append(at)
    return [item for _, item in sorted(zip(starts, found, strict=True), key=lambda each: each[0])]


def _said(results: object, words: list[Json]) -> tuple[list[Said], dict[Any, int]]:
    """The words, and in which of them the item of an id went."""
    labels = {}
    for segment in items(inside(results, "speaker_labels", "segments")):
        for item in items(segment.get("items")):
            labels[number(item.get("start_time"))] = item.get("speaker_label")
    said: list[Said] = []
    places: dict[Any, int] = {}
    for item in words:
        best = next(iter(items(item.get("alternatives"))), {})
        text, channel = string(best.get("content")), whole(item.get("channel_label"))
        start = number(item.get("start_time"))
        if not text:
            continue
        if item.get("type") == "punctuation" and said:
            who, before, word = said[-1]
            said[-1] = who, before, word._replace(text=word.text + text)
        else:
            who = speaker(item.get("speaker_label") or labels.get(start))
            end, sure = number(item.get("end_time")), number(best.get("confidence"), 1)
            said.append((who, channel, Word(text, start, end, sure)))
        if isinstance(item.get("id"), int):
            places[item["id"]] = len(said) - 1
    return said, places


def _segment(segment: Json, said: list[Said], places: dict[Any, int]) -> Turn:
    ids = segment.get("items")
    own = (
        {places[each] for each in ids if isinstance(each, int) and each in places}
        if isinstance(ids, list)
        else ()
    )
    return turn(
        [said[place][2] for place in sorted(own)],
        string(segment.get("transcript")),
        speaker=speaker(segment.get("speaker_label")),
        channel=whole(segment.get("channel_label")),
        start=number(segment.get("start_time")),
        end=number(segment.get("end_time")),
    )

"""IBM Watson Speech to Text, with or without the wrapper that its add-on puts around it.

Without labels each result is a turn; with them a turn ends where the speaker of its words does.
A label and the word it is about begin at the same time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from addonctl.transcripts import (
    Transcript,
    Turn,
    Word,
    by_speaker,
    items,
    number,
    speaker,
    string,
    transcript,
    turn,
    whole,
)

Json = dict[str, Any]


def from_json(document: Json) -> Transcript | None:
    results = items(document.get("results"))
    blocks = [block for block in results if isinstance(block.get("results"), list)]
    if not blocks:
        if not _is_ours(document, results):
            return None
        blocks = [document]
    keywords: dict[str, None] = {}
    for block in blocks:
        for result in items(block["results"]):
            if isinstance(found := result.get("keywords_result"), dict):
                keywords |= dict.fromkeys(map(str, found))
    turns = (each for block in blocks for each in _turns(block))
    return transcript("watson", turns, keywords=tuple(keywords))


def _is_ours(document: Json, results: list[Json]) -> bool:
    """Google's results look the same, but for what only one of the two ever says."""
    if not isinstance(document.get("results"), list):
        return False
    if "result_index" in document or "speaker_labels" in document:
        return True
    said = [item for result in results for item in items(result.get("alternatives"))]
    return any("final" in result for result in results) or any(
        "timestamps" in item or "word_confidence" in item for item in said
    )


def _turns(block: Json) -> Iterator[Turn]:
    results = items(block["results"])
    if any(result.get("final") is True for result in results):
        # What was heard before the end of a sentence is heard again, and better, at its end.
        results = [result for result in results if result.get("final") is not False]
    labels: dict[float, str] = {}
    for label in items(block.get("speaker_labels")):
        who, start = speaker(label.get("speaker")), number(label.get("from"))
        if who and start is not None:
            labels[start] = who
    starts = sorted(labels)
    said: list[tuple[str | None, int | None, Word]] = []
    for result in results:
        best = next(iter(items(result.get("alternatives"))), {})
        text, confidence = string(best.get("transcript")), number(best.get("confidence"), 1)
        words, channel = _words(best, text, confidence), whole(result.get("channel"))
        if not labels:
            yield turn(words, text, channel=channel, confidence=confidence)
            continue
        for word in words or [Word(each, confidence=confidence) for each in text.split()]:
            who = said[-1][0] if said else None
            if word.start is not None:
                # Where nobody's label begins with the word, the one before it goes on speaking.
                who = labels.get(word.start)
                who = who or labels[starts[max(0, bisect_right(starts, word.start) - 1)]]
            said.append((who, channel, word))
    yield from by_speaker(said)


def _words(best: Json, text: str, confidence: float | None) -> list[Word]:
    """The words with their times, spelled as in the text where the two go together."""
    timed = best.get("timestamps")
    if not isinstance(timed, list):
        return []
    timed = [each for each in timed if isinstance(each, list) and each and string(each[0])]
    sure = best.get("word_confidence")
    if not isinstance(sure, list) or len(sure) != len(timed):
        sure = None
    spelled = text.split()
    if len(spelled) != len(timed):
        spelled = [string(each[0]) for each in timed]
    words = []
    for place, (word, each) in enumerate(zip(spelled, timed, strict=True)):
        start, end, *_ = *map(number, each[1:3]), None, None
        own = None
        if sure and isinstance(sure[place], list) and len(sure[place]) > 1:
            own = number(sure[place][1], 1)
        words.append(Word(word, start, end, confidence if own is None else own))
    return words

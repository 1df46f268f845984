"""Google Cloud Speech-to-Text, versions 1 and 2: `results[].alternatives[0]`, each a turn.

With speakers the last result of version 1 has the words of all the others again, and only there
does each have its speaker.
"""

from __future__ import annotations

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

# What IBM Watson alone says: of all, of a result, of an alternative. The rest looks the same.
_NOT_OURS = {"result_index", "speaker_labels"}
_NOT_OUR_RESULTS = {"final", "keywords_result", "word_alternatives"}
_NOT_OUR_WORDS = {"timestamps", "word_confidence"}
_TIMES = (
    {"startTime", "startOffset", "start_time", "start_offset"},
    {"endTime", "endOffset", "end_time", "end_offset"},
)

Said = tuple[str | None, int | None, Word]


def from_json(document: dict[str, Any]) -> Transcript | None:
    results = [item for item in items(document.get("results")) if "alternatives" in item]
    bests = [next(iter(items(result["alternatives"])), {}) for result in results]
    if (
        not any("transcript" in best or "words" in best for best in bests)
        or _NOT_OURS & document.keys()
        or any(_NOT_OUR_RESULTS & result.keys() for result in results)
        or any(_NOT_OUR_WORDS & best.keys() for best in bests)
    ):
        return None
    said = [
        _words(best, whole(result.get("channelTag", result.get("channel_tag"))) or None)
        for result, best in zip(results, bests, strict=True)
    ]
    languages = [string(each.get("languageCode", each.get("language_code"))) for each in results]
    if _all_again(said, bests[-1]):
        said, bests, results = said[-1:], bests[-1:], results[-1:]
    turns: list[Turn] = []
    for words, best, result in zip(said, bests, results, strict=True):
        if any(who for who, _, _ in words):
            turns += by_speaker(words)
            continue
        turns.append(
            turn(
                [word for _, _, word in words],
                string(best.get("transcript")),
                channel=whole(result.get("channelTag", result.get("channel_tag"))) or None,
                # 0 is how it says that it does not know.
                confidence=number(best.get("confidence"), 1) or None,
            )
        )
    return transcript("google", turns, language=next(filter(None, languages), None))


def _words(best: dict[str, Any], channel: int | None) -> list[Said]:
    said: list[Said] = []
    for item in items(best.get("words")):
        start, end = (
            next((_time(item[key]) for key in item if key in keys), None) for keys in _TIMES
        )
        if start is None and end is not None and not _TIMES[0] & item.keys():
            start = 0.0  # which it leaves out
        if text := string(item.get("word")):
            who = item.get("speakerTag") or item.get("speakerLabel") or item.get("speaker_tag")
            word = Word(text, start, end, number(item.get("confidence"), 1) or None)
            said.append((speaker(who), channel, word))
    return said


def _time(value: object) -> float | None:
    """`"1.200s"`, or as a protocol buffer has it, in seconds and nanoseconds."""
    if not isinstance(value, dict):
        return number(value)
    seconds, nanos = number(value.get("seconds", 0)), number(value.get("nanos", 0), 1e9)
    return None if seconds is None or nanos is None else seconds + nanos / 1e9


def _all_again(said: list[list[Said]], last: dict[str, Any]) -> bool:
    """Whether the last result repeats the words of those before it."""
    if len(said) == 1 or not any(who for who, _, _ in said[-1]):
        return False
    first = next((words[0][2] for words in said[:-1] if words), None)
    if first is None:
        return not string(last.get("transcript"))
    return first[:2] == said[-1][0][2][:2]

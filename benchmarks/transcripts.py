"""CPU time of reading what was said out of a document, and of writing it down again.

    python -m benchmarks.transcripts [--runs 200]

Within one process, as `results transcript` and the archive do it for one document after another:
by the process's own clock, so other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

from addonctl import transcripts
from addonctl.transcripts import Transcript, write
from benchmarks.report import keep, table

WORDS = 727
"""A support call of five minutes."""
GOAL_MS = 3.0
SAID = (
    "the",
    "ferry",
    "leaves",
    "from",
    "pier",
    "two",
    "at",
    "noon",
    "and",
    "nobody",
    "knows",
    "why",
)


def watson() -> bytes:
    """A call as IBM's add-on leaves it: two speakers, 14 words a result, a label for each word."""
    results = []
    labels = []
    at = 0.0
    for first in range(0, WORDS, 14):
        timestamps = []
        for number in range(first, min(first + 14, WORDS)):
            word = SAID[number % len(SAID)]
            start, end = round(at, 2), round(at + 0.08 + 0.05 * len(word), 2)
            at = end + 0.04
            timestamps.append([word, start, end])
            who = {"speaker": number // 23 % 2, "confidence": 0.512, "final": number == WORDS - 1}
            labels.append({"from": start, "to": end} | who)
        text = "".join(f"{word} " for word, _, _ in timestamps)
        best = {"timestamps": timestamps, "confidence": 0.87, "transcript": text}
        results.append({"alternatives": [best], "final": True})
    inner = {"results": results, "result_index": 0, "speaker_labels": labels}
    return json.dumps({"user_token": "XR" + "0" * 32, "results": [inner]}).encode()


def cpu_ms(act: Callable[[], object], runs: int) -> float:
    """The median of the CPU time it takes, in milliseconds, after one run to warm up."""
    took = []
    for number in range(runs + 1):
        began = time.process_time()
        act()
        if number:
            took.append(time.process_time() - began)
    return statistics.median(took) * 1000


def measure(runs: int) -> list[dict[str, object]]:
    data = watson()
    found = transcripts.read(data)
    if not isinstance(found, Transcript) or sum(len(turn.words) for turn in found.turns) != WORDS:
        raise RuntimeError(f"not all of the {WORDS} words were read")
    parsed = cpu_ms(lambda: json.loads(data), runs)
    read = cpu_ms(lambda: transcripts.read(data), runs)
    rows: list[dict[str, object]] = [
        {
            "what": f"{WORDS} words with speakers, read",
            "beside": f"{GOAL_MS:g} ms of CPU",
            "ratio": read / GOAL_MS,
            "at most": 1.0,
            "ms": read,
        },
        {"what": "the same", "beside": "json.loads", "ratio": read / parsed, "ms": read},
    ]
    for writer in (write.text, write.md, write.json, write.srt, write.vtt):
        took = cpu_ms(lambda writer=writer: writer(found), runs)  # type: ignore[misc]
        rows.append(
            {
                "what": f"written as {writer.__name__}",
                "beside": "reading it",
                "ratio": took / read,
                "ms": took,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    rows = measure(runs)
    keep("transcripts", rows, runs=runs)
    print(table(rows))


if __name__ == "__main__":
    main()

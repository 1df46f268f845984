"""Any other document: the longest text under a key `transcript` or `text`, as one turn.

Sentiment, keywords, entities and the like quote what was said and are no transcript: so no text
that stands beside a judgement of it, and nothing below the name of an analysis.
"""

from __future__ import annotations

import re
from typing import Any

from addonctl.transcripts import Transcript, string, transcript, turn

LAST = True

_JUDGEMENT = "sentiment|emotion|tone|score|relevance|salience|polarity|magnitude|entity|category"
_JUDGED = re.compile(_JUDGEMENT, re.IGNORECASE)
_ANALYSIS = re.compile(
    f"{_JUDGEMENT}|entities|keyword|keyphrase|topic|categories|concept|intent|summar|highlight",
    re.IGNORECASE,
)


def from_json(document: dict[str, Any]) -> Transcript | None:
    longest = ""
    waiting: list[object] = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            judged = any(map(_JUDGED.search, part))
            for key in ("transcript", "text")[: 1 if judged else 2]:
                if isinstance(text := part.get(key), str) and len(text) > len(longest):
                    longest = text
            waiting += (value for key, value in part.items() if not _ANALYSIS.search(key))
    if not any(map(str.isalpha, longest)):
        return None
    return transcript("generic", [turn((), string(longest))])

"""One JSON object a line, as pages arrive."""

from __future__ import annotations

import json
from collections.abc import Iterator

from addonctl.output import columns, safe
from addonctl.output.settings import Answer

FLOWS = True


def write(answer: Answer) -> Iterator[str]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for page in answer.pages:
        lines = "".join([f"{encode(columns.document(record, answer.fields))}\n" for record in page])
        yield safe.json_text(lines) if answer.screen else lines

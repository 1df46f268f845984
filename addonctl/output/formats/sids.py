"""One address a line (RE…/XR…/XH…), for xargs, loops and `-`."""

from __future__ import annotations

from collections.abc import Iterator

from addonctl.output import safe
from addonctl.output.settings import Answer

FLOWS = True


def write(answer: Answer) -> Iterator[str]:
    for page in answer.pages:
        yield "".join(f"{safe.line(str(record.address))}\n" for record in page)

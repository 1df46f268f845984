"""Header and rows for spreadsheets, commas between, times in UTC."""

from __future__ import annotations

from collections.abc import Iterator

from addonctl.output import delimited
from addonctl.output.settings import Answer

FLOWS = True


def write(answer: Answer) -> Iterator[str]:
    return delimited.write(answer, ",")

"""One module per format, found by its file: to add a format is to add a file here.

A format module has a docstring (its first line is the help), `FLOWS` (whether it is written as
pages arrive, or only when whole) and `write(answer)`, which yields its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from addonctl.output.settings import Answer

_DEFAULT = "table"
FORMATS = (
    _DEFAULT,
    *sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py") if file.stem != _DEFAULT),
)


class Format(Protocol):
    """What a module of this package is."""

    FLOWS: bool

    @staticmethod
    def write(answer: Answer) -> Iterator[str]:
        """The answer as text, in pieces."""


def named(name: str) -> Format:
    """The format of that name, which is one of FORMATS; only its own imports are paid for."""
    return cast(Format, import_module(f"{__name__}.{name}"))

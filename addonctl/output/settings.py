"""How the user wants answers, resolved once; and what a writer gets to write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from addonctl.models import Field, Record


class OutputSettings(NamedTuple):
    """The words that shape an answer.

    `fields` empty means the format's own choice. `color` None asks each stream whether it is a
    terminal. `ask` is false under --no-input. `bom` and `exact` concern csv and tsv, `query` json.
    """

    format: str = "table"
    fields: tuple[str, ...] = ()
    header: bool = True
    query: str | None = None
    bom: bool = False
    exact: bool = False
    color: bool | None = None
    quiet: bool = False
    verbose: bool = False
    ask: bool = True


class Screen(NamedTuple):
    """The terminal an answer will be read on. `now` is what ages count from."""

    width: int
    color: bool
    now: datetime


class Answer(NamedTuple):
    """All that a writer needs: records of one kind, in pages, and how they are wanted.

    `fields` are those asked for, in their order, or none. `whole` marks records that were asked
    for one by one, `single` that it was just one. `screen` is None in a pipe or a file.
    """

    kind: type[Record]
    pages: Iterable[Sequence[Record]]
    fields: tuple[Field, ...] = ()
    settings: OutputSettings = OutputSettings()
    whole: bool = False
    single: bool = False
    screen: Screen | None = None

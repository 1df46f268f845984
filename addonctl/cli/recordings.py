"""`addonctl recordings`: which recordings there are."""

from __future__ import annotations

import typer

from addonctl.cli.command import noun, verb
from addonctl.cli.options import LISTING, OUTPUT, RECORDING_FILTERS
from addonctl.cli.state import state_of
from addonctl.models import Recording

app = noun()


@app.callback()
def recordings() -> None:
    """The recordings that add-ons have worked on."""


@verb(
    app,
    "list",
    RECORDING_FILTERS,
    LISTING,
    OUTPUT,
    rows=Recording,
    examples=(
        ("the recordings of the last week", "addonctl recordings list --since 7d"),
        (
            "the ten longest",
            "addonctl recordings list --sort -duration --limit 10 --fields sid,duration",
        ),
    ),
)
def list_recordings(context: typer.Context) -> None:
    """List the account's recordings, newest first."""
    state = state_of(context)
    state.sink.check(Recording)
    selection = state.selection(Recording)
    size = selection.page_size(state.page_size)
    pages = state.client.recordings(state.recording_filters, size)
    state.answer(Recording, selection, pages)

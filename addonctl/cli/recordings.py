"""`addonctl recordings`: which recordings there are."""

from __future__ import annotations

from typing import Annotated

from addonctl.cli import options
from addonctl.cli.commands import CALL, Noun
from addonctl.cli.options import Argument, Listing, Many, Missing, Output, RecordingFilters
from addonctl.cli.state import State
from addonctl.models import Recording

command = Noun("The recordings that add-ons have worked on.")


@command.verb(
    "list",
    rows=Recording,
    examples=(
        ("the recordings of the last week", "addonctl recordings list --since 7d"),
        (
            "the ten longest",
            "addonctl recordings list --sort -duration --limit 10 --fields sid,duration",
        ),
    ),
)
def list_recordings(
    state: State, filters: RecordingFilters, listing: Listing, output: Output
) -> None:
    """List the account's recordings, newest first."""
    state.answering(Recording)
    selection = state.selection(Recording, listing)
    size = selection.page_size(listing.page_size)
    batch = state.batch(Many(), "listed", "recording", alone=True)
    pages = batch.client.recordings(options.recording_parameters(filters), size)
    state.answer(Recording, selection, batch, pages)


@command.verb(
    "get",
    rows=Recording,
    examples=(("one recording, as the API has it", f"addonctl recordings get {CALL} -f json"),),
)
def get_recordings(
    state: State,
    missing: Missing,
    many: Many,
    output: Output,
    recordings: Annotated[list[str] | None, Argument("RE…")] = None,
) -> None:
    """Show recordings, whole."""
    state.get(Recording, lambda client, at: client.recording(at), recordings, 1, missing, many)

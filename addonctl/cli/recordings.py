"""`addonctl recordings`: which recordings there are."""

from __future__ import annotations

from addonctl.cli.commands import Noun
from addonctl.cli.options import Listing, Many, Output, RecordingFilters
from addonctl.cli.state import State, page_size_of, recording_parameters
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
    selection = state.selection(Recording, listing=listing)
    size = selection.page_size(page_size_of(listing))
    batch = state.batch(Many(), "listed", "recording", alone=True)
    pages = batch.client.recordings(recording_parameters(filters), size)
    state.answer(Recording, selection, batch, pages)

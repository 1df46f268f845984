"""`addonctl results`: what add-ons made of recordings."""

from __future__ import annotations

from typing import Annotated

import typer

from addonctl.cli.batch import Batch, is_one
from addonctl.cli.command import Nouns, noun, verb
from addonctl.cli.download import DOWNLOADING, EXAMPLES, download
from addonctl.cli.options import (
    DELETING,
    LISTING,
    MANY,
    OUTPUT,
    RECORDING_FILTERS,
    RESULT_FILTERS,
    Option,
)
from addonctl.cli.samples import CALL, CONFERENCE, TRANSCRIPT
from addonctl.cli.state import state_of
from addonctl.models import Outcome, Result

Recordings = Annotated[list[str] | None, typer.Argument(metavar="RE…", show_default=False)]
Addresses = Annotated[list[str] | None, typer.Argument(metavar="RE… XR…", show_default=False)]
Mixed = Annotated[list[str] | None, typer.Argument(metavar="RE… [XR…]…", show_default=False)]

ALL = (Option(("--all",), "Of every recording of the account."),)
ALL_RESULTS = (Option(("--all-results",), "A recording alone stands for all its results."),)


class Results(Nouns):
    """The verbs of results, and the nouns under them."""

    nouns = {"payloads": ("addonctl.cli.payloads", "The files of a result")}


app = noun(cls=Results)


@app.callback()
def results() -> None:
    """What add-ons made of recordings: transcripts, sentiments, keywords."""


@verb(
    app,
    "list",
    RESULT_FILTERS,
    ALL,
    RECORDING_FILTERS,
    LISTING,
    MANY,
    OUTPUT,
    rows=Result,
    examples=(
        ("what add-ons made of one recording", f"addonctl results list {CALL}"),
        ("of all recordings, what failed", "addonctl results list --all --status failed"),
        (
            "what will be gone within three days, for a spreadsheet",
            "addonctl results list --all --expiring-within 3d --format csv > expiring.csv",
        ),
    ),
)
def list_results(context: typer.Context, recordings: Recordings = None) -> None:
    """List the add-on results of recordings."""
    state = state_of(context)
    state.sink.check(Result)
    batch = Batch(state, "listed", "recording")
    selection = state.selection(Result)
    size = selection.page_size(state.page_size)
    addresses = state.recordings(recordings, lambda: batch.client)
    pages = batch.pages(
        lambda client, address: client.results(address, size),
        addresses,
        gone_is_empty="all" in state.given,
    )
    state.answer(Result, selection, pages, batch.warn)
    batch.finish()


@verb(
    app,
    "get",
    MANY,
    OUTPUT,
    rows=Result,
    examples=(
        ("one result, as the API has it", f"addonctl results get {TRANSCRIPT} --format json"),
    ),
)
def get_results(context: typer.Context, results: Addresses = None) -> None:
    """Show results, whole."""
    state = state_of(context)
    state.sink.check(Result)
    batch = Batch(state, "got", "result")
    addresses = state.addresses(results, 2, 2)
    found = batch.values(lambda client, address: client.result(address), addresses)
    state.sink.record(Result, found, single=is_one(addresses))
    batch.finish()


verb(app, "download", *DOWNLOADING, rows=Outcome, examples=EXAMPLES)(download)


@verb(
    app,
    "delete",
    RESULT_FILTERS,
    ALL_RESULTS,
    DELETING,
    MANY,
    OUTPUT,
    rows=Outcome,
    examples=(
        ("one result, without being asked", f"addonctl results delete {TRANSCRIPT} --yes"),
        (
            "what would go with all results of a recording",
            f"addonctl results delete {CONFERENCE} --all-results --dry-run",
        ),
        (
            "whatever failed, anywhere",
            "addonctl results list --all --status failed --format sids |"
            " addonctl results delete --yes -",
        ),
    ),
)
def delete_results(context: typer.Context, results: Mixed = None) -> None:
    """Delete results for good, with their payloads."""
    from addonctl.cli.batch.deletion import delete

    delete(state_of(context), results, "result", 2)


@verb(
    app,
    "wait",
    MANY,
    OUTPUT,
    rows=Result,
    examples=(
        (
            "until all results of a recording are there, for ten minutes at most",
            f"addonctl results wait {CALL} --timeout 10m",
        ),
    ),
)
def wait_for_results(
    context: typer.Context,
    results: Mixed = None,
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="Give up after this long (never).")
    ] = None,
    interval: Annotated[
        str | None, typer.Option(metavar="TIME", help="How often to look (1s, growing to 15s).")
    ] = None,
    any_end: Annotated[
        bool, typer.Option("--any-end", help="Failed and canceled will do as well.")
    ] = False,
) -> None:
    """Wait until results are final; of a recording alone, until all of its results are.

    Ends at once, with exit code 1, when one has failed or was canceled.
    """
    from addonctl.cli.batch.waiting import wait

    wait(state_of(context), results, timeout, interval, any_end)

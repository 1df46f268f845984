"""`addonctl payloads`: the files that add-ons left behind."""

from __future__ import annotations

from typing import Annotated

import typer

from addonctl.cli.batch import Batch, is_one
from addonctl.cli.command import noun, verb
from addonctl.cli.download import DOWNLOADING, EXAMPLES, download
from addonctl.cli.options import DELETING, LISTING, MANY, OUTPUT, PAYLOAD_FILTERS
from addonctl.cli.samples import TEXT, TRANSCRIPT
from addonctl.cli.state import state_of
from addonctl.models import Outcome, Payload

Results = Annotated[list[str] | None, typer.Argument(metavar="RE… XR…", show_default=False)]
Addresses = Annotated[list[str] | None, typer.Argument(metavar="RE… XR… XH…", show_default=False)]

app = noun()


@app.callback()
def payloads() -> None:
    """The payloads of a result: what the vendors left, and the data itself."""


@verb(
    app,
    "list",
    PAYLOAD_FILTERS,
    LISTING,
    MANY,
    OUTPUT,
    rows=Payload,
    examples=(
        ("the files of one result", f"addonctl payloads list {TRANSCRIPT}"),
        (
            "the transcripts of all results",
            "addonctl results list --all --format sids |"
            " addonctl payloads list --label 'transcript*' -",
        ),
    ),
)
def list_payloads(context: typer.Context, results: Results = None) -> None:
    """List the payloads of results: label, content type, dates."""
    state = state_of(context)
    state.sink.check(Payload)
    batch = Batch(state, "listed", "result")
    selection = state.selection(Payload)
    size = selection.page_size(state.page_size)
    addresses = state.addresses(results, 2, 2)
    pages = batch.pages(lambda client, address: client.payloads(address, size), addresses)
    state.answer(Payload, selection, pages, batch.warn)
    batch.finish()


@verb(
    app,
    "get",
    MANY,
    OUTPUT,
    rows=Payload,
    examples=(("one payload's metadata", f"addonctl payloads get {TEXT}"),),
)
def get_payloads(context: typer.Context, payloads: Addresses = None) -> None:
    """Show the metadata of payloads, whole."""
    state = state_of(context)
    state.sink.check(Payload)
    batch = Batch(state, "got", "payload")
    addresses = state.addresses(payloads, 3, 3)
    found = batch.values(lambda client, address: client.payload(address), addresses)
    state.sink.record(Payload, found, single=is_one(addresses))
    batch.finish()


@verb(app, "url", MANY, examples=(("a link to share", f"addonctl payloads url {TEXT}"),))
def link_payloads(context: typer.Context, payloads: Addresses = None) -> None:
    """Print the signed links of payloads. Whoever has a link has the data."""
    state = state_of(context)
    batch = Batch(state, "linked", "payload")
    addresses = state.addresses(payloads, 3, 3)
    for link in batch.values(lambda client, address: client.link(address), addresses):
        state.sink.text(link.url)
    batch.finish()


@verb(
    app,
    "show",
    examples=(
        ("read a transcript", f"addonctl payloads show {TEXT}"),
        ("count its words", f"addonctl payloads show {TEXT} | wc -w"),
    ),
)
def show_payload(context: typer.Context, payload: Addresses = None) -> None:
    """Write a payload's data to stdout; on a terminal JSON is coloured and indented."""
    from addonctl.transfer.fetch import stream
    from addonctl.transfer.source import Source

    state = state_of(context)
    address = state.single(state.addresses(payload, 3, 3))
    metadata = state.client.payload(address) if state.sink.interactive else Payload({})
    data = stream(Source(state.client, address, metadata))
    state.sink.show(data, metadata.content_type)


verb(app, "download", *DOWNLOADING, rows=Outcome, examples=EXAMPLES)(download)


@verb(
    app,
    "delete",
    DELETING,
    MANY,
    OUTPUT,
    rows=Outcome,
    examples=(("what would go", f"addonctl payloads delete {TEXT} --dry-run"),),
)
def delete_payloads(context: typer.Context, payloads: Addresses = None) -> None:
    """Delete payloads for good, leaving their results."""
    from addonctl.cli.batch.deletion import delete

    delete(state_of(context), payloads, "payload", 3)

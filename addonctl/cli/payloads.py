"""`addonctl payloads`: the files that add-ons left behind."""

from __future__ import annotations

from typing import Annotated

import typer

from addonctl.cli.command import noun, verb
from addonctl.cli.options import LISTING, MANY, OUTPUT, PAYLOAD_FILTERS
from addonctl.cli.state import state_of
from addonctl.models import Payload

Addresses = Annotated[
    list[str] | None, typer.Argument(metavar="RE… XR… [XH…]…", show_default=False)
]

app = noun()


@app.callback()
def payloads() -> None:
    """The payloads of a result: what the vendors left, and the data itself."""


@verb(app, "list", PAYLOAD_FILTERS, LISTING, MANY, OUTPUT)
def list_payloads(context: typer.Context, results: Addresses = None) -> None:
    """List the payloads of results: label, content type, dates."""
    state = state_of(context)
    state.sink.check(Payload)
    selection = state.selection(Payload)
    size = selection.page_size(state.page_size)
    addresses = list(state.addresses(results, 2, 2))
    pages = (
        page for each in addresses for page in state.client.payloads(each, size)
    )
    state.answer(Payload, selection, pages)


@verb(app, "get", OUTPUT)
def get_payloads(context: typer.Context, payloads: Addresses = None) -> None:
    """Show the metadata of payloads, whole."""
    state = state_of(context)
    state.sink.check(Payload)
    addresses = list(state.addresses(payloads, 3, 3))
    found = (state.client.payload(address) for address in addresses)
    state.sink.record(Payload, found, single=len(addresses) == 1)


@verb(app, "url")
def link_payloads(context: typer.Context, payloads: Addresses = None) -> None:
    """Print the signed links of payloads. Whoever has a link has the data."""
    state = state_of(context)
    for address in list(state.addresses(payloads, 3, 3)):
        state.sink.text(state.client.link(address).url + "\n")


@verb(app, "show")
def show_payload(context: typer.Context, payload: Addresses = None) -> None:
    """Write a payload's data to stdout; on a terminal JSON is coloured and indented."""
    state = state_of(context)
    address = state.single(state.addresses(payload, 3, 3))
    content_type = state.client.payload(address).content_type if state.sink.interactive else ""
    state.sink.show(state.client.data(address), content_type)


@verb(app, "delete", OUTPUT)
def delete_payloads(
    context: typer.Context,
    payloads: Addresses = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete payloads for good, leaving their results."""
    state = state_of(context)
    addresses = list(state.addresses(payloads, 3, 3))
    state.confirm(f"delete {len(addresses)} payloads for good", yes)
    for address in addresses:
        state.client.delete(address)
        state.sink.say(f"deleted {address}")

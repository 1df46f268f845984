"""`addonctl results`: what add-ons made of recordings."""

from __future__ import annotations

from typing import Annotated

import typer

from addonctl.cli.command import Nouns, noun, verb
from addonctl.cli.options import LISTING, MANY, OUTPUT, RESULT_FILTERS
from addonctl.cli.state import state_of
from addonctl.models import Result

Addresses = Annotated[list[str] | None, typer.Argument(metavar="RE… [XR…]…", show_default=False)]


class Results(Nouns):
    """The verbs of results, and the nouns under them."""

    nouns = {"payloads": ("addonctl.cli.payloads", "The files of a result")}


app = noun(cls=Results)


@app.callback()
def results() -> None:
    """What add-ons made of recordings: transcripts, sentiments, keywords."""


@verb(app, "list", RESULT_FILTERS, LISTING, MANY, OUTPUT)
def list_results(context: typer.Context, recordings: Addresses = None) -> None:
    """List the add-on results of recordings."""
    state = state_of(context)
    state.sink.check(Result)
    selection = state.selection(Result)
    size = selection.page_size(state.page_size)
    addresses = list(state.addresses(recordings, 1, 1))
    pages = (
        page for each in addresses for page in state.client.results(each, size)
    )
    state.answer(Result, selection, pages)


@verb(app, "get", OUTPUT)
def get_results(context: typer.Context, results: Addresses = None) -> None:
    """Show results, whole."""
    state = state_of(context)
    state.sink.check(Result)
    addresses = list(state.addresses(results, 2, 2))
    found = (state.client.result(address) for address in addresses)
    state.sink.record(Result, found, single=len(addresses) == 1)


@verb(app, "delete", OUTPUT)
def delete_results(
    context: typer.Context,
    results: Addresses = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete results for good, with their payloads."""
    state = state_of(context)
    addresses = list(state.addresses(results, 2, 2))
    state.confirm(f"delete {len(addresses)} results for good", yes)
    for address in addresses:
        state.client.delete(address)
        state.sink.say(f"deleted {address}")

"""`addonctl payloads`: the files that add-ons left behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from addonctl.addresses import Address, given_sid
from addonctl.cli import options
from addonctl.cli.commands import CALL, TEXT, TRANSCRIPT, Noun
from addonctl.cli.deleting import delete
from addonctl.cli.download import EXAMPLES, download
from addonctl.cli.options import Argument, Deleting, Many, Missing, Output
from addonctl.cli.state import State
from addonctl.cli.transcripts import show_payload
from addonctl.models import Outcome, Payload, Record, fields

if TYPE_CHECKING:
    from addonctl.api import Client

Results = Annotated[list[str] | None, Argument("RE… [XR…]…")]
Payloads = Annotated[list[str] | None, Argument("RE… XR… XH…")]

command = Noun("The payloads of a result: what the vendors left, and the data itself.")


@command.verb(
    "list",
    rows=Payload,
    examples=(
        ("the files of one result", f"addonctl payloads list {TRANSCRIPT}"),
        (
            "the transcripts of all results",
            "addonctl payloads list --all --label 'transcript*'",
        ),
    ),
)
def list_payloads(
    state: State,
    payloads: options.PayloadFilters,
    ages: options.Ages,
    whole: options.Whole,
    recordings: options.RecordingFilters,
    listing: options.Listing,
    many: Many,
    output: Output,
    results: Results = None,
) -> None:
    """List the payloads of results: label, content type, dates.

    A recording stands for all its results.
    """
    from addonctl.batch.listing import pages

    state.answering(Payload)
    selection = state.selection(Payload, ages, payloads, listing)
    size = selection.page_size(listing.page_size)
    addresses = state.addresses(results, many, 1, 2, whole, recordings)
    batch = state.batch(many, "listed", "result", alone=addresses.alone)
    client = batch.client

    def ask(address: Address) -> Iterator[list[Payload]]:
        if address.level == 2:
            yield from client.payloads(address, size)
            return
        for page in client.results(address):
            for result in page:
                yield from client.payloads(
                    address._replace(result=given_sid(result.sid, "XR")), size
                )

    found = pages(batch, ask, addresses, gone_is_empty=whole.all)
    state.answer(Payload, selection, batch, found)


@command.verb(
    "get",
    rows=Payload,
    examples=(("one payload's metadata", f"addonctl payloads get {TEXT}"),),
)
def get_payloads(
    state: State, missing: Missing, many: Many, output: Output, payloads: Payloads = None
) -> None:
    """Show the metadata of payloads, whole."""
    state.get(Payload, lambda client, at: client.payload(at), payloads, 3, missing, many)


class Link(Record):
    """The signed link of a payload. Whoever has it has the data."""

    __slots__ = ()
    COLLECTION, ELEMENT = "links", "Link"
    FIELDS = fields("sid:sid reference_sid:sid add_on_result_sid:sid url")
    COLUMNS = ("sid", "url")

    @property
    def address(self) -> Address:
        document = self.document
        return Address(document["reference_sid"], document["add_on_result_sid"], document["sid"])


@command.verb("url", rows=Link, examples=(("a link to share", f"addonctl payloads url {TEXT}"),))
def link_payloads(
    state: State, missing: Missing, many: Many, output: Output, payloads: Payloads = None
) -> None:
    """Print the signed links of payloads. Whoever has a link has the data.

    A line each, unless a format is chosen.
    """

    def ask(client: Client, at: Address) -> Link:
        place = {"reference_sid": at.recording, "add_on_result_sid": at.result}
        return Link({"sid": at.payload, **place, "url": client.link(at).url})

    state.get(Link, ask, payloads, 3, missing, many, done="linked", bare="url")


command.verb(
    "show",
    examples=(
        ("read a transcript", f"addonctl payloads show {TEXT}"),
        ("all that was said about a recording", f"addonctl payloads show {CALL} --as text"),
        ("count its words", f"addonctl payloads show {TEXT} | wc -w"),
    ),
)(show_payload)


command.verb("download", rows=Outcome, examples=EXAMPLES)(download)


@command.verb(
    "delete",
    rows=Outcome,
    examples=(("what would go", f"addonctl payloads delete {TEXT} --dry-run"),),
)
def delete_payloads(
    state: State,
    deleting: Deleting,
    missing: Missing,
    many: Many,
    output: Output,
    payloads: Payloads = None,
) -> None:
    """Delete payloads for good, leaving their results."""
    delete(state, payloads, 3, state.selection(Payload), deleting, missing, many)

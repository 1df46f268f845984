"""`addonctl payloads`: the files that add-ons left behind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from addonctl.addresses import Address, Addresses, AddressSet
from addonctl.batch.outcomes import Tally, plural
from addonctl.cli import options
from addonctl.cli.commands import CALL, TEXT, TRANSCRIPT, Noun, example
from addonctl.cli.options import Deleting, Many, Missing, Words, argument
from addonctl.cli.state import UNITS, Consent, State, chosen_by
from addonctl.cli.transcripts import show_payload
from addonctl.errors import AddonctlError, Usage
from addonctl.models import Outcome, Payload, Resource, Result, fields
from addonctl.profiles import SANDBOX

if TYPE_CHECKING:
    from addonctl.api import Client
    from addonctl.batch.payloads import Found, Results
    from addonctl.selection import Selection

PAYLOADS = argument("RE… XR… XH…")

command = Noun("The payloads of a result: what the vendors left, and the data itself.")


@command.verb("list", rows=Payload)
@example("the files of one result", f"addonctl payloads list {TRANSCRIPT}")
@example("the transcripts of all results", "addonctl payloads list --all --label 'transcript*'")
def list_payloads(
    state: State,
    payloads: options.PayloadFilters,
    ages: options.Ages,
    whole: options.Whole,
    listing: options.Listing,
    many: Many,
    results: Words = argument("RE… [XR…]…"),
) -> None:
    """List the payloads of results: label, content type, dates.

    A recording stands for all its results.
    """
    from addonctl.batch.results import places_of

    state.answering(Payload)
    selection = state.selection(Payload, ages, payloads, listing)
    size = selection.page_size(listing.page_size)
    addresses = state.addresses(results, many, 1, 2, whole)
    batch = state.batch(many, "listed", "result", alone=addresses.alone, gone_ok=whole.all)
    client, every = batch.client, state.selection(Result)

    def ask(address: Address) -> Iterator[list[Payload]]:
        for place in places_of(client, address, every):
            yield from client.payloads(place, size)

    state.answer(Payload, selection, batch, batch.pages(ask, addresses))


@command.verb("get", rows=Payload)
@example("one payload's metadata", f"addonctl payloads get {TEXT}")
def get_payloads(state: State, missing: Missing, many: Many, payloads: Words = PAYLOADS) -> None:
    """Show the metadata of payloads, whole."""
    state.get(Payload, payloads, 3, missing, many)


class Link(Resource):
    """The signed link of a payload. Whoever has it has the data."""

    COLLECTION, ELEMENT = "links", "Link"
    FIELDS = fields("sid:sid reference_sid:sid add_on_result_sid:sid url")
    COLUMNS = ("sid", "url")
    PLACE = Payload.PLACE


@command.verb("url", rows=Link)
@example("a link to share", f"addonctl payloads url {TEXT}")
def link_payloads(state: State, missing: Missing, many: Many, payloads: Words = PAYLOADS) -> None:
    """Print the signed links of payloads. Whoever has a link has the data.

    A line each, unless a format is chosen.
    """

    def ask(client: Client, at: Address) -> Link:
        place = {"reference_sid": at.recording, "add_on_result_sid": at.result}
        return Link({"sid": at.payload, **place, "url": client.link(at).url})

    state.get(Link, payloads, 3, missing, many, ask, done="linked", bare="url")


command.verb("show")(show_payload)


@command.verb("download", rows=Outcome)
@example("save what add-ons made of a recording", f"addonctl results download {CALL} --to keep")
@example(
    "name the files by what the vendors call them",
    f"addonctl results download {CALL} --to named --name '{{recording}}/{{label}}.{{ext}}'",
)
@example("pipe one payload on", f"addonctl payloads download {TEXT} -o - | wc -c")
def download(
    state: State,
    filters: options.Wanted,
    whole: options.Whole,
    saving: options.Saving,
    missing: Missing,
    many: Many,
    addresses: Words = argument("RE… [XR… [XH…]]…"),
) -> None:
    """Save payloads to files, each whole or not at all.

    Takes recordings, results and single payloads. What is fetched is written to a file of its
    own beside its place, XH….addonctl.part, checked by its length and by the checksum the store
    gives, and only then given its name.

    Run again, it goes on with what is partial and skips what is whole: a file whose time of
    modification is the one it was saved with (the payload's date_updated, and a fraction of a
    second made of its SID). Any other file is held against the store's length and checksum, and
    with --check every file is.

    A template's file that belongs to another payload is never replaced: the name gets the SID.

    With --delete-after a result is deleted once it is final and each of its payloads, listed
    again just then, has been read back from disk and held against the store. Of payloads whose
    checksum the store does not tell, those that an earlier run saved are fetched again for that.
    """
    from addonctl.batch.payloads import deleted, find, saved, to_file
    from addonctl.transfer.folder import DEFAULT, Folder, Names

    sink = state.answering(Outcome)
    of_many = {"to": saving.to, "name": saving.name, "delete-after": saving.delete_after or None}
    for option, given in of_many.items():
        if saving.output is not None and given is not None:
            raise Usage(f"-o is for a single payload; --{option} is for many")
    for option, place in (("to", saving.to), ("output", saving.output)):
        if place == "":
            raise Usage(f"--{option} '' names no place")
    consent = Consent(state, Deleting()) if saving.delete_after and not saving.yes else None
    if consent:
        consent.must_be_possible("delete each result for good once its payloads are saved")
    selection = state.selection(Payload, filters.results, filters.payloads, filters.ages)
    template = DEFAULT if saving.name is None else saving.name
    names = Names(template, state.add_ons, state.recording)
    wanted = state.addresses(addresses, many, 1, 3, whole)
    # A recording or a result, typed alone, may stand for many payloads.
    single = wanted.alone and all(address.payload for address in wanted.items)
    gone_ok = missing.ignore_not_found
    batch = state.batch(many, "saved", "payload", alone=single, gone_ok=gone_ok)
    listed: Results = {}
    look = state.recording if names.asks_for_recording else None
    found: Iterable[Found] = find(batch, wanted, selection, listed, look)
    if saving.output is not None:
        to_file(batch, found, saving.output, again=saving.clobber, check=saving.check)
        return
    if consent:
        there = []
        with sink.progress(None, "payloads") as progress:
            for each in found:
                there.append(each)
                progress.advance()
        found, count = there, len(listed)
        all_its = "all its payloads are" if count == 1 else "all their payloads are"
        what = f"delete {plural(count, 'result')} for good once {all_its} saved"
        consent.get(what, count, map(str, listed), chosen_by(selection, whole))
    to = saving.to or os.path.expanduser(state.setting("to") or ".")  # noqa: PTH111
    folder = Folder(Path(to), names.candidates)
    total = None
    if wanted.alone or (wanted.typed and sink.watched):
        found = list(found)
        total = len(found)
        batch.alone = total <= 1
    check = saving.check or saving.delete_after
    outcomes = saved(batch, found, total, folder, listed, again=saving.clobber, check=check)
    if not saving.delete_after:
        batch.conclude(outcomes)
        return
    spared: Counter[str] = Counter()
    deleting = state.batch(many, "deleted or spared", "result", alone=False, gone_ok=gone_ok)
    deletions = deleted(batch, deleting, listed, folder, spared)
    batch.report(outcomes, deleting.rows(deletions))
    reasons = ", ".join(f"{count} {why}" for why, count in spared.items())
    note = f"; deleted {plural(deleting.counts['deleted'], 'result')}, spared {spared.total()}"
    note += f" ({reasons})" if reasons else ""
    if not deleting.interrupted:
        batch.finish(note)
    deleting.finish(note if deleting.interrupted else "")
    sink.say(f"{batch.summary}{note}")


@command.verb("delete", rows=Outcome)
@example("what would go", f"addonctl payloads delete {TEXT} --dry-run")
def delete_payloads(
    state: State, deleting: Deleting, missing: Missing, many: Many, payloads: Words = PAYLOADS
) -> None:
    """Delete payloads for good, leaving their results."""
    delete(state, payloads, 3, state.selection(Payload), deleting, missing, many)


def delete(
    state: State,
    words: Sequence[str] | None,
    level: int,
    selection: Selection,
    deleting: Deleting,
    missing: Missing,
    many: Many,
    whole: options.Whole = options.Whole(),
    *,
    expand: bool = False,
) -> None:
    """Delete the results or payloads, as the `level` says, that the words name.

    With `expand` a recording stands for those of its results that the selection lets through.
    Raises Usage, with nothing deleted, for what does not fit, or where nobody can be asked.
    """
    sink, unit, consent = state.answering(Outcome), UNITS[level], Consent(state, deleting)
    if selection.filters and not expand:
        raise Usage("filters choose among all results of a recording", hint="add --all-results")
    state.workers(many)
    bounded = consent.most is not None or deleting.dry_run
    if whole.all and not bounded and state.login.source != SANDBOX:
        raise Usage(
            "--all may be more than you think",
            hint="say how many at the most: --max-delete N; --dry-run shows what would go",
        )
    least, exact = 1 if expand else level, deleting.yes
    instead = "; to delete all of them: --all-results" if unit == "result" else ""
    addresses = state.addresses(words, many, least, level, whole, whole_only=exact, instead=instead)
    if not addresses.typed:  # all is read and checked before anything is done with the first
        listed = AddressSet(addresses.items)
        addresses = Addresses(listed, typed=False, total=len(listed))
    if not addresses.total:
        sink.records(Outcome, [])
        return
    consent.must_be_possible(f"delete {unit}s for good")
    unlisted: Mapping[Address, AddonctlError] = {}
    alone = addresses.alone and not expand
    if expand:
        from addonctl.batch.results import expanded

        looking = state.batch(many, "looked through", "recording", alone=False)
        addresses, unlisted = expanded(looking, selection, addresses)
    count = (addresses.total or 0) - len(unlisted)
    named = (str(each) for each in addresses.items if each not in unlisted)
    chosen = chosen_by(selection, whole)
    consent.get(f"delete {plural(count, unit)} for good", count, named, chosen)
    if deleting.dry_run:
        planned = ((each, unlisted.get(each, "would-delete"), None) for each in addresses.items)
        Tally(sink, "would delete", unit).conclude(planned)
        return
    batch = state.batch(many, "deleted", unit, alone=alone, gone_ok=missing.ignore_not_found)

    def work(address: Address) -> None:
        if address in unlisted:
            raise unlisted[address]
        batch.client.delete(address)

    # Many outcomes may wait for their turn: an item that is slow to fail holds up no other.
    outcomes = batch.run(work, addresses.items, addresses.total, window=10_000)
    batch.conclude((each, problem or "deleted", None) for each, problem in outcomes)

"""What an archive holds: `archive list`, `search` and `show`, and which archive is meant."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from addonctl import dates
from addonctl.archive.rows import LISTS, HitRow, KeptResult, dated
from addonctl.cli.options import (
    Ages,
    Argument,
    FromArchive,
    Listing,
    Option,
    Output,
    PayloadFilters,
    ResultFilters,
    selection_of,
    whole_number,
)
from addonctl.cli.state import State
from addonctl.cli.transcripts import FORMS, written
from addonctl.errors import AddonctlError, NotFound, Usage
from addonctl.models import Resource

if TYPE_CHECKING:
    from addonctl.archive.opening import Opened
    from addonctl.archive.place import Place


class Archive(NamedTuple):
    """Which archive: the one named, or the one that the profile remembers."""

    archive: Annotated[
        str | None,
        Option("--archive", "The archive (the one this profile remembers).", "DIR", "-a"),
    ] = None


# Which archive


def where(state: State, named: str | None) -> str:
    """The archive that is meant. Raises Usage where none is."""
    from addonctl.archive.opening import remembered

    found = named or state.settings.get("archive") or remembered(profile_of(state))
    if not found:
        raise Usage(
            "which archive?",
            hint="addonctl archive init DIR makes one, and this profile remembers it; or -a DIR",
        )
    return found


def profile_of(state: State) -> str:
    """Who remembers an archive: the profile, or the account where variables say who asks."""
    return state.login.profile or state.login.acting_account


def place_of(state: State, where: str) -> Place:
    from addonctl.archive.place import open_place

    limits = state.limits() if "://" in where else None
    return open_place(where, limits, say=state.sink.say)


def opened(
    state: State, named: str | None, *, make: bool = False, alone: bool = False
) -> AbstractContextManager[Opened]:
    """The archive that is meant, and its index; `alone` where no other run may be at work."""
    from addonctl.archive import opening

    place = place_of(state, where(state, named))
    return opening.opened(place, state.sink.warn, make=make, alone=alone)


def read_from(state: State, given: FromArchive) -> None:
    """Have the archive that is named, if any, answer in place of the service."""
    from addonctl.archive.reading import KeptClient

    if given.archive is not None:
        with opened(state, given.archive) as at:
            state.lend(KeptClient(at.place, at.kept))


def known_to_archive(state: State, beginning: str) -> list[str]:
    """Addresses in the archive that the profile remembers, in silence where there is none."""
    from addonctl.archive.known import known

    try:
        with opened(state, None) as at:
            return known(at.kept.db, 2 if beginning.startswith("XR") else 3, beginning)
    except AddonctlError:
        return []


def list_kept(
    state: State,
    archive: Archive,
    filters: ResultFilters,
    payloads: PayloadFilters,
    ages: Ages,
    listing: Listing,
    output: Output,
    what: Annotated[
        str, Argument("WHAT", "results, payloads, runs, erasures or problems (results).")
    ] = "results",
) -> None:
    """List what the archive holds: results, payloads, runs, erasures, or problems."""
    if what.lower() not in LISTS:
        raise Usage(f"no list of '{what}'; known: {', '.join(LISTS)}")
    kind: Any
    kind, query = LISTS[what.lower()]
    sink = state.answering(kind)
    selection = selection_of(kind, ages, filters, payloads, listing)
    if selection.filters and not issubclass(kind, Resource):
        raise Usage(f"{what.lower()} are not filtered", hint="--sort and --limit do for all lists")
    if kind is KeptResult and (payloads.label, payloads.content_type) != (None, None):
        raise Usage("--label and --content-type choose payloads", hint="archive list payloads")
    with opened(state, archive.archive) as at:
        rows = at.kept.rows(query)
        pages = iter(lambda: [kind(dated(row, kind)) for row in islice(rows, 1000)], [])
        chosen = selection.apply(pages)
        sink.records(kind, chosen)
        if chosen.note:
            sink.warn(chosen.note)


def search_archive(
    state: State,
    archive: Archive,
    output: Output,
    words: Annotated[list[str] | None, Argument("WORDS", 'Words, "phrases", beginn*.')] = None,
    since: Annotated[
        str | None, Option("--since", "Results made since this date (UTC) or age.", "WHEN")
    ] = None,
    until: Annotated[
        str | None, Option("--until", "Results made before this date (UTC) or age.", "WHEN")
    ] = None,
    add_on: Annotated[str | None, Option("--add-on", "Of this add-on.", "XB…")] = None,
    speaker: Annotated[str | None, Option("--speaker", "Said by this speaker.", "NAME")] = None,
    recording: Annotated[str | None, Option("--recording", "In this recording.", "RE…")] = None,
    call: Annotated[str | None, Option("--call", "In this call.", "CA…")] = None,
    rank: Annotated[bool, Option("--rank", "The best first, not the newest.")] = False,
    limit: Annotated[int, Option("--limit", "At most this many (20).", "N")] = 20,
) -> None:
    """Find what was said: all words in one transcript, the newest first."""
    from addonctl.addresses import checked_sid
    from addonctl.archive.index import iso
    from addonctl.archive.search import Filters, search

    sink = state.answering(HitRow)
    limit = whole_number("limit", limit, 20)
    if not words:
        raise Usage("search for what?", hint="addonctl archive search parcel")
    now = datetime.now(UTC)
    filters = Filters(
        None if since is None else iso(dates.when(since, now)),
        None if until is None else iso(dates.when(until, now)),
        () if add_on is None else tuple(checked_sid(each, "XB") for each in add_on.split(",")),
        speaker,
        None if recording is None else checked_sid(recording, "RE"),
        None if call is None else checked_sid(call, "CA"),
    )
    marks = ("[", "]") if sink.on_terminal else ("", "")
    with opened(state, archive.archive) as at:
        hits = search(at.kept, " ".join(words), filters, limit=limit, rank=rank, marks=marks)
        rows = [HitRow.of(hit) for hit in hits]
    if not rows:
        raise NotFound(f"nobody said {' '.join(words)}, as far as the archive knows")
    sink.records(HitRow, [rows])
    sink.say(f"to read one: addonctl archive show {rows[0].document['address']}")


def show_kept(
    state: State,
    archive: Archive,
    address: Annotated[list[str] | None, Argument("RE… [XR… [XH…]]")] = None,
    form: Annotated[str | None, Option("--as", f"How: {', '.join(FORMS)}.", "FORM")] = None,
    receipt: Annotated[
        str | None, Option("--receipt", "Show what was erased, and the proof (-f json).", "ID")
    ] = None,
) -> None:
    """Show a transcript that is kept, a payload as it came, or the receipt of an erasure.

    Its bytes are held against their hash first.
    """
    from addonctl import transcripts
    from addonctl.addresses import Token, read
    from addonctl.archive.known import known
    from addonctl.archive.reading import kept_at

    if form and form.lower() not in FORMS:
        raise Usage(f"no form '{form}'; known: {', '.join(FORMS)}")
    form = form.lower() if form else None
    if receipt is not None:
        _show_receipt(state, archive, receipt, form or state.format)
        return
    with opened(state, archive.archive) as at:

        def recall(beginning: str) -> list[str]:
            return known(at.kept.db, 2 if beginning.startswith("XR") else 3, beginning)

        found = list(read(map(Token, address or ()), 1, 3, recall))
        if len(found) != 1:
            raise Usage("expected a single address")
        (at_address,) = found
        rows = kept_at(at.place, at.kept, at_address)
        shown = 0
        for each in rows:
            exact = len(rows) == 1 and (form == "raw" or (not form and not state.sink.on_terminal))
            data = each.read()
            got = None if exact else transcripts.read(data, each.content_type)
            if not isinstance(got, transcripts.Transcript):
                if exact or (len(rows) == 1 and not form):
                    state.sink.show(iter([data]), each.content_type)
                    return
                continue
            if len(rows) > 1:
                heading = f"# {each.address} {each.label}".rstrip()
                state.sink.text(("\n" if shown else "") + heading)
            shown += 1
            if form in (None, "raw") and state.sink.on_terminal:
                state.sink.dialogue(got)
            else:
                state.sink.text(written(got, form if form and form != "raw" else "text"))
        if not shown:
            raise NotFound(f"no transcript at {at_address}", hint="as it came: --as raw")


def _show_receipt(state: State, archive: Archive, id: str, form: str) -> None:
    """A receipt to be read, or as it lies in the archive."""
    from addonctl.archive import receipts

    with opened(state, archive.archive) as at:
        receipt = receipts.read(at.place, id)
    if form == "json":
        state.sink.text(json.dumps(receipt.document(), indent=2))
    elif form in ("text", "table"):
        state.sink.text("\n".join(receipts.lines(receipt)))
    else:
        raise Usage(f"a receipt is text or json, not {form}")

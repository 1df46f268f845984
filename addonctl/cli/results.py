"""`addonctl results` and `addonctl recordings`: what add-ons made, and of what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from math import inf
from time import monotonic

from addonctl.addresses import Address
from addonctl.cli import options
from addonctl.cli.commands import CALL, CONFERENCE, TRANSCRIPT, Noun, example
from addonctl.cli.options import Many, Missing, Output, Word, Words, argument, option
from addonctl.cli.payloads import delete, download
from addonctl.cli.state import State
from addonctl.cli.transcripts import SaidRow, transcribe
from addonctl.errors import AddonctlError, Usage
from addonctl.models import ListedResult, Outcome, Record, Recording, Result, fields

RECORDINGS = argument("RE…")
RESULTS = argument("RE… XR…")
MIXED = argument("RE… [XR…]…")

command = Noun(
    "What add-ons made of recordings: transcripts, sentiments, keywords.",
    nouns={"payloads": ("addonctl.cli.payloads", "The files of a result")},
)
recordings = Noun("The recordings that add-ons have worked on.")


@command.verb("list", rows=ListedResult)
@example("what add-ons made of one recording", f"addonctl results list {CALL}")
@example("of all recordings, what failed", "addonctl results list --all --status failed")
@example(
    "what will be gone within three days, for a spreadsheet",
    "addonctl results list --all --expiring-within 3d --format csv > expiring.csv",
)
@example(
    "which call each is of, and how long it was",
    "addonctl results list --all --fields sid,status,call_sid,recording_duration",
)
def list_results(
    state: State,
    results: options.ResultFilters,
    ages: options.Ages,
    whole: options.Whole,
    listing: options.Listing,
    many: Many,
    recordings: Words = RECORDINGS,
) -> None:
    """List the add-on results of recordings."""
    state.answering(ListedResult)
    selection = state.selection(ListedResult, ages, results, listing)
    size = selection.page_size(listing.page_size)
    sort = (selection.sort or "").removeprefix("-")
    wanted = bool(ListedResult.OF_RECORDING.keys() & {sort, *state.fields})
    addresses = state.addresses(recordings, many, 1, 1, whole)
    batch = state.batch(many, "listed", "recording", alone=addresses.alone, gone_ok=whole.all)
    # What --all lists is known for the headings that a terminal shows.
    several = addresses.typed and not addresses.alone
    headed = several and state.sink.on_terminal and state.format == "table"

    def ask(address: Address) -> Iterator[list[Result]]:
        for page in batch.client.results(address, size):
            if page and (wanted or headed):
                with nullcontext() if wanted else suppress(AddonctlError):
                    recording = state.recording(address)
                    known = recording.document if recording else {}
                    more = {name: known.get(its) for name, its in ListedResult.OF_RECORDING.items()}
                    page = [ListedResult({**each.document, **more}) for each in page]
            yield page

    state.answer(ListedResult, selection, batch, batch.pages(ask, addresses))


@command.verb("get", rows=Result)
@example("one result, as the API has it", f"addonctl results get {TRANSCRIPT} --format json")
def get_results(state: State, missing: Missing, many: Many, results: Words = RESULTS) -> None:
    """Show results, whole."""
    state.get(Result, results, 2, missing, many)


command.verb("download", rows=Outcome)(download)


@command.verb("delete", rows=Outcome)
@example("one result, without being asked", f"addonctl results delete {TRANSCRIPT} --yes")
@example(
    "what would go with all results of a recording",
    f"addonctl results delete {CONFERENCE} --all-results --dry-run",
)
@example(
    "whatever failed, anywhere",
    "addonctl results delete --all --status failed --max-delete 100 --yes",
)
def delete_results(
    state: State,
    filters: options.ResultFilters,
    ages: options.Ages,
    whole: options.Whole,
    deleting: options.Deleting,
    missing: Missing,
    many: Many,
    results: Words = MIXED,
    all_results: bool = option("A recording alone stands for all its results."),
) -> None:
    """Delete results for good, with their payloads."""
    selection, expand = state.selection(Result, ages, filters), all_results or whole.all
    delete(state, results, 2, selection, deleting, missing, many, whole, expand=expand)


@command.verb("wait", rows=Result)
@example(
    "until all results of a recording are there, for ten minutes at most",
    f"addonctl results wait {CALL} --timeout 10m",
)
def wait_for_results(
    state: State,
    whole: options.Whole,
    missing: Missing,
    many: Many,
    results: Words = MIXED,
    timeout: Word = option("Give up after this long (never).", "TIME"),
    interval: Word = option("How often to look (1s, growing to 15s).", "TIME"),
    any_end: bool = option("Failed and canceled will do as well."),
) -> None:
    """Wait until results are final; of a recording alone, until all of its results are.

    Ends at once, with exit code 1, when one has failed or was canceled.
    """
    from addonctl import dates
    from addonctl.batch.results import wait

    state.answering(Result)
    until = inf if timeout is None else monotonic() + dates.seconds(timeout)
    between = None if interval is None else dates.seconds(interval)
    if between == 0:
        raise Usage(f"--interval {interval}: expected more than nothing")
    addresses = state.addresses(results, many, 1, 2, whole)
    alone, gone_ok = addresses.alone, missing.ignore_not_found
    batch = state.batch(many, "waited for", "result", alone=alone, gone_ok=gone_ok)
    wait(batch, addresses, until, between, any_end=any_end)


command.verb("transcript", rows=SaidRow)(transcribe)


@command.verb("stats")
@example("how many results there are of each status", "addonctl results stats --all")
@example("what expires when, by add-on", "addonctl results stats --all --by expires,add-on")
def count_results(
    state: State,
    results: options.ResultFilters,
    ages: options.Ages,
    whole: options.Whole,
    many: Many,
    kept: options.FromArchive,
    output: Output,
    recordings: Words = RECORDINGS,
    by: str = option(
        "By which of status, add-on, config, day, expires, label.", "GROUP,…", usual="status"
    ),
) -> None:
    """Count results by status, add-on, day, expiry or, for their payloads, label."""
    from addonctl.batch.results import GROUPS, counts
    from addonctl.cli.archived import read_from

    groups = list(dict.fromkeys(filter(None, map(str.strip, by.lower().split(",")))))
    if unknown := [word for word in groups if word not in GROUPS]:
        raise Usage(f"cannot count by '{unknown[0]}'; known: {', '.join(GROUPS)}")
    if not groups:
        raise Usage(f"--by '{by}' names nothing; known: {', '.join(GROUPS)}")
    names = [*(group.replace("-", "_") for group in groups), "count"]
    if state.sink.on_terminal and state.format == "table":
        names.append("bar")

    class Count(Record):
        COLLECTION, ELEMENT = "counts", "Count"
        FIELDS = fields(" ".join(names).replace("count", "count:number"))

    sink = state.answering(Count)
    read_from(state, kept)
    addresses = state.addresses(recordings, many, 1, 1, whole)
    alone, gone_ok = addresses.alone, not addresses.typed
    batch = state.batch(many, "counted", "recording", alone=alone, gone_ok=gone_ok)
    found = counts(batch, addresses, state.selection(Result, ages, results), groups)
    if found or not batch.failures:
        most = max(found.values(), default=1)  # whose bar has 30 cells
        bars = {count: "█" * max(1, round(30 * count / most)) for count in found.values()}
        rows = [
            Count(dict(zip(names, (*key, count, bars[count]), strict=False)))
            for key, count in sorted(found.items())
        ]
        sink.records(Count, [rows])
    batch.finish()


@recordings.verb("list", rows=Recording)
@example("the recordings of the last week", "addonctl recordings list --since 7d")
@example(
    "the ten longest", "addonctl recordings list --sort -duration --limit 10 --fields sid,duration"
)
def list_recordings(
    state: State, filters: options.RecordingFilters, listing: options.Listing
) -> None:
    """List the account's recordings, newest first."""
    state.answering(Recording)
    selection = state.selection(Recording, listing)
    size = selection.page_size(listing.page_size)
    batch = state.batch(Many(), "listed", "recording", alone=True)
    pages = batch.client.recordings(options.recording_parameters(filters), size)
    state.answer(Recording, selection, batch, pages)


@recordings.verb("get", rows=Recording)
@example("one recording, as the API has it", f"addonctl recordings get {CALL} -f json")
def get_recordings(
    state: State, missing: Missing, many: Many, recordings: Words = RECORDINGS
) -> None:
    """Show recordings, whole."""
    state.get(Recording, recordings, 1, missing, many)

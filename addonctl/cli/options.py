"""Every option that more than one command takes, declared once, in sets.

A set is a frozen value, which may hold others: a verb that has a parameter of that type takes its
options, and is called with what the user gave. `Common` and `Output` are kept in the State, which
turns them into a login, a client and a sink.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from addonctl.errors import Usage

# What may be left out, and is None then.
Word = str | None
Words = list[str] | None
Number = int | None

WORKERS = 8
MOST_WORKERS = 256


class Option(NamedTuple):
    """How an option is typed: what it does, what stands for its value (nothing for a switch), a
    short form, and its flag where that does not follow from its name (--page-size, page_size).
    """

    help: str
    metavar: str = ""
    short: str = ""
    flag: str = ""


class Argument(NamedTuple):
    """How the words after the options are written."""

    metavar: str
    help: str = ""


class Common(NamedTuple):
    """What every command takes, before the noun and after the verb."""

    profile: Annotated[Word, Option("The login to use ('sandbox' needs none).", "NAME", "-p")] = (
        None
    )
    format: Annotated[
        Word, Option("How to write the answer; see: addonctl help formats.", "FORMAT", "-f")
    ] = None
    verbose: Annotated[bool, Option("Show each request on stderr.", short="-v")] = False
    quiet: Annotated[
        bool, Option("On stderr only errors, and what makes an answer less than whole.", short="-q")
    ] = False
    color: Annotated[Word, Option("Colours: always, never, or auto (on a terminal).", "WHEN")] = (
        None
    )
    no_color: Annotated[bool, Option("No colours.")] = False
    no_pager: Annotated[bool, Option("Long tables straight to the terminal.")] = False
    no_input: Annotated[bool, Option("Never ask.")] = False
    account: Annotated[Word, Option("Act on this subaccount.", "AC…")] = None
    region: Annotated[Word, Option("The region of the API, such as ie1.", "REGION")] = None
    edge: Annotated[Word, Option("The edge of the API, such as dublin.", "EDGE")] = None
    retries: Annotated[Number, Option("Tries after the first, for each request (5).", "N")] = None
    timeout: Annotated[Word, Option("How long to wait for a single answer (30s).", "TIME")] = None
    version: Annotated[bool, Option("Show the version and exit.")] = False
    help: Annotated[bool, Option("Show this message and exit.", short="-h")] = False


class Output(NamedTuple):
    """What is written of each row, and how."""

    fields: Annotated[Word, Option("Only these fields, in this order.", "a,b,c")] = None
    no_header: Annotated[bool, Option("No header line.")] = False
    query: Annotated[Word, Option("A JMESPath expression, with json.", "EXPRESSION")] = None
    bom: Annotated[bool, Option("Begin with a byte order mark, for Excel.")] = False
    exact: Annotated[bool, Option("Do not defuse formulas in csv and tsv.")] = False
    dates: Annotated[
        Word,
        Option(
            "In json, jsonl, csv and tsv: iso, as 2026-11-21T18:43:00Z, or the format's own.",
            "iso|own",
        ),
    ] = None


class Listing(NamedTuple):
    """How much of a list is wanted, and in which order."""

    limit: Annotated[Number, Option("At most this many.", "N")] = None
    page_size: Annotated[Number, Option("Rows to ask for at a time (1000).", "N")] = None
    sort: Annotated[Word, Option("Sort by this field; -FIELD for descending.", "FIELD")] = None


class Ages(NamedTuple):
    """Results or payloads by when they were created."""

    created_after: Annotated[
        Word, Option("Only what add-ons made after this date or time (UTC), or age (7d).", "WHEN")
    ] = None
    created_before: Annotated[
        Word, Option("Only what add-ons made before this date or time (UTC), or age.", "WHEN")
    ] = None
    expiring_within: Annotated[
        Word, Option("Only what the service will drop within this time (3d).", "TIME")
    ] = None


class ResultFilters(NamedTuple):
    """Which results are wanted."""

    status: Annotated[Word, Option("Only results of these statuses.", "STATUS,…")] = None
    add_on: Annotated[Word, Option("Only results of this add-on, by SID or name.", "XB…")] = None
    config: Annotated[
        Word, Option("Only results of this configuration, by SID or name.", "XE…")
    ] = None


class PayloadFilters(NamedTuple):
    """Which payloads are wanted."""

    label: Annotated[Word, Option("Only payloads whose label matches.", "GLOB")] = None
    content_type: Annotated[Word, Option("Only payloads whose content type matches.", "GLOB")] = (
        None
    )


class RecordingFilters(NamedTuple):
    """Which recordings of the account are wanted."""

    since: Annotated[
        Word, Option("Recordings made at or after this date or time (UTC), or age.", "WHEN")
    ] = None
    until: Annotated[
        Word, Option("Recordings made before this date or time (UTC), or age.", "WHEN")
    ] = None
    call: Annotated[Word, Option("Only recordings of this call.", "CA…")] = None
    conference: Annotated[Word, Option("Only recordings of this conference.", "CF…")] = None


class Wanted(NamedTuple):
    """Which results are wanted, and which payloads of them."""

    results: ResultFilters = ResultFilters()
    payloads: PayloadFilters = PayloadFilters()
    ages: Ages = Ages()


class Many(NamedTuple):
    """Where more addresses come from, and how many are worked on at a time."""

    from_file: Annotated[
        Word, Option("Read addresses from this file ('-': from stdin).", "FILE", flag="--from")
    ] = None
    workers: Annotated[Number, Option("How many at a time (8).", "N")] = None


class Whole(NamedTuple):
    """The whole account, or those of its recordings that are wanted."""

    all: Annotated[bool, Option("Every recording of the account.")] = False
    recordings: RecordingFilters = RecordingFilters()


class FromArchive(NamedTuple):
    """What is kept, in place of what the service has."""

    archive: Annotated[Word, Option("Read this archive, not the service.", "DIR", "-a")] = None


class Missing(NamedTuple):
    """What becomes of an address where nothing is any more."""

    ignore_not_found: Annotated[bool, Option("What is gone already is no failure.")] = False


class Deleting(NamedTuple):
    """How to delete."""

    yes: Annotated[bool, Option("Do not ask.", short="-y")] = False
    dry_run: Annotated[bool, Option("Show what would go, and delete nothing.")] = False
    max_delete: Annotated[Number, Option("If it would be more than this, delete nothing.", "N")] = (
        None
    )


class Saving(NamedTuple):
    """Where payloads go, what their files are called, and what happens after."""

    to: Annotated[Word, Option("The folder to save in (the current one).", "DIR")] = None
    name: Annotated[
        Word,
        Option(
            "What to call the files, of {recording} {result} {payload} {label} {ext} {call} "
            "{date} {add_on} {config}; a slash makes a folder "
            "({recording}/{result}/{payload}.{ext}). The date is the recording's.",
            "TEMPLATE",
        ),
    ] = None
    output: Annotated[
        Word, Option("The file for a single payload ('-': stdout).", "FILE", "-o")
    ] = None
    clobber: Annotated[bool, Option("Fetch again what is there; replace what -o names.")] = False
    check: Annotated[
        bool, Option("Trust no times: compare every file that is there with the store.")
    ] = False
    delete_after: Annotated[
        bool,
        Option(
            "Delete each result once all its payloads are whole on disk; asks first, or needs "
            "--yes."
        ),
    ] = False
    yes: Annotated[bool, Option("Do not ask before --delete-after.", short="-y")] = False


def whole_number(
    name: str, given: int | None, usual: int, *, least: int = 0, most: int | None = None
) -> int:
    """The value of a numeric option. Raises Usage outside of `least` to `most`."""
    number = usual if given is None else given
    if number < least or (most is not None and number > most):
        span = f"{least} to {most}" if most is not None else f"{least} or more"
        raise Usage(f"--{name.replace('_', '-')} {number}: expected {span}")
    return number


def recording_parameters(filters: RecordingFilters) -> dict[str, str]:
    """The filters of `recordings list`, as the API's own parameters. Raises Usage."""
    from datetime import UTC, datetime

    from addonctl import dates
    from addonctl.addresses import checked_sid

    now = datetime.now(UTC)

    def moment(word: str) -> str:
        return f"{dates.when(word, now).isoformat()[:19]}Z"

    asked = (
        ("DateCreated>", filters.since, moment),
        ("DateCreated<", filters.until, moment),
        ("CallSid", filters.call, lambda sid: checked_sid(sid, "CA")),
        ("ConferenceSid", filters.conference, lambda sid: checked_sid(sid, "CF")),
    )
    return {name: value(word) for name, word, value in asked if word is not None}

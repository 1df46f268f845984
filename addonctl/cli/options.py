"""Every option that more than one command takes, declared once, in sets.

A set is a frozen value: a verb that has a parameter of that type takes its options, and is called
with what the user gave. `Common` and `Output` are not passed but kept in the State, which turns
them into a login, a client and a sink.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from addonctl.errors import Usage

if TYPE_CHECKING:
    from addonctl.models import Resource
    from addonctl.selection import Selection

WORKERS = 8
MOST_WORKERS = 256


class Option(NamedTuple):
    """How an option is typed: its flag and a short one, its help, and what stands for its value
    (nothing for a switch).
    """

    flag: str
    help: str
    metavar: str | None = None
    short: str | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        return (self.flag, self.short) if self.short else (self.flag,)


class Argument(NamedTuple):
    """How the words after the options are written."""

    metavar: str
    help: str = ""


class Common(NamedTuple):
    """What every command takes, before the noun and after the verb."""

    profile: Annotated[
        str | None,
        Option("--profile", "The login to use ('sandbox' needs none).", "NAME", "-p"),
    ] = None
    format: Annotated[
        str | None,
        Option("--format", "How to write the answer; see: addonctl help formats.", "FORMAT", "-f"),
    ] = None
    verbose: Annotated[bool, Option("--verbose", "Show each request on stderr.", short="-v")] = (
        False
    )
    quiet: Annotated[
        bool,
        Option(
            "--quiet",
            "On stderr only errors, and what makes an answer less than whole.",
            short="-q",
        ),
    ] = False
    color: Annotated[
        str | None, Option("--color", "Colours: always, never, or auto (on a terminal).", "WHEN")
    ] = None
    no_color: Annotated[bool, Option("--no-color", "No colours.")] = False
    no_pager: Annotated[bool, Option("--no-pager", "Long tables straight to the terminal.")] = False
    no_input: Annotated[bool, Option("--no-input", "Never ask.")] = False
    account: Annotated[str | None, Option("--account", "Act on this subaccount.", "AC…")] = None
    region: Annotated[
        str | None, Option("--region", "The region of the API, such as ie1.", "REGION")
    ] = None
    edge: Annotated[
        str | None, Option("--edge", "The edge of the API, such as dublin.", "EDGE")
    ] = None
    retries: Annotated[
        int | None, Option("--retries", "Tries after the first, for each request (5).", "N")
    ] = None
    timeout: Annotated[
        str | None, Option("--timeout", "How long to wait for a single answer (30s).", "TIME")
    ] = None


class Output(NamedTuple):
    """What is written of each row, and how."""

    fields: Annotated[
        str | None, Option("--fields", "Only these fields, in this order.", "a,b,c")
    ] = None
    no_header: Annotated[bool, Option("--no-header", "No header line.")] = False
    query: Annotated[
        str | None, Option("--query", "A JMESPath expression, with json.", "EXPRESSION")
    ] = None
    bom: Annotated[bool, Option("--bom", "Begin with a byte order mark, for Excel.")] = False
    exact: Annotated[bool, Option("--exact", "Do not defuse formulas in csv and tsv.")] = False
    dates: Annotated[
        str | None,
        Option(
            "--dates",
            "In json, jsonl, csv and tsv: iso, as 2026-11-21T18:43:00Z, or the format's own.",
            "iso|own",
        ),
    ] = None


class Listing(NamedTuple):
    """How much of a list is wanted, and in which order."""

    limit: Annotated[int | None, Option("--limit", "At most this many.", "N")] = None
    page_size: Annotated[
        int | None, Option("--page-size", "Rows to ask for at a time (1000).", "N")
    ] = None
    sort: Annotated[
        str | None, Option("--sort", "Sort by this field; -FIELD for descending.", "FIELD")
    ] = None


class Ages(NamedTuple):
    """Results or payloads by when they were created."""

    created_after: Annotated[
        str | None,
        Option(
            "--created-after",
            "Only what add-ons made after this date or time (UTC), or age (7d).",
            "WHEN",
        ),
    ] = None
    created_before: Annotated[
        str | None,
        Option(
            "--created-before",
            "Only what add-ons made before this date or time (UTC), or age.",
            "WHEN",
        ),
    ] = None
    expiring_within: Annotated[
        str | None,
        Option(
            "--expiring-within", "Only what the service will drop within this time (3d).", "TIME"
        ),
    ] = None


class ResultFilters(NamedTuple):
    """Which results are wanted."""

    status: Annotated[
        str | None, Option("--status", "Only results of these statuses.", "STATUS,…")
    ] = None
    add_on: Annotated[
        str | None, Option("--add-on", "Only results of this add-on, by SID or name.", "XB…")
    ] = None
    config: Annotated[
        str | None, Option("--config", "Only results of this configuration, by SID or name.", "XE…")
    ] = None


class PayloadFilters(NamedTuple):
    """Which payloads are wanted."""

    label: Annotated[
        str | None, Option("--label", "Only payloads whose label matches.", "GLOB")
    ] = None
    content_type: Annotated[
        str | None, Option("--content-type", "Only payloads whose content type matches.", "GLOB")
    ] = None


class RecordingFilters(NamedTuple):
    """Which recordings of the account are wanted."""

    since: Annotated[
        str | None,
        Option("--since", "Recordings made at or after this date or time (UTC), or age.", "WHEN"),
    ] = None
    until: Annotated[
        str | None,
        Option("--until", "Recordings made before this date or time (UTC), or age.", "WHEN"),
    ] = None
    call: Annotated[str | None, Option("--call", "Only recordings of this call.", "CA…")] = None
    conference: Annotated[
        str | None, Option("--conference", "Only recordings of this conference.", "CF…")
    ] = None


class Many(NamedTuple):
    """Where more addresses come from, and how many are worked on at a time."""

    from_file: Annotated[
        str | None, Option("--from", "Read addresses from this file ('-': from stdin).", "FILE")
    ] = None
    workers: Annotated[int | None, Option("--workers", "How many at a time (8).", "N")] = None


class Whole(NamedTuple):
    """The whole account."""

    all: Annotated[bool, Option("--all", "Every recording of the account.")] = False


class FromArchive(NamedTuple):
    """What is kept, in place of what the service has."""

    archive: Annotated[
        str | None, Option("--archive", "Read this archive, not the service.", "DIR", "-a")
    ] = None


class Missing(NamedTuple):
    """What becomes of an address where nothing is any more."""

    ignore_not_found: Annotated[
        bool, Option("--ignore-not-found", "What is gone already is no failure.")
    ] = False


class Deleting(NamedTuple):
    """How to delete."""

    yes: Annotated[bool, Option("--yes", "Do not ask.", short="-y")] = False
    dry_run: Annotated[bool, Option("--dry-run", "Show what would go, and delete nothing.")] = False
    max_delete: Annotated[
        int | None,
        Option("--max-delete", "If it would be more than this, delete nothing.", "N"),
    ] = None


class Saving(NamedTuple):
    """Where payloads go, what their files are called, and what happens after."""

    to: Annotated[str | None, Option("--to", "The folder to save in (the current one).", "DIR")] = (
        None
    )
    name: Annotated[
        str | None,
        Option(
            "--name",
            "What to call the files, of {recording} {result} {payload} {label} {ext} {call} "
            "{date} {add_on} {config}; a slash makes a folder "
            "({recording}/{result}/{payload}.{ext}). The date is the recording's.",
            "TEMPLATE",
        ),
    ] = None
    output: Annotated[
        str | None,
        Option("--output", "The file for a single payload ('-': stdout).", "FILE", "-o"),
    ] = None
    clobber: Annotated[
        bool, Option("--clobber", "Fetch again what is there; replace what -o names.")
    ] = False
    check: Annotated[
        bool, Option("--check", "Trust no times: compare every file that is there with the store.")
    ] = False
    delete_after: Annotated[
        bool,
        Option(
            "--delete-after",
            "Delete each result once all its payloads are whole on disk; asks first, or needs "
            "--yes.",
        ),
    ] = False
    yes: Annotated[bool, Option("--yes", "Do not ask before --delete-after.", short="-y")] = False


# What the sets come to


def whole_number(
    name: str, given: int | None, usual: int, *, least: int = 0, most: int | None = None
) -> int:
    """The value of a numeric option. Raises Usage outside of `least` to `most`."""
    number = usual if given is None else given
    if number < least or (most is not None and number > most):
        span = f"{least} to {most}" if most is not None else f"{least} or more"
        raise Usage(f"--{name.replace('_', '-')} {number}: expected {span}")
    return number


def workers_of(many: Many) -> int:
    """How many items of a batch are worked on at a time."""
    return whole_number("workers", many.workers, WORKERS, least=1, most=MOST_WORKERS)


def page_size_of(listing: Listing) -> int:
    """Rows to ask for at a time."""
    from addonctl.models import PAGE_SIZE

    return whole_number("page_size", listing.page_size, PAGE_SIZE, least=1, most=PAGE_SIZE)


def recording_parameters(filters: RecordingFilters) -> dict[str, str]:
    """The filters of `recordings list`, as the API's own parameters. Raises Usage."""
    from datetime import UTC, datetime

    from addonctl import dates
    from addonctl.addresses import checked_sid

    now, parameters = datetime.now(UTC), {}
    for name, word in (("DateCreated>", filters.since), ("DateCreated<", filters.until)):
        if word is not None:
            parameters[name] = f"{dates.when(word, now).isoformat()[:19]}Z"
    for name, word, prefix in (
        ("CallSid", filters.call, "CA"),
        ("ConferenceSid", filters.conference, "CF"),
    ):
        if word is not None:
            parameters[name] = checked_sid(word, prefix)
    return parameters


def selection_of(
    kind: type[Resource],
    ages: Ages | None = None,
    results: ResultFilters | None = None,
    payloads: PayloadFilters | None = None,
    listing: Listing | None = None,
) -> Selection:
    """Which rows are asked for. Raises Usage for a word that does not fit `kind`."""
    from addonctl.selection import Selection

    ages, results = ages or Ages(), results or ResultFilters()
    payloads, listing = payloads or PayloadFilters(), listing or Listing()
    return Selection.of(
        kind,
        status=results.status,
        add_on=results.add_on,
        config=results.config,
        label=payloads.label,
        content_type=payloads.content_type,
        created_after=ages.created_after,
        created_before=ages.created_before,
        expiring_within=ages.expiring_within,
        sort=listing.sort,
        limit=listing.limit,
    )

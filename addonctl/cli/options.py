"""Every option that more than one command takes, declared once, in sets.

A set is a frozen value, which may hold others: a verb that has a parameter of that type takes its
options, and is called with what the user gave. `Common` and `Output` are kept in the State, which
turns them into a login, a client and a sink.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self, dataclass_transform

from addonctl import dates
from addonctl.addresses import checked_sid
from addonctl.errors import Usage

# What may be left out, and is None then.
Word = str | None
Words = list[str] | None
Number = int | None


class Typed(NamedTuple):
    """How an option or an argument is typed, as `option` and `argument` say it."""

    help: str
    metavar: str
    usual: Any
    flags: tuple[str, str] | None = None


def option(help: str, metavar: str = "", short: str = "", flag: str = "", usual: Any = None) -> Any:
    """An option, declared where its default stands: what it does, what stands for its value
    (nothing for a switch), a short form, its flag where that does not follow from its name
    (--page-size, page_size), and what it is where it is not given.
    """
    return Typed(help, metavar, usual if metavar else False, (short, flag))


def argument(metavar: str, help: str = "", usual: Any = None) -> Any:
    """How the words after the options are written; they must be there if their type is str."""
    return Typed(help, metavar, usual)


@dataclass_transform(kw_only_default=True, frozen_default=True)
class OptionSet:
    """What was given of some options, and of the others what is usual. For mypy it is a dataclass;
    to define real ones, or named tuples, would take milliseconds in every run.
    """

    def __init__(self, **given: Any) -> None:
        usual = {name: getattr(it, "usual", it) for name, it in self.members().items()}
        vars(self).update(usual | given)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name}")

    @classmethod
    def members(cls) -> dict[str, Typed | OptionSet]:
        """Its options, and the sets in it, by name."""
        return {name: it for name, it in vars(cls).items() if isinstance(it, Typed | OptionSet)}

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> Self:
        """The set, and those in it, with what was given of all that a command takes."""
        given = {
            name: it.of(words) if isinstance(it, OptionSet) else words[name]
            for name, it in cls.members().items()
        }
        return cls(**given)


class Common(OptionSet):
    """What every command takes, before the noun and after the verb."""

    profile: Word = option("The login to use ('sandbox' needs none).", "NAME", "-p")
    format: Word = option("How to write the answer; see: addonctl help formats.", "FORMAT", "-f")
    verbose: bool = option("Show each request on stderr.", short="-v")
    quiet: bool = option(
        "On stderr only errors, and what makes an answer less than whole.", short="-q"
    )
    color: Word = option("Colours: always, never, or auto (on a terminal).", "WHEN")
    no_color: bool = option("No colours.")
    no_pager: bool = option("Long tables straight to the terminal.")
    no_input: bool = option("Never ask.")
    account: Word = option("Act on this subaccount.", "AC…")
    region: Word = option("The region of the API, such as ie1.", "REGION")
    edge: Word = option("The edge of the API, such as dublin.", "EDGE")
    retries: Number = option("Tries after the first, for each request (5).", "N")
    timeout: Word = option("How long to wait for a single answer (30s).", "TIME")
    version: bool = option("Show the version and exit.")
    help: bool = option("Show this message and exit.", short="-h")


class Output(OptionSet):
    """What is written of each row, and how."""

    fields: Word = option("Only these fields, in this order.", "a,b,c")
    no_header: bool = option("No header line.")
    query: Word = option("A JMESPath expression, with json.", "EXPRESSION")
    bom: bool = option("Begin with a byte order mark, for Excel.")
    exact: bool = option("Do not defuse formulas in csv and tsv.")
    dates: Word = option(
        "In json, jsonl, csv and tsv: iso, as 2026-11-21T18:43:00Z, or the format's own.",
        "iso|own",
    )


class Listing(OptionSet):
    """How much of a list is wanted, and in which order."""

    limit: Number = option("At most this many.", "N")
    page_size: Number = option("Rows to ask for at a time (1000).", "N")
    sort: Word = option("Sort by this field; -FIELD for descending.", "FIELD")


class Ages(OptionSet):
    """Results or payloads by when they were created."""

    created_after: Word = option(
        "Only what add-ons made after this date or time (UTC), or age (7d).", "WHEN"
    )
    created_before: Word = option(
        "Only what add-ons made before this date or time (UTC), or age.", "WHEN"
    )
    expiring_within: Word = option("Only what the service will drop within this time (3d).", "TIME")


class ResultFilters(OptionSet):
    """Which results are wanted."""

    status: Word = option("Only results of these statuses.", "STATUS,…")
    add_on: Word = option("Only results of this add-on, by SID or name.", "XB…")
    config: Word = option("Only results of this configuration, by SID or name.", "XE…")


class PayloadFilters(OptionSet):
    """Which payloads are wanted."""

    label: Word = option("Only payloads whose label matches.", "GLOB")
    content_type: Word = option("Only payloads whose content type matches.", "GLOB")


class RecordingFilters(OptionSet):
    """Which recordings of the account are wanted."""

    since: Word = option("Recordings made at or after this date or time (UTC), or age.", "WHEN")
    until: Word = option("Recordings made before this date or time (UTC), or age.", "WHEN")
    call: Word = option("Only recordings of this call.", "CA…")
    conference: Word = option("Only recordings of this conference.", "CF…")


Choosing = ResultFilters | PayloadFilters | Ages | Listing


class Wanted(OptionSet):
    """Which results are wanted, and which payloads of them."""

    results: ResultFilters = ResultFilters()
    payloads: PayloadFilters = PayloadFilters()
    ages: Ages = Ages()


class Many(OptionSet):
    """Where more addresses come from, and how many are worked on at a time."""

    from_file: Word = option(
        "Read addresses from this file ('-': from stdin).", "FILE", flag="--from"
    )
    workers: Number = option("How many at a time (8).", "N")


class Whole(OptionSet):
    """The whole account, or those of its recordings that are wanted."""

    all: bool = option("Every recording of the account.")
    recordings: RecordingFilters = RecordingFilters()


class FromArchive(OptionSet):
    """What is kept, in place of what the service has."""

    archive: Word = option("Read this archive, not the service.", "DIR", "-a")


class Missing(OptionSet):
    """What becomes of an address where nothing is any more."""

    ignore_not_found: bool = option("What is gone already is no failure.")


class Deleting(OptionSet):
    """How to delete."""

    yes: bool = option("Do not ask.", short="-y")
    dry_run: bool = option("Show what would go, and delete nothing.")
    max_delete: Number = option("If it would be more than this, delete nothing.", "N")


class Saving(OptionSet):
    """Where payloads go, what their files are called, and what happens after."""

    to: Word = option("The folder to save in (the current one).", "DIR")
    name: Word = option(
        "What to call the files, of {recording} {result} {payload} {label} {ext} {call} "
        "{date} {add_on} {config}; a slash makes a folder "
        "({recording}/{result}/{payload}.{ext}). The date is the recording's.",
        "TEMPLATE",
    )
    output: Word = option("The file for a single payload ('-': stdout).", "FILE", "-o")
    clobber: bool = option("Fetch again what is there; replace what -o names.")
    check: bool = option("Trust no times: compare every file that is there with the store.")
    delete_after: bool = option(
        "Delete each result once all its payloads are whole on disk; asks first, or needs --yes."
    )
    yes: bool = option("Do not ask before --delete-after.", short="-y")


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

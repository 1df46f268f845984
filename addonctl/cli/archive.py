"""`addonctl archive`: what outlives the 30 days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from addonctl import dates
from addonctl.archive.rows import HitRow, KeptResult, StatusRow, VerdictRow, status_of
from addonctl.cli.archived import (
    Archive,
    list_kept,
    opened,
    place_of,
    profile_of,
    search_archive,
    show_kept,
    where,
)
from addonctl.cli.commands import CALL, Noun
from addonctl.cli.engines import check_engine, threads, through, working
from addonctl.cli.erasing import command as erasing
from addonctl.cli.exporting import command as exporting
from addonctl.cli.options import (
    Ages,
    Argument,
    Many,
    Option,
    Output,
    PayloadFilters,
    ResultFilters,
    selection_of,
    whole_number,
    workers_of,
)
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, SomeFailed, StillPending, Usage
from addonctl.models import Payload, Result

command = Noun("What add-ons made, kept beyond the 30 days of the service.")


@command.verb(
    "init",
    examples=(
        ("a folder that outlives the 30 days", "addonctl archive init keep"),
        ("a bucket", "addonctl archive init s3://company-archive/twilio"),
    ),
)
def make_archive(
    state: State,
    place: Annotated[
        str, Argument("PLACE", "A folder, or s3://BUCKET/PREFIX, gs://… or az://CONTAINER/….")
    ],
) -> None:
    """Make an archive, and remember it for this profile."""
    from addonctl.archive import opening

    account = state.login.acting_account
    where = place_of(state, place)
    opening.make(where, account)
    opening.remember(profile_of(state), where.url)
    for kept in where.beyond_reach():
        state.sink.say(f"{where.url}: {kept}")
    state.sink.say(f"{where.url} is the archive of {account}; bring it up to date: archive run")


# Keeping it up to date


@command.verb("run", examples=(("every night, from cron", "addonctl archive run --quiet"),))
def run_archive(
    state: State,
    archive: Archive,
    filters: ResultFilters,
    payloads: PayloadFilters,
    ages: Ages,
    many: Many,
    all_accounts: Annotated[
        bool, Option("--all-accounts", "The account and its subaccounts.")
    ] = False,
    full: Annotated[bool, Option("--full", "Look at every recording, due or not.")] = False,
    since: Annotated[
        str | None,
        Option("--since", "List recordings from this date (UTC) or age on (90d).", "WHEN"),
    ] = None,
    max_time: Annotated[
        str | None, Option("--max-time", "End in order after this long.", "TIME")
    ] = None,
    max_requests: Annotated[
        int | None, Option("--max-requests", "End in order after so many requests.", "N")
    ] = None,
    engine: Annotated[
        str,
        Option(
            "--engine",
            "What does the work: threads, dask, dask=tls://HOST:PORT, MODULE:FACTORY.",
            "ENGINE",
        ),
    ] = "threads",
    dry_run: Annotated[
        bool, Option("--dry-run", "Say what would be asked for, and ask for nothing.")
    ] = False,
) -> None:
    """Bring the archive up to date, soonest to expire first.

    What is new is fetched, what was pending is looked at again, and what failed stays due.
    A result is kept whole: --label and --content-type choose those that have such a payload, and
    what filters leave out waits for the next run. Other engines than threads spread the work over
    a cluster: addonctl help cluster.
    """
    from time import monotonic

    from addonctl.archive.accounts import run_all, wishes_of
    from addonctl.archive.allowance import Allowance
    from addonctl.archive.run import Run, Wish
    from addonctl.batch.pace import BatchPace

    now = datetime.now(UTC)
    workers = workers_of(many)
    check_engine(engine)
    named = None
    if many.from_file is not None:
        named = tuple(
            {
                each.recording: each._replace(result="", payload="")
                for each in state.addresses([], many, 1, 3).items
            }.values()
        )
    if named is not None and (all_accounts or full or since is not None):
        raise Usage("--from names what is looked at; no --all-accounts, --full or --since with it")
    selection = selection_of(Result, ages, filters)
    by_payload = selection_of(Payload, payloads=payloads)
    wish = Wish(
        full=full,
        since=None if since is None else dates.when(since, now),
        recordings=named,
        wanted=selection if selection.filters else None,
        payloads=by_payload if by_payload.filters else None,
        until=None if max_time is None else monotonic() + dates.seconds(max_time),
    )
    if max_requests is not None:
        max_requests = whole_number("max_requests", max_requests, 0, least=1)
    allowance = Allowance(BatchPace(workers), max_requests)
    account = state.login.acting_account
    with opened(state, archive.archive, make=True, alone=not dry_run) as at:
        at.must_be_of(account)
        client = state.connected(state.login, workers, allowance)
        state.lend(client)
        shared = client, at.place, at.kept
        wishes = wishes_of(
            wish, account, (at.kept if dry_run else client) if all_accounts else None
        )
        runs = [Run(*shared, its, wished, now, allowance) for its, wished in wishes.items()]
        if dry_run:
            for run in runs:
                state.sink.text(f"{run.account}: would {run.plan()}")
            return
        with working(state, client, engine, workers, at.place, now, allowance, wish.until) as work:
            total = run_all(runs, work.engine, allowance, state.sink.warn, together=work.together)
    said = (
        f"looked at {total.looked} recordings, saved {total.saved} results;"
        f" {total.requests} requests (predicted: {total.predicted})"
    )
    if total.cut:
        raise StillPending(f"{total.cut}: {said}; the next run goes on")
    if total.failed:
        raise SomeFailed(
            f"{said}; {total.failed} failed and stay due", hint="addonctl archive list problems"
        )
    state.sink.say(said)


# Looking at it


@command.verb(
    "status", rows=StatusRow, examples=(("the watchdog", "addonctl archive status --max-age 26h"),)
)
def show_status(
    state: State,
    archive: Archive,
    output: Output,
    max_age: Annotated[
        str | None,
        Option("--max-age", "Exit 1 if no good run is younger than this.", "TIME"),
    ] = None,
) -> None:
    """Say whether the archive is safe: exit 1 if it is not."""
    sink = state.answering(StatusRow)
    now = datetime.now(UTC)
    with opened(state, archive.archive) as at:
        row, bad = status_of(at.kept, at.place.url, at.accounts, now, max_age)
    sink.record(StatusRow, [row], single=True)
    if bad:
        raise AddonctlError("; ".join(bad), hint="addonctl archive list problems")


# Looking into it

command.verb(
    "list",
    rows=KeptResult,
    examples=(
        ("what is kept", "addonctl archive list results"),
        ("what is not, and why", "addonctl archive list problems"),
    ),
)(list_kept)

command.verb(
    "search",
    rows=HitRow,
    examples=(
        ("who said it, and when", "addonctl archive search parcel"),
        ("a phrase, of the last year", "addonctl archive search '\"two weeks ago\"' --since 52w"),
    ),
)(search_archive)

command.verb("show", examples=(("what was said", f"addonctl archive show {CALL}"),))(show_kept)


# Proving it


@command.verb(
    "verify",
    rows=VerdictRow,
    examples=(
        ("every byte", "addonctl archive verify"),
        ("a thirtieth each day", "addonctl archive verify --sample 3/30"),
    ),
)
def verify_archive(
    state: State,
    archive: Archive,
    output: Output,
    many: Many,
    sample: Annotated[
        str | None, Option("--sample", "The third of thirty parts: 3/30.", "K/N")
    ] = None,
    quick: Annotated[bool, Option("--quick", "Compare names and sizes alone.")] = False,
    repair: Annotated[
        bool, Option("--repair", "Fetch again what is damaged, while the service has it.")
    ] = False,
) -> None:
    """Hold every byte against its hash, and name what lies there besides. Shows what is not ok."""
    from addonctl.archive.verify import Sample, Verdict, repaired, verify

    sink = state.answering(VerdictRow)
    part = None if sample is None else Sample.named(sample)
    now, workers = datetime.now(UTC), workers_of(many)
    counts = {"ok": 0, "bad": 0, "besides": 0}
    bad: list[Verdict] = []
    with opened(state, archive.archive, alone=True) as at:

        def pages() -> Iterator[list[VerdictRow]]:
            yield []
            for each in verify(at.place, at.kept, now, through(workers), sample=part, quick=quick):
                if each.verdict == "ok":
                    counts["ok"] += 1
                    continue
                besides = each.verdict in ("orphan", "stranger")
                counts["besides" if besides else "bad"] += 1
                bad.extend([] if besides else [each])
                document = {"verdict": each.verdict, "name": each.name}
                document |= {"payload_sid": each.payload or "", "result_sid": each.result or ""}
                yield [VerdictRow(document)]

        sink.records(VerdictRow, pages())
        mended = 0
        if repair and bad:
            client = state.client(workers)
            engine = threads(state, client, workers)
            mended = repaired(client, at.place, at.kept, bad, now, engine)
    said = f"{counts['ok']} ok, {counts['bad']} not, {counts['besides']} that nothing names"
    said += f"; {mended} mended" if repair else ""
    if counts["bad"] > mended:
        hint = "while the service has it: addonctl archive verify --repair"
        if any(each.verdict == "erased, but here" for each in bad):
            hint = "what was erased and is here again, such as from a copy: erase it again"
        elif repair:
            hint = "what the service has no more, retired or expired, is in a copy of this archive"
        kind = AddonctlError if not counts["ok"] else SomeFailed
        raise kind(said, hint=hint)
    sink.say(said)


@command.verb("rebuild", examples=(("the index anew", "addonctl archive rebuild"),))
def rebuild_index(state: State, archive: Archive) -> None:
    """Make the index anew of what is stored; what was said is read again."""
    from addonctl.archive.opening import rebuilt

    made = rebuilt(place_of(state, where(state, archive.archive)), datetime.now(UTC))
    said = f"the index holds {made.results} results again"
    if made.damaged:
        raise SomeFailed(f"{said}; damaged: {', '.join(made.damaged[:5])}")
    state.sink.say(said)


command.verbs |= erasing.verbs | exporting.verbs

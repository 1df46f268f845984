"""`addonctl archive`: what outlives the 30 days, kept up to date and looked into."""

from __future__ import annotations

from datetime import UTC, datetime

from addonctl.archive import rows
from addonctl.cli import archived, options
from addonctl.cli.archived import Archive, opened, place_of
from addonctl.cli.commands import CALL, Noun, example
from addonctl.cli.options import Number, Word, Words, argument, option
from addonctl.cli.state import State, connected
from addonctl.cli.transcripts import FORM, checked_form, write
from addonctl.errors import AddonctlError, NotFound, SomeFailed, Usage
from addonctl.models import Payload, Resource, Result

command = Noun("What add-ons made, kept beyond the 30 days of the service.")


@command.verb("init")
@example("a folder that outlives the 30 days", "addonctl archive init keep")
@example("a bucket", "addonctl archive init s3://company-archive/twilio")
def make_archive(
    state: State,
    place: str = argument("PLACE", "A folder, or s3://BUCKET/PREFIX, gs://… or az://CONTAINER/…."),
) -> None:
    """Make an archive, and remember it for this profile."""
    from addonctl.archive import opening

    account, at = state.login.acting_account, place_of(state, place)
    opening.make(at, account)
    opening.remember(state.login.profile or account, at.url)
    for kept in at.beyond_reach():
        state.sink.say(f"{at.url}: {kept}")
    state.sink.say(f"{at.url} is the archive of {account}; bring it up to date: archive run")


@command.verb("run")
@example("every night, from cron", "addonctl archive run --quiet")
def run_archive(
    state: State,
    archive: Archive,
    filters: options.Wanted,
    many: options.Many,
    all_accounts: bool = option("The account and its subaccounts."),
    full: bool = option("Look at every recording, due or not."),
    since: Word = option("List recordings from this date (UTC) or age on (90d).", "WHEN"),
    max_time: Word = option("End in order after this long.", "TIME"),
    max_requests: Number = option("End in order after so many requests.", "N"),
    engine: str = option(
        "What does the work: threads, dask, dask=tls://HOST:PORT, MODULE:FACTORY.",
        "ENGINE",
        usual="threads",
    ),
    dry_run: bool = option("Say what would be asked for, and ask for nothing."),
) -> None:
    """Bring the archive up to date, soonest to expire first.

    What is new is fetched, what was pending is looked at again, and what failed stays due.
    A result is kept whole: --label and --content-type choose those that have such a payload, and
    what filters leave out waits for the next run. Other engines than threads spread the work over
    a cluster: addonctl help cluster.
    """
    from addonctl.archive import accounts
    from addonctl.archive import engine as engines
    from addonctl.archive.allowance import Allowance
    from addonctl.archive.run import Wish
    from addonctl.batch.pace import BatchPace

    now, workers = datetime.now(UTC), state.workers(many)
    engines.check(engine)
    named = None if many.from_file is None else state.addresses([], many, 1, 3).items
    if named is not None and (all_accounts or full or since is not None):
        raise Usage("--from names what is looked at; no --all-accounts, --full or --since with it")
    results = state.selection(Result, filters.results, filters.ages)
    by_payload = state.selection(Payload, filters.payloads)
    wish = Wish.of(named, results, by_payload, now, full=full, since=since, max_time=max_time)
    options.whole_number("max_requests", max_requests, 1, least=1)
    allowance = Allowance(BatchPace(workers), max_requests)
    account, sink = state.login.acting_account, state.sink
    with opened(state, archive.archive, make=True, alone=not dry_run) as at:
        at.must_be_of(account)
        client = state.connected(state.login, workers, allowance)
        known = (at.kept if dry_run else client) if all_accounts else None
        runs = accounts.runs_of(client, at, account, wish, now, allowance, known)
        if dry_run:
            for run in runs:
                sink.text(f"{run.account}: would {run.plan()}")
            return
        limits, verbose = state.limits(workers), state.common.verbose
        with engines.engine_of(engine, runs[0], limits, sink, connected, verbose=verbose) as work:
            done = accounts.run_all(runs, work, allowance, sink.warn, together=engine != "threads")
    done.finish()
    sink.say(done.said)


@command.verb("status", rows=rows.StatusRow)
@example("the watchdog", "addonctl archive status --max-age 26h")
def show_status(
    state: State,
    archive: Archive,
    max_age: Word = option("Exit 1 if no good run is younger than this.", "TIME"),
) -> None:
    """Say whether the archive is safe: exit 1 if it is not."""
    sink = state.answering(rows.StatusRow)
    with opened(state, archive.archive) as at:
        row, bad = rows.status_of(at.kept, at.place.url, at.accounts, datetime.now(UTC), max_age)
    sink.records(rows.StatusRow, [[row]], whole=True, single=True)
    if bad:
        raise AddonctlError("; ".join(bad), hint="addonctl archive list problems")


@command.verb("list", rows=rows.KeptResult)
@example("what is kept", "addonctl archive list results")
@example("what is not, and why", "addonctl archive list problems")
def list_kept(
    state: State,
    archive: Archive,
    filters: options.Wanted,
    listing: options.Listing,
    what: str = argument(
        "WHAT", "results, payloads, runs, erasures or problems (results).", usual="results"
    ),
) -> None:
    """List what the archive holds: results, payloads, runs, erasures, or problems."""
    kind, query = rows.list_of(what)
    sink = state.answering(kind)
    selection = state.selection(kind, filters.results, filters.payloads, filters.ages, listing)
    if selection.filters and not issubclass(kind, Resource):
        raise Usage(f"{what.lower()} are not filtered", hint="--sort and --limit do for all lists")
    if kind is rows.KeptResult and any(it is not None for it in vars(filters.payloads).values()):
        raise Usage("--label and --content-type choose payloads", hint="archive list payloads")
    notes: list[str] = []
    with opened(state, archive.archive) as at:
        sink.records(kind, selection.apply(rows.pages_of(at.kept, kind, query), notes))
    for note in notes:
        sink.warn(note)


@command.verb("search", rows=rows.HitRow)
@example("who said it, and when", "addonctl archive search parcel")
@example("a phrase, of the last year", "addonctl archive search '\"two weeks ago\"' --since 52w")
def search_archive(
    state: State,
    archive: Archive,
    words: Words = argument("WORDS", 'Words, "phrases", beginn*.'),
    since: Word = option("Results made since this date (UTC) or age.", "WHEN"),
    until: Word = option("Results made before this date (UTC) or age.", "WHEN"),
    add_on: Word = option("Of this add-on.", "XB…"),
    speaker: Word = option("Said by this speaker.", "NAME"),
    recording: Word = option("In this recording.", "RE…"),
    call: Word = option("In this call.", "CA…"),
    rank: bool = option("The best first, not the newest."),
    limit: int = option("At most this many (20).", "N", usual=20),
) -> None:
    """Find what was said: all words in one transcript, the newest first."""
    from addonctl.archive.search import Filters, search

    sink = state.answering(rows.HitRow)
    options.whole_number("limit", limit, 20)
    if not words:
        raise Usage("search for what?", hint="addonctl archive search parcel")
    place = {"since": since, "until": until, "recording": recording, "call": call}
    filters = Filters.of(datetime.now(UTC), **place, add_on=add_on, speaker=speaker)
    marks = ("[", "]") if sink.on_terminal else ("", "")
    with opened(state, archive.archive) as at:
        found = search(at.kept, " ".join(words), filters, limit=limit, rank=rank, marks=marks)
        hits = list(found)
    if not hits:
        raise NotFound(f"nobody said {' '.join(words)}, as far as the archive knows")
    sink.records(rows.HitRow, [hits])
    sink.say(f"to read one: addonctl archive show {hits[0].address}")


@command.verb("show")
@example("what was said", f"addonctl archive show {CALL}")
def show_kept(
    state: State,
    archive: Archive,
    address: Words = argument("RE… [XR… [XH…]]"),
    form: Word = FORM,
    receipt: Word = option("Show what was erased, and the proof (-f json).", "ID"),
) -> None:
    """Show a transcript that is kept, a payload as it came, or the receipt of an erasure.

    Its bytes are held against their hash first.
    """
    from addonctl.addresses import Token, read
    from addonctl.archive import receipts
    from addonctl.archive.reading import kept_at

    sink, form = state.sink, checked_form(form)
    with opened(state, archive.archive) as at:
        if receipt is not None:
            sink.text(receipts.written(receipts.read(at.place, receipt), form or state.format))
            return
        found = list(read(map(Token, address or ()), 1, 3, at.recall))
        if len(found) != 1:
            raise Usage("expected a single address")
        kept = kept_at(at.place, at.kept, found[0])
        single, shown = len(kept) == 1, 0
        as_it_came = single and (form == "raw" or not (form or sink.on_terminal))
        for each in kept:
            said = None if as_it_came else each.transcript()
            if said is None:
                if as_it_came or (single and not form):
                    sink.show(iter([each.read()]), each.content_type)
                    return
                continue
            if not single:
                sink.text(("\n" if shown else "") + f"# {each.address} {each.label}".rstrip())
            shown += 1
            write(sink, said, None if form == "raw" else form)
    if not shown:
        raise NotFound(f"no transcript at {found[0]}", hint="as it came: --as raw")


@command.verb("verify", rows=rows.VerdictRow)
@example("every byte", "addonctl archive verify")
@example("a thirtieth each day", "addonctl archive verify --sample 3/30")
def verify_archive(
    state: State,
    archive: Archive,
    output: options.Output,
    many: options.Many,
    sample: Word = option("The third of thirty parts: 3/30.", "K/N"),
    quick: bool = option("Compare names and sizes alone."),
    repair: bool = option("Fetch again what is damaged, while the service has it."),
) -> None:
    """Hold every byte against its hash, and name what lies there besides. Shows what is not ok."""
    from addonctl.archive.engine import threads
    from addonctl.archive.verify import Sample, Verification

    sink = state.answering(rows.VerdictRow)
    part = None if sample is None else Sample.named(sample)
    now, workers = datetime.now(UTC), state.workers(many)
    with opened(state, archive.archive, alone=True) as at:
        verification = Verification(at.place, at.kept, now, sample=part, quick=quick, repair=repair)
        sink.records(rows.VerdictRow, verification.pages(workers))
        if repair and verification.bad:
            client = state.client(workers)
            verification.mend(client, threads(client, workers, sink))
    verification.finish()
    sink.say(verification.summary)


@command.verb("rebuild")
@example("the index anew", "addonctl archive rebuild")
def rebuild_index(state: State, archive: Archive) -> None:
    """Make the index anew of what is stored; what was said is read again."""
    from addonctl.archive.opening import rebuilt

    made = rebuilt(archived.meant(state, archive.archive), datetime.now(UTC))
    said = f"the index holds {made.results} results again"
    if made.damaged:
        raise SomeFailed(f"{said}; damaged: {', '.join(made.damaged[:5])}")
    state.sink.say(said)


command.verbs |= archived.command.verbs

"""State: what one run knows, built when first asked for and lent to the commands.

So `--help` touches no network, no keyring and no file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from addonctl.addresses import LEVELS, Address, Addresses, Word, read
from addonctl.cli.options import (
    Ages,
    Common,
    Listing,
    Many,
    Output,
    PayloadFilters,
    RecordingFilters,
    ResultFilters,
    Whole,
)
from addonctl.errors import AddonctlError, Usage
from addonctl.output import OutputSettings, Sink
from addonctl.sids import given_sid

if TYPE_CHECKING:
    from addonctl.api import Client, Pace
    from addonctl.batch.outcomes import Batch
    from addonctl.login import Login
    from addonctl.models import Record, Resource
    from addonctl.selection import Selection

LONGEST_TIMEOUT = 100 * 24 * 3600.0
"""Seconds. Operating systems take no time-outs of years."""
WORKERS = 8
MOST_WORKERS = 256
NOT_WHOLE, ANY_RECORDING = Whole(), RecordingFilters()


class State:
    """One run: what was typed for every command, the environment, and what is made of them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.common = Common()
        self.output = Output()
        self._client: Client | None = None

    def take_common(self, given: Mapping[str, Any]) -> None:
        """Note what was typed of the common options; what was not leaves the others as they are."""
        # Not `in (None, False)`: 0 equals False, and is a word like any other.
        words = {
            name: value for name, value in given.items() if value is not None and value is not False
        }
        self.common = self.common._replace(**words)

    @property
    def format(self) -> str:
        """The format asked for, which may not exist."""
        return self.common.format or self.environment.get("ADDONCTL_FORMAT") or "table"

    @cached_property
    def sink(self) -> Sink:
        """Where everything is written. Made once it is known how: in the verb, or at an error."""
        common, output = self.common, self.output
        return Sink(
            OutputSettings(
                format=self.format,
                fields=tuple(_words(output.fields)),
                header=not output.no_header,
                query=output.query,
                bom=output.bom,
                exact=output.exact,
                quiet=common.quiet,
                verbose=common.verbose,
                color=False if common.no_color else None,
                ask=not common.no_input,
            )
        )

    def login_as(self, profile: str | None) -> Login:
        """The login of a profile, or that which the words and the environment choose.

        Raises LoginRefused where there is none to use.
        """
        from addonctl.login import SANDBOX, api_url
        from addonctl.profiles import resolve

        common = self.common
        login = resolve(
            profile=profile,
            account=common.account,
            region=common.region,
            edge=common.edge,
            environment=self.environment,
        )
        if login.source != SANDBOX:
            return login
        from addonctl import sandbox

        api_url(common.region, common.edge)  # what is wrong elsewhere is wrong here
        return login._replace(
            account=sandbox.ACCOUNT,
            username=sandbox.ACCOUNT,
            secret=sandbox.AUTH_TOKEN,
            api_url=sandbox.API_URL,
        )

    @cached_property
    def login(self) -> Login:
        """Who is asking. Raises LoginRefused where there is no login to use."""
        return self.login_as(self.common.profile)

    def client(self, workers: int = 1) -> Client:
        """The service, as this login sees it; for many workers, under one pace.

        A command has one client: whoever asks again gets the same.
        """
        if self._client is None:
            pace: Pace | None = None
            if workers > 1:
                from addonctl.batch.pace import BatchPace

                pace = BatchPace(workers)
            self._client = self.connected(self.login, workers, pace)
        return self._client

    def connected(self, login: Login, workers: int = 1, pace: Pace | None = None) -> Client:
        """A client of its own for a login, which may be one that is still to be tried."""
        from addonctl import dates
        from addonctl.api import Client, Limits
        from addonctl.login import SANDBOX

        usual, word = Limits(), self.common.timeout
        timeout = usual.timeout if word is None else dates.seconds(word)
        if not 0 < timeout <= LONGEST_TIMEOUT:
            raise Usage(f"--timeout {word}: expected more than nothing, and 100 days at most")
        limits = Limits(
            retries=whole_number("retries", self.common.retries, usual.retries),
            timeout=timeout,
            connections=workers,
        )
        adapter = None
        if login.source == SANDBOX:
            from addonctl.cli import pretend

            adapter = pretend.adapter()
        trace = self.sink.trace if self.common.verbose else None
        return Client(login, limits, adapter=adapter, pace=pace, trace=trace)

    def batch(self, many: Many, done: str, unit: str, items: str = "", *, alone: bool) -> Batch:
        """What works on many addresses, `--workers` at a time; or on one `alone`.

        `done` and `unit` are the words of its summary: deleted 4998 of 5000 results, 2 failed;
        `items` is what its progress counts, where that is something else.
        """
        from addonctl.batch.outcomes import Batch

        workers = workers_of(many)
        client = self.client(1 if alone else workers)
        return Batch(client, self.sink, workers, done, unit, items, alone=alone)

    # What the words name

    def addresses(
        self,
        words: Sequence[str] | None,
        many: Many,
        least: int,
        most: int,
        whole: Whole = NOT_WHOLE,
        filters: RecordingFilters = ANY_RECORDING,
    ) -> Addresses:
        """The addresses named, each once: checked, of those that were typed; as they come where
        `-`, --from or --all stands for many. Raises Usage where there are none to be had.
        """
        named = list(words or ())
        if whole.all:
            if named or many.from_file is not None:
                raise Usage("--all means every recording; expected no addresses with it")
            client = self.client(workers_of(many))
            pages = client.recordings(recording_parameters(filters))
            recordings = (Address(given_sid(each.sid, "RE")) for page in pages for each in page)
            return Addresses(recordings, typed=False)
        for name, value in filters._asdict().items():
            if value is not None:
                raise Usage(f"--{name} chooses among all recordings", hint="add --all")
        lists = [name for name in (*named, many.from_file) if name == "-"]
        if not lists and many.from_file is None:
            found = {str(address): address for address in read(map(Word, named), least, most)}
            if not found:
                raise Usage(f"no address given; expected {LEVELS[least]}")
            return Addresses(list(found.values()), typed=True, total=len(found))
        if len(lists) > 1:
            raise Usage("stdin is named twice; it can be read only once")
        from addonctl.batch.lists import listed

        addresses = listed(named, many.from_file, sys.stdin, least, most)
        if addresses.total == 0:
            self.sink.say("the list is empty: nothing to do")
        return addresses

    def selection(
        self,
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

    # Asking

    def must_be_able_to_ask(self, what: str) -> None:
        """Raises Usage where nobody is there to be asked whether to do `what`."""
        if not self.sink.interactive:
            raise Usage(f"will not {what} without --yes when nobody is here to ask")

    def confirm(self, what: str) -> None:
        """Go on only if the user agrees. Raises Usage where nobody is there to be asked."""
        self.must_be_able_to_ask(what)
        if not self.sink.confirm(f"{what}?"):
            raise AddonctlError(f"will not {what}: you said no")

    # The answer

    def answering(self, kind: type[Record]) -> Sink:
        """The sink, once it can write such an answer. Raises Usage for a word that does not fit."""
        self.sink.check(kind)
        return self.sink

    def answer(
        self,
        kind: type[Resource],
        selection: Selection,
        batch: Batch,
        pages: Iterator[list[Any]],
    ) -> None:
        """Write what the selection leaves of a batch's pages, and end as the batch does.

        The SIDs that somebody saw are kept for completion; what a script asks for is not.
        """
        begun = batch.begun(pages)
        if begun is not None:
            chosen = selection.apply(begun)
            if not self.sink.watched or self.environment.get("ADDONCTL_NO_HISTORY"):
                self.sink.records(kind, chosen)
            else:
                from addonctl import history

                noted = history.Noted()
                self.sink.records(kind, noted.pages(chosen))
                account = self.login.subaccount or self.login.account
                history.remember(account, noted.lines, history.folder())
            if chosen.note:
                batch.warn(chosen.note)
        batch.finish()

    def show(self, kind: type[Record], batch: Batch, found: Iterator[Any], *, single: bool) -> None:
        """Write records that were asked for one by one, and end as the batch does."""
        pages = batch.begun([record] for record in found)
        if pages is not None:
            self.sink.record(kind, chain.from_iterable(pages), single=single)
        batch.finish()


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
    from addonctl.sids import checked_sid

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


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()] if text else []

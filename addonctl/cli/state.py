"""State: what one run knows, built late and lent to the commands.

The words given on the command line come in as `given`; settings, sink, login and client are made
of them when first asked for, so that `--help` touches no network, no keyring and no file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import typer

from addonctl.addresses import LEVELS, Address, Word, read
from addonctl.errors import AddonctlError, Usage
from addonctl.output import OutputSettings, Sink
from addonctl.sids import given_sid

if TYPE_CHECKING:
    from addonctl.api import Client, Pace, Settings
    from addonctl.login import Login
    from addonctl.models import Record
    from addonctl.selection import Selection

LONGEST_TIMEOUT = 100 * 24 * 3600.0
"""Seconds. Operating systems take no time-outs of years."""

Addresses = Sequence[Address] | Iterator[Address]
AllAddresses = Collection[Address]


def state_of(context: typer.Context) -> State:
    """The run's State, from anywhere in the command tree."""
    state = context.find_root().obj
    assert isinstance(state, State)  # noqa: S101
    return state


class State:
    """One run: the words given, the environment, and what is made of them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.given: dict[str, Any] = {}

    @property
    def format(self) -> str:
        """The format asked for, which may not exist."""
        return self.given.get("format") or self.environment.get("ADDONCTL_FORMAT") or "table"

    @cached_property
    def sink(self) -> Sink:
        """Where everything is written."""
        given = self.given
        return Sink(
            OutputSettings(
                format=self.format,
                fields=tuple(_words(given.get("fields"))),
                header=not given.get("no_header"),
                query=given.get("query"),
                bom=bool(given.get("bom")),
                exact=bool(given.get("exact")),
                quiet=bool(given.get("quiet")),
                verbose=bool(given.get("verbose")),
                color=False if given.get("no_color") else None,
                ask=not given.get("no_input"),
            )
        )

    @cached_property
    def login(self) -> Login:
        """Who is asking. Raises LoginRefused where there is no login to use."""
        from addonctl.login import SANDBOX, api_url
        from addonctl.profiles import resolve

        given = self.given
        login = resolve(
            profile=given.get("profile"),
            account=given.get("account"),
            region=given.get("region"),
            edge=given.get("edge"),
            environment=self.environment,
        )
        if login.source != SANDBOX:
            return login
        from addonctl import sandbox

        api_url(given.get("region"), given.get("edge"))  # what is wrong elsewhere is wrong here
        return login._replace(
            account=sandbox.ACCOUNT,
            username=sandbox.ACCOUNT,
            secret=sandbox.AUTH_TOKEN,
            api_url=sandbox.API_URL,
        )

    @cached_property
    def settings(self) -> Settings:
        """How patient and how wide the client is."""
        from addonctl import dates
        from addonctl.api import Settings

        usual = Settings()
        retries = self.whole_number("retries", usual.retries, least=0)
        word = self.given.get("timeout")
        timeout = usual.timeout if word is None else dates.seconds(word)
        if not 0 < timeout <= LONGEST_TIMEOUT:
            raise Usage(f"--timeout {word}: expected more than nothing, and 100 days at most")
        return Settings(
            retries=retries,
            timeout=timeout,
            connections=self.workers,
        )

    @property
    def workers(self) -> int:
        """How many items of a batch are worked on at a time."""
        return self.whole_number("workers", 8, least=1)

    @property
    def page_size(self) -> int:
        """Rows to ask for at a time: a small limit needs no more than one row past it."""
        from addonctl.models import PAGE_SIZE

        return self.whole_number("page_size", PAGE_SIZE, least=1, most=PAGE_SIZE)

    @cached_property
    def client(self) -> Client:
        """The service, as this login sees it."""
        return self.client_at()

    def client_at(self, pace: Pace | None = None, login: Login | None = None) -> Client:
        """A client of its own: for a batch that keeps a pace, or for a login still to be tried."""
        from addonctl.api import Client
        from addonctl.login import SANDBOX

        login = login or self.login
        adapter = None
        if login.source == SANDBOX:
            from addonctl.cli import pretend

            adapter = pretend.adapter()
        trace = self.sink.trace if self.given.get("verbose") else None
        return Client(login, self.settings, adapter=adapter, pace=pace, trace=trace)

    def selection(self, kind: type[Record]) -> Selection:
        """Which rows are asked for. Raises Usage for a word that does not fit `kind`."""
        from addonctl.selection import Selection

        return Selection.of(kind, self.given)

    def addresses(self, words: Sequence[str] | None, least: int, most: int) -> Addresses:
        """The addresses named, each once: a sequence, checked, of those that were typed; as they
        come where `-` or --from names a list. Raises Usage where there are none to be had.
        """
        named = list(words or ())
        pipes = [name for name in (*named, self.given.get("from")) if name == "-"]
        if not pipes and "from" not in self.given:
            found = {str(address): address for address in read(map(Word, named), least, most)}
            if not found:
                raise Usage(f"no address given; expected {LEVELS[least]}")
            return list(found.values())
        if len(pipes) > 1:
            raise Usage("stdin is named twice; it can be read only once")
        from addonctl.address_lists import distinct

        listed = distinct(read(self._words(named), least, most))
        first = next(listed, None)
        if first is None:
            self.sink.say("the list is empty: nothing to do")
            return []
        return chain([first], listed)

    def recordings(self, words: Sequence[str] | None, client: Callable[[], Client]) -> Addresses:
        """The recordings named or, with --all, every one that the filters let through."""
        if not self.given.get("all"):
            for name in ("since", "until", "call", "conference"):
                if name in self.given:
                    raise Usage(f"--{name} chooses among all recordings", hint="add --all")
            return self.addresses(words, 1, 1)
        if words or "from" in self.given:
            raise Usage("--all means every recording; expected no addresses with it")
        pages = client().recordings(self.recording_filters)
        return (Address(given_sid(each.sid, "RE")) for page in pages for each in page)

    def all_addresses(self, words: Sequence[str] | None, least: int, most: int) -> AllAddresses:
        """The same, all read and checked before anything is done with the first."""
        found = self.addresses(words, least, most)
        if isinstance(found, Sequence):
            return found
        from addonctl.address_lists import AddressSet

        return AddressSet(found)

    def _words(self, named: list[str]) -> Iterator[Word]:
        for word in named:
            yield from self._list(word) if word == "-" else [Word(word)]
        if "from" in self.given:
            yield from self._list(self.given["from"])

    def _list(self, name: str) -> Iterator[Word]:
        from addonctl import address_lists

        with address_lists.open_list(name, sys.stdin) as stream:
            yield from address_lists.words(stream, name)

    def single(self, addresses: Addresses) -> Address:
        """The one address a command takes. Raises Usage for a second."""
        all_of_them = iter(addresses)
        first, second = next(all_of_them, None), next(all_of_them, None)
        if first is None:
            raise Usage("no address given; expected a single one")
        if second:
            raise Usage(f"'{second}' is one too many; expected a single address")
        return first

    @property
    def recording_filters(self) -> dict[str, str]:
        """The filters of `recordings list`, as the API's own parameters."""
        from datetime import UTC, datetime

        from addonctl import dates
        from addonctl.sids import checked_sid

        given, now, parameters = self.given, datetime.now(UTC), {}
        for name, parameter in (("since", "DateCreated>"), ("until", "DateCreated<")):
            if name in given:
                moment = dates.when(given[name], now)
                parameters[parameter] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, parameter, prefix in (
            ("call", "CallSid", "CA"),
            ("conference", "ConferenceSid", "CF"),
        ):
            if name in given:
                parameters[parameter] = checked_sid(given[name], prefix)
        return parameters

    def must_be_able_to_ask(self, what: str) -> None:
        """Raises Usage where nobody is there to be asked whether to do `what`."""
        if not self.sink.interactive:
            raise Usage(f"will not {what} without --yes when nobody is here to ask")

    def confirm(self, what: str) -> None:
        """Go on only if the user agrees. Raises Usage where nobody is there to be asked."""
        self.must_be_able_to_ask(what)
        if not self.sink.confirm(f"{what}?"):
            raise AddonctlError(f"will not {what}: you said no")

    def answer(
        self,
        kind: type[Record],
        selection: Selection,
        pages: Iterator[list[Any]],
        warn: Callable[[str], None] | None = None,
    ) -> None:
        """Write what the selection leaves of `pages`, and say (by `warn`) where --limit cut it."""
        chosen = selection.apply(pages)
        with self.remembering(chosen) as shown:
            self.sink.records(kind, shown)
        if chosen.note:
            (warn or self.sink.warn)(chosen.note)

    @contextmanager
    def remembering(self, pages: Iterable[list[Any]]) -> Iterator[Iterable[list[Any]]]:
        """The pages; once all is well the SIDs they showed are kept for completion.

        Only of lists that somebody saw: what a script asks for is nothing to complete.
        """
        if not self.sink.watched or self.environment.get("ADDONCTL_NO_HISTORY"):
            yield pages
            return
        from addonctl import history

        noted = history.Noted()
        yield noted.pages(pages)
        account = self.login.subaccount or self.login.account
        history.remember(account, noted.lines, history.folder())

    def whole_number(self, name: str, usual: int, *, least: int, most: int | None = None) -> int:
        """The value of a numeric option. Raises Usage outside of `least` to `most`."""
        number = self.given.get(name, usual)
        if number < least or (most is not None and number > most):
            span = f"{least} to {most}" if most is not None else f"{least} or more"
            raise Usage(f"--{name.replace('_', '-')} {number}: expected {span}")
        return int(number)


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()] if text else []

"""State: what one run knows, built when first asked for and lent to the commands.

So `--help` touches no network, no keyring and no file.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC
from functools import cached_property, partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from addonctl import files, history
from addonctl.addresses import LEVELS, Address, Addresses, AddressSet, Token, given_sid, read
from addonctl.cli import options
from addonctl.cli.options import Deleting, Many, Whole
from addonctl.cli.settings import Settings
from addonctl.errors import AddonctlError, NotFound, Usage
from addonctl.models import Record, Recording, Resource
from addonctl.profiles import SANDBOX, Login, api_url

if TYPE_CHECKING:
    from addonctl.api import Client, Limits, Pace
    from addonctl.batch.outcomes import Batch
    from addonctl.selection import Selection

Say = Callable[[str], None]

UNITS = ("", "recording", "result", "payload")  # by the level of an address
REMEMBERED = 5_000
"""How many recordings are, which is more than are worked on at a time."""


class State(Settings):
    """One run: who is asking, of whom, what its words name, and how it answers."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.lent: Any = None  # what answers in place of the service, such as an archive
        self._recordings: dict[str, Recording | None] = {}
        self._lock = threading.Lock()

    @cached_property
    def login(self) -> Login:
        """Who is asking. Raises LoginRefused where there is no login to use."""
        from addonctl.profiles import resolve

        common = self.common
        login = resolve(
            profile=common.profile,
            account=common.account,
            region=common.region,
            edge=common.edge,
            environment=self.environment,
        )
        if login.source == SANDBOX:
            from addonctl import sandbox

            api_url(common.region, common.edge)  # raises for what is wrong elsewhere too
            pretended = sandbox.ACCOUNT, sandbox.ACCOUNT, sandbox.AUTH_TOKEN, sandbox.API_URL
            return Login(*pretended, login.subaccount, login.profile, SANDBOX)
        return login

    def client(self, workers: int = 1) -> Client:
        """The service, as this login sees it; for many workers, under one pace.

        A command has one client: whoever asks again gets the same.
        """
        if self.lent is None:
            pace: Pace | None = None
            if workers > 1:
                from addonctl.batch.pace import BatchPace

                pace = BatchPace(workers)
            self.lent = self.connected(self.login, workers, pace)
        client: Client = self.lent
        return client

    def connected(self, login: Login, workers: int = 1, pace: Pace | None = None) -> Client:
        """A client of its own for a login, which may be one that is still to be tried."""
        trace = self.sink.trace if self.common.verbose else None
        return connected(login, self.limits(workers), pace, trace, self.sink.pause)

    def batch(
        self, many: Many, done: str, unit: str, *, alone: bool, gone_ok: bool = False
    ) -> Batch:
        """What works on many addresses, `--workers` at a time; or on one `alone`."""
        from addonctl.batch.outcomes import Batch

        workers = self.workers(many)
        batch = Batch(self.client(1 if alone else workers), self.sink, workers, done, unit)
        batch.alone, batch.gone_ok = alone, gone_ok
        return batch

    def addresses(
        self,
        words: Sequence[str] | None,
        many: Many,
        least: int,
        most: int,
        whole: Whole = Whole(),
        *,
        whole_only: bool = False,
        instead: str = "",
    ) -> Addresses:
        """The addresses named, each once: checked, of those that were typed; as they come where
        `-`, --from or --all stands for many. What was lately seen may be typed in short, unless
        `whole_only`. Raises Usage where there are none to be had.
        """
        named = list(words or ())
        if whole.all:
            if named or many.from_file is not None:
                raise Usage("--all means every recording; expected no addresses with it")
            client = self.client(self.workers(many))
            pages = client.recordings(options.recording_parameters(whole.recordings))
            # Where one page is all there is, progress has a total.
            first, second = next(pages, []), next(pages, None)
            if second is None:
                return Addresses(list(self._every([first])), typed=False, total=len(first))
            return Addresses(self._every(chain([first, second], pages)), typed=False)
        for name, value in vars(whole.recordings).items():
            if value is not None:
                raise Usage(f"--{name} chooses among all recordings", hint="add --all")
        lists = [name for name in (*named, many.from_file) if name == "-"]
        if not lists and many.from_file is None:
            recall = None if whole_only else self._lately_seen
            found = AddressSet(read(map(Token, named), least, most, recall, instead))
            if found:
                return Addresses(found, typed=True, total=len(found))
            raise Usage(
                f"no address given; expected {LEVELS[least]}",
                hint="which there are: addonctl recordings list; what add-ons made of all of "
                "them: addonctl results list --all",
            )
        if len(lists) > 1:
            raise Usage("stdin is named twice; it can be read only once")
        from addonctl.batch.lists import listed

        if lists and self.sink.interactive:
            self.sink.say("reading addresses from the terminal; Ctrl-D ends the list")
        addresses = listed(named, many.from_file, sys.stdin, least, most)
        if many.from_file not in (None, "-") and not lists and self.sink.watched:
            # A file is read ahead where somebody looks, so that progress has a total.
            ahead = AddressSet(addresses.items)
            addresses = addresses._replace(items=ahead, total=len(ahead))
        if addresses.total == 0:
            self.sink.say("the list is empty: nothing to do")
        return addresses

    def _every(self, pages: Iterable[list[Recording]]) -> Iterator[Address]:
        for recording in chain.from_iterable(pages):
            self._note(recording.sid, recording)
            yield Address(given_sid(recording.sid, "RE"))

    def recording(self, address: Address) -> Recording | None:
        """The recording at, or above, an address: from the list that it came of, or asked for.

        None where it is gone. Workers may call it. Raises AddonctlError.
        """
        with suppress(KeyError):
            return self._recordings[address.recording]
        try:
            found = self.client().get(Recording, address._replace(result="", payload=""))
        except NotFound:
            found = None
        self._note(address.recording, found)
        return found

    def _note(self, sid: str, recording: Recording | None) -> None:
        with self._lock:
            self._recordings[sid] = recording
            # A terminal shows above its rows what is known of their recordings.
            if len(self._recordings) > REMEMBERED and not self.sink.on_terminal:
                del self._recordings[next(iter(self._recordings))]

    def _lately_seen(self, beginning: str) -> list[str]:
        """The addresses that the last lists showed, and those in the archive, that begin so."""
        from addonctl.cli.archived import opened

        seen = [each.address for each in history.recall(self.login.acting_account)]
        with suppress(AddonctlError), opened(self, None) as at:  # there may be none
            seen += at.recall(beginning)
        return seen

    def answer(
        self, kind: type[Resource], selection: Selection, batch: Batch, pages: Iterator[list[Any]]
    ) -> None:
        """Write what the selection leaves of a batch's pages, and end as the batch does.

        The SIDs that somebody saw are kept for completion; what a script asks for is not.
        """
        begun = batch.begun(pages)
        if begun is not None:
            notes, lines = list[str](), list[str]()
            rows = selection.apply(self.named(begun, selection.sort or ""), notes)
            if self.sink.watched and not self.environment.get("ADDONCTL_NO_HISTORY"):
                rows = history.noted(rows, lines)
            self.sink.records(kind, rows, self._recordings)
            if lines:
                history.remember(self.login.acting_account, lines)
            # Also under --quiet; in the JSON object if one must follow.
            held = self.sink.in_json and batch.failures
            for note in notes:
                (batch.tell if held else self.sink.warn)(note)
        batch.finish()

    def get(
        self,
        kind: type[Record],
        words: Sequence[str] | None,
        level: int,
        missing: options.Missing,
        many: Many,
        ask: Callable[[Client, Address], Record] | None = None,
        done: str = "got",
        bare: str = "",
    ) -> None:
        """Write what lies at each of the addresses that words name, or what `ask` says of it; a
        `bare` field alone, a line each, where no format and no fields are chosen.
        """
        self.answering(kind)
        addresses = self.addresses(words, many, level, level)
        alone, gone_ok = addresses.alone, missing.ignore_not_found
        batch = self.batch(many, done, UNITS[level], alone=alone, gone_ok=gone_ok)
        work = partial(ask, batch.client) if ask else partial(batch.client.get, kind)
        found = batch.values(work, addresses)
        if bare and self.format == "table" and self.output.fields is None:
            for record in found:
                self.sink.text(record.document[bare])
        elif (pages := batch.begun(self.named([record] for record in found))) is not None:
            self.sink.records(kind, pages, whole=True, single=alone)
        batch.finish()


def connected(
    login: Login, limits: Limits, pace: Pace | None, trace: Say | None, notify: Say
) -> Client:
    """A client for a login, which may be to the pretend account, in place of the network."""
    from addonctl.api import Client

    adapter = None
    if login.source == SANDBOX:
        from addonctl.sandbox.app import Application
        from addonctl.sandbox.transport import WSGIAdapter

        with sandboxed():
            adapter = WSGIAdapter(sandboxed()(Application(sandbox_file())))
    return Client(login, limits, adapter=adapter, pace=pace, trace=trace, notify=notify)


def sandbox_file() -> Path:
    """What the pretend account holds. Raises AddonctlError where there is no home for it."""
    return files.state_folder() / "sandbox.sqlite"


@contextmanager
def sandboxed() -> Iterator[None]:
    """Turn the sandbox's complaint into one of ours."""
    from addonctl.sandbox import SandboxError

    try:
        yield
    except SandboxError as problem:
        raise AddonctlError(str(problem)) from problem


class Consent:
    """What may go: so many at the `most`, and not before somebody has agreed, unless --yes says
    so. Raises Usage for a number that cannot be.
    """

    def __init__(self, state: State, deleting: Deleting) -> None:
        self.most = deleting.max_delete
        options.whole_number("max_delete", self.most, 0)
        self._state = state
        self._asks = not (deleting.yes or deleting.dry_run)

    def must_be_possible(self, what: str) -> None:
        """Raises Usage where nobody is there to be asked whether to do `what`."""
        if self._asks and not self._state.sink.interactive:
            raise Usage(f"will not {what} without --yes when nobody is here to ask")

    def get(
        self, what: str, count: int, sample: Iterable[str], chosen: str = "", done: str = "deleted"
    ) -> None:
        """Go on only if the user agrees to do `what`, to `count` things like those of `sample`.

        `chosen` says what they were chosen by. More than 100 on a real account want their number
        typed. Raises Usage for more than may go, with nothing `done`, and AddonctlError for a no.
        """
        if self.most is not None and count > self.most:
            would = f"this would {what.split()[0]} {count}"
            raise Usage(f"{would}, more than --max-delete {self.most}; nothing is {done}")
        if not (self._asks and count):
            return
        login, sink = self._state.login, self._state.sink
        source = f"profile {login.profile}" if login.profile else f"login from {login.source}"
        shown = list(islice(sample, 5))
        for line in shown:
            sink.say(f"  {line}")
        if count > len(shown):
            sink.say(f"  and {count - len(shown)} more")
        by = f", {chosen}" if chosen else ""
        question = f"{what}{by}, on account {login.acting_account} ({source})?"
        if count > 100 and login.source != SANDBOX:
            agreed = sink.ask(f"{question} Type {count} to go on:") == str(count)
        else:
            agreed = sink.ask(f"{question} [y/N]").lower() in ("y", "yes")
        if not agreed:
            raise AddonctlError(f"will not {what}: you said no")


def chosen_by(selection: Selection, whole: Whole) -> str:
    """By which dates something was chosen, whoever typed them and in whatever zone: in UTC."""
    bounds = options.recording_parameters(whole.recordings)
    after, before = selection.created_after, selection.created_before
    moments = {
        "of recordings made since": bounds.get("DateCreated>"),
        "of recordings made before": bounds.get("DateCreated<"),
        "made after": after and after.astimezone(UTC).isoformat(),
        "made before": before and before.astimezone(UTC).isoformat(),
    }
    words = [
        f"{made} {moment[:19].replace('T', ' ')} UTC" for made, moment in moments.items() if moment
    ]
    return " and ".join(words)

"""Downloads: which payloads, where to, what came of each, and which results go after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from addonctl import bulk
from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.cli.batch import Batch, plural
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, NotFound, Usage
from addonctl.models import Outcome, Payload
from addonctl.transfer import plan
from addonctl.transfer.fetch import Saved, save, stream
from addonctl.transfer.folder import Folder, Target
from addonctl.transfer.naming import DEFAULT, Names
from addonctl.transfer.part import on_disk
from addonctl.transfer.plan import Failed, Found, Wanted
from addonctl.transfer.retire import retire
from addonctl.transfer.source import Source

DELETING = "delete each result for good once its payloads are saved"
"""What --delete-after has to be allowed to do, in the words of the question."""

Item = Found | Failed
Items = Sequence[Item] | Iterator[Item]
Next = TypeVar("Next", Wanted, Item)
Targets = Callable[[Address, Payload], Sequence[Target]]


def download(state: State, words: Sequence[str] | None) -> None:
    """Save the payloads that the words lead to. Raises Usage for options that do not fit."""
    given = state.given
    state.sink.check(Outcome)
    for option in ("to", "name", "delete_after"):
        if "output" in given and option in given:
            raise Usage(f"-o is for a single payload; --{option.replace('_', '-')} is for many")
    for option in ("to", "output"):
        if given.get(option) == "":
            raise Usage(f"--{option} '' names no place")
    if "delete_after" in given and "yes" not in given:
        state.must_be_able_to_ask(DELETING)
    if "output" in given:
        _to_file(state, words, given["output"])
        return
    names = Names(given.get("name", DEFAULT))
    batch = Batch(state, "saved", "payload")
    found = _found(state, batch.client, words)
    if "delete_after" in given and "yes" not in given:
        state.confirm(DELETING)
    folder = Folder(Path(given.get("to", ".")), names)
    _Saving(state, batch).run(_reserved(found, folder), folder, folder.targets)


def _to_file(state: State, words: Sequence[str] | None, output: str) -> None:
    """The one payload that the words lead to, to the file that -o names, or to stdout."""
    batch = Batch(state, "saved", "payload")
    found = list(islice(_found(state, batch.client, words), 2))
    if len(found) != 1:
        few = "none" if not found else "more than one"
        raise Usage(f"-o is for a single payload; here is {few}")
    file = Path(output)
    if output != "-" and (file.is_file() or file.is_dir() or not file.exists()):
        target = Target(file.resolve(), own="clobber" in state.given)
        _Saving(state, batch).run(found, None, lambda *_: [target])
        return
    try:
        _stream(state, batch.client, found[0], None if output == "-" else file)
    except NotFound as problem:
        if "ignore_not_found" not in state.given:
            raise
        state.sink.say(problem.message)


def _stream(state: State, client: Client, item: Item, device: Path | None) -> None:
    """One payload to stdout or, as it is, to something that is no file."""
    if isinstance(item, Failed):
        raise item.problem
    with state.sink.progress(1, "payloads") as progress:
        chunks = _counted(stream(Source(client, *item)), progress.received)
        if device is None:
            state.sink.data(chunks)
            return
        with on_disk(device), device.open("wb") as opened:
            opened.writelines(chunks)


def _found(state: State, client: Client, words: Sequence[str] | None) -> Items:
    """The payloads that the words lead to; a sequence where that took no batch to find out.

    Where somebody watches, all that the typed words lead to is looked up before the first is
    fetched, to show how much is left; else each list is asked for a little ahead of its turn.
    """
    selection = state.selection(Payload)
    of_results = selection._replace(label=None, content_type=None)
    of_payloads = selection._replace(statuses=frozenset())
    addresses = state.addresses(words, 1, 3)
    typed = isinstance(addresses, Sequence)
    wanted = list(plan.wanted(addresses)) if typed else plan.wanted(addresses)
    results = _step(state, partial(plan.results, client, of_results), wanted)
    found = _step(state, partial(plan.payloads, client, of_payloads), results)
    return list(found) if typed and state.sink.watched else found


def _step(
    state: State,
    ask: Callable[[Wanted], Sequence[Next]],
    items: Iterable[Wanted | Failed],
) -> Sequence[Next | Failed] | Iterator[Next | Failed]:
    """All that `ask` gives for the items, in their order; what fails goes along as such."""

    def work(item: Wanted | Failed) -> Sequence[Next | Failed]:
        return [item] if isinstance(item, Failed) else ask(item)

    def flow() -> Iterator[Next | Failed]:
        for item, got in bulk.run(work, items, workers=state.workers):
            if not isinstance(got, AddonctlError):
                yield from got
            elif isinstance(item, Wanted):
                yield from item.failed(got)

    return list(flow()) if isinstance(items, Sequence) and len(items) == 1 else flow()


def _reserved(found: Items, folder: Folder) -> Items:
    """What was found; names go by its order, whichever worker is first."""

    def flow() -> Iterator[Item]:
        for item in found:
            if isinstance(item, Found):
                folder.reserve(item.address, item.payload)
            yield item

    return list(flow()) if isinstance(found, Sequence) else flow()


class _Saving:
    """One run of many: its outcomes, as rows."""

    def __init__(self, state: State, batch: Batch) -> None:
        self._state = state
        self._batch = batch
        self._again = "clobber" in state.given
        self._deleting = "delete_after" in state.given
        self._ignore = "ignore_not_found" in state.given
        self._skipped = self._gone = 0
        self._saved: dict[str, Saved] = {}
        self._results: dict[Address, None] = {}
        self._deletions = Batch(state, "deleted or spared", "result")
        self._deleted = self._spared = 0

    def run(self, found: Items, folder: Folder | None, targets: Targets) -> None:
        """Save what was found, and say how it went."""
        batch = self._batch
        batch.report(self._rows(found, folder, targets))
        note = f", {self._skipped} of them there before" if self._skipped else ""
        if self._gone:
            note += f" ({self._gone} were gone already)"
        if self._deleting:
            note += f"; deleted {plural(self._deleted, 'result')}, spared {self._spared}"
        batch.finish_if_interrupted(note)
        self._deletions.finish_if_interrupted()
        batch.finish(note)
        self._deletions.finish()
        self._state.sink.say(f"{batch.summary}{note}")

    def _rows(
        self, found: Items, folder: Folder | None, targets: Targets
    ) -> Iterator[list[Outcome]]:
        for item, got in self._batch.run(partial(self._save, targets), found, long=True):
            yield [self._row(item, got)]
        if folder and self._deleting and not self._batch.interrupted:
            work = partial(_retire, self._saved, folder)
            for result, reason in self._deletions.run(work, list(self._results)):
                yield [self._ended(result, reason)]

    def _save(self, targets: Targets, _: Client, item: Item) -> Saved:
        if isinstance(item, Failed):
            raise item.problem
        return save(
            Source(self._batch.client, item.address, item.payload),
            targets(item.address, item.payload),
            self._batch.received,
            again=self._again,
        )

    def _row(self, item: Item, got: Saved | AddonctlError) -> Outcome:
        if self._deleting and item.address.level > 1:
            self._results[item.address._replace(payload="")] = None
        if isinstance(got, AddonctlError):
            return self._failed(self._batch, item.address, got)
        self._batch.succeeded()
        self._skipped += not got.fetched
        if self._deleting:
            self._saved[item.address.payload] = got
        return Outcome.of(item.address, "saved" if got.fetched else "skipped", str(got.file))

    def _ended(self, result: Address, reason: str | AddonctlError) -> Outcome:
        if isinstance(reason, AddonctlError):
            return self._failed(self._deletions, result, reason)
        self._deletions.succeeded()
        self._spared += bool(reason)
        self._deleted += not reason
        return Outcome.of(result, "spared" if reason else "deleted", reason or None)

    def _failed(self, batch: Batch, address: Address, problem: AddonctlError) -> Outcome:
        if not (isinstance(problem, NotFound) and self._ignore):
            batch.failed(problem)
            return Outcome.of(address, "failed", problem.message)
        batch.succeeded()
        self._gone += 1
        return Outcome.of(address, "not-found", problem.message)


def _retire(saved: dict[str, Saved], folder: Folder, client: Client, result: Address) -> str:
    return retire(client, result, saved, folder)


def _counted(chunks: Iterator[bytes], received: Callable[[int], None]) -> Iterator[bytes]:
    for chunk in chunks:
        received(len(chunk))
        yield chunk

"""Deleting for good: everything is read, counted and agreed to before the first request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from addonctl.addresses import Address
from addonctl.cli.batch import Batch, plural
from addonctl.errors import AddonctlError, NotFound, Usage
from addonctl.models import Outcome, Result
from addonctl.sids import given_sid

if TYPE_CHECKING:
    from addonctl.api import Client
    from addonctl.cli.state import State
    from addonctl.selection import Selection

AHEAD = 10_000
"""How many outcomes may wait for their turn: an item that is slow to fail holds up no other."""

Problems = Mapping[Address, AddonctlError]


def delete(state: State, words: Sequence[str] | None, unit: str, level: int) -> None:
    """Delete the results or payloads (`unit`, of that `level`) that the words name.

    Raises Usage, with nothing deleted, for what does not fit, or where nobody can be asked.
    """
    given, sink = state.given, state.sink
    sink.check(Outcome)
    batch = Batch(state, "would delete" if "dry_run" in given else "deleted", unit)
    most = state.whole_number("max_delete", 0, least=0) if "max_delete" in given else None
    selection = state.selection(Result)
    if selection.filters and "all_results" not in given:
        raise Usage("filters choose among all results of a recording", hint="add --all-results")
    asks = not ("yes" in given or "dry_run" in given)
    addresses: Collection[Address] = state.all_addresses(
        words, 1 if "all_results" in given else level, level
    )
    if not addresses:
        sink.records(Outcome, [])
        return
    if asks:
        state.must_be_able_to_ask(f"delete {unit}s for good")
    unlisted: Problems = {}
    if "all_results" in given:
        addresses, unlisted = _expanded(state, selection, addresses)
    count = len(addresses) - len(unlisted)
    if most is not None and count > most:
        raise Usage(f"this would delete {count}, more than --max-delete {most}; nothing is deleted")
    if asks and count:
        state.confirm(f"delete {plural(count, unit)} for good")
    outcomes: Iterable[tuple[Address, AddonctlError | None]]
    if "dry_run" in given:
        rows = _Rows(batch, "would-delete")
        outcomes = ((address, unlisted.get(address)) for address in addresses)
    else:
        rows = _Rows(batch, "deleted", ignore_not_found="ignore_not_found" in given)
        outcomes = batch.run(partial(_delete, unlisted), addresses, window=AHEAD)
    batch.report(rows.pages(outcomes))
    batch.finish(rows.note)
    sink.say(batch.summary + rows.note)


class _Rows:
    """What came of each item, as rows of the answer; counted in the batch."""

    def __init__(self, batch: Batch, done: str, *, ignore_not_found: bool = False) -> None:
        self._batch = batch
        self._done = done
        self._ignore = ignore_not_found
        self._gone = 0

    @property
    def note(self) -> str:
        return f" ({self._gone} were gone already)" if self._gone else ""

    def pages(
        self, outcomes: Iterable[tuple[Address, AddonctlError | None]]
    ) -> Iterator[list[Outcome]]:
        for address, problem in outcomes:
            yield [self._row(address, problem)]

    def _row(self, address: Address, problem: AddonctlError | None) -> Outcome:
        outcome = self._done
        if problem:
            outcome = "not-found" if isinstance(problem, NotFound) else "failed"
        detail = problem.message if problem else None
        if isinstance(problem, NotFound) and self._ignore:
            self._gone += 1
            problem = None
        if problem:
            self._batch.failed(problem)
        else:
            self._batch.succeeded()
        return Outcome.of(address, outcome, detail)


def _delete(unlisted: Problems, client: Client, address: Address) -> None:
    if address in unlisted:
        raise unlisted[address]
    client.delete(address)


def _expanded(
    state: State, selection: Selection, addresses: Collection[Address]
) -> tuple[Collection[Address], Problems]:
    """The results to delete: a recording stands for those of its results that are wanted.

    All are known before one is deleted, for a list that shrinks while it is read may miss some.
    A recording that cannot be listed stays, with the reason.
    """
    from addonctl.address_lists import AddressSet

    if selection.filters and any(address.level > 1 for address in addresses):
        raise Usage("filters choose among all results of a recording, not single ones")
    batch = Batch(state, "looked through", "recording")
    found = AddressSet()
    unlisted: dict[Address, AddonctlError] = {}
    for address, results in batch.run(partial(_results, selection), addresses):
        if isinstance(results, AddonctlError):
            unlisted[address] = results
            results = [address]
        batch.succeeded()
        for result in results:
            found.add(result)
    batch.finish("; nothing was deleted")
    return found, unlisted


def _results(selection: Selection, client: Client, address: Address) -> list[Address]:
    if address.level > 1:
        return [address]
    pages = selection.apply(client.results(address))
    return [
        address._replace(result=given_sid(result.sid, "XR")) for page in pages for result in page
    ]

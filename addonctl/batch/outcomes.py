"""What came of many addresses in one command: counted, summed up, and how the command ends.

The command pushes its rows to the sink, then asks the batch how it went: a batch never ends a
command from inside an iterator that somebody else reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import chain, repeat
from typing import TYPE_CHECKING, TypeVar

from addonctl.addresses import Address, Addresses
from addonctl.errors import AddonctlError, Interrupted, NotFound, PipeClosed, SomeFailed
from addonctl.models import Outcome, Record

if TYPE_CHECKING:
    from addonctl.api import Client
    from addonctl.output.sink import Sink

MOST_HELD = 1000
"""How many notes wait for the one JSON object that may end a run, so that memory stays flat."""

Item = TypeVar("Item")
Value = TypeVar("Value")
Kind = TypeVar("Kind", bound=Record)

Row = tuple[Address, "str | AddonctlError", "str | None"]
"""What came of one address: a word, or the error, and a detail."""


class Tally:
    """What came of the items of one command: counted, written as rows, summed up at the end.

    `done` and `unit` are the words of the summary: deleted 4998 of 5000 results, 2 failed. With
    `gone_ok` what is not found is no failure.
    """

    def __init__(self, sink: Sink, done: str, unit: str) -> None:
        self.sink = sink
        self.gone_ok = self.interrupted = False
        self.seen = self.failures = self._missing = 0
        self.counts: Counter[str] = Counter()  # of the words in the rows
        self._total: int | None = None
        self._words = done, unit
        self._codes: set[int] = set()
        self._first: AddonctlError | None = None
        self._notes: list[str] = []
        self._held = 0

    def begun(self, pages: Iterator[list[Kind]]) -> Iterator[list[Kind]] | None:
        """The pages of an answer, once the first has come.

        None where nothing came but failures: then no answer is begun, not even its header.
        """
        first = next(pages, None)
        return None if first is None and self.failures else chain([first or []], pages)

    def rows(self, outcomes: Iterable[Row]) -> Iterator[list[Outcome]]:
        """A row for each outcome, which is counted."""
        for address, outcome, detail in outcomes:
            self.seen += 1
            if isinstance(outcome, AddonctlError):
                gone, detail = isinstance(outcome, NotFound), outcome.message
                if gone and self.gone_ok:
                    self._missing += 1
                else:
                    self.failed(outcome)
                    if self.sink.err_terminal and not self.sink.in_json and self._total != 1:
                        named = str(address).rpartition("/")[2] in detail
                        self.sink.warn(f"addonctl: {detail if named else f'{address}: {detail}'}")
                outcome = "not-found" if gone else "failed"
            else:
                self.counts[outcome] += 1
            yield [Outcome({"sid": str(address), "outcome": outcome, "detail": detail})]

    def report(self, outcomes: Iterable[Row], more: Iterable[list[Outcome]] = ()) -> None:
        """Write rows. What they tell of is done even if none can be written."""
        rows = chain(self.rows(outcomes), more)
        try:
            self.sink.records(Outcome, rows)
        except (PipeClosed, AddonctlError) as problem:
            for _ in rows:
                pass
            if isinstance(problem, AddonctlError):  # a full disk, or a bad line, which ended them
                raise problem.reworded(f"{problem.message}; {self.summary}") from None

    def failed(self, problem: AddonctlError, *, tell: bool = False) -> None:
        """Count the failure of what is `seen`, and `tell` it where no row of the answer does."""
        self.failures += 1
        self._codes.add(problem.exit_code)
        self._first = self._first or problem
        if tell:
            self.tell(problem.message, failure=True)

    def tell(self, text: str, *, failure: bool = False) -> None:
        """Say something beside the answer: at once, or in the one JSON object that may follow."""
        if self.sink.in_json:
            self._held += 1
            if self._held <= MOST_HELD:
                self._notes.append(text)
        elif failure:
            self.sink.warn(f"addonctl: {text}")
        else:
            self.sink.say(text)

    @property
    def summary(self) -> str:
        """`deleted 4998 of 5000 results, 2 failed`, and how many were gone, or there, before."""
        done, unit = self._words
        gone = f" ({self._missing} were gone already)" if self._missing else ""
        if skipped := self.counts["skipped"]:
            gone += f", {skipped} of them there before"
        if not self.failures:
            return f"{done} {plural(self.seen, unit)}{gone}"
        count = self.seen - self.failures
        return f"{done} {count} of {plural(self.seen, unit)}, {self.failures} failed{gone}"

    def conclude(self, outcomes: Iterable[Row]) -> None:
        """Write rows that are the whole answer, and raise what the command ends with or say the
        summary, unless a terminal shows the one row that it would tell of.
        """
        self.report(outcomes)
        self.finish()
        shown = self.sink.on_terminal and self.sink.format == "table"
        if not shown or self.seen != 1 or self._missing:
            self.sink.say(self.summary)

    def ended(self, problem: AddonctlError, joint: str = ": ") -> AddonctlError:
        """`problem` as what ends the command, with what was held for it."""
        more = self._held - len(self._notes)
        notes = "; ".join([*self._notes, f"and {more} more"] if more else self._notes)
        return problem.reworded(f"{problem.message}{joint}{notes}" if notes else problem.message)

    def finish(self, note: str = "") -> None:
        """Raises what the command ends with, if it is no success; `note` ends the summary.

        Interrupted, it says what is done and what is left. One kind of failure for all is the
        command's; of several kinds, or beside successes, they are SomeFailed. A single address's
        failure is told in its own words.
        """
        if self.interrupted:
            left = "the rest is" if self._total is None else self._total - self.seen
            raise self.ended(Interrupted(f"interrupted: {self.summary}{note}, {left} left"))
        if (first := self._first) is None:
            while self._notes:
                self.sink.say(self._notes.pop(0))
            return
        if self._total == self.seen == 1:
            raise first
        summary = self.summary + note
        if self.failures < self.seen or len(self._codes) > 1:
            raise self.ended(SomeFailed(summary))
        if self._held:
            raise self.ended(first.reworded(summary))
        raise first.reworded(f"{summary}: {first.message}")


class Batch(Tally):
    """One command over many addresses, `workers` at a time; or over one, right here, if `alone`.

    Its `progress` counts `items`. Workers may add a few words to it, and the bytes they receive.
    """

    def __init__(self, client: Client, sink: Sink, workers: int, done: str, unit: str) -> None:
        super().__init__(sink, done, unit)
        self.client = client
        self.workers = workers
        self.alone = False
        self.items = f"{unit}s"
        self.progress = sink.progress(None, self.items)

    def run(
        self,
        work: Callable[[Item], Value],
        items: Iterable[Item],
        total: int | None,
        *,
        window: int | None = None,
        stop: Callable[[], None] = lambda: None,
        long: bool = False,
    ) -> Iterator[tuple[Item, Value | AddonctlError]]:
        """Each item and what came of it, in their order; ends early when interrupted.

        `total` is how many items there are, if known. `stop` is called when interrupted, for work
        that waits for something. Even a single item has its progress shown if it may be `long`.
        """
        self._total = total
        self.progress = self.sink.progress(total, self.items)
        if self.alone:
            with self.progress if long else nullcontext():
                for item in items:
                    yield item, attempt(work, item)
            return
        from addonctl.batch import pool

        def send_nothing_more() -> None:
            self.client.pace.stop()
            stop()

        with self.progress:
            try:
                for pair in pool.run(
                    work, items, workers=self.workers, window=window, stop=send_nothing_more
                ):
                    yield pair
                    self.progress.advance()
            except Interrupted:
                self.interrupted = True
            except AddonctlError as problem:  # the items end badly: a bad line, late in a list
                raise self.ended(problem, "; before that: ") from None

    def values(self, ask: Callable[[Address], Value], addresses: Addresses) -> Iterator[Value]:
        """What `ask` gives for each address, in their order; what fails, or is gone, is told of."""
        for address, got in self.run(ask, addresses.items, addresses.total):
            self.seen += 1
            if isinstance(got, NotFound) and self.gone_ok:
                self.tell(f"{address} is gone")
            elif isinstance(got, AddonctlError):
                self.failed(got, tell=not addresses.alone)
            else:
                yield got

    def pages(
        self, ask: Callable[[Address], Iterator[list[Kind]]], addresses: Addresses
    ) -> Iterator[list[Kind]]:
        """All pages of all lists, in the addresses' order; what fails, or is gone, is told of.

        Of an address alone the failure is raised.
        """
        if self.alone:
            for address in addresses.items:
                yield from ask(address)
            return
        from addonctl.batch import pool

        def begin(address: Address) -> tuple[list[Kind], list[Kind] | None, Iterator[list[Kind]]]:
            found = ask(address)
            return next(found, []), next(found, None), found

        stop = self.client.pace.stop
        for first, second, rest in self.values(begin, addresses):
            yield first
            if not second:
                continue
            yield second
            try:  # the others are asked for by one thread, a little ahead
                for _, page in pool.run(
                    lambda pages: next(pages, None), repeat(rest), workers=1, window=2, stop=stop
                ):
                    if isinstance(page, AddonctlError):
                        self.failed(page, tell=True)
                    if not isinstance(page, list):
                        break
                    yield page
            except Interrupted:
                self.interrupted = True
                return


def attempt(work: Callable[[Item], Value], item: Item) -> Value | AddonctlError:
    """What came of `work` on one item: an error of ours is an outcome like any other."""
    try:
        return work(item)
    except AddonctlError as problem:
        return problem


def plural(count: int, unit: str) -> str:
    """`1 result`, `2 results`."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"

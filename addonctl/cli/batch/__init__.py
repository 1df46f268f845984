"""Many addresses in one command: what came of each, the summary, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import nullcontext
from functools import cached_property, partial
from itertools import repeat
from typing import TYPE_CHECKING, TypeVar

from addonctl.addresses import Address
from addonctl.errors import AddonctlError, Interrupted, NotFound, SomeFailed
from addonctl.models import Outcome
from addonctl.output import PipeClosed

if TYPE_CHECKING:
    from addonctl.api import Client
    from addonctl.cli.state import State
    from addonctl.models import Record
    from addonctl.output.progress import Progress
    from addonctl.pacing import BatchPace

MOST_HELD = 1000
"""How many notes wait for the one JSON object that may end a run, so that memory stays flat."""

Item = TypeVar("Item")
Value = TypeVar("Value")
Kind = TypeVar("Kind", bound="Record")


class Batch:
    """One command over many addresses, `--workers` at a time, under one pace.

    `done` and `unit` are the words of its summary: deleted 4998 of 5000 results, 2 failed;
    `items` is what its progress counts, where that is something else. A single address that was
    typed takes none of the machinery, and its error is the command's.
    """

    def __init__(self, state: State, done: str, unit: str, items: str | None = None) -> None:
        self._state = state
        self._workers = state.workers
        self._words = done, unit
        self._items = items or unit
        self._total: int | None = None
        self._seen = 0
        self.failures = 0
        self._codes: set[int] = set()
        self._first: AddonctlError | None = None
        self._notes: list[str] = []
        self._held = 0
        self.interrupted = False
        self._progress: Progress | None = None

    @cached_property
    def _pace(self) -> BatchPace:
        from addonctl.pacing import BatchPace

        return BatchPace(self._workers)

    @cached_property
    def client(self) -> Client:
        """The service, for this batch's requests only."""
        return self._state.client_at(self._pace)

    def run(
        self,
        work: Callable[[Client, Item], Value],
        items: Iterable[Item],
        *,
        window: int | None = None,
        stop: Callable[[], None] | None = None,
        long: bool = False,
        patient: int = 0,
    ) -> Iterator[tuple[Item, Value | AddonctlError]]:
        """Each item and what came of it, in their order; ends early when interrupted.

        `stop` is called then, for work that waits for something; so many `patient` workers may
        do that, while no more requests than ever are in flight. Even a single item has its
        progress shown if it may be `long`.
        """
        self._total = len(items) if isinstance(items, Sized) else None
        if is_single(items):
            with self._shown() if long else nullcontext():
                for item in items:
                    try:
                        yield item, work(self._state.client, item)
                    except AddonctlError as problem:
                        yield item, problem
            return
        from addonctl import bulk

        outcomes = bulk.run(
            partial(work, self.client),
            items,
            workers=max(self._workers, patient),
            window=window,
            stop=partial(self._stop, stop),
        )
        with self._shown() as progress:
            try:
                for pair in outcomes:
                    yield pair
                    progress.advance()
            except Interrupted:
                self.interrupted = True
            except AddonctlError as problem:  # the items end badly: a bad line, late in a list
                message = self.telling(problem.message, "; before that: ")
                raise _reworded(problem, message) from None

    def received(self, count: int) -> None:
        """Show that `count` more bytes have come. Workers may call it."""
        if self._progress:
            self._progress.received(count)

    def _shown(self) -> Progress:
        self._progress = self._state.sink.progress(self._total, f"{self._items}s")
        return self._progress

    def pages(
        self,
        ask: Callable[[Client, Address], Iterator[list[Kind]]],
        addresses: Iterable[Address],
        *,
        gone_is_empty: bool = False,
    ) -> Iterator[list[Kind]]:
        """All pages of all lists, in the addresses' order; a list that fails is told of.

        Raises where nothing has come before the end, so that nothing is written then.
        """
        if is_single(addresses):
            for address in addresses:
                yield from ask(self._state.client, address)
            return
        for address, got in self.run(partial(_first_pages, ask), addresses):
            if isinstance(got, NotFound) and gone_is_empty:
                self.tell(f"{address} is gone")
            elif isinstance(got, AddonctlError):
                self.failed(got, tell=True)
            else:
                first, second, rest = got
                self.succeeded()
                yield first
                if second:
                    yield second
                    yield from self._rest(rest)
            if self.interrupted:
                break
        if self.nothing_came:
            self.finish()

    def values(
        self, ask: Callable[[Client, Address], Value], addresses: Iterable[Address]
    ) -> Iterator[Value]:
        """One value for each address that has one; an address that fails is told of."""
        for _, got in self.run(ask, addresses):
            if isinstance(got, AddonctlError):
                self.failed(got, tell=not is_single(addresses))
            else:
                self.succeeded()
                yield got
        if self.nothing_came:
            self.finish()

    @property
    def nothing_came(self) -> bool:
        """Whether no item has succeeded so far: an answer need not be begun."""
        return self._seen == self.failures

    def report(self, rows: Iterator[list[Outcome]]) -> None:
        """Write a row for each item that is done; they are done even if no row can be written."""
        try:
            self._state.sink.records(Outcome, rows)
        except PipeClosed:
            for _ in rows:
                pass
        except AddonctlError as problem:  # a full disk, or a bad line, which has ended the rows
            for _ in rows:
                pass
            raise _reworded(problem, f"{problem.message}; {self.summary}") from None

    def succeeded(self) -> None:
        self._seen += 1

    def failed(self, problem: AddonctlError, *, tell: bool = False) -> None:
        """Count a failure, and `tell` it where no row of the answer does."""
        self._seen += 1
        self.failures += 1
        self._codes.add(problem.exit_code)
        self._first = self._first or problem
        if tell:
            self.tell(problem.message, failure=True)

    def tell(self, text: str, *, failure: bool = False) -> None:
        """Say something beside the answer: at once, or in the one JSON object that may follow."""
        if self._in_json:
            self._hold(text)
        elif failure:
            self._state.sink.warn(f"addonctl: {text}")
        else:
            self._state.sink.say(text)

    def warn(self, text: str) -> None:
        """Say, also under --quiet, how the answer ended; in the JSON object if one must follow."""
        if self._in_json and self.failures:
            self._hold(text)
        else:
            self._state.sink.warn(text)

    @property
    def _in_json(self) -> bool:
        return self._state.format in ("json", "jsonl")

    def _hold(self, text: str) -> None:
        self._held += 1
        if self._held <= MOST_HELD:
            self._notes.append(text)

    @property
    def summary(self) -> str:
        """`deleted 4998 of 5000 results, 2 failed`."""
        done, unit = self._words
        if not self.failures:
            return f"{done} {plural(self._seen, unit)}"
        count = self._seen - self.failures
        return f"{done} {count} of {plural(self._seen, unit)}, {self.failures} failed"

    def telling(self, message: str, joint: str = ": ") -> str:
        """The message of the error that ends the run, with what was held for it."""
        more = self._held - len(self._notes)
        notes = "; ".join([*self._notes, f"and {more} more"] if more else self._notes)
        return f"{message}{joint}{notes}" if notes else message

    def finish_if_interrupted(self, note: str = "") -> None:
        """Raises Interrupted, with what is done and what is left."""
        if self.interrupted:
            left = "the rest is" if self._total is None else self._total - self._seen
            message = f"interrupted: {self.summary}{note}, {left} left"
            raise Interrupted(self.telling(message))

    def finish(self, note: str = "") -> None:
        """Raises what the command ends with, if it is no success; `note` ends the summary."""
        self.finish_if_interrupted(note)
        first = self._first
        if first is None:
            while self._notes:
                self._state.sink.say(self._notes.pop(0))
            return
        if self._total == self._seen == 1:
            raise first
        summary = self.summary + note
        if self.failures < self._seen or len(self._codes) > 1:
            raise SomeFailed(self.telling(summary))
        message = self.telling(summary) if self._held else f"{summary}: {first.message}"
        raise _reworded(first, message)

    def _stop(self, stop: Callable[[], None] | None) -> None:
        self._pace.stop()
        if stop:
            stop()

    def _rest(self, pages: Iterator[list[Kind]]) -> Iterator[list[Kind]]:
        """The pages after the first two: asked for by one thread, a little ahead."""
        from addonctl import bulk

        steps = bulk.run(
            lambda _: next(pages, None), repeat(None), workers=1, window=2, stop=self._pace.stop
        )
        try:
            for _, page in steps:
                if isinstance(page, AddonctlError):
                    self._seen -= 1  # its first pages have counted as a success
                    self.failed(page, tell=True)
                if not isinstance(page, list):
                    return
                yield page
        except Interrupted:
            self.interrupted = True


def plural(count: int, unit: str) -> str:
    """`1 result`, `2 results`."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def is_single(items: Iterable[object]) -> bool:
    return isinstance(items, Sequence) and len(items) <= 1


def is_one(items: Iterable[object]) -> bool:
    """Whether it is a single thing that was asked for, not a list of one."""
    return isinstance(items, Sequence) and len(items) == 1


def _reworded(problem: AddonctlError, message: str) -> AddonctlError:
    return type(problem)(
        message,
        hint=problem.hint,
        status=problem.status,
        code=problem.code,
        more_info=problem.more_info,
        request_id=problem.request_id,
    )


def _first_pages(
    ask: Callable[[Client, Address], Iterator[list[Kind]]], client: Client, address: Address
) -> tuple[list[Kind], list[Kind] | None, Iterator[list[Kind]]]:
    pages = ask(client, address)
    return next(pages, []), next(pages, None), pages

"""The pace of a batch: when it slows down, when it rises again, and what it holds back.

Workers are threads, but time stands still until a test moves it, and a test goes on only when every
worker has done what it was told, or waits for something: nothing depends on the machine's speed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

from addonctl.batch.pace import LONGEST_PROBE, PROBE, BatchPace
from addonctl.errors import Interrupted


class Time:
    """A clock that stands still, and who waits for what by it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._running = 0
        self._waiting: list[tuple[threading.Event, float | None]] = []
        self._changed = threading.Condition()

    def began(self) -> None:
        with self._changed:
            self._running += 1

    def ended(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def wait(self, woken: threading.Event, seconds: float | None) -> None:
        """Sleep until somebody wakes this one, or so much time has passed."""
        with self._changed:
            self._waiting.append((woken, None if seconds is None else self.now + seconds))
        self.ended()
        woken.wait()

    def wake(self, woken: threading.Event) -> None:
        with self._changed:
            self._waiting = [each for each in self._waiting if each[0] is not woken]
            self._running += not woken.is_set()
            woken.set()

    def forward(self, seconds: float) -> None:
        self.now += seconds
        for woken, end in list(self._waiting):
            if end is not None and end <= self.now:
                self.wake(woken)
        self.settle()

    def settle(self) -> None:
        """Wait until everybody has come to rest."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._running == 0, timeout=30)


class Condition:
    """threading.Condition by a Time."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self._lock = threading.Lock()
        self._waiters: list[threading.Event] = []

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait(self, seconds: float | None = None) -> None:
        self._waiters.append(woken := threading.Event())
        self._lock.release()
        self._time.wait(woken, seconds)
        self._lock.acquire()
        if woken in self._waiters:
            self._waiters.remove(woken)

    def notify(self, count: int = 1) -> None:
        for woken in self._waiters[:count]:
            self._waiters.remove(woken)
            self._time.wake(woken)

    def notify_all(self) -> None:
        self.notify(len(self._waiters))


class Event:
    """threading.Event by a Time."""

    def __init__(self, time: Time) -> None:
        self._changed = Condition(time)
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        with self._changed:
            self._set = True
            self._changed.notify_all()

    def wait(self, seconds: float | None = None) -> bool:
        with self._changed:
            if not self._set and seconds != 0:
                self._changed.wait(seconds)
            return self._set


class Worker:
    """One worker of a batch, which does one thing after the other as it is told."""

    def __init__(self, pace: BatchPace, time: Time) -> None:
        self.pace = pace
        self.in_flight = False
        self.problem: Interrupted | None = None
        self.idle = True
        self._time = time
        self._context = ExitStack()
        self._told: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while work := self._told.get():
            try:
                work()
            except Interrupted as problem:
                self.in_flight, self.problem = False, problem
            self.idle = True
            self._time.ended()

    @property
    def interrupted(self) -> bool:
        return self.problem is not None and self.problem.message == "interrupted"

    def does(self, work: Callable[[], object]) -> None:
        assert self.idle
        self.idle = False
        self._time.began()
        self._told.put(work)
        self._time.settle()

    def sends(self) -> bool:
        """Whether the request may go out now, or has to wait."""
        self.does(self._enter)
        return self.in_flight

    def _enter(self) -> None:
        self._context.enter_context(self.pace.request())
        self.in_flight = True

    def answered(self, concurrent: int | None = None, status: int = 204) -> None:
        def leave() -> None:
            self.pace.answered(status, concurrent)
            self.in_flight = False
            self._context.close()

        self.does(leave)

    def refused(
        self, seconds: float = 1, after: float | None = None, concurrent: int | None = None
    ) -> None:
        """Told that there are too many: it waits, and sends it again when it may."""

        def again() -> None:
            self.pace.answered(429, concurrent)
            self.in_flight = False
            self.pace.refused(seconds, after, concurrent)
            self.in_flight = True

        self.does(again)

    def failed(self, seconds: float = 1) -> None:
        """Told of the server's trouble: it waits, and sends it again."""

        def again() -> None:
            self.in_flight = False
            self.pace.wait(seconds)
            self.in_flight = True

        self.does(again)

    def crowded(self) -> bool:
        """Whether a refusal would be because others came first."""
        found: list[bool] = []
        self.does(lambda: found.append(self.pace.crowded()))
        return found[0]

    def end(self) -> None:
        self._told.put(None)
        self._thread.join(120)


class Batch:
    """The workers of a batch, and what the service has of them."""

    def __init__(self, most: int, workers: int, time: Time) -> None:
        self.time = time
        self.pace = BatchPace(most)
        self.workers = [Worker(self.pace, time) for _ in range(workers)]

    @property
    def in_flight(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.in_flight]

    def all_send(self) -> int:
        """How many of all the requests that want to go out are let out."""
        for worker in self.workers:
            if worker.idle and not worker.in_flight:
                worker.sends()
        return len(self.in_flight)

    def one_is_answered(self, concurrent: int | None = None) -> int:
        """How many are in flight after one answer, whose worker goes on with another request."""
        worker = self.in_flight[0]
        worker.answered(concurrent)
        worker.sends()
        return len(self.in_flight)

    def answers_until_more_go(self, concurrent: int | None = None, most: int = 10_000) -> int:
        before, answers = len(self.in_flight), 0
        while len(self.in_flight) <= before:
            assert answers < most, "it never rises"
            self.one_is_answered(concurrent)
            answers += 1
        return answers


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Batch]]:
    """A batch of so many requests at a time at most, of as many workers and two more."""
    time = Time()
    fake: Any = SimpleNamespace(
        Condition=lambda: Condition(time), Event=lambda: Event(time), local=threading.local
    )
    monkeypatch.setattr("addonctl.batch.pace.threading", fake)
    monkeypatch.setattr("addonctl.batch.pace.monotonic", lambda: time.now)
    made: list[Batch] = []

    def make(most: int, workers: int | None = None) -> Batch:
        made.append(Batch(most, most + 2 if workers is None else workers, time))
        return made[-1]

    yield make
    for each in made:
        each.pace.stop()
        time.settle()
        for worker in each.workers:
            worker.end()


def slowed(batch: Batch, rounds: int = 1) -> int:
    """How many are in flight after all were refused in so many rounds."""
    batch.all_send()
    for _ in range(rounds):
        for worker in batch.in_flight:
            worker.refused()
        batch.time.forward(1)
    return len(batch.in_flight)


def test_it_begins_with_all_workers_and_no_more(batch: Callable[..., Batch]) -> None:
    working = batch(4)

    assert working.all_send() == 4
    assert working.one_is_answered() == 4
    working.in_flight[0].answered()
    assert len(working.in_flight) == 4  # one of those that waited took its place


def test_a_refusal_lowers_the_limit_to_what_is_in_flight(batch: Callable[..., Batch]) -> None:
    working = batch(8, 8)
    working.all_send()
    working.in_flight[0].refused()
    working.time.forward(1)

    assert len(working.in_flight) == 7


def test_refusals_of_one_round_cut_it_by_half_at_most(batch: Callable[..., Batch]) -> None:
    working = batch(16)

    assert slowed(working) == 8
    assert slowed(working) == 4
    assert slowed(working) == 2
    assert slowed(working, 3) == 1
    assert slowed(batch(5)) == 2


def test_a_refusal_of_what_was_sent_before_the_cut_tells_nothing_new(
    batch: Callable[..., Batch],
) -> None:
    """Sixteen are sent at once. Half of the refusals come late, when others are in flight."""
    working = batch(16, 16)
    working.all_send()
    early, late = working.in_flight[:8], working.in_flight[8:]
    for worker in early:
        worker.refused(seconds=1)
    working.time.forward(1)
    for worker in late:
        worker.refused(seconds=1)
    working.time.forward(1)

    assert len(working.in_flight) == 8


def test_it_rises_again_to_where_it_began(batch: Callable[..., Batch]) -> None:
    """One more after eight rounds; where that went well, after two, and then after each."""
    working = batch(8)

    assert slowed(working) == 4
    assert working.answers_until_more_go() == 4 * PROBE * 4
    assert working.answers_until_more_go() == 5 * PROBE
    assert [working.answers_until_more_go() for _ in range(2)] == [6, 7]
    assert len(working.in_flight) == 8
    with pytest.raises(AssertionError, match="never rises"):
        working.answers_until_more_go(most=100)


def test_each_refusal_makes_it_try_more_seldom_up_to_a_bound(batch: Callable[..., Batch]) -> None:
    working = batch(8)
    slowed(working, 2)

    assert working.answers_until_more_go() == 2 * PROBE * 4 * 4
    slowed(working, 20)
    assert len(working.in_flight) == 1
    assert working.answers_until_more_go() == LONGEST_PROBE


def test_a_rise_that_is_refused_is_taken_back_and_waited_for_longer(
    batch: Callable[..., Batch],
) -> None:
    working = batch(8)
    slowed(working)
    working.answers_until_more_go()
    assert len(working.in_flight) == 5
    working.in_flight[0].refused()
    working.time.forward(1)

    assert len(working.in_flight) == 4
    assert working.answers_until_more_go() == 4 * PROBE * 4 * 4


def test_where_nothing_got_through_it_goes_back_at_once_to_what_had(
    batch: Callable[..., Batch],
) -> None:
    """One alone was refused again and again: that tells nothing of how many the service takes."""
    working = batch(8, 8)
    first = working.workers[0]
    first.sends()
    for _ in range(3):
        first.refused()
        working.time.forward(1)

    assert working.all_send() == 1
    assert [working.one_is_answered() for _ in range(8)] == [2, 3, 4, 5, 6, 7, 8, 8]


def test_where_others_have_left_it_rises_every_round(batch: Callable[..., Batch]) -> None:
    """Eight in flight were too many; now the service says that there are fewer."""
    working = batch(8)
    working.all_send()
    for worker in working.in_flight:
        worker.refused(concurrent=9)
    working.time.forward(1)
    assert len(working.in_flight) == 4

    assert working.answers_until_more_go(concurrent=5) == 4
    assert working.answers_until_more_go(concurrent=7) == 5


def test_where_as_many_are_there_as_when_it_refused_it_waits(batch: Callable[..., Batch]) -> None:
    working = batch(8)
    working.all_send()
    for worker in working.in_flight:
        worker.refused(concurrent=9)
    working.time.forward(1)

    assert working.answers_until_more_go(concurrent=8) == 4 * PROBE * 4


def test_one_busy_moment_in_a_round_is_enough_to_wait(batch: Callable[..., Batch]) -> None:
    working = batch(8)
    working.all_send()
    for worker in working.in_flight:
        worker.refused(concurrent=9)
    working.time.forward(1)
    working.one_is_answered(concurrent=8)

    assert working.answers_until_more_go(concurrent=3) == 4 * PROBE * 4 - 1


@pytest.mark.parametrize("seconds", [0.5, 1.0, 30.0])
def test_retry_after_holds_everybody(batch: Callable[..., Batch], seconds: float) -> None:
    working = batch(4, 4)
    working.workers[0].sends()
    working.workers[0].refused(seconds=0.25, after=seconds)
    for worker in working.workers[1:]:
        worker.sends()
    working.time.forward(0.875 * seconds)
    held = len(working.in_flight)
    working.time.forward(0.125 * seconds)

    assert held == 0
    assert len(working.in_flight) == 2


def test_a_shorter_hold_does_not_end_a_longer_one(batch: Callable[..., Batch]) -> None:
    working = batch(4, 4)
    working.all_send()
    working.workers[0].refused(after=30)
    working.workers[1].refused(after=5)
    working.workers[2].answered()
    working.workers[2].sends()
    working.time.forward(29)

    assert working.in_flight == [working.workers[3]]
    working.time.forward(1)
    assert len(working.in_flight) > 1


@pytest.mark.parametrize("after", [None, 0, 0.0])
def test_without_retry_after_the_others_go_on(
    batch: Callable[..., Batch], after: float | None
) -> None:
    working = batch(4, 4)
    working.all_send()
    working.workers[0].refused(seconds=60, after=after)
    working.workers[1].answered()

    assert working.workers[1].sends()
    assert not working.workers[0].in_flight
    working.time.forward(60)
    assert len(working.in_flight) == 3


def test_who_waits_for_a_retry_leaves_the_place_to_another(batch: Callable[..., Batch]) -> None:
    working = batch(2, 3)
    working.all_send()
    first, second, third = working.workers
    first.failed(seconds=5)

    assert working.in_flight == [second, third]
    working.time.forward(5)
    assert working.in_flight == [second, third]
    third.answered()
    assert working.in_flight == [first, second]


def test_server_trouble_does_not_slow_it_down(batch: Callable[..., Batch]) -> None:
    working = batch(4)
    working.all_send()
    for worker in working.in_flight:
        worker.failed()
    working.time.forward(1)

    assert len(working.in_flight) == 4


def test_after_a_stop_nothing_is_sent(batch: Callable[..., Batch]) -> None:
    """Neither what waits for a place, nor for its retry, nor for the end of a hold."""
    working = batch(3, 6)
    working.all_send()
    first, second, third, *waiting = working.workers
    first.refused(seconds=60, after=90)
    second.failed(seconds=60)
    working.pace.stop()
    working.time.settle()

    assert working.in_flight == [third]
    assert all(worker.interrupted for worker in [first, second, *waiting])
    third.answered()  # what is in flight may end
    assert not third.interrupted
    assert not third.sends()
    assert third.interrupted


def test_a_place_is_given_back_once(batch: Callable[..., Batch]) -> None:
    """Also by a worker whose retry was given up, and whose request then ends."""
    working = batch(2, 3)
    first, second, third = working.workers
    with pytest.raises(ZeroDivisionError), working.pace.request():
        raise ZeroDivisionError

    assert [first.sends(), second.sends(), third.sends()] == [True, True, False]
    first.does(working.pace.stop)
    assert third.interrupted
    second.failed()
    assert second.interrupted
    second.does(lambda: second._context.close())
    assert working.in_flight == [first]
    assert first.crowded() is False  # one is in flight, not none and not minus one


def test_a_refusal_counts_as_a_try_only_for_one_that_was_alone(
    batch: Callable[..., Batch],
) -> None:
    working = batch(2, 2)
    first, second = working.workers
    first.sends()
    assert not first.crowded()
    second.sends()
    assert first.crowded()
    second.answered(status=429)
    assert not first.crowded()
    for again in (first.failed, first.refused):
        second.sends()
        second.answered(status=404)
        assert first.crowded()
        again()
        working.time.forward(1)
        assert not first.crowded()
    first.answered()
    first.sends()
    assert first.crowded()


def test_requests_to_the_store_are_not_counted_but_end_with_the_batch(
    batch: Callable[..., Batch],
) -> None:
    working = batch(1, 3)
    first, second, third = working.workers
    beside = working.pace.beside()
    first.sends()
    second.does(lambda: beside.request().__enter__())
    assert second.idle
    assert not second.interrupted
    third.does(lambda: beside.wait(60))
    working.time.forward(60)
    assert not third.interrupted
    third.does(lambda: beside.wait(60))
    working.pace.stop()
    working.time.settle()
    assert third.interrupted
    second.does(lambda: beside.request().__enter__())
    assert second.interrupted


@pytest.mark.parametrize("capacity", [1, 3, 5, 13])
def test_it_finds_how_many_a_service_takes(batch: Callable[..., Batch], capacity: int) -> None:
    """A service that refuses those beyond: nearly all it takes are in flight, few are refused."""
    working = batch(16, 16)
    refused = answered = 0
    used = []
    for _ in range(400):
        working.all_send()
        there = working.in_flight
        used.append(min(len(there), capacity))
        for at, worker in enumerate(there):
            if at >= capacity:
                refused += 1
                worker.refused(seconds=1)
            else:
                answered += 1
                worker.answered()
                worker.sends()
        working.time.forward(1)

    assert refused < 0.1 * answered + 32
    assert sum(used[100:]) >= 0.9 * capacity * len(used[100:])

"""The engine under every batch: order, width, window, errors and bugs."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count, islice

import pytest

from addonctl.batch import pool
from addonctl.errors import NotFound, Usage


def test_outcomes_come_in_the_order_of_the_items() -> None:
    def work(number: int) -> int:
        time.sleep(0.002 * (number % 3 == 0))
        return number * 2

    assert [(n, n * 2) for n in range(200)] == list(pool.run(work, range(200), workers=8))


def test_an_error_of_ours_is_an_outcome_and_a_bug_is_raised() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise NotFound("gone")
        return 10 // (7 - number)

    found = []
    with pytest.raises(ZeroDivisionError):
        for _, outcome in pool.run(work, range(100), workers=2, window=4):
            found.append(outcome)

    assert all(isinstance(outcome, int | NotFound) for outcome in found)


def test_as_many_work_at_a_time_as_there_are_workers() -> None:
    barrier = threading.Barrier(6)
    outcomes = pool.run(lambda _: barrier.wait(10), range(12), workers=6)

    assert 12 == len(list(outcomes))


def test_items_are_pulled_no_further_than_the_window() -> None:
    pulled = []

    def items() -> Iterator[int]:
        for number in count():
            pulled.append(number)
            yield number

    found = list(islice(pool.run(lambda number: number, items(), workers=4, window=10), 50))

    assert list(range(50)) == [number for number, _ in found]
    assert len(pulled) <= 50 + 10 + 1


def test_the_first_outcome_does_not_wait_for_the_second_item() -> None:
    hold = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        hold.wait(10)

    outcomes = pool.run(lambda number: number, items(), workers=4)

    assert (1, 1) == next(outcomes)
    hold.set()
    assert [] == list(outcomes)


def test_what_the_items_raise_comes_after_the_outcomes_before_it() -> None:
    started = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        started.wait(10)
        raise Usage("line 2 is bad")

    found = []
    with pytest.raises(Usage, match="line 2"):
        for number, _ in pool.run(lambda _: started.set(), items(), workers=4):
            found.append(number)

    assert [1] == found


def test_items_that_fail_at_once_stop_all_work() -> None:
    worked: list[int] = []

    def items() -> Iterator[int]:
        yield 1
        raise Usage("line 2 is bad")

    with pytest.raises(Usage, match="line 2"):
        list(pool.run(worked.append, items(), workers=4))

    assert [] == worked


def test_a_batch_given_up_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    outcomes = pool.run(lambda number: number, count(), workers=8)
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    end = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.005)

    assert threading.active_count() <= before


@pytest.mark.parametrize("given", [0, 1, 3])
def test_fewer_threads_than_wished_for_will_do(monkeypatch: pytest.MonkeyPatch, given: int) -> None:
    """The system gives so many threads and no more."""
    start = threading.Thread.start
    begun: list[threading.Thread] = []

    def refusing(thread: threading.Thread) -> None:
        if len(begun) >= given:
            raise RuntimeError("can't start new thread")
        begun.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refusing)
    outcomes = list(pool.run(lambda number: -number, range(100), workers=8))

    assert [(number, -number) for number in range(100)] == outcomes
    assert len(begun) == given


def test_a_command_on_one_address_loads_nothing_of_the_machinery() -> None:
    program = (
        "import sys; from addonctl.cli import main;"
        f" main(['-p', 'sandbox', 'results', 'delete', 'RE{1:032x}/XR{2:032x}', '--yes', '-q']);"
        " print(sorted({'addonctl.batch.pool', 'addonctl.batch.pace', 'addonctl.batch.lists',"
        " 'concurrent.futures'} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert "[]" == ran.stderr.splitlines()[-1]

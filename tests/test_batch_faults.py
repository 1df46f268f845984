"""Batches under trouble: refusals, server errors, broken lines, lost answers."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.faulty import CUT, LOST, RESET, Fault, Service, faulty, impatient, lines, results
from support.program import Run

DELETE = "results delete - --yes -f jsonl"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with impatient(monkeypatch), faulty(monkeypatch, Service()) as service:
        yield service


def rows(ran: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


def once(fault: Fault) -> Callable[[int, str], Fault]:
    """Trouble with the first request for each place."""
    seen: set[str] = set()

    def trouble(number: int, place: str) -> Fault:
        if place in seen:
            return None
        seen.add(place)
        return fault

    return trouble


@pytest.mark.parametrize("fault", [429, 500, 502, 503, 504, RESET, LOST])
def test_trouble_that_passes_fails_nothing(run: Run, service: Service, fault: Fault) -> None:
    """A lost answer to a DELETE that took effect makes the retry a 404: that is done, too."""
    addresses = results(20)
    service.there, service.trouble = set(addresses), once(fault)

    ran = run(DELETE, stdin=lines(addresses))

    assert (0, "deleted 20 results\n") == (ran.code, ran.err)
    assert [(address, "deleted") for address in addresses] == [
        (row["sid"], row["outcome"]) for row in rows(ran)
    ]
    assert not service.there


@pytest.mark.parametrize("fault", [500, RESET])
def test_an_item_that_always_fails_stops_no_other(run: Run, service: Service, fault: Fault) -> None:
    addresses = results(20)
    service.there = set(addresses)
    service.trouble = lambda number, place: fault if place == addresses[7] else None

    ran = run(DELETE, stdin=lines(addresses))

    assert 6 == ran.code
    assert {addresses[7]} == service.there
    assert ["failed"] == [row["outcome"] for row in rows(ran) if row["sid"] == addresses[7]]
    assert 19 == [row["outcome"] for row in rows(ran)].count("deleted")
    error = json.loads(ran.err)["error"]
    assert ("deleted 19 of 20 results, 1 failed", 6) == (error["message"], error["exit_code"])


def test_a_batch_that_fails_the_same_way_throughout_has_that_code(
    run: Run, service: Service
) -> None:
    service.trouble = lambda number, place: 503

    ran = run(f"{DELETE} --retries 1", stdin=lines(results(5)))

    assert 5 == ran.code
    assert ["failed"] * 5 == [row["outcome"] for row in rows(ran)]
    assert json.loads(ran.err)["error"]["message"].startswith("deleted 0 of 5 results, 5 failed: ")


@pytest.mark.parametrize("line", ["results delete - --yes -f jsonl", "results get - -f jsonl"])
def test_a_batch_whose_items_all_fail_but_not_the_same_way_is_some_failed(
    run: Run, service: Service, line: str
) -> None:
    """Not even one is done; but no single code would be true of all."""
    gone, refused, busy = addresses = results(3)
    faults: dict[str, Fault] = {refused: 401, busy: 503}
    service.there = {refused, busy}
    service.trouble = lambda number, place: faults.get(place)

    alone = [run(f"{line} --retries 0", stdin=address).code for address in addresses]
    ran = run(f"{line} --retries 0", stdin=lines(addresses))

    assert [3, 4, 5] == alone
    assert 6 == ran.code
    assert 6 == json.loads(ran.err)["error"]["exit_code"]
    assert service.there == {refused, busy}


@pytest.mark.parametrize("line", ["results stats -", "results transcript -"])
def test_a_recording_that_is_gone_is_one_of_many_and_has_not_failed(
    run: Run, service: Service, line: str
) -> None:
    gone, busy, _ = (address.partition("/")[0] for address in results(3))
    service.trouble = lambda number, place: 404 if place == gone else 503

    ran = run(f"{line} --retries 0", stdin=lines([gone, busy]))

    assert 6 == ran.code
    assert f"{gone} is gone\n" in ran.err
    assert "1 of 2 recordings, 1 failed" in ran.err


def test_retries_are_counted_for_each_item(run: Run, service: Service) -> None:
    """Other than refusals also while others are in flight."""
    service.trouble = lambda number, place: 503

    ran = run(f"{DELETE} --workers 4 --retries 2", stdin=lines(results(4)))

    assert (5, 4 * 3) == (ran.code, len(service.asked))


def test_a_limit_on_requests_in_flight_is_found_and_kept(run: Run, service: Service) -> None:
    """Everything gets done, at full width, and refusals stay few."""
    addresses = results(400)
    service.there, service.allowed, service.latency = set(addresses), 5, 0.005

    ran = run(f"{DELETE} --workers 32", stdin=lines(addresses))

    assert (0, "deleted 400 results\n") == (ran.code, ran.err)
    assert addresses == [row["sid"] for row in rows(ran)]
    assert not service.there
    assert service.refused < 200


def test_refusals_do_not_use_up_retries_while_others_get_through(
    run: Run, service: Service
) -> None:
    addresses = results(60)
    service.there, service.allowed, service.latency = set(addresses), 1, 0.005

    ran = run(f"{DELETE} --workers 16 --retries 1", stdin=lines(addresses))

    assert 0 == ran.code
    assert not service.there


def test_a_service_that_refuses_everything_is_given_up_on(run: Run, service: Service) -> None:
    service.trouble = lambda number, place: 429

    ran = run(DELETE, stdin=lines(results(10)))

    assert 5 == ran.code
    assert "429" in json.loads(ran.err)["error"]["message"]
    assert ["failed"] * 10 == [row["outcome"] for row in rows(ran)]


def test_a_batch_recovers_when_refusals_end(run: Run, service: Service) -> None:
    addresses = results(100)
    service.there = set(addresses)
    service.trouble = lambda number, place: 429 if number <= 30 else None

    ran = run(f"{DELETE} --workers 16", stdin=lines(addresses))

    assert 0 == ran.code
    assert not service.there


def test_retry_after_holds_the_whole_batch(run: Run, service: Service) -> None:
    """Two workers, one refused: the other sends nothing either until the time has come.

    What it had sent already may still come in. A slow machine makes the pause longer only.
    """
    moments: list[float] = []

    def trouble(number: int, place: str) -> Fault:
        moments.append(time.monotonic())
        return 429 if number == 10 else None

    addresses = results(30)
    service.there, service.trouble, service.retry_after = set(addresses), trouble, "1"

    ran = run(f"{DELETE} --workers 2", stdin=lines(addresses))

    assert 0 == ran.code
    assert moments[11] - moments[9] >= 1


def test_a_list_cut_off_in_its_middle_is_asked_for_again(run: Run, service: Service) -> None:
    addresses = results(12)
    service.there, service.trouble = set(addresses), once(CUT)
    recordings = sorted({address.partition("/")[0] for address in addresses})

    ran = run("results", "list", *recordings, "-f", "sids")

    assert (0, "") == (ran.code, ran.err)
    assert sorted(addresses) == sorted(ran.out.splitlines())


def test_recordings_that_cannot_be_listed_are_told_of_and_the_rest_go_on(
    run: Run, service: Service
) -> None:
    addresses = results(12)
    service.there = set(addresses)
    bad = f"RE{1:032x}"
    service.trouble = lambda number, place: 500 if place == bad else None
    recordings = [f"RE{number:032x}" for number in range(3)]

    ran = run("results", "list", *recordings, "-f", "sids", "--retries", "1")

    assert 6 == ran.code
    assert [each for each in addresses if each.startswith(recordings[0])] + [
        each for each in addresses if each.startswith(recordings[2])
    ] == ran.out.splitlines()
    told, summary = ran.err.splitlines()
    assert bad in told
    assert "addonctl: listed 2 of 3 recordings, 1 failed" == summary


def test_where_no_recording_can_be_listed_nothing_is_written(run: Run, service: Service) -> None:
    service.trouble = lambda number, place: 404
    recordings = [f"RE{number:032x}" for number in range(3)]

    ran = run("results", "list", *recordings, "-f", "csv")

    assert (3, "") == (ran.code, ran.out)


@pytest.mark.parametrize("seed", range(100))
def test_every_row_agrees_with_the_services_record(run: Run, service: Service, seed: int) -> None:
    """Whatever goes wrong: `deleted` is gone, what is left is told, and a second run ends it."""
    chance = random.Random(seed)
    addresses = results(16)
    faults: list[Fault] = [429, 500, 503, RESET, LOST]
    hopeless = set(chance.sample(addresses, chance.choice([0, 0, 1, 2])))
    rate = chance.choice([0.1, 0.3, 0.6])

    def trouble(number: int, place: str) -> Fault:
        if place in hopeless:
            return chance.choice(faults[1::2])
        return chance.choice(faults) if chance.random() < rate else None

    service.there, service.trouble = set(addresses), trouble
    service.allowed = chance.choice([None, 2, 4])
    workers = chance.choice([1, 2, 8, 16])

    ran = run(f"{DELETE} --workers {workers}", stdin=lines(addresses))

    outcomes = {row["sid"]: row["outcome"] for row in rows(ran)}
    assert addresses == list(outcomes)
    deleted = {sid for sid, outcome in outcomes.items() if outcome == "deleted"}
    assert deleted <= set(service.deleted)
    assert service.there <= set(addresses) - deleted
    assert hopeless <= service.there
    assert len(service.deleted) == len(set(service.deleted))
    if len(deleted) == len(addresses):
        assert 0 == ran.code
    else:
        assert 6 == ran.code if deleted else ran.code in (5, 6)

    service.trouble, service.allowed = (lambda number, place: None), None
    again = run(f"{DELETE} --ignore-not-found", stdin=lines(addresses))

    assert 0 == again.code
    assert not service.there

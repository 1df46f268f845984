"""Batches interrupted: real processes, real signals, and the service's own record."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.faulty import HANG, Fault, Service, faulty, lines, results
from support.program import PROGRAM, until

DELETE = ["results", "delete", "-", "--yes", "-f", "jsonl", "--workers", "4"]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with faulty(monkeypatch, Service(latency=0.05)) as service:
        yield service


# Waits without end for what hangs, once it is interrupted.
PATIENT = [
    sys.executable,
    "-c",
    "import sys; from addonctl.batch import pool; from addonctl.cli import main;"
    "pool.GRACE = 10**6; sys.exit(main())",
]


def started(
    arguments: list[str], text: str | None = "", program: list[str] = PROGRAM
) -> subprocess.Popen[str]:
    """The program at work; without `text` its stdin stays open."""
    process = subprocess.Popen(
        [*program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stdin
    if text is not None:
        process.stdin.write(text)
        process.stdin.close()
        process.stdin = None
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]], str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_batch_knows_what_is_done_and_what_is_left(
    service: Service, number: int
) -> None:
    addresses = results(80)
    service.there = set(addresses)
    process = started(DELETE, lines(addresses), PATIENT)
    until(lambda: len(service.deleted) > 20)
    process.send_signal(number)
    code, rows, err = ended(process)

    assert 130 == code
    assert sorted(service.deleted) == sorted(row["sid"] for row in rows)
    assert {"deleted"} == {row["outcome"] for row in rows}
    done, left = len(rows), len(service.there)
    error = json.loads(err)["error"]
    assert f"interrupted: deleted {done} results, {left} left" == error["message"]

    again = started([*DELETE, "--ignore-not-found"], lines(addresses))

    assert 0 == ended(again)[0]
    assert not service.there


def test_what_hangs_is_not_waited_for(service: Service) -> None:
    """The one that never answers, not even then, is neither done nor told of; the others are."""
    addresses = results(12)
    service.there = set(addresses)
    service.trouble = hang_on(addresses[3])
    process = started([*DELETE, "--timeout", "1h"], lines(addresses))
    until(lambda: len(service.deleted) == 11)
    process.send_signal(signal.SIGINT)
    code, rows, err = ended(process)

    assert 130 == code
    assert sorted(service.deleted) == sorted(row["sid"] for row in rows)
    assert "deleted 11 results, 1 left" in err


def test_a_second_interrupt_ends_it_at_once(service: Service) -> None:
    addresses = results(12)
    service.there = set(addresses)
    service.trouble = hang_on(addresses[3])
    process = started([*DELETE, "--timeout", "1h"], lines(addresses), PATIENT)
    until(lambda: len(service.deleted) == 11)
    process.send_signal(signal.SIGINT)
    while process.poll() is None:  # two that come at once are one to the system
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)

    assert 130 == ended(process)[0]


def test_after_an_interrupt_nothing_is_sent_any_more(service: Service) -> None:
    """Not even the retries of what was refused."""
    addresses = results(40)
    service.there = set(addresses)
    service.trouble = lambda number, place: 503
    process = started([*DELETE, "--retries", "20"], lines(addresses), PATIENT)
    until(lambda: len(service.asked) >= 4)
    process.send_signal(signal.SIGINT)
    code, rows, err = ended(process)

    # 21 tries each, with longer and longer pauses, were to come.
    assert (130, []) == (code, rows)
    assert len(service.asked) < 40
    assert "deleted 0 results, 40 left" in err


def test_killed_and_run_again_it_comes_to_the_same_end(service: Service) -> None:
    addresses = results(60)
    service.there = set(addresses)
    process = started(DELETE, lines(addresses))
    until(lambda: len(service.deleted) > 10)
    process.kill()
    ended(process)
    again = started([*DELETE, "--ignore-not-found"], lines(addresses))
    code, rows, _ = ended(again)

    assert 0 == code
    assert not service.there
    assert addresses == [row["sid"] for row in rows]


def test_a_list_begins_before_its_input_ends_and_can_be_interrupted_then(
    service: Service,
) -> None:
    addresses = results(2, recordings=2)
    service.there = set(addresses)
    process = started(["results", "list", "-", "-f", "sids"], None)
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"RE{0:032x}\n")
    process.stdin.flush()
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    code = process.wait(120)
    out, err = process.stdout.read(), process.stderr.read() if process.stderr else ""
    process.communicate()

    assert addresses[0] == first.strip()
    assert (130, "") == (code, out)
    assert "addonctl: interrupted: listed 1 recording, the rest is left\n" == err


def hang_on(address: str) -> Callable[[int, str], Fault]:
    return lambda number, place: HANG if place == address else None

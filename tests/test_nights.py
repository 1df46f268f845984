"""What a night costs: the help says what is counted, and looks are counted as the rule has it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from addonctl.docs.topics import TOPICS

ROOT = Path(__file__).parent.parent
if not (ROOT / "benchmarks").is_dir():
    pytest.skip("the benchmarks are not here", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks import nights  # noqa: E402


def test_the_help_says_what_is_counted() -> None:
    said = {
        term: words
        for part in TOPICS["cluster"].parts
        if isinstance(part, tuple)
        for term, words in part
    }
    for row in nights.costs():
        assert said[f"{row['recordings held']} recordings held"] == (
            f"{row['requests a night']} requests, {row['a night takes']};"
            f" the first run {row['the first run']}, {row['it takes']}."
        )
    simulated = {row["engine"]: row["a night takes"] for row in nights.simulated()}
    told = {engine: took.partition(",")[0] for engine, took in said.items() if engine in simulated}

    assert len(told) > 5
    assert told == {engine: simulated[engine] for engine in told}


def test_a_night_is_the_sum_of_its_looks_day_by_day() -> None:
    """A recording a day for a year, each looked at as the rule has it, counted one by one."""
    from datetime import UTC, datetime, timedelta

    from addonctl.archive.look import next_look

    begin = datetime(2026, 1, 1, 2, tzinfo=UTC)
    made = [begin - timedelta(hours=2) + timedelta(days=day) for day in range(365)]
    due = dict.fromkeys(made, begin)
    looks = []
    for day in range(365):
        night = begin + timedelta(days=day + 1)
        today = [at for at in made if at < night and due[at] <= night]
        for at in today:
            due[at] = next_look(at, night, pending=False)
        looks.append(len(today))
    year = sum(looks[-25:]) / 25

    assert year == pytest.approx(nights.night(365).looks, rel=0.1)


def test_more_slots_than_one_account_may_use_change_nothing_for_it() -> None:
    alone = [nights.cluster([1_000_000], slots) for slots in (nights.ALLOWED, 500)]

    assert alone[0] == pytest.approx(alone[1], rel=0.02)
    assert nights.cluster([20_000] * 50, 500) < nights.cluster([20_000] * 50, 20) / 4


def test_subaccounts_hold_what_they_hold_in_all() -> None:
    sizes = nights.subaccounts(5000, 10_000_000)

    assert sum(sizes) == pytest.approx(10_000_000, rel=0.001)
    assert max(sizes) > 50 * sorted(sizes)[2500]
    assert re.fullmatch(r"\d+\.\d h|\d+ min", nights.hours(nights.one_process(sizes, 16)))

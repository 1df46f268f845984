"""Asking for less: filters over the whole set, sorting, and a limit that says where it cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from support.documents import RE, XR, listed, page, pages, payload, result
from support.program import Run
from support.scripted import answer

from addonctl.models import STATUSES, Recording, Result
from addonctl.selection import Selection, ordered

NOW = datetime(2026, 11, 21, 18, 43, tzinfo=UTC)
XB = "XB" + "1" * 32
XE = "XE" + "2" * 32
CANNOT_SORT = (
    "cannot sort by '{}'; known fields: sid, account_sid, reference_sid, status, add_on_sid,"
    " add_on_configuration_sid, date_created, date_updated, date_completed, expires, add_on,"
    " call_sid, recording_created, recording_duration\nhint: -FIELD for descending\n"
)
NO_STATUS = f"no status '{{}}'; known: {', '.join(STATUSES)}\n"
PAGE_SIZE = "--page-size {}: expected 1 to 1000\n"


ROWS = [
    result(1, status="completed", date_created="Sun, 01 Nov 2026 12:00:00 +0000"),
    result(2, status="failed", date_created="Fri, 20 Nov 2026 12:00:00 +0000", add_on_sid=XB),
    result(3, status="queued", date_created="Sat, 21 Nov 2026 12:00:00 +0000"),
    result(4, status="in-progress", date_created=None, add_on_configuration_sid=XE),
    result(5, status="unheard-of", date_created="Sat, 24 Oct 2026 12:00:00 +0000", add_on_sid=XB),
]


@pytest.fixture
def chosen(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[int]]:
    """The numbers of the results that options let through, in their order."""

    def listing(options: str) -> list[int]:
        with (
            listed(monkeypatch, *pages("add_on_results", ROWS[:2], ROWS[2:])),
            time_machine.travel(NOW, tick=False),
        ):
            ran = run(f"results list {RE} -f sids {options}")

        assert (0, "") == (ran.code, ran.err)
        return [int(line[-32:], 16) for line in ran.out.splitlines()]

    return listing


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("--status completed,failed", [1, 2]),
        ("--status ' queued , failed '", [2, 3]),
        (f"--add-on {XB}", [2, 5]),
        (f"--config {XE}", [4]),
        (f"--add-on {XB} --status failed", [2]),
        ("--created-after 7d", [2, 3]),
        ("--created-after 2026-11-20T12:00:00", [2, 3]),
        ("--created-before 2026-11-20T12:00:00Z", [1, 5]),
        ("--created-after 2026-11-01 --created-before 36h", [1]),
        ("--expiring-within 3d", [5]),
        ("--expiring-within 10d", [1, 5]),
        ("--expiring-within 9d17h17m", [1, 5]),
        ("--expiring-within 9d17h16m59s", [5]),
        ("--sort date_created", [5, 1, 2, 3, 4]),
        ("--sort -date_created", [3, 2, 1, 5, 4]),
        ("--sort expires", [5, 1, 2, 3, 4]),
        ("--sort -expires --status completed,failed,in-progress", [2, 1, 4]),
        ("--sort status", [1, 2, 4, 3, 5]),
        ("--sort status --status failed", [2]),
        ("--sort date_completed", [1, 2, 3, 4, 5]),
        ("--limit 5", [1, 2, 3, 4, 5]),
        ("--limit 9", [1, 2, 3, 4, 5]),
    ],
)
def test_options_choose(
    chosen: Callable[[str], list[int]], options: str, expected: list[int]
) -> None:
    """Dates sort as dates, and what has none comes last, either way."""
    assert chosen(options) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--label 'trans*'", [1, 2]),
        ("--label 'TRANS*'", []),
        ("--label ''", [4, 5]),
        ("--label '*'", [1, 2, 3, 4, 5]),
        ("--label '[[]x]'", [3]),
        ("--content-type 'text/*'", [2, 3]),
        ("--content-type 'TEXT/plain'", [2, 3]),
        ("--content-type 'audio/*'", [5]),
        ("--content-type 'text/plain; charset=*'", [3]),
        ("--content-type 'application/json' --label 'transcript'", [1]),
        ("--sort label", [3, 2, 1, 4, 5]),
        ("--sort -label", [1, 2, 3, 4, 5]),
    ],
)
def test_payloads_are_chosen_by_label_and_content_type(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: str, expected: list[int]
) -> None:
    rows = [
        payload(1, label="transcript"),
        payload(2, label="transcribed\nlines", content_type="text/plain"),
        payload(3, label="[x]", content_type="text/plain; charset=utf-8; x=1"),
        payload(4, label="", content_type=None),
        payload(5, label=None, content_type="Audio/WAV"),
    ]
    with listed(monkeypatch, page("payloads", rows)):
        ran = run(f"payloads list {RE} {XR} -f sids {options}")

    assert (0, "") == (ran.code, ran.err)
    assert [int(line[-32:], 16) for line in ran.out.splitlines()] == expected


@pytest.mark.parametrize(
    ("limit", "options", "requests", "told"),
    [
        (1, "", 1, "limit 1 reached, there are more"),
        (2, "", 2, "limit 2 reached, there are more"),
        (3, "", 2, "limit 3 reached, there are more"),
        (4, "", 2, ""),
        (4, "--created-after 2000-01-01", 2, ""),
        (1, "--status failed", 1, "limit 1 reached, there may be more"),
        (1, "--sort -sid", 2, "limit 1 reached, there are more"),
        (0, "", 1, "limit 0 reached, there are more"),
    ],
)
def test_a_limit_says_where_it_cut_and_asks_for_no_more_than_it_needs(
    run: Run, monkeypatch: pytest.MonkeyPatch, limit: int, options: str, requests: int, told: str
) -> None:
    rows = [result(1, status="failed"), result(2), result(3), result(4)]
    if options.startswith("--status"):
        rows = [result(2), result(1, status="failed"), result(3), result(4)]
        requests = 2
    with listed(monkeypatch, *pages("add_on_results", rows[:2], rows[2:])) as server:
        ran = run(f"results list {RE} -f json --limit {limit} {options}")

    assert ran.code == 0
    assert len(json.loads(ran.out)) == limit
    assert len(server.heard) == requests
    assert ran.err == (f"{told}\n" if told else "")


def test_a_small_limit_asks_for_a_small_page(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than the limit, to see whether there is one more; all where rows may be left out."""
    asked = []
    limits = ("--limit 10", "--limit 10 --status failed", "--limit 10 --sort sid", "")
    for options in (*limits, "--page-size 1"):
        with listed(monkeypatch, page("add_on_results", ROWS)) as server:
            run(f"results list {RE} -f json {options}")
        asked.append(server.heard[0].target.split("PageSize=")[1].split("&")[0])

    assert asked == ["11", "1000", "1000", "1000", "1"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        *((f"--sort {word}", CANNOT_SORT.format(word)) for word in ("price", "subresource_uris")),
        *((f"--page-size {size}", PAGE_SIZE.format(size)) for size in (0, 1001)),
        ("--limit -1", "--limit -1 is less than nothing; expected 0 or more\n"),
        ("--status done", NO_STATUS.format("done")),
        *(
            (f"--status '{word}'", f"{NO_STATUS.format(word)}hint: type: --status in-progress\n")
            for word in ("in progress", "in_progress")
        ),
        ("--expiring-within 999999999d", "'999999999d' is longer than any result is kept\n"),
        ("--status ' ,'", "' ,' filters nothing; expected a status\n"),
        ("--add-on ''", "'' filters nothing; expected a SID (XB…)\n"),
        ("--config ''", "'' filters nothing; expected a SID (XE…)\n"),
    ],
)
def test_what_asks_for_nothing_that_there_is_asks_the_service_for_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: str, said: str
) -> None:
    with listed(monkeypatch, page("add_on_results", ROWS)) as server:
        ran = run(f"results list {RE} {options}")

    assert ran == (2, "", f"addonctl: {said}")
    assert server.heard == []


def test_a_look_past_the_limit_is_not_worth_failing_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pages("add_on_results", ROWS[:2], ROWS[2:])[0]
    with listed(monkeypatch, first, answer({"message": "no"}, 403)):
        ran = run(f"results list {RE} -f sids --limit 2")

    assert (0, 2) == (ran.code, len(ran.out.splitlines()))
    assert ran.err == "limit 2 reached, there may be more\n"


def test_a_cut_list_is_not_taken_for_whole_even_under_quiet(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listed(monkeypatch, page("add_on_results", ROWS)):
        ran = run(f"results list {RE} -f sids --limit 2 --quiet")

    assert (0, "limit 2 reached, there are more\n") == (ran.code, ran.err)


def test_numbers_sort_as_numbers_and_words_among_them_come_last() -> None:
    prices: list[Any] = ["10", "-0.0025", None, "9", "x", 9.5, "nan", ""]
    records = [Recording({"sid": str(at), "price": price}) for at, price in enumerate(prices)]

    assert [r.document["price"] for r in ordered(records, "price")][:4] == [
        "-0.0025",
        "9",
        9.5,
        "10",
    ]
    assert [r.document["price"] for r in ordered(records, "-price")][:4] == [
        "10",
        9.5,
        "9",
        "-0.0025",
    ]
    assert len(ordered(records, "price")) == len(records)


def test_equal_rows_keep_their_order() -> None:
    records = [Result(result(at, status="failed")) for at in range(5)]

    assert ordered(records, "status") == records
    assert ordered(records, "-status") == records


def test_pages_are_passed_on_as_they_arrive() -> None:
    """Nothing is fetched before it is asked for, and nothing after the limit is reached."""
    fetched = []

    def arriving() -> Iterator[list[Result]]:
        for number in range(100):
            fetched.append(number)
            yield [Result(result(number)), Result(result(number, status="failed"))]

    notes: list[str] = []
    rows = Selection.of(Result, status="failed", limit=3).apply(arriving(), notes)

    assert fetched == []
    assert len(next(rows)) == 1
    assert fetched == [0]
    assert sum(map(len, rows)) == 2
    assert fetched == [0, 1, 2, 3]
    assert notes == ["limit 3 reached, there are more"]

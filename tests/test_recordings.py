"""`addonctl recordings list`: which recordings there are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.documents import ACCOUNT, listed, page
from support.program import Run


def recordings(run: Run, words: str = "") -> list[dict[str, Any]]:
    ran = run(f"-p sandbox recordings list -f json {words}")

    assert (0, "") == (ran.code, ran.err)
    return list(json.loads(ran.out))


def test_recordings_come_newest_first(run: Run) -> None:
    found = recordings(run)

    assert len(found) > 3
    assert {"call_sid", "date_created", "duration"} <= set(found[0])


def test_since_and_until_part_them(run: Run) -> None:
    all_of_them = [each["sid"] for each in recordings(run)]
    lately = [each["sid"] for each in recordings(run, "--since 2d")]
    before = [each["sid"] for each in recordings(run, "--until 2d")]

    assert lately
    assert before
    assert all_of_them == lately + before


def test_a_call_has_its_recordings(run: Run) -> None:
    call = recordings(run)[0]["call_sid"]

    assert {call} == {each["call_sid"] for each in recordings(run, f"--call {call}")}


def test_a_limit_asks_for_no_more_than_it_needs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"sid": f"RE{number:032x}", "account_sid": ACCOUNT} for number in range(3)]
    with listed(monkeypatch, page("recordings", rows)) as server:
        ran = run("recordings list --limit 2 -f sids")

    assert (0, [row["sid"] for row in rows[:2]]) == (ran.code, ran.out.splitlines())
    assert "limit 2 reached, there are more\n" == ran.err
    assert server.heard[0].target.endswith("?PageSize=3")


def test_filters_are_the_services_own_parameters(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with listed(monkeypatch, page("recordings", [])) as server:
        ran = run(
            f"recordings list --since 2026-11-01 --until 2026-11-02T03:04:05 --call CA{1:032x}"
            f" --conference CF{2:032x} -f json"
        )

    assert (0, "[]\n") == (ran.code, ran.out)
    asked = server.heard[0].target
    assert "DateCreated%3E=2026-11-01T00%3A00%3A00Z" in asked
    assert "DateCreated%3C=2026-11-02T03%3A04%3A05Z" in asked
    assert f"CallSid=CA{1:032x}" in asked
    assert f"ConferenceSid=CF{2:032x}" in asked


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--since yesterday", "'yesterday' is no date"),
        (f"--call CF{1:032x}", "is the SID of a conference; expected the SID of a call"),
        (f"--conference CA{1:032x}", "is the SID of a call; expected the SID of a conference"),
        ("--page-size 1001", "--page-size 1001: expected 1 to 1000"),
    ],
)
def test_words_that_do_not_fit_are_told_of(run: Run, words: str, said: str) -> None:
    ran = run(f"-p sandbox recordings list {words}")

    assert (2, "") == (ran.code, ran.out)
    assert said in ran.err


@pytest.mark.parametrize(
    ("word", "asked"),
    [
        ("0001-01-01", "0001-01-01T00%3A00%3A00Z"),
        ("9999-12-31T23:59:59.9", "9999-12-31T23%3A59%3A59Z"),
        ("2026-11-21T18:43:00+02:00", "2026-11-21T16%3A43%3A00Z"),
    ],
)
def test_a_moment_is_asked_for_as_the_service_reads_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, word: str, asked: str
) -> None:
    with listed(monkeypatch, page("recordings", [])) as server:
        ran = run("recordings", "list", "--since", word)

    assert (0, "") == (ran.code, ran.err)
    assert f"DateCreated%3E={asked}" in server.heard[0].target

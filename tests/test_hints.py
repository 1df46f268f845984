"""Errors that give the next line to type, and words taken as people write them."""

from __future__ import annotations

import pytest
from support.program import Run

CALL = "RE73640dced2490fa811f54a87139210ee"
RESULT = "XR68b652bc56ffb143af7cdb76f8cbc0ef"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("results list", "addonctl results list --all"),
        ("results list -o json --all", "-f json"),
        ("results list --all --json", "-f json"),
        ("results list --all --csv", "-f csv"),
        ("results list --all --output json", "-f json"),
        ("list", "addonctl results list"),
        ("delete", "addonctl results delete, or addonctl payloads delete"),
        ("results show", "addonctl results get"),
        ("results rm", "addonctl results delete"),
        ("results ls", "addonctl results list"),
        ("payloads cat", "addonctl payloads show"),
        (f"results get {CALL}", f"addonctl results list {CALL}"),
        (f"payloads get {CALL} {RESULT}", f"addonctl payloads list {CALL}/{RESULT}"),
        (f"results delete {CALL} --yes", "--all-results"),
        (f"results get {RESULT}", "addonctl results list RE…"),
        (f"results list {CALL} {RESULT}", f"addonctl results get {CALL}/{RESULT}"),
        (f"results get {CALL} {RESULT} XH{'1' * 32}", f"addonctl payloads get {CALL}/{RESULT}/XH"),
        (f"results list CA{'1' * 32}", f"addonctl results list --all --call CA{'1' * 32}"),
        (f"results list cf{'A' * 32}", f"results list --all --conference CF{'a' * 32}"),
        (f"results list AC{'1' * 32}", f"addonctl results list --all --account AC{'1' * 32}"),
        (f"results get {CALL} XRffffff", "type all of its 34 characters"),
        (f"results download {CALL} -o x.json", "--to DIR"),
        ("results list --all --status in_progress", "--status in-progress"),
        ("results list --all --status 'in progress'", "--status in-progress"),
    ],
)
def test_a_mistake_gets_the_line_to_type(run: Run, line: str, hint: str) -> None:
    ran = run(f"-p sandbox {line}")

    assert (2, "") == (ran.code, ran.out)
    assert hint in ran.err.partition("hint: ")[2]


@pytest.mark.parametrize(
    "line",
    [
        "results list --all -f CSV --fields SID,Status --status COMPLETED --sort -SID --limit 1",
        "results list --all -f csv --fields sid,status --status completed --sort -sid --limit 1",
    ],
)
def test_formats_fields_and_statuses_are_taken_in_any_case(run: Run, line: str) -> None:
    ran = run(f"-p sandbox {line}")

    assert 0 == ran.code
    header, row = ran.out.splitlines()
    assert "sid,status" == header
    assert row.endswith(",completed")


def test_a_sid_is_taken_in_any_case(run: Run) -> None:
    ran = run(f"-p sandbox results get {CALL.lower()} {RESULT.upper()} -f sids")

    assert (0, f"{CALL}/{RESULT}\n") == (ran.code, ran.out)

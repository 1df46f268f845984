"""`addonctl auth list | use | status | logout`: what is kept, chosen, checked and forgotten."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.logins import (
    ACCOUNT,
    KEY,
    OTHER_ACCOUNT,
    OTHER_KEY,
    OTHER_SECRET,
    SECRET,
    basic,
    folder,
    log_in,
    refuse_only,
    senders,
)
from support.program import Run
from support.scripted import Scripted, answer, scripted


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A service that refuses OTHER_SECRET and takes the rest."""
    with scripted(refuse_only(basic(OTHER_KEY, OTHER_SECRET))) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        yield server


@pytest.fixture
def two(run: Run) -> None:
    """`good` is in use, `bad` will be refused."""
    log_in(run, "good", "--region", "ie1")
    log_in(run, "bad", account=OTHER_ACCOUNT, key=OTHER_KEY, secret=OTHER_SECRET)


def test_profiles_are_listed_in_their_order_without_asking_the_service(
    run: Run, service: Scripted, two: None
) -> None:
    ran = run("auth list --format json")

    assert (0, "") == (ran.code, ran.err)
    assert json.loads(ran.out) == [
        {
            "profile": "good",
            "in_use": True,
            "account_sid": ACCOUNT,
            "key_sid": KEY,
            "region": "ie1",
            "edge": None,
            "storage": "file",
        },
        {
            "profile": "bad",
            "in_use": False,
            "account_sid": OTHER_ACCOUNT,
            "key_sid": OTHER_KEY,
            "region": None,
            "edge": None,
            "storage": "file",
        },
    ]
    assert service.heard == []


@pytest.mark.parametrize("noun", ["list", "status"])
@pytest.mark.parametrize("kind", ["table", "jsonl", "csv", "tsv", "xml", "markdown"])
def test_profiles_come_in_every_format(
    run: Run, service: Scripted, two: None, noun: str, kind: str
) -> None:
    ran = run(f"auth {noun} --format {kind}")

    assert ran.code == (0 if noun == "list" else 4)
    assert ACCOUNT in ran.out
    assert SECRET not in ran.out + ran.err
    if kind == "xml":
        names = [entry.findtext("Profile") for entry in ElementTree.fromstring(ran.out)[0]]
        assert names == ["good", "bad"]
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(ran.out)))
        assert [row["profile"] for row in rows] == ["good", "bad"]


def test_what_lies_nowhere_in_the_api_has_no_address(run: Run, two: None) -> None:
    ran = run("auth list --format sids")

    assert (2, "") == (ran.code, ran.out)
    assert "profiles have no addresses" in ran.err


def test_no_profiles_are_an_empty_list(run: Run) -> None:
    ran = run("auth list --format json")

    assert (0, "[]\n") == (ran.code, ran.out)
    assert "addonctl auth login" in ran.err


def test_unknown_fields_are_exit_2_with_the_known_ones(run: Run, two: None) -> None:
    ran = run("auth list --fields nonsense")

    assert (2, "") == (ran.code, ran.out)
    assert "profile, in_use, account_sid" in ran.err


def test_the_profile_in_use_can_be_changed(run: Run, service: Scripted, two: None) -> None:
    used = run("auth use bad")
    refused = run("recordings list")
    listed = run("auth list --format csv --fields profile,in_use --no-header")

    assert (0, "", "the profile in use is 'bad'\n") == used
    assert refused.code == 4
    assert listed.out == "good,false\nbad,true\n"


def test_the_sandbox_can_be_put_in_use_and_is_listed_then(run: Run, service: Scripted) -> None:
    run("auth use sandbox")
    listed = run("auth list --format csv --fields profile,in_use --no-header")
    status = run("auth status --format csv --fields profile,source,status --no-header")
    log_in(run)
    still = run("auth list --format csv --fields profile,in_use --no-header")

    assert listed.out == "sandbox,true\n"
    assert (0, "sandbox,sandbox,accepted\n") == (status.code, status.out)
    assert still.out == "work,false\nsandbox,true\n"
    assert service.heard == []


@pytest.mark.parametrize("line", ["auth use", "auth use a b"])
def test_use_takes_one_name(run: Run, line: str) -> None:
    ran = run(line)

    assert (2, "") == (ran.code, ran.out)


@pytest.mark.parametrize("variable", ["ADDONCTL_PROFILE", "TWILIO_AUTH_TOKEN"])
def test_choosing_a_profile_says_which_variable_is_used_first(
    run: Run, two: None, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "good")
    ran = run("auth use bad")

    assert ran.code == 0
    assert f"{variable}" in ran.err
    assert "before the profile in use" in ran.err


# Status


def test_status_names_each_source_masks_the_secret_and_is_exit_4_if_one_is_refused(
    run: Run, service: Scripted, two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "a-token-in-a-variable")
    ran = run("auth status --format json")
    rows = json.loads(ran.out)
    told = [(row["profile"], row["source"], row["in_use"], row["status"]) for row in rows]

    assert ran.code == 4
    assert told == [
        (None, "variables", True, "accepted"),
        ("good", "file", False, "accepted"),
        ("bad", "file", False, "refused"),
    ]
    assert {row["secret"] for row in rows} == {"********"}
    assert "Authenticate" in rows[2]["detail"]
    assert json.loads(ran.err)["error"]["message"] == "1 of 3 logins refused or without a secret"
    assert not any(word in ran.out + ran.err for word in (SECRET, OTHER_SECRET, "a-token"))
    assert senders(service) == [
        basic(ACCOUNT, "a-token-in-a-variable"),
        basic(KEY, SECRET),
        basic(OTHER_KEY, OTHER_SECRET),
    ]


def test_status_of_one_profile_asks_for_no_other(run: Run, service: Scripted, two: None) -> None:
    ran = run("auth status -p good --format csv --fields profile,status --no-header")

    assert (0, "good,accepted\n", "") == ran
    assert senders(service) == [basic(KEY, SECRET)]


def test_status_of_half_a_login_in_variables_says_what_is_missing(
    run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    ran = run("auth status --format csv --fields source,status,detail --no-header")

    assert ran.code == 4
    assert ran.out.startswith("variables,missing,")
    assert "TWILIO_AUTH_TOKEN" in ran.out
    assert service.heard == []


def test_status_of_nobody_is_exit_4(run: Run) -> None:
    ran = run("auth status --format json")

    assert (4, "[]\n") == (ran.code, ran.out)
    assert "not logged in" in ran.err


def test_status_of_a_service_that_cannot_be_reached_is_exit_5(
    run: Run, two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADDONCTL_API_URL", "http://127.0.0.1:9")
    ran = run("auth status --retries 0 --format csv --fields status --no-header")

    assert (5, "unknown\nunknown\n") == (ran.code, ran.out)
    assert "2 of 2 logins could not be tried" in ran.err


def test_status_of_an_account_the_service_does_not_know_is_refused(
    run: Run, two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(answer({"message": "was not found", "status": 404}, 404)) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        ran = run("auth status -p good --format csv --fields status --no-header")

    assert (4, "refused\n") == (ran.code, ran.out)


# Logging out


def test_logging_out_removes_profile_and_secret(
    run: Run, service: Scripted, two: None, home: Path
) -> None:
    ran = run("auth logout good")
    listed = run("recordings list")
    named = run("recordings list -p good")
    other = run("auth list --format csv --fields profile --no-header")

    assert (0, "") == (ran.code, ran.out)
    assert "logged out of profile 'good'" in ran.err
    assert "no profile is in use now" in ran.err
    assert (4, 4) == (listed.code, named.code)
    assert other.out == "bad\n"
    assert all(SECRET.encode() not in path.read_bytes() for path in folder(home).iterdir())
    assert service.heard == []


def test_logging_out_without_a_name_is_of_the_profile_in_use(run: Run, two: None) -> None:
    ran = run("auth logout")
    listed = run("auth list --format csv --fields profile --no-header")

    assert "logged out of profile 'good'" in ran.err
    assert listed.out == "bad\n"


def test_logging_out_of_another_leaves_the_one_in_use(run: Run, two: None) -> None:
    ran = run("auth logout bad")
    listed = run("auth list --format csv --fields profile,in_use --no-header")

    assert ran == (0, "", "logged out of profile 'bad'; its secret is removed\n")
    assert listed.out == "good,true\n"


def test_the_last_logout_leaves_no_file_of_secrets(run: Run, two: None, home: Path) -> None:
    run("auth logout good")
    run("auth logout bad")

    assert not (folder(home) / "secrets.json").exists()


@pytest.mark.parametrize("verb", ["logout", "use"])
def test_a_profile_that_is_not_there_is_exit_4_and_changes_nothing(
    run: Run, two: None, home: Path, verb: str
) -> None:
    before = {path: path.read_bytes() for path in folder(home).iterdir()}
    ran = run(f"auth {verb} nobody")

    assert (4, "") == (ran.code, ran.out)
    assert "no profile named 'nobody'; there are: good, bad, sandbox" in ran.err
    assert {path: path.read_bytes() for path in folder(home).iterdir()} == before


def test_logging_out_of_nothing_is_exit_4(run: Run) -> None:
    ran = run("auth logout")

    assert (4, "") == (ran.code, ran.out)
    assert "no profile is in use" in ran.err


def test_the_sandbox_cannot_be_logged_out_of(run: Run) -> None:
    ran = run("auth logout sandbox")

    assert (2, "") == (ran.code, ran.out)
    assert "no login to forget" in ran.err

"""The main job, end to end, against the account on loopback and in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support.program import Run
from support.scripted import answer, scripted
from support.serving import serving

from addonctl import sandbox
from addonctl.output import FORMATS
from addonctl.sandbox.app import Application

CALL = "RE73640dced2490fa811f54a87139210ee"
EMPTY = "RE26f68ac47f231ae52d87bf3ddea22850"
TRANSCRIPT = "XR68b652bc56ffb143af7cdb76f8cbc0ef"
TEXT = "XH490b86aebe891b7656eebf1333bc7523"
PLACE = f"/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings/{CALL}/AddOnResults"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an account served on loopback, with a login for it in variables."""
    file = tmp_path / "account.sqlite"
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", sandbox.ACCOUNT)
    monkeypatch.setenv("TWILIO_API_KEY", sandbox.API_KEY)
    monkeypatch.setenv("TWILIO_API_SECRET", sandbox.API_SECRET)
    with serving(lambda url: Application(file, store_url=url)) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.api_url)
        yield server.api_url


def asked(url: str) -> list[dict[str, object]]:
    """The items of a list, as the API has them."""
    found: list[dict[str, object]] = []
    with requests.Session() as session:
        session.auth = (sandbox.ACCOUNT, sandbox.AUTH_TOKEN)
        following: str | None = url
        while following:
            page = session.get(following, timeout=10).json()
            found += next(value for value in page.values() if isinstance(value, list))
            uri = page["next_page_uri"]
            following = url.partition("/2010")[0] + uri if uri else None
    return found


@pytest.mark.parametrize("size", [1, 2, 50, 1000])
@pytest.mark.parametrize(
    ("line", "path"),
    [
        (f"results list {CALL}", f"{PLACE}.json"),
        (f"payloads list {CALL} {TRANSCRIPT}", f"{PLACE}/{TRANSCRIPT}/Payloads.json"),
        ("recordings list", f"/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings.json"),
    ],
)
def test_a_list_as_json_is_the_apis_own(
    run: Run, service: str, line: str, path: str, size: int
) -> None:
    ran = run(f"{line} --format json --page-size {size}")

    theirs = asked(f"{service}{path}?PageSize=1000")
    assert len(theirs) >= 2
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == theirs


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (f"results get {CALL} {TRANSCRIPT}", f"{PLACE}/{TRANSCRIPT}.json"),
        (
            f"payloads get {CALL} {TRANSCRIPT} {TEXT}",
            f"{PLACE}/{TRANSCRIPT}/Payloads/{TEXT}.json",
        ),
    ],
)
def test_a_single_thing_as_json_is_the_apis_own(
    run: Run, service: str, line: str, path: str
) -> None:
    ran = run(f"{line} --format json")

    login = (sandbox.ACCOUNT, sandbox.AUTH_TOKEN)
    theirs = requests.get(f"{service}{path}", auth=login, timeout=10).json()
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == theirs


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "line",
    [
        "recordings list",
        f"results list {CALL}",
        f"results list {EMPTY}",
        f"results get {CALL} {TRANSCRIPT}",
        f"payloads list {CALL} {TRANSCRIPT}",
        f"results payloads list {CALL} {TRANSCRIPT}",
        f"payloads get {CALL} {TRANSCRIPT} {TEXT}",
        f"results delete {CALL} {TRANSCRIPT} --yes",
        f"payloads delete {CALL} {TRANSCRIPT} {TEXT} --yes",
        f"results download {CALL}",
    ],
)
def test_every_answer_comes_in_every_format(run: Run, service: str, line: str, format: str) -> None:
    ran = run(f"{line} --format {format}")

    assert ran.code == 0, ran.err
    assert ran.out or (EMPTY in line and format in ("jsonl", "sids"))


def test_what_is_deleted_is_gone_for_every_other_process(run: Run, service: str) -> None:
    deleted = run(f"results delete {CALL} {TRANSCRIPT} --yes")
    got = subprocess.run(
        [sys.executable, "-m", "addonctl", "results", "get", CALL, TRANSCRIPT],
        env={**os.environ},
        capture_output=True,
        text=True,
    )

    assert deleted.code == 0
    assert (got.returncode, got.stdout) == (3, "")
    assert TRANSCRIPT in got.stderr


def test_the_data_of_a_payload_is_shown_exactly(run: Run, service: str) -> None:
    shown = run(f"payloads show {CALL} {TRANSCRIPT} {TEXT}")
    link = run(f"payloads url {CALL} {TRANSCRIPT} {TEXT}").out.strip()

    assert shown.code == 0
    assert shown.out == requests.get(link, timeout=10).text
    assert shown.out.startswith("Agent: ")


@pytest.mark.parametrize(
    "address",
    [
        f"{CALL} {TRANSCRIPT}",
        f"{CALL}/{TRANSCRIPT}",
        f"{PLACE}/{TRANSCRIPT}",
        f"{PLACE}/{TRANSCRIPT}.json",
        f"https://api.twilio.com{PLACE}/{TRANSCRIPT}/Payloads",
        f"https://api.dublin.ie1.twilio.com{PLACE}/{TRANSCRIPT}/Payloads.json?PageSize=50",
    ],
)
def test_a_place_may_be_written_in_every_way_it_is_met(
    run: Run, service: str, address: str
) -> None:
    ran = run(f"payloads list {address} --format sids")

    assert ran.code == 0
    assert f"{CALL}/{TRANSCRIPT}/{TEXT}" in ran.out.split()


def test_a_url_of_a_subaccount_is_asked_there(run: Run, service: str) -> None:
    recordings = run(f"recordings list --account {sandbox.SUBACCOUNT} --format sids").out.split()
    url = f"{service}/2010-04-01/Accounts/{sandbox.SUBACCOUNT}/Recordings/{recordings[0]}.json"

    ran = run("results", "list", url, "--format", "json")

    assert ran.code == 0
    assert {row["account_sid"] for row in json.loads(ran.out)} <= {sandbox.SUBACCOUNT}
    assert run(f"results list {recordings[0]}").code == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("results list", "a recording (RE…)"),
        ("results list hello", "'hello' is no address"),
        (f"results list {TRANSCRIPT}", "needs its recording"),
        (f"results list {CALL[:-1]}", "no whole SID"),
        (f"results list {sandbox.ACCOUNT}", "the SID of an account"),
        (f"results list {CALL} {TRANSCRIPT}", "expected a recording"),
        (f"results get {CALL}", "expected a result"),
        (f"results get {TRANSCRIPT} {CALL}", "needs its recording"),
        (f"payloads get {CALL} {TEXT}", "needs its result"),
        (f"payloads show {CALL} {TRANSCRIPT} {TEXT} {TEXT[:-1]}0", "one too many"),
        (f"results list {CALL} --format yaml", "yaml"),
        (f"results list {CALL} --fields sid,colour", "colour"),
        (f"results list {CALL} --limit -1", "--limit"),
        (f"results list {CALL} --page-size 5000", "1 to 1000"),
        (f"results list {CALL} --status done", "no status 'done'"),
        (f"results list {CALL} --workers 0", "--workers"),
        (f"results delete {CALL} {TRANSCRIPT}", "--yes"),
        (f"results delete {CALL} --yes", "expected a result"),
        (f"results lsit {CALL}", "Did you mean 'list'"),
        (f"results list {CALL} --nonsense", "--nonsense"),
    ],
)
def test_wrong_words_end_before_any_request(
    run: Run, service: str, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    with scripted(answer({}, 500)) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        ran = run(line)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert server.heard == []


def test_a_wrong_login_is_refused(run: Run, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_API_SECRET", "something-else")

    ran = run(f"results list {CALL} --format csv")

    assert (ran.code, ran.out) == (4, "")
    assert "Authenticate" in ran.err
    assert "something-else" not in ran.err


def test_what_is_not_there_is_not_found(run: Run, service: str) -> None:
    ran = run(f"results list {CALL[:-4]}0000 --format csv")

    assert (ran.code, ran.out) == (3, "")
    assert "30 days" in ran.err

"""`addonctl auth login --from-twilio-cli`: another tool's profiles, taken over one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
)
from support.program import Run
from support.scripted import Scripted, scripted

from addonctl.profiles import secret_flaw

TAKE = "auth login --from-twilio-cli --insecure-storage"
GOOD = {"accountSid": ACCOUNT, "apiKey": KEY, "apiSecret": SECRET, "region": "ie1"}
NO_ACCOUNT, NO_KEY = "it names no account (AC…)", "it names no API key (SK…)"
ONE_WORD = "must be one word of letters, digits and hyphens, such as ie1 or dublin"
BAD = {"accountSid": OTHER_ACCOUNT, "apiKey": OTHER_KEY, "apiSecret": OTHER_SECRET}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A service that refuses OTHER_SECRET and takes the rest."""
    with scripted(refuse_only(basic(OTHER_KEY, OTHER_SECRET))) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        yield server


def write(home: Path, content: Any) -> Path:
    path = home / ".twilio-cli" / "config.json"
    path.parent.mkdir()
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_its_profiles_are_taken_over_and_the_one_in_use_stays_so(
    run: Run, service: Scripted, home: Path
) -> None:
    path = write(home, {"profiles": {"a": GOOD, "b": GOOD}, "activeProject": "b", "email": {}})
    before = path.read_text()
    ran = run(f"{TAKE} --format csv --no-header")
    listed = run("auth list --format csv --fields profile,in_use,key_sid,region --no-header")
    used = run("recordings list")

    assert (0, 0) == (ran.code, used.code)
    assert ran.out == f"b,{ACCOUNT},done,\na,{ACCOUNT},done,\n"
    assert listed.out == f"b,true,{KEY},ie1\na,false,{KEY},ie1\n"
    assert f"the secrets still lie readable in {path}" in ran.err
    assert SECRET not in ran.out + ran.err
    assert path.read_text() == before


def test_the_edge_of_that_tool_is_the_edge_of_its_profiles(
    run: Run, service: Scripted, home: Path
) -> None:
    """It has one for all of them, beside them; a profile may say another."""
    profiles = {"a": GOOD, "b": GOOD | {"edge": "tokyo"}, "c": GOOD | {"region": None}}
    write(home, {"edge": "dublin", "profiles": profiles})
    ran = run(TAKE)
    listed = run("auth list --format csv --fields profile,region,edge --no-header")

    assert ran.code == 0
    assert listed.out == "a,ie1,dublin\nb,ie1,tokyo\nc,,dublin\n"


@pytest.mark.parametrize("edge", [None, "", 7, ["dublin"], {"a": 1}])
def test_an_edge_that_is_no_word_is_none(
    run: Run, service: Scripted, home: Path, edge: Any
) -> None:
    write(home, {"edge": edge, "profiles": {"a": GOOD}})
    ran = run(TAKE)
    listed = run("auth list --format csv --fields profile,edge --no-header")

    assert (0, "a,\n") == (ran.code, listed.out)


def test_one_that_is_refused_is_not_taken_and_the_others_are(
    run: Run, service: Scripted, home: Path
) -> None:
    write(home, {"profiles": {"good": GOOD, "bad": BAD}})
    ran = run(f"{TAKE} --format csv --fields profile,outcome --no-header")
    listed = run("auth list --format csv --fields profile --no-header")

    assert (6, "good,done\nbad,failed\n") == (ran.code, ran.out)
    assert listed.out == "good\n"
    assert OTHER_SECRET not in (folder(home) / "secrets.json").read_text()


def test_all_refused_alike_is_their_own_exit_code(run: Run, service: Scripted, home: Path) -> None:
    write(home, {"profiles": {"bad": BAD, "worse": BAD}})
    ran = run(TAKE)

    assert ran.code == 4
    assert "2 of 2 profiles" in ran.err


def test_no_verify_takes_them_untried(run: Run, service: Scripted, home: Path) -> None:
    write(home, {"profiles": {"good": GOOD, "bad": BAD}})
    ran = run(f"{TAKE} --no-verify")

    assert ran.code == 0
    assert service.heard == []


def test_a_name_that_is_taken_stays_whose_it_was(run: Run, service: Scripted, home: Path) -> None:
    log_in(run, "work", account=OTHER_ACCOUNT, key=OTHER_KEY, secret="kept-as-it-was")
    write(home, {"profiles": {"work": GOOD, "more": GOOD}})
    ran = run(f"{TAKE} --format csv --fields profile,outcome,detail --no-header")
    secrets = json.loads((folder(home) / "secrets.json").read_text())

    assert ran.code == 6
    assert f'work,failed,"there is a profile of this name, for {OTHER_KEY}; it stays"' in ran.out
    assert secrets[f"work:{OTHER_KEY}"] == "kept-as-it-was"
    assert secrets[f"more:{KEY}"] == SECRET


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({}, NO_ACCOUNT),
        ("text", NO_ACCOUNT),
        (["accountSid"], NO_ACCOUNT),
        (GOOD | {"accountSid": KEY}, NO_ACCOUNT),
        (GOOD | {"accountSid": [ACCOUNT]}, NO_ACCOUNT),
        (GOOD | {"apiKey": None}, NO_KEY),
        (GOOD | {"apiKey": [KEY]}, NO_KEY),
        (GOOD | {"apiSecret": ""}, "its secret is empty"),
        (GOOD | {"apiSecret": 7}, "its secret is empty"),
        (GOOD | {"apiSecret": [SECRET]}, "its secret is empty"),
        (GOOD | {"apiSecret": "two words"}, f"its secret {secret_flaw('two words')}"),
        (GOOD | {"apiSecret": "\ud800"}, f"its secret {secret_flaw('two words')}"),
        (GOOD | {"region": "evil.test/"}, f"the region {ONE_WORD}"),
        (GOOD | {"edge": "evil.test/"}, f"the edge {ONE_WORD}"),
    ],
)
def test_a_profile_that_is_no_whole_login_says_why(
    run: Run, service: Scripted, home: Path, entry: Any, why: str
) -> None:
    write(home, {"profiles": {"odd": entry, "good": GOOD}})
    ran = run(f"{TAKE} --format json")

    assert ran.code == 6
    assert json.loads(ran.out)[0] == {
        "profile": "odd",
        "account_sid": None,
        "outcome": "failed",
        "detail": why,
    }
    assert len(service.heard) == 1


@pytest.mark.parametrize("name", ["sandbox", "", " x", "a\u001b[31mb", "x" * 99, "\ud800"])
def test_a_name_we_cannot_have_is_not_taken(
    run: Run, service: Scripted, home: Path, name: str
) -> None:
    write(home, {"profiles": {name: GOOD, "good": GOOD}})
    ran = run(f"{TAKE} --format table")

    assert ran.code == 6
    assert "\x1b" not in ran.out + ran.err


def test_where_there_is_none_it_is_exit_3(run: Run, home: Path) -> None:
    ran = run(TAKE)

    why = f"there is no {home}/.twilio-cli/config.json to take profiles from"
    assert ran == (3, "", f"addonctl: {why}\nhint: addonctl auth login\n")


@pytest.mark.parametrize(
    "content", [{}, {"profiles": {}}, {"profiles": []}, [], {"projects": []}, '"text"', 7]
)
def test_where_it_holds_no_profiles_it_is_exit_3(run: Run, home: Path, content: Any) -> None:
    path = write(home, content)
    ran = run(TAKE)

    assert ran == (3, "", f"addonctl: {path} holds no profiles\nhint: addonctl auth login\n")


def test_one_nested_without_end_is_exit_2(run: Run, home: Path) -> None:
    path = write(home, "[" * 100_000)
    ran = run(TAKE)

    assert (2, "") == (ran.code, ran.out)
    assert f"{path}, line 1: not valid JSON" in ran.err


def test_a_broken_one_is_exit_2_naming_file_and_line(run: Run, home: Path) -> None:
    path = write(home, '{\n"profiles": {"a": {"apiSecret": "' + SECRET)
    ran = run(TAKE)

    assert (2, "") == (ran.code, ran.out)
    assert f"{path}, line 2: not valid JSON" in ran.err
    assert SECRET not in ran.err


@pytest.mark.parametrize(
    "more", ["work", "--secret-stdin", f"--key {KEY}", f"--account {ACCOUNT}", "-p x", "--edge x"]
)
def test_it_takes_whole_profiles_only(run: Run, home: Path, more: str) -> None:
    write(home, {"profiles": {"good": GOOD}})
    ran = run(f"{TAKE} {more}")

    assert (2, "") == (ran.code, ran.out)
    assert not folder(home).exists()


def test_without_a_keyring_nothing_is_taken(run: Run, service: Scripted, home: Path) -> None:
    write(home, {"profiles": {"good": GOOD}})
    ran = run("auth login --from-twilio-cli")

    assert (4, "") == (ran.code, ran.out)
    assert "--insecure-storage" in ran.err
    assert service.heard == []

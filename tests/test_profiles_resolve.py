"""Whose login it is: a named profile, else variables, else the profile in use."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from support.logins import (
    ACCOUNT,
    KEY,
    NO_RECORDINGS,
    OTHER_ACCOUNT,
    OTHER_KEY,
    OTHER_SECRET,
    SECRET,
    basic,
    log_in,
    senders,
)
from support.program import Run
from support.scripted import Scripted, answer, scripted

from addonctl.profiles import api_url, resolve
from addonctl.profiles.config import Profile
from addonctl.profiles.keeping import Profiles

VARIABLES = {
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_API_KEY": KEY,
    "TWILIO_API_SECRET": SECRET,
    "TWILIO_AUTH_TOKEN": "the-token-of-the-account",
}
NAMED = {"profile": None, "account": None, "region": None, "edge": None}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A service that takes any login, and remembers whose it was."""
    with scripted(answer(NO_RECORDINGS)) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        yield server


def set_all(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_a_named_profile_beats_variables_and_they_beat_the_profile_in_use(
    run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(run, "used", account=OTHER_ACCOUNT, key=OTHER_KEY, secret=OTHER_SECRET)
    log_in(run, "named", account=OTHER_ACCOUNT, key="", secret="a-token")
    run("recordings list")
    set_all(monkeypatch, VARIABLES)
    run("recordings list")
    run("-p named recordings list")
    run("recordings list -p named")
    monkeypatch.setenv("ADDONCTL_PROFILE", "named")
    run("recordings list")
    run("recordings list -p used")

    used, named = basic(OTHER_KEY, OTHER_SECRET), basic(OTHER_ACCOUNT, "a-token")
    assert senders(service) == [used, basic(KEY, SECRET), named, named, named, used]


@pytest.mark.parametrize(
    "names",
    [
        ("TWILIO_API_KEY", "TWILIO_API_SECRET"),
        ("TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET"),
        ("TWILIO_API_KEY", "TWILIO_API_KEY_SECRET"),
    ],
)
def test_a_key_pair_goes_by_either_name_and_beats_the_token(
    run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    token = {"TWILIO_AUTH_TOKEN": "token", "TWILIO_ACCOUNT_SID": ACCOUNT}
    set_all(monkeypatch, {names[0]: KEY, names[1]: SECRET, **token})
    run("recordings list")

    assert senders(service) == [basic(KEY, SECRET)]
    assert service.heard[0].target.startswith(f"/2010-04-01/Accounts/{ACCOUNT}/Recordings.json")


def test_a_token_alone_does(run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": " token\n"})
    run("recordings list")

    assert senders(service) == [basic(ACCOUNT, "token")]


def test_a_subaccount_is_acted_on_with_the_accounts_own_login(
    run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(run)
    run(f"recordings list --account {OTHER_ACCOUNT}")
    set_all(monkeypatch, VARIABLES)
    run(f"recordings list --account {OTHER_ACCOUNT}")

    assert senders(service) == [basic(KEY, SECRET)] * 2
    assert all(f"/Accounts/{OTHER_ACCOUNT}/" in request.target for request in service.heard)


@pytest.mark.parametrize("word", ["AC12", KEY, "me", OTHER_ACCOUNT + "/../x"])
def test_a_subaccount_that_is_none_is_exit_2(run: Run, service: Scripted, word: str) -> None:
    log_in(run)
    ran = run("recordings", "list", "--account", word)

    assert (2, "") == (ran.code, ran.out)
    assert "--account takes the SID of an account" in ran.err
    assert service.heard == []


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ("TWILIO_ACCOUNT_SID", "neither TWILIO_API_KEY with TWILIO_API_SECRET nor TWILIO_AUTH_"),
        ("TWILIO_ACCOUNT_SID TWILIO_API_KEY", "TWILIO_API_KEY is set, but TWILIO_API_SECRET is"),
        (
            "TWILIO_ACCOUNT_SID TWILIO_API_KEY TWILIO_AUTH_TOKEN",
            "TWILIO_API_KEY is set, but TWILIO_API_SECRET is not",
        ),
        ("TWILIO_ACCOUNT_SID TWILIO_API_SECRET", "TWILIO_API_SECRET is set, but TWILIO_API_KEY is"),
        ("TWILIO_API_KEY TWILIO_API_SECRET", "TWILIO_API_KEY is set, but TWILIO_ACCOUNT_SID is"),
        ("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN is set, but TWILIO_ACCOUNT_SID is not"),
    ],
)
def test_half_a_login_in_variables_is_exit_4_and_says_which_half_is_missing(
    run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch, variables: str, said: str
) -> None:
    """Also where a profile is in use: somebody wanted another login."""
    log_in(run)
    set_all(monkeypatch, {name: VARIABLES[name] for name in variables.split()})
    ran = run("recordings list")

    assert (4, "") == (ran.code, ran.out)
    assert said in ran.err
    assert service.heard == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TWILIO_ACCOUNT_SID", SECRET, "TWILIO_ACCOUNT_SID is not the SID of an account"),
        ("TWILIO_ACCOUNT_SID", KEY, "TWILIO_ACCOUNT_SID is not the SID of an account"),
        ("TWILIO_API_KEY", SECRET, "TWILIO_API_KEY is not the SID of an API key"),
        ("TWILIO_API_KEY", ACCOUNT, "TWILIO_API_KEY is not the SID of an API key"),
        ("TWILIO_API_SECRET", f"{SECRET} {SECRET}", "TWILIO_API_SECRET holds spaces"),
        ("TWILIO_API_SECRET", f"{SECRET}\n{SECRET}", "TWILIO_API_SECRET holds spaces"),
        ("TWILIO_API_SECRET", f"{SECRET}ß", "TWILIO_API_SECRET holds spaces, line breaks or char"),
        ("TWILIO_API_SECRET", " \ufeff ", "TWILIO_API_SECRET is empty"),
    ],
)
def test_a_variable_that_cannot_be_right_is_named_and_its_value_never_is(
    run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    set_all(monkeypatch, VARIABLES | {name: value})
    ran = run("recordings list --verbose")

    assert (4, "") == (ran.code, ran.out)
    assert said in ran.err
    assert value.strip()[:8] not in ran.err.replace(said, "") or not value.strip()
    assert service.heard == []


def test_what_pasting_brings_along_is_trimmed(
    run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    pasted = {name: f"\ufeff  {value}\u200b\r\n" for name, value in VARIABLES.items()}
    set_all(monkeypatch, pasted)
    run("recordings list")

    assert senders(service) == [basic(KEY, SECRET)]


@pytest.mark.parametrize("named", ["-p", "variable", "in use"])
def test_an_unknown_profile_is_exit_4_and_the_known_ones_are_named(
    run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    log_in(run, "home")
    log_in(run, "work")
    if named == "variable":
        monkeypatch.setenv("ADDONCTL_PROFILE", "wrok")
    ran = (
        run("auth use wrok")
        if named == "in use"
        else run("recordings list" + (" -p wrok" if named == "-p" else ""))
    )

    assert (4, "") == (ran.code, ran.out)
    assert "no profile named 'wrok'; there are: home, work, sandbox" in ran.err
    assert service.heard == []


def test_no_login_at_all_says_what_to_do(run: Run) -> None:
    ran = run("recordings list")

    assert (4, "") == (ran.code, ran.out)
    assert ran.err.startswith("addonctl: not logged in\nhint: addonctl auth login")
    assert "TWILIO_ACCOUNT_SID" in ran.err


def test_profiles_with_none_in_use_are_named(run: Run) -> None:
    log_in(run, "home")
    log_in(run, "work")
    run("auth logout home")
    ran = run("recordings list")

    assert (4, "") == (ran.code, ran.out)
    assert "no profile is in use; there are: work" in ran.err
    assert "addonctl auth use NAME" in ran.err


@pytest.mark.parametrize("how", ["-p", "variable", "in use"])
def test_the_sandbox_needs_no_login(
    run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "variable":
        monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")
    if how == "in use":
        assert run("auth use sandbox").code == 0
    ran = run("recordings list --format json" + (" -p sandbox" if how == "-p" else ""))

    assert (0, "") == (ran.code, ran.err)
    assert json.loads(ran.out)
    assert service.heard == []


@pytest.mark.parametrize(
    ("flags", "variables", "kept", "url"),
    [
        ({}, {}, (), "https://api.twilio.com"),
        ({}, {}, ("--region", "ie1"), "https://api.ie1.twilio.com"),
        ({}, {}, ("--edge", "dublin"), "https://api.dublin.us1.twilio.com"),
        ({}, {}, ("--region", "ie1", "--edge", "dublin"), "https://api.dublin.ie1.twilio.com"),
        ({"region": "au1"}, {}, ("--region", "ie1"), "https://api.au1.twilio.com"),
        ({}, {"TWILIO_REGION": "au1"}, ("--region", "ie1"), "https://api.au1.twilio.com"),
        ({"edge": "tokyo"}, {"TWILIO_EDGE": "x"}, (), "https://api.tokyo.us1.twilio.com"),
        ({"edge": "tokyo"}, {"TWILIO_REGION": "jp1"}, (), "https://api.tokyo.jp1.twilio.com"),
        ({"region": "au1"}, {"ADDONCTL_API_URL": "https://x.test/"}, (), "https://x.test"),
    ],
)
def test_region_and_edge_make_the_address(
    run: Run,
    home: object,
    flags: dict[str, str],
    variables: dict[str, str],
    kept: tuple[str, ...],
    url: str,
) -> None:
    import os

    log_in(run, "work", *kept)
    login = resolve(**NAMED | flags, environment=os.environ | variables)  # type: ignore[arg-type]

    assert login.api_url == url
    assert login.source == "file"


def test_a_login_is_tried_at_the_address_that_it_will_have(home: object) -> None:
    """It is no profile yet; and the address that replaces all others replaces this one too."""
    profile = Profile("work", ACCOUNT, KEY, "ie1", "dublin")
    tried = [
        Profiles(environment).login(profile, SECRET).api_url
        for environment in ({}, {"ADDONCTL_API_URL": "https://x.test"})
    ]

    assert tried == ["https://api.dublin.ie1.twilio.com", "https://x.test"]


@pytest.mark.parametrize("word", ["evil.test/", "a@b", "x.y", "", "a b", "-", "ie1\n", "x#", "ü"])
def test_a_region_that_could_name_another_host_gets_no_login(
    run: Run, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    set_all(monkeypatch, VARIABLES)
    if not word:
        assert api_url(word, word) == "https://api.twilio.com"
        return
    for flag in ("--region", "--edge"):
        ran = run("recordings", "list", f"{flag}={word}")

        assert (2, "") == (ran.code, ran.out)
        assert "must be one word of letters, digits and hyphens" in ran.err


@pytest.mark.parametrize(
    "url",
    [
        "http://api.twilio.com",
        "http://127.0.0.1.evil.test",
        "http://localhost@evil.test",
        "https://user:pass@api.twilio.com",
        "https://api.twilio.com?x=1",
        "https://api.twilio.com#x",
        "ftp://127.0.0.1",
        "//127.0.0.1",
        "https://",
        "http://[::1",
        "https://h:99999999",
    ],
)
def test_an_address_that_would_carry_the_login_in_the_clear_is_exit_2(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    set_all(monkeypatch, VARIABLES | {"ADDONCTL_API_URL": url})
    ran = run("recordings list")

    assert (2, "") == (ran.code, ran.out)
    assert "https" in ran.err
    assert "pass" not in ran.err


def test_with_login_variables_neither_keyring_nor_settings_are_touched(home: object) -> None:
    """Nothing is imported for it either: not even the reader of config.toml."""
    program = (
        "import os, sys; from addonctl.profiles import resolve;"
        "resolve(profile=None, account=None, region=None, edge=None, environment=os.environ);"
        "print([m for m in ('keyring', 'tomllib', 'tomlkit', 'platformdirs', 'json', 'tempfile')"
        " if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=VARIABLES | {"ADDONCTL_CONFIG_DIR": "/dev/null/nowhere"},
        capture_output=True,
        text=True,
    )

    assert ("[]\n", "") == (ran.stdout, ran.stderr)


def test_a_whole_command_with_login_variables_imports_no_keyring(
    service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, VARIABLES | {"PYTHON_KEYRING_BACKEND": "no.such.Keyring"})
    program = (
        "import sys; from addonctl.cli import main; code = main(['recordings', 'list']);"
        "sys.exit(code or 'keyring' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (0, "") == (ran.returncode, ran.stderr)
    assert senders(service) == [basic(KEY, SECRET)]


def test_nobody_can_print_a_login_by_accident() -> None:
    login = resolve(**NAMED, environment=VARIABLES)

    assert login.secret == SECRET
    assert SECRET not in f"{login!r} {login!s} {login}"

"""`addonctl auth login`: asked for, tried, and only then kept."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

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
    senders,
    take_only,
)
from support.program import Run
from support.scripted import Scripted, scripted
from support.terminal import Terminal

NO_ACCOUNT = "is not the SID of an account (AC and 32 hexadecimal digits)"
LOGIN = f"auth login work --account {ACCOUNT} --key {KEY} --secret-stdin --insecure-storage"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A service that takes KEY with SECRET."""
    with scripted(take_only(basic(KEY, SECRET))) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        yield server


def kept(home: Path) -> dict[str, bytes]:
    """All that is kept, byte for byte."""
    found = folder(home).glob("*") if folder(home).exists() else ()
    return {path.name: path.read_bytes() for path in found if not path.name.endswith(".lock")}


def test_a_login_is_tried_and_then_kept(run: Run, service: Scripted, home: Path) -> None:
    ran = run(LOGIN, stdin=SECRET)
    used = run("recordings list --format json")

    assert (0, "") == (ran.code, ran.out)
    assert f"logged in to {ACCOUNT} as profile 'work'\n" in ran.err
    assert (0, "[]\n") == (used.code, used.out)
    assert senders(service) == [basic(KEY, SECRET)] * 2
    assert service.heard[0].target.endswith("/Recordings.json?PageSize=1")
    assert SECRET not in (folder(home) / "config.toml").read_text()


def test_a_refused_login_is_not_kept(run: Run, service: Scripted, home: Path) -> None:
    ran = run(LOGIN, stdin=OTHER_SECRET)

    assert (4, "") == (ran.code, ran.out)
    assert "the service refuses this login" in ran.err
    assert "Authenticate" in ran.err
    assert "nothing was kept" in ran.err
    assert OTHER_SECRET not in ran.err
    assert kept(home) == {}


def test_a_service_that_cannot_be_reached_is_exit_5_and_nothing_is_kept(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADDONCTL_API_URL", "http://127.0.0.1:9")
    ran = run(LOGIN + " --retries 0", stdin=SECRET)

    assert (5, "") == (ran.code, ran.out)
    assert kept(home) == {}


def test_no_verify_keeps_it_untried(run: Run, service: Scripted, home: Path) -> None:
    ran = run(LOGIN + " --no-verify", stdin=OTHER_SECRET)

    assert ran.code == 0
    assert service.heard == []
    assert set(kept(home)) == {"config.toml", "secrets.json"}


def test_logging_in_again_replaces_the_secret_only_once_the_new_one_is_tried(
    run: Run, service: Scripted, home: Path
) -> None:
    log_in(run, secret=SECRET)
    before = kept(home)
    refused = run("auth login work --secret-stdin --insecure-storage", stdin=OTHER_SECRET)
    between = kept(home)
    log_in(run, secret="an-older-secret")
    taken = run("auth login work --secret-stdin --insecure-storage", stdin=SECRET)

    assert (4, 0) == (refused.code, taken.code)
    assert before == between == kept(home)


def test_a_new_key_takes_the_old_ones_place(run: Run, home: Path) -> None:
    log_in(run, key=OTHER_KEY, secret=OTHER_SECRET)
    log_in(run)
    secrets = json.loads((folder(home) / "secrets.json").read_text())

    assert list(secrets.values()) == [SECRET]


def test_a_name_that_is_another_accounts_stays_its(run: Run, service: Scripted, home: Path) -> None:
    """Two profiles of one name: the first keeps it."""
    log_in(run, account=OTHER_ACCOUNT, key=OTHER_KEY, secret=OTHER_SECRET)
    before = kept(home)
    ran = run(LOGIN, stdin=SECRET)

    assert (2, "") == (ran.code, ran.out)
    assert f"profile 'work' is a login to {OTHER_ACCOUNT}, and stays so" in ran.err
    assert "addonctl auth logout work" in ran.err
    assert kept(home) == before
    assert service.heard == []


def test_the_first_profile_is_the_one_in_use_and_stays_it(run: Run, service: Scripted) -> None:
    first = run(LOGIN, stdin=SECRET)
    second = run(LOGIN.replace("work", "second"), stdin=SECRET)
    listed = run("auth list --format csv --fields profile,in_use --no-header")

    assert (0, 0) == (first.code, second.code)
    assert "the profile in use is 'work'; change it: addonctl auth use NAME" in second.err
    assert listed.out == "work,true\nsecond,false\n"


def test_a_profile_without_a_name_is_called_default(run: Run, service: Scripted) -> None:
    run(LOGIN.replace(" work", ""), stdin=SECRET)
    run(LOGIN.replace("auth login work", "-p named auth login"), stdin=SECRET)
    listed = run("auth list --format csv --fields profile --no-header")

    assert listed.out == "default\nnamed\n"


def test_two_names_for_one_login_are_exit_2(run: Run, service: Scripted, home: Path) -> None:
    ran = run(LOGIN + " -p other", stdin=SECRET)

    assert (2, "") == (ran.code, ran.out)
    assert kept(home) == {}


def test_the_sandbox_cannot_be_logged_in_to(run: Run, home: Path) -> None:
    ran = run(LOGIN.replace("work", "sandbox"), stdin=SECRET)

    assert (2, "") == (ran.code, ran.out)
    assert "choose another name" in ran.err
    assert kept(home) == {}


@pytest.mark.parametrize(
    "pasted",
    [
        f"{SECRET}\n",
        f"  {SECRET}  \r\n",
        f"\ufeff{SECRET}",
        f"\u200b{SECRET}\u200b\n\n",
        f"\t{SECRET}\xa0",
        f" \ufeff \u2060{SECRET}\u200d \n",
    ],
)
def test_what_pasting_brings_along_is_trimmed(run: Run, service: Scripted, pasted: str) -> None:
    ran = run(LOGIN, stdin=pasted)

    assert ran.code == 0
    assert senders(service) == [basic(KEY, SECRET)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", "the secret is empty"),
        (b"\n\n", "the secret is empty"),
        ("\ufeff\u200b \n".encode(), "the secret is empty"),
        (b"two words", "the secret holds spaces"),
        (b"line-one\nline-two\n", "the secret holds spaces, line breaks"),
        (b"nul\x00byte", "the secret holds"),
        (b"\xff\xfes\x00e\x00c\x00", "the secret holds"),
        ("schlüssel".encode(), "the secret holds"),
        ("geh\u200beim".encode(), "the secret holds"),
    ],
)
def test_what_cannot_be_a_secret_is_exit_2_and_not_repeated(
    run: Run, service: Scripted, home: Path, given: bytes, said: str
) -> None:
    ran = run(LOGIN, stdin=given)

    assert (2, "") == (ran.code, ran.out)
    assert said in ran.err
    assert "line-one" not in ran.err
    assert "words" not in ran.err
    assert kept(home) == {}
    assert service.heard == []


@pytest.mark.parametrize(
    ("account", "key", "said"),
    [
        (KEY, KEY, "not the SID of an account"),
        (SECRET, KEY, "not the SID of an account"),
        ("AC12", KEY, "not the SID of an account"),
        (ACCOUNT, ACCOUNT, "not the SID of an API key"),
        (ACCOUNT, SECRET, "not the SID of an API key"),
    ],
)
def test_a_sid_of_the_wrong_kind_is_exit_2_and_not_repeated(
    run: Run, service: Scripted, home: Path, account: str, key: str, said: str
) -> None:
    """It may be the secret, pasted in the wrong place."""
    line = f"auth login --account {account} --key {key} --secret-stdin --insecure-storage"
    ran = run(line, stdin=SECRET)

    assert (2, "") == (ran.code, ran.out)
    assert said in ran.err
    assert SECRET not in ran.err
    assert kept(home) == {}


def test_without_a_key_the_secret_is_the_auth_token(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(take_only(basic(ACCOUNT, SECRET))) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        ran = run(f"auth login --account {ACCOUNT} --secret-stdin --insecure-storage", stdin=SECRET)

    assert ran.code == 0
    assert "key" not in (folder(home) / "config.toml").read_text()


def test_a_variable_that_is_set_to_nothing_leaves_nothing_in_the_file(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(run)
    before = kept(home)
    run("auth logout work")
    for name in ("TWILIO_REGION", "TWILIO_EDGE"):
        monkeypatch.setenv(name, "")

    assert log_in(run).code == 0
    assert kept(home) == before


@pytest.mark.parametrize("line", ["auth login", f"auth login --account {ACCOUNT} --key {KEY}"])
def test_where_nobody_can_be_asked_the_pipe_is_named(run: Run, line: str) -> None:
    ran = run(line, stdin=SECRET)

    assert (2, "") == (ran.code, ran.out)
    assert "nobody is here to ask" in ran.err
    assert "--secret-stdin" in ran.err


def test_an_account_that_is_missing_is_asked_for_by_its_flag(run: Run, home: Path) -> None:
    ran = run("auth login --secret-stdin --insecure-storage", stdin=SECRET)

    assert (2, "") == (ran.code, ran.out)
    assert "add --account AC…" in ran.err
    assert kept(home) == {}


def test_there_is_no_flag_for_a_secret(run: Run) -> None:
    """It would show in the list of processes and in the shell's history."""
    for flag in ("--secret", "--token", "--auth-token", "--password"):
        ran = run("auth", "login", f"{flag}={SECRET}")

        assert (2, "") == (ran.code, ran.out)
    helped = run("auth login --help")

    assert "--secret-stdin" in helped.out
    assert "--secret " not in helped.out


def test_without_a_keyring_nothing_is_asked_and_nothing_is_kept(
    run: Run, service: Scripted, home: Path
) -> None:
    ran = run(LOGIN.replace(" --insecure-storage", ""), stdin=SECRET)

    assert (4, "") == (ran.code, ran.out)
    assert "this machine has no keyring" in ran.err
    assert "TWILIO_API_SECRET" in ran.err
    assert "--insecure-storage" in ran.err
    assert kept(home) == {}
    assert service.heard == []


def test_insecure_storage_is_said_out_loud_each_time(
    run: Run, service: Scripted, home: Path
) -> None:
    """Under --quiet too."""
    path = folder(home) / "secrets.json"
    for _ in range(2):
        ran = run(LOGIN + " --quiet", stdin=SECRET)

        assert (0, "") == (ran.code, ran.out)
        assert f"the secret lies readable in {path} (mode 0600)" in ran.err


def test_the_file_of_secrets_has_mode_0600_from_its_first_byte(
    run: Run, service: Scripted, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the umask; and no call changes a mode later."""
    opened: list[tuple[str, int, int]] = []
    real_open = os.open

    def watched(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        opened.append((str(path), flags, mode))
        return real_open(path, flags, mode, **more)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a mode was changed")

    monkeypatch.setattr(os, "open", watched)
    for name in ("chmod", "fchmod", "lchmod"):
        if hasattr(os, name):
            monkeypatch.setattr(os, name, never)
    umask = os.umask(0)
    try:
        ran = run(LOGIN, stdin=SECRET)
    finally:
        os.umask(umask)
    made = [
        (flags & os.O_EXCL, mode)
        for path, flags, mode in opened
        if "secrets.json" in path and flags & os.O_CREAT and not path.endswith(".lock")
    ]

    assert ran.code == 0
    assert made == [(os.O_EXCL, 0o600)]
    assert stat.S_IMODE((folder(home) / "secrets.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
def test_a_file_of_secrets_that_others_can_reach_is_not_used(
    run: Run, service: Scripted, home: Path, mode: int
) -> None:
    log_in(run)
    path = folder(home) / "secrets.json"
    path.chmod(mode)
    ran = run("recordings list")

    assert (4, "") == (ran.code, ran.out)
    assert f"{path} holds secrets and others may read it" in ran.err
    assert f"chmod 600 {path}" in ran.err
    assert service.heard == []


@pytest.mark.parametrize(
    "text",
    [
        *('{\n"a": "', "[]", '{"a": 1}', "null", '{\n\n"a"}', '{"x": ["a"]}', '{"x": {"a": "a"}}'),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param("a" * (1 << 12), id="long"),
    ],
)
def test_a_broken_file_of_secrets_is_named_and_not_repeated(
    run: Run, service: Scripted, home: Path, text: str
) -> None:
    log_in(run)
    path = folder(home) / "secrets.json"
    path.write_text(text.replace("a", SECRET))
    ran = run("recordings list")

    why = f"addonctl: {path}, line {text.count(chr(10)) + 1}: broken\n"
    assert ran == (2, "", f"{why}hint: remove the file, and log in again\n")


def test_a_profile_whose_secret_has_gone_says_how_to_get_it_back(run: Run, home: Path) -> None:
    log_in(run)
    (folder(home) / "secrets.json").unlink()
    ran = run("recordings list")

    assert (4, "") == (ran.code, ran.out)
    assert f"holds no secret of {KEY}" in ran.err
    assert "addonctl auth login work" in ran.err


def test_variables_that_would_be_used_first_are_named(
    run: Run, service: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", OTHER_ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", OTHER_SECRET)
    ran = run(LOGIN, stdin=SECRET)

    assert ran.code == 0
    assert "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN set: used before the profile in use" in ran.err
    assert OTHER_SECRET not in ran.err


# On a terminal


def test_on_a_terminal_what_is_missing_is_asked_for_and_the_secret_is_not_shown(
    service: Scripted, home: Path
) -> None:
    terminal = Terminal("auth login --insecure-storage")
    terminal.wait_for("account SID (AC…):")
    terminal.type(f" {ACCOUNT}\n")
    terminal.wait_for("API key SID (SK…")
    terminal.type(f"{KEY}\n")
    terminal.wait_for(f"secret of API key {KEY} (not shown):")
    terminal.type(f"{SECRET} \n")

    assert terminal.end() == 0
    assert SECRET not in terminal.shown
    assert "logged in to" in terminal.shown
    assert senders(service) == [basic(KEY, SECRET)]


def test_on_a_terminal_an_empty_answer_about_the_key_means_the_auth_token(home: Path) -> None:
    terminal = Terminal(f"auth login --insecure-storage --no-verify --account {ACCOUNT}")
    terminal.wait_for("API key SID (SK…")
    terminal.type("\n")
    terminal.wait_for(f"auth token of {ACCOUNT} (not shown):")
    terminal.type(f"{SECRET}\n")

    assert terminal.end() == 0
    assert "key" not in (folder(home) / "config.toml").read_text()


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("\x03", 130, "interrupted"),
        ("\x04", 130, "nothing was answered: the input has ended"),
    ],
    ids=["Ctrl-C", "Ctrl-D"],
)
@pytest.mark.parametrize("question", ["account SID", "API key SID", "(not shown):"])
def test_what_is_not_answered_keeps_nothing(
    home: Path, typed: str, code: int, said: str, question: str
) -> None:
    """Ctrl-D is no answer: neither a wrong one, nor that the secret is the auth token."""
    terminal = Terminal("auth login --insecure-storage --no-verify")
    for asked, answer in (("account SID", ACCOUNT), ("API key SID", KEY), ("(not shown):", "")):
        terminal.wait_for(asked)
        if asked == question:
            break
        terminal.type(f"{answer}\n")
    terminal.type(typed)

    assert terminal.end() == code
    assert said in terminal.shown
    assert "Traceback" not in terminal.shown
    assert kept(home) == {}


def test_a_wrong_answer_may_be_given_again_with_where_to_find_the_right_one(
    service: Scripted, home: Path
) -> None:
    terminal = Terminal("auth login --insecure-storage")
    for question, answers in (
        ("account SID (AC…):", (KEY, SECRET, ACCOUNT)),
        ("API key SID (SK…", (ACCOUNT, KEY)),
        ("(not shown):", ("two words", "", SECRET)),
    ):
        for answer in answers:
            terminal.wait_for(question)
            terminal.type(f"{answer}\n")

    assert terminal.end() == 0
    assert f"that {NO_ACCOUNT}; try again" in terminal.shown
    assert "that is not the SID of an API key (SK and 32 hexadecimal digits); try" in terminal.shown
    assert "the secret is empty; try again" in terminal.shown
    assert "https://console.twilio.com" in terminal.shown
    assert "API keys & tokens" in terminal.shown
    assert senders(service) == [basic(KEY, SECRET)]


@pytest.mark.parametrize(
    ("flags", "question", "answer"),
    [
        ("", "account SID (AC…):", "AC12"),
        (f"--account {ACCOUNT}", "API key SID (SK…", "SK12"),
        (f"--account {ACCOUNT} --key {KEY}", "(not shown):", ""),
    ],
)
def test_after_three_wrong_answers_it_ends(
    service: Scripted, home: Path, flags: str, question: str, answer: str
) -> None:
    terminal = Terminal(f"auth login --insecure-storage {flags}")
    for _ in range(3):
        terminal.wait_for(question)
        terminal.type(f"{answer}\n")

    assert terminal.end() == 2
    assert terminal.shown.count("try again") == 2
    assert "hint: the account SID and its auth token are on the first page of" in terminal.shown
    assert service.heard == []
    assert kept(home) == {}


def test_a_login_that_is_refused_may_be_typed_again(service: Scripted, home: Path) -> None:
    """Account, key and secret must belong together: nobody knows which of them is wrong."""
    terminal = Terminal("auth login --insecure-storage")
    for key, secret in ((OTHER_KEY, OTHER_SECRET), (KEY, SECRET)):
        for question, answer in (("account", ACCOUNT), ("API key SID", key), ("shown", secret)):
            terminal.wait_for(question)
            terminal.type(f"{answer}\n")

    assert terminal.end() == 0
    assert "the service refuses this login" in terminal.shown
    assert "https://console.twilio.com" in terminal.shown
    assert senders(service) == [basic(OTHER_KEY, OTHER_SECRET), basic(KEY, SECRET)]
    assert OTHER_SECRET not in json.loads((folder(home) / "secrets.json").read_text()).values()


def test_of_a_login_that_is_refused_only_what_was_typed_is_asked_for_again(
    service: Scripted, home: Path
) -> None:
    terminal = Terminal(f"auth login work --insecure-storage --account {ACCOUNT} --key {KEY}")
    for secret in ("wrong-1", "wrong-2", "wrong-3"):
        terminal.wait_for("(not shown):")
        terminal.type(f"{secret}\n")

    assert terminal.end() == 4
    assert terminal.shown.count("try again") == 2
    assert "hint: nothing was kept" in terminal.shown
    assert "account SID (AC…):" not in terminal.shown
    assert kept(home) == {}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--account AC12", NO_ACCOUNT),
        (f"--account {ACCOUNT} --key SK12", "not the SID of an API key"),
        ("--region a.b", "the region must be one word"),
        ("sandbox", "choose another name"),
    ],
)
def test_a_word_that_cannot_be_right_ends_it_before_anything_is_asked(
    home: Path, flags: str, said: str
) -> None:
    terminal = Terminal(f"auth login --insecure-storage {flags}")

    assert terminal.end() == 2
    assert said in terminal.shown
    assert "(AC…):" not in terminal.shown
    assert "API key SID (SK…" not in terminal.shown
    assert "not shown" not in terminal.shown


def test_what_was_piped_is_tried_once(run: Run, service: Scripted, home: Path) -> None:
    ran = run(LOGIN, stdin=OTHER_SECRET)

    assert ran.code == 4
    assert len(service.heard) == 1
    assert "try again" not in ran.err


def test_no_input_is_obeyed_on_a_terminal(home: Path) -> None:
    terminal = Terminal("auth login --no-input")

    assert terminal.end() == 2
    assert "nobody is here to ask" in terminal.shown


def test_a_secret_is_not_typed_into_a_terminal_that_shows_it(home: Path) -> None:
    terminal = Terminal(f"auth login --secret-stdin --insecure-storage --account {ACCOUNT}")

    assert terminal.end() == 2
    assert "--secret-stdin reads a pipe" in terminal.shown

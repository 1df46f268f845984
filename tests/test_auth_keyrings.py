"""Secrets in keyrings of each kind, good or not; test_auth_keyring.py has a real one."""

from __future__ import annotations

import json
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.keyrings import Hanging, Memory
from support.logins import (
    ACCOUNT,
    KEY,
    OTHER_ACCOUNT,
    OTHER_KEY,
    OTHER_SECRET,
    SECRET,
    basic,
    folder,
    senders,
    take_only,
    write_config,
)
from support.program import Run
from support.scripted import Scripted, scripted

from addonctl.profiles import keeping, secret_flaw

LOGIN = f"auth login work --account {ACCOUNT} --key {KEY} --secret-stdin"
ENTRY = f"addonctl/work:{KEY}"
IN_KEYRING = f"[profiles.work]\naccount = '{ACCOUNT}'\nkey = '{KEY}'\n"
WAYS_OUT = (
    "set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET,"
    " or keep the secret in a file: addonctl auth login --insecure-storage\n"
)
LOCKED = "the keyring is locked\nhint: unlock it, or "
UNUSABLE = "the keyring cannot be used ({})\nhint: "
NONE = "this machine has no keyring to keep a secret in\nhint: "


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A service that takes SECRET."""
    with scripted(take_only(basic(KEY, SECRET))) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        yield server


@pytest.fixture(autouse=True)
def entries(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the keyring in memory holds, which is the one to use; another program's at first."""
    kept = {f"another/work:{KEY}": "another's"}
    monkeypatch.setattr(Memory, "kept", kept)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "support.keyrings.Memory")
    return kept


def test_a_login_has_one_entry_until_it_is_left(
    run: Run, service: Scripted, entries: dict[str, str], home: Path
) -> None:
    before = dict(entries)
    run(f"{LOGIN.replace(KEY, OTHER_KEY)} --no-verify", stdin=OTHER_SECRET)
    replaced = dict(entries)
    entered = run(LOGIN, stdin=SECRET)
    kept = dict(entries)
    written = tomllib.loads((folder(home) / "config.toml").read_text("utf-8"))
    again = run(LOGIN, stdin=SECRET)
    status = run("auth status --format csv --fields source,keyring,status --no-header")
    left = run("auth logout")

    assert replaced == before | {f"addonctl/work:{OTHER_KEY}": OTHER_SECRET}
    assert kept == before | {ENTRY: SECRET}
    assert written["profiles"] == {"work": {"account": ACCOUNT, "key": KEY}}
    assert entered == again == (0, "", f"logged in to {ACCOUNT} as profile 'work'\n")
    assert status == (0, "keyring,keyrings Memory,accepted\n", "")
    assert (0, before) == (left.code, entries)
    assert senders(service) == [basic(KEY, SECRET)] * 3
    assert not (folder(home) / "secrets.json").exists()


def test_an_earlier_secret_that_cannot_be_removed_is_told(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The login moves into the file, and the keyring it was in is locked."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "support.keyrings.Locked")
    write_config(home, IN_KEYRING)
    ran = run(f"{LOGIN} --insecure-storage --no-verify", stdin=SECRET)

    assert ran == (
        0,
        "",
        f"the secret lies readable in {folder(home) / 'secrets.json'} (mode 0600), as you asked\n"
        "its earlier secret could not be removed: the keyring is locked\n"
        f"logged in to {ACCOUNT} as profile 'work'\n",
    )


def test_leaving_a_login_whose_entry_has_gone_is_no_failure(
    run: Run, entries: dict[str, str], home: Path
) -> None:
    write_config(home, IN_KEYRING)
    before = dict(entries)
    ran = run("auth logout work")

    assert (0, before) == (ran.code, entries)


@pytest.mark.parametrize("backend", [None, "keyring.backends.chainer.ChainerBackend"])
def test_of_many_keyrings_the_best_that_is_no_plain_file_is_used(
    run: Run, entries: dict[str, str], monkeypatch: pytest.MonkeyPatch, backend: str | None
) -> None:
    """Where several can be used, the library gives a chain of them all."""
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    if backend:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    ran = run(f"{LOGIN} --no-verify", stdin=SECRET)

    assert (0, SECRET) == (ran.code, entries.get(ENTRY))


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        ("support.keyrings.Locked", LOCKED),
        ("support.keyrings.Dismissed", LOCKED),
        ("support.keyrings.Failing", UNUSABLE.format("ValueError")),
        ("support.keyrings.Panic", UNUSABLE.format("BaseException")),
        ("support.keyrings.Plain", "the keyring of this machine does not protect secrets\nhint: "),
        ("keyring.backends.fail.Keyring", NONE),
        ("keyring.backends.null.Keyring", NONE),
        ("no.such.Keyring", UNUSABLE.format("ModuleNotFoundError")),
        ("panic.Keyring", UNUSABLE.format("BaseException")),
    ],
)
@pytest.mark.parametrize("line", [LOGIN, "recordings list -p work", "auth logout work"])
def test_a_keyring_that_keeps_no_secrets_is_exit_4_with_the_ways_out(
    run: Run,
    service: Scripted,
    entries: dict[str, str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    said: str,
    line: str,
) -> None:
    """Also where a user has set it: a secret in plain text is for --insecure-storage alone."""
    (home / "panic.py").write_text("raise BaseException('a library panics')")
    monkeypatch.syspath_prepend(home)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    path, before = write_config(home, IN_KEYRING), dict(entries)
    ran = run(line, stdin=SECRET)

    assert ran == (4, "", f"addonctl: {said}{WAYS_OUT}")
    assert (path.read_text(), entries) == (IN_KEYRING, before)
    assert not (folder(home) / "secrets.json").exists()
    assert service.heard == []


def test_a_keyring_whose_service_is_not_running_is_exit_4_with_the_ways_out(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.SecretService.Keyring")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    ran = run(LOGIN, stdin=SECRET)

    assert (4, "") == (ran.code, ran.out)
    assert ran.err.startswith("addonctl: the keyring cannot be used (")
    assert ran.err.endswith(f")\nhint: {WAYS_OUT}")
    assert not folder(home).exists()


def test_a_machine_without_a_thread_to_spare_is_exit_4_with_the_ways_out(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    ran = run(LOGIN, stdin=SECRET)

    why = "the keyring is asked by a thread of its own, and there is none to be had"
    assert ran == (4, "", f"addonctl: {why}\nhint: {WAYS_OUT}")


def test_a_keyring_that_hangs_is_waited_for_once(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, service: Scripted
) -> None:
    """Not once for each profile, nor each time it is asked for another thing; and a daemon asks, so
    that the end of the program does not wait for it.
    """
    patience, asked, released = keeping.PATIENCE, list[tuple[str, bool]](), threading.Event()
    monkeypatch.setattr(keeping, "PATIENCE", 0.2)
    monkeypatch.setattr(Hanging, "asked", asked)
    monkeypatch.setattr(Hanging, "released", released)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "support.keyrings.Hanging")
    write_config(home, f"{IN_KEYRING}[profiles.b]\naccount = '{OTHER_ACCOUNT}'\n")
    ran = run("auth status --format json --fields profile,status,detail")
    released.set()

    why = "the keyring does not answer; it may be waiting to be unlocked"
    assert ran.code == 4
    assert json.loads(ran.out) == [
        {"profile": name, "status": "missing", "detail": why} for name in ("work", "b")
    ]
    assert json.loads(ran.err)["error"]["hint"] + "\n" == WAYS_OUT
    assert asked == [(f"work:{KEY}", True)]
    assert patience < 3
    assert service.heard == []


def test_all_that_a_logout_asks_of_a_slow_keyring_is_waited_for_once(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks for the secret, and removes it: either alone would be quick enough."""

    def get(*_: object) -> str:
        time.sleep(0.6)
        return SECRET

    def delete(*_: object) -> None:
        time.sleep(0.6)

    monkeypatch.setattr(keeping, "PATIENCE", 1.0)
    monkeypatch.setattr(Memory, "get_password", get)
    monkeypatch.setattr(Memory, "delete_password", delete)
    write_config(home, IN_KEYRING)
    ran = run("auth logout work")

    why = "the keyring does not answer; it may be waiting to be unlocked"
    assert ran == (4, "", f"addonctl: {why}\nhint: {WAYS_OUT}")
    assert (folder(home) / "config.toml").read_text() == IN_KEYRING


@pytest.mark.parametrize("storage", ["keyring", "file"])
@pytest.mark.parametrize("secret", [None, "", "two words", "line\n", "é"])
def test_what_lies_there_and_is_no_secret_is_not_sent(
    run: Run,
    service: Scripted,
    entries: dict[str, str],
    home: Path,
    storage: str,
    secret: str | None,
) -> None:
    """Others can write there too; what they wrote is not repeated."""
    write_config(home, f"{IN_KEYRING}storage = '{storage}'\n")
    path = folder(home) / "secrets.json"
    if secret is not None:
        entries[ENTRY] = secret
        path.touch(0o600)
        path.write_text(json.dumps({f"work:{KEY}": secret}))
    ran = run("recordings list -p work")

    place = "the keyring" if storage == "keyring" else str(path)
    why = f"{place} holds no secret of {KEY}"
    if secret is not None:
        why = f"the secret in {place} {secret_flaw(secret)}"
    hint = "hint: log in again: addonctl auth login work\n"
    assert ran == (4, "", f"addonctl: profile 'work': {why}\n{hint}")
    assert service.heard == []

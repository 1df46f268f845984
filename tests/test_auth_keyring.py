"""A real Secret Service: unlocked, locked, frozen and absent."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
from support.logins import (
    ACCOUNT,
    KEY,
    OTHER_SECRET,
    SECRET,
    basic,
    folder,
    senders,
    take_only,
)
from support.program import PROGRAM, Ran
from support.scripted import Scripted, scripted
from support.secret_service import MISSING, Bus, message_bus

pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)} on this machine"),
    pytest.mark.skipif(sys.platform != "linux", reason="the Secret Service is a Linux thing"),
]

LOGIN = f"auth login work --account {ACCOUNT} --key {KEY} --secret-stdin"

# A keyring that is only slow, on a machine that has much to do, is not what these tests are about.
PATIENT = [
    sys.executable,
    "-c",
    "import sys; from addonctl.profiles import keeping; keeping.PATIENCE = 60;"
    "from addonctl.cli import main; sys.exit(main())",
]

Program = Callable[..., Ran]


@pytest.fixture
def bus(home: Path) -> Iterator[Bus]:
    """A message bus with no keyring on it yet. Its sockets need a short path."""
    runtime = Path(mkdtemp(prefix="bus"))
    with message_bus(home, runtime / "run") as bus:
        yield bus
    shutil.rmtree(runtime)


@pytest.fixture
def program(bus: Bus) -> Program:
    """Runs the program as a process of its own that finds the bus."""

    def run(line: str, stdin: str = "", command: list[str] = PATIENT, **variables: str) -> Ran:
        done = subprocess.run(
            [*command, *line.split()],
            env=bus.environment | variables,
            input=stdin,
            capture_output=True,
            text=True,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def service(bus: Bus) -> Iterator[Scripted]:
    """A service that takes SECRET."""
    with scripted(take_only(basic(KEY, SECRET))) as server:
        bus.environment["ADDONCTL_API_URL"] = server.url
        yield server


def files_with(secret: str, home: Path) -> list[Path]:
    """Every file under `home` that holds the secret, in any of the ways it is likely to."""
    needles = [secret.encode(), secret.encode("utf-16-le"), basic(KEY, secret)[6:].encode()]
    return [
        path
        for path in home.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]


def test_log_in_list_log_out_and_list_again(
    program: Program, service: Scripted, bus: Bus, home: Path
) -> None:
    """The whole life of a login, and its secret in no file at any time."""
    bus.start_keyring("test")
    entered = program(LOGIN, stdin=f"{SECRET}\n")
    status = program("auth status --format csv --fields source,keyring,secret,status --no-header")
    listed = program("recordings list --format json")
    while_kept = files_with(SECRET, home)
    left = program("auth logout")
    again = program("recordings list --format json")

    assert (0, 0, 0, 4) == (entered.code, listed.code, left.code, again.code)
    assert ("[]\n", "") == (listed.out, again.out)
    assert status.out == "keyring,SecretService Keyring,********,accepted\n"
    assert [] == while_kept == files_with(SECRET, home)
    assert senders(service) == [basic(KEY, SECRET)] * 3
    assert not (folder(home) / "secrets.json").exists()
    assert SECRET not in "".join(ran.out + ran.err for ran in (entered, listed, left, again))


def test_a_secret_outlives_the_keyrings_restart_and_a_logout_is_for_good(
    program: Program, service: Scripted, bus: Bus
) -> None:
    bus.start_keyring("test")
    program(LOGIN, stdin=SECRET)
    bus.stop_keyring()
    bus.start_keyring("test")
    listed = program("recordings list")
    program("auth logout")
    bus.stop_keyring()
    bus.start_keyring("test")
    back = program(f"{LOGIN.replace('--secret-stdin', '')} --no-verify --secret-stdin", stdin="x")
    after = program("recordings list")

    assert (0, 0, 4) == (listed.code, back.code, after.code)
    assert senders(service)[-1] == basic(KEY, "x")


def test_logging_in_again_keeps_the_old_secret_until_the_new_one_is_taken(
    program: Program, service: Scripted, bus: Bus
) -> None:
    bus.start_keyring("test")
    program(LOGIN, stdin=SECRET)
    refused = program("auth login work --secret-stdin", stdin=OTHER_SECRET)
    listed = program("recordings list")

    assert (4, 0) == (refused.code, listed.code)


def test_the_keyring_holds_one_entry_for_each_profile(
    program: Program, service: Scripted, bus: Bus, home: Path
) -> None:
    """A login with another key takes the place of the one before, in the keyring too."""
    bus.start_keyring("test")
    other = LOGIN.replace(KEY, "SK" + "9" * 32)
    program(f"{other} --no-verify", stdin=OTHER_SECRET)
    program(LOGIN, stdin=SECRET)
    program(f"{LOGIN.replace('work', 'second')}", stdin=SECRET)
    search = "import keyring; print([keyring.get_password('addonctl', entry) for entry in {!r}])"
    entries = [f"work:SK{'9' * 32}", f"work:{KEY}", f"second:{KEY}"]
    found = subprocess.run(
        [sys.executable, "-c", search.format(entries)],
        env=bus.environment,
        capture_output=True,
        text=True,
    )

    assert found.stdout == f"[None, '{SECRET}', '{SECRET}']\n"


def test_a_login_moves_from_the_file_into_the_keyring(
    program: Program, service: Scripted, bus: Bus, home: Path
) -> None:
    bus.start_keyring("test")
    program(f"{LOGIN} --insecure-storage", stdin=SECRET)
    in_file = files_with(SECRET, home)
    program("auth login work --secret-stdin", stdin=SECRET)
    listed = program("recordings list")

    assert in_file == [folder(home) / "secrets.json"]
    assert files_with(SECRET, home) == []
    assert listed.code == 0


def test_a_login_moves_from_the_keyring_into_the_file_and_logout_clears_both(
    program: Program, service: Scripted, bus: Bus, home: Path
) -> None:
    bus.start_keyring("test")
    program(LOGIN, stdin=SECRET)
    moved = program("auth login work --secret-stdin --insecure-storage", stdin=SECRET)
    bus.stop_keyring()
    without = program("recordings list")
    left = program("auth logout")

    assert (0, 0, 0) == (moved.code, without.code, left.code)
    assert "mode 0600" in moved.err
    assert files_with(SECRET, home) == []


@pytest.mark.parametrize("line", ["recordings list", "auth status", "auth logout", LOGIN])
def test_a_locked_keyring_is_exit_4_with_the_ways_out(
    program: Program, service: Scripted, bus: Bus, home: Path, line: str
) -> None:
    bus.start_keyring("test")
    program(LOGIN, stdin=SECRET)
    config = (folder(home) / "config.toml").read_bytes()
    asked = len(service.heard)
    bus.stop_keyring()
    bus.start_keyring(None)
    ran = program(line, stdin=SECRET)

    assert ran.code == 4
    assert "keyring is locked" in ran.out + ran.err
    assert "TWILIO_API_SECRET" in ran.err
    assert "--insecure-storage" in ran.err
    assert len(service.heard) == asked
    assert (folder(home) / "config.toml").read_bytes() == config
    assert files_with(SECRET, home) == []


@pytest.mark.parametrize("line", ["recordings list", "auth status", "auth logout", LOGIN])
def test_a_keyring_that_hangs_is_exit_4_with_the_ways_out(
    program: Program, service: Scripted, bus: Bus, home: Path, line: str
) -> None:
    """It is still frozen when the program has ended, so nobody waited for it."""
    bus.start_keyring("test")
    program(LOGIN, stdin=SECRET)
    program(LOGIN.replace("work", "second"), stdin=SECRET)
    config = (folder(home) / "config.toml").read_bytes()
    bus.freeze_keyring()
    ran = program(line, stdin=SECRET, command=PROGRAM)

    assert ran.code == 4
    assert "keyring does not answer" in ran.out + ran.err
    assert "TWILIO_API_SECRET" in ran.err
    assert "--insecure-storage" in ran.err
    assert (folder(home) / "config.toml").read_bytes() == config
    assert files_with(SECRET, home) == []


def test_an_absent_keyring_is_exit_4_with_the_ways_out(
    program: Program, service: Scripted, home: Path
) -> None:
    """There is a message bus, and nothing on it."""
    ran = program(LOGIN, stdin=SECRET)

    assert (4, "") == (ran.code, ran.out)
    assert "this machine has no keyring" in ran.err
    assert "TWILIO_API_SECRET" in ran.err
    assert "--insecure-storage" in ran.err
    assert files_with(SECRET, home) == []
    assert service.heard == []


def test_with_login_variables_a_keyring_that_hangs_is_not_even_asked(
    program: Program, service: Scripted, bus: Bus
) -> None:
    bus.start_keyring("test")
    program(LOGIN, stdin=SECRET)
    bus.freeze_keyring()
    variables = {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_API_KEY": KEY,
        "TWILIO_API_SECRET": SECRET,
    }
    ran = program("recordings list --format json", **variables)

    assert (0, "[]\n", "") == ran


def test_a_config_folder_that_cannot_be_written_leaves_the_keyring_as_it_was(
    program: Program, service: Scripted, bus: Bus, home: Path
) -> None:
    bus.start_keyring("test")
    program(LOGIN, stdin=SECRET)
    (home / "file").write_text("no folder")
    elsewhere = {"ADDONCTL_CONFIG_DIR": str(home / "file")}
    failed = program(f"{LOGIN} --no-verify", stdin=OTHER_SECRET, **elsewhere)
    listed = program("recordings list")

    assert (1, 0) == (failed.code, listed.code)


def test_two_config_folders_may_have_profiles_of_one_name(
    program: Program, service: Scripted, bus: Bus, home: Path
) -> None:
    bus.start_keyring("test")
    elsewhere = {"ADDONCTL_CONFIG_DIR": str(home / "elsewhere")}
    other = LOGIN.replace(KEY, "SK" + "9" * 32)
    program(LOGIN, stdin=SECRET)
    program(f"{other} --no-verify", stdin=OTHER_SECRET, **elsewhere)
    listed = program("recordings list")
    program("auth logout", **elsewhere)
    again = program("recordings list")

    assert (0, 0) == (listed.code, again.code)

"""config.toml: comments kept, written whole, and every broken one named by file and line."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from support.logins import (
    ACCOUNT,
    KEY,
    OTHER_ACCOUNT,
    OTHER_KEY,
    SECRET,
    folder,
    log_in,
    write_config,
)
from support.program import PROGRAM, Run, until

from addonctl.errors import Usage
from addonctl.profiles.config import Profile
from addonctl.profiles.keeping import Profiles

BY_HAND = f"""# the accounts of our team
active = "work"  # what we use most

# telephony
[profiles.work]
account = "{ACCOUNT}"  # production
key = "{KEY}"
storage = "file"

# only for tries

# and for nothing else
[profiles."my tests"]
account = "{OTHER_ACCOUNT}"
storage = "file"

# the end
"""


def test_a_file_edited_by_hand_keeps_its_comments(run: Run, home: Path) -> None:
    path = write_config(home, BY_HAND)
    used = run("auth", "use", "my tests")
    added = log_in(run, "third")
    text = path.read_text()

    assert (0, 0) == (used.code, added.code)
    assert text.startswith(BY_HAND.replace('active = "work"', 'active = "my tests"'))
    assert tomllib.loads(text)["profiles"]["third"] == {
        "account": ACCOUNT,
        "key": KEY,
        "storage": "file",
    }


def test_logging_out_takes_a_profiles_own_lines_and_no_others(run: Run, home: Path) -> None:
    path = write_config(home, BY_HAND)
    ran = run("auth logout work")
    before, after = BY_HAND.split("[profiles.work]")
    kept = before.replace('"work"', '""') + "\n# only" + after.split("\n# only", 1)[1]

    assert (0, "") == (ran.code, ran.out)
    assert path.read_text() == kept


def test_logging_in_again_changes_a_profile_in_place(run: Run, home: Path) -> None:
    """And leaves what stays the same as it was written, its quotes too."""
    by_hand = BY_HAND.replace(f'"{ACCOUNT}"', f"'{ACCOUNT}'")
    path = write_config(home, by_hand)
    ran = log_in(run, "work", key=OTHER_KEY)

    assert ran.code == 0
    assert path.read_text() == by_hand.replace(KEY, OTHER_KEY)


@pytest.mark.parametrize(
    "text",
    [
        f'profiles = {{work = {{account = "{ACCOUNT}", storage = "file"}}}}\n',
        f'profiles.work.account = "{ACCOUNT}"\nprofiles.work.storage = "file"\n',
        f'[profiles]\nwork = {{account = "{ACCOUNT}", storage = "file"}}\n',
        f"\ufeff[profiles.work]\r\naccount = '{ACCOUNT}'\r\nstorage = 'file'\r\n",
        f'[ profiles . "work" ]\naccount = """{ACCOUNT}"""\nstorage = "file"\n[unknown]\na = 1\n',
    ],
    ids=["inline", "dotted", "half inline", "windows", "odd"],
)
def test_any_layout_toml_knows_is_read_and_can_be_logged_out_of(
    run: Run, home: Path, text: str
) -> None:
    path = write_config(home, text)
    listed = run("auth list --format csv --fields profile,account_sid --no-header")
    ran = run("auth logout work")

    assert (0, f"work,{ACCOUNT}\n", "") == listed
    assert (0, "") == (ran.code, ran.out)
    assert "work" not in path.read_text()


def test_a_layout_that_cannot_take_another_profile_is_left_alone(run: Run, home: Path) -> None:
    """TOML forbids a table under what dotted keys have made."""
    text = f'profiles.work.account = "{ACCOUNT}"\nprofiles.work.storage = "file"\n'
    path = write_config(home, text)
    ran = log_in(run, "second")

    assert (1, "") == (ran.code, ran.out)
    assert f"{path} is laid out in a way that only you can change" in ran.err
    assert path.read_text() == text
    assert not (folder(home) / "secrets.json").exists()


def test_the_line_of_a_wrong_value_is_found_after_text_of_many_lines(run: Run, home: Path) -> None:
    path = write_config(home, 'note = """\n[profiles.work]\n"""\n[profiles.work]\naccount = 7\n')
    ran = run("auth list")

    assert ran.err.startswith(f"addonctl: {path}, line 5: profiles.work.account must be text")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("# fine\nactive = work\n", 2, "invalid value"),
        ('active = "work', 1, "unterminated"),
        ("[profiles.work]\n[profiles.work]\n", 2, "twice"),
        ("\n\n\n]", 4, "invalid statement"),
        ("active = 3\n", 1, "active must be"),
        ("profiles = 3\n", 1, "profiles must be"),
        ("[profiles]\nwork = 3\n", 2, "profiles.work must be"),
        ("[profiles.work]\nregion = 'ie1'\n", 1, "profiles.work.account must be"),
        ("[profiles.work]\n\naccount = 'AC12'\n", 3, "an account's SID"),
        (f"[profiles.work]\naccount = '{KEY}'\n", 2, "an account's SID"),
        (f"[profiles.work]\naccount = '{ACCOUNT}'\nkey = 7\n", 3, "must be text"),
        (f"[profiles.work]\naccount = '{ACCOUNT}'\nkey = '{ACCOUNT}'\n", 3, "an API key's SID"),
        (f"[profiles.work]\naccount = '{ACCOUNT}'\nregion = 'a.b/@'\n", 3, "must be one word"),
        (f"[profiles.work]\r\naccount = '{ACCOUNT}'\r\nkey = 7\r\n", 3, "must be text"),
        (f"[profiles.work]\naccount = '{ACCOUNT}'\nstorage = 'cloud'\n", 3, "keyring or file"),
        (f"[profiles.sandbox]\naccount = '{ACCOUNT}'\n", 1, "pretend account"),
        (f'[profiles."a\\u001b[31m"]\naccount = "{ACCOUNT}"\n', 1, "printable"),
        ("a = " + "[" * 100_000, 1, "nested too deeply"),
        ("a = " + "1" * 5000, 1, "a number too long"),
        ("profiles = ['x']\n", 1, "profiles must be"),
        ("[[profiles]]\na = 1\n", 1, "profiles must be"),
        ('[profiles.""]\n', 1, "is no name for a profile"),
        ("[profiles]\nwork = ['x']\n", 2, "profiles.work must be"),
        (f"[profiles.work]\naccount = ['{ACCOUNT}']\n", 2, "must be text"),
        (f"[profiles.work]\naccount = '{ACCOUNT}'\nstorage = ['file']\n", 3, "must be text"),
        ("# x\n" * 50_000 + "active = 3\n", 50_001, "active must be"),
        ("profiles.work = {note = '''\n''', account = 7}\n", 2, "must be text"),
    ],
)
def test_a_broken_file_is_exit_2_naming_file_and_line(
    run: Run, home: Path, text: str, line: int, why: str
) -> None:
    path = write_config(home, text)
    ran = run("recordings list")

    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith(f"addonctl: {path}, line {line}: ")
    assert why in ran.err
    assert "\x1b" not in ran.err
    assert path.read_bytes() == text.encode()


def test_a_file_that_is_not_utf_8_is_named_with_its_line(run: Run, home: Path) -> None:
    path = write_config(home, b'# one\nactive = "w\xf6rk"\n')
    ran = run("auth list")

    assert (2, "") == (ran.code, ran.out)
    assert f"{path}, line 2: not UTF-8" in ran.err


def test_of_two_who_give_one_name_to_two_accounts_the_later_is_refused(home: Path) -> None:
    """Also where neither saw the other's when it was asked for its words."""
    profiles = Profiles({})
    profiles.keep(Profile("work", ACCOUNT, storage="file"), SECRET)
    before = {path: path.read_bytes() for path in folder(home).iterdir()}

    with pytest.raises(Usage, match=f"'work' is a login to {ACCOUNT}, and stays so"):
        profiles.keep(Profile("work", OTHER_ACCOUNT, storage="file"), "other")
    assert {path: path.read_bytes() for path in folder(home).iterdir()} == before


@pytest.mark.parametrize("command", ["auth use sandbox", "auth logout work", "LOGIN"])
def test_nothing_is_written_over_a_broken_file(run: Run, home: Path, command: str) -> None:
    path = write_config(home, "active = work\n")
    ran = log_in(run) if command == "LOGIN" else run(command)

    assert (2, "") == (ran.code, ran.out)
    assert path.read_text() == "active = work\n"
    assert not (folder(home) / "secrets.json").exists()


@pytest.mark.parametrize(
    "name",
    ['"]\n[x]', "büro", "my work", "a.b", "'", '"', "\\", "a]b", "#", "=", "x" * 64, "工作", "🎧"],
)
def test_a_profile_may_have_an_odd_name_that_stays_a_name(run: Run, home: Path, name: str) -> None:
    """What would end a TOML key and begin something else is quoted, or refused."""
    ran = log_in(run, name)
    if not name.isprintable():
        assert (2, "") == (ran.code, ran.out)
        return
    listed = run("auth list --format json")
    kept = tomllib.loads((folder(home) / "config.toml").read_text())
    out = run("auth", "logout", name)

    assert (0, 0, 0) == (ran.code, listed.code, out.code)
    assert list(kept) == ["active", "profiles"]
    assert list(kept["profiles"]) == [name]
    assert [name] == [entry["profile"] for entry in json.loads(listed.out)]


@pytest.mark.parametrize("name", [" work", "-work", "x" * 65, "a\tb", "a\u200bb", "a\x00b"])
def test_a_name_that_could_not_be_seen_or_typed_is_refused(run: Run, home: Path, name: str) -> None:
    login = ["auth", "login", "--secret-stdin", "--account", ACCOUNT, "--no-verify"]
    ran = run(*login, "--insecure-storage", "--", name, stdin=SECRET)

    assert (2, "") == (ran.code, ran.out)
    assert "the name of a profile must be 1 to 64 printable characters" in ran.err
    assert not (folder(home) / "config.toml").exists()


def test_no_name_is_no_profile(run: Run, home: Path) -> None:
    ran = run("auth use ''")

    assert (4, "") == (ran.code, ran.out)
    assert "no profile named ''" in ran.err


def test_a_symbolic_link_stays_one(run: Run, home: Path) -> None:
    """A config folder is often a link into a folder under version control."""
    real = home / "dotfiles" / "addonctl.toml"
    real.parent.mkdir()
    real.write_text("# versioned\n")
    folder(home).mkdir(parents=True)
    link = folder(home) / "config.toml"
    link.symlink_to(real)
    ran = log_in(run)

    assert ran.code == 0
    assert link.is_symlink()
    assert real.read_text().startswith("# versioned\n")
    assert ACCOUNT in real.read_text()


@pytest.mark.parametrize("target", ["nowhere/deep/config.toml", "config.toml"])
def test_a_link_that_leads_nowhere_is_one_clear_line(run: Run, home: Path, target: str) -> None:
    """Into a folder that is not there, and round in a circle."""
    folder(home).mkdir(parents=True)
    (folder(home) / "config.toml").symlink_to(target)
    ran = log_in(run)

    assert (1, "") == (ran.code, ran.out)
    assert "config.toml" in ran.err.splitlines()[0]
    assert "Traceback" not in ran.err


def test_a_folder_that_cannot_be_written_is_one_clear_line(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").write_text("not a folder")
    monkeypatch.setenv("ADDONCTL_CONFIG_DIR", str(home / "file" / "below"))
    ran = log_in(run)

    assert (1, "") == (ran.code, ran.out)
    assert ran.err.startswith(f"addonctl: cannot read {home}/file/below/config.toml: not a dir")
    assert SECRET not in ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_keeps_what_it_had(run: Run, home: Path) -> None:
    log_in(run)
    before = (folder(home) / "config.toml").read_text()
    folder(home).chmod(0o500)
    ran = log_in(run, "other")
    folder(home).chmod(0o700)

    assert (1, "") == (ran.code, ran.out)
    assert "permission denied" in ran.err
    assert (folder(home) / "config.toml").read_text() == before


def test_a_full_disk_keeps_what_it_had(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is written whole beside its place first, so a write that fails changes nothing."""
    log_in(run)
    kept = {path: path.read_bytes() for path in folder(home).iterdir()}

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ran = log_in(run, "other")

    assert (1, "") == (ran.code, ran.out)
    assert "no space left on device" in ran.err
    assert {path: path.read_bytes() for path in folder(home).iterdir()} == kept


def test_another_folder_can_be_named(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDONCTL_CONFIG_DIR", "~/elsewhere")
    ran = log_in(run)

    assert ran.code == 0
    assert (home / "elsewhere" / "config.toml").exists()
    assert not folder(home).exists()


def test_settings_are_their_owners_alone(run: Run, home: Path) -> None:
    log_in(run)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder(home).iterdir()}

    assert stat.S_IMODE(folder(home).stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}


def test_many_who_write_at_once_lose_nothing(home: Path) -> None:
    names = [f"profile-{number}" for number in range(6)]
    words = "auth login {} --account {} --secret-stdin --no-verify --insecure-storage"
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "addonctl", *words.format(name, ACCOUNT).split()],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name in names
    ]
    for name, process in zip(names, running, strict=True):
        _, said = process.communicate(f"secret-of-{name}".encode())
        assert process.returncode == 0, said
    config = tomllib.loads((folder(home) / "config.toml").read_text())
    secrets = (folder(home) / "secrets.json").read_text()

    assert sorted(config["profiles"]) == names
    assert all(f"secret-of-{name}" in secrets for name in names)


STALLING = """
import sys, time
from pathlib import Path
from addonctl.cli import main
name, times = sys.argv.pop(1), int(sys.argv.pop(1))
real, seen = Path.replace, []

def replace(path, target):
    seen.append(target.name)
    if seen.count(name) == times and target.name == name:
        Path("stalled").touch()
        while not Path("go on").exists():
            time.sleep(0.005)
    return real(path, target)

Path.replace = replace
sys.exit(main())
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
@pytest.mark.parametrize(("name", "times"), [("config.toml", 1), ("secrets.json", 2)])
def test_who_would_write_while_another_does_waits_and_keeps_what_that_one_wrote(
    run: Run, home: Path, name: str, times: int
) -> None:
    """One process stands between reading a file and replacing it; a second one comes.

    The first replaces secrets.json twice: to keep a secret, and to remove the one before.
    """
    log_in(run, "first", key=OTHER_KEY, secret="the-one-before")

    def logging_in(profile: str, *program: str) -> subprocess.Popen[bytes]:
        words = f"auth login {profile} --account {ACCOUNT} --key {KEY} --secret-stdin --no-verify"
        process = subprocess.Popen(
            [*program, *words.split(), "--insecure-storage"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin
        process.stdin.write(f"secret-of-{profile}".encode())
        process.stdin.close()
        return process

    def waits(process: subprocess.Popen[bytes]) -> bool:
        opened = []
        for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                opened.append(descriptor.readlink().name)
        return f".{name}.lock" in opened

    first = logging_in("first", sys.executable, "-c", STALLING, name, str(times))
    until((home / "stalled").exists)
    second = logging_in("second", *PROGRAM)
    until(lambda: second.poll() is not None or waits(second))
    (home / "go on").touch()
    for process in (first, second):
        with process:
            assert process.stderr
            said = process.stderr.read()
        assert process.returncode == 0, said
    config = tomllib.loads((folder(home) / "config.toml").read_text())
    secrets = json.loads((folder(home) / "secrets.json").read_text())

    assert list(config["profiles"]) == ["first", "second"]
    assert config["active"] == "first"
    assert secrets == {f"{each}:{KEY}": f"secret-of-{each}" for each in ("first", "second")}


def test_a_login_that_was_killed_leaves_no_secret_behind(run: Run, home: Path) -> None:
    """It had written the file beside the one it would have replaced."""
    killed = (
        "import os, sys; from pathlib import Path; from addonctl.cli import main\n"
        "real = Path.replace\n"
        "def replace(path, target):\n"
        "    if target.name == 'secrets.json': os.kill(os.getpid(), 9)\n"
        "    return real(path, target)\n"
        "Path.replace = replace\n"
        "sys.exit(main())"
    )
    words = f"auth login work --account {ACCOUNT} --secret-stdin --no-verify --insecure-storage"
    ran = subprocess.run([sys.executable, "-c", killed, *words.split()], input=SECRET.encode())
    left = [path for path in folder(home).iterdir() if SECRET.encode() in path.read_bytes()]
    again = log_in(run, "other", secret="another")
    out = run("auth logout other")
    still = [path for path in folder(home).iterdir() if SECRET.encode() in path.read_bytes()]

    assert (-9, 1) == (ran.returncode, len(left))
    assert (0, 0) == (again.code, out.code)
    assert still == []


def test_what_else_stands_in_the_file_is_kept_and_is_no_error(run: Run, home: Path) -> None:
    """An older release reads what a newer one wrote, and the other way round."""
    more = """
[defaults]
format = "csv" # for the spreadsheet
workers = 4

[add_ons]
XB00000000000000000000000000000001 = "transcripts"

[profiles.work.archive]
folder = "~/archive"
"""
    path = write_config(home, BY_HAND + more)
    added = log_in(run, "third", "--region", "ie1")
    changed = log_in(run, "third", "--region", "au1")
    used = run("auth use third")
    text = path.read_text()
    gone = run("auth logout third")

    assert (0, 0, 0, 0) == (added.code, changed.code, used.code, gone.code)
    before = tomllib.loads(BY_HAND + more)
    third = {"account": ACCOUNT, "key": KEY, "region": "au1", "storage": "file"}
    profiles = {**before["profiles"], "third": third}
    assert tomllib.loads(text) == {**before, "active": "third", "profiles": profiles}
    kept = (BY_HAND + more).replace('active = "work"', 'active = "third"').splitlines()
    assert set(kept) <= set(text.splitlines())
    assert tomllib.loads(path.read_text()) == {**before, "active": ""}


def test_logging_out_takes_what_stands_below_a_profile_too(run: Run, home: Path) -> None:
    more = '\n[defaults]\nworkers = 4\n\n[profiles.work.archive]\nfolder = "~/archive"\n'
    path = write_config(home, BY_HAND + more)
    ran = run("auth logout work")

    assert (0, "") == (ran.code, ran.out)
    assert sorted(tomllib.loads(path.read_text())) == ["active", "defaults", "profiles"]
    assert "archive" not in path.read_text()
    assert "# only for tries" in path.read_text()

"""Every command of the README does what the README shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.program import CLOCK
from support.secret_service import MISSING, message_bus
from support.serving import serving

from addonctl import sandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CONSOLE = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\bRQ[0-9a-f]{32}\b")


def steps(block: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output shown under it."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


def typed(line: str, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """A newcomer's: a home of their own, and the program on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", **CLOCK}


def test_the_two_commands_are_in_the_makefile() -> None:
    commands = [line for block in CONSOLE for line, shown in steps(block) if not shown]
    if not shutil.which("make"):
        pytest.skip("no make here")

    assert commands[:2] == ["make try", "make test"]
    for command in commands[:2]:
        assert typed(f"{command} --dry-run", {**os.environ}, ROOT).returncode == 0


def test_the_tour_shows_what_the_program_says(environment: dict[str, str], home: Path) -> None:
    tour = [step for block in CONSOLE[2:] for step in steps(block)]
    assert len(tour) > 10
    for line, shown in tour:
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            environment[name] = value
            continue
        ran = typed(line, environment, home)

        # Both streams come in one: what is said beside an answer may come before or after it.
        assert sorted(DATE.sub("DATE", ran.stdout).splitlines()) == sorted(
            DATE.sub("DATE", shown).splitlines()
        ), line


@contextmanager
def serving_account(folder: Path) -> Iterator[str]:
    """The sandbox on loopback, in the place of the service; its URL."""
    file = folder / "account.sqlite"
    with serving(lambda url: sandbox.open_application(file, store_url=url)) as server:
        yield server.api_url


def filled(line: str) -> str:
    """A line for a real account, with a login in the place of the dots."""
    line = line.replace("AC…", sandbox.ACCOUNT).replace("SK…", sandbox.API_KEY)
    return line.replace("TWILIO_API_SECRET=…", f"TWILIO_API_SECRET={sandbox.API_SECRET}")


@pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")
def test_a_real_account_logs_in_once(
    environment: dict[str, str], home: Path, tmp_path: Path
) -> None:
    """Against a served account, a real keyring and, for the secret, a real terminal."""
    import pexpect

    login, *lines = SHELL[0].splitlines()
    with serving_account(tmp_path) as url, message_bus(home, tmp_path / "run") as bus:
        bus.start_keyring("password of the keyring")
        everything = {**environment, **bus.environment, "ADDONCTL_API_URL": url}
        everything["PATH"] = environment["PATH"]
        words = filled(login).split()
        terminal = pexpect.spawn(words[0], words[1:], env=everything, cwd=str(home), timeout=30)
        terminal.expect_exact("(not shown):")
        terminal.sendline(sandbox.API_SECRET)
        terminal.expect(pexpect.EOF)
        terminal.close()
        ran = [typed(line, everything, home) for line in lines]

    assert terminal.exitstatus == 0, terminal.before
    assert sandbox.API_SECRET not in str(terminal.before)
    assert [each.returncode for each in ran] == [0] * len(lines), ran
    assert "keyring" in ran[0].stdout
    assert "XR23599ef7a0987308055c4ef387fae221" in ran[1].stdout


def test_a_real_account_by_variables(
    environment: dict[str, str], home: Path, tmp_path: Path
) -> None:
    script = f"set -e -o pipefail\n{filled(SHELL[1])}"
    with serving_account(tmp_path) as url:
        ran = typed(script, {**environment, "ADDONCTL_API_URL": url}, home)

    assert ran.returncode == 0, ran.stdout
    assert (home / "failed.csv").read_bytes().startswith(b"\xef\xbb\xbfsid,")
    assert "deleted 2 results" in ran.stdout


def test_the_tables_of_the_benchmarks_are_those_of_their_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import page

    for file in page.PAGES:
        written = file.read_text("utf-8")
        assert page.PLACE.search(written)
        assert written == page.filled(written)
    assert typed("make bench --dry-run", {**os.environ}, ROOT).returncode == 0

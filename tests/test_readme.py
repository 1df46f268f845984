"""Every command of the README does what the README shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest
from support.consoles import as_shown, consoles, newcomer, typed
from support.program import CLOCK
from support.secret_service import MISSING, message_bus
from support.serving import serving

from addonctl import sandbox
from addonctl.sandbox.app import Application

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
INSTALL, FIRST_STEPS, LOGIN, VARIABLES = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    return newcomer(home)


def test_the_two_commands_are_in_the_makefile() -> None:
    commands = [line for line, _ in consoles(README)]
    if not shutil.which("make"):
        pytest.skip("no make here")

    assert commands[:2] == ["make try", "make test"]
    for command in commands[:2]:
        assert typed(f"{command} --dry-run", {**os.environ}, ROOT).returncode == 0


def test_it_is_short_and_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https:)([^)#]+)\)", README)

    assert len(README.splitlines()) < 200
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_it_says_what_each_package_is_for() -> None:
    told = re.findall(r"https://pypi.org/project/([\w-]+)/", README)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert sorted(told) == sorted(re.split(r"[<>=]", each)[0] for each in project["dependencies"])


def test_what_an_installation_by_uv_lacks_is_had_by_two_commands(
    environment: dict[str, str], home: Path
) -> None:
    ran = typed(f"set -e\n{FIRST_STEPS}", environment, home)

    assert INSTALL.splitlines() == ["pipx install .", "uv tool install ."]
    assert ran.returncode == 0, ran.stdout
    assert (home / ".local/share/bash-completion/completions/addonctl").exists()
    assert ".TH ADDONCTL\\-RESULTS\\-LIST 1" in ran.stdout


def test_the_tour_shows_what_the_program_says(environment: dict[str, str], home: Path) -> None:
    tour = consoles(README)[2:]

    assert len(tour) > 12
    as_shown(tour, environment, home)


@contextmanager
def serving_account(folder: Path) -> Iterator[str]:
    """The sandbox on loopback, in the place of the service; its URL."""
    file = folder / "account.sqlite"
    with serving(lambda url: Application(file, store_url=url)) as server:
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

    login, *lines = LOGIN.splitlines()
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
    script = f"set -e -o pipefail\n{filled(VARIABLES)}"
    with serving_account(tmp_path) as url:
        ran = typed(script, {**environment, "ADDONCTL_API_URL": url}, home)

    assert ran.returncode == 0, ran.stdout
    assert (home / "failed.csv").read_bytes().startswith(b"\xef\xbb\xbfsid,")
    assert "deleted 2 results" in ran.stdout


def test_the_picture_is_what_a_terminal_shows(tmp_path: Path) -> None:
    """`python docs/picture.py` makes it so. Each rich draws a little differently."""
    pytest.importorskip("time_machine")
    pinned = re.search(r"^rich==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    if not pinned or version("rich") != pinned[1]:
        pytest.skip(f"rich {version('rich')} is not that of constraints.txt")
    clean = {name: value for name, value in os.environ.items() if name not in CLOCK}
    drawn = tmp_path / "terminal.svg"
    subprocess.run([sys.executable, "docs/picture.py", drawn], env=clean, cwd=ROOT, check=True)
    kept = (ROOT / "docs" / "terminal.svg").read_text("utf-8")

    assert drawn.read_text("utf-8") == kept
    assert "addonctl&#160;results&#160;list" in kept
    assert re.findall(r"url\((?!#)|@import|href=|src=", kept) == []


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


@pytest.mark.slow
@pytest.mark.skipif(
    not (ROOT / "tests/clients/node_modules/twilio-cli").exists() or not shutil.which("jq"),
    reason="needs the vendor's clients (make clients), and jq",
)
def test_the_peers_are_measured_in_one_run(tmp_path: Path) -> None:
    """The same rows, and of what either does the same answers; ours is the quicker by far."""
    for name in ("benchmarks", "tests/support"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "tests" / "clients").symlink_to(ROOT / "tests" / "clients")
    subprocess.run(
        [sys.executable, "-m", "benchmarks.peers", "--runs", "1"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"},
        check=True,
        timeout=280,
    )
    made, kept = (
        json.loads((folder / "benchmarks/results/peers.json").read_text("utf-8"))["rows"]
        for folder in (tmp_path, ROOT)
    )
    timed = [row for row in made if row["times quicker"]]

    assert [row["what"] for row in made] == [row["what"] for row in kept]
    assert made[len(timed) :] == kept[len(timed) :]
    assert len(timed) == 5
    assert [row["what"] for row in timed if float(row["times quicker"]) < 2] == []

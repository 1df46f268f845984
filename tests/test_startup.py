"""What a command may import. No clock: a module that is not loaded takes no time anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.serving import serving

from addonctl import sandbox
from addonctl.sandbox.app import Application

RE1 = "RE73640dced2490fa811f54a87139210ee"
XR1 = "XR05ad044e7178fc4df4b8371f2929226a"

HTTP = {"requests", "urllib3", "http.client", "ssl", "addonctl.api"}
HEAVY = {
    "asyncio",
    "concurrent.futures",
    "cryptography",
    "dask",
    "distributed",
    "jmespath",
    "keyring",
    "obstore",
    "platformdirs",
    "pydantic",
    "rich",
    "sqlite3",
    "tabulate",
    "tomlkit",
    "tomllib",
    "waitress",
    "webvtt",
    "xml",
    "addonctl.batch.pool",
    "addonctl.docs.complete",
    "addonctl.docs.__main__",
    "addonctl.batch.pace",
    "addonctl.sandbox",
    "addonctl.transcripts",
    "addonctl.transfer",
}
LIST = """
import json, sys
from addonctl.cli import main
code = main(sys.argv[1:])
sys.stderr.write("\\n" + json.dumps(sorted(sys.modules)))
sys.exit(code)
"""


def imported(line: str, environment: dict[str, str]) -> set[str]:
    """The modules a command line has loaded by its end, in a Python of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", LIST, *line.split()],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


def test_the_version_is_told_before_anything_is_loaded(environment: dict[str, str]) -> None:
    loaded = imported("--version", environment)

    assert not loaded & {"typer", "argparse", "importlib.metadata", *HTTP, *HEAVY}


@pytest.mark.parametrize(
    ("line", "besides"),
    [
        ("--help", set()),
        ("results --help", set()),
        ("results list -h", set()),
        ("payloads show -h", set()),
        ("auth login --help", {"tomllib"}),
        ("help formats", set()),
        ("completion bash", {"addonctl.docs.complete"}),
    ],
)
def test_help_and_completion_touch_no_network_and_no_keyring(
    environment: dict[str, str], line: str, besides: set[str]
) -> None:
    loaded = imported(line, environment)

    assert loaded & (HTTP | HEAVY) == besides


@pytest.mark.parametrize(
    ("line", "besides"),
    [
        ("zsh results li", set()),
        ("zsh results list --sort -d", set()),
        ("zsh results list --limit 3 --from x", set()),
        ("zsh -p sand", {"addonctl.profiles", "tomllib"}),
        ("zsh -p sandbox results list RE", {"addonctl.history", "platformdirs"}),
        (
            "zsh results list RE",
            {"addonctl.history", "addonctl.profiles", "platformdirs", "tomllib"},
        ),
    ],
)
def test_a_tab_loads_next_to_nothing(
    environment: dict[str, str], home: Path, line: str, besides: set[str]
) -> None:
    """With a profile in use: its settings, and the history, only where they count."""
    (home / ".config" / "addonctl").mkdir(parents=True)
    config = f'active = "work"\n[profiles.work]\naccount = "{sandbox.ACCOUNT}"\n'
    (home / ".config" / "addonctl" / "config.toml").write_text(config)
    loaded = imported(f"__complete {line}", environment)
    ours = {"addonctl.history", "addonctl.profiles", "addonctl.models", "typer"}

    assert loaded & (HTTP | HEAVY | ours) == {"addonctl.docs.complete", *besides}


@pytest.mark.parametrize(
    ("line", "besides"),
    [
        (f"results list {RE1} --format csv", set()),
        (f"results list {RE1} --format jsonl", set()),
        (f"results list {RE1} --format sids", set()),
        (f"results list {RE1} --format json", set()),
        (f"results list {RE1}", {"tabulate"}),
        (f"results get {RE1} {XR1} --format csv", set()),
        (f"results delete {RE1} {XR1} --yes", set()),
        (f"results delete {RE1} {XR1} --yes --format csv", set()),
    ],
)
def test_a_command_loads_what_it_needs(
    environment: dict[str, str], tmp_path: Path, line: str, besides: set[str]
) -> None:
    """With the login in variables, one address, one format."""
    file = tmp_path / "account.sqlite"
    with serving(lambda url: Application(file, store_url=url)) as server:
        environment |= {
            "ADDONCTL_API_URL": server.api_url,
            "TWILIO_ACCOUNT_SID": sandbox.ACCOUNT,
            "TWILIO_AUTH_TOKEN": sandbox.AUTH_TOKEN,
        }
        loaded = imported(line, environment)

    assert "requests" in loaded
    assert loaded & HEAVY == besides


def test_an_archive_in_a_folder_loads_no_cloud(environment: dict[str, str]) -> None:
    for line in ("archive init keep", "archive run", "archive status"):
        loaded = imported(f"{line} -p sandbox", environment)

        assert not loaded & {"obstore", "addonctl.archive.bucket", "addonctl.archive.lease"}


def test_an_archive_is_read_without_what_fills_it(environment: dict[str, str], home: Path) -> None:
    environment["ADDONCTL_PROFILE"] = "sandbox"
    for first in (f"init {home / 'keep'}", "run"):
        imported(f"archive {first}", environment)
    fills = {f"addonctl.archive.{name}" for name in ("run", "look", "noting", "verify", "accounts")}
    for line in ("search tent -f json", "list results -f csv", "status -f json"):
        loaded = imported(f"archive {line}", environment) & (HTTP | HEAVY | fills)

        assert loaded <= {"sqlite3", "platformdirs", "tomllib", "addonctl.sandbox"}, line

"""Every example in help and manual does what it says, as it stands, on the sandbox."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from addonctl.cli import commands
from addonctl.docs import topics
from addonctl.docs.__main__ import CommandDoc

PROGRAM = CommandDoc(commands.PROGRAM)
EXAMPLES = dict.fromkeys(line for command in PROGRAM.walk() for _, line in command.examples)
EXAMPLES |= dict.fromkeys(
    line
    for name in topics.NAMES
    for part in topics.TOPICS[name].parts
    if isinstance(part, list) and part[0].startswith("addonctl ")
    for line in part
    if line.startswith("addonctl ")
)

# Lines for other shells than sh, and those that end otherwise where nobody is there to be asked.
SHELLS = {
    'eval "$(addonctl completion bash)"': ["bash", "-c"],
    'eval "$(addonctl completion zsh)"': ["zsh", "-fc"],
    "addonctl completion fish | source": ["fish", "--no-config", "-c"],
    "addonctl completion powershell | Out-String | Invoke-Expression": ["pwsh", "-Command"],
}
ENDS = {
    "addonctl auth login": (2, "--account"),
    "addonctl auth login --from-twilio-cli": (3, "config.json"),
    "addonctl auth logout": (2, "sandbox"),
}
SERVES = [line for line in EXAMPLES if line.startswith("addonctl sandbox serve")]


@pytest.fixture
def environment(home: Path, tmp_path: Path) -> dict[str, str]:
    """A fresh sandbox, and the program on the PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "addonctl"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m addonctl "$@"\n')
    program.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "ADDONCTL_PROFILE": "sandbox",
    }


def test_there_are_examples_for_every_verb() -> None:
    verbs = [command.path for command in PROGRAM.walk() if not command.commands]
    without = [command.path for command in PROGRAM.walk() if not command.examples]

    assert len(EXAMPLES) > len(verbs)
    assert set(without).isdisjoint(verbs)


@pytest.mark.parametrize("line", [line for line in EXAMPLES if line not in SERVES])
def test_an_example_works_as_it_stands(
    environment: dict[str, str], home: Path, request: pytest.FixtureRequest, line: str
) -> None:
    if "s3://" in line:
        request.getfixturevalue("bucket")
        request.getfixturevalue("store").make("company-archive")
        environment |= {name: os.environ[name] for name in os.environ if name[:4] == "AWS_"}
    shell = SHELLS.get(line, ["sh", "-c"])
    if not shutil.which(shell[0]):
        pytest.skip(f"{shell[0]} is not installed")
    if line.startswith("addonctl archive ") and "init" not in line:
        for first in ("addonctl archive init kept -q", "addonctl archive run -q"):
            subprocess.run(["sh", "-c", first], env=environment, cwd=home, check=True, timeout=60)
    ran = subprocess.run(
        [*shell, line],
        env=environment,
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    code, said = ENDS.get(line, (0, ""))

    assert ran.returncode == code, ran.stderr
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("line", SERVES)
def test_an_example_that_serves_does_so_until_it_is_stopped(
    environment: dict[str, str], home: Path, line: str
) -> None:
    words = [environment["PATH"].partition(":")[0] + "/addonctl", *line.split()[1:]]
    with subprocess.Popen(
        words, env=environment, cwd=home, stderr=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stderr
        first = serving.stderr.readline()
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=30)

    assert "the sandbox answers on http://" in first
    assert serving.returncode == 0

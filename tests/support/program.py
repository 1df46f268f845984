"""The program under test: the line typed at it, and processes of its own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest


class Ran(NamedTuple):
    """What a command line left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]
"""The `run` fixture."""

PROGRAM = [sys.executable, "-m", "addonctl"]

CLOCK = {name: os.environ[name] for name in ("PYTHONPATH", "DAYS_AHEAD") if name in os.environ}
"""What an environment made from nothing must hold, so that a process lives on the tests' day."""

# Ends its stderr with the most memory it took, in KiB.
MEASURED = [
    sys.executable,
    "-c",
    """
import re, sys
from addonctl.cli import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:
    print(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1], file=sys.stderr)
sys.exit(code)
""",
]


def log_in_by_variables(
    monkeypatch: pytest.MonkeyPatch, url: str, *, account: str, token: str = "the-token-of-a-test"
) -> None:
    """Point the program at a service of the test's own, here and in processes it starts."""
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", account)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", token)
    monkeypatch.setenv("ADDONCTL_API_URL", url)


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process is about to do."""
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


def open_below(folder: Path) -> list[Path]:
    """What this process has open in a folder, which is among it."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # another thread has closed it meanwhile
            path = link.readlink()
            if path.is_relative_to(folder):
                found.append(path)
    return found

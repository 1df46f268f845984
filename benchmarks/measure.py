"""Whole processes, timed side by side: in turn, several times, medians quoted."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ADDONCTL = str(Path(sys.executable).parent / "addonctl")
"""The program as it is installed beside this Python."""


def users() -> dict[str, str]:
    """This environment as a user has it.

    Without a login, and without what makes Python compile every module anew or flush every line.
    """
    ours = ("TWILIO_", "ADDONCTL_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def logged_in(account: str, home: Path, **others: str) -> dict[str, str]:
    """The same with a login to an account, and with a home of its own."""
    login = {"TWILIO_ACCOUNT_SID": account, "TWILIO_AUTH_TOKEN": "secret"}
    return {**users(), **login, "HOME": str(home), **others}


@dataclass(frozen=True)
class Figure:
    """Medians of one command's runs: seconds of wall time and of CPU, and peak memory in MiB."""

    seconds: float
    cpu: float
    mebibytes: float
    fastest: float
    slowest: float


def side_by_side(
    commands: Mapping[str, Sequence[str] | Iterator[Sequence[str]]],
    *,
    runs: int,
    environment: Mapping[str, str] | None = None,
    output: Path | None = None,
    before: Sequence[str] | None = None,
) -> dict[str, Figure]:
    """Run the commands in turn, `runs` times after one round to warm up.

    A command that cannot be run twice comes as an iterator of command lines.

    stdout goes to a file of its own (`output`, or nowhere). `before` is run ahead of each, untimed.
    Raises RuntimeError for a command that fails: a fast failure is no figure.
    """
    took: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for round_number in range(runs + 1):
        for name, command in commands.items():
            if before:
                subprocess.run(before, check=True, env=environment, capture_output=True)
            words = command if isinstance(command, Sequence) else next(command)
            timed = _once(words, environment, output)
            if round_number:
                took[name].append(timed)
    return {
        name: Figure(
            statistics.median(seconds for seconds, _, _ in each),
            statistics.median(cpu for _, cpu, _ in each),
            statistics.median(peak for _, _, peak in each),
            min(seconds for seconds, _, _ in each),
            max(seconds for seconds, _, _ in each),
        )
        for name, each in took.items()
    }


def _once(
    command: Sequence[str], environment: Mapping[str, str] | None, output: Path | None
) -> tuple[float, float, float]:
    with (output or Path(os.devnull)).open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=environment
        )
        assert process.stderr
        said = process.stderr.read()
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} left {process.returncode}: {said.decode()[-500:]}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

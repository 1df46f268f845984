"""What the suite says of itself: on which day it runs, and on which versions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[1]
SAYS = "import datetime, time; print(time.time(), datetime.datetime.now().timestamp())"


@pytest.mark.parametrize("days", [0, 45, 400])
def test_every_process_lives_on_the_day_that_was_asked_for(days: int) -> None:
    """Children of children too; the monotonic clock is the machine's."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT / "tests" / "clock"),
        "DAYS_AHEAD": str(days),
    }
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SAYS!r}])"
    true = float(subprocess.check_output(["date", "+%s"]))
    told = [
        subprocess.check_output([sys.executable, "-c", code], env=environment, text=True).split()
        for code in (SAYS, child, "import time; print(time.monotonic(), time.monotonic())")
    ]
    ahead = [(float(word) - true) / 86400 for word in told[0] + told[1]]

    assert [round(each) for each in ahead] == [days] * 4
    assert abs(float(told[2][0]) - time.monotonic()) < 86400


def test_this_process_does() -> None:
    true = datetime.fromtimestamp(float(subprocess.check_output(["date", "+%s"])), UTC)
    ahead = timedelta(days=float(os.environ.get("DAYS_AHEAD") or 0))

    assert abs(datetime.now(UTC) - true - ahead) < timedelta(hours=1)


@pytest.mark.slow
def test_a_case_has_the_same_name_in_every_process_and_on_every_day() -> None:
    """Else the workers that share a run do not agree on what there is to run."""
    told = [
        subprocess.check_output(
            [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:randomly"],
            cwd=CHECKOUT,
            env={
                **os.environ,
                "PYTHONPATH": str(CHECKOUT / "tests" / "clock"),
                "PYTHONHASHSEED": str(days),
                "DAYS_AHEAD": str(days),
            },
            text=True,
        ).splitlines()
        for days in (1, 2)
    ]
    names = [[line for line in each if "::" in line] for each in told]

    assert len(names[0]) > 5000
    assert names[0] == names[1]


def test_what_is_required_is_pinned_within_its_bounds() -> None:
    """`make constraints` makes it so."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    pinned: dict[str, list[str]] = {}
    for line in (CHECKOUT / "constraints.txt").read_text("utf-8").splitlines():
        if found := re.match(r"([\w.-]+)==([^ ;]+)", line):
            pinned.setdefault(canonicalize_name(found[1]), []).append(found[2])
    required = [Requirement(it) for it in sum(extras, project["dependencies"])]

    assert pinned
    for requirement in required:
        versions = pinned[canonicalize_name(requirement.name)]
        assert all(map(requirement.specifier.contains, versions)), requirement


def test_everything_required_has_a_lowest_version() -> None:
    """Without one, nobody could say on what it was last seen to work."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    required = [Requirement(it) for it in sum(extras, project["dependencies"])]

    assert [str(it) for it in required if not re.search(">=|==", str(it.specifier))] == []

"""Pages that show a console: what is typed there, typed, and what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from support.program import CLOCK

DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\bRQ[0-9a-f]{32}\b")


def consoles(page: str) -> list[tuple[str, str]]:
    """The commands of a page's console blocks, each with the output shown under it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, shown = part.partition("\n")
            found.append((line, shown))
    return found


def newcomer(home: Path) -> dict[str, str]:
    """The environment of somebody with the program on the path, and nothing set."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", **CLOCK}


def typed(line: str, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Both streams come in one, as on a screen."""
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


def as_shown(steps: list[tuple[str, str]], environment: dict[str, str], folder: Path) -> None:
    """Type the lines one after the other, and assert that each shows what the page says.

    Dates and ids of requests aside, and in any order: what is said beside an answer may come
    before or after it. What a line exports holds for those after it.
    """
    for line, shown in steps:
        if line.startswith("export "):
            pairs = (word.partition("=") for word in line.removeprefix("export ").split())
            environment |= {name: value for name, _, value in pairs}
            continue
        ran = typed(line, environment, folder)

        found, expected = (DATE.sub("DATE", text).splitlines() for text in (ran.stdout, shown))
        assert sorted(found) == sorted(expected), f"{line}\n{ran.stdout}"

"""How long a TAB takes in bash: the shell, its script, and the answer of `addonctl __complete`.

    python -m benchmarks.completion [--runs 21]

Beside Python alone; a shell that has sourced the script is started anew for each TAB, so its own
start counts, too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import ADDONCTL, side_by_side, users
from benchmarks.report import keep, table

ACCOUNT = "AC" + "a" * 32
TAB = """
source "$1"
COMP_LINE=$2 COMP_POINT=${#COMP_LINE}
_addonctl "$3" "${COMP_LINE##* }" ''
(( ${#COMPREPLY[@]} == $4 ))
"""
LINES = {
    "a verb": ("addonctl results l", 1),
    "a format": ("addonctl results list -f ", 8),
    "a profile": ("addonctl -p ", 2),
    "a recording of 500": ("addonctl results list RE", 500),
}
GOAL = 60
"""Milliseconds; what takes longer is felt."""


def measure(runs: int) -> list[dict[str, object]]:
    """One row for each thing completed, with a profile in config.toml and a full history."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        history = home / "addonctl" / "history" / f"{ACCOUNT}.txt"
        history.parent.mkdir(parents=True)
        history.write_text(
            "".join(
                f"RE{n:032x}\tcompleted, 2026-11-20 10:00\tCA{n:032x} CF{n:032x}\n"
                for n in range(500)
            )
        )
        (home / "addonctl" / "config.toml").write_text(
            f'active = "work"\n\n[profiles.work]\naccount = "{ACCOUNT}"\n'
        )
        script = home / "addonctl.bash"
        script.write_bytes(subprocess.check_output([ADDONCTL, "completion", "bash"]))
        shell = ["bash", "--norc", "-c", TAB, "bash", str(script)]
        took = side_by_side(
            {"pass": [sys.executable, "-c", "pass"]}
            | {what: [*shell, line, ADDONCTL, str(count)] for what, (line, count) in LINES.items()},
            runs=runs,
            environment=users()
            | {"XDG_CACHE_HOME": folder, "XDG_CONFIG_HOME": folder, "HOME": folder},
        )
    return [
        {
            "what": f"TAB at {what}",
            "beside": "python -c pass",
            "ratio": took[what].seconds / took["pass"].seconds,
            "ms": took[what].seconds * 1000,
            "ms at most": GOAL,
        }
        for what in LINES
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    rows = measure(runs)
    keep("completion", rows, runs=runs)
    print(table(rows))


if __name__ == "__main__":
    main()

"""What a person waits for at a terminal: an answer to TAB in bash, and a list of 10,000 rows.

    python -m benchmarks.terminal [--runs 11]

In milliseconds, for these are bounds of patience and not of ratio; bash itself and Python's start
are told beside them.
"""

from __future__ import annotations

import argparse
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import ADDONCTL, users
from benchmarks.report import keep, table
from benchmarks.startup import answered, served

ROWS = 10_000
TAB_AT_MOST = 60
ROWS_AT_MOST = 3000

# Has bash complete a line as at its prompt, many times, and says the microseconds of each.
TAB = r"""
source "$1"
function=$(complete -p addonctl | sed 's/.*-F \([^ ]*\).*/\1/')
COMP_LINE=$2 COMP_POINT=${#COMP_LINE} COMP_TYPE=9
read -ra COMP_WORDS <<<"$COMP_LINE"
[[ $COMP_LINE != *' ' ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
for ((at = 0; at <= $3; at++)); do
    before=${EPOCHREALTIME/[.,]/}
    $function addonctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
    echo $((${EPOCHREALTIME/[.,]/} - before)) ${#COMPREPLY[@]}
done
"""


def tab(script: Path, line: str, environment: dict[str, str], runs: int) -> float:
    """The median milliseconds that bash waits for the words that fit; the first is not counted."""
    ran = subprocess.run(
        ["bash", "--norc", "-c", TAB, "bash", script, line, str(runs)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    timed = [each.split() for each in ran.stdout.splitlines()[1:]]
    if any(count == "0" for _, count in timed):
        raise RuntimeError(f"nothing was offered for {line!r}")
    return statistics.median(int(micros) / 1000 for micros, _ in timed)


def on_terminal(words: list[str], environment: dict[str, str]) -> tuple[float, int]:
    """Milliseconds until a command has written all of its lines to a terminal, and how many."""
    began = time.perf_counter()
    main, child = pty.openpty()
    process = subprocess.Popen(words, env=environment, stdin=child, stdout=child, stderr=child)
    os.close(child)
    lines = 0
    try:
        while data := os.read(main, 1 << 16):
            lines += data.count(b"\n")
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(main)
    if process.wait():
        raise RuntimeError(f"{words[0]} left {process.returncode}")
    return (time.perf_counter() - began) * 1000, lines


def measure(runs: int) -> list[dict[str, Any]]:
    sizes = ("--recordings", "1", "--results", str(ROWS), "--payloads", "0")
    with served(*sizes) as environment, tempfile.TemporaryDirectory() as folder:
        (recording,) = answered(environment, "recordings", "list")
        listing = [ADDONCTL, "results", "list", recording, "--no-pager"]
        took = [on_terminal(listing, environment) for _ in range(3)]  # and the history is full
        if any(lines < ROWS for _, lines in took):
            raise RuntimeError("not every row was shown")
        script = Path(folder, "addonctl.bash")
        made = subprocess.run(
            [ADDONCTL, "completion", "bash"], env=environment, check=True, capture_output=True
        )
        script.write_bytes(made.stdout)
        environment["PATH"] = f"{Path(ADDONCTL).parent}{os.pathsep}{environment['PATH']}"
        # The most that is read for an answer: config.toml, then the history.
        config = Path(environment["HOME"], ".config", "addonctl", "config.toml")
        config.parent.mkdir(parents=True)
        config.write_text(f'[profiles.work]\naccount = "{environment["TWILIO_ACCOUNT_SID"]}"\n')
        tabs = {
            line: tab(script, line, environment, runs)
            for line in ("addonctl resu", f"addonctl -p work results get {recording} XR")
        }
    began = time.perf_counter()
    for _ in range(runs):
        subprocess.run([sys.executable, "-c", "pass"], env=users(), check=True)
    python = (time.perf_counter() - began) * 1000 / runs
    rows: list[dict[str, Any]] = [
        {"what": f"TAB in bash after `{line[:30]}`", "ms": ms, "at most ms": TAB_AT_MOST}
        for line, ms in tabs.items()
    ]
    rows.append(
        {
            "what": f"a table of {ROWS:,} rows on a terminal",
            "ms": statistics.median(ms for ms, _ in took),
            "at most ms": ROWS_AT_MOST,
        }
    )
    return [*rows, {"what": "python -c pass", "ms": python}]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    rows = measure(runs)
    keep("terminal", rows, runs=runs)
    print(table(rows))


if __name__ == "__main__":
    main()

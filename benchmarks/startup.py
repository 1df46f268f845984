"""What a command costs beside a bare script of requests, and Python alone.

In CPU time, which is nearly all that a user waits for at a service on the same machine, and hardly
changes when the machine is busy with other things.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import ADDONCTL, side_by_side, users
from benchmarks.report import keep, table

HERE = Path(__file__).parent
RESULTS = 120
VENDORS = "api:core:recordings:add-on-results:list"
"""The vendor's own command for the same list; measured where it is installed."""


@contextmanager
def served(*sizes: str) -> Iterator[dict[str, str]]:
    """The environment for a sandbox of that size, served on loopback by a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = users() | {"XDG_STATE_HOME": folder, "XDG_CACHE_HOME": folder, "HOME": folder}
        subprocess.run(
            [ADDONCTL, "sandbox", "reset", *sizes],
            env=environment,
            check=True,
            capture_output=True,
        )
        server = subprocess.Popen(
            [ADDONCTL, "sandbox", "serve", "--port", "0"],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert server.stderr
        try:
            for line in server.stderr:
                if line.startswith("export "):
                    name, _, value = line.removeprefix("export ").strip().partition("=")
                    environment[name] = value
                if "TWILIO_AUTH_TOKEN" in environment:
                    break
            yield environment
        finally:
            server.terminate()
            server.wait()
            server.stderr.close()


def answered(environment: dict[str, str], *words: str) -> list[str]:
    """The addresses that a list prints."""
    ran = subprocess.run(
        [ADDONCTL, *words, "-f", "sids"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return ran.stdout.split()


def measure(runs: int) -> list[dict[str, object]]:
    """One row for each command: what it is measured against, the ratio, and the bound."""
    python = sys.executable
    with served("--recordings", "2", "--results", str(RESULTS), "--payloads", "0") as environment:
        recording, other = answered(environment, "recordings", "list")
        results = iter(answered(environment, "results", "list", other))
        vendor = shutil.which("twilio")
        took = side_by_side(
            {
                "pass": [python, "-c", "pass"],
                "script": [python, str(HERE / "bare_list.py"), recording],
                "csv": [ADDONCTL, "results", "list", recording, "--format", "csv"],
                "table": [ADDONCTL, "results", "list", recording],
                "delete": ([ADDONCTL, "results", "delete", each, "--yes"] for each in results),
                "help": [ADDONCTL, "--help"],
                "verb help": [ADDONCTL, "results", "list", "--help"],
                "version": [ADDONCTL, "--version"],
                **({"vendor": [vendor, VENDORS, "--help"]} if vendor else {}),
            },
            runs=runs,
            environment=environment,
        )
    rows: list[dict[str, object]] = []
    for name, command, beside, bound in (
        ("csv", f"results list RE --format csv, {RESULTS} results", "script", 1.2),
        ("table", "the same, piped table", "script", 1.3),
        ("delete", "results delete RE XR --yes", "script", 1.2),
        ("help", "--help", "pass", 6),
        ("verb help", "results list --help", "pass", 7),
        ("version", "--version", "pass", 2),
    ):
        rows.append(
            {
                "what": command,
                "beside": {"script": "a bare requests script", "pass": "python -c pass"}[beside],
                "ratio": took[name].cpu / took[beside].cpu,
                "at most": bound,
            }
        )
    if vendor:
        rows.append(
            {
                "what": f"twilio {VENDORS} --help (the vendor's)",
                "beside": "python -c pass",
                "ratio": took["vendor"].cpu / took["pass"].cpu,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    rows = measure(runs)
    keep("startup", rows, runs=runs)
    print(table(rows))


if __name__ == "__main__":
    main()

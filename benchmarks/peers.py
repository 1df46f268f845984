"""The same work by the vendor's command line, over TLS: how long, how much memory, what it can.

    make clients && .venv-bench/bin/python -m benchmarks.peers [--runs 3]

Both speak to one sandbox on loopback. Where the vendor's has no command for a task, it is given
the shortest shell line that does it.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import ADDONCTL, Figure, side_by_side
from benchmarks.report import keep, table, versions
from benchmarks.startup import answered, served

TESTS = Path(__file__).parents[1] / "tests"
VENDOR = TESTS / "clients" / "node_modules" / ".bin" / "twilio"
NOUN = "api:core:recordings:add-on-results"
RESULTS, SOME = 400, 5

Row = dict[str, Any]


def version() -> str:
    package = VENDOR.parents[1] / "twilio-cli" / "package.json"
    return str(json.loads(package.read_text("utf-8"))["version"])


@contextmanager
def over_tls(api_url: str) -> Iterator[dict[str, str]]:
    """The variables by which both reach it there, as a process of its own serves it.

    Of its own also because a process begins with the peak memory of the one that started it.
    """
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "benchmarks.peers", "--front", api_url, folder]
        front = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert front.stdout
        try:
            yield json.loads(front.stdout.readline())
        finally:
            front.communicate()


def serve_front(api_url: str, folder: Path) -> None:
    """Print the variables, and serve until stdin ends."""
    sys.path.append(str(TESTS))
    from support.tls_front import tls_front

    with tls_front(api_url, folder) as variables:
        print(json.dumps(variables), flush=True)
        sys.stdin.read()


def timed(environment: Mapping[str, str], runs: int, folder: Path) -> list[Row]:
    """A row for each task: seconds and peak memory of both, and how many times ours is quicker."""
    first, other, third = answered(dict(environment), "recordings", "list")
    vendor = shlex.quote(str(VENDOR))
    ours = iter(answered(dict(environment), "results", "list", first))
    theirs = iter(answered(dict(environment), "results", "list", other))

    def by_the_vendor(words: str, addresses: Iterator[str], count: int, then: str) -> list[str]:
        """A line of shell: one run of its program for each of so many addresses."""
        sids = [next(addresses).split("/") for _ in range(count)]
        pairs = " ".join(f"{recording}:{result}" for recording, result in sids)
        each = "R=${pair%:*}; X=${pair#*:}"
        return [
            "bash",
            "-ec",
            f"for pair in {pairs}; do {each}; {vendor} {NOUN}:{words}{then}; done",
        ]

    def removed(count: int) -> Iterator[list[str]]:
        while True:
            yield by_the_vendor("remove --reference-sid $R --sid $X", theirs, count, "")

    def deleted(count: int) -> Iterator[list[str]]:
        while True:
            yield [ADDONCTL, "results", "delete", "--yes", *(next(ours) for _ in range(count))]

    kept = answered(dict(environment), "payloads", "list", third, "--limit", str(SOME))
    pairs = [each.split("/")[1:] for each in kept]
    fetch = f"{vendor} {NOUN}:payloads:data:fetch --reference-sid {third} -o json"
    link = "jq -r '.[0].redirectTo'"
    lines = [
        f'curl -sSfo {payload} "$({fetch} --add-on-result-sid {result} --payload-sid {payload}'
        f' | {link})"'
        for result, payload in pairs
    ]
    whole = [str(VENDOR), f"{NOUN}:list", "--reference-sid", third, "--no-limit"]
    tasks: dict[str, tuple[Any, Any]] = {
        "help on a command": (
            [ADDONCTL, "results", "list", "--help"],
            [str(VENDOR), f"{NOUN}:list", "--help"],
        ),
        f"list {RESULTS} results as JSON": (
            [ADDONCTL, "results", "list", third, "-f", "json"],
            [*whole, "--page-size", "1000", "-o", "json"],
        ),
        "delete a result": (deleted(1), removed(1)),
        f"delete {SOME} results": (deleted(SOME), removed(SOME)),
        f"save the data of {SOME} payloads": (
            [ADDONCTL, "results", "download", *kept, "--clobber", "--to", str(folder / "ours")],
            ["bash", "-ec", f"cd {shlex.quote(str(folder))}; {'; '.join(lines)}"],
        ),
    }
    commands = {
        f"{name}/{who}": command
        for name, pair in tasks.items()
        for who, command in zip(("ours", "theirs"), pair, strict=True)
    }
    took = side_by_side(commands, runs=runs, environment=environment)
    return [_row(name, took[f"{name}/ours"], took[f"{name}/theirs"]) for name in tasks]


def _row(what: str, ours: Figure, theirs: Figure) -> Row:
    return {
        "what": what,
        "addonctl": f"{ours.seconds:.1f} s, {ours.mebibytes:.0f} MiB",
        f"twilio-cli {version()}": f"{theirs.seconds:.1f} s, {theirs.mebibytes:.0f} MiB",
        "times quicker": f"{theirs.seconds / ours.seconds:.0f}",
    }


def tried(environment: Mapping[str, str]) -> list[Row]:
    """A row for each question: what either does, as seen in a run of it."""

    def ran(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)

    recording = answered(dict(environment), "recordings", "list")[2]
    empty = answered(dict(environment), "recordings", "list")[0]
    ran(ADDONCTL, "results", "delete", empty, "--all-results", "--yes", "-q")
    list_ = (str(VENDOR), f"{NOUN}:list", "-o", "json", "--reference-sid")
    fetch = (str(VENDOR), f"{NOUN}:fetch", "--reference-sid", recording, "--sid", f"XR{0:032x}")
    ours = ran(ADDONCTL, "results", "list", recording, "-f", "json")
    gone = ran(ADDONCTL, "results", "get", recording, f"XR{0:032x}")
    denied = {**environment, "TWILIO_AUTH_TOKEN": "wrong"}
    refused = [
        subprocess.run(words, env=denied, capture_output=True, timeout=60).returncode
        for words in ((ADDONCTL, "results", "list", recording), (*list_, recording))
    ]
    theirs = json.loads(ran(*list_, recording).stdout)
    shown = [json.loads(ours.stdout)[0], theirs[0]]
    names = [key for each in shown for key in each if key.replace("_", "").lower() == "addonsid"]
    nothing = [
        ran(ADDONCTL, "results", "list", empty, "-f", "json").stdout,
        ran(*list_, empty).stdout,
    ]
    rows = [
        (f"rows of a list of {RESULTS}, unasked", len(json.loads(ours.stdout)), len(theirs)),
        (
            "JSON of an empty list",
            *(f"`{each.strip()}`" if each else "nothing" for each in nothing),
        ),
        ("exit code: no such result", gone.returncode, ran(*fetch).returncode),
        ("exit code: login refused", *refused),
        ("field names in JSON", *(f"`{each}`" for each in names)),
        ("lists of the whole account, filters by status, age, add-on", "yes", "no"),
        ("the data of a payload to a file, resumed and checked", "yes", "no, a link to it"),
        ("what was said, as text, subtitles or rows", "yes", "no"),
        ("an archive beyond 30 days, with search", "yes", "no"),
        ("secrets lie in", "the system's keyring", "a plain file"),
        ("every other part of Twilio's API", "no", "yes"),
    ]
    head = f"twilio-cli {version()}"
    return [
        {"what": what, "addonctl": str(one), head: str(other), "times quicker": ""}
        for what, one, other in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--front", nargs=2, metavar=("URL", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.front:
        serve_front(options.front[0], Path(options.front[1]))
        return
    runs = options.runs
    if not VENDOR.exists() or not shutil.which("jq"):
        print("not measured: it needs the vendor's clients (make clients), and jq")
        return
    sizes = ("--recordings", "3", "--results", str(RESULTS), "--payloads", "1")
    with tempfile.TemporaryDirectory() as place, served(*sizes) as plain:
        folder = Path(place)
        with over_tls(plain.pop("ADDONCTL_API_URL")) as variables:
            environment = {**plain, **variables}
            rows = [*timed(environment, runs, folder), *tried(environment)]
    used = {
        "addonctl": versions()["addonctl"],
        "twilio-cli": version(),
        "python": versions()["python"],
    }
    keep("peers", rows, runs=runs, versions=used)
    print(table(rows))


if __name__ == "__main__":
    main()

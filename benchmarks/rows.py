"""Rows a second and peak memory: a long list of results as csv, jsonl and xml, beside curl and jq.

    python -m benchmarks.rows [--rows 1000000] [--runs 3]

The same pages come from one server of static pages, in a process of its own. curl is given all
its addresses beforehand and keeps one connection, which is the most that can be done for it; jq
makes csv of the same nine fields, without turning the dates into any that a spreadsheet knows.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

from benchmarks.measure import Figure, side_by_side

ROOT = Path(__file__).parent
PAGE = 1000
SMALL = 10_000
ACCOUNT = "AC" + "a" * 32
GOAL = 1.5
GOAL_MEMORY = 1.2
FIELDS = (
    "sid",
    "account_sid",
    "reference_sid",
    "status",
    "add_on_sid",
    "add_on_configuration_sid",
    "date_created",
    "date_updated",
    "date_completed",
)


def path(recording: str) -> str:
    return f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording}/AddOnResults.json"


def template() -> bytes:
    """A page of a thousand results, with a mark where its own number goes into each SID."""
    start = datetime(2026, 11, 21, 18, 43, tzinfo=UTC)
    rows = []
    for number in range(PAGE):
        sid = f"XR{'@' * 29}{number:03x}"
        created = start - timedelta(minutes=17 * number)
        rows.append(
            {
                "sid": sid,
                "account_sid": ACCOUNT,
                "status": ("completed", "failed", "in-progress")[number % 3],
                "add_on_sid": "XB" + "b" * 32,
                "add_on_configuration_sid": "XE" + "c" * 32,
                "date_created": format_datetime(created),
                "date_updated": format_datetime(created + timedelta(seconds=number % 97)),
                "date_completed": format_datetime(created + timedelta(seconds=number % 89)),
                "reference_sid": "RE" + "e" * 32,
                "subresource_uris": {"payloads": f"{path('RE')[:-5]}/{sid}/Payloads.json"},
            }
        )
    return json.dumps({"add_on_results": rows, "next_page_uri": "@next"}).encode()


def serve() -> None:
    """Serve lists until killed; the recording's digits are the number of pages, in hexadecimal."""
    head, _, tail = template().partition(b'"@next"')

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline():
                while self.rfile.readline() not in (b"\r\n", b""):
                    pass
                target = line.split()[1].decode()
                recording = target.split("/Recordings/")[1][:34]
                page = int(target.partition("&Page=")[2] or 0)
                following = b"null"
                if page + 1 < int(recording[2:], 16):
                    following = f'"{path(recording)}?PageSize={PAGE}&Page={page + 1}"'.encode()
                body = head.replace(b"@" * 29, f"{page:029x}".encode()) + following + tail
                lines = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                self.wfile.write(f"{lines}{len(body)}\r\n\r\n".encode() + body)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        print(server.server_address[1], flush=True)
        server.serve_forever()


def commands(url: str, rows: int) -> dict[str, list[str]]:
    """What is measured, by the name it has in the table."""
    pages = rows // PAGE
    recording = f"RE{pages:032x}"
    found: dict[str, list[str]] = {}
    for format in ("csv", "jsonl", "xml"):
        words = ["-m", "addonctl", "results", "list", recording, "--format", format]
        found[f"addonctl {format}"] = [sys.executable, *words]
        small = [word.replace(recording, f"RE{SMALL // PAGE:032x}") for word in words]
        found[f"addonctl {format}, {SMALL:,} rows"] = [sys.executable, *small]
    row = ", ".join(f".{name}" for name in FIELDS)
    listed = f"{url}{path(recording)}?PageSize={PAGE}&Page=[0-{pages - 1}]"
    found["curl | jq -r @csv"] = [
        "sh",
        "-c",
        f"curl -sS '{listed}' | jq -r '.add_on_results[] | [{row}] | @csv'",
    ]
    return found


def measured(rows: int, runs: int) -> dict[str, Figure]:
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.rows", "--serve"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        environment = {
            **os.environ,
            "ADDONCTL_API_URL": url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": "none",
            "ADDONCTL_NO_HISTORY": "1",
        }
        return side_by_side(commands(url, rows), runs=runs, environment=environment)
    finally:
        server.kill()
        server.wait()


def report(figures: dict[str, Figure], rows: int) -> tuple[str, dict[str, object]]:
    """The table, and the same as data."""
    jq = figures["curl | jq -r @csv"]
    lines = [
        "| command | rows/s | beside jq | peak memory | of that with 10,000 rows |",
        "|---|---|---|---|---|",
    ]
    data: dict[str, object] = {}
    for name, figure in figures.items():
        if name.endswith("rows"):
            continue
        small = figures.get(f"{name}, {SMALL:,} rows")
        growth = f"{figure.mebibytes / small.mebibytes:.2f} ×" if small else ""
        lines.append(
            f"| {name} | {rows / figure.seconds:,.0f} | {jq.seconds / figure.seconds:.2f} × "
            f"| {figure.mebibytes:.1f} MiB | {growth} |"
        )
        data[name] = asdict(figure) | {
            "rows_per_second": rows / figure.seconds,
            "times_jq": jq.seconds / figure.seconds,
            "memory_growth": figure.mebibytes / small.mebibytes if small else None,
        }
    return "\n".join(lines), data


def version(*command: str) -> str:
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    return said.stdout.splitlines()[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    table, data = report(measured(options.rows, options.runs), options.rows)
    results = ROOT / "results" / "rows.json"
    results.parent.mkdir(exist_ok=True)
    facts = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "rows": options.rows,
        "runs": options.runs,
        "goals": {"times_jq": GOAL, "memory_growth": GOAL_MEMORY},
        "versions": {
            "python": platform.python_version(),
            "addonctl": version(sys.executable, "-m", "addonctl", "--version"),
            "jq": version("jq", "--version"),
            "curl": version("curl", "--version"),
        },
        "figures": data,
    }
    results.write_text(json.dumps(facts, indent=2) + "\n")
    print(table)


if __name__ == "__main__":
    main()

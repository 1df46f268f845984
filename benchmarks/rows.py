"""Rows a second and peak memory: a long list of results as csv, jsonl and xml, beside curl and jq.

    python -m benchmarks.rows [--rows 1000000] [--runs 3]

The same pages come from one server of static pages, in a process of its own. curl is given all
its addresses beforehand and keeps one connection, which is the most that can be done for it; jq
makes csv of the same nine fields, without turning the dates into any that a spreadsheet knows.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from benchmarks.measure import ADDONCTL, Figure, side_by_side, users
from benchmarks.report import keep, table

PAGE = 1000
SMALL = 10_000
ACCOUNT = "AC" + "a" * 32
FORMATS = ("csv", "jsonl", "xml")
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
    few = f"RE{SMALL // PAGE:032x}"
    for format in FORMATS:
        words = (ADDONCTL, "results", "list")
        found[f"addonctl {format}"] = [*words, recording, "--format", format]
        found[f"addonctl {format}, few"] = [*words, few, "--format", format]
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
        environment = users() | {
            "ADDONCTL_API_URL": url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": "none",
        }
        return side_by_side(commands(url, rows), runs=runs, environment=environment)
    finally:
        server.kill()
        server.wait()


def report(figures: dict[str, Figure], rows: int) -> list[dict[str, Any]]:
    """A row for each format; growth is peak memory beside that of 10,000 rows."""
    jq = figures["curl | jq -r @csv"]
    found: list[dict[str, Any]] = []
    for format in FORMATS:
        figure, small = figures[f"addonctl {format}"], figures[f"addonctl {format}, few"]
        found.append(
            {
                "what": f"{rows:,} results as {format}",
                "beside": "curl | jq -r @csv",
                "ratio": jq.seconds / figure.seconds,
                "at least": GOAL,
                "rows/s": rows / figure.seconds,
                "peak MiB": figure.mebibytes,
                "growth": figure.mebibytes / small.mebibytes,
                "growth at most": GOAL_MEMORY,
            }
        )
    found.append({"what": "curl | jq -r @csv", "rows/s": rows / jq.seconds})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    found = report(measured(options.rows, options.runs), options.rows)
    keep("rows", found, runs=options.runs)
    print(table(found))


if __name__ == "__main__":
    main()

"""In a pipe nothing changes: every format, byte for byte, as scripts have read it since 0.1.0."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from support.documents import HOSTILE, RE, XR, listed, page, payload
from support.program import Run

GOLDEN = Path(__file__).parent / "golden" / "piped.txt"
FORMATS = ("table", "csv", "json", "jsonl", "markdown", "sids", "tsv", "xml")
CALL = "RE73640dced2490fa811f54a87139210ee"
CONFERENCE = "RE87507184dbc27bac07cb30a6ce1c90b6"
TRANSCRIPT = f"{CALL} XR68b652bc56ffb143af7cdb76f8cbc0ef"
SENTIMENT = "XR05ad044e7178fc4df4b8371f2929226a"
TEXT = f"{TRANSCRIPT} XH490b86aebe891b7656eebf1333bc7523"
LINES = [
    f"-p sandbox {words} -f {format}"
    for words in (
        "recordings list",
        "recordings list --limit 1",
        "results list --all",
        f"results list {CALL}",
        "results list --all --sort -date_completed --fields status,expires,sid,date_completed",
        f"results get {TRANSCRIPT}",
        f"results get {TRANSCRIPT} {SENTIMENT}",
        f"results delete {TRANSCRIPT} {SENTIMENT} --dry-run",
        f"results delete {CONFERENCE} --all-results --dry-run --no-header",
        f"payloads list {TRANSCRIPT}",
        f"payloads get {TEXT}",
        "results list --all --status queued --expiring-within 1h",
        "auth list",
        "auth status",
    )
    for format in FORMATS
    if not (words.startswith("auth") and format == "sids")  # a login has no address
] + [
    f"-p sandbox payloads show {TEXT}",
    f"-p sandbox results list {CALL} -f json --query [].status",
    f"-p sandbox results list {CALL} -f csv --bom --exact",
]
LABELS = [f"payloads list {RE} {XR} -f {format}" for format in FORMATS]


@pytest.fixture(autouse=True)
def that_day() -> Iterator[None]:
    """The sandbox's dates count from the day it is made."""
    with time_machine.travel(datetime(2026, 11, 21, 21, 14, tzinfo=UTC), tick=False):
        yield


def test_a_pipe_gets_what_it_always_got(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """To change an answer on purpose, delete the file and run this once."""
    found = {}
    for line in LINES:
        ran = run(*shlex.split(line))
        assert ran.code == 0, line
        found[line] = ran.out + "".join(f"2> {said}\n" for said in ran.err.splitlines())
    labels = [label for name, label in HOSTILE.items() if name not in ("long", "nul")]
    rows = [payload(at, label=label) for at, label in enumerate(labels, 1)]
    with listed(monkeypatch, page("payloads", rows)):
        found |= {line: run(line).out for line in LABELS}
    if not GOLDEN.exists():
        GOLDEN.write_bytes(written(found))
    kept = GOLDEN.read_bytes()

    for line, out in found.items():
        assert written({line: out}) in kept, line
    assert written(found) == kept


def written(found: dict[str, str]) -> bytes:
    return "".join(f"\n$ addonctl {line}\n{out}" for line, out in found.items()).encode()

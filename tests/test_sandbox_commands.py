"""`addonctl sandbox serve | reset | status`, and `-p sandbox`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import requests
from support.faulty import impatient
from support.program import PROGRAM, Run, log_in_by_variables
from support.serving import Cut, serving, troubled

from addonctl import sandbox
from addonctl.sandbox.app import Application
from addonctl.sandbox.transport import WSGIApplication

STATE = "state/addonctl/sandbox.sqlite"


def test_status_makes_the_account_and_tells_what_it_holds(run: Run, home: Path) -> None:
    ran = run("sandbox status")

    assert (ran.code, ran.err) == (0, "")
    told = dict(line.split(maxsplit=1) for line in ran.out.splitlines())
    assert told.pop("next_expiry").startswith("20")
    counts = {"recordings": "5", "results": "14", "payloads": "11"}
    assert told == {"path": str(home / STATE), **counts}


def test_status_in_json(run: Run, home: Path) -> None:
    run("sandbox reset --recordings 1 --results 0")
    ran = run("sandbox status --format json")

    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == {
        "path": str(home / STATE),
        "recordings": 1,
        "results": 0,
        "payloads": 0,
        "next_expiry": None,
    }


def test_reset_brings_back_what_was_deleted(run: Run) -> None:
    result = run("-p sandbox results list RE73640dced2490fa811f54a87139210ee -f sids").out.split()
    gone = run(f"-p sandbox results delete {result[0]} --yes")
    fewer = run("sandbox status")
    ran = run("sandbox reset")
    again = run("-p sandbox results list RE73640dced2490fa811f54a87139210ee -f sids").out.split()

    assert gone.code == 0
    assert "results      13\npayloads     9\n" in fewer.out
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "the sandbox now holds 5 recordings, 14 results and 11 payloads\n"
    assert again == result


def test_reset_makes_any_size(run: Run) -> None:
    ran = run("sandbox reset --recordings 2 --results 30 --payloads 3 --payload-bytes 10")
    listed = run("-p sandbox recordings list -f sids")

    assert ran.err == "the sandbox now holds 2 recordings, 60 results and 180 payloads\n"
    assert len(listed.out.split()) == 2


@pytest.mark.parametrize(
    "line",
    [
        "reset --results -1",
        "reset --payloads many",
        f"reset --payload-bytes {10**30}",
        "serve --port 70000",
        "serve --latency soon",
    ],
)
def test_a_size_or_time_that_makes_no_sense_is_refused(run: Run, line: str) -> None:
    ran = run(f"sandbox {line}")

    assert (ran.code, ran.out) == (2, "")
    assert line.split()[1] in ran.err
    assert line.split()[2] in ran.err


def test_a_damaged_state_is_one_clear_line_until_it_is_reset(run: Run, home: Path) -> None:
    run("sandbox reset")
    (home / STATE).write_bytes(b"nothing of use " * 100)
    for line in ("sandbox status", "-p sandbox recordings list"):
        ran = run(line)

        assert (ran.code, ran.out) == (1, "")
        assert "run `addonctl sandbox reset`" in ran.err
        assert len(ran.err.splitlines()) == 1
    assert run("sandbox reset").code == 0
    assert run("-p sandbox recordings list").code == 0


@pytest.mark.parametrize("line", ["sandbox status", "sandbox reset", "-p sandbox recordings list"])
@pytest.mark.parametrize("holding", ["nothing", "a whole state", "a damaged one"])
def test_a_folder_that_can_not_be_written_is_one_clear_line(
    run: Run, home: Path, line: str, holding: str
) -> None:
    """For root too, once it has given up what lets it write everywhere."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if os.geteuid() == 0 and not shutil.which(drop[0]):
        pytest.skip("root writes everywhere, and setpriv is not installed")
    run("sandbox reset")
    state = home / STATE
    if holding == "nothing":
        state.unlink()
    elif holding == "a damaged one":
        state.write_bytes(b"nothing of use " * 100)
    state.parent.chmod(0o555)
    ran = subprocess.run(
        [*(drop if os.geteuid() == 0 else []), *PROGRAM, *line.split()],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    state.parent.chmod(0o755)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert len(ran.stderr.splitlines()) == 1
    assert f"the sandbox's state in {state} can not be used" in ran.stderr
    assert holding == "a damaged one" or "must be yours to write" in ran.stderr


def test_a_taken_port_is_told(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run(f"sandbox serve --port {port}")

    assert (ran.code, ran.out) == (1, "")
    assert f"can not listen on port {port}" in ran.err


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_what_to_export_and_stops_when_told(end: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "addonctl", "sandbox", "serve", "--port", "0", "--latency", "5ms"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        assert process.stderr
        said = [process.stderr.readline() for _ in range(4)]
        exported = dict(
            line.removeprefix("export ").strip().split("=", 1)
            for line in said
            if line.startswith("export")
        )
        answer = requests.get(
            f"{exported['ADDONCTL_API_URL']}/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings.json",
            auth=(exported["TWILIO_ACCOUNT_SID"], exported["TWILIO_AUTH_TOKEN"]),
            timeout=20,
        )
    finally:
        process.send_signal(end)
        out, err = process.communicate(timeout=20)

    assert len(answer.json()["recordings"]) == 5
    assert (process.returncode, out, err) == (0, "", "stopped\n")


def test_a_test_may_give_it_bad_days(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal, and a body that breaks off: both are seen by the program, and overcome."""
    asked: Counter[str] = Counter()

    def trouble(method: str, path: str) -> int | Cut | None:
        asked[path] += 1
        if asked[path] > 1:
            return None
        return Cut(20) if "/XH" in path and "Data" not in path else 503

    def make(url: str) -> WSGIApplication:
        return troubled(Application(home / "file", store_url=url), trouble)

    call = "RE73640dced2490fa811f54a87139210ee"
    with serving(make) as server, impatient(monkeypatch):
        log_in_by_variables(
            monkeypatch, server.api_url, account=sandbox.ACCOUNT, token=sandbox.AUTH_TOKEN
        )
        ran = run(f"results download {call} --to keep -f csv --fields outcome")

    assert (ran.code, ran.out) == (0, "outcome\n" + "saved\n" * 4)
    assert set(asked.values()) == {2}
    assert len([path for path in asked if path.startswith(f"/{sandbox.ACCOUNT}/XH")]) == 4

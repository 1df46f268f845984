"""One state for many processes: made once, deleted once, and honest when it is damaged."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import requests
from support.serving import Clock, in_process

from addonctl import sandbox
from addonctl.sandbox.adapter import WSGIAdapter
from addonctl.sandbox.state import State

ROOT = f"{sandbox.API_URL}/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings"

# Deletes every result of the first recording, and prints the sids whose deletion it was told of.
DELETER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.serving import in_process
from addonctl import sandbox

root = f"{sandbox.API_URL}/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings"
session = in_process(sandbox.open_application(Path(sys.argv[1])))
recording = session.get(f"{root}.json").json()["recordings"][0]["sid"]
path = f"{root}/{recording}/AddOnResults"
sys.stdin.readline()
for one in session.get(f"{path}.json?PageSize=1000").json()["add_on_results"]:
    if session.delete(f"{path}/{one['sid']}.json").status_code == 204:
        print(one["sid"])
"""


def deleter(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", DELETER, str(path), str(Path(__file__).parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Let all go at the same moment; gives back every line they print."""
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    done = [process.communicate(timeout=60) for process in processes]
    assert [error for _, error in done] == [""] * len(done)
    return [line for out, _ in done for line in out.split()]


def test_of_many_processes_one_deletes_each_result(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    # By the real clock, as the processes read it: a result is gone 30 days after its creation.
    application = sandbox.open_application(path)
    application.state.reset(results=200)
    deleted = finish([deleter(path) for _ in range(4)])
    session = in_process(application)
    recording = session.get(f"{ROOT}.json").json()["recordings"][0]["sid"]
    left = session.get(f"{ROOT}/{recording}/AddOnResults.json").json()["add_on_results"]
    application.state.close()

    assert len(deleted) == 200
    assert set(Counter(deleted).values()) == {1}
    assert left == []


def test_many_processes_may_make_it_at_the_same_moment(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "state.sqlite"
    deleted = finish([deleter(path) for _ in range(4)])
    application = sandbox.open_application(path)
    counts = application.state.counts()
    application.state.close()

    assert len(deleted) == len(set(deleted)) == 3
    assert counts.recordings == 5


def test_many_threads_share_one_application(tmp_path: Path) -> None:
    application = sandbox.open_application(tmp_path / "state.sqlite")
    application.state.reset(results=300)
    session = in_process(application)
    recording = session.get(f"{ROOT}.json").json()["recordings"][0]["sid"]
    path = f"{ROOT}/{recording}/AddOnResults"
    sids = [one["sid"] for one in session.get(f"{path}.json?PageSize=300").json()["add_on_results"]]
    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(lambda sid: session.delete(f"{path}/{sid}").status_code, sids * 2))
    counts = application.state.counts()
    application.state.close()

    assert Counter(codes) == {204: 300, 404: 300}
    assert (counts.results, counts.payloads) == (0, 0)


def test_a_reset_is_seen_by_those_who_have_it_open(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    application = sandbox.open_application(path)
    session = in_process(application)
    before = session.get(f"{ROOT}.json").json()["recordings"]
    other = sandbox.open_application(path)
    other.state.reset(recordings=2, results=3, payloads=4)
    other.state.close()
    after = session.get(f"{ROOT}.json").json()["recordings"]
    counts = application.state.counts()
    application.state.close()

    assert (len(before), len(after)) == (5, 2)
    assert (counts.recordings, counts.results, counts.payloads) == (2, 6, 24)


def test_sids_and_bytes_are_the_same_everywhere(tmp_path: Path) -> None:
    """The documentation names them, and tests may."""
    seen = []
    for name, sizes in (("a", {}), ("b", {}), ("c", {"results": 5}), ("d", {"results": 5})):
        application = sandbox.open_application(tmp_path / name)
        application.state.reset(**sizes)
        session = in_process(application)
        recording = session.get(f"{ROOT}.json").json()["recordings"][0]["sid"]
        result = session.get(f"{ROOT}/{recording}/AddOnResults.json").json()["add_on_results"][0]
        path = f"{ROOT}/{recording}/AddOnResults/{result['sid']}/Payloads"
        payload = session.get(f"{path}.json").json()["payloads"][0]["sid"]
        seen.append((recording, result["sid"], session.get(f"{path}/{payload}/Data").content))
        application.state.close()

    assert seen[0] == seen[1] != seen[2] == seen[3]
    assert seen[0][0] == "RE73640dced2490fa811f54a87139210ee"


def wreck_header(path: Path) -> None:
    path.write_bytes(b"this is no database at all, but long enough to be one " * 30)


def wreck_pages(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


def older(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recordings (sid TEXT)")
    connection.close()


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize("wreck", [wreck_header, wreck_pages, older, newer])
def test_a_file_that_can_not_be_used_says_how_to_go_on(
    tmp_path: Path, wreck: Callable[[Path], None]
) -> None:
    path = tmp_path / "state.sqlite"
    state = State(path, Clock())
    state.reset()
    state.close()
    wreck(path)
    state = State(path, Clock())
    with pytest.raises(sandbox.SandboxError, match="sandbox reset") as refused:
        state.counts()
    made = state.reset()
    state.close()

    assert str(path) in str(refused.value)
    assert made.recordings == 5


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(sandbox.SandboxError, match="can not be used"):
        sandbox.open_application(tmp_path / "file" / "state.sqlite")


def test_a_vendor_may_finish_a_result(tmp_path: Path) -> None:
    clock = Clock()
    application = sandbox.open_application(tmp_path / "state.sqlite", clock=clock)
    session = in_process(application)
    recording = session.get(f"{ROOT}.json").json()["recordings"][1]["sid"]
    path = f"{ROOT}/{recording}/AddOnResults"
    sid = session.get(f"{path}.json").json()["add_on_results"][0]["sid"]
    clock.forward(minutes=1)
    moved = application.state.set_status(sid, "completed")
    result = session.get(f"{path}/{sid}.json").json()
    application.state.close()

    assert moved
    assert result["status"] == "completed"
    assert result["date_completed"] == result["date_updated"] == "Sat, 21 Nov 2026 12:01:00 +0000"


def test_the_adapter_closes_a_body_and_holds_it_to_its_length() -> None:
    """As the network would: a body that is cut short is an error, an unread one is closed."""
    closed = threading.Event()

    def body() -> Iterator[bytes]:
        try:
            yield b"1234"
        finally:
            closed.set()

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "10")])
        return body()

    session = in_process(application)
    with session.get(ROOT, stream=True) as answer:
        assert answer.raw.read(2) == b"12"
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.get(ROOT)

    assert closed.is_set()


def test_the_adapter_hands_a_request_body_over() -> None:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("X-Length", environ["CONTENT_LENGTH"])])
        return [environ["wsgi.input"].read()]

    session = requests.Session()
    session.mount(sandbox.API_URL, WSGIAdapter(application))
    answer = session.post(ROOT, data="some words")

    assert (answer.text, answer.headers["X-Length"]) == ("some words", "10")

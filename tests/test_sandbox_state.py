"""One state for many processes: made once, deleted once, and honest when it is damaged."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import requests
from support.account import Payload, Recording, Result, put
from support.serving import Clock, in_process

from addonctl import sandbox
from addonctl.sandbox.app import Application
from addonctl.sandbox.state import VERSION, Database

ROOT = f"{sandbox.API_URL}/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings"

# Deletes every result of the first recording, and prints the sids whose deletion it was told of.
DELETER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.serving import in_process
from addonctl import sandbox
from addonctl.sandbox.app import Application

root = f"{sandbox.API_URL}/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings"
session = in_process(Application(Path(sys.argv[1])))
recording = session.get(f"{root}.json").json()["recordings"][0]["sid"]
path = f"{root}/{recording}/AddOnResults"
sys.stdin.readline()
for one in session.get(f"{path}.json?PageSize=1000").json()["add_on_results"]:
    if session.delete(f"{path}/{one['sid']}.json").status_code == 204:
        print(one["sid"])
"""


def deleter(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DELETER, str(path), str(Path(__file__).parent)],
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
    application = Application(path)
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
    application = Application(path)
    counts = application.state.counts()
    application.state.close()

    assert len(deleted) == len(set(deleted)) == 3
    assert counts.recordings == 5


def test_many_threads_share_one_application(tmp_path: Path) -> None:
    application = Application(tmp_path / "state.sqlite")
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


def test_who_waits_for_a_busy_file_holds_up_nobody_else(tmp_path: Path) -> None:
    """Another process may be filling it: what only reads goes on, and so does who writes later."""
    path = tmp_path / "state.sqlite"
    application = Application(path)
    session = in_process(application)
    recording = session.get(f"{ROOT}.json").json()["recordings"][0]["sid"]
    results = f"{ROOT}/{recording}/AddOnResults"
    sids = [one["sid"] for one in session.get(f"{results}.json").json()["add_on_results"]]
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(8) as pool:
        try:
            deleted = [pool.submit(session.delete, f"{results}/{sid}.json") for sid in sids]
            for _ in range(20):
                read = pool.submit(session.get, f"{results}.json").result(timeout=20)
                assert len(read.json()["add_on_results"]) == len(sids)
            assert not any(each.done() for each in deleted)
        finally:
            other.rollback()
            other.close()
    application.state.close()

    assert [each.result().status_code for each in deleted] == [204] * len(sids) != []


def test_a_program_ends_well_while_a_thread_asks(tmp_path: Path) -> None:
    program = """
import atexit, sys, threading, time
from pathlib import Path

atexit.register(time.sleep, 0.5)  # called last: so long the thread goes on
from addonctl.sandbox.state import Database

state = Database(Path(sys.argv[1]))
state.counts()

def ask():
    while True:
        many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000)"
        state.rows(many + " SELECT max(i) FROM n")

threading.Thread(target=ask, daemon=True).start()
time.sleep(0.1)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "state.sqlite")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_reset_is_seen_by_those_who_have_it_open(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    application = Application(path)
    session = in_process(application)
    before = session.get(f"{ROOT}.json").json()["recordings"]
    other = Application(path)
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
        application = Application(tmp_path / name)
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


def foreign(path: Path) -> None:
    """Another program's file, with tables that can not be dropped, and a version like ours."""
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, note TEXT)")
        connection.execute("INSERT INTO notes (note) VALUES ('not ours')")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.close()


def not_text(path: Path) -> None:
    """SQLite's own complaint quotes it, and so can not be read itself."""
    path.write_bytes(
        path.read_bytes().replace(b"CREATE VIEW payload", b"CREATE VI\xff\xfe payload")
    )


def text_for_bytes(path: Path) -> None:
    """Text that is none, where text belongs."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE recordings SET call_sid = CAST(x'ff' AS TEXT)")
        connection.execute("DROP VIEW payload")
    connection.close()


@pytest.mark.parametrize(
    "wreck", [wreck_header, wreck_pages, older, newer, foreign, text_for_bytes, not_text]
)
def test_a_file_that_can_not_be_used_says_how_to_go_on(
    tmp_path: Path, wreck: Callable[[Path], None]
) -> None:
    path = tmp_path / "state.sqlite"
    state = Database(path, Clock())
    state.reset()
    state.close()
    wreck(path)
    state = Database(path, Clock())
    with pytest.raises(sandbox.SandboxError, match="sandbox reset") as refused:
        state.counts()
    made = state.reset()
    state.close()

    assert str(path) in str(refused.value)
    assert made.recordings == 5


def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(sandbox.SandboxError, match="can not be used"):
        Application(tmp_path / "file" / "state.sqlite")


@pytest.mark.parametrize("seed", range(20))
def test_a_reset_mends_any_damage(tmp_path: Path, seed: int) -> None:
    """Cut off anywhere, or overwritten: to use it is refused at the worst, to reset it works."""
    chance = random.Random(seed)
    path = tmp_path / "state.sqlite"
    state = Database(path, Clock())
    state.reset()
    state.close()
    whole = bytearray(path.read_bytes())
    if seed % 2:
        del whole[chance.randrange(len(whole)) :]
    for _ in range(chance.choice([0, 1, 40])):
        at = chance.randrange(len(whole) + 1)
        whole[at : at + 100] = chance.randbytes(100)
    path.write_bytes(whole)
    state = Database(path, Clock())
    with suppress(sandbox.SandboxError):
        state.counts()
    made = state.reset()
    state.close()

    assert (made.recordings, made.results) == (5, 14)


RELEASE_0_1 = """
CREATE TABLE signing (secret TEXT NOT NULL);
INSERT INTO signing VALUES ('a secret');
CREATE TABLE add_ons (position INTEGER PRIMARY KEY, sid TEXT, configuration_sid TEXT);
CREATE TABLE recordings (
    position INTEGER PRIMARY KEY, sid TEXT, account_sid TEXT, call_sid TEXT, conference_sid TEXT,
    status TEXT, source TEXT, channels INTEGER, duration INTEGER, created INTEGER
);
CREATE TABLE results (
    position INTEGER PRIMARY KEY, sid TEXT, recording INTEGER, add_on INTEGER, status TEXT,
    created INTEGER, updated INTEGER, completed INTEGER, deleted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE payloads (
    position INTEGER PRIMARY KEY, sid TEXT, result INTEGER, label TEXT, content_type TEXT,
    created INTEGER, size INTEGER, body BLOB, deleted INTEGER NOT NULL DEFAULT 0
);
CREATE VIEW recording AS SELECT *, account_sid AS parent FROM recordings;
CREATE UNIQUE INDEX recordings_by_sid ON recordings (sid);
PRAGMA user_version = 1;
"""


def test_a_state_of_the_release_before_is_renewed(tmp_path: Path) -> None:
    """By whoever comes first, of any number of processes, and once."""
    path = tmp_path / "state.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(RELEASE_0_1)
    connection.close()
    deleted = finish([deleter(path) for _ in range(3)])
    application = Application(path)
    counts = application.state.counts()
    application.state.close()

    assert len(deleted) == len(set(deleted)) == 3
    assert (counts.recordings, counts.results) == (5, 11)


def test_what_is_created_later_comes_when_its_time_has_come(tmp_path: Path) -> None:
    clock = Clock()
    application = Application(tmp_path / "state.sqlite", clock=clock)
    session = in_process(application)
    now = application.state.now()
    sid, result, payload = "RE" + "7" * 32, "XR" + "7" * 32, "XH" + "7" * 32
    put(
        application.path,
        Recording(sid, now + 60, 30, "CA" + "7" * 32),
        Result(sid, result, now + 120, now + 300, started=now + 240, status="failed"),
        Payload(result, payload, now + 300, "reason", "text/plain", 4, b"none"),
    )
    seen = []
    for seconds in (0, 60, 60, 120, 60, 30 * 24 * 3600):
        clock.forward(seconds=seconds)
        first = session.get(f"{ROOT}.json").json()["recordings"][0]["sid"]
        path = f"{ROOT}/{sid}/AddOnResults/{result}"
        found = session.get(f"{path}.json").json()
        payloads = session.get(f"{path}/Payloads.json").json().get("payloads", [])
        seen.append((first == sid, found["status"], found.get("date_completed"), len(payloads)))

    assert seen == [
        (False, 404, None, 0),
        (True, 404, None, 0),
        (True, "queued", None, 0),
        (True, "in-progress", None, 0),
        (True, "failed", "Sat, 21 Nov 2026 12:05:00 +0000", 1),
        (True, 404, None, 0),
    ]
    application.state.close()


def test_many_days_are_added_at_once_and_listed_newest_first(tmp_path: Path) -> None:
    """Page by page, also before the places of what was there from the start."""
    application = Application(tmp_path / "state.sqlite")
    session = in_process(application)
    now = application.state.now()
    application.state.reset(recordings=30)
    names = [f"RE{n:032x}" for n in range(1, 3001)]
    results = [(f"XR{n:032x}", names[n % 3000]) for n in range(6000)]
    put(
        application.path,
        *(Recording(sid, now - 3000 + n, 60, sid) for n, sid in enumerate(names)),
        *(Result(parent, sid, now - 9, now - 5, 2) for sid, parent in results),
        *(
            Payload(sid, f"XH{sid[2:]}", now - 5, "transcript", "text/plain", 10)
            for sid, _ in results
        ),
    )
    listed: list[str] = []
    following = f"{ROOT}.json?PageSize=700"
    while following:
        page = session.get(following).json()
        listed += [one["sid"] for one in page["recordings"]]
        following = page["next_page_uri"] and sandbox.API_URL + page["next_page_uri"]
    path = f"{ROOT}/{names[-1]}/AddOnResults"
    two = [one["sid"] for one in session.get(f"{path}.json").json()["add_on_results"]]
    data = session.get(f"{path}/{two[0]}/Payloads/XH{two[0][2:]}/Data")
    counts = application.state.counts()
    application.state.close()

    assert listed[:3000] == names[::-1]
    assert (len(listed), len(set(listed))) == (3030, 3030)
    assert two == [results[5999][0], results[2999][0]]
    assert (data.status_code, len(data.content)) == (200, 10)
    assert (counts.recordings, counts.results, counts.payloads) == (3030, 6030, 6030)


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

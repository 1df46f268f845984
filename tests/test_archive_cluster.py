"""A run of the archive by many workers: the same archive as by one process, whatever happens."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.dask_cluster import DaskCluster, dask_cluster
from support.many import TOKEN, Many, account, many
from support.program import PROGRAM, Run, log_in_by_variables, until

from addonctl.archive import dasks, worker
from addonctl.archive.place import LocalPlace, open_place

pytest.importorskip("distributed")

FACTORIES = """
import gc
from concurrent.futures import *
from weakref import WeakSet

def threads():
    return ThreadPoolExecutor(4)

def processes():
    return ProcessPoolExecutor(2)

def number():
    return 4

def broken():
    raise ValueError("nothing to be had")

class Watched(ThreadPoolExecutor):
    "Tells how many of its futures are held by others, done or not, when there is one more."

    def __init__(self):
        super().__init__(4)
        self.held = WeakSet()
        gc.freeze()  # what is there already need not be searched again and again

    def shutdown(self, *given, **more):
        super().shutdown(*given, **more)
        gc.unfreeze()

    def submit(self, *given):
        future = super().submit(*given)
        self.held.add(future)
        gc.collect()  # the frames of an exception may hold one
        with open("held", "a") as file:
            print(len(self.held), file=file)
        return future

def elsewhere():
    "Workers that see another disk under the name of the archive's folder."
    from pathlib import Path
    from addonctl.archive import worker
    from addonctl.archive.place import LocalPlace
    Path("other").mkdir(exist_ok=True)
    def other(*given):
        return LocalPlace(Path("other").absolute())
    return ThreadPoolExecutor(4, initializer=lambda: setattr(worker, "open_place", other))
"""
READ_ONLY = """
from addonctl.archive.place import LocalPlace, PlaceFailed
def create(self, name, content):
    raise PlaceFailed(f"cannot write {name}: permission denied")
LocalPlace.create = create
"""
ELSEWHERE = """
import tempfile
from pathlib import Path
from addonctl.archive import worker
from addonctl.archive.place import LocalPlace
other = Path(tempfile.mkdtemp(dir="."))
worker.open_place = lambda *given: LocalPlace(other.absolute())
"""
WITHOUT_US = """
import sys
from distributed import versions
sys.modules["addonctl"] = None
versions._version_cached = lambda name: None
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Two workers of four threads that no test kills."""
    with dask_cluster(tmp_path_factory.mktemp("cluster"), 2) as found:
        yield found


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Many]]:
    """Starts a service of many recordings, logged in to by variables."""
    started = []

    def start(recordings: int, **more: Any) -> Many:
        started.append(many(recordings, **more))
        found = started[-1].__enter__()
        log_in_by_variables(monkeypatch, found.url, account=account(), token=TOKEN)
        return found

    yield start
    for each in started:
        each.__exit__(None, None, None)


def content(keep: Path) -> dict[str, bytes]:
    """Every object, without what a run says of itself."""
    data = keep / "data"
    return {str(path.relative_to(keep)): path.read_bytes() for path in data.rglob("*.*")}


def indexed(keep: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(keep / "index.sqlite")) as db:
        return [
            *db.execute("SELECT sid, account_sid, settled, problem FROM recordings ORDER BY sid"),
            *db.execute("SELECT sid, state, status, folder, problem FROM results ORDER BY sid"),
            *db.execute("SELECT sid, object, bytes, sha256 FROM payloads ORDER BY sid"),
            *db.execute("SELECT payload_sid, text FROM transcripts ORDER BY payload_sid"),
        ]


def saved(keep: Path) -> int:
    with closing(sqlite3.connect(keep / "index.sqlite", timeout=30)) as db:
        query = "SELECT count(*) FROM results WHERE state = 'saved'"
        return int(db.execute(query).fetchone()[0])


def is_whole(run: Run, keep: Path, recordings: int) -> None:
    """As one process would have made it, and every byte of it proven."""
    assert saved(keep) == recordings
    assert len(content(keep)) == 2 * recordings
    assert 0 == run(f"archive verify -a {keep} -q").code
    one = keep.parent / "one"
    assert 0 == run(f"archive init {one} -q").code
    assert 0 == run(f"archive run -a {one} -q").code
    assert content(one) == content(keep)
    assert indexed(one) == indexed(keep)


def markers_are_true(keep: Path) -> None:
    """Each marker that there is names bytes that are there."""
    for path in keep.glob("data/*/*/*/*/result.json"):
        for each in json.loads(path.read_bytes())["payloads"]:
            found = (path.parent / each["object"]).read_bytes()
            assert hashlib.sha256(found).hexdigest() == each["sha256"]


# The same as one process


def test_two_workers_make_the_archive_that_one_process_makes(
    run: Run, home: Path, cluster: DaskCluster, service: Callable[..., Many]
) -> None:
    """In as many requests; each of them is shown here, and the login is in nobody's log."""
    there = service(60)
    run("archive init keep")
    ran = run(f"archive run --engine dask={cluster.address} -v")
    asked = there.counted()

    assert 0 == ran.code, ran.err
    assert (241, 0) == (asked["requests"], asked["twice"])
    assert "looked at 60 recordings, saved 60 results; 241 requests" in ran.err
    assert 241 == len(re.findall("^GET .* (?:200|307) ", ran.err, re.MULTILINE))
    assert TOKEN not in cluster.said() + ran.err
    assert account() not in cluster.said()
    assert [] == [path.name for path in (home / "keep").glob(".*") if path.name != ".lock"]
    is_whole(run, home / "keep", 60)


@pytest.mark.parametrize("name", ["threads", "processes"])
def test_any_executor_does(run: Run, home: Path, service: Callable[..., Many], name: str) -> None:
    there = service(30)
    (home / f"factory_of_{name}.py").write_text(FACTORIES)
    run("archive init keep")
    ran = run(f"archive run --engine factory_of_{name}:{name}")

    assert 0 == ran.code, ran.err
    assert 0 == there.counted()["twice"]
    is_whole(run, home / "keep", 30)


def test_futures_are_few_and_dropped_once_read(
    run: Run, home: Path, service: Callable[..., Many]
) -> None:
    service(150)
    (home / "watching.py").write_text(FACTORIES)
    run("archive init keep")
    ran = run("archive run --engine watching:Watched --workers 4")
    held = [int(line) for line in (home / "held").read_text().split()]

    assert 0 == ran.code, ran.err
    assert len(held) > 30
    assert 8 == max(held[1:])


def test_accounts_are_looked_at_in_one_stream(
    run: Run, home: Path, cluster: DaskCluster, service: Callable[..., Many]
) -> None:
    there = service(5, accounts=12)
    run("archive init keep")
    ran = run(f"archive run --all-accounts --engine dask={cluster.address}")
    asked = there.counted()

    assert 0 == ran.code, ran.err
    assert (1 + 12 + 12 * 5 * 4, 0) == (asked["requests"], asked["twice"])
    assert saved(home / "keep") == 60
    assert json.loads(run("archive status -f json").out)["recordings_not_looked_at"] == 0


# What it may take


@pytest.mark.parametrize("most", [pytest.param(90, marks=pytest.mark.slow), 150])
def test_no_more_requests_than_allowed_by_all_workers_together(
    run: Run, home: Path, cluster: DaskCluster, service: Callable[..., Many], most: int
) -> None:
    there = service(60)
    run("archive init keep")
    codes = []
    for _ in range(6):
        ran = run(f"archive run --max-requests {most} --engine dask={cluster.address}")
        codes.append(ran.code)
        asked = there.counted()["requests"]
        assert asked <= most
        if ran.code != 8:
            break
        assert most * 0.9 < asked
        assert f"{asked} requests were made" in ran.err

    assert [8, 0] == sorted({*codes}, reverse=True)
    is_whole(run, home / "keep", 60)


def test_it_ends_when_the_time_is_up(
    run: Run, home: Path, cluster: DaskCluster, service: Callable[..., Many]
) -> None:
    service(400, latency=0.02)
    run("archive init keep")
    ran = run(f"archive run --max-time 0.5 --engine dask={cluster.address}")

    assert 8 == ran.code, ran.err
    assert "the time was up" in ran.err
    assert saved(home / "keep") < 400


# Workers that cannot do it


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("thread", "known: threads, dask, "),
        ("dask=", "known: threads, dask, "),
        ("dask=http://host:8786", "known: threads, dask, "),
        ("dask=tls://me:secret@host:8786", "known: threads, dask, "),
        ("none_such:factory", "No module named 'none_such'"),
        ("made:none_such", "has no attribute 'none_such'"),
        ("made:number", "it gave a int, not a concurrent.futures.Executor"),
        ("made:broken", "ValueError: nothing to be had"),
    ],
)
def test_words_that_name_no_engine(
    run: Run, home: Path, service: Callable[..., Many], word: str, said: str
) -> None:
    there = service(1)
    (home / "made.py").write_text(FACTORIES)
    run("archive init keep")
    ran = run("archive", "run", "--engine", word)

    assert 2 == ran.code
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert 0 == there.counted()["requests"]


def test_without_dask_there_is_a_line_to_type(
    run: Run, service: Callable[..., Many], monkeypatch: pytest.MonkeyPatch
) -> None:
    service(1)
    run("archive init keep")
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    ran = run("archive run --engine dask")

    assert 1 == ran.code
    assert "pip install 'addonctl[cluster]'" in ran.err


def test_nobody_answers(
    run: Run, service: Callable[..., Many], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = service(1)
    monkeypatch.setattr(dasks, "CONNECT", 0.2)
    run("archive init keep")
    codes = [run(f"archive run --engine dask={at}://127.0.0.1:1").code for at in ("tcp", "tls")]

    assert [5, 1] == codes  # no certificates are named for the other
    assert 0 == there.counted()["requests"]


@pytest.mark.parametrize(
    ("preload", "code", "said"),
    [
        ("import addonctl; addonctl.__version__ = '0.0.1'", 1, "has addonctl 0.0.1"),
        (ELSEWHERE, 3, "it does not see the archive"),
        pytest.param(READ_ONLY, 1, "permission denied", marks=pytest.mark.slow),
        pytest.param(WITHOUT_US, 1, "has no addonctl", marks=pytest.mark.slow),
    ],
)
def test_a_worker_that_cannot_do_the_work_is_named_before_it_begins(
    run: Run,
    cluster: DaskCluster,
    service: Callable[..., Many],
    preload: str,
    code: int,
    said: str,
) -> None:
    there = service(5)
    run("archive init keep")
    process = cluster.add(preload=preload)
    try:
        ran = run(f"archive run --engine dask={cluster.address}")
    finally:
        gone(cluster, process)

    assert code == ran.code, ran.err
    assert said in ran.err
    assert "worker tcp://127.0.0.1:" in ran.err
    assert 0 == there.counted()["requests"]


def gone(cluster: DaskCluster, process: subprocess.Popen[bytes]) -> None:
    """End a worker, and wait until the scheduler knows."""
    before = cluster.said().count("Remove worker addr")
    process.kill()
    process.wait()
    until(lambda: cluster.said().count("Remove worker addr") > before)


def test_a_folder_that_a_worker_does_not_see_is_refused_with_any_executor(
    run: Run, home: Path, service: Callable[..., Many], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = service(5)
    monkeypatch.setattr(worker, "open_place", open_place)  # as it is again at the end
    (home / "apart.py").write_text(FACTORIES)
    run("archive init keep")
    ran = run("archive run --engine apart:elsewhere")

    assert 3 == ran.code
    assert "it does not see the archive" in ran.err
    assert 0 == there.counted()["requests"]


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({}, 4, "not logged in"),
        ({"TWILIO_AUTH_TOKEN": "another"}, 4, "401 Authenticate"),
        pytest.param(
            *({"TWILIO_ACCOUNT_SID": account(7)}, 4, f"logs in to {account(7)}"),
            marks=pytest.mark.slow,
        ),
        pytest.param({"TWILIO_AUTH_TOKEN": TOKEN}, 0, "", marks=pytest.mark.slow),
    ],
)
def test_where_others_may_listen_workers_log_in_by_themselves(
    run: Run,
    home: Path,
    cluster: DaskCluster,
    service: Callable[..., Many],
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    code: int,
    said: str,
) -> None:
    there = service(20)
    monkeypatch.setattr(dasks, "is_this_machine", lambda host: False)
    run("archive init keep")
    login = {"TWILIO_ACCOUNT_SID": account(), "TWILIO_AUTH_TOKEN": TOKEN}
    login["ADDONCTL_API_URL"] = there.url
    given = login | environment if environment else {}
    with dask_cluster(home / "apart", 0) as apart:
        apart.add(environment=given)
        ran = run(f"archive run --engine dask={apart.address}")

    assert code == ran.code, ran.err
    assert said in ran.err
    assert (saved(home / "keep") == 20) == (code == 0)
    assert ("worker tcp://127.0.0.1:" in ran.err) == (code != 0)
    assert "" == run("archive list problems -f jsonl").out


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("tls://10.0.0.7:8786", True),
        ("tcp://127.0.0.1:8786", True),
        ("tcp://[::1]:8786", True),
        ("tcp://10.0.0.7:8786", False),
        ("tcp://localhost.example:8786", False),
        ("ucx://10.0.0.7:8786", False),
    ],
)
def test_where_the_login_may_go(address: str, private: bool) -> None:
    assert private == dasks.is_private(address)


# Faults


def children_of(pid: int) -> list[str]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return " ".join(path.read_text() for path in tasks).split()


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts processes of the program, which end with the test."""
    running = []

    def begin(*words: str, program: list[str] = PROGRAM) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running.append(subprocess.Popen([*program, *words], text=True, **pipes))  # type: ignore[call-overload]
        return running[-1]  # type: ignore[no-any-return]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def test_ctrl_c_ends_the_work_in_order(
    run: Run, home: Path, start: Start, cluster: DaskCluster, service: Callable[..., Many]
) -> None:
    there = service(150, latency=0.01)
    run("archive init keep")
    process = start(*("archive", "run", "--engine", f"dask={cluster.address}"), program=PROGRAM)
    until(lambda: saved(home / "keep") > 20)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    first = there.counted()
    time.sleep(0.3)

    assert 130 == process.returncode, err
    assert "Traceback" not in err
    assert 20 < saved(home / "keep") < 150
    assert 0 == there.counted()["requests"]  # nothing goes on behind our back
    assert 0 == run(f"archive run --engine dask={cluster.address}").code
    # What was under way is asked for again, and what was done is not.
    assert first["requests"] + there.counted()["requests"] < 602 + 8 * 4 + 8
    is_whole(run, home / "keep", 150)


@pytest.mark.slow
def test_after_ctrl_c_each_worker_ends_with_the_request_it_is_at(
    run: Run, home: Path, start: Start, cluster: DaskCluster, service: Callable[..., Many]
) -> None:
    """Neither the rest of its look nor the chunks that wait for it are begun."""
    there = service(100, latency=0.5)
    run("archive init keep")
    process = start(*("archive", "run", "--engine", f"dask={cluster.address}"), program=PROGRAM)
    until(lambda: saved(home / "keep") > 0)
    there.counted()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    asked = there.counted()["requests"]
    time.sleep(1)

    assert 130 == process.returncode, err
    assert asked <= 2 * 8
    assert 0 == there.counted()["requests"]


@pytest.mark.slow
def test_a_bucket_is_written_by_all_workers_under_one_lease(
    run: Run, home: Path, service: Callable[..., Many], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each logs in to the store by itself; whoever has no rights there is named."""
    pytest.importorskip("obstore")
    from support.bucket import OWNER, STRANGER, seaweed

    there = service(40)
    (home / "store").mkdir()
    with seaweed(home / "store") as store, dask_cluster(home / "cluster", 0) as cluster:
        keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        login = dict(zip(keys, OWNER, strict=True)) | {"AWS_ENDPOINT_URL": store.url}
        for name, value in login.items():
            monkeypatch.setenv(name, value)
        place = store.place()
        assert 0 == run(f"archive init {place}").code
        line = f"archive run -a {place} --engine dask={cluster.address}"
        stranger = cluster.add(environment=login | dict(zip(keys, STRANGER, strict=True)))
        refused = run(line)
        gone(cluster, stranger)
        for _ in range(2):
            cluster.add(environment=login)
        asked = there.counted()["requests"]
        ran = run(line)

        assert 1 == refused.code, refused.err
        assert "worker tcp://127.0.0.1:" in refused.err
        assert 0 == asked
        assert 0 == ran.code, ran.err
        assert "saved 40 results" in ran.err
        assert 0 == run(f"archive verify -a {place} -q").code


def test_two_that_write_the_same_object_do_not_stop_each_other(tmp_path: Path) -> None:
    """As a worker does that was given up, and wakes while another does its work."""
    first, second = LocalPlace(tmp_path), LocalPlace(tmp_path)

    class Slow(io.BytesIO):
        read_once = False

        def read(self, size: int | None = -1) -> bytes:
            if not self.read_once:
                self.read_once = True
                second.put("folder/name.txt", io.BytesIO(b"the same"))
            return super().read(size)

    first.put("folder/name.txt", Slow(b"the same"))

    assert {"folder/name.txt": b"the same"} == {
        each.name: first.read(each.name) for each in first.objects()
    }


@pytest.mark.slow
def test_a_pool_whose_process_dies_loses_nothing(
    run: Run, home: Path, start: Start, service: Callable[..., Many]
) -> None:
    service(100, latency=0.01)
    (home / "factory.py").write_text(FACTORIES)
    run("archive init keep")
    process = start("archive", "run", "--engine", "factory:processes")
    until(lambda: saved(home / "keep") > 10)
    children = children_of(process.pid)
    os.kill(int(children[-1]), signal.SIGKILL)
    _, err = process.communicate(timeout=60)

    assert 5 == process.returncode, err
    assert "the cluster broke down" in err
    assert 0 == run("archive run").code
    is_whole(run, home / "keep", 100)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_is_killed_takes_nothing_with_it(
    run: Run, home: Path, start: Start, service: Callable[..., Many], how: signal.Signals
) -> None:
    there = service(1000, latency=0.02)
    run("archive init keep")
    with dask_cluster(home / "cluster", 2) as cluster:
        process = start("archive", "run", "--engine", f"dask={cluster.address}")
        until(lambda: saved(home / "keep") > 400)
        cluster.workers[0].send_signal(how)
        _, err = process.communicate(timeout=120)
    asked = there.counted()

    assert 0 == process.returncode, err
    assert "looked at 1000 recordings, saved 1000 results" in err
    assert asked["twice"] <= 0.03 * 4001
    is_whole(run, home / "keep", 1000)


@pytest.mark.slow
def test_a_worker_that_stands_still_is_waited_for_or_given_up(
    run: Run, home: Path, start: Start, service: Callable[..., Many]
) -> None:
    """What it held is done by another once the scheduler has given it up."""
    there = service(400, latency=0.02)
    run("archive init keep")
    patience = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "3s"}
    with dask_cluster(home / "cluster", 2, **patience) as cluster:
        process = start("archive", "run", "--engine", f"dask={cluster.address}")
        until(lambda: saved(home / "keep") > 100)
        cluster.workers[0].send_signal(signal.SIGSTOP)
        _, err = process.communicate(timeout=120)
        assert 0 == process.returncode, err
        whole = content(home / "keep")
        cluster.workers[0].send_signal(signal.SIGCONT)  # it wakes, and the run is over
        time.sleep(2)
        assert whole == content(home / "keep")
    assert there.counted()["twice"] <= 0.03 * 1601
    is_whole(run, home / "keep", 400)


@pytest.mark.slow
def test_a_scheduler_that_is_lost_ends_the_run_and_nothing_else(
    run: Run, home: Path, start: Start, service: Callable[..., Many]
) -> None:
    service(400, latency=0.02)
    run("archive init keep")
    with dask_cluster(home / "cluster", 2) as cluster:
        process = start("archive", "run", "--engine", f"dask={cluster.address}")
        until(lambda: saved(home / "keep") > 100)
        cluster.scheduler.kill()
        _, err = process.communicate(timeout=60)

    assert 5 == process.returncode, err
    assert f"the scheduler at {cluster.address} was lost" in err
    assert "Traceback" not in err
    assert 100 < saved(home / "keep") < 400
    assert 0 == run("archive run").code
    is_whole(run, home / "keep", 400)


@pytest.mark.slow
@pytest.mark.parametrize("local", [True, False])
def test_a_coordinator_that_is_killed_leaves_nothing_false(
    run: Run, home: Path, start: Start, service: Callable[..., Many], local: bool
) -> None:
    """Again and again; markers are true while workers finish what they are at, and the rerun may
    begin at once.
    """
    service(400, latency=0.02)
    run("archive init keep")
    with dask_cluster(home / "cluster", 0 if local else 2) as cluster:
        engine = "dask" if local else f"dask={cluster.address}"
        for least in (50, 120, 200):
            process = start("archive", "run", "--engine", engine)
            until(lambda least=least: saved(home / "keep") > least)  # type: ignore[misc]
            process.kill()
            process.communicate()
            markers_are_true(home / "keep")
        ran = run(f"archive run --engine {engine}")
    assert 0 == ran.code, ran.err
    is_whole(run, home / "keep", 400)


@pytest.mark.slow
def test_under_half_the_limit_few_are_refused(
    run: Run, home: Path, service: Callable[..., Many]
) -> None:
    there = service(500, latency=0.03, allowed=8)
    run("archive init keep")
    with dask_cluster(home / "cluster", 0) as cluster:
        for _ in range(2):
            cluster.add(threads=8)
        ran = run(f"archive run --engine dask={cluster.address}")
    asked = there.counted()
    after_the_start = [at for at in asked["refused"] if at > 200]

    assert 0 == ran.code, ran.err
    assert 0 < len(asked["refused"])
    assert len(after_the_start) <= 0.02 * asked["requests"]
    assert asked["twice"] == 0
    assert saved(home / "keep") == 500


@pytest.mark.slow
def test_over_tls_with_the_certificates_of_dasks_own_settings(
    run: Run,
    home: Path,
    start: Start,
    service: Callable[..., Many],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The login is sent; a client without a certificate is not let in."""
    trustme = pytest.importorskip("trustme")
    service(40)
    run("archive init keep")
    issuer = trustme.CA()
    issuer.cert_pem.write_to_path(home / "ca.pem")
    issuer.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(home / "own.pem")
    own = {"CA_FILE": str(home / "ca.pem")}
    own |= {f"{role}__CERT": str(home / "own.pem") for role in ("CLIENT", "SCHEDULER", "WORKER")}
    settings = {f"DASK_DISTRIBUTED__COMM__TLS__{name}": path for name, path in own.items()}
    with dask_cluster(home / "cluster", 2, "tls", **settings) as cluster:
        line = ["archive", "run", "--engine", f"dask={cluster.address}"]
        process = start(*line)
        _, err = process.communicate(timeout=60)
        assert 1 == process.returncode, err
        assert "DASK_DISTRIBUTED__COMM__TLS__CA_FILE" in err
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        process = start(*line)
        _, err = process.communicate(timeout=60)

    assert cluster.address.startswith("tls://")
    assert 0 == process.returncode, err
    is_whole(run, home / "keep", 40)


@pytest.mark.slow
def test_a_cluster_of_this_machine_is_nobody_elses(
    run: Run, home: Path, start: Start, service: Callable[..., Many]
) -> None:
    """It listens on loopback alone, over TLS, and ends with the run."""
    there = service(150, latency=0.02)
    run("archive init keep")
    process = start("archive", "run", "--engine", "dask", "--workers", "6")
    until(lambda: saved(home / "keep") > 20)
    children = children_of(process.pid)
    _, err = process.communicate(timeout=60)

    assert 0 == process.returncode, err
    assert "saved 150 results" in err
    assert err.count("\n") == 1
    assert children
    until(lambda: not [each for each in children if Path(f"/proc/{each}").exists()])
    assert there.counted()["most"] <= 6
    is_whole(run, home / "keep", 150)

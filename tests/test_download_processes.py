"""Downloads in processes of their own: killed, interrupted, side by side, on a full disk."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.breaking import RECORDING, Breaking, Fault, breaking, files, some
from support.program import MEASURED, PROGRAM, until


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Breaking]:
    with breaking(monkeypatch) as account:
        yield account


@pytest.fixture
def keep(home: Path) -> Path:
    return home / "keep"


@pytest.fixture
def start(account: Breaking) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Begins a run in a process of its own; whatever still runs at the end is killed."""
    begun: list[subprocess.Popen[str]] = []

    def begin(*words: str, **more: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*PROGRAM, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def test_a_killed_run_leaves_nothing_at_the_name_and_the_next_goes_on(
    start: Callable[..., subprocess.Popen[str]], account: Breaking, keep: Path
) -> None:
    data = some(1, 3_000_000)
    one = account.add(data, faults=[Fault("stalled", 2_000_000)])
    part = keep / f"{one}.addonctl.part"
    killed = start("results", "download", RECORDING, "--to", str(keep))
    until(lambda: size(part) == 2_000_000)
    killed.kill()
    killed.wait()
    left = set(files(keep))
    ran = start("results", "download", RECORDING, "--to", str(keep))
    ran.communicate()

    assert left == {f"{one}.addonctl.part", f"{one}.addonctl.note"}
    assert ran.returncode == 0
    assert account.fetched()[-1].headers["Range"] == "bytes=2000000-"
    assert files(keep) == {f"{one}.json": data}


def test_a_run_killed_at_any_instant_never_leaves_half_a_file(
    start: Callable[..., subprocess.Popen[str]], account: Breaking, keep: Path
) -> None:
    wanted = {}
    for number in range(40):
        data = some(number, 300_000)
        wanted[f"{account.add(data)}.json"] = data
    chance = random.Random(6)
    for _ in range(8):
        have = len(account.fetched())
        killed = start("results", "download", RECORDING, "--to", str(keep), "--workers", "4")
        while len(account.fetched()) == have and killed.poll() is None:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.02)
        killed.kill()
        killed.wait()
        there = {name: data for name, data in files(keep).items() if name.endswith(".json")}
        assert there == {name: wanted[name] for name in there}
    ran = start("results", "download", RECORDING, "--to", str(keep))
    ran.communicate()

    assert ran.returncode == 0
    assert files(keep) == wanted


def test_runs_side_by_side_in_one_folder_do_each_other_no_harm(
    start: Callable[..., subprocess.Popen[str]], account: Breaking, keep: Path
) -> None:
    wanted = {}
    for number in range(30):
        data = some(number, 400_000)
        wanted[f"{account.add(data)}.json"] = data
    words = ["results", "download", RECORDING, "--to", str(keep), "--workers", "4"]
    runs = [start(*words) for _ in range(3)]
    said = [ran.communicate()[1] for ran in runs]

    assert [ran.returncode for ran in runs] == [0, 0, 0], said
    assert files(keep) == wanted


def test_two_runs_do_not_put_two_payloads_under_one_name(
    start: Callable[..., subprocess.Popen[str]], account: Breaking, keep: Path
) -> None:
    """They have the same label; each run knows of one only."""
    data = [some(number, 400_000) for number in range(10)]
    addresses = [account.add(each, label="same") for each in data]
    runs = [
        start("payloads", "download", each, "--to", str(keep), "--name", "{label}.{ext}")
        for each in addresses
    ]
    for ran in runs:
        ran.communicate()

    assert [ran.returncode for ran in runs] == [0] * 10
    assert sorted(files(keep).values()) == sorted(data)


def test_who_waits_for_a_run_that_dies_takes_over(
    start: Callable[..., subprocess.Popen[str]], account: Breaking, keep: Path
) -> None:
    data = some(1, 3_000_000)
    one = account.add(data, faults=[Fault("stalled", 2_000_000)])
    part = keep / f"{one}.addonctl.part"
    first = start("results", "download", RECORDING, "--to", str(keep))
    until(lambda: size(part) == 2_000_000)
    second = start("results", "download", RECORDING, "--to", str(keep))
    until(lambda: sum("Payloads" in heard.path for heard in account.heard) >= 3)
    first.kill()
    second.communicate()

    assert second.returncode == 0
    assert account.fetched()[-1].headers["Range"] == "bytes=2000000-"
    assert files(keep) == {f"{one}.json": data}


def test_who_waits_for_a_run_that_goes_on_for_ever_does_without_it(
    start: Callable[..., subprocess.Popen[str]], account: Breaking, keep: Path
) -> None:
    """It fetches the payload to a part of its own; the first one's stays as it is."""
    data = some(1, 3_000_000)
    one = account.add(data, faults=[Fault("stalled", 2_000_000)])
    part = keep / f"{one}.addonctl.part"
    first = start("results", "download", RECORDING, "--to", str(keep))
    until(lambda: size(part) == 2_000_000)
    second = start("results", "download", RECORDING, "--to", str(keep), "--timeout", "0.5s")
    second.communicate()

    assert second.returncode == 0
    assert first.poll() is None
    assert files(keep)[f"{one}.json"] == data
    assert size(part) == 2_000_000
    first.kill()
    first.wait()
    third = start("results", "download", RECORDING, "--to", str(keep))
    third.communicate()

    assert third.returncode == 0
    assert files(keep) == {f"{one}.json": data}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_a_hundred_times_nothing_was_deleted_that_was_not_saved(
    start: Callable[..., subprocess.Popen[str]], account: Breaking, home: Path, keep: Path
) -> None:
    """By the service's own record of what was deleted, after each kill, at whatever instant."""
    chance = random.Random(7)
    wanted: dict[str, dict[str, bytes]] = {}  # what there is of each result, by names
    listed = home / "listed"
    line = f"results download --from {listed} --to {keep} --delete-after --yes --ignore-not-found"

    def add(result: str) -> None:
        """A result of two payloads, one in a single read, one in several, with or without MD5."""
        wanted[result] = {}
        for size in (5_000, 400_000):
            data, etag = chance.randbytes(size), chance.choice([None, '"in-parts-2"'])
            sid = f"XH{chance.getrandbits(128):032x}"
            name = f"{account.add(data, result=result, sid=sid, etag=etag)}.json"
            wanted[result][name] = data

    def reached(ran: subprocess.Popen[str], requests: int, deletions: int) -> bool:
        has_come_to = len(account.heard) >= requests and len(account.deleted) >= deletions
        return has_come_to or ran.poll() is not None

    def check() -> None:
        there = files(keep)
        for result in list(account.deleted):
            assert wanted[result].items() <= there.items()
        for payloads in wanted.values():
            for name, data in payloads.items():
                assert there.get(name, data) == data

    account.results.clear()
    for kill in range(100):
        while len(account.results) < 12:
            add(f"XR{len(wanted):032x}")
        listed.write_text("".join(f"{RECORDING}/{result}\n" for result in wanted))
        heard, deleted = len(account.heard), len(account.deleted)
        ran = start(*line.split(), "--workers", "4")
        # Half of the kills at any request, the others while results are being deleted.
        least = deleted + chance.randrange(1, 6) if kill % 2 else 0
        requests = heard + chance.randrange(1, 60)
        until(partial(reached, ran, requests, least))
        time.sleep(chance.random() * 0.01)
        ran.kill()
        ran.communicate()
        check()
    ran = start(*line.split())
    ran.communicate()

    assert ran.returncode == 0
    assert sorted(account.deleted) == sorted(wanted)
    check()
    assert files(keep) == {
        name: data for payloads in wanted.values() for name, data in payloads.items()
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_so_and_leaves_its_parts(
    start: Callable[..., subprocess.Popen[str]], account: Breaking, keep: Path, number: int
) -> None:
    done = account.add(some(1, 1_000))
    stuck = account.add(some(2, 3_000_000), faults=[Fault("stalled", 2_000_000)])
    ran = start("results", "download", RECORDING, "--to", str(keep), "--timeout", "1h")
    until(lambda: size(keep / f"{stuck}.addonctl.part") == 2_000_000)
    ran.send_signal(number)
    out, err = ran.communicate()

    assert ran.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert f"{done}.json" in files(keep)
    assert f"{stuck}.json" not in files(keep)


def test_a_full_disk_fails_what_does_not_fit_and_nothing_else(
    start: Callable[..., subprocess.Popen[str]], account: Breaking, keep: Path
) -> None:
    """A limit on the size of files stands in for the end of the disk: the same error, EFBIG."""
    fits, another = account.add(some(1, 50_000)), account.add(some(2, 60_000))
    large = account.add(some(3, 900_000))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    ran = start(
        "results", "download", RECORDING, "--to", str(keep), "-f", "jsonl", preexec_fn=limited
    )
    out, err = ran.communicate()

    there = files(keep)
    assert ran.returncode == 6
    assert out.count('"saved"') == 2
    assert "file too large" in out
    assert "Traceback" not in err
    assert there[f"{fits}.json"] == some(1, 50_000)
    assert there[f"{another}.json"] == some(2, 60_000)
    assert f"{large}.json" not in there


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="counts memory by /proc")
@pytest.mark.parametrize("target", ["--to keep", "-o -"])
def test_a_large_payload_takes_no_more_memory_than_a_small_one(
    account: Breaking, home: Path, target: str
) -> None:
    one = account.add(bytes(150_000_000), faults=[Fault("closed", 50_000_000)])
    with (home / "out").open("wb") as out:
        ran = subprocess.run(
            [*MEASURED, "payloads", "download", one, *target.split(), "--quiet"],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
        )
    saved = home / "out" if target == "-o -" else home / "keep" / f"{one}.json"

    assert ran.returncode == 0
    assert saved.stat().st_size == 150_000_000
    assert int(ran.stderr) < 64 * 1024, "KiB"

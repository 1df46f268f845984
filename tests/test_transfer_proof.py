"""What has to be proven of a file before its source may go, and what `--check` proves."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.breaking import RECORDING, RESULT, SIZE, Breaking, Fault, breaking, files, some
from support.program import Ran, Run

OTHER = "XR" + "3" * 32
LATER = "Sun, 22 Nov 2026 08:00:00 +0000"
NO_MD5 = '"in-parts-2"'
CHECKING = ["--check", "--delete-after --yes"]

# What a file may have gone through since it was saved, its time and, mostly, its size as before.
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[:-1],
    "emptied": lambda data: b"",
    "zeroed": lambda data: bytes(len(data)),
    "one bit flipped": lambda data: data[:50_000] + bytes([data[50_000] ^ 1]) + data[50_001:],
    "longer": lambda data: data + b"\0",
}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Breaking]:
    monkeypatch.setattr("addonctl.transfer.source._pause", lambda failures: 0)
    with breaking(monkeypatch) as account:
        yield account


@pytest.fixture
def keep(home: Path) -> Path:
    return home / "keep"


def outcomes(ran: Ran) -> dict[str, str]:
    """What became of each address, of an answer in jsonl."""
    rows = [json.loads(line) for line in ran.out.splitlines()]
    return {row["sid"]: row["outcome"] for row in rows}


def sha256(data: bytes) -> dict[str, str]:
    """The header by which a store tells that checksum of the whole object."""
    return {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(data).digest()).decode()}


def damage(file: Path, how: str) -> None:
    """As a bad disk or a bad copy would do it: nothing but the bytes tells."""
    there = file.stat()
    file.write_bytes(DAMAGE[how](file.read_bytes()))
    os.utime(file, ns=(there.st_atime_ns, there.st_mtime_ns))


def once(account: Breaking, end: str, what: Callable[[], object]) -> None:
    """Have something happen right before the service is first asked for what `end` names."""
    left = [what]

    def before(method: str, path: str) -> None:
        if path.endswith(end) and left:
            left.pop()()

    account.before = before


# A file that an earlier run left


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("etag", [None, "", NO_MD5])
@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("checking", CHECKING)
def test_damage_that_no_time_tells_is_found_and_fetched_again(
    run: Run, account: Breaking, keep: Path, how: str, etag: str | None, told: bool, checking: str
) -> None:
    data = some(1)
    one = account.add(data, etag=etag, headers=sha256(data) if told else {})
    run(f"results download {RECORDING} --to keep")
    damage(keep / f"{one}.json", how)
    ran = run(f"results download {RECORDING} --to keep -f jsonl {checking}")

    assert ran.code == 0
    assert outcomes(ran)[one] == "saved"
    assert files(keep) == {f"{one}.json": data}
    assert account.deleted == ([RESULT] if "delete" in checking else [])


def test_a_plain_download_trusts_the_time(run: Run, account: Breaking, keep: Path) -> None:
    one = account.add(some(1))
    run(f"results download {RECORDING} --to keep")
    damage(keep / f"{one}.json", "zeroed")
    ran = run(f"results download {RECORDING} --to keep -f jsonl")

    assert outcomes(ran) == {one: "skipped"}
    assert files(keep) == {f"{one}.json": bytes(SIZE)}


@pytest.mark.parametrize("etag", [None, "", NO_MD5])
@pytest.mark.parametrize("checking", CHECKING)
def test_what_is_whole_stays_as_it_is(
    run: Run, account: Breaking, keep: Path, etag: str | None, checking: str
) -> None:
    """Also where the bytes had to come again to know that."""
    one = account.add(some(1), etag=etag)
    run(f"results download {RECORDING} --to keep")
    before = (keep / f"{one}.json").stat()
    ran = run(f"results download {RECORDING} --to keep -f jsonl {checking}")
    after = (keep / f"{one}.json").stat()

    assert ran.code == 0
    assert outcomes(ran)[one] == "skipped"
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert files(keep) == {f"{one}.json": some(1)}


@pytest.mark.parametrize("etag", [None, NO_MD5])
def test_a_payload_that_no_longer_is_what_was_saved_is_found_by_its_bytes(
    run: Run, account: Breaking, keep: Path, etag: str | None
) -> None:
    """Though the service says that it was never updated."""
    one = account.add(some(1), etag=etag)
    run(f"results download {RECORDING} --to keep")
    account.payload(one[-34:]).data = some(2)
    ran = run(f"results download {RECORDING} --to keep -f jsonl --delete-after --yes")

    assert outcomes(ran) == {one: "saved", f"{RECORDING}/{RESULT}": "deleted"}
    assert files(keep) == {f"{one}.json": some(2)}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_file_of_a_shared_name_is_mended_in_its_place(
    run: Run, account: Breaking, keep: Path, how: str
) -> None:
    account.add(some(1), label="one")
    account.add(some(2), label="two")
    line = f"results download {RECORDING} --to keep --name {{label}}.{{ext}} --check"
    run(line)
    damage(keep / "one.json", how)
    ran = run(line)

    assert ran.code == 0
    assert files(keep) == {"one.json": some(1), "two.json": some(2)}


def test_what_an_earlier_run_began_is_not_taken_on_trust(
    run: Run, account: Breaking, keep: Path
) -> None:
    """The store tells no checksum, so nothing but the same bytes again can prove the first half."""
    one = account.add(some(1), faults=[Fault("closed", 50_000)], etag=NO_MD5)
    run(f"results download {RECORDING} --to keep --retries 0")
    (part,) = keep.rglob("*.part")
    part.write_bytes(bytes(50_000))
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes")

    assert ran.code == 0
    assert account.deleted == [RESULT]
    assert files(keep) == {f"{one}.json": some(1)}


def test_a_payload_left_out_of_this_run_is_proven_too(
    run: Run, account: Breaking, keep: Path
) -> None:
    one, two = account.add(some(1)), account.add(some(2))
    run(f"payloads download {one} --to keep")
    damage(keep / f"{one}.json", "one bit flipped")
    ran = run(f"payloads download {two} --to keep --delete-after --yes")

    assert ran.code == 0
    assert account.deleted == [RESULT]
    assert files(keep) == {f"{one}.json": some(1), f"{two}.json": some(2)}


# Between the download and the deletion


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("etag", [None, "", NO_MD5])
def test_the_saved_file_is_looked_at_again(
    run: Run, account: Breaking, keep: Path, how: str, etag: str | None
) -> None:
    """It was whole when it was saved, a moment ago."""
    one = account.add(some(1), etag=etag)
    once(account, f"{RESULT}.json", lambda: damage(keep / f"{one}.json", how))
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes")

    assert ran.code == 0
    assert account.deleted == [RESULT]
    assert files(keep) == {f"{one}.json": some(1)}


def test_a_file_that_is_gone_again_is_fetched_again(
    run: Run, account: Breaking, keep: Path
) -> None:
    one = account.add(some(1))
    once(account, f"{RESULT}.json", (keep / f"{one}.json").unlink)
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes")

    assert ran.code == 0
    assert account.deleted == [RESULT]
    assert files(keep) == {f"{one}.json": some(1)}


@pytest.mark.parametrize("etag", [None, "", NO_MD5])
@pytest.mark.parametrize("size", [SIZE, SIZE + 1])
def test_a_payload_updated_meanwhile_is_fetched_first(
    run: Run, account: Breaking, keep: Path, etag: str | None, size: int
) -> None:
    one = account.add(some(1), etag=etag)

    def update() -> None:
        payload = account.payload(one[-34:])
        payload.data, payload.updated = some(2, size), LATER

    once(account, f"{RESULT}.json", update)
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes")

    assert ran.code == 0
    assert account.deleted == [RESULT]
    assert files(keep) == {f"{one}.json": some(2, size)}


def test_a_payload_that_is_new_meanwhile_spares_its_result(
    run: Run, account: Breaking, keep: Path
) -> None:
    one = account.add(some(1))
    new: list[str] = []
    once(account, f"{RESULT}.json", lambda: new.append(account.add(some(2))))
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes -f jsonl")
    again = run(f"results download {RECORDING} --to keep --delete-after --yes")

    assert (ran.code, again.code) == (0, 0)
    assert outcomes(ran) == {one: "saved", f"{RECORDING}/{RESULT}": "spared"}
    assert new[0][-34:] in ran.out
    assert account.deleted == [RESULT]  # by the second run, which knows of both
    assert files(keep) == {f"{one}.json": some(1), f"{new[0]}.json": some(2)}


def test_a_payload_that_is_listed_no_more_spares_its_result(run: Run, account: Breaking) -> None:
    one, two = account.add(some(1)), account.add(some(2))
    once(account, f"{RESULT}.json", lambda: account.results[RESULT].pop(two[-34:]))
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes -f jsonl")

    assert outcomes(ran) == {one: "saved", two: "saved", f"{RECORDING}/{RESULT}": "spared"}
    assert account.deleted == []


def test_a_result_that_is_not_final_any_more_is_spared(run: Run, account: Breaking) -> None:
    account.add(some(1))
    once(account, f"{RESULT}.json", lambda: account.statuses.update({RESULT: "in-progress"}))
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes")

    assert ran.code == 0
    assert account.deleted == []


def test_a_file_changed_once_it_was_proven_spares_its_result(
    run: Run, account: Breaking, keep: Path
) -> None:
    """While the next one is looked at, after the last look at this one."""
    one, two = account.add(some(1)), account.add(some(2))
    ran_before = run(f"results download {RECORDING} --to keep")
    asked = []

    def before(method: str, path: str) -> None:
        if path.endswith(f"{two[-34:]}/Data"):
            asked.append(path)
            if len(asked) == 2:  # the first time it is compared, the second time proven
                damage(keep / f"{one}.json", "zeroed")

    account.before = before
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes -f jsonl")

    assert (ran_before.code, ran.code) == (0, 0)
    assert outcomes(ran)[f"{RECORDING}/{RESULT}"] == "spared"
    assert account.deleted == []


def test_a_payload_that_never_stays_the_same_spares_its_result(run: Run, account: Breaking) -> None:
    one = account.add(some(1))

    def before(method: str, path: str) -> None:
        if path.startswith("/store/"):
            account.payload(one[-34:]).data = some(len(account.heard))

    account.before = before
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes -f jsonl")

    assert outcomes(ran) == {one: "saved", f"{RECORDING}/{RESULT}": "spared"}
    assert account.deleted == []


def test_a_folder_put_elsewhere_spares_its_result(
    run: Run, account: Breaking, home: Path, keep: Path
) -> None:
    """What was saved is whole, but not where the rows say."""
    account.add(some(1))

    def move() -> None:
        (keep / RECORDING).rename(home / "moved")
        (keep / RECORDING).symlink_to(home / "moved")

    once(account, f"{RESULT}.json", move)
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes")

    assert ran.code == 1
    assert "this link leads out" in ran.err
    assert account.deleted == []


def test_all_is_on_disk_before_the_first_deletion(
    run: Run, account: Breaking, home: Path, keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file, and every folder that leads to it, also where an earlier run wrote them."""
    one = account.add(some(1))
    run(f"results download {RECORDING} --to keep")
    synced: set[int] = set()
    when_deleted: list[set[int]] = []
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        sync(descriptor)

    def before(method: str, path: str) -> None:
        if method == "DELETE":
            when_deleted.append(set(synced))

    monkeypatch.setattr("os.fsync", fsync)
    account.before = before
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes")

    file = keep / f"{one}.json"
    assert ran.code == 0
    assert {path.stat().st_ino for path in (file, *file.parents[:3])} <= when_deleted[0]
    assert file.parents[2] == keep


# What is spared


def test_what_is_spared_is_counted_with_the_reasons(run: Run, account: Breaking) -> None:
    """Also results that have no payloads, as those do that are not final."""
    account.add(some(1))
    account.results[OTHER] = {}
    account.add(some(2), result="XR" + "4" * 32)
    for number in (5, 6):
        sid = f"XR{number}" + "0" * 31
        account.results[sid] = {}
        account.statuses[sid] = "in-progress"
    account.statuses["XR" + "4" * 32] = "queued"
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes -f jsonl")

    assert ran.code == 0
    assert account.deleted == [RESULT]
    assert list(outcomes(ran).values()) == ["saved", "saved", "deleted", *["spared"] * 4]
    assert ran.err == (
        "saved 2 payloads; deleted 1 result, spared 4 (1 without payloads, 3 not final yet)\n"
    )


def test_a_result_without_payloads_is_not_deleted(run: Run, account: Breaking) -> None:
    """An empty list may be a list that went wrong."""
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes -f jsonl")

    assert ran.code == 0
    assert outcomes(ran) == {f"{RECORDING}/{RESULT}": "spared"}
    assert account.deleted == []

"""Lines that break: every kind of break, everywhere, with one worker and with eight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.breaking import (
    ERROR,
    PAGE,
    RECORDING,
    RESULT,
    SIZE,
    Breaking,
    Fault,
    breaking,
    files,
    some,
)
from support.documents import ACCOUNT
from support.program import Run

PLACES = {"before the answer": None, "first byte": 1, "middle": SIZE // 2, "last byte": SIZE - 1}
BREAKS = [
    "closed", "reset", "stalled", "chunked", "long", "short", "unframed", "damaged", "gzip",
    "expired",
]  # fmt: skip
IMPOSTORS = ["page", "error"]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once; how long they wait is not what is tried here."""
    monkeypatch.setattr("addonctl.transfer.source._pause", lambda failures: 0)
    monkeypatch.setattr("addonctl.api.transport.BACKOFF", 0)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Breaking]:
    with breaking(monkeypatch) as account:
        yield account


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", BREAKS)
def test_a_line_that_breaks_costs_nothing(
    run: Run, account: Breaking, home: Path, kind: str, place: str, workers: int
) -> None:
    """Whatever breaks once, every payload is saved in the end, byte for byte."""
    after = PLACES[place]
    if kind not in ("closed", "reset", "stalled"):
        after = after or 1
    wanted = {}
    for number in range(max(2, workers)):
        address = account.add(some(number), faults=[Fault(kind, after)])
        wanted[f"{address}.json"] = some(number)
    ran = run(f"results download {RECORDING} --to keep --workers {workers} --timeout 0.3s -f csv")

    assert ran.code == 0, ran.err
    assert files(home / "keep") == wanted
    assert ran.out.count(",saved,") == len(wanted)


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", [*BREAKS, *IMPOSTORS])
def test_a_line_that_stays_broken_leaves_no_file(
    run: Run, account: Breaking, home: Path, kind: str, place: str, workers: int
) -> None:
    """One payload never comes whole: it is a row, and absent; the others are saved."""
    after = PLACES[place]
    if kind not in ("closed", "reset", "stalled"):
        after = after or 1
    etag = '"parts-3"' if kind == "unframed" else None
    broken = account.add(some(0), faults=[Fault(kind, after)] * 50, ranges=False, etag=etag)
    whole = [account.add(some(number)) for number in range(1, max(2, workers))]
    ran = run(
        f"results download {RECORDING} --to keep --workers {workers} --timeout 0.3s --retries 1"
        " -f csv"
    )

    there = files(home / "keep")
    assert ran.code == 6
    assert f"{broken},failed," in ran.out
    assert f"{broken}.json" not in there
    assert all(f"{address}.json" in there for address in whole)
    assert "a-secret" not in ran.out + ran.err


def test_what_came_before_a_break_is_not_asked_for_again(
    run: Run, account: Breaking, home: Path
) -> None:
    address = account.add(some(1), faults=[Fault("closed", 50_000)])
    ran = run(f"results download {address} --to keep")

    first, second = account.fetched()
    assert ran.code == 0
    assert first.headers.get("Range") is None
    assert second.headers["Range"] == "bytes=50000-"
    assert second.headers["If-Range"].startswith('"')
    assert files(home / "keep") == {f"{address}.json": some(1)}


@pytest.mark.parametrize("headers", [{}, {"Content_Encoding": "identity"}])
def test_the_next_run_goes_on_where_the_last_one_broke(
    run: Run, account: Breaking, home: Path, headers: dict[str, str]
) -> None:
    address = account.add(some(1), faults=[Fault("closed", 50_000)], headers=headers)
    broken = run(f"results download {address} --to keep --retries 0")
    part = (home / "keep" / f"{address}.json.part").read_bytes()
    ran = run(f"results download {address} --to keep")

    assert (broken.code, part) == (5, some(1)[:50_000])
    assert ran.code == 0
    assert account.fetched()[-1].headers["Range"] == "bytes=50000-"
    assert files(home / "keep") == {f"{address}.json": some(1)}


def test_an_object_that_changed_is_fetched_from_the_start(
    run: Run, account: Breaking, home: Path
) -> None:
    address = account.add(some(1), faults=[Fault("closed", 50_000)])
    run(f"results download {address} --to keep --retries 0")
    payload = account.payload(address[-34:])
    payload.data = some(2)
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": some(2)}


def test_a_store_that_ignores_ranges_sends_it_all(run: Run, account: Breaking, home: Path) -> None:
    address = account.add(some(1), faults=[Fault("closed", 50_000)], ranges=False)
    run(f"results download {address} --to keep --retries 0")
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": some(1)}


def test_a_store_without_etags_is_never_resumed(run: Run, account: Breaking, home: Path) -> None:
    """Without a name for the version, two halves might be of two payloads."""
    address = account.add(some(1), faults=[Fault("closed", 50_000)], etag="")
    run(f"results download {address} --to keep --retries 0")
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert [heard.headers.get("Range") for heard in account.fetched()] == [None, None]
    assert files(home / "keep") == {f"{address}.json": some(1)}


def test_a_part_that_was_complete_becomes_the_file(run: Run, account: Breaking, home: Path) -> None:
    """As if the run had been killed between the last byte and the rename."""
    address = account.add(some(1), faults=[Fault("closed", SIZE - 1)])
    run(f"results download {address} --to keep --retries 0")
    part = home / "keep" / f"{address}.json.part"
    part.write_bytes(some(1))
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert account.fetched()[-1].headers["Range"] == f"bytes={SIZE - 1}-"
    assert files(home / "keep") == {f"{address}.json": some(1)}


def test_a_part_of_other_bytes_is_found_out(run: Run, account: Breaking, home: Path) -> None:
    """Resumed by the right ETag, but the bytes before are wrong: the checksum tells."""
    address = account.add(some(1), faults=[Fault("closed", 50_000)])
    run(f"results download {address} --to keep --retries 0")
    (home / "keep" / f"{address}.json.part").write_bytes(some(9)[:50_000])
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": some(1)}


def test_a_part_longer_than_the_payload_starts_again(
    run: Run, account: Breaking, home: Path
) -> None:
    address = account.add(some(1), faults=[Fault("chunked", 50_000)])
    run(f"results download {address} --to keep --retries 0")
    (home / "keep" / f"{address}.json.part").write_bytes(some(1) + b"more")
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": some(1)}


def test_a_bad_line_that_gets_further_is_never_given_up(
    run: Run, account: Breaking, home: Path
) -> None:
    """Ten breaks, one retry allowed: each try brings more than a mebibyte."""
    data = some(1, 12_000_000)
    address = account.add(data, faults=[Fault("closed", 1_100_000)] * 10)
    ran = run(f"results download {address} --to keep --retries 1")

    assert ran.code == 0
    assert len(account.fetched()) == 11
    assert files(home / "keep") == {f"{address}.json": data}


def test_a_line_that_never_gets_further_is_given_up(run: Run, account: Breaking) -> None:
    address = account.add(
        some(1, 4_000_000), faults=[Fault("closed", 2_000_000)] * 99, ranges=False
    )
    ran = run(f"results download {address} --to keep --retries 3")

    assert ran.code == 5
    assert len(account.fetched()) <= 6


@pytest.mark.parametrize("kind", ["closed", "long"])
def test_what_broke_is_named(run: Run, account: Breaking, kind: str) -> None:
    address = account.add(some(1), faults=[Fault(kind, 10)] * 9)
    ran = run(f"results download {address} --to keep --retries 0")

    assert ran.code == 5
    assert address[-34:] in ran.err


def test_an_expired_link_is_asked_for_anew(run: Run, account: Breaking, home: Path) -> None:
    """Also in the middle of a payload, and not counted as a failure."""
    faults = [Fault("expired"), Fault("closed", 20_000), Fault("expired")]
    address = account.add(some(1), faults=faults)
    ran = run(f"results download {address} --to keep --retries 1")

    assert ran.code == 0
    assert sum(heard.path.endswith("/Data") for heard in account.heard) == 3
    assert account.fetched()[-1].headers["Range"] == "bytes=20000-"
    assert files(home / "keep") == {f"{address}.json": some(1)}


def test_a_link_that_is_always_refused_fails_at_once(run: Run, account: Breaking) -> None:
    address = account.add(some(1), faults=[Fault("expired")] * 50)
    ran = run(f"results download {address} --to keep")

    assert ran.code == 1
    assert "403" in ran.err
    assert len(account.fetched()) == 2


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
def test_a_payload_stored_encoded_is_saved_decoded(
    run: Run, account: Breaking, home: Path, encoding: str
) -> None:
    """The store's length and ETag are those of the bytes as they travel."""
    import gzip
    import zlib

    encode = zlib.compress if encoding == "deflate" else gzip.compress
    text = b'{"transcript": "hello"}' * 10_000
    address = account.add(encode(text), headers={"Content_Encoding": encoding})
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": text}


def test_an_encoding_we_cannot_read_is_refused(run: Run, account: Breaking, home: Path) -> None:
    address = account.add(some(1), headers={"Content_Encoding": "br"})
    ran = run(f"results download {address} --to keep")

    assert ran.code == 1
    assert "br" in ran.err
    assert files(home / "keep") == {}


@pytest.mark.parametrize(
    "name, value",
    [
        ("Content_MD5", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("x-amz-checksum-sha256", "A" * 43 + "="),
        ("x-amz-checksum-sha1", "A" * 27 + "="),
        ("x-amz-checksum-crc32", "AAAAAA=="),
    ],
)
def test_every_checksum_the_store_gives_is_held_against_the_bytes(
    run: Run, account: Breaking, home: Path, name: str, value: str
) -> None:
    address = account.add(some(1), etag='"in-parts-2"', headers={name: value})
    ran = run(f"results download {address} --to keep")

    assert ran.code == 5
    assert "checksum" in ran.err
    assert files(home / "keep") == {}


def test_an_etag_that_is_no_md5_is_not_taken_for_one(
    run: Run, account: Breaking, home: Path
) -> None:
    """Of an object encrypted by a key of its own the ETag only looks like an MD5."""
    address = account.add(
        some(1), etag='"' + "0" * 32 + '"', headers={"x-amz-server-side-encryption": "aws:kms"}
    )
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": some(1)}


def test_a_payload_that_is_a_page_itself_is_saved(run: Run, account: Breaking, home: Path) -> None:
    page = account.add(PAGE, content_type="text/html")
    error = account.add(ERROR, content_type="application/xml")
    ran = run(f"results download {RECORDING} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{page}.html": PAGE, f"{error}.xml": ERROR}


def test_an_empty_payload_is_a_file(run: Run, account: Breaking, home: Path) -> None:
    address = account.add(b"")
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": b""}


def test_the_store_never_sees_the_login(run: Run, account: Breaking) -> None:
    account.add(some(1), faults=[Fault("closed", 10), Fault("expired")])
    ran = run(f"results download {RECORDING}/{RESULT} --to keep")

    assert ran.code == 0
    assert len(account.fetched()) == 3
    assert all("Authorization" not in heard.headers for heard in account.fetched())
    assert ACCOUNT not in "".join(str(heard.headers) for heard in account.fetched())

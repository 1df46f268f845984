"""Lines that break: every kind of break, everywhere, with one worker and with eight."""

from __future__ import annotations

import gzip
import zlib
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
PART = ".addonctl.part"
NO_MD5 = '"in-parts-2"'


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
    part = (home / "keep" / f"{address}{PART}").read_bytes()
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
    part = home / "keep" / f"{address}{PART}"
    part.write_bytes(some(1))
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert account.fetched()[-1].headers["Range"] == f"bytes={SIZE - 1}-"
    assert files(home / "keep") == {f"{address}.json": some(1)}


def test_a_part_of_other_bytes_is_found_out(run: Run, account: Breaking, home: Path) -> None:
    """Resumed by the right ETag, but the bytes before are wrong: the checksum tells."""
    address = account.add(some(1), faults=[Fault("closed", 50_000)])
    run(f"results download {address} --to keep --retries 0")
    (home / "keep" / f"{address}{PART}").write_bytes(some(9)[:50_000])
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": some(1)}


def test_a_part_longer_than_the_payload_starts_again(
    run: Run, account: Breaking, home: Path
) -> None:
    address = account.add(some(1), faults=[Fault("chunked", 50_000)])
    run(f"results download {address} --to keep --retries 0")
    (home / "keep" / f"{address}{PART}").write_bytes(some(1) + b"more")
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": some(1)}


@pytest.mark.parametrize("step", [1, 1_100_000])
def test_a_bad_line_that_gets_further_is_never_given_up(
    run: Run, account: Breaking, home: Path, step: int
) -> None:
    """Ten breaks, one retry allowed: each try gets further, if only by a byte."""
    data = some(1, 11 * step)
    address = account.add(data, faults=[Fault("closed", step)] * 10)
    ran = run(f"results download {address} --to keep --retries 1")

    assert ran.code == 0
    assert len(account.fetched()) == 11
    assert files(home / "keep") == {f"{address}.json": data}


def test_without_retries_a_line_that_breaks_is_given_up(run: Run, account: Breaking) -> None:
    address = account.add(some(1), faults=[Fault("closed", 50_000)])
    ran = run(f"results download {address} --to keep --retries 0")

    assert ran.code == 5
    assert len(account.fetched()) == 1


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


@pytest.mark.parametrize("retries", [0, 2, 5])
def test_links_are_asked_for_as_often_as_retries_allow(
    run: Run, account: Breaking, home: Path, monkeypatch: pytest.MonkeyPatch, retries: int
) -> None:
    """Each after a pause, longer from try to try."""
    paused: list[int] = []

    def pause(failures: int) -> float:
        paused.append(failures)
        return 0.0

    monkeypatch.setattr("addonctl.transfer.source._pause", pause)
    expiring = account.add(some(1), faults=[Fault("expired")] * retries)
    refused = account.add(some(2), faults=[Fault("expired")] * 50)
    ran = run(f"results download {expiring} --to keep --retries {retries}")
    given_up = run(f"results download {refused} --to keep --retries {retries}")

    assert ran.code == 0
    assert files(home / "keep") == {f"{expiring}.json": some(1)}
    assert given_up.code == 5
    assert refused[-34:] in given_up.err
    assert "403" in given_up.err
    assert len(account.fetched(refused[-34:])) == retries + 1
    assert paused == [*range(1, retries + 1)] * 2
    assert sum(heard.path.endswith("/Data") for heard in account.heard) == 2 * (retries + 1)


@pytest.mark.parametrize("kind", ["shifted", "renamed"])
@pytest.mark.parametrize("output", ["--to keep", "-o -"])
def test_a_range_that_was_not_asked_for_is_not_taken(
    run: Run, account: Breaking, home: Path, kind: str, output: str
) -> None:
    """No checksum would tell: it is asked for from the start."""
    data = b'{"words": "of a call"}' * 4_000
    faults = [Fault("closed", 50_000), Fault(kind, 10)]
    address = account.add(data, faults=faults, etag=NO_MD5)
    ran = run(f"payloads download {address} {output}")
    saved = files(home / "keep").get(f"{address}.json", ran.out.encode())

    assert (ran.code, saved) == (0, data)
    assert [heard.headers["Range"] for heard in account.fetched()] == [None, "bytes=50000-", None]


def test_a_length_once_told_holds_for_all_that_follows(
    run: Run, account: Breaking, home: Path
) -> None:
    """The rest comes without one, and ends early as if it were whole; no checksum tells."""
    faults = [Fault("closed", 50_000), Fault("forgetful", 100), Fault("forgetful", 200)]
    address = account.add(some(1), faults=faults, etag='"in-parts-2"')
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": some(1)}
    assert account.fetched()[-1].headers["Range"] == "bytes=50300-"


def test_a_length_once_told_holds_for_the_next_run(run: Run, account: Breaking, home: Path) -> None:
    faults = [Fault("closed", 50_000), Fault("forgetful", 100)]
    address = account.add(some(1), faults=faults, etag='"in-parts-2"')
    run(f"results download {address} --to keep --retries 0")
    broken = run(f"results download {address} --to keep --retries 0")
    ran = run(f"results download {address} --to keep")

    assert (broken.code, ran.code) == (5, 0)
    assert files(home / "keep") == {f"{address}.json": some(1)}


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
def test_a_payload_stored_encoded_is_saved_decoded(
    run: Run, account: Breaking, home: Path, encoding: str
) -> None:
    """The store's length and ETag are those of the bytes as they travel."""
    encode = zlib.compress if encoding == "deflate" else gzip.compress
    text = b'{"transcript": "hello"}' * 10_000
    address = account.add(encode(text), headers={"Content_Encoding": encoding})
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": text}


@pytest.mark.parametrize("encoding", ["br", "utf-8", "aws-chunked", "gzip", "deflate", "x, gzip"])
@pytest.mark.parametrize("etag", [None, '"in-parts-2"'])
def test_a_word_that_is_no_encoding_of_the_bytes_changes_nothing(
    run: Run, account: Breaking, home: Path, encoding: str, etag: str | None
) -> None:
    """They are saved as they lie; a line that breaks is picked up, and the checksum is held."""
    address = account.add(
        some(1),
        headers={"Content_Encoding": encoding},
        etag=etag,
        faults=[Fault("damaged", 20_000)] * (etag is None) + [Fault("closed", 50_000)],
    )
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert account.fetched()[-1].headers["Range"] == "bytes=50000-"
    assert files(home / "keep") == {f"{address}.json": some(1)}


@pytest.mark.parametrize("encoding", ["aws-chunked,gzip", "gzip, aws-chunked", "GZIP"])
def test_gzip_among_other_words_is_decoded(
    run: Run, account: Breaking, home: Path, encoding: str
) -> None:
    address = account.add(gzip.compress(some(1)), headers={"Content_Encoding": encoding})
    ran = run(f"results download {address} --to keep")

    assert ran.code == 0
    assert files(home / "keep") == {f"{address}.json": some(1)}


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


HTML, XML = "text/html; charset=utf-8", "application/xml"
LOOKS = {
    # data, declared, answered, the store's ETag, whether it is a payload
    "page": (PAGE, "application/json", "text/html", "", False),
    "page with a version": (PAGE, "application/json", "text/html", NO_MD5, False),
    "page with its checksum": (PAGE, "application/json", "text/html", None, True),
    "page in place of text": (PAGE, "text/plain", "text/html", "", False),
    "page in place of sound": (PAGE, "audio/wav", "text/html", "", False),
    "page of no type": (PAGE, "", "text/html", "", False),
    "page, XML expected": (PAGE, "application/xml", "text/html", "", False),
    "words called a page": (b"Forbidden", "application/json", "text/html", "", False),
    "HTML report": (PAGE, HTML, "text/html", "", True),
    "JSON called a page": (b' {"a": 1}', "application/json", HTML, "", True),
    "number called a page": (b"-1.5", "application/json", HTML, "", True),
    "text called a page": (b"hello", "text/plain", HTML, NO_MD5, True),
    "sound called a page": (b"RIFF....WAVE", "audio/wav", HTML, NO_MD5, True),
    "XML called a page": (b"<?xml version='1.0'?><a/>", "text/xml", HTML, "", True),
    "store's error": (ERROR, "application/json", XML, NO_MD5, False),
    "store's error for text": (ERROR, "text/plain", XML, "", False),
    "store's error with its checksum": (ERROR, "application/json", XML, None, True),
    "XML like an error": (ERROR, "application/xml", XML, "", True),
    "text like an error": (b"<Error> he said <Code>", "text/plain", "text/plain", "", True),
}


@pytest.mark.parametrize(
    ("data", "declared", "answered", "etag", "payload"), LOOKS.values(), ids=LOOKS
)
@pytest.mark.parametrize("output", ["--to keep", "-o -"])
def test_what_fits_its_type_or_its_checksum_is_a_payload_whatever_it_looks_like(
    run: Run, account: Breaking, home: Path, output: str,
    data: bytes, declared: str, answered: str, etag: str | None, payload: bool,
) -> None:  # fmt: skip
    address = account.add(
        data, content_type=declared, headers={"Content_Type": answered}, etag=etag
    )
    ran = run(f"payloads download {address} {output}")
    saved = [*files(home / "keep").values()] if output != "-o -" else [ran.out.encode()]

    assert ran.code == (0 if payload else 1), ran.err
    assert payload or "a page came in its place" in ran.err
    assert saved == ([data] if payload else [b""] if output == "-o -" else [])


@pytest.mark.parametrize("step", [1, 30])
@pytest.mark.parametrize("output", ["--to keep", "-o -"])
def test_a_page_that_comes_in_pieces_is_found_out(
    run: Run, account: Breaking, home: Path, step: int, output: str
) -> None:
    """The line breaks before it can be judged, and goes on in the middle of it."""
    address = account.add(PAGE, faults=[Fault("closed", step)] * 4, etag=NO_MD5)
    ran = run(f"payloads download {address} {output}")

    assert ran.code == 1
    assert "a page came in its place" in ran.err
    assert output != "-o -" or ran.out == ""
    assert f"{address}.json" not in files(home / "keep")


@pytest.mark.parametrize("etag", [None, "", NO_MD5])
def test_a_stream_that_breaks_at_once_loses_nothing(
    run: Run, account: Breaking, etag: str | None
) -> None:
    data = b'{"some": "words"}' * 1000
    faults = [Fault("closed", after) for after in (1, 2, 500, 1)]
    address = account.add(data, faults=faults, etag=etag)
    ran = run(f"payloads download {address} -o -")

    assert (ran.code, ran.out.encode()) == (0, data)


def test_a_page_that_says_it_is_another_never_reaches_stdout(run: Run, account: Breaking) -> None:
    """Its checksum is not that of what came: it is held back until that is known."""
    address = account.add(PAGE, headers={"Content_MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, etag="")
    ran = run(f"payloads download {address} -o -")

    assert (5, "") == (ran.code, ran.out)


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

"""What the store says and sends, judged and put together: by answers made up, without a socket."""

from __future__ import annotations

import gzip
import hashlib
import threading
import zlib
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, cast

import pytest
from support.answers import ADDRESS, DATA, ETAG, LATER, NAMED, Store, body
from support.breaking import ERROR, PAGE
from support.program import until

from addonctl.api import Body, Client, LinkExpired
from addonctl.errors import AddonctlError, NotFound, TryLater
from addonctl.models import Payload
from addonctl.transfer import source
from addonctl.transfer.fetch import stream
from addonctl.transfer.source import BESIDE, HEAD, Checks, Source, Version, decoded, is_page, told

MD5 = hashlib.md5(DATA).digest()


@pytest.fixture(autouse=True)
def paused(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often it had failed before each pause, which takes no time here."""
    failures: list[int] = []

    def pause(count: int) -> float:
        failures.append(count)
        return 0.0

    monkeypatch.setattr(source, "_pause", pause)
    return failures


def came(
    store: Store, have: int = 0, version: Version | None = None, content_type: str = ""
) -> bytes:
    """All of the payload, where the first `have` bytes of it have come in another run."""
    client, data = cast(Client, store), bytearray(DATA[:have])
    payload = Payload({"content_type": content_type})
    try:
        for piece in Source(client, ADDRESS, payload).pieces(have, version):
            del data[piece.begin :]
            data += piece.data
            assert not piece.doubtful
    finally:
        assert store.unclosed == 0
    return bytes(data)


def streamed(store: Store) -> Iterator[bytes]:
    payload = Payload({"content_type": "application/json"})
    return stream(cast(Client, store), ADDRESS, payload)


# What the store tells

HEADER = {
    "content-md5": b64encode(MD5).decode(),
    "x-amz-checksum-sha256": b64encode(hashlib.sha256(DATA).digest()).decode(),
    "x-amz-checksum-sha1": b64encode(hashlib.sha1(DATA).digest()).decode(),
    "x-amz-checksum-crc32": b64encode(zlib.crc32(DATA).to_bytes(4, "big")).decode(),
}
QUOTED = f'"{MD5.hex()}"'


@pytest.mark.parametrize("header", HEADER)
@pytest.mark.parametrize("step", [1, 999, 5_000])
def test_the_right_checksum_is_right_however_the_bytes_come(header: str, step: int) -> None:
    found = told(body(**{header: HEADER[header]}))
    checks = Checks(found, len(DATA))
    for begin in range(0, len(DATA), step):
        checks.update(DATA[begin : begin + step])

    assert len(found) == 1
    assert checks.digests() == found


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ({"etag": QUOTED}, {"md5"}),
        ({"etag": QUOTED.upper()}, {"md5"}),
        ({"etag": f"W/{QUOTED}"}, set()),
        ({"etag": QUOTED.strip('"')}, set()),
        ({"etag": f'"{MD5.hex()}-2"'}, set()),
        ({"etag": QUOTED, "x-amz-server-side-encryption": "AES256"}, {"md5"}),
        ({"etag": QUOTED, "x-amz-server-side-encryption": "aws:kms"}, set()),
        ({"etag": QUOTED, "x-amz-server-side-encryption": "aws:kms:dsse"}, set()),
        ({"etag": QUOTED, "x-amz-server-side-encryption-customer-algorithm": "AES256"}, set()),
        ({"etag": QUOTED, "content-encoding": "gzip"}, set()),
        ({"etag": QUOTED, "content-encoding": "identity"}, {"md5"}),
        (HEADER, {"md5", "sha256", "sha1", "crc32"}),
        ({**HEADER, "content-encoding": "gzip"}, set()),
        # Of a range they are of the range alone; the ETag still names the whole.
        ({**HEADER, "etag": QUOTED, "content-range": "bytes 1-4999/5000"}, {"md5"}),
        ({"x-amz-checksum-sha256": HEADER["content-md5"]}, set()),
        ({"content-md5": HEADER["x-amz-checksum-sha256"]}, set()),
        ({"x-amz-checksum-sha1": HEADER["x-amz-checksum-sha1"] + "-2"}, set()),
        ({"x-amz-checksum-crc32": "!" + HEADER["x-amz-checksum-crc32"]}, set()),
    ],
)
def test_a_checksum_is_taken_from_where_the_store_means_one(
    headers: dict[str, str], names: set[str]
) -> None:
    found = told(body(**headers))

    assert set(found) == names
    assert found.get("md5", MD5) == MD5


def test_checksums_that_contradict_each_other_fit_no_bytes() -> None:
    found = told(body(etag=QUOTED, content_md5=b64encode(bytes(16)).decode()))
    same = told(body(etag=QUOTED, content_md5=HEADER["content-md5"]))

    assert found == {"md5": b""}
    assert same == {"md5": MD5}


# Checksums beside the transfer


def beside() -> int:
    return sum("_hash" in thread.name for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("size", "threads"), [(BESIDE - 1, 0), (BESIDE, 1), (BESIDE + 1, 1), (None, 1), (0, 0)]
)
@pytest.mark.parametrize("names", [["crc32"], ["md5", "sha1", "sha256", "crc32"]])
def test_only_many_bytes_are_hashed_beside(
    size: int | None, threads: int, names: list[str]
) -> None:
    before = beside()
    checks = Checks(names, size)
    there = beside() - before
    for block in (DATA[:1], DATA[1:3_000], DATA[3_000:]) * 9:
        checks.update(block)
    digests = checks.digests()

    assert there == threads
    assert beside() == before
    assert digests.pop("crc32") == zlib.crc32(DATA * 9).to_bytes(4, "big")
    assert digests == {name: hashlib.new(name, DATA * 9).digest() for name in names[:-1]}


def test_what_is_given_up_is_hashed_no_further() -> None:
    before = beside()
    checks = Checks(["md5"], None)
    checks.update(DATA)
    assert beside() == before + 1
    del checks

    until(lambda: beside() == before)


def test_nothing_to_check_starts_nothing() -> None:
    before = beside()
    checks = Checks((), None)
    checks.update(DATA)

    assert beside() == before
    assert checks.digests() == {}


# Encodings


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_what_comes_encoded_is_decoded_however_it_is_cut(encode: Any, step: int) -> None:
    encoded = encode(DATA)
    chunks = [encoded[begin : begin + step] for begin in range(0, len(encoded), step)]

    assert b"".join(decoded(chunks, NAMED)) == DATA


@pytest.mark.parametrize("step", [1, 100_000])
def test_gzip_may_be_several_one_after_the_other(step: int) -> None:
    encoded = gzip.compress(DATA[:99]) + gzip.compress(b"") + gzip.compress(DATA[99:])
    chunks = [encoded[begin : begin + step] for begin in range(0, len(encoded), step)]

    assert b"".join(decoded(chunks, NAMED)) == DATA


def test_a_few_bytes_that_stand_for_many_are_decoded_in_steps() -> None:
    encoded = gzip.compress(bytes(10_000_001))
    steps = [len(step) for step in decoded([encoded], NAMED)]

    assert sum(steps) == 10_000_001
    assert max(steps) <= 1024 * 1024


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("missing", [1, 4, 8, 1_000, 4_990])
def test_an_encoding_that_ends_early_is_damage(encode: Any, missing: int) -> None:
    with pytest.raises(TryLater) as raised:
        list(decoded([encode(DATA)[:-missing]], NAMED))

    assert raised.value.message == f"{NAMED}: its encoded bytes ended early"


@pytest.mark.parametrize("place", [20, 2_000, -1, -5])
def test_a_bit_that_flipped_in_an_encoding_is_damage(place: int) -> None:
    encoded = bytearray(gzip.compress(DATA))
    encoded[place] ^= 1
    with pytest.raises(TryLater) as raised:
        list(decoded([bytes(encoded)], NAMED))

    assert raised.value.message == f"{NAMED}: its encoded bytes arrived damaged"


def test_what_follows_the_last_member_is_damage() -> None:
    with pytest.raises(TryLater) as raised:
        list(decoded([gzip.compress(DATA) + b"more"], NAMED))

    assert raised.value.message == f"{NAMED}: its encoded bytes arrived damaged"


@pytest.mark.parametrize(
    ("encoding", "data", "saved"),
    [
        ("gzip", gzip.compress(DATA), DATA),
        ("x-gzip", gzip.compress(DATA), DATA),
        ("deflate", gzip.compress(DATA), DATA),
        ("deflate", zlib.compress(DATA), DATA),
        ("br , gzip", gzip.compress(DATA), DATA),
        ("br", gzip.compress(DATA), None),
        ("gzip", zlib.compress(DATA), None),
        ("gzip", b"\x1f" + DATA, None),
        ("deflate", b"\x78", None),
        ("deflate", b"\x78\x9d" + DATA, None),  # no multiple of 31
        ("deflate", b"\x79\x10" + DATA, None),  # another method than deflate
        ("deflate", b"\xf8\x1c" + DATA, None),  # a window larger than any
        ("deflate", b"", None),
    ],
)
def test_only_what_an_encoding_makes_of_bytes_is_decoded(
    encoding: str, data: bytes, saved: bytes | None
) -> None:
    """Anything else is saved as it lies, and can be gone on with."""
    whole = data if saved is None else saved
    store = Store([body(data, size=len(data), etag=ETAG, content_encoding=encoding)])
    pieces = list(Source(cast(Client, store), ADDRESS, Payload({})).pieces())

    assert b"".join(piece.data for piece in pieces) == whole
    assert {piece.body.encoding for piece in pieces} == {"" if saved is None else encoding}


def test_what_is_encoded_starts_again_when_its_line_breaks() -> None:
    """Its ranges are of other bytes; so does what has come before that could be judged."""
    encoded = gzip.compress(DATA)
    about: dict[str, Any] = {"size": len(encoded), "etag": ETAG, "content_encoding": "gzip"}
    store = Store([body(encoded[:99], LATER, **about), body(encoded, **about)])
    later = Store([body(encoded[:4_000], LATER, **about), body(encoded, **about)])

    assert came(store) == came(later) == DATA
    assert store.asked == later.asked == [(0, None), (0, None)]


# Pages

REFUSAL = b"<TwilioResponse><RestException><Code>20404</Code></RestException></TwilioResponse>"


@pytest.mark.parametrize(
    ("head", "answered", "declared", "named", "page"),
    [
        (PAGE, "", "", False, True),
        (b"\xef\xbb\xbf \n" + PAGE, "", "audio/wav", False, True),
        (b"<HTML lang='en'>", "", "application/json", False, True),
        (REFUSAL, "", "application/json", False, True),
        (ERROR, "", "application/json", False, True),
        (b"<error>", "", "", False, False),
        (b"<code>", "", "", False, False),
        (b"<twilioresponse>", "", "", False, False),
        (b"<restexception>", "", "", False, False),
        (b"said <error> and <code>", "", "", False, False),
        (b"words", "text/html", "", False, True),
        (b"words", "TEXT/HTML; charset=utf-8", "", False, True),
        (b"words", "application/xhtml+xml", "", False, True),
        (b"words", "text/plain", "", False, False),
        (b"words", "text/html", "", True, False),
        (PAGE, "", "", True, False),
        (PAGE, "", "audio/wav", True, True),
        (b"RIFF", "text/html", "audio/wav", True, False),
        (b"RIFF", "text/html", "audio/wav", False, True),
        (b'{"a": 1}', "text/html", "application/json", False, False),
        (b'["a"]', "text/html", "Application/JSON ; x=y", False, False),
        (b'"a"', "text/html", "application/vnd.x+json", False, False),
        (b"true", "text/html", "application/json", False, False),
        (b"false", "text/html", "application/json", False, False),
        (b"null\n", "text/html", "application/json", False, False),
        (b"12", "text/html", "application/json", False, False),
        (b"nullify", "text/html", "application/json", True, True),
        (b"-x", "text/html", "application/json", True, True),
        (PAGE, "text/html", "text/html", False, False),
        (b"words", "text/html", "text/html", False, False),
        (ERROR, "", "text/html", False, True),
        (ERROR, "", "text/html", True, False),
        (b"<a/>", "text/html", "text/xml", True, False),
        (b"<a/>", "text/html", "text/xml", False, True),
        (b"<?xml?><a/>", "text/html", "text/xml", False, False),
        (b"words", "text/html", "text/xml", True, True),
        (ERROR, "application/xml", "application/xml", False, False),
        (PAGE, "", "application/xml", True, True),
        (b"words", "text/html", "text/plain", False, False),
        (b"<i>words</i>", "text/html", "text/plain", False, True),
        (b"<i>words</i>", "text/html", "text/plain", True, False),
        (ERROR, "application/xml", "text/csv", False, True),
        (ERROR, "application/xml", "text/csv", True, False),
        (ERROR, "text/plain", "text/csv", False, False),
        (PAGE, "text/html", "text/plain", True, True),
    ],
)
def test_a_page_is_told_from_a_payload(
    head: bytes, answered: str, declared: str, named: bool, page: bool
) -> None:
    headers = {"content-type": answered} | ({"etag": ETAG} if named else {})

    assert is_page(head, body(**headers), declared) == page


def test_a_page_in_its_place_is_no_payload() -> None:
    with pytest.raises(AddonctlError) as raised:
        came(Store([body(PAGE, size=len(PAGE))]))

    assert type(raised.value) is AddonctlError
    assert raised.value.message == f"{NAMED}: a page came in its place"
    assert raised.value.hint == ("a proxy or a login page may have answered instead of the store")
    assert raised.value.status == 200


def test_what_is_encoded_is_judged_by_what_comes_of_it() -> None:
    encoded = gzip.compress(PAGE * 99)
    with pytest.raises(AddonctlError, match="a page came in its place"):
        came(Store([body(encoded, size=len(encoded), content_encoding="gzip")]))


# How long


@pytest.mark.parametrize("about", [{"transfer_encoding": "chunked"}, {"etag": QUOTED}])
def test_an_early_end_has_to_be_noticed_by_something(about: dict[str, str]) -> None:
    assert came(Store([body(DATA, size=None, **about)])) == DATA


def test_an_early_end_that_nothing_would_tell_is_refused() -> None:
    with pytest.raises(AddonctlError) as raised:
        came(Store([body(DATA, size=None, etag=ETAG)]))

    assert type(raised.value) is AddonctlError
    assert raised.value.message == f"{NAMED}: the store says nowhere how long it is"


@pytest.mark.parametrize(("arrived", "size"), [(4_999, 5_000), (5_000, 4_999), (10, 5_000)])
def test_as_many_bytes_come_as_the_store_said(arrived: int, size: int) -> None:
    with pytest.raises(TryLater) as raised:
        came(Store([body(DATA[:arrived], size=size)] * 9, retries=0))

    assert raised.value.message == f"{NAMED}: {arrived} of {size} bytes came"


# Going on


@pytest.mark.parametrize("have", [HEAD - 1, HEAD, HEAD + 1])
def test_a_part_is_gone_on_with_once_it_was_judged(have: int) -> None:
    begin = have if have >= HEAD else 0
    store = Store([body(DATA[begin:], begin=begin, etag=ETAG)])

    assert came(store, have, Version(ETAG, len(DATA))) == DATA
    assert store.asked == [(begin, ETAG if begin else None)]


@pytest.mark.parametrize(("have", "begin"), [(4_998, 4_998), (4_999, 4_999), (5_000, 4_999)])
def test_of_a_part_that_is_complete_the_last_byte_is_asked_for(have: int, begin: int) -> None:
    store = Store([body(DATA[begin:], begin=begin, etag=ETAG)])

    assert came(store, have, Version(ETAG, len(DATA))) == DATA
    assert store.asked == [(begin, ETAG)]


def test_a_part_of_no_version_is_not_gone_on_with() -> None:
    store = Store([body(DATA, etag=ETAG)])

    assert came(store, 3_000) == DATA
    assert store.asked == [(0, None)]


@pytest.mark.parametrize("first", [1, 500, HEAD - 1, HEAD, HEAD + 1, 4_999])
@pytest.mark.parametrize("etag", [ETAG, None])
def test_a_line_that_breaks_is_picked_up_where_it_broke(first: int, etag: str | None) -> None:
    """Also where the rest does not name its version, or say how long it is."""
    rest = body(DATA[first:], begin=first, size=None, **({"etag": etag} if etag else {}))
    store = Store([body(DATA[:first], LATER, etag=ETAG), rest])

    assert came(store) == DATA
    assert store.asked == [(0, None), (first, ETAG)]


def test_a_word_that_is_no_encoding_is_forgotten_for_all_that_follows() -> None:
    """Also where the line breaks right when that is known."""
    about = {"etag": ETAG, "content_encoding": "br"}
    first = body(DATA[:HEAD], LATER, **about)
    second = body(DATA[HEAD:2_000], LATER, begin=HEAD, **about)
    store = Store([first, second, body(DATA[2_000:], begin=2_000, **about)])
    pieces = list(Source(cast(Client, store), ADDRESS, Payload({})).pieces())

    assert store.asked == [(0, None), (HEAD, ETAG), (2_000, ETAG)]
    assert b"".join(piece.data for piece in pieces) == DATA
    assert {piece.body.encoding for piece in pieces} == {""}


@pytest.mark.parametrize(
    "other",
    [
        {"begin": 2_001},
        {"begin": 1_999},
        {"etag": '"another"'},
        {"size": 5_001},
    ],
)
def test_what_is_not_the_rest_of_it_is_not_taken(other: dict[str, Any]) -> None:
    about: dict[str, Any] = {"begin": 2_000, "etag": ETAG} | other
    rest = body(DATA[2_000:], **about)
    store = Store([body(DATA[:2_000], LATER, etag=ETAG), rest, body(DATA, etag=ETAG)])

    assert came(store) == DATA
    assert store.asked == [(0, None), (2_000, ETAG), (0, None)]


@pytest.mark.parametrize("size", [None, 5_000])
def test_a_range_that_is_none_starts_again(size: int | None) -> None:
    refused = AddonctlError("no such range", status=416)
    store = Store([refused, body(DATA, etag=ETAG)])

    assert came(store, 2_000, Version(ETAG, size)) == DATA
    assert store.asked == [(2_000, ETAG), (0, None)]


def test_a_range_refused_where_none_was_asked_for_is_an_error() -> None:
    with pytest.raises(AddonctlError, match="no such range"):
        came(Store([AddonctlError("no such range", status=416)]))


def test_a_store_that_gives_no_more_than_a_part_is_given_up() -> None:
    store = Store([body(DATA[9:], begin=9, etag=ETAG)] * 9)
    with pytest.raises(AddonctlError) as raised:
        came(store)

    assert type(raised.value) is AddonctlError
    assert raised.value.message == f"{NAMED}: the store gives no more than a part of it"
    assert store.asked == [(0, None), (0, None)]


def test_a_length_once_told_is_that_of_the_whole_version() -> None:
    """Also where it comes from the start again, but not of another version."""
    store = Store([body(DATA[:9], begin=0, size=None, etag=ETAG, transfer_encoding="chunked")])
    store.retries = 0
    with pytest.raises(TryLater, match="9 of 5000 bytes came"):
        came(store, 2_000, Version(ETAG, len(DATA)))
    other = body(DATA[:9], size=None, etag='"another"', transfer_encoding="chunked")

    assert came(Store([other]), 2_000, Version(ETAG, len(DATA))) == DATA[:9]


def test_what_was_said_of_the_first_bytes_holds_for_the_rest() -> None:
    """A checksum that is of the whole is not told again with a range."""
    first = body(DATA[:9], LATER, etag=ETAG, **{"x-amz-checksum-crc32": "AAAAAA=="})
    store = Store([first, body(DATA[9:], begin=9, etag=ETAG)])
    pieces = list(Source(cast(Client, store), ADDRESS, Payload({})).pieces())

    assert [(piece.begin, piece.data) for piece in pieces[:2]] == [(0, b""), (0, DATA)]
    assert all(told(piece.body) == {"crc32": bytes(4)} for piece in pieces)


# Tries


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_line_is_tried_as_often_as_retries_allow(retries: int, paused: list[int]) -> None:
    store = Store([body(LATER, etag=ETAG)] + [body(LATER, etag=ETAG) for _ in range(9)])
    store.retries = retries
    with pytest.raises(TryLater, match="the line broke"):
        came(store)

    assert len(store.asked) == retries + 1
    assert paused == [*range(1, retries + 1)]


def test_a_try_that_got_further_does_not_count(paused: list[int]) -> None:
    """A try that came as far as another did."""
    lengths = [2_000, 1, 0, 1]
    answers: list[Body | AddonctlError] = []
    begin = 0
    for length in lengths:
        answers.append(body(DATA[begin : begin + length], LATER, begin=begin, etag=ETAG))
        begin += length
    store = Store([*answers, body(DATA[begin:], begin=begin, etag=ETAG)])

    assert came(store) == DATA
    assert paused == [0, 0, 1, 0]


def test_a_try_that_only_came_as_far_as_before_does_count(paused: list[int]) -> None:
    answers: list[Body | AddonctlError] = [body(DATA[:2_000], LATER) for _ in range(3)]
    with pytest.raises(TryLater):
        came(Store(answers, retries=1))

    assert paused == [0, 1]


def test_a_refused_link_is_asked_for_anew_and_no_other() -> None:
    expired = LinkExpired("Request has expired", status=403)
    store = Store([body(DATA[:2_000], LATER, etag=ETAG), expired, body(DATA[2_000:], begin=2_000)])

    assert came(store) == DATA
    assert store.links == 2
    assert store.asked == [(0, None), (2_000, ETAG), (2_000, ETAG)]


def test_a_link_that_is_refused_again_and_again_is_an_error() -> None:
    store = Store([LinkExpired("Request has expired", status=403) for _ in range(9)], retries=2)
    with pytest.raises(TryLater) as raised:
        came(store)

    assert raised.value.message == "Request has expired, though its link is new"
    assert raised.value.status == 403
    assert store.links == 3


def test_what_is_not_there_is_asked_for_once() -> None:
    store = Store([NotFound("no such key", status=404)])
    with pytest.raises(NotFound):
        came(store)

    assert len(store.asked) == 1


@pytest.mark.parametrize(
    ("failures", "longest"),
    [(0, 1.0), (1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 20.0), (99, 20.0)],
)
def test_pauses_grow_up_to_a_limit(
    failures: int, longest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("random.random", lambda: 1.0)

    assert source._pause(failures) == longest


# As a stream


def test_a_stream_gives_each_byte_once_whoever_starts_again() -> None:
    store = Store([body(DATA[:2_000], LATER, etag=QUOTED), body(DATA, etag=QUOTED)])

    assert b"".join(streamed(store)) == DATA


@pytest.mark.parametrize("etag", [{}, {"etag": '"another"'}])
def test_a_stream_that_cannot_go_on_says_how_far_it_came(etag: dict[str, str]) -> None:
    store = Store([body(DATA[:2_000], LATER, **(etag and {"etag": ETAG})), body(DATA, **etag)])
    with pytest.raises(TryLater) as raised:
        list(streamed(store))

    assert raised.value.message == (
        f"{NAMED}: the line broke after 2000 bytes, and the store does not go on from there"
    )


def test_a_stream_of_other_bytes_is_told_in_the_end() -> None:
    with pytest.raises(TryLater) as raised:
        list(streamed(Store([body(DATA[:-1] + b"!", etag=QUOTED)])))

    assert raised.value.message == (f"{NAMED}: other bytes arrived than the store's checksum is of")


LONG_PAGE = PAGE * 90


@pytest.mark.parametrize("first", [1, 500, 2_000])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_page_is_held_back_until_its_checksum_proves_it(first: int, ranges: bool) -> None:
    """Also where its line breaks; what comes of it then is not a byte, or all."""
    size = len(LONG_PAGE)

    def answers(page: bytes) -> list[Body | AddonctlError]:
        about: dict[str, Any] = {"etag": ETAG, "size": size}
        about["x-amz-checksum-sha256"] = b64encode(hashlib.sha256(page).digest()).decode()
        rest = body(LONG_PAGE[first:], begin=first, etag=ETAG, size=size)
        whole = body(LONG_PAGE, **about)
        return [body(LONG_PAGE[:first], LATER, **about), rest if ranges else whole]

    handed: list[bytes] = []
    with pytest.raises(TryLater, match="other bytes arrived"):
        handed.extend(streamed(Store(answers(DATA))))

    assert handed == []
    assert b"".join(streamed(Store(answers(LONG_PAGE)))) == LONG_PAGE

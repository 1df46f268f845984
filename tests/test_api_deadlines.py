"""An answer comes whole and in time, or it is given up, however the other side drags its feet."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from socketserver import StreamRequestHandler

import pytest
from support.documents import ACCOUNT, RE, XH, XR, result
from support.loopback import on_loopback, read_head
from support.program import Run, log_in_by_variables
from support.scripted import Heard, answer, scripted

from addonctl.addresses import Address
from addonctl.api import Client, Limits, Pace
from addonctl.errors import TryLater
from addonctl.models import Recording
from addonctl.profiles import Login

PAGE = json.dumps({"add_on_results": [result()], "next_page_uri": None}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(PAGE) + PAGE
ADDRESS = Address(RE, XR, XH)
SHOW = f"payloads show {RE} {XR} {XH}"

Pieces = Iterator[bytes]
Script = Callable[[], Pieces]
DRAGS = 120
"""Pieces, each sent 0.02 s after the other: far longer than the time-out, and yet not for ever."""


def slowly(piece: bytes) -> Pieces:
    for _ in range(DRAGS):
        time.sleep(0.02)
        yield piece


def floods(piece: bytes) -> Pieces:
    """As fast as it is taken: no single wait is ever long."""
    end = time.monotonic() + DRAGS * 0.02
    while time.monotonic() < end:
        yield piece * 100


def status_line() -> Pieces:
    yield b"HTTP/1.1 200 "
    yield from slowly(b"K")
    yield b"\r\n" + WHOLE.partition(b"\r\n")[2]


def in_halves() -> Pieces:
    """Each within the time-out, both together not."""
    time.sleep(0.3)
    yield b"HTTP/1.1 200 "
    time.sleep(0.3)
    yield WHOLE.removeprefix(b"HTTP/1.1 200 ")


def one_header() -> Pieces:
    yield HEAD + b"X-Long: "
    yield from slowly(b"x")
    yield b"\r\n" + WHOLE.removeprefix(HEAD)


def many_headers() -> Pieces:
    yield HEAD
    for number, _ in zip(range(80), slowly(b""), strict=False):
        yield b"X-%d: x\r\n" % number
    yield WHOLE.removeprefix(HEAD)


def continues() -> Pieces:
    yield from slowly(b"HTTP/1.1 100 Continue\r\n\r\n")
    yield WHOLE


def flood_of_continues() -> Pieces:
    yield from floods(b"HTTP/1.1 100 Continue\r\n\r\n")
    yield WHOLE


def body() -> Pieces:
    yield HEAD + b"Content-Length: %d\r\n\r\n" % (DRAGS + len(PAGE))
    yield from slowly(b" ")
    yield PAGE


def small_chunks() -> Pieces:
    yield CHUNKED
    yield from slowly(b"1\r\n \r\n")
    yield b"%x\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE)


def chunk_extension() -> Pieces:
    yield CHUNKED + b"%x;why=" % len(PAGE)
    yield from slowly(b"x")
    yield b"\r\n%s\r\n0\r\n\r\n" % PAGE


def trailers() -> Pieces:
    yield CHUNKED + b"%x\r\n%s\r\n0\r\n" % (len(PAGE), PAGE)
    yield from slowly(b"X: x\r\n")
    yield b"\r\n"


def flood_of_trailers() -> Pieces:
    yield CHUNKED + b"%x\r\n%s\r\n0\r\n" % (len(PAGE), PAGE)
    yield from floods(b"X: x\r\n")
    yield b"\r\n"


DRAGGED = [
    status_line,
    in_halves,
    one_header,
    many_headers,
    continues,
    flood_of_continues,
    body,
    small_chunks,
    chunk_extension,
    trailers,
    flood_of_trailers,
]


@contextmanager
def playing(script: Script) -> Iterator[str]:
    """A server that sends each answer piece by piece, as long as somebody listens."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while read_head(self.rfile):
                    for piece in script():
                        self.wfile.write(piece)

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()

    with on_loopback(Handler) as url:
        yield url


@pytest.mark.parametrize("script", DRAGGED, ids=lambda script: str(script.__name__))
def test_the_time_out_is_for_the_whole_answer(
    run: Run, monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    with playing(script) as url:
        log_in_by_variables(monkeypatch, url, account=ACCOUNT)
        ran = run(f"results list {RE} --retries 0 --timeout 0.4s")

    assert (5, "") == (ran.code, ran.out)
    assert f"no answer in time from {url.removeprefix('http://')}" in ran.err
    assert "--timeout" in ran.err


@pytest.mark.parametrize("script", DRAGGED, ids=lambda script: str(script.__name__))
def test_a_download_gets_on_or_ends_as_stalled(
    run: Run, monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    with (
        playing(script) as store,
        scripted(answer("", 307, {"Location": f"{store}/key?sig=1"})) as service,
    ):
        log_in_by_variables(monkeypatch, service.url, account=ACCOUNT)
        ran = run(f"{SHOW} --retries 0 --timeout 0.4s")

    assert ran.code == 5
    assert "no answer in time" in ran.err or "stalled" in ran.err


def test_a_refusal_of_the_store_is_no_download(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words are worth one time-out, and no more."""

    def refusing() -> Pieces:
        yield b"HTTP/1.1 500 Trouble\r\nContent-Type: text/plain\r\n\r\nfirst" + b" " * 8192
        time.sleep(0.3)
        yield b"second" + b" " * 8192
        time.sleep(0.3)
        yield b"last"

    with (
        playing(refusing) as store,
        scripted(answer("", 307, {"Location": f"{store}/key?sig=1"})) as service,
    ):
        log_in_by_variables(monkeypatch, service.url, account=ACCOUNT)
        ran = run(f"{SHOW} --retries 0 --timeout 0.5s")

    assert (5, "") == (ran.code, ran.out)
    assert "500 first" in ran.err
    assert "last" not in ran.err


def test_a_download_may_take_longer_than_the_time_out(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flowing() -> Pieces:
        yield HEAD + b"Content-Length: %d\r\n\r\n" % (20 * 8192)
        for _ in range(20):
            time.sleep(0.1)
            yield b"x" * 8192

    with (
        playing(flowing) as store,
        scripted(answer("", 307, {"Location": f"{store}/key?sig=1"})) as service,
    ):
        log_in_by_variables(monkeypatch, service.url, account=ACCOUNT)
        ran = run(f"{SHOW} --retries 0 --timeout 1s")

    assert (0, "") == (ran.code, ran.err)
    assert len(ran.out) == 20 * 8192


def test_what_the_reader_takes_is_not_the_stores_time() -> None:
    """A pipe that is read slowly, or not at all for a while, stalls no download."""

    def at_once() -> Pieces:
        yield HEAD + b"Content-Length: %d\r\n\r\n" % (3 * 1024 * 1024)
        yield b"x" * (3 * 1024 * 1024)

    with (
        playing(at_once) as store,
        scripted(answer("", 307, {"Location": f"{store}/key?sig=1"})) as service,
    ):
        client = Client(Login(ACCOUNT, ACCOUNT, "x", service.url), Limits(0, timeout=0.5))
        came = 0
        payload = client.open(client.link(ADDRESS))
        for chunk in payload.chunks:
            time.sleep(0 if came else 1)  # once, for twice the time-out
            came += len(chunk)
        client.close()

    assert came == payload.size == 3 * 1024 * 1024


@pytest.mark.parametrize("status", [200, 307])
def test_a_connection_that_was_slow_once_is_as_good_as_any(
    run: Run, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """What was left of one answer's time is not all the next one has."""
    heads = count()

    def late_then_early() -> Pieces:
        number = next(heads)
        following = f"/2010-04-01/x.json?PageToken={number}" if number < 2 else None
        document = {"add_on_results": [result(number + 1)], "next_page_uri": following}
        sent = answer(document)
        time.sleep(0.3)
        yield sent[:-1]
        time.sleep(0.3)
        yield sent[-1:]

    with playing(late_then_early) as url:
        log_in_by_variables(monkeypatch, url, account=ACCOUNT)
        ran = run(f"results list {RE} --retries 0 --timeout 1s -f sids")

    assert (0, "") == (ran.code, ran.err)
    assert len(ran.out.split()) == 3


@pytest.mark.parametrize("encoding", ["identity", "gzip", "gzip, gzip", "chunked"])
def test_a_document_is_no_longer_than_a_page_can_be(
    run: Run, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """17 MiB, however few bytes they are sent in."""
    document = PAGE[:-1] + b" " * (17 * 1024 * 1024) + b"}"
    sent = document
    for _ in range(encoding.count("gzip")):
        sent = gzip.compress(sent, 1)
    headers = {"Content-Encoding": encoding} if "gzip" in encoding else {}
    if encoding == "chunked":
        played = CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(sent), sent)
    else:
        played = answer(sent, 200, headers)
    with scripted(played) as service:
        log_in_by_variables(monkeypatch, service.url, account=ACCOUNT)
        ran = run(f"results list {RE} -f json")

    assert (1, "") == (ran.code, ran.out)
    assert "longer than 16 MiB" in ran.err
    assert len(service.heard) == 1


@pytest.mark.parametrize("status", [200, 500])
def test_a_bomb_takes_no_memory(run: Run, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """1 GiB in 1 MiB: were it unpacked, this process would have grown by that much."""
    import resource
    import zlib

    packer = zlib.compressobj(1, wbits=31)
    some = b" " * (16 * 1024 * 1024)
    bomb = b"".join(packer.compress(some) for _ in range(64)) + packer.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with scripted(answer(bomb, status, {"Content-Encoding": "gzip"})) as service:
        log_in_by_variables(monkeypatch, service.url, account=ACCOUNT)
        ran = run(f"results list {RE} -f json --retries 0")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert (5 if status == 500 else 1) == ran.code
    assert grown < 256 * 1024


class Recorded(Pace):
    """Waits for nothing, and keeps how long it should have."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.mark.parametrize(
    ("said", "waited"),
    [
        ("3600", 60),
        ("61", 60),
        ("60", 60),
        ("7", 7),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 60),
        ("9" * 5000, None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_what_the_service_asks_to_wait_is_kept_within_reason(
    status: int, said: str, waited: float | None
) -> None:
    """A minute at most; what makes no sense is as if it had not been said."""
    refused = answer({"message": "busy"}, status, {"Retry-After": said})
    pace = Recorded()
    told: list[str] = []
    with playing(lambda: iter([refused])) as url:
        client = Client(Login(ACCOUNT, ACCOUNT, "x", url), Limits(2), pace=pace, notify=told.append)
        with pytest.raises(TryLater):
            client.delete(ADDRESS)
        client.close()

    assert len(pace.waits) == 2
    if waited is not None:
        assert pace.waits == [waited] * 2
        busy = "busy (429)" if status == 429 else "server trouble (503)"
        assert told == [f"{busy}, again in {waited} s, {n} of 2" for n in (1, 2)]
    else:
        assert all(0 < seconds <= 1 for seconds in pace.waits)


def test_a_retry_after_a_broken_line_is_told_too() -> None:
    told: list[str] = []
    pace = Recorded()
    with scripted(b"", answer({}, 204)) as server:
        login = Login(ACCOUNT, ACCOUNT, "x", server.url)
        client = Client(login, pace=pace, notify=told.append)
        client.delete(ADDRESS)
        client.close()

    place = server.url.removeprefix("http://")
    assert told == [f"the connection to {place} broke off, again in 1 s, 1 of 5"]
    assert len(pace.waits) == 1


def test_retries_wait_longer_and_longer_and_not_all_alike() -> None:
    paces = [Recorded(), Recorded()]
    for pace in paces:
        with playing(lambda: iter([answer({"message": "trouble"}, 500)])) as url:
            client = Client(Login(ACCOUNT, ACCOUNT, "x", url), Limits(9), pace=pace)
            with pytest.raises(TryLater):
                client.delete(ADDRESS)
            client.close()

    for pace in paces:
        assert len(pace.waits) == 9
        assert 0 <= pace.waits[0] <= 0.5
        for least, wait in zip([0.5, 1, 2, 4, 8, 16], pace.waits[1:], strict=False):
            assert least <= wait <= least + 0.5
        assert pace.waits[-1] == 20
    assert paces[0].waits != paces[1].waits


def test_a_recording_is_to_be_had_alone() -> None:
    def recording(request: Heard) -> bytes:
        assert request.target == f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RE}.json"
        return answer({"sid": RE, "duration": "17"})

    with scripted(recording) as service:
        client = Client(Login(ACCOUNT, ACCOUNT, "x", service.url))
        found = client.get(Recording, ADDRESS._replace(result="", payload=""))
        client.close()

    assert found.sid == RE

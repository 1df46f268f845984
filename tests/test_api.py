"""What the service, or whatever stands in its place, may answer: each becomes one clear error."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from socketserver import StreamRequestHandler
from typing import Any

import pytest
import responses
from support.documents import ACCOUNT, RE, TOKEN, XH, XR, result
from support.loopback import on_loopback, read_head
from support.program import Run
from support.scripted import Heard, answer, scripted

LIST = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RE}/AddOnResults.json"


def page(*numbers: int, following: str | None = None) -> dict[str, Any]:
    return {"add_on_results": [result(n) for n in numbers], "next_page_uri": following}


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Points the program at a server of the test's own."""
    return lambda url: monkeypatch.setenv("ADDONCTL_API_URL", url)


XML_ERROR = (
    "<?xml version='1.0' encoding='UTF-8'?><TwilioResponse><RestException><Code>20404</Code>"
    "<Message>The requested resource was not found</Message>"
    "<MoreInfo>https://www.twilio.com/docs/errors/20404</MoreInfo><Status>404</Status>"
    "</RestException></TwilioResponse>"
)


@pytest.mark.parametrize(
    ("status", "content_type", "body", "code", "said"),
    [
        (401, "application/json", '{"code":20003,"message":"Authenticate"}', 4, "Authenticate"),
        (403, "application/json", '{"code":20008,"message":"Test Account"}', 4, "Test Account"),
        (403, "application/json", '{"code":20005,"message":"not active"}', 4, "not active"),
        (401, "application/json", '{"code":70051,"message":"Authorization Failed"}', 4, "Failed"),
        (404, "application/json", '{"code":20404,"message":"was not found"}', 3, "not found"),
        (404, "application/xml", XML_ERROR, 3, "The requested resource was not found"),
        (404, "application/json", '{"status":404,"message":"minimal"}', 3, "minimal"),
        (405, "application/json", '{"code":20004,"message":"Method"}', 1, "does not offer"),
        (400, "application/json", '{"code":21481,"message":"Bad token"}', 1, "Bad token"),
        (429, "application/json", '{"code":20429,"message":"Too Many Requests"}', 5, "Too Many"),
        (500, "application/json", '{"code":20500,"message":"Internal"}', 5, "Internal"),
        (502, "text/html", "<html><title>502 Bad Gateway</title><p>nginx", 5, "502 Bad Gateway"),
        (503, "text/plain", "upstream connect error", 5, "upstream connect error"),
        (504, "text/plain", "", 5, "504"),
        (503, "application/json", '{"code": "broken', 5, "503"),
        (500, "application/json", '["a", "list"]', 5, "500"),
        (302, "text/html", "", 1, "302"),
    ],
)
@responses.activate
def test_every_refusal_is_one_error_with_its_exit_code(
    run: Run, status: int, content_type: str, body: str, code: int, said: str
) -> None:
    responses.get(LIST, body=body, status=status, content_type=content_type)

    ran = run(f"results list {RE} --retries 0")

    assert (code, "") == (ran.code, ran.out)
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert TOKEN not in ran.err


@responses.activate
def test_an_error_keeps_the_services_own_words_for_scripts(run: Run) -> None:
    said = {"code": 20404, "message": "gone", "more_info": "https://example.test/20404"}
    responses.get(LIST, json=said, status=404, headers={"Twilio-Request-Id": "RQ" + "1" * 32})

    ran = run(f"results list {RE} -f json")

    error = json.loads(ran.err)["error"]
    assert (3, "") == (ran.code, ran.out)
    assert {"exit_code": 3, "status": 404, "code": 20404}.items() <= error.items()
    assert ("https://example.test/20404", "RQ" + "1" * 32) == (
        error["more_info"],
        error["request_id"],
    )


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", "<html>Welcome to the hotel's network</html>"),
        ("application/json", ""),
        ("application/json", "[]"),
        ("application/json", '{"add_on_results": {"sid": "XR"}}'),
        ("application/json", '{"add_on_results": ["XR"]}'),
        ("application/json", '{"payloads": []}'),
        ("application/json", '{"add_on_results": ['),
        ("application/json", '{"add_on_results": [], "next_page_uri": NaN}'),
        ("application/json", '{"add_on_results": [{"sid": "XR", "status": 1e999}]}'),
    ],
)
@responses.activate
def test_an_answer_that_is_not_the_list_it_promised(run: Run, content_type: str, body: str) -> None:
    responses.get(LIST, body=body, content_type=content_type)

    ran = run(f"results list {RE} --format csv")

    assert (1, "") == (ran.code, ran.out)
    assert RE in ran.err


@pytest.mark.parametrize(
    "following",
    [
        "https://elsewhere.example/2010-04-01/Accounts/x.json",
        "//elsewhere.example/2010-04-01/Accounts/x.json",
        "http://api.twilio.com/2010-04-01/Accounts/x.json",
        "https://api.twilio.com.elsewhere.example/2010-04-01/x.json",
        "https://api.twilio.com@elsewhere.example/2010-04-01/x.json",
        "/\\elsewhere.example/2010-04-01/x.json",
        "elsewhere",
    ],
)
@responses.activate
def test_a_next_page_on_another_host_is_not_followed(run: Run, following: str) -> None:
    responses.get(LIST, json=page(1, following=following))

    ran = run(f"results list {RE} --format json")

    assert (1, "") == (ran.code, ran.out)
    assert "not followed" in ran.err
    assert len(responses.calls) == 1


@pytest.mark.parametrize("sid", ['{"a": 1}', '["XR"]', "5", "true", "null", '"' + "X" * 9999 + '"'])
@responses.activate
def test_a_sid_that_is_none_is_shown_as_it_came(run: Run, sid: str) -> None:
    responses.get(LIST, body=f'{{"add_on_results": [{{"sid": {sid}}}], "next_page_uri": null}}')

    ran = run(f"results list {RE} --format json")

    assert (0, "") == (ran.code, ran.err)
    assert json.loads(ran.out) == [{"sid": json.loads(sid)}]


@pytest.mark.parametrize(
    "document", [{}, {"sid": None}, result(2), {"add_on_results": [], "next_page_uri": None}]
)
@responses.activate
def test_a_single_thing_is_the_one_that_was_asked_for(run: Run, document: dict[str, Any]) -> None:
    responses.get(LIST.replace(".json", f"/{XR}.json"), json=document)

    ran = run(f"results get {RE} {XR} --format json")

    assert (1, "") == (ran.code, ran.out)
    assert f"result {XR} on recording {RE}: the service's answer is of something else" in ran.err


@responses.activate
def test_an_answer_that_does_not_end_is_given_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addonctl.api.transport.LONGEST_DOCUMENT", 1000)
    responses.get(LIST, json=page(*range(1, 20)))

    ran = run(f"results list {RE}")

    assert (1, "") == (ran.code, ran.out)
    assert "longer than" in ran.err


@pytest.mark.parametrize("count", ["9" * 5000, "²", "-1", "many", ""])
@responses.activate
def test_a_count_of_requests_that_is_none_does_no_harm(run: Run, count: str) -> None:
    responses.get(LIST, json=page(1), headers={"Twilio-Concurrent-Requests": count})

    assert run(f"results list {RE} --format sids") == (0, f"{RE}/XR{1:032x}\n", "")


@responses.activate
def test_an_error_nested_without_end_is_an_error_like_any(run: Run) -> None:
    responses.get(LIST, body="[" * 60_000, status=400)

    ran = run(f"results list {RE}")

    assert (1, "") == (ran.code, ran.out)
    assert ran.err.startswith(f"addonctl: results of recording {RE}: 400")


@responses.activate
def test_a_next_page_uri_may_be_absolute_on_the_apis_own_host(run: Run) -> None:
    responses.get(LIST, json=page(1, following=f"{LIST}?PageToken=PA1"))
    responses.get(f"{LIST}?PageToken=PA1", json=page(2))

    ran = run(f"results list {RE} --format sids")

    assert (0, "") == (ran.code, ran.err)
    assert ran.out.split() == [f"{RE}/XR{n:032x}" for n in (1, 2)]


@pytest.mark.parametrize("numbers", [(1, 1), (1, None)])
def test_pages_without_end_are_noticed(
    run: Run, at: Callable[[str], None], numbers: tuple[int, int | None]
) -> None:
    """The same page, the same rows, or empty pages for ever: an error, not a loop."""
    count = iter(range(1, 1_000_000))

    def endless(_: object) -> bytes:
        number = next(count)
        item = numbers[0] if number == 1 else numbers[1]
        rows = (item,) if item else ()
        return answer(page(*rows, following=f"/2010-04-01/x.json?PageToken={number}"))

    with scripted(endless) as server:
        at(server.url)
        ran = run(f"results list {RE} --format json")

    assert (1, "") == (ran.code, ran.out)
    assert "the service gives" in ran.err
    assert len(server.heard) == 2


def test_a_body_shorter_than_its_length_is_asked_for_again(
    run: Run, at: Callable[[str], None]
) -> None:
    whole = answer(page(1))
    with scripted(whole[:-20], answer(page(1))) as server:
        at(server.url)
        ran = run(f"results list {RE} --format json")

    assert (0, "") == (ran.code, ran.err)
    assert json.loads(ran.out) == [result(1)]
    assert len(server.heard) == 2


def test_a_body_that_never_comes_whole_is_an_error(run: Run, at: Callable[[str], None]) -> None:
    with scripted(answer(page(1))[:-20]) as server:
        at(server.url)
        ran = run(f"results list {RE} --format csv --retries 1")

    assert (5, "") == (ran.code, ran.out)
    assert len(server.heard) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        b"",  # the connection is closed without a word
        answer({"code": 20429, "message": "Too Many Requests"}, 429),
        answer("<html>busy", 503, {"Retry-After": "0"}, content_type="text/html"),
        answer("busy", 503, {"Retry-After": "soon"}, content_type="text/plain"),
    ],
)
def test_trouble_that_passes_is_retried(
    run: Run, at: Callable[[str], None], trouble: bytes
) -> None:
    with scripted(trouble, answer(page(1))) as server:
        at(server.url)
        ran = run(f"results list {RE} --format sids")

    assert (0, f"{RE}/XR{1:032x}\n", "") == ran
    assert len(server.heard) == 2


def test_a_server_that_is_not_there(run: Run, at: Callable[[str], None]) -> None:
    with scripted(b"") as server:
        at(server.url)

    ran = run(f"results list {RE} --retries 0")

    assert (5, "") == (ran.code, ran.out)
    assert "connection refused" in ran.err


def test_a_server_that_does_not_answer_in_time(run: Run, at: Callable[[str], None]) -> None:
    from threading import Event

    asked_enough = Event()

    def silent(_: object) -> bytes:
        asked_enough.wait(10)
        return b""

    with scripted(silent) as server:
        at(server.url)
        ran = run(f"results list {RE} --retries 0 --timeout 0.2s")
        asked_enough.set()

    assert (5, "") == (ran.code, ran.out)
    assert "no answer in time" in ran.err


@pytest.mark.parametrize(
    ("status", "words", "said"),
    [
        (200, "results list", "no answer in time"),
        (200, "results delete --yes", "no answer in time"),
        (500, "results list", "500"),
    ],
)
def test_an_answer_that_comes_byte_by_byte_is_not_waited_for(
    run: Run,
    at: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    words: str,
    said: str,
) -> None:

    class Trickle(StreamRequestHandler):
        def handle(self) -> None:
            read_head(self.rfile)
            self.wfile.write(f"HTTP/1.1 {status} Slow\r\nContent-Length: 9999\r\n\r\n".encode())
            with suppress(OSError):
                while True:
                    self.wfile.write(b" ")
                    time.sleep(0.02)

    with on_loopback(Trickle) as url:
        at(url)
        address = f"{RE} {XR}" if "delete" in words else RE
        ran = run(f"{words} {address} --retries 0 --timeout 0.3s")

    assert ran.code == 5
    assert said in ran.err


def test_a_delete_whose_answer_was_lost_counts_as_done(run: Run, at: Callable[[str], None]) -> None:
    """The first DELETE took effect and the line broke: the retry's 404 is no failure."""
    with scripted(b"", answer({"code": 20404, "message": "not found"}, 404)) as server:
        at(server.url)
        ran = run(f"results delete {RE} {XR} --yes")

    assert ran.code == 0
    assert [heard.method for heard in server.heard] == ["DELETE", "DELETE"]


def test_a_delete_of_what_is_not_there_is_not_found(run: Run, at: Callable[[str], None]) -> None:
    with scripted(answer({"code": 20404, "message": "not found"}, 404)) as server:
        at(server.url)
        ran = run(f"results delete {RE} {XR} --yes")

    assert ran.code == 3
    assert len(server.heard) == 1


def test_verbose_shows_each_request_and_no_secret(run: Run, at: Callable[[str], None]) -> None:
    link = "https://store.example/key?X-Amz-Signature=signed-away"
    with scripted(answer("", 307, {"Location": link, "Twilio-Request-Id": "RQ1"})) as server:
        at(server.url)
        ran = run(f"payloads url {RE} {XR} {XH} --verbose")

    assert (0, f"{link}\n") == (ran.code, ran.out)
    assert f"/Payloads/{XH}/Data 307" in ran.err
    assert "RQ1" in ran.err
    assert "signed-away" not in ran.err
    assert TOKEN not in ran.err


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("/again?sig=1", "redirects again and again"),
        ("https://[::1/key?sig=1", "redirects to what is no plain https address"),
        ("http://store.example/key?sig=1", "redirects to a place that is not https"),
    ],
)
def test_a_store_that_sends_us_astray(
    run: Run, at: Callable[[str], None], location: str, said: str
) -> None:
    with (
        scripted(answer("", 302, {"Location": location})) as store,
        scripted(answer("", 307, {"Location": f"{store.url}/key?sig=1"})) as server,
    ):
        at(server.url)
        ran = run(f"payloads show {RE} {XR} {XH}")

    assert (1, "") == (ran.code, ran.out)
    assert said in ran.err
    assert "sig=1" not in ran.err
    assert len(store.heard) <= 5


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": f"bytes 0-3/{'9' * 5000}"},
        {"Content-Range": f"bytes {'9' * 5000}-/4"},
        {"Content-Range": "bytes ²-3/4"},
        {},
    ],
)
def test_a_part_of_a_payload_that_is_none(
    run: Run, at: Callable[[str], None], headers: dict[str, str]
) -> None:
    with (
        scripted(answer("data", 206, headers)) as store,
        scripted(answer("", 307, {"Location": f"{store.url}/key"})) as server,
    ):
        at(server.url)
        ran = run(f"payloads show {RE} {XR} {XH} --retries 0")

    assert ran.code in (1, 5)
    assert ran.out == ""
    assert "unexpected" not in ran.err


@pytest.mark.parametrize("format", ["table", "json"])
def test_an_error_that_repeats_our_login_is_told_without_it(
    run: Run, at: Callable[[str], None], format: str
) -> None:
    """As some proxies do, to be of help."""

    def echo(request: Heard) -> bytes:
        heard = f"{request.headers['Authorization']} which is {ACCOUNT}:{TOKEN}"
        return answer({"message": heard, "more_info": f"https://proxy.test/?why={TOKEN}"}, 400)

    with scripted(echo) as server:
        at(server.url)
        ran = run(f"results get {RE} {XR} -f {format}")
        encoded = server.heard[0].headers["Authorization"].removeprefix("Basic ")

    assert (1, "") == (ran.code, ran.out)
    assert f"which is {ACCOUNT}" in ran.err
    assert TOKEN not in ran.err
    assert encoded not in ran.err


def test_an_error_that_repeats_the_signed_link_is_told_without_it(
    run: Run, at: Callable[[str], None]
) -> None:
    query = "X-Amz-Credential=AKIDEXAMPLE%2F2026&X-Amz-Signature=0123456789abcdef"

    def echo(request: Heard) -> bytes:
        words = f"wrong: {request.target} or http://store.test{request.target} or 0123456789abcdef"
        body = f"<Error><Code>Odd</Code><Message>{words}</Message></Error>"
        return answer(body.replace("&X", "&amp;X"), 400, content_type="text/xml")

    with (
        scripted(echo) as store,
        scripted(answer("", 307, {"Location": f"{store.url}/key?{query}"})) as server,
    ):
        at(server.url)
        ran = run(f"payloads show {RE} {XR} {XH}")

    assert (1, "") == (ran.code, ran.out)
    assert "wrong: /key?" in ran.err
    assert "0123456789abcdef" not in ran.err
    assert "AKIDEXAMPLE" not in ran.err


def test_a_payload_that_cannot_be_deleted_alone_says_what_can(
    run: Run, at: Callable[[str], None]
) -> None:
    refused = {"code": 20004, "message": "Method not allowed", "more_info": "https://x.test/20004"}
    with scripted(answer(refused, 405, {"Twilio-Request-Id": "RQ1"})) as server:
        at(server.url)
        ran = run(f"payloads delete {RE} {XR} {XH} --yes")

    assert ran.code == 1
    assert "does not offer deleting single payloads" in ran.err
    assert f"addonctl results delete {RE} {XR}" in ran.err

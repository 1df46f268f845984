"""Where links, redirects and next pages may lead, and that nothing secret is ever repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
import responses
from support.documents import ACCOUNT, RE, TOKEN, XH, XR, result
from support.program import Run, log_in_by_variables
from support.scripted import Heard, Scripted, answer, scripted

from addonctl.api import Client, SignedLink
from addonctl.errors import AddonctlError
from addonctl.profiles import Login

SHOW = f"payloads show {RE} {XR} {XH} --retries 0"
DATA = (
    f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RE}"
    f"/AddOnResults/{XR}/Payloads/{XH}/Data"
)
SIGNATURE = "Ab+cd/ef=0123456789"


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)


@contextmanager
def linking(monkeypatch: pytest.MonkeyPatch, location: str | bytes) -> Iterator[Scripted]:
    """A service on loopback whose link to any payload is `location`, byte for byte."""
    raw = location if isinstance(location, bytes) else location.encode()
    head = b"HTTP/1.1 307 Said\r\nContent-Length: 0\r\nLocation: " + raw + b"\r\n\r\n"
    with scripted(head) as service:
        log_in_by_variables(monkeypatch, service.url, account=ACCOUNT, token=TOKEN)
        yield service


# Each is written so that one reader of URLs sees loopback where another sees elsewhere.
TWO_READINGS = [
    "http://good.example\\@127.0.0.1:{port}/key?sig=1",
    "http://127.0.0.1:{port}\\@good.example/key?sig=1",
    "http://127.0.0.1:{port}\\key?sig=1",
    "http:\\\\127.0.0.1:{port}\\key?sig=1",
    "http://127.0.0.1:{port}#@good.example/key?sig=1",
    "http://127.0.0.1:{port}/key?sig=1#part",
    "http://good.example@127.0.0.1:{port}/key?sig=1",
    "http://good.example:443@127.0.0.1:{port}/key?sig=1",
    "http://@127.0.0.1:{port}/key?sig=1",
    "http://127.0.0.1:{port}/ke y?sig=1",
    "http://127.0.0.1:{port}/key\t?sig=1",
    "//127.0.0.1:{port}/k\tey?sig=1",
    "//127.0.0.1:{port}/key\r\n ?sig=1",
    "http://127.0.0.1\t:{port}/key?sig=1",
    "http://127.0.0.1:{port}/key\x01?sig=1",
    "http://127.0.0.1:{port}/key\x7f?sig=1",
    "ht\ttp://127.0.0.1:{port}/key?sig=1",
    "http://127.0.0.1\r\n :{port}/key?sig=1",
    "http://127.0.0.1:0{port}/key?sig=1",
    "http://127.0.0.1:+{port}/key?sig=1",
    "http://127.0.0.1: {port}/key?sig=1",
    "http://127.0.0.1:{port}_/key?sig=1",
    "http://127.0.0.1:99999/key?sig=1",
    "http://127.0.0.1:0/key?sig=1",
    "http://127.0.0.1:/key?sig=1",
    "http://127.0.0.1.:{port}/key?sig=1",
    "http://127.1:{port}/key?sig=1",
    "http://2130706433:{port}/key?sig=1",
    "http://0x7f000001:{port}/key?sig=1",
    "http://0x7f.0.0.1:{port}/key?sig=1",
    "http://0177.0.0.1:{port}/key?sig=1",
    "http://127.0.0.01:{port}/key?sig=1",
    "http://%31%32%37.0.0.1:{port}/key?sig=1",
    "http://localhost.:{port}/key?sig=1",
    "http://[::1%25lo]:{port}/key?sig=1",
    "http://[::1%lo]:{port}/key?sig=1",
    "http://[::ffff:127.0.0.1]:{port}/key?sig=1",
    "http://[127.0.0.1]:{port}/key?sig=1",
    "http://[v1.a]:{port}/key?sig=1",
    "http:///127.0.0.1:{port}/key?sig=1",
    "http:127.0.0.1:{port}/key?sig=1",
    "http://0.0.0.0:{port}/key?sig=1",
    "http://0:{port}/key?sig=1",
    "http://\u0661\u0662\u0667.0.0.1:{port}/key?sig=1",
    "http://\uff11\uff12\uff17.0.0.1:{port}/key?sig=1",
    "http://loca\u017fhost:{port}/key?sig=1",
    "http://127.0.0.1:{port}/k\u00e9y?sig=1",
    "https://a..b/key?sig=1",
    "https://",
    "https://[::1/key?sig=1",
    "ftp://store.example/key?sig=1",
    "javascript:sig=1",
    "https://" + "a" * 64 + ".example/key?sig=1",
]


@pytest.mark.parametrize("written", TWO_READINGS)
def test_a_link_that_can_be_read_in_two_ways_is_not_followed(
    run: Run, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """Not even where loopback may be linked to: nothing is sent at all."""
    with scripted(answer("the data")) as store:
        location = written.format(port=store.url.rsplit(":", 1)[1])
        with linking(monkeypatch, location) as service:
            shown, asked = run(SHOW), run(SHOW.replace("show", "url"))

    for ran in (shown, asked):
        assert (1, "") == (ran.code, ran.out)
        assert "the service links to" in ran.err
        assert "sig=1" not in ran.err
    assert store.heard == []
    assert len(service.heard) == 2


@pytest.mark.parametrize("written", TWO_READINGS)
def test_neither_is_a_redirect(run: Run, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    with scripted(answer("the data")) as other:
        location = written.format(port=other.url.rsplit(":", 1)[1]).encode()
        moved = b"HTTP/1.1 302 Said\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
        with (
            scripted(moved) as store,
            linking(monkeypatch, f"{store.url}/key?sig={SIGNATURE}"),
        ):
            ran = run(SHOW)

    assert (1, "") == (ran.code, ran.out)
    assert "the store redirects to" in ran.err
    assert "sig=" not in ran.err
    assert len(store.heard) == 1
    assert other.heard == []


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("", "gave no link"),
        ("http://store.example/key?sig=1", "links to a place that is not https"),
    ],
)
def test_a_link_that_is_none_or_in_the_clear_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, location: str, said: str
) -> None:
    with linking(monkeypatch, location):
        ran = run(SHOW)

    assert (1, "") == (ran.code, ran.out)
    assert said in ran.err
    assert "sig=1" not in ran.err


def test_what_a_link_says_is_what_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the letter: nothing is encoded again, and no case is changed but the scheme's."""
    target = "/bucket//a%2Fb/./~k:e@y!$'()*,;=%7e?X-Sig=a%2bB/c+d==&empty=&?more"
    with scripted(answer("the data")) as store:
        link = store.url.replace("http", "HTTP") + target
        with linking(monkeypatch, link):
            shown, asked = run(SHOW), run(SHOW.replace("show", "url"))

    assert (0, "the data") == (shown.code, shown.out)
    assert (0, f"{store.url}{target}\n") == (asked.code, asked.out)
    assert store.heard[0].target.lower() == target.lower()  # %7e may be sent as %7E


THIS_MACHINE = [
    "http://127.0.0.1/key?sig=1",
    "http://localhost/key?sig=1",
    "https://127.0.0.1/key?sig=1",
    "https://127.255.0.3:8443/key?sig=1",
    "https://localhost/key?sig=1",
    "https://LocalHost/key?sig=1",
    "https://localhost./key?sig=1",
    "https://any.localhost/key?sig=1",
    "https://127.1/key?sig=1",
    "https://2130706433/key?sig=1",
    "https://0x7f000001/key?sig=1",
    "https://017700000001/key?sig=1",
    "https://127.0.0.1./key?sig=1",
    "https://0/key?sig=1",
    "https://0.0.0.0/key?sig=1",
    "https://[::1]/key?sig=1",
    "https://[0:0:0:0:0:0:0:1]:443/key?sig=1",
    "https://[::ffff:127.0.0.1]/key?sig=1",
    "https://[::ffff:7f00:1]/key?sig=1",
    "https://[::]/key?sig=1",
]


@pytest.mark.parametrize("location", THIS_MACHINE)
@responses.activate
def test_the_real_service_does_not_link_to_this_machine(run: Run, location: str) -> None:
    responses.get(DATA, status=307, headers={"Location": location})

    ran = run(SHOW)

    assert (1, "") == (ran.code, ran.out)
    assert "the service links to" in ran.err
    assert "sig=1" not in ran.err
    assert len(responses.calls) == 1


@pytest.mark.parametrize("location", [*THIS_MACHINE, "http://store.example/other?sig=1"])
@responses.activate
def test_nor_does_its_store_redirect_there(run: Run, location: str) -> None:
    responses.get(DATA, status=307, headers={"Location": "https://store.example/key?sig=1"})
    responses.get("https://store.example/key", status=302, headers={"Location": location})

    ran = run(SHOW)

    assert (1, "") == (ran.code, ran.out)
    assert "the store redirects to" in ran.err
    assert "sig=1" not in ran.err
    assert len(responses.calls) == 2


@responses.activate
def test_a_store_may_redirect_within_https(run: Run) -> None:
    responses.get(DATA, status=307, headers={"Location": "https://store.example/key?sig=1"})
    moved = {"Location": "//[2001:db8::1]:8443/other?sig=2"}
    responses.get("https://store.example/key", status=302, headers=moved)
    responses.get(
        "https://[2001:db8::1]:8443/other", body="the data", auto_calculate_content_length=True
    )

    assert run(SHOW) == (0, "the data", "")


def test_no_link_is_followed_in_the_clear() -> None:
    """Wherever it comes from."""
    client = Client(Login(ACCOUNT, ACCOUNT, TOKEN, "http://127.0.0.1:9"))

    with pytest.raises(AddonctlError, match="the address is not valid"):
        client.open(SignedLink("http://store.example/key?sig=1"))
    client.close()


@pytest.mark.parametrize(
    "following",
    [
        "/2010-04-01/x.json?a=b c",
        "/2010-04-01/x.json\t?a=b",
        "/2010-04-01/x.json\n?a=b",
        "/2010-04-01/x.json\x00",
        "/2010-04-01/x.json#part",
        "/2010-04-01/\u00fc.json",
        "/2010-04-01/\\..\\x.json",
        "https://api.twilio.com\\@good.example/2010-04-01/x.json",
    ],
)
@responses.activate
def test_a_next_page_is_plainly_written(run: Run, following: str) -> None:
    url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RE}/AddOnResults.json"
    responses.get(url, json={"add_on_results": [result()], "next_page_uri": following})

    ran = run(f"results list {RE} --format json")

    assert (1, "") == (ran.code, ran.out)
    assert "not followed" in ran.err
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://good.example\\@evil.example",
        "https://evil.example#@good.example",
        "https://good.example@evil.example",
        "https://good.exa\tmple",
        "https://good.example:99999",
        "http://127.0.0.1.:8080",
        "http://127.1:8080",
        "http://[::1%25lo]:8080",
        "https://0x7f.1",
        "https://good.\u017fite.example",
        "https://[::1.example]",
    ],
)
def test_neither_is_the_apis_own_address_read_in_two_ways(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("ADDONCTL_API_URL", url)
    ran = run(f"results list {RE}")

    assert (2, "") == (ran.code, ran.out)
    assert "ADDONCTL_API_URL" in ran.err


# Nothing secret is repeated


def once(word: str) -> str:
    return quote(word, safe="")


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda word: word,
    "encoded": once,
    "encoded twice": lambda word: once(once(word)),
    "lower case": lambda word: once(word).lower().replace("ab", "Ab"),
    "every letter": lambda word: "".join(f"%{ord(letter):02x}" for letter in word),
    "form": lambda word: word.replace("+", " "),
    "upper case": str.upper,
    "entities": lambda word: word.replace("/", "&#47;").replace("=", "&#x3d;"),
    "json": lambda word: word.replace("/", "\\/").replace("=", "\\u003d"),
}


def refusal(body: str, reason: str, request_id: str) -> bytes:
    head = f"HTTP/1.1 418 {reason}\r\nTwilio-Request-Id: {request_id}\r\n"
    kind = "application/json" if body else "text/plain"
    return f"{head}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize("flags", ["", "-v", "-f json"])
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("where", ["message", "more_info", "reason", "request id"])
def test_a_link_that_comes_back_in_any_spelling_is_not_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch, where: str, spelling: str, flags: str
) -> None:
    echoed = f"refused {SPELLINGS[spelling](SIGNATURE)} sorry"
    if where in ("message", "more_info"):
        played = refusal(f'{{"{where}": "{echoed}"}}', "Teapot", "RQ1")
    elif where == "reason":
        played = refusal("", echoed, "RQ1")
    else:
        played = refusal('{"message": "no"}', "Teapot", echoed)
    with (
        scripted(played) as store,
        linking(monkeypatch, f"{store.url}/key?Expires=1&Signature={once(SIGNATURE)}"),
    ):
        ran = run(f"{SHOW} {flags}")

    assert (1, "") == (ran.code, ran.out)
    assert "418" in ran.err
    assert "ef=0123456789".lower() not in ran.err.lower()
    assert echoed not in ran.err
    assert "0123456789" not in ran.err


@pytest.mark.parametrize("flags", ["", "-v", "-f json"])
@pytest.mark.parametrize("where", ["message", "reason", "request id", "content type"])
@pytest.mark.parametrize("spelling", ["plain", "encoded", "every letter"])
def test_a_login_that_comes_back_in_any_spelling_is_not_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch, where: str, spelling: str, flags: str
) -> None:
    def echo(request: Heard) -> bytes:
        login = request.headers["Authorization"].removeprefix("Basic ")
        words = " ".join(SPELLINGS[spelling](word) for word in (login, TOKEN))
        if where == "content type":
            return answer("<html>", 200, {"Twilio-Request-Id": "RQ1"}, content_type=f"text/{words}")
        body = f'{{"message": "{words}"}}' if where == "message" else ""
        return refusal(
            body,
            words if where == "reason" else "Teapot",
            words if where == "request id" else "RQ1",
        )

    with scripted(echo) as service:
        log_in_by_variables(monkeypatch, service.url, account=ACCOUNT, token=TOKEN)
        ran = run(f"results get {RE} {XR} --retries 0 {flags}")
        login = service.heard[0].headers["Authorization"].removeprefix("Basic ")

    assert (1, "") == (ran.code, ran.out)
    for word in (login, TOKEN):
        assert word not in ran.err
        assert SPELLINGS[spelling](word) not in ran.err


def test_a_signature_is_not_shown_by_the_next_host_either(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store may hand the link it was given on to where it redirects."""
    echo = refusal(f'{{"message": "from {SIGNATURE}"}}', "Teapot", "RQ1")
    with scripted(echo) as other:
        moved = {"Location": f"{other.url}/key?from={once(f'/x?s={once(SIGNATURE)}')}"}
        with (
            scripted(answer("", 302, moved)) as store,
            linking(monkeypatch, f"{store.url}/key?Signature={once(SIGNATURE)}"),
        ):
            ran = run(SHOW)

    assert (1, "") == (ran.code, ran.out)
    assert "418 from" in ran.err
    assert "0123456789" not in ran.err


@pytest.mark.parametrize(
    "link",
    [
        "https://store.example/key?X-Amz-Signature=abc123",
        "HTTPS://store.example/key?X-Amz-Signature=abc123",
        "https%3A%2F%2Fstore.example%2Fkey%3FX-Amz-Signature%3Dabc123",
        "https:\\/\\/store.example\\/key?X-Amz-Signature=abc123",
        "store.example/key?X-Amz-Expires=60&X-Amz-Signature=abc123abc123",
    ],
)
@responses.activate
def test_a_link_that_was_never_given_to_us_is_not_shown(run: Run, link: str) -> None:
    responses.get(DATA, status=500, body=f'{{"message": "could not sign {link} today"}}')

    ran = run(SHOW)

    assert (5, "") == (ran.code, ran.out)
    assert "500 could not sign" in ran.err
    assert "abc123" not in ran.err

"""Hosts that are not there, and proxies that will not: which host, and which setting named it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.documents import ACCOUNT, RE, TOKEN, XH, XR
from support.forward_proxy import forward_proxy
from support.program import Run
from support.scripted import answer, scripted

LIST = f"results list {RE} --retries 0"
PROXY_VARIABLES = [
    f"{scheme}_{word}"
    for scheme, word in (("https", "proxy"), ("http", "proxy"), ("all", "proxy"), ("no", "proxy"))
]


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is to be found, whatever resolver this machine has."""
    looked_up = socket.getaddrinfo

    def lookup(host: Any, *more: Any, **named: Any) -> Any:
        if str(host) in ("127.0.0.1", "localhost"):
            return looked_up(host, *more, **named)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize(
    ("settings", "words", "host", "hint"),
    [
        ({}, "", "api.twilio.com", "HTTPS_PROXY"),
        ({}, "--region ie11", "api.ie11.twilio.com", "--region and --edge"),
        ({}, "--edge dubln", "api.dubln.us1.twilio.com", "--region and --edge"),
        ({"TWILIO_REGION": "ie11"}, "", "api.ie11.twilio.com", "TWILIO_REGION"),
        ({"ADDONCTL_API_URL": "https://nowhere.example:8443/x"}, "", "nowhere.example", "_API_URL"),
    ],
)
def test_a_host_that_is_not_found_is_named_with_what_named_it(
    run: Run,
    nameless: None,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    words: str,
    host: str,
    hint: str,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    ran = run(f"{LIST} {words}")

    assert (5, "") == (ran.code, ran.out)
    message, _, hinted = ran.err.partition("\nhint: ")
    assert f"results of recording {RE}: the host {host} was not found" in message
    assert hint in hinted
    assert "urllib3" not in ran.err


def test_a_store_that_is_not_found_is_named_without_its_link(
    run: Run, nameless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = "https://store.nowhere.example/key?sig=1"
    with scripted(answer("", 307, {"Location": location})) as service:
        monkeypatch.setenv("ADDONCTL_API_URL", service.url)
        ran = run(f"payloads show {RE} {XR} {XH} --retries 0")

    assert (5, "") == (ran.code, ran.out)
    assert "the host store.nowhere.example was not found" in ran.err
    assert "ADDONCTL_API_URL" not in ran.err
    assert "sig=1" not in ran.err


def test_a_port_where_nobody_listens_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("ADDONCTL_API_URL", f"http://127.0.0.1:{port}")
    ran = run(LIST)

    assert (5, "") == (ran.code, ran.out)
    assert f"the connection to 127.0.0.1:{port} failed: connection refused" in ran.err
    assert "ADDONCTL_API_URL" in ran.err


# Proxies


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    ("status", "code", "hint"), [(407, 1, "USER:PASSWORD@"), (403, 1, ""), (503, 5, "")]
)
def test_a_proxy_that_refuses_is_told_with_its_status_and_variable(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, status: int, code: int, hint: str
) -> None:
    def refusal() -> Iterator[bytes]:
        yield b"HTTP/1.1 %d Sesame\r\nContent-Length: 6\r\n\r\nclosed" % status

    with forward_proxy(refusal=refusal) as proxy:
        place = proxy.url.removeprefix("http://")
        monkeypatch.setenv(name, f"http://jane:hunter2-hunter2@{place}")
        ran = run(f"results list {RE} --retries 1" if code == 1 else LIST)

    assert (code, "") == (ran.code, ran.out)
    assert f"the proxy {place} refused: {status}" in ran.err
    assert name in ran.err
    assert hint in ran.err
    assert "hunter2" not in ran.err
    assert len(proxy.heads) == 1  # it is not asked again for what it does not give


def test_a_proxy_that_drags_its_feet_is_not_waited_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dragging() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 Tunnel\r\nX: "
        for _ in range(120):
            time.sleep(0.02)
            yield b"x"
        yield b"\r\n\r\n"

    with forward_proxy(refusal=dragging) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        ran = run(f"{LIST} --timeout 0.4s")

    assert (5, "") == (ran.code, ran.out)
    assert "no answer in time" in ran.err


def test_a_proxy_that_is_not_there_is_named_with_its_variable(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("https_proxy", f"http://jane:hunter2-hunter2@{place}")
    ran = run(LIST)

    assert (5, "") == (ran.code, ran.out)
    assert f"the connection to the proxy {place} failed: connection refused" in ran.err
    assert "https_proxy" in ran.err
    assert "hunter2" not in ran.err


def test_a_proxy_whose_name_is_not_found_is_named_with_its_variable(
    run: Run, nameless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://jane:hunter2-hunter2@proxy.nowhere.example:3128")
    ran = run(LIST)

    assert (5, "") == (ran.code, ran.out)
    assert "the host of the proxy proxy.nowhere.example:3128 was not found" in ran.err
    assert "ALL_PROXY" in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize(
    "proxy",
    [
        "garbage:::",
        "http://",
        "http://jane:hunter2@:8080",
        "http://jane:hunter2@proxy.example:99999",
        "http://jane:hunter2@proxy.example:port",
        "http://jane:hunter2@[::1",
        "http://jane:hunter2@a..b:3128",
        "socks5://jane:hunter2@127.0.0.1:1",
        "ftp://jane:hunter2@127.0.0.1:1",
    ],
)
def test_a_proxy_that_cannot_be_is_told_of(
    run: Run, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    ran = run(LIST)

    assert (1, "") == (ran.code, ran.out)
    assert "the proxy that is set cannot be used" in ran.err
    assert "hint: see HTTPS_PROXY; expected http://HOST:PORT\n" in ran.err
    assert "HTTPS_PROXY" in ran.err
    assert "hunter2" not in ran.err

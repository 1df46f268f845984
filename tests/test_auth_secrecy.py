"""The login reaches the API's own host and nothing else; the secret is seen nowhere."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from support.forward_proxy import forward_proxy
from support.logins import (
    ACCOUNT,
    KEY,
    NO_RECORDINGS,
    REFUSED,
    SECRET,
    basic,
    log_in,
    senders,
)
from support.program import Run
from support.scripted import Heard, Scripted, answer, scripted

RE1, XR1, XH1 = "RE" + "1" * 32, "XR" + "1" * 32, "XH" + "1" * 32
SIGNATURE = "X-Amz-Signature=0123456789abcdef"
SHOW = f"payloads show {RE1} {XR1} {XH1}"
OURS = basic(KEY, SECRET)


def link_to(server: Scripted) -> bytes:
    """The API's answer to Data: a signed link on another host."""
    location = f"{server.url.replace('127.0.0.1', 'localhost')}/payload.json?{SIGNATURE}"
    return answer(b"", 307, {"Location": location})


@pytest.fixture
def netrc(home: Path) -> None:
    """`~/.netrc` has entries for the API's host and for everybody else's."""
    entry = "machine {} login from-netrc password netrc-password\n"
    path = home / ".netrc"
    path.write_text("".join(map(entry.format, ("127.0.0.1", "localhost"))) + entry.format("x"))
    path.write_text(path.read_text() + "default login from-netrc password netrc-password\n")
    path.chmod(0o600)


@pytest.fixture
def store() -> Iterator[Scripted]:
    with scripted(answer({"results": []})) as server:
        yield server


@pytest.fixture
def api(run: Run, store: Scripted, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """The API; a profile in use has a login to it."""
    with scripted(lambda request: link_to(store)) as server:
        log_in(run)
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        yield server


def test_the_api_gets_the_login_and_the_store_gets_none(
    run: Run, api: Scripted, store: Scripted, netrc: None
) -> None:
    """With `~/.netrc` entries for both hosts, which requests would use."""
    ran = run(SHOW)

    assert (0, '{"results": []}') == (ran.code, ran.out)
    assert senders(api) == [OURS]
    assert senders(store) == [None]
    assert "netrc" not in str(api.heard) + str(store.heard)


def test_netrc_is_no_login_of_ours(run: Run, store: Scripted, netrc: None) -> None:
    """Without a login nothing is sent, whatever it holds."""
    ran = run("recordings list")

    assert (4, "") == (ran.code, ran.out)


def test_a_store_that_redirects_is_followed_without_any_login(
    run: Run, api: Scripted, netrc: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even back to the API's own host."""

    def play(request: Heard) -> bytes:
        if request.target.endswith("/Data"):
            return link_to(first)
        return answer({"from": "the API's host"})

    with ExitStack() as servers:
        service = servers.enter_context(scripted(play))
        first = servers.enter_context(
            scripted(lambda _: answer(b"", 302, {"Location": f"{service.url}/elsewhere"}))
        )
        monkeypatch.setenv("ADDONCTL_API_URL", service.url)
        ran = run(SHOW)

    assert (0, '{"from": "the API\'s host"}') == (ran.code, ran.out)
    assert senders(service) == [OURS, None]
    assert senders(first) == [None]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("line", ["recordings list", f"results get {RE1} {XR1}"])
def test_a_redirect_of_the_api_is_not_followed(
    run: Run,
    api: Scripted,
    store: Scripted,
    netrc: None,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    line: str,
) -> None:
    with scripted(lambda _: answer(b"", status, {"Location": f"{store.url}/stolen"})) as moved:
        monkeypatch.setenv("ADDONCTL_API_URL", moved.url)
        ran = run(f"{line} --retries 0")

    assert (1, "") == (ran.code, ran.out)
    assert senders(moved) == [OURS]
    assert store.heard == []


@pytest.mark.parametrize(
    "uri",
    [
        "{store}/2010-04-01/Accounts/x.json",
        "//{host}/2010-04-01/x.json",
        "/\\{host}/2010-04-01/x.json",
        "\\\\{host}\\x.json",
        "@{host}/2010-04-01/x.json",
        ".{host}/2010-04-01/x.json",
        "{api}@{host}/2010-04-01/x.json",
        "{api}.{host}/2010-04-01/x.json",
        " {store}/2010-04-01/x.json",
        "http:{store}",
    ],
)
def test_a_next_page_on_another_host_is_not_asked_for(
    run: Run,
    store: Scripted,
    netrc: None,
    monkeypatch: pytest.MonkeyPatch,
    uri: str,
) -> None:
    log_in(run)

    def play(request: Heard) -> bytes:
        host = store.url.removeprefix("http://")
        following = uri.format(store=store.url, host=host, api=service.url)
        items = [{"sid": RE1, "account_sid": ACCOUNT}]
        return answer({"recordings": items, "next_page_uri": following})

    with scripted(play) as service:
        monkeypatch.setenv("ADDONCTL_API_URL", service.url)
        ran = run("recordings list --format json --retries 0")

    assert (1, "") == (ran.code, ran.out)
    assert "another host" in ran.err
    assert store.heard == []
    assert senders(service) == [OURS]


def test_a_next_page_on_the_apis_own_host_is_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(run)
    following = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings.json?Page=1&PageToken=PAx"
    first = {"recordings": [{"sid": RE1}], "next_page_uri": following}
    with scripted(answer(first), answer(NO_RECORDINGS)) as api:
        monkeypatch.setenv("ADDONCTL_API_URL", api.url)
        ran = run("recordings list --format sids")

    assert (0, f"{RE1}\n") == (ran.code, ran.out)
    assert senders(api) == [OURS, OURS]


def test_a_link_that_is_not_https_is_not_followed(
    run: Run, api: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = f"http://store.test/x?{SIGNATURE}"
    with scripted(answer(b"", 307, {"Location": location})) as service:
        monkeypatch.setenv("ADDONCTL_API_URL", service.url)
        ran = run(SHOW)

    assert (1, "") == (ran.code, ran.out)
    assert "not https" in ran.err
    assert SIGNATURE not in ran.err


# Proxies


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that the environment says to trust."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return made


def https(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


def test_a_proxy_of_the_environment_carries_api_and_store_and_reads_neither(
    run: Run, authority: trustme.CA, netrc: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real proxy: it is asked for two tunnels, and sees no login and no signed link."""
    log_in(run)
    with ExitStack() as servers:
        proxy = servers.enter_context(forward_proxy())
        store = servers.enter_context(scripted(answer({"by": "proxy"}), tls=https(authority)))
        api = servers.enter_context(scripted(lambda _: link_to(store), tls=https(authority)))
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("ADDONCTL_API_URL", api.url)
        ran = run(f"{SHOW} --verbose")

    asked = [head.split(b" HTTP/")[0].decode() for head in proxy.heads]
    ports = [server.url.rsplit(":", 1)[1] for server in (api, store)]
    assert (0, '{"by": "proxy"}') == (ran.code, ran.out)
    assert asked == [f"CONNECT 127.0.0.1:{ports[0]}", f"CONNECT localhost:{ports[1]}"]
    assert senders(api) == [OURS]
    assert senders(store) == [None]
    seen = b"".join(proxy.heads).decode() + ran.err
    assert not any(word in seen for word in (OURS, SECRET, SIGNATURE, "netrc"))


def test_no_proxy_is_obeyed(
    run: Run, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(run)
    with ExitStack() as servers:
        proxy = servers.enter_context(forward_proxy())
        api = servers.enter_context(scripted(answer(NO_RECORDINGS), tls=https(authority)))
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("ADDONCTL_API_URL", api.url)
        ran = run("recordings list")

    assert ran.code == 0
    assert proxy.heads == []


def test_plain_http_on_loopback_passes_by_any_proxy(
    run: Run, api: Scripted, store: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would read the login."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with forward_proxy() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        ran = run(SHOW)

    assert ran.code == 0
    assert senders(api) == [OURS]
    assert proxy.heads == []


# Never seen


@pytest.mark.parametrize("status", [200, 401, 403, 404, 500])
def test_verbose_and_errors_show_no_secret_and_no_signed_link(
    run: Run, store: Scripted, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    log_in(run)

    def play(request: Heard) -> bytes:
        return link_to(store) if status == 200 else answer(REFUSED, status)

    with scripted(play) as service:
        monkeypatch.setenv("ADDONCTL_API_URL", service.url)
        plain = run(f"{SHOW} -v --retries 1")
        as_json = run(f"{SHOW} -v -f json --retries 0")

    assert f"GET /2010-04-01/Accounts/{ACCOUNT}/Recordings/{RE1}" in plain.err
    for word in (SECRET, OURS, OURS[6:], SIGNATURE):
        assert word not in plain.err + as_json.err


def test_a_store_that_fails_is_told_without_its_link(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(run)
    refusal = f"<Error><Code>AccessDenied</Code><Message>?{SIGNATURE}</Message></Error>"
    with ExitStack() as servers:
        store = servers.enter_context(scripted(answer(refusal, 403, content_type="text/xml")))
        api = servers.enter_context(scripted(lambda _: link_to(store)))
        monkeypatch.setenv("ADDONCTL_API_URL", api.url)
        refused = run(f"{SHOW} -v --retries 0")
        gone = Scripted([], url="http://127.0.0.1:9")
        nowhere = servers.enter_context(scripted(lambda _: link_to(gone)))
        monkeypatch.setenv("ADDONCTL_API_URL", nowhere.url)
        broken = run(f"{SHOW} -v --retries 0")

    assert refused.code != 0
    assert broken.code == 5
    assert f"/payload.json?{SIGNATURE}" not in refused.err + broken.err
    assert SECRET not in refused.err + broken.err


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_the_secret_is_in_no_argument_and_no_variable_of_a_running_program(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at from outside, while its request is being answered."""
    log_in(run)
    seen: list[bytes] = []

    def play(request: Heard) -> bytes:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line = (process / "cmdline").read_bytes()
                if b"addonctl" in line and b"recordings" in line:
                    seen.append(line + (process / "environ").read_bytes())
            except OSError:
                continue
        return answer(NO_RECORDINGS)

    with scripted(play) as api:
        monkeypatch.setenv("ADDONCTL_API_URL", api.url)
        words = [sys.executable, "-m", "addonctl", "recordings", "list"]
        ran = subprocess.run(words, capture_output=True)

    assert ran.returncode == 0
    assert senders(api) == [OURS]
    assert seen
    assert SECRET.encode() not in b"".join(seen)


def test_a_run_leaves_the_environment_as_it_was(run: Run, api: Scripted) -> None:
    before = dict(os.environ)
    run(SHOW)
    run("auth login work --secret-stdin --insecure-storage --no-verify", stdin=SECRET)
    run("auth status")

    assert dict(os.environ) == before


def test_even_a_bug_of_ours_shows_no_secret(run: Run, api: Scripted) -> None:
    """A traceback with local variables would."""
    program = (
        "import sys, addonctl.api as api\n"
        "api.Client._pages = lambda self, *_: [1 / 0 for _ in (self.login, self._headers)]\n"
        "from addonctl.cli import main\n"
        "sys.exit(main(['recordings', 'list']))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert ran.returncode == 1
    assert ran.stderr.startswith("addonctl: unexpected error: ZeroDivisionError at <string>:2")
    assert "Traceback" not in ran.stderr
    for word in (SECRET, OURS[6:]):
        assert word not in ran.stdout + ran.stderr

"""https for real: a certificate authority of the test's own, and the settings that name it."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from socketserver import StreamRequestHandler

import pytest
import trustme
import urllib3.util
from support.documents import ACCOUNT, RE, listed, page, result
from support.forward_proxy import forward_proxy
from support.loopback import on_loopback, read_head
from support.program import Run, log_in_by_variables

from addonctl.api import network

PAGE = page("add_on_results", [result()])


@pytest.fixture
def server_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for loopback, whose authority's own lies in tmp_path/ca.pem."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    for name in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return context


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_environments_ca_bundle_is_trusted(
    run: Run,
    server_side: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
    with listed(monkeypatch, PAGE, tls=server_side):
        ran = run(f"results list {RE} --format sids")

    assert (0, f"{RE}/XR{1:032x}\n", "") == ran


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"])
def test_a_folder_of_certificates_is_trusted(
    run: Run,
    server_side: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    """One that OpenSSL has made ready, as /etc/ssl/certs is."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path / "certificates"
    folder.mkdir()
    shutil.copy(tmp_path / "ca.pem", folder)
    subprocess.run(["openssl", "rehash", folder], check=True)
    monkeypatch.setenv(variable, str(folder))
    with listed(monkeypatch, PAGE, tls=server_side):
        ran = run(f"results list {RE} --format sids")

    assert (0, f"{RE}/XR{1:032x}\n", "") == ran


def test_the_bundle_for_requests_beats_the_one_for_all(
    run: Run, server_side: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    with listed(monkeypatch, PAGE, tls=server_side):
        missing = run(f"results list {RE} --format sids")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        named = run(f"results list {RE} --format sids")

    assert (missing.code, named.code) == (1, 0)
    assert f"no CA certificates to be had from {tmp_path / 'nowhere.pem'}" in missing.err
    assert "SSL_CERT_FILE" in missing.err


def test_a_certificate_nobody_vouches_for_is_refused_at_once(
    run: Run, server_side: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listed(monkeypatch, PAGE, tls=server_side) as server:
        ran = run(f"results list {RE}")

    assert (1, "") == (ran.code, ran.out)
    assert "certificate is not trusted" in ran.err
    assert "REQUESTS_CA_BUNDLE" in ran.err
    assert server.heard == []


@pytest.mark.parametrize("content", [None, "", "no certificate at all\n"])
def test_a_ca_bundle_that_cannot_be_used_is_named(
    run: Run,
    server_side: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with listed(monkeypatch, PAGE, tls=server_side) as server:
        ran = run(f"results list {RE}")

    assert (1, "") == (ran.code, ran.out)
    assert ran.err.startswith(f"addonctl: no CA certificates to be had from {bundle}: ")
    assert "REQUESTS_CA_BUNDLE" in ran.err
    assert server.heard == []


def test_all_connections_share_one_tls_context(
    run: Run, server_side: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the CA bundle is nine tenths of a fresh connection's time."""
    made: list[ssl.SSLContext] = []
    make = urllib3.util.create_urllib3_context

    def counted() -> ssl.SSLContext:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(network, "create_urllib3_context", counted)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    recordings = [f"RE{number:032x}" for number in range(5)]
    with listed(monkeypatch, PAGE, tls=server_side) as server:
        ran = run("results", "list", *recordings, "--format", "sids")

    assert ran.code == 0
    assert len(server.heard) == len(recordings)  # a connection each: the server closes every one
    assert len(made) == 1


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_proxy_over_https_is_trusted_by_the_same_bundle(
    run: Run,
    server_side: ssl.SSLContext,
    no_proxies: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with forward_proxy(server_side) as proxy, listed(monkeypatch, PAGE, tls=server_side) as server:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        ran = run(f"results list {RE} --format sids")

    assert (0, f"{RE}/XR{1:032x}\n", "") == ran
    assert [head.split()[0] for head in proxy.heads] == [b"CONNECT"]
    assert len(server.heard) == 1


def test_a_proxy_whose_certificate_nobody_vouches_for_is_named(
    run: Run, server_side: ssl.SSLContext, no_proxies: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forward_proxy(server_side) as proxy:
        place = proxy.url.removeprefix("https://")
        monkeypatch.setenv("all_proxy", f"https://jane:hunter2-hunter2@{place}")
        with listed(monkeypatch, PAGE, tls=server_side):
            ran = run(f"results list {RE} --retries 0")

    assert (1, "") == (ran.code, ran.out)
    assert f"the proxy {place}: its certificate is not trusted" in ran.err
    assert "REQUESTS_CA_BUNDLE" in ran.err
    assert "all_proxy" in ran.err
    assert "hunter2" not in ran.err
    assert proxy.heads == []


def test_a_server_that_speaks_no_tls_is_said_so(
    run: Run, no_proxies: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listed(monkeypatch, PAGE) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url.replace("http", "https"))
        ran = run(f"results list {RE} --retries 0")

    assert ran.code in (1, 5)
    assert ran.out == ""
    assert server.url.removeprefix("http://") in ran.err
    assert "_ssl.c" not in ran.err


def test_the_time_out_holds_for_an_answer_over_tls_too(
    run: Run,
    server_side: ssl.SSLContext,
    no_proxies: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A letter now and then, over a tunnel that is itself within TLS."""

    class Dragging(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                read_head(self.rfile)
                for letter in b"HTTP/1.1 200 OK" + b"K" * 100:
                    self.wfile.write(bytes([letter]))
                    time.sleep(0.02)
                self.wfile.write(PAGE.partition(b"OK")[2])

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    log_in_by_variables(monkeypatch, "", account=ACCOUNT)
    with on_loopback(Dragging, server_side) as url, forward_proxy(server_side) as proxy:
        monkeypatch.setenv("ADDONCTL_API_URL", url)
        direct = run(f"results list {RE} --retries 0 --timeout 0.4s")
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        tunnelled = run(f"results list {RE} --retries 0 --timeout 0.4s")

    for ran in (direct, tunnelled):
        assert (5, "") == (ran.code, ran.out)
        assert "no answer in time" in ran.err

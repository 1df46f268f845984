"""https for real: a certificate authority of the test's own, and the settings that name it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
import urllib3.util
from support.documents import RE, listed, page, result
from support.program import Run

from addonctl.api import transport

PAGE = page("add_on_results", [result()])


@pytest.fixture
def server_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for loopback, whose authority's own lies in tmp_path/ca.pem."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    return context


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
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

    monkeypatch.setattr(transport, "create_urllib3_context", counted)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    recordings = [f"RE{number:032x}" for number in range(5)]
    with listed(monkeypatch, PAGE, tls=server_side) as server:
        ran = run("results", "list", *recordings, "--format", "sids")

    assert ran.code == 0
    assert len(server.heard) == len(recordings)  # a connection each: the server closes every one
    assert len(made) == 1

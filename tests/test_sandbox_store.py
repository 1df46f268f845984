"""Signed links and the bytes behind them, as S3 would give them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import requests
from support.serving import Clock, in_process, serving

from addonctl import sandbox
from addonctl.sandbox.app import Application

ROOT = f"/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings"
SIZE = 200_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def application(tmp_path: Path, clock: Clock) -> Iterator[Application]:
    made = Application(tmp_path / "state.sqlite", clock=clock)
    made.state.reset(payload_bytes=SIZE)
    yield made
    made.state.close()


@pytest.fixture
def session(application: Application) -> requests.Session:
    return in_process(application)


@pytest.fixture
def bare(application: Application) -> requests.Session:
    session = in_process(application)
    session.auth = None
    return session


def payload_path(session: requests.Session, host: str = sandbox.API_URL) -> str:
    path = ROOT
    for key, word in (("recordings", "AddOnResults"), ("add_on_results", "Payloads")):
        sid = session.get(f"{host}{path}.json").json()[key][0]["sid"]
        path = f"{path}/{sid}/{word}"
    return f"{host}{path}/{session.get(f'{host}{path}.json').json()['payloads'][0]['sid']}"


def link_of(session: requests.Session, host: str = sandbox.API_URL) -> str:
    answer = session.get(f"{payload_path(session, host)}/Data", allow_redirects=False)
    return answer.headers["Location"]


def code(answer: requests.Response) -> tuple[int, str | None]:
    return answer.status_code, ElementTree.fromstring(answer.content).findtext("Code")


def test_data_leads_to_a_link_on_another_host(session: requests.Session) -> None:
    path = payload_path(session)
    plain = session.get(f"{path}/Data", allow_redirects=False)
    json = session.get(f"{path}/Data.json", allow_redirects=False)

    tree = ElementTree.fromstring(plain.content)
    assert plain.status_code == json.status_code == 307
    assert plain.headers["Content-Type"] == "application/xml"
    assert (tree.tag, [one.tag for one in tree]) == ("TwilioResponse", ["Data"])
    assert tree.findtext("Data/RedirectTo") == plain.headers["Location"]
    assert json.json() == {"redirect_to": json.headers["Location"]}
    assert json.headers["Location"].startswith(f"{sandbox.STORE_URL}/")
    assert {"X-Amz-Expires=300", "X-Amz-SignedHeaders=host"} < set(
        json.headers["Location"].partition("?")[2].split("&")
    )


def test_the_link_gives_the_bytes_without_a_login(
    session: requests.Session, bare: requests.Session
) -> None:
    link = link_of(session)
    answer = bare.get(link)

    assert (answer.status_code, len(answer.content)) == (200, SIZE)
    assert answer.headers["ETag"] == f'"{hashlib.md5(answer.content).hexdigest()}"'
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert bare.head(link).headers["Content-Length"] == str(SIZE)
    assert bare.head(link).content == b""
    assert bare.get(link).content == answer.content


def test_the_store_refuses_a_login_beside_the_signature(
    session: requests.Session, bare: requests.Session
) -> None:
    link = link_of(session)
    answer = session.get(link)

    assert code(answer) == (400, "InvalidArgument")
    assert "Only one auth mechanism allowed" in answer.text
    assert sandbox.AUTH_TOKEN not in answer.text
    assert bare.get(link).status_code == 200


def test_the_store_refuses_a_link_it_did_not_sign(
    session: requests.Session, bare: requests.Session
) -> None:
    link = link_of(session)
    for changed in (
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.replace("X-Amz-Expires=300", "X-Amz-Expires=301"),
        link.replace("/XH", "/XH0"),
        f"{link}0",
        f"{link}%C3%A9",
    ):
        assert code(bare.get(changed)) == (403, "SignatureDoesNotMatch")
    assert code(bare.get(link.partition("?")[0])) == (403, "AccessDenied")
    put = bare.put(link)
    assert code(put) == (405, "MethodNotAllowed")
    assert put.headers["Allow"] == "GET, HEAD"


def test_a_link_expires(session: requests.Session, bare: requests.Session, clock: Clock) -> None:
    link = link_of(session)
    clock.forward(seconds=299)
    before = bare.get(link)
    clock.forward(seconds=1)
    after = bare.get(link)

    assert before.status_code == 200
    assert code(after) == (403, "AccessDenied")
    assert "Request has expired" in after.text
    assert bare.get(link_of(session)).status_code == 200


def test_a_deleted_payload_is_gone_from_the_store(
    session: requests.Session, bare: requests.Session
) -> None:
    link = link_of(session)
    session.delete(payload_path(session))

    assert code(bare.get(link)) == (404, "NoSuchKey")


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=100-199", 100, 200),
        ("bytes=65535-65536", 65535, 65537),
        ("bytes=70000-140000", 70000, 140001),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        (f"bytes=199990-{SIZE + 5}", 199990, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        (f"bytes=-{SIZE + 1}", 0, SIZE),
    ],
)
def test_a_range_gives_that_part(
    session: requests.Session, bare: requests.Session, asked: str, begin: int, end: int
) -> None:
    link = link_of(session)
    whole = bare.get(link).content
    part = bare.get(link, headers={"Range": asked})

    assert part.status_code == 206
    assert part.content == whole[begin:end]
    assert part.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=5-4", "bytes=-", "lines=1-2", "bytes=0-1,4-5", "x"])
def test_a_range_that_makes_no_sense_is_ignored(
    session: requests.Session, bare: requests.Session, asked: str
) -> None:
    answer = bare.get(link_of(session), headers={"Range": asked})

    assert (answer.status_code, len(answer.content)) == (200, SIZE)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 9}-{SIZE + 10}", "bytes=-0"])
def test_a_range_past_the_end_is_416(
    session: requests.Session, bare: requests.Session, asked: str
) -> None:
    answer = bare.get(link_of(session), headers={"Range": asked})

    assert code(answer) == (416, "InvalidRange")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


def test_if_range_gives_the_part_only_of_what_has_not_changed(
    session: requests.Session, bare: requests.Session
) -> None:
    link = link_of(session)
    headers = bare.head(link).headers
    for condition, status in (
        (headers["ETag"], 206),
        (headers["Last-Modified"], 206),
        ('"another"', 200),
        (f"W/{headers['ETag']}", 200),
        ("Mon, 01 Jan 2024 00:00:00 GMT", 200),
    ):
        answer = bare.get(link, headers={"Range": "bytes=10-", "If-Range": condition})

        assert answer.status_code == status, condition
        assert len(answer.content) == (SIZE - 10 if status == 206 else SIZE)


def test_an_empty_payload_has_no_part(application: Application, bare: requests.Session) -> None:
    application.state.reset(payload_bytes=0)
    link = link_of(in_process(application))

    assert (bare.get(link).status_code, bare.get(link).content) == (200, b"")
    assert bare.get(link, headers={"Range": "bytes=0-"}).status_code == 416


def test_a_gigabyte_is_streamed_and_can_be_entered_anywhere(
    application: Application, session: requests.Session, bare: requests.Session
) -> None:
    """Both ends are read at once: neither waits for what lies between, nor holds it."""
    application.state.reset(payload_bytes=1 << 30)
    link = link_of(session)
    with bare.get(link, stream=True) as answer:
        first = next(answer.iter_content(1 << 16))
    last = bare.get(link, headers={"Range": "bytes=-16"})

    assert len(first) == 1 << 16
    assert answer.headers["Content-Length"] == str(1 << 30)
    assert answer.headers["ETag"].endswith('-128"')
    assert len(last.content) == 16
    assert last.headers["Content-Range"] == f"bytes {(1 << 30) - 16}-{(1 << 30) - 1}/{1 << 30}"


def test_served_the_store_lies_on_another_port_and_gives_the_same(tmp_path: Path) -> None:
    def make(url: str) -> Application:
        made = Application(tmp_path / "served.sqlite", store_url=url)
        made.state.reset(payload_bytes=SIZE)
        return made

    with serving(make) as server, requests.Session() as session:
        session.auth = (sandbox.ACCOUNT, sandbox.AUTH_TOKEN)
        link = link_of(session, server.api_url)
        part = requests.get(link, headers={"Range": "bytes=5-99999"}, timeout=20)
        refused = session.get(link)

    assert link.startswith(f"{server.store_url}/")
    assert server.store_url != server.api_url
    assert (part.status_code, len(part.content)) == (206, 99995)
    assert refused.status_code == 400


@pytest.mark.parametrize("at", ["api", "store"])
@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:{port}", True),
        ("localhost:{port}", True),
        ("LocalHost:{port}", True),
        ("127.0.0.1", False),
        ("localhost:1", False),
        ("rebound.example", False),
        ("rebound.example:{port}", False),
        ("127.0.0.1:{port}.rebound.example", False),
        ("localhost.rebound.example:{port}", False),
        ("", False),
        (None, False),
    ],
)
def test_served_it_answers_under_its_own_names_only(
    tmp_path: Path, at: str, host: str | None, own: bool
) -> None:
    """A page whose name is made to lead to loopback (DNS rebinding) reads and deletes nothing."""

    def make(url: str) -> Application:
        return Application(tmp_path / "served.sqlite", store_url=url)

    login = base64.b64encode(f"{sandbox.ACCOUNT}:{sandbox.AUTH_TOKEN}".encode()).decode()
    with serving(make) as server, requests.Session() as session:
        session.auth = (sandbox.ACCOUNT, sandbox.AUTH_TOKEN)
        url = urlsplit(f"{server.api_url}{ROOT}.json")
        if at == "store":
            url = urlsplit(link_of(session, server.api_url))
        line = HTTPConnection("127.0.0.1", url.port or 0, timeout=20)
        line.putrequest("GET", f"{url.path}?{url.query}", skip_host=True)
        if host is not None:
            line.putheader("Host", host.format(port=url.port))
        if at == "api":
            line.putheader("Authorization", f"Basic {login}")
        line.endheaders()
        answer = line.getresponse()
        said = answer.read().decode()
        line.close()

    assert answer.status == (200 if own else 421)
    assert ("recordings" in said or "transcript" in said) == own

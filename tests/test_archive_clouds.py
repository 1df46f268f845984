"""The archive at Google and Azure: what differs from S3 is how a write is made conditional, and
that no store there gives the MD5 of an object back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from socketserver import StreamRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest
import requests
from support.loopback import on_loopback, read_head
from support.program import Run, until

from addonctl.archive.place import open_place

AZURITE = Path(__file__).parent / "clients" / "node_modules" / ".bin" / "azurite-blob"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Those of every emulator of Azure's."""
LISTED = (
    "<Contents><Key>{}</Key><Size>{}</Size><ETag>e</ETag>"
    "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
)


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A stand-in for Google's store, which knows generations, and one bucket."""
    there: dict[str, tuple[int, bytes]] = {}
    count = [0]

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while head := read_head(self.rfile):
                    method, target, headers = head
                    body = self.rfile.read(int(headers.get("Content-Length") or 0))
                    parts = urlsplit(target)
                    _, bucket, name = [*unquote(parts.path).split("/", 2), ""][:3]
                    condition = headers.get("x-goog-if-generation-match")
                    if bucket != "keep":
                        self.reply(404, b"<Error><Code>NoSuchBucket</Code></Error>")
                    elif not name:
                        prefix = parse_qs(parts.query).get("prefix", [""])[0]
                        found = sorted(each for each in there if each.startswith(prefix))
                        rows = [LISTED.format(escape(each), len(there[each][1])) for each in found]
                        self.reply(
                            200, f"<ListBucketResult>{''.join(rows)}</ListBucketResult>".encode()
                        )
                    elif method == "PUT":
                        now = there.get(name, (0, b""))[0]
                        if condition is not None and int(condition) != now:
                            self.reply(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                        else:
                            count[0] += 1
                            there[name] = count[0], body
                            self.reply(200, b"", count[0])
                    elif name not in there:
                        self.reply(404, b"<Error><Code>NoSuchKey</Code></Error>")
                    elif method == "DELETE":
                        del there[name]
                        self.reply(204)
                    else:
                        generation, content = there[name]
                        self.reply(200, content, generation, bare=method == "HEAD")

        def reply(
            self, status: int, body: bytes = b"", generation: int = 0, bare: bool = False
        ) -> None:
            lines = f"HTTP/1.1 {status} Said\r\nContent-Length: {len(body)}\r\n"
            lines += "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
            if generation:
                lines += f'ETag: "g{generation}"\r\nx-goog-generation: {generation}\r\n'
            self.wfile.write(lines.encode() + b"\r\n" + (b"" if bare else body))

    with on_loopback(Handler) as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url.removeprefix("http://"))
        yield "gs://keep/archive"


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Azure's own emulator, with one container."""
    if not AZURITE.exists() or not shutil.which("node"):
        pytest.skip("azurite is not installed; `make clients` brings it")
    with socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    url = f"http://127.0.0.1:{port}/{ACCOUNT}"
    server = subprocess.Popen(
        ["node", str(AZURITE), "--inMemoryPersistence", "--skipApiVersionCheck", "--silent"]
        + ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--disableTelemetry"],
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: server.poll() is not None or _made(f"{url}/keep?restype=container"))
        login = f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={url};"
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", login)
        yield "az://keep/archive"
    finally:
        server.kill()
        server.wait()


def _made(container: str) -> bool:
    """Have a container of that URL; false where nobody answers yet."""
    now = f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S GMT}"
    headers = f"x-ms-date:{now}\nx-ms-version:2021-08-06\n"
    signed = f"PUT{chr(10) * 12}{headers}/{ACCOUNT}/{ACCOUNT}/keep\nrestype:container"
    digest = hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()
    sent = {name: said for name, _, said in (each.partition(":") for each in headers.splitlines())}
    sent["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
    try:
        requests.put(container, headers=sent, timeout=5).raise_for_status()
    except requests.ConnectionError:
        return False
    return True


@pytest.fixture(params=["google", "azure"])
def cloud(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")
    found: str = request.getfixturevalue(request.param)
    return found


def test_it_is_kept_and_proven(run: Run, cloud: str) -> None:
    made = run(f"archive init {cloud}")
    lines = ("run", "run", "verify", "rebuild", "run --full", "verify", "search parcel")
    codes = [run(f"archive {each}").code for each in lines]

    assert 0 == made.code
    assert "is not to be seen from here" in made.err
    assert [0] * len(lines) == codes
    assert 14 == len(json.loads(run("archive list results -f json").out))


def test_one_at_a_time(run: Run, cloud: str) -> None:
    run(f"archive init {cloud}")
    with open_place(cloud).lock():
        ran = run("archive run")

    assert 5 == ran.code
    assert "another run is at work" in ran.err
    assert 0 == run("archive run").code


def test_a_write_is_conditional(cloud: str) -> None:
    place = open_place(cloud)
    made = [place.create("data/x", content) for content in (b"1", b"2")]
    place.put("data/x", io.BytesIO(b"3"))
    read = [place.read("data/x"), place.size("data/x"), place.read("data/y"), place.size("data/y")]
    for _ in range(2):
        place.delete("data/x")

    assert [True, False] == made
    assert [b"3", 1, None, None] == read
    assert [] == list(place.objects())


def test_a_bucket_that_is_not_there(run: Run, cloud: str) -> None:
    ran = run(f"archive init {cloud.replace('keep', 'other')}")

    assert 3 == ran.code
    assert "there is no bucket other" in ran.err

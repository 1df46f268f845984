"""A store of buckets on loopback, SeaweedFS, and a line to it that has bad days."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import SystemRandom
from socketserver import StreamRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import obstore
import pytest
from obstore.store import S3Store

from addonctl.archive.known import index_of
from support.loopback import on_loopback, read_head, reset_on_close
from support.program import Ran, Run, until

if TYPE_CHECKING:
    from obstore.store import ObjectStore

OWNER = ("AKIAOWNER", "the-secret-of-the-owner")
READER = ("AKIAREADER", "the-secret-of-a-reader")
STRANGER = ("AKIASTRANGER", "the-secret-of-a-stranger")
RIGHTS = {
    OWNER: ["Admin", "Read", "Write", "List", "Tagging"],
    READER: ["Read", "List"],
    STRANGER: ["Read:elsewhere"],
}


@dataclass
class Store:
    """A running store: where it answers, and what makes buckets in it."""

    url: str
    shell: Callable[[str], str]
    buckets: set[str] = field(default_factory=set)

    def make(self, bucket: str) -> str:
        """Have a bucket of that name."""
        if bucket not in self.buckets:
            self.shell(f"s3.bucket.create -name {bucket}")
            self.buckets.add(bucket)
        return bucket

    def place(self, bucket: str = "addonctl") -> str:
        """The URL of a place in a bucket in which nothing is yet."""
        return f"s3://{self.make(bucket)}/{uuid.uuid4().hex[:12]}/archive"


@contextmanager
def seaweed(folder: Path) -> Iterator[Store]:
    """Start a store, whose files lie in the folder, and end it; also if the tests are killed."""
    identities = [
        {"name": key, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
        for (key, secret), actions in RIGHTS.items()
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or "weed"
    ports = _free_ports(8)
    names = ("master", "volume", "filer", "s3")
    options = [f"-{name}.port={port}" for name, port in zip(names, ports[:4], strict=True)]
    options += [f"-{name}.port.grpc={port}" for name, port in zip(names, ports[4:], strict=True)]
    options += [f"-{name}.localSocket={folder}/{name}.sock" for name in ("filer", "s3")]
    options += [
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-filer", "-s3"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={folder}/s3.json"),
        *("-s3.autoCreateBucket=false", "-master.telemetry=false", "-master.electionTimeout=1s"),
        *("-master.volumeSizeLimitMB=64", "-volume.max=30", "-volume.preStopSeconds=0"),
    ]
    # A shell that ends with the store, and ends it when its stdin does: with the tests, however
    # they end.
    script = 'weed=$1; shift; "$weed" server "$@" & store=$!; exec 3<&0;'
    script += " (read _ <&3; kill -9 $store) & wait $store"
    command = ["sh", "-c", script, "sh", weed]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *options], stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
        )

        def shell(line: str) -> str:
            address = f"127.0.0.1:{ports[0]}.{ports[4]}"
            ran = subprocess.run(
                [weed, "shell", f"-master={address}"],
                input=f"lock\n{line}\nunlock\n",
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
            return ran.stdout + ran.stderr

        url = f"http://127.0.0.1:{ports[3]}"
        try:
            until(lambda: server.poll() is not None or _answers(url))
            assert server.poll() is None, (folder / "log").read_text()[-2000:]
            yield Store(url, shell)
        finally:
            server.communicate(b"\n", timeout=30)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens at, and that the system gives to no connection on its own account:
    it would before the store opens them, under so many tests at a time.
    """
    ports: list[int] = []
    with ExitStack() as held:
        while len(ports) < count:
            each = held.enter_context(socket.socket())
            with suppress(OSError):
                each.bind(("127.0.0.1", SystemRandom().randrange(10_000, 32_000)))
                ports.append(each.getsockname()[1])
    return ports


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code == 403
    except OSError:
        return False
    return True


def objects(url: str) -> ObjectStore:
    """What lies at that URL, past the program, with the login that is in variables."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    return S3Store(bucket, prefix=prefix, client_options={"allow_http": True})


def stored(url: str) -> dict[str, bytes]:
    """Every object there, without the lock."""
    store = objects(url)
    names = [each["path"] for page in obstore.list(store) for each in page]
    return {name: bytes(obstore.get(store, name).bytes()) for name in names if name != ".lock"}


# What a line's trouble may say of a request.
RESET, LOST, CUT, SPOILED, WRONG_ETAG = "reset", "lost", "cut", "spoiled", "wrong etag"
Fault = int | float | str | None


@dataclass
class Line:
    """A line to a store. `trouble` is asked with each request's method and path, and answers with
    a status to refuse it with, the seconds it takes, RESET (it never arrives), LOST (its answer
    does not), CUT (half of its answer does), SPOILED (a byte of what is sent, or of the answer, is
    another one), WRONG_ETAG, or nothing. A `heedless` store says that it did what
    it was asked on a condition that does not hold.
    """

    trouble: Callable[[str, str], Fault] = lambda method, path: None
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    heedless: bool = False


SLOW_DOWN = (
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)


@contextmanager
def line_to(store: str) -> Iterator[Line]:
    """A line to the store at that URL, for as long as a test needs it."""
    line = Line()
    there = urlsplit(store).netloc

    class Handler(StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            with suppress(OSError, http.client.HTTPException):
                while head := read_head(self.rfile):
                    method, target, headers = head
                    body = self.rfile.read(int(headers.get("Content-Length") or 0))
                    if not self.answer(method, target, dict(headers.items()), body):
                        return

        def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bool:
            """Whether the connection may go on."""
            path = unquote(target)
            line.asked.append((method, path))
            fault = line.trouble(method, path)
            if fault == RESET:
                reset_on_close(self.request)
                return False
            if isinstance(fault, int):
                self.reply(method, fault, {}, SLOW_DOWN)
                return True
            if isinstance(fault, float):
                time.sleep(fault)
            if fault == SPOILED and body:
                body = body[:-1] + bytes([body[-1] ^ 1])
            with_store = http.client.HTTPConnection(there, timeout=60)
            try:
                # As it came: the Host it was signed with included.
                with_store.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
                for name, value in headers.items():
                    with_store.putheader(name, value)
                with_store.endheaders(body or None)
                answer = with_store.getresponse()
                said = dict(answer.getheaders())
                content = answer.read()
            finally:
                with_store.close()
            if fault == LOST:
                reset_on_close(self.request)
                return False
            if fault == SPOILED and method == "GET" and content:
                content = content[:-1] + bytes([content[-1] ^ 1])
            if fault == WRONG_ETAG and "Etag" in {each.title() for each in said}:
                said = {name: value for name, value in said.items() if name.title() != "Etag"}
                said["ETag"] = f'"{"0" * 32}"'
            status = answer.status
            if line.heedless and status == 412:
                status, content = 200, b""
                said = {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}
            self.reply(method, status, said, content, cut=fault == CUT)
            return fault != CUT

        def reply(
            self,
            method: str,
            status: int,
            headers: dict[str, str],
            body: bytes,
            cut: bool = False,
        ) -> None:
            kept = {
                name: value
                for name, value in headers.items()
                if not re.fullmatch("(?i)transfer-encoding|connection|content-length", name)
            }
            length = headers.get("Content-Length") if method == "HEAD" else None
            kept["Content-Length"] = length or str(len(body))
            lines = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
            said = f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode()
            self.wfile.write(said + (body[: len(body) // 2] if cut else body))

    with on_loopback(Handler) as line.url:
        yield line


class Mirror:
    """A folder that shows what lies in a bucket, and whose changes go there before each command.

    So the tests of an archive in a folder, who look into it and do it harm, are tests of one in a
    bucket as well. The index is where the program has it, by a link.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self._shown: dict[str, bytes] = {}

    def run(self, run: Run, *words: str, **given: Any) -> Ran:
        """Types a line in which `keep` is the bucket."""
        line = shlex.split(words[0]) if len(words) == 1 else words
        self._push()
        try:
            return run(*(self.url if word == "keep" else word for word in line), **given)
        finally:
            self._pull()

    def _push(self) -> None:
        index, link = index_of(self.url), self.folder / "index.sqlite"
        if link.exists() and not link.is_symlink():
            link.replace(index)
        elif self._shown and not link.is_symlink():
            for each in index.parent.glob(f"{index.name}*"):
                each.unlink()
        now = {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
            and not path.is_symlink()
            and path.suffix != ".tmp"
            and path.name != ".lock"
        }
        store = objects(self.url)
        for name in self._shown.keys() - now.keys():
            obstore.delete(store, name)
        for name, content in now.items():
            if self._shown.get(name) != content:
                obstore.put(store, name, content)

    def _pull(self) -> None:
        self._shown = stored(self.url)
        if self.folder.exists():
            shutil.rmtree(self.folder)
        for name, content in self._shown.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if index_of(self.url).exists():
            self.folder.mkdir(exist_ok=True)
            (self.folder / "index.sqlite").symlink_to(index_of(self.url))


def in_both(run: Run, request: pytest.FixtureRequest) -> Run:
    """Types a line, in which `keep` is a folder, or a bucket that the folder of that name mirrors;
    as the fixture that calls it is parametrized.
    """
    if request.param == "folder":
        return run
    if request.node.get_closest_marker("folder"):
        pytest.skip("about a folder, or a disk")
    mirror = Mirror(request.getfixturevalue("bucket"), request.getfixturevalue("home") / "keep")
    return partial(mirror.run, run)


BOTH = ["folder", pytest.param("bucket", marks=pytest.mark.slow)]
"""The places in which an archive may lie; tests/test_archive_bucket.py has what is quick."""

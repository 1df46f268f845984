"""What every test may ask for: a home of its own, and a way to type a command line."""

from __future__ import annotations

import io
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from support.account import Account
from support.bucket import OWNER, Store, seaweed
from support.program import Ran, Run
from support.serving import serving, troubled

from addonctl import sandbox
from addonctl.cli import main
from addonctl.sandbox.app import Application

# A shell that runs the tests in the background has them ignore Ctrl-C, and so their children.
signal.signal(signal.SIGINT, signal.default_int_handler)

LOGIN_VARIABLES = [
    "TWILIO_ACCOUNT_SID",
    "TWILIO_API_KEY",
    "TWILIO_API_KEY_SID",
    "TWILIO_API_SECRET",
    "TWILIO_API_KEY_SECRET",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_REGION",
    "TWILIO_EDGE",
    "ADDONCTL_PROFILE",
    "ADDONCTL_FORMAT",
    "ADDONCTL_DATES",
    "ADDONCTL_WORKERS",
    "ADDONCTL_TO",
    "ADDONCTL_ARCHIVE",
    "ADDONCTL_API_URL",
    "ADDONCTL_CONFIG_DIR",
    "ADDONCTL_NO_HISTORY",
    "NO_COLOR",
    "FORCE_COLOR",
    "PAGER",
    "ADDONCTL_PAGER",
]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A long value is named by its argument, for what a case is called must not vary: xdist
    refuses to run tests that two workers know by two names, and gzip writes the time."""
    return argname if isinstance(val, str | bytes) and len(val) > 80 else None


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, and no login from the machine it runs on."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in LOGIN_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in list(os.environ):
        if name.startswith(("AWS_", "AZURE_", "GOOGLE_", "STORAGE_EMULATOR")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    # In the processes that a test starts a warning is an error too, as it is here.
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a line: run("results list RE…"), or word by word; `stdin` is what is piped in."""

    def type_line(*words: str, stdin: str | bytes = b"") -> Ran:
        arguments = shlex.split(words[0]) if len(words) == 1 else list(words)
        given = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = io.BytesIO(), io.BytesIO()
        with monkeypatch.context() as patch, TemporaryFile() as typed:
            typed.write(given)
            typed.seek(0)
            patch.setattr(sys, "stdin", io.TextIOWrapper(typed, "utf-8"))
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, "utf-8", newline=""))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, "utf-8", newline=""))
            code = main(arguments)
            sys.stdout.flush()
            sys.stderr.flush()
            return Ran(
                code,
                out.getvalue().decode("utf-8", "surrogateescape"),
                err.getvalue().decode("utf-8", "surrogateescape"),
            )

    return type_line


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    made = Account(tmp_path / "account.sqlite")
    with serving(
        lambda url: troubled(Application(made.file, store_url=url), made.answer)
    ) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.api_url)
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", sandbox.ACCOUNT)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", sandbox.AUTH_TOKEN)
        yield made


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of buckets, SeaweedFS, for all tests of this process that ask for one."""
    with seaweed(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
def bucket(store: Store, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty place in a bucket, with the login of its owner in variables."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OWNER[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", OWNER[1])
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
    return store.place()

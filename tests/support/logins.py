"""Logins for tests: who they are, how they are kept, and how one looks on the wire."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.program import Ran, Run
from support.scripted import Heard, Scripted, answer

ACCOUNT = "AC" + "1" * 32
OTHER_ACCOUNT = "AC" + "2" * 32
KEY = "SK" + "1" * 32
OTHER_KEY = "SK" + "2" * 32
SECRET = "Tq8-the-secret-of-this-test-Zx5k"
OTHER_SECRET = "Wd3-another-secret-of-this-Bn7p1"
NO_RECORDINGS: dict[str, Any] = {"recordings": [], "next_page_uri": None}
REFUSED = {"code": 20003, "message": "Authenticate", "more_info": "https://x.test", "status": 401}


def log_in(
    run: Run,
    name: str = "work",
    *flags: str,
    account: str = ACCOUNT,
    key: str = KEY,
    secret: str | bytes = SECRET,
) -> Ran:
    """Keep a login in the file, untried: what most tests begin with."""
    words = ["auth", "login", name, "--account", account, "--secret-stdin", *flags]
    if key:
        words += ["--key", key]
    return run(*words, "--no-verify", "--insecure-storage", stdin=secret)


def folder(home: Path) -> Path:
    """Where profiles are kept, under a test's own home."""
    return home / "config" / "addonctl"


def write_config(home: Path, text: str | bytes) -> Path:
    """A config.toml as a user's editor would leave it."""
    path = folder(home) / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def basic(username: str, secret: str) -> str:
    """The Authorization header of a login."""
    return "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()


def take_only(login: str) -> Callable[[Heard], bytes]:
    """Answers of a service that takes one login and refuses every other."""
    return lambda request: _answer(request.headers["Authorization"] == login)


def refuse_only(login: str) -> Callable[[Heard], bytes]:
    """Answers of a service that refuses one login and takes every other."""
    return lambda request: _answer(request.headers["Authorization"] != login)


def _answer(taken: bool) -> bytes:
    return answer(NO_RECORDINGS) if taken else answer(REFUSED, 401)


def senders(server: Scripted) -> list[str | None]:
    """The Authorization headers a recording server has heard."""
    return [request.headers["Authorization"] for request in server.heard]

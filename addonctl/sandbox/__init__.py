"""A pretend Twilio account: the Recording Add-on Results API as one WSGI application.

Used three ways: in-process through `transport.WSGIAdapter`, on loopback through `transport.serve`,
and in tests. It imports nothing from the rest of addonctl; this module stays light, so that asking
for a constant loads neither SQLite nor an HTTP library.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from addonctl.sandbox.app import Application

# The logins of a pretend account open nothing anywhere else, so they are public.
ACCOUNT = "AC5a9d3c1e7b2f48069c1d0e4f7a8b3c65"
API_KEY = "SK2f7c90b14e6d4a83b5e1c7d09f3a6b28"
API_SECRET = "sandbox-api-secret-opens-nothing"  # noqa: S105
AUTH_TOKEN = "sandbox-auth-token-opens-nothing"  # noqa: S105
SUBACCOUNT = "AC81e0d7c6b5a49f3827160f5e4d3c2b1a"
SUBACCOUNT_AUTH_TOKEN = "sandbox-subaccount-auth-token-opens-nothing"  # noqa: S105

# `.invalid` never resolves (RFC 2606): the in-process sandbox can not reach a network by mistake.
API_URL = "https://api.sandbox.invalid"
STORE_URL = "https://payloads.sandbox.invalid"


class SandboxError(Exception):
    """The sandbox's state can not be used; the message says why and what to do."""


def open_application(
    path: Path,
    *,
    store_url: str = STORE_URL,
    clock: Callable[[], datetime] | None = None,
    latency: float = 0.0,
    max_concurrent: int | None = None,
) -> Application:
    """Give the Application over the state file `path`, made and filled on first use.

    Raises SandboxError when the file is damaged, of another version or can not be written.
    """
    from addonctl.sandbox.app import Application
    from addonctl.sandbox.state import Database, real_time

    state = Database(path, clock or real_time)
    state.counts()
    return Application(state, store_url=store_url, latency=latency, max_concurrent=max_concurrent)

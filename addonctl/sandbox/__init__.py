"""A pretend Twilio account: the Recording Add-on Results API as one WSGI application.

Used three ways: in-process through `transport.WSGIAdapter`, on loopback through `transport.serve`,
and in tests. It imports nothing from the rest of addonctl; this module stays light, so that asking
for a constant loads neither SQLite nor an HTTP library.
"""

from __future__ import annotations

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

"""Which account, and with what: the answer to "who is asking", as one frozen value."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple
from urllib.parse import urlsplit

from addonctl.errors import Usage
from addonctl.sids import is_sid

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

SANDBOX: Final = "sandbox"
"""The profile that is always there and needs no login."""

Source = Literal["variables", "keyring", "file", "sandbox"]

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# What pasting brings along unseen: byte order mark, zero-width characters, soft hyphen.
_UNSEEN = "\ufeff\u200b\u200c\u200d\u2060\u00ad"


class Login(NamedTuple):
    """A login, resolved: nobody below asks the environment or a keyring again.

    `account` is the account the secret belongs to and `acting_account` the one in the path of
    every request (a subaccount, or the same). `username` is what HTTP Basic takes: an API key's
    SID (SK…) or the account's own SID, with `secret` the key's secret or the auth token.
    `api_url` has no trailing slash. `profile` is None where variables gave the login. With the
    source "sandbox" account, username and secret may be empty: the pretend account has its own.
    """

    account: str
    username: str
    secret: str
    api_url: str = "https://api.twilio.com"
    subaccount: str | None = None
    profile: str | None = None
    source: Source = "variables"

    def __repr__(self) -> str:
        return f"Login({self.account}, {self.username}, secret=…, {self.api_url})"

    @property
    def acting_account(self) -> str:
        return self.subaccount or self.account


def checked_account(word: str | None) -> str | None:
    """`word` as the account to act on. Raises Usage for what is no account's SID."""
    if word is None or is_sid(word, "AC"):
        return word
    raise Usage("--account takes the SID of an account (AC and 32 hexadecimal digits)")


def trimmed(word: str) -> str:
    """`word` without the white space, marks and zero-width characters that pasting brings."""
    while (shorter := word.strip().strip(_UNSEEN)) != word:
        word = shorter
    return word


def secret_flaw(secret: str) -> str | None:
    """Why `secret` can not be one, in words that do not repeat it; None if it can."""
    if not secret:
        return "is empty"
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        return "holds spaces, line breaks or characters that no secret of the service has"
    return None


def api_url(region: str | None = None, edge: str | None = None, override: str | None = None) -> str:
    """The API's own address: api.twilio.com, or api.{edge}.{region}.twilio.com.

    An edge alone means region us1, as the service's own libraries have it; `override` replaces
    it all. Raises Usage for a word that would send the login elsewhere, or in the clear.
    """
    if override:
        return checked_url(override)
    if not (region or edge):
        return "https://api.twilio.com"
    parts = ["api", checked_label(edge, "edge"), checked_label(region or "us1", "region")]
    return f"https://{'.'.join(part for part in parts if part)}.twilio.com"


def checked_label(word: str | None, what: str) -> str | None:
    """`word` as one part of a host name. Raises Usage for what could name another host."""
    if not word or re.fullmatch(_LABEL, word):
        return word
    raise Usage(
        f"the {what} must be one word of letters, digits and hyphens, such as ie1 or dublin"
    )


def checked_url(word: str) -> str:
    """`word` as the API's address. Raises Usage unless it is https, or http on loopback."""
    try:
        parts = urlsplit(word.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    if not host or not secure or "@" in parts.netloc or parts.query or parts.fragment:
        # The word itself is not repeated: people put logins into such addresses.
        raise Usage(
            "the address of the API must be https://HOST, or http on loopback, without a login",
            hint="check ADDONCTL_API_URL",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"

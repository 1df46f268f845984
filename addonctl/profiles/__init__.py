"""Whose login it is: a named profile, else variables, else the profile in use.

keeping.py keeps profiles, with config.py for config.toml, and alone asks the keyring. A login by
variables needs none of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from addonctl.addresses import is_sid, sid_flaw
from addonctl.errors import AddonctlError, LoginRefused, Usage

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from addonctl.profiles.keeping import Profiles

KEY = ("TWILIO_API_KEY", "TWILIO_API_KEY_SID")
KEY_SECRET = ("TWILIO_API_SECRET", "TWILIO_API_KEY_SECRET")
ACCOUNT = ("TWILIO_ACCOUNT_SID",)
TOKEN = ("TWILIO_AUTH_TOKEN",)

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""The hosts that plain http may go to."""

SANDBOX: Final = "sandbox"
"""The profile that is always there and needs no login."""

LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
"""One part of a host name, as a pattern."""
_NAME = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = rf"(?:{_NAME}(?:\.{_NAME})*\.?|\[[0-9a-f:.]*:[0-9a-f:.]*\])"
_NUMERIC = r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$"
# Printable ASCII but `\` and `#`: parsers differ about the one, no request carries the other.
_TARGET = r"(?:/[!\"$->@-\[\]-~]*)?(?:\?[!\"$-\[\]-~]*)?"
_URL = rf"(?ai)https?://{_HOST}(?::[1-9][0-9]{{0,4}})?{_TARGET}"
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
    source: Literal["variables", "keyring", "file", "sandbox"] = "variables"

    def __repr__(self) -> str:
        return f"Login({self.account}, {self.username}, secret=…, {self.api_url})"

    @property
    def acting_account(self) -> str:
        return self.subaccount or self.account


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
    it all: https, or http on loopback. Raises Usage for a word that would send the login elsewhere,
    or in the clear.
    """
    if override:
        url = plain_url(override.strip())
        if not url or url.query or not (url.scheme == "https" or url.hostname in LOOPBACK):
            # The word itself is not repeated: people put logins into such addresses.
            raise Usage(
                "the address of the API must be https://HOST, or http on loopback, without a login",
                hint="check ADDONCTL_API_URL",
            )
        return f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"
    for what, word in (("edge", edge), ("region", region)):
        if word and not re.fullmatch(LABEL, word):
            raise Usage(
                f"the {what} must be one word of letters, digits and hyphens, such as ie1 or dublin"
            )
    parts = ("api", edge, region or (edge and "us1"))
    return f"https://{'.'.join(filter(None, parts))}.twilio.com"


def plain_url(word: str) -> SplitResult | None:
    """The parts of an http or https URL that every parser reads alike; None for any other.

    So without a login, a fragment, or anything that must be encoded; and a host is a name or an
    address in its usual form, not one of the many other ways to write 127.0.0.1.
    """
    if not re.fullmatch(_URL, word):
        return None
    # Imported late, for a TAB that asks who the user is needs no URL.
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(word)
        host, _ = parts.hostname or "", parts.port
        if ":" in host or re.search(_NUMERIC, host):
            ip_address(host)
    except ValueError:
        return None
    return parts


def is_this_machine(host: str) -> bool:
    """Whether a connection to `host`, as a URL has it, would end where it began."""
    from ipaddress import ip_address

    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def named_by(api_url: str) -> str:
    """What made the API's address that of a host which is not there, in the words of a hint."""
    from urllib.parse import urlsplit

    host = urlsplit(api_url).hostname or ""
    if host == "api.twilio.com":
        return "is the network there? HTTPS_PROXY names a proxy, if one is needed"
    if re.fullmatch(rf"api\.({_NAME}\.)?{_NAME}\.twilio\.com", host):
        return "--region and --edge, or TWILIO_REGION, TWILIO_EDGE or the profile, named this host"
    return "ADDONCTL_API_URL names this host"


def resolve(
    environment: Mapping[str, str],
    *,
    profile: str | None = None,
    account: str | None = None,
    region: str | None = None,
    edge: str | None = None,
    profiles: Profiles | None = None,
) -> Login:
    """The login to use, and for which account.

    `profile`, `account`, `region` and `edge` are what the user typed. With login variables set,
    and no profile named, neither settings nor keyring are touched. Raises LoginRefused where
    there is none or its secret is not to be had, Usage for a word that cannot be what it should.
    """
    if account is not None and not is_sid(account, "AC"):
        raise Usage("--account takes the SID of an account (AC and 32 hexadecimal digits)")
    named = profile or environment.get("ADDONCTL_PROFILE") or None
    region = region or environment.get("TWILIO_REGION") or None
    edge = edge or environment.get("TWILIO_EDGE") or None
    override = environment.get("ADDONCTL_API_URL")
    sandbox = Login("", "", "", subaccount=account, profile=SANDBOX, source=SANDBOX)

    if named is None and login_variables(environment):
        return _by_variables(environment, api_url(region, edge, override), account)
    if named == SANDBOX:
        return sandbox
    from addonctl.profiles.keeping import Profiles

    profiles = profiles or Profiles(environment)
    try:
        config = profiles.config()
    except Usage:
        raise
    except AddonctlError as problem:
        raise LoginRefused(f"not logged in: {problem.message}", hint=problem.hint) from None
    name = named or config.active
    if name == SANDBOX:
        return sandbox
    if name is None and config.profiles:
        raise LoginRefused(
            f"no profile is in use; there are: {', '.join(config.profiles)}",
            hint="choose one with -p NAME, or for good: addonctl auth use NAME",
        )
    if name is None:
        raise LoginRefused(
            "not logged in",
            hint="addonctl auth login; or set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and"
            " TWILIO_API_SECRET; or try things out with -p sandbox",
        )
    chosen = config.profile(name)
    url = api_url(region or chosen.region, edge or chosen.edge, override)
    return chosen.login(profiles.secret(chosen), url, account)


def login_variables(environment: Mapping[str, str]) -> list[str]:
    """Those of the variables that say who is asking that are set, even if others are missing."""
    return [name for name in (*ACCOUNT, *KEY, *KEY_SECRET, *TOKEN) if environment.get(name)]


def _by_variables(environment: Mapping[str, str], url: str, subaccount: str | None) -> Login:
    """The login that variables give; a key pair beats the auth token.

    Raises LoginRefused, naming the variable and never its value, where one is missing or cannot
    be right: no word was typed wrong, the machine's login is.
    """

    def found(names: tuple[str, ...]) -> tuple[str, str]:
        """The first of `names` that is set, with its value; an empty one counts as not set."""
        known = (name for name in names if environment.get(name))
        return next(((name, trimmed(environment[name])) for name in known), ("", ""))

    def refused(why: str, do: str) -> LoginRefused:
        return LoginRefused(why, hint=f"{do}, or name a profile with -p")

    (account_name, account), (key_name, key) = found(ACCOUNT), found(KEY)
    secret_name, secret = found(KEY_SECRET)
    needed = {ACCOUNT[0]: account_name}
    if key_name or secret_name:
        needed |= {KEY_SECRET[0]: secret_name, KEY[0]: key_name}
    else:
        secret_name, secret = found(TOKEN)
    for name, there in needed.items():
        if not there:
            beside = key_name or secret_name or account_name
            raise refused(f"{beside} is set, but {name} is not", "set both, unset both")
    if not secret_name:
        why = f"{account_name} is set, but neither {KEY[0]} with {KEY_SECRET[0]} nor {TOKEN[0]} is"
        raise refused(why, "set them")
    key_flaw = sid_flaw(key, "SK") if key_name else None
    flaws = {account_name: sid_flaw(account, "AC"), key_name: key_flaw}
    for name, flaw in {**flaws, secret_name: secret_flaw(secret)}.items():
        if flaw:
            raise refused(f"{name} {flaw}", "mend the variable")
    return Login(account, key if key_name else account, secret, url, subaccount)

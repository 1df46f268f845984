"""Whose login it is: a named profile, else variables, else the profile in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from addonctl.errors import LoginRefused
from addonctl.login import (
    SANDBOX,
    Login,
    api_url,
    checked_account,
    secret_flaw,
    trimmed,
)
from addonctl.sids import is_sid

if TYPE_CHECKING:
    from addonctl.profiles.store import Store

KEY = ("TWILIO_API_KEY", "TWILIO_API_KEY_SID")
KEY_SECRET = ("TWILIO_API_SECRET", "TWILIO_API_KEY_SECRET")
ACCOUNT = ("TWILIO_ACCOUNT_SID",)
TOKEN = ("TWILIO_AUTH_TOKEN",)
LOGIN_VARIABLES = (*ACCOUNT, *KEY, *KEY_SECRET, *TOKEN)


def resolve(
    *,
    profile: str | None,
    account: str | None,
    region: str | None,
    edge: str | None,
    environment: Mapping[str, str],
    store: Store | None = None,
) -> Login:
    """The login to use, and for which account.

    `profile`, `account`, `region` and `edge` are what the user typed. With login variables set,
    and no profile named, neither settings nor keyring are touched. Raises LoginRefused where
    there is none or its secret is not to be had, Usage for a word that cannot be what it should.
    """
    account = checked_account(account)
    named = profile or environment.get("ADDONCTL_PROFILE") or None
    region = region or environment.get("TWILIO_REGION") or None
    edge = edge or environment.get("TWILIO_EDGE") or None
    override = environment.get("ADDONCTL_API_URL")

    if named is None and has_login(environment):
        return from_variables(environment, api_url(region, edge, override), account)

    if named == SANDBOX:
        return _sandbox(account)
    from addonctl.profiles.store import Store, login_of

    store = store or Store(environment)
    settings = store.settings()
    name = named or settings.active
    if name == SANDBOX:
        return _sandbox(account)
    if name is None:
        raise _nobody(list(settings.profiles))
    chosen = settings.profile(name)
    url = api_url(region or chosen.region, edge or chosen.edge, override)
    return login_of(chosen, store.secret(chosen), url, account)


def has_login(environment: Mapping[str, str]) -> bool:
    """Whether any of the variables that say who is asking is set, even if others are missing."""
    return any(environment.get(name) for name in LOGIN_VARIABLES)


def from_variables(
    environment: Mapping[str, str], url: str, subaccount: str | None = None
) -> Login:
    """The login that variables give; a key pair beats the auth token.

    Raises LoginRefused, naming the variable and never its value, where one is missing or cannot
    be right: no word was typed wrong, the machine's login is.
    """
    account = _found(environment, ACCOUNT)
    key = _found(environment, KEY)
    key_secret = _found(environment, KEY_SECRET)
    token = _found(environment, TOKEN)
    if not account:
        raise _missing(ACCOUNT[0], key or key_secret or token)
    if not is_sid(account[1], "AC"):
        raise _unfit(account[0], "is not the SID of an account (AC and 32 hexadecimal digits)")
    if key and not is_sid(key[1], "SK"):
        raise _unfit(key[0], "is not the SID of an API key (SK and 32 hexadecimal digits)")
    if key and not key_secret:
        raise _missing(KEY_SECRET[0], key)
    if key_secret and not key:
        raise _missing(KEY[0], key_secret)
    secret = key_secret or token
    if not secret:
        raise LoginRefused(
            f"{account[0]} is set, but neither {KEY[0]} with {KEY_SECRET[0]} nor {TOKEN[0]} is",
            hint="set them, or name a profile with -p",
        )
    if flaw := secret_flaw(secret[1]):
        raise _unfit(secret[0], flaw)
    return Login(
        account[1],
        key[1] if key else account[1],
        secret[1],
        url,
        subaccount if subaccount != account[1] else None,
    )


def _found(environment: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str] | None:
    """The first of `names` that is set, with its value; an empty one counts as not set."""
    for name in names:
        if environment.get(name):
            return name, trimmed(environment[name])
    return None


def _missing(name: str, beside: tuple[str, str] | None) -> LoginRefused:
    given = f"{beside[0]} is set, but " if beside else ""
    return LoginRefused(
        f"{given}{name} is not", hint="set both, unset both, or name a profile with -p"
    )


def _unfit(name: str, why: str) -> LoginRefused:
    return LoginRefused(f"{name} {why}", hint="mend the variable, or name a profile with -p")


def _nobody(known: list[str]) -> LoginRefused:
    if known:
        return LoginRefused(
            f"no profile is in use; there are: {', '.join(known)}",
            hint="choose one with -p NAME, or for good: addonctl auth use NAME",
        )
    return LoginRefused(
        "not logged in",
        hint="addonctl auth login; or set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET;"
        " or try things out with -p sandbox",
    )


def _sandbox(account: str | None) -> Login:
    return Login("", "", "", subaccount=account, profile=SANDBOX, source=SANDBOX)

"""Whose login it is: a named profile, else variables, else the profile in use.

keeping.py keeps profiles, with config.py for config.toml and secrets.py for the keyring, which
nobody else asks; twilio_cli.py reads another tool's. A login by variables needs none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from addonctl.addresses import sid_flaw
from addonctl.errors import AddonctlError, LoginRefused, Usage
from addonctl.login import SANDBOX, Login, api_url, checked_account, secret_flaw, trimmed

if TYPE_CHECKING:
    from addonctl.profiles.keeping import Profiles

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
    profiles: Profiles | None = None,
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
    sandbox = Login("", "", "", subaccount=account, profile=SANDBOX, source=SANDBOX)

    if named is None and has_login(environment):
        return from_variables(environment, api_url(region, edge, override), account)
    if named == SANDBOX:
        return sandbox
    from addonctl.profiles.keeping import Profiles, login_of

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
    return login_of(chosen, profiles.secret(chosen), url, account)


def has_login(environment: Mapping[str, str]) -> bool:
    """Whether any of the variables that say who is asking is set, even if others are missing."""
    return any(environment.get(name) for name in LOGIN_VARIABLES)


def used_before_the_profile_in_use(environment: Mapping[str, str]) -> str | None:
    """Which variables decide whose login it is, as a sentence; None if none does."""
    if named := environment.get("ADDONCTL_PROFILE"):
        return f"ADDONCTL_PROFILE is set: '{named}' is used before the profile in use"
    names = [name for name in LOGIN_VARIABLES if environment.get(name)]
    return f"{' and '.join(names)} set: used before the profile in use" if names else None


def from_variables(
    environment: Mapping[str, str], url: str, subaccount: str | None = None
) -> Login:
    """The login that variables give; a key pair beats the auth token.

    Raises LoginRefused, naming the variable and never its value, where one is missing or cannot
    be right: no word was typed wrong, the machine's login is.
    """

    def found(names: tuple[str, ...]) -> tuple[str, str] | None:
        """The first of `names` that is set, with its value; an empty one counts as not set."""
        known = (name for name in names if environment.get(name))
        return next(((name, trimmed(environment[name])) for name in known), None)

    account, key, key_secret, token = map(found, (ACCOUNT, KEY, KEY_SECRET, TOKEN))
    if not account:
        raise _missing(ACCOUNT[0], key or key_secret or token)
    if flaw := sid_flaw(account[1], "AC"):
        raise _unfit(account[0], flaw)
    if key and (flaw := sid_flaw(key[1], "SK")):
        raise _unfit(key[0], flaw)
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


def _missing(name: str, beside: tuple[str, str] | None) -> LoginRefused:
    given = f"{beside[0]} is set, but " if beside else ""
    return LoginRefused(
        f"{given}{name} is not", hint="set both, unset both, or name a profile with -p"
    )


def _unfit(name: str, why: str) -> LoginRefused:
    return LoginRefused(f"{name} {why}", hint="mend the variable, or name a profile with -p")

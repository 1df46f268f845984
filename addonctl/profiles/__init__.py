"""Whose login it is: a named profile, else variables, else the profile in use.

keeping.py keeps them, with config.py for config.toml, and alone asks the keyring. A login by
variables needs none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from addonctl.addresses import is_sid, sid_flaw
from addonctl.errors import AddonctlError, LoginRefused, Usage
from addonctl.login import SANDBOX, Login, api_url, secret_flaw, trimmed

if TYPE_CHECKING:
    from addonctl.profiles.keeping import Profiles

KEY = ("TWILIO_API_KEY", "TWILIO_API_KEY_SID")
KEY_SECRET = ("TWILIO_API_SECRET", "TWILIO_API_KEY_SECRET")
ACCOUNT = ("TWILIO_ACCOUNT_SID",)
TOKEN = ("TWILIO_AUTH_TOKEN",)
LOGIN_VARIABLES = (*ACCOUNT, *KEY, *KEY_SECRET, *TOKEN)


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

    if named is None and has_login(environment):
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


def has_login(environment: Mapping[str, str]) -> bool:
    """Whether any of the variables that say who is asking is set, even if others are missing."""
    return any(environment.get(name) for name in LOGIN_VARIABLES)


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
    (pair_name, pair), (token_name, token) = found(KEY_SECRET), found(TOKEN)
    lacking, beside = "", key_name or pair_name
    if not account_name:
        lacking, beside = ACCOUNT[0], beside or token_name
    elif flaw := sid_flaw(account, "AC"):
        raise refused(f"{account_name} {flaw}", "mend the variable")
    elif key_name and (flaw := sid_flaw(key, "SK")):
        raise refused(f"{key_name} {flaw}", "mend the variable")
    elif key_name and not pair_name:
        lacking = KEY_SECRET[0]
    elif pair_name and not key_name:
        lacking = KEY[0]
    elif not (pair_name or token_name):
        why = f"{account_name} is set, but neither {KEY[0]} with {KEY_SECRET[0]} nor {TOKEN[0]} is"
        raise refused(why, "set them")
    elif flaw := secret_flaw(pair if pair_name else token):
        raise refused(f"{pair_name or token_name} {flaw}", "mend the variable")
    if lacking:
        raise refused(f"{beside} is set, but {lacking} is not", "set both, unset both")
    acting = subaccount if subaccount != account else None
    secret = pair if pair_name else token
    return Login(account, key if key_name else account, secret, url, acting)

"""Logging in: ask for what is missing, try the login, keep it."""

from __future__ import annotations

import sys

from addonctl.cli.auth.choosing import say_what_decides
from addonctl.cli.state import State
from addonctl.errors import LoginRefused, NotFound, Usage
from addonctl.login import Login, api_url, checked_label, secret_flaw, trimmed
from addonctl.profiles.settings import Profile, Storage, checked_name
from addonctl.profiles.store import Store, login_of
from addonctl.sids import is_sid

DEFAULT_NAME = "default"
LONGEST_SECRET = 64 * 1024
"""Bytes read from a pipe; secrets of the service have 32."""


def log_in(
    state: State,
    name: str | None,
    account: str | None,
    key: str | None,
    storage: Storage,
    *,
    secret_stdin: bool,
    verify: bool,
) -> None:
    """Log in under a name. What was kept before stays if anything fails."""
    store = Store(state.environment)
    if not secret_stdin and not state.sink.interactive:
        raise Usage(
            "nobody is here to ask for the secret",
            hint="pipe it in: addonctl auth login --secret-stdin --account AC… --key SK…",
        )
    if secret_stdin and (sys.stdin is None or sys.stdin.isatty()):
        raise Usage("--secret-stdin reads a pipe or a file, not what is typed")
    profile = _wanted(state, name, account, key, storage, store)
    store.check_keeper(profile)
    secret = _piped_secret() if secret_stdin else _typed_secret(state, profile)
    login = login_for(state, profile, secret)
    if verify:
        check(state, login, kept="nothing was kept; account, key and secret must belong together")
    keep(state, store, profile, secret)
    state.sink.say(f"logged in to {profile.account} as profile '{profile.name}'")
    active = store.settings().active
    if active != profile.name:
        state.sink.say(f"the profile in use is '{active}'; change it: addonctl auth use NAME")
    say_what_decides(state)


def _wanted(
    state: State,
    name: str | None,
    account: str | None,
    key: str | None,
    storage: Storage,
    store: Store,
) -> Profile:
    """The profile the words ask for, completed by what its name stands for already, or the user."""
    named = state.common.profile or state.environment.get("ADDONCTL_PROFILE")
    if name and state.common.profile not in (None, name):
        raise Usage(f"two names for one login: '{name}' and -p '{named}'")
    name = checked_name(name or named or DEFAULT_NAME)
    known = store.settings().profiles.get(name) or Profile(name, account="")
    account = trimmed(account or "") or known.account or _typed_account(state, store, storage)
    if not is_sid(account, "AC"):
        # Not repeated: it may be the secret, pasted in the wrong place.
        raise Usage("that is not the SID of an account (AC and 32 hexadecimal digits)")
    if known.account not in ("", account):
        raise Usage(
            f"profile '{name}' is a login to {known.account}, and stays so",
            hint=f"choose another name, or first: addonctl auth logout {name}",
        )
    key = trimmed(key or "") or known.key
    if not key and not known.account and state.sink.interactive:
        key = trimmed(state.sink.ask("API key SID (SK…; empty to use the auth token):"))
    if key and not is_sid(key, "SK"):
        raise Usage("that is not the SID of an API key (SK and 32 hexadecimal digits)")
    region = state.common.region or state.environment.get("TWILIO_REGION") or known.region
    edge = state.common.edge or state.environment.get("TWILIO_EDGE") or known.edge
    checked_label(region, "region")
    checked_label(edge, "edge")
    return Profile(name, account, key or None, region, edge, storage)


def _typed_account(state: State, store: Store, storage: Storage) -> str:
    if not state.sink.interactive:
        raise Usage("which account is it for?", hint="add --account AC…")
    # Nobody likes to answer questions in vain.
    store.check_keeper(Profile(DEFAULT_NAME, account="", storage=storage))
    return trimmed(state.sink.ask("account SID (AC…):"))


def _typed_secret(state: State, profile: Profile) -> str:
    what = f"secret of API key {profile.key}" if profile.key else f"auth token of {profile.account}"
    return _checked(trimmed(state.sink.ask_hidden(f"{what} (not shown):")))


def _piped_secret() -> str:
    content = sys.stdin.buffer.read(LONGEST_SECRET)
    try:
        return _checked(trimmed(content.decode("utf-8")))
    except UnicodeDecodeError:
        return _checked("\ufffd")


def _checked(secret: str) -> str:
    if flaw := secret_flaw(secret):
        raise Usage(f"the secret {flaw}")
    return secret


def login_for(state: State, profile: Profile, secret: str) -> Login:
    url = api_url(profile.region, profile.edge, state.environment.get("ADDONCTL_API_URL"))
    return login_of(profile, secret, url)


def check(state: State, login: Login, kept: str | None = None) -> None:
    """Ask the service for the least it has. Raises LoginRefused if it does not take the login."""
    client = state.connected(login)
    try:
        next(client.recordings(page_size=1), None)
    except (LoginRefused, NotFound) as problem:
        raise LoginRefused(
            f"the service refuses this login: {problem.message}",
            hint=kept,
            status=problem.status,
            code=problem.code,
            more_info=problem.more_info,
            request_id=problem.request_id,
        ) from None
    finally:
        client.close()


def keep(state: State, store: Store, profile: Profile, secret: str) -> None:
    leftover = store.keep(profile, secret)
    if profile.storage == "file":
        state.sink.warn(
            f"the secret lies readable in {store.secrets_file.path} (mode 0600), as you asked"
        )
    if leftover:
        state.sink.warn(f"its earlier secret could not be removed: {leftover.message}")

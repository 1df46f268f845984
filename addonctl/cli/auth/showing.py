"""Showing which logins there are, and whether the service takes them."""

from __future__ import annotations

from addonctl.cli.auth.entering import check
from addonctl.cli.auth.records import Entry, Status
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, LoginRefused, TryLater, Usage
from addonctl.login import SANDBOX
from addonctl.profiles import resolve
from addonctl.profiles.resolve import has_login
from addonctl.profiles.settings import Profile, Settings
from addonctl.profiles.store import Store

MASK = "********"
"""Stands for a secret, whatever its length."""


def list_profiles(state: State) -> None:
    """The profiles in the file's order; the sandbox among them while it is in use."""
    state.answering(Entry)
    settings = Store(state.environment).settings()
    rows = [_entry(profile, settings) for profile in settings.profiles.values()]
    if settings.active == SANDBOX:
        rows.append(Entry({"profile": SANDBOX, "in_use": True, "storage": None}))
    state.sink.records(Entry, [rows])
    if not rows:
        state.sink.say("no profiles; log in: addonctl auth login; or try -p sandbox")


def _entry(profile: Profile, settings: Settings) -> Entry:
    return Entry(
        {
            "profile": profile.name,
            "in_use": profile.name == settings.active,
            "account_sid": profile.account,
            "key_sid": profile.key,
            "region": profile.region,
            "edge": profile.edge,
            "storage": profile.storage,
        }
    )


def show_status(state: State) -> None:
    """Each login, or the named one, as the service takes it. Raises LoginRefused if one is not."""
    state.answering(Status)
    store = Store(state.environment)
    names = _logins(state, store)
    if not names:
        state.sink.records(Status, [[]])
        raise LoginRefused("not logged in", hint="addonctl auth login, or try -p sandbox")
    problems: list[AddonctlError] = []
    rows = [_status(state, store, name, problems, in_use=name == names[0]) for name in names]
    state.sink.records(Status, [rows])
    refusals = [problem for problem in problems if isinstance(problem, LoginRefused)]
    if refusals:
        raise LoginRefused(
            f"{len(refusals)} of {len(rows)} logins refused or without a secret",
            hint=refusals[0].hint,
        )
    if problems:
        raise TryLater(f"{len(problems)} of {len(rows)} logins could not be tried")


def _logins(state: State, store: Store) -> list[str | None]:
    """What there is to check, the login in use first; None stands for that of the variables."""
    named = state.common.profile or state.environment.get("ADDONCTL_PROFILE")
    if named:
        return [named]
    settings = store.settings()
    names: list[str | None] = [None] if has_login(state.environment) else []
    if settings.active and (settings.active in settings.profiles or settings.active == SANDBOX):
        names.append(settings.active)
    return [*names, *(name for name in settings.profiles if name != settings.active)]


def _status(
    state: State, store: Store, name: str | None, problems: list[AddonctlError], *, in_use: bool
) -> Status:
    """One login as a row; why it cannot be used, if so, goes to `problems`."""
    document = {field.name: None for field in Status.FIELDS} | {"profile": name, "in_use": in_use}
    unfit = "missing"
    try:
        document |= _known(store, name)
        login = resolve(
            profile=name,
            account=state.common.account,
            region=state.common.region,
            edge=state.common.edge,
            environment=state.environment,
            store=store,
        )
        if login.source != SANDBOX:
            document |= {
                "account_sid": login.account,
                "key_sid": login.username if login.username != login.account else None,
                "secret": MASK,
                "api_url": login.api_url,
            }
            unfit = "refused"
            check(state, login)
    except Usage:
        raise
    except AddonctlError as problem:
        problems.append(problem)
        status = unfit if isinstance(problem, LoginRefused) else "unknown"
        return Status(document | {"status": status, "detail": problem.message})
    return Status(document | {"status": "accepted"})


def _known(store: Store, name: str | None) -> dict[str, str | bool | None]:
    """What can be said of a login before its secret is asked for."""
    if name is None:
        return {"source": "variables"}
    if name == SANDBOX:
        return {"source": "sandbox"}
    profile = store.settings().profile(name)
    known: dict[str, str | bool | None] = {
        "source": profile.storage,
        "account_sid": profile.account,
        "key_sid": profile.key,
    }
    if profile.storage == "keyring":
        known["keyring"] = store.keyring.backend
    return known

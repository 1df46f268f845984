"""Choosing the profile in use, and forgetting one."""

from __future__ import annotations

from addonctl.cli.state import State
from addonctl.errors import LoginRefused, Usage
from addonctl.login import SANDBOX
from addonctl.profiles.resolve import LOGIN_VARIABLES, has_login
from addonctl.profiles.store import Store


def use(state: State, name: str) -> None:
    """Make `name` the profile in use. Raises LoginRefused, with the known ones, for an unknown."""
    store = Store(state.environment)
    if name != SANDBOX:
        store.settings().profile(name)
    store.settings_file.use(name)
    state.sink.say(f"the profile in use is '{name}'")
    say_what_decides(state)


def log_out(state: State, name: str | None) -> None:
    """Forget a profile. Raises LoginRefused for one that is not there, or whose keyring is not."""
    store = Store(state.environment)
    settings = store.settings()
    named = name or state.common.profile or state.environment.get("ADDONCTL_PROFILE")
    gone = named or settings.active
    if gone is None:
        raise LoginRefused("no profile is in use", hint="name one: addonctl auth logout NAME")
    if gone == SANDBOX:
        raise Usage(
            "the sandbox has no login to forget", hint="addonctl sandbox reset makes it anew"
        )
    store.forget(settings.profile(gone))
    state.sink.say(f"logged out of profile '{gone}'; its secret is removed")
    if gone == settings.active:
        state.sink.say("no profile is in use now; choose one: addonctl auth use NAME")
    say_what_decides(state)


def say_what_decides(state: State) -> None:
    """Variables beat the profile in use: say so to whoever has just chosen one."""
    if named := state.environment.get("ADDONCTL_PROFILE"):
        state.sink.warn(f"ADDONCTL_PROFILE is set: '{named}' is used before the profile in use")
    elif has_login(state.environment):
        names = [name for name in LOGIN_VARIABLES if state.environment.get(name)]
        state.sink.warn(f"{' and '.join(names)} set: used before the profile in use")

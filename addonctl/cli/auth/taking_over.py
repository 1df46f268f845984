"""Taking over the profiles of the vendor's own command line."""

from __future__ import annotations

from addonctl.cli.auth.choosing import say_what_decides
from addonctl.cli.auth.entering import check, keep, login_for
from addonctl.cli.auth.records import Taken
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, SomeFailed, Usage
from addonctl.profiles import twilio_cli
from addonctl.profiles.settings import Profile, Storage
from addonctl.profiles.store import Store


def take_over(state: State, storage: Storage, *, verify: bool) -> None:
    """Keep the profiles of the vendor's own command line, each under its name."""
    state.answering(Taken)
    store = Store(state.environment)
    path = twilio_cli.config_file()
    found = twilio_cli.read(path, storage)
    for foreign in found:
        if foreign.profile:
            store.check_keeper(foreign.profile)
            break
    failures: list[AddonctlError] = []
    rows = []
    for foreign in found:
        document = {"profile": foreign.name, "account_sid": None, "outcome": "done", "detail": None}
        try:
            if not foreign.profile:
                raise Usage(foreign.flaw)
            document["account_sid"] = foreign.profile.account
            _take(state, store, foreign.profile, foreign.secret, verify)
        except AddonctlError as problem:
            failures.append(problem)
            document |= {"outcome": "failed", "detail": problem.message}
        rows.append(Taken(document))
    state.sink.records(Taken, [rows])
    state.sink.warn(f"the secrets still lie readable in {path}")
    say_what_decides(state)
    if failures:
        alike = len(failures) == len(found) and len({type(problem) for problem in failures}) == 1
        kind = type(failures[0]) if alike else SomeFailed
        raise kind(f"{len(failures)} of {len(found)} profiles could not be taken over")


def _take(state: State, store: Store, profile: Profile, secret: str, verify: bool) -> None:
    before = store.settings().profiles.get(profile.name)
    if before and before.username != profile.username:
        raise Usage(f"there is a profile of this name, for {before.username}; it stays")
    if verify:
        check(state, login_for(state, profile, secret))
    keep(state, store, profile, secret)

"""`addonctl auth`: logins, kept under names, their secrets in the system's keyring.

The words are here; entering.py logs in, taking_over.py does so from another tool's settings,
showing.py lists and checks, choosing.py changes what is kept. records.py is what they show.
"""

from __future__ import annotations

from typing import Annotated

from addonctl.cli.auth import choosing, entering, showing, taking_over
from addonctl.cli.auth.records import Entry, Status, Taken
from addonctl.cli.commands import Noun
from addonctl.cli.options import Argument, Option, Output
from addonctl.cli.state import State
from addonctl.errors import Usage
from addonctl.profiles.settings import Storage

Name = Annotated[str | None, Argument("[NAME]")]

command = Noun("Logins: kept under names, their secrets in the system's keyring.")


@command.verb(
    "login",
    rows=Taken,
    examples=(
        ("asks for all it needs", "addonctl auth login"),
        ("takes over the profiles of the Twilio CLI", "addonctl auth login --from-twilio-cli"),
    ),
)
def log_in(
    state: State,
    output: Output,
    name: Name = None,
    account: Annotated[str | None, Option("--account", "The account to log in to.", "AC…")] = None,
    key: Annotated[
        str | None,
        Option("--key", "The API key; without one the secret is the auth token.", "SK…"),
    ] = None,
    secret_stdin: Annotated[bool, Option("--secret-stdin", "Read the secret from stdin.")] = False,
    no_verify: Annotated[bool, Option("--no-verify", "Keep it without trying it first.")] = False,
    insecure_storage: Annotated[
        bool, Option("--insecure-storage", "Keep the secret in a file of mode 0600.")
    ] = False,
    from_twilio_cli: Annotated[
        bool, Option("--from-twilio-cli", "Take over the profiles of the Twilio CLI.")
    ] = False,
) -> None:
    """Log in once: the login is tried, then kept under NAME ('default').

    Asks for what is not given. The secret comes from a hidden prompt or, with --secret-stdin, from
    a pipe, and goes into the system's keyring.
    """
    storage: Storage = "file" if insecure_storage else "keyring"
    if from_twilio_cli:
        common = state.common
        parts = (name, secret_stdin, common.profile, account, key, common.region, common.edge)
        if any(parts):
            raise Usage("--from-twilio-cli takes over whole profiles: give it no part of one")
        taking_over.take_over(state, storage, verify=not no_verify)
    else:
        entering.log_in(
            state, name, account, key, storage, secret_stdin=secret_stdin, verify=not no_verify
        )


@command.verb(
    "status",
    rows=Status,
    examples=(("which logins work", "addonctl auth status"),),
)
def show_status(state: State, output: Output) -> None:
    """Show where each login comes from, and whether the service takes it."""
    showing.show_status(state)


@command.verb(
    "list",
    rows=Entry,
    examples=(("the names of all profiles", "addonctl auth list --fields profile --no-header"),),
)
def list_profiles(state: State, output: Output) -> None:
    """List the profiles, without asking keyring or service."""
    showing.list_profiles(state)


@command.verb(
    "use",
    examples=(("the pretend account, until another is chosen", "addonctl auth use sandbox"),),
)
def use_profile(state: State, name: Annotated[str, Argument("NAME")]) -> None:
    """Make a profile the one in use ('sandbox' is always there)."""
    choosing.use(state, name)


@command.verb(
    "logout",
    examples=(("forget the login in use", "addonctl auth logout"),),
)
def log_out(state: State, name: Name = None) -> None:
    """Forget a profile (the one in use), and its secret wherever it was kept."""
    choosing.log_out(state, name)

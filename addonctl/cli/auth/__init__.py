"""`addonctl auth`: logins, kept under names, their secrets in the system's keyring.

The words are here; entering.py logs in, taking_over.py does so from another tool's settings,
showing.py lists and checks, choosing.py changes what is kept. records.py is what they show.
"""

from __future__ import annotations

from typing import Annotated

import typer

from addonctl.cli.auth import choosing, entering, showing, taking_over
from addonctl.cli.auth.records import Entry, Status, Taken
from addonctl.cli.command import noun, verb
from addonctl.cli.options import OUTPUT, Option
from addonctl.cli.state import state_of
from addonctl.errors import Usage
from addonctl.profiles.settings import Storage

LOGIN = (
    Option(("--account",), "The account to log in to.", "AC…"),
    Option(("--key",), "The API key; without one the secret is the auth token.", "SK…"),
)
PARTS = {"profile", "account", "key", "region", "edge"}
"""What an option can say of a profile."""

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", show_default=False)]

app = noun()


@app.callback()
def auth() -> None:
    """Logins: kept under names, their secrets in the system's keyring."""


@verb(
    app,
    "login",
    LOGIN,
    OUTPUT,
    rows=Taken,
    examples=(
        ("asks for all it needs", "addonctl auth login"),
        ("takes over the profiles of the Twilio CLI", "addonctl auth login --from-twilio-cli"),
    ),
)
def log_in(
    context: typer.Context,
    name: Name = None,
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read the secret from stdin.")
    ] = False,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Keep it without trying it first.")
    ] = False,
    insecure_storage: Annotated[
        bool, typer.Option("--insecure-storage", help="Keep the secret in a file of mode 0600.")
    ] = False,
    from_twilio_cli: Annotated[
        bool, typer.Option("--from-twilio-cli", help="Take over the profiles of the Twilio CLI.")
    ] = False,
) -> None:
    """Log in once: the login is tried, then kept under NAME ('default').

    Asks for what is not given. The secret comes from a hidden prompt or, with --secret-stdin, from
    a pipe, and goes into the system's keyring.
    """
    state = state_of(context)
    storage: Storage = "file" if insecure_storage else "keyring"
    if from_twilio_cli:
        if name or secret_stdin or PARTS & state.given.keys():
            raise Usage("--from-twilio-cli takes over whole profiles: give it no part of one")
        taking_over.take_over(state, storage, verify=not no_verify)
    else:
        entering.log_in(state, name, storage, secret_stdin=secret_stdin, verify=not no_verify)


@verb(
    app,
    "status",
    OUTPUT,
    rows=Status,
    examples=(("which logins work", "addonctl auth status"),),
)
def show_status(context: typer.Context) -> None:
    """Show where each login comes from, and whether the service takes it."""
    showing.show_status(state_of(context))


@verb(
    app,
    "list",
    OUTPUT,
    rows=Entry,
    examples=(("the names of all profiles", "addonctl auth list --fields profile --no-header"),),
)
def list_profiles(context: typer.Context) -> None:
    """List the profiles, without asking keyring or service."""
    showing.list_profiles(state_of(context))


@verb(
    app,
    "use",
    examples=(("the pretend account, until another is chosen", "addonctl auth use sandbox"),),
)
def use_profile(
    context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]
) -> None:
    """Make a profile the one in use ('sandbox' is always there)."""
    choosing.use(state_of(context), name)


@verb(
    app,
    "logout",
    examples=(("forget the login in use", "addonctl auth logout"),),
)
def log_out(context: typer.Context, name: Name = None) -> None:
    """Forget a profile (the one in use), and its secret wherever it was kept."""
    choosing.log_out(state_of(context), name)

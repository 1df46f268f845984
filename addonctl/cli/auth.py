"""`addonctl auth`: logins, kept under names, their secrets in the system's keyring."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated, Any, NamedTuple

from addonctl.cli.commands import Noun
from addonctl.cli.options import Argument, Option, Output
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, LoginRefused, NotFound, SomeFailed, TryLater, Usage
from addonctl.files import home_folder
from addonctl.login import SANDBOX, Login, api_url, secret_flaw, trimmed
from addonctl.models import Record, fields
from addonctl.profiles import has_login, resolve, used_before_the_profile_in_use
from addonctl.profiles.config import Profile
from addonctl.profiles.keeping import TRIES, WHERE, Profiles, asked, of_twilio_cli

Name = Annotated[str | None, Argument("[NAME]")]


class LoggingIn(NamedTuple):
    """What to log in to, and how that is kept."""

    account: Annotated[str | None, Option("The account to log in to.", "AC…")] = None
    key: Annotated[
        str | None, Option("The API key; without one the secret is the auth token.", "SK…")
    ] = None
    secret_stdin: Annotated[bool, Option("Read the secret from stdin.")] = False
    no_verify: Annotated[bool, Option("Keep it without trying it first.")] = False
    insecure_storage: Annotated[bool, Option("Keep the secret in a file of mode 0600.")] = False
    from_twilio_cli: Annotated[bool, Option("Take over the profiles of the Twilio CLI.")] = False


class ProfileRow(Record):
    """One profile, as it is kept."""

    __slots__ = ()
    COLLECTION, ELEMENT = "profiles", "Profile"
    FIELDS = fields("profile in_use account_sid:sid key_sid:sid region edge storage")
    COLUMNS = tuple(field.name for field in FIELDS)


class LoginRow(Record):
    """One login: where it comes from, its secret masked, and what the service says to it."""

    __slots__ = ()
    COLLECTION, ELEMENT = "logins", "Login"
    FIELDS = fields(
        "profile in_use source keyring account_sid:sid key_sid:sid secret api_url status:status"
        " detail"
    )
    COLUMNS = tuple(field.name for field in FIELDS if field.name not in ("key_sid", "api_url"))


class TakenRow(Record):
    """What became of one profile of another tool."""

    __slots__ = ()
    COLLECTION, ELEMENT = "profiles", "Profile"
    FIELDS = fields("profile account_sid:sid outcome:status detail")
    COLUMNS = tuple(field.name for field in FIELDS)


command = Noun("Logins: kept under names, their secrets in the system's keyring.")


@command.verb(
    "login",
    rows=TakenRow,
    examples=(
        ("asks for all it needs", "addonctl auth login"),
        ("takes over the profiles of the Twilio CLI", "addonctl auth login --from-twilio-cli"),
    ),
)
def log_in(state: State, output: Output, given: LoggingIn, name: Name = None) -> None:
    """Log in once: the login is tried, then kept under NAME ('default').

    Asks for what is not given. The secret comes from a hidden prompt or, with --secret-stdin, from
    a pipe, and goes into the system's keyring.
    """
    common, environment, sink = state.common, state.environment, state.sink
    if given.from_twilio_cli:
        parts = (name, common.profile, common.region, common.edge, given.account, given.key)
        if any(parts) or given.secret_stdin:
            raise Usage("--from-twilio-cli takes over whole profiles: give it no part of one")
        _take_over(state, given)
        return
    if not given.secret_stdin and not sink.interactive:
        raise Usage(
            "nobody is here to ask for the secret",
            hint="pipe it in: addonctl auth login --secret-stdin --account AC… --key SK…",
        )
    if given.secret_stdin and (sys.stdin is None or sys.stdin.isatty()):
        raise Usage("--secret-stdin reads a pipe or a file, not what is typed")
    if name and common.profile not in (None, name):
        raise Usage(f"two names for one login: '{name}' and -p '{common.profile}'")
    words = Profile(
        name or _named(state) or "default",
        trimmed(given.account or ""),
        trimmed(given.key or ""),
        common.region or environment.get("TWILIO_REGION"),
        common.edge or environment.get("TWILIO_EDGE"),
        "file" if given.insecure_storage else "keyring",
    )
    profiles = Profiles(environment)
    prompts = None if given.secret_stdin else sink
    for left in reversed(range(TRIES if prompts else 1)):
        profile = profiles.completed(words, prompts)
        profiles.check_keeper(profile)
        secret = _secret(state, profile, piped=given.secret_stdin)
        try:
            if not given.no_verify:
                _check(state, _login(state, profile, secret))
            break
        except LoginRefused as problem:
            problem.hint = "nothing was kept; account, key and secret must belong together"
            if not left:
                raise
            sink.warn(f"{problem.message}; try again")
            sink.say(WHERE)
    _keep(state, profiles, profile, secret)
    sink.say(f"logged in to {profile.account} as profile '{profile.name}'")
    active = profiles.config().active
    if active != profile.name:
        sink.say(f"the profile in use is '{active}'; change it: addonctl auth use NAME")
    _say_what_decides(state)


@command.verb("status", rows=LoginRow, examples=(("which logins work", "addonctl auth status"),))
def show_status(state: State, output: Output) -> None:
    """Show where each login comes from, and whether the service takes it."""
    state.answering(LoginRow)
    profiles = Profiles(state.environment)
    names: list[str | None] = [_named(state)]
    if names == [None]:
        # None stands for the login of the variables, which beats the profile in use.
        names = [None] if has_login(state.environment) else []
        try:
            config = profiles.config()
            known = dict.fromkeys([config.active or "", *config.profiles])
            names += [name for name in known if name in (*config.profiles, SANDBOX)]
        except AddonctlError as problem:
            if not names:
                raise
            state.sink.warn(problem.message)
    found = [_status(state, profiles, name, in_use=name == names[0]) for name in names]
    rows, problems = [row for row, _ in found], [problem for _, problem in found if problem]
    state.sink.records(LoginRow, [rows])
    if not rows:
        raise LoginRefused("not logged in", hint="addonctl auth login, or try -p sandbox")
    refusals = [problem for problem in problems if isinstance(problem, LoginRefused)]
    if refusals:
        said = f"{len(refusals)} of {len(rows)} logins refused or without a secret"
        raise LoginRefused(said, hint=refusals[0].hint)
    if problems:
        raise TryLater(f"{len(problems)} of {len(rows)} logins could not be tried")


@command.verb(
    "list",
    rows=ProfileRow,
    examples=(("the names of all profiles", "addonctl auth list --fields profile --no-header"),),
)
def list_profiles(state: State, output: Output) -> None:
    """List the profiles, without asking keyring or service."""
    state.answering(ProfileRow)
    config = Profiles(state.environment).config()
    kept: list[tuple[Any, ...]] = list(config.profiles.values())
    if config.active == SANDBOX:
        kept.append((SANDBOX, None, None, None, None, None))
    rows = []
    for name, *rest in kept:
        values = (name, name == config.active, *rest)
        rows.append(ProfileRow(dict(zip(ProfileRow.COLUMNS, values, strict=True))))
    state.sink.records(ProfileRow, [rows])
    if not rows:
        state.sink.say("no profiles; log in: addonctl auth login; or try -p sandbox")


@command.verb(
    "use",
    examples=(("the pretend account, until another is chosen", "addonctl auth use sandbox"),),
)
def use_profile(state: State, name: Annotated[str, Argument("NAME")]) -> None:
    """Make a profile the one in use ('sandbox' is always there)."""
    Profiles(state.environment).use(name)
    state.sink.say(f"the profile in use is '{name}'")
    _say_what_decides(state)


@command.verb("logout", examples=(("forget the login in use", "addonctl auth logout"),))
def log_out(state: State, name: Name = None) -> None:
    """Forget a profile (the one in use), and its secret wherever it was kept."""
    profiles = Profiles(state.environment)
    config = profiles.config()
    gone = name or _named(state) or config.active
    if gone is None:
        raise LoginRefused("no profile is in use", hint="name one: addonctl auth logout NAME")
    if gone == SANDBOX:
        raise Usage(
            "the sandbox has no login to forget", hint="addonctl sandbox reset makes it anew"
        )
    profiles.forget(config.profile(gone))
    state.sink.say(f"logged out of profile '{gone}'; its secret is removed")
    if gone == config.active:
        state.sink.say("no profile is in use now; choose one: addonctl auth use NAME")
    _say_what_decides(state)


def _named(state: State) -> str | None:
    """The profile that was named."""
    return state.common.profile or state.environment.get("ADDONCTL_PROFILE") or None


def _secret(state: State, profile: Profile, *, piped: bool) -> str:
    """The secret, typed or from a pipe. Raises Usage for what cannot be one."""
    if not piped:
        owner = f"API key {profile.key}" if profile.key else profile.account
        what = f"{'secret' if profile.key else 'auth token'} of {owner} (not shown):"
        return asked(
            partial(state.sink.ask, hidden=True), what, "the secret", secret_flaw, state.sink
        )
    content = sys.stdin.buffer.read(1 << 16)  # secrets of the service have 32 bytes
    secret = trimmed(content.decode("utf-8", "replace"))
    if flaw := secret_flaw(secret):
        raise Usage(f"the secret {flaw}")
    return secret


def _check(state: State, login: Login) -> None:
    """Ask the service for the least it has. Raises LoginRefused if it does not take the login."""
    client = state.connected(login)
    try:
        next(client.recordings(page_size=1), None)
    except (LoginRefused, NotFound) as problem:
        raise LoginRefused(
            f"the service refuses this login: {problem.message}",
            status=problem.status,
            code=problem.code,
            more_info=problem.more_info,
            request_id=problem.request_id,
        ) from None
    finally:
        client.close()


def _login(state: State, profile: Profile, secret: str) -> Login:
    """The profile as it would log in."""
    override = state.environment.get("ADDONCTL_API_URL")
    return profile.login(secret, api_url(profile.region, profile.edge, override))


def _keep(state: State, profiles: Profiles, profile: Profile, secret: str) -> None:
    """Keep a login, and say what about it should not be overlooked."""
    leftover = profiles.keep(profile, secret)
    if profile.storage == "file":
        path = profiles.secrets_file.path
        state.sink.warn(f"the secret lies readable in {path} (mode 0600), as you asked")
    if leftover:
        state.sink.warn(f"its earlier secret could not be removed: {leftover.message}")


def _take_over(state: State, given: LoggingIn) -> None:
    """Keep the profiles of the vendor's own command line, each under its name."""
    state.answering(TakenRow)
    profiles, path = Profiles(state.environment), home_folder() / ".twilio-cli" / "config.json"
    found = of_twilio_cli(path, "file" if given.insecure_storage else "keyring")
    if fit := [each.profile for each in found if each.profile]:
        profiles.check_keeper(fit[0])
    failures: list[AddonctlError] = []
    rows = []
    for name, profile, secret, flaw in found:
        row = {"profile": name, "account_sid": None, "outcome": "done", "detail": None}
        try:
            if not profile:
                raise Usage(flaw)
            row["account_sid"] = profile.account
            before = profiles.config().profiles.get(name)
            if before and before.username != profile.username:
                raise Usage(f"there is a profile of this name, for {before.username}; it stays")
            if not given.no_verify:
                _check(state, _login(state, profile, secret))
            _keep(state, profiles, profile, secret)
        except AddonctlError as problem:
            failures.append(problem)
            row |= {"outcome": "failed", "detail": problem.message}
        rows.append(TakenRow(row))
    state.sink.records(TakenRow, [rows])
    state.sink.warn(f"the secrets still lie readable in {path}")
    _say_what_decides(state)
    if failures:
        alike = len(failures) == len(found) and len({type(problem) for problem in failures}) == 1
        kind = type(failures[0]) if alike else SomeFailed
        raise kind(f"{len(failures)} of {len(found)} profiles could not be taken over")


def _status(
    state: State, profiles: Profiles, name: str | None, *, in_use: bool
) -> tuple[LoginRow, AddonctlError | None]:
    """One login as a row (of the variables where it has no name), and why it cannot be used."""
    row: dict[str, Any] = dict.fromkeys(field.name for field in LoginRow.FIELDS)
    source = SANDBOX if name == SANDBOX else "variables"
    row |= {"profile": name, "in_use": in_use, "source": source, "status": "missing"}
    try:
        if name and name != SANDBOX:
            kept = profiles.config().profile(name)
            row |= {"source": kept.storage, "account_sid": kept.account, "key_sid": kept.key}
            if kept.storage == "keyring":
                row["keyring"] = profiles.keyring.backend
        login = resolve(
            profile=name,
            account=state.common.account,
            region=state.common.region,
            edge=state.common.edge,
            environment=state.environment,
            profiles=profiles,
        )
        if login.source != SANDBOX:
            key = login.username if login.username != login.account else None
            row |= {"account_sid": login.account, "key_sid": key, "api_url": login.api_url}
            row |= {"secret": "********", "status": "refused"}  # whatever the secret's length
            _check(state, login)
    except Usage:
        raise
    except AddonctlError as problem:
        if not isinstance(problem, LoginRefused):
            row["status"] = "unknown"
        return LoginRow(row | {"detail": problem.message}), problem
    return LoginRow(row | {"status": "accepted"}), None


def _say_what_decides(state: State) -> None:
    """Tell whoever has just chosen a profile that another login is used before it."""
    if said := used_before_the_profile_in_use(state.environment):
        state.sink.warn(said)

"""`addonctl auth`: logins, kept under names, their secrets in the system's keyring."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from addonctl.addresses import sid_flaw
from addonctl.cli.commands import Noun, example
from addonctl.cli.options import OptionSet, Output, Word, argument, option
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, LoginRefused, NotFound, SomeFailed, TryLater, Usage
from addonctl.files import home_folder
from addonctl.models import Record, fields
from addonctl.profiles import (
    SANDBOX,
    Login,
    api_url,
    login_variables,
    resolve,
    secret_flaw,
    trimmed,
)
from addonctl.profiles.config import Profile, checked_name
from addonctl.profiles.keeping import Profiles, of_twilio_cli

TRIES = 3
"""How often each thing is asked for."""
WHERE = (
    "the account SID and its auth token are on the first page of https://console.twilio.com;"
    " an API key is made there under Account > API keys & tokens, which shows its secret once"
)


class LoggingIn(OptionSet):
    """What to log in to, and how that is kept."""

    account: Word = option("The account to log in to.", "AC…")
    key: Word = option("The API key; without one the secret is the auth token.", "SK…")
    secret_stdin: bool = option("Read the secret from stdin.")
    no_verify: bool = option("Keep it without trying it first.")
    insecure_storage: bool = option("Keep the secret in a file of mode 0600.")
    from_twilio_cli: bool = option("Take over the profiles of the Twilio CLI.")


class ProfileRow(Record):
    """One profile, as it is kept."""

    COLLECTION, ELEMENT = "profiles", "Profile"
    FIELDS = fields("profile in_use account_sid:sid key_sid:sid region edge storage")


class LoginRow(Record):
    """One login: where it comes from, its secret masked, and what the service says to it."""

    COLLECTION, ELEMENT = "logins", "Login"
    FIELDS = fields(
        "profile in_use source keyring account_sid:sid key_sid:sid secret api_url status:status"
        " detail"
    )
    COLUMNS = tuple(field.name for field in FIELDS if field.name not in ("key_sid", "api_url"))


class TakenRow(Record):
    """What became of one profile of another tool."""

    COLLECTION, ELEMENT = "profiles", "Profile"
    FIELDS = fields("profile account_sid:sid outcome:status detail")


command = Noun("Logins: kept under names, their secrets in the system's keyring.")


@command.verb("login", rows=TakenRow)
@example("asks for all it needs", "addonctl auth login")
@example("takes over the profiles of the Twilio CLI", "addonctl auth login --from-twilio-cli")
def log_in(state: State, output: Output, given: LoggingIn, name: Word = argument("[NAME]")) -> None:
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
        name or state.named_profile or "default",
        trimmed(given.account or ""),
        trimmed(given.key or ""),
        common.region or environment.get("TWILIO_REGION"),
        common.edge or environment.get("TWILIO_EDGE"),
        "file" if given.insecure_storage else "keyring",
    )
    profiles = Profiles(environment)
    for left in reversed(range(1 if given.secret_stdin else TRIES)):
        profile = _completed(state, profiles, words, asks=not given.secret_stdin)
        profiles.check_keeper(profile)
        if given.secret_stdin:
            content = sys.stdin.buffer.read(1 << 16)  # secrets of the service have 32 bytes
            secret = trimmed(content.decode("utf-8", "replace"))
            if flaw := secret_flaw(secret):
                raise Usage(f"the secret {flaw}")
        else:
            token = f"auth token of {profile.account}"
            what = f"secret of API key {profile.key}" if profile.key else token
            secret = _asked(state, f"{what} (not shown):", secret_flaw, hidden=True)
        try:
            if not given.no_verify:
                _check(state, profiles.login(profile, secret))
            break
        except LoginRefused as problem:
            problem.hint = "nothing was kept; account, key and secret must belong together"
            if not left:
                raise
            sink.warn(f"{problem.message}; try again")
            sink.say(WHERE)
    for said in profiles.keep(profile, secret):
        sink.warn(said)
    sink.say(f"logged in to {profile.account} as profile '{profile.name}'")
    if (active := profiles.config().active) != profile.name:
        sink.say(f"the profile in use is '{active}'; change it: addonctl auth use NAME")
    _say_what_decides(state)


@command.verb("status", rows=LoginRow)
@example("which logins work", "addonctl auth status")
def show_status(state: State) -> None:
    """Show where each login comes from, and whether the service takes it."""
    state.answering(LoginRow)
    profiles = Profiles(state.environment)
    names: list[str | None] = [state.named_profile]
    if names == [None]:
        # None stands for the login of the variables, which beats the profile in use.
        names = [None] if login_variables(state.environment) else []
        try:
            config = profiles.config()
            known = dict.fromkeys([config.active or "", *config.profiles])
            names += [name for name in known if name in (*config.profiles, SANDBOX)]
        except AddonctlError as problem:
            if not names:
                raise
            state.sink.warn(problem.message)
    common, rows, problems = state.common, [], list[AddonctlError]()
    typed = {"account": common.account, "region": common.region, "edge": common.edge}
    for name in names:
        row: dict[str, Any] = dict.fromkeys(field.name for field in LoginRow.FIELDS)
        source = SANDBOX if name == SANDBOX else "variables"
        row |= {"profile": name, "in_use": name == names[0], "source": source, "status": "missing"}
        try:
            if name and name != SANDBOX:
                kept = profiles.config().profile(name)
                row |= {"source": kept.storage, "account_sid": kept.account, "key_sid": kept.key}
                if kept.storage == "keyring":
                    row["keyring"] = profiles.keyring.backend
            login = resolve(state.environment, profile=name, profiles=profiles, **typed)
            if login.source != SANDBOX:
                key = login.username if login.username != login.account else None
                row |= {"account_sid": login.account, "key_sid": key, "api_url": login.api_url}
                row |= {"secret": "********", "status": "refused"}  # whatever the secret's length
                _check(state, login)
            row["status"] = "accepted"
        except Usage:
            raise
        except AddonctlError as problem:
            problems.append(problem)
            row["detail"] = problem.message
            if not isinstance(problem, LoginRefused):
                row["status"] = "unknown"
        rows.append(LoginRow(row))
    state.sink.records(LoginRow, [rows])
    if not rows:
        raise LoginRefused("not logged in", hint="addonctl auth login, or try -p sandbox")
    refusals = [problem for problem in problems if isinstance(problem, LoginRefused)]
    if refusals:
        said = f"{len(refusals)} of {len(rows)} logins refused or without a secret"
        raise LoginRefused(said, hint=refusals[0].hint)
    if problems:
        raise TryLater(f"{len(problems)} of {len(rows)} logins could not be tried")


@command.verb("list", rows=ProfileRow)
@example("the names of all profiles", "addonctl auth list --fields profile --no-header")
def list_profiles(state: State) -> None:
    """List the profiles, without asking keyring or service."""
    state.answering(ProfileRow)
    config = Profiles(state.environment).config()
    kept: list[tuple[Any, ...]] = list(config.profiles.values())
    if config.active == SANDBOX:
        kept.append((SANDBOX, None, None, None, None, None))
    names = [field.name for field in ProfileRow.FIELDS]
    values = [(name, name == config.active, *rest) for name, *rest in kept]
    rows = [ProfileRow(dict(zip(names, each, strict=True))) for each in values]
    state.sink.records(ProfileRow, [rows])
    if not rows:
        state.sink.say("no profiles; log in: addonctl auth login; or try -p sandbox")


@command.verb("use")
@example("the pretend account, until another is chosen", "addonctl auth use sandbox")
def use_profile(state: State, name: str = argument("NAME")) -> None:
    """Make a profile the one in use ('sandbox' is always there)."""
    Profiles(state.environment).use(name)
    state.sink.say(f"the profile in use is '{name}'")
    _say_what_decides(state)


@command.verb("logout")
@example("forget the login in use", "addonctl auth logout")
def log_out(state: State, name: Word = argument("[NAME]")) -> None:
    """Forget a profile (the one in use), and its secret wherever it was kept."""
    profiles = Profiles(state.environment)
    config = profiles.config()
    gone = name or state.named_profile or config.active
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


def _completed(state: State, profiles: Profiles, words: Profile, *, asks: bool) -> Profile:
    """The profile that `words` mean: what they leave out is what the name stands for already, and
    of a new one asked for. Raises Usage, also for a name that is another account's.
    """
    config = profiles.config()
    known = config.profiles.get(checked_name(words.name))
    pairs = zip(words, known or words, strict=True)
    profile = Profile._make(given or its or None for given, its in pairs)
    api_url(profile.region, profile.edge)  # raises for what could name another host
    account, key = profile.account, profile.key
    if not account and not asks:
        raise Usage("which account is it for?", hint="add --account AC…")
    if not account:
        profiles.check_keeper(words)  # nobody likes to answer questions in vain
        account = _asked(state, "account SID (AC…):", lambda it: sid_flaw(it, "AC"))
    for word, prefix in ((account, "AC"), (key, "SK")):
        if word and (flaw := sid_flaw(word, prefix)):
            raise Usage(f"that {flaw}")
    if asks and not (known or key):
        question = "API key SID (SK…; empty to use the auth token):"
        key = _asked(state, question, lambda it: it and sid_flaw(it, "SK"))
    profile = profile._replace(account=account, key=key or None)
    config.must_take(profile)
    return profile


def _asked(
    state: State, question: str, flaw_of: Callable[[str], str | None], *, hidden: bool = False
) -> str:
    """What is typed, once it has no flaw. Raises Usage, saying which, after a few tries."""
    sink, subject = state.sink, "the secret" if hidden else "that"
    for left in reversed(range(TRIES)):
        answer = trimmed(sink.ask(question, hidden=hidden))
        flaw = flaw_of(answer)
        if not flaw:
            return answer
        if left:
            sink.warn(f"{subject} {flaw}; try again")
            sink.say(WHERE)
    raise Usage(f"{subject} {flaw}", hint=WHERE)


def _check(state: State, login: Login) -> None:
    """Ask the service for the least it has. Raises LoginRefused if it does not take the login."""
    client = state.connected(login)
    try:
        next(client.recordings(page_size=1), None)
    except (LoginRefused, NotFound) as problem:
        told = f"the service refuses this login: {problem.message}"
        raise LoginRefused(**{**vars(problem), "message": told, "hint": None}) from None
    finally:
        client.close()


def _take_over(state: State, given: LoggingIn) -> None:
    """Keep the profiles of the vendor's own command line, each under its name."""
    state.answering(TakenRow)
    profiles, path = Profiles(state.environment), home_folder() / ".twilio-cli" / "config.json"
    found = of_twilio_cli(path, "file" if given.insecure_storage else "keyring")
    if fit := [each.profile for each in found if each.profile]:
        profiles.check_keeper(fit[0])
    rows, failures = [], list[AddonctlError]()
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
                _check(state, profiles.login(profile, secret))
            for said in profiles.keep(profile, secret):
                state.sink.warn(said)
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


def _say_what_decides(state: State) -> None:
    """Tell whoever has just chosen a profile that another login is used before it."""
    if named := state.environment.get("ADDONCTL_PROFILE"):
        state.sink.warn(f"ADDONCTL_PROFILE is set: '{named}' is used before the profile in use")
    elif names := login_variables(state.environment):
        state.sink.warn(f"{' and '.join(names)} set: used before the profile in use")

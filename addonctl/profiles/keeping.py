"""Profiles with their secrets: config.toml says which there are, keyring or file keep the rest.

And those of the vendor's own command line, which can be taken over. Its ~/.twilio-cli/config.json
has `{"profiles": {"NAME": {"accountSid", "apiKey", "apiSecret", "region"}}, "edge": "WORD",
"activeProject": "NAME"}`, secrets in plain text; the edge is that of all its profiles.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from addonctl import files
from addonctl.addresses import is_sid, sid_flaw
from addonctl.errors import LoginRefused, NotFound, Usage
from addonctl.login import SANDBOX, checked_label, secret_flaw, trimmed
from addonctl.profiles.config import Changes, Config, ConfigFile, Profile, checked_name
from addonctl.profiles.secrets import Keyring, SecretsFile

LARGEST = 1 << 20
"""Bytes of that tool's file; its plug-ins keep words of their own there."""
TRIES = 3
"""How often each thing is asked for."""

WHERE = (
    "the account SID and its auth token are on the first page of https://console.twilio.com;"
    " an API key is made there under Account > API keys & tokens, which shows its secret once"
)


class Prompts(Protocol):
    """Who asks the user."""

    def ask(self, question: str) -> str: ...
    def say(self, text: str) -> None: ...
    def warn(self, text: str) -> None: ...


class Profiles:
    """All that is kept between two runs. Only the methods about secrets touch any.

    Each method raises AddonctlError where the user has no folder for it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.keyring = Keyring()

    @cached_property
    def config_file(self) -> ConfigFile:
        return ConfigFile(files.config_folder(self._environment))

    @cached_property
    def secrets_file(self) -> SecretsFile:
        return SecretsFile(files.config_folder(self._environment))

    def config(self) -> Config:
        """Which profiles there are. Raises Usage for a broken config.toml."""
        return self.config_file.read()

    def use(self, name: str) -> None:
        """Make `name` the profile in use. Raises LoginRefused, with the known ones, for none."""

        def change(config: Config) -> Changes:
            return {("active",): name if name == SANDBOX else config.profile(name).name}

        with self.config_file.changing(change):
            pass

    def completed(self, words: Profile, prompts: Prompts | None) -> Profile:
        """The profile that `words` mean, whose account may be empty.

        What they leave out is what the name stands for already; of a new one it is asked for,
        if there is anyone to ask. Raises Usage for a word that cannot be what it should, and for
        a name that is another account's.
        """
        known = self.config().profiles.get(checked_name(words.name))
        region = checked_label(words.region or (known and known.region), "region")
        edge = checked_label(words.edge or (known and known.edge), "edge")
        account = words.account or (known and known.account)
        key = words.key or (known and known.key)
        if not account:
            if not prompts:
                raise Usage("which account is it for?", hint="add --account AC…")
            self.check_keeper(words)  # nobody likes to answer questions in vain
            question = "account SID (AC…):"
            account = asked(prompts.ask, question, "that", lambda it: sid_flaw(it, "AC"), prompts)
        elif flaw := sid_flaw(account, "AC"):
            raise Usage(f"that {flaw}")
        if key and (flaw := sid_flaw(key, "SK")):
            raise Usage(f"that {flaw}")
        if not known and not key and prompts:
            question = "API key SID (SK…; empty to use the auth token):"
            key = asked(
                prompts.ask, question, "that", lambda it: it and sid_flaw(it, "SK"), prompts
            )
        profile = Profile(words.name, account, key or None, region, edge, words.storage)
        _check_same_account(known, profile)
        return profile

    def secret(self, profile: Profile) -> str:
        """The profile's secret. Raises LoginRefused where it is not to be had."""
        keeper = self._keeper(profile)
        secret = keeper.get(profile.entry)
        hint = f"log in again: addonctl auth login {profile.name}"
        if secret is None:
            raise LoginRefused(
                f"profile '{profile.name}': {keeper.place} holds no secret of {profile.username}",
                hint=hint,
            )
        if flaw := secret_flaw(secret):  # others can write there too
            raise LoginRefused(
                f"profile '{profile.name}': the secret in {keeper.place} {flaw}", hint=hint
            )
        return secret

    def check_keeper(self, profile: Profile) -> None:
        """Raise LoginRefused if its secret could not be kept, before anyone is asked for it."""
        self._keeper(profile).get(profile.entry)

    def keep(self, profile: Profile, secret: str) -> LoginRefused | None:
        """Keep a login, and use it if none is in use.

        What its name stood for before is removed, and stays if this fails. Gives back why an
        earlier secret could not be removed from where it was, if so. Raises Usage for a name
        that is another account's.
        """
        before: Profile | None = None

        def change(config: Config) -> Changes:
            nonlocal before
            before = config.profiles.get(profile.name)
            _check_same_account(before, profile)
            changes = profile.changes()
            return changes if config.active else {("active",): profile.name, **changes}

        with self.config_file.changing(change):
            self._keeper(profile).put(profile.entry, secret)
        if before and (before.entry, before.storage) != (profile.entry, profile.storage):
            try:
                self._keeper(before).remove(before.entry)
            except LoginRefused as problem:
                return problem
        return None

    def forget(self, profile: Profile) -> None:
        """Remove a login and its secret, wherever that was kept; if it was in use, none is then."""

        def change(config: Config) -> Changes:
            gone: Changes = {("profiles", profile.name): None}
            # The line of the one in use keeps its place, and its comment.
            return {**gone, ("active",): ""} if config.active == profile.name else gone

        with self.config_file.changing(change):
            self.secrets_file.remove(profile.entry)
            try:
                self.keyring.remove(profile.entry)
            except LoginRefused:
                # A machine without a keyring is why secrets are in a file.
                if profile.storage == "keyring":
                    raise

    def _keeper(self, profile: Profile) -> Keyring | SecretsFile:
        return self.keyring if profile.storage == "keyring" else self.secrets_file


def _check_same_account(known: Profile | None, profile: Profile) -> None:
    """A name stays the account's that it was given to: scripts rely on it."""
    if known and known.account != profile.account:
        raise Usage(
            f"profile '{profile.name}' is a login to {known.account}, and stays so",
            hint=f"choose another name, or first: addonctl auth logout {profile.name}",
        )


def asked(
    ask: Callable[[str], str],
    question: str,
    subject: str,
    flaw: Callable[[str], str | None],
    prompts: Prompts,
) -> str:
    """What is typed, once it has no flaw. Raises Usage, saying which, after a few tries."""
    for left in reversed(range(TRIES)):
        answer = trimmed(ask(question))
        problem = flaw(answer)
        if not problem:
            return answer
        if left:
            prompts.warn(f"{subject} {problem}; try again")
            prompts.say(WHERE)
    raise Usage(f"{subject} {problem}", hint=WHERE)


class Foreign(NamedTuple):
    """One profile of another tool: with its secret, or the `flaw` for which it cannot be taken."""

    name: str
    profile: Profile | None = None
    secret: str = ""
    flaw: str = ""

    def __repr__(self) -> str:
        return f"Foreign({self.name!r}, {self.profile}, secret=…)"


def of_twilio_cli(path: Path, storage: Literal["keyring", "file"]) -> list[Foreign]:
    """The profiles of that tool, the one in use first, to be kept in that storage.

    Raises NotFound if there are none, Usage for a file that is broken.
    """
    content = files.read(path, LARGEST)
    if not content:
        raise NotFound(f"there is no {path} to take profiles from", hint="addonctl auth login")
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        line = getattr(problem, "lineno", 1)
        raise Usage(f"{path}, line {line}: not valid JSON") from None
    profiles = document.get("profiles") if isinstance(document, dict) else None
    if not isinstance(profiles, dict) or not profiles:
        raise NotFound(f"{path} holds no profiles", hint="addonctl auth login")
    active, found = document.get("activeProject"), []
    for name, entry in sorted(profiles.items(), key=lambda pair: pair[0] != active):
        given = {"edge": document.get("edge"), **entry} if isinstance(entry, dict) else {}
        words = {key: trimmed(word) for key, word in given.items() if isinstance(word, str)}
        account, key = words.get("accountSid", ""), words.get("apiKey", "")
        secret = words.get("apiSecret", "")
        try:
            if not is_sid(account, "AC"):
                raise Usage("it names no account (AC…)")
            if not is_sid(key, "SK"):
                raise Usage("it names no API key (SK…)")
            if flaw := secret_flaw(secret):
                raise Usage(f"its secret {flaw}")
            checked_name(name)
            region = checked_label(words.get("region"), "region") or None
            edge = checked_label(words.get("edge"), "edge") or None
        except Usage as problem:
            found.append(Foreign(name, flaw=problem.message))
        else:
            profile = Profile(name, account, key, region, edge, storage)
            found.append(Foreign(name, profile, secret))
    return found

"""Profiles with their secrets: config.toml says which there are, the keyring keeps the rest, or by
a user's explicit wish a file. Never both at once.

And those of the vendor's own command line, which can be taken over. Its ~/.twilio-cli/config.json
has `{"profiles": {"NAME": {"accountSid", "apiKey", "apiSecret", "region"}}, "edge": "WORD",
"activeProject": "NAME"}`, secrets in plain text; the edge is that of all its profiles.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from addonctl import files
from addonctl.addresses import is_sid
from addonctl.errors import LoginRefused, NotFound, Usage
from addonctl.profiles import SANDBOX, Login, api_url, secret_flaw, trimmed
from addonctl.profiles.config import KEYS, Changes, Config, ConfigFile, Profile, checked_name

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "addonctl"
PATIENCE = 1.5
"""Seconds a keyring may take for one answer. Some hang for minutes, waiting for a window that
nobody sees; with start-up, a command ends within 3 seconds."""
MOST, MOST_OF_OTHERS = 1 << 18, 1 << 20
"""Bytes of secrets.json; and of that tool's file, where plug-ins keep words of their own."""
WAYS_OUT = (
    "set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET,"
    " or keep the secret in a file: addonctl auth login --insecure-storage"
)

T = TypeVar("T")


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

    def config(self) -> Config:
        """Which profiles there are. Raises Usage for a broken config.toml."""
        return self.config_file.read()

    def use(self, name: str) -> None:
        """Make `name` the profile in use. Raises LoginRefused, with the known ones, for none."""
        with self.config_file.changing(
            lambda config: {("active",): name if name == SANDBOX else config.profile(name).name}
        ):
            pass

    def secret(self, profile: Profile) -> str:
        """The profile's secret. Raises LoginRefused where it is not to be had."""
        keeper = self._keeper(profile.storage)
        secret = keeper.get(profile.entry)
        if secret is None:
            why = f"{keeper.place} holds no secret of {profile.username}"
        elif flaw := secret_flaw(secret):  # others can write there too
            why = f"the secret in {keeper.place} {flaw}"
        else:
            return secret
        hint = f"log in again: addonctl auth login {profile.name}"
        raise LoginRefused(f"profile '{profile.name}': {why}", hint=hint)

    def check_keeper(self, profile: Profile) -> None:
        """Raise LoginRefused if its secret could not be kept, before anyone is asked for it."""
        self._keeper(profile.storage).get(profile.entry)

    def login(self, profile: Profile, secret: str) -> Login:
        """The profile as it would log in, if it were kept."""
        override = self._environment.get("ADDONCTL_API_URL")
        return profile.login(secret, api_url(profile.region, profile.edge, override))

    def keep(self, profile: Profile, secret: str) -> list[str]:
        """Keep a login, and use it if none is in use; what of that should not be overlooked.

        What its name stood for before is removed, and stays if this fails. Raises Usage for a name
        that is another account's.
        """

        def change(config: Config) -> Changes:
            config.must_take(profile)
            active = {} if config.active else {("active",): profile.name}
            words = profile._asdict() | {"storage": "file" if profile.storage == "file" else None}
            return active | {("profiles", profile.name, key): words[key] for key in KEYS}

        keeper, said = self._keeper(profile.storage), []
        with self.config_file.changing(change) as config:
            keeper.put(profile.entry, secret)
        if profile.storage == "file":
            said.append(f"the secret lies readable in {keeper.place} (mode 0600), as you asked")
        before = config.profiles.get(profile.name)
        if before and (before.entry, before.storage) != (profile.entry, profile.storage):
            try:
                self._keeper(before.storage).remove(before.entry)
            except LoginRefused as problem:
                said.append(f"its earlier secret could not be removed: {problem.message}")
        return said

    def forget(self, profile: Profile) -> None:
        """Remove a login and its secret, wherever that was kept; if it was in use, none is then."""

        def change(config: Config) -> Changes:
            gone: Changes = {("profiles", profile.name): None}
            # The line of the one in use keeps its place, and its comment.
            return {**gone, ("active",): ""} if config.active == profile.name else gone

        with self.config_file.changing(change):
            self._keeper("file").remove(profile.entry)
            try:
                self.keyring.remove(profile.entry)
            except LoginRefused:
                # A machine without a keyring is why secrets are in a file.
                if profile.storage == "keyring":
                    raise

    def _keeper(self, storage: Literal["keyring", "file"]) -> Keyring | SecretsFile:
        if storage == "keyring":
            return self.keyring
        return SecretsFile(files.config_folder(self._environment))


class Keyring:
    """The operating system's keyring, through the `keyring` library.

    Every method raises LoginRefused, with the ways out, where there is no keyring, or it is
    locked, or does not answer in time. After that it is not asked again.
    """

    place = "the keyring"

    def __init__(self) -> None:
        self._given_up: LoginRefused | None = None

    @property
    def backend(self) -> str:
        """What kind of keyring it is, in the library's words."""
        return self._ask(lambda keyring: str(keyring.name))

    def get(self, entry: str) -> str | None:
        return self._ask(lambda keyring: keyring.get_password(SERVICE, entry))

    def put(self, entry: str, secret: str) -> None:
        self._ask(lambda keyring: keyring.set_password(SERVICE, entry, secret))

    def remove(self, entry: str) -> None:
        """Removes it; nothing happens where there is none."""

        def remove(keyring: KeyringBackend) -> None:
            if keyring.get_password(SERVICE, entry) is not None:
                keyring.delete_password(SERVICE, entry)

        self._ask(remove)  # both at once: it may take its time only once

    def _ask(self, question: Callable[[KeyringBackend], T]) -> T:
        if self._given_up:
            raise self._given_up
        answers: list[T] = []
        why = "the keyring does not answer; it may be waiting to be unlocked"
        refusal = LoginRefused(why, hint=WAYS_OUT)

        def run() -> None:
            nonlocal refusal
            try:
                answers.append(question(_chosen()))
            except LoginRefused as problem:
                refusal = problem
            except BaseException as problem:  # backends, and what they load, raise all sorts
                # Its own text is not repeated: nobody knows what a backend puts there. The errors
                # are not imported: that the library itself cannot be may be the problem.
                errors = sys.modules.get("keyring.errors")
                why, hint = f"the keyring cannot be used ({type(problem).__name__})", WAYS_OUT
                if errors and isinstance(problem, errors.KeyringLocked | errors.InitError):
                    why, hint = "the keyring is locked", f"unlock it, or {WAYS_OUT}"
                refusal = LoginRefused(why, hint=hint)

        # The end of the program does not wait for a daemon, as it would for a pool's thread.
        thread = Thread(target=run, name="keyring", daemon=True)
        try:
            thread.start()
            thread.join(PATIENCE)
        except RuntimeError:
            why = "the keyring is asked by a thread of its own, and there is none to be had"
            refusal = LoginRefused(why, hint=WAYS_OUT)
        if answers:
            return answers[0]
        self._given_up = refusal
        raise refusal


def _chosen() -> KeyringBackend:
    """The keyring to use. Raises LoginRefused if there is none that keeps secrets secret.

    keyrings.alt, where it is installed, offers files in plain text as keyrings, and may ask for
    a password on the stdin that we read addresses from.
    """
    from keyring import core
    from keyring.backends import chainer, fail, null

    def is_plain(backend: object) -> bool:
        return type(backend).__module__.startswith("keyrings.alt")

    # The limit does not hold for a user's own choice (PYTHON_KEYRING_BACKEND, keyringrc.cfg).
    core.init_backend(limit=lambda backend: not is_plain(backend))
    backend = core.get_keyring()
    if isinstance(backend, chainer.ChainerBackend) and backend.backends:
        backend = backend.backends[0]
    if is_plain(backend):
        raise LoginRefused("the keyring of this machine does not protect secrets", hint=WAYS_OUT)
    if isinstance(backend, chainer.ChainerBackend | fail.Keyring | null.Keyring):
        raise LoginRefused("this machine has no keyring to keep a secret in", hint=WAYS_OUT)
    return backend


class SecretsFile:
    """secrets.json in the config folder, mode 0600: plain text, for machines without a keyring.

    Every method raises LoginRefused if others can read the file, Usage if it is broken, and
    AddonctlError where it cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.place = self.path = folder / "secrets.json"

    def get(self, entry: str) -> str | None:
        return self._read().get(entry)

    def put(self, entry: str, secret: str) -> None:
        with files.locked(self.path):
            entries = {**self._read(), entry: secret}
            files.replace(self.path, json.dumps(entries, indent=2).encode())

    def remove(self, entry: str) -> None:
        """Removes it, and the file with the last one; nothing happens where there is none."""
        if entry not in self._read():
            return
        with files.locked(self.path):
            left = {name: secret for name, secret in self._read().items() if name != entry}
            files.replace(self.path, json.dumps(left, indent=2).encode())
            if not left:
                self.path.resolve().unlink(missing_ok=True)

    def _read(self) -> dict[str, str]:
        content = files.read(self.path, MOST)
        if not content:
            return {}
        if os.name == "posix" and self.path.stat().st_mode & 0o077:
            raise LoginRefused(
                f"{self.path} holds secrets and others may read it; it is not used",
                hint=f"take their right away: chmod 600 {self.path}",
            )
        line = 1
        try:
            entries = json.loads(content)
        except (ValueError, RecursionError) as problem:
            entries, line = None, getattr(problem, "lineno", 1)
        if not isinstance(entries, dict) or not all(isinstance(it, str) for it in entries.values()):
            # What stands there is not repeated: it is secrets.
            raise Usage(
                f"{self.path}, line {line}: broken", hint="remove the file, and log in again"
            )
        return entries


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
    content = files.read(path, MOST_OF_OTHERS)
    if not content:
        raise NotFound(f"there is no {path} to take profiles from", hint="addonctl auth login")
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        raise Usage(f"{path}, line {getattr(problem, 'lineno', 1)}: not valid JSON") from None
    profiles = document.get("profiles") if isinstance(document, dict) else None
    if not isinstance(profiles, dict) or not profiles:
        raise NotFound(f"{path} holds no profiles", hint="addonctl auth login")
    active, found = document.get("activeProject"), []
    for name, entry in sorted(profiles.items(), key=lambda pair: pair[0] != active):
        given = {"edge": document.get("edge"), **entry} if isinstance(entry, dict) else {}
        words = {key: trimmed(word) for key, word in given.items() if isinstance(word, str)}
        account, key, secret = (words.get(it, "") for it in ("accountSid", "apiKey", "apiSecret"))
        try:
            if not is_sid(account, "AC"):
                raise Usage("it names no account (AC…)")
            if not is_sid(key, "SK"):
                raise Usage("it names no API key (SK…)")
            if flaw := secret_flaw(secret):
                raise Usage(f"its secret {flaw}")
            region, edge = (words.get(it) or None for it in ("region", "edge"))
            api_url(region, edge)  # raises for what could name another host
            profile = Profile(checked_name(name), account, key, region, edge, storage)
            found.append(Foreign(name, profile, secret))
        except Usage as problem:
            found.append(Foreign(name, flaw=problem.message))
    return found

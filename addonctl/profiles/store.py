"""Profiles with their secrets: settings in config.toml, each secret in the keyring or the file."""

from __future__ import annotations

from collections.abc import Mapping

from addonctl.errors import LoginRefused
from addonctl.login import Login
from addonctl.profiles.files import config_folder
from addonctl.profiles.secrets import Keyring, SecretsFile
from addonctl.profiles.settings import Profile, Settings, SettingsFile


class Store:
    """All that is kept between two runs. Only the methods about secrets touch any."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        folder = config_folder(environment)
        self.settings_file = SettingsFile(folder)
        self.secrets_file = SecretsFile(folder)
        self.keyring = Keyring()

    def settings(self) -> Settings:
        """Which profiles there are. Raises Usage for a broken config.toml."""
        return self.settings_file.read()

    def secret(self, profile: Profile) -> str:
        """The profile's secret. Raises LoginRefused where it is not to be had."""
        secret = self._keeper(profile).get(profile.entry)
        if secret is None:
            place = "the keyring" if profile.storage == "keyring" else str(self.secrets_file.path)
            raise LoginRefused(
                f"profile '{profile.name}': {place} holds no secret of {profile.username}",
                hint=f"log in again: addonctl auth login {profile.name}",
            )
        return secret

    def check_keeper(self, profile: Profile) -> None:
        """Raise LoginRefused if its secret could not be kept, before anyone is asked for it."""
        self._keeper(profile).get(profile.entry)

    def keep(self, profile: Profile, secret: str) -> LoginRefused | None:
        """Keep a login; what its name stood for before is removed, and stays if this fails.

        Gives back why an earlier secret could not be removed from where it was, if so.
        """
        before = self.settings().profiles.get(profile.name)
        with self.settings_file.putting(profile):
            self._keeper(profile).put(profile.entry, secret)
        if before and (before.entry, before.storage) != (profile.entry, profile.storage):
            try:
                self._keeper(before).remove(before.entry)
            except LoginRefused as problem:
                return problem
        return None

    def forget(self, profile: Profile) -> None:
        """Remove a login and its secret, wherever that was kept."""
        with self.settings_file.removing(profile.name):
            self.secrets_file.remove(profile.entry)
            try:
                self.keyring.remove(profile.entry)
            except LoginRefused:
                # A machine without a keyring is why secrets are in a file.
                if profile.storage == "keyring":
                    raise

    def _keeper(self, profile: Profile) -> Keyring | SecretsFile:
        return self.keyring if profile.storage == "keyring" else self.secrets_file


def login_of(profile: Profile, secret: str, url: str, subaccount: str | None = None) -> Login:
    """The profile and its secret as a Login."""
    return Login(
        profile.account,
        profile.username,
        secret,
        url,
        subaccount if subaccount != profile.account else None,
        profile.name,
        profile.storage,
    )

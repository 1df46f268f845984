"""config.toml: which profiles there are and which is in use. No secret is ever in it.

    active = "work"

    [profiles.work]
    account = "AC…"
    key = "SK…"          # left out: the account's auth token is the secret
    region = "ie1"       # left out, as edge may be: the API's usual address
    edge = "dublin"
    storage = "file"     # left out: the secret is in the keyring

Reading it takes the standard library alone; tomlkit, which keeps comments, is for changes.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from addonctl.errors import AddonctlError, LoginRefused, Usage
from addonctl.login import SANDBOX, checked_label
from addonctl.profiles import files
from addonctl.sids import is_sid

Storage = Literal["keyring", "file"]
Table = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """One login under a name, without its secret. `key` is None where that is an auth token."""

    name: str
    account: str
    key: str | None = None
    region: str | None = None
    edge: str | None = None
    storage: Storage = "keyring"

    @property
    def username(self) -> str:
        """What the secret belongs to: the API key, or the account itself."""
        return self.key or self.account

    @property
    def entry(self) -> str:
        """What its secret is kept under; the SID keeps two config folders of one user apart."""
        return f"{self.name}:{self.username}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What config.toml says: the profile in use, and all of them in the file's order."""

    active: str | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def profile(self, name: str) -> Profile:
        """The profile of that name. Raises LoginRefused, with the known ones, if there is none."""
        try:
            return self.profiles[name]
        except KeyError:
            known = ", ".join([*self.profiles, SANDBOX])
            raise LoginRefused(
                f"no profile named '{name}'; there are: {known}",
                hint=f"log in under that name: addonctl auth login {name}",
            ) from None


def checked_name(name: str) -> str:
    """`name` as one a profile can have. Raises Usage for the sandbox's and for odd ones."""
    if name == SANDBOX:
        raise Usage("'sandbox' is the pretend account's profile; choose another name")
    if not name.isprintable() or name != name.strip() or not 0 < len(name) <= 64 or name[0] == "-":
        raise Usage(
            "the name of a profile must be 1 to 64 printable characters, with no hyphen first"
            " and no space at either end"
        )
    return name


class SettingsFile:
    """config.toml in a folder. Reading takes only the standard library; changes keep comments."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.toml"

    def read(self) -> Settings:
        """What it says; nothing where there is none. Raises Usage, with the line, if broken."""
        return self._settings(self._text())

    @contextmanager
    def putting(self, profile: Profile) -> Iterator[None]:
        """Keep `profile` once the block ends well, and use it if none is in use."""

        def put(document: Table) -> None:
            if not document.get("active"):
                document["active"] = profile.name
            if "profiles" not in document:
                document["profiles"] = {profile.name: {}}
            table = document["profiles"].setdefault(profile.name, {})
            for name, value in _written(profile).items():
                if value is None:
                    table.pop(name, None)
                elif table.get(name) != value:
                    table[name] = value

        with self._changing(put):
            yield

    @contextmanager
    def removing(self, name: str) -> Iterator[None]:
        """Forget the profile `name` once the block ends well; if it was in use, none is then."""

        def remove(document: Table) -> None:
            document.get("profiles", {}).pop(name, None)
            if not document.get("profiles", True):
                del document["profiles"]
            if document.get("active") == name:
                document["active"] = ""  # the line keeps its place, and its comment

        with self._changing(remove, lambda text: _without(text, name)):
            yield

    def use(self, name: str) -> None:
        """Make `name` the profile in use."""
        with self._changing(lambda document: document.update({"active": name})):
            pass

    @contextmanager
    def _changing(
        self, change: Callable[[Table], None], prepare: Callable[[str], str] = str
    ) -> Iterator[None]:
        """Apply `change`, after `prepare` on the text; what was to come out is checked first."""
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        with files.sole_writer(self.path):
            text = self._text()
            self._settings(text)
            wanted = tomllib.loads(text)
            change(wanted)
            try:
                document = tomlkit.parse(prepare(text))
                change(document)
                changed = tomlkit.dumps(document)
                done = tomllib.loads(changed) == wanted
            except (TOMLKitError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
                done = False
            if not done:
                raise AddonctlError(f"{self.path} is laid out in a way that only you can change")
            with files.replacing(self.path, changed.encode()):
                yield

    def _text(self) -> str:
        content = files.read(self.path)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise self._broken(content[: problem.start].count(b"\n") + 1, "not UTF-8") from None

    def _settings(self, text: str) -> Settings:
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            reason, _, place = str(problem).partition(" (at ")
            line = re.match(r"line (\d+)", place)
            raise self._broken(
                int(line[1]) if line else max(1, len(text.splitlines())),
                f"{reason[:1].lower()}{reason[1:]}",
            ) from None
        except RecursionError:
            raise self._broken(1, "nested too deeply") from None
        active = document.get("active")
        tables = document.get("profiles", {})
        if not isinstance(active, str | None):
            raise self._wrong(text, ("active",), "must be the name of a profile, in quotes")
        if not isinstance(tables, dict):
            raise self._wrong(text, ("profiles",), "must be a table of profiles")
        profiles = {name: self._profile(text, name, table) for name, table in tables.items()}
        return Settings(active or None, profiles)

    def _profile(self, text: str, name: str, table: object) -> Profile:
        place = ("profiles", name)
        try:
            checked_name(name)
        except Usage as problem:
            raise self._wrong(text, place, f"is no name for a profile: {problem.message}") from None
        if not isinstance(table, dict):
            raise self._wrong(text, place, "must be a table: account, key, region, edge, storage")
        for key in ("account", "key", "region", "edge", "storage"):
            if not isinstance(table.get(key, ""), str):
                raise self._wrong(text, (*place, key), "must be text, in quotes")
        if not is_sid(table.get("account", ""), "AC"):
            raise self._wrong(text, (*place, "account"), "must be an account's SID (AC…)")
        if table.get("key") and not is_sid(table["key"], "SK"):
            raise self._wrong(text, (*place, "key"), "must be an API key's SID (SK…)")
        for key in ("region", "edge"):
            try:
                checked_label(table.get(key), key)
            except Usage:
                raise self._wrong(text, (*place, key), "must be one word, such as ie1") from None
        if table.get("storage", "keyring") not in ("keyring", "file"):
            raise self._wrong(text, (*place, "storage"), "must be keyring or file")
        return Profile(
            name,
            table["account"],
            table.get("key") or None,
            table.get("region") or None,
            table.get("edge") or None,
            table.get("storage", "keyring"),
        )

    def _wrong(self, text: str, place: tuple[str, ...], why: str) -> Usage:
        return self._broken(_line_of(text, place), f"{'.'.join(place)} {why}")

    def _broken(self, line: int, why: str) -> Usage:
        return Usage(f"{self.path}, line {line}: {why}", hint="mend that line, or remove it")


def _written(profile: Profile) -> dict[str, str | None]:
    """The profile as its table in the file; None for what is left out."""
    return {
        "account": profile.account,
        "key": profile.key,
        "region": profile.region,
        "edge": profile.edge,
        "storage": None if profile.storage == "keyring" else profile.storage,
    }


def _without(text: str, name: str) -> str:
    """`text` without the table of a profile, but with the comments above the next one.

    tomlkit counts those to the table before them, and would remove them with it.
    """
    lines = list(StringIO(text))
    headers = [number for number, line in enumerate(lines) if line.lstrip().startswith("[")]
    for start, end in itertools.pairwise([*headers, len(lines)]):
        try:
            found = tomllib.loads(lines[start]) == {"profiles": {name: {}}}
        except tomllib.TOMLDecodeError:
            continue
        if found:
            own = end
            while not lines[own - 1].strip() or lines[own - 1].lstrip().startswith("#"):
                own -= 1
            kept = list(itertools.dropwhile(str.strip, lines[own:end]))
            if not "".join(lines[start - 1 : start]).strip():
                del kept[:1]  # one blank line is enough
            return "".join([*lines[:start], *kept, *lines[end:]])
    return text


def _line_of(text: str, place: tuple[str, ...]) -> int:
    """The first line after which the value at `place`, or else what holds it, is there."""
    lines = list(StringIO(text))
    for depth in range(len(place), 0, -1):
        for count in range(1, len(lines) + 1):
            try:
                found: Any = tomllib.loads("".join(lines[:count]))
            except tomllib.TOMLDecodeError:
                continue
            for key in place[:depth]:
                found = found.get(key) if isinstance(found, dict) else None
            if found is not None:
                return count
    return 1

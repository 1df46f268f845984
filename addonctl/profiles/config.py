"""config.toml: which profiles there are and which is in use. No secret is ever in it.

    active = "work"

    [profiles.work]
    account = "AC…"
    key = "SK…"          # left out: the account's auth token is the secret
    region = "ie1"       # left out, as edge may be: the API's usual address
    edge = "dublin"
    storage = "file"     # left out: the secret is in the keyring

    [defaults]           # where neither an option nor a variable says anything
    format = "csv"
    workers = 16
    to = "~/recordings"
    dates = "iso"
    archive = "~/archive"

    [add_ons]            # what add-ons, or configurations of them, are called
    XB… = "Watson"

What else stands there is kept as it is. Reading takes the standard library alone; tomlkit, which
keeps comments, is for changes.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import reduce
from io import StringIO
from operator import getitem
from pathlib import Path
from typing import Any, Literal, NamedTuple

from addonctl import files
from addonctl.addresses import is_sid
from addonctl.errors import AddonctlError, LoginRefused, Usage
from addonctl.profiles import LABEL, SANDBOX, Login

Place = tuple[str, ...]
"""Where a value stands in the file: ("profiles", "work", "region")."""

Changes = Mapping[Place, Any]
"""Values by their places; None takes away what stands there."""

MOST = 1 << 18
"""Bytes of the file; a thousand profiles have half of that."""

ELSEWHERE = "ADDONCTL_CONFIG_DIR names another folder for settings"

KEYS: dict[str, tuple[Callable[[str], object], str]] = {
    "account": (lambda word: is_sid(word, "AC"), "an account's SID (AC…)"),
    "key": (lambda word: is_sid(word, "SK"), "an API key's SID (SK…)"),
    "region": (re.compile(LABEL).fullmatch, "one word, such as ie1"),
    "edge": (re.compile(LABEL).fullmatch, "one word, such as dublin"),
    "storage": (lambda word: word in ("keyring", "file"), "keyring or file"),
}
"""What a profile's table may say: whether a word fits, and what would."""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


DEFAULTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "format": (_is_text, "the name of a format, such as csv"),
    "workers": (lambda value: type(value) is int and 1 <= value <= 256, "1 to 256"),
    "to": (_is_text, "a folder"),
    "dates": (lambda value: value in ("iso", "own"), "iso or own"),
    "archive": (_is_text, "a folder"),
}
"""What the table of defaults may say: whether a value fits, and what would."""


def is_add_on(word: str) -> bool:
    """Whether a name can be given to it: an add-on's SID, or one of a configuration."""
    return is_sid(word, "XB") or is_sid(word, "XE")


class Profile(NamedTuple):
    """One login under a name, without its secret. `key` is None where that is an auth token."""

    name: str
    account: str
    key: str | None = None
    region: str | None = None
    edge: str | None = None
    storage: Literal["keyring", "file"] = "keyring"

    @property
    def username(self) -> str:
        """What the secret belongs to: the API key, or the account itself."""
        return self.key or self.account

    @property
    def entry(self) -> str:
        """What its secret is kept under; the SID keeps two config folders of one user apart."""
        return f"{self.name}:{self.username}"

    def login(self, secret: str, url: str, subaccount: str | None = None) -> Login:
        """The profile with its secret, on an account that is its own where none is named."""
        return Login(self.account, self.username, secret, url, subaccount, self.name, self.storage)


class Config(NamedTuple):
    """What config.toml says: the profile in use, all of them in the file's order, the defaults,
    and what add-ons are called, by SID.
    """

    active: str | None = None
    profiles: Mapping[str, Profile] = {}
    defaults: Mapping[str, Any] = {}
    add_ons: Mapping[str, str] = {}

    def profile(self, name: str) -> Profile:
        """The profile of that name. Raises LoginRefused, with the known ones, if there is none."""
        if name not in self.profiles:
            raise LoginRefused(
                f"no profile named '{name}'; there are: {', '.join([*self.profiles, SANDBOX])}",
                hint=f"log in under that name: addonctl auth login {name}",
            )
        return self.profiles[name]

    def must_take(self, profile: Profile) -> None:
        """Raises Usage where another account's profile has its name, which stays that account's,
        for scripts rely on it.
        """
        known = self.profiles.get(profile.name)
        if known and known.account != profile.account:
            raise Usage(
                f"profile '{profile.name}' is a login to {known.account}, and stays so",
                hint=f"choose another name, or first: addonctl auth logout {profile.name}",
            )


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


class ConfigFile:
    """config.toml in a folder: read as a Config, changed place by place.

    Raises Usage, with the line, where the file is broken, AddonctlError where it cannot be read
    or written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.toml"
        self._text = ""

    def read(self) -> Config:
        """What it says; nothing where there is none."""
        content = files.read(self.path, MOST, hint=ELSEWHERE)
        try:
            self._text = content.decode("utf-8-sig")
            document = tomllib.loads(self._text)
        except UnicodeDecodeError as problem:
            raise self._broken(content[: problem.start].count(b"\n") + 1, "not UTF-8") from None
        except tomllib.TOMLDecodeError as problem:
            reason, _, at = str(problem).partition(" (at ")
            found = re.match(r"line (\d+)", at)
            line = int(found[1]) if found else max(1, len(self._text.splitlines()))
            raise self._broken(line, f"{reason[:1].lower()}{reason[1:]}") from None
        except (RecursionError, ValueError):
            raise self._broken(1, "nested too deeply, or a number too long") from None

        def must(fit: object, expected: str, *place: str) -> None:
            if not fit:
                raise self.wrong(place, expected)

        active, tables = document.get("active"), document.get("profiles", {})
        defaults, add_ons = document.get("defaults", {}), document.get("add_ons", {})
        must(isinstance(active, str | None), "must be the name of a profile, in quotes", "active")
        must(isinstance(tables, dict), "must be a table of profiles", "profiles")
        must(isinstance(defaults, dict), "must be a table", "defaults")
        must(isinstance(add_ons, dict), "must be a table", "add_ons")
        profiles = {}
        for name, table in tables.items():
            place = ("profiles", name)
            try:
                checked_name(name)
            except Usage as problem:
                raise self.wrong(place, f"is no name for a profile: {problem.message}") from None
            must(isinstance(table, dict), f"must be a table: {', '.join(KEYS)}", *place)
            for key, (fits, expected) in KEYS.items():
                word = table.get(key)
                must(isinstance(word, str | None), "must be text, in quotes", *place, key)
                fit = fits(word) if word else key != "account"
                must(fit, f"must be {expected}", *place, key)
            profiles[name] = Profile(name, **{key: table[key] for key in KEYS if table.get(key)})
        for name, value in defaults.items():
            known = f"is no setting; known: {', '.join(DEFAULTS)}"
            must(name in DEFAULTS, known, "defaults", name)
            fits, expected = DEFAULTS[name]
            must(fits(value), f"must be {expected}", "defaults", name)
        for sid, name in add_ons.items():
            must(is_add_on(sid), "must be an add-on's SID (XB… or XE…)", "add_ons", sid)
            fit = _is_text(name) and "," not in name
            must(fit, "must be a name, without commas", "add_ons", sid)
        return Config(active or None, profiles, defaults, add_ons)

    @contextmanager
    def changing(self, change: Callable[[Config], Changes]) -> Iterator[Config]:
        """What it says, with the changes that `change` asks for once the block ends well.

        No other run can change the file meanwhile. All but those places stays as it stands,
        comments too: the text is changed only if it then says what it said before, and them.
        """
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        with files.locked(self.path, hint=ELSEWHERE):
            changes = change(config := self.read())
            text, wanted = self._text, tomllib.loads(self._text)
            for place, value in changes.items():
                _put(wanted, place, value)
                if value is None:
                    text = _without_table(text, place)
            try:
                document = tomlkit.parse(text)
                for place, value in changes.items():
                    _put(document, place, value)
                text = tomlkit.dumps(document)
                fine = tomllib.loads(text) == wanted
            except (TOMLKitError, ValueError, LookupError, TypeError, AttributeError):
                fine = False
            if not fine:
                raise AddonctlError(f"{self.path} is laid out in a way that only you can change")
            with files.replacing(self.path, text.encode(), hint=ELSEWHERE):
                yield config

    def wrong(self, place: Place, why: str) -> Usage:
        """What to raise for a value that does not do, with its line in the file as it was read: the
        first one after which it, or else what holds it, is there.
        """
        lines, depth, found = list(StringIO(self._text)), 0, 1
        for number, line in enumerate(lines, 1):
            with suppress(ValueError, LookupError, TypeError):
                while any(name in line for name in place[depth:]):
                    reduce(getitem, place[: depth + 1], tomllib.loads("".join(lines[:number])))
                    depth, found = depth + 1, number
        return self._broken(found, f"{'.'.join(place)} {why}")

    def _broken(self, line: int, why: str) -> Usage:
        return Usage(f"{self.path}, line {line}: {why}", hint="mend that line, or remove it")


def _put(document: Any, place: Place, value: Any) -> None:
    """Put a value into a document; None takes out what stands there, and tables empty then."""
    name, *below = place
    if below and name in document:
        _put(document[name], tuple(below), value)
        if value is None and not document[name]:
            del document[name]
    elif value is None:
        document.pop(name, None)
    elif below or document.get(name) != value:
        # What is missing is put in at one go: tomlkit loses an empty table among others.
        for each in reversed(below):
            value = {each: value}
        document[name] = value


def _without_table(text: str, place: Place) -> str:
    """`text` without the table at `place`, but with the comments above the next one.

    tomlkit counts those to the table before them, and would remove them with it.
    """
    table: dict[str, Any] = {}
    _put(table, place, {})
    lines = list(StringIO(text))
    headers = [number for number, line in enumerate(lines) if line.lstrip().startswith("[")]
    for start, end in itertools.pairwise([*headers, len(lines)]):
        with suppress(ValueError):
            if tomllib.loads(lines[start]) != table:
                continue
            own = end
            while not lines[own - 1].strip() or lines[own - 1].lstrip().startswith("#"):
                own -= 1
            kept = list(itertools.dropwhile(str.strip, lines[own:end]))
            if not "".join(lines[start - 1 : start]).strip():
                del kept[:1]  # one blank line is enough
            return "".join([*lines[:start], *kept, *lines[end:]])
    return text

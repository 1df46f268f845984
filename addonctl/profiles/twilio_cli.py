"""The profiles of the vendor's own command line, in ~/.twilio-cli/config.json.

It keeps `{"profiles": {"NAME": {"accountSid", "apiKey", "apiSecret", "region"}}, "edge": "WORD",
"activeProject": "NAME"}`, secrets in plain text; the edge is that of all its profiles.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from addonctl import files
from addonctl.addresses import is_sid
from addonctl.errors import AddonctlError, NotFound, Usage
from addonctl.login import checked_label, secret_flaw, trimmed
from addonctl.places import home_folder
from addonctl.profiles.config import Profile, Storage, checked_name

MOST = 1 << 20
"""Bytes of the file; plug-ins of that tool keep words of their own there."""


class Foreign(NamedTuple):
    """One profile found there: with its secret, or the `flaw` for which it cannot be taken."""

    name: str
    profile: Profile | None = None
    secret: str = ""
    flaw: str = ""

    def __repr__(self) -> str:
        return f"Foreign({self.name!r}, {self.profile}, secret=…)"


def config_file() -> Path:
    """Where that tool keeps its settings, on every platform. Raises AddonctlError."""
    return home_folder() / ".twilio-cli" / "config.json"


def read(path: Path, storage: Storage) -> list[Foreign]:
    """Its profiles, the one in use first. Raises NotFound if there are none, Usage if broken."""
    content = files.read(path, MOST)
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
    active = document.get("activeProject")
    names = sorted(profiles, key=lambda name: name != active)
    return [_foreign(name, profiles[name], document.get("edge"), storage) for name in names]


def _foreign(name: str, entry: object, edge: object, storage: Storage) -> Foreign:
    given = {"edge": edge, **entry} if isinstance(entry, Mapping) else {}
    words = {key: trimmed(word) for key, word in given.items() if isinstance(word, str)}
    account, key = words.get("accountSid", ""), words.get("apiKey", "")
    secret = words.get("apiSecret", "")
    if not is_sid(account, "AC"):
        return Foreign(name, flaw="it names no account (AC…)")
    if not is_sid(key, "SK"):
        return Foreign(name, flaw="it names no API key (SK…)")
    if flaw := secret_flaw(secret):
        return Foreign(name, flaw=f"its secret {flaw}")
    try:
        checked_name(name)
        region = checked_label(words.get("region"), "region") or None
        edge = checked_label(words.get("edge"), "edge") or None
    except AddonctlError as problem:
        return Foreign(name, flaw=problem.message)
    return Foreign(name, Profile(name, account, key, region, edge, storage), secret)

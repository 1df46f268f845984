"""What holds where no option does: a variable, else config.toml."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from addonctl.addresses import KINDS, KNOWN_ADD_ONS
from addonctl.errors import AddonctlError, Usage
from addonctl.output import FORMATS
from addonctl.places import config_folder

if TYPE_CHECKING:
    from addonctl.models import Record
    from addonctl.profiles.config import Config

Kind = TypeVar("Kind", bound="Record")


class Settings:
    """The defaults of one run, read when first asked for, and only if there is a config.toml."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._problem: Usage | None = None

    @cached_property
    def config(self) -> Config | None:
        """What config.toml says; None where there is none, or none that can be read."""
        try:
            folder = config_folder(self._environment)
            # Not Path.exists, which raises for a folder that may not be looked into.
            if not os.path.exists(folder / "config.toml"):  # noqa: PTH110
                return None
            from addonctl.profiles.config import ConfigFile

            file = ConfigFile(folder)
            config = file.read()
            if str(config.defaults.get("format", "table")).lower() not in FORMATS:
                known = ", ".join(FORMATS)
                raise file.wrong(("defaults", "format"), f"must be one of {known}")
            return config
        except Usage as problem:
            self._problem = problem  # told by `check`: an error must not break its own telling
        except AddonctlError:
            pass  # a login by variables needs no home; any other says so itself
        return None

    def unread(self) -> None:
        """Leave config.toml alone: it has no say in what is no answer, such as help."""
        self.config = None

    def check(self) -> None:
        """Raises Usage where config.toml is wrong, with the line."""
        if self.config is None and self._problem:
            raise self._problem

    def get(self, name: str) -> str | None:
        """What a variable, else config.toml says of a default."""
        word, _ = self.found(name)
        return word or None

    def found(self, name: str) -> tuple[str, str]:
        """The same, and where it stands; nothing where nobody says anything."""
        variable = f"ADDONCTL_{name.upper()}"
        if word := self._environment.get(variable):
            return word, variable
        value = self.config.defaults.get(name) if self.config else None
        return ("", "") if value is None else (str(value), "config.toml")

    def sids(self, words: str | None, prefix: str) -> str | None:
        """`words`, between commas, with the SIDs of what they name. Raises Usage for others."""
        if words is None:
            return None
        known = {sid: name for sid, name in self.add_ons.items() if sid.startswith(prefix)}
        found: list[str] = []
        for word in filter(None, map(str.strip, words.split(","))):
            named = [sid for sid, name in known.items() if name.casefold() == word.casefold()]
            if not named and word[:2].upper() != prefix:
                names = ", ".join(dict.fromkeys(known.values())) or "none"
                raise Usage(
                    f"no name '{word}' for {KINDS[prefix]}; known: {names}",
                    hint=f"addonctl config set add_ons.{prefix}… {word}",
                )
            found += named or [word]
        return ",".join(found)

    def named(self, row: Kind) -> Kind:
        """`row` with what its add-on, or the configuration of it, is called, as `add_on`."""
        document = row.document
        sids = (document.get("add_on_sid"), document.get("add_on_configuration_sid"))
        names = (self.add_ons.get(str(sid)) for sid in sids)
        return type(row)({**document, "add_on": next(filter(None, names), None)})

    @cached_property
    def add_ons(self) -> Mapping[str, str]:
        """What add-ons and their configurations are called, by SID."""
        return {**KNOWN_ADD_ONS, **(self.config.add_ons if self.config else {})}

"""What holds in one run: what was typed for every command, a variable, or config.toml."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from addonctl.addresses import KINDS, KNOWN_ADD_ONS
from addonctl.cli import options
from addonctl.errors import AddonctlError, Usage
from addonctl.files import config_folder
from addonctl.output import FORMATS, OutputSettings
from addonctl.output.sink import Sink

if TYPE_CHECKING:
    from addonctl.api import Limits
    from addonctl.models import Record, Resource
    from addonctl.profiles.config import Config
    from addonctl.selection import Selection

LONGEST_TIMEOUT = 100 * 24 * 3600.0
"""Seconds. Operating systems take no time-outs of years."""
COLORS = {"always": True, "never": False, "auto": None}
"""What --color takes; None leaves it to each stream."""


class Settings:
    """What was typed for every command, and what holds where nothing was: a variable, else
    config.toml, which is read when first asked for, and only if there is one.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.common = options.Common()
        self.output = options.Output()
        self._problem: Usage | None = None

    def take_common(self, given: Mapping[str, Any]) -> None:
        """Note what was typed of the common options; what was not leaves the others as they are."""
        # By identity: 0 equals False, and is a word like any other.
        words = {name: word for name, word in given.items() if not (word is None or word is False)}
        if (color := str(words.get("color", "auto"))).lower() not in COLORS:
            raise Usage(f"--color {color}: expected {', '.join(COLORS)}")
        self.common = options.Common(**(vars(self.common) | words))

    @cached_property
    def config(self) -> Config | None:
        """What config.toml says; None where there is none, or none that can be read."""
        try:
            folder = config_folder(self.environment)
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

    def check(self) -> None:
        """Raises Usage where config.toml is wrong, with the line."""
        if self.config is None and self._problem:
            raise self._problem

    def found(self, name: str) -> tuple[str, str]:
        """What a variable, else config.toml says of a default, and where; or nothing, nowhere."""
        variable = f"ADDONCTL_{name.upper()}"
        if word := self.environment.get(variable):
            return word, variable
        value = self.config.defaults.get(name) if self.config else None
        return ("", "") if value is None else (str(value), "config.toml")

    def setting(self, name: str) -> str | None:
        """The same, without where."""
        return self.found(name)[0] or None

    @property
    def named_profile(self) -> str | None:
        """The profile that was named, which may not exist."""
        return self.common.profile or self.environment.get("ADDONCTL_PROFILE") or None

    @property
    def format(self) -> str:
        """The format asked for, which may not exist."""
        return (self.common.format or self.setting("format") or "table").lower()

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields asked for, which may not exist."""
        words = map(str.strip, (self.output.fields or "").split(","))
        return tuple(word.lower() for word in words if word)

    @property
    def dates(self) -> str:
        """How dates are written, which may be a word that means nothing."""
        return (self.output.dates or self.setting("dates") or "own").lower()

    @cached_property
    def add_ons(self) -> Mapping[str, str]:
        """What add-ons and their configurations are called, by SID."""
        return {**KNOWN_ADD_ONS, **(self.config.add_ons if self.config else {})}

    def named(self, pages: Iterable[list[Any]], sort: str = "") -> Iterator[list[Any]]:
        """Pages of records, with what the add-on of each, or the configuration of it, is called as
        `add_on`, where that is asked for.
        """
        if "add_on" not in (sort.removeprefix("-"), *self.fields):
            yield from pages
            return
        for page in pages:
            rows = []
            for row in page:
                sids = map(row.document.get, ("add_on_sid", "add_on_configuration_sid"))
                names = (self.add_ons.get(str(sid)) for sid in sids)
                rows.append(type(row)({**row.document, "add_on": next(filter(None, names), None)}))
            yield rows

    @cached_property
    def sink(self) -> Sink:
        """Where everything is written. Made once it is known how: in the verb, or at an error."""
        common, output = self.common, self.output
        return Sink(
            OutputSettings(
                format=self.format,
                fields=self.fields,
                header=not output.no_header,
                query=output.query,
                bom=output.bom,
                exact=output.exact,
                iso=self.dates == "iso",
                names=self.add_ons,
                quiet=common.quiet,
                verbose=common.verbose,
                color=False if common.no_color else COLORS[(common.color or "auto").lower()],
                pager=not common.no_pager,
                ask=not common.no_input,
            )
        )

    def answering(self, kind: type[Record]) -> Sink:
        """The sink, once it can write such an answer. Raises Usage for a word that does not fit."""
        self.check()
        if self.dates not in ("iso", "own"):
            raise Usage(f"no dates '{self.dates}'; known: iso, own")
        self.sink.check(kind)
        return self.sink

    def workers(self, many: options.Many) -> int:
        """How many items of a batch are worked on at a time. Raises Usage for what is no number."""
        given = many.workers
        if given is None and (word := self.setting("workers")) is not None:
            if not word.isdecimal():
                raise Usage(f"ADDONCTL_WORKERS is '{word}'; expected a number")
            given = int(word)
        return options.whole_number("workers", given, 8, least=1, most=256)

    def selection(self, kind: type[Resource], *asked: options.Choosing) -> Selection:
        """Which rows are asked for; add-ons may go by the names of theirs.

        Raises Usage for a word that does not fit `kind`.
        """
        from addonctl.selection import Selection

        words = {name: word for each in asked for name, word in vars(each).items()}
        words.pop("page_size", None)
        for option, prefix in (("add_on", "XB"), ("config", "XE")):
            known = {sid: name for sid, name in self.add_ons.items() if sid.startswith(prefix)}
            found: list[str] = []
            for word in filter(None, map(str.strip, (words.get(option) or "").split(","))):
                named = [sid for sid, name in known.items() if name.casefold() == word.casefold()]
                if not named and word[:2].upper() != prefix:
                    names = ", ".join(dict.fromkeys(known.values())) or "none"
                    raise Usage(
                        f"no name '{word}' for {KINDS[prefix]}; known: {names}",
                        hint=f"addonctl config set add_ons.{prefix}… {word}",
                    )
                found += named or [word]
            if found:
                words[option] = ",".join(found)
        return Selection.of(kind, **words)

    def limits(self, workers: int = 1) -> Limits:
        """How patient to be, and how wide. Raises Usage for words that make no sense."""
        from addonctl import dates
        from addonctl.api import Limits

        usual, word = Limits(), self.common.timeout
        timeout = usual.timeout if word is None else dates.seconds(word)
        if not 0 < timeout <= LONGEST_TIMEOUT:
            raise Usage(f"--timeout {word}: expected more than nothing, and 100 days at most")
        retries = options.whole_number("retries", self.common.retries, usual.retries)
        return Limits(retries=retries, timeout=timeout, connections=workers)

"""`addonctl config`: settings without secrets."""

from __future__ import annotations

from typing import Any

from addonctl.cli.commands import Noun, example
from addonctl.cli.options import argument
from addonctl.cli.settings import Settings
from addonctl.cli.state import State
from addonctl.errors import NotFound, Usage
from addonctl.files import config_folder
from addonctl.models import Record, fields
from addonctl.output import FORMATS
from addonctl.profiles.config import DEFAULTS, ConfigFile, is_add_on

command = Noun("Settings without secrets, in config.toml.")

SETTING = argument("SETTING", f"One of {', '.join(DEFAULTS)}, or add_ons.XB…")


class SettingRow(Record):
    """One setting: its name, its value, and where that stands."""

    COLLECTION, ELEMENT = "settings", "Setting"
    FIELDS = fields("name value origin")


def _rows(state: State) -> dict[str, SettingRow]:
    """Every setting, by name."""
    settings = Settings(state.environment)
    settings.check()
    found = {name: settings.found(name) for name in DEFAULTS}
    own = settings.config.add_ons if settings.config else {}
    for sid, name in settings.add_ons.items():
        found[f"add_ons.{sid}"] = (name, "config.toml" if sid in own else "known")
    return {
        name: SettingRow({"name": name, "value": value or None, "origin": origin or None})
        for name, (value, origin) in found.items()
    }


@command.verb("list", rows=SettingRow)
@example("what is set, and where", "addonctl config list")
def list_settings(state: State) -> None:
    """List the settings, with where each stands."""
    state.answering(SettingRow).records(SettingRow, [list(_rows(state).values())])


@command.verb("get")
@example("the format", "addonctl config get format || true")
def get_setting(state: State, name: str = SETTING) -> None:
    """Print one setting. Exit code 3 where it is not set."""
    _place(name)
    row = _rows(state).get(name)
    if not row or not row.document["value"]:
        raise NotFound(f"{name} is not set", hint=f"addonctl config set {name} VALUE")
    state.sink.text(row.document["value"])


@command.verb("set")
@example("answer as csv unless asked otherwise", "addonctl config set format csv")
@example("and as ever again", "addonctl config set format ''")
def set_setting(
    state: State,
    name: str = SETTING,
    value: str = argument("VALUE", "What it is to be; '' takes it out."),
) -> None:
    """Change one setting; comments and all else in the file stay as they are."""
    place, given = _place(name), value.strip()
    meant: Any = given or None
    if given and place[0] == "defaults":
        fits, expected = DEFAULTS[name]
        meant = int(given) if name == "workers" and given.isdecimal() else given
        if not fits(meant) or (name == "format" and given.lower() not in FORMATS):
            known = f"one of {', '.join(FORMATS)}" if name == "format" else expected
            raise Usage(f"{name} '{given}': expected {known}")
    file = ConfigFile(config_folder(state.environment))
    with file.changing(lambda _: {place: meant}):
        pass
    state.sink.say(f"{name} is {given or 'not set any more'}")


def _place(name: str) -> tuple[str, str]:
    """Where a setting stands in the file. Raises Usage for one that there is not."""
    table, _, sid = name.partition(".")
    if table == "add_ons" and sid:
        if not is_add_on(sid):
            raise Usage(f"'{sid}' is no add-on's SID (XB…), nor a configuration's (XE…)")
        return "add_ons", sid
    if name not in DEFAULTS:
        raise Usage(f"no setting '{name}'; known: {', '.join(DEFAULTS)}, add_ons.XB…")
    return "defaults", name

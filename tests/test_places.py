"""Where settings, state and cache lie; and a sentence where there is no such place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from addonctl import places
from addonctl.errors import AddonctlError, Usage


def settings_folder() -> Path:
    return places.config_folder({})


ALL = (settings_folder, places.state_folder, places.cache_folder)


def test_the_platform_says_where(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_variables = [folder() for folder in ALL]
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME")

    assert by_variables == [home / name / "addonctl" for name in ("config", "state", "cache")]
    assert all(folder().is_relative_to(home) for folder in ALL)
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    ("named", "found"), [("/etc/x", "/etc/x"), ("~/x", "{home}/x"), ("x", "x"), ("~", "{home}")]
)
def test_a_folder_for_settings_can_be_named(home: Path, named: str, found: str) -> None:
    folder = places.config_folder({"ADDONCTL_CONFIG_DIR": named})

    assert folder == Path(found.format(home=home))


def test_a_home_that_nobody_has_is_no_folder(home: Path) -> None:
    with pytest.raises(Usage, match="ADDONCTL_CONFIG_DIR is ~nouser/x, and there is no such home"):
        places.config_folder({"ADDONCTL_CONFIG_DIR": "~nouser/x"})


@pytest.mark.skipif(os.name != "posix", reason="without a list of users")
@pytest.mark.parametrize("home_variable", [None, "", "relative"])
def test_without_a_home_nothing_is_put_into_the_current_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch, home_variable: str | None
) -> None:
    """As in a container, whose user may be in no list."""
    import pwd

    def nobody(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name)
    if home_variable is not None:
        monkeypatch.setenv("HOME", home_variable)
    for folder in ALL:
        try:
            assert folder().is_absolute()
        except AddonctlError as problem:
            assert "knows no home folder" in problem.message
            assert problem.hint and problem.hint.startswith("set HOME or ")
    if home_variable != "":
        with pytest.raises(AddonctlError, match="knows no home folder"):
            places.home_folder()


def test_a_relative_place_is_never_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard for them says to ignore it; some releases of the library do."""
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", "relative")
    for folder in ALL:
        try:
            assert folder().is_relative_to(home)
            assert folder().is_absolute()
        except AddonctlError as problem:
            assert "knows no home folder" in problem.message

"""The user's own folders: settings, state and cache, each where the platform has them.

Only named here, neither made nor looked into.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from addonctl.errors import AddonctlError, Usage


def config_folder(environment: Mapping[str, str]) -> Path:
    """Where settings lie: ADDONCTL_CONFIG_DIR, or the platform's own place for them.

    Raises Usage for an ADDONCTL_CONFIG_DIR that names no folder, AddonctlError without a home.
    """
    named = environment.get("ADDONCTL_CONFIG_DIR")
    if named:
        try:
            return Path(named).expanduser()
        except RuntimeError:
            raise Usage(
                f"ADDONCTL_CONFIG_DIR is {named}, and there is no such home folder",
                hint="write the folder's whole path",
            ) from None
    if sys.platform == "linux":
        # What platformdirs says there; nearly every run asks, and loading it takes a while.
        base = os.environ.get("XDG_CONFIG_HOME", "").strip() or os.path.expanduser("~/.config")  # noqa: PTH111
        if os.path.isabs(base):  # noqa: PTH117
            return Path(base, "addonctl")
    from platformdirs import user_config_path

    return _of_the_user(user_config_path, "ADDONCTL_CONFIG_DIR")


def state_folder() -> Path:
    """Where lies what a program made and nobody wrote by hand. Raises AddonctlError."""
    from platformdirs import user_state_path

    return _of_the_user(user_state_path, "XDG_STATE_HOME")


def cache_folder() -> Path:
    """Where lies what can be had again. Raises AddonctlError."""
    from platformdirs import user_cache_path

    return _of_the_user(user_cache_path, "XDG_CACHE_HOME")


def home_folder() -> Path:
    """The user's home, as other tools' settings lie in it. Raises AddonctlError."""
    return _absolute(Path.home, "HOME")


def _of_the_user(folder: Callable[..., Path], variable: str) -> Path:
    return _absolute(lambda: folder("addonctl", appauthor=False), f"HOME or {variable}")


def _absolute(folder: Callable[[], Path], variables: str) -> Path:
    """What `folder` gives back, unless it depends on the current folder."""
    try:
        found = folder()
    except RuntimeError:  # no HOME, and no such user in the system's list
        found = Path()
    # Older releases of platformdirs give `~/.config` back as it stands, or a relative XDG path.
    if not found.is_absolute():
        raise AddonctlError(
            "the system knows no home folder of yours", hint=f"set {variables} to a whole path"
        )
    return found

"""Completion scripts: an engine for each shell, and the command tree as tables in its tongue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from addonctl.docgen import bash, fish, powershell, table, zsh
from addonctl.docgen.tree import SHELLS, Command
from addonctl.errors import Usage

ENGINES = Path(__file__).parent / "engines"
FILES = {
    "bash": "addonctl.bash",
    "zsh": "_addonctl",
    "fish": "addonctl.fish",
    "powershell": "addonctl.ps1",
}
HISTORY_BYTES = 131072
"""What a script reads of a history file at most: an overgrown one must not hold up a TAB."""


class Tongue(Protocol):
    """What a module of a shell gives: the tables, and names as a place for several takes them."""

    def tables(self, program: Command) -> str:
        """Functions or tables that know each command, and what each option takes."""

    def alternatives(self, names: Sequence[str]) -> str:
        """Several names, any of which may stand in a place."""


TONGUES: dict[str, Tongue] = dict(zip(SHELLS, (bash, zsh, fish, powershell), strict=True))


def script(shell: str, program: Command, sandbox_account: str) -> str:
    """The completion script of a shell. Raises Usage for one that is not of SHELLS.

    `sandbox_account` is the account of the profile `sandbox`, which is in no config.toml.
    """
    if shell not in TONGUES:
        raise Usage(f"no completion for '{shell}'; known: {', '.join(SHELLS)}")
    tongue = TONGUES[shell]
    places = {
        "#TABLES#\n": tongue.tables(program),
        "#PROFILE#": tongue.alternatives(table.takes(program, "--profile")),
        "#ACCOUNT#": tongue.alternatives(table.takes(program, "--account")),
        "#SANDBOX#": sandbox_account,
        "#BYTES#": str(HISTORY_BYTES),
    }
    text = (ENGINES / FILES[shell]).read_text("utf-8")
    for place, content in places.items():
        text = text.replace(place, content)
    return text

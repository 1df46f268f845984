"""`addonctl completion`: the script that makes a shell complete our words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from addonctl.cli.commands import Verb
from addonctl.cli.options import Argument, Option
from addonctl.cli.state import State

_PLACES = {
    "bash": ("XDG_DATA_HOME", ".local/share", "bash-completion/completions/addonctl"),
    "zsh": ("XDG_DATA_HOME", ".local/share", "zsh/site-functions/_addonctl"),
    "fish": ("XDG_CONFIG_HOME", ".config", "fish/completions/addonctl.fish"),
    "powershell": ("XDG_DATA_HOME", ".local/share", "addonctl/addonctl.ps1"),
}
"""The variable for a base folder, the folder in the home where it is unset, and the file in it."""


def print_script(
    state: State,
    shell: Annotated[str, Argument("SHELL", "bash, zsh, fish or powershell.")],
    install: Annotated[
        bool, Option("Put it into your home, where the shell looks for it.")
    ] = False,
) -> None:
    """Print the script that completes words, options, values and recent SIDs in a shell.

    pipx and packages put the scripts where bash, zsh and fish look by themselves, uv does not:
    `--install` does, and says if a line has to be added to a start-up file, which it leaves
    alone. At a TAB the script asks this program, which answers from small files of its own.
    """
    from addonctl.docs import complete

    script = complete.script(shell)
    if not install:
        state.sink.text(script)
        return
    from addonctl import files

    place = _place(shell, state.environment)
    with files.explained("write", place):
        place.parent.mkdir(parents=True, exist_ok=True)
    files.replace(place, script.encode(), mode=0o644)
    state.sink.say(f"wrote {place}\n{_what_follows(shell, place)}")


def _place(shell: str, environment: Mapping[str, str]) -> Path:
    """Where the script of a shell goes. Raises AddonctlError without a home."""
    from addonctl.files import home_folder

    variable, usual, file = _PLACES[shell]
    if shell == "bash" and (own := environment.get("BASH_COMPLETION_USER_DIR")):
        return Path(own, "completions", "addonctl").absolute()
    named = Path(environment.get(variable, ""))
    return (named if named.is_absolute() else home_folder() / usual) / file


def _what_follows(shell: str, place: Path) -> str:
    """What is left to do before a new shell completes."""
    from shlex import quote

    if shell == "bash":
        return "new shells read it, with the package bash-completion"
    if shell == "zsh":
        return f"to ~/.zshrc, before compinit, add: fpath+=({quote(str(place.parent))})"
    if shell == "powershell":
        path = str(place).replace("'", "''")
        return f"to the file that $PROFILE names, add: . '{path}'"
    return "new shells read it"


command = Verb(
    print_script,
    examples=(
        ("for good, wherever it was installed from", "addonctl completion bash --install"),
        ("in ~/.bashrc", 'eval "$(addonctl completion bash)"'),
        ("in ~/.zshrc, after compinit", 'eval "$(addonctl completion zsh)"'),
        ("in ~/.config/fish/config.fish", "addonctl completion fish | source"),
        (
            "in PowerShell's $PROFILE",
            "addonctl completion powershell | Out-String | Invoke-Expression",
        ),
    ),
)

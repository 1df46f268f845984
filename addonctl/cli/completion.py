"""`addonctl completion`: the script that makes a shell complete our words."""

from __future__ import annotations

from typing import Annotated

from addonctl.cli.commands import Verb
from addonctl.cli.options import Argument
from addonctl.cli.state import State


def print_script(
    state: State,
    shell: Annotated[str, Argument("SHELL", "bash, zsh, fish or powershell.")],
) -> None:
    """Print the script that completes words, options, values and recent SIDs in a shell.

    Packages put the scripts where bash, zsh and fish look by themselves; this is for shells that
    look elsewhere. At a TAB it asks this program, which answers from small files of its own.
    """
    from addonctl.docs import complete

    state.sink.text(complete.script(shell))


command = Verb(
    print_script,
    examples=(
        ("in ~/.bashrc", 'eval "$(addonctl completion bash)"'),
        ("in ~/.zshrc, after compinit", 'eval "$(addonctl completion zsh)"'),
        ("in ~/.config/fish/config.fish", "addonctl completion fish | source"),
        (
            "in PowerShell's $PROFILE",
            "addonctl completion powershell | Out-String | Invoke-Expression",
        ),
    ),
)

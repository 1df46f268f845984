"""`addonctl completion`: the script that makes a shell complete our words."""

from __future__ import annotations

from typing import Annotated

import typer

from addonctl.cli.command import noun, verb
from addonctl.cli.state import state_of

app = noun()


@verb(
    app,
    "completion",
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
def print_script(
    context: typer.Context,
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")],
) -> None:
    """Print the script that completes words, options, values and recent SIDs in a shell.

    Packages put the scripts where bash, zsh and fish look by themselves; this is for shells that
    look elsewhere. What completes is read from small files: no TAB starts this program.
    """
    from addonctl import sandbox
    from addonctl.docgen import scripts, tree

    program = tree.read(context.find_root().command)
    state_of(context).sink.text(scripts.script(shell, program, sandbox.ACCOUNT))

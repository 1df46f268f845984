"""`addonctl help` and `addonctl completion`: what the program tells people and shells of itself."""

from __future__ import annotations

from pathlib import Path

from addonctl.cli import parser
from addonctl.cli.commands import PROGRAM, Noun, Verb, example
from addonctl.cli.options import Words, argument, option
from addonctl.cli.state import State
from addonctl.docs import topics
from addonctl.errors import AddonctlError, Usage

TOPIC = argument("TOPIC", f"{', '.join(topics.NAMES)}, or a command.")


@Verb
@example("what the exit codes mean", "addonctl help exit-codes")
@example("a command's help", "addonctl help results list")
@example("the manual, wherever it was installed", "addonctl help --man results list")
def show_help(
    state: State,
    topic: Words = TOPIC,
    man: bool = option("The page of the manual; in a pipe or a file as man reads it."),
) -> None:
    """Show help on a topic, or on a command."""
    words = topic or []
    if man:
        _show_page(state, words)
        return
    if len(words) == 1 and words[0] in topics.NAMES:
        state.sink.text(topics.plain(topics.TOPICS[words[0]]))
        return
    member: Noun | Verb | None = PROGRAM
    for word in words:
        member = member.member(word) if isinstance(member, Noun) else None
    if member is None:
        raise Usage(
            f"no help on '{' '.join(words)}'; topics: {', '.join(topics.NAMES)}",
            hint="commands: addonctl --help",
        )
    parser.execute([*words, "--help"], state)


def _show_page(state: State, words: list[str]) -> None:
    """The page that `man` would show, had the installation put it where man looks."""
    import os
    from importlib.metadata import PackageNotFoundError, files
    from shutil import which

    try:
        kept = [Path(str(each.locate())) for each in files("addonctl") or () if "man1" in str(each)]
    except PackageNotFoundError:
        kept = []
    checkout = Path(__file__).parents[2] / "man"
    pages = {each.name: each for each in (*kept, *checkout.glob("*.1")) if each.is_file()}
    named = "-".join(("addonctl", *words))
    page = pages.get("addonctl.1" if words and words[0] in topics.NAMES else f"{named}.1")
    if page is None:
        raise Usage(f"no page {named} in the manual", hint="try: addonctl help --man")
    if not state.sink.on_terminal:
        state.sink.text(page.read_text("utf-8"))
    elif program := which("man"):
        # In our place: it has the terminal, and Ctrl-C, for itself.
        os.execl(program, "man", str(page))  # noqa: S606 the user's own, by its whole path
    else:
        wanted = " ".join(("addonctl help", *words))
        raise AddonctlError("there is no program 'man' here to show it", hint=f"try: {wanted}")


SHELLS = {
    "bash": (
        "XDG_DATA_HOME .local/share bash-completion/completions/addonctl",
        "new shells read it, with the package bash-completion",
    ),
    "zsh": (
        "XDG_DATA_HOME .local/share zsh/site-functions/_addonctl",
        "to ~/.zshrc, before compinit, add: fpath+=({folder})",
    ),
    "fish": ("XDG_CONFIG_HOME .config fish/completions/addonctl.fish", "new shells read it"),
    "powershell": (
        "XDG_DATA_HOME .local/share addonctl/addonctl.ps1",
        "to the file that $PROFILE names, add: . '{path}'",
    ),
}
"""The variable for a base folder, the folder in the home where it is unset, and the script's file
in it; and what is left to do before a new shell completes."""


@Verb
@example("for good, wherever it was installed from", "addonctl completion bash --install")
@example("in ~/.bashrc", 'eval "$(addonctl completion bash)"')
@example("in ~/.zshrc, after compinit", 'eval "$(addonctl completion zsh)"')
@example("in ~/.config/fish/config.fish", "addonctl completion fish | source")
@example(
    "in PowerShell's $PROFILE", "addonctl completion powershell | Out-String | Invoke-Expression"
)
def print_script(
    state: State,
    shell: str = argument("SHELL", "bash, zsh, fish or powershell."),
    install: bool = option("Put it into your home, where the shell looks for it."),
) -> None:
    """Print the script that completes words, options, values and recent SIDs in a shell.

    pipx and packages put the scripts where bash, zsh and fish look by themselves, uv does not:
    `--install` does, and says if a line has to be added to a start-up file, which it leaves
    alone. At a TAB the script asks this program, which answers from small files of its own.
    """
    from shlex import quote

    from addonctl import files
    from addonctl.docs import complete

    script = complete.script(shell)
    if not install:
        state.sink.text(script)
        return
    where, then = SHELLS[shell]
    variable, usual, file = where.split()
    base = Path(state.environment.get(variable, ""))
    if shell == "bash" and (own := state.environment.get("BASH_COMPLETION_USER_DIR")):
        place = Path(own, "completions", "addonctl").absolute()
    else:
        place = (base if base.is_absolute() else files.home_folder() / usual) / file
    with files.explained("write", place):
        place.parent.mkdir(parents=True, exist_ok=True)
    files.replace(place, script.encode(), mode=0o644)
    told = {"folder": quote(str(place.parent)), "path": str(place).replace("'", "''")}
    state.sink.say(f"wrote {place}\n{then.format(**told)}")

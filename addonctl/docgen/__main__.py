"""`python -m addonctl.docgen`, in a checkout: writes its man/ and completions/ anew."""

from __future__ import annotations

import re
from pathlib import Path

from addonctl import __version__, sandbox
from addonctl.cli import tree as commands
from addonctl.cli.program import command
from addonctl.docgen import manual, scripts, tree


def main(checkout: Path, folder: Path) -> None:
    """Write every page and every script under `folder`, and nothing else in their folders.

    The date of this version is taken from the changelog in `checkout`.
    """
    program = commands.read(command)
    _write(folder / "man", manual.pages(program, __version__, _date(checkout / "CHANGELOG.md")))
    _write(
        folder / "completions",
        {
            scripts.FILES[shell]: scripts.script(shell, program, sandbox.ACCOUNT)
            for shell in tree.SHELLS
        },
    )


def _date(changelog: Path) -> str:
    heading = rf"^## {re.escape(__version__)} \((\d{{4}}-\d\d-\d\d)\)$"
    found = re.search(heading, changelog.read_text("utf-8"), re.MULTILINE)
    if not found:
        raise SystemExit(f"{changelog} has no heading '## {__version__} (DATE)'")
    return found[1]


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.iterdir()) - {folder / name for name in files}:
        stale.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(), Path())

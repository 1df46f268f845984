"""`python -m addonctl.docgen [FOLDER]`: writes man/ and completions/ of the checkout anew."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import typer.main

from addonctl import __version__
from addonctl.cli.program import app
from addonctl.docgen import manual, scripts, tree

ROOT = Path(__file__).parents[2]


def main(folder: Path = ROOT) -> None:
    """Write every page and every script under `folder`, and nothing else in their folders."""
    program = tree.read(typer.main.get_command(app))
    pages = manual.pages(program, __version__, _date())
    _write(folder / "man", pages)
    _write(
        folder / "completions",
        {scripts.FILES[shell]: scripts.script(shell, program) for shell in tree.SHELLS},
    )


def _date() -> str:
    """The day of this version, from the changelog."""
    heading = rf"^## {re.escape(__version__)} \((\d{{4}}-\d\d-\d\d)\)$"
    found = re.search(heading, (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    if not found:
        raise SystemExit(f"CHANGELOG.md has no heading '## {__version__} (DATE)'")
    return found[1]


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.iterdir()) - {folder / name for name in files}:
        stale.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))

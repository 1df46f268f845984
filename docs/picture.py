"""The README's picture of a terminal, docs/terminal.svg: `python docs/picture.py [FILE]`.

The program itself is run, on a pseudo-terminal, with a home of its own and at a fixed time: so the
same program gives the same picture, on any day.
"""

from __future__ import annotations

import re
import sys
import tempfile
from io import StringIO
from pathlib import Path

COLUMNS = 106
MOMENT = "2026-11-21T19:20:00+00:00"
RECORDING = "RE73640dced2490fa811f54a87139210ee"
UNSEEN = ("addonctl archive init calls -q", "addonctl archive run -q")
LINES = (
    f"addonctl results list {RECORDING}",
    "addonctl results transcript XR68b652",
    "addonctl archive search parcel --speaker customer --fields snippet,speaker -q",
    f"addonctl results delete {RECORDING} XR05ad044e7178fc4df4b8371f2929226a --yes",
)
"""What is typed: each picture of a screen is a line with what it shows."""

PROGRAM = f"""#!{sys.executable}
import datetime, sys, time_machine
time_machine.travel(datetime.datetime.fromisoformat("{MOMENT}"), tick=False).start()
from addonctl.cli import main
sys.exit(main())
"""


def shown(line: str, home: Path) -> str:
    """What a person sees who types `line`, with its colours."""
    import pexpect

    screen = StringIO()
    child = pexpect.spawn(
        "/bin/sh",
        ["-c", line],
        env={
            "HOME": str(home),
            "PATH": f"{home / 'bin'}:/usr/bin:/bin",
            "ADDONCTL_PROFILE": "sandbox",
            "ADDONCTL_PAGER": "",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        },
        cwd=str(home),
        encoding="utf-8",
        timeout=60,
        dimensions=(40, COLUMNS),
    )
    child.logfile_read = screen
    child.expect(pexpect.EOF)
    child.close()
    seen = screen.getvalue().replace("\r\n", "\n")
    if child.exitstatus:
        raise SystemExit(f"{line}\n{seen}")
    # What a progress bar leaves: the cursor hidden and shown, and its own line taken away.
    seen = re.sub(r"\x1b\[\?25[lh]|^.*\x1b\[2K", "", seen, flags=re.MULTILINE)
    return seen.strip("\n")


def picture() -> str:
    """The screen as SVG, with the fonts that its viewer has."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=COLUMNS, file=StringIO(), color_system="truecolor")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "bin").mkdir()
        program = home / "bin" / "addonctl"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        for line in UNSEEN:
            shown(line, home)
        for line in LINES:
            console.print(Text.assemble(("$ ", "bold green"), line))
            console.print(Text.from_ansi(shown(line, home)))
            console.print()
    drawn = console.export_svg(title="addonctl", unique_id="terminal")
    # No font is fetched from elsewhere, nor its name sold as ours.
    drawn = re.sub(r"\s*@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    return re.sub(r"Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace", drawn)


if __name__ == "__main__":
    file = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("terminal.svg")
    file.write_text(picture(), "utf-8")

"""What a benchmark leaves: a table on stdout, and the same figures as data in results/."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("requests", "rich", "tabulate", "typer", "urllib3")


def keep(name: str, rows: Sequence[dict[str, Any]], **facts: Any) -> None:
    """Write `rows`, and with what they were measured, to results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    data = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "versions": versions(),
        **facts,
        "rows": list(rows),
    }
    (RESULTS / f"{name}.json").write_text(f"{json.dumps(data, indent=2)}\n")


def versions() -> dict[str, str]:
    """Of Python, of ours, of our libraries, and of the peers."""
    from addonctl import __version__

    found = {"python": platform.python_version(), "addonctl": __version__}
    found |= {name: version(name) for name in LIBRARIES}
    for peer in ("curl", "jq"):
        ran = subprocess.run([peer, "--version"], capture_output=True, text=True, check=True)
        found[peer] = ran.stdout.split("\n")[0].replace("-", " ").split(" ")[1]
    return found


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown, with a column for every name there is; numbers to two places."""
    heads = list(dict.fromkeys(head for row in rows for head in row))
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(_text(row.get(head)) for head in heads) + " |" for row in rows]
    return "\n".join(lines)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
    return "" if value is None else str(value).replace("|", "\\|")

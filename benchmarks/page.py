"""The tables of this folder's README.md and the project's, written anew from results/."""

from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks.report import RESULTS, table

HERE = Path(__file__).parent
PAGES = (HERE / "README.md", HERE.parent / "README.md")
PLACE = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def figures(name: str) -> str:
    """One benchmark's table, with its date and what it was measured with."""
    data = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    versions = ", ".join(f"{what} {version}" for what, version in data["versions"].items())
    runs = f"medians of {data['runs']} runs" if "runs" in data else ""
    return f"{table(data['rows'])}\n\n{data['date']}, {runs}; {versions}.\n"


def filled(text: str) -> str:
    """`text` with the table of NAME between `<!-- NAME -->` and `<!-- end -->`."""
    return PLACE.sub(lambda found: f"{found[1]}{figures(found[2])}{found[3]}", text)


def main() -> None:
    for file in PAGES:
        file.write_text(filled(file.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()

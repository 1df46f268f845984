"""The tables of README.md, written anew from the data in results/."""

from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks.report import RESULTS, table

README = Path(__file__).parent / "README.md"
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
    README.write_text(filled(README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()

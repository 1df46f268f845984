"""All ratios in one picture, results/ratios.svg, drawn from the data in results/."""

from __future__ import annotations

import json
from typing import Any

import matplotlib

from benchmarks.report import RESULTS

matplotlib.use("svg")
# The same data gives the same file.
matplotlib.rcParams["svg.hashsalt"] = "addonctl"

GOOD, BAD = "#2f7d4f", "#b5452c"


def rows() -> list[dict[str, Any]]:
    """Every measured row that has a bound."""
    found = []
    for file in sorted(RESULTS.glob("*.json")):
        found += json.loads(file.read_text())["rows"]
    return [row for row in found if row.get("at most") or row.get("at least")]


def main() -> None:
    from matplotlib import pyplot

    measured = rows()[::-1]
    figure, axes = pyplot.subplots(figsize=(10, 0.42 * len(measured) + 1.2))
    for place, row in enumerate(measured):
        least = "at least" in row
        bound = row["at least"] if least else row["at most"]
        share = row["ratio"] / bound
        kept = share >= 1 if least else share <= 1
        axes.barh(place, share, color=GOOD if kept else BAD, height=0.6)
        sign = "≥" if least else "≤"
        axes.text(share + 0.02, place, f"{row['ratio']:.2f} × ({sign} {bound})", va="center")
    axes.axvline(1, color="black", linewidth=0.8, linestyle="--")
    names = [f"{row['what']}\nbeside {row['beside']}" for row in measured]
    axes.set_yticks(range(len(measured)), names, fontsize=7)
    axes.set_xlabel("share of the bound (dashed: the bound; ≤ should end before it, ≥ beyond it)")
    axes.set_xlim(0, 1.25 * max(1.2, *(bar.get_width() for bar in axes.patches)))
    figure.tight_layout()
    figure.savefig(RESULTS / "ratios.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()

"""Everything, one after the other: `make bench`, or `python -m benchmarks [NAME …]`."""

from __future__ import annotations

import subprocess
import sys

from benchmarks import page, plot

ALL = (
    *("startup", "terminal", "https", "rows", "deletes", "downloads", "transcripts", "archive"),
    *("archive_runs", "exports", "peers", "nights"),
)


def main(names: list[str]) -> None:
    for name in names or ALL:
        print(f"\n## {name}\n", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
    plot.main()
    page.main()


if __name__ == "__main__":
    main(sys.argv[1:])

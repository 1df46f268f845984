"""The pictures of `archive report` in docs/pictures: `python -m docs.pictures [FOLDER]`.

The report is of an archive of the sandbox, at a fixed time, and looked at in Chromium: wide and in
the light, narrow and in the dark, and while somebody searches.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from docs.picture import PROGRAM

LINES = (
    "addonctl archive init calls -q",
    "addonctl archive run -q",
    "addonctl archive report --to report.html --transcripts 5",
)
PICTURES: tuple[tuple[str, tuple[int, int], Literal["light", "dark"], str], ...] = (
    ("report.jpg", (1400, 1500), "light", ""),
    ("report-narrow.jpg", (400, 1500), "dark", ""),
    ("report-reader.jpg", (1400, 700), "light", "parcel"),
)


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as browsers:
        home = Path(name)
        (home / "bin").mkdir()
        (home / "bin" / "addonctl").write_text(PROGRAM)
        (home / "bin" / "addonctl").chmod(0o700)
        environment = {
            "HOME": name,
            "PATH": f"{home / 'bin'}:/usr/bin:/bin",
            "ADDONCTL_PROFILE": "sandbox",
            "LANG": "C.UTF-8",
        }
        for line in LINES:
            subprocess.run(line.split(), env=environment, cwd=name, check=True)  # noqa: S603
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for file, (width, height), scheme, words in PICTURES:
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme
            )
            page.goto((home / "report.html").as_uri())
            if words:
                page.fill("#words", words)
                page.wait_for_selector(".hit")
                page.keyboard.press("Enter")
            page.screenshot(path=folder / file, type="jpeg", quality=60)
        browser.close()


if __name__ == "__main__":
    given = sys.argv[1:]
    main(Path(given[0]) if given else Path(__file__).with_name("pictures"))

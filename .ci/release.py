"""The release checklist: `make release`, or `python .ci/release.py [CHECK …]` in a clean checkout.

Says of each check that it holds, or what does not; exit code 1 where anything does not. Publishes
nothing: what is in dist/ afterwards is what was checked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from packaging.version import InvalidVersion, Version

HEADING = re.compile(r"^## (\S+)(?: \(([^)\n]*)\))?\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
"""A heading of the changelog: version, date, and what stands under it."""


def tree() -> Iterator[str]:
    """Everything is committed: what is built is what has a name."""
    for line in ran("git", "status", "--porcelain").splitlines():
        yield f"not committed: {line[3:]}"


def version() -> Iterator[str]:
    """The version is one that installers can order, and newer than the last."""
    named = said_version()
    try:
        if (parsed := Version(named)).is_devrelease or parsed.local:
            yield f"{named} is no version to release"
    except InvalidVersion:
        yield f"{named} is no version"
        return
    older = [found for found, _, _ in headings() if found not in (named, "Unreleased")]
    if older and Version(older[0]) >= parsed:
        yield f"{named} is not newer than {older[0]}"


def changelog() -> Iterator[str]:
    """The newest heading is this version's, dated, and nothing waits as unreleased."""
    found = headings()
    if any(text.strip() for name, _, text in found if name == "Unreleased"):
        yield "something stands under Unreleased"
    dated = [each for each in found if each[0] != "Unreleased"]
    if not dated or dated[0][0] != said_version():
        yield f"the newest heading is not that of {said_version()}"
        return
    _, day, text = dated[0]
    if not text.strip():
        yield f"nothing stands under {said_version()}"
    try:
        date.fromisoformat(day)
    except ValueError:
        yield f"'{day}' is no date"


def docs() -> Iterator[str]:
    """Manual, completions and the table for TABs are those of the commands."""
    with copied() as there:
        subprocess.run([sys.executable, "-m", "addonctl.docs"], cwd=there, check=True)
        folders = (there / "man", there / "completions")
        files = [each for folder in folders for each in folder.iterdir()]
        made = {str(each.relative_to(there)) for each in files} | {"addonctl/docs/words.json"}
        kept = {name for name in tracked() if name in made or name.startswith(("man/", "compl"))}
        for name in sorted(made | kept):
            if name not in made & kept or Path(name).read_bytes() != (there / name).read_bytes():
                yield f"stale: {name}; run python -m addonctl.docs"


def wheel() -> Iterator[str]:
    """The wheel has this version, the whole package and the manual, and nothing else."""
    file, _ = built()
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
    if f"addonctl-{said_version()}-py3-none-any.whl" != file.name:
        yield f"its name is {file.name}"
    wanted = {name for name in tracked() if name.startswith("addonctl/")}
    data = f"addonctl-{said_version()}.data/data/share/man/man1/"
    wanted |= {data + Path(name).name for name in tracked() if name.startswith("man/")}
    yield from (f"it lacks {name}" for name in sorted(wanted - names))
    own = ("addonctl/", f"addonctl-{said_version()}.")
    yield from (f"it holds {name}" for name in sorted(names) if not name.startswith(own))


def sdist() -> Iterator[str]:
    """The source has what is needed to build and to test it."""
    _, file = built()
    top = f"addonctl-{said_version()}/"
    with tarfile.open(file) as archive:
        names = {name.removeprefix(top) for name in archive.getnames()}
    apart = (".", "tests/clients/package-lock.json")
    wanted = {name for name in tracked() if not name.startswith(apart)}
    yield from (f"it lacks {name}" for name in sorted(wanted - names))


def reproducible() -> Iterator[str]:
    """Built again elsewhere, by somebody else, on another day, it is the same bit for bit."""
    with copied() as there:
        for path in there.rglob("*"):
            os.utime(path, (1, 1))
        build(there, there / "dist", umask=0o077)
        for first in built():
            again = there / "dist" / first.name
            if not again.exists() or first.read_bytes() != again.read_bytes():
                yield f"{first.name} differs when it is built again"


CHECKS: dict[str, Callable[[], Iterator[str]]] = {
    check.__name__: check for check in (tree, version, changelog, docs, wheel, sdist, reproducible)
}


def ran(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def said_version() -> str:
    found = re.search(r'^__version__ = "(.*)"$', Path("addonctl/__init__.py").read_text(), re.M)
    return found[1] if found else "no version"


def headings() -> list[tuple[str, str, str]]:
    return HEADING.findall(Path("CHANGELOG.md").read_text("utf-8"))


def tracked() -> list[str]:
    return ran("git", "ls-files").splitlines()


@contextmanager
def copied() -> Iterator[Path]:
    """What is committed, in a folder of its own for a while."""
    with tempfile.TemporaryDirectory() as folder:
        for name in tracked():
            place = Path(folder, "addonctl", name)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, place)
        yield Path(folder, "addonctl")


@cache
def built() -> list[Path]:
    """Wheel and sdist in dist/, built once a run from what is committed."""
    dist = Path("dist").absolute()
    shutil.rmtree(dist, ignore_errors=True)
    with copied() as there:
        build(there, dist)
    return sorted(dist.iterdir())


def build(source: Path, dist: Path, umask: int = 0o022) -> None:
    """Wheel and sdist, with the date of the changelog's newest heading in place of the clock's."""
    day = next((day for _, day, _ in headings() if day), "2020-01-01")
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, source],
        env={**os.environ, "SOURCE_DATE_EPOCH": f"{moment.timestamp():.0f}"},
        check=True,
        capture_output=True,
        umask=umask,
    )


def main(names: list[str]) -> int:
    failed = False
    for name in names or CHECKS:
        problems = list(CHECKS[name]())
        failed |= bool(problems)
        said = "; ".join(problems[:5]) + (f"; {len(problems) - 5} more" if problems[5:] else "")
        print(f"{'FAIL' if problems else 'ok  '} {name}: {said or CHECKS[name].__doc__}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

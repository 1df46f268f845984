"""The release checklist: it holds for what can be released, and each fault fails its check."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GIT = ["git", "-c", "user.name=nobody", "-c", "user.email=nobody@example.com"]

pytestmark = pytest.mark.skipif(
    not (ROOT / ".git").exists() or not shutil.which("git"), reason="this is no clone"
)


def git(folder: Path, *words: str) -> None:
    subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True)


def checked(folder: Path, *checks: str) -> tuple[int, str]:
    words = [sys.executable, ".ci/release.py", *checks]
    ran = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


@pytest.fixture(scope="module")
def releasable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with all that is in this checkout, made ready to be released as 99.0."""
    place = tmp_path_factory.mktemp("release") / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, place / name)
    changed(place, "addonctl/__init__.py", r'__version__ = ".*"', '__version__ = "99.0"')
    heading = "## 99.0 (2026-11-30)\n\n- Something.\n\n## 98.0 (2026-11-29)\n"
    changed(place, "CHANGELOG.md", "## Unreleased\n", heading)
    subprocess.run([sys.executable, "-m", "addonctl.docs"], cwd=place, check=True)
    git(place, "init", "--quiet")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", "All of it")
    return place


@pytest.fixture
def clone(releasable: Path, tmp_path: Path) -> Path:
    place = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--local", str(releasable), str(place))
    return place


def changed(folder: Path, name: str, pattern: str, put: str) -> None:
    file = folder / name
    text = file.read_text("utf-8")
    assert re.search(pattern, text)
    file.write_text(re.sub(pattern, lambda _: put, text, count=1), "utf-8")


def test_what_can_be_told_without_building_holds(releasable: Path) -> None:
    code, said = checked(releasable, "tree", "version", "changelog", "docs")

    assert (code, said.count("ok  ")) == (0, 4), said


@pytest.mark.slow
def test_all_of_it_holds_for_what_can_be_released(releasable: Path) -> None:
    code, said = checked(releasable)

    assert (code, said.count("ok  ")) == (0, 7), said
    assert sorted(path.name for path in (releasable / "dist").iterdir()) == [
        "addonctl-99.0-py3-none-any.whl",
        "addonctl-99.0.tar.gz",
    ]


def leave_uncommitted(clone: Path) -> None:
    (clone / "new.py").touch()


def begin_again(clone: Path) -> None:
    changed(clone, "CHANGELOG.md", "## 99.0", "## Unreleased\n\n- More.\n\n## 99.0")


def edit_a_page(clone: Path) -> None:
    changed(clone, "man/addonctl-help.1", "Show help", "Show no help")


def forget_a_page(clone: Path) -> None:
    git(clone, "rm", "--quiet", "man/addonctl-help.1")


def leave_out_the_manual(clone: Path) -> None:
    changed(clone, "pyproject.toml", '"man" = "share/man/man1"', "")


def leave_out_the_tests(clone: Path) -> None:
    changed(clone, "pyproject.toml", r'    "/tests",\n', "")


def write_what_differs_each_time(clone: Path) -> None:
    hook = """
import secrets
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        Path(self.root, "addonctl", "files.py").write_text(secrets.token_hex())
"""
    (clone / "hatch_build.py").write_text(hook)
    with (clone / "pyproject.toml").open("a") as file:
        file.write("\n[tool.hatch.build.hooks.custom]\n")


def slow(*case: object) -> object:
    """One that has to build."""
    return pytest.param(*case, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("fault", "check", "said"),
    [
        (leave_uncommitted, "tree", "not committed: new.py"),
        (("addonctl/__init__.py", "99.0", "99.0.dev1"), "version", "no version to release"),
        (("addonctl/__init__.py", "99.0", "new"), "version", "new is no version"),
        (("addonctl/__init__.py", "99.0", "9.0"), "version", "9.0 is not newer than 99.0"),
        (begin_again, "changelog", "something stands under Unreleased"),
        (("addonctl/__init__.py", "99.0", "99.1"), "changelog", "is not that of 99.1"),
        (("CHANGELOG.md", "2026-11-30", "soon"), "changelog", "'soon' is no date"),
        (("CHANGELOG.md", "- Something.", ""), "changelog", "nothing stands under 99.0"),
        (edit_a_page, "docs", "stale: man/addonctl-help.1"),
        (forget_a_page, "docs", "stale: man/addonctl-help.1"),
        slow(leave_out_the_manual, "wheel", "it lacks addonctl-99.0.data"),
        slow(leave_out_the_tests, "sdist", "it lacks tests/"),
        slow(write_what_differs_each_time, "reproducible", "differs when it is built again"),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_each_fault_fails_its_check(
    clone: Path, fault: Callable[[Path], None] | tuple[str, str, str], check: str, said: str
) -> None:
    if callable(fault):
        fault(clone)
    else:
        changed(clone, *fault)
    if check != "tree":
        git(clone, "add", "--all")
        git(clone, "commit", "--quiet", "--message", "A fault")
    code, told = checked(clone, check)

    assert code == 1
    assert told.startswith(f"FAIL {check}: ")
    assert said in told

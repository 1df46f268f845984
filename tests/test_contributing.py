"""CONTRIBUTING.md is true: its format, verb and noun work when they are put where it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import addonctl
from addonctl.cli.commands import CALL, TEXT

GUIDE = Path(__file__).parents[1] / "CONTRIBUTING.md"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the package, with the guide's pieces of code in it."""
    shutil.copytree(Path(addonctl.__file__).parent, tmp_path / "addonctl")
    shutil.copy(GUIDE.with_name("CHANGELOG.md"), tmp_path)
    pieces = re.findall(r"```python\n# (.*?)\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    for place, code in pieces:
        name, _, path = place.rpartition(" of ")
        file = tmp_path / path
        text = file.read_text("utf-8") if file.exists() else ""
        at = len(text)
        if name and name != "at the end":  # of a table: before its end
            at = text.index("\n}\n", text.index(f"\n{name} = {{\n")) + 1
        file.write_text(f"{text[:at]}{code}{text[at:]}")

    assert len(pieces) == 5
    subprocess.run([sys.executable, "-m", "addonctl.docs"], cwd=tmp_path, check=True)
    return tmp_path


def typed(source: Path, line: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "addonctl", *line.split()],
        cwd=source,
        capture_output=True,
        text=True,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def test_its_format_is_a_format(source: Path) -> None:
    answer = typed(source, "-p sandbox recordings list --format ini --fields sid,status")
    sections = re.findall(r"^\[(RE\w{32})\]\nsid = \1\nstatus = completed$", answer, re.MULTILINE)

    assert len(sections) == 5
    assert "ini       A section a record" in typed(source, "help formats")
    assert "\nini\tA section a record" in typed(source, "__complete fish -f ini")


def test_its_verb_is_a_verb(source: Path) -> None:
    assert typed(source, "-p sandbox recordings count --since 90d") == "5\n"
    assert "addonctl recordings count --since 7d" in typed(source, "recordings count --help")
    assert "\ncount\tSay how many" in typed(source, "__complete fish recordings cou")
    assert (source / "man" / "addonctl-recordings-count.1").exists()


def test_its_noun_is_a_noun_with_a_storage_of_its_own(source: Path, home: Path) -> None:
    """In two files of the program; what the commands are made into follows."""
    package = Path(addonctl.__file__).parent
    again = subprocess.run(
        [sys.executable, "-m", "addonctl", "notes", "set", CALL, "call back"],
        cwd=source,
        capture_output=True,
        text=True,
    )
    changed = {
        str(path.relative_to(source / "addonctl"))
        for path in (source / "addonctl").rglob("*.py")
        if not (old := package / path.relative_to(source / "addonctl")).exists()
        or old.read_text("utf-8") != path.read_text("utf-8")
    }
    others = {"cli/results.py", "output/__init__.py", "output/ini.py"}  # the verb, the format

    assert (again.returncode, again.stdout, again.stderr) == (0, "", f"noted on {CALL}\n")
    assert typed(source, "notes list -f csv") == f"sid,note\n{CALL},call back\n"
    assert typed(source, "notes list -f jsonl --fields note") == '{"note":"call back"}\n'
    assert [path.name for path in (home / "state" / "addonctl").glob("notes.json")]
    assert changed - others == {"cli/notes.py", "cli/commands.py"}


def test_every_module_it_names_is_there() -> None:
    package = Path(addonctl.__file__).parent
    named = set(re.findall(r"`((?:cli|batch|api|output|docs)/[\w/.]+)`", GUIDE.read_text("utf-8")))

    assert named
    assert [name for name in named if not (package / name).exists()] == []


COUNT = """
import sys, threading
from pathlib import Path
import addonctl
from addonctl.cli.commands import CALL, TEXT
from addonctl.cli import main

package = str(Path(addonctl.__file__).parent)
entered = set()


def enter(frame, event, argument):
    name = frame.f_code.co_filename
    if event == "call" and name.startswith(package) and name not in entered:
        outer = frame
        while outer and outer.f_code.co_name != "<module>":
            outer = outer.f_back
        if outer is None or not outer.f_code.co_filename.startswith(package):
            entered.add(name)


threading.setprofile(enter)
sys.setprofile(enter)
code = main(sys.argv[1:])
sys.setprofile(None)
threading.setprofile(None)
names = {str(Path(name).relative_to(package)) for name in entered}
print(len([name for name in names if not name.startswith("sandbox")]), file=sys.stderr)
sys.exit(code)
"""


def test_a_run_enters_as_many_files_as_it_says(home: Path) -> None:
    """Functions are what counts: a module that is only imported was not gone through."""
    counts = []
    for line in (f"results list {CALL} --format csv", f"payloads download {TEXT} --to keep"):
        ran = subprocess.run(
            [sys.executable, "-c", COUNT, "-p", "sandbox", "-q", *line.split()],
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        counts.append(ran.stderr.split()[-1])

    said = re.search(
        r"the list enters (\w+) files\s+and the download (\w+)\.", GUIDE.read_text("utf-8")
    )
    assert said
    assert list(said.groups()) == counts

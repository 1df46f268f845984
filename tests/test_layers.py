"""Imports point down: a layer knows those below it, not its neighbours nor those above."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import addonctl
from addonctl.cli.options import Listing

PACKAGE = Path(addonctl.__file__).parent
# Top to bottom. Modules of one row do not know each other; a package's own modules may.
LAYERS = (
    # Where programs begin: whoever starts them plugs the parts together.
    {"__main__", "docs.__main__"},
    # Words
    {"cli"},
    {"docs"},
    # Work
    {"archive"},
    {"batch"},
    {"transfer"},
    # Edges
    {"api", "output", "history"},
    {"selection"},
    # Facts
    {"models"},
    {"dates", "profiles", "transcripts"},
    {"addresses", "files"},
    {"errors"},
    {"__init__"},
)
RANK = {name: len(LAYERS) - row for row, names in enumerate(LAYERS) for name in names}
APART = "sandbox"
PLUGGED_IN_BY = {"cli", "docs.__main__"}
SOURCES = {
    str(path.relative_to(PACKAGE).with_suffix("")).replace("/", "."): path.read_text("utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imports_of(source: str) -> set[str]:
    """What it imports anywhere: at the top, inside functions, and for type checkers alone.

    Whole names, of a module or of something in one; `.` in front where it is relative.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {f"{module}.{name.name}" for name in node.names}
    return found


def layer_of(module: str) -> str:
    """The layer's name: a module at the top, or the package it is in."""
    return module if module in RANK else module.split(".")[0]


def forbidden(module: str, source: str) -> list[str]:
    """The imports that `module` may not have."""
    return sorted(used for used in imports_of(source) if not _allowed(module, used))


def _allowed(module: str, used: str) -> bool:
    top, _, rest = used.partition(".")
    if top != "addonctl":
        return bool(top)  # not a relative one: what it leads to is not to be seen
    # What is no module is a name of the package itself: its version.
    own, other = layer_of(module), layer_of(rest)
    if other not in (*RANK, APART):
        other = "__init__"
    if own == other:
        return True
    if APART in (own, other):
        return own in PLUGGED_IN_BY
    return RANK[other] < RANK[own]


@pytest.mark.parametrize("module", SOURCES)
def test_imports_point_down(module: str) -> None:
    """Each module against the rows above; the sandbox stands apart, and only cli plugs it in."""
    assert forbidden(module, SOURCES[module]) == []


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("errors", "import addonctl.dates", ["addonctl.dates"]),
        ("dates", "from addonctl import profiles", ["addonctl.profiles"]),
        ("output.sink", "from addonctl.api import Client", ["addonctl.api.Client"]),
        ("batch.pool", "def late():\n    from addonctl.cli import state", ["addonctl.cli.state"]),
        ("models", "if TYPE_CHECKING:\n    import addonctl.output", ["addonctl.output"]),
        ("cli.state", "from . import parser", ["..parser"]),
        ("transfer.plan", "from addonctl import sandbox", ["addonctl.sandbox"]),
        ("sandbox.app", "from addonctl.errors import Usage", ["addonctl.errors.Usage"]),
        ("docs.topics", "from addonctl.cli.parser import execute", ["addonctl.cli.parser.execute"]),
        ("docs.__main__", "from addonctl.cli.parser import execute", []),
        ("cli.sandbox", "from addonctl import sandbox", []),
        ("api.transport", "from addonctl import __version__", []),
        ("api.transport", "from addonctl.api.network import followed", []),
    ],
)
def test_what_points_up_is_found(module: str, source: str, found: list[str]) -> None:
    assert forbidden(module, source) == found


def test_every_module_has_its_layer() -> None:
    assert {layer_of(module) for module in SOURCES} == {*RANK, APART}


@pytest.mark.parametrize("module", [name for name in SOURCES if layer_of(name) != "output"])
def test_only_output_prints(module: str) -> None:
    """Neither by `print` nor by the streams; but the version is out before output is loaded."""
    tree = ast.parse(SOURCES[module])
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    allowed = {"sys.stdout.write"} if module == "cli.__init__" else set()

    assert called & {"print", "sys.stdout.write", "sys.stderr.write", "typer.echo"} <= allowed


@pytest.mark.parametrize("module", SOURCES)
def test_nobody_imports_click(module: str) -> None:
    """typer carries its own, and another one beside it would be a different parser."""
    assert [used for used in imports_of(SOURCES[module]) if used.split(".")[0] == "click"] == []


def test_typer_is_known_in_one_file() -> None:
    """And by its public names: so that another version of it changes nothing else."""
    known = {name for name, source in SOURCES.items() if "typer" in str(imports_of(source))}

    assert known == {"cli.parser"}
    assert not re.search(r"typer\.\w*\._|import _click|\b_click\b", SOURCES["cli.parser"])


FILES, LINES = 59, 11_803
"""What there may be outside of archive/ and transcripts/; less is better."""


def test_nothing_grows_beyond_what_one_can_hold() -> None:
    """No class over 200 lines, no file over 350; and not too many of them, nor too much in all."""
    lengths = {name: source.count("\n") for name, source in SOURCES.items()}
    classes = {
        f"{name}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for name, source in SOURCES.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    }
    counted = [
        lengths[name] for name in SOURCES if layer_of(name) not in ("archive", "transcripts")
    ]

    assert {name: length for name, length in lengths.items() if length > 350} == {}
    assert {name: length for name, length in classes.items() if length > 200} == {}
    assert len(counted) <= FILES
    assert sum(counted) <= LINES


def test_one_name_means_one_thing() -> None:
    """No class is called as another is."""
    found: dict[str, list[str]] = {}
    for name, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(name)

    assert {name: places for name, places in found.items() if len(places) > 1} == {}


MISTAKES = """
from addonctl.cli.options import Listing
Listing(limitt=3)
Listing(limit="3")
print(Listing().sorted)
Listing().sort = "sid"
"""


def test_a_mistake_about_options_is_seen_before_anything_runs(tmp_path: Path) -> None:
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file=", "--follow-imports=silent"),
            *("--cache-dir", str(tmp_path), "-c", MISTAKES),
        ],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    seen = [int(line.split(":")[1]) for line in ran.stdout.splitlines() if ": error: " in line]

    assert seen == [3, 4, 5, 6], ran.stdout + ran.stderr


def test_what_was_given_is_not_changed() -> None:
    given = Listing(limit=3)
    with pytest.raises(AttributeError, match="Listing is frozen: limit"):
        given.limit = 4  # type: ignore[misc]

    assert (given.limit, given.sort, vars(given)) == (3, None, vars(Listing(limit=3)))

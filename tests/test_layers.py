"""Imports point down: a layer knows those below it, not its neighbours nor those above."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import addonctl

PACKAGE = Path(addonctl.__file__).parent
# Top to bottom. Modules of one row do not know each other; a package's own modules may.
LAYERS = (
    {"__main__", "docgen.__main__"},
    {"cli"},
    {"docgen"},
    {"topics"},
    {"bulk", "transfer", "waiting"},
    {"pacing", "address_lists"},
    {"api", "profiles", "output", "history"},
    {"selection"},
    {"models"},
    {"addresses", "dates", "login"},
    {"errors"},
    {"version"},
)
RANK = {name: len(LAYERS) - row for row, names in enumerate(LAYERS) for name in names}
MODULES = sorted(
    str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".")
    for path in PACKAGE.rglob("*.py")
)


def imports_of(module: str) -> set[str]:
    """The modules of ours that `module` imports anywhere, also those for type checkers alone."""
    path = PACKAGE / f"{module.replace('.', '/')}.py"
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            names = {f"{node.module}.{name.name}" for name in node.names}
            found |= names if node.module == "addonctl" else {node.module}
    return {name.removeprefix("addonctl.") for name in found if name.split(".")[0] == "addonctl"}


def layer_of(module: str) -> str:
    """The layer's name: a module at the top, or the package it is in."""
    if module in ("__init__", "__version__"):
        return "version"
    return module if module in RANK else module.split(".")[0]


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module):
    """Each module against the rows above; the sandbox stands apart, and only cli plugs it in."""
    own = layer_of(module)
    for used in map(layer_of, imports_of(module)):
        if used == own:
            continue
        if "sandbox" in (own, used):
            assert own in ("cli", "docgen.__main__"), f"{module} may not import {used}"
        else:
            assert RANK[used] < RANK[own], f"{module} may not import {used}"


def test_every_module_has_its_layer():
    layers = {layer_of(module) for module in MODULES} - {"sandbox"}

    assert layers <= set(RANK)


@pytest.mark.parametrize("module", [name for name in MODULES if layer_of(name) != "output"])
def test_only_output_prints(module):
    """Neither by `print` nor by the streams; but the version is out before output is loaded."""
    source = (PACKAGE / f"{module.replace('.', '/')}.py").read_text("utf-8")
    called = {
        ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)
    }
    allowed = {"sys.stdout.write"} if module == "cli.__init__" else set()

    assert called & {"print", "sys.stdout.write", "sys.stderr.write", "typer.echo"} <= allowed


@pytest.mark.parametrize("module", MODULES)
def test_nobody_imports_click(module):
    """typer carries its own, and another one beside it would be a different parser."""
    path = PACKAGE / f"{module.replace('.', '/')}.py"
    tree = ast.parse(path.read_text("utf-8"))
    named = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }

    assert not [name for name in named if name.split(".")[0] == "click"]

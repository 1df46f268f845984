"""The wheel, built and installed by pip, pipx and uv into environments of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from addonctl import __version__

CHECKOUT = Path(__file__).parents[1]
SHARED = {
    "share/man/man1/addonctl.1",
    "share/man/man1/addonctl-results-list.1",
    "share/bash-completion/completions/addonctl",
    "share/zsh/site-functions/_addonctl",
    "share/fish/vendor_completions.d/addonctl.fish",
}
BIN = "Scripts" if os.name == "nt" else "bin"


def did(*words: object, **variables: str) -> str:
    """What a program wrote, once it has ended well. Its home is the test's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run(
        list(map(str, words)),
        env={**clean, **variables},
        cwd=os.environ["HOME"],
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what is checked in, copied first: a build leaves nothing behind."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    for name in ("addonctl", "man", "completions"):
        shutil.copytree(CHECKOUT / name, source / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, source)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", place, source],
        capture_output=True,
        check=True,
    )
    (built,) = place.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def registry() -> None:
    """Skips where the packages the wheel needs cannot be had."""
    index = os.environ.get("PIP_INDEX_URL", "")
    try:
        if not index:
            socket.create_connection(("pypi.org", 443), timeout=5).close()
    except OSError:
        pytest.skip("the package registry is not reachable")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One download cache for all installations, so that each package comes once."""
    folder = tmp_path_factory.mktemp("cache")
    return {"PIP_CACHE_DIR": str(folder / "pip"), "UV_CACHE_DIR": str(folder / "uv")}


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def works(program: Path) -> None:
    """Say that an installed program does its job, beginning with nothing at home."""
    shown = did(program, "-p", "sandbox", "results", "list", "--all", "--format", "sids")

    assert did(program, "--version") == f"addonctl {__version__}\n"
    assert shown.startswith("RE")
    assert "Register-ArgumentCompleter" in did(program, "completion", "powershell")


def test_it_carries_the_program_and_no_tests(wheel: Path) -> None:
    names = names_in(wheel)
    tops = {name.split("/")[0] for name in names}

    assert tops == {
        "addonctl",
        f"addonctl-{__version__}.data",
        f"addonctl-{__version__}.dist-info",
    }
    assert "addonctl/py.typed" in names
    assert not [name for name in names if "test" in name or name.endswith(".pyc")]


def test_it_carries_licence_and_classifiers(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = f"addonctl-{__version__}.dist-info"
        metadata = archive.read(f"{info}/METADATA").decode()
        licence = archive.read(f"{info}/licenses/LICENSE").decode()

    assert f"\nVersion: {__version__}\n" in metadata
    assert "\nLicense-Expression: MIT\n" in metadata
    assert "\nClassifier: Typing :: Typed\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert licence.startswith("MIT License")


def test_it_carries_every_page_of_the_manual(wheel: Path) -> None:
    pages = {Path(name).name for name in names_in(wheel) if "/share/man/man1/" in name}

    assert pages == {path.name for path in (CHECKOUT / "man").iterdir()}


def test_pip_puts_it_where_it_belongs(
    wheel: Path, registry: None, kept: dict[str, str], home: Path, tmp_path: Path
) -> None:
    place = tmp_path / "environment"
    did(sys.executable, "-m", "venv", place)
    python = place / BIN / "python"
    did(python, "-m", "pip", "install", "--quiet", wheel, **kept)

    assert [name for name in SHARED if not (place / name).is_file()] == []
    works(place / BIN / "addonctl")
    assert did(python, "-m", "addonctl", "--version") == f"addonctl {__version__}\n"
    if shutil.which("man"):
        page = did("man", "-M", place / "share" / "man", "addonctl-results-list", MANPAGER="cat")
        assert "addonctl results list" in page


def test_pipx_puts_it_where_it_belongs(
    wheel: Path, registry: None, kept: dict[str, str], home: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pipx", reason="pipx is not installed")
    folders = {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "PIPX_MAN_DIR": str(tmp_path / "man"),
    }
    did(sys.executable, "-m", "pipx", "install", "--quiet", wheel, **folders, **kept)

    works(tmp_path / "bin" / "addonctl")
    assert (tmp_path / "man" / "man1" / "addonctl.1").is_file()


def test_uv_puts_it_where_it_belongs(
    wheel: Path, registry: None, kept: dict[str, str], home: Path, tmp_path: Path
) -> None:
    found = shutil.which("uv", path=sysconfig.get_path("scripts")) or shutil.which("uv")
    if not found:
        pytest.skip("uv is not installed")
    folders = {
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
    }
    did(found, "tool", "install", "--quiet", wheel, **folders, **kept)

    works(tmp_path / "bin" / "addonctl")
    assert [name for name in SHARED if not (tmp_path / "tools/addonctl" / name).is_file()] == []

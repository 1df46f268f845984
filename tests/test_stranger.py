"""A stranger with a fresh clone, a fresh home and the README, and nothing else to go by."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support.consoles import DATE
from support.program import CLOCK

ROOT = Path(__file__).parents[1]
PASSED_ON = ("PIP_", "UV_", "SSL_", "HTTP_", "HTTPS_", "NO_PROXY", "REQUESTS_", "http_", "https_")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        not (ROOT / ".git").exists() or not all(map(shutil.which, ("git", "make", "bash"))),
        reason="this is no clone, or there is no git or make",
    ),
]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    place = tmp_path / "addonctl"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(place)], check=True)
    return place


@pytest.fixture
def environment(tmp_path: Path, home: Path) -> dict[str, str]:
    """What a machine has on which somebody writes Python: python3, make, pipx and uv."""
    tools = tmp_path / "tools"
    tools.mkdir()
    python = Path(sys.base_prefix, "bin", "python3").resolve()
    (tools / "python3").symlink_to(python)
    uv = shutil.which("uv", path=sysconfig.get_path("scripts")) or shutil.which("uv")
    if uv:
        (tools / "uv").symlink_to(uv)
    pipx = tools / "pipx"
    pipx.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipx "$@"\n')
    pipx.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    return {
        **kept,
        **CLOCK,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": f"{home / '.local/bin'}:{tools}:/usr/bin:/bin",
        "PIPX_DEFAULT_PYTHON": str(python),
        "UV_PYTHON": str(python),
        "UV_PYTHON_DOWNLOADS": "never",
    }


def sections(page: str) -> dict[str, str]:
    """The page's parts by their headings."""
    parts = re.split(r"^## (.*)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def follow(text: str, clone: Path, environment: dict[str, str], *left_out: str) -> int:
    """Type each line of a part in turn, in one shell, as somebody does who copies them.

    Where a page shows what a line says, it says that. Gives back how many there were.
    """
    count = 0
    for kind, block in re.findall(r"```(console|sh)\n(.*?)```", text, re.DOTALL):
        mark = r"^\$ " if kind == "console" else "^"
        for typed in re.split(mark, block, flags=re.MULTILINE)[1:]:
            line, _, shown = typed.partition("\n")
            if not line or line.startswith(left_out):
                continue
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").partition("=")
                environment[name] = value
                continue
            ran = subprocess.run(
                ["bash", "-c", line],
                cwd=clone,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            found, expected = (DATE.sub("DATE", each) for each in (ran.stdout, shown))
            assert ran.returncode == 0, f"{line}\n{ran.stdout}"
            if shown:
                assert sorted(found.splitlines()) == sorted(expected.splitlines()), line
            count += 1
    return count


def test_the_two_commands(clone: Path, environment: dict[str, str]) -> None:
    """`make test` with few tests: these run in it."""
    readme = sections((clone / "README.md").read_text("utf-8"))
    environment["PYTEST_FLAGS"] = "tests/test_program.py"

    assert follow(readme["Two commands"], clone, environment) == 2
    assert (clone / ".venv" / "bin" / "addonctl").exists()


@pytest.mark.parametrize(("installer", "other"), [("pipx", "uv"), ("uv", "pipx")])
def test_installation_and_tour(
    clone: Path, environment: dict[str, str], home: Path, installer: str, other: str
) -> None:
    readme = sections((clone / "README.md").read_text("utf-8"))
    if not shutil.which(installer, path=environment["PATH"]):
        pytest.skip(f"there is no {installer}")
    installed = follow(readme["Install it"], clone, environment, other)
    toured = follow(readme["A tour, on the sandbox"], clone, environment)

    assert (installed, toured) == (3, 12)
    assert (home / ".local/bin/addonctl").exists()
    assert (home / ".local/share/man/man1/addonctl.1").exists() == (installer == "pipx")


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_without_the_keyrings_heavy_half(
    clone: Path, environment: dict[str, str], home: Path, tmp_path: Path, installer: str
) -> None:
    """By the lines of docs/install.md: what is left out is not there, and not missed."""
    told = sections((clone / "docs" / "install.md").read_text("utf-8"))
    by_uv, by_pip = re.findall(
        r"```sh\n.*?```", told["Without the keyring's heavy half"], re.DOTALL
    )
    place = home / ".local/share/uv/tools/addonctl"
    if installer == "pip":
        place = tmp_path / "venv"
        subprocess.run(["python3", "-m", "venv", str(place)], env=environment, check=True)
        environment["PATH"] = f"{place / 'bin'}:{environment['PATH']}"
    assert follow(by_uv if installer == "uv" else by_pip, clone, environment) == 2

    def typed(line: str) -> tuple[int, str]:
        ran = subprocess.run(
            ["bash", "-c", line], env=environment, capture_output=True, text=True, cwd=home
        )
        return ran.returncode, ran.stdout + ran.stderr

    packages = {each.name.lower() for each in place.glob("lib/python3*/site-packages/*")}
    assert "keyring" in packages
    assert packages.isdisjoint({"secretstorage", "cryptography", "cffi"})
    assert typed("addonctl -p sandbox results list --all")[0] == 0
    code, said = typed(
        f"echo secret | addonctl auth login --account AC{'0' * 32} --secret-stdin --no-verify"
    )
    assert (code, "this machine has no keyring" in said) == (4, True)

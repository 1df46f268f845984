"""The documentation: what it shows is so, and the site is built of it without a warning."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.account import Account
from support.consoles import as_shown, consoles, newcomer
from support.faulty import impatient
from support.program import Run
from support.serving import serving

from addonctl import sandbox
from addonctl.cli.commands import PROGRAM
from addonctl.docs import topics
from addonctl.docs.__main__ import CommandDoc
from addonctl.sandbox.app import Application

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(page.relative_to(DOCS) for page in DOCS.rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_a_page_shows_is_so(page: Path, home: Path, tmp_path: Path) -> None:
    """Line by line on the sandbox, or, where a login is set, on an account that is served."""
    steps = consoles((DOCS / page).read_text("utf-8"))
    environment = newcomer(home)
    file = tmp_path / "account.sqlite"
    with serving(lambda url: Application(file, store_url=url)) as server:
        if any("TWILIO_API_KEY" in line for line, _ in steps):
            environment["ADDONCTL_API_URL"] = server.api_url
        as_shown([(filled(line), shown) for line, shown in steps], environment, home)


def filled(line: str) -> str:
    for place, value in (
        ("=AC…", sandbox.ACCOUNT),
        ("=SK…", sandbox.API_KEY),
        ("SECRET=…", sandbox.API_SECRET),
    ):
        line = line.replace(place, f"{place.partition('=')[0]}={value}")
    return line


def test_the_nightly_recipe_names_what_fails_and_completes_it(
    run: Run, account: Account, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a service in trouble: one recording in ten cannot be listed, one file not be fetched."""
    recipe = (DOCS / "recipes" / "operations.md").read_text("utf-8")
    (line,) = (line for line, _ in consoles(recipe) if "download --all" in line)
    words = line.removeprefix("addonctl ").partition(" > ")[0]
    account.state.reset(recordings=30, results=2, payloads=1)
    every = run("payloads list --all --expiring-within 10d -f sids").out.split()
    recordings = list(dict.fromkeys(address[:34] for address in every))
    failing, (odd, *_) = recordings[::10], [a for a in every if a[:34] not in recordings[::10]]
    account.failing = {f"{sid}/AddOnResults.json": 503 for sid in failing}
    account.failing[odd.rpartition("/")[2]] = 500

    with impatient(monkeypatch):
        first = run(words)
        kept = {file.stem for file in (home / "keep").rglob("XH*")}
        account.failing = {}
        second = run(words)

    rows = list(csv.DictReader(first.out.splitlines()))
    failed = {row["sid"]: row["detail"] for row in rows if row["outcome"] == "failed"}
    assert (6, 0) == (first.code, second.code)
    assert {*failing, odd} == failed.keys()
    assert all("503" in failed[sid] for sid in failing)
    whole = {a.rpartition("/")[2] for a in every if a[:34] not in failing and a != odd}
    assert whole == kept
    assert (
        f"addonctl: saved {len(kept)} of {len(rows)} payloads, {len(failed)} failed\n" == first.err
    )
    outcomes = {row["sid"]: row["outcome"] for row in csv.DictReader(second.out.splitlines())}
    assert set(every) == outcomes.keys()
    assert len(every) - len(kept) == [*outcomes.values()].count("saved")
    assert {a.rpartition("/")[2] for a in every} == {f.stem for f in (home / "keep").rglob("XH*")}


def built(
    checkout: Path, place: Path, *options: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The site of a checkout, built as strictly as there is."""
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", *options, "--site-dir"]
    return subprocess.run(
        [*words, str(place)], cwd=checkout, env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as strictly as there is, where nothing can be fetched."""
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    place = tmp_path_factory.mktemp("site")
    nowhere = {
        "PATH": "/usr/bin:/bin",
        "https_proxy": "http://127.0.0.1:9",
        "NO_MKDOCS_2_WARNING": "1",
    }
    ran = built(ROOT, place, "--quiet", environment=nowhere)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    return place


def test_every_topic_and_every_command_has_its_place(site: Path) -> None:
    for name in topics.NAMES:
        assert topics.TOPICS[name].title in (site / "help" / f"{name}.html").read_text("utf-8")
    for noun in CommandDoc(PROGRAM).commands:
        text = (site / "commands" / f"{noun.path}.html").read_text("utf-8")
        for verb in noun.walk():
            assert f"addonctl {verb.path}" in text
            for option in verb.options:
                assert option.flags[-1] in text


class Loaded(HTMLParser):
    """What a browser fetches for a page unasked."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        wanted = {"link": "href", "script": "src", "img": "src", "iframe": "src"}.get(tag)
        if wanted and given.get("rel") != "canonical" and given.get(wanted):
            self.addresses.append(str(given[wanted]))


def test_reading_it_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    fetched = {address for page in pages for address in Loaded(page).addresses}
    styles = "".join(style.read_text("utf-8") for style in site.rglob("*.css"))

    assert len(pages) > 20
    assert fetched
    assert [address for address in fetched if "//" in address] == []
    assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", styles) == []


@pytest.mark.parametrize(
    ("page", "text", "said"),
    [
        ("index.md", "[gone](recipes/gone.md)", "recipes/gone.md"),
        ("security.md", "[gone](api.md#nowhere)", "#nowhere"),
        ("more.md", "# A page that the list does not name", "more.md"),
    ],
)
def test_a_broken_link_fails_the_build(tmp_path: Path, page: str, text: str, said: str) -> None:
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    for name in ("docs", "benchmarks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("mkdocs.yml", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"):
        shutil.copy(ROOT / name, tmp_path)
    with (tmp_path / "docs" / page).open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")
    ran = built(tmp_path, tmp_path / "site")

    assert ran.returncode == 1
    assert said in ran.stderr


def test_every_command_that_a_page_names_exists() -> None:
    paths = {each.path for each in CommandDoc(PROGRAM).walk()}
    nouns = "|".join(noun.path for noun in CommandDoc(PROGRAM).commands)
    for page in PAGES:
        text = (DOCS / page).read_text("utf-8")
        named = re.findall(rf"`(?:addonctl )?({nouns}) ([a-z]+)[ `]", text)
        named += re.findall(rf"\baddonctl (?:-p \w+ )?({nouns}) ([a-z]+)\b", text)
        known = ("help", "completion")
        wrong = {f"{noun} {verb}" for noun, verb in named if noun not in known} - paths
        assert wrong == set(), page


def test_every_extra_is_told_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"bench", "mutants", "test"}
    told = re.findall(
        r"^\| `addonctl\[(\w+)\]` \|", (DOCS / "install.md").read_text(), re.MULTILINE
    )

    assert sorted(told) == sorted(extras)

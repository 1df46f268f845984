"""The page that shows an archive: in a real browser, with hostile words, and number by number."""

from __future__ import annotations

import math
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.archives import index, kept, rows
from support.bucket import BOTH, in_both
from support.program import Run

import addonctl

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    '"><img src=https://evil.invalid/x onerror="window.pwned = 2">',
    "'; DROP TABLE results; --",
    "{{ 7 * 7 }}{% raw %}",
    "\u202eright to left\u2066",
    "nul\x00and\x1b[31m",
    "javascript:alert(1)",
    "x" * 5000,
    "<style>*{display:none}</style>",
    "--></svg></details>",
)


@pytest.fixture(params=BOTH)
def run(run: Run, request: pytest.FixtureRequest) -> Run:
    return in_both(run, request)


@pytest.fixture(autouse=True)
def profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")


@pytest.fixture
def keep(run: Run, home: Path) -> Path:
    """An archive with the sandbox's samples in it."""
    return kept(run, home)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Numbers(HTMLParser):
    """Every number of a page, by what it says it is of; and what elements there are."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.values: dict[str, float] = {}
        self.tags: list[str] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attributes)
        if tag == "data":
            self.values[found["data-of"] or ""] = float(found["value"] or "")


@contextmanager
def opened(browser: Browser, page: Path, **wish: Any) -> Iterator[tuple[Page, list[str]]]:
    """The page, with the network off; and whatever it did that it should not."""
    wrong: list[str] = []
    context = browser.new_context(**wish)
    context.set_offline(True)
    context.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error(e.violatedDirective))"
    )
    try:
        tab = context.new_page()
        tab.on("console", lambda said: wrong.append(said.text))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("dialog", lambda dialog: wrong.append(dialog.message))
        tab.on(
            "request", lambda asked: None if asked.url == page.as_uri() else wrong.append(asked.url)
        )
        tab.goto(page.as_uri())
        yield tab, wrong
    finally:
        context.close()


def too_wide(tab: Page) -> list[str]:
    """What does not fit into the width of the window."""
    found: list[str] = tab.evaluate(
        "[...document.querySelectorAll('*')].filter("
        "each => each.getBoundingClientRect().right > innerWidth).map("
        "each => `${each.tagName}: ${each.textContent.slice(0, 50)}`)"
    )
    return found


def hostile(keep: Path, words: tuple[str, ...] = HOSTILE) -> None:
    """Put such words wherever a vendor's may stand."""
    with index(keep) as db:
        for name, column, table in (
            ("sid", "label", "payloads"),
            ("sid", "content_type", "payloads"),
            ("sid", "status", "results"),
            ("sid", "add_on_sid", "results"),
            ("id", "ended_as", "runs"),
        ):
            sids = [sid for (sid,) in db.execute(f"SELECT {name} FROM {table} ORDER BY 1")]
            for n, sid in enumerate(sids):
                word = words[n % len(words)]
                db.execute(f"UPDATE {table} SET {column} = ? WHERE {name} = ?", (word, sid))
        db.execute("UPDATE runs SET complete = 0")
        turns = db.execute("SELECT payload_sid, n FROM turns ORDER BY 1, 2").fetchall()
        for k, key in enumerate(turns):
            word = words[k % len(words)]
            db.execute(
                "UPDATE turns SET text = ?, speaker = ? WHERE payload_sid = ? AND n = ?",
                (word, word, *key),
            )


# In a browser


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_a_browser_finds_nothing_wrong(
    run: Run, keep: Path, browser: Browser, width: int, scheme: Any
) -> None:
    """No request, no complaint of a console or a policy, nothing for axe, no scrolling sideways."""
    from axe_playwright_python.sync_playwright import Axe

    assert 0 == run("archive report --to page.html --transcripts 20").code
    with opened(
        browser,
        Path("page.html").resolve(),
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
    ) as (tab, wrong):
        tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        found = Axe().run(tab)
        wide = too_wide(tab)
        ink = tab.evaluate("getComputedStyle(document.body).backgroundColor")

    assert 0 == found.violations_count, found.generate_report()
    assert [] == wrong
    assert [] == wide
    assert ("rgb(255, 255, 255)" == ink) == (scheme == "light")


@in_a_browser
def test_hostile_words_do_nothing(run: Run, keep: Path, browser: Browser) -> None:
    hostile(keep)
    ran = run("archive report --to page.html --transcripts 20")
    with opened(browser, Path("page.html").resolve(), viewport={"width": 400, "height": 900}) as (
        tab,
        wrong,
    ):
        tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        wide = too_wide(tab)
        pwned = tab.evaluate("typeof window.pwned")
        shown = tab.inner_text("body")

    assert 0 == ran.code
    assert ("undefined", []) == (pwned, wrong)
    assert [] == wide
    assert HOSTILE[0] in shown
    assert "{{ 7 * 7 }}" in shown
    assert "\\u202eright" in shown
    assert not {"img", "iframe", "object", "form", "link"} & set(Numbers(Path("page.html")).tags)
    assert 1 == Numbers(Path("page.html")).tags.count("script")


@in_a_browser
def test_the_reader_finds_words_and_jumps_to_moments(
    run: Run, keep: Path, browser: Browser
) -> None:
    run("archive report --to page.html --transcripts 20")
    query = (
        "SELECT payload_sid, n, start FROM turns WHERE text LIKE '%never arrived%' AND start > 1"
    )
    payload, n, start = rows(keep, query)[0]
    with opened(browser, Path("page.html").resolve()) as (tab, wrong):
        calls = tab.locator(".call").count()
        tab.fill("#words", "NEVER arrivéd")
        tab.wait_for_selector(".hit")
        hits = tab.locator(".hit").count()
        visible = tab.locator(".call:visible").count()
        tab.keyboard.press("Enter")
        said = tab.inner_text("#found")
        focused = tab.evaluate("document.activeElement.closest('li').textContent")
        tab.fill("#words", "nobody said this")
        expect(tab.locator("#found")).to_have_text("0 found")
        none = tab.locator(".call:visible").count()
        tab.fill("#words", "")
        expect(tab.locator("#found")).to_have_text("")
        field = tab.locator(f"#{payload} input")
        tab.evaluate("id => document.getElementById(id).open = true", payload)
        field.fill(f"0:{int(start) + 1:02}")
        field.press("Tab")
        expect(tab.locator(f"#{payload} li:target")).to_be_visible()
        there = tab.evaluate("location.hash")
        tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
        tab.evaluate("location.hash = ''")
        tab.evaluate("hash => location.hash = hash", f"#{payload}-{n}")
        tab.wait_for_selector(f"#{payload}-{n}", state="visible")

    assert [] == wrong
    assert hits == rows(keep, "SELECT count(*) FROM turns WHERE text LIKE '%never%arrived%'")[0][0]
    assert 0 < visible < calls
    assert f"1 of {hits}" == said
    assert "never arrived" in focused
    assert 0 == none
    assert f"#{payload}-{n}" == there


@in_a_browser
def test_it_is_read_without_its_script_and_on_paper(run: Run, keep: Path, browser: Browser) -> None:
    run("archive report --to page.html --transcripts 20")
    page = Path("page.html").resolve()
    with opened(browser, page, java_script_enabled=False) as (tab, wrong):
        text = tab.inner_text("main")
        search = tab.locator(".search").is_visible()
        tab.emulate_media(media="print")
        closed = tab.locator("details tbody tr").first.bounding_box()
        paper = tab.pdf()

    assert [] == wrong
    assert not search
    assert "Is it safe?" in text
    assert closed and closed["height"] > 0
    assert paper.startswith(b"%PDF")


# Numbers


def test_every_number_is_what_the_index_says(run: Run, keep: Path) -> None:
    with index(keep) as db:
        db.execute(
            "UPDATE results SET state = 'pending' WHERE sid = (SELECT max(sid) FROM results)"
        )
        db.execute(
            "UPDATE results SET date_created = NULL WHERE sid = (SELECT min(sid) FROM results)"
        )
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    ran = run("archive report --to page.html")
    found = Numbers(Path("page.html")).values
    expected: dict[str, float] = {}

    def add(kind: str, query: str) -> None:
        for *names, number in rows(keep, query):
            expected[".".join(map(str, (kind, *names)))] = number

    add("status", "SELECT 'results_' || state, count(*) FROM results GROUP BY 1")
    add("status", "SELECT 'payloads', count(*) FROM payloads")
    add("status", "SELECT 'bytes', sum(bytes) FROM payloads")
    for days in (1, 3, 7):
        add(
            "status",
            f"SELECT 'unsaved_expiring_in_{days}_day{'s' * (days > 1)}', count(*) FROM results"
            f" WHERE state = 'pending' AND julianday(expires) - julianday('{now}')"
            f" BETWEEN 0 AND {days}",
        )
    recent = f"date_created >= date('{now}', '-59 days')"
    add(
        "days",
        "SELECT substr(date_created, 1, 10), status, count(*) FROM results"
        f" WHERE {recent} GROUP BY 1, 2",
    )
    add("days", f"SELECT 'older', count(*) FROM results WHERE NOT {recent}")
    add("days", "SELECT 'undated', count(*) FROM results WHERE date_created IS NULL")
    by = "coalesce(add_on_sid, 'None'), coalesce(add_on_configuration_sid, 'None')"
    add("add_ons", f"SELECT {by}, 'results', count(*) FROM results GROUP BY 1, 2")
    add("add_ons", f"SELECT {by}, 'failed', sum(status = 'failed') FROM results GROUP BY 1, 2")
    add("add_ons", f"SELECT {by}, 'rate', avg(status = 'failed') FROM results GROUP BY 1, 2")
    kept = "CASE state WHEN 'saved' THEN 'saved' ELSE 'unsaved' END"
    ahead = f"julianday(expires) > julianday('{now}')"
    by_expiry = f"SELECT substr(expires, 1, 10), {kept}, count(*) FROM results WHERE {ahead}"
    add("expiry", f"{by_expiry} GROUP BY 1, 2")
    ranked = "SELECT count(*) AS k, sum(bytes) AS b FROM payloads GROUP BY label, content_type"
    ranked += " ORDER BY 2 DESC, label, content_type"
    add("bytes", f"SELECT row_number() OVER () - 1, 'payloads', k FROM ({ranked})")
    add("bytes", f"SELECT row_number() OVER () - 1, 'bytes', b FROM ({ranked})")
    for column in ("requests", "looked", "saved", "failed"):
        add("runs", f"SELECT 0, '{column}', {column} FROM runs")
    waits: dict[str, list[float]] = {}
    for add_on, seconds in rows(
        keep,
        "SELECT add_on_sid, round(86400 * (julianday(date_completed) - julianday(date_created)))"
        " FROM results WHERE date_completed > '' AND date_created > ''",
    ):
        waits.setdefault(add_on, []).append(seconds)
    for add_on, each in waits.items():
        each.sort()
        expected[f"waits.{add_on}.results"] = len(each)
        for name, part in (("p50", 0.5), ("p95", 0.95)):
            expected[f"waits.{add_on}.{name}"] = each[math.ceil(part * len(each)) - 1]

    assert 0 == ran.code
    assert {name: value for name, value in found.items() if value} == {
        name: pytest.approx(value) for name, value in expected.items() if value
    }
    assert found["status.results_pending"] >= 1


def test_it_says_whether_the_archive_is_safe(run: Run, keep: Path) -> None:
    fine = run("archive report --to page.html") and Path("page.html").read_text()
    with index(keep) as db:
        db.execute(
            "UPDATE payloads SET verdict = 'damaged' WHERE sid = (SELECT min(sid) FROM payloads)"
        )
        db.execute("UPDATE runs SET ended = '2020-01-01T00:00:00Z'")
    run("archive report --to page.html")
    bad = Path("page.html").read_text()

    assert '<p class="verdict good"><strong>Yes.' in fine
    assert '<p class="verdict bad"><strong>No.' in bad
    assert "no good run within 26h" in bad
    assert "1 payloads are damaged" in bad
    assert 2 == run("archive report --to page.html --max-age soon").code


def test_no_word_of_a_call_is_in_it_unasked(run: Run, keep: Path) -> None:
    run("archive report --to page.html")
    page = Path("page.html").read_text()

    assert not [text for (text,) in rows(keep, "SELECT text FROM turns") if text in page]
    assert "<script" not in page
    assert "script-src 'none'" in page


def test_names_of_add_ons_are_those_of_the_user(run: Run, keep: Path, home: Path) -> None:
    [(add_on,)] = rows(keep, "SELECT add_on_sid FROM results LIMIT 1")
    folder = home / "config" / "addonctl"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(f'[add_ons]\n{add_on} = "Ours <b>"\n')
    ran = run("archive report --to page.html")

    assert 0 == ran.code, ran.err
    assert "<bdi>Ours &lt;b&gt;</bdi>" in Path("page.html").read_text()


def test_two_hundred_labels_are_forty_and_the_others(run: Run, keep: Path) -> None:
    with index(keep) as db:
        db.execute(
            "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 200)"
            " INSERT INTO payloads (sid, result_sid, recording_sid, label, object, bytes, sha256)"
            " SELECT printf('XH%032x', k), printf('XR%032x', k), 'RE', 'label ' || k, '', k, ''"
            " FROM n"
        )
        db.execute(
            "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 200)"
            " INSERT INTO results (sid, recording_sid, account_sid, add_on_sid, status, state,"
            " date_created, date_completed) SELECT printf('XR%032x', k), 'RE', 'AC',"
            " printf('XB%032x', k), 'status ' || k, 'saved', datetime('now'), datetime('now')"
            " FROM n"
        )
    run("archive report --to page.html")
    found = Numbers(Path("page.html")).values
    [(total,)] = rows(keep, "SELECT sum(bytes) FROM payloads")
    [(results,)] = rows(keep, "SELECT count(*) FROM results")

    of_bytes = [v for name, v in found.items() if re.fullmatch(r"bytes\.\d+\.bytes", name)]
    of_add_ons = [v for name, v in found.items() if re.fullmatch(r"add_ons\..+\.results", name)]
    by_day = sum(v for name, v in found.items() if name.startswith("days."))
    assert (41, total) == (len(of_bytes), sum(of_bytes))
    assert (41, results) == (len(of_add_ons), sum(of_add_ons))
    assert results == by_day
    assert Path("page.html").stat().st_size < 200_000


# Where there is nothing to see, or no way to write


def test_an_empty_archive_is_drawn(run: Run, home: Path) -> None:
    run("archive init keep")
    ran = run("archive report --to page.html --transcripts 5")
    page = Path("page.html").read_text()

    assert 0 == ran.code
    assert "No results yet." in page
    assert "No run yet." in page
    assert "no good run within 26h" in page
    assert not any(Numbers(Path("page.html")).values.values())


def test_the_file_is_its_owners_and_whole_or_as_it_was(
    run: Run, keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("page.html").write_text("before")
    with index(keep) as db:
        db.execute("UPDATE runs SET started = 'yesterday'")
    failed = run("archive report --to page.html")
    kept = Path("page.html").read_text()
    with index(keep) as db:
        db.execute("UPDATE runs SET started = ended")
    done = run("archive report --to page.html")

    assert (1, "before") == (failed.code, kept)
    assert "archive rebuild" in failed.err
    assert 0 == done.code
    assert 0o600 == stat.S_IMODE(Path("page.html").stat().st_mode)
    assert not [each for each in Path().iterdir() if each.name.endswith(".tmp")]


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("archive report", 2, "where to?"),
        ("archive report --to keep/page.html", 2, "is in an archive"),
        ("archive report --to keep/exports/page.html", 2, "is in an archive"),
        ("archive report --to nowhere/page.html", 1, "nowhere/page.html"),
        ("archive report --to .", 1, "."),
        ("archive report --to page.html --transcripts -1", 2, "expected 0 to 10000"),
        ("archive report --to page.html -a nowhere", 3, "no archive at"),
    ],
)
@pytest.mark.folder
def test_what_is_refused(run: Run, keep: Path, line: str, code: int, said: str) -> None:
    ran = run(line)

    assert (code, "") == (ran.code, ran.out)
    assert said in ran.err
    assert "unexpected" not in ran.err
    assert not list(Path().rglob("page.html"))


def test_without_jinja_it_says_what_to_install(
    run: Run, keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    ran = run("archive report --to page.html")

    assert 1 == ran.code
    assert "addonctl[report]" in ran.err


def test_its_parts_are_found_in_a_zip_file(run: Run, keep: Path, tmp_path: Path) -> None:
    package = Path(addonctl.__file__).parent
    with zipfile.ZipFile(tmp_path / "addonctl.pyz", "w") as packed:
        for path in package.rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                packed.write(path, path.relative_to(package.parent))
    ran = subprocess.run(
        [sys.executable, "-m", "addonctl", "archive", "report", "--to", "page.html"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "addonctl.pyz")},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (0, "") == (ran.returncode, ran.stdout), ran.stderr
    assert "Is it safe?" in Path("page.html").read_text()

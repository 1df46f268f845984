"""Long lists: written as they arrive or spooled, in memory that does not grow with them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipapp
from collections.abc import Callable
from pathlib import Path

import pytest
from support.documents import ACCOUNT, RE, listed, page, pages, result
from support.program import MEASURED, Run
from support.scripted import Heard, answer

import addonctl
from addonctl.output import FORMATS, Format

PAGE = 1000
MARK = "@" * 29
FLAT = ("csv", "tsv", "jsonl", "sids", "json", "xml")

TEXTS = [name for name in FORMATS if name != "xlsx"]


def long_list(rows: int) -> Callable[[Heard], bytes]:
    """A list of so many results, made page by page as they are asked for."""
    numbered = [result() | {"sid": f"XR{MARK}{number:03x}"} for number in range(PAGE)]
    template = page("add_on_results", numbered, "@following").partition(b"\r\n\r\n")[2]

    def next_page(request: Heard) -> bytes:
        number = int(request.target.partition("&Page=")[2] or 0)
        following = "null"
        if (number + 1) * PAGE < rows:
            path = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RE}/AddOnResults.json"
            following = json.dumps(f"{path}?PageSize={PAGE}&Page={number + 1}")
        body = template.replace(MARK.encode(), f"{number:029x}".encode())
        return answer(body.replace(b'"@following"', following.encode()))

    return next_page


def peak(monkeypatch: pytest.MonkeyPatch, rows: int, format: str, out: Path) -> int:
    """The most memory, in KiB, that listing so many results took."""
    with listed(monkeypatch, long_list(rows)), out.open("wb") as file:
        ran = subprocess.run(
            [*MEASURED, "results", "list", RE, "-f", format],
            stdout=file,
            stderr=subprocess.PIPE,
            timeout=120,
            check=True,
        )
    return int(ran.stderr)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("format", FLAT)
def test_memory_is_flat(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, format: str) -> None:
    """150,000 rows within 1.2 times the memory of 10,000; benchmarks/ does a million."""
    few = peak(monkeypatch, 10_000, format, tmp_path / "few")
    many = peak(monkeypatch, 150_000, format, tmp_path / "many")

    assert (tmp_path / "many").stat().st_size > 10 * (tmp_path / "few").stat().st_size
    assert many < 1.2 * few


@pytest.mark.parametrize("format", FORMATS)
def test_what_flows_is_written_page_by_page_and_the_rest_when_whole(
    run: Run, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """Whoever reads the pipe has the first page before the second has been asked for."""
    first, second = pages("add_on_results", [result(1)], [result(2)])
    process: list[subprocess.Popen[bytes]] = []
    seen = []

    def after_reading(_: Heard) -> bytes:
        if FORMATS[format].flows:
            assert process[0].stdout
            seen.append(os.read(process[0].stdout.fileno(), 10))
        return second

    with listed(monkeypatch, first, after_reading):
        process.append(
            subprocess.Popen(
                [sys.executable, "-m", "addonctl", "results", "list", RE, "-f", format],
                stdout=subprocess.PIPE,
            )
        )
        process[0].wait(30)
        rest, _ = process[0].communicate()

    assert process[0].returncode == 0
    assert rest
    assert bool(seen) == (format in ("csv", "tsv", "jsonl", "sids"))
    assert all(seen)


@pytest.mark.parametrize("format", FORMATS.values())
def test_every_format_says_what_it_is(format: Format) -> None:
    """The help of formats is made of these lines."""
    assert format.help.endswith(".")
    assert len(format.help) < 100


@pytest.mark.parametrize(
    ("format", "unwanted"),
    [
        ("csv", {"rich", "tabulate", "xml.sax", "tempfile", "csv", "jmespath"}),
        ("jsonl", {"rich", "tabulate", "tempfile", "csv", "jmespath"}),
        ("json", {"rich", "tabulate", "csv", "jmespath"}),
        ("xml", {"rich", "tabulate", "csv", "jmespath"}),
        ("table", {"rich", "jmespath"}),
    ],
)
def test_a_format_pays_only_for_its_own_imports(format: str, unwanted: set[str]) -> None:
    script = f"""
import sys
before = set(sys.modules)  # which a moved clock has loaded
from addonctl.models import Result
from addonctl.output import OutputSettings
from addonctl.output.sink import Sink
sink = Sink(OutputSettings(format={format!r}))
sink.check(Result)
sink.records(Result, [[Result({result()!r})]])
print(*(set(sys.modules) - before), file=sys.stderr)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )

    assert ran.stdout
    assert not unwanted & set(ran.stderr.split())


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        *((f"-p sandbox recordings list -f {format}", "") for format in TEXTS),
        ("-p sandbox results list RE73640dced2490fa811f54a87139210ee -f csv", "sid,account_sid,"),
        ("-p sandbox results delete --help", "Usage: addonctl results delete"),
        ("help formats", "Formats\n"),
        ("--version", "addonctl "),
    ],
)
def test_a_zipped_program_knows_its_formats(zipped: Path, line: str, begins: str) -> None:
    ran = subprocess.run(
        [sys.executable, zipped, *line.split()], capture_output=True, text=True, timeout=60
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout
    assert ran.stdout.startswith(begins)


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a zipapp; what it depends on comes from this Python's site-packages."""
    folder = tmp_path_factory.mktemp("zipapp")
    ignore = shutil.ignore_patterns("__pycache__")
    package = Path(addonctl.__file__).parent
    shutil.copytree(package, folder / "source" / "addonctl", ignore=ignore)
    program = folder / "addonctl.pyz"
    zipapp.create_archive(folder / "source", program, main="addonctl.cli:main")
    shutil.rmtree(folder / "source")
    return program

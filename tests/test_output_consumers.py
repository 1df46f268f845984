"""Programs that take what we write: pandas, Polars, DuckDB, nushell and others read real output."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from support.documents import HOSTILE, RE, XR, listed, page, pages, payload, result
from support.program import Ran, Run
from support.terminal import Terminal

ROWS = [result(1, date_completed="Sat, 21 Nov 2026 18:44:05 +0000"), result(2, status="failed")]
DATES = ("date_created", "date_updated", "date_completed")


@pytest.fixture
def two(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Ran]:
    """Lists two results, the second of which has not been completed."""

    def listing(options: str) -> Ran:
        with listed(monkeypatch, *pages("add_on_results", ROWS[:1], ROWS[1:])):
            return run(f"results list {RE} {options}")

    return listing


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "tsv"])
def test_pandas_reads_iso_dates_as_moments_in_utc(two: Callable[[str], Ran], format: str) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed here")
    ran = two(f"-f {format} --dates iso")
    text = io.StringIO(ran.out)
    if format in ("csv", "tsv"):
        found = pandas.read_csv(text, sep="," if format == "csv" else "\t", parse_dates=[*DATES])
    else:
        found = pandas.read_json(text, lines=format == "jsonl", dtype=False)
        for name in DATES:
            found[name] = pandas.to_datetime(found[name])

    assert (0, "") == (ran.code, ran.err)
    for name in DATES:
        assert str(found[name].dtype).endswith(", UTC]")
        assert found[name][0].tzinfo is not None
    assert list(found["sid"]) == [row["sid"] for row in ROWS]
    assert pandas.isna(found["date_completed"][1])
    assert found["date_completed"][0].isoformat() == "2026-11-21T18:44:05+00:00"


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "jsonl"])
def test_polars_reads_iso_dates_as_moments_in_utc(two: Callable[[str], Ran], format: str) -> None:
    polars = pytest.importorskip("polars", reason="Polars is not installed here")
    ran = two(f"-f {format} --dates iso")
    data = ran.out.encode()
    if format in ("csv", "tsv"):
        separator = "," if format == "csv" else "\t"
        found = polars.read_csv(data, separator=separator, try_parse_dates=True)
    else:
        reader = polars.read_ndjson if format == "jsonl" else polars.read_json
        found = reader(data).with_columns(
            polars.col(*DATES).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
        )

    assert (0, "") == (ran.code, ran.err)
    assert found["sid"].to_list() == [row["sid"] for row in ROWS]
    assert found["date_created"].dtype.time_zone == "UTC"
    completed = found["date_completed"].to_list()
    assert ["2026-11-21T18:44:05+00:00", None] == [each and each.isoformat() for each in completed]


def test_pandas_reads_xml_markdown_and_a_table(two: Callable[[str], Ran]) -> None:
    """By what every pandas brings along: xml needs no lxml, the others are texts with columns."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed here")
    sids = [row["sid"] for row in ROWS]
    xml = two("-f xml").out
    found = pandas.read_xml(io.StringIO(xml), xpath=".//AddOnResult", parser="etree")
    assert sids == list(found["Sid"])
    assert pandas.isna(found["DateCompleted"][1])
    markdown = io.StringIO(two("-f markdown").out)
    found = pandas.read_csv(markdown, sep=r"\s*\|\s*", engine="python", skiprows=[1])
    assert sids == [str(sid).replace("\\", "") for sid in found["sid"]]
    found = pandas.read_csv(io.StringIO(two("-f table").out), sep=r"\s{2,}", engine="python")
    assert sids == list(found["sid"])
    found = pandas.read_csv(io.StringIO(two("-f sids").out), header=None)
    assert [f"{RE}/{sid}" for sid in sids] == list(found[0])


def test_pandas_and_duckdb_read_a_workbook(two: Callable[[str], Ran], tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed here")
    pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed here")
    pytest.importorskip("openpyxl", reason="openpyxl is not installed here")
    file = tmp_path / "results.xlsx"
    file.write_bytes(two("-f xlsx").out.encode("utf-8", "surrogateescape"))
    found = pandas.read_excel(file)

    assert [row["sid"] for row in ROWS] == list(found["sid"])
    assert "2026-11-21T18:44:05" == found["date_completed"][0].isoformat()
    assert pandas.isna(found["date_completed"][1])


NODE_MODULES = Path(__file__).parent / "clients" / "node_modules" / ".bin"  # `make clients`
NUSHELL = """
let found = (open --raw $env.FILE | {from})
$found | each {|row| [$row.sid ($row.date_created | into datetime | into int)] } | to json -r
"""


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "tsv"])
def test_nushell_reads_iso_dates_as_moments(
    two: Callable[[str], Ran], tmp_path: Path, format: str
) -> None:
    nu = shutil.which("nu", path=f"{os.environ['PATH']}{os.pathsep}{NODE_MODULES}")
    if not nu:
        pytest.skip("nushell is not installed here")
    file = tmp_path / f"results.{format}"
    file.write_text(two(f"-f {format} --dates iso").out)
    given = {"FILE": str(file), "HOME": str(tmp_path), "TZ": "America/New_York"}
    script = NUSHELL.replace("{from}", f"from {format}".replace("jsonl", "json --objects"))
    ran = subprocess.run(
        [nu, "--no-config-file", "--commands", script], env=given, capture_output=True, text=True
    )

    assert (0, "") == (ran.returncode, ran.stderr)
    moment = int(datetime.fromisoformat("2026-11-21T18:43:00+00:00").timestamp()) * 10**9
    assert [[row["sid"], moment] for row in ROWS] == json.loads(ran.stdout)


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_javascript_reads_iso_dates_as_moments(
    two: Callable[[str], Ran], tmp_path: Path, format: str
) -> None:
    node = shutil.which("node")
    if not node:
        pytest.skip("node is not installed here")
    text = two(f"-f {format} --dates iso").out
    script = (
        "const text = require('fs').readFileSync(0, 'utf8');"
        "const rows = process.argv[1] === 'json' ? JSON.parse(text)"
        " : text.trim().split('\\n').map(line => JSON.parse(line));"
        "console.log(JSON.stringify(rows.map(row => Date.parse(row.date_created))));"
    )
    given = {**os.environ, "TZ": "America/New_York"}
    ran = subprocess.run(
        [node, "-e", script, format], input=text, env=given, capture_output=True, text=True
    )

    moment = int(datetime.fromisoformat("2026-11-21T18:43:00+00:00").timestamp()) * 1000
    assert [moment] * 2 == json.loads(ran.stdout)


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "tsv"])
def test_duckdb_reads_iso_dates_as_moments_by_itself(
    two: Callable[[str], Ran], tmp_path: Path, format: str
) -> None:
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed here")
    ran = two(f"-f {format} --dates iso")
    file = tmp_path / f"results.{format}"
    file.write_text(ran.out)
    reader = "read_csv" if format in ("csv", "tsv") else "read_json"
    with duckdb.connect() as database:
        # Whatever the session's own zone is: what is read must be the same moment.
        database.execute("SET TimeZone = 'America/New_York'")
        found = database.execute(
            "SELECT sid, epoch(date_completed::TIMESTAMPTZ), epoch(date_created::TIMESTAMPTZ)"
            f" FROM {reader}('{file}') ORDER BY sid"
        ).fetchall()

    moment = datetime.fromisoformat("2026-11-21T18:44:05+00:00").timestamp()
    assert [(row["sid"], end) for row, end in zip(ROWS, (moment, None), strict=True)] == [
        (sid, end) for sid, end, _ in found
    ]
    assert {created for _, _, created in found} == {moment - 65}


def test_iso_dates_are_in_those_formats_alone(two: Callable[[str], Ran]) -> None:
    """xml is the API's own document, a table is read by people; null stays null."""
    assert '"date_created":"2026-11-21T18:43:00Z"' in two("-f json --dates iso").out
    assert '"date_completed":null' in two("-f jsonl --dates ISO").out
    assert '"expires":"2026-12-21T18:43:00Z"' in two("-f jsonl --dates iso --fields expires").out
    assert "2026-12-21T18:43:00Z\n" in two("-f csv --dates iso").out
    assert "Sat, 21 Nov 2026 18:43:00 +0000" in two("-f xml --dates iso").out
    assert "2026-11-21 18:43:00" in two("-f table --dates iso").out


def test_dates_are_the_formats_own_unless_asked(
    two: Callable[[str], Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADDONCTL_DATES", "iso")

    assert "2026-11-21 18:43:00" in two("-f csv --dates own").out
    assert '"date_created":"Sat, 21 Nov 2026' in two("-f json --dates own").out
    assert "2026-11-21T18:43:00Z" in two("-f json").out


def test_a_word_that_means_no_dates_is_named(run: Run) -> None:
    ran = run(f"-p sandbox results list {RE} --dates epoch")

    assert (2, "") == (ran.code, ran.out)
    assert ran.err == "addonctl: no dates 'epoch'; known: iso, own\n"


def test_openpyxl_reads_dates_as_dates_and_text_as_text(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a vendor calls a payload, no cell is a formula, and each comes back as it was."""
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed here")
    pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed here")
    rows = [payload(number, label=label) for number, label in enumerate(HOSTILE.values(), 1)]
    rows += [payload(99, label="_x0041_"), payload(98, label="https://example.com")]
    with listed(monkeypatch, *pages("payloads", rows[:5], rows[5:])):
        ran = run(f"payloads list {RE} {XR} -f xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(ran.out.encode("utf-8", "surrogateescape"))).active
    head, *found = [[cell.value for cell in row] for row in sheet.iter_rows()]
    cells = [dict(zip(head, row, strict=True)) for row in found]

    assert (0, "") == (ran.code, ran.err)
    assert [row["sid"] for row in cells] == [row["sid"] for row in rows]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "d", "n"}
    assert {row["date_created"] for row in cells} == {datetime(2026, 11, 21, 18, 43)}
    assert {row["expires"] for row in cells} == {datetime(2026, 12, 21, 18, 43)}
    assert sheet.freeze_panes == "A2"
    assert not any(cell.hyperlink for row in sheet.iter_rows() for cell in row)
    shown = [row["label"] for row in cells]
    for row, label in zip(rows, shown, strict=True):
        wanted = (row["label"] or None) and row["label"].replace("\ud83d", "\\ud83d")
        assert openpyxl.utils.escape.unescape(label or "") == (wanted or "")


@pytest.mark.parametrize("amount", [0, 1])
def test_a_workbook_without_rows_or_header_is_one_all_the_same(
    run: Run, monkeypatch: pytest.MonkeyPatch, amount: int
) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed here")
    pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed here")
    with listed(monkeypatch, page("add_on_results", ROWS[:amount])):
        ran = run(f"results list {RE} -f xlsx --no-header --fields sid")
    sheet = openpyxl.load_workbook(io.BytesIO(ran.out.encode("utf-8", "surrogateescape"))).active

    assert (0, "") == (ran.code, ran.err)
    assert [row["sid"] for row in ROWS[:amount]] == [
        cell.value for row in sheet.iter_rows() for cell in row if cell.value
    ]


def test_a_text_too_long_for_a_cell_is_told_and_nothing_is_cut(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed here")
    with listed(monkeypatch, page("payloads", [payload(label="👍" * 16384)])):
        ran = run(f"payloads list {RE} {XR} -f xlsx")

    assert (1, "") == (ran.code, ran.out)
    assert "a label is longer than the 32,767 characters" in ran.err
    assert "hint: -f csv" in ran.err


def test_a_terminal_gets_no_workbook(run: Run) -> None:
    pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed here")
    terminal = Terminal(f"-p sandbox results list {RE} -f xlsx")
    code = terminal.end()

    assert code == 2
    assert "xlsx is a file, and nothing for a terminal" in terminal.shown
    assert "hint: put it into one: > add_on_results.xlsx" in terminal.shown


def test_without_the_extra_a_sentence_names_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ran = run(f"-p sandbox results list {RE} -f xlsx")

    assert (2, "") == (ran.code, ran.out)
    assert "addonctl: xlsx needs XlsxWriter, which is not installed\n" in ran.err
    assert "addonctl[excel]" in ran.err

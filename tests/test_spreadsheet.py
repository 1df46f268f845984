"""A real spreadsheet opens our csv: LibreOffice, without a screen."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from support.documents import HOSTILE, RE, XR, listed, page, payload
from support.program import Run

SOFFICE = shutil.which("soffice")
pytestmark = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed here")

# Comma or tab, double quotes, UTF-8, from line 1, US English, dates recognised, formulas run:
# whatever a careless click in the import dialogue could allow.
CARELESS = "CSV:{},34,76,1,,1033,false,true,false,false,false,-1,true"
LABELS = {
    name: label for name, label in HOSTILE.items() if name not in ("nul", "long", "surrogate")
}
ROWS = [
    # The one letter that stands in hexadecimal digits and in numbers: 1E5 must stay text.
    payload(number, sid=f"XH{number:031d}e", label=label)
    for number, label in enumerate([*LABELS.values(), "1e5", "00123", "2026-11-21"], 1)
]


class Cell(NamedTuple):
    """What a spreadsheet took a cell for."""

    kind: str
    formula: str
    value: str


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LibreOffice's own settings, apart from the user's; making them takes seconds, once."""
    return tmp_path_factory.mktemp("office")


@pytest.fixture
def opened(profile: Path, tmp_path: Path) -> Callable[..., list[dict[str, Cell]]]:
    """Opens a file as a spreadsheet does; gives back its rows by the names in the first."""

    def rows(text: str | bytes, name: str, *options: str) -> list[dict[str, Cell]]:
        file = tmp_path / name
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        assert SOFFICE
        done = subprocess.run(
            [SOFFICE, f"-env:UserInstallation=file://{profile}", "--headless", *options]
            + ["--convert-to", "fods", "--outdir", str(tmp_path), str(file)],
            capture_output=True,
            timeout=180,
            check=True,
        )
        sheet = file.with_suffix(".fods")
        assert sheet.exists(), done.stderr
        head, *rest = cells(ElementTree.parse(sheet).getroot())
        names = [cell.value for cell in head]
        return [dict(zip(names, row, strict=False)) for row in rest]

    return rows


def cells(root: ElementTree.Element) -> list[list[Cell]]:
    """The cells of a flat OpenDocument sheet, repeated ones written out."""
    table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    office = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
    text = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
    rows = []
    for row in root.iter(f"{table}table-row"):
        found: list[Cell] = []
        for cell in row.iter(f"{table}table-cell"):
            kind = cell.get(f"{office}value-type", "")
            shown = "\n".join("".join(part.itertext()) for part in cell.iter(f"{text}p"))
            value = cell.get(f"{office}date-value") if kind == "date" else shown
            times = int(cell.get(f"{table}number-columns-repeated", "1"))
            found += [Cell(kind, cell.get(f"{table}formula", ""), value or "")] * min(times, 20)
        if any(cell.kind for cell in found):
            rows.append(found)
    return rows


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("csv", ("--infilter=CSV:44,34,76,1",)),
        ("csv", (f"--infilter={CARELESS.format(44)}",)),
        ("csv --bom", (f"--infilter={CARELESS.format(44)}",)),
        ("tsv", (f"--infilter={CARELESS.format(9)}",)),
    ],
)
def test_dates_are_dates_sids_are_text_and_no_label_is_a_formula(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    opened: Callable[..., list[dict[str, Cell]]],
    format: str,
    options: tuple[str, ...],
) -> None:
    with listed(monkeypatch, page("payloads", ROWS)):
        ran = run(f"payloads list {RE} {XR} -f {format}")
    rows = opened(ran.out, f"payloads.{format.split()[0]}", *options)

    assert [row["sid"].value for row in rows] == [row["sid"] for row in ROWS]
    for row in rows:
        assert {row[name].kind for name in ("date_created", "date_updated")} == {"date"}
        assert row["date_created"].value == "2026-11-21T18:43:00"
        assert {cell.kind for name, cell in row.items() if name.endswith("sid")} == {"string"}
        assert not any(cell.formula for cell in row.values())
    labels = [row["label"].value for row in rows]
    assert labels[list(LABELS).index("wide")] == LABELS["wide"]
    assert labels[list(LABELS).index("formula")].endswith(str(LABELS["formula"]))


def test_a_workbook_has_dates_texts_and_a_head_that_stays(
    run: Run, monkeypatch: pytest.MonkeyPatch, opened: Callable[..., list[dict[str, Cell]]]
) -> None:
    pytest.importorskip("xlsxwriter", reason="XlsxWriter is not installed here")
    with listed(monkeypatch, page("payloads", ROWS)):
        ran = run(f"payloads list {RE} {XR} -f xlsx")
    rows = opened(ran.out.encode("utf-8", "surrogateescape"), "payloads.xlsx")

    assert [row["sid"].value for row in rows] == [row["sid"] for row in ROWS]
    for row in rows:
        assert {row[name].kind for name in ("date_created", "expires")} == {"date"}
        assert row["date_created"].value == "2026-11-21T18:43:00"
        assert row["label"].kind in ("string", "")
        assert not any(cell.formula for cell in row.values())
    labels = [row["label"].value for row in rows]
    assert labels[-3:] == ["1e5", "00123", "2026-11-21"]
    assert labels[list(LABELS).index("formula")] == LABELS["formula"]


def test_a_spreadsheet_that_recognises_nothing_still_keeps_text_as_text(
    run: Run, monkeypatch: pytest.MonkeyPatch, opened: Callable[..., list[dict[str, Cell]]]
) -> None:
    """Without "Detect special numbers" LibreOffice takes only dates without a time for dates."""
    with listed(monkeypatch, page("payloads", ROWS)):
        ran = run(f"payloads list {RE} {XR} -f csv")
    rows = opened(ran.out, "plain.csv")

    assert [row["sid"].value for row in rows] == [row["sid"] for row in ROWS]
    assert {row["date_created"].value for row in rows} == {"2026-11-21 18:43:00"}
    assert not any(cell.formula for row in rows for cell in row.values())


def test_the_apostrophe_is_what_keeps_a_formula_from_running(
    run: Run, monkeypatch: pytest.MonkeyPatch, opened: Callable[..., list[dict[str, Cell]]]
) -> None:
    """Exact text does run when a careless click allows it: so the test above can fail."""
    with listed(monkeypatch, page("payloads", [payload(label="=1+1")])):
        ran = run(f"payloads list {RE} {XR} -f csv --exact")
    [row] = opened(ran.out, "exact.csv", f"--infilter={CARELESS.format(44)}")

    assert row["label"].formula

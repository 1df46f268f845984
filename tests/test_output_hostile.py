"""A vendor's label may be anything at all; no format is fooled by it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from support.documents import HOSTILE, RE, XR, listed, page, payload
from support.program import Run

from addonctl.output import FORMATS

LABELS = list(HOSTILE.values())
ROWS = [payload(number, label=label) for number, label in enumerate(LABELS, 1)]
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e]")


@pytest.fixture
def hostile(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Lists a payload for each hostile label."""

    def listing(options: str) -> str:
        with listed(monkeypatch, page("payloads", ROWS)):
            ran = run(f"payloads list {RE} {XR} {options}")

        assert (0, "") == (ran.code, ran.err)
        return ran.out

    return listing


def as_utf8(label: str | None) -> str:
    """A label as a UTF-8 text can hold it."""
    return (label or "").encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_json_gives_back_every_label_exactly(hostile: Callable[[str], str], format: str) -> None:
    text = hostile(f"-f {format}")
    rows = (
        json.loads(text)
        if format == "json"
        else [json.loads(line) for line in text.split("\n")[:-1]]
    )

    assert rows == ROWS


@pytest.mark.parametrize(("format", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_exact_spreadsheets_go_there_and_back(
    hostile: Callable[[str], str], format: str, delimiter: str
) -> None:
    text = hostile(f"-f {format} --exact --fields sid,label")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))

    assert rows[1:] == [[row["sid"], as_utf8(row["label"])] for row in ROWS]


def test_only_what_needs_quotes_has_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [payload(1, label="plain"), payload(2, label='a, "b"')]
    with listed(monkeypatch, page("payloads", rows)):
        ran = run(f"payloads list {RE} {XR} -f csv --fields label,sid --no-header")

    assert ran.out == f'plain,{rows[0]["sid"]}\n"a, ""b""",{rows[1]["sid"]}\n'


@pytest.mark.parametrize(("format", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_formulas_are_defused_and_nothing_else_changes(
    hostile: Callable[[str], str], format: str, delimiter: str
) -> None:
    text = hostile(f"-f {format} --fields label,sid --no-header")
    cells = [row[0] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]

    for cell, label in zip(cells, map(as_utf8, LABELS), strict=True):
        assert cell == (f"'{label}" if label.startswith(FORMULAS) else label)


@pytest.mark.parametrize("label", LABELS)
def test_one_column_alone_goes_there_and_back(
    run: Run, monkeypatch: pytest.MonkeyPatch, label: str | None
) -> None:
    """Also the empty label: a line without anything would be no row."""
    with listed(monkeypatch, page("payloads", [payload(label=label)])):
        ran = run(f"payloads list {RE} {XR} -f csv --exact --fields label --no-header")

    assert list(csv.reader(io.StringIO(ran.out, newline=""))) == [[as_utf8(label)]]


def test_a_price_is_a_number_and_stays_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What claims to be a number and is none is text, and defused like any other."""
    prices = ["-0.0025", "+1", "-1+1", "=1", None, -0.5, "-inf", "-1e5", "-1_0", "- 1"]
    rows = [{"sid": RE, "price": price} for price in prices]
    with listed(monkeypatch, page("recordings", rows)):
        ran = run("recordings list -f csv --fields price,sid --no-header")

    assert [line.split(",")[0] for line in ran.out.splitlines()] == [
        "-0.0025", "+1", "'-1+1", "'=1", "", "-0.5", "'-inf", "-1e5", "'-1_0", "'- 1",
    ]  # fmt: skip


def test_a_field_of_the_service_is_defused_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    row = payload(date_created="=1+1", content_type="@x", sid="+1")
    with listed(monkeypatch, page("payloads", [row])):
        ran = run(
            f"payloads list {RE} {XR} -f csv --no-header --fields sid,date_created,content_type"
        )

    assert ran.out == "'+1,'=1+1,'@x\n"


def test_a_table_stays_a_table(hostile: Callable[[str], str]) -> None:
    text = hostile("--fields sid,label,content_type")
    head, *rows = text.split("\n")[:-1]

    assert len(rows) == len(ROWS)
    assert [row[:34] for row in rows] == [row["sid"] for row in ROWS]
    assert all(row.endswith("application/json") for row in rows)
    assert not RAW.search(text)
    assert as_utf8(HOSTILE["long"]) in text
    assert as_utf8(HOSTILE["markup"]) in text
    assert "\\x1b[31mred\\x1b[0m" in text


def test_wide_characters_are_aligned(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured in the cells of a terminal: wide ones take two, combining ones none."""
    from rich.cells import cell_len

    labels = [HOSTILE[name] for name in ("wide", "combining", "quotes", "direction")]
    rows = [payload(number, label=label) for number, label in enumerate(labels, 1)]
    with listed(monkeypatch, page("payloads", rows)):
        ran = run(f"payloads list {RE} {XR} --fields label,sid")
    starts = {
        cell_len(line[: line.rindex("XH" if "XH" in line else "sid")])
        for line in ran.out.splitlines()
    }

    assert len(starts) == 1


def test_markdown_keeps_its_cells(hostile: Callable[[str], str]) -> None:
    """Every pipe, backtick and angle bracket of a label is escaped."""
    text = hostile("-f markdown --fields sid,label --no-header")
    lines = text.split("\n")[:-1]

    assert len(lines) == len(ROWS)
    assert not RAW.search(text)
    for line in lines:
        cell = line.removeprefix("| ").removesuffix(" |").split(" | ", 1)[1]
        assert not re.search(r"[|`<>*_\[\]]", re.sub(r"\\.", "", cell))


def test_xml_is_well_formed_and_holds_what_xml_can(hostile: Callable[[str], str]) -> None:
    """Control characters and lone surrogates have no form in XML 1.0: U+FFFD stands for them."""
    found = [
        element.text or "" for element in ElementTree.fromstring(hostile("-f xml")).iter("Label")
    ]
    expected = [
        re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", "\ufffd", label or "")
        for label in LABELS
    ]

    assert found == expected


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"xlsx"}))
def test_a_sid_that_is_none_breaks_no_format(
    run: Run, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    with listed(monkeypatch, page("payloads", [payload(sid="\x1b[2J\nXH", label="x")])):
        ran = run(f"payloads list {RE} {XR} -f {format} --no-header --fields label,sid")

    assert ran.code == 0
    assert ran.err == ""
    if format not in ("csv", "tsv", "xlsx"):
        assert "\x1b" not in ran.out


@pytest.mark.parametrize("options", ["", "-f json"])
def test_a_servers_words_are_harmless_on_stderr(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    from support.scripted import answer

    message = "\x1b]0;title\x07gone\nfor \u202egood"
    with listed(monkeypatch, answer(json.dumps({"code": 20404, "message": message}), 404)):
        ran = run(f"results list {RE} {options}")

    assert (3, "") == (ran.code, ran.out)
    assert not RAW.search(ran.err)
    assert "gone" in ran.err

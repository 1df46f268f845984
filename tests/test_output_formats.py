"""Each format, as a user asks for it: the same rows, whole, in each one's own form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from support.documents import ACCOUNT, RE, XR, listed, page, pages, payload, result
from support.program import Ran, Run
from support.scripted import Heard, answer

from addonctl.models import Payload, Result
from addonctl.output import FORMATS
from addonctl.output.documents import document

ROWS = [result(1), result(2, status="failed"), result(3)]
ADDRESSES = [f"{RE}/{row['sid']}" for row in ROWS]
WHEN = "2026-11-21 18:43:00"


@pytest.fixture
def three(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Ran]:
    """Lists three results that come in two pages."""

    def listing(options: str) -> Ran:
        with listed(monkeypatch, *pages("add_on_results", ROWS[:2], ROWS[2:])):
            return run(f"results list {RE} {options}")

    return listing


def test_the_default_is_named_first() -> None:
    assert tuple(FORMATS) == (
        "table",
        "csv",
        "json",
        "jsonl",
        "markdown",
        "sids",
        "tsv",
        "xlsx",
        "xml",
    )


def test_json_is_one_array_of_the_apis_own_objects(three: Callable[[str], Ran]) -> None:
    ran = three("--format json")

    assert (0, "") == (ran.code, ran.err)
    assert json.loads(ran.out) == ROWS
    assert [list(row) for row in json.loads(ran.out)] == [list(row) for row in ROWS]


def test_jsonl_is_one_object_a_line(three: Callable[[str], Ran]) -> None:
    ran = three("--format jsonl")

    assert (0, "") == (ran.code, ran.err)
    assert [json.loads(line) for line in ran.out.splitlines()] == ROWS


@pytest.mark.parametrize(("format", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_spreadsheets_get_dates_and_no_paths(
    three: Callable[[str], Ran], format: str, delimiter: str
) -> None:
    ran = three(f"--format {format}")
    head, *rows = csv.reader(io.StringIO(ran.out, newline=""), delimiter=delimiter)

    assert (0, "") == (ran.code, ran.err)
    assert set(head) == {*ROWS[0], "expires"} - {"subresource_uris"}
    assert dict(zip(head, rows[1], strict=True)) == {
        name: "" if value is None else WHEN if name.startswith("date") else value
        for name, value in {**ROWS[1], "expires": "2026-12-21 18:43:00"}.items()
        if name != "subresource_uris"
    }
    assert len(rows) == 3
    assert ran.out.endswith("\n")
    assert "\r" not in ran.out


def test_xml_is_the_apis_own_document_all_pages_in_one(three: Callable[[str], Ran]) -> None:
    ran = three("--format xml")
    root = ElementTree.fromstring(ran.out)
    first = root.find("AddOnResults/AddOnResult")

    assert (0, "") == (ran.code, ran.err)
    assert ran.out.startswith("<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse>")
    assert [child.text for child in root.iter("Sid")] == [row["sid"] for row in ROWS]
    assert first is not None
    assert [child.tag for child in first] == [
        "Sid",
        "AccountSid",
        "Status",
        "AddOnSid",
        "AddOnConfigurationSid",
        "DateCreated",
        "DateUpdated",
        "DateCompleted",
        "ReferenceSid",
        "SubresourceUris",
    ]
    assert first.findtext("DateCreated") == ROWS[0]["date_created"]
    assert first.find("DateCompleted") is not None
    assert first.findtext("DateCompleted") == ""
    assert first.findtext("SubresourceUris/Payloads") == ROWS[0]["subresource_uris"]["payloads"]


def test_sids_are_addresses_that_can_be_typed_back(three: Callable[[str], Ran]) -> None:
    ran = three("--format sids")

    assert (0, ADDRESSES, "") == (ran.code, ran.out.splitlines(), ran.err)


def test_a_piped_table_is_plain_aligned_and_uncut(
    three: Callable[[str], Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    ran = three("")
    head, *rows = ran.out.splitlines()

    assert (0, "") == (ran.code, ran.err)
    assert head.split() == list(Result.COLUMNS)
    assert [row.split()[0] for row in rows] == [row["sid"] for row in ROWS]
    for row in rows:
        assert row[head.index("date_created") :].startswith(WHEN)
        assert row[head.index("expires") :].startswith("2026-12-21 18:43:00")
        assert row[head.index("reference_sid") :] == RE


def test_markdown_is_a_table_to_paste(three: Callable[[str], Ran]) -> None:
    ran = three("--format markdown --fields sid,status,expires")

    assert (0, "") == (ran.code, ran.err)
    assert ran.out.splitlines()[:3] == [
        "| sid | status | expires |",
        "| --- | --- | --- |",
        f"| {ROWS[0]['sid']} | completed | 2026-12-21 18:43:00 |",
    ]


EMPTY = {
    "json": "[]\n",
    "jsonl": "",
    "sids": "",
    "csv": "sid,account_sid,reference_sid,status,add_on_sid,add_on_configuration_sid,"
    "date_created,date_updated,date_completed,expires\n",
    "xml": "<?xml version='1.0' encoding='UTF-8'?>\n"
    "<TwilioResponse><AddOnResults/></TwilioResponse>\n",
    "table": "sid  status  date_created  expires  add_on_sid  reference_sid\n",
    "markdown": "| sid | status | date_created | expires | add_on_sid | reference_sid |\n"
    "| --- | --- | --- | --- | --- | --- |\n",
}
EMPTY["tsv"] = EMPTY["csv"].replace(",", "\t")


@pytest.mark.parametrize("format", EMPTY)
def test_nothing_found_is_a_whole_empty_answer(
    run: Run, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    with listed(monkeypatch, page("add_on_results", [])):
        ran = run(f"results list {RE} -f {format}")

    assert (0, EMPTY[format], "") == ran


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_is_written_before_the_first_page(
    run: Run, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    with listed(monkeypatch, answer({"code": 20404, "message": "not found"}, 404)):
        ran = run(f"results list {RE} -f {format}")

    assert (3, "") == (ran.code, ran.out)
    assert ran.err


@pytest.mark.parametrize("format", FORMATS)
def test_a_failure_on_a_later_page_is_no_whole_document(
    run: Run, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """What flows has shown the first page; what is whole or nothing shows nothing."""
    first = pages("add_on_results", ROWS[:2], ROWS[2:])[0]
    with listed(monkeypatch, first, answer({"code": 20403, "message": "no"}, 403)):
        ran = run(f"results list {RE} -f {format} --no-header")

    assert ran.code == 4
    assert ran.err
    assert len(ran.out.splitlines()) == (2 if format in ("csv", "tsv", "jsonl", "sids") else 0)


def one(run: Run, monkeypatch: pytest.MonkeyPatch, options: str, *rows: Any) -> Ran:
    def asked(request: Heard) -> bytes:
        return next(answer(row) for row in rows if row["sid"] in request.target)

    with listed(monkeypatch, asked):
        return run(f"results get {RE} {' '.join(row['sid'] for row in rows)} {options}")


def test_a_single_get_is_one_object_and_one_element(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_json = one(run, monkeypatch, "-f json", ROWS[0])
    as_xml = one(run, monkeypatch, "-f xml", ROWS[0])
    root = ElementTree.fromstring(as_xml.out)

    assert json.loads(as_json.out) == ROWS[0]
    assert [child.tag for child in root] == ["AddOnResult"]
    assert root.findtext("AddOnResult/Sid") == ROWS[0]["sid"]


def test_several_gets_are_a_list(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    as_json = one(run, monkeypatch, "-f json", ROWS[0], ROWS[1])
    as_xml = one(run, monkeypatch, "-f xml", ROWS[0], ROWS[1])

    assert json.loads(as_json.out) == ROWS[:2]
    assert len(ElementTree.fromstring(as_xml.out).findall("AddOnResults/AddOnResult")) == 2


def test_a_get_as_a_table_is_the_record_from_top_to_bottom(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = one(run, monkeypatch, "", ROWS[0], ROWS[1])
    blocks = [
        dict(line.split(maxsplit=1) for line in block.splitlines() if " " in line)
        for block in ran.out.split("\n\n")
    ]

    assert [block["sid"] for block in blocks] == [row["sid"] for row in ROWS[:2]]
    assert blocks[1]["status"] == "failed"
    assert blocks[0]["expires"] == "2026-12-21 18:43:00"


def test_one_field_without_a_header_is_a_bare_value(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = one(run, monkeypatch, "--fields status --no-header", ROWS[1])

    assert (0, "failed\n", "") == ran


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("json", '[\n{"expires":"Mon, 21 Dec 2026 18:43:00 +0000","sid":"SID"}\n]\n'),
        ("jsonl", '{"expires":"Mon, 21 Dec 2026 18:43:00 +0000","sid":"SID"}\n'),
        ("csv", "expires,sid\n2026-12-21 18:43:00,SID\n"),
        ("tsv", "expires\tsid\n2026-12-21 18:43:00\tSID\n"),
        ("table", f"expires{' ' * 14}sid\n2026-12-21 18:43:00  SID\n"),
        ("markdown", "| expires | sid |\n| --- | --- |\n| 2026-12-21 18:43:00 | SID |\n"),
        ("sids", f"{RE}/SID\n"),
        (
            "xml",
            "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><AddOnResults><AddOnResult>"
            "<Expires>Mon, 21 Dec 2026 18:43:00 +0000</Expires><Sid>SID</Sid>"
            "</AddOnResult></AddOnResults></TwilioResponse>\n",
        ),
    ],
)
def test_fields_pick_and_order_in_every_format(
    run: Run, monkeypatch: pytest.MonkeyPatch, format: str, expected: str
) -> None:
    with listed(monkeypatch, page("add_on_results", [ROWS[0]])):
        ran = run(f"results list {RE} -f {format} --fields expires,sid")

    assert (0, expected.replace("SID", ROWS[0]["sid"]), "") == ran


def test_a_field_that_is_no_text_is_json_in_a_cell(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listed(monkeypatch, page("add_on_results", [ROWS[0]])):
        ran = run(f"results list {RE} -f csv --fields sid,subresource_uris --no-header")
    [[_, cell]] = csv.reader(io.StringIO(ran.out))

    assert json.loads(cell) == ROWS[0]["subresource_uris"]


def test_what_the_api_adds_one_day_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown names and values stay in json, jsonl and xml, and harm no other format."""
    new = result(1, cost={"amount": 0.5, "units": ["a", None, True]}, status=["odd"], sid2=7)
    del new["date_updated"]
    with listed(monkeypatch, page("add_on_results", [new])):
        ran = {format: run(f"results list {RE} -f {format}") for format in FORMATS}
    element = ElementTree.fromstring(ran["xml"].out).find("AddOnResults/AddOnResult")

    assert all((each.code, each.err) == (0, "") for each in ran.values())
    assert json.loads(ran["json"].out) == [new]
    assert json.loads(ran["jsonl"].out) == new
    assert element is not None
    assert element.findtext("Cost/Amount") == "0.5"
    assert [item.text for item in element.iterfind("Cost/Units/Item")] == ["a", None, "true"]
    assert element.findtext("Sid2") == "7"
    assert '"[""odd""]"' in ran["csv"].out


def test_a_byte_order_mark_begins_csv_for_excel(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with listed(monkeypatch, page("add_on_results", ROWS)):
        marked = run(f"results list {RE} -f csv --bom")
        plain = run(f"results list {RE} -f csv")

    assert marked.out == "\ufeff" + plain.out


def test_the_format_may_come_from_a_variable_and_a_flag_beats_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADDONCTL_FORMAT", "sids")
    with listed(monkeypatch, page("add_on_results", ROWS)):
        by_variable = run(f"results list {RE}")
        by_flag = run(f"results list {RE} -f json")

    assert by_variable.out.splitlines() == ADDRESSES
    assert json.loads(by_flag.out) == ROWS


def test_payloads_come_in_every_format(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [payload(1), payload(2, label="字幕", content_type="text/plain")]
    with listed(monkeypatch, page("payloads", rows)):
        ran = {format: run(f"payloads list {RE} {XR} -f {format}") for format in FORMATS}

    assert all((each.code, each.err) == (0, "") for each in ran.values())
    assert json.loads(ran["json"].out) == rows
    assert ran["table"].out.split("\n")[0].split() == list(Payload.COLUMNS)
    assert ran["sids"].out.splitlines() == [f"{RE}/{XR}/{row['sid']}" for row in rows]
    assert "<Payloads><Payload><Sid>" in ran["xml"].out
    assert ran["csv"].out.count("字幕") == 1


def test_recordings_come_in_every_format(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {
        "sid": RE,
        "account_sid": ACCOUNT,
        "status": "completed",
        "price": "-0.0025",
        "channels": 2,
        "duration": "74",
        "date_created": result()["date_created"],
    }
    with listed(monkeypatch, page("recordings", [row])):
        ran = {format: run(f"recordings list -f {format}") for format in FORMATS}
    [record] = csv.DictReader(io.StringIO(ran["csv"].out))

    assert all((each.code, each.err) == (0, "") for each in ran.values())
    assert json.loads(ran["json"].out) == [row]
    assert (record["price"], record["channels"]) == ("-0.0025", "2")
    assert ran["sids"].out == f"{RE}\n"


QUERIES = [
    ("[].sid", [row["sid"] for row in ROWS]),
    ("length(@)", 3),
    ("[?status=='failed'].{sid: sid}", [{"sid": ROWS[1]["sid"]}]),
    ("[0].status", "completed"),
    ("[9]", None),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_a_query_is_answered_as_json(
    run: Run, monkeypatch: pytest.MonkeyPatch, query: str, expected: Any
) -> None:
    with listed(monkeypatch, *pages("add_on_results", ROWS[:2], ROWS[2:])):
        ran = run("results", "list", RE, "-f", "json", "--query", query)

    assert (0, "") == (ran.code, ran.err)
    assert json.loads(ran.out) == expected


def test_a_record_keeps_its_dates_however_they_are_written() -> None:
    record = Result(result())
    written = document(record, (), iso=True)

    assert written["date_created"] == "2026-11-21T18:43:00Z"
    assert record.document == result()


def test_expiry_counts_from_creation() -> None:
    """Thirty days, in UTC, whatever the zone of the date it is counted from."""
    record = Result(result(date_created="Sat, 21 Nov 2026 23:00:00 -0500"))

    assert record.expires == datetime(2026, 12, 22, 4, 0, tzinfo=UTC)

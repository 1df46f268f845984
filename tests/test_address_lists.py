"""Lists of addresses: what people and programs pipe in, line by line and as tables."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from support.program import MEASURED, Run
from support.scripted import answer, scripted

from addonctl.addresses import Address, AddressSet, read
from addonctl.batch.lists import LONGEST_LINE, REMEMBERED, distinct, words
from addonctl.errors import Usage

AC = "AC" + "a" * 32
RE, RE2 = "RE" + "1" * 32, "RE" + "2" * 32
XR, XR2 = "XR" + "3" * 32, "XR" + "4" * 32
XH = "XH" + "5" * 32
DRY = "results delete - --dry-run -f sids"


def listed(text: str | bytes) -> list[Address]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(read(words(io.BufferedReader(io.BytesIO(data)), "list.txt"), 1, 3))


def results(number: int) -> Address:
    return Address(f"RE{number % 7:032x}", f"XR{number:032x}")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_be_blank_or_comments_and_end_as_they_like(end: str) -> None:
    text = end.join(["# mine", "", f"  {RE}/{XR}  ", f"{RE2}  # kept", "\t", f"{RE2} {XR2}"])

    assert [f"{RE}/{XR}", RE2, f"{RE2}/{XR2}"] == list(map(str, listed(text)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_taken(encoding: str) -> None:
    text = f"{RE}/{XR}\r\n{RE2}\r\n"

    assert [f"{RE}/{XR}", RE2] == list(map(str, listed(text.encode(encoding))))


def test_sids_stand_under_the_last_parent_as_on_the_command_line() -> None:
    assert [f"{RE}/{XR}", f"{RE}/{XR2}"] == list(map(str, listed(f"{RE}\n{XR}\n{XR2}\n")))


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_tables_name_places_by_their_columns(delimiter: str) -> None:
    rows = [
        ["label", "sid", "account_sid", "reference_sid", "add_on_result_sid"],
        ['"a, ""b""\n\t#c"', XH, AC, RE, XR],
        ["", XH, AC, RE2, XR2],
    ]
    text = "".join(delimiter.join(row) + "\n" for row in rows)

    assert [Address(RE, XR, XH, AC), Address(RE2, XR2, XH, AC)] == listed(text)


@pytest.mark.parametrize(
    ("header", "row", "address"),
    [
        ("sid,status", f"{RE},completed", RE),
        ("sid,reference_sid", f"{XR},{RE}", f"{RE}/{XR}"),
        ("reference_sid", RE, RE),
        ("sid,outcome,detail", f"{RE}/{XR},failed,no", f"{RE}/{XR}"),
        ('"sid"', RE, RE),
    ],
)
def test_a_table_needs_no_more_columns_than_name_the_place(
    header: str, row: str, address: str
) -> None:
    assert [address] == list(map(str, listed(f"{header}\n{row}\n")))


def test_a_detail_may_hold_quotes_and_line_ends() -> None:
    text = f'sid,outcome,detail\r\n{RE},failed,"two\r\nlines, ""quoted"""\r\n{RE2},failed,\r\n'

    assert [RE, RE2] == list(map(str, listed(text)))


@pytest.mark.parametrize(
    "headings",
    [
        ("Sid", "ReferenceSid", "AccountSid", "AddOnResultSid"),
        ("SID", "REFERENCE SID", "Account SID", "Add-on Result SID"),
        ("payload_sid", "recording_sid", "account sid", "result_sid"),
        ("sid", "referenceSid", "accountSid", "addOnResultSid"),
    ],
)
@pytest.mark.parametrize("form", [",", ";", "\t", "jsonl", "array"])
def test_headings_may_be_the_apis_or_the_vendors(headings: tuple[str, ...], form: str) -> None:
    rows = [(XH, RE, AC, XR), (XH, RE2, AC, XR2)]
    if form in ("jsonl", "array"):
        objects = [json.dumps(dict(zip(headings, row, strict=True))) for row in rows]
        text = "\n".join(objects) if form == "jsonl" else f"[{', '.join(objects)}]"
    else:
        text = "".join(form.join(row) + "\r\n" for row in (headings, *rows))

    assert [Address(RE, XR, XH, AC), Address(RE2, XR2, XH, AC)] == listed(text)


def test_a_sheet_saved_in_germany_is_taken() -> None:
    """Semicolons, the old code page, and the line by which Excel knows the separator."""
    lines = ["sep=;", "Label;SID;Reference SID", f'"Grüße; 1,5 %";{XR};{RE}', f";{XR2};{RE2}"]

    found = listed("\r\n".join(lines).encode("cp1252"))

    assert [f"{RE}/{XR}", f"{RE2}/{XR2}"] == list(map(str, found))


def test_tables_put_together_are_one() -> None:
    assert [RE, RE2] == list(map(str, listed(f"sid,outcome\n{RE},failed\nsid,outcome\n{RE2},\n")))


def test_jsonl_names_places_by_its_fields() -> None:
    objects = [
        {"sid": RE2, "account_sid": AC},
        {"sid": XR, "reference_sid": RE, "account_sid": AC},
        {"sid": f"{RE}/{XR2}", "outcome": "failed", "detail": None},
    ]
    text = "\n".join(map(json.dumps, objects))

    assert [RE2, f"{RE}/{XR}", f"{RE}/{XR2}"] == list(map(str, listed(text)))


ROWS = [{"sid": XR, "reference_sid": RE}, {"sid": XR2, "reference_sid": RE2}]
PAGE = {
    "first_page_uri": "/2010-04-01/x.json",
    "add_on_results": [{**row, "subresource_uris": {"payloads": "/x"}} for row in ROWS],
    "next_page_uri": None,
    "start": 0,
}
BOTH = [f"{RE}/{XR}", f"{RE2}/{XR2}"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=4).replace("\n", "\r\n"),
        f"{json.dumps(ROWS[:1])}\n# and\n\n{json.dumps(ROWS[1:])}",
        f"{json.dumps(ROWS[0])} {json.dumps(ROWS[1], indent=1)}",
        json.dumps([[[ROWS[0]], []], [ROWS[1]]]),
        json.dumps(BOTH),
        json.dumps(BOTH, indent=0),
        json.dumps(PAGE),
        json.dumps(PAGE, indent=2),
        json.dumps([{**PAGE, "add_on_results": []}, PAGE], indent=2),
        "\n".join(json.dumps({**PAGE, "add_on_results": [row]}) for row in ROWS),
        json.dumps({"recordings": ROWS[:1], "payloads": ROWS[1:], "add_on_results": None}),
    ],
)
def test_json_is_taken_however_it_is_laid_out(text: str) -> None:
    assert BOTH == list(map(str, listed(text)))


URL = f"https://api.twilio.com/2010-04-01/Accounts/{AC}/Recordings/{RE}/AddOnResults/{XR}"


def callback(*payloads: str, url: str = URL) -> dict[str, object]:
    """What the service posts once add-ons have ended; of one payload, as an object of its own."""
    made = [
        {"content_type": "application/json", "url": f"{url}/Payloads/{p}/Data"} for p in payloads
    ]
    result = {
        "request_sid": XR,
        "status": "successful" if payloads else "failed",
        "message": None,
        "code": None,
        "payload": made[0] if len(made) == 1 else made or None,
        "links": {"add_on_result": url, "payloads": f"{url}/Payloads", "recording": url[:112]},
    }
    return {"status": "successful", "code": None, "results": {"ibm_watson_speechtotext": result}}


def form(document: object) -> str:
    return f"AddOns={quote_plus(json.dumps(document))}"


@pytest.mark.parametrize(
    "written",
    [
        json.dumps,
        partial(json.dumps, indent=2),
        lambda document: json.dumps({"AddOns": document, "AccountSid": AC}),
        lambda document: json.dumps({"AddOns": json.dumps(document)}),
        lambda document: json.dumps([document]),
        form,
        lambda document: f"AccountSid={AC}&{form(document)}&x=1",
    ],
)
def test_the_document_of_a_callback_names_its_payloads(written: Callable[[object], str]) -> None:
    other = "XH" + "6" * 32
    text = f"{written(callback(XH, other))}\n{written(callback(XH, url=URL.replace(RE, RE2)))}\n"

    found = [f"{RE}/{XR}/{XH}", f"{RE}/{XR}/{other}", f"{RE2}/{XR}/{XH}"]

    assert found == list(map(str, listed(text)))
    assert {AC} == {address.account for address in listed(text)}


def test_a_row_may_have_results_of_its_own() -> None:
    row = {"sid": XR, "reference_sid": RE, "results": {}}

    assert [f"{RE}/{XR}"] == list(map(str, listed(json.dumps(row))))
    assert [RE, RE2] == list(map(str, listed(f'["{RE}"] {{"Sid": "{RE2}", "results": {{}}}}')))


def test_a_form_may_hold_several_documents() -> None:
    two = f"{form(callback(XH))}&{form(callback(XH, url=URL.replace(RE, RE2)))}"

    assert [f"{RE}/{XR}/{XH}", f"{RE2}/{XR}/{XH}"] == list(map(str, listed(two)))


def test_an_add_on_that_failed_names_its_result_and_no_add_on_nothing() -> None:
    assert [Address(RE, XR, "", AC)] == listed(json.dumps(callback()))
    assert [] == listed(form({"status": "successful", "results": {}}))


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("results list - -f csv --fields reference_sid", RE),
        ("results delete - --dry-run -f sids", f"{RE}/{XR}"),
        ("results download - -f csv", f"{RE}/{XR}/{XH}"),
    ],
)
def test_of_a_callback_a_verb_takes_what_it_works_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, line: str, named: str
) -> None:
    with scripted(answer({"message": "not found"}, 404)) as server:
        monkeypatch.setenv("ADDONCTL_API_URL", server.url)
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", AC)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", "a-token")
        ran = run(line, stdin=form(callback(XH)))

    assert ran.code in (0, 3)
    assert named in ran.out + ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{RE}\n\nhello\n", "line 3 of list.txt: 'hello' is no address"),
        (f"# x\n{RE[:-1]}\n", f"line 2 of list.txt: '{RE[:-1]}' is no whole SID"),
        (f"sid\n{RE}\n{XR}\n", f"line 3 of list.txt: '{XR}' needs its recording"),
        ("sid,status\n,completed\n", "line 2 of list.txt: its sid is empty"),
        (f"sid,reference_sid\n{XR},{RE}\n,{RE2}\n", "line 3 of list.txt: its sid is empty"),
        (f"sid,reference_sid\n  ,{RE}\n", "line 2 of list.txt: its sid is empty"),
        (f"reference_sid\tsid\n{RE}\n", "line 2 of list.txt: its sid is empty"),
        (
            f"add_on_result_sid,reference_sid\n,{RE}\n",
            "line 2 of list.txt: its add_on_result_sid is empty",
        ),
        (f"sid,add_on_result_sid,reference_sid\n{XH},,{RE}\n", "line 2 of list.txt: "),
        (f'{{"sid": null, "reference_sid": "{RE}"}}', "line 1 of list.txt: its sid is empty"),
        (f'{{"sid": "", "reference_sid": "{RE}"}}', "line 1 of list.txt: its sid is empty"),
        (f'{{"sid": ["{XR}"], "reference_sid": "{RE}"}}', "line 1 of list.txt: "),
        ('{"sid": 5}', "line 1 of list.txt: '5' is no address"),
        ('{"a":' * 100_000, 'line 1 of list.txt: \'{"a":'),
        (f'{{"sid": "{RE}"}}\n{{"sid"\n', "line 2 of list.txt: '{\"sid\"' is no JSON object"),
        ('{"status": "completed"}\n', "line 1 of list.txt: names no place"),
        ("[\n", "line 1 of list.txt: the JSON is cut off"),
        (f'["{RE}",\n"{RE2}"\n', "line 2 of list.txt: the JSON is cut off"),
        (f'["{RE}"]\n]', "line 2 of list.txt: ']' is no JSON"),
        ("[" * 300_000, "line 1 of list.txt: the JSON is cut off"),
        (f'["{RE}",\n17]', "line 2 of list.txt: '17' is no JSON object"),
        (f'["{RE}",\nnull]', "line 2 of list.txt: 'None' is no JSON object"),
        (f'["{RE}",\n"oops"]', "line 2 of list.txt: 'oops' is no address"),
        (json.dumps(PAGE, indent=1).replace(XR2, ""), "line 11 of list.txt: its sid is empty"),
        (f'[{{"sid": {"9" * 5000}}}]', "line 1 of list.txt: "),
        ('{"sid": 1e99999999999999999999}', "line 1 of list.txt: "),
        ('{"sid": {"a":' + '{"a":' * 90_000 + "1" + "}" * 90_002, "line 1 of list.txt: its sid is"),
        (f'{{"sid": "{"x" * LONGEST_LINE}', "line 1 of list.txt: a row is longer than 16 MiB"),
        (f'{{"sid": "{RE}"}}\nAddOns=%7B%7D', "line 2 of list.txt: 'AddOns=%7B%7D' is no JSON"),
        ("AddOns=%7B%7D\n", "line 1 of list.txt: names no results of add-ons"),
        (f"{form(callback(XH))}\nAddOns={'[' * 9000}", "line 2 of list.txt: names no results"),
        (json.dumps(callback(url="")), "line 1 of list.txt: 'ibm_watson_speechtotext' names no"),
        (json.dumps(callback(XH, url="https://example.com")), "line 1 of list.txt: 'https://exam"),
        ("PK\x03\x04\x14\n", "line 1 of list.txt: a workbook"),
        ("<?xml version='1.0'?>\n", "line 1 of list.txt: an XML document"),
        ("sid    outcome\n", "line 1 of list.txt: a table made to be read"),
        ("| sid | status |\n", "line 1 of list.txt: a table made to be read"),
        (f'sid,detail\n{RE},"cut off\n{RE2},\n', "line 3 of list.txt: unexpected end of data"),
        (b"\x7fELF\xff\xfe\x00\n", "line 1 of list.txt: "),
        ("x" * 3_000_000, "line 1 of list.txt: 'xxx"),
        (f"{RE}\n{'x' * LONGEST_LINE}", "line 2 of list.txt is longer than 16 MiB"),
        (f"sid,label\n{RE},{'x' * LONGEST_LINE}", "line 2 of list.txt is longer than 16 MiB"),
        ("sid,label\n" + f'{RE},"{"x" * 80}\n' * 3, "line "),
    ],
)
def test_a_bad_line_is_named(text: str | bytes, said: str) -> None:
    with pytest.raises(Usage) as raised:
        listed(text)

    assert raised.value.message.startswith(said)
    assert len(raised.value.message) < 500


def shapes(count: int) -> dict[str, Iterator[str]]:
    """As many addresses in each shape that a list may have, piece by piece."""

    def rows(many: int = count) -> Iterator[str]:
        for number in range(many):
            recording, result = str(results(number)).split("/")
            row = {"sid": result, "reference_sid": recording, "subresource_uris": {"payloads": "/"}}
            yield json.dumps(row)

    def urls() -> Iterator[str]:
        for number in range(count):
            recording, result = str(results(number)).split("/")
            yield URL.replace(RE, recording).replace(XR, result)

    def table(delimiter: str) -> Iterator[str]:
        yield delimiter.join(("Sid", "ReferenceSid", "Label")) + "\n"
        for number in range(count):
            recording, result = str(results(number)).split("/")
            yield delimiter.join((result, recording, "a label")) + "\n"

    def joined(begin: str, end: str, between: str = ", ") -> Iterator[str]:
        yield begin
        yield from (row if at == 0 else between + row for at, row in enumerate(rows()))
        yield end

    return {
        "lines": (f"{results(number)}\n" for number in range(count)),
        "csv": table(","),
        "csv;": table(";"),
        "tsv": table("\t"),
        "jsonl": (row + "\n" for row in rows()),
        "array": joined("[", "]"),
        "array of lines": joined("[\n", "\n]\n", ",\n"),
        "page": joined('{"page": 0, "add_on_results": [', '], "next_page_uri": null}'),
        "pages": (f'{{"add_on_results": [{row}]}}\n' for row in rows()),
        "callbacks": (json.dumps(callback(XH, url=url)) + "\n" for url in urls()),
        "forms": (form(callback(XH, url=url)) + "\n" for url in urls()),
    }


class Pieces(io.RawIOBase):
    """A stream of pieces, none of which is in memory before it is read."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self.pieces = pieces
        self.left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.left = self.left or next(self.pieces, "").encode()
        given, self.left = self.left[: len(buffer)], self.left[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


@pytest.mark.parametrize("shape", shapes(0))
def test_a_list_of_any_shape_is_read_in_flat_memory(shape: str) -> None:
    def counted(many: int) -> int:
        stream = io.BufferedReader(Pieces(shapes(many)[shape]))
        return sum(1 for _ in read(words(stream, "-"), 2, 3))

    counted(1)  # so that what is loaded for it is there
    tracemalloc.start()
    found = counted(3_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 3_000 == found
    assert peak < 1 << 20


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much memory was taken")
@pytest.mark.parametrize("shape", shapes(0))
def test_two_hundred_thousand_of_any_shape_take_no_more_memory(shape: str, home: Path) -> None:
    """Than the addresses themselves, each of which a delete keeps until it knows all of them."""
    peaks = []
    for many in (1_000, 200_000):
        with (home / "list").open("w", encoding="utf-8") as file:
            file.writelines(shapes(many)[shape])
        line = "results delete --from list --dry-run -f sids"
        if shape in ("callbacks", "forms"):
            line = line.replace("results", "payloads")
        ran = subprocess.run([*MEASURED, *line.split()], capture_output=True, text=True)
        assert (0, many) == (ran.returncode, ran.stdout.count("\n"))
        peaks.append(int(ran.stderr.split()[-1]))

    assert peaks[1] - peaks[0] < 60 << 10


def test_a_line_of_many_addresses_is_read_whole() -> None:
    """As `$(addonctl … -f sids)` in a shell makes them: this one is of 2 MiB."""
    names = [f"{RE}/XR{number:032x}" for number in range(30_000)]

    assert names == list(map(str, listed(" ".join(names))))


def test_a_cell_may_be_as_long_as_a_line() -> None:
    text = f'label,sid\n"{"long " * 100_000}",{RE}\n'

    assert [RE] == list(map(str, listed(text)))


def test_rows_without_anything_in_them_are_passed_over() -> None:
    """Spreadsheets leave them behind."""
    assert [RE, RE2] == list(map(str, listed(f"sid,status\n{RE},\n,\n\n{RE2},\n,\n")))


def test_pasted_lines_may_be_quoted_and_end_in_a_comma() -> None:
    assert [RE, f"{RE2}/{XR}"] == list(map(str, listed(f'  "{RE}",\n  "{RE2}/{XR}",\n')))


def test_a_row_in_another_case_lies_in_its_account_too() -> None:
    text = f"sid,account_sid\n{RE.lower()},{AC}\n"

    assert [Address(RE, account=AC)] == listed(text)


@pytest.mark.parametrize("begin", ["", "["])
def test_a_list_is_read_as_it_comes(begin: str) -> None:
    """The first address is there although the list never ends."""

    endless = Pieces(f'{begin if not at else ""}"{results(at)}",\n' for at in count())
    found = read(words(io.BufferedReader(endless), "-"), 2, 2)

    assert [results(0), results(1), results(2)] == list(islice(found, 3))


def test_addresses_that_come_again_are_dropped_in_flat_memory() -> None:
    found = distinct(results(number // 2) for number in range(4 * REMEMBERED))
    tracemalloc.start()
    counted = sum(1 for _ in found)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 2 * REMEMBERED == counted
    assert peak < 25 << 20


def test_a_set_keeps_addresses_once_in_order_with_their_accounts() -> None:
    upper = Address("RE" + "A" * 32, "XR" + "B" * 32)
    first = [Address(RE), Address(RE, XR, "", AC), Address(RE, XR, XH), upper]
    found = AddressSet([*first, Address(RE, XR), upper])

    assert first == list(found)
    assert len(first) == len(found)


def test_a_set_is_compact() -> None:
    """A million of them fit into 400 MiB many times over."""
    tracemalloc.start()
    found = AddressSet(results(number) for number in range(100_000))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 100_000 == len(found)
    assert held < 20 << 20


def test_addresses_come_from_stdin_a_file_and_the_line_together(run: Run, home: Path) -> None:
    (home / "list.txt").write_text(f"{RE2}/{XR}\n{RE2}/{XR2}\n")

    ran = run(f"results delete {RE} - {RE2}/{XR} --from list.txt --dry-run -f sids", stdin=XR)

    assert 0 == ran.code
    assert [f"{RE}/{XR}", f"{RE2}/{XR}", f"{RE2}/{XR2}"] == ran.out.splitlines()
    assert "would delete 3 results\n" == ran.err


def test_a_list_of_csv_of_our_own_can_be_piped_back(run: Run) -> None:
    there = run("-p sandbox results list --all -f csv")
    sids = run("-p sandbox results list --all -f sids")

    ran = run(f"-p sandbox {DRY}", stdin=there.out)

    assert (0, sids.out) == (ran.code, ran.out)


def test_an_empty_list_is_no_failure_and_is_said(run: Run) -> None:
    ran = run("results delete - --yes -f json", stdin="# nothing\n\n")

    assert (0, "[]\n") == (ran.code, ran.out)
    assert "the list is empty: nothing to do\n" == ran.err


def test_a_bad_line_stops_a_delete_before_anything(run: Run) -> None:
    """There is no login here: had it asked the service, the exit code would be 4."""
    ran = run("results delete - --yes", stdin=f"{RE}/{XR}\n" * 3 + "oops\n")

    assert (2, "") == (ran.code, ran.out)
    assert "line 4 of stdin: 'oops' is no address" in ran.err


@pytest.mark.parametrize("options", ["", "--dry-run"])
def test_an_empty_sid_takes_no_recording_along(run: Run, options: str) -> None:
    """A row whose result has gone missing names its recording, and so all that it holds."""
    there = run("-p sandbox results list --all -f csv --fields sid,reference_sid").out.splitlines()
    rows = [*there[:3], there[3].partition(",")[1] + there[3].partition(",")[2]]

    ran = run(f"-p sandbox results delete - --all-results --yes {options}", stdin="\n".join(rows))
    after = run("-p sandbox results list --all -f csv --fields sid,reference_sid").out.splitlines()

    assert (2, "") == (ran.code, ran.out)
    assert "line 4 of stdin: its sid is empty" in ran.err
    assert there == after


def test_a_bad_line_in_a_short_list_stops_a_list_before_anything(run: Run) -> None:
    ran = run("-p sandbox results list -", stdin=f"{RE}\n{RE2}\noops\n")

    assert (2, "") == (ran.code, ran.out)
    assert "line 3 of stdin: 'oops' is no address" in ran.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("results delete --yes", "no address given; expected a result (XR…)"),
        ("results list", "no address given; expected a recording (RE…)"),
        ("results list --from nowhere.txt", "cannot read addresses from nowhere.txt: No such"),
        ("results list --from .", "cannot read addresses from .: Is a directory"),
        ("results list - -", "stdin is named twice"),
        ("results list - --from -", "stdin is named twice"),
    ],
)
def test_where_no_addresses_are_to_be_had_it_says_so(run: Run, line: str, said: str) -> None:
    """Without a dash stdin is not touched, so a terminal is never waited for."""
    ran = run(line)

    assert (2, "") == (ran.code, ran.out)
    assert said in ran.err

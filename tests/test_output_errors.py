"""Words that do not fit are refused before any request; errors come in the asked format."""

from __future__ import annotations

import json

import pytest
from support.documents import RE, XR, listed, page, result
from support.program import Run
from support.scripted import answer

from addonctl.errors import AddonctlError
from addonctl.models import Payload, Result
from addonctl.output import FORMATS, OutputSettings
from addonctl.output.sink import Sink

BAD = [
    (f"results list {RE} --fields sid,nope", ["'nope'", *[f.name for f in Result.FIELDS]]),
    (f"payloads list {RE} {XR} --fields label,date_completed", [f.name for f in Payload.FIELDS]),
    (f"results list {RE} --format yaml", ["'yaml'", *FORMATS]),
    (f"results list {RE} --sort nope", ["'nope'", "date_created", "expires"]),
    (f"results list {RE} --sort subresource_uris", ["date_created"]),
    (f"results list {RE} --created-after tomorrow", ["'tomorrow'", "2026-11-21", "36h"]),
    (f"results list {RE} --created-before 3y", ["'3y'", "36h"]),
    (f"results list {RE} --expiring-within soon", ["'soon'", "7d"]),
    (f"results list {RE} --status done", ["'done'", "completed", "in-progress"]),
    (f"results list {RE} --status ''", ["status"]),
    (f"results list {RE} --add-on {RE}", [RE, "XB"]),
    (f"results list {RE} --config nonsense", ["nonsense", "XE"]),
    (f"results list {RE} --limit -1", ["-1"]),
    (f"results list {RE} --limit ten", ["ten"]),
    (f"results list {RE} --page-size 5000", ["5000", "1000"]),
    (f"results list {RE} --page-size 0", ["0"]),
    (f"results list {RE} --query '[].sid'", ["json"]),
    (f"results list {RE} --query '[].sid' -f csv", ["json", "csv"]),
]


@pytest.mark.parametrize(("line", "named"), BAD)
def test_a_word_that_does_not_fit_is_refused_before_any_request(
    run: Run, monkeypatch: pytest.MonkeyPatch, line: str, named: list[str]
) -> None:
    with listed(monkeypatch, page("add_on_results", [])) as server:
        ran = run(line)

    assert (2, "") == (ran.code, ran.out)
    assert server.heard == []
    for word in named:
        assert word in ran.err


@pytest.mark.parametrize(
    ("query", "column", "reason"),
    [
        ("[].{sid sid}", 9, "unexpected"),
        ("[].sid |", 9, "too soon"),
        ("[?status=='failed'].nope(@)", 21, "no function 'nope'"),
        ("[].#", 4, ""),
        ("[].'open", 4, ""),
        ("][", 1, "unexpected"),
    ],
)
def test_a_bad_query_is_shown_with_its_position(
    run: Run, monkeypatch: pytest.MonkeyPatch, query: str, column: int, reason: str
) -> None:
    with listed(monkeypatch, page("add_on_results", [])) as server:
        ran = run("results", "list", RE, "--query", query, "-f", "json")
    message = json.loads(ran.err)["error"]["message"]
    first, shown, caret = message.split("\n")

    assert (2, "") == (ran.code, ran.out)
    assert server.heard == []
    assert f"column {column}" in first
    assert reason in first
    assert (shown, caret) == (f"  {query}", f"  {' ' * (column - 1)}^")


def test_a_query_that_does_not_fit_the_answer_is_no_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listed(monkeypatch, page("add_on_results", [result()])):
        ran = run("results", "list", RE, "--query", "[0].sid.sum(@)", "-f", "json")

    assert (2, "") == (ran.code, ran.out)
    assert "query" in json.loads(ran.err)["error"]["message"]


@pytest.mark.parametrize("query", ["[::0]", "&sid", "to_number('Infinity')", "sum(@)"])
def test_a_query_whose_answer_is_no_json_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    rows = [result(number) for number in range(1, 100)]
    with listed(monkeypatch, page("add_on_results", rows)):
        ran = run("results", "list", RE, "--query", query, "-f", "json")
    message = json.loads(ran.err)["error"]["message"]

    assert (2, "") == (ran.code, ran.out)
    assert message.startswith("the query ")
    assert len(message) < 500


@pytest.mark.parametrize("query", ["(" * 5000, "!" * 5000 + "a", f"[{'9' * 5000}]"])
def test_a_query_beyond_measure_is_refused(run: Run, query: str) -> None:
    ran = run("results", "list", RE, "--query", query, "-f", "json")

    assert (2, "") == (ran.code, ran.out)
    assert json.loads(ran.err)["error"]["message"].startswith("bad query")


def test_an_empty_query_is_refused(run: Run) -> None:
    ran = run("results", "list", RE, "--query", "", "-f", "json")

    assert (2, "") == (ran.code, ran.out)


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_an_error_is_exactly_one_json_object_on_stderr(
    run: Run, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    refusal = {
        "code": 20404,
        "message": "The requested resource was not found",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }
    with listed(monkeypatch, answer(refusal, 404, {"Twilio-Request-Id": "RQ1"})):
        ran = run(f"results list {RE} -f {format}")
    error = json.loads(ran.err)["error"]

    assert (3, "") == (ran.code, ran.out)
    assert ran.err.count("\n") == 1
    assert list(json.loads(ran.err)) == ["error"]
    assert {name: error[name] for name in error if name not in ("message", "hint")} == {
        "exit_code": 3,
        "status": 404,
        "code": 20404,
        "more_info": refusal["more_info"],
        "request_id": "RQ1",
    }
    assert refusal["message"] in error["message"]


def test_a_person_gets_the_services_code_its_page_and_the_request(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "https://www.twilio.com/docs/errors/20404"
    refusal = {"code": 20404, "message": "was not found", "more_info": page, "status": 404}
    with listed(monkeypatch, answer(refusal, 404, {"Twilio-Request-Id": "RQ1"})):
        whole = run(f"results list {RE}")
    with listed(monkeypatch, answer({"message": "was not found"}, 404)):
        bare = run(f"results list {RE}")

    first, about, hint = whole.err.splitlines()
    assert first.endswith("was not found")
    assert about == f"code 20404, {page}, request RQ1"
    assert hint.startswith("hint: ")
    assert bare.err.splitlines() == [first, hint]


def test_parts_an_error_does_not_have_are_left_out(run: Run) -> None:
    ran = run(f"results list {RE} --fields nope -f json")

    assert set(json.loads(ran.err)["error"]) == {"message", "exit_code"}


def test_an_error_names_the_program_and_gives_a_hint(capfd: pytest.CaptureFixture[str]) -> None:
    code = Sink(OutputSettings(quiet=True)).complain(AddonctlError("it broke", hint="mend it"))

    assert code == 1
    assert capfd.readouterr() == ("", "addonctl: it broke\nhint: mend it\n")


def test_an_answer_nested_without_end_is_no_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listed(monkeypatch, answer('{"add_on_results": ' + "[" * 200_000)):
        ran = run(f"results list {RE} -f jsonl")

    assert (1, "") == (ran.code, ran.out)
    assert "not the JSON it promised" in ran.err


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_an_answer_nested_deep_ends_well_in_every_format(
    run: Run, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """Written whole, or not at all: how deep Python can go depends on its version."""
    deep = "[" * 950 + "]" * 950
    with listed(monkeypatch, answer(f'{{"add_on_results": [{{"sid": "XR", "status": {deep}}}]}}')):
        ran = run(f"results list {RE} -f {format}")

    assert ran.code in (0, 1)
    assert bool(ran.out) == (ran.code == 0)
    assert "unexpected" not in ran.err

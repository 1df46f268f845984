"""`addonctl results`: list, get, delete and wait."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.account import Account
from support.faulty import Service, faulty, lines, results
from support.program import Run

from addonctl.addresses import Address, Addresses
from addonctl.api import Client, Kind
from addonctl.batch.outcomes import Batch
from addonctl.batch.results import wait
from addonctl.errors import StillPending
from addonctl.output import OutputSettings
from addonctl.output.sink import Sink
from addonctl.profiles import Login

NONE = "RE" + "0" * 32
OTHER = "XR" + "0" * 32


@pytest.fixture
def all_results(run: Run) -> list[str]:
    """The addresses of the sandbox's results."""
    return run("-p sandbox results list --all -f sids").out.splitlines()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with faulty(monkeypatch, Service()) as service:
        yield service


def table(ran: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(ran.out.splitlines()))


# list


def test_a_list_over_recordings_is_in_their_order(run: Run, all_results: list[str]) -> None:
    recordings = list(dict.fromkeys(address.partition("/")[0] for address in all_results))[::-1]

    ran = run("-p", "sandbox", "results", "list", *recordings, "-f", "sids")

    wanted = [each for recording in recordings for each in all_results if recording in each]
    assert (0, wanted, "") == (ran.code, ran.out.splitlines(), ran.err)


OF_RECORDING = "call_sid,recording_created,recording_duration"


@pytest.mark.parametrize("which", ["--all", "each"])
def test_a_list_says_of_what_recordings_it_is(run: Run, all_results: list[str], which: str) -> None:
    """Those that were listed are not asked for again, others once each."""
    recordings = {
        row["sid"]: (row["call_sid"], row["date_created"], row["duration"])
        for row in json.loads(run("-p sandbox recordings list -f json").out)
    }
    line = ["-p", "sandbox", "results", "list", "--fields", f"reference_sid,{OF_RECORDING}"]
    ran = run(*line, *(recordings if which == "each" else ["--all"]), "-f", "json", "-v")

    rows = [tuple(row.values()) for row in json.loads(ran.out)]
    asked = [line for line in ran.err.splitlines() if re.search(r"Recordings/RE\w+\.json", line)]
    assert [(sid[:34], *recordings[sid[:34]]) for sid in all_results] == rows
    with_results = {sid[:34] for sid in all_results}
    assert len(asked) == (len(with_results) if which == "each" else 0)


def test_a_list_can_be_sorted_by_its_recordings(run: Run) -> None:
    ran = run("-p sandbox results list --all --sort recording_created -f csv --fields call_sid")
    created = [
        row["call_sid"] for row in json.loads(run("-p sandbox recordings list -f json").out)[::-1]
    ]

    calls = list(dict.fromkeys(ran.out.splitlines()[1:]))
    assert [call for call in created if call in calls] == calls


def test_unasked_a_list_says_nothing_of_recordings(run: Run) -> None:
    ran = run("-p sandbox results list --all -f json")

    assert not {"call_sid", "recording_created"} & json.loads(ran.out)[0].keys()
    assert 2 == run("-p sandbox results get RE1 XR1 --fields call_sid").code


def test_all_is_every_recording_of_the_account(run: Run, all_results: list[str]) -> None:
    sids = run("-p sandbox recordings list -f sids").out

    ran = run("-p sandbox results list - -f sids", stdin=sids)

    assert (0, all_results) == (ran.code, ran.out.splitlines())
    assert len(all_results) > 10


def test_all_takes_the_filters_of_recordings_and_those_of_results(
    run: Run, all_results: list[str]
) -> None:
    lately = run("-p sandbox recordings list --since 2d -f sids").out.split()

    ran = run("-p sandbox results list --all --since 2d --status completed -f jsonl")

    found = [json.loads(line) for line in ran.out.splitlines()]
    assert 0 == ran.code
    assert found
    assert {"completed"} == {each["status"] for each in found}
    assert {each["reference_sid"] for each in found} <= set(lately)
    assert len(lately) < len({address.partition("/")[0] for address in all_results})


def test_a_limit_cuts_the_whole_and_says_so(run: Run, all_results: list[str]) -> None:
    ran = run("-p sandbox results list --all --limit 5 -f sids")

    assert (0, all_results[:5]) == (ran.code, ran.out.splitlines())
    assert "limit 5 reached" in ran.err


def test_a_sort_is_over_all_recordings(run: Run) -> None:
    ran = run("-p sandbox results list --all --sort sid -f csv --fields sid")

    sids = [row["sid"] for row in table(ran)]
    assert sorted(sids) == sids


def test_a_long_list_of_one_recording_comes_page_by_page(run: Run) -> None:
    run("sandbox reset --recordings 3 --results 25")
    one_by_one = run("-p sandbox results list --all -f sids --page-size 4 --workers 2")

    assert (0, "") == (one_by_one.code, one_by_one.err)
    assert run("-p sandbox results list --all -f sids").out == one_by_one.out
    assert 75 == len(one_by_one.out.splitlines())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"results list --all {NONE}", "expected no addresses with it"),
        ("results list --all --from x", "expected no addresses with it"),
        (f"results list {NONE} --since 3d", "--since chooses among all recordings"),
        (f"results list {NONE} --workers 0", "--workers 0: expected 1 to 256"),
        (f"results list {NONE}/{OTHER}", "is a result; expected a recording"),
        (f"results get {NONE}", "is a recording; expected a result (XR…) under it"),
    ],
)
def test_words_that_do_not_fit_are_told_of(run: Run, line: str, said: str) -> None:
    ran = run(f"-p sandbox {line}")

    assert (2, "") == (ran.code, ran.out)
    assert said in ran.err


def test_one_recording_that_is_not_there_leaves_stdout_empty(run: Run) -> None:
    ran = run(f"-p sandbox results list {NONE} -f csv")

    assert (3, "") == (ran.code, ran.out)
    assert NONE in ran.err


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_what_fails_beside_a_list_is_one_json_object(
    run: Run, all_results: list[str], format: str
) -> None:
    """However many fail, and whatever else there is to say: stderr is a document."""
    there, other = all_results[0][:34], NONE[:-1] + "1"

    some = run(f"-p sandbox results list {NONE} {there} {other} -f {format}")
    none = run(f"-p sandbox results list {NONE} {other} -f {format}")
    cut = run(f"-p sandbox results list {NONE} {there} --limit 1 -f {format}")
    late = run(f"-p sandbox results get - -f {format}", stdin=f"{NONE}/{OTHER}\n" * 2 + "x")

    assert (6, 3, 6) == (some.code, none.code, cut.code)
    assert "" == none.out
    assert some.out.count(f'"reference_sid":"{there}"') > 1
    error = json.loads(some.err)["error"]
    assert 6 == error["exit_code"]
    assert error["message"].startswith("listed 1 of 3 recordings, 2 failed: ")
    assert NONE in error["message"]
    assert other in error["message"]
    assert other in json.loads(none.err)["error"]["message"]
    assert "limit 1 reached" in json.loads(cut.err)["error"]["message"]
    assert (2, 2) == (late.code, json.loads(late.err)["error"]["exit_code"])


def test_a_great_many_failures_still_fit_one_json_object(run: Run) -> None:
    many = [f"RE{number:032x}" for number in range(1100)]

    ran = run("-p sandbox results list - -f jsonl", stdin=lines(many))

    message = json.loads(ran.err)["error"]["message"]
    assert (3, "") == (ran.code, ran.out)
    assert many[0] in message
    assert message.endswith("; and 100 more")


# get


@pytest.mark.parametrize(
    ("format", "nothing"),
    [
        ("json", "[]\n"),
        ("jsonl", ""),
        ("xml", "<TwilioResponse><AddOnResults/></TwilioResponse>\n"),
    ],
)
def test_get_of_an_empty_list_is_an_empty_document(run: Run, format: str, nothing: str) -> None:
    ran = run(f"-p sandbox results get - -f {format}")

    assert (0, True) == (ran.code, ran.out.endswith(nothing))
    assert "the list is empty: nothing to do\n" == ran.err


def test_get_of_one_is_an_object_and_of_several_an_array(run: Run, all_results: list[str]) -> None:
    one, two = all_results[:2]

    single = json.loads(run(f"-p sandbox results get {one} -f json").out)
    several = json.loads(run(f"-p sandbox results get {one} {two} -f json").out)
    piped = json.loads(run("-p sandbox results get - -f json", stdin=one).out)

    assert one.endswith(single["sid"])
    assert [single["sid"], two[35:]] == [each["sid"] for each in several]
    assert [single] == piped


def test_get_goes_on_past_one_that_is_not_there(run: Run, all_results: list[str]) -> None:
    one, two = all_results[:2]

    ran = run(f"-p sandbox results get {one} {NONE}/{OTHER} {two} -f sids")

    assert (6, [one, two]) == (ran.code, ran.out.splitlines())
    told, summary = ran.err.splitlines()
    assert OTHER in told
    assert "addonctl: got 2 of 3 results, 1 failed" == summary


def test_get_of_nothing_that_is_there_writes_nothing(run: Run) -> None:
    for addresses in (f"{NONE}/{OTHER}", f"{NONE}/{OTHER} XR{1:032x}"):
        ran = run(f"-p sandbox results get {addresses} -f csv")

        assert (3, "") == (ran.code, ran.out)


# delete


def test_what_is_deleted_is_gone(run: Run, all_results: list[str]) -> None:
    ran = run(f"-p sandbox results delete {all_results[0]} --yes -f csv")
    again = run(f"-p sandbox results get {all_results[0]}")

    assert (0, "deleted 1 result\n") == (ran.code, ran.err)
    assert [{"sid": all_results[0], "outcome": "deleted", "detail": ""}] == table(ran)
    assert (3, "") == (again.code, again.out)


def test_without_a_yes_and_with_nobody_to_ask_nothing_is_requested(
    run: Run, service: Service
) -> None:
    service.there = set(results(3))

    for words in ("-", "--all-results -"):
        ran = run(f"results delete {words}", stdin=lines(results(3)))

        assert (2, "") == (ran.code, ran.out)
        assert "without --yes" in ran.err
    assert [] == service.asked


def test_a_dry_run_shows_what_would_go_and_asks_nothing(run: Run, service: Service) -> None:
    ran = run("results delete - --dry-run -f csv", stdin=lines(results(3)))

    assert (0, "would delete 3 results\n") == (ran.code, ran.err)
    assert [(address, "would-delete") for address in results(3)] == [
        (row["sid"], row["outcome"]) for row in table(ran)
    ]
    assert [] == service.asked


def test_more_than_the_most_deletes_nothing(run: Run, service: Service) -> None:
    addresses = results(3)
    service.there = set(addresses)

    ran = run("results delete - --yes --max-delete 2", stdin=lines(addresses))
    just = run("results delete - --yes --max-delete 3 -q", stdin=lines(addresses * 2))

    assert (2, "") == (ran.code, ran.out)
    assert "this would delete 3, more than --max-delete 2" in ran.err
    assert (0, "") == (just.code, just.err)
    assert 3 == len(service.asked)


def test_what_is_gone_already_fails_unless_that_is_ignored(run: Run, service: Service) -> None:
    addresses = results(4)
    service.there = set(addresses[:2])

    ran = run("results delete - --yes -f csv", stdin=lines(addresses))
    service.there = set(addresses[:2])
    ignored = run("results delete - --yes -f csv --ignore-not-found", stdin=lines(addresses))

    for each in (ran, ignored):
        assert ["deleted"] * 2 + ["not-found"] * 2 == [row["outcome"] for row in table(each)]
    assert (6, "addonctl: deleted 2 of 4 results, 2 failed\n") == (ran.code, ran.err)
    assert (0, "deleted 4 results (2 were gone already)\n") == (ignored.code, ignored.err)


def test_a_recording_alone_needs_all_results(run: Run, all_results: list[str]) -> None:
    recording = all_results[0].partition("/")[0]
    wanted = [address for address in all_results if recording in address]

    refused = run(f"-p sandbox results delete {recording} --yes")
    ran = run(f"-p sandbox results delete {recording} --all-results --yes -f csv")
    left = run("-p sandbox results list --all -f sids").out.splitlines()

    assert (2, "") == (refused.code, refused.out)
    assert (0, wanted) == (ran.code, [row["sid"] for row in table(ran)])
    assert [address for address in all_results if address not in wanted] == left


def test_filters_choose_among_all_results(run: Run, all_results: list[str]) -> None:
    failed = run("-p sandbox results list --all --status failed -f sids").out.splitlines()
    recordings = run("-p sandbox recordings list -f sids").out

    words = "results delete - --all-results --status failed --yes -f csv"
    ran = run(f"-p sandbox {words}", stdin=recordings)

    assert failed
    assert (0, failed) == (ran.code, [row["sid"] for row in table(ran)])
    assert len(all_results) - len(failed) == len(
        run("-p sandbox results list --all -f sids").out.splitlines()
    )


@pytest.mark.parametrize("more", ["", "--all-results"])
def test_filters_never_seem_to_protect_what_they_do_not(
    run: Run, all_results: list[str], more: str
) -> None:
    ran = run(f"-p sandbox results delete {all_results[0]} --status failed --yes {more}")

    assert (2, "") == (ran.code, ran.out)
    assert "filters choose among all results of a recording" in ran.err


def test_a_recording_that_cannot_be_listed_is_a_row_like_any(
    run: Run, all_results: list[str]
) -> None:
    recording = all_results[0].partition("/")[0]

    ran = run(f"-p sandbox results delete {NONE} {recording} --all-results --yes -f csv")

    assert 6 == ran.code
    assert [NONE, "not-found"] == [table(ran)[0]["sid"], table(ran)[0]["outcome"]]
    assert {"deleted"} == {row["outcome"] for row in table(ran)[1:]}


@pytest.mark.parametrize("odd", ["", "XR../../..", "RE" + "1" * 32])
def test_a_sid_that_is_none_deletes_nothing(run: Run, service: Service, odd: str) -> None:
    """Least of all the recording itself, which is what an empty one would lead to."""
    service.there = {f"{NONE}/{OTHER}", f"{NONE}/{odd}"}

    ran = run(f"results delete {NONE} --all-results --yes -f csv")

    assert (1, [NONE]) == (ran.code, [row["sid"] for row in table(ran)])
    assert f"the service gave '{odd}' where a SID (XR…) belongs" in ran.err
    assert {"GET"} == {method for method, _ in service.asked}


def test_deleting_while_a_list_shrinks_misses_none_and_repeats_none(run: Run) -> None:
    """The service pages by the last row; all rows are collected before the first goes."""
    run("sandbox reset --recordings 1 --results 2500")
    recording = run("-p sandbox recordings list -f sids").out.strip()

    ran = run(f"-p sandbox results delete {recording} --all-results --yes -f sids")

    assert (0, "deleted 2500 results\n") == (ran.code, ran.err)
    assert 2500 == len(set(ran.out.splitlines()))
    assert "" == run("-p sandbox results list --all -f sids").out


# wait


def waited(service: Service, *addresses: str, status: str) -> None:
    service.there |= set(addresses)
    service.statuses |= dict.fromkeys(addresses, status)


def later(service: Service, **changes: Any) -> None:
    """Once there have been three requests, those results have that status."""
    before = service.trouble

    def trouble(number: int, place: str) -> Any:
        if number > 3:
            service.statuses.update(changes["statuses"])
        return before(number, place)

    service.trouble = trouble


def test_wait_ends_when_all_are_final(run: Run, service: Service) -> None:
    first, second = f"{NONE}/XR{1:032x}", f"{NONE}/XR{2:032x}"
    waited(service, first, status="queued")
    waited(service, second, status="completed")
    later(service, statuses={first: "completed"})

    ran = run(f"results wait {first} {second} --interval 0.01 -f csv --fields status")

    assert (0, ["completed"] * 2, "") == (ran.code, [row["status"] for row in table(ran)], ran.err)


def test_several_results_of_a_recording_cost_one_request_a_look(run: Run, service: Service) -> None:
    addresses = [f"{NONE}/XR{number:032x}" for number in range(5)]
    waited(service, *addresses, status="processing")

    ran = run("results", "wait", *addresses, "--timeout", "0")

    assert (8, [("GET", NONE)]) == (ran.code, service.asked)
    assert "addonctl: time is up: 0 of 5 results final\n" == ran.err


def test_wait_ends_at_once_on_a_bad_end(run: Run, service: Service) -> None:
    """The other recording is still pending, and would be for ever."""
    waited(service, f"{NONE}/XR{1:032x}", status="processing")
    bad = f"RE{1:032x}/XR{2:032x}"
    waited(service, bad, status="failed")

    ran = run(f"results wait {NONE} {bad} --interval 30 -f csv --fields status")

    assert (1, ["processing", "failed"]) == (ran.code, [row["status"] for row in table(ran)])
    assert f"result {bad[35:]} on recording {bad[:34]} ended as failed" in ran.err


def test_a_bad_end_is_seen_however_many_are_still_pending(run: Run, service: Service) -> None:
    """More recordings are watched at a time than there are requests in flight."""
    pending = [f"RE{number:032x}/{OTHER}" for number in range(1, 21)]
    bad = f"RE{99:032x}/{OTHER}"
    waited(service, *pending, status="in-progress")
    waited(service, bad, status="failed")

    line = "results wait - --interval 30 --timeout 25 --workers 2 -f csv --fields reference_sid"
    ran = run(line, stdin=lines([*pending, bad]))

    assert 1 == ran.code
    assert bad[:34] in ran.out
    assert service.most <= 2


def test_any_end_will_do_when_asked(run: Run, service: Service) -> None:
    waited(service, f"{NONE}/XR{1:032x}", f"{NONE}/XR{2:032x}", status="canceled")

    assert 1 == run(f"results wait {NONE}").code
    assert 0 == run(f"results wait {NONE} --any-end").code


def test_wait_looks_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """From every second to every quarter of a minute; evenly where an interval is given."""
    waits: list[float] = []

    class Watched(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0)
            return len(waits) % 10 == 0  # ten looks, and somebody ends the wait

    class Pending(Client):
        def get(self, kind: type[Kind], address: Address) -> Kind:
            return kind({"sid": address.result, "status": "queued"})

    address = Address(NONE, OTHER)
    monkeypatch.setattr("addonctl.batch.results.threading", SimpleNamespace(Event=Watched))
    batch = Batch(Pending(Login(NONE, NONE, "")), Sink(OutputSettings()), 1, "waited for", "result")
    for interval in (None, 3.0):
        with pytest.raises(StillPending):
            wait(batch, Addresses([address], typed=True, total=1), interval=interval)

    first, second = waits[:10], waits[10:]
    assert [1, 15] == [first[0], first[-1]]
    assert sorted(first) == first
    assert [3.0] * 10 == second


def test_a_result_that_is_missing_hides_no_other(run: Run, service: Service) -> None:
    address = f"{NONE}/XR{1:032x}"
    waited(service, address, status="completed")

    ran = run(f"results wait {address} {OTHER} -f sids")
    alone = run(f"results wait {NONE}/{OTHER} -f csv")

    assert (6, address + "\n") == (ran.code, ran.out)
    assert OTHER in ran.err
    assert (3, "") == (alone.code, alone.out)


def test_a_recording_without_results_is_told_of(run: Run, service: Service) -> None:
    ran = run(f"results wait {NONE} -f json")

    assert (0, "[]\n") == (ran.code, ran.out)
    assert f"recording {NONE} has no results\n" == ran.err


@pytest.mark.parametrize("words", ["--interval 0", "--interval x", "--timeout soon"])
def test_times_that_are_none_are_refused(run: Run, words: str) -> None:
    ran = run(f"-p sandbox results wait {NONE} {words}")

    assert (2, "") == (ran.code, ran.out)
    assert words.split()[1] in ran.err


def test_addresses_come_from_a_file(run: Run, all_results: list[str], home: Path) -> None:
    (home / "some.txt").write_text(lines(all_results[:3]))

    ran = run("-p sandbox results get --from some.txt -f sids")

    assert (0, all_results[:3]) == (ran.code, ran.out.splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_rows_that_cannot_be_written_do_not_hide_what_is_done() -> None:
    environment = {**os.environ, "ADDONCTL_PROFILE": "sandbox"}
    line = (
        f"{sys.executable} -m addonctl sandbox reset --recordings 1 --results 3000 -q &&"
        f" {sys.executable} -m addonctl results list --all -f sids |"
        f" {sys.executable} -m addonctl results delete - --yes -f sids > /dev/full;"
        f" echo $?; {sys.executable} -m addonctl results list --all -f sids"
    )
    ran = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True)

    assert ran.stdout == "1\n"
    assert ran.stderr.startswith("addonctl: cannot write to standard output: ")
    assert ran.stderr.endswith("; deleted 3000 results\n")


def test_a_reader_that_leaves_does_not_stop_a_delete(tmp_path: Path) -> None:
    """What was agreed to is done, and told of, whoever reads the rows."""
    environment = {**os.environ, "ADDONCTL_PROFILE": "sandbox"}
    line = (
        f"{sys.executable} -m addonctl sandbox reset --recordings 1 --results 300 -q &&"
        f" {sys.executable} -m addonctl results list --all -f sids |"
        f" {sys.executable} -m addonctl results delete - --yes -f sids | head -n 1"
    )
    ran = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True)

    assert len(ran.stdout.splitlines()) == 1
    assert ran.stderr == "deleted 300 results\n"


# The whole account


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("results list --all -f sids", 38),
        ("results download --all --to keep -f csv --no-header", 38 + 1),
        ("results delete --all --max-delete 100 --yes -f csv --no-header", 38 + 1),
        ("results delete --all --max-delete 100 --dry-run -f csv --no-header", 38 + 1),
        ("results wait --all -f sids", 38),
        ("payloads list --all -f sids", 38),
        ("results transcript --all -f csv --no-header", None),
        ("results stats --all -f csv --no-header", 1),
    ],
)
def test_of_a_whole_account_what_fails_is_named_and_the_rest_is_done(
    run: Run, account: Account, line: str, count: int | None
) -> None:
    """By one client, which asks once for the list of recordings."""
    account.state.reset(recordings=20, results=2, payloads=1)
    failing = run("recordings list -f sids").out.split()[7]
    account.failing = {f"{failing}/AddOnResults.json": 403}
    account.paths.clear()

    ran = run(line)

    assert 6 == ran.code
    assert failing in ran.out + ran.err
    assert 1 == sum(path.endswith("/Recordings.json") for path in account.paths)
    if count is not None:
        assert count == len(ran.out.splitlines())
    if count == 39:
        assert 1 == sum(",failed," in row for row in ran.out.splitlines() if failing in row)


@pytest.mark.parametrize(
    "line",
    [
        "results list --all -f sids",
        "results download --all -f sids --to keep",
        "results delete --all --dry-run -f sids",
        "results wait --all --any-end -f sids",
        "payloads list --all -f sids",
        "results transcript --all -f csv --fields address --no-header",
    ],
)
def test_of_a_whole_account_some_recordings_can_be_chosen(run: Run, line: str) -> None:
    recordings = json.loads(run("-p sandbox recordings list -f json").out)
    chosen = recordings[0]

    by_call = run(f"-p sandbox {line} --call {chosen['call_sid']}")
    by_date = run(f"-p sandbox {line} --since 2001-01-01 --until 2001-01-02")

    assert (0, 0) == (by_call.code, by_date.code)
    assert {chosen["sid"]} == {row[:34] for row in by_call.out.split()}
    assert not by_date.out.strip()

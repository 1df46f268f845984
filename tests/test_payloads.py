"""`addonctl payloads`: list, get, url, show and delete."""

from __future__ import annotations

import json

import pytest
from support.program import Run


@pytest.fixture
def results(run: Run) -> list[str]:
    return run("-p sandbox results list --all -f sids").out.splitlines()


@pytest.fixture
def payloads(run: Run, results: list[str]) -> list[str]:
    """The addresses of the sandbox's payloads."""
    return run("-p sandbox payloads list - -f sids", stdin="\n".join(results)).out.splitlines()


def test_payloads_of_several_results_are_in_their_order(
    run: Run, results: list[str], payloads: list[str]
) -> None:
    assert len(payloads) > 5
    places = [results.index(payload.rpartition("/")[0]) for payload in payloads]
    assert sorted(places) == places


def test_the_group_stands_under_results_too(run: Run, results: list[str]) -> None:
    one = run(f"-p sandbox payloads list {results[0]} -f json")
    other = run(f"-p sandbox results payloads list {results[0]} -f json")

    assert (0, one.out) == (other.code, other.out)


def test_filters_choose_by_label_and_content_type(run: Run, results: list[str]) -> None:
    words = "payloads list - -f jsonl --label trans* --content-type application/*"
    ran = run(f"-p sandbox {words}", stdin="\n".join(results))

    found = [json.loads(line) for line in ran.out.splitlines()]
    assert found
    assert all(each["label"].startswith("trans") for each in found)
    assert {"application/json"} == {each["content_type"].partition(";")[0] for each in found}


def test_a_result_that_is_not_there_hides_no_other(run: Run, results: list[str]) -> None:
    missing = results[0][:-4] + "0000"

    ran = run(f"-p sandbox payloads list {missing} {results[0]} -f sids")

    assert 6 == ran.code
    assert {results[0]} == {line.rpartition("/")[0] for line in ran.out.splitlines()}
    assert missing[35:] in ran.err


def test_a_recording_stands_for_all_its_results(run: Run, results: list[str]) -> None:
    recording = results[0][:34]
    ran = run(f"-p sandbox payloads list {recording} -f sids")
    one_by_one = run(
        "-p sandbox payloads list - -f sids",
        stdin="\n".join(each for each in results if each.startswith(recording)),
    )

    assert (0, one_by_one.out) == (ran.code, ran.out)
    assert ran.out


def test_get_gives_the_metadata_whole(run: Run, payloads: list[str]) -> None:
    one = json.loads(run(f"-p sandbox payloads get {payloads[0]} -f json").out)
    ran = run("-p sandbox payloads get - -f json", stdin="\n".join(payloads))

    assert payloads[0].endswith(one["sid"])
    assert [payload[70:] for payload in payloads] == [each["sid"] for each in json.loads(ran.out)]


def test_the_link_is_printed_and_not_followed(run: Run, payloads: list[str]) -> None:
    ran = run(f"-p sandbox payloads url {payloads[0]} {payloads[1]}")

    assert (0, "") == (ran.code, ran.err)
    one, two = ran.out.splitlines()
    assert payloads[0][70:] in one
    assert payloads[1][70:] in two
    assert "Signature=" in one


def test_links_of_payloads_that_are_not_there_are_told_of(run: Run, payloads: list[str]) -> None:
    missing = payloads[0][:-4] + "0000"

    ran = run(f"-p sandbox payloads url {missing} {payloads[0]}")

    assert (6, 1) == (ran.code, len(ran.out.splitlines()))
    assert missing[70:] in ran.err


def test_show_writes_the_data_itself(run: Run, payloads: list[str]) -> None:
    for payload in payloads:
        found = json.loads(run(f"-p sandbox payloads get {payload} -f json").out)
        if found["content_type"].startswith("application/json"):
            ran = run(f"-p sandbox payloads show {payload}")

            assert (0, "") == (ran.code, ran.err)
            assert json.loads(ran.out)
            return
    pytest.fail("the sandbox holds no JSON")


def test_show_takes_a_single_payload(run: Run, payloads: list[str]) -> None:
    ran = run(f"-p sandbox payloads show {payloads[0]} {payloads[1]}")

    assert (2, "") == (ran.code, ran.out)
    assert f"'{payloads[1]}' is one too many" in ran.err


def test_a_deleted_payload_is_gone_and_its_result_stays(run: Run, payloads: list[str]) -> None:
    ran = run(f"-p sandbox payloads delete {payloads[0]} {payloads[1]} --yes -f sids")

    assert (0, payloads[:2]) == (ran.code, ran.out.splitlines())
    assert "deleted 2 payloads\n" == ran.err
    assert 3 == run(f"-p sandbox payloads get {payloads[0]}").code
    assert 0 == run(f"-p sandbox results get {payloads[0].rpartition('/')[0]}").code


def test_deleting_payloads_needs_a_yes(run: Run, payloads: list[str]) -> None:
    ran = run(f"-p sandbox payloads delete {payloads[0]}")

    assert (2, "") == (ran.code, ran.out)
    assert "will not delete payloads for good without --yes" in ran.err

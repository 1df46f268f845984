"""The pretend account answers as the API does: documents, paging, errors, life of a result."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from support.account import AccountRow, Recording, put
from support.serving import Clock, in_process, serving

from addonctl import sandbox
from addonctl.sandbox.app import Application

ROOT = f"/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings"
STATUSES = {
    *("canceled", "completed", "deleted", "failed"),
    *("in-progress", "init", "processing", "queued"),
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def application(tmp_path: Path, clock: Clock) -> Iterator[Application]:
    made = Application(tmp_path / "state.sqlite", clock=clock)
    yield made
    made.state.close()


class Account:
    """The account seen through a session; paths are relative to the API's host."""

    def __init__(self, application: Application) -> None:
        self.session = in_process(application)

    def ask(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        return self.session.request(method, sandbox.API_URL + path, **more)

    def pages(self, path: str, size: int) -> Iterator[dict[str, Any]]:
        uri: str | None = f"{path}?PageSize={size}"
        while uri:
            page = self.ask(uri).json()
            yield page
            uri = page["next_page_uri"]

    def recordings(self) -> list[str]:
        return [one["sid"] for one in self.ask(f"{ROOT}.json").json()["recordings"]]

    def results(self, recording: str) -> list[dict[str, str]]:
        path = f"{ROOT}/{recording}/AddOnResults.json"
        return list(self.ask(path).json()["add_on_results"])

    def payloads(self, recording: str, result: str) -> list[dict[str, str]]:
        path = f"{ROOT}/{recording}/AddOnResults/{result}/Payloads.json"
        return list(self.ask(path).json()["payloads"])


@pytest.fixture
def account(application: Application) -> Account:
    return Account(application)


def test_the_sample_shows_every_status_and_every_kind_of_payload(account: Account) -> None:
    recordings = account.recordings()
    results = {recording: account.results(recording) for recording in recordings}
    every = [result for some in results.values() for result in some]
    payloads = [
        one for result in every for one in account.payloads(result["reference_sid"], result["sid"])
    ]

    assert len(recordings) == 5
    assert sorted(map(len, results.values())) == [0, 3, 3, 4, 4]
    assert {result["status"] for result in every} == STATUSES
    assert {one["content_type"] for one in payloads} == {
        *("application/json", "text/plain", "text/csv", "audio/x-wav"),
    }
    labels = [one["label"] for one in payloads]
    assert "" in labels
    assert any({"\x1b", "\n", "="} < set(label) and "../" in label for label in labels)


def test_json_xml_and_csv_hold_the_same(account: Account) -> None:
    recording = account.recordings()[0]
    path = f"{ROOT}/{recording}/AddOnResults"
    rows = account.results(recording)
    plain, xml, csv_ = (account.ask(path + extension) for extension in ("", ".xml", ".csv"))
    tree = ElementTree.fromstring(xml.content)
    table = list(csv.DictReader(io.StringIO(csv_.text)))

    assert plain.headers["Content-Type"] == xml.headers["Content-Type"] == "application/xml"
    assert csv_.headers["Content-Type"] == "text/csv"
    assert plain.text.startswith("<?xml version='1.0' encoding='UTF-8'?>")
    assert [one.findtext("Sid") for one in tree.iter("AddOnResult")] == [r["sid"] for r in rows]
    assert [one.get("nextpageuri") for one in tree.iter("AddOnResults")] == [""]
    assert [one["DateCompleted"] for one in table] == [row["date_completed"] for row in rows]


def test_an_item_comes_in_all_three_forms_too(account: Account) -> None:
    recording = account.recordings()[0]
    result = account.results(recording)[0]["sid"]
    payload = account.payloads(recording, result)[0]["sid"]
    path = f"{ROOT}/{recording}/AddOnResults/{result}/Payloads/{payload}"
    for item, name in (
        (f"{ROOT}/{recording}", "Recording"),
        (path.rpartition("/Payloads")[0], "AddOnResult"),
        (path, "Payload"),
    ):
        sid = item.rpartition("/")[2]

        assert account.ask(f"{item}.json").json()["sid"] == sid
        assert ElementTree.fromstring(account.ask(item).content).findtext(f"{name}/Sid") == sid
        assert sid in account.ask(f"{item}.csv").text.splitlines()[1]


def test_a_recording_tells_what_follows_from_its_length(
    account: Account, application: Application, clock: Clock
) -> None:
    sid = "RE" + "1" * 32
    put(application.path, Recording(sid, int(clock()) - 3600, 150, "CA" + "1" * 32))
    found = account.ask(f"{ROOT}/{sid}.json").json()

    assert (found["duration"], found["price"], found["price_unit"]) == ("150", "-0.0075", "USD")
    assert found["date_created"] == found["start_time"] == "Sat, 21 Nov 2026 11:00:00 +0000"
    assert found["date_updated"] == "Sat, 21 Nov 2026 11:02:30 +0000"
    assert found["media_url"] == f"{sandbox.API_URL}{ROOT}/{sid}"


def test_a_hostile_label_leaves_xml_and_csv_well_formed(account: Account) -> None:
    recording = account.recordings()[3]
    result = next(r["sid"] for r in account.results(recording) if r["status"] == "completed")
    label = account.payloads(recording, result)[1]["label"]
    path = f"{ROOT}/{recording}/AddOnResults/{result}/Payloads"
    tree = ElementTree.fromstring(account.ask(path).content)
    table = csv.DictReader(io.StringIO(account.ask(f"{path}.csv").text, newline=""))

    assert tree.findall(".//Label")[1].text == label.replace("\x1b", "\ufffd")
    assert [row["Label"] for row in table][1] == label


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pages_hold_every_item_once(account: Account, application: Application, size: int) -> None:
    application.state.reset(results=7, payloads=0)
    path = f"{ROOT}/{account.recordings()[0]}/AddOnResults.json"
    pages = list(account.pages(path, size))
    sids = [one["sid"] for page in pages for one in page["add_on_results"]]

    assert len(sids) == len(set(sids)) == 7
    assert pages[0]["previous_page_uri"] is None
    assert [page["start"] for page in pages] == [n * size for n in range(len(pages))]
    assert pages[-1]["end"] == 6
    assert pages[0]["uri"] == pages[0]["first_page_uri"] == f"{path}?PageSize={size}&Page=0"
    for before, page in zip(pages, pages[1:], strict=False):
        back = account.ask(str(page["previous_page_uri"])).json()
        assert back["add_on_results"] == before["add_on_results"]
        assert back["next_page_uri"] == before["next_page_uri"]
        assert f"PageToken=PA{before['add_on_results'][-1]['sid']}" in page["uri"]


def test_deleting_each_page_as_it_comes_skips_nothing(
    account: Account, application: Application
) -> None:
    """Not even when the item that the next page's token names has gone."""
    application.state.reset(results=10, payloads=0)
    recording = account.recordings()[0]
    seen = []
    for page in account.pages(f"{ROOT}/{recording}/AddOnResults.json", 3):
        for one in page["add_on_results"]:
            seen.append(one["sid"])
            account.ask(f"{ROOT}/{recording}/AddOnResults/{one['sid']}.json", "DELETE")
    empty = account.ask(f"{ROOT}/{recording}/AddOnResults.json").json()

    assert len(set(seen)) == len(seen) == 10
    assert (empty["add_on_results"], empty["start"], empty["end"]) == ([], 0, 0)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("PageSize=1001", 20007),
        ("PageSize=0", 20007),
        ("PageSize=many", 20007),
        ("Page=1", 20001),
        ("Page=-1", 20001),
        ("PageToken=nonsense", 21481),
        ("PageToken=PARE00000000000000000000000000000000", 21481),
        ("DateCreated=yesterday", 20001),
    ],
)
def test_a_bad_query_is_refused(account: Account, query: str, code: int) -> None:
    answer = account.ask(f"{ROOT}.json?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_recordings_can_be_filtered(account: Account) -> None:
    rows = account.ask(f"{ROOT}.json").json()["recordings"]
    conference = next(row for row in rows if row["conference_sid"])
    for query, expected in (
        ("DateCreated=2026-11-20", [rows[2]]),
        ("DateCreated>=2026-11-21", rows[:2]),
        ("DateCreated%3C=2026-11-20T12:00:00Z", rows[2:]),
        ("DateCreated>=2026-11-16&DateCreated<=2026-11-21", rows[2:4]),
        (f"CallSid={rows[1]['call_sid']}", [rows[1]]),
        (f"ConferenceSid={conference['conference_sid']}", [conference]),
        ("CallSid=CA00000000000000000000000000000000", []),
        ("DateCreated=9999-12-31", []),
        ("DateCreated>=0001-01-01T00:00:00%2B23:59", rows),
    ):
        found = account.ask(f"{ROOT}.json?{query}").json()

        assert found["recordings"] == expected, query
    page = account.ask(f"{ROOT}.json?DateCreated<=2026-11-20T12:00:00Z&PageSize=1").json()
    following = account.ask(page["next_page_uri"]).json()
    deleted = account.ask(f"{ROOT}.json?IncludeSoftDeleted=true").json()["recordings"]

    assert following["recordings"] == [rows[3]]
    assert [row["status"] for row in deleted] == ["completed"] * 5 + ["deleted"]


def test_a_deleted_result_takes_its_payloads_along(account: Account) -> None:
    recording = account.recordings()[0]
    result = account.results(recording)[0]["sid"]
    payload = account.payloads(recording, result)[0]["sid"]
    path = f"{ROOT}/{recording}/AddOnResults/{result}"
    first, second = (account.ask(f"{path}.json", "DELETE") for _ in range(2))

    assert (first.status_code, first.content) == (204, b"")
    assert not {"Content-Length", "Content-Type"} & set(first.headers)
    assert (second.status_code, second.json()["code"]) == (404, 20404)
    for gone in (path, f"{path}/Payloads", f"{path}/Payloads/{payload}"):
        assert account.ask(f"{gone}.json").status_code == 404
    assert account.ask(f"{ROOT}/{recording}.json").status_code == 200
    assert len(account.results(recording)) == 2


def test_a_deleted_payload_leaves_its_result(account: Account) -> None:
    recording = account.recordings()[0]
    result = account.results(recording)[0]["sid"]
    one, other = (each["sid"] for each in account.payloads(recording, result))
    path = f"{ROOT}/{recording}/AddOnResults/{result}/Payloads/{one}"

    assert account.ask(path, "DELETE").status_code == 204
    assert account.ask(path, "DELETE").status_code == 404
    assert [each["sid"] for each in account.payloads(recording, result)] == [other]


def test_a_result_is_gone_after_thirty_days(account: Account, clock: Clock) -> None:
    recording = account.recordings()[4]
    again, later, sooner = (result["sid"] for result in account.results(recording))
    clock.forward(hours=4, minutes=59)
    before = [result["sid"] for result in account.results(recording)]
    clock.forward(minutes=1)
    after = [result["sid"] for result in account.results(recording)]
    gone = account.ask(f"{ROOT}/{recording}/AddOnResults/{sooner}.json")
    clock.forward(days=2)

    assert before == [again, later, sooner]
    assert after == [again, later]
    assert (gone.status_code, gone.json()["code"]) == (404, 20404)
    assert [result["sid"] for result in account.results(recording)] == [again]


def test_what_lies_under_another_parent_is_not_found(account: Account) -> None:
    recordings = account.recordings()
    result = account.results(recordings[0])[0]["sid"]
    path = f"{ROOT}/{recordings[1]}/AddOnResults/{result}.json"
    answer = account.ask(path)

    assert answer.status_code == 404
    assert answer.json() == {
        "code": 20404,
        "message": f"The requested resource {path} was not found",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }


@pytest.mark.parametrize(
    "path",
    ["/", "/nowhere", "/2010-04-01", f"{ROOT}/RE1/Words", f"{ROOT}.html", f"{ROOT}//x"],
)
def test_a_path_of_no_resource_is_not_found(account: Account, path: str) -> None:
    answer = account.ask(path)

    assert answer.status_code == 404
    assert ElementTree.fromstring(answer.content).findtext("RestException/Code") == "20404"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", f"{ROOT}.json", "GET, HEAD"),
        ("DELETE", f"{ROOT}.json", "GET, HEAD"),
        ("PUT", f"{ROOT}/RE1.json", "GET, HEAD"),
        ("DELETE", f"{ROOT}/RE1/AddOnResults.json", "GET, HEAD"),
        ("POST", f"{ROOT}/RE1/AddOnResults/XR1.json", "GET, HEAD, DELETE"),
        ("PATCH", f"{ROOT}/RE1/AddOnResults/XR1/Payloads/XH1.json", "GET, HEAD, DELETE"),
        ("DELETE", f"{ROOT}/RE1/AddOnResults/XR1/Payloads/XH1/Data.json", "GET, HEAD"),
        ("DELETE", f"{ROOT.rpartition('/')[0]}.json", "GET, HEAD"),
    ],
)
def test_a_method_the_api_does_not_have_is_refused(
    account: Account, method: str, path: str, allowed: str
) -> None:
    answer = account.ask(path, method)

    assert (answer.status_code, answer.json()["code"]) == (405, 20004)
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "query",
    [
        "DateCreated=&DateCreated%3C=&DateCreated>=&CallSid=&ConferenceSid=&IncludeSoftDeleted=",
        "PageSize=&Page=&PageToken=",
        "CallSid",
    ],
)
def test_a_parameter_without_a_value_counts_as_not_given(account: Account, query: str) -> None:
    assert account.ask(f"{ROOT}.json?{query}").json() == account.ask(f"{ROOT}.json").json()


@pytest.mark.parametrize(
    "login",
    [
        None,
        ("", ""),
        (sandbox.ACCOUNT, "wrong"),
        (sandbox.API_KEY, sandbox.AUTH_TOKEN),
        ("ACffffffffffffffffffffffffffffffff", ""),
    ],
)
def test_a_wrong_login_is_refused(account: Account, login: tuple[str, str] | None) -> None:
    account.session.auth = login
    answer = account.ask(f"{ROOT}.json")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Twilio API"'
    assert answer.json() == {
        "code": 20003,
        "detail": "Your AccountSid or AuthToken was incorrect.",
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


def test_keys_and_tokens_open_the_account_and_its_subaccount(account: Account) -> None:
    below = ROOT.replace(sandbox.ACCOUNT, sandbox.SUBACCOUNT)
    main = (sandbox.ACCOUNT, sandbox.AUTH_TOKEN)
    key = (sandbox.API_KEY, sandbox.API_SECRET)
    subaccount = (sandbox.SUBACCOUNT, sandbox.SUBACCOUNT_AUTH_TOKEN)
    for login, path, status in (
        (main, ROOT, 200),
        (key, ROOT, 200),
        (main, below, 200),
        (key, below, 200),
        (subaccount, below, 200),
        (subaccount, ROOT, 401),
    ):
        account.session.auth = login

        assert account.ask(f"{path}.json").status_code == status, (login[0], path)
    account.session.auth = subaccount
    rows = account.ask(f"{below}.json").json()["recordings"]

    assert [row["account_sid"] for row in rows] == [sandbox.SUBACCOUNT]


def test_an_account_lists_itself_and_its_subaccounts(
    account: Account, application: Application, clock: Clock
) -> None:
    seconds = int(clock())
    suspended = "AC" + "5" * 32
    put(
        application.path,
        AccountRow(suspended, sandbox.ACCOUNT, "Closed shop", "t", seconds, "suspended"),
        AccountRow("AC" + "7" * 32, "AC" + "7" * 32, "Somebody else", "t", seconds),
        Recording("RE" + "1" * 32, seconds, 9, "CA" + "1" * 32, suspended),
    )
    root = "/2010-04-01/Accounts"
    page = account.ask(f"{root}.json").json()
    closed = account.ask(f"{root}.json?Status=suspended").json()["accounts"]
    named = account.ask(f"{root}.json?FriendlyName=Repair%20shop").json()["accounts"]
    single = account.ask(f"{root}/{suspended}.json").json()
    refused = account.ask(f"{root}/{suspended}/Recordings.json")
    tree = ElementTree.fromstring(account.ask(f"{root}?PageSize=2").content)
    account.session.auth = (sandbox.SUBACCOUNT, sandbox.SUBACCOUNT_AUTH_TOKEN)
    below = account.ask(f"{root}.json").json()["accounts"]

    sids = [sandbox.ACCOUNT, sandbox.SUBACCOUNT, suspended]
    assert [one["sid"] for one in page["accounts"]] == sids
    assert {one["owner_account_sid"] for one in page["accounts"]} == {sandbox.ACCOUNT}
    assert page["uri"] == f"{root}.json?PageSize=50&Page=0"
    assert closed == [single] == page["accounts"][2:]
    assert single["type"] == "Full"
    assert named == page["accounts"][1:2] == below
    assert (refused.status_code, refused.json()["code"]) == (403, 20005)
    assert [one.text for one in tree.iterfind("Accounts/Account/Sid")] == sids[:2]
    assert "PageToken=PA" in tree[0].attrib["nextpageuri"]


def test_every_answer_tells_its_request_and_how_many_are_in_flight(account: Account) -> None:
    for path in (f"{ROOT}.json", f"{ROOT}/RE1.json"):
        headers = account.ask(path).headers

        assert headers["Twilio-Request-Id"].startswith("RQ")
        assert len(headers["Twilio-Request-Id"]) == 34
        assert headers["Twilio-Concurrent-Requests"] == "1"
        assert float(headers["Twilio-Request-Duration"]) < 60


def test_more_requests_at_once_than_allowed_are_refused(tmp_path: Path) -> None:
    """Of eight that come together two are answered; the count in flight is told to all."""
    together = threading.Barrier(8)
    answers: list[requests.Response] = []

    def make(url: str) -> Application:
        return Application(tmp_path / "state.sqlite", store_url=url, latency=1.0, max_concurrent=2)

    def ask(url: str) -> None:
        together.wait()
        login = (sandbox.ACCOUNT, sandbox.AUTH_TOKEN)
        answers.append(requests.get(f"{url}{ROOT}.json", auth=login, timeout=30))

    with serving(make) as server:
        threads = [threading.Thread(target=ask, args=(server.api_url,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    refused = [answer for answer in answers if answer.status_code == 429]

    assert len(refused) == 6
    assert {answer.json()["code"] for answer in refused} == {20429}
    assert not any("Retry-After" in answer.headers for answer in refused)
    assert max(int(a.headers["Twilio-Concurrent-Requests"]) for a in answers) >= 3


def test_head_is_get_without_the_body(account: Account) -> None:
    whole, head = account.ask(f"{ROOT}.json"), account.ask(f"{ROOT}.json", "HEAD")

    assert head.content == b""
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]

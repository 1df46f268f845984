"""The vendor's own library, its transport pointed at the served sandbox, finds what we find."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from support.serving import Server, serving
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from addonctl import sandbox
from addonctl.sandbox.app import Application


class Elsewhere(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """Sends what is meant for api.twilio.com to another server."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=30)
        self.url = url

    def request(self, method: str, url: str, *given: Any, **more: Any) -> Any:
        assert url.startswith("https://api.twilio.com/")
        return super().request(
            method, url.replace("https://api.twilio.com", self.url), *given, **more
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made: list[Application] = []

    def make(url: str) -> Application:
        made.append(Application(tmp_path / "state.sqlite", store_url=url))
        return made[0]

    with serving(make) as server:
        yield server
    made[0].state.close()


@pytest.fixture
def vendor(server: Server) -> Iterator[Client]:
    transport = Elsewhere(server.api_url)
    yield Client(sandbox.ACCOUNT, sandbox.AUTH_TOKEN, http_client=transport)
    if transport.session:
        transport.session.close()


@pytest.fixture
def ours(
    server: Server, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Any]:
    """Types a line against the same server, and gives back the JSON it prints."""
    monkeypatch.setenv("ADDONCTL_API_URL", server.api_url)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", sandbox.ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", sandbox.AUTH_TOKEN)

    def ask(line: str) -> Any:
        ran = run(f"{line} --format json")
        assert (ran.code, ran.err) == (0, "")
        return json.loads(ran.out)

    return ask


def agree(theirs: Any, ours: dict[str, Any]) -> None:
    """Every field of our document is an attribute of their object, and holds the same."""
    for name, value in ours.items():
        held = getattr(theirs, name)
        if value is not None and (name.startswith("date_") or name == "start_time"):
            value = parsedate_to_datetime(value)
        assert held == value, name


@pytest.mark.parametrize("size", [2, 1000])
def test_lists_hold_the_same_page_by_page(
    vendor: Client, ours: Callable[[str], Any], size: int
) -> None:
    recordings = vendor.recordings.list(page_size=size)
    found = ours(f"recordings list --page-size {size}")

    assert len(found) == len(recordings) == 5
    for theirs, document in zip(recordings, found, strict=True):
        agree(theirs, document)
    for recording in recordings:
        results = vendor.recordings(recording.sid).add_on_results.list(page_size=size)
        for theirs, document in zip(
            results,
            ours(f"results list {recording.sid} --page-size {size}"),
            strict=True,
        ):
            agree(theirs, document)
            payloads = vendor.recordings(recording.sid).add_on_results(theirs.sid).payloads
            for payload, row in zip(
                payloads.list(page_size=size),
                ours(f"payloads list {recording.sid} {theirs.sid} --page-size {size}"),
                strict=True,
            ):
                agree(payload, row)


def test_pages_can_be_turned_both_ways(vendor: Client) -> None:
    first = vendor.recordings.page(page_size=2)
    sids = [one.sid for one in first]
    second = first.next_page()
    assert second is not None
    back = second.previous_page()

    assert back is not None
    assert [one.sid for one in back] == sids
    assert not set(sids) & {one.sid for one in second}


def test_one_of_each_can_be_fetched(vendor: Client, ours: Callable[[str], Any]) -> None:
    recording = vendor.recordings.list(limit=1)[0].sid
    results = vendor.recordings(recording).add_on_results
    result = results.list(limit=1)[0].sid
    payload = results(result).payloads.list(limit=1)[0].sid

    assert vendor.recordings(recording).fetch().sid == recording
    agree(results(result).fetch(), ours(f"results get {recording} {result}"))
    agree(
        results(result).payloads(payload).fetch(),
        ours(f"payloads get {recording} {result} {payload}"),
    )


def test_the_data_is_where_the_redirect_says(vendor: Client) -> None:
    recording = vendor.recordings.list(limit=1)[0].sid
    results = vendor.recordings(recording).add_on_results
    result = results.list(limit=1)[0].sid
    payload = results(result).payloads.list(limit=1)[0].sid
    data = results(result).payloads(payload).data().fetch()
    body = requests.get(data.redirect_to, timeout=20)

    assert body.status_code == 200
    transcripts = body.json()["results"][0]["results"]
    assert "the parcel never arrived" in transcripts[1]["alternatives"][0]["transcript"]


def test_what_they_delete_is_gone_for_us(vendor: Client, run: Callable[..., Any]) -> None:
    recording = vendor.recordings.list(limit=1)[0].sid
    results = vendor.recordings(recording).add_on_results
    first, second = (one.sid for one in results.list(limit=2))
    payload = results(second).payloads.list(limit=1)[0].sid

    assert results(first).delete()
    assert results(second).payloads(payload).delete()
    with pytest.raises(TwilioRestException, match="was not found") as refused:
        results(first).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)
    assert results(second).payloads.list() == []
    assert len(results.list()) == 2


def test_filters_reach_the_recordings(vendor: Client) -> None:
    every = vendor.recordings.list()
    conference = next(one for one in every if one.conference_sid)
    assert conference.date_created is not None
    found = vendor.recordings.list(
        date_created_after=conference.date_created, date_created_before=every[1].date_created
    )

    assert [one.sid for one in found] == [one.sid for one in every[1:4]]
    assert len(vendor.recordings.list(include_soft_deleted=True)) == 6
    assert len(vendor.recordings.list(conference_sid=conference.conference_sid)) == 1

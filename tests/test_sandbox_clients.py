"""The vendor's library for node and its command line do the main job on the served sandbox."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from support.serving import serving
from support.tls_front import tls_front

from addonctl import sandbox
from addonctl.sandbox.app import Application

CLIENTS = Path(__file__).parent / "clients"
MODULES = CLIENTS / "node_modules"
ROOT = f"/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not MODULES.exists(), reason="the vendor's clients are not here: make clients"
    ),
]

Typed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "state.sqlite"
    with serving(lambda url: Application(path, store_url=url)) as server:
        yield server.api_url


@pytest.fixture
def typed(served: str, home: Path, tmp_path: Path) -> Iterator[Typed]:
    """Runs a program of node's, for which https://api.twilio.com is the sandbox."""
    with tls_front(served, tmp_path) as variables:
        environment = {
            **os.environ,
            **variables,
            "TWILIO_ACCOUNT_SID": sandbox.ACCOUNT,
            "TWILIO_AUTH_TOKEN": sandbox.AUTH_TOKEN,
        }

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                words, env=environment, cwd=home, capture_output=True, text=True, timeout=120
            )

        yield run


def documents(api_url: str, path: str, key: str) -> list[dict[str, Any]]:
    """The items of a list as the sandbox itself tells them."""
    login = (sandbox.ACCOUNT, sandbox.AUTH_TOKEN)
    found = requests.get(f"{api_url}{path}.json", auth=login, timeout=20).json()[key]
    assert isinstance(found, list)
    return found


def same(theirs: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether each field of a document is in their object, in camel case and with real dates."""
    for name, value in document.items():
        held = theirs[re.sub("_(.)", lambda match: match[1].upper(), name)]
        if value and (name.startswith("date_") or name == "start_time"):
            value, held = parsedate_to_datetime(value), datetime.fromisoformat(held)
        assert held == value, name
    return len(theirs) == len(document)


def all_the_same(theirs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> bool:
    return all(same(one, other) for one, other in zip(theirs, ours, strict=True))


def test_the_vendors_library_for_node(served: str, typed: Typed) -> None:
    recordings = documents(served, ROOT, "recordings")
    path = f"{ROOT}/{recordings[0]['sid']}/AddOnResults"
    results = documents(served, path, "add_on_results")
    payloads = documents(served, f"{path}/{results[0]['sid']}/Payloads", "payloads")
    ran = typed("node", str(CLIENTS / "tour.js"))
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    told = json.loads(ran.stdout)

    assert all_the_same(told["recordings"], recordings)
    assert all_the_same(told["results"], results)
    assert all_the_same(told["payloads"], payloads)
    assert all_the_same(told["fetched"], [results[0], payloads[0]])
    assert told["event"] == "recognitions.completed_with_results"
    assert told["removed"] == [True, True, True]
    assert (told["refusal"]["status"], told["refusal"]["code"]) == (404, 20404)
    assert "was not found" in told["refusal"]["message"]
    assert told["left"] == [one["sid"] for one in results[2:]]
    assert told["accounts"] == [sandbox.ACCOUNT, sandbox.SUBACCOUNT]
    assert [one["sid"] for one in documents(served, path, "add_on_results")] == told["left"]


def test_the_vendors_command_line(served: str, typed: Typed) -> None:
    """It speaks TLS only; and says an exit code of its own where nothing is found."""

    def twilio(words: str) -> subprocess.CompletedProcess[str]:
        return typed(str(MODULES / ".bin" / "twilio"), *f"api:core:recordings:{words}".split())

    def listed(words: str) -> list[dict[str, Any]]:
        ran = twilio(f"{words} -o json")
        assert ran.returncode == 0, ran.stderr
        found = json.loads(ran.stdout)
        assert isinstance(found, list)
        return found

    recordings = documents(served, ROOT, "recordings")
    recording = recordings[0]["sid"]
    path = f"{ROOT}/{recording}/AddOnResults"
    results = documents(served, path, "add_on_results")
    payloads = documents(served, f"{path}/{results[0]['sid']}/Payloads", "payloads")
    result, payload = results[0]["sid"], payloads[0]["sid"]
    of_recording = f"--reference-sid {recording}"
    of_result = f"{of_recording} --add-on-result-sid {result}"

    assert all_the_same(listed("list"), recordings)
    assert all_the_same(listed(f"add-on-results:list {of_recording}"), results)
    assert all_the_same(listed(f"add-on-results:payloads:list {of_result}"), payloads)
    assert all_the_same(listed(f"add-on-results:fetch {of_recording} --sid {result}"), results[:1])
    (data,) = listed(f"add-on-results:payloads:data:fetch {of_result} --payload-sid {payload}")
    assert requests.get(data["redirectTo"], timeout=20).status_code == 200
    assert twilio(f"add-on-results:payloads:remove {of_result} --sid {payload}").returncode == 0
    assert twilio(f"add-on-results:remove {of_recording} --sid {result}").returncode == 0
    gone = twilio(f"add-on-results:fetch {of_recording} --sid {result}")
    assert (gone.returncode, "20404" in gone.stderr) == (20, True)
    assert all_the_same(listed(f"add-on-results:list {of_recording}"), results[1:])

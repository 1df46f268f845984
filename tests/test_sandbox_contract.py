"""The published API description, held by others than us against the served sandbox.

Prism lets every request and answer of the main job pass only as described; schemathesis makes up
requests by the thousand and looks at what comes back.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import requests
from support.account import Result, put
from support.program import Run
from support.serving import serving

from addonctl import sandbox
from addonctl.sandbox.app import Application

CLIENTS = Path(__file__).parent / "clients"
PRISM = CLIENTS / "node_modules" / ".bin" / "prism"
SCHEMATHESIS = CLIENTS / ".venv" / "bin" / "schemathesis"
DESCRIPTION = Path(__file__).parents[2] / "shared" / "api" / "openapi-addons.json"
CALL = "RE73640dced2490fa811f54a87139210ee"
TRANSCRIPT = "XR68b652bc56ffb143af7cdb76f8cbc0ef"
TEXT = "XH490b86aebe891b7656eebf1333bc7523"


def needs(*parts: Path) -> pytest.MarkDecorator:
    missing = [str(part) for part in parts if not part.exists()]
    return pytest.mark.skipif(bool(missing), reason=f"not here: {', '.join(missing)}; make clients")


pytestmark = [pytest.mark.slow, needs(DESCRIPTION)]


def described() -> dict[str, Any]:
    """The description, where URIs may be relative, as the vendor's own examples have them."""
    text = DESCRIPTION.read_text()
    assert '"format": "uri"' in text
    read: dict[str, Any] = json.loads(text.replace('"format": "uri"', '"format": "uri-reference"'))
    return read


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    made = Application(tmp_path / "state.sqlite")
    yield made
    made.state.close()


@pytest.fixture
def served(tmp_path: Path, application: Application) -> Iterator[str]:
    """The URL of the sandbox; `application` has the same state."""
    path = tmp_path / "state.sqlite"
    with serving(lambda url: Application(path, store_url=url)) as server:
        yield server.api_url


class Proxy:
    """Passes requests on to Prism, and keeps what it found wrong.

    All but `…/Data`: Prism follows redirects itself, and takes the login to the store.
    """

    def __init__(self, api_url: str, prism_url: str) -> None:
        self.urls = {True: api_url, False: prism_url}
        self.violations: list[Any] = []
        self.paths: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        answer = requests.request(
            environ["REQUEST_METHOD"],
            f"{self.urls[path.endswith(('/Data', '/Data.json'))]}{path}?{environ['QUERY_STRING']}",
            headers={"Authorization": environ.get("HTTP_AUTHORIZATION", "")},
            allow_redirects=False,
            timeout=60,
        )
        self.paths.append(path)
        self.violations += json.loads(answer.headers.get("sl-violations", "[]"))
        kept = ("Content-Type", "Location", "Twilio-Request-Id")
        headers = [(name, answer.headers[name]) for name in kept if name in answer.headers]
        if answer.status_code != 204:
            headers.append(("Content-Length", str(len(answer.content))))
        start_response(f"{answer.status_code} {answer.reason}", headers)
        return [answer.content]


@pytest.fixture
def prism(served: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The program pointed at the sandbox, with Prism in between."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    description = home / "description.json"
    description.write_text(json.dumps(described()))
    words = ["proxy", str(description), served, "--port", str(port), "--errors"]
    with subprocess.Popen(
        [PRISM, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=home
    ) as process:
        try:
            assert process.stdout
            said = next((line for line in process.stdout if "is listening on" in line), None)
            assert said, "Prism does not start"
            proxy = Proxy(served, f"http://127.0.0.1:{port}")
            with serving(lambda _: proxy) as server:
                monkeypatch.setenv("ADDONCTL_API_URL", server.api_url)
                monkeypatch.setenv("TWILIO_ACCOUNT_SID", sandbox.ACCOUNT)
                monkeypatch.setenv("TWILIO_AUTH_TOKEN", sandbox.AUTH_TOKEN)
                yield proxy
        finally:
            process.terminate()


@needs(PRISM)
def test_the_main_job_passes_a_proxy_that_validates(
    run: Run, prism: Proxy, application: Application, home: Path
) -> None:
    lines = [
        "recordings list --page-size 2 --since 60d --until 1d",
        "results list --all --page-size 1",
        f"results get {CALL} {TRANSCRIPT}",
        f"results wait {CALL}",
        f"payloads list {CALL} {TRANSCRIPT} --page-size 1",
        f"payloads get {CALL} {TRANSCRIPT} {TEXT}",
        f"payloads url {CALL} {TRANSCRIPT} {TEXT}",
        f"payloads show {CALL} {TRANSCRIPT} {TEXT}",
        f"results download {CALL} --to keep",
        f"payloads delete {CALL} {TRANSCRIPT} {TEXT} --yes",
        f"results delete {CALL} --all-results --yes",
    ]
    before = application.state.counts()
    ran = {line: run(line) for line in lines}
    after = application.state.counts()

    assert prism.violations == []
    assert {line: one.code for line, one in ran.items() if one.code} == {}, ran
    assert prism.violations == []
    assert len(prism.paths) > 30
    assert len([path for path in (home / "keep").rglob("*") if path.is_file()]) == 4
    assert before.results - after.results == 3


@needs(PRISM)
def test_the_proxy_sees_what_is_not_as_described(
    run: Run, prism: Proxy, application: Application
) -> None:
    now = application.state.now()
    odd = Result(CALL, "XR" + "7" * 32, now - 20, now - 10, status="sleeping")
    put(application.path, odd)
    ran = run(f"results list {CALL} --retries 0")

    assert ran.code != 0
    assert [one["code"] for one in prism.violations] == ["enum"]


def meant(sids: Callable[[str, str], list[str]]) -> dict[str, Any]:
    """The description with what the service leaves unsaid in it, and `sids` that are there.

    Errors have a document of their own, and a page is asked for by the token that the API gave.
    """
    read = described()
    error = {"$ref": "#/components/schemas/error"}
    fields = {name: {"type": "string"} for name in ("message", "more_info", "detail")}
    read["components"]["schemas"]["error"] = {
        "type": "object",
        "properties": {**fields, "code": {"type": "integer"}, "status": {"type": "integer"}},
        "required": ["code", "message", "more_info", "status"],
        "additionalProperties": False,
    }
    refused = {"description": "refused", "content": {"application/json": {"schema": error}}}
    for path, operations in read["paths"].items():
        for operation in (
            operations[method] for method in ("get", "delete") if method in operations
        ):
            operation["responses"] |= dict.fromkeys(("400", "401", "404", "405"), refused)
            kept = [one for one in operation["parameters"] if one["name"] != "PageToken"]
            operation["parameters"] = kept
            for parameter in kept:
                schema, name = parameter["schema"], parameter["name"]
                if name == "Page":
                    schema["maximum"] = 0
                elif name == "AccountSid":
                    schema["enum"] = [sandbox.ACCOUNT]
                elif parameter["in"] == "path":
                    parameter["schema"] = {"anyOf": [{"enum": sids(path, name)}, schema]}
    return read


@needs(SCHEMATHESIS)
@pytest.mark.timeout(600)
def test_no_request_that_is_made_up_gets_another_answer_than_described(
    served: str, application: Application, home: Path, tmp_path: Path
) -> None:
    """All checks but one: what the description does not know, the service ignores."""
    application.state.reset(recordings=1, results=40, payloads=2)
    login = (sandbox.ACCOUNT, sandbox.AUTH_TOKEN)
    root = f"{served}/2010-04-01/Accounts/{sandbox.ACCOUNT}/Recordings"

    def listed(path: str, key: str) -> list[str]:
        url = f"{root}{path}.json?PageSize=1000"
        return [one["sid"] for one in requests.get(url, auth=login, timeout=20).json()[key]]

    (recording,) = listed("", "recordings")
    results = listed(f"/{recording}/AddOnResults", "add_on_results")
    path = f"/{recording}/AddOnResults/{results[0]}/Payloads"
    payloads = listed(path, "payloads")

    def sids(path: str, name: str) -> list[str]:
        if name == "ReferenceSid":
            return [recording]
        if name == "PayloadSid" or path.endswith("/Payloads/{Sid}.json"):
            return payloads
        return results[:1] if name == "AddOnResultSid" else results

    description = tmp_path / "description.json"
    description.write_text(json.dumps(meant(sids)))
    words = ["run", str(description), "--url", served, "--auth", ":".join(login)]
    words += ["--checks", "all", "--exclude-checks", "negative_data_rejection"]
    words += ["--max-examples", "60", "--seed", "7", "--no-color"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [SCHEMATHESIS, *words], cwd=home, capture_output=True, text=True, env=environment
    )

    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr
    assert application.state.counts().results < 40

"""Every document of the sandbox is one the published API description allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
from support.serving import in_process

from addonctl import sandbox
from addonctl.sandbox.app import Application

DESCRIPTION = Path(__file__).parents[2] / "shared" / "api" / "openapi-addons.json"
ROOT = "/2010-04-01/Accounts/{AccountSid}/Recordings"
RESULTS = ROOT + "/{ReferenceSid}/AddOnResults"
PAYLOADS = RESULTS + "/{AddOnResultSid}/Payloads"

pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason=f"the published API description is not at {DESCRIPTION}"
)


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """The description with OpenAPI's `nullable` said in JSON Schema's words."""

    def plain(part: Any) -> Any:
        if isinstance(part, list):
            return [plain(one) for one in part]
        if not isinstance(part, dict):
            return part
        said = {name: plain(one) for name, one in part.items()}
        if said.pop("nullable", False) is True and isinstance(said.get("type"), str):
            said["type"] = [said["type"], "null"]
        return said

    read: dict[str, Any] = plain(json.loads(DESCRIPTION.read_text()))
    # What the description does not name, the API does not send; what it names is always there.
    for schema in (*read["components"]["schemas"].values(), *_responses(read)):
        if "properties" in schema:
            schema["additionalProperties"] = False
            schema["required"] = list(schema["properties"])
    return read


def _responses(read: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in read["paths"].values():
        for response in path["get"]["responses"].values():
            for content in response["content"].values():
                yield content["schema"]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[requests.Session]:
    application = Application(tmp_path / "state.sqlite")
    yield in_process(application)
    application.state.close()


def rfc2822(text: object) -> bool:
    return not isinstance(text, str) or bool(parsedate_to_datetime(text))


def check(
    description: dict[str, Any], session: requests.Session, path: str, query: str = "", **sids: str
) -> dict[str, Any]:
    """Ask for a path of the description; the answer must be as it says."""
    uri = path.format(AccountSid=sandbox.ACCOUNT, **sids)
    answer = session.get(f"{sandbox.API_URL}{uri}?{query}", allow_redirects=False)
    content = description["paths"][path]["get"]["responses"][str(answer.status_code)]["content"]
    schema = content[answer.headers["Content-Type"]]["schema"]
    document: dict[str, Any] = answer.json()
    _validate(description, schema, document)
    return document


def check_list(
    description: dict[str, Any], session: requests.Session, path: str, size: int, **sids: str
) -> Iterator[dict[str, Any]]:
    """The same for every page of a list; gives its items."""
    query = f"PageSize={size}"
    while query:
        page = check(description, session, path, query, **sids)
        yield from next(items for items in page.values() if isinstance(items, list))
        query = (page["next_page_uri"] or "").partition("?")[2]


def _validate(description: dict[str, Any], schema: dict[str, Any], document: object) -> None:
    checker = jsonschema.FormatChecker()
    checker.checks("date-time-rfc-2822", raises=ValueError)(rfc2822)
    whole = {**schema, "components": description["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=checker).validate(document)


@pytest.mark.parametrize("size", [2, 1000])
def test_every_document_is_as_described(
    description: dict[str, Any], session: requests.Session, size: int
) -> None:
    payloads = 0
    for recording in check_list(description, session, f"{ROOT}.json", size):
        sids = {"ReferenceSid": recording["sid"]}
        for result in check_list(description, session, f"{RESULTS}.json", size, **sids):
            sids["Sid"] = sids["AddOnResultSid"] = result["sid"]
            assert check(description, session, f"{RESULTS}/{{Sid}}.json", **sids) == result
            for payload in check_list(description, session, f"{PAYLOADS}.json", size, **sids):
                sids["Sid"] = sids["PayloadSid"] = payload["sid"]
                assert check(description, session, f"{PAYLOADS}/{{Sid}}.json", **sids) == payload
                check(description, session, f"{PAYLOADS}/{{PayloadSid}}/Data.json", **sids)
                payloads += 1

    assert payloads == 11


def test_every_described_method_is_there_and_no_other(
    description: dict[str, Any], session: requests.Session
) -> None:
    """A described delete answers as described; a method not described is refused."""
    for path, operations in description["paths"].items():
        for method in ("delete", "post", "put", "patch"):
            sids = dict.fromkeys(("ReferenceSid", "Sid", "AddOnResultSid", "PayloadSid"), "x")
            uri = path.format(AccountSid=sandbox.ACCOUNT, **sids)
            answer = session.request(method, sandbox.API_URL + uri)

            assert answer.status_code == (404 if method in operations else 405), (method, path)


def test_the_check_can_fail(description: dict[str, Any], session: requests.Session) -> None:
    document = check(description, session, f"{ROOT}.json")
    schema = {"$ref": "#/components/schemas/api.v2010.account.recording"}
    _validate(description, schema, document["recordings"][0])
    for change in ({"sid": "RE1"}, {"status": "sleeping"}, {"more": 1}, {"duration": 4}):
        changed = {**document["recordings"][0], **change}

        with pytest.raises(jsonschema.ValidationError):
            _validate(description, schema, changed)

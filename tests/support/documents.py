"""Documents such as the service sends, and a server on loopback that lists them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ssl import SSLContext
from typing import Any

import pytest

from support.program import log_in_by_variables
from support.scripted import Answer, Scripted, answer, scripted

ACCOUNT = "AC" + "a" * 32
RE = "RE" + "e" * 32
XR = "XR" + "f" * 32
XH = "XH" + "d" * 32
TOKEN = "the-secret-of-this-test"
CREATED = "Sat, 21 Nov 2026 18:43:00 +0000"

# Labels as no vendor should write them, and some will.
HOSTILE = {
    "ansi": "\x1b[31mred\x1b[0m",
    "osc": "\x1b]0;title\x07\x1b]8;;http://example.com\x1b\\link",
    "c1": "\x9b31mred\x85next",
    "markup": "[bold red]loud[/bold red][link=http://example.com]x[/]",
    "newline": "first\nsecond\r\nthird\rfourth",
    "tab": "a\tb",
    "quotes": 'he said "no", twice',
    "formula": '=HYPERLINK("http://example.com","x")',
    "plus": "+1+1",
    "minus": "-1+1",
    "at": "@SUM(1)",
    "tab first": "\t=1+1",
    "return first": "\r=1+1",
    "direction": "abc\u202etxt.exe\u202c\u200f",
    "surrogate": "lone \ud83d here",
    "nul": "a\x00b",
    "long": "0123456789" * 1000,
    "wide": "転写テキスト",
    "emoji": "👍🏽 ok",
    "combining": "e\u0301te\u0301",
    "separators": "a\u2028b\u2029c",
    "html": "<script>alert('x')</script> & <b>",
    "pipe": "a|b\\|c`d`*e*_f_",
    "spaces": "  around  ",
    "empty": "",
    "null": None,
}


def result(number: int = 1, **parts: Any) -> dict[str, Any]:
    """One add-on result."""
    sid = f"XR{number:032x}"
    return {
        "sid": sid,
        "account_sid": ACCOUNT,
        "status": "completed",
        "add_on_sid": "XB" + "b" * 32,
        "add_on_configuration_sid": "XE" + "c" * 32,
        "date_created": CREATED,
        "date_updated": CREATED,
        "date_completed": None,
        "reference_sid": RE,
        "subresource_uris": {"payloads": f"/2010-04-01/Accounts/{ACCOUNT}/{sid}/Payloads.json"},
    } | parts


def payload(number: int = 1, **parts: Any) -> dict[str, Any]:
    """One payload's metadata."""
    return {
        "sid": f"XH{number:032x}",
        "add_on_result_sid": XR,
        "account_sid": ACCOUNT,
        "label": "transcript",
        "add_on_sid": "XB" + "b" * 32,
        "add_on_configuration_sid": "XE" + "c" * 32,
        "content_type": "application/json",
        "date_created": CREATED,
        "date_updated": CREATED,
        "reference_sid": RE,
        "subresource_uris": {"data": "/Data"},
    } | parts


def page(name: str, documents: Sequence[Any], following: str | None = None) -> bytes:
    """One page of a list, as an HTTP answer."""
    return answer(json.dumps({name: documents, "next_page_uri": following}))


def pages(name: str, *lists: Sequence[Any]) -> list[bytes]:
    """A list of several pages, the last one without a next."""
    following = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings.json?PageToken=PA"
    last = len(lists) - 1
    return [
        page(name, documents, f"{following}{at}" if at < last else None)
        for at, documents in enumerate(lists)
    ]


@contextmanager
def listed(
    monkeypatch: pytest.MonkeyPatch, *answers: Answer, tls: SSLContext | None = None
) -> Iterator[Scripted]:
    """The program pointed at a server that gives those answers."""
    with scripted(*answers, tls=tls) as server:
        log_in_by_variables(monkeypatch, server.url, account=ACCOUNT, token=TOKEN)
        yield server

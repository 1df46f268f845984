"""Pages of a list, by the place of an item, so that nothing is skipped or shown twice.

A token is `PA` or `PB` and the sid after or before which the page lies. That item may be deleted
meanwhile: its place in the order stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from addonctl.sandbox.documents import ACCOUNTS, RECORDINGS, Collection, Document, Refusal
from addonctl.sandbox.state import Database, Row

FILTERS = {
    ACCOUNTS: ("FriendlyName", "Status"),
    RECORDINGS: (
        *("DateCreated", "DateCreated<", "DateCreated>"),
        *("CallSid", "ConferenceSid", "IncludeSoftDeleted"),
    ),
}
# Filters that a value must equal, and the columns that hold it.
EQUAL = {
    "FriendlyName": "friendly_name",
    "Status": "status",
    "CallSid": "call_sid",
    "ConferenceSid": "conference_sid",
}
BEFORE_ALL = -(1 << 62)


def page(
    state: Database,
    noun: Collection,
    parent: str,
    path: str,
    query: Mapping[str, str],
    document: Callable[[Row], Document],
    login: str,
) -> Document:
    """Give the page of `parent`'s children that `query` asks for, of those `login` may see.

    A parameter without a value counts as not given. Raises Refusal (400) for a size, number, token
    or date the API does not take.
    """
    query = {name: value for name, value in query.items() if value}
    size = _number(query, "PageSize", 50, 20007)
    number = _number(query, "Page", 0, 20001)
    if not 1 <= size <= 1000:
        raise Refusal(400, 20007, "Page size must be between 1 and 1000.")
    token = query.get("PageToken", "")
    if number and not token:
        raise Refusal(400, 20001, "PageToken is required for paging.")
    asked = {name: query[name] for name in FILTERS.get(noun, ()) if name in query}
    conditions, values = _conditions(noun, asked)
    values["login"] = login

    def rows(limit: int, sign: str, place: int, backwards: bool = False) -> list[Row]:
        beyond = [*conditions, f"position {sign} :place"]
        return state.children(
            noun.kind, parent, limit, beyond, {**values, "place": place}, backwards=backwards
        )

    place = _place(state, noun, parent, token)
    if token.startswith("PB"):
        found = rows(size, "<", place, backwards=True)
        more = bool(found) and bool(rows(1, ">", found[-1]["position"]))
    else:
        found = rows(size + 1, ">", place)
        more = len(found) > size
        found = found[:size]

    def uri(page_number: int, page_token: str = "") -> str:
        parts = {**asked, "PageSize": size, "Page": page_number}
        if page_token:
            parts["PageToken"] = page_token
        return f"{quote(path)}?{urlencode(parts)}"

    start = number * size if found else 0
    return {
        "end": start + max(len(found) - 1, 0),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"PA{found[-1]['sid']}") if more else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": uri(number - 1, f"PB{found[0]['sid']}") if found and number else None,
        noun.key: [document(row) for row in found],
        "start": start,
        "uri": uri(number, token),
    }


def _number(query: Mapping[str, str], name: str, default: int, code: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refusal(400, code, f"{name} must be a whole number.")
    return int(text)


def _place(state: Database, noun: Collection, parent: str, token: str) -> int:
    if not token:
        return BEFORE_ALL
    place = state.position(noun.kind, parent, token[2:]) if token[:2] in {"PA", "PB"} else None
    if place is None:
        raise Refusal(400, 21481, "Invalid PageToken.")
    return place


def _conditions(noun: Collection, asked: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
    """Turn the filters of a list into SQL and its values."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if noun is ACCOUNTS:
        conditions.append(":login IN (sid, owner_account_sid)")
    if noun is RECORDINGS and asked.get("IncludeSoftDeleted", "").lower() != "true":
        conditions.append("status != 'deleted'")
    for name, column in EQUAL.items():
        if name in asked:
            conditions.append(f"{column} = :{column}")
            values[column] = asked[name]
    if on := asked.get("DateCreated"):
        conditions.append("created >= :day AND created < :day + 86400")
        values["day"] = _seconds(on) // 86400 * 86400
    if until := asked.get("DateCreated<"):
        conditions.append("created <= :until")
        values["until"] = _seconds(until)
    if since := asked.get("DateCreated>"):
        conditions.append("created >= :since")
        values["since"] = _seconds(since)
    return conditions, values


def _seconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise Refusal(400, 20001, f"Invalid date {text!r}: it must be YYYY-MM-DD.") from None

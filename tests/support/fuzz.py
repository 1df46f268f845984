"""What hypothesis is given: how hard to search, and how users spell an address.

A run of the tests tries the same hundred cases every time; `FUZZ=5000` tries so many new ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from addonctl.addresses import Address

EXAMPLES = int(os.environ.get("FUZZ") or 0)
_SETTINGS = settings(
    max_examples=EXAMPLES or 100,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    # The fixtures that give a test its home hold for all of its cases.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def fuzz(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test that hypothesis searches for a case to break; it gives its own arguments."""
    marked: Callable[..., None] = pytest.mark.fuzz(_SETTINGS(test))
    return marked


def sids(prefix: str) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=32, max_size=32).map(prefix.__add__)


addresses = st.builds(
    lambda depth, recording, result, payload, account: Address(
        recording, result if depth > 1 else "", payload if depth > 2 else "", account
    ),
    st.integers(1, 3),
    sids("RE"),
    sids("XR"),
    sids("XH"),
    st.just("") | sids("AC"),
)

# Any text, and often what a parser looks at: separators, quotes, comments, brackets, SIDs.
texts = st.text(st.characters(exclude_categories=[])) | st.lists(
    st.sampled_from([*"/.,;:#?&=-+'\" \t\r\n[]{}<>|%\\", "RE", "XR", "XH", "AC", "0" * 32, "sid"])
    | sids("RE")
    | st.text(st.characters(exclude_categories=[]), max_size=3)
).map("".join)


@st.composite
def spelled(draw: st.DrawFn, address: Address) -> str:
    """One of the ways to write `address`, as people, programs and web pages do."""
    parts = [sid for sid in address[:3] if sid]
    if address.account:
        names = ["/AddOnResults", "/Payloads", "/Data"][: len(parts)]
        path = parts[0] + "".join(a + "/" + b for a, b in zip(names, parts[1:], strict=False))
        path += names[-1] if draw(st.booleans()) else ""
        ending = draw(st.sampled_from(["", ".json", ".xml", ".csv", ".json?PageSize=1&Page=0"]))
        host = draw(st.sampled_from(["", "https://api.twilio.com", "http://127.0.0.1:8000"]))
        text = f"{host}/2010-04-01/Accounts/{address.account}/Recordings/{path}{ending}"
    else:
        cases = draw(st.lists(st.booleans(), min_size=1, max_size=5))
        text = "".join(
            letter.swapcase() if cases[at % len(cases)] else letter
            for at, letter in enumerate("/".join(parts))
        )
    before, after = draw(
        st.sampled_from([("", ""), ("", ","), ('"', '"'), ("'", "',"), (" ", "\t"), ("“", "”")])
    )
    return before + text + after

"""Answers of status 200 that are no payload: a page about an error, or a proxy's login page."""

from __future__ import annotations

from addonctl.api import Body

HEAD = 1024
"""Bytes of an answer by which it is judged."""


def is_page(head: bytes, body: Body, content_type: str) -> bool:
    """Whether an answer that begins with `head` stands in the place of a payload.

    `content_type` is what the service says the payload is, empty where it says nothing: one
    that may begin like such a page is told from it by what the store says of the answer.
    """
    declared = content_type.lower()
    # The store names the version of every object it holds, and of no error.
    named = "etag" in body.headers
    if not declared and named:
        return False
    answered = body.headers.get("content-type", "").lower()
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if "html" not in declared and (
        answered.startswith(("text/html", "application/xhtml"))
        or text.startswith((b"<!doctype html", b"<html"))
    ):
        return True
    store_says = b"<error>" in text and b"<code>" in text
    service_says = b"<twilioresponse>" in text and b"<restexception>" in text
    if text.startswith(b"<") and (store_says or service_says):
        return "xml" not in declared or not named
    return False

"""Whatever goes wrong on the wire, as one of our errors.

Nothing here repeats the text of an exception of requests or urllib3: it holds the whole URL, and
a signed link is a secret.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests import exceptions
from urllib3.exceptions import HTTPError, ReadTimeoutError

from addonctl.errors import AddonctlError, LoginRefused, NotFound, TryLater

LONGEST_ERROR_BODY = 64 * 1024
"""Bytes of an error's body that are read; the service's own are under one KiB."""
LONGEST_ERROR_WAIT = 5.0
"""Seconds that an error's body may take to come, once its status has."""

SHORTEST_SIGNATURE = 12
"""Characters of a word in a signed link's query that may be what signs it."""

_SIGNED = re.compile(r"(https?://[^\s?<>\"']+)\?[^\s<>\"']+")
_CLASSES: dict[int, type[AddonctlError]] = {
    401: LoginRefused,
    403: LoginRefused,
    404: NotFound,
    408: TryLater,
    410: NotFound,
    429: TryLater,
}
_HINTS: dict[type[AddonctlError], str] = {
    LoginRefused: "see which login is used: addonctl auth status",
    NotFound: "results are kept 30 days from their creation",
    TryLater: "run it again later; --retries and --timeout set how patient it is",
}


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn a failure of the network, also in mid-body, into one of our errors."""
    try:
        yield
    except exceptions.SSLError as problem:
        raise AddonctlError(
            f"{doing}: no secure connection: {_root(problem)}",
            hint="if a proxy or company CA stands between, set REQUESTS_CA_BUNDLE",
        ) from None
    except exceptions.ProxyError as problem:
        raise TryLater(f"{doing}: the proxy failed: {_root(problem)}") from None
    except exceptions.Timeout:
        raise TryLater(f"{doing}: no answer in time", hint=_HINTS[TryLater]) from None
    except (exceptions.InvalidProxyURL, exceptions.InvalidSchema):
        # Of the schemes of a URL itself only http and https come so far.
        raise AddonctlError(
            f"{doing}: the proxy that is set cannot be used",
            hint="see HTTPS_PROXY and ALL_PROXY; expected http://HOST:PORT",
        ) from None
    except (exceptions.InvalidURL, exceptions.MissingSchema, UnicodeError):
        raise AddonctlError(f"{doing}: the address is not valid") from None
    except (exceptions.RequestException, HTTPError) as problem:
        raise TryLater(f"{doing}: the connection failed: {_root(problem)}") from None
    except OSError as problem:
        raise AddonctlError(f"{doing}: {problem.strerror or 'the system failed'}") from None


def refusal(response: requests.Response, doing: str) -> AddonctlError:
    """The error that an answer of status 3xx, 4xx or 5xx stands for, in the service's own words."""
    status = response.status_code
    kind = _CLASSES.get(status, TryLater if status >= 500 else AddonctlError)
    said = _words(_redacted(_read(response), response.request))
    message = said.get("message") or response.reason or "no reason given"
    hint = _HINTS.get(kind)
    if status == 405:
        hint = "the service does not offer this on this resource"
    elif 300 <= status < 400:
        hint = "a proxy or a login page may have answered in its place"
    return kind(
        f"{doing}: {status} {message}",
        hint=hint,
        status=status,
        code=said.get("code"),
        more_info=said.get("more_info"),
        request_id=response.headers.get("Twilio-Request-Id"),
    )


def _read(response: requests.Response) -> str:
    body = b""
    end = time.monotonic() + LONGEST_ERROR_WAIT
    try:
        while piece := response.raw.read1(LONGEST_ERROR_BODY, decode_content=True):
            body += piece
            if len(body) >= LONGEST_ERROR_BODY or time.monotonic() > end:
                break
    except (exceptions.RequestException, HTTPError):
        pass  # the status says enough; a body cut short only adds words
    finally:
        response.close()
    return body.decode("utf-8", "replace")


def _redacted(body: str, request: requests.PreparedRequest) -> str:
    """`body` without logins and signatures, should the answer repeat what it was asked."""
    body = _SIGNED.sub(r"\1?…", body)
    login = str(request.headers.get("Authorization", "")).removeprefix("Basic ")
    if login:
        _, _, secret = base64.b64decode(login).decode("utf-8").partition(":")
        return body.replace(login, "…").replace(secret, "…")
    for word in re.split("[&=]", str(request.url).partition("?")[2]):
        # Shorter ones are no signature, and may be words of the message.
        body = body.replace(word, "…") if len(word) >= SHORTEST_SIGNATURE else body
    return body


def _words(body: str) -> dict[str, Any]:
    """What an error's body says: JSON, the service's or a store's XML, a page, or plain text."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict):
        return {
            "message": _line(said.get("message")),
            "code": _number(said.get("code")),
            "more_info": _line(said.get("more_info")),
        }
    # Patterns, not a parser: the document may be cut short, or hostile.
    if "<RestException>" in body or "<Error>" in body:
        return {
            "message": _line(_tag(body, "Message")),
            "code": _number(_tag(body, "Code")),
            "more_info": _line(_tag(body, "MoreInfo")),
        }
    if "<" in body:
        return {"message": _line(_tag(body, "title"))}
    return {"message": _line(body)}


def _tag(body: str, name: str) -> str | None:
    found = re.search(rf"<{name}>([^<]*)", body, re.IGNORECASE)
    return found[1] if found else None


def _line(text: object) -> str | None:
    words = " ".join(text.split()) if isinstance(text, str) else ""
    return words[:500] or None


def _number(word: object) -> int | None:
    try:
        return int(str(word))
    except ValueError:
        return None


def _root(problem: BaseException) -> str:
    """The innermost reason, as the operating system words it."""
    seen: set[int] = set()
    queue: list[object] = [problem]
    while queue:
        cause = queue.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        if isinstance(cause, (TimeoutError, ReadTimeoutError)):
            return "no answer in time"
        if isinstance(cause, socket.gaierror):
            return "the name of the host was not found"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        queue += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
    return "it broke off"

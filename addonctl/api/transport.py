"""One request at a time: when to ask again, how much of the answer to read, what to show of it."""

from __future__ import annotations

import json
import random
import re
import time
from base64 import b64decode
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple
from urllib.parse import unquote

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import Retry
from urllib3.exceptions import InvalidHeader

from addonctl.api.network import LATER, NETWORK, Adapter, Route, failure, whole_number
from addonctl.errors import AddonctlError, LoginRefused, NotFound, TryLater
from addonctl.login import LOOPBACK, plain_url

RETRIED = frozenset({429, 500, 502, 503, 504})
LONGEST_RETRY_AFTER = 60
"""Seconds. A server that asks for more is waited for this long, then asked again."""
CONNECT_TIMEOUT = 10.0
BACKOFF = 0.25
"""Seconds that a first retry waits, more or less; every further one waits twice as long."""
LONGEST_BACKOFF = 20.0

CHUNK = 256 * 1024
"""Bytes of a body that are read at a time, at most."""
LONGEST_DOCUMENT = 16 * 1024 * 1024
"""Bytes of an answer that are read, once decoded; a page of 1000 rows has about one MiB."""
LONGEST_REFUSAL = 64 * 1024
"""Bytes of a refusal that are read; the service's own are under one KiB."""
SHORTEST_SIGNATURE = 12
"""Characters of a word in a signed link's query that may be what signs it."""

NOT_THE_SERVICE = "a proxy or a login page may have answered in its place"

_SIGNED = re.compile(
    r"(https?(?:://|%3A%2F%2F)[^\s?<>\"']{1,2000}?(?:\?|%3F))[^\s<>\"']+"
    rf"|([?&][\w.-]+=)[^\s&<>\"']{{{SHORTEST_SIGNATURE},}}",
    re.IGNORECASE,
)
_CLASSES: dict[int, type[AddonctlError]] = {
    **dict.fromkeys((401, 403), LoginRefused),
    **dict.fromkeys((404, 410), NotFound),
    **dict.fromkeys((408, 429), TryLater),
}
_HINTS: dict[type[AddonctlError], str] = {
    LoginRefused: "see which login is used: addonctl auth status",
    NotFound: "results are kept 30 days from their creation; a subaccount's: --account AC…",
    TryLater: LATER,
}
_TAGS = {"Message": "message", "Code": "code", "MoreInfo": "more_info", "title": "title"}

Say = Callable[[str], None]


class Limits(NamedTuple):
    """How patient and how wide: retries per request, seconds for a single answer, connections."""

    retries: int = 5
    timeout: float = 30.0
    connections: int = 8


class Pace:
    """How fast requests may go. This one never holds anybody back; a batch brings its own."""

    answers = 0
    """How many requests the service has answered and not refused."""

    def request(self) -> AbstractContextManager[None]:
        """A place among the requests in flight, held from sending until the answer is there."""
        return nullcontext()

    def wait(self, seconds: float) -> None:
        """Wait before a retry, that place given up meanwhile."""
        time.sleep(seconds)

    def refused(self, seconds: float, retry_after: float | None, concurrent: int | None) -> None:
        """Wait before a retry, after the service said it has too many requests.

        `seconds` is what a retry usually waits, `retry_after` what the service asked for and
        `concurrent` how many requests it had in flight, where it says so.
        """
        self.wait(retry_after or seconds)

    def answered(self, status: int, concurrent: int | None) -> None:
        """The service answered, and perhaps said how many requests it has in flight."""

    def crowded(self, answers: int) -> bool:
        """Whether a request may be refused only because others of the batch came first, which
        then counts as no try; `answers` is what it was at the last try."""
        return False

    def stop(self) -> None:
        """Send nothing any more, where a batch keeps the pace."""

    def beside(self) -> Pace:
        """The pace for requests that the service does not count: those to the store."""
        return self


class Exchange(NamedTuple):
    """What came back: the whole `body`, or nothing of it yet where a download begins.

    `hidden` is what was told in asking and nobody must see, `tries` how often it was asked.
    """

    response: requests.Response
    body: bytes
    hidden: Collection[str]
    tries: int
    route: Route

    @property
    def status(self) -> int:
        return self.response.status_code

    def header(self, name: str) -> str | None:
        """What a header says, fit to be shown."""
        return shown(self.response.headers.get(name), self.hidden)

    def refusal(self, doing: str) -> AddonctlError:
        """The error that a status of 3xx, 4xx or 5xx stands for, in the service's own words."""
        said = _words(self.body.decode("utf-8", "replace"))
        words = (shown(text, self.hidden) for text in (said.get("message"), self.response.reason))
        kind = _CLASSES.get(self.status, TryLater if self.status >= 500 else AddonctlError)
        hint = NOT_THE_SERVICE if self.status < 400 else _HINTS.get(kind)
        if self.status == 405:
            hint = "the service does not offer this on this resource"
        return kind(
            f"{doing}: {self.status} {next(filter(None, words), 'no reason given')}",
            hint=hint,
            status=self.status,
            code=whole_number(str(said.get("code"))),
            more_info=shown(said.get("more_info"), self.hidden),
            request_id=self.header("Twilio-Request-Id"),
        )


class Channel:
    """Sends requests by the environment's proxies and with its CA settings, never its logins.

    requests' own Session would add a login from `~/.netrc` and follow redirects with ours, so the
    adapter is called directly. `named_by` is the hint for a host that is not there. A channel that
    `flows` leaves the bodies of 200 and 206 to be read as they come.
    """

    def __init__(
        self,
        adapter: BaseAdapter | None,
        limits: Limits,
        pace: Pace,
        trace: Say | None,
        notify: Say | None,
        *,
        named_by: str = "",
        flows: bool = False,
    ) -> None:
        self._adapter = adapter or Adapter(limits.connections, flows=flows)
        self._limits = limits
        self._timeout = (min(limits.timeout, CONNECT_TIMEOUT), limits.timeout)
        self._pace, self._trace, self._notify = pace, trace, notify
        self._named_by = named_by
        self._flows = flows
        self._routes: dict[str, Route] = {}

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        doing: str,
        told: Collection[str] = (),
    ) -> Exchange:
        """The answer, asked for again as often as the limits allow while there is trouble.

        `told` are secrets of earlier requests, which this answer may repeat too. Raises TryLater
        where no answer is to be had, and AddonctlError where there will never be one.
        """
        parts = plain_url(url)
        if parts is None or (parts.scheme == "http" and parts.hostname not in LOOPBACK):
            raise AddonctlError(f"{doing}: the address is not valid")
        # The URL goes out as it was judged, not encoded and read once more, as `prepare` would.
        request = requests.PreparedRequest()
        request.method, request.url = method, url
        request.headers = CaseInsensitiveDict(headers)
        origin = f"{parts.scheme}://{parts.netloc}"
        route = self._routes.get(origin) or Route.to(parts, self._named_by)
        self._routes[origin] = route
        hidden = secrets_of(request).union(told)
        tries = failures = in_a_row = answers = 0
        with self._pace.request():
            while True:
                tries += 1
                began = time.perf_counter()
                answer: Exchange | None = None
                try:
                    response = self._adapter.send(
                        request, stream=True, timeout=self._timeout, proxies=route.proxies
                    )
                    answer = Exchange(response, self._body(response, doing), hidden, tries, route)
                    status = answer.status
                    why = f"{'busy' if status == 429 else 'server trouble'} ({status})"
                except NETWORK as raised:
                    problem = failure(raised, doing, route)
                    if not isinstance(problem, TryLater):
                        raise problem from None
                    status, why = 0, problem.message.removeprefix(f"{doing}: ")
                if self._trace:
                    took = f"{(time.perf_counter() - began) * 1000:.0f}ms"
                    named = (answer.header("Twilio-Request-Id") or "-") if answer else why
                    self._trace(f"{method} {parts.path} {status or 'failed'} {took} {named}")
                if answer and status not in RETRIED:
                    break
                crowded = status == 429 and self._pace.crowded(answers)
                answers = self._pace.answers
                failures, in_a_row = (failures, 1) if crowded else (failures + 1, in_a_row + 1)
                if failures > self._limits.retries:
                    break
                self._wait(answer, in_a_row, why if not crowded else "", failures)
        if answer is None:
            raise problem
        self._pace.answered(status, concurrent_requests(answer.response.headers))
        return answer

    def flow(self, answer: Exchange, doing: str) -> Iterator[bytes]:
        """The body of a download, as it comes. Raises TryLater where the line breaks or stalls."""
        # Not iter_content: it holds back what came until a chunk is full, so that over a line
        # that breaks again and again a payload would never get any further.
        with answer.response:
            try:
                while chunk := answer.response.raw.read1(CHUNK, decode_content=False):
                    yield chunk
            except NETWORK as problem:
                raise failure(problem, doing, answer.route, flowing=True) from None

    def close(self) -> None:
        self._adapter.close()

    def _body(self, response: requests.Response, doing: str) -> bytes:
        """The body, decoded; of a refusal, whose status says enough, as much as comes."""
        fine = response.status_code < 300
        if fine and self._flows:
            return b""
        body = bytearray()
        try:
            while piece := response.raw.read1(CHUNK, decode_content=True):
                body += piece
                if len(body) > (LONGEST_DOCUMENT if fine else LONGEST_REFUSAL):
                    response.close()
                    break
        except NETWORK:
            response.close()
            if fine:
                raise
        if fine and len(body) > LONGEST_DOCUMENT:
            most = LONGEST_DOCUMENT // 1024**2
            raise AddonctlError(f"{doing}: the service's answer is longer than {most} MiB")
        return bytes(body)

    def _wait(self, answer: Exchange | None, in_a_row: int, why: str, failures: int) -> None:
        """Wait before a retry, and say so; many that were refused together would come back
        together if the first one did not wait, or all as long."""
        backoff = BACKOFF * 2 ** min(in_a_row - 1, 20) if in_a_row > 1 else 0
        backoff = min(LONGEST_BACKOFF, backoff + random.random() * 2 * BACKOFF)  # noqa: S311
        headers = answer.response.headers if answer else {}
        asked = asked_to_wait(headers)
        if self._notify and why:
            pause = max(1, round(asked or backoff))
            self._notify(f"{why}, again in {pause} s, {failures} of {self._limits.retries}")
        if answer and answer.status == 429:
            self._pace.refused(backoff, asked, concurrent_requests(headers))
        else:
            self._pace.wait(asked or backoff)


def concurrent_requests(headers: Mapping[str, str]) -> int | None:
    """How many of the account's requests the service has in flight, if it says so."""
    return whole_number(headers.get("Twilio-Concurrent-Requests", ""))


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds of `Retry-After`, within reason; None where it says nothing that makes sense."""
    try:
        return min(Retry().parse_retry_after(headers.get("Retry-After", "")), LONGEST_RETRY_AFTER)
    except (InvalidHeader, ValueError, OverflowError):
        return None


def secrets_of(request: requests.PreparedRequest) -> set[str]:
    """What an answer to `request` may repeat and nobody must see: its login, or its signature."""
    login = str(request.headers.get("Authorization", "")).removeprefix("Basic ")
    if login:
        return {login, b64decode(login).decode("utf-8").partition(":")[2]} - {""}
    words = map(_plain, re.split("[&=]", str(request.url).partition("?")[2]))
    # Shorter ones are no signature, and may be words of the message.
    found = {word for word in words if len(word) >= SHORTEST_SIGNATURE}
    return found | {word.replace("+", " ") for word in found}


def shown(text: object, hidden: Collection[str]) -> str | None:
    """What the other side said, as one line, without `hidden` in whatever spelling, and without
    what signs any other link; None for nothing."""
    line = " ".join(text.split()) if isinstance(text, str) else ""
    secrets = "|".join(map(re.escape, sorted(hidden, key=len, reverse=True)))
    if secrets and re.search(secrets, plain := _plain(line), re.IGNORECASE):
        line = re.sub(secrets, "…", plain, flags=re.IGNORECASE)
    return _SIGNED.sub(r"\1\2…", line)[:500] or None


def _plain(text: str) -> str:
    """`text` with nothing encoded any more, however often (within reason) and in what way."""
    from html import unescape

    for _ in range(9):
        text = unquote(unescape(text)).replace("\\/", "/")
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)
    return text


def _words(body: str) -> dict[str, Any]:
    """What an error's body says: JSON, the service's or a store's XML, a page, or plain text."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict):
        return said
    # Patterns, not a parser: the document may be cut short, or hostile.
    tags = {name: re.search(rf"<{name}>([^<]*)", body, re.IGNORECASE) for name in _TAGS}
    found = {_TAGS[name]: tag[1] for name, tag in tags.items() if tag}
    if "<RestException>" in body or "<Error>" in body:
        return found
    return {"message": found.get("title") if "<" in body else body}

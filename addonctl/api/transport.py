"""One request at a time: when to ask again, how much of the answer to read, what to show of it."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import NamedTuple

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3 import Retry
from urllib3.exceptions import InvalidHeader

from addonctl.api.network import LATER, NETWORK, Adapter, failure, shown
from addonctl.errors import AddonctlError, LoginRefused, NotFound, TryLater
from addonctl.profiles import LOOPBACK, plain_url

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
NOT_THE_SERVICE = "a proxy or a login page may have answered in its place"

Say = Callable[[str], None]


class Limits(NamedTuple):
    """How patient and how wide: retries per request, seconds for a single answer, connections."""

    retries: int = 5
    timeout: float = 30.0
    connections: int = 8


class Pace:
    """How fast requests may go. This one never holds anybody back; a batch brings its own."""

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

    def crowded(self) -> bool:
        """Whether a request may be refused only because others of the batch came first, which
        then counts as no try."""
        return False

    def stop(self) -> None:
        """Send nothing any more, where a batch keeps the pace."""

    def beside(self) -> Pace:
        """The pace for requests that the service does not count: those to the store."""
        return self


class Exchange(NamedTuple):
    """What came back: the whole `body`, or nothing of it yet where a download begins.

    `doing` is what was asked for, in the words of an error, `hidden` what nobody must see of the
    answer, `tries` how often it was asked.
    """

    response: requests.Response
    body: bytes
    doing: str
    hidden: Collection[str]
    tries: int

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def retry_after(self) -> float | None:
        """The seconds it asks to wait, a minute at most; None for what makes no sense."""
        with suppress(InvalidHeader, ValueError, OverflowError):
            said = self.response.headers.get("Retry-After", "")
            return min(Retry().parse_retry_after(said), 60)
        return None

    def header(self, name: str) -> str | None:
        """What a header says, fit to be shown."""
        return shown(self.response.headers.get(name), self.hidden)

    def refusal(self) -> AddonctlError:
        """The error that a status of 3xx, 4xx or 5xx stands for, in the service's own words: of
        JSON, of the service's or a store's XML, of a page, or plain text."""
        kind: type[AddonctlError] = AddonctlError
        hint = NOT_THE_SERVICE if self.status < 400 else None
        if self.status in (401, 403):
            kind, hint = LoginRefused, "see which login is used: addonctl auth status"
        elif self.status in (404, 410):
            kind = NotFound
            hint = "results are kept 30 days from their creation; a subaccount's: --account AC…"
        elif self.status in (408, 429) or self.status >= 500:
            kind, hint = TryLater, LATER
        elif self.status == 405:
            hint = "the service does not offer this on this resource"
        text, said = self.body.decode("utf-8", "replace"), None
        with suppress(ValueError, RecursionError):
            said = json.loads(text)
        if not isinstance(said, dict):
            # A pattern, not a parser: the document may be cut short, or hostile.
            found = re.findall("<(message|code|moreinfo|title)>([^<]*)", text, re.IGNORECASE)
            said = {tag.lower(): words for tag, words in reversed(found)}  # the first one counts
            if not re.search("<(RestException|Error)>", text):
                said = {"message": said.get("title") if "<" in text else text}
        more_info = said.get("more_info") or said.get("moreinfo")
        words = (shown(text, self.hidden) for text in (said.get("message"), self.response.reason))
        return kind(
            f"{self.doing}: {self.status} {next(filter(None, words), 'no reason given')}",
            hint=hint,
            status=self.status,
            code=whole_number(str(said.get("code"))),
            more_info=shown(more_info, self.hidden),
            request_id=self.header("Twilio-Request-Id"),
        )


class Body(NamedTuple):
    """The bytes of a payload, as the store sends them.

    `begin` is where in the payload the first chunk lies (0 unless the store went on where asked),
    `size` the length of the whole payload in bytes, where the store gives one, `headers` what the
    store says of it, with lower-case names. `chunks` come as they arrive, in the encoding that
    `headers` name; they raise TryLater when the line breaks, or ends early. `close` gives up
    what was not read.
    """

    begin: int
    size: int | None
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    close: Callable[[], None]

    @property
    def etag(self) -> str | None:
        """What names this very version of the payload; a weak ETag does not."""
        etag = self.headers.get("etag", "")
        return etag if etag.startswith('"') else None

    @property
    def encoding(self) -> str:
        """How the bytes are encoded on their way, or empty."""
        encoding = self.headers.get("content-encoding", "").strip().lower()
        return "" if encoding == "identity" else encoding


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
        self._retries = limits.retries
        self._timeout = (min(limits.timeout, CONNECT_TIMEOUT), limits.timeout)
        self._pace, self._trace, self._notify = pace, trace, notify
        self._named_by, self._flows = named_by, flows
        self._proxies: dict[tuple[str, str], dict[str, str]] = {}

    def send(
        self, method: str, url: str, headers: Mapping[str, str], doing: str, hidden: Collection[str]
    ) -> Exchange:
        """The answer, asked for again as often as the limits allow while there is trouble.

        `hidden` are the secrets that an answer may repeat. Raises TryLater where no answer is to
        be had, and AddonctlError where there will never be one.
        """
        parts = plain_url(url)
        if parts is None or (parts.scheme == "http" and parts.hostname not in LOOPBACK):
            raise AddonctlError(f"{doing}: the address is not valid")
        # The URL goes out as it was judged, not encoded and read once more, as `prepare` would.
        request = requests.PreparedRequest()
        request.method, request.url = method, url
        request.headers = CaseInsensitiveDict(headers)
        if (origin := (parts.scheme, parts.netloc)) not in self._proxies:
            # Plain http, which only ever goes to loopback, passes by any: it would read the login.
            clear = parts.scheme == "http"
            self._proxies[origin] = {} if clear else get_environ_proxies(url)
        tries = failures = in_a_row = 0
        with self._pace.request():
            while True:
                tries += 1
                began = time.perf_counter()
                answer: Exchange | None = None
                try:
                    response = self._adapter.send(
                        request, stream=True, timeout=self._timeout, proxies=self._proxies[origin]
                    )
                    answer = Exchange(response, self._body(response, doing), doing, hidden, tries)
                    status = answer.status
                    in_flight = response.headers.get("Twilio-Concurrent-Requests", "")
                    concurrent = whole_number(in_flight)
                    why = f"{'busy' if status == 429 else 'server trouble'} ({status})"
                except NETWORK as raised:
                    problem = failure(raised, doing, url, self._named_by)
                    if not isinstance(problem, TryLater):
                        raise problem from None
                    status, why = 0, problem.message.removeprefix(f"{doing}: ")
                if self._trace:
                    took = f"{(time.perf_counter() - began) * 1000:.0f}ms"
                    named = (answer.header("Twilio-Request-Id") or "-") if answer else why
                    self._trace(f"{method} {parts.path} {status or 'failed'} {took} {named}")
                if answer and status not in (429, 500, 502, 503, 504):
                    break
                crowded = status == 429 and self._pace.crowded()
                failures, in_a_row = (failures, 1) if crowded else (failures + 1, in_a_row + 1)
                if failures > self._retries:
                    break
                # Many that were refused together would come back together if the first one did
                # not wait, or all as long.
                backoff = BACKOFF * 2 ** min(in_a_row - 1, 20) if in_a_row > 1 else 0
                backoff = min(LONGEST_BACKOFF, backoff + random.random() * 2 * BACKOFF)  # noqa: S311
                asked = answer.retry_after if answer else None
                if self._notify and not crowded:
                    pause = max(1, round(asked or backoff))
                    self._notify(f"{why}, again in {pause} s, {failures} of {self._retries}")
                if answer and status == 429:
                    self._pace.refused(backoff, asked, concurrent)
                else:
                    self._pace.wait(asked or backoff)
        if answer is None:
            raise problem
        self._pace.answered(status, concurrent)
        return answer

    def download(self, answer: Exchange) -> Body:
        """What an answer of 200 or 206 brings. Raises TryLater where it does not say what part."""
        response = answer.response
        headers = {name.lower(): value for name, value in response.headers.items()}
        begin, size = 0, whole_number(headers.get("content-length", ""))
        if answer.status == 206:
            span = headers.get("content-range", "")
            part = re.fullmatch(r"(?a)bytes (\d{1,19})-[^/]*(?:/(.*))?", span)
            if not part:
                response.close()
                raise TryLater(f"{answer.doing}: the store sent a part without saying which")
            begin, size = int(part[1]), whole_number(part[2] or "")
        elif "transfer-encoding" in headers:
            size = None

        def chunks() -> Iterator[bytes]:
            # Not iter_content: it holds back what came until a chunk is full, so that over a line
            # that breaks again and again a payload would never get any further.
            with response:
                try:
                    while chunk := response.raw.read1(CHUNK, decode_content=False):
                        yield chunk
                except NETWORK as raised:
                    doing, url = answer.doing, str(response.url)
                    raise failure(raised, doing, url, self._named_by, flowing=True) from None

        return Body(begin, size, headers, chunks(), response.close)

    def close(self) -> None:
        self._adapter.close()

    def _body(self, response: requests.Response, doing: str) -> bytes:
        """The body, decoded; of a refusal, whose status says enough, as much as comes."""
        fine = response.status_code < 300
        if fine and self._flows:
            return b""
        most = LONGEST_DOCUMENT if fine else LONGEST_REFUSAL
        body = bytearray()
        with response, suppress(*(() if fine else NETWORK)):
            while len(body) <= most and (piece := response.raw.read1(CHUNK, decode_content=True)):
                body += piece
        if fine and len(body) > most:
            raise AddonctlError(f"{doing}: the service's answer is longer than {most >> 20} MiB")
        return bytes(body)


def whole_number(word: str) -> int | None:
    """The number that a header holds; None for anything else, and for more digits than any has."""
    return int(word) if word.isdecimal() and len(word) < 20 else None

"""Client: asks the service for recordings, results and payloads, and gives back records.

Lists come page by page, as the service gives them. Every failure is one of `addonctl.errors`:
LoginRefused for 401 and 403, NotFound for 404, TryLater for load, server trouble and the network
once the retries are used up, AddonctlError for an answer that makes no sense.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple, TypeVar
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

import requests
from requests import exceptions
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError

from addonctl import __version__
from addonctl.addresses import Address
from addonctl.api.faults import refusal, translated
from addonctl.api.transport import Channel, Pace, Settings, Trace, network_adapter, whole_number
from addonctl.errors import AddonctlError, TryLater
from addonctl.login import LOOPBACK, Login
from addonctl.models import PAGE_SIZE, Payload, Record, Recording, Result

CHUNK = 256 * 1024
"""Bytes of a payload that are handed on at a time, at most."""
LONGEST_DOCUMENT = 256 * 1024 * 1024
"""Bytes of a JSON document that are read; a page of 1000 rows has about one MiB."""
MOST_REDIRECTS = 5

Kind = TypeVar("Kind", bound=Record)


class LinkExpired(AddonctlError):
    """The store refuses a signed link, as it does when its time is over: ask for a new one."""


class SignedLink(NamedTuple):
    """Where a payload's bytes lie for the next few minutes. Whoever has the link has the bytes.

    `what` names the payload in the words of an error.
    """

    url: str
    what: str = "the payload's data"

    def __str__(self) -> str:
        """The link without its signature, fit to be shown."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}?…"

    def __repr__(self) -> str:
        return f"SignedLink({self})"


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

    @property
    def framed(self) -> bool:
        """Whether an early end would be noticed."""
        return self.size is not None or "transfer-encoding" in self.headers


class Client:
    """The service, as one login sees it. Safe to use from many threads."""

    def __init__(
        self,
        login: Login,
        settings: Settings | None = None,
        *,
        adapter: BaseAdapter | None = None,
        pace: Pace | None = None,
        trace: Trace | None = None,
    ) -> None:
        settings = settings or Settings()
        pace = pace or Pace()
        self.login = login
        self.pace = pace
        self.retries = settings.retries
        self._timeout = settings.timeout
        api = adapter or network_adapter(settings, pace, trace)
        # The store gets connections of its own: nothing of the login can leak into them.
        store = adapter or network_adapter(settings, pace.beside(), trace)
        self._api = Channel(api, settings.timeout, pace, trace)
        self._store = Channel(store, settings.timeout, pace.beside(), trace)
        pair = f"{login.username}:{login.secret}".encode()
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(pair).decode("ascii"),
            "User-Agent": f"addonctl/{__version__}",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
        }

    # Lists

    def recordings(
        self, parameters: Mapping[str, str] | None = None, page_size: int = PAGE_SIZE
    ) -> Iterator[list[Recording]]:
        """The account's recordings, newest first; `parameters` are the API's own filters."""
        path = f"{self._account('')}/Recordings"
        return self._pages(Recording, path, "recordings", page_size, parameters or {})

    def results(self, recording: Address, page_size: int = PAGE_SIZE) -> Iterator[list[Result]]:
        """The add-on results of a recording."""
        path = f"{self._path(recording)}/AddOnResults"
        return self._pages(Result, path, f"results of recording {recording.recording}", page_size)

    def payloads(self, result: Address, page_size: int = PAGE_SIZE) -> Iterator[list[Payload]]:
        """What an add-on left: the metadata of a result's payloads."""
        what = f"payloads of result {result.result} on recording {result.recording}"
        return self._pages(Payload, f"{self._path(result)}/Payloads", what, page_size)

    # Single things

    def result(self, address: Address) -> Result:
        return Result(self._single(address, address.result))

    def payload(self, address: Address) -> Payload:
        return Payload(self._single(address, address.payload))

    def delete(self, address: Address) -> None:
        """Delete a result with its payloads, or one payload, for good.

        A retry may find that the first try had taken effect although its answer was lost: a 404
        after a retry counts as done.
        """
        what = _named(address)
        with translated(what):
            response = self._send("DELETE", f"{self._path(address)}.json")
            retried = getattr(getattr(response.raw, "retries", None), "history", ())
            if response.status_code == 404 and retried:
                response.close()
                return
            if response.status_code >= 300:
                raise refusal(response, what)
            self._whole(response, what)

    # A payload's bytes

    def link(self, address: Address) -> SignedLink:
        """The signed link to a payload's bytes, not followed."""
        what = f"data of {_named(address)}"
        with translated(what):
            response = self._send("GET", f"{self._path(address)}/Data")
            if not 300 <= response.status_code < 400:
                if response.status_code >= 400:
                    raise refusal(response, what)
                response.close()
                raise AddonctlError(f"{what}: the service gave no link")
            location = response.headers.get("Location", "")
            response.close()
        parts = _joined(self.login.api_url, location)
        secure = parts.scheme == "https" or parts.hostname in LOOPBACK
        if not (location and parts.hostname and secure):
            raise AddonctlError(f"{what}: the service gave a link that is not https")
        return SignedLink(parts.geturl(), what)

    def open(self, link: SignedLink, begin: int = 0, etag: str | None = None) -> Body:
        """The bytes behind a link, from `begin` on if the payload still has that `etag`.

        Carries no login, and asks for the bytes as they lie (not compressed, so that lengths are
        true). Raises LinkExpired where the store refuses the link, NotFound where nothing is there.
        """
        what = link.what
        headers = {"User-Agent": self._headers["User-Agent"], "Accept-Encoding": "identity"}
        if begin and etag:
            headers |= {"Range": f"bytes={begin}-", "If-Range": etag}
        url = link.url
        with translated(what):
            for _ in range(MOST_REDIRECTS):
                response = self._store.send("GET", url, headers)
                if not response.is_redirect:
                    break
                response.close()
                parts = _joined(url, response.headers["Location"])
                if parts.scheme != "https" and parts.hostname not in LOOPBACK:
                    raise AddonctlError(f"{what}: the store redirects to a place that is not https")
                url = parts.geturl()
            else:
                raise AddonctlError(f"{what}: the store redirects again and again")
            if response.status_code not in (200, 206):
                problem = refusal(response, what)
                if response.status_code == 403:
                    raise LinkExpired(problem.message, status=403)
                raise problem
        return _body(response, what)

    def close(self) -> None:
        self._api.close()
        self._store.close()

    # Underneath

    def _account(self, named: str) -> str:
        return f"/2010-04-01/Accounts/{named or self.login.acting_account}"

    def _path(self, address: Address) -> str:
        path = f"{self._account(address.account)}/Recordings/{address.recording}"
        if address.result:
            path += f"/AddOnResults/{address.result}"
        if address.payload:
            path += f"/Payloads/{address.payload}"
        return path

    def _send(self, method: str, path: str) -> requests.Response:
        return self._api.send(method, self.login.api_url + path, self._headers)

    def _single(self, address: Address, sid: str) -> dict[str, Any]:
        what = _named(address)
        document = self._document(f"{self._path(address)}.json", what)
        if str(document.get("sid")).lower() != sid.lower():
            raise AddonctlError(f"{what}: the service's answer is of something else")
        return document

    def _pages(
        self,
        kind: type[Kind],
        path: str,
        what: str,
        page_size: int,
        parameters: Mapping[str, str] | None = None,
    ) -> Iterator[list[Kind]]:
        query = urlencode({**(parameters or {}), "PageSize": page_size})
        following: str | None = f"{path}.json?{query}"
        seen: set[str] = set()
        while following:
            if following in seen:
                raise AddonctlError(f"{what}: the service gives the same page again and again")
            seen.add(following)
            document = self._document(following, what)
            items = document.get(kind.COLLECTION)
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise AddonctlError(f"{what}: the service's answer holds no {kind.COLLECTION}")
            first = str(items[0].get("sid") or "") if items else ""
            if first in seen:
                raise AddonctlError(f"{what}: the service gives the same rows again and again")
            if first:
                seen.add(first)
            elif document.get("next_page_uri"):
                raise AddonctlError(f"{what}: the service gives an empty page and says more follow")
            yield [kind(item) for item in items]
            following = self._following(document.get("next_page_uri"), what)

    def _following(self, uri: object, what: str) -> str | None:
        """The path of the next page. It must lie on the API's own host: our login goes there."""
        if not uri:
            return None
        word = str(uri)
        base = self.login.api_url
        if word.startswith(base + "/"):
            word = word[len(base) :]
        if not word.startswith("/2010-04-01/") or "\\" in word:
            raise AddonctlError(
                f"{what}: the service points to a next page on another host; not followed"
            )
        return word

    def _document(self, path: str, what: str) -> dict[str, Any]:
        """The JSON object at `path`; a body that breaks off is asked for again, like any GET."""
        for attempt in range(self.retries + 1):
            try:
                with translated(what):
                    response = self._send("GET", path)
                    if response.status_code != 200:
                        raise refusal(response, what)
                    document = _parsed(self._whole(response, what))
                break
            except TryLater as problem:
                # With a status the retries below us have been used up already.
                broke_off = isinstance(
                    problem.__context__, (exceptions.ChunkedEncodingError, HTTPError)
                )
                if not broke_off or attempt == self.retries:
                    raise
        if document is None:
            kind = response.headers.get("Content-Type", "nothing").split(";")[0]
            raise AddonctlError(
                f"{what}: the service answered with {kind} that is not the JSON it promised",
                hint="a proxy or a login page may have answered in its place",
                status=response.status_code,
                request_id=response.headers.get("Twilio-Request-Id"),
            )
        return document

    def _whole(self, response: requests.Response, what: str) -> bytes:
        """The body. A byte now and then is no answer in time either, so the whole is timed."""
        end = time.monotonic() + self._timeout
        body = bytearray()
        while piece := response.raw.read1(CHUNK, decode_content=True):
            body += piece
            if len(body) > LONGEST_DOCUMENT:
                response.close()
                raise AddonctlError(f"{what}: the service's answer does not end")
            if time.monotonic() > end:
                response.close()
                raise exceptions.ReadTimeout
        return bytes(body)


def _parsed(body: bytes) -> dict[str, Any] | None:
    """The JSON object that `body` is, if it is one; NaN and its like are no JSON."""
    try:
        document = json.loads(body, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _finite(word: str) -> float:
    number = float(word)
    if not isfinite(number):
        raise ValueError
    return number


def _named(address: Address) -> str:
    """What an address leads to, in the words of an error."""
    if address.payload:
        return f"payload {address.payload} of {_named(address._replace(payload=''))}"
    if address.result:
        return f"result {address.result} on recording {address.recording}"
    return f"recording {address.recording}"


def _joined(base: str, url: str) -> SplitResult:
    """Where `url` leads from `base`; nowhere if it is no URL."""
    try:
        return urlsplit(urljoin(base, url))
    except ValueError:
        return urlsplit("")


def _body(response: requests.Response, what: str) -> Body:
    begin, size = 0, None
    headers = {name.lower(): value for name, value in response.headers.items()}
    length = headers.get("content-length", "")
    if response.status_code == 206:
        unit, _, rest = headers.get("content-range", "").partition(" ")
        span, _, whole = rest.partition("/")
        first = whole_number(span.partition("-")[0])
        if unit != "bytes" or first is None:
            response.close()
            raise TryLater(f"{what}: the store sent a part without saying which")
        begin, size = first, whole_number(whole)
    elif "transfer-encoding" not in headers:
        size = whole_number(length)

    def flow() -> Iterator[bytes]:
        # Not iter_content: it holds back what came until a chunk is full, so that over a line
        # that breaks again and again a payload would never get any further.
        with response, translated(what):
            while chunk := response.raw.read1(CHUNK, decode_content=False):
                yield chunk

    return Body(begin, size, headers, flow(), response.close)

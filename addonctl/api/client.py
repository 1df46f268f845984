"""Client: asks the service for recordings, results and payloads, and gives back records.

Lists come page by page, as the service gives them. Every failure is one of `addonctl.errors`:
LoginRefused for 401 and 403, NotFound for 404, TryLater for load, server trouble and the network
once the retries are used up, AddonctlError for an answer that makes no sense.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from requests.adapters import BaseAdapter

from addonctl import __version__
from addonctl.addresses import Address
from addonctl.api.network import followed, whole_number
from addonctl.api.transport import NOT_THE_SERVICE, Channel, Exchange, Limits, Pace, Say
from addonctl.errors import AddonctlError, TryLater
from addonctl.login import Login, named_by, plain_url
from addonctl.models import PAGE_SIZE, Account, Payload, Record, Recording, Result

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

    def __repr__(self) -> str:
        return "SignedLink(…)"


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
    """The service, as one login sees it. Safe to use from many threads.

    `trace` is told of each request, `notify` of each pause before a retry: in the words of a line
    to show, which hold no secret. They are called from the thread that asks.
    """

    def __init__(
        self,
        login: Login,
        limits: Limits | None = None,
        *,
        adapter: BaseAdapter | None = None,
        pace: Pace | None = None,
        trace: Say | None = None,
        notify: Say | None = None,
    ) -> None:
        limits = limits or Limits()
        pace = pace or Pace()
        self.login = login
        self.pace = pace
        self.retries = limits.retries
        self.timeout = limits.timeout
        self._api = Channel(adapter, limits, pace, trace, notify, named_by=named_by(login.api_url))
        # The store gets connections of its own: nothing of the login can leak into them.
        self._store = Channel(adapter, limits, pace.beside(), trace, notify, flows=True)
        pair = f"{login.username}:{login.secret}".encode()
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(pair).decode("ascii"),
            "User-Agent": f"addonctl/{__version__}",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
        }

    # Lists

    def accounts(self) -> Iterator[list[Account]]:
        """The account itself, and its subaccounts."""
        return self._pages(Account, "/2010-04-01/Accounts", "accounts", PAGE_SIZE)

    def recordings(
        self,
        parameters: Mapping[str, str] | None = None,
        page_size: int = PAGE_SIZE,
        account: str = "",
    ) -> Iterator[list[Recording]]:
        """An account's recordings, newest first; `parameters` are the API's own filters."""
        path = self._path(Address("", account=account))
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

    def recording(self, address: Address) -> Recording:
        """A recording's metadata."""
        return Recording(self._single(address, address.recording))

    def result(self, address: Address) -> Result:
        """One add-on result."""
        return Result(self._single(address, address.result))

    def payload(self, address: Address) -> Payload:
        """The metadata of one payload."""
        return Payload(self._single(address, address.payload))

    def delete(self, address: Address) -> None:
        """Delete a result with its payloads, or one payload, for good.

        A retry may find that the first try had taken effect although its answer was lost: a 404
        after a retry counts as done.
        """
        what = _named(address)
        answer = self._send("DELETE", f"{self._path(address)}.json", what)
        if answer.status < 300 or (answer.status == 404 and answer.tries > 1):
            return
        problem = answer.refusal(what)
        if answer.status == 405 and address.payload:
            problem.hint = (
                "the service does not offer deleting single payloads; a result takes its payloads "
                f"with it: addonctl results delete {address.recording} {address.result}"
            )
        raise problem

    # A payload's bytes

    def link(self, address: Address) -> SignedLink:
        """The signed link to a payload's bytes, not followed."""
        what = f"data of {_named(address)}"
        answer = self._send("GET", f"{self._path(address)}/Data", what)
        if answer.status >= 400:
            raise answer.refusal(what)
        location = answer.response.headers.get("Location", "")
        if answer.status < 300 or not location:
            raise AddonctlError(f"{what}: the service gave no link")
        api = self.login.api_url
        return SignedLink(followed(location, api, api, f"{what}: the service links to"), what)

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
        told: Collection[str] = ()
        for _ in range(MOST_REDIRECTS):
            answer = self._store.send("GET", url, headers, what, told)
            if not answer.response.is_redirect:
                break
            told = answer.hidden
            location = answer.response.headers["Location"]
            url = followed(location, url, self.login.api_url, f"{what}: the store redirects to")
        else:
            raise AddonctlError(f"{what}: the store redirects again and again")
        if answer.status in (200, 206):
            return _body(answer, self._store, what)
        problem = answer.refusal(what)
        answer.response.close()
        if answer.status == 403:
            raise LinkExpired(problem.message, status=403)
        raise problem

    def close(self) -> None:
        self._api.close()
        self._store.close()

    # Underneath

    def _path(self, address: Address) -> str:
        account = address.account or self.login.acting_account
        sids = zip(("Recordings", "AddOnResults", "Payloads"), address[:3], strict=True)
        below = "/".join(f"{parent}/{sid}" for parent, sid in sids if sid)
        return f"/2010-04-01/Accounts/{account}/{below or 'Recordings'}"

    def _send(self, method: str, path: str, what: str) -> Exchange:
        return self._api.send(method, self.login.api_url + path, self._headers, what)

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
        following = f"{path}.json?{query}"
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
            base = self.login.api_url
            following = str(document.get("next_page_uri") or "").removeprefix(base)
            # It must lie on the API's own host: our login goes there.
            fine = following.startswith("/2010-04-01/") and plain_url(base + following)
            if following and not fine:
                raise AddonctlError(
                    f"{what}: the service points to a next page on another host; not followed"
                )

    def _document(self, path: str, what: str) -> dict[str, Any]:
        """The JSON object at `path`."""
        answer = self._send("GET", path, what)
        if answer.status != 200:
            raise answer.refusal(what)
        return _parsed(answer, what)


def _parsed(answer: Exchange, what: str) -> dict[str, Any]:
    """The JSON object that an answer is; NaN and its like are no JSON. Raises AddonctlError."""
    try:
        document = json.loads(answer.body, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return document
    kind = (answer.header("Content-Type") or "nothing").split(";")[0]
    raise AddonctlError(
        f"{what}: the service answered with {kind} that is not the JSON it promised",
        hint=NOT_THE_SERVICE,
        status=answer.status,
        request_id=answer.header("Twilio-Request-Id"),
    )


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


def _body(answer: Exchange, store: Channel, what: str) -> Body:
    response = answer.response
    begin, size = 0, None
    headers = {name.lower(): value for name, value in response.headers.items()}
    if answer.status == 206:
        unit, _, rest = headers.get("content-range", "").partition(" ")
        span, _, whole = rest.partition("/")
        first = whole_number(span.partition("-")[0])
        if unit != "bytes" or first is None:
            response.close()
            raise TryLater(f"{what}: the store sent a part without saying which")
        begin, size = first, whole_number(whole)
    elif "transfer-encoding" not in headers:
        size = whole_number(headers.get("content-length", ""))
    return Body(begin, size, headers, store.flow(answer, what), response.close)

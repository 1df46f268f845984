"""The service's HTTP API: the only package that speaks HTTP.

The client asks for recordings, results and payloads, and gives back records; transport.py sends
one request, with retries; network.py knows proxies, TLS and time-outs. Lists come page by page, as
the service gives them. Every failure is one of `addonctl.errors`: LoginRefused for 401 and 403,
NotFound for 404, TryLater for load, server trouble and the network once the retries are used up,
AddonctlError for an answer that makes no sense.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from requests.adapters import BaseAdapter

from addonctl import __version__
from addonctl.addresses import Address
from addonctl.api.network import followed, signing
from addonctl.api.transport import NOT_THE_SERVICE, Body, Channel, Exchange, Limits, Pace, Say
from addonctl.errors import AddonctlError
from addonctl.models import PAGE_SIZE, Account, Payload, Record, Recording, Result
from addonctl.profiles import Login, named_by, plain_url

__all__ = ["Body", "Client", "Limits", "LinkExpired", "Pace", "SignedLink"]

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
        limits, pace = limits or Limits(), pace or Pace()
        self.login, self.pace = login, pace
        self.retries, self.timeout = limits.retries, limits.timeout
        self._api = Channel(adapter, limits, pace, trace, notify, named_by=named_by(login.api_url))
        # The store gets connections of its own: nothing of the login can leak into them.
        self._store = Channel(adapter, limits, pace.beside(), trace, notify, flows=True)
        pair = base64.b64encode(f"{login.username}:{login.secret}".encode()).decode("ascii")
        self._secrets = {pair, login.secret} - {""}
        self._headers = {
            "Authorization": f"Basic {pair}",
            "User-Agent": f"addonctl/{__version__}",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "keep-alive",
        }

    def accounts(self) -> Iterator[list[Account]]:
        """The account itself, and its subaccounts."""
        return self._pages(Account, "/2010-04-01/Accounts", "accounts", {"PageSize": PAGE_SIZE})

    def recordings(
        self, parameters: Mapping[str, str] = {}, page_size: int = PAGE_SIZE, account: str = ""
    ) -> Iterator[list[Recording]]:
        """An account's recordings, newest first; `parameters` are the API's own filters."""
        path = self._path(Address("", account=account))
        return self._pages(Recording, path, "recordings", {**parameters, "PageSize": page_size})

    def results(self, recording: Address, page_size: int = PAGE_SIZE) -> Iterator[list[Result]]:
        """The add-on results of a recording."""
        path, what = f"{self._path(recording)}/AddOnResults", f"results of {_named(recording)}"
        return self._pages(Result, path, what, {"PageSize": page_size})

    def payloads(self, result: Address, page_size: int = PAGE_SIZE) -> Iterator[list[Payload]]:
        """What an add-on left: the metadata of a result's payloads."""
        path, what = f"{self._path(result)}/Payloads", f"payloads of {_named(result)}"
        return self._pages(Payload, path, what, {"PageSize": page_size})

    def get(self, kind: type[Kind], address: Address) -> Kind:
        """What lies at an address: a recording, a result or a payload, its metadata alone."""
        what = _named(address)
        document = self._document(f"{self._path(address)}.json", what)
        if str(document.get("sid")).lower() != address[address.level - 1].lower():
            raise AddonctlError(f"{what}: the service's answer is of something else")
        return kind(document)

    def delete(self, address: Address) -> None:
        """Delete a result with its payloads, or one payload, for good.

        A retry may find that the first try had taken effect although its answer was lost: a 404
        after a retry counts as done.
        """
        answer = self._send("DELETE", f"{self._path(address)}.json", _named(address))
        if answer.status < 300 or (answer.status == 404 and answer.tries > 1):
            return
        problem = answer.refusal()
        if answer.status == 405 and address.payload:
            problem.hint = (
                "the service does not offer deleting single payloads; a result takes its payloads "
                f"with it: addonctl results delete {address.recording} {address.result}"
            )
        raise problem

    def link(self, address: Address) -> SignedLink:
        """The signed link to a payload's bytes, not followed."""
        what = f"data of {_named(address)}"
        answer = self._send("GET", f"{self._path(address)}/Data", what)
        if answer.status >= 400:
            raise answer.refusal()
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
        url, what = link
        headers = {"User-Agent": self._headers["User-Agent"], "Accept-Encoding": "identity"}
        if begin and etag:
            headers |= {"Range": f"bytes={begin}-", "If-Range": etag}
        hidden: set[str] = set()
        for _ in range(5):
            hidden |= signing(url)
            answer = self._store.send("GET", url, headers, what, hidden)
            if not answer.response.is_redirect:
                break
            location = answer.response.headers["Location"]
            url = followed(location, url, self.login.api_url, f"{what}: the store redirects to")
        else:
            raise AddonctlError(f"{what}: the store redirects again and again")
        if answer.status not in (200, 206):
            problem = answer.refusal()
            raise LinkExpired(problem.message, status=403) if answer.status == 403 else problem
        return self._store.download(answer)

    def close(self) -> None:
        self._api.close()
        self._store.close()

    def _path(self, address: Address) -> str:
        account = address.account or self.login.acting_account
        sids = zip(("Recordings", "AddOnResults", "Payloads"), address[:3], strict=True)
        below = "/".join(f"{parent}/{sid}" for parent, sid in sids if sid)
        return f"/2010-04-01/Accounts/{account}/{below or 'Recordings'}"

    def _send(self, method: str, path: str, what: str) -> Exchange:
        url = self.login.api_url + path
        return self._api.send(method, url, self._headers, what, self._secrets)

    def _pages(
        self, kind: type[Kind], path: str, what: str, query: Mapping[str, object]
    ) -> Iterator[list[Kind]]:
        base = self.login.api_url
        following = f"{path}.json?{urlencode(query)}"
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
            following = str(document.get("next_page_uri") or "").removeprefix(base)
            # It must lie on the API's own host: our login goes there.
            fine = following.startswith("/2010-04-01/") and plain_url(base + following)
            if following and not fine:
                raise AddonctlError(
                    f"{what}: the service points to a next page on another host; not followed"
                )

    def _document(self, path: str, what: str) -> dict[str, Any]:
        """The JSON object at `path`; NaN and its like are no JSON."""
        answer = self._send("GET", path, what)
        if answer.status != 200:
            raise answer.refusal()
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
    named = f"recording {address.recording}"
    if address.result:
        named = f"result {address.result} on {named}"
    return f"payload {address.payload} of {named}" if address.payload else named

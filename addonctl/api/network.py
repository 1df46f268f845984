"""Connections: where they may lead, proxies, TLS, time-outs, and what it means where one fails.

Nothing here repeats the text of an exception of requests or urllib3, which may hold the whole URL,
and a signed link is a secret.
"""

from __future__ import annotations

import io
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests import exceptions
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy
from urllib3.exceptions import HTTPError, LocationValueError
from urllib3.exceptions import TimeoutError as TimedOut
from urllib3.util.ssl_ import create_urllib3_context

from addonctl.errors import AddonctlError, TryLater
from addonctl.login import LOOPBACK, is_this_machine, plain_url

NETWORK = (OSError, HTTPError, UnicodeError)
"""What requests and urllib3 raise where a request, or the rest of its answer, fails."""
LEAST_PROGRESS = 4096
"""Bytes of a download that have to come within the time-out, or it has stalled."""
LATER = "run it again later; --retries and --timeout set how patient it is"

_TUNNEL = re.compile(r"Tunnel connection failed: ([1-5]\d\d)\b")
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


class Route(NamedTuple):
    """Where requests to one origin go, and by what.

    `host` and `place` (with the port) are whom they are for, and `named_by` says what made them
    so, if a user can change it. `proxy` is where a proxy lies, without its login, and `variable`
    what names it; `proxies` are for requests.
    """

    host: str
    place: str
    named_by: str
    proxy: str
    variable: str
    proxies: dict[str, str]

    @classmethod
    def to(cls, parts: SplitResult, named_by: str) -> Route:
        """The route that the environment gives. Plain http, which only ever goes to loopback,
        passes by any proxy: it would read the login."""
        clear = parts.scheme == "http"
        origin = f"{parts.scheme}://{parts.netloc}"
        proxies = {} if clear else environment(origin)["proxies"]
        proxy = select_proxy(origin, proxies) or ""
        try:
            at = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
            proxy = f"{at.hostname}:{at.port}" if at.port else at.hostname or ""
        except ValueError:
            proxy = ""
        variable = next((name for name in _PROXIES if os.environ.get(name)), "the system's setting")
        place = parts.netloc if parts.port else f"{parts.netloc}:{80 if clear else 443}"
        return cls(parts.hostname or "", place, named_by, proxy, variable, proxies)


def followed(location: str, base: str, api_url: str, where: str) -> str:
    """The URL that `location` is, seen from `base`. Raises AddonctlError for one not to follow.

    That is one which some parser could read as another, and, unless the service itself is on
    this machine, one that leads here or over plain http.
    """
    parts = None
    with suppress(ValueError):
        # Whatever else there is in it, urljoin would drop without a word, or make up for.
        if re.fullmatch(r"[!-\[\]-~]+", location):
            absolute = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", location)
            parts = plain_url(location if absolute else urljoin(base, location))
    host = parts.hostname if parts else None
    if parts is None or host is None:
        raise AddonctlError(f"{where} what is no plain https address; not followed")
    if parts.scheme != "https" and host not in LOOPBACK:
        raise AddonctlError(f"{where} a place that is not https; not followed")
    if is_this_machine(host) and not is_this_machine(urlsplit(api_url).hostname or ""):
        raise AddonctlError(f"{where} this very machine; not followed")
    return parts.geturl()


def environment(url: str) -> dict[str, Any]:
    """What the environment says of `proxies` and of the CA bundle to `verify` with."""
    with requests.Session() as session:
        return dict(session.merge_environment_settings(url, {}, True, True, None))


class TimedSocket(io.RawIOBase):
    """What comes over a socket until `end`, by the monotonic clock.

    A time-out of the socket's own would begin anew with every byte.
    """

    # There from the start: an interrupt may leave one half made, which is closed all the same.
    _bytes: io.RawIOBase | socket.SocketIO | None = None

    def __init__(self, sock: socket.socket) -> None:
        self.patience = sock.gettimeout() or 0.0
        self.end = time.monotonic() + self.patience
        self._socket = sock
        self._bytes = sock.makefile("rb", buffering=0)  # keeps the socket open while it is read

    def makefile(self, *_: object) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        return self._bytes.readinto(buffer) if self._bytes else None

    def close(self) -> None:
        if self._bytes:
            self._bytes.close()
        super().close()


class TimedResponse(HTTPResponse):
    """An answer that has to come whole, to its last trailer, within the socket's time-out."""

    fp: Any = None

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        self.line = TimedSocket(sock)
        super().__init__(self.line, *args, **more)  # type: ignore[arg-type]  # asks for a file only


class TimedDownload(TimedResponse):
    """An answer whose head has to; its body may take as long as it keeps coming.

    Only the time spent waiting for it counts, not what its reader does in between.
    """

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self._left, self._came = self.line.patience, 0

    def read1(self, n: int = -1) -> bytes:
        if self.status >= 300:
            return super().read1(n)
        began = time.monotonic()
        self.line.end = began + self._left
        data = super().read1(n)
        self._left -= time.monotonic() - began
        self._came += len(data)
        if self._came >= LEAST_PROGRESS:
            self._left, self._came = self.line.patience, 0
        return data


class Adapter(HTTPAdapter):
    """requests' adapter with one TLS context for all connections of the process, also those to a
    proxy, and with answers that must come in time: whole, or where a download `flows` their head.

    Left to itself, urllib3 reads the whole CA bundle again for every connection.
    """

    def __init__(self, connections: int, *, flows: bool) -> None:
        super().__init__(pool_maxsize=connections)
        self._response = TimedDownload if flows else TimedResponse
        self._timed(self.poolmanager)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        host, pool = super().build_connection_pool_key_attributes(request, True, cert)
        if host["scheme"] == "https":
            pool["ssl_context"] = self._context
        return host, pool

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        with _lock:
            if proxy not in self.proxy_manager:
                if proxy.lower().startswith("https"):
                    settings["proxy_ssl_context"] = self._context
                self._timed(super().proxy_manager_for(proxy, **settings))
            return self.proxy_manager[proxy]

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing: the context has been told already which authorities to trust."""

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return tls_context()

    def _timed(self, manager: Any) -> None:
        pools, response = {}, {"response_class": self._response}
        for scheme, pool in manager.pool_classes_by_scheme.items():
            connection = type("Connection", (pool.ConnectionCls,), response)
            pools[scheme] = type("Pool", (pool,), {"ConnectionCls": connection})
        manager.pool_classes_by_scheme = pools


_contexts: dict[str, ssl.SSLContext] = {}
_lock = threading.RLock()


def tls_context() -> ssl.SSLContext:
    """The context that trusts the CA bundle of the environment (a file, or a folder), or requests'.

    The variables of requests count first, then OpenSSL's, which curl, git and others know.
    Raises AddonctlError for a bundle that cannot be read.
    """
    named = environment("https://api.twilio.com")["verify"]
    bundle = named if isinstance(named, str) else ""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        bundle = bundle or os.environ.get(name, "")
    bundle = bundle or DEFAULT_CA_BUNDLE_PATH
    with _lock:
        if bundle not in _contexts:
            context = create_urllib3_context()
            try:
                if os.path.isdir(bundle):  # noqa: PTH112  pathlib would be one more import
                    context.load_verify_locations(capath=bundle)
                else:
                    context.load_verify_locations(cafile=bundle)
            except OSError as problem:
                raise AddonctlError(
                    f"no CA certificates to be had from {bundle}: {problem.strerror}",
                    hint="see REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR",
                ) from None
            _contexts[bundle] = context
        return _contexts[bundle]


def failure(
    problem: Exception, doing: str, route: Route, *, flowing: bool = False
) -> AddonctlError:
    """The error that a failure of the network is to the user, `flowing` in mid-download.

    TryLater, unless there is no use in trying again.
    """
    causes = list(_causes(problem))
    of_system = next((each for each in causes if isinstance(each, OSError) and each.strerror), None)
    at_proxy = isinstance(problem, exceptions.ProxyError)
    where = f"the proxy {route.proxy}" if at_proxy else route.place
    named_by = f"{route.variable} names this proxy" if at_proxy else route.named_by

    def error(kind: type[AddonctlError], what: str, hint: str = named_by) -> AddonctlError:
        return kind(f"{doing}: {what}", hint=hint or LATER)

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if among(exceptions.InvalidURL, exceptions.InvalidSchema, LocationValueError, UnicodeError):
        # Not of the request itself: its URL has been looked at before.
        hint = f"see {route.variable}; expected http://HOST:PORT"
        return error(AddonctlError, "the proxy that is set cannot be used", hint)
    if refused := _TUNNEL.search(" ".join(map(str, causes)) if at_proxy else ""):
        status = int(refused[1])
        phrase = next((f" {known.phrase}" for known in HTTPStatus if known == status), "")
        login = "; one with a login is http://USER:PASSWORD@HOST:PORT" if status == 407 else ""
        kind = TryLater if status >= 500 else AddonctlError
        return error(kind, f"{where} refused: {status}{phrase}", named_by + login)
    if isinstance(of_system, ssl.SSLCertVerificationError):
        why = f"{where}: its certificate is not trusted: {of_system.verify_message}"
        hint = "if a proxy or company CA stands between, set REQUESTS_CA_BUNDLE"
        hint += f"; {named_by}" if at_proxy else ""
        return error(AddonctlError, f"no secure connection to {why}", hint)
    if isinstance(of_system, ssl.SSLError) and not among(ssl.SSLEOFError, ssl.SSLZeroReturnError):
        why = (of_system.reason or "it failed").replace("_", " ").lower()
        return error(AddonctlError, f"no secure connection to {where}: {why}")
    if isinstance(of_system, socket.gaierror):
        host = f"the host of {where}" if at_proxy else f"the host {route.host}"
        return error(TryLater, f"{host} was not found")
    if of_system and not isinstance(of_system, (TimeoutError, ssl.SSLError)):
        why = str(of_system.strerror).lower()
        return error(TryLater, f"the connection to {where} failed: {why}")
    if among(TimeoutError, exceptions.Timeout, TimedOut):
        how = "stalled: next to nothing comes" if flowing else "no answer in time"
        return error(TryLater, f"{how} from {where}", LATER)
    return error(TryLater, f"the connection to {where} broke off", LATER)


def _causes(problem: object) -> Iterator[BaseException]:
    """The exception, and all that lie behind it."""
    seen: set[int] = set()
    queue: list[object] = [problem]
    while queue:
        cause = queue.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            reason = getattr(cause, "reason", None)
            queue += [*cause.args, reason, cause.__cause__, cause.__context__]


def whole_number(word: str) -> int | None:
    """The number that a header holds; None for anything else, and for more digits than any has."""
    return int(word) if word.isdecimal() and len(word) < 20 else None

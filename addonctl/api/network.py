"""Connections: where they may lead, proxies, TLS, time-outs, and what it means where one fails.

A signed link is a secret: nothing here repeats the text of an exception of requests or urllib3,
which may hold the whole URL, and what the other side says is shown without the links it repeats.
"""

from __future__ import annotations

import io
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from http.client import HTTPResponse, responses
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from requests import PreparedRequest, exceptions, utils
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, LocationValueError
from urllib3.exceptions import TimeoutError as TimedOut
from urllib3.util import create_urllib3_context, parse_url

from addonctl.errors import AddonctlError, TryLater
from addonctl.profiles import LOOPBACK, is_this_machine, plain_url

NETWORK = (OSError, HTTPError, UnicodeError)
"""What requests and urllib3 raise where a request, or the rest of its answer, fails."""
LATER = "run it again later; --retries and --timeout set how patient it is"
LEAST_PROGRESS = 4096
"""Bytes of a download that have to come within the time-out, or it has stalled."""
SHORTEST_SIGNATURE = 12
"""Characters of a word in a signed link's query that may be what signs it."""

_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
_SIGNED = (
    r"(?i)(https?(?:://|%3A%2F%2F)[^\s?<>\"']{1,2000}?(?:\?|%3F))[^\s<>\"']+"
    rf"|([?&][\w.-]+=)[^\s&<>\"']{{{SHORTEST_SIGNATURE},}}"
)
_contexts: dict[str, ssl.SSLContext] = {}
_lock = threading.Lock()


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


def signing(url: str) -> set[str]:
    """The words of a signed link that an answer may repeat and nobody must see."""
    words = map(_plain, re.split("[&=]", url.partition("?")[2]))
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
    return re.sub(_SIGNED, r"\1\2…", line)[:500] or None


def _plain(text: str) -> str:
    """`text` with nothing encoded any more, however often (within reason) and in what way."""
    from html import unescape

    for _ in range(9):
        text = unquote(unescape(text)).replace("\\/", "/")
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)
    return text


class TimedSocket(io.RawIOBase):
    """What comes over a socket until `end`, by the monotonic clock.

    A time-out of the socket's own would begin anew with every byte.
    """

    # There from the start: an interrupt may leave one half made, which is closed all the same.
    _bytes: io.RawIOBase | socket.SocketIO | None = None

    def __init__(self, sock: socket.socket) -> None:
        self.patience = self.left = sock.gettimeout() or 0.0
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

    _came = 0

    def read1(self, n: int = -1) -> bytes:
        if self.status >= 300:
            return super().read1(n)
        began = time.monotonic()
        self.line.end = began + self.line.left
        data = super().read1(n)
        self.line.left -= time.monotonic() - began
        self._came += len(data)
        if self._came >= LEAST_PROGRESS:
            self.line.left, self._came = self.line.patience, 0
        return data


class Adapter(HTTPAdapter):
    """requests' adapter with one TLS context for all connections of the process, also those to a
    proxy, and with answers that must come in time: whole, or where a download `flows` their head.

    Left to itself, urllib3 reads the whole CA bundle again for every connection.
    """

    def __init__(self, connections: int, *, flows: bool) -> None:
        super().__init__(pool_maxsize=connections)
        self._response = TimedDownload if flows else TimedResponse

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            pool["ssl_context"] = tls_context()
        return host, pool

    def get_connection_with_tls_context(self, *args: Any, **more: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **more)
        kind = pool.ConnectionCls
        if kind.response_class is not self._response:
            pool.ConnectionCls = type("Timed", (kind,), {"response_class": self._response})
        return pool

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        if proxy.lower().startswith("https"):
            settings["proxy_ssl_context"] = tls_context()
        return super().proxy_manager_for(proxy, **settings)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing: the context has been told already which authorities to trust."""


def tls_context() -> ssl.SSLContext:
    """The context that trusts the CA bundle of the environment (a file, or a folder), or requests'.

    The variables of requests count first, then OpenSSL's, which curl, git and others know.
    Raises AddonctlError for a bundle that cannot be read.
    """
    bundle = next(filter(None, map(os.environ.get, _BUNDLES)), utils.DEFAULT_CA_BUNDLE_PATH)
    with _lock:
        if bundle not in _contexts:
            context = create_urllib3_context()
            folder = os.path.isdir(bundle)  # noqa: PTH112  pathlib would be one more import
            try:
                context.load_verify_locations(**{"capath" if folder else "cafile": bundle})
            except OSError as problem:
                raise AddonctlError(
                    f"no CA certificates to be had from {bundle}: {problem.strerror}",
                    hint=f"see {', '.join(_BUNDLES[:-1])} and {_BUNDLES[-1]}",
                ) from None
            _contexts[bundle] = context
        return _contexts[bundle]


def failure(
    problem: Exception, doing: str, url: str, named_by: str, *, flowing: bool = False
) -> AddonctlError:
    """The error that a failure of the network is to the user, `flowing` in mid-download.

    TryLater, unless there is no use in trying again. `named_by` is the hint for a host that is
    not there.
    """
    causes: list[BaseException] = []
    behind: list[object] = [problem]
    for cause in behind:  # grows meanwhile
        if isinstance(cause, BaseException) and cause not in causes:
            causes.append(cause)
            reason = getattr(cause, "reason", None)
            behind += [*cause.args, reason, cause.__cause__, cause.__context__]
    of_system = next((each for each in causes if isinstance(each, OSError) and each.strerror), None)

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    parts = urlsplit(url)
    port = "" if parts.port else ":80" if parts.scheme == "http" else ":443"
    where, host = f"{parts.netloc}{port}", f"the host {parts.hostname}"
    variable = next((name for name in _PROXIES if os.environ.get(name)), "the system's setting")
    at_proxy = isinstance(problem, exceptions.ProxyError)
    if at_proxy:
        proxy = utils.select_proxy(url, utils.get_environ_proxies(url)) or ""
        place = parse_url(utils.prepend_scheme_if_needed(proxy, "http")).netloc  # without its login
        where, host = f"the proxy {place}", f"the host of the proxy {place}"
        named_by = f"{variable} names this proxy"
    refused = at_proxy and re.search(
        r"Tunnel connection failed: ([1-5]\d\d)\b", " ".join(map(str, causes))
    )
    kind: type[AddonctlError] = AddonctlError
    hint = named_by
    if among(exceptions.InvalidURL, exceptions.InvalidSchema, LocationValueError, UnicodeError):
        # Not of the request itself: its URL has been looked at before.
        what = "the proxy that is set cannot be used"
        hint = f"see {variable}; expected http://HOST:PORT"
    elif refused:
        status = int(refused[1])
        what = f"{where} refused: {status} {responses.get(status, '')}".rstrip()
        kind = TryLater if status >= 500 else AddonctlError
        if status == 407:
            hint += "; one with a login is http://USER:PASSWORD@HOST:PORT"
    elif isinstance(of_system, ssl.SSLCertVerificationError):
        why = f"its certificate is not trusted: {of_system.verify_message}"
        what = f"no secure connection to {where}: {why}"
        hint = "if a proxy or company CA stands between, set REQUESTS_CA_BUNDLE"
        hint += f"; {named_by}" if at_proxy else ""
    elif isinstance(of_system, ssl.SSLError) and not among(ssl.SSLEOFError, ssl.SSLZeroReturnError):
        why = (of_system.reason or "it failed").replace("_", " ").lower()
        what = f"no secure connection to {where}: {why}"
    elif isinstance(of_system, socket.gaierror):
        kind, what = TryLater, f"{host} was not found"
    elif of_system and not isinstance(of_system, (TimeoutError, ssl.SSLError)):
        why = str(of_system.strerror).lower()
        kind, what = TryLater, f"the connection to {where} failed: {why}"
    elif among(TimeoutError, exceptions.Timeout, TimedOut):
        how = "stalled: next to nothing comes" if flowing else "no answer in time"
        kind, what, hint = TryLater, f"{how} from {where}", LATER
    else:
        kind, what, hint = TryLater, f"the connection to {where} broke off", LATER
    return kind(f"{doing}: {what}", hint=hint or LATER)

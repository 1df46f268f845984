"""One request at a time: connections, retries, time-outs, proxies and TLS."""

from __future__ import annotations

import os
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry
from urllib3.util.ssl_ import create_urllib3_context

from addonctl.errors import AddonctlError
from addonctl.login import LOOPBACK

RETRIED = frozenset({429, 500, 502, 503, 504})
LONGEST_RETRY_AFTER = 60
"""Seconds. A server that asks for more is waited for this long, then asked again."""
CONNECT_TIMEOUT = 10.0
BACKOFF = 0.25
"""Seconds that a first retry waits, more or less; every further one waits twice as long."""
LONGEST_BACKOFF = 20.0

Trace = Callable[[str], None]


class Settings(NamedTuple):
    """How patient and how wide: retries per request, seconds for a single answer, connections."""

    retries: int = 5
    timeout: float = 30.0
    connections: int = 8


class Pace:
    """How fast requests may go. This one never holds anybody back; a batch brings its own.

    `answers` is how many requests the service has answered and not refused.
    """

    answers = 0

    def request(self) -> AbstractContextManager[None]:
        """A place among the requests in flight, held from sending until the answer begins."""
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


class PacedRetry(Retry):
    """urllib3's Retry, with jitter from the first retry on, under a Pace, and traced."""

    def __init__(self, *args: Any, pace: Pace, trace: Trace | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pace = pace
        self.trace = trace
        self.answers = 0  # of the pace, at the last try

    def new(self, **changes: Any) -> PacedRetry:
        return super().new(pace=self.pace, trace=self.trace, **changes)

    def get_backoff_time(self) -> float:
        # urllib3 does not wait at all before the first retry; many workers that
        # were refused together would then come back together.
        return super().get_backoff_time() or random.random() * self.backoff_jitter  # noqa: S311

    def parse_retry_after(self, retry_after: str) -> float:
        try:
            return super().parse_retry_after(retry_after)
        except Exception:  # a header we cannot read is as good as none
            return 0.0

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> PacedRetry:
        counted = self
        if response is not None and response.status == 429 and self.pace.crowded(self.answers):
            counted = self.new(total=int(self.total or 0) + 1, history=())
        following = super(PacedRetry, counted).increment(method, url, response, *args, **kwargs)
        following.answers = self.pace.answers
        return following

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        if self.trace and self.history:
            last = self.history[-1]
            self.trace(f"{last.method} again: {last.status or 'the connection failed'}")
        backoff = self.get_backoff_time()
        if response is None:
            self.pace.wait(backoff)
        elif response.status == 429:
            self.pace.refused(
                backoff, self.get_retry_after(response), concurrent_requests(response.headers)
            )
        else:
            self.pace.wait(self.get_retry_after(response) or backoff)


def concurrent_requests(headers: Mapping[str, str]) -> int | None:
    """How many of the account's requests the service has in flight, if it says so."""
    return whole_number(headers.get("Twilio-Concurrent-Requests", ""))


def whole_number(word: str) -> int | None:
    """The number that a header holds; None for anything else, and for more digits than any has."""
    return int(word) if word.isdecimal() and len(word) < 20 else None


class Adapter(HTTPAdapter):
    """requests' adapter with one TLS context for all connections of the process.

    Left to itself, urllib3 reads the whole CA bundle again for every connection.
    """

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https" and verify is not False:
            pool.pop("ca_certs", None)
            pool.pop("ca_cert_dir", None)
            pool["ssl_context"] = tls_context(verify)
        return host, pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing for https: the context has been told already which authorities to trust."""
        if not url.lower().startswith("https") or verify is False:
            super().cert_verify(conn, url, verify, cert)


_contexts: dict[str, ssl.SSLContext] = {}
_contexts_lock = threading.Lock()


def tls_context(verify: object) -> ssl.SSLContext:
    """The context that trusts the CA bundle `verify` (a file, or a folder), or requests' own.

    Raises AddonctlError for a bundle that cannot be read.
    """
    bundle = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
    with _contexts_lock:
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
                    hint="see REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE",
                ) from None
            _contexts[bundle] = context
        return _contexts[bundle]


class Channel:
    """Sends requests with the environment's proxies and CA settings, and never with its logins.

    requests' own Session would add a login from `~/.netrc` and follow redirects with ours, so the
    adapter is called directly. Plain http only ever goes to loopback, and past any proxy: a proxy
    would read the login.
    """

    def __init__(
        self, adapter: BaseAdapter, timeout: float, pace: Pace, trace: Trace | None
    ) -> None:
        self._adapter = adapter
        self._timeout = (min(timeout, CONNECT_TIMEOUT), timeout)
        self._pace = pace
        self._trace = trace
        self._environment: dict[str, dict[str, Any]] = {}

    def send(self, method: str, url: str, headers: Mapping[str, str]) -> requests.Response:
        """The answer, its body not yet read. Raises requests' own exceptions."""
        request = _prepared(method, url, headers)
        settings = self._settings(url)
        began = time.perf_counter()
        with self._pace.request():
            response = self._adapter.send(request, stream=True, timeout=self._timeout, **settings)
        self._pace.answered(response.status_code, concurrent_requests(response.headers))
        if self._trace:
            self._trace(
                f"{method} {urlsplit(url).path} {response.status_code}"
                f" {(time.perf_counter() - began) * 1000:.0f}ms"
                f" {response.headers.get('Twilio-Request-Id', '-')}"
            )
        return response

    def _settings(self, url: str) -> dict[str, Any]:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._environment:
            with requests.Session() as session:
                found = session.merge_environment_settings(origin, {}, True, True, None)
            clear = parts.scheme == "http" and parts.hostname in LOOPBACK
            self._environment[origin] = {
                "proxies": {} if clear else found["proxies"],
                "verify": found["verify"],
                "cert": found["cert"],
            }
        return self._environment[origin]

    def close(self) -> None:
        self._adapter.close()


def _prepared(method: str, url: str, headers: Mapping[str, str]) -> requests.PreparedRequest:
    """A request without a body, login or cookies; to look for those takes requests longer."""
    request = requests.PreparedRequest()
    request.method = method
    request.prepare_url(url, None)
    request.headers = CaseInsensitiveDict(headers)
    return request


def network_adapter(settings: Settings, pace: Pace, trace: Trace | None) -> Adapter:
    """The real network, with retries for load, server trouble and broken connections."""
    retry = PacedRetry(
        total=settings.retries,
        other=0,  # a certificate that is not trusted will not be trusted a second later
        allowed_methods=frozenset({"GET", "DELETE"}),
        status_forcelist=RETRIED,
        backoff_factor=BACKOFF,
        backoff_jitter=2 * BACKOFF,
        backoff_max=LONGEST_BACKOFF,
        retry_after_max=LONGEST_RETRY_AFTER,
        redirect=False,
        raise_on_status=False,
        pace=pace,
        trace=trace,
    )
    return Adapter(pool_maxsize=settings.connections, max_retries=retry)

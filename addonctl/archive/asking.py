"""Asking the store of a bucket: again, where it is busy, and with its refusals in words of ours.

obstore's own words quote URLs, headers and answers, and may hold what is secret.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from addonctl.api import transport
from addonctl.archive.cloud import CLOUDS, LOGIN_HINT, Bucket
from addonctl.archive.place import NoObject, NoPlace, PlaceBusy, PlaceFailed, PlaceRefused
from addonctl.errors import AddonctlError

Answer = TypeVar("Answer")


class _Exhausted(PlaceBusy):
    """obstore has tried as often as it may."""


class Asking:
    """How a bucket is asked: so many tries after the first, for each request."""

    def __init__(self, bucket: Bucket, retries: int) -> None:
        self._bucket, self._retries = bucket, retries

    def tried(self, doing: str, name: str, ask: Callable[[], Answer]) -> Answer:
        """What is asked for, asked for again where obstore does not do that by itself."""
        failures = 0
        while True:
            try:
                with self.explained(doing, name):
                    return ask()
            except PlaceBusy as problem:
                failures += 1
                self.wait(failures, problem)

    def wait(self, failures: int, problem: PlaceBusy) -> None:
        """Wait before a retry. Raises the problem where that was the last one."""
        if failures > self._retries or isinstance(problem, _Exhausted):
            raise problem
        backoff = transport.BACKOFF * 2**failures
        time.sleep(random.random() * min(backoff, transport.LONGEST_BACKOFF))  # noqa: S311

    @contextmanager
    def explained(self, doing: str, name: str) -> Iterator[None]:
        """Whatever obstore raises as an AddonctlError that says what was tried."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as problem:
            url = self._bucket.url
            where = f"{url}/{name}" if name else url
            raise _failure(problem, f"cannot {doing} {where}", self._bucket) from None


def _failure(problem: Exception, doing: str, bucket: Bucket) -> AddonctlError:
    """What obstore raised, in words of ours: its own quote URLs and answers, secrets included."""
    text = str(problem)
    status = _found(r"status code: (\d{3})", text)
    code = _found(r"<Code>(\w{1,60})</Code>|\(code: (\w{1,60})\)", text)
    said = " ".join(filter(None, (status, code)))
    if code in ("NoSuchBucket", "ContainerNotFound"):
        return NoPlace(
            f"{doing}: there is no bucket {bucket.name}",
            hint=f"make it first, with the tools of {CLOUDS[bucket.scheme]}",
        )
    if isinstance(problem, FileNotFoundError):
        return NoObject(f"{doing}: there is none")
    region = _found(r"<Region>([a-z0-9-]{3,30})</Region>|expecting '([a-z0-9-]{3,30})'", text)
    if region or code in ("PermanentRedirect", "AuthorizationHeaderMalformed"):
        hint = f"AWS_REGION={region}" if region else "set AWS_REGION to its region"
        return PlaceFailed(f"{doing}: the bucket is in another region", hint=hint)
    if code == "RequestTimeTooSkewed":
        return PlaceFailed(f"{doing}: the clock of this machine is wrong ({said})")
    if "169.254.169.254" in text or "metadata" in text.partition("Debug source")[0]:
        return PlaceRefused(
            f"{doing}: no login for {CLOUDS[bucket.scheme]} is found", hint=LOGIN_HINT
        )
    if code in _REFUSED or status == "401" or type(problem).__name__ == "UnauthenticatedError":
        return PlaceRefused(
            f"{doing}: the login is refused{f' ({said})' if said else ''}", hint=LOGIN_HINT
        )
    if code in ("InvalidObjectState", "BlobArchived"):
        return PlaceFailed(
            f"{doing}: it lies in a class that must be restored before it can be read",
            hint="a life cycle rule has moved it there",
        )
    if status == "403" or code == "AccessDenied":
        return PlaceFailed(
            f"{doing}: the login has no right to do that ({said})",
            hint="an archive takes the rights to list, read, write and delete",
        )
    if status == "501" or type(problem).__name__ == "NotSupportedError":
        return PlaceFailed(
            f"{doing}: the store does not offer it ({said or 'not supported'})",
            hint="an archive takes writes that are conditional: If-Match and If-None-Match",
        )
    if status is None and code is None and "HTTP error" not in text:
        return PlaceFailed(f"{doing}: {type(problem).__name__}", hint=LOGIN_HINT)
    if "UnknownIssuer" in text or "certificate" in text.lower():
        return PlaceFailed(f"{doing}: the certificate of the store is not trusted")
    if status is None or int(status) in (408, 429) or int(status) >= 500:
        reason = f"busy ({said})" if said else _no_answer(text)
        last = re.search(r"after (\d+) retries, max_retries: \1", text)
        kind = _Exhausted if last else PlaceBusy
        return kind(f"{doing}: {reason}", hint="try again later")
    return PlaceFailed(f"{doing}: it is refused ({said})")


_REFUSED = frozenset(
    (
        *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
        *("TokenRefreshRequired", "AuthenticationFailed", "InvalidAuthenticationInfo"),
    )
)


def _no_answer(text: str) -> str:
    """Why no answer came."""
    for sign, reason in (
        ("dns error", "there is no such host"),
        ("ConnectionRefused", "the connection is refused"),
        ("TimedOut", "no answer within the time-out"),
    ):
        if sign in text:
            return reason
    return "the connection broke"


def _found(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text)
    return next(filter(None, found.groups()), None) if found else None

"""What the application answers, before it is put on a wire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reply:
    """A status, headers and a body in chunks; `size` is the length of the body in bytes."""

    status: int
    body: Iterable[bytes] = ()
    size: int = 0
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A request the API refuses, with its HTTP status and the vendor's error code."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        detail: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.document = {
            "code": code,
            **({"detail": detail} if detail else {}),
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }

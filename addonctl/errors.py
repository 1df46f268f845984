"""Every error a user may see, each with its exit code."""

from __future__ import annotations

from typing import Any, ClassVar, Self


class AddonctlError(Exception):
    """Something did not work out: what happened, the service's own words, one hint.

    `status` is the HTTP status of the answer, `code` and `more_info` are the service's
    error number and the page that explains it, `request_id` is its `Twilio-Request-Id`.
    No message, hint or other part ever holds a secret or a signed link.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: int | None = None,
        more_info: str | None = None,
        request_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.more_info = more_info
        self.request_id = request_id
        self.hint = hint

    def reworded(self, message: str) -> Self:
        """The same error with another message."""
        return type(self)(**{**vars(self), "message": message})

    def document(self) -> dict[str, Any]:
        """The error as scripts read it: one JSON-ready object, nulls left out."""
        parts = {"message": self.message, "exit_code": self.exit_code, **vars(self)}
        return {"error": {name: part for name, part in parts.items() if part is not None}}


class Usage(AddonctlError):
    """The words were wrong; nothing was asked of the service."""

    exit_code = 2


class NotFound(AddonctlError):
    """There is no such thing, or no longer: results are kept for 30 days."""

    exit_code = 3


class LoginRefused(AddonctlError):
    """No login was given, or the service does not take it."""

    exit_code = 4


class TryLater(AddonctlError):
    """Load, server trouble, the network or a time-out, and the retries did not help."""

    exit_code = 5


class SomeFailed(AddonctlError):
    """Some items of a batch failed, others did not."""

    exit_code = 6


class StillPending(AddonctlError):
    """The time was up before every result was final."""

    exit_code = 8


class Interrupted(AddonctlError):
    """The user, or the system, asked us to stop: Ctrl-C, or SIGTERM."""

    exit_code = 130


class PipeClosed(Exception):
    """stdout's reader has gone. No OSError, so that nobody takes it for a broken connection."""

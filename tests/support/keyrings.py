"""Keyrings for tests, of each kind that the `keyring` library may find; it chooses by priority."""

from __future__ import annotations

from threading import Event, current_thread
from typing import Any, ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, PasswordDeleteError

from support.logins import SECRET


class Memory(KeyringBackend):
    """Keeps secrets as long as the process lives. Like the systems' own it takes text alone, and
    deletes only what is there.
    """

    priority: Any = 9
    kept: ClassVar[dict[str, str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get("/".join((service, username)))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept["/".join((service, username))] = "".join(password)

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop("/".join((service, username)), None) is None:
            raise PasswordDeleteError("no such entry")


class Second(Memory):
    """With another beside it the library puts a chain of all before both."""

    priority: Any = 8
    kept: ClassVar[dict[str, str]] = {}


class Plain(Memory):
    """Stands for the files of keyrings.alt, which keep secrets in plain text."""

    priority: Any = 12


Plain.__module__ = "keyrings.alt.file"


class Failing(KeyringBackend):
    """Raises, when asked, what a subclass says: with a secret in its text, as a backend may."""

    priority: Any = 0
    problem: ClassVar[BaseException] = ValueError(SECRET)

    def get_password(self, service: str, username: str) -> str | None:
        raise self.problem

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.problem


class Locked(Failing):
    problem = KeyringLocked(SECRET)


class Dismissed(Failing):
    """As where the window that asks for its password was closed."""

    problem = InitError(SECRET)


class Panic(Failing):
    """As libraries in Rust fail."""

    problem = BaseException(SECRET)


class Hanging(Failing):
    """Never answers while a test runs; tells who asked, and whether in a thread that may hang."""

    asked: ClassVar[list[tuple[str, bool]]] = []
    released: ClassVar = Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append((username, current_thread().daemon))
        self.released.wait()
        return None

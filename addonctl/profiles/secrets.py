"""Where secrets are kept: the keyring, or by a user's explicit wish a file. Never both at once."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from addonctl import files
from addonctl.errors import LoginRefused, Usage

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "addonctl"
PATIENCE = 1.5
"""Seconds a keyring may take for one answer. Some hang for minutes, waiting for a window that
nobody sees; with start-up, a command ends within 3 seconds."""

MOST = 1 << 18
"""Bytes of secrets.json."""

WAYS_OUT = (
    "set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET,"
    " or keep the secret in a file: addonctl auth login --insecure-storage"
)

T = TypeVar("T")


class Keyring:
    """The operating system's keyring, through the `keyring` library.

    Every method raises LoginRefused, with the ways out, where there is no keyring, or it is
    locked, or does not answer in time. After that it is not asked again.
    """

    place = "the keyring"

    def __init__(self) -> None:
        self._given_up: LoginRefused | None = None

    @property
    def backend(self) -> str:
        """What kind of keyring it is, in the library's words."""
        return self._ask(lambda keyring: str(keyring.name))

    def get(self, entry: str) -> str | None:
        return self._ask(lambda keyring: keyring.get_password(SERVICE, entry))

    def put(self, entry: str, secret: str) -> None:
        self._ask(lambda keyring: keyring.set_password(SERVICE, entry, secret))

    def remove(self, entry: str) -> None:
        """Removes it; nothing happens where there is none."""

        def remove(keyring: KeyringBackend) -> None:
            if keyring.get_password(SERVICE, entry) is not None:
                keyring.delete_password(SERVICE, entry)

        self._ask(remove)

    def _ask(self, question: Callable[[KeyringBackend], T]) -> T:
        if self._given_up:
            raise self._given_up
        answers: SimpleQueue[tuple[T] | LoginRefused] = SimpleQueue()

        def run() -> None:
            try:
                answers.put((question(_chosen()),))
            except LoginRefused as problem:
                answers.put(problem)
            except BaseException as problem:  # backends, and what they load, raise all sorts
                # Its own text is not repeated: nobody knows what a backend puts there. The errors
                # are not imported: that the library itself cannot be may be the problem.
                errors = sys.modules.get("keyring.errors")
                if errors and isinstance(problem, errors.KeyringLocked | errors.InitError):
                    locked = LoginRefused("the keyring is locked", hint=f"unlock it, or {WAYS_OUT}")
                    answers.put(locked)
                    return
                why = f"the keyring cannot be used ({type(problem).__name__})"
                answers.put(LoginRefused(why, hint=WAYS_OUT))

        try:
            # The end of the program does not wait for a daemon, as it would for a pool's thread.
            Thread(target=run, name="keyring", daemon=True).start()
            answer = answers.get(timeout=PATIENCE)
        except Empty:
            why = "the keyring does not answer; it may be waiting to be unlocked"
            answer = LoginRefused(why, hint=WAYS_OUT)
        except RuntimeError:
            why = "the keyring is asked by a thread of its own, and there is none to be had"
            answer = LoginRefused(why, hint=WAYS_OUT)
        if isinstance(answer, LoginRefused):
            self._given_up = answer
            raise answer
        return answer[0]


class SecretsFile:
    """secrets.json in the config folder, mode 0600: plain text, for machines without a keyring.

    Every method raises LoginRefused if others can read the file, Usage if it is broken, and
    AddonctlError where it cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "secrets.json"
        self.place = str(self.path)

    def get(self, entry: str) -> str | None:
        return self._read().get(entry)

    def put(self, entry: str, secret: str) -> None:
        with files.locked(self.path):
            entries = {**self._read(), entry: secret}
            files.replace(self.path, json.dumps(entries, indent=2).encode())

    def remove(self, entry: str) -> None:
        """Removes it, and the file with the last one; nothing happens where there is none."""
        if entry not in self._read():
            return
        with files.locked(self.path):
            left = self._read()
            left.pop(entry, None)
            files.replace(self.path, json.dumps(left, indent=2).encode())
            if not left:
                self.path.resolve().unlink(missing_ok=True)

    def _read(self) -> dict[str, str]:
        content = files.read(self.path, MOST)
        if not content:
            return {}
        if os.name == "posix" and self.path.stat().st_mode & 0o077:
            raise LoginRefused(
                f"{self.path} holds secrets and others may read it; it is not used",
                hint=f"take their right away: chmod 600 {self.path}",
            )
        line = 1
        try:
            entries = json.loads(content)
        except (ValueError, RecursionError) as problem:
            entries, line = None, getattr(problem, "lineno", 1)
        if not isinstance(entries, dict) or not all(isinstance(it, str) for it in entries.values()):
            # What stands there is not repeated: it is secrets.
            raise Usage(
                f"{self.path}, line {line}: broken", hint="remove the file, and log in again"
            )
        return entries


def _chosen() -> KeyringBackend:
    """The keyring to use. Raises LoginRefused if there is none that keeps secrets secret.

    keyrings.alt, where it is installed, offers files in plain text as keyrings, and may ask for
    a password on the stdin that we read addresses from.
    """
    from keyring import core
    from keyring.backends import chainer, fail, null

    def is_plain(backend: object) -> bool:
        return type(backend).__module__.startswith("keyrings.alt")

    # The limit does not hold for a user's own choice (PYTHON_KEYRING_BACKEND, keyringrc.cfg).
    core.init_backend(limit=lambda backend: not is_plain(backend))
    backend = core.get_keyring()
    if isinstance(backend, chainer.ChainerBackend) and backend.backends:
        backend = backend.backends[0]
    if is_plain(backend):
        raise LoginRefused("the keyring of this machine does not protect secrets", hint=WAYS_OUT)
    if isinstance(backend, chainer.ChainerBackend | fail.Keyring | null.Keyring):
        raise LoginRefused("this machine has no keyring to keep a secret in", hint=WAYS_OUT)
    return backend

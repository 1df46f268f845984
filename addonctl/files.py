"""Small files of our own, and the user's folders that they lie in.

A file is read whole or not, and replaced whole or not at all, by one run at a time. Functions that
take a path raise AddonctlError, naming it, for whatever the system refuses. Folders are only named:
neither made nor looked into.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from addonctl.errors import AddonctlError, TryLater, Usage


def config_folder(environment: Mapping[str, str]) -> Path:
    """Where settings lie: ADDONCTL_CONFIG_DIR, or the platform's own place for them.

    Raises Usage for an ADDONCTL_CONFIG_DIR that names no folder, AddonctlError without a home.
    """
    if named := environment.get("ADDONCTL_CONFIG_DIR"):
        with suppress(RuntimeError):
            return Path(named).expanduser()
        raise Usage(
            f"ADDONCTL_CONFIG_DIR is {named}, and there is no such home folder",
            hint="write the folder's whole path",
        )
    if sys.platform == "linux":
        # What platformdirs says there; nearly every run asks, and loading it takes a while.
        base = os.environ.get("XDG_CONFIG_HOME", "").strip() or os.path.expanduser("~/.config")  # noqa: PTH111
        if os.path.isabs(base):  # noqa: PTH117
            return Path(base, "addonctl")
    from platformdirs import user_config_path

    variables = "HOME or ADDONCTL_CONFIG_DIR"
    return _absolute(lambda: user_config_path("addonctl", appauthor=False), variables)


def state_folder() -> Path:
    """Where lies what a program made and nobody wrote by hand. Raises AddonctlError."""
    from platformdirs import user_state_path

    return _absolute(lambda: user_state_path("addonctl", appauthor=False), "HOME or XDG_STATE_HOME")


def cache_folder() -> Path:
    """Where lies what can be had again. Raises AddonctlError."""
    from platformdirs import user_cache_path

    return _absolute(lambda: user_cache_path("addonctl", appauthor=False), "HOME or XDG_CACHE_HOME")


def home_folder() -> Path:
    """The user's home, as other tools' settings lie in it. Raises AddonctlError."""
    return _absolute(Path.home, "HOME")


def _absolute(folder: Callable[[], Path], variables: str) -> Path:
    """What `folder` gives back, unless it depends on the current folder."""
    with suppress(RuntimeError):  # no HOME, and no such user in the system's list
        # Older releases of platformdirs give `~/.config` back as it stands, or a relative XDG path.
        if (found := folder()).is_absolute():
            return found
    hint = f"set {variables} to a whole path"
    raise AddonctlError("the system knows no home folder of yours", hint=hint)


def read(path: Path, most: int, *, cut: bool = False, hint: str | None = None) -> bytes:
    """The content of the file `path`; nothing where there is none.

    Raises AddonctlError, with the `hint`, for one that cannot be read, is no regular file (a
    pipe would never end), or holds more than `most` bytes, unless those are enough (`cut`).
    """
    with explained("read", path, hint):
        try:
            # Without O_NONBLOCK a pipe that nobody writes to would be waited for.
            number = os.open(path, os.O_RDONLY | flags("O_NONBLOCK", "O_BINARY"))
        except FileNotFoundError:
            return b""
        try:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise OSError(None, "not a regular file")
            with os.fdopen(number, "rb", closefd=False) as file:
                content = file.read(most + 1)
        finally:
            os.close(number)
        if len(content) > most and not cut:
            raise OSError(None, f"larger than {most} bytes")
        return content[:most]


def lock(descriptor: int, patience: float = 0.0) -> bool:
    """Lock an open file, for as long as it is open; false where another run has it.

    Tries again for `patience` seconds. Where the file system knows no locks it is taken as
    locked: better without than not at all.
    """
    end = time.monotonic() + patience
    while True:
        try:
            if sys.platform == "win32":
                import msvcrt

                # Past any byte that is read or written: others cannot read what is locked.
                os.lseek(descriptor, 1 << 40, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError as problem:
            if sys.platform != "win32" and not isinstance(problem, BlockingIOError):
                return True  # no locks on this file system
        if time.monotonic() >= end:
            return False
        time.sleep(0.02)


@contextmanager
def locked(path: Path, patience: float = 10.0, *, hint: str | None = None) -> Iterator[None]:
    """Hold off every other run that would change the file `path`; makes its folder.

    The lock is a file of its own beside it: `path` itself is replaced. Raises AddonctlError,
    with the `hint`, where that cannot be written, TryLater where another run does not let go
    within `patience` seconds; each should need only a moment.
    """
    with explained("write", path, hint):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(_beside(path, "lock"))
        number = os.open(beside, os.O_RDWR | os.O_CREAT | flags("O_NOFOLLOW"), 0o600)
    try:
        if not lock(number, patience):
            raise TryLater(f"cannot write {path}: another run of addonctl is at it")
        with suppress(OSError):
            for each in path.parent.iterdir():
                if each.name.startswith(_beside(path, "")) and each.suffix == ".tmp":
                    each.unlink()  # left by a run that was killed; it may hold a secret
        yield
    finally:
        os.close(number)


@contextmanager
def replacing(
    path: Path, content: bytes, mode: int = 0o600, *, hint: str | None = None
) -> Iterator[None]:
    """Put `content` beside `path`, and in its place once the block has ended well.

    So a disk that cannot be written fails before the block begins. The file has its mode from
    its first byte on; a symbolic link stays one, and what it points at is replaced. Raises
    AddonctlError, with the `hint`.
    """
    with explained("write", path, hint):
        target = path.resolve()
        # Of a name that nobody can foresee, created exclusively: nobody else has it open.
        beside = target.with_name(_beside(target, f"{os.urandom(8).hex()}.tmp"))
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | flags("O_BINARY"), mode)
    try:
        with explained("write", path, hint), os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(number)
        yield
        with explained("write", path, hint):
            beside.replace(target)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    sync_folder(target.parent)


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Make `content` the whole of the file `path`, or leave it as it is. Raises AddonctlError."""
    with replacing(path, content, mode):
        pass


def sync_folder(path: Path) -> None:
    """Have the disk keep which names a folder holds; Windows, and some disks, cannot be told to."""
    with suppress(OSError):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _beside(path: Path, ending: str) -> str:
    """A name for what lies beside a file for a while; cut, for names of the greatest length."""
    return f".{path.name[:50]}.{ending}"


def flags(*names: str) -> int:
    """Flags of `os.open` that not every system has."""
    return sum(getattr(os, name, 0) for name in names)


@contextmanager
def explained(
    doing: str, path: Path, hint: str | None = None, *, only: type[Exception] = Exception
) -> Iterator[None]:
    """Whatever the file system raises as an AddonctlError that says what was tried with `path`.

    Around what does more than that, `only` OSError: a mistake of ours must not look like the
    disk's.
    """
    try:
        yield
    except (OSError, ValueError, RuntimeError) as problem:
        if not isinstance(problem, only):
            raise
        reason = "it is a link to itself"  # as Path.resolve has it before Python 3.13
        if isinstance(problem, OSError):
            reason = problem.strerror or "the system refuses it"
        elif isinstance(problem, ValueError):  # a NUL, or what the file system cannot encode
            reason = "a file cannot have such a name"
        message = f"cannot {doing} {path}: {reason[:1].lower()}{reason[1:]}"
        raise AddonctlError(message, hint=hint) from None

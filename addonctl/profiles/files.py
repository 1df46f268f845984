"""Small files of our own, written whole or not at all, readable by their owner alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from addonctl.errors import AddonctlError


def config_folder(environment: Mapping[str, str]) -> Path:
    """Where settings lie: ADDONCTL_CONFIG_DIR, or the platform's own place for them."""
    named = environment.get("ADDONCTL_CONFIG_DIR")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("addonctl", appauthor=False)


def read(path: Path) -> bytes:
    """The content of the file `path`; nothing where there is none.

    Raises AddonctlError for a file that is there and cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as problem:
        raise AddonctlError(f"cannot read {path}: {_reason(problem)}") from None


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Hold off every other process that would change the file `path`.

    Makes its folder. Raises AddonctlError where that cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise _unwritable(path, problem) from None
    try:
        with suppress(OSError):  # some network disks have no locks; better unlocked than unusable
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(lock, msvcrt.LK_LOCK, 1)
            else:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextmanager
def replacing(path: Path, content: bytes) -> Iterator[None]:
    """Put `content` beside `path`, and in its place once the block has ended well.

    So a disk that cannot be written fails before the block begins. The file has mode 0600 from
    its first byte on; a symbolic link stays one, and what it points at is replaced. Raises
    AddonctlError.
    """
    import tempfile

    try:
        target = path.resolve()
        # mkstemp creates with O_EXCL and 0600: nobody can have it open, or read it, before us.
        number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except (OSError, RuntimeError) as problem:  # RuntimeError: a loop of links, before Python 3.13
        raise _unwritable(path, problem) from None
    try:
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            raise _unwritable(path, problem) from None
        yield
        try:
            Path(name).replace(target)
        except OSError as problem:
            raise _unwritable(path, problem) from None
    finally:
        Path(name).unlink(missing_ok=True)
    with suppress(OSError):  # Windows, and some disks, cannot sync a folder
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _unwritable(path: Path, problem: Exception) -> AddonctlError:
    return AddonctlError(
        f"cannot write {path}: {_reason(problem)}",
        hint="ADDONCTL_CONFIG_DIR names another folder for settings",
    )


def _reason(problem: Exception) -> str:
    words = getattr(problem, "strerror", None) or "it cannot be reached"
    return f"{words[:1].lower()}{words[1:]}"

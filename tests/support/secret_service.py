"""A real Secret Service: a message bus of the test's own with gnome-keyring-daemon on it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.program import CLOCK

PROGRAMS = ("dbus-daemon", "dbus-send", "gnome-keyring-daemon")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]

# No service directories: nothing but the daemon that a test starts is ever there.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={folder}</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>"""


@dataclass
class Bus:
    """A message bus, and what a process needs to find it."""

    home: Path
    runtime: Path
    environment: dict[str, str]
    keyring: subprocess.Popen[bytes] | None = None
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_keyring(self, password: str | None) -> None:
        """Start it, unlocked with `password` (which makes it, the first time), or locked."""
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        if password is not None:
            command.append("--unlock")
        self.keyring = subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.started.append(self.keyring)
        assert self.keyring.stdin
        self.keyring.stdin.write((password or "").encode())
        self.keyring.stdin.close()
        until = time.monotonic() + 120
        while not self._answers():
            assert self.keyring.poll() is None, "the keyring ended at once"
            assert time.monotonic() < until, "the keyring did not come up"
            time.sleep(0.02)

    def _answers(self) -> bool:
        question = "--dest=org.freedesktop.secrets /org/freedesktop/secrets"
        ping = ["dbus-send", "--session", "--print-reply", *question.split()]
        ping.append("org.freedesktop.DBus.Peer.Ping")
        return not subprocess.run(ping, env=self.environment, capture_output=True).returncode

    def stop_keyring(self) -> None:
        assert self.keyring
        self.keyring.terminate()
        self.keyring.wait(10)

    def freeze_keyring(self) -> None:
        """It stays on the bus, and answers nothing any more."""
        assert self.keyring
        self.keyring.send_signal(signal.SIGSTOP)


@contextmanager
def message_bus(home: Path, runtime: Path) -> Iterator[Bus]:
    """A bus that ends, with all that a test started on it, with the block."""
    runtime.mkdir(mode=0o700)
    config = runtime / "bus.conf"
    config.write_text(BUS.format(folder=runtime))
    environment = {
        **CLOCK,
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }
    daemon = subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert daemon.stdout
    environment["DBUS_SESSION_BUS_ADDRESS"] = daemon.stdout.readline().decode().strip()
    bus = Bus(home, runtime, environment)
    try:
        yield bus
    finally:
        for process in [*bus.started, daemon]:
            process.kill()
            process.wait(10)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()

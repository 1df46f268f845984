"""Moves the wall clock of every Python process that finds this folder on PYTHONPATH.

`DAYS_AHEAD` says how far. Python reads a module of this name before anything else, so the tests and
all processes they start live on the same day. The monotonic clock stays true, and so do the times
of files, other programs, and Pythons without time-machine.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta

if ahead := float(os.environ.get("DAYS_AHEAD") or 0):
    # time-machine loads pytest where it is there, which a child has no use for: 0.2 s each.
    sys.modules["pytest"] = None  # type: ignore[assignment]
    with suppress(ImportError):
        import time_machine

        time_machine.travel(datetime.now(UTC) + timedelta(days=ahead)).start()
    del sys.modules["pytest"]

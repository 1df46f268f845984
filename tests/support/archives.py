"""Archives that tests make, and what is in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from support.program import Run


def kept(run: Run, home: Path) -> Path:
    """An archive of all that there is at the service."""
    assert 0 == run("archive init keep").code
    assert 0 == run("archive run").code
    return home / "keep"


def listed(run: Run, what: str) -> list[dict[str, Any]]:
    """What `archive list` says."""
    found: list[dict[str, Any]] = json.loads(run(f"archive list {what} -f json").out)
    return found


@contextmanager
def index(keep: Path) -> Iterator[sqlite3.Connection]:
    """The index of an archive, past the program; what is changed in it is kept."""
    with closing(sqlite3.connect(keep / "index.sqlite")) as db, db:
        yield db


def rows(keep: Path, query: str) -> list[tuple[Any, ...]]:
    """What the index says, past the program."""
    with index(keep) as db:
        return db.execute(query).fetchall()

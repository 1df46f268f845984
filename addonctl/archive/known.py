"""Which addresses an archive's index knows: for words typed in short, and for completion.

It loads nothing of ours, for it runs at every TAB.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

MOST = 200
_COLUMNS = (
    ("results", "DISTINCT recording_sid", "date_created DESC"),
    ("results", "recording_sid, sid", "date_created DESC"),
    ("payloads", "recording_sid, result_sid, sid", "result_sid, sid"),
)
"""Where addresses of each level are, and an order in which an index of the table has them."""
_NAMES = ("recording_sid", "result_sid")


def index_of(where: str) -> Path:
    """The file of an archive's index: in its folder, or of a bucket in the user's state folder."""
    if "://" not in where:
        return Path(where) / "index.sqlite"
    from hashlib import sha256

    from addonctl.files import state_folder

    name = sha256(where.encode()).hexdigest()[:16]
    return state_folder() / "archives" / f"{name}.sqlite"


def known(
    db: sqlite3.Connection, level: int, beginning: str = "", above: Sequence[str] = ()
) -> list[str]:
    """Addresses of that level (1 to 3: RE…, RE…/XR…, RE…/XR…/XH…) whose last SID begins so.

    `above` are the SIDs that stand before it, or empty. At most MOST.
    """
    table, columns, order = _COLUMNS[level - 1]
    wanted = {
        f"{name} = ?": sid for name, sid in zip(_NAMES[: level - 1], above, strict=False) if sid
    }
    last = columns.split()[-1]
    if len(beginning) > 2:
        order = order if wanted else last  # few begin so
        wanted |= {f"{last} >= ?": beginning, f"{last} < ?": beginning + "~"}
    where = f"WHERE {' AND '.join(wanted)} " if wanted else ""
    query = f"SELECT {columns} FROM {table} {where}ORDER BY {order} LIMIT ?"  # noqa: S608
    found = db.execute(query, (*wanted.values(), MOST)).fetchall()
    return ["/".join(row) for row in found if row[-1].startswith(beginning)]


def at_cursor(where: str, level: int, beginning: str, above: Sequence[str]) -> list[str]:
    """The same of the archive that lies there; its index is only read."""
    from urllib.parse import quote

    path = quote(str(index_of(where)))
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.2)
    try:
        return known(db, level, beginning, above)
    finally:
        db.close()

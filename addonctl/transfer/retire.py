"""Deleting a result once all it left is safe on disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.models import Payload
from addonctl.sids import given_sid
from addonctl.transfer.fetch import Saved
from addonctl.transfer.folder import Folder, is_whole, stamp
from addonctl.transfer.part import on_disk


def retire(client: Client, result: Address, saved: Mapping[str, Saved], folder: Folder) -> str:
    """Delete a result if every payload it has, wanted or not, is whole on disk; else spare it.

    `saved` are the payloads brought to disk just now, by their SIDs; others may lie there from
    before. Gives back why the result is spared, or nothing if it is gone.
    """
    if not client.result(result).final:
        return "it is not final yet, so more may come"
    payloads = [payload for page in client.payloads(result) for payload in page]
    if not payloads:
        return "it has no payloads"
    files = []
    for payload in payloads:
        file = _file(result._replace(payload=given_sid(payload.sid, "XH")), payload, saved, folder)
        if file is None:
            return f"payload {payload.sid} is not whole on disk"
        files.append(file)
    _settle(files, folder.root)
    client.delete(result)
    return ""


def _file(
    address: Address, payload: Payload, saved: Mapping[str, Saved], folder: Folder
) -> Path | None:
    """Where a payload lies, whole."""
    now = saved.get(payload.sid)
    if now:
        return now.file if is_whole(now.file, now.modified) else None
    modified = stamp(payload.sid, payload)
    files = (target.file for target in folder.targets(address, payload))
    return next((file for file in files if is_whole(file, modified)), None)


def _settle(files: list[Path], root: Path) -> None:
    """Have the names themselves on disk, not only the bytes, before the source goes."""
    if sys.platform == "win32":
        return
    folders = {folder for file in files for folder in file.parents if folder.is_relative_to(root)}
    for folder in folders:
        with on_disk(folder):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

"""What an archive holds, as it says of itself: archive.json, and a marker for each result.

    archive.json                                     id, version of the format, accounts
    data/AC…/2026-11-21/RE…/XR…/XH….json             the vendor's bytes, untouched
    data/AC…/2026-11-21/RE…/XR…/result.json          the marker
    runs/<UTC>-<id>.json                             what each run did

A marker is written only when all payloads of its result are there, and names each object with its
length and SHA-256. It never names bytes that are not there.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from addonctl import dates
from addonctl.addresses import HEX, Address
from addonctl.archive.place import LEFT_OVER, Place
from addonctl.errors import AddonctlError, NotFound, Usage
from addonctl.models import Payload

FORMAT = 1
"""The version of the layout that this program writes, and reads."""
ABOUT = "archive.json"
PROBE = ".probe"
"""An object by which workers know that they see the same place; with what each answers."""
MARKER = "result.json"
UNDATED = "undated"

_FOLDER = re.compile(rf"data/(AC{HEX})/(\d{{4}}-\d\d-\d\d|{UNDATED})/(RE{HEX})/(XR{HEX})", re.ASCII)
_OBJECT = re.compile(rf"XH{HEX}(?:\.[0-9a-f]{{8}})?\.[a-z0-9]{{1,5}}", re.ASCII)
_SHA256 = re.compile("[0-9a-f]{64}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class About(NamedTuple):
    """Which archive it is, and whose."""

    id: str
    accounts: tuple[str, ...]

    def written(self) -> bytes:
        document = {"addonctl": "archive", "id": self.id, "version": FORMAT}
        return _json({**document, "accounts": list(self.accounts)})


class Kept(NamedTuple):
    """One payload as it is kept: the API's document, and its object's name, length and SHA-256."""

    document: Mapping[str, Any]
    name: str
    size: int
    sha256: str

    @property
    def sid(self) -> str:
        return str(self.document["sid"])


class Marker(NamedTuple):
    """A result that is kept whole: the API's documents word for word, and its payloads.

    `retired_at` is when it was deleted at the service because it is here.
    """

    account: str
    recording: Mapping[str, Any]
    result: Mapping[str, Any]
    payloads: tuple[Kept, ...]
    retired_at: str | None = None

    @property
    def folder(self) -> str:
        return folder_of(self.account, self.result)

    @property
    def address(self) -> Address:
        return Address(str(self.result["reference_sid"]), str(self.result["sid"]))

    def written(self) -> bytes:
        payloads = [
            {"document": each.document, "object": each.name, "bytes": each.size}
            | {"sha256": each.sha256}
            for each in self.payloads
        ]
        retired = {"retired_at": self.retired_at} if self.retired_at else {}
        return _json(
            {
                "version": FORMAT,
                "account_sid": self.account,
                **retired,
                "recording": self.recording,
                "result": self.result,
                "payloads": payloads,
            }
        )


def make(place: Place, account: str) -> About:
    """Make an archive in an empty place, or find the one of that account.

    Raises Usage where something else lies there, or another account's archive.
    """
    if about := fitting(place, account):
        return about
    about = About(os.urandom(16).hex(), (account,))
    if not place.create(ABOUT, about.written()):
        return make(place, account)
    return about


def fitting(place: Place, account: str) -> About | None:
    """The account's archive that lies there; None in an empty place. Raises Usage, as `make`."""
    if about := find(place):
        if account not in about.accounts:
            raise Usage(f"{place.url} holds the archive of {', '.join(about.accounts)}")
        return about
    for each in place.objects():
        if each.name != ".lock" and not LEFT_OVER.fullmatch(each.name):
            raise Usage(
                f"{place.url} holds what is none of an archive's: {each.name}",
                hint="choose an empty folder, or a new one",
            )
    return None


def find(place: Place) -> About | None:
    """Which archive lies there, or none. Raises Usage for one that cannot be read."""
    content = place.read(ABOUT)
    if content is None:
        return None
    try:
        document = json.loads(content)
        about = About(document["id"], tuple(document["accounts"]))
        version = int(document["version"])
        fine = bool(re.fullmatch("[0-9a-f]{32}", about.id)) and all(
            re.fullmatch(f"AC{HEX}", account) for account in about.accounts
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        fine, version = False, 0
    if not fine:
        raise Usage(f"{place.url}/{ABOUT} is not as addonctl wrote it; nothing is done with it")
    if version > FORMAT:
        raise Usage(
            f"the archive {place.url} is of version {version}; this program knows {FORMAT}",
            hint="a newer addonctl is needed",
        )
    return about


def there(place: Place) -> About:
    """Which archive lies there. Raises NotFound where none does: an empty disk is none."""
    if about := find(place):
        return about
    raise NotFound(
        f"no archive at {place.url}: there is no {ABOUT}",
        hint="is the disk mounted? A new one: addonctl archive init PLACE",
    )


def add_accounts(place: Place, about: About, accounts: Iterable[str]) -> About:
    """Note that the results of other accounts are kept there too."""
    every = tuple(dict.fromkeys((*about.accounts, *accounts)))
    if every != about.accounts:
        about = about._replace(accounts=every)
        place.put(ABOUT, io.BytesIO(about.written()))
    return about


def folder_of(account: str, result: Mapping[str, Any]) -> str:
    """Where a result is kept: by the day it was created.

    Raises AddonctlError for a document whose SIDs are none: it would lead anywhere.
    """
    created = dates.parse(result.get("date_created"))
    day = f"{created:%Y-%m-%d}" if created else UNDATED
    folder = f"data/{account}/{day}/{result.get('reference_sid')}/{result.get('sid')}"
    if _FOLDER.fullmatch(folder):
        return folder
    raise AddonctlError("the service gave a result whose SIDs are none")


def object_name(payload: Payload, sha256: str = "") -> str:
    """What a payload's object is called; with its hash where another version has the plain name."""
    from addonctl.transfer.folder import extension

    version = f".{sha256[:8]}" if sha256 else ""
    return f"{payload.sid}{version}.{extension(payload.content_type)}"


def read(place: Place, folder: str) -> Marker | None:
    """The marker in a folder; None where there is none. Raises AddonctlError for a damaged one."""
    content = place.read(f"{folder}/{MARKER}")
    return None if content is None else parsed(content, folder)


def parsed(content: bytes, folder: str) -> Marker:
    """A marker, held against the folder it lies in. Raises AddonctlError for a damaged one."""
    try:
        document = json.loads(content)
        payloads = tuple(
            Kept(each["document"], each["object"], each["bytes"], each["sha256"])
            for each in document["payloads"]
        )
        marker = Marker(
            *(document["account_sid"], document["recording"], document["result"], payloads),
            document.get("retired_at"),
        )
        fine = (
            document["version"] == FORMAT
            and marker.folder == folder
            and re.fullmatch(_MOMENT, marker.retired_at or "2000-01-01T00:00:00Z")
            and marker.recording.get("sid") == marker.address.recording
            and all(
                _OBJECT.fullmatch(each.name)
                and each.name.startswith(each.sid)
                and _SHA256.fullmatch(each.sha256)
                and 0 <= int(each.size) < 1 << 62
                for each in payloads
            )
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, AddonctlError):
        fine = False
    if not fine:
        raise AddonctlError(f"{folder}/{MARKER} is damaged")
    return marker


def write(place: Place, marker: Marker) -> None:
    """Write a marker, new or in the place of another; all it names must be there already."""
    place.put(f"{marker.folder}/{MARKER}", io.BytesIO(marker.written()))


def markers(place: Place) -> Iterator[str]:
    """The folders in which results are kept."""
    for each in place.objects("data"):
        folder, _, name = each.name.rpartition("/")
        if name == MARKER and _FOLDER.fullmatch(folder):
            yield folder


def is_ours(name: str) -> bool:
    """Whether a name is one that an archive may hold."""
    folder, _, last = name.rpartition("/")
    if _FOLDER.fullmatch(folder):
        return last == MARKER or _OBJECT.fullmatch(last) is not None
    return (
        name in (ABOUT, ".lock", "index.sqlite", "index.sqlite-wal", "index.sqlite-shm")
        or re.fullmatch(r"(?:runs|erased)/\d{8}T\d{6}Z-[0-9a-f]{8}\.json", name) is not None
        or name.startswith("exports/")
        or re.fullmatch(rf"{re.escape(PROBE)}(?:-[0-9a-f]{{8}})?", name) is not None
    )


def stamped(now: datetime) -> str:
    """A name for what happened now: the time, and a random part."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{os.urandom(4).hex()}"


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=True) + "\n").encode()

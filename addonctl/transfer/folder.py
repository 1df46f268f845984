"""Where a payload lies: what it is called, in what folder, and how its file shows that it is whole.

Names are made of SIDs, known extensions and what else a template asks for. Whatever a vendor's
label, an answer or a template holds, a name is relative, has no `..`, fits every common file
system, and is given to one payload only: no label can spell the SID that marks another's own name.

A file comes to its name only by a rename, when all its bytes are on disk. It carries as its time
of modification the payload's own `date_updated`, with a fraction of a second made of the SID. So
a file with exactly that time is this payload, whole and not written to since, and needs no
request to be skipped; wherever the folder is copied with its times, that goes along. A file with
any other time is held against the store's length and checksum.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
import unicodedata
import weakref
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from string import Formatter
from typing import NamedTuple

from addonctl import dates, files
from addonctl.addresses import HEX, Address
from addonctl.errors import AddonctlError, Usage
from addonctl.models import Payload, Recording
from addonctl.transfer.disk import Directory, settle

DEFAULT = "{recording}/{result}/{payload}.{ext}"
PLACEHOLDERS = "recording", "result", "payload", "label", "ext", "call", "date", "add_on", "config"

_TYPES = """
application/gzip=gz application/json=json application/msword=doc application/ogg=ogg
application/pdf=pdf application/rtf=rtf application/x-gzip=gz application/x-ndjson=jsonl
application/x-subrip=srt application/x-yaml=yaml application/xhtml+xml=html application/xml=xml
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet=xlsx
application/vnd.openxmlformats-officedocument.wordprocessingml.document=docx
application/yaml=yaml application/zip=zip
audio/aac=aac audio/amr=amr audio/basic=au audio/flac=flac audio/mp3=mp3 audio/mp4=m4a
audio/mpeg=mp3 audio/ogg=ogg audio/opus=opus audio/vnd.wave=wav audio/wav=wav audio/wave=wav
audio/webm=webm audio/x-flac=flac audio/x-m4a=m4a audio/x-wav=wav
image/gif=gif image/jpeg=jpg image/png=png image/svg+xml=svg
text/csv=csv text/html=html text/json=json text/markdown=md text/plain=txt
text/tab-separated-values=tsv text/vtt=vtt text/xml=xml text/yaml=yaml
video/mp4=mp4 video/webm=webm
"""
# A table of our own: names must stay the same whatever the system knows.
_EXTENSIONS = dict(pair.split("=") for pair in _TYPES.split())
_LONGEST = 200  # bytes of one part of a name: a SID still fits into the usual 255 behind it
_RESERVED = re.compile(
    r"(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³])\s*(?:\..*)?",
    re.IGNORECASE | re.DOTALL,
)


class Name(NamedTuple):
    """What a payload's file may be called.

    `own` if the name itself says which payload lies there; `taken` if another payload of this
    run has it, so that it is this one's only if it is there already, from a run before.
    """

    file: str
    own: bool
    taken: bool = False


Candidates = Callable[[Address, Payload], tuple[tuple[str, ...], list[Name]]]
"""What gives a payload its folders and names: see `Names.candidates`."""


class Names:
    """Gives every payload its name, by one template. Safe to use from many threads.

    `add_ons` is what add-ons and their configurations are called, by SID; `recording` gives the
    one that an address lies on, or None. Raises Usage for a template that asks for what is not
    there.
    """

    def __init__(
        self,
        template: str = DEFAULT,
        add_ons: Mapping[str, str] | None = None,
        recording: Callable[[Address], Recording | None] = lambda _: None,
    ) -> None:
        try:
            self._pieces = [*Formatter().parse(template)]
        except ValueError as problem:
            raise Usage(f"--name '{template}': {problem}") from None
        for _, field, form, conversion in self._pieces:
            if field is not None and (field not in PLACEHOLDERS or form or conversion):
                known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                word = field + (conversion and f"!{conversion}" or "") + (form and f":{form}" or "")
                raise Usage(f"--name '{template}': no placeholder {{{word}}}; known: {known}")
        if not re.sub(r"[./\s]", "", template):
            raise Usage(f"--name '{template}' names no file")
        fields = {field for _, field, _, _ in self._pieces}
        # Only the recording says which call it is of, and on what day it was made.
        self.asks_for_recording = not fields.isdisjoint({"call", "date"})
        self._tells_payload = "payload" in fields
        self._add_ons, self._recording = add_ons or {}, recording
        self._given: dict[str, str] = {}
        self._lock = threading.Lock()

    def candidates(self, address: Address, payload: Payload) -> tuple[tuple[str, ...], list[Name]]:
        """Where this payload may lie: folders, and names, best first: its own, and with its SID.

        Of payloads with the same name the first that asked has it; the others get their SIDs
        added, and so does one that finds a stranger's file there.
        """
        sid, document = address.payload, payload.document
        recording = self._recording(address) if self.asks_for_recording else None
        created = recording and recording.created
        add_on = str(document.get("add_on_sid") or "")
        config = str(document.get("add_on_configuration_sid") or "")
        values = {
            "recording": address.recording,
            "result": address.result,
            "payload": sid,
            "label": _nobodys(payload.label),
            "ext": extension(payload.content_type),
            "call": _nobodys(recording.call_sid if recording else ""),
            "date": f"{created:%Y-%m-%d}" if created else "",
            "add_on": _nobodys(self._add_ons.get(add_on, add_on)),
            "config": _nobodys(self._add_ons.get(config, config)),
        }
        text = "".join(
            literal + (_plain(values[field]).strip(". ") or "_" if field else "")
            for literal, field, _, _ in self._pieces
        )
        *folders, file = (safe(part) for part in text.split("/") if part not in ("", "."))
        # SIDs stay unique where case is ignored. The service's own are all lower case.
        capitals = sum(1 << place for place, digit in enumerate(sid[2:]) if digit.isupper())
        stem, suffix = _split(file)
        mark = f"{sid}.{capitals:x}" if capitals else sid
        marked = Name(f"{stem}.{mark}{suffix}", own=True)
        path = "/".join((*folders, file))
        if self._tells_payload and sid in path:
            return tuple(folders), [marked if capitals else Name(file, own=True)]
        with self._lock:
            key = unicodedata.normalize("NFKC", path).casefold()
            taken = self._given.setdefault(key, sid) != sid
        return tuple(folders), [Name(file, own=False, taken=taken), marked]


def extension(content_type: str) -> str:
    """The extension of a known content type, without its dot; `bin` for others."""
    kind = content_type.partition(";")[0].strip().lower()
    ending = kind.rpartition("+")[2]
    return _EXTENSIONS.get(kind, ending if ending in ("json", "xml") else "bin")


def safe(part: str) -> str:
    """`part` as one part of a name that any common file system takes, and no shell minds."""
    stem, suffix = _split(_plain(part))
    stem = stem.encode()[: _LONGEST - len(suffix)].decode("utf-8", "ignore")
    part = (stem + suffix).rstrip(". ")
    if not part or part[0] in "-.~" or _RESERVED.fullmatch(part):
        part = f"_{part}"
    # What has come so far of a payload, and the note of it, are called like that.
    return f"{part}_" if part.lower().endswith((".part", ".note")) else part


def _split(file: str) -> tuple[str, str]:
    """A name, and its extension with the dot, as far as it has one."""
    found = re.search(r"\.[A-Za-z0-9]{1,10}$", file)
    return (file[: found.start()], found[0]) if found else (file, "")


def _plain(text: str) -> str:
    """`text` with nothing in it that is unseen, turns the writing round, or means something."""
    shown = ""
    for character in unicodedata.normalize("NFC", text[:4096]):
        category = unicodedata.category(character)
        if category != "Cf":
            shown += "_" if category in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") else character
    return " ".join(re.sub(r'[<>:"/\\|?*]', "_", shown).split())


def _nobodys(label: str) -> str:
    """`label` without any SID: one of a payload in a name says whose the file is."""
    label = _plain(label)
    spelled = unicodedata.normalize("NFKC", label)
    spelled, sids = re.subn(f"XH(?={HEX})", "XH_", spelled, flags=re.IGNORECASE)
    return spelled if sids else label


class Target(NamedTuple):
    """Where a payload may go: folders below `folder`, and the names there, best first.

    `modified` is the time of modification, in nanoseconds since 1970, that tells it is whole.
    """

    folder: Folder
    address: Address
    payload: Payload
    below: tuple[str, ...]
    names: list[Name]
    modified: int | None

    def is_whole(self, there: os.stat_result | None) -> bool:
        """Whether a file is, by its time, the payload as it was saved."""
        return bool(there and stat.S_ISREG(there.st_mode) and there.st_mtime_ns == self.modified)

    def whole(self, directory: Directory) -> str | None:
        """The name at which the payload lies, by its time."""
        names = (name.file for name in self.names)
        return next((each for each in names if self.is_whole(directory.status(each))), None)


class Folder:
    """A folder for payloads, each to be given one of the `candidates` for its name.

    It has to be there unless it is to be made. Raises AddonctlError where there is none, or where
    it cannot be written to.
    """

    def __init__(self, root: Path, candidates: Candidates, *, make: bool = True) -> None:
        self.root, self._candidates = root, candidates
        with files.explained("write", root):
            if make:
                new = [each for each in (root, *root.parents) if not each.exists()]
                root.mkdir(parents=True, exist_ok=True)
                for each in new:
                    files.sync_folder(each.parent)
            self._real = root.resolve(strict=True)
            self._held = Directory.at(root)
            # Closed only when the last worker that may use it has gone.
            weakref.finalize(self, self._held.close)
        if not os.access(root, os.W_OK | os.X_OK):
            raise AddonctlError(f"cannot write {root}: permission denied")

    def target(self, address: Address, payload: Payload) -> Target:
        """Where a payload may go. Names go to payloads in the order they are asked for."""
        folders, names = self._candidates(address, payload)
        modified = None
        if last := dates.parse(payload.document.get("date_updated")) or payload.created:
            # A digest, so that SIDs that follow each other, or the like, have nothing in common.
            digest = hashlib.blake2b(address.payload.encode(), digest_size=8).digest()
            # In steps of 100 ns: the finest that every common file system keeps.
            fraction = int.from_bytes(digest, "big") % 10_000_000 * 100
            modified = int(last.timestamp()) * 1_000_000_000 + fraction
        return Target(self, address, payload, folders, names, modified)

    def directory(self, below: tuple[str, ...], *, sync: bool = False) -> Directory:
        """A folder below this one, made where it is not there, and what leads to it.

        With `sync` it is on disk that they are there. Raises AddonctlError where a link leads
        out of this folder, or something else is in the way.
        """
        path = self.root.joinpath(*below)
        with files.explained("write", path):
            here = self._held.again()
            for number, name in enumerate(below):
                with closing(here):
                    if sync:
                        settle(here.descriptor)
                    there = here.status(name)
                    if there and stat.S_ISLNK(there.st_mode):
                        link = here.path / name
                        real = link.resolve(strict=True)
                        if not real.is_relative_to(self._real):
                            raise AddonctlError(f"{link}: this link leads out of {self.root}")
                        inside = real.relative_to(self._real).parts
                        here = self.directory((*inside, *below[number + 1 :]), sync=sync)
                        break
                    here = here.below(name)
            if sync:
                settle(here.descriptor)
        return here._replace(path=path)

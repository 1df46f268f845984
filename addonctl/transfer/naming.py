"""What a payload's file is called: SIDs, known extensions and, where a template asks, its label.

Whatever a vendor's label or a template holds, a name made here is relative, has no `..`, fits
every common file system, and is given to one payload only: no label can spell the SID by which a
name is marked as another payload's own.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from pathlib import PurePosixPath
from string import Formatter
from typing import NamedTuple

from addonctl.addresses import Address
from addonctl.errors import Usage
from addonctl.models import Payload
from addonctl.sids import HEX

DEFAULT = "{recording}/{result}/{payload}.{ext}"
PLACEHOLDERS = ("recording", "result", "payload", "label", "ext")

UNKNOWN = "bin"
TYPES = {
    "aac": "audio/aac",
    "amr": "audio/amr",
    "au": "audio/basic",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "flac": "audio/flac audio/x-flac",
    "gif": "image/gif",
    "gz": "application/gzip application/x-gzip",
    "html": "application/xhtml+xml text/html",
    "jpg": "image/jpeg",
    "json": "application/json text/json",
    "jsonl": "application/x-ndjson",
    "m4a": "audio/mp4 audio/x-m4a",
    "md": "text/markdown",
    "mp3": "audio/mp3 audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "application/ogg audio/ogg",
    "opus": "audio/opus",
    "pdf": "application/pdf",
    "png": "image/png",
    "rtf": "application/rtf",
    "srt": "application/x-subrip",
    "svg": "image/svg+xml",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "vtt": "text/vtt",
    "wav": "audio/vnd.wave audio/wav audio/wave audio/x-wav",
    "webm": "audio/webm video/webm",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml text/xml",
    "yaml": "application/x-yaml application/yaml text/yaml",
    "zip": "application/zip",
}
"""Extensions, and the content types each stands for. What is not here is UNKNOWN."""

LONGEST = 200
"""Bytes of one part of a name: a SID still fits into the usual 255 behind it."""

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(
    r"(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|COM[0-9¹²³]|LPT[0-9¹²³])\s*(?:\..*)?",
    re.IGNORECASE | re.DOTALL,
)
_OURS = (".part", ".note")  # what has come so far of a payload, and the mark of it
_SID = re.compile(f"XH(?={HEX})", re.IGNORECASE)
_EXTENSIONS = {kind: extension for extension, kinds in TYPES.items() for kind in kinds.split()}


class Name(NamedTuple):
    """A place inside the folder.

    `own` if the name itself says which payload lies there; `taken` if another payload of this
    run has it, so that it is this one's only if it is there already, from a run before.
    """

    path: PurePosixPath
    own: bool
    taken: bool = False


class Names:
    """Gives every payload its name, by one template. Safe to use from many threads.

    Raises Usage for a template that asks for what is not there.
    """

    def __init__(self, template: str = DEFAULT) -> None:
        try:
            parsed = list(Formatter().parse(template))
        except ValueError as problem:
            raise Usage(f"--name '{template}': {problem}") from None
        for _, field, form, conversion in parsed:
            if field is not None and (field not in PLACEHOLDERS or form or conversion):
                known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                word = "".join(
                    (field, f"!{conversion}" if conversion else "", f":{form}" if form else "")
                )
                raise Usage(f"--name '{template}': no placeholder {{{word}}}; known: {known}")
        self._pieces = [(text, field) for text, field, _, _ in parsed]
        self._tells = any(field == "payload" for _, field in self._pieces)
        self._given: dict[str, str] = {}
        self._lock = threading.Lock()
        if not re.sub(r"[./\s]", "", template):
            raise Usage(f"--name '{template}' names no file")

    def candidates(self, address: Address, payload: Payload) -> list[Name]:
        """Where this payload may lie, best first: its name, and its name with its SID.

        Of payloads with the same name the first that asked has it; the others get their SIDs
        added, and so does one that finds a stranger's file there.
        """
        mark, path = _mark(address.payload), self._path(address, payload)
        if self._tells and address.payload in path.as_posix():
            told = path if mark == address.payload else path.with_name(_marked(path.name, mark))
            return [Name(told, own=True)]
        key = unicodedata.normalize("NFKC", str(path)).casefold()
        with self._lock:
            first = self._given.setdefault(key, address.payload)
        taken = first != address.payload
        marked = path.with_name(_marked(path.name, mark))
        return [Name(path, own=False, taken=taken), Name(marked, own=True)]

    def _path(self, address: Address, payload: Payload) -> PurePosixPath:
        values = {
            "recording": address.recording,
            "result": address.result,
            "payload": address.payload,
            "label": _nobodys(payload.label),
            "ext": extension(payload.content_type),
        }
        text = "".join(
            literal + (_plain(values[field]).strip(". ") or "_" if field else "")
            for literal, field in self._pieces
        )
        return PurePosixPath(*(safe(part) for part in text.split("/") if part not in ("", ".")))


def extension(content_type: str) -> str:
    """The extension of a known content type, without its dot; `bin` for others."""
    kind = content_type.partition(";")[0].strip().lower()
    suffix = {"json": "json", "xml": "xml"}.get(kind.rpartition("+")[2], UNKNOWN)
    return _EXTENSIONS.get(kind, suffix)


def safe(part: str) -> str:
    """`part` as one part of a name that any common file system takes, and no shell minds."""
    part = _plain(part)
    suffix = found[0] if (found := _SUFFIX.search(part)) else ""
    stem = _cut(part.removesuffix(suffix), LONGEST - len(suffix))
    part = (stem + suffix).rstrip(". ")
    if not part or part[0] in "-.~" or _RESERVED.fullmatch(part):
        part = f"_{part}"
    return f"{part}_" if part.lower().endswith(_OURS) else part


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return "_" if category in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") else character


def _plain(text: str) -> str:
    """`text` with nothing in it that is unseen, turns the writing round, or means something."""
    shown = "".join(_seen(character) for character in unicodedata.normalize("NFC", text[:4096]))
    return " ".join(_FORBIDDEN.sub("_", shown).split())


def _nobodys(label: str) -> str:
    """`label` without any SID: one of a payload in a name says whose the file is."""
    label = _plain(label)
    spelled = unicodedata.normalize("NFKC", label)
    return _SID.sub("XH_", spelled) if _SID.search(spelled) else label


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore")


def _marked(name: str, mark: str) -> str:
    suffix = found[0] if (found := _SUFFIX.search(name)) else ""
    return f"{name.removesuffix(suffix)}.{mark}{suffix}"


def _mark(sid: str) -> str:
    """A SID as it stays unique where case is ignored. The service's own are all lower case."""
    capitals = sum(1 << place for place, digit in enumerate(sid[2:]) if digit.isupper())
    return f"{sid}.{capitals:x}" if capitals else sid

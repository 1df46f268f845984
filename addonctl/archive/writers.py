"""The tables of an export, and the files that other programs read: Parquet, csv, jsonl."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import IO, Any, NamedTuple, Protocol

from addonctl.errors import AddonctlError
from addonctl.output.rows import defused, lines

Rows = list[tuple[Any, ...]]


class Table(NamedTuple):
    """Columns by name with their kinds, and where they come from.

    Kinds are text, word (a text that many rows share), time, int and real.
    """

    columns: dict[str, str]
    values: str
    joined: str


def _columns(text: str) -> dict[str, str]:
    return dict(word.split(":") for word in text.split())


_OF_PAYLOADS = "JOIN payloads AS p ON p.result_sid = chosen.sid"
TABLES = {
    "results": Table(
        _columns(
            "sid:text recording_sid:text account_sid:word call_sid:text conference_sid:text"
            " recording_duration:int add_on_sid:word add_on_configuration_sid:word status:word"
            " date_created:time date_updated:time date_completed:time expires:time state:word"
            " saved_at:time retired_at:time folder:text problem:word"
        ),
        "r.sid, r.recording_sid, r.account_sid, c.call_sid, c.conference_sid, c.duration,"
        " r.add_on_sid, r.add_on_configuration_sid, r.status, r.date_created, r.date_updated,"
        " r.date_completed, r.expires, r.state, r.saved_at, r.retired_at, r.folder, r.problem",
        "JOIN results AS r ON r.sid = chosen.sid"
        " LEFT JOIN recordings AS c ON c.sid = r.recording_sid",
    ),
    "payloads": Table(
        _columns(
            "sid:text result_sid:text recording_sid:text label:word content_type:word"
            " date_created:time date_updated:time object:text bytes:int sha256:text"
        ),
        "p.sid, p.result_sid, p.recording_sid, p.label, p.content_type, p.date_created,"
        " p.date_updated, p.object, p.bytes, p.sha256",
        _OF_PAYLOADS,
    ),
    "transcripts": Table(
        _columns(
            "payload_sid:text result_sid:text recording_sid:text shape:word version:int"
            " language:word text:text"
        ),
        "t.payload_sid, t.result_sid, t.recording_sid, t.shape, t.version, t.language, t.text",
        f"{_OF_PAYLOADS} CROSS JOIN transcripts AS t ON t.payload_sid = p.sid",
    ),
    "turns": Table(
        _columns(
            "payload_sid:word n:int speaker:word channel:int start:real end:real"
            " confidence:real text:text"
        ),
        't.payload_sid, t.n, t.speaker, t.channel, t.start, t."end", t.confidence, t.text',
        f"{_OF_PAYLOADS} CROSS JOIN turns AS t ON t.payload_sid = p.sid",
    ),
}
UNSAID = ", t.text"
"""What no fingerprint is made of: payloads have their hashes, and transcripts the version of what
read them, which together stand for transcripts and turns."""


class Writer(Protocol):
    """Writes one file: rows of the columns it was made for, a batch at a time."""

    def write(self, rows: Rows) -> None: ...

    def close(self) -> None: ...


class Form(NamedTuple):
    """A kind of file: who writes it, and whether an export has many, by account and day."""

    writer: Callable[[IO[bytes], Mapping[str, str]], Writer]
    partitioned: bool


class Parquet:
    """Parquet of an explicit schema, times in UTC with their zone; a group of rows a batch."""

    def __init__(self, file: IO[bytes], columns: Mapping[str, str]) -> None:
        pa, parquet = _pyarrow()
        kinds = {
            "text": pa.string(),
            "word": pa.string(),
            "int": pa.int64(),
            "real": pa.float64(),
            "time": pa.timestamp("us", tz="UTC"),
        }
        self._pa = pa
        self._schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
        # Of texts that all differ neither a dictionary nor the least and the greatest help anybody.
        self._writer = parquet.ParquetWriter(
            file,
            self._schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=[name for name, kind in columns.items() if kind == "word"],
            write_statistics=[name for name, kind in columns.items() if kind != "text"],
        )

    def write(self, rows: Rows) -> None:
        pa = self._pa
        arrays = []
        for values, field in zip(zip(*rows, strict=True), self._schema, strict=True):
            if pa.types.is_timestamp(field.type):
                arrays.append(pa.array(values, pa.string()).cast(field.type))
            else:
                arrays.append(pa.array(values, field.type))
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


class Csv:
    """RFC 4180 with a header. A text that a spreadsheet would run gets an apostrophe before it."""

    def __init__(self, file: IO[bytes], columns: Mapping[str, str]) -> None:
        self._file = file
        self._kinds = tuple(columns.values())
        file.write((",".join(columns) + "\n").encode())

    def write(self, rows: Rows) -> None:
        columns = [
            defused(["" if value is None else str(value) for value in values], may_be_number=number)
            for values, number in zip(
                zip(*rows, strict=True),
                [kind in ("int", "real") for kind in self._kinds],
                strict=True,
            )
        ]
        self._file.write(lines(columns, ",").encode())

    def close(self) -> None:
        pass


class JsonLines:
    """One JSON object a line, in UTF-8."""

    def __init__(self, file: IO[bytes], columns: Mapping[str, str]) -> None:
        self._file = file
        self._names = tuple(columns)

    def write(self, rows: Rows) -> None:
        for row in rows:
            finite = (None if v in (math.inf, -math.inf) else v for v in row)
            document = dict(zip(self._names, finite, strict=True))
            self._file.write(json.dumps(document, ensure_ascii=False, allow_nan=False).encode())
            self._file.write(b"\n")

    def close(self) -> None:
        pass


FORMS = {
    "parquet": Form(Parquet, partitioned=True),
    "csv": Form(Csv, partitioned=False),
    "jsonl": Form(JsonLines, partitioned=False),
}


def _pyarrow() -> tuple[Any, Any]:
    """The library, and its part for Parquet. Raises AddonctlError where the extra is missing."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise AddonctlError(
            "Parquet needs pyarrow, which is not installed",
            hint="install addonctl with its extra: pipx install 'addonctl[parquet]'",
        ) from None
    return pyarrow, parquet

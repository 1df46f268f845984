"""The shapes that lists of addresses come in: lines, tables, JSON, and what callbacks were sent.

Lines may be blank, begin with `#`, repeat themselves, and end in LF, CRLF or CR; a byte order mark
is taken, and with it UTF-16, which PowerShell writes. A table is known by its first line, whether
its headings are ours, the API's or the vendor's, and each of its rows names its whole place by
itself. JSON is rows, arrays of them and pages of the API, laid out in any way, or the document that
the service posts to a callback, which may also be a form as it came.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from itertools import chain, zip_longest
from typing import IO, Any

from addonctl.addresses import Token
from addonctl.errors import Usage
from addonctl.models import Payload, Recording, Result

COLUMNS = ("reference_sid", "add_on_result_sid", "sid")
"""The columns that name a place, from the outside in."""
LONGEST_LINE = 16 << 20
"""Characters, of a line, a cell or a row: 200,000 addresses one after the other have room."""
PART = 1 << 16
"""Characters of a line that are read at a time, at most: JSON may be a single one of any length."""

Lines = Iterator[tuple[int, str]]
"""Whole lines with their numbers."""

_HEADINGS = {
    "referencesid": "reference_sid",
    "recordingsid": "reference_sid",
    "addonresultsid": "add_on_result_sid",
    "resultsid": "add_on_result_sid",
    "payloadsid": "sid",
    "sid": "sid",
    "accountsid": "account_sid",
}
_LISTS = frozenset(kind.COLLECTION for kind in (Recording, Result, Payload))
_FORM = re.compile(r"(?:\S*&)?AddOns=")
_HINT = "see: addonctl help addresses"


def words(stream: IO[bytes], name: str, most: int = 3) -> Iterator[Token]:
    """What `stream` names, word by word, as it comes, each with its line.

    A callback's document names what of it is of level `most`. Raises Usage for what is no list.
    """
    start = stream.peek(2)[:2] if isinstance(stream, io.BufferedReader) else b"?"
    if not start:  # a terminal's end is read once: who reads on, waits
        return
    encoding = "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
    try:
        yield from _read(iter(partial(_part, text, name), ""), name, most)
    finally:
        with suppress(ValueError):  # whoever opened the stream closes it, or has done so
            text.detach()


def _part(text: io.TextIOWrapper, name: str) -> str:
    """The next line, or a piece of one; empty at the end."""
    try:
        return text.readline(PART)
    except OSError as problem:
        raise Usage(f"cannot read addresses from {name}: {problem.strerror}") from None


def _read(parts: Iterator[str], name: str, most: int) -> Iterator[Token]:
    number = 1
    for part in parts:
        if part.lstrip().startswith(("{", "[")):
            for at, value in _values(chain([part], parts), number, name):
                yield from _named(value, _place(name, at), most)
            return
        first = next(_lines(chain([part], parts), number, name))
        content = _content(first[1])
        number += 1
        if content and not re.fullmatch("sep=.", content):  # what Excel puts above a table
            yield from _listed(content, chain([first], _lines(parts, number, name)), name, most)
            return


def _listed(content: str, lines: Lines, name: str, most: int) -> Iterator[Token]:
    """What lines name, the first of which has that content."""
    if delimiter := _delimiter(content):
        yield from _table(lines, name, delimiter)
    elif _FORM.match(content):
        yield from _forms(lines, name, most)
    elif form := _other_form(content):
        number, _ = next(lines)
        raise Usage(
            f"{_place(name, number)}: {form}",
            hint="csv, tsv, json, jsonl and sids are taken: --format jsonl",
        )
    else:
        for number, line in lines:
            for word in _content(line).split():
                yield Token(word, _place(name, number))


def _lines(parts: Iterable[str], number: int, name: str) -> Lines:
    line = ""
    for part in parts:
        line += part
        if len(line) >= LONGEST_LINE:
            raise Usage(f"{_place(name, number)} is longer than 16 MiB", hint=_HINT)
        if part.endswith(("\n", "\r")):
            yield number, line
            number, line = number + 1, ""
    if line:
        yield number, line


def _content(line: str) -> str:
    """A line without its comment."""
    line = line.strip()
    return "" if line.startswith("#") else line.partition(" #")[0].rstrip()


def _place(name: str, number: int) -> str:
    return f"line {number} of {'stdin' if name == '-' else os.path.basename(name)}"  # noqa: PTH119


# Tables


def _delimiter(line: str) -> str:
    """What separates the columns, if `line` is a header that names a place."""
    for delimiter in ("\t", ",", ";"):
        if any(_field(name[:64]) in COLUMNS for name in line.split(delimiter)):
            return delimiter
    return ""


@lru_cache(1024)
def _field(heading: str) -> str:
    """The field that a heading names, however it is written: `ReferenceSid`, `Recording SID`."""
    return _HEADINGS.get(re.sub(r"[\W_]", "", heading).lower(), heading)


def _other_form(line: str) -> str:
    """What a first line begins that may be ours, but is no list of addresses."""
    if _field(line.split()[0].strip("|")[:64]) in COLUMNS or line.startswith("|"):
        return "a table made to be read"
    if line.startswith("PK\x03\x04"):
        return "a workbook, or another file packed with zip"
    return "an XML document" if line[0] == "<" else ""


def _table(lines: Lines, name: str, delimiter: str) -> Iterator[Token]:
    import csv

    number = 0

    def texts() -> Iterator[str]:
        nonlocal number
        for number, line in lines:  # noqa: B007  the number of the line that was read last
            yield line

    csv.field_size_limit(LONGEST_LINE)
    # Strict: where a quote is never closed, the rows behind it would be lost in silence.
    rows = csv.reader(texts(), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(rows)]
        for row in rows:
            # The header comes again where outputs were put together.
            if any(row) and [cell.strip() for cell in row] != header:
                yield _row(dict(zip_longest(header, row[: len(header)])), _place(name, number))
    except csv.Error as problem:
        raise Usage(f"{_place(name, number)}: {problem}", hint=_HINT) from None


def _row(row: Mapping[str, Any], place: str) -> Token:
    """What a row names by its columns."""
    row = {_field(name[:64]): value for name, value in row.items()}
    cells = [(name, row[name]) for name in COLUMNS if name in row]
    if not cells:
        raise Usage(f"{place}: names no place in {', '.join(COLUMNS)}", hint=_HINT)
    for column, value in cells:
        if isinstance(value, dict | list):
            raise Usage(f"{place}: its {column} is no text", hint=_HINT)
    texts = ["" if value is None else str(value).strip() for _, value in cells]
    if not texts[-1]:
        # Without it, the row would name all that its parent holds.
        raise Usage(f"{place}: its {cells[-1][0]} is empty", hint=_HINT)
    text = "/".join(filter(None, texts))
    kind = text[:2].upper()
    if kind in ("XR", "XH"):
        raise Usage(f"{place}: '{text}' needs its recording, in a column reference_sid", hint=_HINT)
    account = row.get("account_sid")
    if isinstance(account, str) and account.startswith("AC") and kind == "RE":
        text = f"/2010-04-01/Accounts/{account}/Recordings/{text}"
    return Token(text, place)


# JSON


def _values(parts: Iterable[str], number: int, name: str) -> Iterator[tuple[int, Any]]:
    """The rows of JSON, each with the line that it begins in, one at a time in memory.

    Arrays are opened wherever they stand around rows, and so are the lists in pages of the API;
    what else a page says is passed over. Lines may be comments.
    """
    import ijson

    events: Any = ijson.sendable_list()
    # As floats: ijson's own numbers crash it where Python has no room for their digits.
    parser = ijson.basic_parse_coro(events, multiple_values=True, use_float=True)
    arrays = 0  # that are open around rows
    page: int | None = None  # how many are open around the page that rows are of
    row, depth, key = ijson.ObjectBuilder(), 0, ""  # what is being read, and how deep in it
    begun, start, size = number, "", 0  # in which line that began, and how long it is
    is_comment, whole = False, True
    for part in chain(parts, [""]):
        if whole:
            is_comment = part.lstrip().startswith("#")
        if part:
            whole = part.endswith(("\n", "\r"))
        broken = False
        try:
            if not part:
                parser.close()
            elif not is_comment:
                parser.send(part.encode("utf-8", "replace"))
        except (ijson.JSONError, ValueError):  # the latter of its parser in Python
            broken = True
        for event, value in events:
            if not depth and event == "start_array":
                arrays += 1
                continue
            if not depth and event == "end_array":
                arrays -= 1
                if arrays == page:
                    row, depth = ijson.ObjectBuilder(), 1
                    row.event("start_map", None)
                continue
            if (depth, event) == (1, "start_array") and key in _LISTS and page in (None, arrays):
                page, arrays, depth = arrays, arrays + 1, 0
                continue
            if not depth:
                row, begun, start, size = ijson.ObjectBuilder(), number, part, 0
            if depth == 1 and event == "map_key":
                key = value
            row.event(event, value)
            depth += event.startswith("start") - event.startswith("end")
            if not depth and page is not None and arrays == page:
                page = None
            elif not depth:
                yield begun, row.value
        events.clear()
        size += len(part)
        if broken and depth:
            text = start.strip()[:200]
            raise Usage(f"{_place(name, begun)}: '{text}' is no JSON object", hint=_HINT)
        if broken:
            text = f"'{part.strip()[:200]}' is no JSON" if part else "the JSON is cut off"
            at = number if part else number - whole
            raise Usage(f"{_place(name, at)}: {text}", hint=_HINT)
        if depth and size > LONGEST_LINE:
            raise Usage(f"{_place(name, begun)}: a row is longer than 16 MiB", hint=_HINT)
        number += whole


def _named(value: Any, place: str, most: int) -> Iterator[Token]:
    """What a value in JSON names: a row, an address by itself, or a callback's document."""
    if isinstance(value, str):
        yield Token(value, place)
    elif not isinstance(value, dict):
        raise Usage(f"{place}: '{str(value)[:200]}' is no JSON object", hint=_HINT)
    elif "AddOns" in value:
        yield from _callback(value["AddOns"], place, most)
    elif isinstance(value.get("results"), dict) and not any(
        _field(n[:64]) in COLUMNS for n in value
    ):
        yield from _callback(value, place, most)
    else:
        yield _row(value, place)


# Callbacks


def _forms(lines: Lines, name: str, most: int) -> Iterator[Token]:
    """What forms name that the service posted to a callback, each on a line."""
    from urllib.parse import parse_qs

    for number, line in lines:
        if content := _content(line):
            for document in parse_qs(content).get("AddOns", [""]):
                yield from _callback(document, _place(name, number), most)


def _callback(document: Any, place: str, most: int) -> Iterator[Token]:
    """What a callback's document names, of level `most`; the result where there is no payload."""
    if isinstance(document, str):
        with suppress(ValueError, RecursionError):
            document = json.loads(document)
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, dict):
        raise Usage(f"{place}: names no results of add-ons in AddOns", hint=_HINT)
    for add_on, result in results.items():
        result = result if isinstance(result, dict) else {}
        payloads, links = result.get("payload"), result.get("links")
        listed = payloads if isinstance(payloads, list) else [payloads]
        named = [each.get("url") for each in listed if isinstance(each, dict)]
        if not any(named) and isinstance(links, dict):
            named = [links.get("add_on_result")]
        urls = [url for url in named if isinstance(url, str) and url]
        if not urls:
            raise Usage(f"{place}: '{add_on[:200]}' names no address", hint=_HINT)
        ends = ("/AddOnResults", "/Payloads")[most - 1 :]
        for url in urls:
            yield Token(url.partition(ends[0])[0] if ends else url, place)

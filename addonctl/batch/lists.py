"""Lists of addresses, from a pipe or a file: read as they come, in whatever shape, each once.

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
from itertools import chain, islice, zip_longest
from typing import IO, Any

from addonctl.addresses import Address, Addresses, Token, read
from addonctl.errors import Usage
from addonctl.models import Payload, Recording, Result

REMEMBERED = 100_000
"""How many addresses of an endless input are remembered, to tell those that come again."""
COLUMNS = ("reference_sid", "add_on_result_sid", "sid")
"""The columns that name a place, from the outside in."""
LONGEST_LINE = 16 << 20
"""Characters, of a line, a cell or a row: 200,000 addresses one after the other have room."""

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
_HINT = "see: addonctl help addresses"


def listed(
    named: Iterable[str], file: str | None, stdin: IO[str] | None, least: int, most: int
) -> Addresses:
    """The addresses that words name, `-` among them for what comes on stdin, and then a file.

    They are read as they come, but for the first: `total` is 0 if there is none. Raises Usage.
    """

    def words_of(name: str) -> Iterator[Token]:
        try:
            if name != "-":
                stream = open(name, "rb")  # noqa: PTH123, SIM115  closed below
            elif stdin is None:
                raise Usage("'-' reads addresses from stdin, which is closed")
            else:
                # A reader of its own: Python closes sys.stdin at exit, and could not while a
                # thread still waits for a line of it.
                stream = open(stdin.fileno(), "rb", closefd=False)  # noqa: SIM115
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            raise Usage(f"cannot read addresses from {name}: {reason}") from None
        with stream:
            yield from words(stream, name, most)

    def tokens() -> Iterator[Token]:
        for name in named:
            yield from words_of(name) if name == "-" else [Token(name)]
        if file is not None:
            yield from words_of(file)

    found = distinct(read(tokens(), least, most))
    first = list(islice(found, 1))
    return Addresses(chain(first, found), typed=False, total=None if first else 0)


def words(stream: io.BufferedReader[Any], name: str, most: int = 3) -> Iterator[Token]:
    """What `stream` names, word by word, as it comes, each with its line; closes it in the end.

    A callback's document names what of it is of level `most`. Raises Usage for what is no list.
    """
    if not (start := stream.peek(2)[:2]):  # a terminal's end is read once: who reads on, waits
        return
    encoding = "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    source = "stdin" if name == "-" else os.path.basename(name)  # noqa: PTH119
    try:
        with io.TextIOWrapper(stream, encoding, errors="replace", newline="") as text:
            # In parts of lines: JSON may be a single one of any length.
            yield from _tokens(iter(partial(text.readline, 1 << 16), ""), source, most)
    except OSError as problem:
        raise Usage(f"cannot read addresses from {name}: {problem.strerror}") from None


def _tokens(parts: Iterator[str], source: str, most: int) -> Iterator[Token]:
    for number, part in enumerate(parts, 1):
        if part.lstrip().startswith(("{", "[")):
            for at, value in _values(chain([part], parts), number, source):
                yield from _named(value, f"line {at} of {source}", most)
            return
        lines = _lines(chain([part], parts), number, source)
        _, first = next(lines)
        content = _content(first)
        if content and not re.fullmatch("sep=.", content):  # what Excel puts above a table
            break
    else:
        return
    lines = chain([(number, first)], lines)
    for delimiter in "\t,;":
        if any(_field(heading[:64]) in COLUMNS for heading in content.split(delimiter)):
            yield from _table((line for _, line in lines), number - 1, delimiter, source)
            return
    if re.match(r"(?:\S*&)?AddOns=", content):
        from urllib.parse import parse_qs

        for number, line in lines:
            if content := _content(line):
                for document in parse_qs(content).get("AddOns", [""]):
                    yield from _callback(document, f"line {number} of {source}", most)
        return
    other = ""
    if content.startswith("|") or _field(content.split()[0].strip("|")[:64]) in COLUMNS:
        other = "a table made to be read"
    elif content.startswith("PK\x03\x04"):
        other = "a workbook, or another file packed with zip"
    elif content.startswith("<"):
        other = "an XML document"
    if other:
        raise Usage(
            f"line {number} of {source}: {other}",
            hint="csv, tsv, json, jsonl and sids are taken: --format jsonl",
        )
    for number, line in lines:
        for word in _content(line).split():
            yield Token(word, f"line {number} of {source}")


def _lines(parts: Iterable[str], number: int, source: str) -> Iterator[tuple[int, str]]:
    """Whole lines with their numbers, the first of which is given."""
    line = ""
    for part in parts:
        line += part
        if len(line) >= LONGEST_LINE:
            raise Usage(f"line {number} of {source} is longer than 16 MiB", hint=_HINT)
        if part.endswith(("\n", "\r")):
            yield number, line
            number, line = number + 1, ""
    if line:
        yield number, line


def _content(line: str) -> str:
    """A line without its comment."""
    line = line.strip()
    return "" if line.startswith("#") else line.partition(" #")[0].rstrip()


@lru_cache(1024)
def _field(heading: str) -> str:
    """The field that a heading names, however it is written: `ReferenceSid`, `Recording SID`."""
    return _HEADINGS.get(re.sub(r"[\W_]", "", heading).lower(), heading)


def _table(lines: Iterator[str], number: int, delimiter: str, source: str) -> Iterator[Token]:
    """What the rows of a table name that begins behind line `number`."""
    import csv

    csv.field_size_limit(LONGEST_LINE)
    # Strict: where a quote is never closed, the rows behind it would be lost in silence.
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(rows)]
        fields = [_field(name[:64]) for name in header]
        for row in rows:
            # The header comes again where outputs were put together.
            if any(row) and [cell.strip() for cell in row] != header:
                cells = dict(zip_longest(fields, row[: len(fields)]))
                yield _row(cells, f"line {number + rows.line_num} of {source}")
    except csv.Error as problem:
        place = f"line {number + rows.line_num} of {source}"
        raise Usage(f"{place}: {problem}", hint=_HINT) from None


def _row(row: Mapping[str, Any], place: str) -> Token:
    """What a row names by its fields."""
    cells = {name: row[name] for name in COLUMNS if name in row}
    if not cells:
        raise Usage(f"{place}: names no place in {', '.join(COLUMNS)}", hint=_HINT)
    texts, column = [], ""
    for column, value in cells.items():
        if isinstance(value, dict | list):
            raise Usage(f"{place}: its {column} is no text", hint=_HINT)
        texts.append("" if value is None else str(value).strip())
    if not texts[-1]:
        # Without it, the row would name all that its parent holds.
        raise Usage(f"{place}: its {column} is empty", hint=_HINT)
    text = "/".join(filter(None, texts))
    kind = text[:2].upper()
    if kind in ("XR", "XH"):
        raise Usage(f"{place}: '{text}' needs its recording, in a column reference_sid", hint=_HINT)
    account = row.get("account_sid")
    if isinstance(account, str) and account.startswith("AC") and kind == "RE":
        text = f"/2010-04-01/Accounts/{account}/Recordings/{text}"
    return Token(text, place)


def _values(parts: Iterable[str], number: int, source: str) -> Iterator[tuple[int, Any]]:
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
    is_comment, whole, broken = False, True, False
    for part in chain(parts, [""]):
        if whole:
            is_comment = part.lstrip().startswith("#")
        if part:
            whole = part.endswith(("\n", "\r"))
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
            if not depth and arrays == page:
                page = None
            elif not depth:
                yield begun, row.value
        events.clear()
        size += len(part)
        at, flaw = begun, ""
        if broken and depth:
            flaw = f"'{start.strip()[:200]}' is no JSON object"
        elif broken:
            at = number if part else number - whole
            flaw = f"'{part.strip()[:200]}' is no JSON" if part else "the JSON is cut off"
        elif depth and size > LONGEST_LINE:
            flaw = "a row is longer than 16 MiB"
        if flaw:
            raise Usage(f"line {at} of {source}: {flaw}", hint=_HINT)
        number += whole


def _named(value: Any, place: str, most: int) -> Iterator[Token]:
    """What a value in JSON names: a row, an address by itself, or a callback's document."""
    if isinstance(value, str):
        yield Token(value, place)
        return
    if not isinstance(value, dict):
        raise Usage(f"{place}: '{str(value)[:200]}' is no JSON object", hint=_HINT)
    row = {_field(name[:64]): each for name, each in value.items()}
    if "AddOns" in value:
        yield from _callback(value["AddOns"], place, most)
    elif isinstance(value.get("results"), dict) and not row.keys() & set(COLUMNS):
        yield from _callback(value, place, most)
    else:
        yield _row(row, place)


def _callback(document: Any, place: str, most: int) -> Iterator[Token]:
    """What a callback's document names, of level `most`; the result where there is no payload."""
    if isinstance(document, str):
        with suppress(ValueError, RecursionError):
            document = json.loads(document)
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, dict):
        raise Usage(f"{place}: names no results of add-ons in AddOns", hint=_HINT)
    end = ("/AddOnResults", "/Payloads", "/Data")[most - 1]
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
        for url in urls:
            yield Token(url.partition(end)[0], place)


def distinct(addresses: Iterable[Address]) -> Iterator[Address]:
    """`addresses` without those that came before, as far back as is remembered."""
    recent: set[str] = set()
    older: set[str] = set()
    for address in addresses:
        place = str(address)
        if place not in recent and place not in older:
            recent.add(place)
            yield address
        if len(recent) >= REMEMBERED // 2:
            recent, older = set(), recent

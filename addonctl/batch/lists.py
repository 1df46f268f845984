"""Lists of addresses, from a pipe or a file: one a line, or a table of addonctl's own.

Lines may be blank, begin with `#`, repeat themselves, and end in LF, CRLF or CR; a byte order mark
is taken, and with it UTF-16, which PowerShell writes. A table (csv, tsv, jsonl) is known by its
first line, and each of its rows names its whole place by itself.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain, zip_longest
from typing import IO, Any

from addonctl.addresses import Address, Addresses, Word, read
from addonctl.errors import Usage

COLUMNS = ("reference_sid", "add_on_result_sid", "sid")
"""The columns that name a place, from the outside in."""
LONGEST_LINE = 16 << 20
"""Characters, of a line or of a cell: a whole page of the API, or 200,000 addresses in a row."""
REMEMBERED = 100_000
"""How many addresses of an endless input are remembered, to tell those that come again."""

_HINT = "see: addonctl help addresses"


def open_list(name: str, stdin: IO[str] | None) -> IO[bytes]:
    """The list of that name, `-` for stdin, to be read as it comes. Raises Usage."""
    try:
        if name != "-":
            return open(name, "rb")  # noqa: PTH123  closed by who reads it
        if stdin is None:
            raise Usage("'-' reads addresses from stdin, which is closed")
        try:
            # A reader of its own: Python closes sys.stdin at exit, and could not while a
            # thread still waits for a line of it.
            return open(stdin.fileno(), "rb", closefd=False)
        except io.UnsupportedOperation:
            return io.BufferedReader(stdin.buffer)  # type: ignore[attr-defined]
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise Usage(f"cannot read addresses from {name}: {reason}") from None


def listed(
    named: Iterable[str], file: str | None, stdin: IO[str] | None, least: int, most: int
) -> Addresses:
    """The addresses that words name, `-` among them for what comes on stdin, and then a file.

    They are read as they come, but for the first: `total` is 0 if there is none. Raises Usage.
    """

    def words_of(name: str) -> Iterator[Word]:
        with open_list(name, stdin) as stream:
            yield from words(stream, name)

    def all_words() -> Iterator[Word]:
        for name in named:
            yield from words_of(name) if name == "-" else [Word(name)]
        if file is not None:
            yield from words_of(file)

    found = distinct(read(all_words(), least, most))
    first = next(found, None)
    if first is None:
        return Addresses([], typed=False, total=0)
    return Addresses(chain([first], found), typed=False)


def words(stream: IO[bytes], name: str) -> Iterator[Word]:
    """What `stream` names, word by word, as it comes, each with its line. Raises Usage."""
    text = io.TextIOWrapper(stream, _encoding(stream), errors="replace", newline="")
    try:
        yield from _read(_lines(text, name), name)
    finally:
        with suppress(ValueError):  # whoever opened the stream closes it, or has done so
            text.detach()


def _read(lines: Iterator[tuple[int, str]], name: str) -> Iterator[Word]:
    for number, line in lines:
        if not (content := _content(line)):
            continue
        first = (number, line)
        if delimiter := _delimiter(content):
            yield from _table(chain([first], lines), name, delimiter)
        elif content.startswith("{"):
            yield from _objects(chain([first], lines), name)
        elif form := _other_form(content):
            raise Usage(
                f"{_place(name, number)}: {form}",
                hint="csv, tsv, jsonl and sids are taken: --format jsonl",
            )
        else:
            yield from _plain(chain([first], lines), name)


def distinct(addresses: Iterable[Address]) -> Iterator[Address]:
    """`addresses` without those that came before, as far back as is remembered."""
    recent: set[bytes] = set()
    older: set[bytes] = set()
    for address in addresses:
        key = _packed(address)
        if key not in recent and key not in older:
            recent.add(key)
            yield address
        if len(recent) >= REMEMBERED // 2:
            recent, older = set(), recent


class AddressSet(Collection[Address]):
    """Many addresses, each once, in their order; a million results take about 150 MiB."""

    def __init__(self, addresses: Iterable[Address] = ()) -> None:
        self._places: dict[bytes, int] = {}  # and the number of the account each lies in
        self._accounts: dict[str, int] = {}
        for address in addresses:
            self.add(address)

    def add(self, address: Address) -> None:
        account = self._accounts.setdefault(address.account, len(self._accounts))
        self._places.setdefault(_packed(address), account)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, address: object) -> bool:
        return isinstance(address, Address) and _packed(address) in self._places

    def __iter__(self) -> Iterator[Address]:
        accounts = list(self._accounts)
        for place, account in self._places.items():
            yield _unpacked(place, accounts[account])


def _packed(address: Address) -> bytes:
    """16 bytes for each SID; as text where upper-case digits would be lost."""
    digits = address.recording[2:] + address.result[2:] + address.payload[2:]
    return bytes.fromhex(digits) if digits == digits.lower() else str(address).encode()


def _unpacked(place: bytes, account: str) -> Address:
    if len(place) % 16:
        return Address(*place.decode().split("/"))._replace(account=account)
    digits = place.hex()
    sids = [prefix + digits[at : at + 32] for prefix, at in (("RE", 0), ("XR", 32), ("XH", 64))]
    return Address(*sids[: len(place) // 16])._replace(account=account)


def _encoding(stream: IO[bytes]) -> str:
    start = stream.peek(2)[:2] if isinstance(stream, io.BufferedReader) else b""
    return "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _lines(text: io.TextIOWrapper, name: str) -> Iterator[tuple[int, str]]:
    try:
        for number, line in enumerate(iter(partial(text.readline, LONGEST_LINE), ""), 1):
            if len(line) == LONGEST_LINE:
                raise Usage(f"{_place(name, number)} is longer than 16 MiB", hint=_HINT)
            yield number, line
    except OSError as problem:
        raise Usage(f"cannot read addresses from {name}: {problem.strerror}") from None


def _content(line: str) -> str:
    """A line without its comment."""
    line = line.strip()
    return "" if line.startswith("#") else line.partition(" #")[0].rstrip()


def _plain(lines: Iterable[tuple[int, str]], name: str) -> Iterator[Word]:
    for number, line in lines:
        for word in _content(line).split():
            yield Word(word, _place(name, number))


def _objects(lines: Iterable[tuple[int, str]], name: str) -> Iterator[Word]:
    for number, line in lines:
        if not _content(line):
            continue
        place = _place(name, number)
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise Usage(f"{place}: '{line.strip()[:200]}' is no JSON object", hint=_HINT)
        yield _word(row, place)


def _table(lines: Iterable[tuple[int, str]], name: str, delimiter: str) -> Iterator[Word]:
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
                yield _word(dict(zip_longest(header, row[: len(header)])), _place(name, number))
    except csv.Error as problem:
        raise Usage(f"{_place(name, number)}: {problem}", hint=_HINT) from None


def _delimiter(line: str) -> str:
    """What separates the columns, if `line` is a header that names a place."""
    for delimiter in ("\t", ","):
        if any(name.strip('" ') in COLUMNS for name in line.split(delimiter)):
            return delimiter
    return ""


def _other_form(line: str) -> str:
    """What a first line begins that is ours, but no list of addresses."""
    if line.split()[0].strip("|") in COLUMNS or line.startswith("|"):
        return "a table made to be read"
    return {"[": "a JSON array", "<": "an XML document"}.get(line[0], "")


def _word(row: Mapping[str, Any], place: str) -> Word:
    cells = [(name, row[name]) for name in COLUMNS if name in row]
    if not cells:
        raise Usage(f"{place}: names no place in {', '.join(COLUMNS)}", hint=_HINT)
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
    return Word(text, place)


def _place(name: str, number: int) -> str:
    return f"line {number} of {'stdin' if name == '-' else os.path.basename(name)}"  # noqa: PTH119

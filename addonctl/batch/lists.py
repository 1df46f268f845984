"""Lists of addresses, from a pipe or a file: read as they come, each address once."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import IO

from addonctl.addresses import Address, Addresses, Token, read
from addonctl.batch.shapes import words
from addonctl.errors import Usage

REMEMBERED = 100_000
"""How many addresses of an endless input are remembered, to tell those that come again."""


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

    def words_of(name: str) -> Iterator[Token]:
        with open_list(name, stdin) as stream:
            yield from words(stream, name, most)

    def all_words() -> Iterator[Token]:
        for name in named:
            yield from words_of(name) if name == "-" else [Token(name)]
        if file is not None:
            yield from words_of(file)

    found = distinct(read(all_words(), least, most))
    first = next(found, None)
    if first is None:
        return Addresses([], typed=False, total=0)
    return Addresses(chain([first], found), typed=False)


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

"""Asking for less: which records of a list are wanted, in which order, and how many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar

from addonctl import dates
from addonctl.addresses import checked_sid
from addonctl.errors import AddonctlError, Usage
from addonctl.models import PAGE_SIZE, STATUSES, Field, Resource

Kind = TypeVar("Kind", bound=Resource)


class Selection(NamedTuple):
    """What is wanted of a list; empty parts ask nothing.

    Moments are aware. `label` and `content_type` are shell patterns; a content type matches
    with or without its parameters, in any case. `sort` is a field, `-field` for descending.
    """

    statuses: frozenset[str] = frozenset()
    add_ons: frozenset[str] = frozenset()
    configs: frozenset[str] = frozenset()
    created_after: datetime | None = None
    created_before: datetime | None = None
    expires_before: datetime | None = None
    label: str | None = None
    content_type: str | None = None
    sort: str | None = None
    limit: int | None = None

    @classmethod
    def of(
        cls,
        kind: type[Resource],
        *,
        status: str | None = None,
        add_on: str | None = None,
        config: str | None = None,
        created_after: str | None = None,
        created_before: str | None = None,
        expiring_within: str | None = None,
        label: str | None = None,
        content_type: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        now: datetime | None = None,
    ) -> Selection:
        """The selection that a user's words make.

        `status`, `add_on` and `config` take several, between commas. Ages count from `now`. Raises
        Usage, naming the word that does not fit.
        """
        now = now or datetime.now(UTC)
        if sort is not None:
            sort = sort.lower()
            _sort_field(kind, sort)
        if limit is not None and limit < 0:
            raise Usage(f"--limit {limit} is less than nothing; expected 0 or more")
        statuses = frozenset(word.lower() for word in _words(status, "a status"))
        for word in statuses.difference(STATUSES):
            meant = word.replace("_", "-").replace(" ", "-")
            raise Usage(
                f"no status '{word}'; known: {', '.join(STATUSES)}",
                hint=f"type: --status {meant}" if meant in STATUSES else None,
            )
        add_ons, configs = (
            frozenset(checked_sid(word, prefix) for word in _words(words, f"a SID ({prefix}…)"))
            for words, prefix in ((add_on, "XB"), (config, "XE"))
        )
        after, before = (
            None if word is None else dates.when(word, now)
            for word in (created_after, created_before)
        )
        try:
            end = None if expiring_within is None else now + dates.duration(expiring_within)
        except OverflowError:
            raise Usage(f"'{expiring_within}' is longer than any result is kept") from None
        place = statuses, add_ons, configs, after, before, end
        return cls(*place, label, content_type, sort, limit)

    @property
    def filters(self) -> bool:
        """Whether anything may be left out for what it is, not for how many there are."""
        return bool(self._tests())

    @property
    def of_results(self) -> Selection:
        """What is asked of results, which have neither label nor content type."""
        return self._replace(label=None, content_type=None)

    @property
    def of_payloads(self) -> Selection:
        """What is asked of the payloads of results that were chosen by all that results have."""
        return self._replace(statuses=frozenset(), add_ons=frozenset(), configs=frozenset())

    def page_size(self, asked: int | None) -> int:
        """How many to ask the service for at a time: enough to see whether there are more.

        Raises Usage for a number of rows that no page has.
        """
        most = PAGE_SIZE if asked is None else asked
        if not 1 <= most <= PAGE_SIZE:
            raise Usage(f"--page-size {asked}: expected 1 to {PAGE_SIZE}")
        if self.limit is None or self.sort or self.filters:
            return most
        return min(most, self.limit + 1)

    def matches(self, record: Resource) -> bool:
        """Whether the filters let `record` through."""
        return all(test(record) for test in self._tests())

    def apply(self, pages: Iterable[Sequence[Kind]]) -> Selected[Kind]:
        """What is wanted of `pages`, page by page as they arrive; all at once where sorted."""
        return Selected(self, pages)

    def _tests(self) -> list[Callable[[Resource], bool]]:
        tests: list[Callable[[Resource], bool]] = []

        def one_of(name: str, wanted: frozenset[str]) -> None:
            # As text: what is no word, such as a list, cannot be looked up.
            if wanted:
                tests.append(lambda record: str(record.document.get(name)) in wanted)

        one_of("status", self.statuses)
        one_of("add_on_sid", self.add_ons)
        one_of("add_on_configuration_sid", self.configs)
        after, before, end = self.created_after, self.created_before, self.expires_before
        if after:
            tests.append(lambda record: (moment := record.created) is not None and moment >= after)
        if before:
            tests.append(lambda record: (moment := record.created) is not None and moment < before)
        if end:
            tests.append(lambda record: (moment := record.expires) is not None and moment <= end)
        if self.label is not None:
            tests.append(_like("label", self.label))
        if self.content_type is not None:
            tests.append(_like("content_type", self.content_type))
        return tests


class Selected(Generic[Kind], Iterator[list[Kind]]):
    """The pages of a selection, and, once they have run out, whether `limit` cut them.

    `note` is the sentence for the user (`limit 10 reached, there are more`), or empty.
    """

    def __init__(self, selection: Selection, pages: Iterable[Sequence[Kind]]) -> None:
        self.note = ""
        self._pages = self._cut(selection, self._chosen(selection, pages))

    def __iter__(self) -> Selected[Kind]:
        return self

    def __next__(self) -> list[Kind]:
        return next(self._pages)

    @staticmethod
    def _chosen(selection: Selection, pages: Iterable[Sequence[Kind]]) -> Iterator[list[Kind]]:
        tests = selection._tests()
        chosen: list[Kind] = []
        for page in pages:
            kept = list(page)
            for test in tests:
                kept = [record for record in kept if test(record)]
            if selection.sort:
                chosen += kept
            else:
                yield kept
        if selection.sort:
            yield ordered(chosen, selection.sort)

    def _cut(self, selection: Selection, pages: Iterator[list[Kind]]) -> Iterator[list[Kind]]:
        if selection.limit is None:
            yield from pages
            return
        left = selection.limit
        for page in pages:
            yield page[:left]
            if len(page) > left:
                self.note = f"limit {selection.limit} reached, there are more"
                return
            left -= len(page)
            if not left:
                self.note = self._next_says(selection, pages)
                return

    @staticmethod
    def _next_says(selection: Selection, pages: Iterator[list[Kind]]) -> str:
        """What a look at one more page tells; it is not worth failing for."""
        try:
            page = next(pages, None)
        except AddonctlError:
            return f"limit {selection.limit} reached, there may be more"
        if page is None or (not page and not selection.filters):
            return ""
        more = "there are more" if page else "there may be more"
        return f"limit {selection.limit} reached, {more}"


def ordered(records: list[Kind], sort: str) -> list[Kind]:
    """`records` by the field `sort` names: dates as dates, numbers as numbers, nothing last."""
    if not records:
        return []
    field = _sort_field(type(records[0]), sort)
    # Words that should have been numbers have no key: they come last of all.
    keys: dict[str, Callable[[object], object]] = {"date": dates.parse, "number": _number}
    key = keys.get(field.kind, _text)
    keyed = [
        (record.expires if field.origin else key(record.document.get(field.name)), record)
        for record in records
    ]
    there = [pair for pair in keyed if pair[0] is not None]
    there.sort(key=lambda pair: pair[0], reverse=sort.startswith("-"))  # type: ignore[arg-type,return-value]
    return [record for _, record in there] + [record for key, record in keyed if key is None]


def _sort_field(kind: type[Resource], sort: str) -> Field:
    found = kind.field(sort.removeprefix("-"))
    if found is None or found.kind == "uris":
        known = ", ".join(field.name for field in kind.FIELDS if field.kind != "uris")
        raise Usage(f"cannot sort by '{sort}'; known fields: {known}", hint="-FIELD for descending")
    return found


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
    return None if number != number else number


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _like(name: str, pattern: str) -> Callable[[Resource], bool]:
    import re
    from fnmatch import translate

    like = re.compile(translate(pattern), re.IGNORECASE if name == "content_type" else 0)

    def test(record: Resource) -> bool:
        text = str(record.document.get(name) or "")
        if like.match(text):
            return True
        return name == "content_type" and bool(like.match(text.partition(";")[0].strip()))

    return test


def _words(words: str | None, expected: str) -> frozenset[str]:
    if words is None:
        return frozenset()
    found = frozenset(word.strip() for word in words.split(",") if word.strip())
    if not found:
        # An empty shell variable must not mean "all of them": delete takes these filters too.
        raise Usage(f"'{words}' filters nothing; expected {expected}")
    return found

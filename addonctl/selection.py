"""Asking for less: which records of a list are wanted, in which order, and how many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from addonctl import dates
from addonctl.addresses import checked_sid
from addonctl.errors import AddonctlError, Usage
from addonctl.models import PAGE_SIZE, STATUSES, Resource

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
    ) -> Selection:
        """The selection that a user's words make.

        `status`, `add_on` and `config` take several, between commas. Raises Usage, naming the word
        that does not fit.
        """
        now = datetime.now(UTC)
        if sort is not None:
            sort = sort.lower()
            known = [field.name for field in kind.FIELDS if field.kind != "uris"]
            if sort.removeprefix("-") not in known:
                raise Usage(
                    f"cannot sort by '{sort}'; known fields: {', '.join(known)}",
                    hint="-FIELD for descending",
                )
        if limit is not None and limit < 0:
            raise Usage(f"--limit {limit} is less than nothing; expected 0 or more")
        statuses = frozenset(word.lower() for word in _words(status, "a status"))
        for word in statuses.difference(STATUSES):
            meant = word.replace("_", "-").replace(" ", "-")
            raise Usage(
                f"no status '{word}'; known: {', '.join(STATUSES)}",
                hint=f"type: --status {meant}" if meant in STATUSES else None,
            )
        add_ons = frozenset(checked_sid(word, "XB") for word in _words(add_on, "a SID (XB…)"))
        configs = frozenset(checked_sid(word, "XE") for word in _words(config, "a SID (XE…)"))
        after = None if created_after is None else dates.when(created_after, now)
        before = None if created_before is None else dates.when(created_before, now)
        try:
            end = None if expiring_within is None else now + dates.duration(expiring_within)
        except OverflowError:
            raise Usage(f"'{expiring_within}' is longer than any result is kept") from None
        return cls(statuses, add_ons, configs, after, before, end, label, content_type, sort, limit)

    @property
    def filters(self) -> bool:
        """Whether anything may be left out for what it is, not for how many there are."""
        return self._replace(sort=None, limit=None) != Selection()

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
        document = record.document
        for name, wanted in (
            ("status", self.statuses),
            ("add_on_sid", self.add_ons),
            ("add_on_configuration_sid", self.configs),
        ):
            # As text: what is no word, such as a list, cannot be looked up.
            if wanted and str(document.get(name)) not in wanted:
                return False
        after, before, end = self.created_after, self.created_before, self.expires_before
        if after or before:
            created = record.created
            if not created or (after and created < after) or (before and created >= before):
                return False
        if end and not ((expires := record.expires) and expires <= end):
            return False
        label, of_type = (str(document.get(name) or "") for name in ("label", "content_type"))
        if self.label is not None and not fnmatchcase(label, self.label):
            return False
        if self.content_type is None:
            return True
        pattern, types = self.content_type.lower(), (of_type, of_type.partition(";")[0].strip())
        return any(fnmatchcase(each.lower(), pattern) for each in types)

    def apply(
        self, pages: Iterable[Sequence[Kind]], notes: list[str] | None = None
    ) -> Iterator[list[Kind]]:
        """What is wanted of `pages`, page by page as they arrive; all at once where sorted.

        Where the limit cut them `notes` gets a sentence for the user (`limit 10 reached, there are
        more`).
        """
        chosen: Iterator[list[Kind]] = map(list, pages)
        if self.filters:
            chosen = ([each for each in page if self.matches(each)] for page in pages)
        if self.sort:
            chosen = iter([ordered(list(chain(*chosen)), self.sort)])
        left = self.limit
        for page in chosen:
            yield page[:left]
            if left is None or (left := left - len(page)) > 0:
                continue
            try:
                rest = page if left < 0 else next(chosen, None)
                more = "are" if rest else "may be" if self.filters and rest == [] else ""
            except AddonctlError:  # a look at one more page is not worth failing for
                more = "may be"
            if more and notes is not None:
                notes.append(f"limit {self.limit} reached, there {more} more")
            return


def ordered(records: list[Kind], sort: str) -> list[Kind]:
    """`records` by the field `sort` names: dates as dates, numbers as numbers, nothing last."""
    if not records:
        return []
    (field,) = records[0].picked([sort.removeprefix("-")])

    def key(record: Kind) -> Any:
        value = record.document.get(field.name)
        if field.kind == "date":
            return field.date(record.document)
        if field.kind != "number":
            return None if value is None or value == "" else str(value)
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return None  # words that should have been numbers come last of all
        return None if number != number else number

    keyed = [(key(record), record) for record in records]
    there = [pair for pair in keyed if pair[0] is not None]
    there.sort(key=itemgetter(0), reverse=sort.startswith("-"))
    return [record for _, record in there] + [record for key, record in keyed if key is None]


def _words(words: str | None, expected: str) -> frozenset[str]:
    if words is None:
        return frozenset()
    found = frozenset(word.strip() for word in words.split(",") if word.strip())
    if not found:
        # An empty shell variable must not mean "all of them": delete takes these filters too.
        raise Usage(f"'{words}' filters nothing; expected {expected}")
    return found

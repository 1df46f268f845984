"""Dates as the service writes them, as people ask for them, and as we show them.

The service speaks RFC 2822 in GMT (`Wed, 01 Sep 2010 15:15:41 +0000`); spreadsheets take
`2010-09-01 15:15:41` for a date; people say `36h`. Everything here is UTC.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from addonctl.errors import Usage

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = rf"(?a)(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}})"
_CLOCK = r"(?a) (?:[01]\d|2[0-3]):[0-5]\d"
_SECOND = r"(?a):[0-5]\d (?:\+0000|GMT)"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
# The seconds of a unit of age, how many of it are enough to speak of it, and its letter.
_AGES = ((1, 1, "s"), (60, 1, "m"), (3600, 2, "h"), (86400, 2, "d"))
_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)"
_SPAN = f"{_NUMBER}([{''.join(_SECONDS)}])"


def parse(text: object) -> datetime | None:
    """The moment, in UTC, that an RFC 2822 date names; None where `text` is no date."""
    if not isinstance(text, str):
        return None
    day, clock, second = _day(text[:16]), _clock(text[16:22]), _second(text[22:])
    if day and clock and second:
        return datetime.fromisoformat(f"{day} {clock}{second}+00:00")
    from email.utils import parsedate_to_datetime

    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def iso(text: str, shift: timedelta | None = None, *, zulu: bool = False) -> str:
    """`2026-11-21 18:43:00` in UTC for an RFC 2822 date, or for the moment `shift` after it.

    With `zulu` it is `2026-11-21T18:43:00Z`, which every program reads as UTC.
    Text that is no date comes back as it is. A million rows have few different days, minutes
    and seconds, so each is read once; `shift` may only be whole days for that to hold.
    """
    between, end = ("T", "Z") if zulu else (" ", "")
    if shift is None or not (shift.seconds or shift.microseconds):
        day, clock, second = _day(text[:16], shift), _clock(text[16:22]), _second(text[22:])
        if day and clock and second:
            return f"{day}{between}{clock}{second}{end}"
    with suppress(OverflowError):
        if moment := parse(text):
            return (moment + (shift or timedelta())).isoformat(between)[:19] + end
    return text


def rfc2822(moment: datetime) -> str:
    """`moment` as the service would write it, whatever the locale."""
    from email.utils import format_datetime

    return format_datetime(moment.astimezone(UTC))


def when(word: str, now: datetime) -> datetime:
    """The moment that `word` names: an ISO date or time (UTC unless it says), or an age.

    Raises Usage, naming the word, for anything else.
    """
    with suppress(Usage, OverflowError):
        return now - duration(word)
    with suppress(ValueError, OverflowError):
        return _in_utc(datetime.fromisoformat(word.strip()))
    raise Usage(
        f"'{word}' is no date; expected one like 2026-11-21, 2026-11-21T18:43:00 (in UTC) or "
        "2026-11-21T18:43:00+02:00, or an age like 90m, 36h, 7d or 2w"
    )


def duration(word: str) -> timedelta:
    """The length of time that `word` names: 90m, 36h, 7d, 1h30m. Raises Usage for others."""
    if re.fullmatch(f"(?:{_SPAN})+", word.strip()):
        spans = re.findall(_SPAN, word)
        with suppress(OverflowError):
            return timedelta(seconds=sum(float(count) * _SECONDS[unit] for count, unit in spans))
    raise Usage(f"'{word}' is no length of time; expected one like 90s, 30m, 36h, 7d or 2w")


def seconds(word: str) -> float:
    """The same in seconds, where a bare number means seconds. Raises Usage."""
    if re.fullmatch(_NUMBER, word.strip()):
        return float(word)
    return duration(word).total_seconds()


def ages(moments: Sequence[datetime | None], now: datetime) -> list[str]:
    """How long ago, or how soon: `3h ago`, `in 2d`; empty for None. Never rounded up.

    All in one unit, so that they can be compared: the greatest that tells the nearest moment from
    now ("36h" says more than "1d"), unless the farthest took a thousand of it.
    """
    distances = [int(abs((now - moment).total_seconds())) for moment in moments if moment]
    nearest, farthest = min(distances, default=0), max(distances, default=0)
    fit = [unit for unit in _AGES if farthest < 1000 * unit[0]] or [_AGES[-1]]
    size, unit = max([each for each in fit if nearest >= each[1] * each[0]], default=fit[0])[::2]
    shown = []
    for moment in moments:
        if moment is None:
            shown.append("")
            continue
        count = int(abs((now - moment).total_seconds())) // size
        text = f"{count}{unit}" if count else f"<1{unit}"
        text = f"{text} ago" if moment <= now else f"in {text}"
        shown.append(text if count or size > 1 else "now")
    return shown


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@lru_cache(maxsize=4096)
def _day(text: str, shift: timedelta | None = None) -> str:
    """`2026-11-21` for a date's first 16 letters, or the day `shift` later; nothing for others."""
    if found := re.fullmatch(_DAY, text):
        with suppress(ValueError, OverflowError):
            day = date(int(found[3]), _MONTHS.index(found[2]) + 1, int(found[1]))
            return str(day + shift if shift else day)
    return ""


@lru_cache(maxsize=2048)
def _clock(text: str) -> str:
    return text[1:] if re.fullmatch(_CLOCK, text) else ""


@lru_cache(maxsize=256)
def _second(text: str) -> str:
    return text[:3] if re.fullmatch(_SECOND, text) else ""

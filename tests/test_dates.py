"""Dates: the service's own, people's, and ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from addonctl import dates
from addonctl.errors import Usage

NOW = datetime(2026, 11, 21, 18, 43, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wed, 01 Sep 2010 15:15:41 +0000", "2010-09-01 15:15:41"),
        ("Sat, 21 Nov 2026 00:00:00 GMT", "2026-11-21 00:00:00"),
        ("Sat, 21 Nov 2026 23:30:00 -0100", "2026-11-22 00:30:00"),
        ("1 Sep 2010 15:15:41 +0000", "2010-09-01 15:15:41"),
        ("Thu, 29 Feb 2024 23:59:59 +0000", "2024-02-29 23:59:59"),
    ],
)
def test_a_date_of_the_service_is_read_and_written_in_utc(text: str, expected: str) -> None:
    moment = dates.parse(text)

    assert dates.iso(text) == expected
    assert moment and f"{moment:%Y-%m-%d %H:%M:%S}" == expected
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "Wed, 31 Feb 2010 15:15:41 +0000",
        "Wed, 01 Sep 2010 25:15:41 +0000",
        "Wed, 01 Sep 2010 1 :15:41 +0000x",
        "=HYPERLINK(1)",
        "\x1b[31m",
        "Wed, 01 Sep 99999999999 15:15:41 +0000",
    ],
)
def test_text_that_is_no_date_comes_back_as_it_is(text: str) -> None:
    assert dates.parse(text) is None
    assert dates.iso(text) == text


def test_no_date_is_no_moment() -> None:
    assert dates.parse(None) is None
    assert dates.parse(42) is None


def test_a_shifted_date_agrees_with_the_arithmetic_of_datetime() -> None:
    """Over a leap day, a year's end, and where the fast way does not go."""
    for start in ("2024-02-10T23:59:59", "2026-12-15T00:00:01", "2026-11-21T12:00:00"):
        moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
        for shift in (timedelta(days=30), timedelta(days=1, hours=3)):
            expected = f"{moment + shift:%Y-%m-%d %H:%M:%S}"

            assert dates.iso(format_datetime(moment), shift) == expected


@pytest.mark.parametrize("year", ["0001", "0999", "9999"])
def test_the_first_and_the_last_year_are_years(year: str) -> None:
    text = f"Mon, 01 Jan {year} 00:00:00 +0000"
    moment = datetime(int(year), 1, 1, tzinfo=UTC)

    assert dates.iso(text) == f"{year}-01-01 00:00:00"
    assert dates.iso(text, timedelta(hours=1)) == f"{year}-01-01 01:00:00"
    assert dates.parse(text) == moment
    assert dates.rfc2822(moment)[4:] == text[4:]
    assert dates.ages([moment], NOW)[0].endswith("d ago" if year < "2026" else "d")


def test_a_date_beyond_the_last_year_is_left_as_it_is() -> None:
    text = "Fri, 31 Dec 9999 00:00:00 +0000"

    assert dates.iso(text, timedelta(days=30)) == text


def test_the_services_own_form_is_written_whatever_the_day() -> None:
    for days in range(400):
        moment = NOW + timedelta(days=days, hours=days)

        assert dates.rfc2822(moment) == format_datetime(moment)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("2026-11-21", "2026-11-21T00:00:00+00:00"),
        ("2026-11-21T18:43:05", "2026-11-21T18:43:05+00:00"),
        ("2026-11-21 18:43", "2026-11-21T18:43:00+00:00"),
        ("2026-11-21T18:43:05Z", "2026-11-21T18:43:05+00:00"),
        ("2026-11-21T18:43:00Z", "2026-11-21T18:43:00+00:00"),
        ("2026-11-21T18:43:05+02:00", "2026-11-21T16:43:05+00:00"),
        ("2026-11-21 18:43:05-0930", "2026-11-22T04:13:05+00:00"),
        ("0001-01-01", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59", "9999-12-31T23:59:59+00:00"),
        ("36h", "2026-11-20T06:43:00+00:00"),
        ("7d", "2026-11-14T18:43:00+00:00"),
        ("90m", "2026-11-21T17:13:00+00:00"),
        ("2w", "2026-11-07T18:43:00+00:00"),
        ("1d12h", "2026-11-20T06:43:00+00:00"),
    ],
)
def test_a_moment_is_named_by_date_time_or_age(word: str, expected: str) -> None:
    assert dates.when(word, NOW).isoformat() == expected


@pytest.mark.parametrize(
    "word",
    [
        "", "yesterday", "7", "7y", "-7d", "d", "2026-13-01", "21/11/2026", "999999999w", "٣d",
        "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "0000-01-01", "2026-11-21\udcff",
        "2026-11-21T18:43:00 CET",
    ],
)  # fmt: skip
def test_another_word_for_a_moment_is_refused_by_name(word: str) -> None:
    with pytest.raises(Usage, match="is no date; expected one like") as refused:
        dates.when(word, NOW)

    assert f"'{word}'" in refused.value.message


def test_a_length_of_time_has_a_unit_except_in_seconds() -> None:
    assert dates.duration("1h30m") == timedelta(minutes=90)
    assert dates.seconds("90") == 90
    assert dates.seconds("0.5") == 0.5
    assert dates.seconds("2m") == 120
    for word in ("90", "", "3 d", "-1h", "1e3s", "nan", "inf"):
        with pytest.raises(Usage, match="is no length of time"):
            dates.duration(word)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "now"),
        (1, "1s ago"),
        (59, "59s ago"),
        (60, "1m ago"),
        (119, "1m ago"),
        (120, "2m ago"),
        (7199, "119m ago"),
        (7200, "2h ago"),
        (36 * 3600, "36h ago"),
        (48 * 3600, "2d ago"),
        (400 * 86400, "400d ago"),
        (800 * 86400, "800d ago"),
        (-3 * 86400 + 1, "in 2d"),
        (-30 * 86400, "in 30d"),
    ],
)
def test_an_age_is_never_rounded_up(seconds: int, expected: str) -> None:
    assert dates.ages([NOW - timedelta(seconds=seconds)], NOW) == [expected]


def test_ages_have_one_unit_together() -> None:
    def told(*seconds: int) -> list[str]:
        return dates.ages([NOW - timedelta(seconds=each) for each in seconds], NOW)

    assert told(180, 30_000) == ["3m ago", "500m ago"]
    assert told(90, -28 * 86400) == ["<1h ago", "in 672h"]
    assert told(3600, 400 * 86400) == ["<1d ago", "400d ago"]
    assert dates.ages([None, NOW, None], NOW) == ["", "now", ""]
    assert dates.ages([None], NOW) == [""]

"""Whatever is typed or piped in: what it names, or a sentence; never anything else."""

from __future__ import annotations

import csv
import io
import json
import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.fuzz import addresses, fuzz, spelled, texts
from support.program import Run

from addonctl import dates
from addonctl.addresses import Address, Token, is_sid, read
from addonctl.batch.lists import COLUMNS, words
from addonctl.errors import Usage

DATED = st.datetimes(timezones=st.just(UTC))


def listed(data: bytes) -> list[Address]:
    return list(read(words(io.BufferedReader(io.BytesIO(data)), "list.txt"), 1, 3))


def plain(found: list[Address]) -> list[str]:
    """Each with all that it says; the list that is read may leave out the account only."""
    return [f"{address.account}:{address}" for address in found]


@fuzz
@given(st.data(), st.lists(addresses, min_size=1, max_size=5))
def test_an_address_is_the_same_however_it_is_spelled(
    data: st.DataObject, wanted: list[Address]
) -> None:
    # A child is read under the parent before it, which is then no address of its own.
    wanted = [each for at, each in enumerate(wanted) if at == 0 or each[0] != wanted[at - 1][0]]
    spellings = [data.draw(spelled(address)) for address in wanted]
    lines = "".join(f"{spelling}\n" for spelling in spellings)

    assert plain(list(read(map(Token, spellings), 1, 3))) == plain(wanted)
    assert plain(listed(lines.encode())) == plain(wanted)


@fuzz
@given(st.lists(texts))
def test_any_words_are_addresses_or_refused(typed: list[str]) -> None:
    try:
        found = list(read(map(Token, typed), 1, 3))
    except Usage as refused:
        assert len(refused.message) < 700
        return
    for address in found:
        assert is_sid(address.recording, "RE")
        assert not address.result or is_sid(address.result, "XR")
        assert not address.payload or (address.result and is_sid(address.payload, "XH"))
        assert not address.account or is_sid(address.account, "AC")


@fuzz
@given(st.binary() | texts.map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"\xff\xfe\x00\xd8\n\x00")
@example(b'{"sid": "\\ud800"}\n')
@example(b"sid,sid\n,\n")
@example(b"sid\x00\n\x00\n")
def test_any_bytes_are_a_list_or_refused(data: bytes) -> None:
    try:
        listed(data)
    except Usage as refused:
        assert len(refused.message) < 700


@fuzz
@given(st.data(), st.lists(addresses, min_size=1, max_size=5), st.sampled_from([",", "\t", "{"]))
def test_a_table_names_its_places_whatever_else_it_holds(
    data: st.DataObject, wanted: list[Address], form: str
) -> None:
    """All columns in any order, and one of any text; one empty sid, and all of it is refused."""
    depth = max(address.level for address in wanted)
    wanted = [address for address in wanted if address.level == depth]
    columns = (
        [*COLUMNS[:1], "sid"] if depth == 2 else [*COLUMNS[:2], "sid"][-1 if depth == 1 else 0 :]
    )
    names = data.draw(st.permutations([*columns, "account_sid", "label"]))
    cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
    empty = data.draw(st.none() | st.integers(0, len(wanted) - 1))
    rows = []
    for number, address in enumerate(wanted):
        row = dict(zip(columns, filter(None, address[:3]), strict=True))
        row |= {"account_sid": address.account, "label": data.draw(cells)}
        if number == empty:  # and not all of the row, which is then none
            row |= {"sid": data.draw(st.sampled_from(["", " "])), "label": "x"}
        rows.append(row)
    text = io.StringIO()
    if form == "{":
        text.writelines(json.dumps(row) + "\n" for row in rows)
    else:
        # Before Python 3.13 a writer quotes no line ends but those that it writes itself.
        dialect = data.draw(st.sampled_from(["excel", "unix"]))
        table = csv.DictWriter(text, names, dialect=dialect, delimiter=form)
        table.writeheader()
        table.writerows(rows)
    given_text = text.getvalue().encode()
    if empty is None:
        assert plain(listed(given_text)) == plain(wanted)
    else:
        with pytest.raises(Usage, match="its sid is empty"):
            listed(given_text)


@fuzz
@given(texts | st.text(string.digits + "smhdw.:-+TZ "))
def test_any_word_is_a_date_or_refused(word: str) -> None:
    now = datetime(2026, 11, 21, 18, 43, tzinfo=UTC)
    for read_word, kind in ((lambda it: dates.when(it, now), datetime), (dates.seconds, float)):
        try:
            assert isinstance(read_word(word), kind)
        except Usage as refused:
            assert word in refused.message


@fuzz
@given(DATED, st.integers(-1439, 1439))
@example(datetime(1, 1, 1, tzinfo=UTC), 1)
@example(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), -1)
def test_a_moment_is_the_same_whatever_its_offset(moment: datetime, minutes: int) -> None:
    elsewhere = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    try:
        expected = elsewhere.astimezone(UTC)
    except OverflowError:
        with pytest.raises(Usage, match="is no date"):
            dates.when(elsewhere.isoformat(), moment)
    else:
        assert dates.when(elsewhere.isoformat(), moment) == expected
    assert dates.when(moment.replace(tzinfo=None).isoformat(), moment) == moment


@fuzz
@given(DATED, st.timedeltas())
def test_a_date_of_the_service_is_the_same_read_and_written(
    moment: datetime, shift: timedelta
) -> None:
    moment = moment.replace(microsecond=0)
    text = dates.rfc2822(moment)

    assert dates.parse(text) == moment
    assert dates.iso(text) == moment.isoformat(" ")[:19]
    assert dates.ages([moment], moment) == ["now"]
    try:
        shifted = (moment + shift).isoformat(" ")[:19]
    except OverflowError:
        shifted = text
    assert dates.iso(text, shift) == shifted


@fuzz
@given(texts, st.timedeltas())
def test_any_text_of_the_service_is_a_date_or_left_as_it_is(text: str, shift: timedelta) -> None:
    moment = dates.parse(text)

    assert moment is None or moment.utcoffset() == timedelta(0)
    assert moment is not None or dates.iso(text, shift) == text


@fuzz
@given(
    st.sampled_from(["results list", "results delete --dry-run", "payloads list"]),
    st.lists(texts, max_size=3),
    texts,
    texts,
)
def test_no_line_ends_in_an_error_of_ours(
    run: Run, verb: str, typed: list[str], since: str, piped: str
) -> None:
    """Everything typed and piped, through the program: done, not found, or the words were wrong."""
    ran = run(
        *f"-p sandbox {verb} -f json".split(),
        f"--created-after={since}",
        "--",
        *typed,
        stdin=piped.encode("utf-8", "surrogatepass"),
    )

    assert ran.code in (0, 2, 3, 6), ran
    assert "unexpected" not in ran.err
    assert ran.code in (0, 6) or json.loads(ran.err)["error"]["exit_code"] == ran.code

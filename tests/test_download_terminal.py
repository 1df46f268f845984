"""`download` where somebody watches: the bar, and the question before anything is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.breaking import RECORDING, RESULT, Breaking, breaking, some
from support.terminal import ESCAPE, on_screen


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Breaking]:
    with breaking(monkeypatch) as account:
        yield account


def test_a_bar_shows_bytes_rate_and_how_many_are_left(account: Breaking) -> None:
    """Also of several results, whose payloads have to be looked up first."""
    for number in range(3):
        account.add(some(number, 1_000_000), result=f"XR{number:032x}")
    code, _, err = on_screen(f"results download {RECORDING} --to keep", 160)
    shown = ESCAPE.sub("", err)

    assert code == 0
    assert "/3" in shown
    assert "MB at " in shown
    assert "saved 3 payloads" in shown


def test_the_bar_of_a_single_payload_counts_its_bytes(account: Breaking) -> None:
    address = account.add(bytes(3_000_000))
    code, _, err = on_screen(f"payloads download {address} -o out", 160)

    assert code == 0
    assert "3.0 MB at " in ESCAPE.sub("", err)


def test_quiet_shows_no_bar(account: Breaking) -> None:
    account.add(bytes(3_000_000))
    code, _, err = on_screen(f"results download {RECORDING} --to keep --quiet", 160)

    assert (0, "") == (code, err)


@pytest.mark.parametrize("typed, code, deleted", [(b"y\n", 0, [RESULT]), (b"n\n", 1, [])])
def test_deleting_afterwards_asks_first(
    account: Breaking, home: Path, typed: bytes, code: int, deleted: list[str]
) -> None:
    """Who says no gets nothing done, not half of what was asked."""
    account.add(b"{}")
    ended, _, err = on_screen(f"results download {RECORDING} --to keep --delete-after", stdin=typed)

    assert "[y/N]" in err
    assert (ended, account.deleted) == (code, deleted)
    assert any((home / "keep").rglob("*.json")) == bool(deleted)


def test_the_question_names_how_many_and_which(account: Breaking) -> None:
    account.add(b"{}")
    account.add(b"{}")
    _, _, err = on_screen(f"results download {RECORDING} --delete-after", stdin=b"n\n")

    assert f"  {RECORDING}/{RESULT}" in err
    assert "delete 1 result for good once all its payloads are saved, on account" in err


def test_who_wants_no_questions_has_to_say_yes(account: Breaking, home: Path) -> None:
    account.add(b"{}")
    line = f"results download {RECORDING} --to keep --delete-after --no-input"
    code, out, err = on_screen(line)

    assert (2, "") == (code, out)
    assert "--yes" in err
    assert account.heard == []
    assert not (home / "keep").exists()


def test_a_yes_beforehand_is_not_asked_again(account: Breaking) -> None:
    account.add(b"{}")
    code, _, err = on_screen(f"results download {RECORDING} --to keep --delete-after --yes")

    assert code == 0
    assert "[y/N]" not in err
    assert account.deleted == [RESULT]

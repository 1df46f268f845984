"""Addresses as people write them: SIDs under their parents, paths, URLs, and what is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from addonctl.addresses import Address, Token, checked_sid, read
from addonctl.errors import Usage

AC = "AC" + "a" * 32
RE, RE2 = "RE" + "1" * 32, "RE" + "2" * 32
XR, XR2 = "XR" + "3" * 32, "XR" + "4" * 32
XH, XH2 = "XH" + "5" * 32, "XH" + "6" * 32
PATH = f"/2010-04-01/Accounts/{AC}/Recordings/{RE}"


def named(*words: str, least: int = 1, most: int = 3) -> list[str]:
    return [str(address) for address in read(map(Token, words), least, most)]


def test_sids_are_read_each_under_the_last_parent() -> None:
    assert [f"{RE}/{XR}", f"{RE}/{XR2}", f"{RE2}/{XR}"] == named(RE, XR, XR2, RE2, XR)


def test_a_parent_counts_where_no_child_follows() -> None:
    words = (RE, RE2, XR, XR2, XH, XH2)

    assert [RE, f"{RE2}/{XR}", f"{RE2}/{XR2}/{XH}", f"{RE2}/{XR2}/{XH2}"] == named(*words)


def test_sids_follow_a_path_as_they_follow_a_sid() -> None:
    assert [f"{RE}/{XR}/{XH}", f"{RE}/{XR}/{XH2}"] == named(f"{RE}/{XR}", XH, XH2)


@pytest.mark.parametrize("start", ["", "https://api.twilio.com", "http://127.0.0.1:8000"])
@pytest.mark.parametrize(
    ("rest", "address"),
    [
        ("", RE),
        (".json", RE),
        ("/AddOnResults", RE),
        ("/AddOnResults.json?PageSize=50", RE),
        (f"/AddOnResults/{XR}", f"{RE}/{XR}"),
        (f"/AddOnResults/{XR}.json", f"{RE}/{XR}"),
        (f"/AddOnResults/{XR}.xml", f"{RE}/{XR}"),
        (f"/AddOnResults/{XR}/Payloads", f"{RE}/{XR}"),
        (f"/AddOnResults/{XR}/Payloads.json", f"{RE}/{XR}"),
        (f"/AddOnResults/{XR}/Payloads/{XH}", f"{RE}/{XR}/{XH}"),
        (f"/AddOnResults/{XR}/Payloads/{XH}/Data", f"{RE}/{XR}/{XH}"),
        (f"/AddOnResults/{XR}/Payloads/{XH}/Data.json", f"{RE}/{XR}/{XH}"),
    ],
)
def test_paths_and_urls_are_taken_as_the_api_writes_them(
    start: str, rest: str, address: str
) -> None:
    (found,) = read([Token(start + PATH + rest)], 1, 3)

    assert (address, AC) == (str(found), found.account)


@pytest.mark.parametrize(
    "pasted",
    [
        f'"{RE}"', f"'{RE}',", f" {RE}\t", f"{RE},", f"{RE} ;", f"“{RE}”", f"`{RE}`",
        f"\u00a0{RE}\u00a0",
    ],
)  # fmt: skip
def test_what_stands_around_a_pasted_address_is_no_part_of_it(pasted: str) -> None:
    assert [RE] == named(pasted)


def test_sids_are_taken_in_any_case_and_given_back_in_the_services() -> None:
    words = ("re" + "AB" * 16, "Xr" + "Cd" * 16, f"xh{'EF' * 16}")
    recording, result, payload = f"RE{'ab' * 16}", f"XR{'cd' * 16}", f"XH{'ef' * 16}"

    assert [f"{recording}/{result}/{payload}"] == named(*words) == named("/".join(words))
    assert [recording] == named(PATH.replace(RE, words[0]).replace(AC, AC.upper()))
    assert recording == checked_sid(words[0], "RE")


@pytest.mark.parametrize("ending", [".mp3", ".wav", ".mp3?RequestedChannels=2", ".wav?Download"])
def test_the_url_of_a_recordings_sound_names_the_recording(ending: str) -> None:
    (found,) = read([Token(f"https://api.twilio.com{PATH}{ending}")], 1, 3)

    assert Address(RE, account=AC) == found


@pytest.mark.parametrize(
    ("url", "account"),
    [
        (f"https://console.twilio.com/us1/monitor/logs/call-recordings/{RE}", ""),
        (f"https://console.twilio.com/us1/account/{AC}/recordings/{RE}/details#top", AC),
        (f"https://www.twilio.com/console/voice/recordings/recording-logs/{RE}?x=1", ""),
        (
            "https://console.twilio.com/us1/monitor/logs/call-recordings?frameUrl="
            f"%2Fconsole%2Frecording-logs%2F{RE}%3Fx-target-region%3Dus1",
            "",
        ),
    ],
)
def test_a_page_of_the_console_names_the_recording_it_shows(url: str, account: str) -> None:
    (found,) = read([Token(url)], 1, 3)

    assert Address(RE, account=account) == found


def test_a_sid_under_a_url_lies_in_its_account() -> None:
    (found,) = read([Token(PATH), Token(XR)], 1, 3)

    assert Address(RE, XR, "", AC) == found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hello",), "'hello' is no address; expected RE…"),
        (("RE12",), "'RE12' is no whole SID"),
        (("re" + "1" * 31,), "is no whole SID"),
        (("recordings",), "is no address"),
        ((RE + "1",), "is no whole SID"),
        ((XR,), f"'{XR}' needs its recording (RE…) before it"),
        ((RE, XH), f"'{XH}' needs its result (XR…) before it"),
        ((AC,), f"'{AC}' is the SID of an account; expected RE…"),
        (("CA" + "1" * 32,), "is the SID of a call; expected RE…"),
        ((f"https://evil.example{PATH}/Other",), "is no address"),
        ((f"{RE}/../{XR}",), "is no address"),
        ((f"{RE},{RE2}",), "is no"),
        ((f"https://console.twilio.com/{RE}/{RE2}",), "is no address"),
        ((f"https://console.twilio.com/{RE}0",), "is no address"),
        ((f"https://console.twilio.com/{AC}",), "is no address"),
        ((f"https://console.twilio.com.evil.example/{RE}",), "is no address"),
        ((f"https://evil.example/?twilio.com/{RE}",), "is no address"),
        ((f"http://console.twilio.com/{RE}",), "is no address"),
        ((f"https://api.twilio.com/2010-04-01/Accounts/{AC}/Calls/{RE}",), "is no address"),
        ((f"{RE}/{XR}.mp3",), "is no address"),
        (("R\u0395" + "1" * 32,), "is no address"),
        ((f"http\u017f://api.twilio.com{PATH}",), "is no address"),
        (("RE\udcff" + "1" * 31,), "is no"),
        (("",), "'' is no address"),
        (("RE" + "１" * 32,), "is no"),
    ],
)
def test_what_is_no_address_is_named_with_what_was_expected(
    words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(Usage) as raised:
        named(*words)

    assert said in raised.value.message


@pytest.mark.parametrize(
    ("words", "least", "most", "said"),
    [
        ((RE,), 2, 2, f"'{RE}' is a recording; expected a result (XR…) under it"),
        ((RE, XR), 1, 1, f"'{XR}' is a result; expected a recording (RE…)"),
        ((RE, XR), 3, 3, f"'{XR}' is a result; expected a payload (XH…) under it"),
        ((RE, XR, RE2), 2, 2, f"'{RE2}' is a recording"),
    ],
)
def test_addresses_of_the_wrong_depth_are_refused(
    words: tuple[str, ...], least: int, most: int, said: str
) -> None:
    with pytest.raises(Usage) as raised:
        named(*words, least=least, most=most)

    assert said in raised.value.message


def test_a_word_of_any_length_is_quoted_in_part() -> None:
    with pytest.raises(Usage) as raised:
        named("x" * 100_000)

    assert len(raised.value.message) < 400


def test_addresses_flow_out_as_words_come_in() -> None:
    """The first result is out before the last word is asked for."""

    def words() -> Iterator[Token]:
        yield Token(RE)
        yield Token(XR)
        raise AssertionError("asked for too early")

    assert f"{RE}/{XR}" == str(next(read(words(), 2, 2)))


def test_a_sid_of_another_kind_is_named() -> None:
    assert RE == checked_sid(RE, "RE")
    with pytest.raises(Usage, match="is the SID of a recording; expected the SID of an add-on"):
        checked_sid(RE, "XB")

"""No character that a terminal would obey, or hide, reaches one: each is tried, in every format."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from unicodedata import category
from xml.etree import ElementTree

import pytest
from support.documents import RE, XR, listed, page, payload
from support.program import Run
from support.scripted import answer
from support.terminal import on_screen

from addonctl.output import FORMATS, safe

pytest.importorskip("pty", reason="this system has no pseudo-terminals")

UNFIT = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
EVERY = [character for character in map(chr, range(sys.maxunicode + 1))]
BAD = [character for character in EVERY if category(character) in UNFIT]
# Of the private and unassigned ones, of which there are a million, the ends of their ranges.
FEW = [
    character
    for character in BAD
    if category(character) in ("Cc", "Cf", "Zl", "Zp")
    or ord(character) in (0xD800, 0xDFFF, 0xE000, 0xF8FF, 0xFFFF, 0xF0000, 0x10FFFD, 0x10FFFF)
]

TABS = dict.fromkeys(("csv", "tsv", "xml"), "\n\t")
"""What may stand in a text of these formats: a tab moves nothing but the next letter."""


def unfit(text: str, allowed: str = "\n") -> set[str]:
    return {character for character in text if category(character) in UNFIT} - set(allowed)


@pytest.mark.parametrize(
    ("made", "allowed"),
    [
        (safe.line, ""),
        (safe.block, "\n\t"),
        (safe.prose, "\n\t\u200c\u200d"),
        (safe.json_text, "\n"),
        (safe.xml_text, "\n\t"),
    ],
)
def test_of_all_characters_only_the_harmless_stay(made: object, allowed: str) -> None:
    assert callable(made)
    shown = set(made("-".join(BAD)))
    assert {each for each in shown if category(each) in UNFIT} == set(allowed)
    rest = "".join(sorted(set(EVERY) - set(BAD)))
    same = made(rest) == rest
    assert same


def test_what_is_shown_names_the_character() -> None:
    assert safe.line("\x1b\n\t\xad\u202e\U000e0041") == "\\x1b\\n\\t\\xad\\u202e\\U000e0041"


def test_a_line_end_of_two_characters_is_one() -> None:
    assert safe.block("a\r\nb\rc\n") == safe.prose("a\r\nb\rc\n") == "a\nb\\rc\n"


def test_a_json_text_means_the_same_as_before() -> None:
    """Nothing is compared by pytest itself, which would show a million differences."""
    text = json.dumps("-".join(EVERY), ensure_ascii=False)
    same = json.loads(safe.json_text(text)) == json.loads(text)

    assert same


def test_an_xml_text_means_the_same_as_before() -> None:
    unfit_for_xml = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff&<>]")
    fit = "".join([each for each in EVERY if not unfit_for_xml.match(each)])
    same = ElementTree.fromstring(safe.xml_text(f"<a>{fit}</a>")).text == fit

    assert same


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"xlsx"}))
def test_no_field_of_any_record_brings_one_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """Every such character, in a SID, a label, a content type, a date and a path."""
    texts = [f"a{character}b" for character in FEW]
    rows = [
        payload(sid=text, reference_sid=text, label=text, content_type=text, date_created=text)
        | {"date_updated": text, "add_on_result_sid": text, "subresource_uris": {"data": text}}
        for text in texts
    ]
    with listed(monkeypatch, page("payloads", rows)):
        code, out, err = on_screen(
            f"payloads list {RE} {XR} -f {format} --no-color --fields "
            "sid,label,content_type,date_created,subresource_uris,expires",
            200,
        )

    assert (code, unfit(err)) == (0, set())
    assert unfit(out, TABS.get(format, "\n")) == set()
    names = ("sid", "label", "content_type", "date_created", "subresource_uris")
    if format == "json":
        assert [{name: row[name] for name in names} for row in rows] == [
            {name: row[name] for name in names} for row in json.loads(out)
        ]
    elif format == "csv":
        shown = [row["label"] for row in csv.DictReader(io.StringIO(out))]
        assert shown == [safe.block(text) for text in texts]
    else:
        assert len(re.findall(r"\\u202e|&#8238;", out)) >= (1 if format == "sids" else 3)


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"xlsx"}))
def test_one_record_brings_none_either(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    text = "".join(FEW)
    row = payload(sid="XH" + "d" * 32, label=text, content_type=text, date_created=text)
    with listed(monkeypatch, answer(row)):
        code, out, err = on_screen(
            f"payloads get {RE} {XR} {row['sid']} -f {format} --no-color", 200
        )

    assert (code, err) == (0, "")
    assert unfit(out, TABS.get(format, "\n")) == set()


@pytest.mark.parametrize("format", ["table", "markdown", "sids"])
def test_in_a_pipe_nothing_ends_a_row_or_turns_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """Control characters, directions and separators; what is only invisible stays as it came."""
    turning = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    bad = [*map(chr, [*range(32), *range(127, 160)]), *turning, "\u2028", "\u2029", "\ufeff"]
    rows = [payload(sid=f"XH{each}", label=f"a{each}b") for each in bad]
    harmless = "می\u200cخواهم \u00ad 👨\u200d👩 \U000e0041"
    with listed(monkeypatch, page("payloads", [*rows, payload(sid=harmless, label=harmless)])):
        ran = run(f"payloads list {RE} {XR} -f {format} --fields sid,label")

    assert ran.code == 0
    assert not set(bad) - {"\n"} & set(ran.out)
    assert (
        len(ran.out.split("\n")[:-1]) == len(bad) + {"table": 2, "markdown": 3, "sids": 1}[format]
    )
    assert harmless in ran.out


@pytest.mark.parametrize("options", ["", "-f json", "-v"])
def test_what_a_server_says_brings_none_to_stderr(
    monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    text = "".join(FEW)
    refusal = {"code": 20404, "message": f"no {text}", "more_info": f"https://{text}"}
    with listed(monkeypatch, answer(json.dumps(refusal), 404)):
        code, out, err = on_screen(f"results list {RE} --no-color {options}", 200)

    assert (code, out) == (3, "")
    assert unfit(err) == set()


def test_ordinary_text_stays_as_it_is_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wide, combining and right-to-left letters, spaces of any width."""
    labels = ["転写 \u3000テキスト", "e\u0301", "שלום", "می\xa0خواهم", "🎧 👍🏽"]
    rows = [payload(number, label=label) for number, label in enumerate(labels, 1)]
    with listed(monkeypatch, page("payloads", rows)):
        _, out, _ = on_screen(f"payloads list {RE} {XR} -f csv --fields label --no-header")

    assert out.splitlines() == labels


@pytest.mark.parametrize("size", [1 << 20, 1])
def test_the_line_ends_of_ordinary_text_are_line_ends(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """CR LF is how half of the world ends a line; a lone CR would write over one."""
    from addonctl.output import terminal

    body = "first\r\nmi\u200cxed می\u200cخواهم\rsecond\r\n\r\nlast\r".encode()
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    shown = "".join(terminal.payload(chunks, "text/plain", color=False))

    assert shown == "first\nmi\u200cxed می\u200cخواهم\\rsecond\n\nlast\\r\n"


def test_a_payload_of_another_system_is_read_line_by_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = b"Agent: hello\r\nCustomer: hi\r\n"
    with listed(monkeypatch, b"") as server:
        location = f"{server.url}/data"
        link = answer({"redirect_to": location}, 307, {"Location": location})
        row = answer(payload(sid="XH" + "d" * 32, content_type="text/plain"))
        server.answers = [
            lambda heard: (
                link
                if "/Data" in heard.target
                else row
                if heard.target.endswith(".json")
                else answer(body, content_type="text/plain")
            )
        ]
        code, out, _ = on_screen(f"payloads show {RE} {XR} XH{'d' * 32} --as raw")
        _, piped, _ = on_screen(f"payloads show {RE} {XR} XH{'d' * 32}", only="stderr")

    assert (code, out) == (0, "Agent: hello\nCustomer: hi\n")
    assert "\\r" not in out
    assert piped.replace("\r\n", "\n") == out


def test_markdown_escapes_what_claims_to_be_a_date_or_a_status(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each cell, read back by a Markdown parser, is the text it was made of."""
    from markdown_it import MarkdownIt

    text = "**b** <i>x</i> [a](http://b) `c` ~~d~~ | e \\| &amp; www.f.com g@h.io #1 @j $k$ :l:"
    row = payload(date_created=text, date_updated=text, label=text, sid=text)
    with listed(monkeypatch, page("payloads", [row])):
        ran = run(f"payloads list {RE} {XR} -f markdown --fields sid,label,date_created,expires")
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(ran.out)
    inline = [token for token in tokens if token.type == "inline"][4:]

    assert (0, "") == (ran.code, ran.err)
    assert [
        cell.content
        and "".join(
            part.content for part in cell.children or () if part.type in ("text", "text_special")
        )
        for cell in inline
    ] == [text, text, text, text]
    assert {part.type for cell in inline for part in cell.children or ()} <= {
        "text",
        "text_special",
    }

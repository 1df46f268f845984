"""Documents of any values, in every format: read back what they were, or refused in words."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import sys
from collections.abc import Callable
from typing import Any
from unicodedata import category
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from support.documents import RE, XR, listed, page, payload, result
from support.program import Ran, Run

from addonctl.cli import main
from addonctl.models import Payload, Recording, Result
from addonctl.output import FORMATS

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
UNFIT = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}

texts = some.text(some.characters(codec=None, exclude_categories=()), max_size=12)
dates = some.sampled_from(
    [
        "Sat, 21 Nov 2026 18:43:00 +0000",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "Mon, 01 Jan 0001 00:00:00 +1400",
        "Fri, 31 Dec 9999 23:59:59 +0000",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Sat, 30 Feb 2026 18:43:00 +0000",
        "2026-11-21",
        "",
    ]
)
numbers = some.integers() | some.floats(allow_nan=False, allow_infinity=False)
values = some.recursive(
    some.none() | some.booleans() | numbers | texts | dates,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
KINDS = {
    "recordings list": (Recording, {"sid": RE}),
    f"results list {RE}": (Result, result()),
    f"payloads list {RE} {XR}": (Payload, payload()),
}


def odd(line: str) -> some.SearchStrategy[list[dict[str, Any]]]:
    """Some documents of the kind that `line` lists, any of their fields anything."""
    kind, usual = KINDS[line]
    fields = {field.name: values for field in kind.FIELDS if not field.origin}
    changed = some.fixed_dictionaries({}, optional=fields)
    return some.lists(changed.map(lambda parts: usual | parts), min_size=1, max_size=4)


class Tty(io.TextIOWrapper):
    """A stdout that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_tty(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Ran]:
    """Types a line at a terminal of 100 columns, without colours."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("ADDONCTL_PAGER", "")

    def typed(line: str) -> Ran:
        out, err = io.BytesIO(), io.BytesIO()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", Tty(out, "utf-8", newline=""))
            patch.setattr(sys, "stderr", Tty(err, "utf-8", newline=""))
            code = main(shlex.split(line))
            sys.stdout.flush()
            sys.stderr.flush()
            return Ran(code, out.getvalue().decode(), err.getvalue().decode())

    return typed


def as_text(value: Any) -> str:
    """A value as a cell of text holds it."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


@pytest.fixture(params=[10, pytest.param(300, marks=pytest.mark.slow)])
def fuzz(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Tries a check with examples: a few in every run, many in a slow one."""

    def tried(strategy: some.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
        some_of_them = settings(max_examples=request.param, deadline=None, database=None)
        some_of_them(given(strategy)(check))()

    return tried


@pytest.mark.parametrize("line", KINDS)
@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"xlsx"}))
def test_no_document_is_an_unexpected_error(
    run: Run,
    on_tty: Callable[[str], Ran],
    fuzz: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    format: str,
) -> None:
    """Piped, and on a terminal, where it brings no character that a terminal would obey."""
    with listed(monkeypatch, b"") as server:

        def check(rows: list[dict[str, Any]]) -> None:
            server.answers = [page(KINDS[line][0].COLLECTION, rows)]
            piped, shown = run(f"{line} -f {format}"), on_tty(f"{line} -f {format}")

            assert (piped.code, shown.code) == (0, 0), piped.err + shown.err
            assert piped.err == ""
            assert {each for each in shown.out if category(each) in UNFIT} <= {"\n", "\t"}

        fuzz(odd(line), check)


@pytest.mark.parametrize("line", KINDS)
def test_any_document_is_sorted_chosen_and_queried(
    run: Run, fuzz: Callable[..., None], monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    kind, _ = KINDS[line]
    names = [field.name for field in kind.FIELDS if field.kind != "uris"]
    filters = {
        "recordings list": [],
        f"results list {RE}": [
            "--status failed",
            f"--add-on XB{'b' * 32}",
            f"--config XE{'b' * 32}",
        ],
        f"payloads list {RE} {XR}": ["--label 't*'", "--content-type '*/json'"],
    }[line]
    if filters:
        filters += ["--created-after 3d", "--created-before 3d", "--expiring-within 3d"]
    options = some.sampled_from(
        [f"--sort {name}" for name in names]
        + [f"--sort -{name} -f json --query '[].{name}'" for name in names]
        + [f"--fields {','.join(field.name for field in kind.FIELDS)} -f csv", *filters]
    )
    with listed(monkeypatch, b"") as server:

        def check(tried: tuple[list[dict[str, Any]], str]) -> None:
            rows, words = tried
            server.answers = [page(kind.COLLECTION, rows)]
            ran = run(f"{line} {words}")

            assert (ran.code, ran.err) == (0, "")

        fuzz(some.tuples(odd(line), options), check)


@pytest.mark.parametrize(("format", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_spreadsheets_read_back_what_was_written(
    run: Run,
    fuzz: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    format: str,
    delimiter: str,
) -> None:
    """But for the apostrophe before what would run; with --exact, without it."""
    with listed(monkeypatch, b"") as server:

        def check(labels: list[Any]) -> None:
            rows = [payload(at, label=label) for at, label in enumerate(labels)]
            server.answers = [page("payloads", rows)]
            wanted = [as_text(label) for label in labels]
            line = f"payloads list {RE} {XR} -f {format} --fields label,sid --no-header"

            assert cells(run(f"{line} --exact").out, delimiter) == wanted
            assert cells(run(line).out, delimiter) == [
                f"'{text}" if text.startswith(FORMULAS) else text for text in wanted
            ]

        fuzz(some.lists(values | texts, min_size=1, max_size=4), check)


def cells(text: str, delimiter: str) -> list[str]:
    """The first column."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return [row[0] for row in rows]


@pytest.mark.parametrize("line", KINDS)
def test_json_and_xml_hold_the_documents(
    run: Run, fuzz: Callable[..., None], monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    kind, _ = KINDS[line]
    with listed(monkeypatch, b"") as server:

        def check(rows: list[dict[str, Any]]) -> None:
            server.answers = [page(kind.COLLECTION, rows)]
            as_json, as_lines = run(f"{line} -f json"), run(f"{line} -f jsonl")
            root = ElementTree.fromstring(run(f"{line} -f xml").out)

            assert json.loads(as_json.out) == rows
            assert [json.loads(each) for each in as_lines.out.split("\n")[:-1]] == rows
            elements = list(root[0])
            assert len(elements) == len(rows)
            for element, row in zip(elements, rows, strict=True):
                for name in ("sid", "label", "status", "source"):
                    value = row.get(name)
                    if name in row and not isinstance(value, list | dict):
                        tag = name.capitalize()
                        assert element.findtext(tag) == fit_for_xml(value), (name, value)

        fuzz(odd(line), check)


def fit_for_xml(value: Any) -> str:
    """XML 1.0 has no form for some characters; U+FFFD stands for them."""
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)


def test_tables_and_markdown_have_a_line_for_each_document(
    run: Run, fuzz: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each of Markdown's cells is, to a parser, the text it was made of."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("gfm-like", {"linkify": False})
    with listed(monkeypatch, b"") as server:

        def check(labels: list[Any]) -> None:
            rows = [payload(at, label=label) for at, label in enumerate(labels)]
            server.answers = [page("payloads", rows)]
            line = f"payloads list {RE} {XR} --no-header --fields sid,label"
            table = run(line).out.split("\n")[:-1]
            marked = run(f"{line} -f markdown").out

            assert [row[:34].rstrip() for row in table] == [row["sid"] for row in rows]
            assert marked.count("\n") == len(rows)
            found = [
                token
                for token in parser.parse(f"| a | b |\n| --- | --- |\n{marked}")
                if token.type == "inline"
            ][2:]
            assert [
                len(token.children or ()) <= 1
                or {part.type for part in token.children or ()} <= {"text", "text_special"}
                for token in found
            ] == [True] * 2 * len(rows)
            cells = [shown(token).strip() for token in found[1::2]]
            assert cells == [as_cell(label) for label in labels]

        fuzz(some.lists(values | texts, min_size=1, max_size=4), check)


def shown(token: Any) -> str:
    return "".join(part.content for part in token.children or ())


def as_cell(label: Any) -> str:
    from addonctl.output import safe

    text = label if isinstance(label, str) else as_text(label)
    return safe.cell(text).strip()

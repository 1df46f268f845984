"""What files are called, whatever a vendor's label or a template holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from support.breaking import RECORDING, RESULT, Breaking, breaking
from support.program import Run

from addonctl.addresses import Address
from addonctl.errors import Usage
from addonctl.models import Payload, Recording
from addonctl.transfer.folder import Name, Names, extension, safe

HOSTILE = {
    "parent": "..",
    "parents": "../../../../escaped",
    "backslashes": "..\\..\\escaped",
    "absolute": "/etc/passwd",
    "drive": "C:\\Windows\\escaped",
    "nul byte": "a\0b",
    "device": "CON",
    "device with extension": "nul.txt",
    "superscript device": "COM¹",
    "very long": "x" * 300,
    "very long in bytes": "é" * 300,
    "long emoji": "😀" * 150,
    "trailing dots": "report...",
    "trailing space": "report ",
    "empty": "",
    "blank": "   ",
    "one dot": ".",
    "leading dash": "-rf",
    "home": "~root",
    "hidden": ".bashrc",
    "newline": "a\nb",
    "escape": "\x1b[2Jgone",
    "right to left": "\u202egnp.exe",
    "lone surrogate": "\ud800",
    "stream": "a:b",
    "glob": "*?",
    "braces": "{payload}",
    "a part of another": "twin.json.part",
    "a note of another": "twin.json.note",
}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Breaking]:
    with breaking(monkeypatch) as account:
        yield account


def written(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def named(template: str, *labels: str, sids: tuple[str, ...] = ()) -> list[list[PurePosixPath]]:
    """The places that payloads with those labels may take, by one template."""
    names = Names(template)
    found = []
    for number, label in enumerate(labels):
        sid = sids[number] if sids else f"XH{number:032x}"
        address = Address(RECORDING, RESULT, sid)
        payload = Payload({"sid": sid, "label": label, "content_type": "application/json"})
        folders, candidates = names.candidates(address, payload)
        free = [name.file for name in candidates if not name.taken]
        found.append([PurePosixPath(*folders, file) for file in free])
    return found


@pytest.mark.parametrize("template", ["{label}.{ext}", "{label}", "{label}/{label}.{ext}"])
def test_hostile_labels_stay_inside_each_with_a_file(
    run: Run, account: Breaking, home: Path, tmp_path: Path, template: str
) -> None:
    """On a real disk, through the whole program."""
    for label in HOSTILE.values():
        account.add(label.encode("utf-8", "replace") + b" ", label=label)
    before = written(tmp_path)
    ran = run("results", "download", RECORDING, "--to", "deep/er/keep", "--name", template)

    there = written(home / "deep/er/keep")
    assert ran.code == 0
    assert written(tmp_path) == sorted(before + there)
    assert sorted(path.read_bytes() for path in there) == sorted(
        label.encode("utf-8", "replace") + b" " for label in HOSTILE.values()
    )


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE)
def test_a_part_made_safe_fits_every_file_system(label: str) -> None:
    part = safe(label)

    assert 0 < len(part.encode()) <= 205
    assert part not in (".", "..")
    assert not part.startswith(("-", ".", "~", " "))
    assert not part.endswith((".", " ", ".part", ".note"))
    assert part.isprintable()
    assert not set(part) & set('<>:"/\\|?*')
    assert part.partition(".")[0].upper() not in ("CON", "NUL", "COM¹")


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200),
        ("x" * 300 + ".json", "x" * 195 + ".json"),
        ("x" * 300 + ".abcdefghij", "x" * 189 + ".abcdefghij"),
        ("x" * 300 + ".abcdefghijk", "x" * 200),
        ("x" * 199 + "é", "x" * 199),
        ("a. . ", "a"),
        ("-rf", "_-rf"),
        (".bashrc", "_.bashrc"),
        ("~root", "_~root"),
        ("", "_"),
        ("con", "_con"),
        ("Nul.tar.gz", "_Nul.tar.gz"),
        ("clock$", "_clock$"),
        ("CONIN$", "_CONIN$"),
        ("conout$.txt", "_conout$.txt"),
        ("COM³.x", "_COM³.x"),
        ("lpt9 .txt", "_lpt9 .txt"),
        ("COMX", "COMX"),
        ("console", "console"),
        ("a.PART", "a.PART_"),
        ("a.note", "a.note_"),
        ("a.notes", "a.notes"),
        ('<>:"/\\|?*', "_________"),
        ("a\u200bb", "ab"),
        ("a\u2028b", "a_b"),
        ("a\ue000b", "a_b"),
        ("a\u0378b", "a_b"),
        ("e\u0301", "\u00e9"),
        ("a  \t b", "a _ b"),
    ],
)
def test_a_part_is_changed_no_more_than_it_has_to_be(part: str, wanted: str) -> None:
    assert safe(part) == wanted


@pytest.mark.parametrize("label", ["report", "Ünïcode ✓", "日本語", "a b", "v1.2", "½ ﬁ"])
def test_a_harmless_label_stays_as_it_is(label: str) -> None:
    ((first, *_),) = named("{label}.{ext}", label)

    assert str(first) == f"{label}.json"


@pytest.mark.parametrize(
    "one, other", [("twin", "twin"), ("Twin", "tWIN"), ("é", "e\u0301"), ("a/b", "a\\b"), ("", "_")]
)
def test_twins_are_told_apart_by_their_sids(one: str, other: str) -> None:
    """Also on file systems that do not tell case, or ways to write an accent."""
    first, second = named("{label}.{ext}", one, other)

    assert len(first) == 2
    assert len(second) == 1
    assert f"XH{1:032x}" in str(second[0])


@pytest.mark.parametrize("label", ["XH", "xh", "Xh", "\uff38\uff28"])
def test_a_label_names_no_payload_whatever_its_case(label: str) -> None:
    """There are file systems where each of these is the other."""
    ((first, *_),) = named("{label}", f"same.{label}{2:032x}")

    assert str(first) == f"same.XH_{2:032x}"


@pytest.mark.parametrize(
    ("template", "asks"), [("{call}", True), ("{date}/{label}", True), ("{add_on}.{ext}", False)]
)
def test_a_template_asks_for_the_recording_where_only_that_knows(template: str, asks: bool) -> None:
    assert Names(template).asks_for_recording == asks


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize(
    ("template", "labels"),
    [
        # What marks another "same" as its own, spelled by a third.
        ("{label}.{ext}", [f"same.XH{2:032x}", "same", "same", f"same.XH{1:032x}"]),
        ("{label}.{ext}", [f"same.xh{2:032X}", "same", "SAME", f"SAME.XH{1:032x}"]),
        ("{label}.{ext}", [f"same.\uff38\uff28{2:032x}", "same", "same"]),
        ("{label}.{ext}", [f"same.X\u200bH{2:032x}", "same", "same", f"same.XH\u200d{1:032x}"]),
        # Too long to end in the SID, so that the label alone decides whose it is.
        ("{label}-{payload}", [f"XH{2:032x}" + "x" * 300] * 3),
        ("{label}-{payload}", [f"XH{0:032x}" + "x" * 300] * 3),
        ("{label}", ["a", "A", "\uff21"]),
    ],
)
def test_no_label_spells_its_way_into_the_file_of_another(
    run: Run, account: Breaking, home: Path, template: str, labels: list[str], one_by_one: bool
) -> None:
    """Whether in one run, or each in a run of its own, whatever the order."""
    wanted = {
        account.add(bytes([at]) * 9, label=label): bytes([at]) * 9
        for at, label in enumerate(labels)
    }
    addresses = list(wanted)
    words = ["--to", "keep", "--name", template, "--workers", "1"]
    for order in (addresses, addresses[::-1]):
        for named in [[one] for one in order] if one_by_one else [order]:
            assert run("payloads", "download", *named, *words).code == 0
        there = [path.read_bytes() for path in written(home / "keep")]
        assert sorted(there) == sorted(wanted.values())


def test_sids_in_step_have_nothing_in_common(run: Run, account: Breaking, home: Path) -> None:
    """Neither is taken for the other by its time, in a later run or in the same."""
    sids = [f"XH{number:032x}" for number in (7, 7 + 10_000_000, 7 + 20_000_000)]
    addresses = [account.add(sid.encode(), sid=sid, label="same") for sid in sids]
    run("payloads", "download", addresses[0], "--to", "keep", "--name", "{label}")
    ran = run("payloads", "download", *addresses[1:], "--to", "keep", "--name", "{label}")

    assert ran.code == 0
    assert sorted(path.read_bytes() for path in written(home / "keep")) == [
        sid.encode() for sid in sids
    ]


def test_the_same_payload_keeps_its_name() -> None:
    sid = "XH" + "a" * 32
    first, second = named("{label}.{ext}", "x", "x", sids=(sid, sid))

    assert first == second


def test_what_marks_a_name_stands_before_its_extension() -> None:
    """Of a SID with capitals, with where they are."""
    mixed = "XH" + "aB" + "a" * 29 + "F"
    address = Address(RECORDING, RESULT, mixed)
    payload = Payload({"sid": mixed, "label": "same", "content_type": "text/plain"})
    capitals = (1 << 1) + (1 << 31)

    assert Names("{label}.{ext}").candidates(address, payload) == (
        (),
        [Name("same.txt", own=False), Name(f"same.{mixed}.{capitals:x}.txt", own=True)],
    )
    assert Names("{result}/{payload}.{ext}").candidates(address, payload) == (
        (RESULT,),
        [Name(f"{mixed}.{mixed}.{capitals:x}.txt", own=True)],
    )


@pytest.mark.parametrize("other", ["same", "SAME"])
def test_a_name_belongs_to_whom_asked_first(other: str) -> None:
    names = Names("{result}/{label}")
    first, second = (
        names.candidates(Address(RECORDING, RESULT, sid), Payload({"label": label}))
        for sid, label in ((f"XH{1:032x}", "same"), (f"XH{2:032x}", other))
    )

    assert first == ((RESULT,), [Name("same", False), Name(f"same.XH{1:032x}", True)])
    assert second == ((RESULT,), [Name(other, False, True), Name(f"{other}.XH{2:032x}", True)])


def test_sids_that_differ_in_case_have_names_that_do_not() -> None:
    """No such SID was ever seen; a store of files on a Mac must survive it all the same."""
    lower, upper = "XH" + "a" * 32, "XH" + "A" * 32
    (first,), (second,) = named("{payload}.{ext}", "", "", sids=(lower, upper))

    assert str(first).lower() != str(second).lower()


@pytest.mark.parametrize(
    "template", ["{nothing}", "{}", "{label!r}", "{label:>5}", "{label.x}", "{0}", "{label", "}"]
)
def test_an_unknown_placeholder_is_named_before_any_request(
    run: Run, account: Breaking, home: Path, template: str
) -> None:
    ran = run("results", "download", RECORDING, "--name", template, "--to", "keep")

    assert (2, "") == (ran.code, ran.out)
    assert template in ran.err
    assert account.heard == []
    assert not (home / "keep").exists()


@pytest.mark.parametrize("template", ["", "/", "..", " . / "])
def test_a_template_without_a_name_is_refused(template: str) -> None:
    with pytest.raises(Usage) as raised:
        Names(template)

    assert raised.value.message == f"--name '{template}' names no file"


@pytest.mark.parametrize("word", ["{nothing}", "{}", "{label!r}", "{label:>5}", "{label!s:x}"])
def test_what_a_template_can_ask_for_is_listed(word: str) -> None:
    with pytest.raises(Usage) as raised:
        Names(f"a{word}b")

    assert raised.value.message == (
        f"--name 'a{word}b': no placeholder {word}; known: {{recording}} {{result}} {{payload}} "
        "{label} {ext} {call} {date} {add_on} {config}"
    )


def test_a_template_that_is_none_is_told_why() -> None:
    with pytest.raises(Usage) as raised:
        Names("{label")

    assert raised.value.message == "--name '{label': expected '}' before end of string"


@pytest.mark.parametrize(
    "template",
    ["/etc/{payload}", "../../{payload}", "{payload}/../../x", "./{payload}", "{{{payload}"],
)
def test_a_template_never_leads_out(template: str) -> None:
    ((path, *_),) = named(template, "label")

    assert not path.is_absolute()
    assert ".." not in path.parts


@pytest.mark.parametrize(
    "content_type, wanted",
    [
        ("application/json", "json"),
        ("Application/JSON; charset=utf-8", "json"),
        ("application/vnd.vendor+json", "json"),
        ("application/vnd.vendor+xml", "xml"),
        ("audio/x-wav", "wav"),
        ("text/plain", "txt"),
        ("audio/mpeg", "mp3"),
        ("video/webm", "webm"),
        ("application/gzip", "gz"),
        ("application/json+x", "bin"),
        ("", "bin"),
        ("../../x", "bin"),
        ("application/x-msdownload", "bin"),
        ("image/svg+exe", "bin"),
    ],
)
def test_an_extension_is_one_we_know(content_type: str, wanted: str) -> None:
    assert extension(content_type) == wanted


def names_of(document: dict[str, Any], recording: dict[str, Any] | None, **names: str) -> str:
    """What a template with all that is not the payload's own makes of these."""
    found = Names(
        "{date}/{call}/{add_on} {config}.{ext}",
        names,
        lambda _: None if recording is None else Recording(recording),
    )
    address = Address(RECORDING, RESULT, "XH" + "5" * 32)
    folders, (first, *_) = found.candidates(address, Payload(document))
    return "/".join([*folders, first.file])


ADD_ON, CONFIG = "XB" + "6" * 32, "XE" + "7" * 32
MADE = {
    "add_on_sid": ADD_ON,
    "add_on_configuration_sid": CONFIG,
    "content_type": "application/json",
}
CALLED = {"call_sid": "CA" + "8" * 32, "date_created": "Fri, 20 Nov 2026 23:59:59 +0000"}


def test_a_name_tells_call_day_add_on_and_configuration() -> None:
    call = CALLED["call_sid"]

    assert f"2026-11-20/{call}/{ADD_ON} {CONFIG}.json" == names_of(MADE, CALLED)
    assert f"2026-11-20/{call}/Watson {CONFIG}.json" == names_of(MADE, CALLED, **{ADD_ON: "Watson"})


@pytest.mark.parametrize("recording", [None, {}, {"call_sid": None, "date_created": "soon"}])
def test_what_is_not_known_is_a_line_in_a_name(recording: dict[str, Any] | None) -> None:
    assert "_/_/_ _.json" == names_of({"content_type": "application/json"}, recording)


@pytest.mark.parametrize("word", ["../../up", "/etc/passwd", "a\0b", "..", "C:\\x"])
def test_no_answer_and_no_name_of_an_add_on_leads_outside(word: str) -> None:
    recording = {**CALLED, "call_sid": word, "date_created": word}
    parts = names_of(MADE | {"add_on_configuration_sid": word}, recording, **{ADD_ON: word})

    day, call, *rest = parts.split("/")
    assert "_" == day
    assert 1 == len(rest)
    assert not {call, *rest} & {"", ".", ".."}


def test_files_are_named_by_their_recordings(run: Run, home: Path) -> None:
    """Those of --all are not asked for again; one that is typed is asked for once."""
    listed = run("-p sandbox results list --all -f json --fields reference_sid,call_sid").out
    calls = {row["reference_sid"]: row["call_sid"] for row in json.loads(listed)}
    template = "--name {call}/{date}-{recording}-{add_on}-{payload}.{ext}"
    every = run(f"-p sandbox results download --all --to all {template} -f jsonl -v")
    one = next(iter(calls))
    single = run(f"-p sandbox results download {one} --to one {template} -v")

    assert (0, 0) == (every.code, single.code)
    saved = written(home / "all")
    assert len(every.out.splitlines()) == len(saved)
    for file in saved:
        recording = file.name.split("-")[3]
        assert file.parent.name == calls[recording]
    assert {file.name for file in written(home / "one")} <= {file.name for file in saved}
    assert any("VoiceBase" in file.name for file in saved)
    assert 0 == sum(f"Recordings/{sid}.json" in every.err for sid in calls)
    assert 1 == single.err.count(f"Recordings/{one}.json")


def test_of_a_recording_that_is_gone_the_name_says_so(
    run: Run, account: Breaking, home: Path
) -> None:
    account.add(b"data", label="notes")
    ran = run(f"results download {RECORDING} --to keep --name {{call}}/{{date}}-{{label}}.{{ext}}")

    assert 0 == ran.code
    assert [home / "keep" / "_" / "_-notes.json"] == written(home / "keep")


@pytest.mark.parametrize(
    "sid", ["../../escaped", "XH123", "", "XR" + "0" * 32, "XH" + "0" * 31 + "/"]
)
def test_a_sid_that_is_none_names_nothing(
    run: Run, account: Breaking, home: Path, tmp_path: Path, sid: str
) -> None:
    """Whoever answers in the service's place does not get to choose file names."""
    account.results[RESULT][sid] = account.results[RESULT].pop(account.add(b"data")[-34:])
    before = written(tmp_path)
    ran = run(f"results download {RECORDING} --to keep")

    assert ran.code == 1
    assert written(tmp_path) == before

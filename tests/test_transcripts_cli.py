"""What was said, as it is asked for: `payloads show --as` and `results transcript`."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from support.program import Run
from support.terminal import ESCAPE, on_screen

from addonctl.output import terminal
from addonctl.transcripts import Transcript, Turn

CALL = "RE73640dced2490fa811f54a87139210ee"
RESULT = f"{CALL}/XR68b652bc56ffb143af7cdb76f8cbc0ef"
WATSON = f"{RESULT}/XH38d7a0794af392f71911dda241c84834"
PLAIN = f"{RESULT}/XH490b86aebe891b7656eebf1333bc7523"
SENTIMENT = f"{CALL}/XR05ad044e7178fc4df4b8371f2929226a"
AUDIO = "RE87507184dbc27bac07cb30a6ce1c90b6/XR580f0eefbcc70302fb48061ab2edc16e"


@pytest.fixture(autouse=True)
def sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")


def test_in_a_pipe_a_payload_is_its_exact_bytes(run: Run) -> None:
    shown, raw = run(f"payloads show {WATSON}"), run(f"payloads show {WATSON} --as raw")

    assert (0, "") == (shown.code, shown.err)
    assert shown.out == raw.out
    assert "user_token" in json.loads(shown.out)


@pytest.mark.parametrize(
    ("form", "begins"),
    [
        ("text", "Speaker 0: thank you for calling"),
        ("md", "**Speaker 0** (0:00): thank you"),
        ("vtt", "WEBVTT\n\n00:00:00.400 --> "),
        ("srt", "1\n00:00:00,400 --> "),
        ("json", '{\n  "shape": "watson"'),
    ],
)
def test_a_transcript_in_each_form(run: Run, form: str, begins: str) -> None:
    ran = run(f"payloads show {WATSON} --as {form}")

    assert (0, "") == (ran.code, ran.err)
    assert ran.out.startswith(begins)
    assert ran.out.endswith("\n")


def test_every_word_is_there(run: Run) -> None:
    document = json.loads(run(f"payloads show {WATSON}").out)
    said = [
        word
        for outer in document["results"]
        for inner in outer["results"]
        for word, _, _ in inner["alternatives"][0]["timestamps"]
    ]
    rows = csv.DictReader(io.StringIO(run(f"results transcript {RESULT} -f csv").out))

    assert said
    assert said == " ".join(row["text"] for row in rows).split()


def test_what_is_no_transcript_is_said_to_be_none(run: Run) -> None:
    ran = run(f"payloads show {SENTIMENT} --as text")

    assert (1, "") == (ran.code, ran.out)
    assert "is JSON, but of no known kind of transcript" in ran.err
    assert "--as raw" in ran.err


def test_a_recording_is_enough_where_it_is_clear(run: Run) -> None:
    one = run(f"payloads show {SENTIMENT}")
    several = run(f"payloads show {RESULT}")
    labelled = run(f"payloads show {RESULT} --label 'transcript as*'")
    headed = run(f"payloads show {RESULT} --as text")

    assert 0 == one.code
    assert "sentiment" in json.loads(one.out)
    assert (2, "") == (several.code, several.out)
    assert "--label" in several.err
    assert labelled.out == run(f"payloads show {PLAIN}").out
    assert [f"# {WATSON} transcript", f"# {PLAIN} transcript as text"] == [
        line for line in headed.out.splitlines() if line.startswith("#")
    ]


def test_a_query_works_on_json_alone(run: Run) -> None:
    found = run(f"payloads show {SENTIMENT} --query 'keys(@)'")
    text = run(f"payloads show {PLAIN} --query 'keys(@)'")
    broken = run(f"payloads show {SENTIMENT} --query 'keys('")

    assert (0, ["sentiment"]) == (found.code, json.loads(found.out))
    assert (1, "") == (text.code, text.out)
    assert "is not JSON" in text.err
    assert 2 == broken.code


@pytest.mark.parametrize(
    "line", [f"payloads show {WATSON} --as doc", f"results transcript {CALL} --as raw"]
)
def test_a_form_that_is_not_known(run: Run, line: str) -> None:
    ran = run(line)

    assert (2, "") == (ran.code, ran.out)
    assert "known: text, md, vtt, srt, json" in ran.err


def test_one_document_for_each_result(run: Run) -> None:
    """The words as a document tell more than the same words as text, so that one is taken."""
    alone, all_of_them = run(f"results transcript {CALL}"), run("results transcript --all")
    headings = [line[2:] for line in all_of_them.out.splitlines() if line.startswith("# ")]

    assert alone.out.startswith("Speaker 0: thank you")
    assert 0 == all_of_them.code
    assert WATSON in headings
    assert PLAIN not in headings
    assert len(headings) == len({heading[:69] for heading in headings}) > 2


def test_rows_for_analysts(run: Run) -> None:
    listed = run("results transcript --all -f jsonl")
    rows = [json.loads(line) for line in listed.out.splitlines()]
    row = next(row for row in rows if row["address"] == WATSON)

    assert 0 == listed.code
    assert row["call_sid"].startswith("CA")
    assert row["add_on_sid"].startswith("XB")
    assert row["start"] < row["end"]
    assert ("Speaker 0", 1) == (row["speaker"], row["n"])


def test_a_file_for_each(run: Run, home: Path) -> None:
    ran = run("results transcript --all --as vtt --to said")
    files = sorted(str(path.relative_to(home)) for path in (home / "said").rglob("*.vtt"))

    assert (0, "") == (ran.code, ran.out)
    assert f"said/{RESULT}.vtt" in files
    assert f"wrote {len(files)} transcripts" in ran.err


def test_subtitles_of_several_want_a_folder(run: Run) -> None:
    ran = run("results transcript --all --as srt")

    assert 2 == ran.code
    assert "--to DIR" in ran.err


def test_a_result_without_words_is_not_found(run: Run) -> None:
    ran, many = run(f"results transcript {AUDIO}"), run(f"results transcript {AUDIO} {RESULT}")

    assert (3, "") == (ran.code, ran.out)
    assert "no transcript" in ran.err
    assert 6 == many.code
    assert "Speaker 0" in many.out


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_dialogue_on_a_terminal(columns: int) -> None:
    code, out, err = on_screen(f"payloads show {WATSON}", columns)
    lines = ESCAPE.sub("", out).splitlines()

    assert 0 == code
    assert lines[0].startswith("0:00  Speaker 0  thank you for calling")
    assert max(map(len, lines)) <= columns
    assert "--as raw" in err
    assert ESCAPE.search(out)  # speakers are in colours


def test_a_dialogue_names_a_speaker_once_and_each_in_a_colour() -> None:
    said = [("Ann", "one"), ("Ann", "two"), ("Bob", "three"), ("Ann", "four")]
    turns = tuple(Turn(n, who, None, None, None, text, None) for n, (who, text) in enumerate(said))
    shown = terminal.dialogue(Transcript("plain", turns), 40, color=True)

    assert ESCAPE.sub("", shown) == "Ann  one\n     two\nBob  three\nAnn  four\n"
    assert re.findall(r"(\x1b\[\d+m)(\w+)", shown) == [
        ("\x1b[36m", "Ann"),
        ("\x1b[32m", "Bob"),
        ("\x1b[36m", "Ann"),
    ]


def test_what_is_no_transcript_is_shown_as_it_is_on_a_terminal() -> None:
    code, out, _ = on_screen(f"payloads show {SENTIMENT}", 80)

    assert 0 == code
    assert '"sentiment"' in ESCAPE.sub("", out)

"""config.toml: defaults below variables and options, and names for add-ons."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from support.documents import RE, listed, page, result
from support.logins import write_config
from support.program import Run
from support.terminal import on_screen

from addonctl.cli import main

VOICEBASE = "XB7afe11af3e292cadb03248e0066b8c1e"
WATSON = "XE" + "c" * 32
NAMES = f'[add_ons]\n{WATSON} = "Watson"\n'


def test_a_variable_beats_a_default_and_an_option_both(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(home, '[defaults]\nformat = "JSONL"\ndates = "iso"\n')
    line = "-p sandbox results list --all --limit 1 --fields sid,date_created"
    by_default = run(line)
    monkeypatch.setenv("ADDONCTL_FORMAT", "json")
    monkeypatch.setenv("ADDONCTL_DATES", "own")
    by_variable = run(line)
    by_option = run(f"{line} -f csv --dates iso")

    assert json.loads(by_default.out)["date_created"].endswith("Z")
    assert json.loads(by_variable.out)[0]["date_created"].endswith(" +0000")
    assert by_option.out.startswith("sid,date_created\n")
    assert by_option.out.endswith("Z\n")


def test_folder_and_workers_may_be_defaults(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(home, '[defaults]\nto = "~/kept"\nworkers = 2\n')
    ran = run("-p sandbox results download --all --status completed -f sids")
    monkeypatch.setenv("ADDONCTL_WORKERS", "many")
    wrong = run("-p sandbox results list --all")

    assert ran.code == 0
    assert len(list((home / "kept").rglob("XH*"))) == len(ran.out.splitlines())
    assert 2 == wrong.code
    assert "ADDONCTL_WORKERS is 'many'" in wrong.err


def test_an_archive_may_be_a_default(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the one that the profile remembers, but below a variable and the option."""
    monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")
    for name in ("ours", "theirs", "other"):  # each is remembered in place of the one before
        assert 0 == run(f"archive init {name} --quiet").code
    write_config(home, '[defaults]\narchive = "~/ours"\n')
    line = "archive status -f csv --no-header --fields archive"
    by_default = run(line).out
    monkeypatch.setenv("ADDONCTL_ARCHIVE", "theirs")
    by_variable, by_option = run(line).out, run(f"{line} -a other").out

    assert ["ours", "theirs", "other"] == [
        Path(place.strip()).name for place in (by_default, by_variable, by_option)
    ]


def test_a_default_archive_is_the_one_that_is_filled_and_read(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By commands that answer with rows and by those that do not, or by none of them."""
    monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")
    for name in ("ours", "theirs"):
        assert 0 == run(f"archive init {name} --quiet").code
    write_config(home, '[defaults]\narchive = "~/ours"\n')
    filled = run("archive run --quiet")
    held = {name: run(f"archive list -f sids -a {name}").out for name in ("ours", "theirs")}
    shown = run("archive show RE73640dced2490fa811f54a87139210ee")
    write_config(home, "[defaults]\narchive = 7\n")
    refused = run("archive run --quiet")

    assert 0 == filled.code, filled.err
    assert held["ours"]
    assert not held["theirs"]
    assert (0, "") == (shown.code, shown.err)
    assert "parcel" in shown.out
    assert 2 == refused.code
    assert "config.toml" in refused.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("how", ["folder", "loop", "pipe"])
def test_a_login_by_variables_needs_no_settings_that_can_be_read(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path = write_config(home, "")
    path.unlink()
    if how == "folder":
        path.mkdir()
    elif how == "loop":
        path.symlink_to(path)
    else:
        os.mkfifo(path)
    with listed(monkeypatch, page("add_on_results", ROWS)):
        ran = run(f"results list {RE} -f sids")

    assert (0, "") == (ran.code, ran.err)
    assert len(ROWS) == len(ran.out.splitlines())


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[defaults]\nformat = "nonsense"\n', 2, "defaults.format must be one of table, csv"),
        ("[defaults]\n\nworkers = 0\n", 3, "defaults.workers must be 1 to 256"),
        ("[defaults]\nworkers = true\n", 2, "defaults.workers must be 1 to 256"),
        ('[defaults]\ndates = "epoch"\n', 2, "defaults.dates must be iso or own"),
        ('[defaults]\nto = ""\n', 2, "defaults.to must be a folder"),
        ('[defaults]\nfromat = "csv"\n', 2, "defaults.fromat is no setting; known: format"),
        ("defaults = 1\n", 1, "defaults must be a table"),
        ('[add_ons]\nXB1 = "Watson"\n', 2, "add_ons.XB1 must be an add-on's SID"),
        (f'[add_ons]\n{WATSON} = "a,b"\n', 2, f"add_ons.{WATSON} must be a name"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    run: Run, home: Path, text: str, line: int, said: str
) -> None:
    path = write_config(home, text)
    ran = run("-p sandbox results list --all")

    assert (2, "") == (ran.code, ran.out)
    assert f"{path}, line {line}: {said}" in ran.err


@pytest.mark.parametrize("words", ["--help", "--version", "results list --help"])
def test_help_and_version_read_no_settings(run: Run, home: Path, words: str) -> None:
    write_config(home, "[defaults\n")
    ran = run(words)

    assert (0, "") == (ran.code, ran.err)


def test_settings_are_set_got_listed_and_taken_out(run: Run, home: Path) -> None:
    path = write_config(home, "# ours\n")
    assert "format is csv\n" == run("config set format csv").err
    assert 0 == run("config", "set", f"add_ons.{WATSON}", "Watson").code
    assert "csv\n" == run("config get format").out
    rows = run("config list -f tsv --no-header").out.splitlines()
    assert "format\tcsv\tconfig.toml" in rows
    assert f"add_ons.{WATSON}\tWatson\tconfig.toml" in rows
    assert f"add_ons.{VOICEBASE}\tVoiceBase\tknown" in rows
    assert 0 == run("config", "set", "format", "").code
    assert 3 == run("config get format").code
    assert path.read_text().startswith("# ours\n")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("workers", "0", "workers '0': expected 1 to 256"),
        ("format", "nonsense", "format 'nonsense': expected one of table, csv"),
        ("dates", "epoch", "dates 'epoch': expected iso or own"),
        ("color", "red", "no setting 'color'; known: format"),
        ("add_ons.Watson", "x", "'Watson' is no add-on's SID"),
    ],
)
def test_a_wrong_setting_is_not_set(run: Run, home: Path, name: str, value: str, said: str) -> None:
    ran = run("config", "set", name, value)

    assert 2 == ran.code
    assert said in ran.err
    assert not list(home.rglob("config.toml"))


ROWS = [
    result(1, add_on_sid=VOICEBASE, add_on_configuration_sid="XE" + "d" * 32),
    result(2),
    result(3, add_on_configuration_sid="XE" + "e" * 32),
]


@pytest.mark.parametrize(
    ("option", "sids"),
    [
        ("--add-on voicebase", [1]),
        ("--config WATSON", [2]),
        (f"--add-on VoiceBase,{'XB' + 'b' * 32}", [1, 2, 3]),
    ],
)
def test_add_ons_are_taken_by_their_names(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, option: str, sids: list[int]
) -> None:
    write_config(home, NAMES)
    with listed(monkeypatch, page("add_on_results", ROWS)):
        ran = run(f"results list {RE} {option} -f csv --fields sid --no-header")

    assert [f"XR{number:032x}" for number in sids] == ran.out.split()


def test_an_unknown_name_is_told_with_the_known_ones(run: Run, home: Path) -> None:
    write_config(home, NAMES)
    ran = run("-p sandbox results list --all --config nobody")

    assert (2, "") == (ran.code, ran.out)
    assert "no name 'nobody' for an add-on configuration; known: Watson" in ran.err


def test_names_are_a_field_for_whoever_asks(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(home, NAMES)
    with listed(monkeypatch, page("add_on_results", ROWS)):
        asked = run(f"results list {RE} -f json --fields add_on --sort add_on")
    with listed(monkeypatch, page("add_on_results", ROWS)):
        unasked = run(f"results list {RE} -f json")

    assert ["VoiceBase", "Watson", None] == [row["add_on"] for row in json.loads(asked.out)]
    assert ROWS == json.loads(unasked.out)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_shows_a_name_beside_its_sid(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(home, NAMES)
    with listed(monkeypatch, page("add_on_results", ROWS)):
        code, out, _ = on_screen(f"results list {RE} --no-color", 200)

    assert 0 == code
    assert f"{VOICEBASE} VoiceBase" in out


@pytest.mark.parametrize(("option", "name"), [("--add-on", "VoiceBase"), ("--config", "Watson")])
def test_names_are_completed(
    capfd: pytest.CaptureFixture[str], home: Path, option: str, name: str
) -> None:
    write_config(home, NAMES)
    code = main(["__complete", "zsh", "results", "list", option, name[:3]])
    out, err = capfd.readouterr()

    assert (0, "") == (code, err)
    assert any(line.startswith(f"{name}:") for line in out.splitlines())

"""The manual, the help and the scripts: fresh, well formed, and of 80 columns."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.program import Run
from support.terminal import on_screen

from addonctl import __version__, errors
from addonctl.cli import commands
from addonctl.docs import __main__ as docs
from addonctl.docs import topics
from addonctl.docs.topics import continued

CHECKOUT = Path(__file__).parents[1]
PROGRAM = docs.CommandDoc(commands.PROGRAM)
COMMANDS = {command.path: command for command in PROGRAM.walk()}
PAGES = sorted((CHECKOUT / "man").glob("*.1"))
RECORDS = [path for path, each in COMMANDS.items() if each.fields and each.words[0] != "auth"]
SECTIONS = [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "OPTIONS",
    "EXIT STATUS",
    "ENVIRONMENT",
    "FILES",
    "EXAMPLES",
    "SEE ALSO",
]


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_what_is_checked_in_is_fresh(tmp_path: Path) -> None:
    """`python -m addonctl.docs` makes it so."""
    docs.main(CHECKOUT, tmp_path)
    table = Path("addonctl", "docs", "words.json")

    for folder in ("man", "completions"):
        assert texts(CHECKOUT / folder) == texts(tmp_path / folder)
    assert (CHECKOUT / table).read_text("utf-8") == (tmp_path / table).read_text("utf-8")


def test_stale_pages_go(tmp_path: Path) -> None:
    (tmp_path / "man").mkdir()
    (tmp_path / "man" / "addonctl-gone.1").touch()
    docs.main(CHECKOUT, tmp_path)

    assert not (tmp_path / "man" / "addonctl-gone.1").exists()


def test_every_command_has_its_page() -> None:
    names = {"-".join(("addonctl", *command.words)) for command in COMMANDS.values()}

    assert {page.stem for page in PAGES} == names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_all_its_sections(page: Path) -> None:
    sections = re.findall(r"^\.SH (.*)$", page.read_text("utf-8"), re.MULTILINE)

    assert [name for name in sections if name in SECTIONS] == SECTIONS


@pytest.mark.parametrize("path", [path for path in COMMANDS if path])
def test_what_every_command_takes_is_told_of_once(path: str) -> None:
    """A verb's page names the options, and leaves them and the exit codes to the program's."""
    page = (CHECKOUT / "man" / f"addonctl-{path.replace(' ', '-')}.1").read_text("utf-8")
    program = (CHECKOUT / "man" / "addonctl.1").read_text("utf-8")
    (named,) = re.findall(r"^Taken by every command, .* addonctl\(1\): (.*)\.$", page, re.MULTILINE)

    for option in COMMANDS[path].common:
        assert f"\\fB{option.flags[-1]}\\fR".replace("-", "\\-") in named
        assert option.help in program.replace("\\-", "-").replace("\\(aq", "'")
        assert option.help not in page.replace("\\-", "-").replace("\\(aq", "'")
    assert "\n.TP\n\\fB130\\fR\n" in program
    assert "\n.TP\n\\fB130\\fR\n" not in page


@pytest.mark.parametrize("path", RECORDS)
def test_the_fields_told_of_are_those_the_command_takes(run: Run, path: str) -> None:
    """Every command checks them first, before it looks at its addresses."""
    ran = run(f"-p sandbox {path} --fields no_such")

    known = ran.err.partition("known: ")[2].strip().split(", ")
    assert (2, set(COMMANDS[path].fields)) == (ran.code, set(known))


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
def test_the_manual_is_clean() -> None:
    ran = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", *PAGES], capture_output=True, text=True
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
@pytest.mark.parametrize("name", topics.NAMES)
def test_the_manual_holds_the_topics_word_for_word(run: Run, name: str) -> None:
    """What `help TOPIC` shows, the manual has; only the width of the lines may differ."""
    page = subprocess.run(
        ["mandoc", "-T", "utf8", "-O", "width=400", CHECKOUT / "man" / "addonctl.1"],
        capture_output=True,
        text=True,
        check=True,
    )
    plain = re.sub(".\x08", "", page.stdout)
    ran = run(f"help {name}")
    title, *rest = ran.out.replace("`", "").split("\n\n")

    assert (ran.code, ran.err) == (0, "")
    for paragraph in rest:
        assert " ".join(paragraph.split()) in " ".join(plain.split())


@pytest.mark.parametrize("name", topics.NAMES)
def test_a_topic_fits_80_columns_but_for_what_can_be_typed(run: Run, name: str) -> None:
    typed = [part for part in topics.TOPICS[name].parts if isinstance(part, list)]
    as_they_are = {f"  {line}" for part in typed for line in part}
    lines = set(run(f"help {name}").out.splitlines()) - as_they_are

    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("path", COMMANDS)
def test_help_fits_80_columns_and_begins_with_examples(
    run: Run, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    ran = run(f"{path} --help")
    command = COMMANDS[path]

    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    if command.examples:
        assert ran.out.index("Examples") < ran.out.index("Options:")
    for option in command.options:
        assert option.flags[-1] in ran.out


def test_help_on_a_command_is_its_own_help(run: Run) -> None:
    asked, own = run("help results payloads list"), run("results payloads list -h")

    assert asked == own
    assert asked.out.startswith("Usage: addonctl results payloads list [OPTIONS]")


def test_help_alone_is_the_programs(run: Run) -> None:
    assert run("help") == run("--help")


def test_help_on_nothing_known_names_what_is(run: Run) -> None:
    ran = run("help formast")

    assert (ran.code, ran.out) == (2, "")
    assert "no help on 'formast'" in ran.err
    assert all(name in ran.err for name in topics.NAMES)


@pytest.mark.parametrize("line", ["", "results", "results payloads"])
def test_where_a_command_is_missing_help_comes_with_exit_code_2(run: Run, line: str) -> None:
    ran = run(*line.split(), *())

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == run(*line.split(), "--help").out


def test_a_missing_command_is_one_json_object_where_json_is_asked_for(run: Run) -> None:
    ran = run("--format json results")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        '{"error": {"message": "a command is missing", "exit_code": 2, '
        '"hint": "see: addonctl results --help"}}\n'
    )


def test_the_version_can_be_asked_for_beside_other_options(run: Run) -> None:
    assert run("--version") == run("--quiet --version") == (0, f"addonctl {__version__}\n", "")


def test_a_misspelt_noun_is_guessed(run: Run) -> None:
    ran = run("reslts list")

    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean 'results'?" in ran.err


@pytest.mark.parametrize("instruction", ["bash_source", "complete_zsh", "nonsense"])
def test_the_parsers_own_completion_is_off(
    run: Run, monkeypatch: pytest.MonkeyPatch, instruction: str
) -> None:
    monkeypatch.setenv("_ADDONCTL_COMPLETE", instruction)

    assert run("--version -q") == (0, f"addonctl {__version__}\n", "")


def test_every_exit_code_of_an_error_is_explained() -> None:
    kinds = errors.AddonctlError.__subclasses__()
    codes = {kind.exit_code for kind in kinds} | {errors.AddonctlError.exit_code}
    told = {row[0] for row in topics.TOPICS["exit-codes"].parts[0]}

    assert {str(code) for code in codes} <= told


def test_every_variable_the_code_reads_is_explained(run: Run) -> None:
    code = "".join(path.read_text("utf-8") for path in (CHECKOUT / "addonctl").rglob("*.py"))
    read = set(re.findall(r'"((?:ADDONCTL|TWILIO)_[A-Z_]+)"', code))
    text = run("help environment").out

    assert read
    assert {name for name in read if name not in text} == set()


def test_long_examples_are_continued_as_a_shell_takes_them() -> None:
    line = "addonctl results list --label 'two words' | addonctl results delete --yes -"

    assert continued(line, 100) == [line]
    assert continued(line, 40) == [
        "addonctl results list --label \\",
        "    'two words' |",
        "    addonctl results delete --yes -",
    ]


def test_help_shows_a_page_as_man_does(run: Run) -> None:
    """Wherever the installation has put it; in a pipe it is what man reads."""
    page = run("help --man results list")
    whole = [run(f"help --man {words}") for words in ("", "exit-codes")]

    assert page == (0, (CHECKOUT / "man" / "addonctl-results-list.1").read_text("utf-8"), "")
    assert [each.out for each in whole] == [
        (CHECKOUT / "man" / "addonctl.1").read_text("utf-8")
    ] * 2


def test_help_shows_a_page_on_a_terminal_by_man() -> None:
    if not shutil.which("man"):
        pytest.skip("man is not installed")
    code, out, _ = on_screen("help --man results list", MANPAGER="cat", TERM="dumb")

    assert (code, "ADDONCTL-RESULTS-LIST(1)" in out) == (0, True)
    assert "\\fB" not in out


def test_help_says_where_there_is_no_man_or_no_page(run: Run, tmp_path: Path) -> None:
    code, out, err = on_screen("help --man results list", PATH=str(tmp_path))
    ran = run("help --man ../../etc/passwd")

    assert (code, out) == (1, "")
    assert "no program 'man'" in err
    assert "addonctl help results list" in err
    assert (ran.code, ran.out) == (2, "")
    assert "no page addonctl-../../etc/passwd" in ran.err

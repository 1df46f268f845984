"""Completion as a person meets it: bash, zsh and fish at a pseudo-terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.prompts import COMMANDS, Prompt

from addonctl import history, sandbox
from addonctl.docs.complete import SCRIPTS

RE1, RE2 = "RE" + "1" * 32, "RE" + "2" * 32
XR1, XR2 = "XR" + "a" * 32, "XR" + "b" * 32
XH1 = "XH" + "c" * 32
CA1, CF1, XB1, XE1 = "CA" + "4" * 32, "CF" + "5" * 32, "XB" + "6" * 32, "XE" + "7" * 32
OTHER = "AC" + "9" * 32
SHOWN = [
    f"{RE1}/{XR1}/{XH1}\ttranscript as text, text/plain\t{XB1}\ttranscript as text",
    f"{RE1}/{XR1}\tcompleted, 2026-11-20 10:00\t{XB1} {XE1}",
    f"{RE1}/{XR2}\tfailed, 2026-11-20 10:05",
    f"{RE1}\tcompleted, 2026-11-20 09:00\t{CA1} {CF1}",
    f"{RE2}\tcompleted, 2026-11-19 09:00",
    f"{RE2}/{XR1}/{XH1}\twhat? *.txt\t\twhat? *.txt",
]
CONFIG = f"""
active = "work"

[profiles.work]
account = "{sandbox.ACCOUNT}"

[profiles."my own"]  # with a space
account = "{OTHER}"
key = "SK00000000000000000000000000000000"
"""

Prompts = Callable[[str], Prompt]

needed = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(
            shell,
            marks=pytest.mark.skipif(not shutil.which(shell), reason=f"{shell} is not installed"),
        )
        for shell in COMMANDS
    ],
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with profiles, files, and SIDs of earlier lists; the program, and its scripts."""
    place = tmp_path_factory.mktemp("home")
    folder = place / "config" / "addonctl"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        history.remember(sandbox.ACCOUNT, SHOWN)
        history.remember(OTHER, [f"{RE2}/{XR2}"])
    files = place / "files"
    (files / "kept here").mkdir(parents=True)
    (files / "list one.txt").touch()
    (files / "it's.txt").touch()
    programs = place / "programs"
    programs.mkdir()
    program = programs / "addonctl"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m addonctl "$@"\n')
    program.chmod(0o755)
    for name, body in (
        ("another", "printf 'words\\t0\\nanother-one\\n'"),
        ("broken", "echo 'Traceback: rror' >&2; exit 1"),
    ):
        (place / name).mkdir()
        (place / name / "addonctl").write_text(f"#!/bin/sh\n{body}\n")
        (place / name / "addonctl").chmod(0o755)
    for shell, name in SCRIPTS.items():
        made = subprocess.run(
            [sys.executable, "-m", "addonctl", "completion", shell], capture_output=True, check=True
        )
        (place / name).write_bytes(made.stdout)
    return place


def environment(place: Path) -> dict[str, str]:
    return {
        "HOME": str(place),
        "XDG_CONFIG_HOME": str(place / "config"),
        "XDG_CACHE_HOME": str(place / "cache"),
        "PATH": f"{place / 'programs'}:/usr/local/bin:/usr/bin:/bin",
    }


@pytest.fixture(scope="module")
def prompts(place: Path) -> Iterator[Prompts]:
    """A shell of each kind, started when first asked for, and ended with the module."""
    open_prompts: dict[str, Prompt] = {}

    def prompt(shell: str) -> Prompt:
        if shell not in open_prompts:
            open_prompts[shell] = Prompt(
                shell, place / SCRIPTS[shell], environment(place), place / "files"
            )
        return open_prompts[shell]

    yield prompt
    for each in open_prompts.values():
        each.close()


LINES = {
    "a noun": ("resu\t", "results "),
    "a verb": ("results de\t", "results delete "),
    "a noun under its parent": ("results pay\tsh\t", "results payloads show "),
    "after an option and its value": ("-p sandbox payl\t", "-p sandbox payloads "),
    "after an option joined to its value": ("-fjson rec\t", "-fjson recordings "),
    "after a cluster of options": ("-qp sandbox rec\t", "-qp sandbox recordings "),
    "after --option=value": ("--format=json rec\t", "--format=json recordings "),
    "an option": ("results list --expi\t", "results list --expiring-within "),
    "an option of every command": ("--no-i\t", "--no-input "),
    "a format": ("results list -f js\t", "results list -f json"),
    "a format joined to its option": ("results list -fma\t", "results list -fmarkdown "),
    "a format after =": ("results list --format=ma\t", "results list --format=markdown "),
    "a status": ("results list --status que\t", "results list --status queued"),
    "one status more": (
        "results list --status completed,que\t",
        "results list --status completed,queued",
    ),
    "one status more after =": (
        "results list --status=completed,que\t",
        "results list --status=completed,queued",
    ),
    "a field of payloads": ("payloads list --sort lab\t", "payloads list --sort label "),
    "a field to sort down by": ("payloads list --sort -lab\t", "payloads list --sort -label "),
    "only what can be sorted by": ("payloads list --sort subr\t", "payloads list --sort subr"),
    "a field of a batch": ("results delete --fields outc\t", "results delete --fields outcome"),
    "a shell": ("completion po\t", "completion powershell "),
    "a topic": ("help exi\t", "help exit-codes "),
    "a command to be helped with": ("help results payl\t", "help results payloads "),
    "no second shell": ("completion bash fi\t", "completion bash fi"),
    "a profile": ("-p wo\t", "-p work "),
    "the profile that is always there": ("--profile=san\t", "--profile=sandbox "),
    "a profile with a space": ("-p my\t", "-p my\\ own "),
    "a profile in open quotes": ("-p 'my\t", "-p 'my own' "),
    "a file": ("results list --from list\t", "results list --from list\\ one.txt "),
    "a file after =": ("results list --from=list\t", "results list --from=list\\ one.txt "),
    "a file in open quotes": (
        'results list --from "list\t',
        'results list --from "list one.txt" ',
    ),
    "a folder": ("results download --to ke\t", "results download --to kept\\ here/"),
    "no file for a folder": ("results download --to list\t", "results download --to list"),
    "a recording": (f"results list {RE2[:4]}\t", f"results list {RE2} "),
    "a result of its recording": (f"results get {RE1} XRb\t", f"results get {RE1} {XR2} "),
    "the only payload of its result": (
        f"payloads get {RE1} {XR1} \t",
        f"payloads get {RE1} {XR1} {XH1} ",
    ),
    "a result in one word": (f"results get {RE1}/XRb\t", f"results get {RE1}/{XR2} "),
    "what was not typed yet": (
        f"results get {RE1} {XR1} \t",
        f"results get {RE1} {XR1} {XR2} ",
    ),
    "a label": (
        "payloads list --label tra\t",
        "payloads list --label transcript\\ as\\ text ",
    ),
    "a call": ("recordings list --call \t", f"recordings list --call {CA1} "),
    "a conference": ("recordings list --conference=\t", f"recordings list --conference={CF1} "),
    "an add-on": ("results list --add-on XB\t", f"results list --add-on {XB1} "),
    "an add-on's configuration": ("results list --config \t", f"results list --config {XE1} "),
    "a result of another profile's account": (
        f"-p 'my own' results get {RE2} \t",
        f"-p 'my own' results get {RE2} {XR2} ",
    ),
    "a result of an account": (
        f"results get --account {OTHER} {RE2} \t",
        f"results get --account {OTHER} {RE2} {XR2} ",
    ),
    "nothing of an unknown account": (
        f"--account=AC0 results list {RE2[:4]}\t",
        f"--account=AC0 results list {RE2[:4]}",
    ),
    "nothing after a word that is none": ("nonsense li\t", "nonsense li"),
    "nothing for an unknown option": ("results list --nonsense\t", "results list --nonsense"),
    "nothing where anything may stand": ("results list --limit \t", "results list --limit "),
    "nothing in a quote that never ends": ("results list 'no su\t", "results list 'no su"),
    "nothing after --": ("results list -- --for\t", "results list -- --for"),
}


@needed
@pytest.mark.parametrize("case", LINES)
def test_tab_completes(prompts: Prompts, shell: str, case: str) -> None:
    """Word by word: what was typed, and what the command line says after TAB."""
    typed, expected = LINES[case]
    prompt = prompts(shell)
    line = prompt.completed(f"addonctl {typed}").removeprefix("addonctl ")

    # Whether a space, a comma or a closing quote comes by itself is each shell's own habit.
    assert line.rstrip(" ,'\"") == expected.rstrip(" ,'\"")
    assert "addonctl: " not in prompt.text
    assert "rror" not in prompt.text


@needed
@pytest.mark.parametrize("folder", ["~/another", "{place}/another"])
def test_tab_asks_the_program_that_was_typed(
    prompts: Prompts, place: Path, shell: str, folder: str
) -> None:
    line = prompts(shell).completed(f"{folder.format(place=place)}/addonctl anoth\t")

    assert line.endswith("/addonctl another-one ")


@needed
@pytest.mark.parametrize("folder", ["broken", "nowhere"])
def test_a_program_that_fails_is_not_heard_of(
    prompts: Prompts, place: Path, shell: str, folder: str
) -> None:
    prompt = prompts(shell)
    line = prompt.completed(f"{place}/{folder}/addonctl resu\t")

    assert line == f"{place}/{folder}/addonctl resu"
    assert len(prompt.text.split("\n")) == 1


@needed
def test_tab_lists_the_results_of_a_recording(prompts: Prompts, shell: str) -> None:
    keys = f"addonctl results get {RE1} XR\t" + "\t" * (shell == "bash")
    text = prompts(shell).listed(keys, XR2)

    assert XR1 in text
    assert RE2 not in text


@pytest.mark.parametrize("shell", [pytest.param("zsh"), pytest.param("fish")])
def test_tab_describes_where_the_shell_can(prompts: Prompts, shell: str) -> None:
    """What each verb does, and what a list said of each result."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    prompt = prompts(shell)

    assert "Delete results for good" in prompt.listed("addonctl results \t", "delete")
    assert "failed, 2026-11-20 10:05" in prompt.listed(f"addonctl results get {RE1} XR\t", XR2)


@needed
@pytest.mark.parametrize("trouble", ["damaged", "huge", "unreadable", "a folder", "absent", "off"])
def test_a_bad_history_is_never_heard_of(
    place: Path, tmp_path: Path, shell: str, trouble: str
) -> None:
    """Whatever has become of the file: no message at the prompt, no long wait, no odd words."""
    folder = tmp_path / "cache" / "addonctl" / "history"
    folder.mkdir(parents=True)
    file = folder / f"{sandbox.ACCOUNT}.txt"
    whole = f"{RE2}\tcompleted\n"
    if trouble == "damaged":
        file.write_bytes(
            b"\x00\xff$(touch started)\n`touch started`\n;|&\n" + whole.encode() + b"RE1"
        )
    elif trouble == "huge":
        file.write_text(whole + f"{RE1}/{XR1}\tcompleted\n" * 200_000)
    elif trouble == "unreadable":
        file.write_text(whole)
        file.chmod(0)
    elif trouble == "a folder":
        file.mkdir()
    elif trouble == "off":
        file.write_text(whole)
    variables = {**environment(place), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    variables |= {"ADDONCTL_NO_HISTORY": "1"} if trouble == "off" else {}
    prompt = Prompt(shell, place / SCRIPTS[shell], variables, tmp_path)
    try:
        line = prompt.completed(f"addonctl -p sandbox results list {RE2[:4]}\t")
        readable = trouble in ("damaged", "huge") or (trouble == "unreadable" and os.getuid() == 0)

        assert line.rstrip() == f"addonctl -p sandbox results list {RE2 if readable else RE2[:4]}"
        assert len(prompt.text.split("\n")) == 1
        assert not (tmp_path / "started").exists()
    finally:
        prompt.close()


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_offers_all_of_a_full_history(place: Path, tmp_path: Path) -> None:
    lines = [f"RE{n:032x}/XR{n:032x}\tcompleted, 2026-11-20 10:00" for n in range(history.LINES)]
    folder = tmp_path / "cache" / "addonctl" / "history"
    folder.mkdir(parents=True)
    (folder / f"{sandbox.ACCOUNT}.txt").write_text("".join(f"{line}\n" for line in lines))
    asked = """
    source "$1"
    COMP_LINE='addonctl results list --sort date_created ' COMP_POINT=${#COMP_LINE}
    _addonctl addonctl '' date_created
    echo ${#COMPREPLY[@]}
    """
    ran = subprocess.run(
        ["bash", "--norc", "-c", asked, "bash", place / SCRIPTS["bash"]],
        env={**environment(place), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert (ran.stdout, ran.stderr) == (f"{history.LINES}\n", "")


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_complains_of_nothing_under_strict_settings(place: Path, tmp_path: Path) -> None:
    """Some people live with `set -u` and `failglob`, and without `=` among the word breaks."""
    prompt = Prompt("bash", place / SCRIPTS["bash"], environment(place), tmp_path)
    try:
        prompt.type("set -u; shopt -s failglob nullglob; COMP_WORDBREAKS=${COMP_WORDBREAKS//=}\r")
        words = prompt.completed("addonctl results list --format=ma\t")
        sids = prompt.completed(f"addonctl results get {RE1} XRb\t")
        label = prompt.completed("addonctl payloads list --label 'wha\t")

        assert words == "addonctl results list --format=markdown "
        assert sids == f"addonctl results get {RE1} {XR2} "
        assert label == "addonctl payloads list --label 'what? *.txt' "
    finally:
        prompt.close()


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_3_2_completes_paths_without_compopt(place: Path) -> None:
    prompt = Prompt("bash", place / SCRIPTS["bash"], environment(place), place / "files")
    try:
        prompt.type("enable -n compopt\r")
        file = prompt.completed("addonctl results list --from list\t")
        joined = prompt.completed("addonctl results list --from=list\t")
        folder = prompt.completed("addonctl results download --to ke\t")
        verb = prompt.completed("addonctl results wa\t")

        assert file.rstrip() == "addonctl results list --from list\\ one.txt"
        assert joined.rstrip() == "addonctl results list --from=list\\ one.txt"
        assert folder.rstrip() == "addonctl results download --to kept\\ here"
        assert verb == "addonctl results wait "
    finally:
        prompt.close()


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_finds_the_script_in_its_function_path(place: Path, tmp_path: Path) -> None:
    """As packages install it: loaded at the first TAB, and there for the next."""
    script = tmp_path / "setup"
    script.write_text(f"fpath=('{place}' $fpath); compinit -u\n")
    prompt = Prompt("zsh", script, environment(place), tmp_path)
    try:
        first, second = (prompt.completed("addonctl resu\t") for _ in range(2))

        assert first == second == "addonctl results "
    finally:
        prompt.close()

"""What `addonctl __complete` answers: for every command, for every shell, and whatever is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import zipapp
from collections.abc import Callable
from pathlib import Path

import pytest
from support.program import PROGRAM

import addonctl
from addonctl import history, sandbox
from addonctl.cli import commands, main
from addonctl.docs.__main__ import CommandDoc, value_of
from addonctl.docs.complete import SCRIPTS
from addonctl.models import STATUSES

COMMANDS = {each.path: each for each in CommandDoc(commands.PROGRAM).walk()}
RE1, XR1, XH1 = "RE" + "1" * 32, "XR" + "a" * 32, "XH" + "c" * 32
OTHER = "AC" + "9" * 32
LABELS = ["it's", "$(touch no)`no`", 'a "b" \\c', "colon:ed, a,b", "~root/*?{x}", "-dashed"]

Told = Callable[..., list[str]]


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Told:
    """Asks as the script of a shell does, and gives back the lines it would read."""

    def ask(shell: str, *words: str) -> list[str]:
        code = main(["__complete", shell, *words])
        out, err = capfd.readouterr()

        assert (code, err) == (0, "")
        return out.splitlines()

    return ask


def words_of(lines: list[str]) -> list[str]:
    """The words among the lines for fish, without what is said of them."""
    return [line.split("\t")[0] for line in lines[1:]]


def remember(home: Path, *lines: str, account: str = sandbox.ACCOUNT) -> Path:
    history.remember(account, lines)
    return home / "cache" / "addonctl" / "history" / f"{account}.txt"


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_every_option_is_offered(told: Told, path: str) -> None:
    command = COMMANDS[path]
    members = [inner.words[-1] for inner in command.commands]
    members += list(command.aliases)
    options = [name for each in (*command.options, *command.common) for name in each.flags]

    assert words_of(told("fish", *path.split(), "-")) == options
    if members:
        assert words_of(told("fish", *path.split(), "")) == members


@pytest.mark.parametrize("path", [path for path, each in COMMANDS.items() if each.fields])
def test_every_known_word_of_an_option_is_offered(told: Told, path: str) -> None:
    for option in (*COMMANDS[path].options, *COMMANDS[path].common):
        kind, known = value_of(option, COMMANDS[path].rows)
        if kind in ("word", "list", "sort"):
            assert words_of(told("fish", *path.split(), option.flags[-1], "")) == list(known)


def test_fields_are_sorted_by_that_can_be(told: Told) -> None:
    up = words_of(told("fish", "results", "list", "--sort", ""))
    down = words_of(told("fish", "results", "list", "--sort", "-"))
    fields = [name for name in COMMANDS["results list"].fields if name != "subresource_uris"]

    assert up == fields
    assert down == [f"-{name}" for name in fields]


def test_help_is_offered_on_topics_and_commands(told: Told) -> None:
    first = words_of(told("fish", "help", ""))

    assert {"addresses", "exit-codes", "results", "help"} <= set(first)
    assert "show" in words_of(told("fish", "help", "results", "payloads", ""))
    assert words_of(told("fish", "help", "addresses", "")) == []


def test_profiles_are_offered_where_they_fit(told: Told, home: Path) -> None:
    """The sandbox is always there to be used, and never to be made or forgotten."""
    folder = home / "config" / "addonctl"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(f'[profiles.work]\naccount = "{OTHER}"\n')

    assert told("fish", "-p", "")[1:] == ["sandbox\tneeds no login", f"work\t{OTHER}"]
    assert words_of(told("fish", "auth", "use", "")) == ["sandbox", "work"]
    assert words_of(told("fish", "auth", "logout", "")) == ["work"]
    assert words_of(told("fish", "auth", "logout", "work", "")) == []


def test_what_stands_in_a_list_already_is_not_offered_again(told: Told) -> None:
    lines = told("fish", "results", "list", "--status", "failed,queued,")

    assert lines[0] == "list\tfailed,queued,\t"
    assert "failed,queued,completed" in words_of(lines)
    assert not {"failed,queued,failed", "failed,queued,queued"} & set(words_of(lines))


@pytest.mark.parametrize(
    ("shell", "words", "lines"),
    [
        ("bash", ["addonctl results list --fr", "--fr"], ["words\t", "--from"]),
        ("bash", ["addonctl recordings list --format=mark", "mark"], ["words\t", "markdown"]),
        (
            "bash",
            ["addonctl recordings list --format=mark", "--format=mark"],
            ["words\t--format=", "--format=markdown"],
        ),
        ("bash", ["addonctl recordings list -fmark", "-fmark"], ["words\t-f", "-fmarkdown"]),
        (
            "bash",
            ["addonctl results list --status queued,ca", "queued,ca"],
            ["list\tqueued,", "queued,canceled"],
        ),
        ("bash", ["addonctl results list --from=li", "li"], ["file\t"]),
        ("bash", ["addonctl results list --from=li", "--from=li"], ["file\t--from="]),
        ("bash", ["addonctl results list --all > li", "li"], ["file\t"]),
        ("bash", ["addonctl results list 2>li", "li"], ["file\t"]),
        ("bash", ["addonctl results download --to ", ""], ["folder\t"]),
        ("zsh", ["auth", "logout", "sandb"], ["words\t0"]),
        (
            "zsh",
            ["results", "list", "--status=x,"],
            ["list\t11", *STATUSES],
        ),
        ("zsh", ["results", "list", "--from=x"], ["file\t7"]),
        ("zsh", ["results", "list", "--limit", ""], ["words\t0"]),
        ("fish", ["results", "list", "--from='x y"], ["file\t--from=\tx y"]),
        ("fish", ["completion", "pwrsh"], ["words\t\tpwrsh", "powershell\t"]),
        (
            "powershell",
            [".--fr", "results", "list", ".--fr"],
            ["--from\t--from\tRead addresses from this file ('-': from stdin)"],
        ),
        (
            "powershell",
            [".que", "results", "list", "--status", ".failed,que"],
            ["queued\tqueued\tqueued"],
        ),
        (
            "powershell",
            [".'failed,que", "results", "list", "--status", ".'failed,que"],
            ["'failed,queued'\tqueued\tqueued"],
        ),
        ("powershell", [".", "results", "list", "--from", "."], []),
    ],
)
def test_each_shell_is_answered_in_its_way(
    told: Told, shell: str, words: list[str], lines: list[str]
) -> None:
    """What the shell will replace of a word, and what it knows better itself."""
    assert told(shell, *words) == lines


@pytest.mark.parametrize(
    ("typed", "replaced", "reply"),
    [
        ("  addonctl   recordings  list   --label", "--label", []),
        ("addonctl -p sandbox  payloads 'list'  --label  it", "it", ["it\\'s\\ so"]),
        ("addonctl -p sandbox pay'loa'ds list --label \"it's", "\"it's", ["it's so"]),
        ("addonctl -p sandbox payloads list --label it\\'s\\ s", "it\\'s\\ s", ["it\\'s\\ so"]),
        ("addonctl -p sandbox payloads list --label 'it s", "'it s", []),
    ],
)
def test_a_line_for_bash_is_read_as_bash_reads_it(
    told: Told, home: Path, typed: str, replaced: str, reply: list[str]
) -> None:
    remember(home, f"{RE1}/{XR1}/{XH1}\t\t\tit's so")

    assert told("bash", typed, replaced)[1:] == reply


@pytest.mark.parametrize(("opened", "closed"), [("", ""), ("'", "'"), ('"', '"')])
@pytest.mark.parametrize("label", LABELS)
def test_bash_gets_words_that_mean_themselves(
    told: Told, home: Path, label: str, opened: str, closed: str
) -> None:
    """Whatever a vendor wrote: bash, given the line, hands that word to a program."""
    remember(home, f"{RE1}/{XR1}/{XH1}\t\t\t{label}")
    line = f"addonctl -p sandbox payloads list --label {opened}"
    (_, reply) = told("bash", line, "")
    ran = subprocess.run(
        ["bash", "--norc", "-c", f"printf %s {opened}{reply}{closed}"],
        capture_output=True,
        cwd=home,
        check=True,
    )

    assert ran.stdout.decode() == label
    assert not (home / "no").exists()


@pytest.mark.parametrize("label", LABELS)
def test_the_other_shells_get_words_that_mean_themselves(
    told: Told, home: Path, label: str
) -> None:
    """zsh and fish quote on their own; a colon would begin a description in zsh."""
    remember(home, f"{RE1}/{XR1}/{XH1}\t\t\t{label}")
    words = ["-p", "sandbox", "payloads", "list", "--label"]
    quoted = "'" + label.replace("'", "''") + "'"

    assert words_of(told("fish", *words, "")) == [label]
    assert told("zsh", *words, "")[1:] == [label.replace("\\", "\\\\").replace(":", "\\:")]
    assert told("powershell", ".", *words, ".") in (
        [f"{quoted}\t{label}\t{label}"],
        [f"{label}\t{label}\t{label}"] if label == "-dashed" else [],
    )


def test_sids_are_offered_by_level_under_their_parents(told: Told, home: Path) -> None:
    other = RE1[:-1] + "2"
    remember(
        home,
        f"{RE1}/{XR1}/{XH1}\ta payload",
        f"{RE1}/{XR1}\ta result",
        f"{other}\ta recording",
    )

    def offered(*words: str) -> list[str]:
        return told("fish", "-p", "sandbox", *words)[1:]

    assert offered("results", "list", "") == [f"{RE1}\t", f"{other}\ta recording"]
    assert offered("results", "get", RE1, "") == [f"{XR1}\ta result"]
    assert offered("results", "get", other, "") == []
    assert offered("payloads", "show", RE1, XR1, "") == [f"{XH1}\ta payload"]
    assert offered("payloads", "show", f"{RE1}/{XR1}", "") == [f"{XH1}\ta payload"]
    assert offered("payloads", "show", f"{RE1}/") == [f"{RE1}/{XR1}\ta result"]
    assert offered("results", "get", f"{RE1}/{XR1}/") == []
    assert offered("results", "list", RE1, "") == [f"{other}\ta recording"]


def test_whose_sids_is_decided_as_the_program_does(
    told: Told, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word, then a variable, then the profile in use; and no history of anybody else."""
    folder = home / "config" / "addonctl"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(f'active = "work"\n[profiles.work]\naccount = "{OTHER}"\n')
    accounts = {OTHER: "RE" + "9" * 32, sandbox.ACCOUNT: RE1, sandbox.SUBACCOUNT: "RE" + "5" * 32}
    for account, recording in accounts.items():
        remember(home, recording, account=account)

    def offered(*words: str) -> list[str]:
        return words_of(told("fish", *words, "results", "list", ""))

    assert offered() == offered("-p", "work") == [accounts[OTHER]]
    assert offered("-psandbox") == offered("-qp", "sandbox") == [RE1]
    assert offered(f"--account={sandbox.SUBACCOUNT}") == [accounts[sandbox.SUBACCOUNT]]
    assert offered("-p", "nobody") == []
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", sandbox.SUBACCOUNT)
    assert offered() == [accounts[sandbox.SUBACCOUNT]]
    monkeypatch.setenv("ADDONCTL_PROFILE", "sandbox")
    assert offered() == [RE1]
    monkeypatch.setenv("ADDONCTL_NO_HISTORY", "1")
    assert offered() == []


TROUBLE: dict[str, list[str | bytes]] = {
    "no words": [],
    "no line": ["bash"],
    "an unknown shell": ["tcsh", "results", ""],
    "too many words": ["bash", "addonctl ", "", "x"],
    "an empty line": ["bash", "", ""],
    "a quote that never ends": ["bash", "addonctl 'results \\", "results \\"],
    "bytes of no encoding": ["fish", b"\xff\xfe", b"--\xff"],
    "an option of nothing": ["zsh", "=", "-", "--", "---=", "-="],
    "an address of nothing": ["zsh", "-p", "sandbox", "payloads", "show", "/", "//", "XH/RE///"],
    "an account elsewhere": ["zsh", "--account", "../../x", "results", "list", ""],
    "dots that are missing": ["powershell", "", ""],
}


@pytest.mark.parametrize("state", ["well", "broken", "unreadable", "no home"])
@pytest.mark.parametrize("words", TROUBLE.values(), ids=TROUBLE)
def test_no_trouble_is_ever_heard_of(home: Path, words: list[str | bytes], state: str) -> None:
    """Nothing on stderr, exit code 0, whatever was typed, and whatever became of the files."""
    config = home / "config" / "addonctl" / "config.toml"
    config.parent.mkdir(parents=True)
    kept = remember(home, f"{RE1}\tcompleted")
    environment = {**os.environ}
    if state == "broken":
        config.write_bytes(b"\xff[profiles\nactive = 3")
        kept.write_bytes(b"\x00\x1b[31m\n" + b"RE\t\t\t\t\t\n" * 9)
    elif state == "unreadable":
        config.mkdir()
        kept.unlink()
        kept.mkdir()
    elif state == "no home":
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            environment[name] = "relative"
    for line in (words, ["fish", "results", "list", ""], ["zsh", "-p", ""]):
        ran = subprocess.run(
            [*PROGRAM, "__complete", *line],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
        )

        assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize("end", [">&-", "| true", "> /dev/full"])
def test_an_answer_that_nobody_takes_is_not_complained_of(home: Path, end: str) -> None:
    if end.endswith("full") and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    line = f'{{ sleep 0.1; "$@"; echo "$?" >&2; }} {end}'
    words = [*PROGRAM, "__complete", "zsh", ""]
    ran = subprocess.run(["sh", "-c", line, "sh", *words], capture_output=True, check=True)

    assert ran.stderr == b"0\n"


def test_it_works_from_a_zip_file(home: Path, tmp_path: Path) -> None:
    """Table and scripts are read wherever the package lies."""
    archive = tmp_path / "addonctl.pyz"
    package = Path(addonctl.__file__).parent
    zipapp.create_archive(
        package.parent,
        archive,
        main="addonctl.cli:main",
        filter=lambda path: path.parts[0] == "addonctl" and "__pycache__" not in path.parts,
    )

    def answered(*words: str) -> str:
        ran = subprocess.run([sys.executable, archive, *words], capture_output=True, check=True)
        assert ran.stderr == b""
        return ran.stdout.decode()

    assert answered("__complete", "fish", "resul").startswith("words\t\tresul\nresults\t")
    for shell, name in SCRIPTS.items():
        script = (package / "docs" / "scripts" / name).read_text("utf-8")
        assert answered("completion", shell) == script

"""Where settings, state and cache lie; and a sentence where there is no such place."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.logins import ACCOUNT, NO_RECORDINGS, SECRET
from support.program import Run
from support.scripted import answer, scripted

from addonctl import files
from addonctl.errors import AddonctlError, Usage


def settings_folder() -> Path:
    return files.config_folder({})


ALL = (settings_folder, files.state_folder, files.cache_folder)


def test_the_platform_says_where(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_variables = [folder() for folder in ALL]
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME")

    assert by_variables == [home / name / "addonctl" for name in ("config", "state", "cache")]
    assert all(folder().is_relative_to(home) for folder in ALL)
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    ("named", "found"), [("/etc/x", "/etc/x"), ("~/x", "{home}/x"), ("x", "x"), ("~", "{home}")]
)
def test_a_folder_for_settings_can_be_named(home: Path, named: str, found: str) -> None:
    folder = files.config_folder({"ADDONCTL_CONFIG_DIR": named})

    assert folder == Path(found.format(home=home))


def test_a_home_that_nobody_has_is_no_folder(home: Path) -> None:
    with pytest.raises(Usage, match="ADDONCTL_CONFIG_DIR is ~nouser/x, and there is no such home"):
        files.config_folder({"ADDONCTL_CONFIG_DIR": "~nouser/x"})


@pytest.fixture
def homeless(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container, whose user may be in no list."""
    pwd = pytest.importorskip("pwd", reason="without a list of users")

    def nobody(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name)


@pytest.mark.parametrize("home_variable", [None, "", "relative"])
def test_without_a_home_nothing_is_put_into_the_current_folder(
    homeless: None, monkeypatch: pytest.MonkeyPatch, home_variable: str | None
) -> None:
    if home_variable is not None:
        monkeypatch.setenv("HOME", home_variable)
    for folder in ALL:
        try:
            assert folder().is_absolute()
        except AddonctlError as problem:
            assert "knows no home folder" in problem.message
            assert problem.hint and problem.hint.startswith("set HOME or ")
    if home_variable != "":
        with pytest.raises(AddonctlError, match="knows no home folder"):
            files.home_folder()


def test_a_relative_place_is_never_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard for them says to ignore it; some releases of the library do."""
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", "relative")
    for folder in ALL:
        try:
            assert folder().is_relative_to(home)
            assert folder().is_absolute()
        except AddonctlError as problem:
            assert "knows no home folder" in problem.message


@pytest.mark.parametrize(
    ("line", "code", "variable"),
    [
        ("recordings list", 4, "ADDONCTL_CONFIG_DIR"),
        ("-p work recordings list", 4, "ADDONCTL_CONFIG_DIR"),
        ("-p sandbox recordings list", 1, "XDG_STATE_HOME"),
        ("sandbox reset", 1, "XDG_STATE_HOME"),
        ("sandbox status", 1, "XDG_STATE_HOME"),
        ("auth list", 1, "ADDONCTL_CONFIG_DIR"),
        ("auth status", 1, "ADDONCTL_CONFIG_DIR"),
        ("auth use sandbox", 1, "ADDONCTL_CONFIG_DIR"),
        ("auth logout work", 1, "ADDONCTL_CONFIG_DIR"),
        (f"auth login --account {ACCOUNT} --secret-stdin --insecure-storage", 1, "ADDONCTL_CON"),
        ("auth login --from-twilio-cli --insecure-storage", 1, "HOME"),
    ],
)
def test_without_a_home_a_command_that_needs_one_says_what_to_set(
    run: Run, home: Path, homeless: None, line: str, code: int, variable: str
) -> None:
    ran = run(line, stdin=SECRET)

    assert (code, "") == (ran.code, ran.out)
    assert "the system knows no home folder of yours\nhint: set HOME" in ran.err
    assert variable in ran.err
    assert list(home.iterdir()) == []


def test_without_a_home_a_login_by_variables_is_enough(
    run: Run, homeless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", SECRET)
    with scripted(answer(NO_RECORDINGS), answer(NO_RECORDINGS)) as service:
        monkeypatch.setenv("ADDONCTL_API_URL", service.url)
        listed = run("recordings list --format json")
        status = run("auth status --format csv --fields source,status --no-header")

    assert (0, "[]\n", "") == listed
    assert (0, "variables,accepted\n") == (status.code, status.out)
    assert "the system knows no home folder of yours" in status.err


@pytest.mark.parametrize(
    ("home_is", "said"), [("file", "not a directory"), ("x" * 300, "file name too long")]
)
@pytest.mark.parametrize("line", ["recordings list", "auth list", "auth use sandbox"])
def test_a_home_that_is_none_is_one_clear_sentence(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, home_is: str, said: str, line: str
) -> None:
    (home / "file").touch()
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(home / home_is))
    ran = run(line)

    assert ran.code == (4 if line == "recordings list" else 1)
    assert ran.out == ""
    assert f"{home_is}/.config/addonctl/config.toml: {said}\nhint: " in ran.err


@pytest.mark.parametrize("line", ["recordings list", "auth list", "auth use sandbox"])
def test_a_folder_of_nobodys_is_exit_2(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("ADDONCTL_CONFIG_DIR", "~nouser/x")
    ran = run(line)

    assert (2, "") == (ran.code, ran.out)
    assert "ADDONCTL_CONFIG_DIR is ~nouser/x, and there is no such home folder" in ran.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["auth", "use", "\udcff"], 4),
        (["auth", "logout", "\ud800"], 4),
        (["-p", "\udcff", "recordings", "list"], 4),
        (["auth", "login", "\udcff", "--secret-stdin", "--account", ACCOUNT], 2),
        (["auth", "login", "--key", "\udcff", "--secret-stdin", "--account", ACCOUNT], 2),
        (["auth", "login", "--secret-stdin", "--account", "\udcff"], 2),
        (["recordings", "list", "--account", "\udcff"], 2),
        (["recordings", "list", "--region", "\udcff"], 4),
        (["auth", "list", "--fields", "\udcff"], 2),
    ],
)
@pytest.mark.parametrize("kind", ["table", "json"])
def test_bytes_that_are_no_text_are_words_like_others(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, kind: str
) -> None:
    """As the system hands them over: lone surrogates, in words and in the names of folders."""
    monkeypatch.setenv("ADDONCTL_CONFIG_DIR", str(home / "\udcff"))
    ran = run(*words, "--format", kind, stdin=SECRET)

    assert (code, "") == (ran.code, ran.out)
    assert "unexpected error" not in ran.err


def test_a_folder_whose_name_is_no_text_holds_profiles(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADDONCTL_CONFIG_DIR", str(home / "\udcff"))
    used = run("auth use sandbox")
    listed = run("auth list --format csv --fields profile --no-header")

    assert (0, 0, "sandbox\n") == (used.code, listed.code, listed.out)

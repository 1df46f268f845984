"""Small files of our own: whole or not at all, one writer at a time, nothing waited for forever."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.program import open_below

from addonctl import files
from addonctl.errors import AddonctlError, TryLater

HOLD = "import os, sys; from addonctl import files; number = os.open(sys.argv[1], os.O_RDWR);"
ADD = """
import sys
from pathlib import Path
from addonctl import files
path = Path(sys.argv[1])
for number in range(20):
    with files.locked(path):
        files.replace(path, files.read(path, 1 << 16) + f"{sys.argv[2]}.{number}\\n".encode())
"""


def reason(path: Path, most: int = 100) -> str:
    """Why a file cannot be read."""
    with pytest.raises(AddonctlError) as caught:
        files.read(path, most)
    assert str(path) in caught.value.message
    return caught.value.message.rpartition(": ")[2]


def test_several_processes_that_change_one_file_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "list.txt"
    running = [
        subprocess.Popen([sys.executable, "-c", ADD, str(path), name], stderr=subprocess.PIPE)
        for name in "abc"
    ]
    assert [process.communicate()[1] for process in running] == [b""] * 3

    assert sorted(path.read_text().split()) == sorted(f"{w}.{n}" for w in "abc" for n in range(20))
    assert sorted(each.name for each in path.parent.iterdir()) == [".list.txt.lock", "list.txt"]


def test_what_another_process_holds_is_told_and_is_free_once_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "held"
    path.touch()
    code = HOLD + "print(files.lock(number), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"True\n"
        with path.open("rb+") as file:
            held = files.lock(file.fileno())
            other.communicate()
            freed = files.lock(file.fileno())

    assert (held, freed) == (False, True)


def test_a_writer_that_never_ends_is_not_waited_for_forever(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with (
        files.locked(path),
        pytest.raises(TryLater, match="another run"),
        files.locked(path, patience=0.1),
    ):
        pytest.fail("two at a time")


def test_a_block_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_bytes(b"before")
    with pytest.raises(KeyError), files.replacing(path, b"after"):
        raise KeyError

    assert path.read_bytes() == b"before"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_file_has_its_mode_whatever_stood_there(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    path.chmod(0o666)
    files.replace(path, b"after", mode)

    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"after", mode)


def test_a_name_as_long_as_names_can_be_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    files.replace(path, b"content")

    assert files.read(path, 100) == b"content"


def test_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert files.read(tmp_path / "folder" / "file", 100) == b""


def test_what_is_no_small_regular_file_says_so_at_once(tmp_path: Path) -> None:
    """A pipe that nobody writes to would be waited for, and zeros never end."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zeros").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "large").write_bytes(bytes(101))
    (tmp_path / "full").write_bytes(bytes(100))

    assert reason(tmp_path / "pipe") == "not a regular file"
    assert reason(tmp_path / "zeros") == "not a regular file"
    assert reason(tmp_path) == "not a regular file"
    assert reason(tmp_path / "large") == "larger than 100 bytes"
    assert reason(tmp_path / "large" / "below") == "not a directory"
    assert "symbolic links" in reason(tmp_path / "circle")
    assert reason(tmp_path / ("x" * 300)) == "file name too long"
    assert reason(tmp_path / "a\0b") == "a file cannot have such a name"
    assert reason(tmp_path / "a\ud800b") == "a file cannot have such a name"
    assert files.read(tmp_path / "full", 100) == bytes(100)
    assert files.read(tmp_path / "large", 100, cut=True) == bytes(100)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "a\ud800b", "file/below/it"])
def test_what_cannot_be_written_says_why_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(AddonctlError, match="cannot write .*: "):
        files.replace(tmp_path / name, b"")
    with pytest.raises(AddonctlError, match="cannot write .*: "), files.locked(tmp_path / name):
        files.replace(tmp_path / name, b"")

    assert [path for path in sorted(tmp_path.iterdir()) if path.suffix != ".lock"] == before


def test_what_a_run_that_was_killed_left_is_cleared_away(tmp_path: Path) -> None:
    """It may hold a secret; what belongs to another file stays."""
    code = (
        "import os, sys; from pathlib import Path; from addonctl import files\n"
        "with files.replacing(Path(sys.argv[1]), b'a secret'): os.kill(os.getpid(), 9)"
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("file", "file2"):
        subprocess.run([sys.executable, "-c", code, str(folder / name)])
    left = len(list(folder.iterdir()))
    with files.locked(folder / "file"):
        cleared = [each.name for each in folder.iterdir()]

    assert left == 2
    assert [name for name in cleared if "file." in name] == [".file.lock"]
    assert [name for name in cleared if name.startswith(".file2.")]


def test_a_power_cut_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk has the content before the name, and the name before anyone is told."""
    happened: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(number: int) -> None:
        there = os.fstat(number)
        happened.append("folder" if stat.S_ISDIR(there.st_mode) else f"{there.st_size} bytes")
        fsync(number)

    def replaced(path: Path, target: Path) -> Path:
        happened.append(target.name)
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    files.replace(tmp_path / "file", b"content")

    assert happened == ["7 bytes", "file", "folder"]
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_nothing_stays_open(tmp_path: Path) -> None:
    with files.locked(tmp_path / "file"):
        files.replace(tmp_path / "file", b"content")
    files.read(tmp_path / "file", 100)
    with pytest.raises(AddonctlError):
        files.read(tmp_path / "file", 1)
    with pytest.raises(AddonctlError):
        files.read(tmp_path, 1)

    assert open_below(tmp_path) == []
    with (tmp_path / "file").open():
        assert open_below(tmp_path) == [tmp_path / "file"]

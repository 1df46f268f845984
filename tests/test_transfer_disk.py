"""What lies on disk: parts and their notes, names and times, and what a file has to prove."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from support.answers import ADDRESS, DATA, ETAG, LATER, NAMED, SID, SIZE, Store, body

from addonctl import files
from addonctl.api import Body, Client
from addonctl.errors import AddonctlError, TryLater
from addonctl.models import Payload, Result
from addonctl.transfer import source
from addonctl.transfer.disk import LONGEST_NOTE, Directory, Part, part_of, settle
from addonctl.transfer.fetch import Saved, retire, save
from addonctl.transfer.folder import Folder, Name
from addonctl.transfer.source import Piece, Version

MD5 = f'"{hashlib.md5(DATA).hexdigest()}"'
UPDATED = "Fri, 20 Nov 2026 12:00:00 +0000"
STAMP = 1_795_176_000_000_000_000  # that second
NAME = "report.json"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_pause", lambda failures: 0)


@pytest.fixture
def keep(tmp_path: Path) -> Path:
    place = tmp_path / "keep"
    place.mkdir()
    return place


def folder(root: Path, own: bool = True) -> Folder:
    return Folder(root, lambda *_: ((), [Name(NAME, own=own)]))


def saved(root: Path, *answers: Any, own: bool = True, **more: Any) -> Saved:
    """What comes of one payload, which was last updated when it was created."""
    payload = Payload({"sid": SID, "date_updated": UPDATED, "content_type": "application/json"})
    client = cast(Client, Store([*answers]))
    return save(client, folder(root, own).target(ADDRESS, payload), **{"check": False} | more)


def left(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


# Parts


def opened(root: Path, *, hashing: bool = False) -> Part:
    return part_of(Directory.at(root), SID, 0.0, hashing=hashing)


def note(root: Path, infix: str = "") -> Path:
    return root / f"{SID}.addonctl{infix}.note"


def left_by_another_run(root: Path, said: bytes) -> None:
    note(root).write_bytes(said)
    note(root).with_suffix(".part").write_bytes(DATA[:2_000])


def said(**more: Any) -> bytes:
    document = {"made by": "addonctl", "payload": SID, "etag": ETAG, "size": SIZE}
    return json.dumps(document | more).encode()


@pytest.mark.parametrize(
    ("more", "version"),
    [
        ({}, Version(ETAG, SIZE)),
        ({"size": None}, Version(ETAG, None)),
        ({"size": 1}, Version(ETAG, 1)),
        ({"size": 0}, None),
        ({"size": -1}, None),
        ({"size": (1 << 63) - 1}, Version(ETAG, (1 << 63) - 1)),
        ({"size": 1 << 63}, None),
        ({"size": 5.0}, None),
        ({"size": True}, None),
        ({"etag": '"!~"'}, Version('"!~"', SIZE)),
        ({"etag": f'"{"x" * 1024}"'}, Version(f'"{"x" * 1024}"', SIZE)),
        ({"etag": f'"{"x" * 1025}"'}, None),
        ({"etag": '""'}, None),
        ({"etag": '" "'}, None),
        ({"etag": '"\x7f"'}, None),
        ({"etag": '"a"b"'}, None),
        ({"etag": ['"a"']}, None),
        ({"etag": None}, None),
        ({"payload": SID.lower()}, None),
        ({"payload": None}, None),
    ],
)
def test_a_note_is_taken_at_its_word_where_it_makes_sense(
    keep: Path, more: dict[str, Any], version: Version | None
) -> None:
    left_by_another_run(keep, said(**more))
    with opened(keep) as part:
        assert (part.length, part.version) == (2_000, version)


@pytest.mark.parametrize("more", [0, 1])
def test_a_note_has_a_greatest_length(keep: Path, more: int) -> None:
    """What is longer is none of ours, and stays."""
    long = said().ljust(LONGEST_NOTE + more)
    left_by_another_run(keep, long)
    with opened(keep) as part:
        assert part.length == (0 if more else 2_000)

    assert left(keep) == ([note(keep).name, f"{SID}.addonctl.part"] if more else [])


# An ETag with which a note has its greatest length.
FITTING = LONGEST_NOTE - len(said(etag='""'))


@pytest.mark.parametrize("length", [20, FITTING, FITTING + 1])
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_note_tells_the_version_before_its_bytes_are_written(
    keep: Path, monkeypatch: pytest.MonkeyPatch, length: int, encoding: str
) -> None:
    """But not where it would be longer than one that is read, or ranges are of other bytes."""
    etag = f'"{"x" * length}"'
    answer = body(etag=etag, content_encoding=encoding)
    written: list[tuple[bytes, dict[str, Any]]] = []
    write = os.write

    def look(descriptor: int, data: bytes) -> int:
        there = json.loads(note(keep).read_text() or "{}")
        written.append((bytes(data), there))
        return write(descriptor, data)

    mark = {"made by": "addonctl", "payload": SID}
    with opened(keep) as part:
        part.write(Piece(answer, 0, b"", doubtful=False))
        monkeypatch.setattr("os.write", look)
        part.write(Piece(answer, 0, DATA[:9], doubtful=False))
        part.write(Piece(answer, 9, DATA[9:], doubtful=False))

    version = {"etag": etag, "size": SIZE}
    known = length <= FITTING and not encoding
    assert [data for data, _ in written[1:]] == [DATA[:9], DATA[9:]]
    assert [there for _, there in written[1:]] == [mark | (version if known else {})] * 2


def test_a_note_that_went_with_the_run_that_held_it_is_none(
    keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waited for it has a lock on nothing, so it is taken once more."""
    lock, waited = files.lock, list[float]()

    def take(descriptor: int, patience: float = 0.0) -> bool:
        if not waited:  # as a run does that ends
            note(keep).with_suffix(".part").unlink()
            note(keep).unlink()
        waited.append(patience)
        return lock(descriptor)

    monkeypatch.setattr(files, "lock", take)
    left_by_another_run(keep, said())
    with part_of(Directory.at(keep), SID, 60.0, hashing=False):
        assert note(keep).exists()

    assert all(50 < patience <= 60 for patience in waited)
    assert len(waited) == 2


def test_a_note_of_another_version_is_written_anew_for_a_single_read(keep: Path) -> None:
    """Killed before the rename, the next run must not go on with the other version's rest."""
    left_by_another_run(keep, said())
    answer = body(etag='"another"')
    with pytest.raises(TryLater), opened(keep) as part:
        part.write(Piece(answer, 0, b"", doubtful=False))
        part.write(Piece(answer, 0, DATA, doubtful=False))
        raise LATER

    assert json.loads(note(keep).read_text())["etag"] == '"another"'


def test_a_single_read_needs_no_version(keep: Path) -> None:
    answer = body(etag=ETAG)
    with opened(keep) as part:
        part.write(Piece(answer, 0, b"", doubtful=False))
        part.write(Piece(answer, 0, DATA, doubtful=False))

        assert json.loads(note(keep).read_text()) == {"made by": "addonctl", "payload": SID}


@pytest.mark.parametrize("length", [0, 9])
@pytest.mark.parametrize("broken", [True, False])
def test_a_part_stays_for_the_next_run_where_something_came_and_an_error_ends_it(
    keep: Path, length: int, broken: bool
) -> None:
    def begin() -> None:
        with opened(keep) as part:
            part.write(Piece(body(etag=ETAG), 0, b"", doubtful=False))
            if length:
                part.write(Piece(body(etag=ETAG), 0, DATA[:length], doubtful=False))
            if broken:
                raise LATER

    if broken:
        with pytest.raises(TryLater):
            begin()
    else:
        begin()

    name = f"{SID}.addonctl"
    assert left(keep) == ([f"{name}.note", f"{name}.part"] if length and broken else [])


@pytest.mark.parametrize(
    ("hashing", "resumed", "etag", "names"),
    [
        (False, False, ETAG, set()),
        (True, False, ETAG, {"sha256"}),
        (True, True, ETAG, set()),
        (False, False, MD5, {"md5"}),
        (True, True, MD5, {"md5"}),
    ],
)
def test_a_part_knows_what_came_by_its_digests(
    keep: Path, hashing: bool, resumed: bool, etag: str, names: set[str]
) -> None:
    """What an earlier run left counts only where the store's own checksum is of it, too."""
    begin = 2_000 if resumed else 0
    if resumed:
        left_by_another_run(keep, said(etag=etag))
    with opened(keep, hashing=hashing) as part:
        part.write(Piece(body(begin=begin, etag=etag), begin, b"", doubtful=False))
        part.write(Piece(body(etag=etag), begin, DATA[begin:3_000], doubtful=False))
        # The line breaks, and is picked up where it broke: what came in this run, came.
        part.write(Piece(body(begin=3_000, etag=etag), 3_000, b"", doubtful=False))
        part.write(Piece(body(etag=etag), 3_000, DATA[3_000:], doubtful=False))
        digests = part.finish(STAMP)
        part.give_name(NAME, over=False)

    assert digests == {name: hashlib.new(name, DATA).digest() for name in names}
    assert (keep / NAME).read_bytes() == DATA
    assert (keep / NAME).stat().st_mtime_ns == STAMP
    assert left(keep) == [NAME]


def test_a_part_of_other_bytes_is_thrown_away(keep: Path) -> None:
    with opened(keep) as part:
        part.write(Piece(body(etag=MD5), 0, b"", doubtful=False))
        part.write(Piece(body(etag=MD5), 0, DATA[::-1], doubtful=False))

        assert part.finish(None) is None
        assert part.length == 0

    assert left(keep) == []


def test_a_disk_that_takes_a_little_at_a_time_gets_it_all(
    keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:700]))
    saved(keep, body(DATA, etag=MD5))

    assert (keep / NAME).read_bytes() == DATA


# Names, times, folders


@pytest.mark.parametrize(
    ("document", "seconds"),
    [
        ({"date_updated": UPDATED, "date_created": "Thu, 19 Nov 2026 12:00:00 +0000"}, STAMP),
        ({"date_created": UPDATED}, STAMP),
        ({"date_updated": "soon", "date_created": UPDATED}, STAMP),
        ({"date_updated": None}, None),
        ({}, None),
    ],
)
def test_the_time_of_a_file_tells_of_which_payload_and_version_it_is(
    keep: Path, document: dict[str, Any], seconds: int | None
) -> None:
    digest = hashlib.blake2b(SID.encode(), digest_size=8).digest()
    fraction = int.from_bytes(digest, "big") % 10**7 * 100
    target = folder(keep).target(ADDRESS, Payload(document))

    assert target.modified == (None if seconds is None else seconds + fraction)
    assert fraction > 0


@pytest.mark.parametrize("problem", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_knows_no_sync_is_left_in_peace(
    monkeypatch: pytest.MonkeyPatch, problem: int
) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(problem, "not here")

    monkeypatch.setattr(os, "fsync", fsync)
    settle(0)


def test_a_disk_that_fails_to_sync_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", fsync)
    settle(None)
    with pytest.raises(OSError, match="broken"):
        settle(0)


def test_a_folder_that_is_to_be_there_is_not_made(keep: Path) -> None:
    with pytest.raises(AddonctlError) as raised:
        Folder(keep / "new", lambda *_: ((), []), make=False)
    made = Folder(keep / "new" / "er", lambda *_: ((), []))

    assert raised.value.message == f"cannot write {keep / 'new'}: no such file or directory"
    assert made.root.is_dir()


def test_new_folders_are_on_disk_with_their_names(
    keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_ino))
    Folder(keep / "new" / "er", lambda *_: ((), []))

    assert {keep.stat().st_ino, (keep / "new").stat().st_ino} == set(synced)


def test_a_folder_that_may_not_be_written_to_is_refused(
    keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def access(path: Path, mode: int) -> bool:
        asked.append(mode)
        return False

    monkeypatch.setattr(os, "access", access)
    with pytest.raises(AddonctlError) as raised:
        folder(keep)

    assert raised.value.message == f"cannot write {keep}: permission denied"
    assert asked == [os.W_OK | os.X_OK]


@pytest.mark.parametrize("sync", [True, False])
def test_a_folder_below_is_on_disk_where_it_has_to_be(
    keep: Path, monkeypatch: pytest.MonkeyPatch, sync: bool
) -> None:
    place = Folder(keep, lambda *_: ((), []))
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_ino))
    with closing(place.directory(("a", "b"), sync=sync)) as directory:
        assert directory.path == keep / "a" / "b"
    there = [path.stat().st_ino for path in (keep, keep / "a", keep / "a" / "b")]

    assert synced == (there if sync else [])


def test_a_file_in_place_of_a_folder_below_is_one_error(keep: Path) -> None:
    (keep / "a").write_text("mine")
    with pytest.raises(AddonctlError) as raised:
        folder(keep).directory(("a", "b"))

    assert raised.value.message == f"cannot write {keep / 'a' / 'b'}: not a directory"


@pytest.mark.parametrize("what", ["link", "file"])
def test_a_folder_below_is_opened_through_no_link_and_is_no_file(keep: Path, what: str) -> None:
    """However late something else took its place."""
    (keep / "file").touch()
    (keep / "link").symlink_to(keep)
    with closing(Directory.at(keep)) as directory, pytest.raises(OSError):
        directory.below(what)


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("over", [True, False])
def test_a_name_is_given_over_another_file_only_where_that_is_meant(
    keep: Path, monkeypatch: pytest.MonkeyPatch, links: bool, over: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    for name in ("old", "new"):
        (keep / name).write_text(name)
    with closing(Directory.at(keep)) as directory:
        if over:
            directory.rename("old", "new", over=True)
        else:
            with pytest.raises(FileExistsError):
                directory.rename("old", "new", over=False)
            directory.rename("old", "free", over=False)

    there = {path.name: path.read_text() for path in keep.iterdir()}
    assert there == ({"new": "old"} if over else {"new": "new", "free": "old"})


def test_a_file_may_be_read_by_whom_the_umask_lets(keep: Path) -> None:
    umask = os.umask(0o027)
    try:
        saved(keep, body(DATA, etag=MD5))
    finally:
        os.umask(umask)

    assert stat.S_IMODE((keep / NAME).stat().st_mode) == 0o640


# One payload


def test_what_came_is_told_to_the_byte(keep: Path) -> None:
    counts: list[int] = []
    saved(keep, body(DATA[:3_000], DATA[3_000:], etag=MD5), received=counts.append)

    assert sum(counts) == SIZE


@pytest.mark.parametrize("times", [1, 2])
def test_other_bytes_than_the_checksum_is_of_are_fetched_once_more(keep: Path, times: int) -> None:
    answers = [body(DATA[::-1], etag=MD5) for _ in range(times)]
    if times == 1:
        assert saved(keep, *answers, body(DATA, etag=MD5)).fetched
        assert (keep / NAME).read_bytes() == DATA
        return
    with pytest.raises(TryLater) as raised:
        saved(keep, *answers)

    assert raised.value.message == f"{NAMED}: other bytes arrived than the store's checksum is of"
    assert left(keep) == []


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (Path.mkdir, "a folder"),
        (os.mkfifo, "something that is no file"),
        (lambda path: path.symlink_to("/dev/null"), "something that is no file"),
    ],
)
def test_what_is_in_the_way_is_named(keep: Path, make: Callable[[Path], object], what: str) -> None:
    make(keep / NAME)
    with pytest.raises(AddonctlError) as raised:
        saved(keep)

    assert raised.value.message == f"{keep / NAME}: {what} is in the way"


def test_a_folder_that_has_a_payloads_time_is_in_the_way_all_the_same(keep: Path) -> None:
    saved(keep, body(DATA, etag=MD5))
    modified = (keep / NAME).stat().st_mtime_ns
    (keep / NAME).unlink()
    (keep / NAME).mkdir()
    os.utime(keep / NAME, ns=(modified, modified))
    with pytest.raises(AddonctlError, match="a folder is in the way"):
        saved(keep)


@pytest.mark.parametrize("again", [True, False])
def test_what_lies_at_its_own_name_is_replaced_there_and_never_a_strangers(
    keep: Path, again: bool
) -> None:
    own = f"report.{SID}.json"
    (keep / NAME).write_text("a stranger's")
    (keep / own).write_text("damaged")
    payload = Payload({"sid": SID})
    names = [Name(NAME, own=False), Name(own, own=True)]
    target = Folder(keep, lambda *_: ((), names)).target(ADDRESS, payload)
    client = cast(Client, Store([body(DATA, etag=MD5)]))
    there = save(client, target, check=False, again=again)

    assert (there.file, there.fetched) == (keep / own, True)
    assert (keep / own).read_bytes() == DATA
    assert (keep / NAME).read_text() == "a stranger's"


def test_another_run_is_waited_for_as_long_as_for_an_answer(
    keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, waited = files.lock, list[float]()

    def take(descriptor: int, patience: float = 0.0) -> bool:
        waited.append(patience)
        return lock(descriptor)

    monkeypatch.setattr(files, "lock", take)
    payload = Payload({"sid": SID})
    client = cast(Client, Store([body(DATA, etag=MD5)], timeout=60.0))
    save(client, folder(keep).target(ADDRESS, payload), check=False)

    assert 50 < waited[0] <= 60


def test_another_file_is_named_with_how_to_replace_it(keep: Path) -> None:
    (keep / NAME).write_text("mine")
    with pytest.raises(AddonctlError) as raised:
        saved(keep, body(DATA, etag=MD5), own=False)

    assert raised.value.message == f"{keep / NAME}: another file is there"
    assert raised.value.hint == "--clobber replaces it"
    assert left(keep) == [NAME]
    assert (keep / NAME).read_text() == "mine"


def test_a_file_that_comes_first_under_its_name_is_not_replaced(keep: Path) -> None:
    """While the payload was on its way."""

    def arrive() -> Any:
        (keep / NAME).write_text("mine")
        return body(DATA, etag=MD5)

    class Late(Store):
        def open(self, *_: Any) -> Body:
            return cast(Body, arrive())

    payload = Payload({"sid": SID})
    client = cast(Client, Late([]))
    with pytest.raises(AddonctlError) as raised:
        save(client, folder(keep, own=False).target(ADDRESS, payload), check=False)

    assert raised.value.message == f"cannot write {keep / NAME}: another file is there"
    assert (keep / NAME).read_text() == "mine"


def test_a_path_that_leads_elsewhere_in_the_end_is_an_error(keep: Path) -> None:
    root = keep / "keep"

    class Moved(Store):
        def open(self, *_: Any) -> Body:
            root.rename(keep / "moved")
            root.mkdir()
            (root / NAME).write_text("another")
            return body(DATA, etag=MD5)

    payload = Payload({"sid": SID})
    client = cast(Client, Moved([]))
    with pytest.raises(AddonctlError) as raised:
        save(client, folder(root).target(ADDRESS, payload), check=False)

    assert raised.value.message == (
        f"{root / NAME}: what leads there was changed while the payload came"
    )
    assert (root / NAME).read_text() == "another"


@pytest.mark.parametrize("check", [True, False])
def test_what_the_file_system_refuses_is_told_of_the_file(
    keep: Path, monkeypatch: pytest.MonkeyPatch, check: bool
) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    place = folder(keep)
    monkeypatch.setattr(os, "fsync", fsync)
    payload = Payload({"sid": SID})
    client = cast(Client, Store([body(DATA, etag=MD5)]))
    with pytest.raises(AddonctlError) as raised:
        save(client, place.target(ADDRESS, payload), check=check)

    assert raised.value.message == f"cannot write {keep / NAME}: input/output error"


# Proof


def test_a_file_is_the_payload_where_the_stores_length_and_checksum_say_so(keep: Path) -> None:
    (keep / NAME).write_bytes(DATA)
    there = saved(keep, body(DATA, etag=MD5))

    assert not there.fetched
    assert there.there.st_mtime_ns // 10**9 * 10**9 == STAMP


@pytest.mark.parametrize(("size", "fetched"), [(SIZE, False), (None, False), (SIZE - 1, True)])
def test_a_checksum_of_another_length_proves_nothing(
    keep: Path, size: int | None, fetched: bool
) -> None:
    (keep / NAME).write_bytes(DATA)
    there = saved(keep, body(DATA[:size], etag=MD5, size=size), body(DATA, etag=MD5))

    assert there.fetched == fetched


MODIFIED = {"last_modified": "Fri, 20 Nov 2026 13:00:00 GMT"}


@pytest.mark.parametrize(
    ("then", "now", "fetched"),
    [
        ({"etag": ETAG}, {"etag": ETAG}, False),
        ({"etag": ETAG, **MODIFIED}, {"etag": ETAG, **MODIFIED}, False),
        ({}, {}, False),
        ({}, MODIFIED, True),
        ({"etag": ETAG}, {"etag": '"another"'}, True),
        ({"etag": ETAG}, {"etag": ETAG, **MODIFIED}, True),
        ({"etag": ETAG}, {"etag": ETAG, "size": SIZE + 1}, True),
    ],
)
def test_what_came_in_this_run_proves_a_file_of_the_same_version(
    keep: Path, then: dict[str, Any], now: dict[str, Any], fetched: bool
) -> None:
    """Where the store tells no checksum; else the bytes have to come once more."""
    first = saved(keep, body(DATA, **then), check=True)
    data = DATA[::-1].ljust(now.get("size", SIZE))
    again = saved(keep, body(data if fetched else DATA, **now), check=True, before=first)

    assert again.fetched == fetched
    assert bool(again.digests) == fetched  # of what came alone
    assert (keep / NAME).read_bytes() == (data if fetched else DATA)


class Service(Store):
    """A store, and the result that its payload is one of."""

    def __init__(self, *answers: Any) -> None:
        super().__init__([*answers])
        self.status, self.listed = "completed", [SID]
        self.deleted: list[Any] = []

    def get(self, kind: type[Result], address: Any) -> Result:
        return kind({"status": self.status})

    def payloads(self, address: Any) -> list[list[Payload]]:
        return [[Payload({"sid": sid, "date_updated": UPDATED}) for sid in self.listed]]

    def delete(self, address: Any) -> None:
        self.deleted.append(address)


def retired(root: Path, service: Service, had: dict[str, Saved]) -> tuple[str, str] | None:
    return retire(cast(Client, service), ADDRESS._replace(payload=""), had, folder(root))


def test_a_result_goes_once_its_payload_is_proven(keep: Path) -> None:
    had = {SID: saved(keep, body(DATA, etag=MD5))}
    service = Service(body(DATA, etag=MD5))

    assert retired(keep, service, had) is None
    assert service.deleted == [ADDRESS._replace(payload="")]


def test_a_result_is_spared_for_a_reason(keep: Path) -> None:
    had = {SID: saved(keep, body(DATA, etag=MD5))}
    other = "XH" + "6" * 32
    growing, empty, fewer, more = Service(), Service(), Service(), Service()
    growing.status = "in-progress"
    empty.listed = []
    fewer.listed = [other]
    more.listed = [other]

    assert retired(keep, growing, had) == (
        "not final yet",
        "it is not final yet, so more may come",
    )
    assert retired(keep, empty, had) == ("without payloads", "it has no payloads")
    assert retired(keep, fewer, had) == (
        "not as it was saved",
        f"payload {SID} is no longer listed",
    )
    (keep / NAME).unlink()
    assert retired(keep, more, {}) == (
        "not wholly saved",
        f"payload {other} is not on disk",
    )
    assert [each.deleted for each in (growing, empty, fewer, more)] == [[]] * 4


def test_a_payload_that_is_another_at_each_look_is_looked_at_three_times(keep: Path) -> None:
    had = {SID: saved(keep, body(DATA, etag=MD5))}
    service = Service(*(body(DATA[at:] + DATA[:at], etag=f'"{at}-2"') for at in range(1, 6)))

    assert retired(keep, service, had) == (
        "not proven to be saved",
        f"payload {SID} is another whenever it is looked at",
    )
    assert len(service.asked) == 3
    assert service.deleted == []


@pytest.mark.parametrize("versions", ["aa", "abb"])
def test_what_the_last_look_finds_right_is_proven(keep: Path, versions: str) -> None:
    """The first looks find another version than was saved, which is fetched."""
    had = {SID: saved(keep, body(DATA, etag=MD5))}
    data = {"a": DATA[::-1], "b": DATA[9:] + DATA[:9]}
    service = Service(*(body(data[each], etag=f'"{each}-2"') for each in versions))

    assert retired(keep, service, had) is None
    assert len(service.asked) == len(versions)
    assert (keep / NAME).read_bytes() == data[versions[-1]]


def test_a_file_that_changed_after_its_proof_spares_its_result(
    keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    had = {SID: saved(keep, body(DATA, etag=MD5))}
    service = Service(body(DATA, etag=MD5))
    directory = Folder.directory

    def change(self: Folder, below: tuple[str, ...], *, sync: bool = False) -> Directory:
        if sync:
            (keep / NAME).write_bytes(DATA)
        return directory(self, below, sync=sync)

    monkeypatch.setattr(Folder, "directory", change)

    assert retired(keep, service, had) == (
        "not proven to be saved",
        f"{keep / NAME} has been changed",
    )
    assert service.deleted == []

"""`download`: which payloads, to which files, and what a second run does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.breaking import RECORDING, RESULT, Breaking, Fault, breaking, files, some
from support.program import Ran, Run

OTHER = "XR" + "3" * 32


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Breaking]:
    monkeypatch.setattr("addonctl.transfer.source._pause", lambda failures: 0)
    with breaking(monkeypatch) as account:
        yield account


@pytest.fixture
def keep(home: Path) -> Path:
    return home / "keep"


def outcomes(ran: Ran) -> dict[str, str]:
    """What became of each address, of an answer in jsonl."""
    rows = [json.loads(line) for line in ran.out.splitlines()]
    return {row["sid"]: row["outcome"] for row in rows}


# Which


def test_the_sandbox_needs_no_login(run: Run, keep: Path) -> None:
    recording = run("-p sandbox recordings list -f sids").out.split()[0]
    ran = run(f"-p sandbox results download {recording} --to keep -f jsonl")

    assert ran.code == 0
    assert outcomes(ran) == dict.fromkeys(outcomes(ran), "saved")
    assert {path.rpartition(".")[0] for path in files(keep)} == set(outcomes(ran))


@pytest.mark.parametrize("noun", ["results", "payloads", "results payloads"])
@pytest.mark.parametrize("words", ["{one} {two}", "{recording}", "{result}", "-", "--from list"])
def test_addresses_of_every_kind_lead_to_payloads(
    run: Run, account: Breaking, home: Path, keep: Path, noun: str, words: str
) -> None:
    one, two = account.add(some(1)), account.add(some(2), content_type="audio/x-wav")
    (home / "list").write_text(f"{one}\n# both\n\n{two}\n{one}\n")
    line = words.format(one=one, two=two, recording=RECORDING, result=f"{RECORDING}/{RESULT}")
    ran = run(f"{noun} download {line} --to keep -f jsonl", stdin=f"{one}\n{two}\n")

    assert ran.code == 0
    assert outcomes(ran) == {one: "saved", two: "saved"}
    assert files(keep) == {f"{one}.json": some(1), f"{two}.wav": some(2)}


def test_payloads_of_one_result_cost_one_list(run: Run, account: Breaking) -> None:
    addresses = [account.add(some(number)) for number in range(20)]
    ran = run("payloads", "download", *addresses, "--to", "keep")

    assert ran.code == 0
    assert sum("/store/" not in heard.path and "/Data" not in heard.path
               for heard in account.heard) == 1  # fmt: skip


@pytest.mark.parametrize("words", [RECORDING, f"{RECORDING} {RESULT}"])
@pytest.mark.parametrize("more", ["", "--delete-after --yes"])
def test_payloads_of_one_address_share_the_connections_of_the_workers(
    run: Run, account: Breaking, words: str, more: str
) -> None:
    for number in range(60):
        account.add(some(number, 3_000))
    ran = run(f"results download {words} --to keep --workers 4 {more}")

    assert ran.code == 0
    assert account.connections <= 2 * 4 + 2, "to the service and to the store, and to list them"


def test_filters_choose_results_and_payloads(run: Run, account: Breaking, keep: Path) -> None:
    account.add(some(1), label="sentiment")
    wanted = account.add(some(2), label="transcript")
    account.add(some(3), result=OTHER, label="transcript")
    account.statuses[OTHER] = "failed"
    ran = run(f"results download {RECORDING} --status completed --label 'trans*' --to keep")

    assert ran.code == 0
    assert files(keep) == {f"{wanted}.json": some(2)}


def test_nothing_found_is_an_empty_answer(run: Run, account: Breaking) -> None:
    account.add(some(1))
    ran = run(f"results download {RECORDING} --label nothing --to keep --format json")

    assert (0, "[]\n") == (ran.code, ran.out)


def test_what_is_not_there_is_a_row_and_the_rest_is_saved(
    run: Run, account: Breaking, keep: Path
) -> None:
    one = account.add(some(1))
    gone, lost = f"{RECORDING}/{OTHER}", f"{RECORDING}/{RESULT}/XH{'f' * 32}"
    ran = run("results", "download", gone, one, lost, "--to", "keep", "-f", "jsonl")

    assert ran.code == 6
    assert list(outcomes(ran).items()) == [(gone, "not-found"), (one, "saved"), (lost, "not-found")]
    assert files(keep) == {f"{one}.json": some(1)}


@pytest.mark.parametrize("filters", ["", "--status completed"])
def test_what_is_not_there_has_the_address_that_was_typed(
    run: Run, account: Breaking, filters: str
) -> None:
    """Also where it was its result that could not be looked up, for several payloads at once."""
    one = account.add(some(1))
    lost = [f"{RECORDING}/{OTHER}/XH{number:032x}" for number in (7, 8)]
    single = f"{RECORDING}/XR{'9' * 32}/XH{'e' * 32}"
    ran = run(f"payloads download {' '.join(lost)} {single} {one} --to keep -f sids {filters}")

    assert ran.code == 6
    assert ran.out.splitlines() == [*lost, single, one]


@pytest.mark.parametrize("level", ["recording", "result", "payload", "data"])
def test_what_is_gone_already_is_no_failure_where_told_so(
    run: Run, account: Breaking, keep: Path, level: str
) -> None:
    """The same list can be run again, whatever has expired since."""
    one, two = account.add(some(1)), account.add(some(2))
    gone = {
        "recording": "RE" + "9" * 32,
        "result": f"{RECORDING}/{OTHER}",
        "payload": f"{RECORDING}/{RESULT}/XH{'f' * 32}",
        "data": two,
    }[level]
    if level == "data":
        account.payload(two[-34:]).faults = [Fault("gone")]
    words = ["payloads", "download", one, gone, "--to", "keep", "-f", "jsonl"]
    ran = run(*words, "--ignore-not-found")
    if level == "data":
        account.payload(two[-34:]).faults = [Fault("gone")]
    strict = run(*words)

    assert (strict.code, ran.code) == (6, 0)
    assert outcomes(ran) == {one: "saved", gone: "not-found"}
    assert ran.err == "saved 2 payloads (1 were gone already)\n"
    assert files(keep) == {f"{one}.json": some(1)}


@pytest.mark.parametrize("output", ["report", "-"])
def test_a_single_file_that_is_gone_already_is_no_failure_where_told_so(
    run: Run, account: Breaking, home: Path, output: str
) -> None:
    account.add(some(1))
    line = f"payloads download {RECORDING} {RESULT} XH{'f' * 32} -o {output}"
    ran, strict = run(f"{line} --ignore-not-found"), run(line)

    assert (strict.code, ran.code) == (3, 0)
    assert "not-found" in ran.out or (output == "-" and ran.out == "")
    assert not (home / "report").exists()


def test_a_single_payload_that_is_not_there_is_exit_3(run: Run, account: Breaking) -> None:
    account.add(some(1))
    ran = run(f"payloads download {RECORDING} {RESULT} XH{'f' * 32} --to keep")

    assert ran.code == 3


# Again


def test_what_is_whole_is_skipped_without_a_request_to_the_store(
    run: Run, account: Breaking, keep: Path
) -> None:
    one = account.add(some(1))
    run(f"results download {RECORDING} --to keep")
    account.heard.clear()
    ran = run(f"results download {RECORDING} --to keep -f jsonl")

    assert ran.code == 0
    assert outcomes(ran) == {one: "skipped"}
    assert not any("/Data" in heard.path or heard.at_store for heard in account.heard)


def test_other_bytes_of_the_same_size_are_found_out(
    run: Run, account: Breaking, keep: Path
) -> None:
    one = account.add(some(1))
    run(f"results download {RECORDING} --to keep")
    (keep / f"{one}.json").write_bytes(some(9))
    ran = run(f"results download {RECORDING} --to keep -f jsonl")

    assert outcomes(ran) == {one: "saved"}
    assert files(keep) == {f"{one}.json": some(1)}


def test_a_copy_that_lost_its_time_is_checked_but_not_fetched(
    run: Run, account: Breaking, keep: Path
) -> None:
    one = account.add(some(1, 3_000_000))
    run(f"results download {RECORDING} --to keep")
    os.utime(keep / f"{one}.json", (1, 1))
    inode = (keep / f"{one}.json").stat().st_ino
    again = run(f"results download {RECORDING} --to keep -f jsonl")
    account.heard.clear()
    third = run(f"results download {RECORDING} --to keep -f jsonl")

    assert outcomes(again) == outcomes(third) == {one: "skipped"}
    assert (keep / f"{one}.json").stat().st_ino == inode
    assert account.fetched() == []


def test_size_alone_is_no_proof(run: Run, account: Breaking, keep: Path) -> None:
    """Where the store gives no checksum, a file with another time is fetched again."""
    one = account.add(some(1), etag='"in-parts-2"')
    (keep / one).parent.mkdir(parents=True)
    (keep / f"{one}.json").write_bytes(some(9))
    ran = run(f"results download {RECORDING} --to keep -f jsonl")

    assert outcomes(ran) == {one: "saved"}
    assert files(keep) == {f"{one}.json": some(1)}


def test_a_payload_that_was_updated_is_fetched_again(
    run: Run, account: Breaking, keep: Path
) -> None:
    one = account.add(some(1))
    run(f"results download {RECORDING} --to keep")
    payload = account.payload(one[-34:])
    payload.data, payload.updated = some(2), "Sun, 22 Nov 2026 08:00:00 +0000"
    ran = run(f"results download {RECORDING} --to keep -f jsonl")

    assert outcomes(ran) == {one: "saved"}
    assert files(keep) == {f"{one}.json": some(2)}


@pytest.mark.parametrize("updated", [None, "yesterday", "Thu, 01 Jan 1970 00:00:00 +0000"])
def test_a_payload_of_no_date_is_checked_each_time(
    run: Run, account: Breaking, keep: Path, updated: str | None
) -> None:
    one = account.add(some(1), updated=updated)
    run(f"results download {RECORDING} --to keep")
    ran = run(f"results download {RECORDING} --to keep -f jsonl")

    assert outcomes(ran) == {one: "skipped"}
    assert files(keep) == {f"{one}.json": some(1)}


def test_clobber_fetches_again(run: Run, account: Breaking, keep: Path) -> None:
    one = account.add(some(1))
    run(f"results download {RECORDING} --to keep")
    ran = run(f"results download {RECORDING} --to keep --clobber -f jsonl")

    assert outcomes(ran) == {one: "saved"}
    assert len(account.fetched()) == 2


def test_two_payloads_of_one_label_keep_their_files_in_later_runs(
    run: Run, account: Breaking, keep: Path
) -> None:
    """The second, asked for alone and first, does not take the first one's file."""
    one, two = account.add(some(1), label="same"), account.add(some(2), label="same")
    name = ["--to", "keep", "--name", "{label}.{ext}"]
    run("payloads", "download", one, *name)
    run("payloads", "download", two, *name)
    again = run("payloads", "download", two, one, *name, "-f", "jsonl")

    assert outcomes(again) == {two: "skipped", one: "skipped"}
    assert files(keep) == {"same.json": some(1), f"same.{two[-34:]}.json": some(2)}


@pytest.mark.parametrize("more", [[], ["--clobber"]])
def test_a_strangers_file_is_never_replaced_by_a_template(
    run: Run, account: Breaking, keep: Path, more: list[str]
) -> None:
    one = account.add(some(1), label="notes")
    keep.mkdir()
    (keep / "notes.json").write_text("mine")
    ran = run("results", "download", RECORDING, "--to", "keep", "--name", "{label}.{ext}", *more)

    assert ran.code == 0
    assert files(keep) == {"notes.json": b"mine", f"notes.{one[-34:]}.json": some(1)}


def test_where_no_links_are_made_names_are_taken_all_the_same(
    run: Run, account: Breaking, keep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a memory card: a shared name is held by an empty file until the rename."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    account.add(some(1), label="same")
    two = account.add(some(2), label="same")
    keep.mkdir()
    (keep / "mine.json").write_text("mine")
    three = account.add(some(3), label="mine")
    ran = run(f"results download {RECORDING} --to keep --name {{label}}.{{ext}}")

    assert ran.code == 0
    assert files(keep) == {
        "same.json": some(1),
        f"same.{two[-34:]}.json": some(2),
        "mine.json": b"mine",
        f"mine.{three[-34:]}.json": some(3),
    }


# One file


def test_a_single_payload_to_a_file_of_any_name(run: Run, account: Breaking, home: Path) -> None:
    one = account.add(some(1))
    ran = run(f"payloads download {one} -o report.txt -f jsonl")
    again = run(f"payloads download {one} -o report.txt -f jsonl")

    assert (0, {one: "saved"}) == (ran.code, outcomes(ran))
    assert (0, {one: "skipped"}) == (again.code, outcomes(again))
    assert (home / "report.txt").read_bytes() == some(1)
    assert len(account.fetched()) == 1


@pytest.mark.parametrize("length", [255, 256])
def test_a_name_may_be_as_long_as_any(run: Run, account: Breaking, home: Path, length: int) -> None:
    one = account.add(some(1), faults=[Fault("closed", 50_000)])
    ran = run(f"payloads download {one} -o {'x' * length}")

    assert ran.code == (0 if length == 255 else 1)
    assert ran.code == 0 or "file name too long" in ran.err
    assert [path.name for path in home.iterdir()] == (["x" * 255] if ran.code == 0 else [])


def test_a_result_with_one_payload_will_do_for_a_single(
    run: Run, account: Breaking, home: Path
) -> None:
    account.add(some(1))
    ran = run(f"results download {RECORDING} {RESULT} -o report")

    assert ran.code == 0
    assert (home / "report").read_bytes() == some(1)


def test_another_file_is_replaced_only_when_told_so(
    run: Run, account: Breaking, home: Path
) -> None:
    one = account.add(some(1))
    (home / "report").write_text("mine")
    refused = run(f"payloads download {one} -o report")
    kept = (home / "report").read_text()
    ran = run(f"payloads download {one} -o report --clobber")

    assert refused.code == 1
    assert "--clobber" in refused.err
    assert kept == "mine"
    assert ran.code == 0
    assert (home / "report").read_bytes() == some(1)


def test_a_link_that_is_named_is_followed(run: Run, account: Breaking, home: Path) -> None:
    """Who names a link means what it points to, as with cp."""
    one = account.add(some(1))
    (home / "real").mkdir()
    (home / "link").symlink_to("real/report")
    ran = run(f"payloads download {one} -o link")

    assert ran.code == 0
    assert (home / "link").is_symlink()
    assert (home / "real/report").read_bytes() == some(1)


def test_a_device_is_written_to_not_replaced(run: Run, account: Breaking) -> None:
    one = account.add(some(1))
    ran = run(f"payloads download {one} -o /dev/null")

    assert ran.code == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("more", ["--to x", "--name {label}", "--delete-after"])
def test_options_for_many_do_not_go_with_a_single_file(
    run: Run, account: Breaking, more: str
) -> None:
    ran = run(f"payloads download {account.add(some(1))} -o report {more}")

    assert (2, "") == (ran.code, ran.out)
    assert f"-o is for a single payload; {more.split()[0]} is for many" in ran.err
    assert account.heard == []


@pytest.mark.parametrize("option", ["--to", "--output"])
def test_a_place_without_a_name_is_refused(run: Run, account: Breaking, option: str) -> None:
    """As a variable that is not set would have it."""
    ran = run(f"results download {account.add(some(1))} {option} ''")

    assert (2, "", []) == (ran.code, ran.out, account.heard)
    assert f"{option} '' names no place" in ran.err


def test_several_payloads_do_not_fit_one_file(run: Run, account: Breaking, home: Path) -> None:
    account.add(some(1))
    account.add(some(2))
    ran = run(f"results download {RECORDING} -o report")

    assert ran.code == 2
    assert account.fetched() == []
    assert not (home / "report").exists()


# stdout


def test_a_payload_flows_to_stdout_exactly(
    run: Run, account: Breaking, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    data = some(1, 3_000_000)
    one = account.add(data, faults=[Fault("closed", 1_000_000), Fault("reset", 700_000)])
    ran = run(f"payloads download {one} -o -")

    assert ran.code == 0
    assert ran.out.encode("utf-8", "surrogateescape") == data
    assert account.fetched()[1].headers["Range"] == "bytes=1000000-"


def test_a_stream_goes_on_even_where_the_store_starts_again(run: Run, account: Breaking) -> None:
    data = some(1, 3_000_000)
    one = account.add(data, faults=[Fault("closed", 1_000_000)], ranges=False)
    ran = run(f"payloads download {one} -o -")

    assert ran.code == 0
    assert ran.out.encode("utf-8", "surrogateescape") == data


def test_a_stream_that_cannot_go_on_is_a_failure(run: Run, account: Breaking) -> None:
    one = account.add(some(1), faults=[Fault("closed", 1_500)], etag="")
    ran = run(f"payloads download {one} -o -")

    assert ran.code == 5
    assert "1500 bytes" in ran.err


def test_damage_in_a_stream_is_told_in_the_end(run: Run, account: Breaking) -> None:
    one = account.add(some(1), faults=[Fault("damaged", 1_000)])
    ran = run(f"payloads download {one} -o -")

    assert ran.code == 5
    assert "checksum" in ran.err


def test_a_page_never_reaches_stdout(run: Run, account: Breaking) -> None:
    one = account.add(some(1), faults=[Fault("page")])
    ran = run(f"payloads download {one} -o -")

    assert (1, "") == (ran.code, ran.out)


# In the way


def test_a_file_in_place_of_the_folder_is_one_error(
    run: Run, account: Breaking, home: Path
) -> None:
    account.add(some(1))
    account.add(some(2))
    (home / "keep").write_text("a file")
    ran = run(f"results download {RECORDING} --to keep")

    assert (1, "") == (ran.code, ran.out)
    assert ran.err.startswith("addonctl: cannot write keep: ")
    assert ran.err.count("\n") == 1
    assert account.fetched() == []


@pytest.mark.parametrize("folder", ["/proc/nowhere", "x" * 300, "x/" * 3000, "loop"])
def test_a_folder_that_cannot_be_made_is_one_error(
    run: Run, account: Breaking, home: Path, folder: str
) -> None:
    account.add(some(1))
    (home / "loop").symlink_to("loop")
    ran = run(f"results download {RECORDING} --to {folder}")

    assert (1, "") == (ran.code, ran.out)
    assert ran.err.startswith("addonctl: cannot write ")
    assert account.fetched() == []


@pytest.mark.parametrize("what", ["folder", "dangling link", "link to a file", "fifo"])
def test_what_is_in_the_way_of_one_file_stops_no_other(
    run: Run, account: Breaking, home: Path, keep: Path, what: str
) -> None:
    one, two = account.add(some(1)), account.add(some(2))
    place = keep / f"{one}.json"
    place.parent.mkdir(parents=True)
    (home / "mine").write_text("mine")
    if what == "folder":
        place.mkdir()
    elif what == "fifo":
        os.mkfifo(place)
    else:
        place.symlink_to(home / ("mine" if what == "link to a file" else "nowhere"))
    ran = run(f"results download {RECORDING} --to keep -f jsonl")

    assert ran.code == 6
    assert outcomes(ran) == {one: "failed", two: "saved"}
    assert (home / "mine").read_text() == "mine"
    assert not (home / "nowhere").exists()
    assert (keep / f"{two}.json").read_bytes() == some(2)


def test_no_link_leads_out_of_the_folder(
    run: Run, account: Breaking, home: Path, keep: Path
) -> None:
    account.add(some(1))
    (home / "outside").mkdir()
    keep.mkdir()
    (keep / RECORDING).symlink_to(home / "outside")
    ran = run(f"results download {RECORDING} --to keep")

    assert ran.code == 1
    assert "leads out" in ran.err
    assert list((home / "outside").iterdir()) == []


@pytest.mark.parametrize("asked", [1, 2])
def test_a_folder_swapped_for_a_link_in_mid_run_leads_nowhere(
    run: Run, account: Breaking, home: Path, keep: Path, asked: int
) -> None:
    """While a payload comes, or between two of them."""
    one, two = account.add(some(1)), account.add(some(2))
    (home / "outside" / RESULT).mkdir(parents=True)

    def before(method: str, path: str) -> None:
        if path.startswith("/store/") and len(account.fetched()) == asked:
            (keep / RECORDING).rename(home / "moved")
            (keep / RECORDING).symlink_to(home / "outside")

    account.before = before
    ran = run(f"results download {RECORDING} --to keep --workers 1 -f jsonl")

    assert ran.code == (1 if asked == 1 else 6)
    assert outcomes(ran)[two] == "failed"
    assert outcomes(ran)[one] == ("failed" if asked == 1 else "saved")
    assert files(home / "outside") == {}


def test_the_folder_itself_stays_what_it_was(
    run: Run, account: Breaking, home: Path, keep: Path
) -> None:
    account.add(some(1))
    (home / "outside").mkdir()

    def before(method: str, path: str) -> None:
        if path.startswith("/store/"):
            keep.rename(home / "moved")
            keep.symlink_to(home / "outside")

    account.before = before
    ran = run(f"results download {RECORDING} --to keep")

    assert ran.code == 1
    assert files(home / "outside") == {}


@pytest.mark.parametrize("link", ["../outside", ".", "loop", "gone"])
def test_links_below_the_folder_are_followed_only_within_it(
    run: Run, account: Breaking, home: Path, keep: Path, link: str
) -> None:
    one = account.add(some(1))
    (home / "outside").mkdir()
    keep.mkdir()
    (keep / "loop").symlink_to("loop")
    (keep / RECORDING).mkdir()
    (keep / RECORDING / RESULT).symlink_to(link)
    ran = run(f"results download {RECORDING} --to keep")

    assert ran.code == (0 if link == "." else 1)
    assert "unexpected" not in ran.err
    assert files(home / "outside") == {}
    assert (keep / f"{one}.json").exists() == (link == ".")


def test_a_link_within_the_folder_is_as_good_as_a_folder(
    run: Run, account: Breaking, keep: Path
) -> None:
    one = account.add(some(1))
    (keep / "elsewhere").mkdir(parents=True)
    (keep / RECORDING).symlink_to("elsewhere")
    ran = run(f"results download {RECORDING} --to keep")

    assert ran.code == 0
    assert (keep / f"{one}.json").read_bytes() == some(1)


# Afterwards


def test_a_result_is_deleted_once_all_is_on_disk(run: Run, account: Breaking, keep: Path) -> None:
    one, two = account.add(some(1)), account.add(some(2), result=OTHER)
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes -f jsonl")

    assert ran.code == 0
    assert outcomes(ran)[f"{RECORDING}/{RESULT}"] == "deleted"
    assert account.deleted == [RESULT, OTHER] or account.deleted == [OTHER, RESULT]
    assert files(keep) == {f"{one}.json": some(1), f"{two}.json": some(2)}


@pytest.mark.parametrize("noun", ["results", "payloads"])
@pytest.mark.parametrize("more", ["", "--no-input"])
def test_nothing_is_deleted_unless_somebody_says_yes(
    run: Run, account: Breaking, keep: Path, noun: str, more: str
) -> None:
    """Off a terminal nobody can be asked."""
    account.add(some(1))
    ran = run(f"{noun} download {RECORDING} --to keep --delete-after {more}")

    assert (2, "") == (ran.code, ran.out)
    assert "--yes" in ran.err
    assert account.heard == []
    assert not keep.exists()


def test_a_result_that_is_gone_when_its_turn_comes_is_no_failure_where_told_so(
    run: Run, account: Breaking
) -> None:
    """Deleted by another run, or by the end of its 30 days, once its payloads were saved."""
    one = account.add(some(1))
    account.before = lambda method, path: (
        account.results.pop(RESULT, None) if path.endswith(f"{RESULT}.json") else None
    )
    ran = run(
        f"results download {RECORDING} --to keep --delete-after --yes --ignore-not-found -f jsonl"
    )

    assert ran.code == 0
    assert outcomes(ran) == {one: "saved", f"{RECORDING}/{RESULT}": "not-found"}


def test_a_result_with_a_payload_that_failed_is_spared(run: Run, account: Breaking) -> None:
    account.add(some(1))
    bad = account.add(some(2), faults=[Fault("closed", 10)] * 99)
    account.add(some(3), result=OTHER)
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes --retries 0 -f jsonl")

    assert ran.code == 6
    assert outcomes(ran)[f"{RECORDING}/{RESULT}"] == "spared"
    assert bad[-34:] in ran.out.splitlines()[-2]
    assert account.deleted == [OTHER]


def test_what_a_filter_left_out_spares_its_result(run: Run, account: Breaking) -> None:
    account.add(some(1), label="wanted")
    account.add(some(2), label="left out")
    ran = run(
        f"results download {RECORDING} --to keep --label wanted --delete-after --yes -f jsonl"
    )

    assert ran.code == 0
    assert outcomes(ran)[f"{RECORDING}/{RESULT}"] == "spared"
    assert account.deleted == []


def test_what_an_earlier_run_saved_counts(run: Run, account: Breaking) -> None:
    one, two = account.add(some(1)), account.add(some(2))
    run(f"payloads download {one} --to keep")
    ran = run(f"payloads download {two} --to keep --delete-after --yes")

    assert ran.code == 0
    assert account.deleted == [RESULT]


def test_what_was_saved_and_is_gone_again_does_not(run: Run, account: Breaking, keep: Path) -> None:
    one, two = account.add(some(1)), account.add(some(2))
    run(f"payloads download {one} --to keep")
    with (keep / f"{one}.json").open("ab") as file:
        file.write(b"more")
    ran = run(f"payloads download {two} --to keep --delete-after --yes")

    assert ran.code == 0
    assert account.deleted == []


@pytest.mark.parametrize("status", ["in-progress", "queued", "something-new"])
def test_a_result_that_may_still_grow_is_spared(run: Run, account: Breaking, status: str) -> None:
    account.add(some(1))
    account.statuses[RESULT] = status
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes -f jsonl")

    assert ran.code == 0
    assert outcomes(ran)[f"{RECORDING}/{RESULT}"] == "spared"
    assert account.deleted == []


def test_the_end_says_how_many_were_deleted_and_spared(run: Run, account: Breaking) -> None:
    account.add(some(1))
    account.add(some(2), result=OTHER)
    account.statuses[RESULT] = "in-progress"
    ran = run(f"results download {RECORDING} --to keep --delete-after --yes")

    assert ran.code == 0
    assert ran.err == "saved 2 payloads; deleted 1 result, spared 1 (1 not final yet)\n"


def test_a_payload_without_a_sid_spares_its_result(run: Run, account: Breaking) -> None:
    one = account.add(some(1))
    account.add(some(2), sid="XH../../evil")
    ran = run(f"payloads download {one} --to keep --delete-after --yes -f jsonl")

    assert ran.code == 1
    assert outcomes(ran) == {one: "saved", f"{RECORDING}/{RESULT}": "failed"}
    assert "the service gave 'XH../../evil'" in ran.err
    assert account.deleted == []


def test_labels_shared_by_two_are_told_apart_before_deleting(
    run: Run, account: Breaking, keep: Path
) -> None:
    account.add(some(1), label="same")
    account.add(some(2), label="same")
    ran = run(
        f"results download {RECORDING} --to keep --name {{label}} --delete-after --yes",
    )

    assert ran.code == 0
    assert sorted(files(keep).values()) == sorted([some(1), some(2)])
    assert account.deleted == [RESULT]

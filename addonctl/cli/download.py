"""`download`, a verb of `results` and of `payloads`: payload data to files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from addonctl import files
from addonctl.addresses import Address
from addonctl.cli.commands import CALL, TEXT
from addonctl.cli.deleting import Consent, chosen_by
from addonctl.cli.options import (
    Ages,
    Argument,
    Deleting,
    Many,
    Missing,
    Output,
    PayloadFilters,
    RecordingFilters,
    ResultFilters,
    Saving,
    Whole,
)
from addonctl.cli.state import State
from addonctl.errors import AddonctlError, NotFound, Usage
from addonctl.models import Outcome, Payload, Recording

if TYPE_CHECKING:
    from addonctl.batch.outcomes import Batch
    from addonctl.batch.saving import Found, Results

EXAMPLES = (
    ("save what add-ons made of a recording", f"addonctl results download {CALL} --to keep"),
    (
        "name the files by what the vendors call them",
        f"addonctl results download {CALL} --to named --name '{{recording}}/{{label}}.{{ext}}'",
    ),
    ("pipe one payload on", f"addonctl payloads download {TEXT} -o - | wc -c"),
)


def download(
    state: State,
    results: ResultFilters,
    payloads: PayloadFilters,
    ages: Ages,
    whole: Whole,
    recordings: RecordingFilters,
    saving: Saving,
    missing: Missing,
    many: Many,
    output: Output,
    addresses: Annotated[list[str] | None, Argument("RE… [XR… [XH…]]…")] = None,
) -> None:
    """Save payloads to files, each whole or not at all.

    Takes recordings, results and single payloads. What is fetched is written to a file of its
    own beside its place, XH….addonctl.part, checked by its length and by the checksum the store
    gives, and only then given its name.

    Run again, it goes on with what is partial and skips what is whole: a file whose time of
    modification is the one it was saved with (the payload's date_updated, and a fraction of a
    second made of its SID). Any other file is held against the store's length and checksum, and
    with --check every file is.

    A template's file that belongs to another payload is never replaced: the name gets the SID.

    With --delete-after a result is deleted once it is final and each of its payloads, listed
    again just then, has been read back from disk and held against the store. Of payloads whose
    checksum the store does not tell, those that an earlier run saved are fetched again for that.
    """
    from addonctl.batch.listing import KnownRecordings
    from addonctl.batch.outcomes import plural
    from addonctl.batch.saving import deleted, find, saved
    from addonctl.transfer.folder import Folder
    from addonctl.transfer.naming import DEFAULT, Names

    sink = state.answering(Outcome)
    _check(saving)
    consent = Consent(state, Deleting(yes=saving.yes or not saving.delete_after))
    consent.must_be_possible("delete each result for good once its payloads are saved")
    selection = state.selection(Payload, ages, results, payloads)
    known = KnownRecordings()

    def recording(address: Address) -> Recording | None:
        return known.of(batch.client, address)

    template = DEFAULT if saving.name is None else saving.name
    names = Names(template, state.add_ons, recording)
    state.recordings = known if names.asks_for_recording else None
    wanted = state.addresses(addresses, many, 1, 3, whole, recordings)
    # A recording or a result, typed alone, may stand for many payloads.
    single = wanted.alone and all(address.payload for address in wanted.items)
    batch = state.batch(many, "saved", "payload", alone=single)
    listed: Results = {}
    look = recording if names.asks_for_recording else None
    found: Iterable[Found] = find(batch, wanted, selection, listed, look)
    if saving.output is not None:
        _to_file(batch, list(islice(found, 2)), saving, missing)
        return
    if saving.delete_after and not saving.yes:
        with sink.progress(None, "payloads") as progress:
            there = []
            for each in found:
                there.append(each)
                progress.advance()
        found, count = there, len(listed)
        all_its = "all its payloads are" if count == 1 else "all their payloads are"
        what = f"delete {plural(count, 'result')} for good once {all_its} saved"
        consent.get(what, count, map(str, listed), chosen_by(selection, recordings))
    to = saving.to or os.path.expanduser(state.setting("to") or ".")  # noqa: PTH111
    folder = Folder(Path(to), names.candidates)
    total = None
    if wanted.alone or (wanted.typed and sink.watched):
        found = list(found)
        total = len(found)
        batch.alone = total <= 1
    check = saving.check or saving.delete_after
    outcomes = saved(*(batch, found, total, folder, listed), again=saving.clobber, check=check)
    rows = batch.rows(outcomes, ignore_not_found=missing.ignore_not_found)
    spared: Counter[str] = Counter()
    deleting = state.batch(many, "deleted or spared", "result", alone=False)
    if saving.delete_after:
        deletions = deleted(batch, deleting, listed, folder, spared)
        ignored = missing.ignore_not_found
        rows = chain(rows, deleting.rows(deletions, ignore_not_found=ignored))
    batch.report(rows)
    note = f", {batch.counts['skipped']} of them there before" if batch.counts["skipped"] else ""
    if saving.delete_after:
        reasons = ", ".join(f"{count} {why}" for why, count in spared.items())
        gone = plural(deleting.counts["deleted"], "result")
        note += f"; deleted {gone}, spared {spared.total()}"
        note += f" ({reasons})" if reasons else ""
    batch.finish_if_interrupted(note)
    deleting.finish_if_interrupted(note)
    batch.finish(note)
    deleting.finish()
    if saving.delete_after:
        sink.say(f"{batch.summary}{note}")
    else:
        batch.sum_up(note)


def _check(saving: Saving) -> None:
    """Raises Usage for options that do not fit each other."""
    if saving.output is not None:
        for option, given in (
            ("to", saving.to is not None),
            ("name", saving.name is not None),
            ("delete-after", saving.delete_after),
        ):
            if given:
                raise Usage(f"-o is for a single payload; --{option} is for many")
    for option, place in (("to", saving.to), ("output", saving.output)):
        if place == "":
            raise Usage(f"--{option} '' names no place")


def _to_file(batch: Batch, found: Sequence[Found], saving: Saving, missing: Missing) -> None:
    """The one payload that was found, to the file that -o names, or to stdout."""
    from addonctl.batch.saving import saved
    from addonctl.transfer.folder import Folder
    from addonctl.transfer.naming import Name

    if len(found) != 1:
        few = "none" if not found else "more than one"
        hint = None if not found else "all of them, to a folder: --to DIR"
        raise Usage(f"-o is for a single payload; here is {few}", hint=hint)
    batch.alone = True
    output = saving.output or ""
    with files.explained("write", Path(output)):
        file = Path(output).resolve()
        is_device = file.exists() and not (file.is_file() or file.is_dir())
    if output == "-" or is_device:
        try:
            _stream(batch, found[0], None if output == "-" else file)
        except NotFound as problem:
            if not missing.ignore_not_found:
                raise
            batch.sink.say(problem.message)
        return
    name = Name(file.name, own=saving.clobber)
    folder = Folder(file.parent, lambda *_: ((), [name]), make=False)
    outcomes = saved(batch, found, 1, folder, {}, again=saving.clobber, check=saving.check)
    batch.report(batch.rows(outcomes, ignore_not_found=missing.ignore_not_found))
    note = f", {batch.counts['skipped']} of them there before" if batch.counts["skipped"] else ""
    batch.finish(note)
    batch.sum_up(note)


def _stream(batch: Batch, found: Found, device: Path | None) -> None:
    """One payload to stdout or, as it is, to something that is no file."""
    from addonctl.transfer.fetch import stream

    address, payload = found
    if isinstance(payload, AddonctlError):
        raise payload
    with batch.sink.progress(1, "payloads") as progress:

        def chunks() -> Iterator[bytes]:
            for chunk in stream(batch.client, address, payload):
                progress.received(len(chunk))
                yield chunk

        if device is None:
            batch.sink.show(chunks())
            return
        with files.explained("write", device, only=OSError), device.open("wb") as opened:
            opened.writelines(chunks())

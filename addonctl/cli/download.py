"""`download`, a verb of `results` and of `payloads`: payload data to files."""

from __future__ import annotations

from typing import Annotated

import typer

from addonctl.cli.options import MANY, OUTPUT, PAYLOAD_FILTERS, RESULT_FILTERS, Option
from addonctl.cli.samples import CALL, TEXT
from addonctl.cli.state import state_of

SAVING = (
    Option(("--to",), "The folder to save in (the current one).", "DIR"),
    Option(
        ("--name",),
        "What to call the files, of {recording} {result} {payload} {label} {ext}; a slash makes "
        "a folder ({recording}/{result}/{payload}.{ext}).",
        "TEMPLATE",
    ),
    Option(("--output", "-o"), "The file for a single payload ('-': stdout).", "FILE"),
    Option(("--clobber",), "Fetch again what is there; replace what -o names."),
    Option(
        ("--delete-after",),
        "Delete each result once all its payloads are whole on disk; asks first, or needs --yes.",
    ),
    Option(("--yes", "-y"), "Do not ask before --delete-after."),
    Option(("--ignore-not-found",), "What is gone already is no failure."),
)
DOWNLOADING = (
    tuple(dict.fromkeys((*RESULT_FILTERS, *PAYLOAD_FILTERS))),
    SAVING,
    MANY,
    OUTPUT,
)

EXAMPLES = (
    ("save what add-ons made of a recording", f"addonctl results download {CALL} --to keep"),
    (
        "name the files by what the vendors call them",
        f"addonctl results download {CALL} --to named --name '{{recording}}/{{label}}.{{ext}}'",
    ),
    ("pipe one payload on", f"addonctl payloads download {TEXT} -o - | wc -c"),
)

Addresses = Annotated[
    list[str] | None, typer.Argument(metavar="RE… [XR… [XH…]]…", show_default=False)
]


def download(context: typer.Context, addresses: Addresses = None) -> None:
    """Save payloads to files, each whole or not at all.

    Takes recordings, results and single payloads. What is fetched is written to NAME.part,
    checked by its length and by the checksum the store gives, and only then given its name.

    Run again, it goes on with what is partial and skips what is whole: a file whose time of
    modification is the one it was saved with (the payload's date_updated, and a fraction of a
    second made of its SID). Any other file is held against the store's length and checksum.

    A template's file that belongs to another payload is never replaced: the name gets the SID.
    """
    from addonctl.cli.batch.saving import download

    download(state_of(context), addresses)

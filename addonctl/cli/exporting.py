"""`archive export` and `archive report`: an archive for other programs, and to look at."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from addonctl import dates
from addonctl.batch.outcomes import plural
from addonctl.cli.archived import Archive, opened, place_of
from addonctl.cli.commands import Noun
from addonctl.cli.options import Option, whole_number
from addonctl.cli.settings import Settings
from addonctl.cli.state import State
from addonctl.errors import Usage
from addonctl.files import explained

if TYPE_CHECKING:
    from addonctl.archive.opening import Opened
    from addonctl.archive.place import Place

command = Noun("What an archive holds, for other programs and to look at.")

DATASETTE = "datasette"
MOST_TRANSCRIPTS = 10_000
"""In a page: some 60 MB, which is what a browser still searches without a pause."""


class Destination(NamedTuple):
    """Where tables go: an archive that is open, a place, and what their names begin with."""

    at: Opened
    place: Place
    below: str

    @property
    def url(self) -> str:
        return f"{self.place.url}/{self.below}".rstrip("/")


@command.verb(
    "export",
    examples=(
        ("for DuckDB, Spark, pandas or polars", "addonctl archive export --to tables"),
        ("a file a table", "addonctl archive export --as csv --to tables"),
        ("to browse it", "addonctl archive export --as datasette --to tables"),
    ),
)
def export_archive(
    state: State,
    archive: Archive,
    to: Annotated[
        str | None, Option("--to", "A folder or bucket (exports/ in the archive).", "DIR")
    ] = None,
    form: Annotated[
        str | None, Option("--as", "parquet, csv, jsonl, or datasette (parquet).", "FORM")
    ] = None,
) -> None:
    """Write what the archive knows as tables: results, payloads, transcripts and turns.

    Parquet lies in a folder for each account and day, csv and jsonl in a file a table. Run again,
    only what has changed is written, and what was erased vanishes. datasette writes metadata.json,
    with which Datasette shows the archive's index.
    """
    from addonctl.archive.browse import metadata
    from addonctl.archive.export import export
    from addonctl.archive.writers import FORMS

    form = (form or "parquet").lower()
    if form not in (*FORMS, DATASETTE):
        raise Usage(f"no form '{form}'; known: {', '.join((*FORMS, DATASETTE))}")
    with _target(state, archive, to) as target:
        if form == DATASETTE:
            path = target.at.kept.path
            content = metadata(path.stem, target.at.accounts)
            target.place.put(f"{target.below}metadata.json", io.BytesIO(content))
            state.sink.say(f"now: datasette {path} --metadata {target.url}/metadata.json")
            return
        steps = export(target.at.kept, target.place, form, below=target.below)
        done = next(steps)
        with state.sink.progress(done.due, "parts") as progress:
            for step in steps:
                progress.advance()
                done = step
    if not done.parts:
        said = "the archive holds no results yet"
    elif FORMS[form].partitioned:
        said = f"wrote {done.written} of {plural(done.parts, 'day')} to {target.url}"
    else:
        said = f"{'wrote' if done.written else 'nothing has changed in'} the {form} of {target.url}"
    if done.removed:
        said += f"; took away {plural(done.removed, 'file')} of what is here no more"
    state.sink.say(said)


@contextmanager
def _target(state: State, archive: Archive, to: str | None) -> Iterator[Destination]:
    """Where tables are to go, with no other export or run at work there."""
    from addonctl.archive import marker
    from addonctl.archive.export import BELOW
    from addonctl.archive.place import LocalPlace

    if to is None:
        with opened(state, archive.archive, alone=True) as at:
            yield Destination(at, at.place, BELOW)
        return
    place = place_of(state, to)
    with opened(state, archive.archive) as at:
        if isinstance(place, LocalPlace):
            _must_be_outside(at, place.root)
        if f"{place.url}/".startswith(f"{at.place.url}/") or marker.find(place):
            raise _inside(to)
        if isinstance(place, LocalPlace):
            with explained("make", place.root):
                place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with place.lock():
            yield Destination(at, place, "")


def _must_be_outside(at: Opened, path: Path) -> None:
    """Raises Usage for a path in the archive."""
    with explained("use", path):
        if path.resolve().is_relative_to(Path(at.place.url).resolve()):
            raise _inside(str(path))


def _inside(to: str) -> Usage:
    return Usage(
        f"{to} is in an archive, which holds nothing but its own",
        hint="without --to an export goes to exports/ in the archive",
    )


@command.verb(
    "report",
    examples=(
        ("a page to look at, or to mail", "addonctl archive report --to report.html"),
        ("with what was said", "addonctl archive report --to calls.html --transcripts 200"),
    ),
)
def report_archive(
    state: State,
    archive: Archive,
    to: Annotated[str | None, Option("--to", "The file to write.", "FILE.html")] = None,
    transcripts: Annotated[
        int | None,
        Option("--transcripts", "So many of the newest transcripts, to read and search (0).", "N"),
    ] = None,
    max_age: Annotated[
        str | None,
        Option("--max-age", "How old a good run may be in a safe archive (26h).", "TIME"),
    ] = None,
) -> None:
    """Draw one page: whether the archive is safe, what is in it, and what happened to it.

    One HTML file that asks for nothing from the network. It holds no word of a call, unless
    --transcripts says of how many.
    """
    from addonctl.archive.report import report
    from addonctl.files import replace

    if not to:
        raise Usage("where to?", hint="addonctl archive report --to report.html")
    number = whole_number("transcripts", transcripts, 0, most=MOST_TRANSCRIPTS)
    if max_age is not None:
        dates.duration(max_age)
    names = Settings(state.environment).add_ons
    with opened(state, archive.archive) as at:
        _must_be_outside(at, Path(to))
        url, accounts, now = at.place.url, at.accounts, datetime.now(UTC)
        page = report(at.kept, url, accounts, now, names=names, transcripts=number, max_age=max_age)
        replace(Path(to), b"".join(page))
    state.sink.say(f"wrote {to}" + ("; it holds what was said in calls" if number else ""))

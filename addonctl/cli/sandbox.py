"""`addonctl sandbox`: a pretend account, built in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from addonctl import sandbox
from addonctl.addresses import Address
from addonctl.cli import pretend
from addonctl.cli.batch import plural
from addonctl.cli.command import noun, verb
from addonctl.cli.options import OUTPUT
from addonctl.cli.state import state_of
from addonctl.errors import Usage
from addonctl.models import Field, Record

if TYPE_CHECKING:
    from addonctl.sandbox.state import Counts

app = noun()


class Account(Record):
    """The pretend account: where its state lies, and what it holds."""

    __slots__ = ()
    COLLECTION = "sandboxes"
    ELEMENT = "Sandbox"
    FIELDS = (
        Field("path"),
        Field("recordings", "number"),
        Field("results", "number"),
        Field("payloads", "number"),
        Field("next_expiry", "date"),
    )
    COLUMNS = ("path", "recordings", "results", "payloads", "next_expiry")

    @property
    def address(self) -> Address:
        return Address(sandbox.ACCOUNT)


Size = Annotated[int | None, typer.Option(min=0, metavar="N", show_default=False)]


@app.callback()
def account() -> None:
    """A pretend account to try things on: -p sandbox needs no login and no network."""


@verb(
    app,
    "serve",
    examples=(
        (
            "on any free port, as slow as a network",
            "addonctl sandbox serve --port 0 --latency 50ms",
        ),
    ),
)
def serve(
    context: typer.Context,
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, metavar="N", help="Port (8010); 0: a free one.", show_default=False
        ),
    ] = 8010,
    latency: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="Wait before each answer, such as 50ms.", show_default=False
        ),
    ] = "0s",
    max_concurrent: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Refuse more requests than this at once."),
    ] = None,
) -> None:
    """Put the pretend account on this machine's loopback, until Ctrl-C."""
    import signal

    from addonctl.sandbox import server

    state, seconds = state_of(context), _seconds(latency)
    with pretend.ours():
        serving = server.serve(
            lambda store_url: pretend.application(
                store_url=store_url, latency=seconds, max_concurrent=max_concurrent
            ),
            port=port,
        )
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: serving.stop())
    state.sink.say(f"the sandbox answers on {serving.api_url}; Ctrl-C stops it")
    state.sink.say(f"export ADDONCTL_API_URL={serving.api_url}")
    state.sink.say(f"export TWILIO_ACCOUNT_SID={sandbox.ACCOUNT}")
    state.sink.say(f"export TWILIO_AUTH_TOKEN={sandbox.AUTH_TOKEN}")
    serving.run()
    state.sink.say("stopped")


@verb(
    app,
    "reset",
    examples=(
        ("the sample data again", "addonctl sandbox reset"),
        (
            "an account of three thousand results",
            "addonctl sandbox reset --recordings 1000 --results 3",
        ),
    ),
)
def reset(
    context: typer.Context,
    recordings: Size = None,
    results: Size = None,
    payloads: Size = None,
    payload_bytes: Size = None,
) -> None:
    """Make the pretend account anew: the sample data, or any size.

    With any of the sizes: so many recordings, of so many results each, of so many payloads
    each, of so many bytes each.
    """
    from addonctl.sandbox.app import now
    from addonctl.sandbox.state import State

    with pretend.ours():
        made = State(pretend.path(), now).reset(
            recordings=recordings, results=results, payloads=payloads, payload_bytes=payload_bytes
        )
    state_of(context).sink.say(f"the sandbox now holds {_holdings(made)}")


@verb(app, "status", OUTPUT, rows=Account, examples=(("what is there", "addonctl sandbox status"),))
def status(context: typer.Context) -> None:
    """Say where the pretend account lies, and what it holds."""
    from datetime import UTC, datetime
    from email.utils import format_datetime

    sink = state_of(context).sink
    sink.check(Account)
    with pretend.ours():
        counts = pretend.application().state.counts()
    expiry = counts.next_expiry
    account = {
        "path": str(pretend.path()),
        "recordings": counts.recordings,
        "results": counts.results,
        "payloads": counts.payloads,
        "next_expiry": format_datetime(datetime.fromtimestamp(expiry, UTC)) if expiry else None,
    }
    sink.record(Account, [Account(account)], single=True)


def _holdings(counts: Counts) -> str:
    held = f"{plural(counts.recordings, 'recording')}, {plural(counts.results, 'result')}"
    return f"{held} and {plural(counts.payloads, 'payload')}"


def _seconds(word: str) -> float:
    from addonctl import dates

    if word.endswith("ms") and word[:-2].isdigit():
        return int(word[:-2]) / 1000
    try:
        return dates.seconds(word)
    except Usage as problem:
        raise Usage(f"--latency: {problem.message}") from None

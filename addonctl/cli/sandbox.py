"""`addonctl sandbox`: a pretend account, built in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from addonctl import sandbox
from addonctl.batch.outcomes import plural
from addonctl.cli import pretend
from addonctl.cli.commands import Noun
from addonctl.cli.options import (
    Option,
    Output,
    whole_number,
)
from addonctl.cli.state import State
from addonctl.errors import Usage
from addonctl.models import Record, fields

if TYPE_CHECKING:
    from addonctl.sandbox.state import Counts


class Account(Record):
    """The pretend account: where its state lies, and what it holds."""

    __slots__ = ()
    COLLECTION, ELEMENT = "sandboxes", "Sandbox"
    FIELDS = fields("path recordings:number results:number payloads:number next_expiry:date")
    COLUMNS = ("path", "recordings", "results", "payloads", "next_expiry")


# Of recordings, or of bytes of a payload: more than a test of anything needs.
MOST = 10**12

command = Noun("A pretend account to try things on: -p sandbox needs no login and no network.")


@command.verb(
    "serve",
    examples=(
        (
            "on any free port, as slow as a network",
            "addonctl sandbox serve --port 0 --latency 50ms",
        ),
    ),
)
def serve(
    state: State,
    port: Annotated[int | None, Option("--port", "Port (8010); 0: a free one.", "N")] = None,
    latency: Annotated[
        str, Option("--latency", "Wait before each answer, such as 50ms.", "TIME")
    ] = "0s",
    max_concurrent: Annotated[
        int | None, Option("--max-concurrent", "Refuse more requests than this at once.", "N")
    ] = None,
) -> None:
    """Put the pretend account on this machine's loopback, until Ctrl-C."""
    import signal

    from addonctl.sandbox import transport

    seconds = _seconds(latency)
    port = whole_number("port", port, 8010, most=65535)
    if max_concurrent is not None:
        whole_number("max_concurrent", max_concurrent, 1, least=1)
    with pretend.ours():
        serving = transport.serve(
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


@command.verb(
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
    state: State,
    recordings: Annotated[
        int | None, Option("--recordings", "Recordings (1 if another size is given).", "N")
    ] = None,
    results: Annotated[
        int | None, Option("--results", "Results of each recording (1).", "N")
    ] = None,
    payloads: Annotated[
        int | None, Option("--payloads", "Payloads of each result (1).", "N")
    ] = None,
    payload_bytes: Annotated[
        int | None, Option("--payload-bytes", "Bytes of each payload (1000).", "N")
    ] = None,
) -> None:
    """Make the pretend account anew: the sample data, or any size.

    Without a size: a few calls, with results of every status; what is pending is completed within
    a minute. With any of the four: a made-up account of that size, whose results are all
    completed, and spread over the last 29 days.
    """
    from addonctl.sandbox import state as accounts

    sizes = {
        "recordings": recordings,
        "results": results,
        "payloads": payloads,
        "payload_bytes": payload_bytes,
    }
    for name, size in sizes.items():
        whole_number(name, size, 0, most=MOST)
    with pretend.ours():
        made = accounts.Database(pretend.path()).reset(**sizes)
    state.sink.say(f"the sandbox now holds {_holdings(made)}")


@command.verb("status", rows=Account, examples=(("what is there", "addonctl sandbox status"),))
def status(state: State, output: Output) -> None:
    """Say where the pretend account lies, and what it holds."""
    from datetime import UTC, datetime
    from email.utils import format_datetime

    sink = state.answering(Account)
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

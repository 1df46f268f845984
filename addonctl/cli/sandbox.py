"""`addonctl sandbox`: a pretend account, built in."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from addonctl import dates, sandbox
from addonctl.batch.outcomes import plural
from addonctl.cli.commands import Noun, example
from addonctl.cli.options import Number, OptionSet, option, whole_number
from addonctl.cli.state import State, sandbox_file, sandboxed
from addonctl.errors import Usage
from addonctl.models import Record, fields


class SandboxRow(Record):
    """The pretend account: where its state lies, and what it holds."""

    COLLECTION, ELEMENT = "sandboxes", "Sandbox"
    FIELDS = fields("path recordings:number results:number payloads:number next_expiry:date")


class Sizes(OptionSet):
    """How much a made-up account holds."""

    recordings: Number = option("Recordings (1 if another size is given).", "N")
    results: Number = option("Results of each recording (1).", "N")
    payloads: Number = option("Payloads of each result (1).", "N")
    payload_bytes: Number = option("Bytes of each payload (1000).", "N")


command = Noun("A pretend account to try things on: -p sandbox needs no login and no network.")


@command.verb("serve")
@example("on any free port, as slow as a network", "addonctl sandbox serve --port 0 --latency 50ms")
def serve(
    state: State,
    port: Number = option("Port (8010); 0: a free one.", "N"),
    latency: str = option("Wait before each answer, such as 50ms.", "TIME", usual="0s"),
    max_concurrent: Number = option("Refuse more requests than this at once.", "N"),
) -> None:
    """Put the pretend account on this machine's loopback, until Ctrl-C."""
    from addonctl.sandbox import transport
    from addonctl.sandbox.app import Application

    try:
        short = latency.endswith("ms") and latency[:-2].isdigit()
        seconds = int(latency[:-2]) / 1000 if short else dates.seconds(latency)
    except Usage as problem:
        raise Usage(f"--latency: {problem.message}") from None
    port = whole_number("port", port, 8010, most=65535)
    whole_number("max_concurrent", max_concurrent, 1, least=1)
    with sandboxed():
        api_url, server = transport.serve(
            lambda url: Application(sandbox_file(), url, seconds, max_concurrent), port
        )
    with suppress(KeyboardInterrupt):  # it may come before the server is there to take it
        state.sink.say(f"the sandbox answers on {api_url}; Ctrl-C stops it")
        state.sink.say(f"export ADDONCTL_API_URL={api_url}")
        state.sink.say(f"export TWILIO_ACCOUNT_SID={sandbox.ACCOUNT}")
        state.sink.say(f"export TWILIO_AUTH_TOKEN={sandbox.AUTH_TOKEN}")
        server.run()
    state.sink.say("stopped")


@command.verb("reset")
@example("the sample data again", "addonctl sandbox reset")
@example(
    "an account of three thousand results", "addonctl sandbox reset --recordings 1000 --results 3"
)
def reset(state: State, sizes: Sizes) -> None:
    """Make the pretend account anew: the sample data, or any size.

    Without a size: a few calls, with results of every status; what is pending is completed within
    a minute. With any of the four: a made-up account of that size, whose results are all
    completed, and spread over the last 29 days.
    """
    from addonctl.sandbox.state import Database

    for name, size in vars(sizes).items():
        whole_number(name, size, 0, most=10**12)  # more than a test of anything needs
    with sandboxed():
        made = Database(sandbox_file()).reset(**vars(sizes))
    held = f"{plural(made.recordings, 'recording')}, {plural(made.results, 'result')}"
    state.sink.say(f"the sandbox now holds {held} and {plural(made.payloads, 'payload')}")


@command.verb("status", rows=SandboxRow)
@example("what is there", "addonctl sandbox status")
def status(state: State) -> None:
    """Say where the pretend account lies, and what it holds."""
    from addonctl.sandbox.state import Database

    sink = state.answering(SandboxRow)
    with sandboxed():
        account = {"path": str(sandbox_file()), **Database(sandbox_file()).counts()._asdict()}
    if expiry := account["next_expiry"]:
        account["next_expiry"] = dates.rfc2822(datetime.fromtimestamp(expiry, UTC))
    sink.records(SandboxRow, [[SandboxRow(account)]], whole=True, single=True)

"""Every option that more than one command takes, declared once.

A verb names the sets it takes. Their values do not become parameters of its function: they are
remembered in the State, which turns them into settings, a selection or a login.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from typer.core import TyperOption


class Option(NamedTuple):
    """One option: its flags, its help, and what its value looks like (nothing for a switch)."""

    flags: tuple[str, ...]
    help: str
    metavar: str | None = None
    type: type[Any] = str
    multiple: bool = False

    def parameter(self) -> TyperOption:
        """The option as the parser takes it."""
        switch = self.metavar is None
        return TyperOption(
            param_decls=list(self.flags),
            help=self.help,
            metavar=self.metavar,
            type=None if switch else self.type,
            is_flag=switch,
            default=False if switch else None,
            multiple=self.multiple,
            show_default=False,
            expose_value=False,
            callback=_remember,
        )


def _remember(context: Any, parameter: Any, value: Any) -> Any:
    # Not `in (None, False, ())`: 0 equals False, and is a word like any other.
    given = value is not None and value is not False and value != ()
    if given and not context.resilient_parsing:
        context.find_root().obj.given[parameter.name] = value
    return value


COMMON = (
    Option(("--profile", "-p"), "The login to use ('sandbox' needs none).", "NAME"),
    Option(("--format", "-f"), "How to write the answer; see: addonctl help formats.", "FORMAT"),
    Option(("--verbose", "-v"), "Show each request on stderr."),
    Option(("--quiet", "-q"), "On stderr only errors, and what makes an answer less than whole."),
    Option(("--no-color",), "No colours."),
    Option(("--no-input",), "Never ask."),
    Option(("--account",), "Act on this subaccount.", "AC…"),
    Option(("--region",), "The region of the API, such as ie1.", "REGION"),
    Option(("--edge",), "The edge of the API, such as dublin.", "EDGE"),
    Option(("--retries",), "Tries after the first, for each request (5).", "N", int),
    Option(("--timeout",), "How long to wait for a single answer (30s).", "TIME"),
)

OUTPUT = (
    Option(("--fields",), "Only these fields, in this order.", "a,b,c"),
    Option(("--no-header",), "No header line."),
    Option(("--query",), "A JMESPath expression, with json.", "EXPRESSION"),
    Option(("--bom",), "Begin with a byte order mark, for Excel."),
    Option(("--exact",), "Do not defuse formulas in csv and tsv."),
)

LISTING = (
    Option(("--limit",), "At most this many.", "N", int),
    Option(("--page-size",), "Rows to ask for at a time (1000).", "N", int),
    Option(("--sort",), "Sort by this field; -FIELD for descending.", "FIELD"),
)

AGES = (
    Option(("--created-after",), "Created after this date, time or age (7d).", "WHEN"),
    Option(("--created-before",), "Created before this date, time or age.", "WHEN"),
    Option(("--expiring-within",), "Whose 30 days end within this time (3d).", "TIME"),
)

RESULT_FILTERS = (
    Option(("--status",), "Only results of these statuses.", "STATUS,…"),
    Option(("--add-on",), "Only results of this add-on.", "XB…"),
    Option(("--config",), "Only results of this add-on configuration.", "XE…"),
    *AGES,
)

PAYLOAD_FILTERS = (
    Option(("--label",), "Only payloads whose label matches.", "GLOB"),
    Option(("--content-type",), "Only payloads whose content type matches.", "GLOB"),
    *AGES,
)

RECORDING_FILTERS = (
    Option(("--since",), "Created at or after this date, time or age.", "WHEN"),
    Option(("--until",), "Created before this date, time or age.", "WHEN"),
    Option(("--call",), "Only recordings of this call.", "CA…"),
    Option(("--conference",), "Only recordings of this conference.", "CF…"),
)

MANY = (
    Option(("--from",), "Read addresses from this file ('-': from stdin).", "FILE"),
    Option(("--workers",), "How many at a time (8).", "N", int),
)

DELETING = (
    Option(("--yes", "-y"), "Do not ask."),
    Option(("--dry-run",), "Show what would go, and delete nothing."),
    Option(("--max-delete",), "If it would be more than this, delete nothing.", "N", int),
    Option(("--ignore-not-found",), "What is gone already is no failure."),
)

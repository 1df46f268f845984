"""What -h shows of a command: its usage, what it is for, examples first, then the details."""

from __future__ import annotations

from typing import Any

from addonctl import topics
from addonctl.docgen.lines import continued

SANDBOX_NOTE = "Examples (they work as they stand after: export ADDONCTL_PROFILE=sandbox)"


def write(command: Any, ctx: Any, formatter: Any) -> None:
    """Write the help of a Verb or Nouns into the parser's formatter."""
    command.format_usage(ctx, formatter)
    formatter.write_paragraph()
    formatter.write_text(command.help or "")
    top = ctx.parent is None
    if command.examples:
        with formatter.section(SANDBOX_NOTE if top else "Examples"):
            _write_examples(command.examples, formatter)
    if hasattr(command, "summaries"):
        with formatter.section("Commands"):
            formatter.write_dl(command.summaries())
    records = [
        (parameter, parameter.get_help_record(ctx))
        for parameter in command.get_params(ctx)
        if top or parameter not in command.common
    ]
    for title, kind in (("Arguments", "argument"), ("Options", "option")):
        rows = [row for found, row in records if row and found.param_type_name == kind]
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)
    if getattr(command, "rows", None):
        with formatter.section("Fields"):
            formatter.write_text(", ".join(field.name for field in command.rows.FIELDS))
    if top:
        formatter.write_paragraph()
        formatter.write_text(f"Topics of addonctl help: {', '.join(topics.NAMES)}.")
    else:
        with formatter.section("Common options (what they do: addonctl --help)"):
            _write_flags([flag.get_help_record(ctx)[0] for flag in command.common], formatter)


def _write_examples(examples: Any, formatter: Any) -> None:
    indent = " " * formatter.current_indent
    for what, line in examples:
        formatter.write(f"{indent}# {what}\n")
        for part in continued(line, formatter.width - len(indent)):
            formatter.write(f"{indent}{part}\n")


def _write_flags(flags: list[str], formatter: Any) -> None:
    """One after the other, each whole on one line."""
    indent = " " * formatter.current_indent
    line = indent
    for flag in flags:
        if len(line) + len(flag) > formatter.width and line != indent:
            formatter.write(line.rstrip() + "\n")
            line = indent
        line += flag + "   "
    formatter.write(line.rstrip() + "\n")

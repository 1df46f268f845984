"""What belongs to no single command: the help topics, and how lines of help are laid out."""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import fill
from typing import NamedTuple

from addonctl import errors

WIDTH = 78

_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")

Rows = tuple[tuple[str, str], ...]


class Topic(NamedTuple):
    """A heading and its parts: paragraphs, lists of terms with what they mean, lines as typed.

    A part is a paragraph where it is text, a list of terms where it is rows of pairs, and lines
    to be shown as they are where it is a list.
    """

    title: str
    parts: tuple[str | Rows | list[str], ...]


def _environment() -> Topic:
    return Topic(
        "Environment",
        (
            "Options on the command line win over variables, variables over config.toml.",
            (
                ("ADDONCTL_PROFILE", "The profile to use, as --profile."),
                ("ADDONCTL_ARCHIVE", "The archive to use, as --archive."),
                ("TWILIO_ACCOUNT_SID", "The account (AC…) to log in to without a profile."),
                (
                    "TWILIO_API_KEY, TWILIO_API_SECRET",
                    "The API key (SK…) and its secret; also TWILIO_API_KEY_SID and"
                    " TWILIO_API_KEY_SECRET. They win over the auth token.",
                ),
                ("TWILIO_AUTH_TOKEN", "The account's auth token."),
                ("TWILIO_REGION, TWILIO_EDGE", "Where the API is asked, as --region and --edge."),
                (
                    "ADDONCTL_API_URL",
                    "Another address of the API: https, or http on loopback only.",
                ),
                ("ADDONCTL_FORMAT", "How answers are written, as --format."),
                ("ADDONCTL_DATES", "How dates are written, as --dates."),
                ("ADDONCTL_WORKERS, ADDONCTL_TO", "As --workers, and as --to of download."),
                ("ADDONCTL_CONFIG_DIR", "The folder of config.toml."),
                (
                    "ADDONCTL_NO_HISTORY",
                    "Set to anything, no list is remembered for completion.",
                ),
                ("NO_COLOR, TERM=dumb", "No colours, as --no-color."),
                ("FORCE_COLOR", "Colours in a pipe, too."),
                (
                    "ADDONCTL_PAGER, PAGER",
                    "The program that shows a long answer on a terminal page by page, the first"
                    " that is set; unset it is less, and empty none.",
                ),
                (
                    "HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE",
                    "The proxy and the certificates to use, as other programs take them; also"
                    " CURL_CA_BUNDLE, and without these SSL_CERT_FILE and SSL_CERT_DIR.",
                ),
                ("XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME", "Where the files below lie."),
            ),
        ),
    )


def _exit_codes() -> Topic:
    codes = (
        (0, "done"),
        (errors.AddonctlError.exit_code, "failed"),
        (errors.Usage.exit_code, "the words were wrong; nothing was asked of the service"),
        (errors.NotFound.exit_code, "not found, or past its 30 days"),
        (errors.LoginRefused.exit_code, "login missing or refused"),
        (
            errors.TryLater.exit_code,
            "try again later: refused for load, server trouble, network or time-out, after all"
            " retries",
        ),
        (errors.SomeFailed.exit_code, "some of many failed; each is a row of the answer"),
        (errors.StillPending.exit_code, "still pending when the time was up"),
        (errors.Interrupted.exit_code, "interrupted"),
    )
    return Topic(
        "Exit codes",
        (
            tuple((str(code), meaning) for code, meaning in codes),
            "A batch in which every item failed the same way has that way's code.",
        ),
    )


def formats() -> Rows:
    """The formats and what each is, the one used unasked first."""
    from addonctl.output import FORMATS

    return tuple((name, format.help) for name, format in FORMATS.items())


def _formats() -> Topic:
    rows = formats()
    return Topic(
        "Formats",
        (
            f"--format takes one of these; unasked it is {rows[0][0]}.",
            rows,
            "--fields picks and orders the columns; `expires`, the end of the 30 days, is one of"
            " every result and payload. --sort FIELD sorts, --sort -FIELD the other way round."
            " --query takes a JMESPath expression, with json. --bom begins csv and tsv with a byte"
            " order mark, for Excel. --dates iso writes dates in json, jsonl, csv and tsv as"
            " 2026-11-21T18:43:00Z, which every program reads as UTC.",
            "In csv and tsv a vendor's text that a spreadsheet would run as a formula gets an"
            " apostrophe before it; --exact leaves it as it came. json, jsonl and xml are always"
            " exact.",
            "Answers go to stdout, everything else to stderr. With json and jsonl an error is one"
            " JSON object on stderr.",
        ),
    )


def _addresses() -> Topic:
    return Topic(
        "Addresses",
        (
            "A SID names its own kind: RE… is a recording, XR… a result, XH… a payload. SIDs are"
            " read left to right, each under the last parent, so these are three results:",
            ["RE1… XR1… XR2… RE2… XR3…"],
            "The same place may be written as one word: RE…/XR…/XH…, the API's path, or its full"
            " URL, with or without .json, /Payloads or /Data. So what an add-on's callback or"
            " another tool holds can be pasted. A URL of another account acts on that account.",
            "'-' reads addresses from stdin, --from FILE from a file: one a line; blank lines and"
            " lines that begin with # do not count, duplicates count once. Tables are known by"
            " their headings, ours, the API's or the vendor's, with commas, semicolons or tabs."
            " JSON may be rows, arrays or pages of the API, or what the service posts to an"
            " add-on's callback, also as the form AddOns=….",
            "So the output of one command feeds the next (pipefail makes a list count that broke"
            " off):",
            [
                "set -o pipefail",
                "addonctl results list --all --status failed --format sids |",
                "    addonctl results delete --yes -",
            ],
            "A word that is no address ends the run with exit code 2. delete reads its whole input"
            " before the first request; list, download and wait begin before the input ends.",
        ),
    )


def files() -> Topic:
    """What is kept on this machine; in the manual only."""
    return Topic(
        "Files",
        (
            (
                (
                    "~/.config/addonctl/config.toml",
                    "The profiles, and which is in use; no secrets.",
                ),
                (
                    "~/.config/addonctl/secrets.json",
                    "The secrets of profiles made with --insecure-storage, and no others.",
                ),
                ("~/.local/state/addonctl/sandbox.sqlite", "The pretend account."),
                (
                    "~/.cache/addonctl/history/AC….txt",
                    "SIDs and labels that the last lists on a terminal showed, for completion.",
                ),
            ),
            "These are the places on Linux; on macOS and Windows it is where programs keep such"
            " files there. All of them are readable by their owner alone.",
        ),
    )


def _archive() -> Topic:
    return Topic(
        "Archive",
        (
            "The service forgets every result after 30 days; an archive is a folder that does not. "
            "Make one, and bring it up to date every night:",
            ["addonctl archive init keep && addonctl archive run"],
            "A run lists the recordings, looks at those that are due, soonest to expire first, and "
            "fetches what is new. Results come late, and add-ons are run again: each recording is "
            "looked at until two days after its creation, and while something of it is pending, "
            "then every 14 days, and every 25 after the sixtieth. What fails stays due, and is "
            "named by `archive list problems`. Nothing is called saved before all its payloads "
            "are there, and a marker says so.",
            "In a crontab, with a watchdog that complains when no good run is younger than 26 "
            "hours:",
            [
                "5 2 * * *   addonctl archive run --quiet",
                "0 9 * * *   addonctl archive status --max-age 26h --quiet >/dev/null",
                "0 4 * * *   addonctl archive verify --quiet --sample $(date +\\%-d)/31",
            ],
            "Or as a systemd timer, in ~/.config/systemd/user/addonctl-archive.service and .timer:",
            [
                "[Service]",
                "Type=oneshot",
                "ExecStart=addonctl archive run --quiet",
                "",
                "[Timer]",
                "OnCalendar=*-*-* 02:05",
                "Persistent=true",
            ],
            (
                ("archive.json", "Which archive it is, and whose."),
                ("data/AC…/DATE/RE…/XR…/", "A result: its payloads, and the marker result.json."),
                ("index.sqlite", "What is searched; made anew by `archive rebuild`."),
                ("runs/", "What each run did."),
            ),
        ),
    )


TOPICS: dict[str, tuple[str, Callable[[], Topic]]] = {
    "environment": ("The variables that count", _environment),
    "exit-codes": ("What the exit code of a run says", _exit_codes),
    "formats": ("How answers are written", _formats),
    "addresses": ("How recordings, results and payloads are named", _addresses),
    "archive": ("What outlives the 30 days, every night from cron", _archive),
}
NAMES = tuple(TOPICS)


def named(name: str) -> Topic:
    """The topic of that name, which is one of NAMES."""
    return TOPICS[name][1]()


def plain(topic: Topic) -> str:
    """The topic as text for a terminal of 80 columns."""
    blocks = [f"{topic.title}"]
    for part in topic.parts:
        if isinstance(part, str):
            blocks.append(fill(part, WIDTH))
        elif isinstance(part, list):
            blocks.append("\n".join(f"  {line}" for line in part))
        else:
            blocks.append("\n".join(_term(term, meaning, part) for term, meaning in part))
    return "\n\n".join(blocks) + "\n"


def _term(term: str, meaning: str, rows: Rows) -> str:
    column = min(max(len(each) for each, _ in rows), 24) + 4
    text = fill(meaning, WIDTH, initial_indent=" " * column, subsequent_indent=" " * column)
    if len(term) + 4 > column:
        return f"  {term}\n{text}"
    return f"  {term}".ljust(column) + text[column:]


def continued(line: str, width: int) -> list[str]:
    """`line` in pieces of at most `width` columns, where its words allow that."""
    if len(line) <= width:
        return [line]
    first, *others = line.split(" | ")
    pieces = _wrapped(first, "", width)
    for other in others:
        pieces[-1] += " |"
        pieces += _wrapped(other, "    ", width)
    return pieces


def _wrapped(line: str, indent: str, width: int) -> list[str]:
    pieces: list[str] = []
    piece = indent
    for word in _WORD.findall(line):
        # Two columns are kept for the backslash, or for a pipe.
        if piece.strip() and len(piece) + 1 + len(word) > width - 2:
            pieces.append(f"{piece} \\")
            piece = f"{indent}    {word}"
        else:
            piece = f"{piece} {word}" if piece.strip() else f"{piece}{word}"
    return [*pieces, piece]

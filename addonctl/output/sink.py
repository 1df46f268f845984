"""Where commands hand over: the answer, and what is to be said beside it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

from addonctl.errors import AddonctlError, Interrupted, Usage
from addonctl.models import Record
from addonctl.output import safe, streams
from addonctl.output.formats import FORMATS, Answer, OutputSettings, Screen, asked
from addonctl.output.progress import Progress

if TYPE_CHECKING:
    from addonctl.transcripts import Transcript

_RED, _YELLOW, _DIM, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


class Sink:
    """The only one that speaks: answers on stdout, everything else on stderr.

    The streams default to those of the process, `environ` to its environment, both read once, here.
    """

    def __init__(
        self,
        settings: OutputSettings | None = None,
        *,
        stdin: IO[Any] | None = None,
        stdout: IO[Any] | None = None,
        stderr: IO[Any] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._settings = settings or OutputSettings()
        self._environ = os.environ if environ is None else environ
        self._stdin = stdin or sys.stdin
        self._stdout = stdout or sys.stdout
        self._stderr: Any = stderr or sys.stderr
        self._out = streams.Out(self._stdout)
        self._bar: Progress | None = None
        terminal = streams.is_terminal(self._stderr)
        self._err_color = self._colored(terminal)
        self._err_moves = terminal and self._environ.get("TERM") != "dumb"
        self.interactive = self._settings.ask and terminal and streams.is_terminal(self._stdin)

    @property
    def watched(self) -> bool:
        """Whether somebody is looking: stdout or stderr is a terminal."""
        return self._out.terminal or streams.is_terminal(self._stderr)

    @property
    def on_terminal(self) -> bool:
        """Whether the answer is read on a terminal."""
        return self._out.terminal

    @property
    def in_json(self) -> bool:
        """Whether an error is told as one JSON object."""
        return self._settings.format in ("json", "jsonl")

    # The answer

    def check(self, kind: type[Record]) -> None:
        """Raises Usage for a format, field or query that cannot work, before any request."""
        settings = self._settings
        if settings.format not in FORMATS:
            known = ", ".join(FORMATS)
            raise Usage(f"no format '{settings.format}'; known: {known}")
        if settings.query is not None and settings.format != "json":
            raise Usage(f"--query takes json, not {settings.format}", hint="add --format json")
        if settings.format == "sids" and kind.address is Record.address:
            raise Usage(f"{kind.COLLECTION} have no addresses to be written as sids")
        asked(kind, settings.fields)
        if settings.query is not None:
            from addonctl.output import documents

            documents.check_query(settings.query)

    def records(self, kind: type[Record], pages: Iterable[Sequence[Record]]) -> None:
        """A list. Nothing is on stdout before the first page has come."""
        self._answer(kind, pages, whole=False, single=False)

    def record(self, kind: type[Record], records: Iterable[Record], *, single: bool) -> None:
        """Records asked for one by one; a `single` one is a document of its own."""
        pages = ([record] for record in records)
        self._answer(kind, pages, whole=True, single=single)

    def data(self, chunks: Iterable[bytes]) -> None:
        """A payload's bytes as they are; only a terminal gets them made safe."""
        if self._out.terminal:
            self.show(chunks, "")
            return
        for chunk in chunks:
            self._write(chunk)

    def show(self, chunks: Iterable[bytes], content_type: str) -> None:
        """A payload to look at: on a terminal JSON is indented and coloured; else exact bytes."""
        if not self._out.terminal:
            self.data(chunks)
            return
        from addonctl.output import preview

        for text in preview.shown(chunks, content_type, color=self._colored(True)):
            self._write_text(text)

    def dialogue(self, transcript: Transcript) -> None:
        """What was said, to be read on a terminal: who, when, and the words in its width."""
        from addonctl.output import preview

        width = streams.width(self._stdout, self._environ)
        self._write_text(preview.dialogue(transcript, width, color=self._colored(True)))

    def queried(self, value: object, query: str) -> None:
        """What a JMESPath expression finds in a JSON document. Raises Usage for a wrong one."""
        from addonctl.output import documents

        documents.check_query(query)
        text = documents.searched(query, value)
        self._write_text((safe.json_text(text) if self._out.terminal else text) + "\n")

    def text(self, text: str) -> None:
        """An answer that is plain text."""
        self._write_text((safe.prose(text) if self._out.terminal else text).rstrip("\n") + "\n")

    def close(self) -> None:
        """Raises AddonctlError if something held back cannot be written; `main` calls it last."""
        self._out.flush()

    # What is said beside it

    def say(self, text: str) -> None:
        """A line on stderr, not under --quiet."""
        if not self._settings.quiet:
            self._tell(text)

    def warn(self, text: str) -> None:
        """A line on stderr, also under --quiet."""
        self._tell(text, _YELLOW)

    def trace(self, text: str) -> None:
        """A line on stderr under --verbose."""
        if self._settings.verbose:
            self._tell(text, _DIM)

    def complain(self, error: AddonctlError) -> int:
        """Say what went wrong, in the asked format; gives back the exit code."""
        if self.in_json:
            self._err(json.dumps(error.document()) + "\n")
            return error.exit_code
        name = f"{_RED}addonctl:{_PLAIN}" if self._err_color else "addonctl:"
        self._err(f"{name} {safe.block(error.message)}\n")
        code = f"code {error.code}" if error.code is not None else ""
        request = f"request {error.request_id}" if error.request_id else ""
        if parts := [part for part in (code, error.more_info, request) if part]:
            self._err(f"{safe.line(', '.join(parts))}\n")
        if error.hint:
            self._err(f"hint: {safe.block(error.hint)}\n")
        return error.exit_code

    def progress(self, total: int | None, unit: str) -> Progress:
        """A bar on a terminal's stderr, as a context manager; silent anywhere else."""
        shown = self._err_moves and not self._settings.quiet
        self._bar = Progress(
            total, unit, stream=self._stderr if shown else None, color=self._err_color
        )
        return self._bar

    def confirm(self, question: str) -> bool:
        """Ask on stderr; only a yes is a yes."""
        return self.ask(f"{question} [y/N]").lower() in ("y", "yes")

    def ask(self, question: str) -> str:
        """What the user types in answer to a question on stderr.

        Raises Interrupted at Ctrl-D: an end of the input is no answer.
        """
        answer = ""
        try:
            self._err(f"{safe.line(question)} ")
            answer = self._stdin.readline() if self._stdin else ""
        finally:
            if not answer.endswith("\n"):  # at its end, or interrupted
                self._err("\n")
        if not answer:
            raise Interrupted("nothing was answered: the input has ended")
        return str(answer).strip()

    def ask_hidden(self, question: str) -> str:
        """The same, with nothing shown of what is typed. For a terminal only."""
        from getpass import getpass

        try:
            return getpass(f"{safe.line(question)} ", stream=self._stderr)
        except (EOFError, KeyboardInterrupt) as problem:
            self._err("\n")
            if isinstance(problem, KeyboardInterrupt):
                raise
            raise Interrupted("nothing was answered: the input has ended") from None

    # How

    def _answer(
        self, kind: type[Record], pages: Iterable[Sequence[Record]], *, whole: bool, single: bool
    ) -> None:
        settings = self._settings
        format = FORMATS[settings.format]
        screen = None
        if self._out.terminal:
            screen = Screen(
                streams.width(self._stdout, self._environ), self._colored(True), datetime.now(UTC)
            )
        answer = Answer(
            kind=kind,
            pages=_begun(pages),
            fields=asked(kind, settings.fields),
            settings=settings,
            whole=whole,
            single=single,
            screen=screen,
        )
        texts = format.write(answer)
        for data in map(streams.encoded, texts) if format.flows else streams.whole(texts):
            self._write(data)

    def _write_text(self, text: str) -> None:
        self._write(streams.encoded(text))

    def _write(self, data: bytes) -> None:
        if self._bar and self._out.terminal:
            self._bar.stop()  # one terminal cannot show rows and a bar at a time
        self._out.write(data)

    def _tell(self, text: str, color: str = "") -> None:
        text = safe.block(text)
        self._err(f"{color}{text}{_PLAIN}\n" if color and self._err_color else f"{text}\n")

    def _err(self, text: str) -> None:
        if self._bar and self._bar.print(text):
            return
        try:
            if self._stderr is not None:
                self._stderr.write(text)
                self._stderr.flush()
        except (OSError, ValueError):
            pass  # there is nobody left to tell

    def _colored(self, terminal: bool) -> bool:
        if self._settings.color is not None:
            return self._settings.color
        environ = self._environ
        return terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def _begun(pages: Iterable[Sequence[Record]]) -> Iterator[Sequence[Record]]:
    """`pages` with the first one fetched: a failure up to there has written nothing."""
    rest = iter(pages)
    return chain([next(rest, ())], rest)

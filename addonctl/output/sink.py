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
from addonctl.output.formats import FORMATS, Answer, OutputSettings, asked
from addonctl.output.streams import Progress

if TYPE_CHECKING:
    from addonctl.transcripts import Transcript

_RED, _YELLOW, _DIM, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


class Words:
    """What is said beside an answer, and asked: on stderr, full, gone or a terminal."""

    def __init__(
        self,
        settings: OutputSettings,
        stdin: IO[Any] | None,
        stderr: IO[Any] | None,
        environ: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self.format = settings.format
        self._environ = environ
        self._stdin = stdin
        self._stderr: Any = stderr
        self._bar: Progress | None = None
        self.err_terminal = streams.is_terminal(stderr)
        self._err_color = self._colored(self.err_terminal)
        self.interactive = settings.ask and self.err_terminal and streams.is_terminal(stdin)

    @property
    def in_json(self) -> bool:
        """Whether an error is told as one JSON object."""
        return self.format in ("json", "jsonl")

    def say(self, text: str) -> None:
        """A line on stderr, not under --quiet."""
        if not self._settings.quiet:
            self._tell(text)

    def warn(self, text: str) -> None:
        """A line on stderr, also under --quiet."""
        self._tell(text, _YELLOW)

    def pause(self, text: str) -> None:
        """A line on a terminal's stderr: why nothing moves, and for how long."""
        if self.err_terminal and not self._settings.quiet:
            self._tell(text, _DIM)

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
        moves = self.err_terminal and self._environ.get("TERM") != "dumb"
        shown = moves and not self._settings.quiet
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
        if environ.get("NO_COLOR"):
            return False
        forced = environ.get("FORCE_COLOR", "0") not in ("", "0")
        return forced or (terminal and environ.get("TERM") != "dumb")


class Sink(Words):
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
        environ = os.environ if environ is None else environ
        super().__init__(
            settings or OutputSettings(), stdin or sys.stdin, stderr or sys.stderr, environ
        )
        self._stdout = stdout or sys.stdout
        self._out = streams.Out(self._stdout)

    @property
    def watched(self) -> bool:
        """Whether somebody is looking: stdout or stderr is a terminal."""
        return self._out.terminal or self.err_terminal

    @property
    def on_terminal(self) -> bool:
        """Whether the answer is read on a terminal."""
        return self._out.terminal

    def check(self, kind: type[Record]) -> None:
        """Raises Usage for a format, field or query that cannot work, before any request."""
        settings = self._settings
        if settings.format not in FORMATS:
            known = ", ".join(FORMATS)
            raise Usage(f"no format '{settings.format}'; known: {known}")
        if settings.query is not None and settings.format != "json":
            raise Usage(f"--query takes json, not {settings.format}", hint="add --format json")
        if settings.format == "xlsx":
            from addonctl.output import workbook

            if self._out.terminal:
                raise Usage(
                    "xlsx is a file, and nothing for a terminal",
                    hint=f"put it into one: > {kind.COLLECTION}.xlsx",
                )
            workbook.check()
        if settings.format == "sids" and kind.address is Record.address:
            raise Usage(f"{kind.COLLECTION} have no addresses to be written as sids")
        asked(kind, settings.fields)
        if settings.query is not None:
            from addonctl.output import documents

            documents.check_query(settings.query)

    def records(
        self,
        kind: type[Record],
        pages: Iterable[Sequence[Record]],
        parents: Mapping[str, Record] | None = None,
    ) -> None:
        """A list. Nothing is on stdout before the first page has come.

        `parents` are records that the rows belong to, by SID, as far as they are known once the
        last page has come; a terminal shows them above their rows.
        """
        self._answer(kind, pages, parents or {}, whole=False, single=False)

    def record(self, kind: type[Record], records: Iterable[Record], *, single: bool) -> None:
        """Records asked for one by one; a `single` one is a document of its own."""
        pages = ([record] for record in records)
        self._answer(kind, pages, {}, whole=True, single=single)

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

        width, _ = streams.size(self._stdout, self._environ)
        self._write_text(preview.dialogue(transcript, width, color=self._colored(True)))

    def queried(self, value: object, query: str) -> None:
        """What a JMESPath expression finds in a JSON document. Raises Usage for a wrong one."""
        from addonctl.output import documents

        documents.check_query(query)
        terminal = self._out.terminal
        text = documents.searched(query, value)
        text = documents.shown(text, screen=terminal, color=self._colored(terminal))
        self._write_text(text + "\n")

    def text(self, text: str) -> None:
        """An answer that is plain text."""
        self._write_text((safe.prose(text) if self._out.terminal else text).rstrip("\n") + "\n")

    def close(self) -> None:
        """Raises AddonctlError if something held back cannot be written; `main` calls it last."""
        self._out.flush()

    def _answer(
        self,
        kind: type[Record],
        pages: Iterable[Sequence[Record]],
        parents: Mapping[str, Record],
        *,
        whole: bool,
        single: bool,
    ) -> None:
        settings, terminal = self._settings, self._out.terminal
        format = FORMATS[settings.format]
        width, height = streams.size(self._stdout, self._environ) if terminal else (0, 0)
        counted = _Counted(pages)
        answer = Answer(
            kind=kind,
            pages=counted,
            notes=[],
            now=datetime.now(UTC),
            fields=asked(kind, settings.fields),
            settings=settings,
            whole=whole,
            single=single,
            screen=terminal,
            width=width,
            color=self._colored(terminal),
            parents=parents,
        )
        texts, lines = format.write(answer), 0
        if format.flows:
            for text in texts:
                self._write_text(text)
        elif terminal:
            chunks = list(streams.whole(texts))
            lines = sum(chunk.count(b"\n") for chunk in chunks)
            self._show(chunks, long=lines >= height)
        else:
            for chunk in streams.whole(texts):
                self._write(chunk)
        if terminal and self.err_terminal and not whole:
            of_service = kind.address is not Record.address and not kind.field("outcome")
            if of_service and not counted.rows and settings.format != "json":
                answer.notes.append(f"no {kind.COLLECTION.rpartition('_')[2]}")
            if of_service and lines >= height and settings.format == "table":
                answer.notes.append(f"{counted.rows} {kind.COLLECTION.rpartition('_')[2]}")
            for note in answer.notes:
                self.say(note)

    def _show(self, chunks: Sequence[bytes], *, long: bool) -> None:
        """Write an answer to a terminal; a `long` one by the user's pager, if there is one."""
        from shutil import which

        environ = self._environ
        usual = "less -FRX" if long and which("less") else ""
        pager = environ.get("ADDONCTL_PAGER", environ.get("PAGER", usual)).strip()
        if self._bar:
            self._bar.stop()
        if long and pager and self._settings.pager and environ.get("TERM") != "dumb":
            self._out.page(pager, chunks)
        else:
            self._write(b"".join(chunks))

    def _write_text(self, text: str) -> None:
        self._write(streams.encoded(text))

    def _write(self, data: bytes) -> None:
        if self._bar and self._out.terminal:
            self._bar.stop()  # one terminal cannot show rows and a bar at a time
        self._out.write(data)


class _Counted:
    """Pages that pass by, the first one fetched: a failure up to there has written nothing."""

    def __init__(self, pages: Iterable[Sequence[Record]]) -> None:
        rest = iter(pages)
        self._pages = chain([next(rest, ())], rest)
        self.rows = 0

    def __iter__(self) -> Iterator[Sequence[Record]]:
        for page in self._pages:
            self.rows += len(page)
            yield page

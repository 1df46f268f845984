"""Where commands hand over: answers to stdout, what is said and asked beside them to stderr."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from shutil import get_terminal_size
from typing import TYPE_CHECKING, TextIO

from addonctl.errors import AddonctlError, Interrupted, PipeClosed, Usage
from addonctl.models import Record
from addonctl.output import FORMATS, Answer, OutputSettings, safe, terminal

if TYPE_CHECKING:
    from addonctl.transcripts import Transcript

_RED, _YELLOW, _DIM, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


class Messages:
    """The streams of a process, and what goes to stderr: lines, questions, progress.

    `in_json` says that an error is told as one JSON object; `interactive` that a user can be asked;
    `watched` that somebody is looking, at stdout (`on_terminal`) or stderr (`err_terminal`).
    """

    def __init__(self, settings: OutputSettings) -> None:
        self._settings = settings
        self._stdin, self._stdout, self._stderr = sys.stdin, sys.stdout, sys.stderr
        self._bar: terminal.Progress | None = None
        self.format = settings.format
        self.in_json = settings.format in ("json", "jsonl")
        self.on_terminal = is_terminal(self._stdout)
        self.err_terminal = is_terminal(self._stderr)
        self.watched = self.on_terminal or self.err_terminal
        self.interactive = settings.ask and self.err_terminal and is_terminal(self._stdin)

    def colored(self, terminal: bool) -> bool:
        """Whether a stream is written in colour, that is a terminal or not."""
        if self._settings.color is not None:
            return self._settings.color
        if os.environ.get("NO_COLOR"):
            return False
        forced = os.environ.get("FORCE_COLOR", "0") not in ("", "0")
        return forced or (terminal and os.environ.get("TERM") != "dumb")

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
        name = f"{_RED}addonctl:{_PLAIN}" if self.colored(self.err_terminal) else "addonctl:"
        self._err(f"{name} {safe.block(error.message)}\n")
        code = error.code is not None and f"code {error.code}"
        request = error.request_id and f"request {error.request_id}"
        if parts := [part for part in (code, error.more_info, request) if part]:
            self._err(f"{safe.line(', '.join(parts))}\n")
        if error.hint:
            self._err(f"hint: {safe.block(error.hint)}\n")
        return error.exit_code

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """What the user types in answer to a question on stderr; `hidden` needs a terminal.

        Raises Interrupted at Ctrl-D: an end of the input is no answer.
        """
        question, answer = f"{safe.line(question)} ", ""
        try:
            if hidden:
                from getpass import getpass

                answer = getpass(question, stream=self._stderr) + "\n"
            else:
                self._err(question)
                answer = self._stdin.readline() if self._stdin else ""
        except EOFError:
            pass
        finally:
            if not answer.endswith("\n"):  # at its end, or interrupted
                self._err("\n")
        if not answer:
            raise Interrupted("nothing was answered: the input has ended")
        return answer.strip()

    def progress(self, total: int | None, unit: str) -> terminal.Progress:
        """A bar on a terminal's stderr, as a context manager; silent anywhere else."""
        moves = self.err_terminal and os.environ.get("TERM") != "dumb"
        stream = self._stderr if moves and not self._settings.quiet else None
        color = self.colored(self.err_terminal)
        self._bar = terminal.Progress(total, unit, stream, color=color)
        return self._bar

    def _tell(self, text: str, color: str = "") -> None:
        text, styled = safe.block(text), color and self.colored(self.err_terminal)
        self._err(f"{color}{text}{_PLAIN}\n" if styled else f"{text}\n")

    def _err(self, text: str) -> None:
        if self._bar and (bar := self._bar.shown):
            bar.console.print(text, end="", markup=False, highlight=False, soft_wrap=True)
            return
        with suppress(OSError, ValueError):  # there may be nobody left to tell
            if self._stderr is not None:
                self._stderr.write(text)
                self._stderr.flush()


class Sink(Messages):
    """The only one that speaks: answers on stdout, everything else on stderr."""

    def check(self, kind: type[Record]) -> None:
        """Raises Usage for a format, field or query that cannot work, before any request."""
        settings = self._settings
        if settings.format not in FORMATS:
            raise Usage(f"no format '{settings.format}'; known: {', '.join(FORMATS)}")
        if settings.query is not None and settings.format != "json":
            raise Usage(f"--query takes json, not {settings.format}", hint="add --format json")
        if settings.format == "xlsx":
            if self.on_terminal:
                raise Usage(
                    "xlsx is a file, and nothing for a terminal",
                    hint=f"put it into one: > {kind.COLLECTION}.xlsx",
                )
            if importlib.util.find_spec("xlsxwriter") is None:
                raise Usage(
                    "xlsx needs XlsxWriter, which is not installed",
                    hint="install addonctl with its extra: pipx install 'addonctl[excel]'",
                )
        if settings.format == "sids" and kind.address is Record.address:
            raise Usage(f"{kind.COLLECTION} have no addresses to be written as sids")
        kind.picked(settings.fields)
        if settings.query is not None:
            from addonctl.output import documents

            documents.query(settings.query)

    def records(
        self,
        kind: type[Record],
        pages: Iterable[Sequence[Record]],
        parents: Mapping[str, Record | None] | None = None,
        *,
        whole: bool = False,
        single: bool = False,
    ) -> None:
        """A list. Nothing is on stdout before the first page has come.

        `parents` are records that the rows belong to, by SID, as far as they are known once the
        last page has come; a terminal shows them above their rows. What was asked for one by one
        is shown `whole`; a `single` record is a document of its own.
        """
        settings, screen, rows, lines = self._settings, self.on_terminal, 0, 0
        rest = iter(pages)
        first = next(rest, ())

        def passing() -> Iterator[Sequence[Record]]:
            nonlocal rows
            for page in chain([first], rest):
                rows += len(page)
                yield page

        width, height = get_terminal_size() if screen else (0, 0)
        fields = kind.picked(settings.fields)
        answer = Answer(
            kind=kind,
            pages=passing(),
            settings=settings,
            fields=fields,
            columns=fields or kind.picked(kind.COLUMNS) or kind.FIELDS,
            every=fields or tuple(it for it in kind.FIELDS if it.kind != "uris" and not it.asked),
            whole=whole,
            single=single,
            screen=screen,
            width=width,
            color=self.colored(screen),
            parents=parents or {},
            notes=[],
        )
        format = FORMATS[settings.format]
        module, _, name = format.writer.partition(":")
        texts = getattr(importlib.import_module(f"addonctl.output.{module}"), name)(answer)
        if not format.flows and not screen:
            from addonctl.output.documents import spooled

            texts = spooled(map(encoded, texts))
        elif not format.flows:
            shown = b"".join(map(encoded, texts))
            lines = shown.count(b"\n")
            if self._bar:
                self._bar.stop()
            long = lines >= height and settings.pager
            texts = () if long and terminal.paged(shown, self._stdout) else (shown,)
        for text in texts:
            self._write(text)
        if screen and self.err_terminal and not whole:
            noun = kind.COLLECTION.rpartition("_")[2]
            if kind.address is not Record.address and not kind.field("outcome"):
                if not rows and settings.format != "json":
                    answer.notes.append(f"no {noun}")
                if lines >= height and settings.format == "table":
                    answer.notes.append(f"{rows} {noun}")
            for note in answer.notes:
                self.say(note)

    def show(self, chunks: Iterable[bytes], content_type: str = "") -> None:
        """A payload: its exact bytes; on a terminal made safe, and JSON indented and coloured."""
        shown: Iterable[str | bytes] = chunks
        if self.on_terminal:
            shown = terminal.payload(chunks, content_type, color=self.colored(True))
        for chunk in shown:
            self._write(chunk)

    def dialogue(self, transcript: Transcript) -> None:
        """What was said, to be read on a terminal: who, when, and the words in its width."""
        width = get_terminal_size().columns
        self._write(terminal.dialogue(transcript, width, color=self.colored(True)))

    def text(self, text: str) -> None:
        """An answer that is plain text."""
        self._write((safe.prose(text) if self.on_terminal else text).rstrip("\n") + "\n")

    def _write(self, data: str | bytes) -> None:
        """Write all of `data`, and pass it on at once: a reader of a pipe waits for it.

        A closed pipe raises PipeClosed; whatever else goes wrong AddonctlError, once.
        """
        data, out = encoded(data), self._stdout
        if self._bar and self.on_terminal:
            self._bar.stop()  # one terminal cannot show rows and a bar at a time
        if not data:
            return
        if out is None:
            raise AddonctlError("cannot write to standard output: it is closed")
        try:
            if hasattr(out, "buffer"):
                out.buffer.write(data)
            else:
                out.write(data.decode("utf-8", "replace"))
            out.flush()
        except (OSError, ValueError) as problem:
            # What could not be written is dropped, or Python would try, and complain, at its end.
            with suppress(OSError, ValueError, AttributeError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, out.fileno())
                os.close(nowhere)
            # Windows has no EPIPE for a pipe that nobody reads any more.
            gone = (errno.EPIPE, errno.EINVAL) if os.name == "nt" else (errno.EPIPE,)
            if isinstance(problem, OSError) and problem.errno in gone:
                raise PipeClosed from None
            told = isinstance(problem, OSError) and (problem.strerror or str(problem))
            reason = told or "it is closed"
            raise AddonctlError(f"cannot write to standard output: {reason}") from None


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at `stream`; a closed or missing one has none."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def encoded(text: str | bytes) -> bytes:
    """UTF-8. A lone surrogate becomes \\udXXX: in JSON that very character, elsewhere its name."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")

"""Where commands hand over: the answer to stdout, as bytes whatever the locale."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from itertools import chain
from shutil import get_terminal_size, which
from typing import IO, TYPE_CHECKING, Any

from addonctl.errors import AddonctlError, Usage
from addonctl.models import Record
from addonctl.output import safe
from addonctl.output.formats import FORMATS, Answer
from addonctl.output.stderr import Words

if TYPE_CHECKING:
    from addonctl.transcripts import Transcript

IN_MEMORY = 1 << 20  # bytes of a document that is held back; a longer one waits in a file


class PipeClosed(Exception):
    """stdout's reader has gone. No OSError, so that nobody takes it for a broken connection."""


class Sink(Words):
    """The only one that speaks: answers on stdout, everything else on stderr."""

    def check(self, kind: type[Record]) -> None:
        """Raises Usage for a format, field or query that cannot work, before any request."""
        settings = self._settings
        if settings.format not in FORMATS:
            raise Usage(f"no format '{settings.format}'; known: {', '.join(FORMATS)}")
        if settings.query is not None and settings.format != "json":
            raise Usage(f"--query takes json, not {settings.format}", hint="add --format json")
        if settings.format == "xlsx":
            from importlib.util import find_spec

            if self.on_terminal:
                raise Usage(
                    "xlsx is a file, and nothing for a terminal",
                    hint=f"put it into one: > {kind.COLLECTION}.xlsx",
                )
            if find_spec("xlsxwriter") is None:
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
        settings, terminal, rows, lines = self._settings, self.on_terminal, 0, 0
        rest = iter(pages)
        first = next(rest, ())

        def passing() -> Iterator[Sequence[Record]]:
            nonlocal rows
            for page in chain([first], rest):
                rows += len(page)
                yield page

        width, height = get_terminal_size() if terminal else (0, 0)
        fields = kind.picked(settings.fields)
        unasked = tuple(it for it in kind.FIELDS if it.kind != "uris" and not it.asked)
        answer = Answer(
            kind=kind,
            pages=passing(),
            settings=settings,
            fields=fields,
            columns=fields or kind.picked(kind.COLUMNS) or kind.FIELDS,
            every=fields or unasked,
            whole=whole,
            single=single,
            screen=terminal,
            width=width,
            color=self.colored(terminal),
            parents=parents or {},
            notes=[],
        )
        format = FORMATS[settings.format]
        module, _, name = format.writer.partition(":")
        texts = getattr(import_module(f"addonctl.output.{module}"), name)(answer)
        if format.flows:
            for text in texts:
                self._write(text)
        elif terminal:
            shown = b"".join(spooled(texts))
            lines = shown.count(b"\n")
            if self._bar:
                self._bar.stop()
            long = lines >= height and settings.pager
            if not (long and paged(shown, self._stdout)):
                self._write(shown)
        else:
            for chunk in spooled(texts):
                self._write(chunk)
        if terminal and self.err_terminal and not whole:
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
            from addonctl.output import screen

            shown = screen.payload(chunks, content_type, color=self.colored(True))
        for chunk in shown:
            self._write(chunk)

    def dialogue(self, transcript: Transcript) -> None:
        """What was said, to be read on a terminal: who, when, and the words in its width."""
        from addonctl.output import screen

        width = get_terminal_size().columns
        self._write(screen.dialogue(transcript, width, color=self.colored(True)))

    def queried(self, value: object, query: str) -> None:
        """What a JMESPath expression finds in a JSON document. Raises Usage for a wrong one."""
        from addonctl.output import documents

        terminal = self.on_terminal
        text = documents.query(query)(value)
        text = documents.shown(text, screen=terminal, color=self.colored(terminal))
        self._write(text + "\n")

    def text(self, text: str) -> None:
        """An answer that is plain text."""
        self._write((safe.prose(text) if self.on_terminal else text).rstrip("\n") + "\n")

    def close(self) -> None:
        """Raises AddonctlError if something held back cannot be written; `main` calls it last."""
        self._write(b"")

    def _write(self, data: str | bytes) -> None:
        """Write all of `data`, and pass it on at once: a reader of a pipe waits for it.

        A closed pipe raises PipeClosed; whatever else goes wrong AddonctlError, once.
        """
        data, out = encoded(data), self._stdout
        if self._bar and self.on_terminal:
            self._bar.stop()  # one terminal cannot show rows and a bar at a time
        if out is None and data:
            raise AddonctlError("cannot write to standard output: it is closed")
        if out is None:
            return
        try:
            if data and hasattr(out, "buffer"):
                out.buffer.write(data)
            elif data:
                out.write(data.decode("utf-8", "replace"))
            out.flush()
        except (OSError, ValueError) as problem:
            # What could not be written is dropped, or Python would try, and complain, at its end.
            with suppress(OSError, ValueError, AttributeError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, out.fileno())
                os.close(nowhere)
            reason = "it is closed"
            if isinstance(problem, OSError):
                reason = problem.strerror or str(problem)
                # Windows has no EPIPE for a pipe that nobody reads any more.
                gone = (errno.EPIPE, errno.EINVAL) if os.name == "nt" else (errno.EPIPE,)
                if problem.errno in gone:
                    raise PipeClosed from None
            raise AddonctlError(f"cannot write to standard output: {reason}") from None


def paged(data: bytes, stdout: IO[Any]) -> bool:
    """Show a long answer by the user's pager; false where there is none, or it cannot be run.

    Who leaves it has seen enough. While it runs Ctrl-C is for it.
    """
    import shlex
    import signal
    import subprocess
    import threading

    usual = "less -FRX" if which("less") else ""
    command = os.environ.get("ADDONCTL_PAGER", os.environ.get("PAGER", usual)).strip()
    if not command or os.environ.get("TERM") == "dumb":
        return False
    try:
        # less shows colours, and ends where all fits, unless somebody told it otherwise.
        pager = subprocess.Popen(  # noqa: S603 the user's own choice
            shlex.split(command),
            stdin=subprocess.PIPE,
            stdout=stdout,
            env={"LESS": "FRX", **os.environ},
        )
    except (OSError, ValueError):
        return False
    alone = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if alone else None
    try:
        pager.communicate(data)
    finally:
        if alone:
            signal.signal(signal.SIGINT, before)
    return True


def spooled(texts: Iterable[str | bytes]) -> Iterator[bytes]:
    """A document in pieces, the first after the last text has come: in a file if it is long.

    Raises AddonctlError if the temporary folder will not take it.
    """
    from tempfile import SpooledTemporaryFile

    try:
        with SpooledTemporaryFile(IN_MEMORY) as spool:
            for text in texts:
                spool.write(encoded(text))
            spool.seek(0)
            yield from iter(partial(spool.read, 1 << 18), b"")
    except OSError as problem:
        raise AddonctlError(
            f"cannot keep the document in a temporary file: {problem.strerror or problem}",
            hint="TMPDIR names the folder; jsonl and csv need none",
        ) from None


def encoded(text: str | bytes) -> bytes:
    """UTF-8. A lone surrogate becomes \\udXXX: in JSON that very character, elsewhere its name."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")

"""A document that is kept back until it is whole: in memory while small, then in a file."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from types import TracebackType
from typing import IO

from addonctl.errors import AddonctlError

IN_MEMORY = 1 << 20
CHUNK = 1 << 18


class Spool:
    """Bytes in, and all of them out again, in flat memory."""

    def __init__(self) -> None:
        self._file: IO[bytes] = BytesIO()
        self._on_disk = False

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Keep `data`. Raises AddonctlError if the temporary folder will not take it."""
        try:
            if not self._on_disk and self._file.tell() + len(data) > IN_MEMORY:
                self._move_to_disk()
            self._file.write(data)
        except OSError as problem:
            raise AddonctlError(
                f"cannot keep the document in a temporary file: {problem.strerror or problem}",
                hint="TMPDIR names the folder; jsonl and csv need none",
            ) from None

    def chunks(self) -> Iterator[bytes]:
        """All that was written."""
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            yield chunk

    def lines(self) -> Iterator[bytes]:
        """The same, line by line, each with its end."""
        self._file.seek(0)
        yield from self._file

    def _move_to_disk(self) -> None:
        from tempfile import TemporaryFile

        memory, self._file = self._file, TemporaryFile()  # noqa: SIM115 closed by __exit__
        self._on_disk = True
        memory.seek(0)
        self._file.write(memory.read())
        memory.close()

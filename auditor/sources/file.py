"""A file on disk as a stream that counts, digests and reports progress while it is read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from io import BufferedReader, BytesIO, RawIOBase
from typing import TYPE_CHECKING, BinaryIO, cast

from auditor.errors import InputError, LimitError
from auditor.sources import regular

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.limits import Limits

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes there are."""
_SMALL = 128 * 1024
"""Bytes up to which a file is read at once: less work than to map it, and to read it in parts."""


class ReadFile(RawIOBase):
    """An open file whose `sha256` and `size` are those of all bytes once `finish` was called."""

    def __init__(self, path: Path, limits: Limits, progress: Progress | None = None) -> None:
        super().__init__()
        try:
            self._file: BufferedReader = regular.opened(path, links=True)
        except OSError as problem:
            raise InputError(f"cannot be opened: {problem.strerror or problem}") from None
        self._state = regular.state(os.fstat(self._file.fileno()))
        self.size = self._state[2]
        if self.size > limits.archive_bytes:
            self._file.close()
            raise LimitError("archive-bytes", limits.archive_bytes, self.size, "bytes")
        self._digest = hashlib.sha256()
        self._progress = progress
        self._done = 0

    def readable(self) -> bool:
        """Return True: this is what the stream is for."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all that are left for -1."""
        try:
            data = self._file.read(size)
        except OSError as problem:
            raise InputError(f"cannot be read: {problem.strerror or problem}") from None
        self._digest.update(data)
        self._done += len(data)
        if self._progress is not None:
            self._progress(self._done, self.size)
        return data

    def begins(self, count: int) -> bytes:
        """Return the first few bytes before anything was read; they are read again."""
        return self._file.peek(count)[:count]

    def fileno(self) -> int:
        """Return the descriptor, for readers that map the file."""
        return self._file.fileno()

    def finish(self) -> str:
        """Read what the archive's reader left, and return the digest of the whole file.

        Raises InputError where the file changed since it was opened.
        """
        while self._done < self.size and self.read(1024 * 1024):
            pass
        if self._state != regular.state(os.fstat(self._file.fileno())):
            raise InputError(regular.CHANGED)
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        if hasattr(self, "_file"):
            self._file.close()
        super().close()

    def stream(self) -> BinaryIO:
        """Return what readers read: this object, or all that a small file holds."""
        if self.size <= _SMALL:
            return BytesIO(self.read(self.size + 1))
        return cast("BinaryIO", self)

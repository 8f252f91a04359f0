"""A file on disk as a stream that counts, digests and reports progress while it is read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, cast

from auditor.errors import InputError, LimitError
from auditor.sources import regular

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from auditor.limits import Limits

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes there are."""
_SMALL = 128 * 1024
"""Bytes up to which a file is read at once: less work than to map it, and to read it in parts."""


class ReadFile:
    """An open file, to be closed by `with`; `finish` gives the digest of all its bytes."""

    def __init__(self, path: Path, limits: Limits, progress: Progress | None = None) -> None:
        try:
            self._file = regular.opened(path, links=True)
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

    def __enter__(self) -> Self:
        """Return itself, as an open file does."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all that are left for -1."""
        data = _told(self._file.read, size)
        self._digest.update(data)
        self._done += len(data)
        if self._progress is not None:
            self._progress(self._done, self.size)
        return data

    def begins(self, count: int) -> bytes:
        """Return the first few bytes before anything was read; they are read again."""
        return _told(self._file.peek, count)[:count]

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

    def stream(self) -> BinaryIO:
        """Return what readers read: all that a small file holds, or this object for its `read`."""
        if self.size <= _SMALL:
            return BytesIO(self.read(self.size + 1))
        return cast("BinaryIO", self)


def _told(read: Callable[[int], bytes], size: int) -> bytes:
    """Read some bytes; raise InputError where the system does not give them."""
    try:
        return read(size)
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror or problem}") from None

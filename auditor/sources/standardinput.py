"""Standard input as a file, so that what reads files reads it, too."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from auditor.errors import LimitError, UsageError
from auditor.sources.privatefolder import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.limits import Limits

NAME = "stdin"
_CHUNK = 1024 * 1024


@contextmanager
def spooled(limits: Limits) -> Iterator[Path]:
    """Yield a private file with all of standard input; it is gone afterwards.

    Raises UsageError where that is a terminal, LimitError where it is larger than an archive.
    """
    if sys.stdin.isatty():
        raise UsageError("- stands for standard input, and that is a terminal; redirect a file")
    with private_folder() as private:
        path = private / NAME
        size = 0
        with path.open("wb") as file:
            while chunk := sys.stdin.buffer.read(_CHUNK):
                size += len(chunk)
                if size > limits.archive_bytes:
                    raise LimitError("archive-bytes", limits.archive_bytes, size, "bytes")
                file.write(chunk)
        yield path

"""One writer of a database at a time: a lock of the system beside it.

The system takes it back from whoever ends, also by a crash or `kill -9`; the file itself stays, as
who removes it could remove it from under the next one.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from auditor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def held(database: Path) -> Iterator[bool]:
    """Yield whether this call alone may write a database; it never waits for another one.

    Raises UsageError where no lock can lie beside it.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - 170 ms, for those who write one

    lock = FileLock(database.with_name(f"{database.name}.lock"), timeout=0)
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        yield False
        return
    except NotImplementedError:
        raise UsageError(f"{database}: its file system has no locks") from None
    except OSError as problem:
        raise UsageError(f"{database}: cannot be written: {problem.strerror or problem}") from None
    try:
        yield True
    finally:
        lock.release()

"""One call at a time: a lock of the system beside the file that is worked on.

It is a lock of SQLite, on an empty file of its own: that knows the locks of each system, and the
system takes them back from whoever ends, also by a crash or `kill -9`. The file itself stays, as
who removes it could remove it from under the next one.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from auditor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def held(place: Path) -> Iterator[bool]:
    """Yield whether this call alone has the lock at a place; it never waits for another one.

    Raises UsageError where no lock can lie there.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(place, timeout=0, isolation_level=None)
    except (OSError, sqlite3.Error) as problem:
        raise _unwritable(place, problem) from None
    with closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
            alone = True
        except sqlite3.Error as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise _unwritable(place, problem) from None
            alone = False
        yield alone


def _unwritable(place: Path, problem: Exception) -> UsageError:
    said = problem.strerror if isinstance(problem, OSError) else problem
    return UsageError(f"{place}: cannot be written: {said}")

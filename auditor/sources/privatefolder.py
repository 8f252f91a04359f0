"""Folders of one call alone: of this user, under a name that nobody can foresee, gone at the end.

They are made where `TMPDIR` says, with rights for the owner alone whatever the umask is, and are
removed however the call ends: by itself, by an error, by Ctrl-C, or by a signal to end. Where it
was ended by force, the next call on the same machine removes what it left. A folder is told to be
such a one by a file in it that the call holds locked as long as it runs; no other is touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_PREFIX = "release-audit-"
_LOCK = "in-use-by-audit"
_OURS = "files"
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_MOST = 1000
"""Entries of the temporary folder that are looked at for what is left behind."""
_FRESH = 60
"""Seconds in which a folder may not be locked yet."""


@contextmanager
def private_folder() -> Iterator[Path]:
    """Yield a new, empty folder, and remove it with all that is in it.

    A process that was forked meanwhile does not: the folder is that of the one that made it.
    Raises UsageError where none can be made.
    """
    maker = os.getpid()
    with _unwinding():
        outer = _made()
        lock = -1
        try:
            lock = _locked(outer / _LOCK)
            _sweep(outer)
            yield outer / _OURS
        finally:
            if os.getpid() == maker:
                shutil.rmtree(outer, ignore_errors=True)
            if lock >= 0:
                os.close(lock)


@contextmanager
def _unwinding() -> Iterator[None]:
    """Let a signal that asks to end unwind us, as Ctrl-C does, while there is something to remove.

    Only the main thread may say so; a signal that the caller ignores stays ignored.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _ENDING:
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del frame
    signal.signal(number, signal.SIG_IGN)  # what comes again must not break the removing
    raise KeyboardInterrupt


def _made() -> Path:
    """Make a folder of ours, with the one in it that is given out."""
    try:
        outer = Path(tempfile.mkdtemp(prefix=_PREFIX))
        inner = outer / _OURS
        for one in (outer, inner):
            one.mkdir(exist_ok=True)
            one.chmod(0o700)
    except OSError as problem:
        reason = problem.strerror or problem
        raise UsageError(f"no temporary folder can be made (TMPDIR says where): {reason}") from None
    return inner.parent


def _locked(path: Path) -> int:
    """Make a file and lock it; return its descriptor, -1 where locks are none of the system's."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    if _lock(handle):
        return handle
    os.close(handle)
    return -1


def _lock(handle: int) -> bool:
    """Lock an open file unless somebody else has; tell whether that worked."""
    try:
        import fcntl  # noqa: PLC0415 - Windows has none
    except ImportError:
        return False
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _sweep(ours: Path) -> None:
    """Remove what calls left that were ended by force; what is in doubt stays."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError), os.scandir(ours.parent) as entries:
        names = [entry.name for entry, _ in zip(entries, range(_MOST), strict=False)]
        for name in names:
            if name.startswith(_PREFIX) and name != ours.name:
                _remove_abandoned(ours.parent / name)


def _remove_abandoned(folder: Path) -> None:
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        status = folder.lstat()
        fresh = time.time() - status.st_mtime < _FRESH
        if fresh or not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            return
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode) and _lock(handle):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(handle)

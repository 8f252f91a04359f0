"""Small files kept in this user's cache folder: of this user alone, in whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.sources import userplaces

if TYPE_CHECKING:
    from collections.abc import Callable


def folder(name: str) -> Path:
    """Return a folder of that name in the cache folder, which need not be there."""
    return userplaces.cache() / name


def made(place: Path) -> bool:
    """Make a folder; tell whether it is one, and of nobody else."""
    with suppress(OSError):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _is_own(place.lstat(), stat.S_ISDIR)
    return False


def content(path: Path, most: int) -> bytes | None:
    """Return a file's content; None for a link, another's file, or one that is too large."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            if not _is_own(os.fstat(file.fileno()), stat.S_ISREG):
                return None
            data = file.read(most + 1)
    except OSError:
        return None
    return None if len(data) > most else data


def put(path: Path, data: bytes) -> None:
    """Write a file in place of the one before it, or leave all as it is."""
    import tempfile  # noqa: PLC0415 - where something is kept anew

    if not made(path.parent):
        return
    with suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=path.parent)  # for this user alone
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)


def _is_own(found: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Tell whether something is of a kind and of this user, where the system knows users."""
    user = getattr(os, "getuid", None)
    return is_kind(found.st_mode) and (user is None or found.st_uid == user())

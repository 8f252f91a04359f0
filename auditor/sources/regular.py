"""Regular files of folders that may be anybody's: nothing else is opened, and a change is noticed.

A pipe that is opened is waited for, a device may do something, a link leads elsewhere. So a file is
looked at before it is opened, and again once it is open, as it may be another one by then.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from auditor.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
CHANGED = "changed while it was read"

State = tuple[int, int, int, int]


def opened(path: Path, *, links: bool = False) -> BufferedReader:
    """Open a regular file; raise OSError, with a `strerror` for people, for everything else.

    A link is followed only with `links`: where the user names it.
    """
    status = path.stat() if links else path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, "is a link, which is not followed")
    _check(status)
    handle = os.open(path, _FLAGS if links else _FLAGS | _NO_LINK)
    try:
        _check(os.fstat(handle))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _check(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is no regular file")


def state(status: os.stat_result) -> State:
    """Return what differs once a file is another one, or has another content."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def content(path: Path, most: int, *, links: bool = False) -> bytes:
    """Return a file's bytes, at most one more than `most`.

    Raises OSError as `opened` does, InputError where it changed meanwhile.
    """
    with opened(path, links=links) as file:
        before = state(os.fstat(file.fileno()))
        data = file.read(min(before[2], most) + 1)
        if len(data) > max(before[2], most) or before != state(os.fstat(file.fileno())):
            raise InputError(CHANGED)
        return data


def matching(folder: Path, pattern: str, links: list[Path]) -> Iterator[Path]:
    """Yield what matches a pattern below a folder; `links` takes the folders it stops before.

    Of a pattern without wildcards the path itself is yielded, whether it is there or not.
    """
    first, _, rest = pattern.partition("/")
    found = sorted(folder.glob(first)) if {"*", "?"} & {*first} else [folder / first]
    for path in found:
        if not rest:
            yield path
        elif os.path.islink(path):  # noqa: PTH114 - Path.is_symlink raises where it may not look
            links.append(path)
        elif os.path.isdir(path):  # noqa: PTH112 - as above
            yield from matching(path, rest, links)

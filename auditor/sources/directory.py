"""A folder taken as it is: its files as members, links not followed, nothing left out."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from auditor.errors import MemberError
from auditor.model import Member, MemberType, Unread
from auditor.sources import regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from auditor.archives import Entry
    from auditor.limits import Budget

_CHUNK = 1024 * 1024
_TYPES = {
    stat.S_IFREG: MemberType.FILE,
    stat.S_IFDIR: MemberType.DIRECTORY,
    stat.S_IFLNK: MemberType.SYMLINK,
    stat.S_IFIFO: MemberType.FIFO,
}


def entries(folder: Path, budget: Budget) -> Iterator[Entry]:
    """Yield everything below a folder, sorted by path, contents under the budget."""
    pending = [folder]
    while pending:
        current = pending.pop()
        try:
            names = sorted(os.listdir(current))  # noqa: PTH208 - names that are no text stay whole
        except OSError as problem:
            yield _unread(folder, current, problem)
            continue
        for name in names:
            path = current / name
            try:
                entry = member_of(path, folder, budget)
            except OSError as problem:
                yield _unread(folder, path, problem)
                continue
            if entry[0].type is MemberType.DIRECTORY:
                pending.append(path)
            yield entry


def files(folder: Path, paths: Iterable[str], budget: Budget) -> Iterator[Entry]:
    """Yield the named files of a folder as members."""
    for path in paths:
        try:
            yield member_of(folder / path, folder, budget)
        except OSError as problem:
            yield _unread(folder, folder / path, problem)


def member_of(path: Path, folder: Path, budget: Budget) -> tuple[Member, Iterator[bytes]]:
    """Return one file as a member with its content; raise OSError when it cannot be opened."""
    status = path.lstat()
    kind = _TYPES.get(stat.S_IFMT(status.st_mode), MemberType.DEVICE)
    shown = _shown(path, folder)
    budget.member()
    member = Member(
        path=shown,
        name=shown,
        size=status.st_size if kind is MemberType.FILE else 0,
        type=kind,
        mode=stat.S_IMODE(status.st_mode),
        link=str(path.readlink()) if kind is MemberType.SYMLINK else "",
    )
    if kind is not MemberType.FILE:
        return member, iter(())
    with regular.opened(path):  # a file that cannot be read must say so here, not in mid-pass
        pass
    return member, _content(path, regular.state(status), budget)


def _content(path: Path, known: regular.State, budget: Budget) -> Iterator[bytes]:
    """Yield a file's bytes; raise MemberError where it is not what it was when it was listed."""
    left = known[2]
    try:
        with regular.opened(path) as file:
            while left >= 0 and (chunk := file.read(_CHUNK)):
                left -= len(chunk)
                budget.take(len(chunk))
                yield chunk
            if left or regular.state(os.fstat(file.fileno())) != known:
                raise MemberError(regular.CHANGED)
    except OSError as problem:
        raise MemberError(f"cannot be read: {problem.strerror or problem}") from None


def _shown(path: Path, folder: Path) -> str:
    raw = os.fsencode(path.relative_to(folder).as_posix())
    return raw.decode("utf-8", "backslashreplace")


def _unread(folder: Path, path: Path, problem: OSError) -> Unread:
    return Unread(path=_shown(path, folder), reason=f"cannot be read: {problem.strerror}")

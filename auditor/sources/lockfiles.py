"""Lockfiles below folders: found by name, read with what lies beside them.

Installed packages are no part of a project's lockfiles: `node_modules` and virtual environments are
not searched, but for the lockfile that npm hides in `node_modules` and for being inventories of
their own (`auditor.sources.installed`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import lockfiles
from auditor.errors import InputError, LimitError
from auditor.model import Unread
from auditor.sources import regular, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.limits import Limits
    from auditor.lockfiles import Document

HIDDEN = ".package-lock.json"
"""The lockfile that npm writes into node_modules."""
_INSTALLED = frozenset({"node_modules", "site-packages", "dist-packages"})
_NOT_SEARCHED = frozenset({".git", ".hg", ".svn", ".jj", "__pycache__"})
_SETTINGS = frozenset(
    ".npmrc .yarnrc .yarnrc.yml bunfig.toml pip.conf pip.ini pyproject.toml uv.toml Pipfile"
    " pnpm-workspace.yaml package.json".split()
)
"""Clients' settings and manifests, which say which registries and packages are meant."""
_BARE = frozenset({"HEAD", "objects", "refs"})
"""What a repository without a work tree is told by (gitrepository-layout(5))."""
_LINK = "is a link to what is not searched; name what it leads to"
_MOST = 200
"""Files of one pattern that are read, such as requirements that others include."""
_SMALL = 1024 * 1024
"""Bytes of a file beside a lockfile that are read; manifests are shorter."""


class Found(Struct, frozen=True, kw_only=True):
    """A lockfile, or a folder of installed packages."""

    path: Path
    label: str
    """As the user named it, with what was found below it."""
    installed: bool = False
    repository: bool = False
    """A folder under git, found where repositories are asked for."""
    reason: str = ""
    """Why it is not examined; empty where it is."""
    named: bool = False
    """The user names this very file, which may be a link then."""


def search(target: str, *, repositories: bool = False) -> Iterator[Found]:
    """Yield the lockfiles and installed trees below a folder, sorted; a file is taken as it is.

    Links are not followed: one that leads to what is not searched is yielded with the reason, as is
    a folder that cannot be listed. `repositories` also yields the folders that are under git, bare
    ones among them.
    """
    top = Path(target)
    if not top.is_dir():
        yield Found(path=top, label=target, named=True)
        return
    if top.name in _INSTALLED:
        yield from _installed(top, target, top)
        return
    pending = [top]
    while pending:
        folder = pending.pop()
        label = _joined(target, top, folder)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as problem:
            reason = f"cannot be listed: {problem.strerror or problem}"
            yield Found(path=folder, label=label, reason=reason)
            continue
        names = {entry.name for entry in entries}
        if repositories and (".git" in names or names >= _BARE):
            yield Found(path=folder, label=label, repository=True)
        below: list[Path] = []
        yield from _listed(top, target, entries, below)
        pending += reversed(below)


def _listed(
    top: Path, target: str, entries: list[os.DirEntry[str]], below: list[Path]
) -> Iterator[Found]:
    """Yield what one folder holds; `below` takes the folders that are to be searched."""
    for entry in entries:
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if entry.name in _INSTALLED:
                yield from _installed(top, target, path)
            elif entry.name not in _NOT_SEARCHED:
                below.append(path)
        elif lockfiles.named(entry.name, path.parent.name) or entry.name in _INSTALLED:
            shown = _joined(target, top, path)
            if not entry.is_symlink():
                yield Found(path=path, label=shown)
            elif not _searched(top, path):
                yield Found(path=path, label=shown, reason=_LINK)


def _installed(top: Path, target: str, folder: Path) -> Iterator[Found]:
    hidden = folder / HIDDEN
    if os.path.islink(hidden):  # noqa: PTH114 - Path.is_symlink raises where a permission is missing
        yield Found(path=hidden, label=_joined(target, top, hidden), reason=_LINK)
    elif _may_be_there(hidden):
        yield Found(path=hidden, label=_joined(target, top, hidden))
    yield Found(path=folder, label=_joined(target, top, folder), installed=True)


def _may_be_there(path: Path) -> bool:
    """Tell whether there is something to read; what cannot be told, reading it says."""
    try:
        path.stat()
    except OSError as problem:
        return not isinstance(problem, FileNotFoundError)
    return True


def _searched(top: Path, link: Path) -> bool:
    """Tell whether the search meets what a link leads to by itself."""
    end, start = Path(os.path.realpath(link)), Path(os.path.realpath(top))
    if not end.is_relative_to(start):
        return False
    *folders, name = end.relative_to(start).parts or ("",)
    unsearched = _NOT_SEARCHED | _INSTALLED
    named = lockfiles.named(name, end.parent.name)
    try:
        wanted = name in _INSTALLED if end.is_dir() else end.is_file() and named
    except OSError:  # it may not be looked at, so the search did not meet it
        return False
    return bool(wanted) and unsearched.isdisjoint(folders)


def document(found: Found, limits: Limits) -> Document:
    """Read a lockfile and what its formats want to see beside it; raise InputError."""
    data = _content(found.path, limits.member_bytes, links=found.named)
    folder = found.path.resolve().parent.name
    named = lockfiles.named(found.path.name, folder)
    wanted = {name for format_ in named for name in format_.beside}
    wanted |= _SETTINGS
    if not named:  # under any name it may be of any format
        wanted |= {name for format_ in lockfiles.formats().values() for name in format_.beside}
    beside: dict[str, bytes] = {}
    unread: list[Unread] = []
    for name in sorted(wanted):
        paths = sorted(regular.matching(found.path.parent, name, []))
        if len(paths) > _MOST:
            reason = f"of {len(paths):,} files beside the lockfile, {_MOST} were read"
            unread.append(Unread(path=name, reason=reason))
        for path in paths[:_MOST]:
            if path != found.path and path.is_file() and not path.is_symlink():
                shown = path.relative_to(found.path.parent).as_posix()
                try:
                    beside[shown] = _content(path, _SMALL)
                except LimitError:
                    reason = f"lies beside the lockfile and has more than {_SMALL:,} bytes"
                    unread.append(Unread(path=shown, reason=reason))
                except InputError as problem:
                    unread.append(Unread(path=shown, reason=str(problem)))
    beside |= settings.above(found.path.parent, _format_name(found.path.name, data))
    return lockfiles.Document(
        path=found.path.name,
        data=data,
        beside=beside,
        folder=folder,
        unread=tuple(unread),
        limits=limits,
    )


def beside(target: Path) -> Iterator[Path]:
    """Yield what is read of a target, of what lies beside it, and of the settings above it."""
    top = target if target.is_dir() else target.parent
    yield top
    yield target
    yield from settings.files_above(top)


def siblings(found: Found, names: tuple[str, ...]) -> dict[str, Found]:
    """Return the lockfiles of some names that lie beside another one; links are none."""
    folder = found.path.parent
    paths = {name: folder / name for name in names if name != found.path.name}
    label = found.label[: -len(found.path.name)]
    return {
        name: Found(path=path, label=f"{label}{name}")
        for name, path in paths.items()
        if path.is_file() and not path.is_symlink()
    }


def _format_name(name: str, data: bytes) -> str:
    """Return the format of a lockfile by its name, and where that is of several by its content."""
    named = lockfiles.named(name)
    if len(named) == 1:
        return named[0].name
    try:
        found = lockfiles.identified(lockfiles.Document(path=name, data=data)) if named else None
    except InputError:
        return ""
    return found.name if found else ""


def _content(path: Path, most: int, *, links: bool = False) -> bytes:
    try:
        if not path.is_file():
            raise InputError("is neither a regular file nor a folder")
        size = path.stat().st_size
        if size > most:
            raise LimitError("member-bytes", most, size, "bytes")
        return regular.content(path, most, links=links)
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror or problem}") from None


def _joined(target: str, top: Path, path: Path) -> str:
    below = path.relative_to(top).as_posix()
    return target if below == "." else f"{target.rstrip('/')}/{below}"

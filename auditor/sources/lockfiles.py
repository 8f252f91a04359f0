"""Lockfiles below folders: found by name, read with what lies beside them.

Installed packages are no part of a project's lockfiles: `node_modules` and virtual environments are
not searched, but for the lockfile that npm hides in `node_modules` and for being inventories of
their own (`auditor.sources.installed`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import lockfiles
from auditor.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.limits import Limits
    from auditor.lockfiles import Document, Format

HIDDEN = ".package-lock.json"
"""The lockfile that npm writes into node_modules."""
_INSTALLED = frozenset({"node_modules", "site-packages", "dist-packages"})
_NOT_SEARCHED = frozenset({".git", ".hg", ".svn", ".jj", "__pycache__", ".tox", ".nox"})
_SETTINGS = frozenset(
    ".npmrc .yarnrc .yarnrc.yml bunfig.toml pip.conf pip.ini pyproject.toml uv.toml Pipfile"
    " pnpm-workspace.yaml package.json".split()
)
"""Clients' settings and manifests, which say which registries and packages are meant."""
_MOST = 200
"""Files of one pattern that are read, such as requirements that others include."""
_SMALL = 1024 * 1024
"""Bytes of a file beside a lockfile that are read; manifests are shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A lockfile, or a folder of installed packages."""

    path: Path
    label: str
    """As the user named it, with what was found below it."""
    installed: bool = False


def search(target: str) -> Iterator[Found]:
    """Yield the lockfiles and installed trees below a folder, sorted; a file is taken as it is.

    Links are not followed. What cannot be listed is yielded as it stands: reading it says why.
    """
    top = Path(target)
    if not top.is_dir():
        yield Found(path=top, label=target)
        return
    if top.name in _INSTALLED:
        yield Found(path=top, label=target, installed=True)
        return
    pending = [top]
    while pending:
        folder = pending.pop()
        label = _joined(target, top, folder)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            yield Found(path=folder, label=label)
            continue
        below: list[Path] = []
        for entry in entries:
            path = Path(entry.path)
            shown = _joined(target, top, path)
            if entry.is_dir(follow_symlinks=False):
                if entry.name in _INSTALLED:
                    hidden = path / HIDDEN
                    if hidden.is_file():
                        yield Found(path=hidden, label=_joined(target, top, hidden))
                    yield Found(path=path, label=shown, installed=True)
                elif entry.name not in _NOT_SEARCHED:
                    below.append(path)
            elif lockfiles.named(entry.name) and entry.is_file(follow_symlinks=False):
                yield Found(path=path, label=shown)
        pending += reversed(below)


def document(found: Found, limits: Limits) -> Document:
    """Read a lockfile and what its formats want to see beside it; raise InputError."""
    data = _content(found.path, limits.member_bytes)
    wanted = {name for format_ in lockfiles.named(found.path.name) for name in format_.beside}
    wanted |= _SETTINGS
    if not lockfiles.named(found.path.name):  # under any name it may be of any format
        wanted |= {name for format_ in lockfiles.formats().values() for name in format_.beside}
    beside: dict[str, bytes] = {}
    for name in sorted(wanted):
        for path in islice(sorted(found.path.parent.glob(name)), _MOST):
            if path != found.path and path.is_file() and not path.is_symlink():
                shown = path.relative_to(found.path.parent).as_posix()
                if path.stat().st_size <= _SMALL:
                    beside[shown] = _content(path, _SMALL)
    return lockfiles.Document(path=found.path.name, data=data, beside=beside)


def format_of(name: str) -> Format:
    """Return the format of that name; raise InputError naming those there are."""
    known = lockfiles.formats()
    if name not in known:
        raise InputError(f"{name!r} is no lockfile format; there are {', '.join(known)}")
    return known[name]


def _content(path: Path, most: int) -> bytes:
    try:
        if not path.is_file():
            raise InputError("is neither a regular file nor a folder")
        size = path.stat().st_size
        if size > most:
            raise LimitError("member-bytes", most, size, "bytes")
        return path.read_bytes()
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror or problem}") from None


def _joined(target: str, top: Path, path: Path) -> str:
    below = path.relative_to(top).as_posix()
    return target if below == "." else f"{target.rstrip('/')}/{below}"

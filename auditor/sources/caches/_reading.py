"""Folders and files below a cache, bounded, links not followed; what cannot be read is noted."""

from __future__ import annotations

import errno
import os
import stat
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import msgspec

from auditor.sources import gauges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.limits import Limits

T = TypeVar("T")

LARGEST = 16 * 1024 * 1024
"""Bytes of a file that is read as a whole."""
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FLAGS = os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_LOOKED_AT = 20
"""Files and folders that are met for each package that may be listed: stores have many."""
_MOST_NOTES = 100
"""Parts that are named one by one; a broken cache has thousands of the same kind."""

_NO_FILE = "is no regular file"


class TooManyError(Exception):
    """The cache has more files and folders than are looked at."""


class Reading:
    """One pass over a cache."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self._base = os.fspath(folder)
        self.limits = limits
        self.budget = gauges.budget(limits)
        self._left = self._most = limits.members * _LOOKED_AT
        self._notes: list[tuple[str, str]] = []
        self._more = 0

    @property
    def unread(self) -> tuple[tuple[str, str], ...]:
        """What could not be read: place and reason."""
        if not self._more:
            return tuple(self._notes)
        return (*self._notes, ("", f"{self._more:,} more parts of it cannot be read"))

    def lost(self, place: str, reason: str) -> None:
        """Note what cannot be read."""
        if (place, reason) in self._notes:
            return
        if len(self._notes) < _MOST_NOTES:
            self._notes.append((place, reason))
        else:
            self._more += 1

    def place(self, path: Path | str) -> str:
        """Return a path as ids and notes have it: below the cache, `/` between parts."""
        below = os.fspath(path)[len(self._base) :]  # relative_to takes longer than the reading
        return below.replace(os.sep, "/").lstrip("/")

    def entries(self, folder: Path | str) -> list[os.DirEntry[str]]:
        """Return what lies in a folder, sorted by name; raise TooManyError at the bound."""
        found: list[os.DirEntry[str]] = []
        try:
            with os.scandir(folder) as entries:
                for entry in self.budget.watched(entries):
                    self._left -= 1
                    if self._left < 0:
                        raise TooManyError(
                            f"more than {self._most:,} files and folders: the rest is not read"
                        )
                    found.append(entry)
        except OSError as problem:
            self.lost(self.place(folder), f"cannot be listed: {problem.strerror or problem}")
        return sorted(found, key=lambda entry: entry.name)

    def folders(self, folder: Path) -> list[Path]:
        """Return the folders in a folder; a link is noted, because its content is not read."""
        found: list[Path] = []
        for entry in self.entries(folder):
            if entry.is_dir(follow_symlinks=False):
                found.append(Path(entry.path))
            elif entry.is_symlink():
                self._link(entry.path)
        return found

    def below(self, folder: Path | str, depth: int) -> Iterator[Path]:
        """Yield the files below a folder that lie in up to `depth` folders; notes deeper ones."""
        for entry in self.entries(folder):
            if entry.is_dir(follow_symlinks=False):
                if depth:
                    yield from self.below(entry.path, depth - 1)
                else:
                    self.lost(self.place(entry.path), "lies deeper than the client puts anything")
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
            elif entry.is_symlink():
                self._link(entry.path)
            else:
                self.lost(self.place(entry.path), _NO_FILE)

    def child(self, folder: Path, *names: str) -> Path | None:
        """Return a folder in a folder, None where it is not there; a link is noted."""
        for name in names:
            folder /= name
            try:
                mode = folder.lstat().st_mode
            except OSError:
                return None
            if stat.S_ISLNK(mode):
                self._link(folder)
            if not stat.S_ISDIR(mode):
                return None
        return folder

    def _unreadable(self, path: Path, problem: OSError) -> None:
        self.lost(self.place(path), f"cannot be read: {problem.strerror or problem}")

    def _link(self, path: Path | str) -> None:
        self.lost(self.place(path), "is a link, and not followed")

    def is_file(self, path: Path) -> bool:
        """Tell whether a regular file lies there; what else does is noted."""
        try:
            mode = path.lstat().st_mode
        except OSError:
            return False
        if stat.S_ISLNK(mode):
            self._link(path)
        elif not stat.S_ISREG(mode):
            self.lost(self.place(path), _NO_FILE)
        return stat.S_ISREG(mode)

    def open(self, path: Path) -> BinaryIO | None:
        """Open a regular file; None, and a note, where that fails."""
        try:
            if not _NO_LINK and path.is_symlink():  # Windows has no flag for it
                self._link(path)
                return None
            descriptor = os.open(path, _FLAGS)
        except OSError as problem:
            if problem.errno == errno.ELOOP:
                self._link(path)
            else:
                self._unreadable(path, problem)
            return None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            self.lost(self.place(path), _NO_FILE)
            return None
        return os.fdopen(descriptor, "rb")

    def content(self, path: Path, most: int = LARGEST) -> bytes | None:
        """Return a file's content; None, and a note, where it cannot be read or is too large."""
        file = self.open(path)
        if file is None:
            return None
        try:
            with file:
                size = os.fstat(file.fileno()).st_size  # a buffer of `most` costs more than a file
                data = file.read(min(size, most) + 1)
        except OSError as problem:
            self._unreadable(path, problem)
            return None
        if len(data) > most:
            self.lost(self.place(path), f"larger than {most:,} bytes")
            return None
        return data

    def head(self, path: Path, size: int) -> bytes | None:
        """Return the first bytes of a file; None, and a note, where it cannot be read."""
        file = self.open(path)
        if file is None:
            return None
        try:
            with file:
                return file.read(size)
        except OSError as problem:
            self._unreadable(path, problem)
            return None

    def document(self, path: Path, kind: type[T]) -> T | None:
        """Return a JSON file as a `msgspec.Struct`; None, and a note, where it is none."""
        data = self.content(path)
        found = None if data is None else parsed(data, kind)
        if data is not None and found is None:
            self.lost(self.place(path), "is not the JSON that the client writes there")
        return found


def parsed(data: bytes, kind: type[T]) -> T | None:
    """Return JSON as a `msgspec.Struct`; None where it is none."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def integrity(algorithm: str, digest: str) -> tuple[str, ...]:
    """Return a hexadecimal digest as Subresource Integrity spells it; nothing for another text."""
    try:
        return (f"{algorithm}-{b64encode(bytes.fromhex(digest)).decode()}",)
    except ValueError:
        return ()


def moment(seconds: float) -> str:
    """Return seconds since 1970 as RFC 3339 has them; nothing for a time that there is not."""
    try:
        return (
            datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""
        )
    except (ValueError, OverflowError, OSError):
        return ""

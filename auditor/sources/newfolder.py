"""A folder that is filled with files of ours alone: nothing in it is overwritten or followed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auditor.errors import InputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

_EXCLUSIVE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""Flags that only some systems have."""


class NewFolder:
    """A new or empty folder, and the folders in it that were made here.

    The parts of a path are taken as they are: they must be plain names (`maps.treepath`). Every
    folder and file is created exclusively, so that a link or file that somebody else puts there
    meanwhile is an error.
    """

    def __init__(self, path: Path) -> None:
        """Make the folder; raise UsageError where there is something at its place already."""
        self._path = path
        self._made: set[tuple[str, ...]] = {()}
        try:
            path.mkdir(parents=True, exist_ok=True)
            if path.is_symlink():
                raise UsageError(f"{path}: is a link; name the folder itself")
            with os.scandir(path) as entries:
                filled = next(entries, None) is not None
        except FileExistsError:
            raise UsageError(f"{path}: is not a folder") from None
        except OSError as problem:
            reason = problem.strerror or problem
            raise UsageError(f"{path}: cannot be written into: {reason}") from None
        if filled:
            raise UsageError(f"{path}: is not empty, and nothing is overwritten; name a new folder")

    def write(self, parts: tuple[str, ...], data: bytes) -> None:
        """Write one file; raise InputError where that fails."""
        try:
            self._folder(parts[:-1])
            handle = os.open(self._path.joinpath(*parts), _EXCLUSIVE | _PLAIN, 0o644)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        except OSError as problem:
            raise InputError(f"cannot be written: {problem.strerror or problem}") from None

    def _folder(self, parts: tuple[str, ...]) -> None:
        if parts not in self._made:
            self._folder(parts[:-1])
            self._path.joinpath(*parts).mkdir()
            self._made.add(parts)

"""A file of names or words, one a line: internal, looked at, or not to be shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.sources.userfile import text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LARGEST = 4 * 1024 * 1024
"""Bytes of a file; ten thousand names of full length have half of that."""


def names_in(files: Iterable[Path]) -> tuple[str, ...]:
    """Return the names in some files; blank lines and what stands behind a `#` are none.

    The files are the user's own: one that cannot be read is an error of usage, as everything that
    is looked for by it would be missed.
    """
    return tuple(name for path in files for line in _lines(path) if (name := _name(line)))


def _lines(path: Path) -> list[str]:
    return text(path, _LARGEST).splitlines()


def _name(line: str) -> str:
    return line.partition("#")[0].strip()

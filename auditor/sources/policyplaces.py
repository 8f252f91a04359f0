"""The files near a folder that may hold a policy, found without reading one as such.

By itself, so that a call without a policy is not the time of all that reads one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auditor.errors import UsageError
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN = (".audit.yml", ".audit.yaml")
"""Files that are a policy."""
SHARED = ("pyproject.toml", "package.json")
"""Files that may have one beside other things, under `audit`."""
_DEEPEST = 64
_LARGEST = 16 * 1024 * 1024
"""Bytes of a file that is looked into here; who reads a larger one refuses it."""
_SAID = {
    "pyproject.toml": regex(
        rb"""(?mx) ^[ \t]* (?: \[+ [ \t]* ["']?tool["']? [ \t]* \. [ \t]* ["']?audit
        | ["']?audit["']? [ \t]* [.=] )"""
    ),
    "package.json": regex(rb'"audit"\s*:\s*\{'),
}
"""What a policy in one of `SHARED` begins with; who reads the file knows better."""


def near(folder: Path) -> Iterator[tuple[Path, ...]]:
    """Yield what may hold a policy, folder by folder, from `folder` up to its repository's root.

    Outside of a repository the folder alone counts: what lies above may be anybody's. Raises
    UsageError for a link that leads out of what is looked through.
    """
    start = folder.absolute()
    parents = [start, *start.parents][:_DEEPEST]
    root = next((n for n, here in enumerate(parents) if os.path.lexists(here / ".git")), 0)
    for here in parents[: root + 1]:
        paths = [here / name for name in (*OWN, *SHARED)]
        found = tuple(path for path in paths if _may_hold(path, parents[root]))
        if found:
            yield found


def _may_hold(path: Path, root: Path) -> bool:
    if not path.is_file():
        return False
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
        raise UsageError(
            f"{path}: may hold a policy, and is a link out of the project; --config names one, "
            "--no-config obeys none"
        )
    try:
        if path.name in OWN or path.stat().st_size > _LARGEST:
            return True
        return _SAID[path.name].search(path.read_bytes()) is not None
    except OSError:
        return True  # who reads it says what is wrong

"""Where a project's policy is: in the folder that is audited, or above it in its repository."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from auditor.errors import UsageError
from auditor.sources import policyplaces, userfile

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.policyfile import Document

_LARGEST = 16 * 1024 * 1024
"""Bytes of a file that may hold a policy; a package.json is one."""


def named(path: Path) -> Document:
    """Return the policy in a file that the user names; raise UsageError where it has none."""
    found = _read(path, str(path))
    if found is None:
        raise UsageError(f"{path}: has no policy (tool.audit of TOML, audit of package.json)")
    return found


def nearest(folder: Path) -> Document | None:
    """Return the policy of the nearest folder that has one, from `folder` up to its repository.

    Outside of a repository the folder alone counts: what lies above may be anybody's. Raises
    UsageError where one folder has two policies, or one cannot be read.
    """
    for paths in policyplaces.near(folder):
        read = (_read(path, _shown(path)) for path in paths)
        found = [document for document in read if document is not None]
        if len(found) > 1:
            names = " and ".join(one.file for one in found)
            raise UsageError(f"two policies in one folder: {names}; keep one, or use --config")
        if found:
            return found[0]
    return None


def _read(path: Path, shown: str) -> Document | None:
    from auditor import policyfile  # noqa: PLC0415 - where there may be a policy

    text = userfile.text(path, _LARGEST)
    name = path.name
    if name not in policyfile.NAMES:
        name = policyfile.TOML_NAME if path.suffix == ".toml" else policyfile.YAML_NAMES[0]
    return policyfile.document(name, text, shown)


def _shown(path: Path) -> str:
    """Return a path relative to the current folder, as reports name it."""
    try:
        return os.path.relpath(path).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return str(path)

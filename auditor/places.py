"""The project that a lockfile, an installed tree or an environment belongs to, by its path."""

from __future__ import annotations

import posixpath

from auditor.lazyre import regex

_ENVIRONMENT = regex(r"(?:\A|/)(?:\.venv|venv|\.env|env|virtualenv|\.tox|\.nox)(?=/|\Z)")
_SITE = regex(r"/(?:lib(?:64)?/[^/]+|Lib)/(?:site|dist)-packages\Z")
_PYTHON = frozenset({"site-packages", "dist-packages"})


def project_of(label: str) -> str:
    """Return the project that a lockfile or an installed tree belongs to, as a label."""
    parts = label.split("/")
    for number, part in enumerate(parts):
        if part == "node_modules":
            return "/".join(parts[:number]) or "."
    if (found := _ENVIRONMENT.search(label)) and parts[-1] in _PYTHON:
        return label[: found.start()] or "."
    if found := _SITE.search(label):
        return label[: found.start()] or "/"
    folder = posixpath.dirname(label)
    if posixpath.basename(folder) == "requirements" and label.endswith(".txt"):
        folder = posixpath.dirname(folder)
    return folder or "."

"""The files that attacks leave: where each is looked for, on which system, as which pattern."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from auditor.advisories.values import FileSign
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.advisories.values import Detail

SITE = "<site-packages>/"
_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows", "cygwin": "windows"}
_SOME = regex(r"<(\d{1,2}) characters>")
_ROOTED = ("/", "~", "$", "%")


class Sort(StrEnum):
    """Where a sign is looked for."""

    HOST = "host"
    """At its known place on a machine."""
    PROJECT = "project"
    """In a project's folder."""
    PYTHON = "python"
    """In an environment's site-packages: what lies there may run at each start of Python."""
    BRANCH = "branch"
    """Among a repository's branches."""


def sort_of(sign: FileSign) -> Sort:
    """Return where a file is looked for, by how its path begins."""
    if sign.path.startswith(SITE):
        return Sort.PYTHON
    return Sort.HOST if sign.path.startswith(_ROOTED) else Sort.PROJECT


def of(detail: Detail, sort: Sort, platform: str = "") -> Iterator[FileSign]:
    """Yield an incident's signs of a sort, for a `sys.platform` or all; a branch is one, too."""
    if sort is Sort.BRANCH:
        for name in detail.indicators.git_branches:
            yield FileSign(system="any", path=name)
        return
    system = _SYSTEMS.get(platform, platform)
    for sign in detail.indicators.files:
        if sort_of(sign) is sort and (not system or sign.system in {"any", system}):
            yield sign


def pattern(sign: FileSign) -> str:
    """Return a sign's path as a glob: `<6 characters>` as six question marks."""
    path = sign.path.removeprefix(SITE)
    return _SOME.sub(lambda found: "?" * int(found[1]), path).rstrip("/")

"""What an archive is: an npm tarball, a wheel, an sdist, or none of them; told by what is in it.

A name is believed only where the content does not speak: a `.whl` without dist-info is a broken
wheel and not some zip, and `demo-1.0.tar.gz` with a pyproject.toml is an sdist that lacks PKG-INFO.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.lazyre import regex
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.examine import Examination

_WHEEL = regex(r"[^/]+\.dist-info/(?:WHEEL|RECORD)\Z")
_SDIST = regex(r"(?i).+-\d[^/]*\.tar\.gz\Z")
_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")


class Zip(Struct, frozen=True, kw_only=True):
    """What a zip's directory tells before it is read."""

    wheel: bool
    root: bool
    """It is an old sdist, with one folder around everything."""


def of_zip(file: str, names: Iterable[str]) -> Zip:
    """Tell what a zip of that file name and with these members is; no names for other files."""
    listed = tuple(names)
    if file.lower().endswith(".whl") or any(_WHEEL.match(name) for name in listed):
        return Zip(wheel=True, root=False)
    roots = {name.partition("/")[0] for name in listed}
    return Zip(wheel=False, root=len(roots) == 1 and f"{roots.pop()}/PKG-INFO" in listed)


def of_archive(file: str, examination: Examination) -> ArtifactKind:
    """Tell what an archive is that was read and is no wheel."""
    npm = examination.has_member("package.json")
    if npm and examination.root() == "package":
        return ArtifactKind.NPM_TARBALL
    if examination.has_member("PKG-INFO"):
        return ArtifactKind.SDIST
    if npm:
        return ArtifactKind.NPM_TARBALL
    if _SDIST.match(file) and any(map(examination.has_member, _PROJECT)):
        return ArtifactKind.SDIST
    return ArtifactKind.ARCHIVE

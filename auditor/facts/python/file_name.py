"""A wheel's or sdist's file name against the metadata inside: what an index compares.

Rests on "Binary distribution format", "Source distribution format" (PEP 625) and "Platform
compatibility tags". A wheel's name that has the wrong number of parts is for `wheel-layout`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from auditor import fastpaths, pep, plainmetadata, pypi, words
from auditor.facts import Collector, Contents, Unread
from auditor.facts.distribution import split_wheel_name
from auditor.facts.metadata_document import document_of
from auditor.model import ArtifactKind, Fact
from auditor.safe import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.version import Version

_LONGEST = 1000
"""Characters of a file name; file systems take 255."""
_CONTROL = frozenset(map(chr, (*range(32), 127)))
_SDIST = ".tar.gz"


class Problem(StrEnum):
    """What is wrong with a file's name."""

    CONTROL_CHARACTER = "control-character"
    EXTENSION = "extension"
    """Neither `.whl` nor, for an sdist, `.tar.gz`."""
    INVALID = "invalid"
    """A part of it is not of the form that the specification asks for."""
    PLATFORM = "platform"
    """A platform tag that the index does not take."""
    OTHER_NAME = "other-name"
    OTHER_VERSION = "other-version"
    UNNORMALISED = "unnormalised"
    """The right name and version in another spelling."""


class FileNameFact(Fact, frozen=True, kw_only=True):
    """One problem of the artifact's own file name; `path` is empty."""

    kind: Problem
    name: str
    """The file name."""
    expected: str
    """What it is to be called, or to begin with; empty where that is not known."""
    detail: str
    """What is wrong, to be read after the name."""


def collect(contents: Contents) -> Iterator[FileNameFact]:
    """Yield one fact for each problem; none for an artifact without a file name."""
    file = contents.file
    if not file or contents.kind not in {ArtifactKind.WHEEL, ArtifactKind.SDIST}:
        return
    if "\\" in file or not _CONTROL.isdisjoint(file):
        yield _fact(file, Problem.CONTROL_CHARACTER, "has a control character or a backslash")
        return
    name, version = _said(contents)
    wheel = contents.kind is ArtifactKind.WHEEL
    if wheel and not file.endswith(".whl"):
        yield _fact(file, Problem.EXTENSION, "holds a wheel, and must end in .whl")
    elif wheel and len(file) <= _LONGEST and split_wheel_name(file)[0]:
        yield from _of_wheel(file, name, version)
    elif not wheel and name and version:
        yield from _of_sdist(file, name, version)
    elif not wheel and not file.endswith(_SDIST):
        yield _fact(file, Problem.EXTENSION, f"holds an sdist, and must end in {_SDIST}")


def _fact(file: str, kind: Problem, detail: str, expected: str = "") -> FileNameFact:
    return FileNameFact(path="", kind=kind, name=file, expected=expected, detail=detail)


def _said(contents: Contents) -> tuple[str, Version | None]:
    """Return name and version as the metadata has them; that they are invalid is told there."""
    document = document_of(contents)
    if document is None or isinstance(document, Unread):
        return "", None
    try:
        version = pep.version(document.first("Version"))
    except ValueError:  # InvalidVersion, or a number of thousands of digits
        version = None
    return document.first("Name"), version


def _of_wheel(file: str, name: str, version: Version | None) -> Iterator[FileNameFact]:
    try:
        said, platforms = _parts(file)
    except ValueError as problem:
        reason = shortened(str(problem).partition(":")[0])
        yield _fact(file, Problem.INVALID, f"is no wheel's name: {reason}")
        return
    refused = sorted({one for one in platforms if not pypi.takes_platform(one)})
    if refused:
        noun = "a platform tag" if len(refused) == 1 else "platform tags"
        told = f"has {noun} that the index does not take: {words.listed(tuple(refused))}"
        yield _fact(file, Problem.PLATFORM, told)
    spelled = file.partition("-")[0]
    expected = _normalised(name)
    if name and pep.normalised(spelled) != pep.normalised(name):
        told = f"is called after {spelled!r}, and the metadata says {name!r}"
        yield _fact(file, Problem.OTHER_NAME, told, expected)
    elif name and spelled != expected:
        told = f"must begin with {expected!r}, the normalised name, not {spelled!r}"
        yield _fact(file, Problem.UNNORMALISED, told, expected)
    if version is not None and said != version:
        told = f"says version {said}, and the metadata {version}"
        yield _fact(file, Problem.OTHER_VERSION, told, str(version))


def _parts(file: str) -> tuple[Version, Iterable[str]]:
    """Return version and platforms of a wheel's name; raise ValueError for one that is none."""
    plain = plainmetadata.wheel_name(file) if fastpaths.enabled("plain_metadata") else None
    if plain is not None:
        return plain
    from packaging.utils import parse_wheel_filename  # noqa: PLC0415 - slow, and for few names

    _, said, _, tags = parse_wheel_filename(file)
    return said, {tag.platform for tag in tags}


def _of_sdist(file: str, name: str, version: Version) -> Iterator[FileNameFact]:
    expected = f"{_normalised(name)}-{version}{_SDIST}"
    if file == expected:
        return
    told = f"must be {expected}"
    if not file.endswith(_SDIST):
        yield _fact(file, Problem.EXTENSION, told, expected)
        return
    head, _, tail = file.removesuffix(_SDIST).rpartition("-")
    try:
        same_version = pep.version(tail) == version
    except ValueError:
        same_version = False
    if not same_version:
        yield _fact(file, Problem.OTHER_VERSION, told, expected)
    elif pep.normalised(head) != pep.normalised(name):
        yield _fact(file, Problem.OTHER_NAME, told, expected)
    else:
        yield _fact(file, Problem.UNNORMALISED, told, expected)


def _normalised(name: str) -> str:
    return pep.normalised(name).replace("-", "_")


COLLECTOR = Collector(name="file-name", fact=FileNameFact, collect=collect, python=True)

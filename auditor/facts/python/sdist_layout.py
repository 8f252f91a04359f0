"""An sdist's own frame: what a build from it needs, and whose machine made it.

Rests on "Source distribution format" (PEP 517, 518, 625, 643).
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from auditor import pep
from auditor.facts import Collector, Contents
from auditor.facts.distribution import SdistSeen, distribution_of
from auditor.model import ArtifactKind, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEGACY = ("setup.py", "setup.cfg")


class Problem(StrEnum):
    """What is wrong with the frame."""

    NO_PKG_INFO = "no-pkg-info"
    NO_BUILD = "no-build"
    """Neither pyproject.toml nor setup.py: nothing says how to build it."""
    LEGACY_BUILD = "legacy-build"
    """A setup.py and no pyproject.toml."""
    FOREIGN_ROOT = "foreign-root"
    """The folder in it is not called NAME-VERSION as the file is."""
    SECOND_SDIST = "second-sdist"
    """There is another sdist of the same release beside it."""


class SdistLayoutFact(Fact, frozen=True, kw_only=True):
    """One problem of an sdist's frame."""

    problem: Problem
    detail: str
    """The whole of it as a sentence without its full stop."""


def collect(contents: Contents) -> Iterator[SdistLayoutFact]:
    """Yield one fact for each problem of an sdist."""
    if contents.kind is not ArtifactKind.SDIST:
        return
    files = contents.files()
    if "PKG-INFO" not in files:
        told = "there is no PKG-INFO in its folder: an index refuses the upload"
        yield SdistLayoutFact(path="", problem=Problem.NO_PKG_INFO, detail=told)
    if "pyproject.toml" not in files:
        if any(name in files for name in _LEGACY):
            told = "it has a setup.py and no pyproject.toml: each installer guesses what builds it"
            yield SdistLayoutFact(path="", problem=Problem.LEGACY_BUILD, detail=told)
        else:
            told = "it has neither pyproject.toml nor setup.py: nothing can build it"
            yield SdistLayoutFact(path="", problem=Problem.NO_BUILD, detail=told)
    for other in contents.of(SdistSeen):
        told = f"{other.label} is an sdist of the same release: a release has one"
        yield SdistLayoutFact(path="", problem=Problem.SECOND_SDIST, detail=told)
    root = _root(contents)
    said = distribution_of(contents)
    if root and said.name and not _fits(root, said.name, said.version):
        told = f"its folder is called {root!r}, not as {said.name} {said.version} must be"
        yield SdistLayoutFact(path=root, problem=Problem.FOREIGN_ROOT, detail=told)


def _root(contents: Contents) -> str:
    """Return the folder that most members lie in; empty for a list without folders."""
    roots = Counter(
        head
        for member in contents.members
        if (head := member.name.removeprefix("./").partition("/")[0]) and "/" in member.name
    )
    return roots.most_common(1)[0][0] if roots else ""


def _fits(root: str, name: str, version: str) -> bool:
    head, _, tail = root.rpartition("-")
    while head and pep.normalised(head) != pep.normalised(name):
        head, _, more = head.rpartition("-")
        tail = f"{more}-{tail}"
    return bool(head) and _plain(tail) == _plain(version)


def _plain(version: str) -> str:

    try:
        return str(pep.version(version))
    except ValueError:  # InvalidVersion, or a number of thousands of digits
        return version


COLLECTOR = Collector(name="sdist-layout", fact=SdistLayoutFact, collect=collect, python=True)

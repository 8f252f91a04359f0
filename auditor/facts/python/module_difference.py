"""The modules of a wheel against those of the sdist of the same release.

Both are uploaded as one release, and people read the one and run the other. A module that only the
wheel has was built from a tree that nobody else has, or generated; one that only the sdist has was
forgotten by the packing list.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.facts.distribution import SITE, SdistSeen, scheme_of
from auditor.facts.shipped_text import texts_of
from auditor.lazyre import regex
from auditor.maps.reader import text_digest
from auditor.model import ArtifactKind, Fact, MemberType

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODULE = (".py", ".pyi")
_BLANK = text_digest(b"")
"""Of an empty module nobody can say that it is the same one."""
_GENERATED = regex(
    r"(?i)(?:.*/)?(?:_?_?version(?:_?info)?_*|_?build_?(?:info|config)|_?git_?(?:hash|version)"
    r"|.*_pb2(?:_grpc)?|.*_ui|_?parser|_?lextab|parsetab|__about__)\.pyi?\Z"
)
"""Names of modules that builds write."""
_ASIDE = regex(
    r"(?i)(?:.*/)?(?:tests?|testing|testsuite|conftest|benchmarks?|examples?|docs?)(?:/.*|\.py)\Z"
)
"""Modules inside a package that are left out of wheels on purpose."""


class Side(StrEnum):
    """Who has a module that the other lacks."""

    WHEEL = "wheel"
    SDIST = "sdist"


class ModuleDifferenceFact(Fact, frozen=True, kw_only=True):
    """One module that is on one side only."""

    side: Side
    package: bool
    """It is the `__init__.py` of a package, whole on that side alone."""
    generated: bool
    """Its name is one that builds write, such as `_version.py`."""
    other: str
    """The artifact that lacks it, as the report names it."""


def sdist_of(contents: Contents, label: str) -> SdistSeen:
    """Return what wheels of an sdist's release are compared with."""
    return SdistSeen(
        label=label,
        paths=frozenset(path for path, one in contents.files().items() if not one.nested),
        digests=frozenset(text.digest for text in texts_of(contents)) - {_BLANK},
    )


def collect(contents: Contents) -> Iterator[ModuleDifferenceFact]:
    """Yield one fact for each difference; without an sdist of the same release nothing."""
    sdists = contents.of(SdistSeen)
    if contents.kind is not ArtifactKind.WHEEL or not sdists:
        return
    sdist = sdists[-1]
    digests = {seen.path: seen.digest for seen in texts_of(contents)}
    wheel = {
        rest: member.path
        for member in contents.members
        if member.type is not MemberType.DIRECTORY and not member.nested
        for scheme, rest in (scheme_of(member.path),)
        if scheme in SITE and rest.endswith(_MODULE)
    }
    sources = {path for path in sdist.paths if path.endswith(_MODULE)}
    known = _suffixes(sources)
    for rest, path in sorted(wheel.items()):
        if rest not in known and digests.get(path) not in sdist.digests:
            yield _fact(path, rest, Side.WHEEL, sdist.label)
    for path, rest in _expected(sources, wheel):
        if rest not in wheel and not _ASIDE.match(rest):
            yield _fact(path, rest, Side.SDIST, "the wheel")


def _suffixes(paths: set[str]) -> set[str]:
    """Return all ends of paths: `src/a/b.py` is a source of `a/b.py`."""
    return {path[i:] for path in paths for i in (0, *_cuts(path))}


def _cuts(path: str) -> Iterator[int]:
    return (index + 1 for index, sign in enumerate(path) if sign == "/")


def _expected(sources: set[str], wheel: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the sdist's modules of the wheel's own packages, with the path each should have.

    A package's folder in the sdist is where most of its modules of the wheel lie.
    """
    packages = {rest.partition("/")[0] for rest in wheel if "/" in rest}
    homes: dict[str, Counter[str]] = {}
    for path in sources:
        for cut in (0, *_cuts(path)):
            rest = path[cut:]
            if rest in wheel and "/" in rest:
                homes.setdefault(rest.partition("/")[0], Counter())[path[:cut]] += 1
    for package in sorted(packages & homes.keys()):
        ((home, _),) = homes[package].most_common(1)
        for path in sorted(sources):
            if path.startswith(f"{home}{package}/"):
                yield path, path[len(home) :]


def _fact(path: str, rest: str, side: Side, other: str) -> ModuleDifferenceFact:
    return ModuleDifferenceFact(
        path=path,
        side=side,
        package=rest.endswith("/__init__.py"),
        generated=_GENERATED.match(rest) is not None,
        other=other,
    )


COLLECTOR = Collector(name="module-difference", fact=ModuleDifferenceFact, collect=collect)

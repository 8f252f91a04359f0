"""Whether a release is as large as the releases before it let expect: a robust model of growth.

Each release is compared with the one before it in the order of versions, as the ratio of their
sizes. The median of these ratios is what is usual, their median deviation how much it varies:
single jumps of the past, which are what is looked for, move neither. New major versions are larger
or smaller for reasons of their own, and are none of what is usual.
"""

from __future__ import annotations

import math
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from auditor import pep, structs
from auditor.errors import InputError, ParseError
from auditor.npm_ranges import parsed
from auditor.safe import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

T = TypeVar("T")

_RECENT = 20
"""Steps between releases that make up what is usual."""
_LEAST = 5
"""Steps without which nothing is usual yet."""
_LATELY = 5
"""Releases among which a size is no surprise: one that was small by mistake is made good again."""
_STEADY = 0.03
"""The least deviation that is reckoned with (3 %): many packages do not vary at all."""
_NORMAL = 1.4826
"""Median deviations in a standard deviation, of what varies normally."""
_MOST = 20_000
"""Releases of one package that are looked at, of those that the registry names last."""
_LARGEST = 1 << 50
_UNSAID = "it does not say how large releases are"


class Step(StrEnum):
    """How far a version is from the one before it."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    PRERELEASE = "prerelease"


class ReleaseSize(Struct, frozen=True, kw_only=True):
    """How large one release is."""

    version: str
    size: int
    """Bytes, of npm unpacked, of PyPI those of one kind of file."""
    files: int | None = None


class Growth(Struct, frozen=True, kw_only=True):
    """One release against those before it; ratios are natural logarithms, 0 where nothing grew."""

    before: ReleaseSize
    """The one before it."""
    step: Step
    releases: int
    """How many of the releases before it say what is usual."""
    usual: float
    now: float
    score: float
    """By how many deviations it is over what is usual; below 0 where it is under that. Reckoned
    from the largest of the last few releases where the one before it was smaller."""


class _Release(Struct, frozen=True, kw_only=True):
    order: Any
    """Compares with that of other releases of the package."""
    major: int
    minor: int
    stable: bool
    release: ReleaseSize


def growth(
    ecosystem: str, releases: Iterable[ReleaseSize], version: str, size: int
) -> Growth | None:
    """Return how a release differs from those before it; None where too little is known for that.

    Later releases, and the release itself where it is published already, do not count. Stable
    releases are compared with stable ones, prereleases with all.
    """
    now = _read(ecosystem, ReleaseSize(version=version, size=size))
    if now is None:
        return None
    known = (_read(ecosystem, release) for release in releases)
    before = [one for one in known if one and one.order < now.order]
    chain = sorted(
        (one for one in before if one.stable or not now.stable), key=lambda one: one.order
    )
    steps = [
        math.log(later.release.size / earlier.release.size)
        for earlier, later in pairwise(chain)
        if earlier.major == later.major
    ][-_RECENT:]
    if len(steps) < _LEAST:
        return None
    from statistics import median  # noqa: PLC0415 - where there is a history

    usual = median(steps)
    deviation = max(_NORMAL * median(abs(step - usual) for step in steps), _STEADY)
    last = chain[-1]
    lately = max(one.release.size for one in chain[-_LATELY:])
    return Growth(
        before=last.release,
        step=_step(last, now),
        releases=len(steps) + 1,
        usual=usual,
        now=math.log(size / last.release.size),
        score=(math.log(size / lately) - usual) / deviation,
    )


def _read(ecosystem: str, release: ReleaseSize) -> _Release | None:
    """Return a release with its place in the order of versions; None for one without."""
    if not 0 < release.size < _LARGEST:
        return None
    if ecosystem == "npm":
        found = parsed(release.version)
        if found is None:
            return None
        major, minor, patch, pre = found
        order: Any = (major, minor, patch, not pre, pre)
        stable = not pre
    else:
        try:
            order = pep.version(release.version)
        except ValueError:  # InvalidVersion, or a number of thousands of digits
            return None
        major, minor, stable = order.major, order.minor, not order.is_prerelease
    return _Release(order=order, major=major, minor=minor, stable=stable, release=release)


def _step(before: _Release, now: _Release) -> Step:
    if before.major != now.major:
        return Step.MAJOR
    if not now.stable:
        return Step.PRERELEASE
    return Step.PATCH if before.minor == now.minor else Step.MINOR


class _Dist(msgspec.Struct):
    size: int = msgspec.field(name="unpackedSize", default=0)
    files: int | None = msgspec.field(name="fileCount", default=None)


class _Version(msgspec.Struct):
    dist: _Dist = msgspec.field(default_factory=_Dist)


class _Packument(msgspec.Struct):
    versions: dict[str, msgspec.Raw] = {}


class _File(msgspec.Struct):
    filename: str = ""
    size: int | None = None


class _Project(msgspec.Struct):
    files: list[_File]


def of_packument(data: bytes) -> tuple[ReleaseSize, ...]:
    """Return what npm's document of a package says of its releases; raise ParseError otherwise.

    So it is where no release has a size: mirrors leave that out, and old releases have none.
    """
    versions = _decoded(data, _Packument).versions
    found = tuple(
        ReleaseSize(version=version, size=dist.size, files=dist.files)
        for version in list(versions)[-_MOST:]
        if 0 < (dist := _dist(versions[version])).size < _LARGEST
    )
    if versions and not found:
        raise ParseError(_UNSAID)
    return found


def _dist(data: msgspec.Raw) -> _Dist:
    try:
        return msgspec.json.decode(data, type=_Version).dist
    except (msgspec.MsgspecError, RecursionError):
        return _Dist()  # one version that is odd is none of the others' business


def of_project(data: bytes, file: str) -> tuple[ReleaseSize, ...]:
    """Return the sizes of those files of a project that are of one file's kind (PEP 691, PEP 700).

    These are sdists of the same ending, or wheels with the same tags. Raises ParseError for another
    document, and where no file has a size.
    """
    kind = _kind(file)
    listed: Sequence[_File] = _decoded(data, _Project).files[-_MOST:]
    if listed and not any(one.size for one in listed):
        raise ParseError(_UNSAID)
    return tuple(
        ReleaseSize(version=version, size=one.size)
        for one in listed
        if one.size and (version := _version(one.filename)) and _kind(one.filename) == kind
    )


_SDISTS = (".tar.gz", ".zip", ".tar.bz2", ".tgz")


def _kind(filename: str) -> str:
    """Return the tags of a wheel, or the ending of an sdist."""
    if filename.endswith(".whl"):
        return "-".join(filename.removesuffix(".whl").rsplit("-", 3)[1:])
    return next((ending for ending in _SDISTS if filename.endswith(ending)), "")


def _version(filename: str) -> str:
    if filename.endswith(".whl"):
        parts = filename.split("-")
        return parts[1] if len(parts) in {5, 6} else ""
    return filename.removesuffix(_kind(filename)).rpartition("-")[2] if _kind(filename) else ""


def _decoded(data: bytes, shape: type[T]) -> T:
    try:
        return structs.answer(data, shape)
    except InputError as problem:
        raise ParseError(f"what it answers is no JSON of a package: {safe(str(problem))}") from None

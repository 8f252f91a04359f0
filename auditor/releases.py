"""What a registry's document says of a release: its version, its files, their digests.

npm's documents are those that npm itself asks for (versions with `dist`, and `dist-tags`); an index
of Python packages answers as PEP 691 says. All of it is anybody's to write: a name of a file that
could lead out of a folder is never taken, and of what is no sdist and no wheel only its name is.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from auditor import structs
from auditor.advisories.digests import Key, key_of, keys_of
from auditor.advisories.versions import same_name, same_version
from auditor.errors import InputError, ParseError
from auditor.lazyre import regex
from auditor.safe import safe
from auditor.specs import LATEST, Spec, is_sound_version
from auditor.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

T = TypeVar("T")

_FILE = regex(r"[A-Za-z0-9_][\w.+!-]{0,254}\Z", re.ASCII)
"""What a file of a release may be called; everything else could be a place."""
_NO_NAME = regex(r"[^\w.-]", re.ASCII)
_LEADS_OUT = regex(r"[/\\:\x00-\x1f]|\A\.")
_PURE = "-none-any.whl"
_CPYTHON = regex(r"-cp3(\d{1,4})-(?:cp3\d+|abi3)-")
"""Tags of a usual CPython; those of a free-threaded one end in `t`."""


class File(Struct, frozen=True, kw_only=True):
    """One file of a release."""

    name: str
    url: str
    """As the index spells it, relative to the document."""
    digests: tuple[Key, ...] = ()
    notes: tuple[str, ...] = ()


class Release(Struct, frozen=True, kw_only=True):
    """What an index has of one version."""

    spec: Spec
    version: str
    files: tuple[File, ...]
    """Sdists before wheels, each in the order of their names."""
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """What cannot be looked at, and why."""

    def label(self, file: File) -> str:
        """Return what one file is called in a report, which can be typed as well."""
        if self.spec.ecosystem == "npm":
            return self.spec.typed
        return f"{self.spec.typed}/{file.name}"


def of_document(spec: Spec, data: bytes) -> Release:
    """Return the release that is asked for; raise InputError where the index has none."""
    return (_of_npm if spec.ecosystem == "npm" else _of_index)(spec, data)


class _Dist(msgspec.Struct):
    tarball: str
    integrity: str = ""
    shasum: str = ""


class _Version(msgspec.Struct):
    dist: _Dist
    deprecated: str | bool = False


class _Packument(msgspec.Struct):
    versions: dict[str, msgspec.Raw] = {}
    tags: dict[str, str] = msgspec.field(name="dist-tags", default_factory=dict)
    time: dict[str, object] = {}


def _of_npm(spec: Spec, data: bytes) -> Release:
    document = _decoded(data, _Packument)
    version = document.tags.get(spec.version or LATEST, spec.version)
    if version not in document.versions:
        raise InputError(_absent(spec, version, document.versions, document.time))
    one = _decoded(bytes(document.versions[version]), _Version, f"versions.{version}")
    if not is_sound_version(version):
        raise InputError(f"names {safe(spec.name)} in version {safe(version)}, which is none")
    name = f"{_NO_NAME.sub('-', spec.name).strip('-')}-{version}.tgz"
    digests = [*keys_of(one.dist.integrity)]
    if (one.dist.integrity or one.dist.shasum) and not (digests or key_of(one.dist.shasum)):
        raise InputError(f"has no sound digest of {safe(name)}")
    if shasum := key_of(one.dist.shasum):
        digests.append(shasum)
    notes = [f"deprecated: {safe(one.deprecated)}"] if isinstance(one.deprecated, str) else []
    return Release(
        spec=spec,
        version=version,
        files=(File(name=name, url=one.dist.tarball, digests=tuple(digests)),),
        notes=tuple(note for note in notes if one.deprecated),
    )


def _absent(spec: Spec, version: str, versions: Iterable[str], times: Mapping[str, object]) -> str:
    wanted = f"{safe(spec.name)} {safe(version)}" if version else f"version of {safe(spec.name)}"
    if version and version in times:
        return f"has no {wanted} any more: it was published, and taken away"
    return f"has no {wanted}, of {counted(len(tuple(versions)), 'version')}"


class _Listed(msgspec.Struct):
    filename: str
    url: str
    hashes: dict[str, str] = {}
    yanked: bool | str = False


class _Project(msgspec.Struct):
    files: list[_Listed]


def _of_index(spec: Spec, data: bytes) -> Release:
    document = _decoded(data, _Project)
    by_version: dict[Version, list[_Listed]] = {}
    others = []
    problems = []
    for listed in document.files:
        if _LEADS_OUT.search(listed.filename):
            problems.append(f"the index names a file {safe(listed.filename)!r}: it is not taken")
        elif (version := _version(spec, listed.filename)) is None:
            others.append(listed.filename)
        else:
            by_version.setdefault(version, []).append(listed)
    version = _wanted(spec, by_version)
    found = [
        _file(one) for one in by_version[version] if fnmatchcase(one.filename, spec.files or "*")
    ]
    if not found:
        raise InputError(f"has no file like {safe(spec.files)} of {safe(spec.name)} {version}")
    kept = sorted(found, key=lambda one: (one.name.endswith(".whl"), one.name))
    return Release(
        spec=spec,
        version=str(version),
        files=tuple(kept),
        notes=_notes(spec, others, str(version), len(by_version[version]) - len(kept)),
        problems=tuple(problems),
    )


def _version(spec: Spec, filename: str) -> Version | None:
    """Return the version that a file name says; None where it is none of the project's."""
    if not _FILE.match(filename):
        return None
    try:
        if filename.endswith(".whl"):
            name, version, *_ = parse_wheel_filename(filename)
        else:
            name, version = parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None
    return version if same_name("pypi", name) == same_name("pypi", spec.name) else None


def _wanted(spec: Spec, by_version: Mapping[Version, list[_Listed]]) -> Version:
    """Return the version that is asked for; the newest is what pip would install here or there."""
    if not spec.version:
        sound = [v for v, files in by_version.items() if not all(f.yanked for f in files)]
        released = [version for version in sound if not version.is_prerelease]
        if newest := max(released or sound or by_version, default=None):
            return newest
    for version in by_version:
        if str(version) == spec.version or (
            same_version("pypi", str(version)) == same_version("pypi", spec.version)
        ):
            return version
    raise InputError(_absent(spec, spec.version, map(str, by_version), {}))


def _file(listed: _Listed) -> File:
    digests = tuple(
        key for name, value in listed.hashes.items() if (key := key_of(f"{name}:{value}"))
    )
    if listed.hashes and not digests:
        raise InputError(f"has no sound digest of {safe(listed.filename)} among its hashes")
    notes: tuple[str, ...] = ()
    if listed.yanked is not False:
        why = f": {safe(listed.yanked)}" if isinstance(listed.yanked, str) and listed.yanked else ""
        notes = (f"yanked{why}",)
    return File(name=listed.filename, url=listed.url, digests=digests, notes=notes)


def _notes(spec: Spec, others: Iterable[str], version: str, left: int) -> tuple[str, ...]:
    start = f"{same_name('pypi', spec.name)}-{version}"
    of_it = [
        safe(one) for one in others if same_name("pypi", one).startswith(same_name("pypi", start))
    ]
    notes = [f"{one} is of the release, too, and neither sdist nor wheel" for one in of_it]
    if left:
        notes.append(f"not asked for: {counted(left, 'other file')} of the release")
    return tuple(notes)


def nearest(name: str, among: Iterable[str]) -> str:
    """Return which of some files of one release is most like another release's file.

    Sdists are like sdists; of wheels, the one with most tags in common. Without a name, and where
    that leaves several, it is the one that most people install: a pure wheel, else one of the
    newest CPython for Linux on x86-64, else the sdist. Empty where nothing is of the same kind.
    """
    wheel = name.endswith(".whl")
    files = [one for one in among if not name or one.endswith(".whl") == wheel]
    return max(files, key=lambda one: (_tags_in_common(name, one), *_usual(one)), default="")


def _tags_in_common(name: str, other: str) -> int:
    tags = set(name.removesuffix(".whl").split("-")[-3:])
    return len(tags & set(other.removesuffix(".whl").split("-")[-3:])) if name else 0


def _usual(file: str) -> tuple[bool, bool, int, bool, str]:
    linux = "manylinux" in file and "x86_64" in file
    python = _CPYTHON.search(file)
    minor = int(python[1]) if python else 0
    return file.endswith(_PURE), linux, minor, file.endswith(".whl"), file


def _decoded(data: bytes, shape: type[T], place: str = "") -> T:
    """Return a part of an answer, which stands at a place; raise ParseError with the key's path."""
    try:
        return structs.answer(data, shape)
    except InputError as problem:
        told = problem.under(place) if place and isinstance(problem, ParseError) else problem
        raise ParseError(f"answers with no JSON of a package: {safe(str(told))}") from None


__all__ = ["File", "Release", "nearest", "of_document"]

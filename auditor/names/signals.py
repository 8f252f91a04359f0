"""What a registry says of a name, and what that changes in the judgement of a look-alike.

An old name with several versions is seldom an imitation, and one that was first published days ago
seldom anything else. A maintainer in common with the popular name is the best word for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from auditor import structs
from auditor.advisories.versions import same_version
from auditor.errors import InputError, ParseError, UsageError
from auditor.lazyre import regex
from auditor.names.values import Kind, Level, Lookalike
from auditor.safe import safe
from auditor.words import counted, duration

T = TypeVar("T")

FRESH = timedelta(days=90)
"""Younger names are told one level surer."""
OLD = timedelta(days=365)
VERSIONS = 3
"""Names that are older than `OLD` and have as many versions are established."""
_MAINTAINERS = 1000
_AGE = regex(r"([1-9]\d{0,4})([dw])\Z", re.ASCII)
_NOWHERE = "not in the registry"


class Signals(Struct, frozen=True, kw_only=True):
    """What a registry says of one name."""

    there: bool
    """It is in the registry."""
    first: datetime | None = None
    """When the oldest of the versions that are still there was published; None if not said."""
    newest: datetime | None = None
    versions: int | None = None
    """How many are there; None where that is not said."""
    maintainers: frozenset[str] = frozenset()
    """Their names; npm's registry alone says them."""
    releases: Mapping[str, datetime | None] = field(default_factory=dict)
    """When each version that is still there was published; None where that is not said. Of a
    version of PyPI it is its earliest file; versions are spelled as `same_version` does."""
    gone: Mapping[str, datetime] = field(default_factory=dict)
    """When those were published that are not there any more; npm's registry alone says it."""

    def age(self, now: datetime) -> timedelta | None:
        """Return how long ago it was first published; None where that is not said."""
        return None if self.first is None else age(self.first, now)

    def published(self, version: str) -> datetime | None:
        """Return when a version was published, also one that is gone; None if that is not said."""
        return self.releases.get(version) or self.gone.get(version)

    def lacks(self, version: str) -> bool:
        """Tell whether the registry does not have a version; never where it does not list them."""
        listed = self.versions is not None or not self.there
        return listed and version not in self.releases


def age(when: datetime, now: datetime) -> timedelta:
    """Return how long ago something was; nothing was in the future."""
    return max(now - when, timedelta())


def is_young(when: datetime | None, now: datetime, least: timedelta | None) -> bool:
    """Tell whether something was less than `least` ago; False where one of them is not known."""
    return when is not None and least is not None and age(when, now) < least


ABSENT = Signals(there=False)


class _Person(msgspec.Struct):
    name: str = ""


class _Packument(msgspec.Struct):
    time: dict[str, object] = {}
    versions: dict[str, msgspec.Raw] = {}
    maintainers: list[_Person | str] = []


_NO_VERSIONS = frozenset({"created", "modified", "unpublished"})
"""What stands among npm's times of versions and is none."""


class _File(msgspec.Struct):
    filename: str = ""
    upload: str | None = msgspec.field(name="upload-time", default=None)


class _Project(msgspec.Struct):
    files: list[_File]
    versions: list[str] | None = None


def of_packument(data: bytes) -> Signals:
    """Return what npm's document of a package says; raise ParseError for another document.

    `created` stays when all versions are taken away and the name is given to somebody else, and
    the times of such versions stay, too: what counts is what is still there.
    """
    found = _decoded(data, _Packument)
    releases = {version: _moment(found.time.get(version)) for version in found.versions}
    times = [when for when in releases.values() if when]
    gone = found.time.keys() - releases.keys() - _NO_VERSIONS
    created = _moment(found.time.get("created"))
    people = found.maintainers[:_MAINTAINERS]
    return Signals(
        there=True,
        first=min(times, default=created),
        newest=max(times, default=None),
        versions=len(found.versions),
        maintainers=frozenset(
            name for one in people if (name := one if isinstance(one, str) else one.name)
        ),
        releases=releases,
        gone={version: when for version in gone if (when := _moment(found.time[version]))},
    )


def of_project(data: bytes) -> Signals:
    """Return what an index says of a project (PEP 691, PEP 700); raise ParseError otherwise."""
    found = _decoded(data, _Project)
    times = [when for file in found.files if (when := _moment(file.upload))]
    return Signals(
        there=True,
        first=min(times, default=None),
        newest=max(times, default=None),
        versions=None if found.versions is None else len(found.versions),
        releases=_releases(found.files, found.versions or ()),
    )


def _releases(files: Iterable[_File], versions: Iterable[str]) -> dict[str, datetime | None]:
    releases: dict[str, datetime | None] = {}
    known: dict[str, str] = {}
    for version, when in (
        *((one, None) for one in versions),
        *((version_of(file.filename), _moment(file.upload)) for file in files),
    ):
        if version:
            if version not in known:
                known[version] = same_version("pypi", version)
            name = known[version]
            earlier = releases.get(name)
            releases[name] = when if earlier is None or (when and when < earlier) else earlier
    return releases


def version_of(filename: str) -> str:
    """Return the version that the name of a wheel or sdist has; empty for another file."""
    if filename.endswith(".whl"):
        parts = filename.split("-", 2)
        return parts[1] if len(parts) == 3 else ""
    for ending in (".tar.gz", ".zip", ".tar.bz2", ".tgz"):
        if filename.endswith(ending):
            return filename.removesuffix(ending).rpartition("-")[2]
    return ""


def _decoded(data: bytes, shape: type[T]) -> T:
    try:
        return structs.answer(data, shape)
    except InputError as problem:
        raise ParseError(f"what it answers is no JSON of a package: {safe(str(problem))}") from None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value[:40])
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def age_of(text: str) -> timedelta:
    """Return the time span that `7d` or `2w` means; raise UsageError for anything else."""
    found = _AGE.match(text)
    if found is None:
        raise UsageError(f"an age is days or weeks (7d, 2w), not {text[:30]!r}")
    return timedelta(days=int(found[1]) * (7 if found[2] == "w" else 1))


def weighed(found: Lookalike, own: Signals, target: Signals | None, now: datetime) -> Lookalike:
    """Return a look-alike as it is told with what the registry says of it and of its target."""
    common = target is not None and bool(own.maintainers & target.maintainers)
    since = own.age(now)
    level, said = found.level, described(own, now)
    if common or (since is not None and since > OLD and (own.versions or 0) >= VERSIONS):
        level = Level(min(level + 1, max(Level)))
        said = f"established: {f'a maintainer in common with {found.target}, ' * common}{said}"
    elif since is not None and since < FRESH:
        level = Level(max(level - 1, min(Level)))
    return replace(found, level=level, reason=f"{found.reason}; {said}")


def described(own: Signals, now: datetime) -> str:
    """Return what a registry says of a name, in a few words."""
    if not own.there:
        return _NOWHERE
    if own.versions == 0:
        return "in the registry, without a version"
    since = own.age(now)
    if own.first is None or since is None:
        said = "in the registry, which does not say since when"
    elif since > OLD:
        said = f"since {own.first.year}"
    else:
        said = f"first published {counted(since.days, 'day')} ago"
    return said if own.versions is None else f"{said}, {counted(own.versions, 'version')}"


def release_said(version: str, own: Signals, now: datetime) -> str:
    """Return what a registry says of one version, to be said behind it."""
    when = own.published(version)
    ago = "" if when is None else f"{duration(int(age(when, now).total_seconds()))} ago"
    if not own.lacks(version):
        return (
            f"was published {ago}" if ago else "is in the registry, which does not say since when"
        )
    if not own.there:
        return "is not in the registry, nor is any other version"
    others = counted(len(own.releases), "other version")
    if ago:
        return f"was published {ago} and taken down since; the registry has {others}"
    return f"is not in the registry, which has {others}"


def new(
    name: str, own: Signals, least: timedelta, now: datetime, version: str = ""
) -> Lookalike | None:
    """Return a name as one that is told because it is younger than `least`.

    So is, where one is given, a version of it that is.
    """
    young = is_young(own.published(version), now, least)
    if not young and not is_young(own.first, now, least):
        return None
    return Lookalike(
        name=name,
        target="",
        kind=Kind.NEW,
        level=Level.QUIET,
        rank=0,
        reason=described(own, now),
    )

"""What advisory records are seen of a lockfile's packages, and when one says more than it knows.

No fact of its own. Records of malicious packages are often of all versions (`introduced: 0`). That
is right for a name that exists only to attack, and wrong where a few versions of a package that
people use were bad: for the others that is a doubt, in words.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor import words
from auditor.advisories import How
from auditor.advisories.records import Records
from auditor.advisories.remedy import Releases
from auditor.facts.lock.names import NamesAsked
from auditor.inventory import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.advisories import Hit, IncidentIndex
    from auditor.advisories.records import Advisory
    from auditor.facts import Contents
    from auditor.inventory import LockedPackage

_SHOWN = 5
"""Versions that a doubt names."""
_ELSEWHERE = {
    Origin.GIT: "a git repository",
    Origin.URL: "an address of its own",
    Origin.FILE: "a file or folder",
}
STEPS = (
    "Treat each machine that installed it as compromised: its install script ran at once.",
    "From a clean machine, have every secret reissued that those had in reach: tokens, keys, CI's.",
    "Remove it from the lockfile, from caches and installed trees: audit triage tells where it is.",
)
"""What to do where no incident's own steps are known."""


def _never(ecosystem: str, name: str) -> bool:
    del ecosystem, name
    return False


class Recorded(Struct, frozen=True, kw_only=True):
    """What a database has about the packages of one lockfile."""

    records: Records = field(default_factory=Records)
    popular: Callable[[str, str], bool] = _never
    """Tells whether a name (ecosystem, name) is that of a package that many people use."""


class Doubt(StrEnum):
    """Why a record of all versions may say more than is known."""

    NONE = "none"
    INCIDENT = "incident"
    """What is known of the incident names other versions."""
    POPULAR = "popular"
    """Many people use the package."""
    ELSEWHERE = "elsewhere"
    """The entry comes from a repository, an address or a folder, and not from a registry."""
    INTERNAL = "internal"
    """The user has a package of that name."""


class Doubts:
    """What is known against records of all versions, for the packages of one lockfile."""

    def __init__(self, contents: Contents, index: IncidentIndex, seen: Recorded) -> None:
        self._internal = [asked.internal for asked in contents.of(NamesAsked) if asked.internal]
        self._index = index
        self._popular = seen.popular

    def of(self, hit: Hit, package: LockedPackage) -> tuple[Doubt, str]:
        """Return the doubt about a hit, and its words."""
        if hit.how is not How.RECORDED:
            return Doubt.NONE, ""
        name = hit.name
        if any(names.holds(name, hit.ecosystem) for names in self._internal):
            return Doubt.INTERNAL, "you have a package of that name"
        if package.origin in _ELSEWHERE:
            return Doubt.ELSEWHERE, f"it comes from {_ELSEWHERE[package.origin]}, no registry"
        bad = [v for _, known in self._index.named(hit.ecosystem, name) for v in known.versions]
        if bad:
            return Doubt.INCIDENT, f"incident data names {words.listed(tuple(bad), _SHOWN)}"
        if self._popular(hit.ecosystem, name):
            return Doubt.POPULAR, _named(hit.advisories)
        return Doubt.NONE, ""


def _named(advisories: Iterable[Advisory]) -> str:
    versions = sorted({v for advisory in advisories for v in advisory.versions.versions})
    told = f", which names {words.listed(tuple(versions), _SHOWN)}" if versions else ""
    return f"many use the package{told}"


def certainty(hit: Hit, ids: tuple[str, ...]) -> str:
    """Return in words who says that a version is bad, and since when."""
    first, *others = ids
    also = f" ({', '.join(others)})" if others else ""
    days = sorted(advisory.published for advisory in hit.advisories if advisory.published)
    return f"recorded as {first}{also}{f' on {days[0]}' if days else ''}"


def safe(hit: Hit, seen: Recorded, releases: Iterable[str]) -> str:
    """Return the nearest version that no record names, or what to do where none is known."""
    if hit.how is How.RECORDED:
        return "none; nothing needs it"
    known = seen.records.of(hit.ecosystem, hit.name)
    found = Releases(hit.ecosystem, known, releases).beside(hit.version)
    days = sorted(advisory.published for advisory in hit.advisories if advisory.published)
    before = f"a version from before {days[0]}" if days else "a version that no record names"
    return found or before

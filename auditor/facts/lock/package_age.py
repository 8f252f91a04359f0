"""How old a lockfile's packages are, and whether they are still there, as their registry says it.

Malicious versions are found within hours or days, and then taken down: who waits for a week before
taking a version is not hit by most of them, and a version that was taken down was so for a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.advisories.versions import is_placeholder, same_version
from auditor.facts import Collector, Contents
from auditor.facts.lock.index import LockIndex, from_registry, indexes
from auditor.facts.lock.said import RegistrySaid
from auditor.facts.lock.ways import key_of, reach_of
from auditor.model import Fact
from auditor.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from auditor.facts.lock.ways import Ways
    from auditor.inventory import LockedPackage
    from auditor.names.signals import Signals


class PackageAgeFact(Fact, frozen=True, kw_only=True):
    """One release in a lockfile, whatever entries it has there; `key` is `name@version`.

    Only of what a registry was asked about and answered.
    """

    format: str
    ecosystem: str
    name: str
    version: str
    missing: bool
    """The registry does not have this version; False where it does not say which it has."""
    others: int
    """How many other versions it has."""
    taken_down: bool
    """It had this version, and says when that was published; npm's registry alone says so."""
    replaced: bool
    """All it has is what npm puts in the place of a malicious package."""
    published: str
    """When it was published (RFC 3339, UTC); of a version of PyPI its earliest file. Empty where
    that is not said."""
    age_days: int | None
    """Whole days since then."""
    first_published: str
    """The same of the oldest version of the name that is still there."""
    min_age: str
    """What the user asked for, in words; empty where no age is too young."""
    young: bool
    """It was published later than that ago."""
    new_name: bool
    """So was the first version of its name."""
    said: str
    """What the registry says in words, to be said behind the release."""
    direct: bool
    dev: bool
    """Only development needs any of its entries."""
    install_script: bool
    """An entry runs a script when it is installed."""
    chain: tuple[str, ...]
    """The shortest way from a direct dependency, each `name@version`."""
    reach: str
    """The way in words."""


def collect(contents: Contents) -> Iterator[PackageAgeFact]:
    """Yield one fact for each release that a registry was asked about, in the order of the file."""
    for said in contents.of(RegistrySaid):
        for index in indexes(contents):
            yield from _facts(index, said)


def _facts(index: LockIndex, said: RegistrySaid) -> Iterator[PackageAgeFact]:
    releases: dict[tuple[str, str, str], list[LockedPackage]] = {}
    for package in from_registry(index.inventory.packages):
        if package.version and said.of_package(package) is not None:
            release = (package.ecosystem, package.name, package.version)
            releases.setdefault(release, []).append(package)
    ways = index.ways if releases else None
    for entries in releases.values():
        known = said.of_package(entries[0])
        if known is not None and ways is not None and not _is_local(entries[0]):
            yield _fact(index, entries, said, known, ways)


def _is_local(package: LockedPackage) -> bool:
    """Tell whether a version has a local label (`1.0+cu118`), which PyPI does not take."""
    return package.ecosystem == "pypi" and "+" in package.version


def _fact(
    index: LockIndex,
    entries: list[LockedPackage],
    said: RegistrySaid,
    known: Signals,
    ways: Ways,
) -> PackageAgeFact:
    from auditor.names import signals  # noqa: PLC0415 - where registries were asked

    first = next((one for one in entries if ways.is_direct(one)), entries[0])
    version = same_version(first.ecosystem, first.version)
    missing = known.lacks(version)
    published = known.published(version)
    key = key_of(first.name, first.version)
    chain, others = ways.way_to(first, key)
    least = said.min_age
    return PackageAgeFact(
        path=index.inventory.path,
        line=entries[0].line,
        key=key,
        format=index.inventory.format,
        ecosystem=first.ecosystem,
        name=first.name,
        version=first.version,
        missing=missing,
        others=len(known.releases.keys() - {version}),
        taken_down=missing and version in known.gone,
        replaced=missing and _is_standin(first.ecosystem, known),
        published=_written(published),
        age_days=None if published is None else signals.age(published, said.now).days,
        first_published=_written(known.first),
        min_age="" if least is None else counted(least.days, "day"),
        young=signals.is_young(published, said.now, least),
        new_name=signals.is_young(known.first, said.now, least),
        said=signals.release_said(version, known, said.now),
        direct=ways.is_direct(first),
        dev=all(one.dev for one in entries),
        install_script=any(one.install_script for one in entries),
        chain=chain,
        reach=reach_of(index.inventory, chain, others, first),
    )


def _is_standin(ecosystem: str, known: Signals) -> bool:
    return bool(known.releases) and all(
        is_placeholder(ecosystem, version) for version in known.releases
    )


def _written(when: datetime | None) -> str:
    return "" if when is None else f"{when:%Y-%m-%dT%H:%M:%SZ}"


COLLECTOR = Collector(name="package-age", fact=PackageAgeFact, collect=collect, lockfile=True)

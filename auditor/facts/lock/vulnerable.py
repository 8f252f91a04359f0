"""Entries of a lockfile in which a vulnerability is recorded: which, how severe, fixed where.

Records that name each other are one vulnerability. What was made to harm is a fact of its own
(`known-bad`), and none here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from auditor import words
from auditor.advisories import IncidentIndex
from auditor.advisories.entries import guises
from auditor.advisories.ranges import Scope
from auditor.advisories.rating import rating
from auditor.advisories.records import merged, names
from auditor.advisories.remedy import Releases
from auditor.advisories.versions import same_name, same_version
from auditor.facts import Collector, Contents
from auditor.facts.lock.index import usual_of, ways_in
from auditor.facts.lock.recorded import Recorded
from auditor.facts.lock.said import RegistrySaid
from auditor.facts.lock.ways import key_of, reach_of
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.model import Fact, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.advisories.entries import Guise
    from auditor.advisories.records import Advisory


class VulnerabilityFact(Fact, frozen=True, kw_only=True):
    """One vulnerability of one entry; `key` is `name@version` of what the entry really is."""

    ecosystem: str
    name: str
    version: str
    listed_as: str
    """What the entry calls itself, `name@version` or an alias; empty where it tells the truth."""
    id: str
    """The id to show: GHSA before PYSEC before CVE."""
    advisories: tuple[str, ...]
    """All its ids, that one first."""
    title: str
    """Its ids and what it is about, in words."""
    rating: str
    """By CVSS: `critical`, `high`, `medium`, `low`, `none`; `unknown` without a vector."""
    score: str
    """The base score (`9.8`); empty without a vector."""
    vector: str
    published: str
    """The day (RFC 3339); empty where no record says it."""
    fixed: str
    """The lowest version above that is known and that no record is about; empty where there is
    none."""
    safe: str
    """That version, or what is known instead, in words."""
    origin: Origin
    format: str
    """The inventory's format."""
    section: str
    dev: bool
    direct: bool
    chain: tuple[str, ...]
    """The shortest way from a direct dependency, each `name@version`, to this one as the last;
    empty where the file does not say who requires whom, shortened to 50 by a `…`."""
    others: int
    """How many more entries, or the project, require it besides the one on that way."""
    reach: str
    """The way in words."""


def collect(contents: Contents) -> Iterator[VulnerabilityFact | Unread]:
    """Yield one fact for each entry and vulnerability, and what could not be compared."""
    for seen in contents.of(Recorded):
        for inventory in contents.of(Inventory):
            unknown: Counter[str] = Counter()
            known: _Known | None = None
            for package in _suspects(inventory, contents, seen):
                for guise, group in _found(package, contents, seen, unknown):
                    known = known or _Known(contents, seen, inventory)
                    yield _fact(inventory, package, guise, group, known)
            for ecosystem, count in unknown.items():
                yield Unread(
                    path=inventory.path,
                    reason=f"{words.counted(count, 'range')} of {ecosystem} in advisory records not"
                    " compared: how its versions are ordered is not known here",
                )


def _suspects(inventory: Inventory, contents: Contents, seen: Recorded) -> Iterator[LockedPackage]:
    """Yield the entries that records may be about; a usual one is nothing but what it says."""
    usual = usual_of(contents, inventory)
    for package, place in zip(inventory.packages, usual.places, strict=True):
        if place is None or (package.ecosystem, package.name) in seen.records.found:
            yield package


def _found(
    package: LockedPackage, contents: Contents, seen: Recorded, unknown: Counter[str]
) -> Iterator[tuple[Guise, tuple[Advisory, ...]]]:
    eco = package.ecosystem
    done = set()
    for guise in guises(package) if seen.records.found else ():
        known = seen.records.of(eco, guise.name)
        name = same_name(eco, guise.name), same_version(eco, guise.version)
        if not known or not guise.version or name in done:
            continue
        done.add(name)
        met = []
        for advisory in known:
            scope = advisory.scope(eco, guise.version)
            if scope is Scope.UNKNOWN:
                unknown[eco] += 1
            elif scope is not None:
                met.append(advisory)
        for group in merged(met):
            if not any(one.malicious for one in group) and not _told(package, group, contents):
                yield guise, group


def _told(package: LockedPackage, group: tuple[Advisory, ...], contents: Contents) -> bool:
    """Tell whether the records are those of an incident that the entry is a part of."""
    ids = frozenset(names(group))
    return any(
        detail is not None and not ids.isdisjoint(detail.advisories)
        for index in contents.of(IncidentIndex)
        for hit in index.hits(package)
        for detail in (index.detail(incident.id) for incident in hit.incidents)
    )


class _Known:
    """What is known of the packages of one inventory; made once something is found."""

    def __init__(self, contents: Contents, seen: Recorded, inventory: Inventory) -> None:
        self.ways = ways_in(contents, inventory)
        self._said = contents.of(RegistrySaid)
        self._records = seen.records
        self._releases: dict[tuple[str, str], Releases] = {}

    def releases(self, ecosystem: str, name: str) -> Releases:
        """Return the versions of a package that are known."""
        if (ecosystem, name) not in self._releases:
            signals = (said.of(ecosystem, name) for said in self._said)
            more = (version for one in signals if one for version in one.releases)
            found = Releases(ecosystem, self._records.of(ecosystem, name), more)
            self._releases[ecosystem, name] = found
        return self._releases[ecosystem, name]


def _fact(
    inventory: Inventory,
    package: LockedPackage,
    guise: Guise,
    group: tuple[Advisory, ...],
    known: _Known,
) -> VulnerabilityFact:
    key = key_of(guise.name, guise.version)
    chain, others = known.ways.way_to(package, key)
    ids = names(group)
    rated = rating(vector for one in group for vector in one.severity)
    releases = known.releases(package.ecosystem, guise.name)
    fixed = releases.above(guise.version)
    told = next((one.summary for one in group if one.summary), "")
    return VulnerabilityFact(
        path=inventory.path,
        line=package.line,
        key=key,
        ecosystem=package.ecosystem,
        name=guise.name,
        version=guise.version,
        listed_as=_listed_as(package, guise),
        id=ids[0],
        advisories=ids,
        title=f"{_shown(ids)}{f': {told}' if told else ''}",
        rating=rated.word,
        score=rated.score,
        vector=rated.vector,
        published=min((one.published for one in group if one.published), default=""),
        fixed=fixed,
        safe=fixed or releases.beside(guise.version) or "no version is known",
        origin=package.origin,
        format=inventory.format,
        section=package.section,
        dev=package.dev,
        direct=package.direct or len(chain) == 1,
        chain=chain,
        others=others,
        reach=reach_of(inventory, chain, others, package),
    )


def _listed_as(package: LockedPackage, guise: Guise) -> str:
    if guise.address and (guise.name, guise.version) != (package.name, package.version):
        return key_of(package.alias or package.name, package.version)
    return package.alias if package.alias not in {"", package.name} else ""


def _shown(ids: tuple[str, ...]) -> str:
    first, *others = ids
    return f"{first} ({', '.join(others)})" if others else first


COLLECTOR = Collector(name="vulnerability", fact=VulnerabilityFact, collect=collect, lockfile=True)

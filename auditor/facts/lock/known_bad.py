"""Entries of a lockfile that are known to be bad: by version, digest, address or mere name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.advisories import How, IncidentIndex
from auditor.advisories.versions import nearest
from auditor.facts import Collector, Contents
from auditor.facts.lock.ways import Ways, key_of, reach_of
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.model import Confidence, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.advisories import BadPackage, Hit, Incident, Step

CACHE = "-cache"
"""How the formats of inventories end that are a client's cache, and begin with the client."""
_FIRST = 3
"""Steps that a fact names one by one; `playbook` has them all."""
_ON_DISK = frozenset({"node_modules"})
"""Formats whose versions are those of installed manifests: what ran may have put the decoy's there,
as plain-crypto-js did."""
_CERTAIN = {
    Confidence.HIGH: "the incident is well established",
    Confidence.MEDIUM: "the incident rests on few sources",
    Confidence.LOW: "the incident is known from a mention alone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBadFact(Fact):
    """One entry that is known to be bad; `key` is `name@version` of what it really is."""

    ecosystem: str
    name: str
    """The bad package's real name."""
    version: str
    listed_as: str
    """What the entry calls itself, `name@version` or an alias; empty where it tells the truth."""
    entry: str
    """The key, with what the entry calls itself where it does not tell the truth."""
    how: How
    ways: tuple[str, ...]
    """Everything that shows it, `how` first."""
    incident: str
    """The id of the incident; empty for a placeholder of a name that no incident knows."""
    also: tuple[str, ...]
    """Further incidents that name the same version."""
    title: str
    kind: str
    """The incident's kind; empty as `incident`."""
    window: str
    """`<from> to <to>` or `since <from>` (RFC 3339, UTC)."""
    confidence: str
    """How well the incident is established: `high`, `medium`, `low`."""
    single_source: bool
    """A single source says that this version is bad."""
    certainty: str
    """The two above in words."""
    origin: Origin
    """Where the entry's content comes from."""
    format: str
    """The inventory's format."""
    section: str
    dev: bool
    direct: bool
    chain: tuple[str, ...]
    """The shortest way from a direct dependency, each `name@version`, to the bad one as the last;
    empty where the file does not say who requires whom, shortened to 50 by a `…`."""
    others: int
    """How many more entries, or the project, require it besides the one on that way."""
    reach: str
    """The way in words."""
    account: str
    """Which entry it is and through what, for an incident report."""
    resembles: str
    safe: str
    """The nearest version that is known to be good, or what to do where none is."""
    steps: tuple[str, ...]
    """The first few things to do, in order."""
    playbook: str
    """All of them, one numbered line each: the order counts."""


def collect(contents: Contents) -> Iterator[KnownBadFact]:
    """Yield one fact for each entry and bad version that it is."""
    for index in contents.of(IncidentIndex):
        plays = _Playbooks(index)
        for inventory in contents.of(Inventory):
            ways: Ways | None = None
            for package in inventory.packages:
                for hit in index.hits(package):
                    ways = ways or Ways(inventory)
                    yield _fact(inventory, package, hit, plays, ways)


def _fact(
    inventory: Inventory, package: LockedPackage, hit: Hit, plays: _Playbooks, ways: Ways
) -> KnownBadFact:
    incident = hit.incidents[0] if hit.incidents else None
    key = key_of(hit.name, hit.version)
    listed_as = _listed_as(package, hit)
    how = hit.how
    if how is How.DECOY and inventory.format in _ON_DISK:
        how = How.ANY_VERSION
    chain, others = ways.way_to(package, key)
    steps, playbook = plays.of(incident)
    entry, reach = _entry(key, listed_as, how), reach_of(inventory, chain, others, package)
    if inventory.format.endswith(CACHE):
        reach = _fetched(package, inventory.format.removesuffix(CACHE))
    return KnownBadFact(
        path=inventory.path,
        line=package.line,
        key=key,
        ecosystem=hit.ecosystem,
        name=hit.name,
        version=hit.version,
        listed_as=listed_as,
        entry=entry,
        how=how,
        ways=tuple(way.value for way in hit.ways),
        incident=incident.id if incident else "",
        also=tuple(other.id for other in hit.incidents[1:]),
        title=incident.title if incident else "",
        kind=incident.kind.value if incident else "",
        window=_window(incident),
        confidence=(incident.confidence if incident else Confidence.HIGH).word,
        single_source=hit.single_source,
        certainty=_certainty(incident, hit),
        origin=package.origin,
        format=inventory.format,
        section=package.section,
        dev=package.dev,
        direct=package.direct or len(chain) == 1,
        chain=chain,
        others=others,
        reach=reach,
        account=f"{entry}: {reach}",
        resembles=hit.package.resembles if hit.package else "",
        safe=_safe(hit, incident),
        steps=steps,
        playbook=playbook,
    )


def _listed_as(package: LockedPackage, hit: Hit) -> str:
    if How.VERSION in hit.ways or hit.how in {How.PLACEHOLDER, How.DECOY, How.ANY_VERSION}:
        told = package.alias if package.alias not in {"", package.name} else ""
        if package.name.lower() == hit.name.lower() or How.VERSION in hit.ways:
            return told
    return key_of(package.alias or package.name, package.version)


def _entry(key: str, listed_as: str, how: How) -> str:
    if not listed_as:
        return key
    shown = {How.INTEGRITY: " by its digest", How.ADDRESS: " by its address"}.get(how, "")
    return f"{key}{shown} (the entry calls itself {listed_as})"


def _window(incident: Incident | None) -> str:
    if incident is None:
        return ""
    return f"{incident.start} to {incident.end}" if incident.end else f"since {incident.start}"


def _certainty(incident: Incident | None, hit: Hit) -> str:
    if incident is None:
        return "npm's own mark for a removed package"
    text = _CERTAIN[incident.confidence]
    return f"{text}; a single source names this version" if hit.single_source else text


def _safe(hit: Hit, incident: Incident | None) -> str:
    package: BadPackage | None = hit.package
    if package is not None and package.safe and hit.how is not How.PLACEHOLDER:
        return nearest(hit.version, package.safe)
    if package is None or package.any or hit.how is How.PLACEHOLDER:
        meant = package.resembles if package else ""
        return f"none; {meant} may have been meant" if meant else "none; nothing needs it"
    day = incident.start.partition("T")[0] if incident else ""
    return f"a version from before {day}"


class _Playbooks:
    """The steps of incidents as texts, each made once: a file may hold thousands of hits."""

    def __init__(self, index: IncidentIndex) -> None:
        self._index = index
        self._made: dict[str, tuple[tuple[str, ...], str]] = {}

    def of(self, incident: Incident | None) -> tuple[tuple[str, ...], str]:
        """Return the first few steps, and all of them as numbered lines."""
        if incident is None:
            return (), ""
        if incident.id not in self._made:
            detail = self._index.detail(incident.id)
            steps = tuple(_shown(step) for step in detail.steps) if detail else ()
            lines = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
            self._made[incident.id] = (steps[:_FIRST], lines)
        return self._made[incident.id]


def _shown(step: Step) -> str:
    place = f" On {step.where}." if step.where else ""
    order = f" Before {step.before}." if step.before else ""
    command = f" ({step.command})" if step.command else ""
    return f"{step.do}{command}{place}{order}"


def _fetched(package: LockedPackage, client: str) -> str:
    when = f" {package.fetched}" if package.fetched else ""
    gone = ", and took it out of its cache again" if package.section == "removed" else ""
    return f"{client} fetched it{when}{gone}"


COLLECTOR = Collector(name="known-bad", fact=KnownBadFact, collect=collect, lockfile=True)

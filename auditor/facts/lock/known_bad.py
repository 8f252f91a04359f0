"""Entries of a lockfile that are known to be bad: by version, digest, address or mere name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.advisories import How, IncidentIndex
from auditor.advisories import records as advisory_records
from auditor.advisories.versions import nearest
from auditor.facts import Collector, Contents
from auditor.facts.lock import recorded
from auditor.facts.lock.index import usual_of, ways_in
from auditor.facts.lock.recorded import Doubt, Doubts, Recorded
from auditor.facts.lock.said import RegistrySaid
from auditor.facts.lock.ways import key_of, reach_of
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.model import Confidence, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.advisories import BadPackage, Hit, Incident, Step
    from auditor.facts.lock.ways import Ways

CACHE = "-cache"
"""How the formats of inventories end that are a client's cache, and begin with the client."""
_FIRST = 3
"""Steps that a fact names one by one; `playbook` has them all."""
_ON_DISK = frozenset({"node_modules"})
"""Formats whose versions are those of installed manifests: what ran may have put the decoy's there,
as plain-crypto-js did."""
_BY_NAME = frozenset({How.PLACEHOLDER, How.DECOY, How.ANY_VERSION, How.RECORDED})
_CERTAIN = {
    Confidence.HIGH: "the incident is well established",
    Confidence.MEDIUM: "the incident rests on few sources",
    Confidence.LOW: "the incident is known from a mention alone",
}


class KnownBadFact(Fact, frozen=True, kw_only=True):
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
    """The id of the incident; empty where records alone say it, and for a placeholder of a name
    that no incident knows."""
    also: tuple[str, ...]
    """Further incidents that name the same version."""
    advisories: tuple[str, ...]
    """The ids of the records that say so, and their names elsewhere: MAL, GHSA, …"""
    title: str
    kind: str
    """The incident's kind; `record` where records alone say it, else empty as `incident`."""
    window: str
    """`<from> to <to>` or `since <from>` (RFC 3339, UTC); empty where no incident is known."""
    confidence: str
    """How well the incident, or the record, is established: `high`, `medium`, `low`."""
    doubt: Doubt
    """Why records of all versions may say more than is known; `none` for all other entries."""
    doubts: str
    """The doubt in words."""
    single_source: bool
    """A single source says that this version is bad."""
    certainty: str
    """In words, how well it is established, and by whom."""
    told: str
    """When it could be had, as far as that is known, and the certainty."""
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
        seen = next(iter(contents.of(Recorded)), Recorded())
        known = _Known(contents, index, seen)
        for inventory in contents.of(Inventory):
            ways: Ways | None = None
            usual = usual_of(contents, inventory)
            for package in index.suspects(inventory.packages, usual, seen.records):
                for hit in index.hits(package, seen.records):
                    ways = ways or ways_in(contents, inventory)
                    yield _fact(inventory, package, hit, known, ways)


def _fact(
    inventory: Inventory, package: LockedPackage, hit: Hit, known: _Known, ways: Ways
) -> KnownBadFact:
    incident = hit.incidents[0] if hit.incidents else None
    key = key_of(hit.name, hit.version)
    listed_as = _listed_as(package, hit)
    how = hit.how
    if how is How.DECOY and inventory.format in _ON_DISK:
        how = How.ANY_VERSION
    chain, others = ways.way_to(package, key)
    steps, playbook = known.plays.of(hit)
    entry, reach = _entry(key, listed_as, how), reach_of(inventory, chain, others, package)
    if inventory.format.endswith(CACHE):
        reach = _fetched(package, inventory.format.removesuffix(CACHE))
    ids = advisory_records.names(hit.advisories)
    doubt, doubts = known.doubts.of(hit, package)
    window, certainty = _window(incident), _certainty(incident, hit, ids)
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
        advisories=ids,
        title=_title(hit, incident),
        kind=incident.kind.value if incident else "record" if ids else "",
        window=window,
        confidence=_confidence(hit, incident, doubt).word,
        doubt=doubt,
        doubts=doubts,
        single_source=hit.single_source,
        certainty=certainty,
        told=f"could be installed {window}; {certainty}" if window else certainty,
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
        safe=known.safe(hit, incident),
        steps=steps,
        playbook=playbook,
    )


def _title(hit: Hit, incident: Incident | None) -> str:
    if incident:
        return incident.title
    summaries = (advisory.summary for advisory in hit.advisories if advisory.summary)
    return next(summaries, "known to be malicious") if hit.advisories else ""


def _confidence(hit: Hit, incident: Incident | None, doubt: Doubt) -> Confidence:
    if incident:
        return incident.confidence
    if hit.how is How.RECORDED:
        return Confidence.LOW if doubt is not Doubt.NONE else Confidence.MEDIUM
    return Confidence.HIGH


def _listed_as(package: LockedPackage, hit: Hit) -> str:
    if How.VERSION in hit.ways or hit.how in _BY_NAME:
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


def _certainty(incident: Incident | None, hit: Hit, ids: tuple[str, ...]) -> str:
    if incident is None:
        return recorded.certainty(hit, ids) if ids else "npm's own mark for a removed package"
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


class _Known:
    """What is known besides the entries: steps, doubts, releases."""

    def __init__(self, contents: Contents, index: IncidentIndex, seen: Recorded) -> None:
        self.plays = _Playbooks(index)
        self.doubts = Doubts(contents, index, seen)
        self._seen = seen
        self._said = contents.of(RegistrySaid)

    def safe(self, hit: Hit, incident: Incident | None) -> str:
        """Return the version to go to, or what to do where none is known."""
        if incident is not None or not hit.advisories:
            return _safe(hit, incident)
        signals = (said.of(hit.ecosystem, hit.name) for said in self._said)
        releases = (version for one in signals if one for version in one.releases)
        return recorded.safe(hit, self._seen, releases)


class _Playbooks:
    """The steps of incidents as texts, each made once: a file may hold thousands of hits."""

    def __init__(self, index: IncidentIndex) -> None:
        self._index = index
        self._made: dict[str, tuple[tuple[str, ...], str]] = {}

    def of(self, hit: Hit) -> tuple[tuple[str, ...], str]:
        """Return the first few steps, and all of them as numbered lines."""
        if not hit.incidents:
            return _numbered(recorded.STEPS) if hit.advisories else ((), "")
        incident = hit.incidents[0]
        if incident.id not in self._made:
            detail = self._index.detail(incident.id)
            self._made[incident.id] = _numbered(
                tuple(_shown(step) for step in detail.steps) if detail else ()
            )
        return self._made[incident.id]


def _numbered(steps: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    lines = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return steps[:_FIRST], lines


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

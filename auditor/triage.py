"""From findings to an incident report: places, incidents, one playbook, what was not looked at.

Findings say what was seen and, by their rule, what that means (`exposure`); incident packs say what
to do. A place's level is that of its worst finding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.exposure import Hit, Level, Met, Order, Place, Triage
from auditor.facts.lock.recorded import STEPS
from auditor.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.advisories import Detail, Incident, IncidentIndex, Step
    from auditor.model import Finding, Gap

CLEAN = "a clean machine"
"""Where packs have secrets reissued."""
_STAYS = 5
"""Stays of a bad version in a history that the playbook names one by one."""
_SIGNS = 8
"""Domains, addresses or files of an incident that one sentence names."""
_CERTAINTY = {
    Confidence.HIGH: "well established",
    Confidence.MEDIUM: "rests on few sources",
    Confidence.LOW: "known from a mention alone",
}


class Looked(Struct, frozen=True, kw_only=True):
    """What a call looked at."""

    places: Mapping[str, str]
    """The place (a project's label, or `machine`) of each source that findings and gaps name."""
    packages: Mapping[str, int]
    """How many packages were read from a source."""
    states: Mapping[str, int]
    """How many contents a source had in its history, where that was read."""
    machine: str
    """The label of the machine itself."""
    left_out: tuple[str, ...] = ()
    """What could have been looked at and was not, one sentence each."""


def collate(
    findings: Sequence[Finding], gaps: Sequence[Gap], index: IncidentIndex, looked: Looked
) -> Triage:
    """Return the incident report of a call."""
    hits: dict[str, list[Hit]] = defaultdict(list)
    for finding in findings:
        if finding.exposure is not None:
            hits[_place(finding, looked)].append(_hit(finding, finding.exposure))
    blind: dict[str, int] = defaultdict(int)
    for gap in gaps:
        blind[looked.places.get(gap.location.source, gap.location.source)] += 1
    sources: dict[str, list[str]] = defaultdict(list)
    for source, label in looked.places.items():
        sources[label].append(source)
    places = [
        _as_place(label, sources[label], hits[label], blind[label], looked)
        for label in dict.fromkeys((*sources, *hits, *blind))
    ]
    places.sort(key=lambda place: (place.level.rank, not place.machine, place.label))
    met = tuple(_met(index, places))
    return Triage(
        level=min((p.level for p in places), key=lambda x: x.rank, default=Level.NOT_EXAMINED),
        places=tuple(places),
        incidents=met,
        playbook=(
            *_playbook(index, [one.id for one in met], tuple(_installs(places))),
            *_of_records(findings),
        ),
        unchecked=(*looked.left_out, *_elsewhere(index, [one.id for one in met])),
        looked_for=len(index.incidents),
    )


def _place(finding: Finding, looked: Looked) -> str:
    """Return the place of a finding; in a repository's history that is the folder of its file."""
    source = finding.location.source
    return looked.places.get(_joined(source, finding.location.path)) or looked.places.get(
        source, source
    )


def _joined(source: str, path: str) -> str:
    return f"{source.rstrip('/')}/{path}"


def _hit(finding: Finding, level: Level) -> Hit:
    said = finding.evidence

    def text(name: str) -> str:
        value = said.get(name)
        return value if isinstance(value, str) else ""

    chain = said.get("chain")
    return Hit(
        level=level,
        incident=text("incident"),
        package="" if "sign" in said else finding.location.key or "",
        source=finding.location.source,
        path=finding.location.path,
        line=finding.location.line,
        account=text("account") or finding.message,
        chain=chain if isinstance(chain, tuple) else (),
        safe=text("safe"),
        since=text("came"),
        until=text("went"),
        fingerprint=finding.fingerprint,
    )


def _as_place(label: str, sources: list[str], hits: list[Hit], blind: int, looked: Looked) -> Place:
    level = Level.NOT_EXAMINED if blind else Level.NOT_FOUND
    hits.sort(key=lambda hit: (hit.level.rank, hit.incident, hit.source, hit.line or 0))
    return Place(
        label=label,
        level=hits[0].level if hits else level,
        machine=label == looked.machine,
        sources=tuple(source for source in sources if source in looked.packages),
        packages=sum(looked.packages.get(source, 0) for source in sources),
        states=sum(looked.states.get(source, 0) for source in sources),
        gaps=blind,
        hits=tuple(hits),
    )


def _met(index: IncidentIndex, places: Sequence[Place]) -> Iterator[Met]:
    """Yield the incidents that something was found of, the worst first."""
    known = {incident.id: incident for incident in index.incidents}
    worst: dict[str, Level] = {}
    where: dict[str, dict[str, None]] = defaultdict(dict)
    for place in places:
        for hit in place.hits:
            if hit.incident in known:
                before = worst.get(hit.incident, hit.level)
                worst[hit.incident] = min(before, hit.level, key=lambda level: level.rank)
                where[hit.incident][place.label] = None
    for incident_id in sorted(worst, key=lambda one: (worst[one].rank, one)):
        incident, detail = known[incident_id], index.detail(incident_id)
        yield Met(
            id=incident_id,
            title=incident.title,
            level=worst[incident_id],
            kind=incident.kind.value,
            start=incident.start,
            end=incident.end,
            certainty=_certainty(incident),
            summary=detail.summary if detail else "",
            places=tuple(where[incident_id]),
            references=detail.references if detail else (),
        )


def _certainty(incident: Incident) -> str:
    text = _CERTAINTY[incident.confidence]
    return f"{text}; all versions come from one list" if incident.single_source else text


def _installs(places: Sequence[Place]) -> Iterator[Order]:
    """Yield whom to look for where a bad version stood in a history: the installs of that time."""
    stays: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for place in places:
        for hit in place.hits:
            if hit.since:
                stays[_joined(hit.source, hit.path), hit.since, hit.until].append(hit.incident)
    shown = list(stays.items())[:_STAYS]
    for (file, since, until), incidents in shown:
        when = f"between {since} and {until}" if until else f"since {since}"
        yield Order(
            do=f"Find the CI runs and machines that installed from {file} {when}, and treat each"
            " as exposed.",
            incidents=tuple(dict.fromkeys(incidents)),
        )
    if len(stays) > len(shown):
        more = words.counted(len(stays) - len(shown), "stay")
        yield Order(do=f"Do the same for {more} more (-v lists them above).", incidents=())


def _playbook(
    index: IncidentIndex, incidents: Sequence[str], installs: Sequence[Order]
) -> Iterator[Order]:
    """Yield the steps of several incidents as one list that keeps the order of each.

    What must be done before something else comes first of all, with the steps that lead to it: a
    secret that is revoked for one incident may be what another's watcher waits for. `installs`
    come before the first step on a clean machine: what they had in reach is reissued, too.
    """
    told = {one: detail.steps for one in incidents if (detail := index.detail(one))}
    steps: dict[str, Step] = {}
    asked: dict[str, list[str]] = defaultdict(list)
    urgent: list[list[str]] = []
    for incident, its in told.items():
        for step in its:
            steps.setdefault(step.do, step)
            asked[step.do].append(incident)
        last = max((number for number, step in enumerate(its, 1) if step.before), default=0)
        urgent.append([step.do for step in its[:last]])
    first = _merged(urgent)
    rest = _merged([[step.do for step in its if step.do not in first] for its in told.values()])
    clean = next((n for n, do in enumerate(rest) if steps[do].where == CLEAN), 0)
    yield from (_order(steps[do], asked[do]) for do in (*first, *rest[:clean]))
    yield from installs
    yield from (_order(steps[do], asked[do]) for do in rest[clean:])


def _of_records(findings: Sequence[Finding]) -> Iterator[Order]:
    """Yield the steps for what advisory records alone name: no incident says what it did."""
    if any(one.exposure is not None and one.evidence.get("kind") == "record" for one in findings):
        yield from (Order(do=step, incidents=()) for step in STEPS)


def _merged(lists: Sequence[Sequence[str]]) -> list[str]:
    """Return one list that keeps the order of each; where they contradict, the first one wins."""
    before: dict[str, set[str]] = {}
    for some in lists:
        for number, one in enumerate(some):
            before.setdefault(one, set()).update(some[:number])
    done: list[str] = []
    waiting = list(before)
    while waiting:
        free = (one for one in waiting if before[one].issubset((*done, one)))
        done.append(next(free, waiting[0]))
        waiting.remove(done[-1])
    return done


def _order(step: Step, incidents: Sequence[str]) -> Order:
    return Order(
        do=step.do,
        incidents=tuple(incidents),
        where=step.where,
        command=step.command,
        before=step.before,
    )


def _elsewhere(index: IncidentIndex, incidents: Sequence[str]) -> Iterator[str]:
    """Yield what no file on this machine shows, for the incidents that were met."""
    for incident in incidents:
        detail = index.detail(incident)
        for what in _of_logs(detail) if detail else ():
            yield f"{incident}: {what}"


def _of_logs(detail: Detail) -> Iterator[str]:
    signs = detail.indicators
    hosts = (*signs.domains, *signs.addresses)
    if hosts:
        several = "ports" if len(signs.ports) > 1 else "port"
        ports = f", {several} {', '.join(map(str, signs.ports))}" if signs.ports else ""
        told = words.listed(hosts, _SIGNS)
        yield f"connections and name lookups are not seen here: {told}{ports}"
    if signs.process_names or signs.processes:
        names = signs.process_names or signs.processes
        yield f"running processes are not looked at: {words.listed(names, _SIGNS)}"
    if signs.registry_keys:
        yield f"the Windows registry is not read: {words.listed(signs.registry_keys, _SIGNS)}"
    common = tuple(sign.path for sign in signs.files if sign.common)
    if common:
        told = words.listed(common, _SIGNS)
        yield f"files that others have, too, were not counted; look at them by hand: {told}"
    if detail.elsewhere:
        yield f"hit outside of package registries: {words.listed(detail.elsewhere, _SIGNS)}"

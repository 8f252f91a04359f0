"""What an attack leaves outside of packages: files of a machine or project, branches, commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.advisories import FileSign, IncidentIndex
from auditor.advisories.signs import Sort
from auditor.facts import Collector, Contents
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.advisories import Incident


class SignSeen(Struct, frozen=True, kw_only=True):
    """Something that an incident's sign describes, as it was found."""

    incident: str
    sort: Sort
    sign: FileSign
    """For a branch its name is the path."""
    path: str
    sha256: str = ""
    """Of a regular file that was read; empty for others."""
    changed: str = ""
    """When it was changed last (RFC 3339, UTC)."""


class IndicatorFact(Fact, frozen=True, kw_only=True):
    """One sign of an incident that is there; `path` is the place, `key` the incident."""

    sort: Sort
    sign: str
    """As the incident's sources spell it."""
    incident: str
    title: str
    kind: str
    note: str
    certain: bool
    """Its SHA-256 is that of a file of the attack."""
    of: str
    """Which file that is."""
    common: bool
    """Others have files of that name, too: it proves nothing alone."""
    sha256: str
    changed: str
    account: str
    """What was found, in one sentence."""


def collect(contents: Contents) -> Iterator[IndicatorFact]:
    """Yield one fact for each sign that was found."""
    for index in contents.of(IncidentIndex):
        incidents = {incident.id: incident for incident in index.incidents}
        for seen in contents.of(SignSeen):
            if seen.incident in incidents:
                yield _fact(index, incidents[seen.incident], seen)


def _fact(index: IncidentIndex, incident: Incident, seen: SignSeen) -> IndicatorFact:
    detail = index.detail(incident.id)
    known = {sign.sha256: sign.of for sign in detail.indicators.hashes} if detail else {}
    certain = bool(seen.sha256) and seen.sha256 in known
    return IndicatorFact(
        path=seen.path,
        key=incident.id,
        sort=seen.sort,
        sign=seen.sign.path,
        incident=incident.id,
        title=incident.title,
        kind=incident.kind.value,
        note=seen.sign.note,
        certain=certain,
        of=known.get(seen.sha256, "") if certain else "",
        common=seen.sign.common,
        sha256=seen.sha256,
        changed=seen.changed,
        account=_account(seen, known.get(seen.sha256, "") if certain else "", certain=certain),
    )


def _account(seen: SignSeen, of: str, *, certain: bool) -> str:
    if seen.sort is Sort.BRANCH:
        return f"the branch {seen.path} is there, which the attack makes"
    told = [f"{seen.path} is there"]
    if seen.changed:
        told.append(f"changed {seen.changed}")
    if certain:
        told.append(f"its SHA-256 is that of a file of the attack{f' ({of})' if of else ''}")
    elif seen.sign.note:
        told.append(f"known as: {seen.sign.note}")
    if seen.sign.contains:
        told.append(f"it holds {seen.sign.contains!r}")
    return "; ".join(told)


COLLECTOR = Collector(name="indicator", fact=IndicatorFact, collect=collect, lockfile=True)

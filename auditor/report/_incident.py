"""An incident report as lines to read, the same for each medium, from the answer downwards."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.exposure import Hit, Level, Met, Place, Triage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.model import Gap

HITS = 3
"""Pieces of evidence of one place that are shown before the rest is counted."""
SOURCES = 2
PLACES = 10
CLEAN = 8
"""Places without a hit that are named before the rest is counted."""
GAPS = 10


class Role(Enum):
    """What a line is."""

    TITLE = auto()
    """The head of a section."""
    INCIDENT = auto()
    """An incident: its id as the head, then its title."""
    TEXT = auto()
    PLACE = auto()
    """A project with its level."""
    HIT = auto()
    """One piece of evidence, below its place."""
    DETAIL = auto()
    """More of the line above."""
    STEP = auto()
    """A thing to do; the head is its number."""
    COMMAND = auto()
    ITEM = auto()


class Line(Struct, frozen=True, kw_only=True):
    """One line; texts are as they were found, to be made harmless by whoever shows them."""

    role: Role
    text: str
    head: str = ""
    level: Level | None = None


def summary(triage: Triage) -> str:
    """Return what the whole report says, in one sentence."""
    projects = [place for place in triage.places if not place.machine]
    hit = [place for place in projects if place.hits]
    among = words.counted(len(projects), "project")
    said = [f"{len(hit):,} of {among} hit" if hit else f"{among}, none hit"]
    machines = [place for place in triage.places if place.machine]
    said += ["this machine hit" if one.hits else "nothing on this machine" for one in machines]
    blind = [place for place in triage.places if place.gaps]
    if blind:
        said.append(f"{words.counted(len(blind), 'place')} not examined in full")
    count = words.counted(triage.looked_for, "incident")
    return f"{', '.join(said)}; {count} looked for"


def lines(triage: Triage, gaps: Sequence[Gap], *, every: bool = False) -> Iterator[Line]:
    """Yield the report; `every` leaves nothing out."""
    for met in triage.incidents:
        yield from _incident(triage, met, every=every)
    nameless = [p for p in triage.places if any(not hit.incident for hit in p.hits)]
    if nameless:
        yield Line(role=Role.TITLE, text="of no incident that is known here")
        for place in nameless:
            yield from _place(place, "", every=every)
    yield from _playbook(triage)
    yield from _gaps(gaps, every=every)
    yield from _clean(triage, every=every)
    if triage.unchecked:
        yield Line(role=Role.TITLE, text="not looked at")
        for one in triage.unchecked:
            yield Line(role=Role.ITEM, text=one)


def _incident(triage: Triage, met: Met, *, every: bool) -> Iterator[Line]:
    yield Line(role=Role.INCIDENT, head=met.id, text=met.title, level=met.level)
    window = f"{met.start} to {met.end}" if met.end else f"since {met.start}"
    yield Line(role=Role.TEXT, text=f"could be installed {window}; {met.certainty}")
    hit = [place for place in triage.places if any(h.incident == met.id for h in place.hits)]
    shown = hit if every else hit[:PLACES]
    for place in shown:
        yield from _place(place, met.id, every=every)
    if len(hit) > len(shown):
        more = words.counted(len(hit) - len(shown), "place")
        yield Line(role=Role.DETAIL, text=f"… and {more} more (-v lists them)")


def _place(place: Place, incident: str, *, every: bool) -> Iterator[Line]:
    hits = [hit for hit in place.hits if hit.incident == incident]
    groups: dict[tuple[object, ...], list[Hit]] = defaultdict(list)
    for hit in hits:
        told = hit.account if hit.since or not hit.package else ""
        groups[hit.level, hit.package, told].append(hit)
    yield Line(role=Role.PLACE, text=place.label, level=hits[0].level)
    shown = list(groups.values()) if every else list(groups.values())[:HITS]
    for group in shown:
        yield from _hit(group, every=every)
    if len(groups) > len(shown):
        more = len(groups) - len(shown)
        yield Line(role=Role.DETAIL, text=f"… and {more:,} more (-v lists them)")


def _hit(group: Sequence[Hit], *, every: bool) -> Iterator[Line]:
    """Yield what shows one version: told by the source that says through what it came."""
    first = max(group, key=lambda hit: len(hit.chain))
    subject = "" if first.account.startswith(first.package) else f"{first.package}: "
    yield Line(role=Role.HIT, text=f"{subject}{first.account}", level=first.level)
    where = list(dict.fromkeys(filter(None, map(_where, (first, *group)))))
    shown = where if every else where[:SOURCES]
    more = f" and {len(where) - len(shown):,} more" if len(where) > len(shown) else ""
    told = [f"in {', '.join(shown)}{more}"] if shown else []
    if first.safe and first.level is not Level.WAS_EXPOSED:
        told.append(_remedy(first.safe))
    if told:
        yield Line(role=Role.DETAIL, text="; ".join(told))


def _remedy(safe: str) -> str:
    none, _, why = safe.partition("none; ")
    return f"go to {safe}" if none else f"remove it: {why}"


def _where(hit: Hit) -> str:
    """Return where a hit is; nothing where its account says so already."""
    line = f":{hit.line}" if hit.line else ""
    if not hit.package or posixpath.basename(hit.source) == posixpath.basename(hit.path):
        return "" if hit.path in hit.account else f"{hit.source}{line}"
    return f"{posixpath.join(hit.source, hit.path)}{line}"


def _playbook(triage: Triage) -> Iterator[Line]:
    if not triage.playbook:
        return
    several = len(triage.incidents) > 1
    yield Line(role=Role.TITLE, text="what to do, in this order")
    for number, order in enumerate(triage.playbook, 1):
        place = f" On: {order.where}." if order.where else ""
        first = f" Before {order.before}." if order.before else ""
        whose = f" ({', '.join(order.incidents)})" if several else ""
        yield Line(role=Role.STEP, head=f"{number}.", text=f"{order.do}{place}{first}{whose}")
        if order.command:
            yield Line(role=Role.COMMAND, text=order.command)


def _gaps(gaps: Sequence[Gap], *, every: bool) -> Iterator[Line]:
    if not gaps:
        return
    yield Line(role=Role.TITLE, text="not examined", level=Level.NOT_EXAMINED)
    shown = gaps if every else gaps[:GAPS]
    for gap in shown:
        source, path = gap.location.source, gap.location.path
        inside = f" ({path})" if path and posixpath.basename(source) != path else ""
        yield Line(role=Role.ITEM, head=f"{source}{inside}", text=gap.reason)
    if len(gaps) > len(shown):
        yield Line(role=Role.DETAIL, text=f"… and {len(gaps) - len(shown):,} more (-v lists them)")


def _clean(triage: Triage, *, every: bool) -> Iterator[Line]:
    """Yield the places in which all was read and nothing found."""
    clean = [place for place in triage.places if place.level is Level.NOT_FOUND]
    if not clean:
        return
    read = [words.counted(sum(place.packages for place in clean), "package")]
    if states := sum(place.states for place in clean):
        read.append(f"{words.counted(states, 'state')} of lockfiles in their history")
    told = f"not found in {words.counted(len(clean), 'place')} ({', '.join(read)} read)"
    yield Line(role=Role.TITLE, text=told, level=Level.NOT_FOUND)
    shown = clean if every else clean[:CLEAN]
    for place in shown:
        read = [words.counted(len(place.sources), "source")] if place.sources else []
        read += [words.counted(place.packages, "package")] if place.packages else []
        read += [f"{words.counted(place.states, 'state')} in its history"] if place.states else []
        yield Line(
            role=Role.ITEM, text=f"{place.label}: {', '.join(read)}" if read else place.label
        )
    if len(clean) > len(shown):
        more = len(clean) - len(shown)
        yield Line(role=Role.DETAIL, text=f"… and {more:,} more (-v lists them)")

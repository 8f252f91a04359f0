"""The values of an incident report: what was hit how badly, what shows it, what to do first.

Imports nothing of ours.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    """What is known of a project or machine, the worst first."""

    COMPROMISED = "compromised"
    """There is evidence that malicious code ran."""
    EXPOSED = "exposed"
    """A bad version is locked, installed or cached."""
    WAS_EXPOSED = "was exposed"
    """A bad version stood in an earlier state alone."""
    NOT_EXAMINED = "not examined"
    """Nothing was found, and something could not be read."""
    NOT_FOUND = "not found"
    """All was read, and nothing was found."""

    @property
    def rank(self) -> int:
        """0 for the worst; levels themselves compare as texts."""
        return list(Level).index(self)


class Hit(Struct, frozen=True, kw_only=True):
    """One piece of evidence; each is a finding, too (`fingerprint`)."""

    level: Level
    incident: str
    """The id; empty where no incident is known."""
    package: str
    """`name@version`; empty where it is not about a package."""
    source: str
    """What was read, as the report names it."""
    path: str
    line: int | None
    account: str
    """What was seen, one sentence."""
    chain: tuple[str, ...] = ()
    """The way from a direct dependency, each `name@version`."""
    safe: str = ""
    """The version to go to, or what to do where there is none."""
    since: str = ""
    """When a bad version came into the history (RFC 3339, UTC)."""
    until: str = ""
    fingerprint: str = ""


class Place(Struct, frozen=True, kw_only=True):
    """A project, or the machine itself, and what was found there."""

    label: str
    """As the user named it, with what was found below it."""
    level: Level
    machine: bool = False
    sources: tuple[str, ...] = ()
    """The lockfiles, trees and caches that were read."""
    packages: int = 0
    states: int = 0
    """Contents that its lockfiles had in their history, as far as that was read."""
    gaps: int = 0
    hits: tuple[Hit, ...] = ()


class Met(Struct, frozen=True, kw_only=True):
    """An incident that something was found of."""

    id: str
    title: str
    level: Level
    kind: str
    start: str
    """When the first bad version could be had (RFC 3339, UTC)."""
    end: str
    """When the last one was gone; empty where that is not known."""
    certainty: str
    """How well it is established, in words."""
    summary: str
    places: tuple[str, ...]
    """The labels of what it hit, the worst first."""
    references: tuple[str, ...] = ()


class Order(Struct, frozen=True, kw_only=True):
    """One step of the playbook; their order counts."""

    do: str
    incidents: tuple[str, ...]
    """The incidents that ask for it."""
    where: str = ""
    """The machines or places that it is done on, where not on each that is hit."""
    command: str = ""
    before: str = ""
    """What must not be done until this one is."""


class Triage(Struct, frozen=True, kw_only=True):
    """An incident report: are we hit, where, through what, since when, what first."""

    level: Level
    places: tuple[Place, ...] = ()
    """The worst first."""
    incidents: tuple[Met, ...] = ()
    playbook: tuple[Order, ...] = ()
    unchecked: tuple[str, ...] = ()
    """What this call did not, or could not, look at; one sentence each."""
    looked_for: int = 0
    """Incidents that were looked for."""

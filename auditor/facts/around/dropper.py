"""Whether the install script of a bad package ran, told by what it leaves of itself.

A dropper that hides removes its own script and its manifest; the folder stays. So a member that the
script removes tells both ways: gone, it ran; still there, install scripts were blocked.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.advisories import IncidentIndex
from auditor.advisories.versions import same_version
from auditor.facts import Collector, Contents
from auditor.facts.around.installed import ROOT, HiddenSeen
from auditor.inventory import Inventory
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.advisories import BadPackage, Incident
    from auditor.inventory import LockedPackage


class Trace(StrEnum):
    """What the package's folder tells."""

    RAN = "ran"
    """Something that only its script removes is gone."""
    NOT_RUN = "not-run"
    """All is there that its script would have removed."""
    UNCLEAR = "unclear"
    """The manifest is that of a harmless version: that one, or what the script puts there."""
    HARMLESS = "harmless"
    """What was unpacked is not a bad version."""


class MembersSeen(Struct, frozen=True, kw_only=True):
    """Which of the files that were asked for lie in installed packages."""

    paths: frozenset[str]
    """Folders of packages, below `node_modules`, and their members: `plain-crypto-js/setup.js`."""


class DropperFact(Fact, frozen=True, kw_only=True):
    """One installed package whose bad versions remove their traces; `key` is what was unpacked."""

    trace: Trace
    place: str
    """The folder, below node_modules."""
    name: str
    unpacked: str
    """The version that was unpacked, by lockfile or store; empty where neither tells."""
    says: str
    """The version that its package.json says now; empty where there is none."""
    gone: tuple[str, ...]
    """The members that its script removes and that are not there."""
    left: tuple[str, ...]
    incident: str
    title: str
    kind: str
    safe: str
    account: str
    """What was seen and what it means, in one sentence."""


def collect(contents: Contents) -> Iterator[DropperFact]:
    """Yield one fact for each package of an installed tree that has such versions."""
    for seen in contents.of(MembersSeen):
        for inventory in contents.of(Inventory):
            for index in contents.of(IncidentIndex):
                unpacked = _unpacked(contents)
                for place, said in places(inventory, unpacked).items():
                    if place in seen.paths:
                        yield from _facts(inventory, index, place, said, unpacked.get(place), seen)


def asked(
    inventory: Inventory, hidden: Inventory | None, index: IncidentIndex
) -> dict[str, tuple[str, ...]]:
    """Return which members to look for in an installed tree, by the package's folder."""
    unpacked = _by_place(hidden) if hidden else {}
    return {
        place: tuple(dict.fromkeys(member for bad in found for member in bad.removes))
        for place, said in places(inventory, unpacked).items()
        if (found := [bad for _, bad in _known(index, said, unpacked.get(place))])
    }


def places(
    inventory: Inventory, unpacked: dict[str, LockedPackage]
) -> dict[str, LockedPackage | None]:
    """Return the packages of a tree by folder, and None for a folder without a manifest."""
    said = {package.id.removeprefix(ROOT): package for package in inventory.packages}
    return dict.fromkeys(unpacked) | said


def _unpacked(contents: Contents) -> dict[str, LockedPackage]:
    found: dict[str, LockedPackage] = {}
    for hidden in contents.of(HiddenSeen):
        found |= _by_place(hidden.inventory)
    return found


def _by_place(inventory: Inventory) -> dict[str, LockedPackage]:
    return {package.id.removeprefix(ROOT): package for package in inventory.packages}


def _known(
    index: IncidentIndex, said: LockedPackage | None, was: LockedPackage | None
) -> Iterator[tuple[Incident, BadPackage]]:
    names = dict.fromkeys(package.name for package in (was, said) if package is not None)
    for name in names:
        for incident, bad in index.named("npm", name):
            if bad.removes:
                yield incident, bad


def _facts(  # noqa: PLR0913, PLR0917 - one package, from all that speaks of it
    inventory: Inventory,
    index: IncidentIndex,
    place: str,
    said: LockedPackage | None,
    was: LockedPackage | None,
    seen: MembersSeen,
) -> Iterator[DropperFact]:
    for incident, bad in _known(index, said, was):
        unpacked = was.version if was else _in_store(place, bad.name)
        says = said.version if said else ""
        left = tuple(member for member in bad.removes if f"{place}/{member}" in seen.paths)
        gone = tuple(member for member in bad.removes if member not in left)
        trace = _trace(bad, unpacked, says, gone)
        yield DropperFact(
            path=inventory.path,
            key=f"{bad.name}@{unpacked or says}".rstrip("@"),
            trace=trace,
            place=place,
            name=bad.name,
            unpacked=unpacked,
            says=says,
            gone=gone,
            left=left,
            incident=incident.id,
            title=incident.title,
            kind=incident.kind.value,
            safe=f"none; {bad.resembles} may have been meant" if bad.resembles else "none",
            account=_account(trace, place, unpacked, says, gone, left),
        )


def _in_store(place: str, name: str) -> str:
    """Return the version that pnpm's store folder names: `.pnpm/name@1.0.0_peers/…`."""
    store, _, entry = place.partition("/")
    spelled = f"{name.replace('/', '+')}@"
    if store != ".pnpm" or not entry.startswith(spelled):
        return ""
    return re.split("[_(/]", entry.removeprefix(spelled), maxsplit=1)[0]


def _trace(bad: BadPackage, unpacked: str, says: str, gone: tuple[str, ...]) -> Trace:
    harmful = {same_version("npm", version) for version in bad.versions}
    if unpacked and same_version("npm", unpacked) not in harmful:
        return Trace.HARMLESS
    if unpacked or same_version("npm", says) in harmful:
        return Trace.RAN if gone else Trace.NOT_RUN
    return Trace.UNCLEAR if gone else Trace.NOT_RUN


def _account(  # noqa: PLR0913, PLR0917 - what the sentence is made of
    trace: Trace,
    place: str,
    unpacked: str,
    says: str,
    gone: tuple[str, ...],
    left: tuple[str, ...],
) -> str:
    folder = f"node_modules/{place}"
    manifest = f"its package.json says {says}" if says else "its package.json is gone"
    if trace is Trace.RAN:
        was = f", where {unpacked} was unpacked" if unpacked else ""
        return (
            f"its install script ran: it removes {words.listed(gone)}, and that is gone from"
            f" {folder}{was}; {manifest}"
        )
    if trace is Trace.NOT_RUN:
        return f"its install script has not run: {words.listed(left)} is still in {folder}"
    if trace is Trace.UNCLEAR:
        return (
            f"{folder} holds the harmless version or what the script leaves: {manifest}, and"
            f" {words.listed(gone)} is not there"
        )
    return f"{unpacked} was unpacked into {folder}, which is not a bad version"


COLLECTOR = Collector(name="dropper", fact=DropperFact, collect=collect, lockfile=True)

"""A lockfile's packages as contents for collectors, with all that the facts about them look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.advisories import IncidentIndex
from auditor.facts import Contents
from auditor.facts.lock.index import Beside, Indexes
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.facts.around.change import Earlier
    from auditor.facts.around.dropper import MembersSeen
    from auditor.facts.around.installed import HiddenSeen
    from auditor.facts.lock.index import Asked, UserSettings, UsualSeen
    from auditor.facts.lock.names import NamesAsked
    from auditor.facts.lock.recorded import Recorded
    from auditor.facts.lock.said import RegistrySaid
    from auditor.facts.lock.sibling import SiblingsSeen
    from auditor.inventory import Inventory

    Observation = (
        Asked
        | Earlier
        | HiddenSeen
        | MembersSeen
        | NamesAsked
        | Recorded
        | RegistrySaid
        | SiblingsSeen
        | UserSettings
        | UsualSeen
    )


def contents_of(
    inventory: Inventory,
    beside: Mapping[str, bytes],
    incidents: IncidentIndex,
    *seen: Observation,
    kind: ArtifactKind = ArtifactKind.LOCKFILE,
) -> Contents:
    """Return the contents that collectors of lockfiles see.

    `seen` is what else is known: what to compare with, the lockfile and the files that lie in an
    installed tree, what the user's own settings say of registries, the folder's other lockfiles,
    what the user asks about names, what registries and the advisory database say of them, which
    entries are as usual and what rules ask of these.
    """
    return observed(kind, incidents, inventory, Beside(files=beside), Indexes(), *seen)


def observed(kind: ArtifactKind, incidents: IncidentIndex, *seen: object) -> Contents:
    """Return contents that are nothing but observations, such as a repository's history."""
    observations: dict[type, tuple[object, ...]] = {IncidentIndex: (incidents,)}
    for one in seen:
        observations[type(one)] = (*observations.get(type(one), ()), one)
    return Contents(kind=kind, members=(), observations=observations)

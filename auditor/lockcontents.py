"""A lockfile's packages as contents for collectors, with all that the facts about them look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.advisories import IncidentIndex
from auditor.facts import Contents
from auditor.facts.lock.file import Beside
from auditor.inventory import Inventory
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.facts.lock.change import Earlier
    from auditor.facts.lock.index import UserSettings
    from auditor.facts.lock.installed import HiddenSeen
    from auditor.facts.lock.sibling import SiblingsSeen

    Observation = Earlier | HiddenSeen | SiblingsSeen | UserSettings


def contents_of(
    inventory: Inventory,
    beside: Mapping[str, bytes],
    incidents: IncidentIndex,
    *seen: Observation,
) -> Contents:
    """Return the contents that collectors of lockfiles see.

    `seen` is what else is known: what to compare with, the lockfile that lies in an installed tree,
    what the user's own settings say of registries, the other lockfiles of the folder.
    """
    observations: dict[type, tuple[object, ...]] = {
        Inventory: (inventory,),
        Beside: (Beside(files=beside),),
        IncidentIndex: (incidents,),
        **{type(one): (one,) for one in seen},
    }
    return Contents(kind=ArtifactKind.LOCKFILE, members=(), observations=observations)

"""A lockfile's packages as contents for collectors, with all that the facts about them look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.advisories import IncidentIndex
from auditor.facts import Contents
from auditor.facts.lock.change import Earlier
from auditor.facts.lock.file import Beside
from auditor.facts.lock.installed import HiddenSeen
from auditor.inventory import Inventory
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Mapping


def contents_of(
    inventory: Inventory,
    beside: Mapping[str, bytes],
    incidents: IncidentIndex,
    earlier: Earlier | None = None,
    hidden: Inventory | None = None,
) -> Contents:
    """Return the contents that collectors of lockfiles see.

    `earlier` is what to compare with; `hidden` the lockfile that lies in an installed tree.
    """
    observations: dict[type, tuple[object, ...]] = {
        Inventory: (inventory,),
        Beside: (Beside(files=beside),),
        IncidentIndex: (incidents,),
        Earlier: () if earlier is None else (earlier,),
        HiddenSeen: () if hidden is None else (HiddenSeen(inventory=hidden),),
    }
    return Contents(kind=ArtifactKind.LOCKFILE, members=(), observations=observations)

"""A lockfile's packages as contents for collectors, with all that the facts about them look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.advisories import IncidentIndex
from auditor.facts import Contents
from auditor.facts.lock.change import Earlier
from auditor.facts.lock.file import Beside
from auditor.inventory import Inventory
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Mapping


def contents_of(
    inventory: Inventory,
    beside: Mapping[str, bytes],
    incidents: IncidentIndex,
    earlier: Earlier | None = None,
) -> Contents:
    """Return the contents that collectors of lockfiles see; `earlier` is what to compare with."""
    observations: dict[type, tuple[object, ...]] = {
        Inventory: (inventory,),
        Beside: (Beside(files=beside),),
        IncidentIndex: (incidents,),
        Earlier: () if earlier is None else (earlier,),
    }
    return Contents(kind=ArtifactKind.LOCKFILE, members=(), observations=observations)

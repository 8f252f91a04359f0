"""Source maps against what the user's policy says of them: one fact a map, whatever it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.facts.demands import Demands, MapMode
from auditor.facts.source_map import MapSeen
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedMapFact(Fact):
    """One map, as a file or written into another one (`line`)."""

    mode: MapMode
    inline: bool


def collect(contents: Contents) -> Iterator[ShippedMapFact]:
    """Yield one fact for each map, where there is a policy."""
    for demands in contents.of(Demands):
        for seen in contents.of(MapSeen):
            yield ShippedMapFact(
                path=seen.path, line=seen.line, mode=demands.maps, inline=seen.line is not None
            )


COLLECTOR = Collector(name="shipped-map", fact=ShippedMapFact, collect=collect)

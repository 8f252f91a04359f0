"""Source maps against what the user's policy says of them: one fact a map, whatever it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents, source_map
from auditor.facts.demands import Demands, MapMode
from auditor.facts.source_map import Carrier
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator


class ShippedMapFact(Fact, frozen=True, kw_only=True):
    """One map, as a file or written into another one (`line`)."""

    mode: MapMode
    inline: bool
    unavailable: int
    """Sources without text in the map and without a file in the artifact."""


def collect(contents: Contents) -> Iterator[ShippedMapFact]:
    """Yield one fact for each map, where there is a policy; evaluated modules are none."""
    for demands in contents.of(Demands):
        for fact in source_map.collect(contents):
            if fact.carrier is Carrier.EVALUATED:
                continue
            yield ShippedMapFact(
                path=fact.path,
                line=fact.line,
                mode=demands.maps,
                inline=fact.inline,
                unavailable=fact.unavailable,
            )


COLLECTOR = Collector(name="shipped-map", fact=ShippedMapFact, collect=collect)

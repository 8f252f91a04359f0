"""An artifact in a few numbers: what takes the space, and what its maps give back together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from auditor.facts.source_map import MapSeen
from auditor.model import ByteCount, Disclosure, Share

if TYPE_CHECKING:
    from auditor.facts import Contents
    from auditor.maps.reader import Source
    from auditor.shipped import Shipped


def shares(shipped: Shipped) -> tuple[Share, ...]:
    """Return the kinds of file by their bytes, largest first."""
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for entry in shipped.files:
        sizes[entry.kind] += entry.size
        counts[entry.kind] += 1
    return tuple(
        Share(kind=kind, files=counts[kind], size=ByteCount(size))
        for kind, size in sizes.most_common()
    )


def disclosure(contents: Contents) -> Disclosure | None:
    """Return what all maps give back, each distinct text once; None without any text."""
    maps = contents.of(MapSeen)
    first: dict[bytes, Source] = {}
    third: set[bytes] = set()
    for source in (source for seen in maps for source in seen.map.sources):
        if source.digest is None:
            continue
        if source.third_party:
            third.add(source.digest)
        else:
            first.setdefault(source.digest, source)
    if not first and not third:
        return None
    return Disclosure(
        maps=sum(any(s.digest is not None for s in seen.map.sources) for seen in maps),
        files=len(first),
        lines=sum(source.lines for source in first.values()),
        size=ByteCount(sum(source.size for source in first.values())),
        third_party_files=len(third - first.keys()),
    )

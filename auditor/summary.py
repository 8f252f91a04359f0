"""An artifact in a few numbers: what takes the space, and what its maps give back together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.facts.source_map import given_back
from auditor.model import ByteCount, Disclosure, LanguageShare, Share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.facts import Contents
    from auditor.facts.source_map import GivenBack
    from auditor.maps.reader import Source
    from auditor.shipped import Shipped

_SAMPLE = 8
"""Names of removed files that are kept."""


def shares(shipped: Shipped) -> tuple[Share, ...]:
    """Return the kinds of file by their bytes, largest first."""
    sizes: dict[str, list[int]] = {}
    for entry in shipped.files:
        sizes.setdefault(entry.kind, []).append(entry.size)
    found = [
        Share(kind=kind, files=len(those), size=ByteCount(sum(those)))
        for kind, those in sizes.items()
    ]
    return tuple(sorted(found, key=lambda share: -share.size))


def disclosure(contents: Contents) -> Disclosure | None:
    """Return what all maps give back, each distinct text once; None without any text."""
    first: dict[bytes, GivenBack] = {}
    third: dict[bytes, Source] = {}
    maps = 0
    for _, sources in given_back(contents):
        carried = [one for one in sources if one.source.digest is not None]
        maps += bool(carried)
        for one in carried:
            digest = one.source.digest or b""
            if one.source.third_party:
                third.setdefault(digest, one.source)
            elif digest not in first or (first[digest].is_removed and not one.is_removed):
                first[digest] = one  # under another name the text may ship as its original
    if not first and not third:
        return None
    own = [one.source for one in first.values()]
    foreign = [source for digest, source in third.items() if digest not in first]
    removed = [one.source for one in first.values() if one.is_removed]
    removed.sort(key=lambda source: -source.size)
    return Disclosure(
        maps=maps,
        files=len(own),
        lines=_lines(own),
        size=_size(own),
        third_party_files=len(foreign),
        third_party_size=_size(foreign),
        shipped_files=sum(one.ships for one in first.values()),
        removed_files=len(removed),
        removed_lines=_lines(removed),
        removed_size=_size(removed),
        removed=tuple(source.path for source in removed[:_SAMPLE]),
        languages=_languages(own),
    )


def _languages(sources: list[Source]) -> tuple[LanguageShare, ...]:
    of: dict[str, list[Source]] = {}
    for source in sources:
        of.setdefault(source.language, []).append(source)
    shared = [
        LanguageShare(language=name, files=len(its), lines=_lines(its), size=_size(its))
        for name, its in of.items()
    ]
    return tuple(sorted(shared, key=lambda one: (-one.size, one.language)))


def _lines(sources: Iterable[Source]) -> int:
    return sum(source.lines for source in sources)


def _size(sources: Iterable[Source]) -> ByteCount:
    return ByteCount(sum(source.size for source in sources))

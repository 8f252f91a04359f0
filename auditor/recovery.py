"""What the source maps of one target give back, as one tree: each text once, and whose it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.facts.source_map import MapSeen, Shipped
from auditor.maps.links import LinkSeen
from auditor.maps.treepath import Places, path_of
from auditor.model import ByteCount, Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.facts import Contents
    from auditor.maps.reader import Source

MANIFEST = ("audit-map.json",)
"""Where an extracted tree says of each file which maps gave it; no source gets this path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Some sources that carry text, counted."""

    files: int = 0
    lines: int = 0
    size: ByteCount = ByteCount(0)  # noqa: RUF009 - a type, not a call that computes

    def __add__(self, other: Amount) -> Amount:
        """Return both together."""
        return Amount(
            files=self.files + other.files,
            lines=self.lines + other.lines,
            size=ByteCount(self.size + other.size),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """One text that can be recovered, and its place in the tree."""

    path: str
    """Where it belongs: relative, `/` between parts, safe on every file system."""
    name: str
    """As the first map that holds it spells it; untrusted."""
    size: ByteCount
    lines: int
    language: str
    third_party: bool
    ships: bool
    """Its text ships in the target outside of maps, too."""
    in_bundle: bool | None
    """Some generated code comes of it; False: the bundler removed it. None: no map says."""
    maps: tuple[int, ...]
    """Which maps hold it, by their place in `Recovery.maps`."""

    @property
    def amount(self) -> Amount:
        """It alone, counted."""
        return Amount(files=1, lines=self.lines, size=self.size)

    @property
    def own(self) -> bool:
        """It is first-party, and ships nowhere else: what only a map gives away."""
        return not self.third_party and not self.ships


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRow:
    """One map, and what it gives back by itself."""

    path: str
    line: int | None
    """Of a map that is written into other text."""
    size: ByteCount
    linked: bool
    """Some file refers to it, or it is inline."""
    listed: int
    """Sources that it names, with text or without."""
    first_party: Amount
    third_party: Amount
    undisclosed: Amount
    """Of `first_party`, what ships nowhere else."""
    removed: int
    """First-party texts of which no generated code comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The tree in a few numbers; each path counts once, however many maps hold it."""

    first_party: Amount
    third_party: Amount
    undisclosed: Amount
    """First-party text that ships nowhere else."""
    ships: Amount
    """First-party text that ships anyway."""
    removed: Amount
    """First-party text that is in a map and not in the bundle."""
    languages: tuple[tuple[str, Amount], ...]
    """Of first-party text, the largest first."""
    texts: int
    """Different first-party texts: the same one under two paths counts once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Everything that one call of `audit map` found out."""

    source: str
    """The target as the user named it, or the file of a release."""
    kind: str
    """What the target is: `file`, `folder`, or a kind of package."""
    maps: tuple[MapRow, ...] = ()
    files: tuple[Recovered, ...] = ()
    """By path."""
    totals: Totals
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(slots=True)
class _Found:
    """A text while the maps are gone through."""

    source: Source
    place: str
    maps: list[int]
    mapped: set[bool | None]
    third_party: bool


def of_contents(
    contents: Contents,
    source: str,
    kind: str,
    notes: Iterable[str] = (),
    gaps: Iterable[Gap] = (),
) -> Recovery:
    """Return what the maps of some contents give back."""
    seen = contents.of(MapSeen)
    shipped = Shipped(contents)
    linked = {link.target for link in contents.of(LinkSeen)}
    found, digests = _found(seen)
    files = sorted((_recovered(one, shipped) for one in found), key=lambda one: one.path)
    return Recovery(
        source=source,
        kind=kind,
        maps=tuple(_row(one, shipped, linked) for one in seen),
        files=tuple(files),
        totals=_totals(files, digests),
        notes=tuple(notes),
        gaps=tuple(gaps),
    )


def _found(seen: Sequence[MapSeen]) -> tuple[list[_Found], int]:
    """Return each text with its place, and how many different first-party ones there are."""
    places = Places(reserved=[MANIFEST])
    found: dict[str, _Found] = {}
    digests = set()
    for index, one in enumerate(seen):
        for source in one.map.sources:
            if source.digest is None:
                continue
            if not source.third_party:
                digests.add(source.digest)
            wished = path_of(source.name, one.map.roots, one.path)
            path = "/".join(places.place(wished, source.digest)[0])
            if path not in found:
                found[path] = _Found(source, path, [], set(), source.third_party)
            known = found[path]
            if known.maps[-1:] != [index]:
                known.maps.append(index)
            known.mapped.add(source.mapped)
            known.third_party &= source.third_party
    return list(found.values()), len(digests)


def _recovered(found: _Found, shipped: Shipped) -> Recovered:
    source = found.source
    return Recovered(
        path=found.place,
        name=source.name,
        size=source.size,
        lines=source.lines,
        language=source.language,
        third_party=found.third_party,
        ships=shipped.has(source),
        in_bundle=True if True in found.mapped else None if None in found.mapped else False,
        maps=tuple(found.maps),
    )


def _row(seen: MapSeen, shipped: Shipped, linked: set[str]) -> MapRow:
    carried = [source for source in seen.map.sources if source.digest is not None]
    first = [source for source in carried if not source.third_party]
    return MapRow(
        path=seen.path,
        line=seen.line,
        size=ByteCount(seen.size),
        linked=seen.line is not None or seen.path in linked,
        listed=len(seen.map.sources),
        first_party=_amount(first),
        third_party=_amount(source for source in carried if source.third_party),
        undisclosed=_amount(source for source in first if not shipped.has(source)),
        removed=sum(source.mapped is False for source in first),
    )


def _amount(sources: Iterable[Source | Recovered]) -> Amount:
    files = lines = size = 0
    for source in sources:
        files += 1
        lines += source.lines
        size += source.size
    return Amount(files=files, lines=lines, size=ByteCount(size))


def _totals(files: Sequence[Recovered], texts: int) -> Totals:
    first = [one for one in files if not one.third_party]
    languages: dict[str, list[Recovered]] = defaultdict(list)
    for one in first:
        languages[one.language].append(one)
    amounts = {language: _amount(ones) for language, ones in languages.items()}
    return Totals(
        first_party=_amount(first),
        third_party=_amount(one for one in files if one.third_party),
        undisclosed=_amount(one for one in first if not one.ships),
        ships=_amount(one for one in first if one.ships),
        removed=_amount(one for one in first if one.in_bundle is False),
        languages=tuple(sorted(amounts.items(), key=lambda item: (-item[1].size, item[0]))),
        texts=texts,
    )

"""What the source maps of one target give back, as one tree: each text once, and whose it is."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.facts.source_map import Carrier, GivenBack, MapSeen, given_back
from auditor.maps.links import LinkSeen
from auditor.maps.treepath import Places, path_of
from auditor.model import ByteCount, Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.facts import Contents
    from auditor.maps.reader import Source

MANIFEST = ("audit-map.json",)
"""Where an extracted tree says of each file which maps gave it; no source gets this path."""

NOT_READ = "not read"
"""What a target is of which nothing could be examined."""


class Amount(Struct, frozen=True, kw_only=True):
    """Some sources that carry text, counted."""

    files: int = 0
    lines: int = 0
    size: ByteCount = ByteCount(0)

    def __add__(self, other: Amount) -> Amount:
        """Return both together."""
        return Amount(
            files=self.files + other.files,
            lines=self.lines + other.lines,
            size=ByteCount(self.size + other.size),
        )


class Recovered(Struct, frozen=True, kw_only=True):
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
    """Some generated code comes of it; False: the bundler left it out. None: no map says."""
    maps: tuple[int, ...]
    """Which maps hold it, by their place in `Recovery.maps`."""

    @property
    def amount(self) -> Amount:
        """It alone, counted."""
        return Amount(files=1, lines=self.lines, size=self.size)

    @property
    def is_removed(self) -> bool:
        """A map alone gives it away: first-party, ships nowhere, and no bundle has code of it."""
        return not self.third_party and not self.ships and self.in_bundle is False


class MapRow(Struct, frozen=True, kw_only=True):
    """One map, and what it gives back by itself."""

    path: str
    line: int | None
    """Of a map that is written into other text."""
    size: ByteCount
    carrier: Carrier
    linked: bool
    """Some file refers to it, or it lies in one."""
    listed: int
    """Sources that it names, with text or without."""
    first_party: Amount
    third_party: Amount
    undisclosed: Amount
    """Of `first_party`, what ships nowhere else."""
    removed: int
    """Of `undisclosed`, the files of which no bundle has code."""


class Totals(Struct, frozen=True, kw_only=True):
    """The tree in a few numbers; each path counts once, however many maps hold it."""

    first_party: Amount
    third_party: Amount
    undisclosed: Amount
    """First-party text that ships nowhere else."""
    ships: Amount
    """First-party text that ships anyway."""
    removed: Amount
    """Of `undisclosed`, what is in a map and not in the bundle."""
    languages: tuple[tuple[str, Amount], ...]
    """Of first-party text, the largest first."""
    texts: int
    """Different first-party texts: the same one under two paths counts once."""


class Recovery(Struct, frozen=True, kw_only=True):
    """Everything that one call of `audit map` found out."""

    source: str
    """The target as the user named it, or the file of a release."""
    kind: str
    """What the target is: `file`, `folder`, a kind of package, or `NOT_READ`."""
    maps: tuple[MapRow, ...] = ()
    files: tuple[Recovered, ...] = ()
    """By path."""
    totals: Totals
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


def of_contents(
    contents: Contents,
    source: str,
    kind: str,
    notes: Iterable[str] = (),
    gaps: Iterable[Gap] = (),
) -> Recovery:
    """Return what the maps of some contents give back."""
    linked = {link.target for link in contents.of(LinkSeen)}
    maps: list[MapRow] = []
    tree = _Tree()
    for seen, given in given_back(contents):
        tree.add(len(maps), seen, given)
        maps.append(_row(seen, given, linked))
    files = tree.files()
    return Recovery(
        source=source,
        kind=kind,
        maps=tuple(maps),
        files=files,
        totals=_totals(files, tree.texts),
        notes=tuple(notes),
        gaps=tuple(gaps),
    )


class _Tree:
    """The texts of all maps, each with its place."""

    def __init__(self) -> None:
        self._places = Places(reserved=[MANIFEST])
        self._found: dict[str, GivenBack] = {}
        self._maps: dict[str, list[int]] = defaultdict(list)
        self._own: set[bytes] = set()

    @property
    def texts(self) -> int:
        """How many different first-party texts there are."""
        return len(self._own)

    def add(self, index: int, seen: MapSeen, given: Iterable[GivenBack]) -> None:
        """Give the texts of one map their places."""
        for one in given:
            digest = one.source.digest
            if digest is None:
                continue
            if one.is_own:
                self._own.add(digest)
            wished = path_of(one.source.name, one.source.root, seen.path)
            path = "/".join(self._places.place(wished, digest)[0])
            first = self._found.setdefault(path, one)
            if first.source.third_party and one.is_own:
                self._found[path] = one  # one map that calls it first-party is enough
            if self._maps[path][-1:] != [index]:
                self._maps[path].append(index)

    def files(self) -> tuple[Recovered, ...]:
        """Return all texts by path."""
        return tuple(
            Recovered(
                path=path,
                name=one.source.name,
                size=one.source.size,
                lines=one.source.lines,
                language=one.source.language,
                third_party=one.source.third_party,
                ships=one.ships,
                in_bundle=one.in_bundle,
                maps=tuple(self._maps[path]),
            )
            for path, one in sorted(self._found.items())
        )


def _row(seen: MapSeen, given: Sequence[GivenBack], linked: set[str]) -> MapRow:
    own = [one for one in given if one.is_own]
    carried = [one.source for one in given if one.source.digest is not None]
    return MapRow(
        path=seen.path,
        line=seen.line,
        size=ByteCount(seen.size),
        carrier=seen.carrier,
        linked=seen.carrier is not Carrier.FILE or seen.path in linked,
        listed=len(given),
        first_party=_amount(one.source for one in own),
        third_party=_amount(source for source in carried if source.third_party),
        undisclosed=_amount(one.source for one in own if not one.ships),
        removed=sum(one.is_removed for one in own),
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
        removed=_amount(one for one in first if one.is_removed),
        languages=tuple(sorted(amounts.items(), key=lambda item: (-item[1].size, item[0]))),
        texts=texts,
    )

"""What the artifacts of one call are compared with: reports of earlier runs, and manifests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import earlier, manifestfile
from auditor.earlier import Earlier
from auditor.facts.comparison import ComparedWith
from auditor.manifestfile import Manifest
from auditor.shipped import Shipped
from auditor.shipping import compared
from auditor.sources import userfile

if TYPE_CHECKING:
    from auditor.facts import Contents

_LARGEST = 256 * 1024 * 1024
"""Bytes of a report or manifest; one of a package with 100,000 files has 10 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user wants to be compared."""

    against: tuple[str, ...] = ()
    """JSON reports of earlier runs."""
    manifest: Path | None = None
    """The manifest's file, where it is not the one in the folder of the project."""
    write: bool = False
    """Write the manifests, and judge nothing by those that are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The comparisons of one artifact."""

    seen: tuple[ComparedWith, ...] = ()
    """Those that rules judge."""
    shown: tuple[ComparedWith, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Comparing:
    """One call's records, read once, and what it wants to write."""

    wanted: Wanted
    _reports: dict[str, Earlier] = field(default_factory=dict)
    _manifests: dict[Path, Manifest] = field(default_factory=dict)
    _shipped: dict[Path, list[tuple[str, Shipped]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what is named; raise UsageError for a file that is not what it should be."""
        for name in self.wanted.against:
            data = userfile.content(Path(name), _LARGEST)
            self._reports[name] = earlier.read(data, name)
        if self.wanted.manifest is not None and not self.wanted.write:
            self._manifest(self.wanted.manifest)

    def of(self, contents: Contents, name: str, ships: Shipped, folder: Path | None) -> Compared:
        """Compare one artifact; `folder` is that of the project that it was packed from."""
        seen = tuple(self._report(label, contents, name, ships) for label in self._reports)
        place = self.wanted.manifest or (folder and folder / manifestfile.NAME)
        if place is None:
            return Compared(seen=seen, shown=seen)
        part = manifestfile.section(contents.kind, contents.file)
        if self.wanted.write:
            self._shipped.setdefault(place, []).append((part, ships))
        if not place.is_file():  # one that was named was read before anything else
            return Compared(seen=seen, shown=seen)
        said = self._manifest(place).sections.get(part)
        if said is None:
            notes = (f"{place.name} says nothing of a {part}: not compared with it",)
            return Compared(seen=seen, shown=seen, notes=notes)
        told = compared(said, manifestfile.listed(ships), place.name)
        shown = (*seen, ComparedWith(comparison=told, expected=True))
        return Compared(seen=seen if self.wanted.write else shown, shown=shown, notes=())

    def written(self) -> tuple[str, ...]:
        """Write the manifests of what was packed, and return their paths."""
        for place, records in self._shipped.items():
            old = self._manifest(place) if place.is_file() else Manifest()
            new = manifestfile.renewed(old, manifestfile.joined(records))
            userfile.write(place, manifestfile.rendered(new))
        return tuple(str(place) for place in self._shipped)

    def _manifest(self, place: Path) -> Manifest:
        if place not in self._manifests:
            data = userfile.content(place, _LARGEST)
            self._manifests[place] = manifestfile.parsed(data, str(place))
        return self._manifests[place]

    def _report(self, label: str, contents: Contents, name: str, ships: Shipped) -> ComparedWith:
        """Compare with an earlier report; all is new where that has no such artifact."""
        found = self._reports[label].match(contents.kind, name)
        before = found.ships if found and found.ships else Shipped()
        version = f" ({found.name} {found.version})" if found and found.version else ""
        told = compared(before, ships, f"{Path(label).name}{version}")
        return ComparedWith(comparison=told, expected=False)

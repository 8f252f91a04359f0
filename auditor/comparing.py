"""What the artifacts of a call are compared with: earlier artifacts, reports, manifests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from auditor.archives import is_archive
from auditor.errors import UsageError
from auditor.model import Artifact, ArtifactKind, Finding
from auditor.shipped import Shipped
from auditor.shipping import compared
from auditor.sources import userfile
from auditor.specs import LATEST, is_spec, is_version, of_version, spec_of

if TYPE_CHECKING:
    from auditor.earlier import Earlier  # noqa: TC004 - nobody decodes what has them
    from auditor.facts import Contents
    from auditor.facts.comparing.comparison import ComparedWith  # noqa: TC004
    from auditor.manifestfile import Manifest  # noqa: TC004
    from auditor.shipped import Comparison
    from auditor.texts import Text  # noqa: TC004

_HEAD = 512
"""Bytes by which an archive is told."""
_LARGEST = 256 * 1024 * 1024
"""Bytes of a report or manifest; one of a package with 100,000 files has 10 MB."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What the user wants to be compared."""

    against: tuple[str, ...] = ()
    """JSON reports of earlier runs, targets, and versions of the package itself."""
    new: bool = False
    """Findings that the earlier artifact has as well are set aside."""
    manifests: bool = True
    """Compare with the manifest in the folder of a project, too."""
    manifest: Path | None = None
    """The manifest's file, where it is not the one in the folder of the project."""
    write: bool = False
    """Write the manifests, and judge nothing by those that are there."""


class Kept(Struct, frozen=True, kw_only=True):
    """An earlier artifact that was read for the sake of a later one."""

    artifact: Artifact
    file: str
    """Its own file name; empty for a folder."""
    texts: tuple[Text, ...]
    findings: tuple[Finding, ...]

    @property
    def label(self) -> str:
        """What it is called: the target as typed, and the version where that does not say it."""
        source, version = self.artifact.source, self.artifact.version
        if not version or version in source:
            return source
        return f"{source} ({self.artifact.name} {version})"


class Looked(Struct, frozen=True, kw_only=True):
    """What a look at an earlier target gave; its gaps are with whoever looked."""

    kept: tuple[Kept, ...] = ()
    nowhere: str = ""
    """Why there can be nothing yet: the registry has no such package."""


class Look(Struct, frozen=True, kw_only=True):
    """How an earlier target is looked at."""

    target: str
    like: str
    """The name of the file that is to be compared with one of it; empty where that says nothing."""
    folder: Path | None
    """The project whose settings say where a registry is."""
    may_lack: bool
    """It is no gap if the registry has no such package: this may be its first release."""


class Compared(Struct, frozen=True, kw_only=True):
    """The comparisons of one artifact."""

    seen: tuple[ComparedWith, ...] = ()
    """Those that rules judge."""
    shown: tuple[ComparedWith, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """Why something that the user wanted was not compared."""
    kept: tuple[Kept, ...] = ()
    """The earlier artifacts among what it was compared with."""


class Comparing(Struct):
    """One call's records, read once, and what it wants to write."""

    wanted: Wanted
    look: Callable[[Look], Looked]
    _reports: dict[str, Earlier] = field(default_factory=dict)
    _looked: dict[Look, Looked] = field(default_factory=dict)
    _manifests: dict[Path, Manifest] = field(default_factory=dict)
    _shipped: dict[Path, list[tuple[str, Shipped]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what is named; raise UsageError for a file that is not what it should be."""
        for name in self.wanted.against:
            if is_report(name):
                from auditor import earlier  # noqa: PLC0415 - where a report is named

                data = userfile.content(Path(name), _LARGEST)
                self._reports[name] = earlier.read(data, name)
        if self.wanted.manifest is not None and not self.wanted.write:
            self._manifest(self.wanted.manifest)

    def of(self, contents: Contents, name: str, ships: Shipped, folder: Path | None) -> Compared:
        """Compare one artifact; `folder` is that of the project that it was packed from."""
        found = self._earlier(contents, name, ships, folder)
        if not self.wanted.manifests or (self.wanted.manifest is None and folder is None):
            return found
        from auditor import manifestfile  # noqa: PLC0415 - where there may be one

        place = self.wanted.manifest or Path(folder or "", manifestfile.NAME)
        part = manifestfile.section(contents.kind, contents.file)
        if self.wanted.write:
            self._shipped.setdefault(place, []).append((part, ships))
        if not place.is_file():  # one that was named was read before anything else
            return found
        said = self._manifest(place).sections.get(part)
        if said is None:
            note = f"{place.name} says nothing of a {part}: not compared with it"
            return replace(found, notes=(*found.notes, note))
        told = compared(said, manifestfile.listed(ships), place.name)
        shown = (*found.seen, _seen(told, expected=True))
        return replace(found, seen=found.seen if self.wanted.write else shown, shown=shown)

    def _earlier(
        self, contents: Contents, name: str, ships: Shipped, folder: Path | None
    ) -> Compared:
        """Compare with each report and each earlier artifact that is named."""
        if not self.wanted.against:
            return Compared()
        from auditor import texts  # noqa: PLC0415 - where something is named

        seen, kept, notes, problems = [], [], [], []
        for label in self.wanted.against:
            if label in self._reports:
                seen.append(self._report(label, contents, name, ships))
                continue
            look = self._wish(label, contents, name, folder)
            if look is None:
                problems.append(f"not compared with {label}: it does not say how it is called")
                continue
            looked = self._looked.get(look) or self._looked.setdefault(look, self.look(look))
            found = _chosen(looked.kept, contents, name)
            if found is None:
                notes += [f"not compared with {label}: {looked.nowhere}"] * bool(looked.nowhere)
                problems += [f"not compared with {label}: nothing is of its kind"] * bool(
                    looked.kept
                )
                continue
            if found.artifact.kind is not contents.kind:
                kinds = (one.replace("-", " ") for one in (contents.kind, found.artifact.kind))
                notes.append(f"compared with what is of another kind: {' and '.join(kinds)}")
            told = compared(found.artifact.ships or Shipped(), ships, found.label)
            told = replace(told, texts=texts.changes(found.texts, texts.of(contents)))
            seen.append(_seen(told, expected=False))
            kept.append(found)
        return Compared(
            seen=tuple(seen),
            shown=tuple(seen),
            notes=tuple(notes),
            problems=tuple(problems),
            kept=tuple(kept),
        )

    def _wish(self, label: str, contents: Contents, name: str, folder: Path | None) -> Look | None:
        """Return what to look at; None for a version of what has no name that a registry takes."""
        if is_spec(label) or Path(label).exists():
            like = contents.file if is_spec(label) else ""
            return Look(target=label, like=like, folder=None, may_lack=False)
        python = contents.kind in {ArtifactKind.SDIST, ArtifactKind.WHEEL}
        target = of_version("pypi" if python else "npm", name, label)
        try:
            sound = spec_of(target).name == name
        except UsageError:
            sound = False
        return (
            Look(target=target, like=contents.file, folder=folder, may_lack=label == LATEST)
            if sound
            else None
        )

    def written(self) -> tuple[str, ...]:
        """Write the manifests of what was packed, and return their paths."""
        if not self._shipped:
            return ()
        from auditor import manifestfile  # noqa: PLC0415 - where one is written

        for place, records in self._shipped.items():
            old = self._manifest(place) if place.is_file() else manifestfile.Manifest()
            new = manifestfile.renewed(old, manifestfile.joined(records))
            userfile.write(place, manifestfile.rendered(new))
        return tuple(str(place) for place in self._shipped)

    def _manifest(self, place: Path) -> Manifest:
        from auditor import manifestfile  # noqa: PLC0415 - where there is one

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
        return _seen(told, expected=False)


def _seen(told: Comparison, *, expected: bool) -> ComparedWith:
    from auditor.facts.comparing.comparison import ComparedWith  # noqa: PLC0415 - see above

    return ComparedWith(comparison=told, expected=expected)


def is_report(label: str) -> bool:
    """Tell whether a label names a report; raise UsageError where it can mean nothing at all."""
    if is_spec(label):
        spec_of(label)
        return False
    path = Path(label)
    if path.is_file():
        return not is_archive(userfile.head(path, _HEAD))
    if not path.exists() and not is_version(label):
        raise UsageError(f"{label}: no such file, and no version of a package")
    return False


def _chosen(kept: tuple[Kept, ...], contents: Contents, name: str) -> Kept | None:
    """Return the artifact to compare with: the only one, or that of the name most like this."""
    if len(kept) == 1:
        return kept[0]
    from auditor.releases import nearest  # noqa: PLC0415 - only where there are several

    same = [one for one in kept if one.artifact.name == name] or list(kept)
    files = {one.file: one for one in same}
    return files.get(nearest(contents.file, files))

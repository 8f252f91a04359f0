"""The place in the user's repository where a person can act on a finding or a gap."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import lockfiles
from auditor.lazyre import regex
from auditor.model import ArtifactKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model import Artifact, Finding, Gap, Location, Report
    from auditor.report import View

_ADDRESS = regex(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""A source that is no path: `npm:demo@1.0.0`. One letter alone is a drive of Windows."""
_DRIVE = regex(r"[A-Za-z]:/")
_MADE = regex(r" \((?:sdist|wheel)(?: [^/]*)?\)\Z")
"""What the label of an archive that was built here has behind its folder."""
_INSTALLED = frozenset({"node_modules", "site-packages", "dist-packages"})
"""Folders of installed packages: no file of a repository, and nothing to be edited."""
STDIN = "-"


class Place(Struct, frozen=True, kw_only=True):
    """A line of a file in the repository."""

    path: str
    """From the repository's root, `/` between parts; as on disk, so untrusted text."""
    line: int = 1


class Repository:
    """One report and the repository that it was made in.

    Of a packed artifact's member the place is the file that git tracks and that went in as such,
    else the decision what is published (`Home`). Nothing is said of what lies outside of the
    repository, and no path of an artifact is taken for one of the repository.
    """

    def __init__(self, report: Report, view: View) -> None:
        self._view = view
        self._inventories = frozenset(str(row["source"]) for row in report.inventories)
        self._artifacts: dict[str, list[Artifact]] = {}
        for artifact in report.artifacts:
            self._artifacts.setdefault(artifact.source, []).append(artifact)

    def of_finding(self, finding: Finding) -> Place | None:
        """Return where a finding can be acted on; None where that is not in the repository."""
        return self._place(finding.location, finding.kind)

    def of_gap(self, gap: Gap) -> Place | None:
        """Return what a gap is about; None where that is not in the repository."""
        return self._place(gap.location, None)

    def of_source(self, source: str) -> Place | None:
        """Return the file that the user named; None for what is no file of the repository."""
        return self._inside(source) if _is_path(source) else None

    def _place(self, at: Location, kind: ArtifactKind | None) -> Place | None:
        if kind is ArtifactKind.POLICY:  # the path is the policy's file itself
            return self._inside(at.path or at.source, "", at.line)
        artifacts = self._artifacts.get(at.source)
        if artifacts is None:
            return self._of_lockfile(at, kind)
        artifact = _meant(artifacts, at.path, kind)
        home = artifact.home
        if home is None:
            return self._of_unpacked(artifact, at)
        if kind is ArtifactKind.PROJECT:
            return self._inside(home.folder, at.path, at.line)
        for path, line in _outwards(at):
            if path in home.tracked:
                return self._inside(home.folder, home.tracked[path], line)
        return self._inside(home.folder, home.manifest, home.line)

    def _of_unpacked(self, artifact: Artifact, at: Location) -> Place | None:
        """Return the place of what was audited as it lies there: a file, or a folder's file."""
        if artifact.kind is not ArtifactKind.FOLDER:
            return self.of_source(artifact.source)
        there = {entry.path for entry in artifact.ships.files} if artifact.ships else set()
        found = ((path, line) for path, line in _outwards(at) if path in there)
        path, line = next(found, ("", None))
        return self._inside(artifact.source, path, line) if path else None

    def _of_lockfile(self, at: Location, kind: ArtifactKind | None) -> Place | None:
        if not _is_path(at.source):
            return None
        name = posixpath.basename(_slashed(at.source))
        if name in _INSTALLED:
            return None
        if not at.path or at.path == name:
            return self._inside(at.source, "", at.line)
        if at.source in self._inventories:  # what lies beside the lockfile
            return self._inside(posixpath.dirname(at.source), at.path, at.line)
        if kind is ArtifactKind.LOCKFILE and lockfiles.named(posixpath.basename(at.path)):
            return self._inside(at.source, at.path, at.line)  # of a folder's history
        return None

    def _inside(self, folder: str, path: str = "", line: int | None = None) -> Place | None:
        """Return a path as one from the repository's root; None where it leads out of it."""
        view = self._view
        typed = folder.replace("\\", "/") if _DRIVE.match(view.root) else folder
        whole = typed if _DRIVE.match(typed) else posixpath.join(view.root, view.folder, typed)
        whole = posixpath.normpath(posixpath.join(whole, path) if path else whole)
        if view.root:
            root = view.root.rstrip("/") + "/"
            if not whole.startswith(root):
                return None
            whole = whole.removeprefix(root)
        if whole in {".", ".."} or whole.startswith(("/", "../")):
            return None
        return Place(path=whole, line=max(line or 1, 1))


def _meant(artifacts: list[Artifact], path: str, kind: ArtifactKind | None) -> Artifact:
    """Return which of the artifacts of one source is meant: by its kind, or who has the path."""
    for artifact in artifacts:
        if artifact.kind is kind:
            return artifact
    knowing = (one for one in artifacts if one.home and path in one.home.tracked)
    return next(knowing, artifacts[0])


def _outwards(at: Location) -> Iterator[tuple[str, int | None]]:
    """Yield a member and the archives that it is nested in, which have no lines."""
    path, line = at.path, at.line
    while path:
        yield path, line
        path, line = path.rpartition("!")[0], None


def _is_path(source: str) -> bool:
    return not (source == STDIN or _ADDRESS.match(source) or _MADE.search(source))


def _slashed(source: str) -> str:
    return source.replace("\\", "/")

"""The workspaces of a project: which folders its patterns name, and which of them are meant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.errors import PackerError, UsageError
from auditor.packing import glob, is_opaque
from auditor.sources import package_json
from auditor.sources.package_json import MANIFEST
from auditor.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator


class Workspace(Struct, frozen=True, kw_only=True):
    """One folder of the project with a package.json of its own."""

    folder: Path
    path: str
    """Relative to the project's root, `/` between parts."""
    name: str
    private: bool


class Patterns(Struct, frozen=True, kw_only=True):
    """What a project's root says its workspaces are."""

    texts: tuple[str, ...]
    ordered: bool
    """True where a later entry overrules an earlier one; else a negation wins wherever it is."""

    def match(self, path: str) -> bool:
        """Tell whether a folder's path, relative to the root, is a workspace's."""
        found = False
        for text in self.texts:
            pattern = text.lstrip("!")
            negated = (len(text) - len(pattern)) % 2 == 1
            if _names(_bare(pattern), path):
                if negated and not self.ordered:
                    return False
                found = not negated
        return found


def patterns(root: Path, packer: str) -> Patterns:
    """Return the patterns of a project's root as its packer reads them; no texts without any.

    pnpm reads pnpm-workspace.yaml, the others `workspaces` in package.json; where only the other
    file has patterns, those are taken. Raises PackerError when a file cannot be read.
    """
    listed_here = package_json.read(root).workspaces if (root / MANIFEST).is_file() else None
    of_pnpm = package_json.pnpm_patterns(root)
    if of_pnpm is not None and (packer == "pnpm" or listed_here is None):
        return Patterns(texts=of_pnpm, ordered=False)
    return Patterns(texts=listed_here or (), ordered=packer != "pnpm")


def has(root: Path, folder: Path) -> bool:
    """Tell whether a folder is the root of a project with workspaces, or one of these."""
    of_pnpm = (root / package_json.PNPM_WORKSPACE).is_file()
    try:
        found = patterns(root, "pnpm" if of_pnpm else "")
    except PackerError:
        return False  # what lies above the package is not what was asked about
    if root == folder:
        return of_pnpm or bool(found.texts)
    return found.match(folder.relative_to(root).as_posix())


def find(root: Path, packer: str) -> tuple[Workspace, ...]:
    """Return all workspaces below a project's root, sorted by path.

    Raises PackerError for a pattern that we do not read and for a package.json that is broken.
    """
    declared = patterns(root, packer)
    for text in declared.texts:
        if is_opaque(text.lstrip("!")) or ".." in text.split("/"):
            raise PackerError(
                f"the workspaces pattern {text!r} is of a kind that is not read here; "
                "audit the workspace's own folder"
            )
    found = []
    for folder in _folders(root, declared.texts):
        path = folder.relative_to(root).as_posix()
        if declared.match(path) and (folder / MANIFEST).is_file():
            manifest = package_json.read(folder)
            found.append(
                Workspace(folder=folder, path=path, name=manifest.name, private=manifest.private)
            )
    return tuple(sorted(found, key=lambda workspace: workspace.path))


def select(
    known: tuple[Workspace, ...], wanted: tuple[str, ...], label: str
) -> tuple[Workspace, ...]:
    """Return the workspaces of those names or paths, in that order, each once.

    Raises UsageError with the names there are when one is not found.
    """
    chosen: dict[str, Workspace] = {}
    for text in wanted:
        path = _bare(text)
        found = [w for w in known if w.name == text or w.path == path]
        if not found:
            raise UsageError(f"{label} has no workspace {text!r}{_hint(text, known)}")
        chosen.update((workspace.path, workspace) for workspace in found)
    return tuple(chosen.values())


def public(
    known: tuple[Workspace, ...], label: str
) -> tuple[tuple[Workspace, ...], tuple[str, ...]]:
    """Return the workspaces that can be published, and a note on those left out.

    Raises UsageError when none can: an audit of nothing would read as a good result.
    """
    out = tuple(workspace.name or workspace.path for workspace in known if workspace.private)
    kept = tuple(workspace for workspace in known if not workspace.private)
    if not kept:
        reason = f"all {counted(len(out), 'workspace')} are private" if out else "it declares none"
        raise UsageError(f"{label} has no workspace that can be published: {reason}")
    return kept, (f"left out as private: {listed(out, 20)}",) if out else ()


def _names(pattern: str, path: str) -> bool:
    if "." in {pattern, path}:  # the root itself, which no wildcard means
        return pattern == path
    return glob(f"{pattern}/{MANIFEST}", case=True).fullmatch(f"{path}/{MANIFEST}") is not None


def _bare(pattern: str) -> str:
    return pattern.replace("\\", "/").removeprefix("./").strip("/") or "."


def _folders(root: Path, texts: tuple[str, ...]) -> Iterator[Path]:
    """Walk as deep as some pattern reaches; `.` alone is the root."""
    depth = max((_bare(text.lstrip("!")).count("/") + 1 for text in texts), default=0)
    anywhere = any("**" in text for text in texts)
    hidden = any(part.startswith(".") for text in texts for part in _bare(text).split("/"))
    pending = [(root, 0)]
    while pending:
        current, level = pending.pop()
        yield current
        if level >= depth and not anywhere:
            continue
        try:
            with os.scandir(current) as entries:
                pending.extend(
                    (current / entry.name, level + 1)
                    for entry in entries
                    if entry.is_dir(follow_symlinks=not anywhere)
                    and entry.name not in {"node_modules", ".git"}
                    and (hidden or not entry.name.startswith("."))
                )
        except OSError as problem:
            raise PackerError(
                f"{current} cannot be searched for workspaces: {problem.strerror}"
            ) from None


def _hint(text: str, known: tuple[Workspace, ...]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

    names = [word for w in known for word in (w.name, w.path) if word]
    close = get_close_matches(text, names, n=1)
    there = tuple(workspace.name or workspace.path for workspace in known)
    shown = f"; there are {listed(there, 20)}" if there else "; it declares none"
    return shown + (f"; did you mean {close[0]!r}?" if close else "")

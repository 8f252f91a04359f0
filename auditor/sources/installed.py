"""Installed packages as an inventory: what lies in `node_modules` and `site-packages`.

Only manifests are read: package.json in the layouts of npm and pnpm (a virtual store in `.pnpm`),
METADATA of dist-infos, PKG-INFO of egg-infos and eggs. Links between folders are not followed, so
each copy counts once.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import InputError, SpentError
from auditor.facts.distribution import headers
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.shape import json_object
from auditor.sources import gauges, regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditor.limits import Limits

_LARGEST = 4 * 1024 * 1024
_SCRIPTS = frozenset({"preinstall", "install", "postinstall"})
_PYTHON = ((".dist-info", "METADATA"), (".egg-info", "PKG-INFO"), (".egg", "EGG-INFO/PKG-INFO"))
"""Endings of folders that are distributions, and what describes them there."""
_DEEPEST = 64
"""`node_modules` inside each other."""


def inventory(folder: Path, label: str, limits: Limits) -> Inventory:
    """Return what is installed in a folder called `node_modules` or `site-packages`."""
    tree = _Tree()
    npm = folder.name == "node_modules"
    found = tree.node(folder, "", 0) if npm else tree.python(folder)
    packages: list[LockedPackage] = []
    try:
        packages += gauges.budget(limits).watched(islice(found, limits.members))
    except SpentError as problem:
        tree.unread.append(("", f"not read to the end: {problem}"))
    if len(packages) == limits.members:
        tree.unread.append(
            ("", f"{limits.members:,} packages and perhaps more: the rest is not read")
        )
    return Inventory(
        path=label,
        format="node_modules" if npm else "site-packages",
        packages=tuple(packages),
        sections={"installed": len(packages)},
        unread=tuple(tree.unread),
    )


def present(folder: Path, asked: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return which of the packages' folders, and of the members asked for in them, are there.

    Nothing is opened, and links are not followed. The folders' names may come from a lockfile: one
    that leads out of the tree is not looked at.
    """
    found: set[str] = set()
    for place, names in asked.items():
        parts = place.split("/")
        above = [folder.joinpath(*parts[: n + 1]) for n in range(len(parts))]
        if any(p in {"", ".", ".."} for p in parts) or any(map(os.path.islink, above)):
            continue
        if _is_folder(above[-1]):
            found.add(place)
            found |= {f"{place}/{name}" for name in names if os.path.lexists(above[-1] / name)}
    return frozenset(found)


class _Tree:
    """A walk over installed packages; `unread` fills with what could not be read, and why."""

    def __init__(self) -> None:
        self.unread: list[tuple[str, str]] = []

    def node(self, folder: Path, prefix: str, depth: int) -> Iterator[LockedPackage]:
        """Yield each package of a node_modules folder and of those nested in it."""
        if depth > _DEEPEST:
            self.unread.append((prefix, f"more than {_DEEPEST} node_modules inside each other"))
            return
        for path in self._folders(folder, prefix):
            if path.name == ".pnpm":
                for store in self._folders(path, f"{prefix}.pnpm"):
                    inner = store / "node_modules"
                    if _is_folder(inner) and not inner.is_symlink():
                        place = f"{prefix}.pnpm/{store.name}/node_modules/"
                        yield from self.node(inner, place, depth + 1)
            elif path.name.startswith("@"):
                for scoped in self._folders(path, f"{prefix}{path.name}"):
                    yield from self._package(scoped, f"{prefix}{path.name}/{scoped.name}", depth)
            elif not path.name.startswith("."):
                yield from self._package(path, f"{prefix}{path.name}", depth)

    def _package(self, folder: Path, place: str, depth: int) -> Iterator[LockedPackage]:
        document = self._manifest(folder / "package.json", place)
        if document is not None:
            name, version = document.get("name"), document.get("version")
            if isinstance(name, str) and isinstance(version, str):
                scripts = document.get("scripts")
                called = place.rpartition("node_modules/")[2]
                yield LockedPackage(
                    id=place,
                    ecosystem="npm",
                    name=name,
                    version=version,
                    alias=called if called != name else "",
                    section="installed",
                    install_script=isinstance(scripts, dict) and not _SCRIPTS.isdisjoint(scripts),
                )
            else:
                self.unread.append((place, "its package.json has no name and version"))
        inner = folder / "node_modules"
        if _is_folder(inner) and not inner.is_symlink():
            yield from self.node(inner, f"{place}/node_modules/", depth + 1)

    def _manifest(self, path: Path, place: str) -> dict[str, Any] | None:
        try:
            return json_object(_content(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, InputError) as problem:
            self.unread.append((place, f"its package.json cannot be read: {_why(problem)}"))
            return None

    def python(self, folder: Path) -> Iterator[LockedPackage]:
        """Yield each distribution of a site-packages folder."""
        for entry in self._listed(folder, ""):
            path, name = Path(entry.path), entry.name
            if entry.is_dir():
                for ending, document in _PYTHON:
                    if name.endswith(ending):
                        yield from self._distribution(path / document, name)
            elif name.endswith(".egg-info"):  # distutils wrote the PKG-INFO under that name
                yield from self._distribution(path, name)
            elif name.endswith(".egg"):
                self.unread.append((name, "is no folder; zipped eggs are not read"))

    def _distribution(self, path: Path, place: str) -> Iterator[LockedPackage]:
        try:
            if path.parent.is_symlink():
                raise ValueError("lies behind a link, which is not followed")  # noqa: TRY301
            said = headers(_content(path))
        except (OSError, ValueError, InputError) as problem:
            self.unread.append((place, f"its {path.name} cannot be read: {_why(problem)}"))
            return
        if "Name" not in said or "Version" not in said:
            self.unread.append((place, f"its {path.name} has no name and version"))
            return
        elsewhere = path.name != place and (path.parent / "direct_url.json").is_file()
        yield LockedPackage(
            id=place,
            ecosystem="pypi",
            name=said["Name"],
            version=said["Version"],
            origin=Origin.URL if elsewhere else Origin.REGISTRY,
            section="installed",
        )

    def _folders(self, folder: Path, place: str) -> list[Path]:
        """Return the folders in a folder, links left out."""
        return [Path(entry.path) for entry in self._listed(folder, place) if entry.is_dir()]

    def _listed(self, folder: Path, place: str) -> list[os.DirEntry[str]]:
        """Return what lies in a folder, links left out."""
        try:
            with os.scandir(folder) as entries:
                found = [entry for entry in entries if not entry.is_symlink()]
        except OSError as problem:
            self.unread.append((place, f"cannot be listed: {problem.strerror}"))
            return []
        return sorted(found, key=lambda entry: entry.name)


def _why(problem: Exception) -> str:
    """Return a reason without the path, which the report names as the user did."""
    return getattr(problem, "strerror", None) or str(problem)


def _is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; one that may not be looked at is none, and no error."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where a permission is missing


def _content(path: Path) -> bytes:
    data = regular.content(path, _LARGEST)
    if len(data) > _LARGEST:
        raise ValueError(f"larger than {_LARGEST:,} bytes")
    return data

"""Whether a lockfile hangs together: every wish met in its range, every package wished for.

It is the test that `npm ci` makes before it installs (arborist's validateLockfile), without a
network, and the other way round: an entry that nobody asks for. Python's lockfiles are compared
with their manifests alone (`python_manifest`). Peers' ranges are never judged,
as clients warn about them at most; nor is what the manifest's overrides or resolutions touch.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING

from auditor.facts import Collector, Contents
from auditor.facts.lock.index import LockIndex, declares, edges, indexes, is_plain
from auditor.facts.lock.python_manifest import PIPFILE, PYPROJECT, drift
from auditor.inventory import LockedPackage, Origin
from auditor.model import Fact
from auditor.npm_ranges import satisfies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inventory import Edge, Inventory

_FEW = 10
"""Unexplained entries that are told one by one; more are one fact of the file."""
_SAMPLE = 5
_HIDDEN = ".package-lock.json"
"""npm's record of what it installed; the project's own requirements are not in it."""
_LOCAL = frozenset({Origin.WORKSPACE, Origin.FILE})
_WHOLE = frozenset({"duplicate-key", "merge-conflict", "split-brain"})
"""Problems with which a lockfile holds more than one state of itself."""


class Break(StrEnum):
    """In what way a lockfile does not hang together."""

    MISSING = "missing"
    """Something is required, and no entry is there for it."""
    OUT_OF_RANGE = "out-of-range"
    NOT_IN_MANIFEST = "not-in-manifest"
    """The lockfile has a requirement of the project that its manifest has not."""
    NOT_IN_LOCKFILE = "not-in-lockfile"
    """The manifest has a requirement that the lockfile does not know."""
    CHANGED = "changed"
    """Manifest and lockfile know a requirement in two forms."""
    OTHER_MANIFEST = "other-manifest"
    """The lockfile was made from a manifest whose requirements had another digest."""
    UNEXPLAINED = "unexplained"
    """Nothing leads from the project to this entry."""
    UNTIDY = "untidy"
    """Nothing leads to more than ten entries: leftovers rather than a stowaway."""


class LockClosureFact(Fact, frozen=True, kw_only=True):
    """One break; `key` is the name or entry that it is about."""

    format: str
    kind: Break
    name: str
    wants: str
    """The range that is asked for; empty where none is."""
    has: str
    """The version or range that the lockfile has; empty where it has none."""
    by: str
    """Who asks; empty for the project itself."""
    direct: bool
    """The project itself asks."""
    packages: int
    """How many entries it is about."""
    sample: tuple[str, ...]
    install_script: bool
    """An unexplained entry runs a script when it is installed."""
    detail: str
    """The break as a sentence without its full stop."""


def collect(contents: Contents) -> Iterator[LockClosureFact]:
    """Yield what is missing, out of range, unknown to one side, or unexplained."""
    for index in indexes(contents):
        closure = _Closure(index)
        yield from closure.drift()
        yield from closure.python_drift()
        yield from closure.unmet()
        yield from closure.unexplained()


class _Closure:
    """One lockfile's requirements."""

    def __init__(self, index: LockIndex) -> None:
        self._index = index
        self._inventory: Inventory = index.inventory
        self._packages = index.inventory.by_id
        self._sound = not any(p.kind in _WHOLE for p in index.inventory.problems)
        hidden = index.inventory.path.rpartition("/")[2] == _HIDDEN
        self._targets = not hidden and any(e.target for e in index.inventory.roots)
        """The reader says which entry a requirement means; without that there is nothing to ask."""

    # manifest and lockfile

    def drift(self) -> Iterator[LockClosureFact]:
        """Compare the project's requirements in its manifest with those in the lockfile."""
        manifest = self._index.manifest
        roots = {e.name: e for e in self._inventory.roots if not e.peer}
        if manifest is None or not roots:
            return
        for name, spec in manifest.wanted.items():
            edge = roots.get(name)
            if edge is None:
                if name not in manifest.peers:
                    yield self._fact(Break.NOT_IN_LOCKFILE, name, wants=spec, direct=True)
            elif not (manifest.workspaces or _same(spec, edge.wants) or manifest.overridden(name)):
                yield self._fact(Break.CHANGED, name, wants=spec, has=edge.wants, direct=True)
        if manifest.workspaces or self._has_members():
            return
        for name, edge in roots.items():
            if name not in manifest.wanted and name not in manifest.peers:
                yield self._fact(Break.NOT_IN_MANIFEST, name, has=edge.wants, direct=True)

    def python_drift(self) -> Iterator[LockClosureFact]:
        """Compare a Python project's manifest with what the lockfile says of it."""
        if not self._sound:
            return
        for one in dict.fromkeys(drift(self._inventory, self._index.files)):
            wants, has = one.manifest, one.lockfile
            if not one.name:
                name = PIPFILE if self._inventory.format == "pipfile" else PYPROJECT
                yield self._fact(Break.OTHER_MANIFEST, name, direct=True)
            elif has is None:
                yield self._fact(Break.NOT_IN_LOCKFILE, one.name, wants=wants or "", direct=True)
            elif wants is None:
                yield self._fact(Break.NOT_IN_MANIFEST, one.name, has=has, direct=True)
            else:
                yield self._fact(Break.CHANGED, one.name, wants=wants, has=has, direct=True)

    def _has_members(self) -> bool:
        members = [p for p in self._inventory.packages if p.origin is Origin.WORKSPACE]
        return len(members) > 1 or any(p.resolved not in {"", "."} for p in members)

    # requirements

    def unmet(self) -> Iterator[LockClosureFact]:
        """Find requirements without an entry, and those whose entry is out of range."""
        if not self._targets or not self._sound:
            return
        manifest = self._index.manifest
        replaced = manifest.replaced if manifest is not None else frozenset()
        for edge in self._inventory.roots:
            if not edge.peer and edge.name not in replaced:
                target = self._packages.get(edge.target)
                if target is not None and _misses(edge, target):
                    yield self._out_of_range(edge, target, None)
                elif not (target or edge.optional or edge.target) and is_plain(edge.wants):
                    yield self._fact(Break.MISSING, edge.name, wants=edge.wants, direct=True)
        if manifest is None:
            return
        for package in self._inventory.packages:
            for edge in package.requires:
                if not edge.peer and edge.name not in replaced:
                    target = self._packages.get(edge.target)
                    if target is not None and _misses(edge, target):
                        yield self._out_of_range(edge, target, package)

    def _out_of_range(
        self, edge: Edge, target: LockedPackage, by: LockedPackage | None
    ) -> LockClosureFact:
        return self._fact(
            Break.OUT_OF_RANGE,
            edge.name,
            wants=edge.wants,
            has=target.version,
            by="" if by is None else by.id,
            direct=by is None,
            line=target.line,
        )

    # entries

    def unexplained(self) -> Iterator[LockClosureFact]:
        """Find the entries that nothing leads to from the project."""
        if not self._targets or not self._sound:
            return
        packages = self._inventory.packages
        seen = {e.target for e in self._inventory.roots if e.target}
        seen.update(p.id for p in packages if p.origin in _LOCAL)
        seen.update(self._patched())
        by_name: dict[str, list[str]] = defaultdict(list)
        if not all(edge.target for edge in edges(self._inventory)):
            for package in packages:
                by_name[package.alias or package.name].append(package.id)
        asked = [self._inventory.roots]
        asked += (self._packages[id_].requires for id_ in seen if id_ in self._packages)
        while asked:
            for edge in asked.pop():
                for target in (edge.target,) if edge.target else by_name.pop(edge.name, ()):
                    if target not in seen:
                        seen.add(target)
                        if target in self._packages:
                            asked.append(self._packages[target].requires)
        lost = [p for p in packages if p.id not in seen and self._must_be_wanted(p)]
        if len(lost) > _FEW:
            yield self._many(lost)
            return
        for package in lost:
            yield self._fact(
                Break.UNEXPLAINED,
                package.name,
                has=package.version,
                key=package.id,
                line=package.line,
                script=package.install_script,
            )

    def _patched(self) -> list[str]:
        """Return what yarn patches: the wish is for the patch, and its source has its own entry."""
        sources = {(p.name, p.version) for p in self._inventory.packages if "@patch:" in p.id}
        if not sources:
            return []
        return [p.id for p in self._inventory.packages if (p.name, p.version) in sources]

    def _must_be_wanted(self, package: LockedPackage) -> bool:
        return package.origin is Origin.REGISTRY and not package.bundled and not package.optional

    def _many(self, lost: list[LockedPackage]) -> LockClosureFact:
        return self._fact(
            Break.UNTIDY,
            lost[0].name,
            has=lost[0].version,
            line=lost[0].line,
            packages=len(lost),
            sample=tuple(f"{p.name}@{p.version}" for p in lost[:_SAMPLE]),
            script=any(p.install_script for p in lost),
        )

    def _fact(  # noqa: PLR0913 - each is one field of the fact
        self,
        kind: Break,
        name: str,
        *,
        wants: str = "",
        has: str = "",
        by: str = "",
        direct: bool = False,
        key: str = "",
        line: int | None = None,
        packages: int = 1,
        sample: tuple[str, ...] = (),
        script: bool = False,
    ) -> LockClosureFact:
        return LockClosureFact(
            path=self._inventory.path,
            line=line,
            key=key or name,
            format=self._inventory.format,
            kind=kind,
            name=name,
            wants=wants,
            has=has,
            by=by,
            direct=direct,
            packages=packages,
            sample=sample or (f"{name}@{has}",),
            install_script=script,
            detail=_detail(kind, name, wants, has, by),
        )


def _misses(edge: Edge, target: LockedPackage) -> bool:
    """Tell whether the version of what a requirement was given is out of its range."""
    if target.origin is not Origin.REGISTRY or target.ecosystem != "npm" or not target.version:
        return False
    if not edge.wants:  # the format has none, as pnpm's has none of packages
        return False
    wants, has = edge.wants, target.version
    bare = wants.removeprefix("npm:")
    if has == bare or (has == bare[1:] and bare[0] in "^~"):  # as a wish is when it is first locked
        return False
    if wants.startswith("npm:"):
        wants = wants.rpartition("@")[2] if declares(wants, target.name) else wants[4:]
    return satisfies(has, wants) is False


def _detail(kind: Break, name: str, wants: str, has: str, by: str) -> str:
    wanted = f"{name} {wants}".rstrip()
    asked = f"{by or 'the project'} requires {wanted}"
    told = {
        Break.MISSING: f"{asked}, and the lockfile has no entry for it",
        Break.OUT_OF_RANGE: f"{asked}, and the lockfile has {has}",
        Break.NOT_IN_MANIFEST: (
            f"the lockfile has {name} {has}".rstrip()
            + " as the project's own requirement, its manifest has not"
        ),
        Break.NOT_IN_LOCKFILE: f"the manifest requires {wanted}, the lockfile does not",
        Break.CHANGED: f"the manifest requires {wanted}, the lockfile says {has or 'any version'}",
    }
    if kind is Break.OTHER_MANIFEST:
        return f"the requirements in {name} are not those that the lockfile was made from"
    return told.get(kind, f"nothing leads from the project to {name} {has}")


def _same(spec: str, wants: str) -> bool:
    """Tell whether two spellings of a requirement are one; unknown ones are not judged."""
    if not wants or not is_plain(spec) or not is_plain(wants):
        return True
    return "".join(spec.split()) == "".join(wants.removeprefix("npm:").split())


COLLECTOR = Collector(name="lock-closure", fact=LockClosureFact, collect=collect, lockfile=True)

"""A lockfile against an earlier state of itself: what a change brings in.

Most changes are what updates look like: new packages and versions. Some are not: the content of a
version never changes, so a version with another digest is the strongest sign there is.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import pep
from auditor.addresses import address
from auditor.advisories.versions import same_name, same_version
from auditor.facts import Collector, Contents
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAMPLE = 5


class Change(StrEnum):
    """What is different."""

    NEW_DIGEST = "new-digest"
    """A version that was there has a digest, and it is another one."""
    LOST_DIGEST = "lost-digest"
    """A version that was there had a digest, and has none."""
    NEW_SCRIPT = "new-script"
    """A package that runs an install script; the version before ran none, or was not there."""
    NEW_HOST = "new-host"
    """A host that served nothing before."""
    DOWNGRADE = "downgrade"
    """The only version of a package is lower than the only one before."""
    NEW_PACKAGES = "new-packages"
    """Names that were not there, counted together."""


class Earlier(Struct, frozen=True, kw_only=True):
    """The lockfile as it was: its packages, and how the report names that state."""

    label: str
    inventory: Inventory


class LockChangeFact(Fact, frozen=True, kw_only=True):
    """One difference; `key` is the package, where it is about one."""

    change: Change
    name: str
    before: str
    """The version, digest or hosts before; empty where there was none."""
    after: str
    against: str
    """The earlier state, as the report names it."""
    packages: int
    sample: tuple[str, ...]
    dev: bool


def collect(contents: Contents) -> Iterator[LockChangeFact]:
    """Yield the differences; nothing where there is no earlier state."""
    for earlier in contents.of(Earlier):
        for inventory in contents.of(Inventory):
            yield from _Comparison(earlier, inventory).changes()


Release = tuple[str, str, str]


class _Comparison:
    """Two states of one lockfile."""

    def __init__(self, earlier: Earlier, now: Inventory) -> None:
        self._label = earlier.label
        self._path = now.path
        self._before = _of_others(earlier.inventory)
        self._now = _of_others(now)

    def changes(self) -> Iterator[LockChangeFact]:
        """Yield each difference, the gravest kinds first."""
        yield from self._digests()
        yield from self._scripts()
        yield from self._hosts()
        yield from self._downgrades()
        yield from self._names()

    def _digests(self) -> Iterator[LockChangeFact]:
        known: dict[Release, set[str]] = defaultdict(set)
        for package in self._before:
            known[_release(package)].update(package.integrity)
        seen: set[Release] = set()
        for package in self._now:
            release = _release(package)
            before = known.get(release)
            if not before or release in seen or package.bundled:
                continue
            shared = {digest.partition("-")[0] for digest in before}
            after = {d for d in package.integrity if d.partition("-")[0] in shared}
            if not package.integrity:
                seen.add(release)
                yield self._fact(Change.LOST_DIGEST, package, min(before), "")
            elif after and not after & before:
                seen.add(release)
                yield self._fact(Change.NEW_DIGEST, package, min(before), min(after))

    def _scripts(self) -> Iterator[LockChangeFact]:
        ran = {_name(package) for package in self._before if package.install_script}
        versions = _versions(self._before)
        told: set[tuple[str, str]] = set()
        for package in self._now:
            name = _name(package)
            if package.install_script and name not in ran | told:
                told.add(name)
                before = ", ".join(sorted(versions.get(name, ())))
                yield self._fact(Change.NEW_SCRIPT, package, before, package.version)

    def _hosts(self) -> Iterator[LockChangeFact]:
        before = {host for package in self._before for host in _hosts(package)}
        if not before:
            return
        new: dict[str, list[LockedPackage]] = defaultdict(list)
        for package in self._now:
            for host in _hosts(package) - before:
                new[host].append(package)
        for host, packages in sorted(new.items()):
            fact = self._fact(Change.NEW_HOST, packages[0], ", ".join(sorted(before)[:3]), host)
            yield _about(fact, packages)

    def _downgrades(self) -> Iterator[LockChangeFact]:
        before = _versions(self._before)
        lines = {_name(package): package for package in self._now}
        for name, versions in _versions(self._now).items():
            old = before.get(name, set())
            if len(old) == len(versions) == 1 and _is_lower(min(versions), min(old)):
                yield self._fact(Change.DOWNGRADE, lines[name], min(old), min(versions))

    def _names(self) -> Iterator[LockChangeFact]:
        known = {_name(package) for package in self._before}
        new = [package for package in self._now if _name(package) not in known]
        if new:
            yield _about(self._fact(Change.NEW_PACKAGES, new[0], "", ""), new)

    def _fact(
        self, change: Change, package: LockedPackage, before: str, after: str
    ) -> LockChangeFact:
        return LockChangeFact(
            path=self._path,
            line=package.line,
            key=f"{package.name}@{package.version}",
            change=change,
            name=package.name,
            before=before,
            after=after,
            against=self._label,
            packages=1,
            sample=(f"{package.name}@{package.version}",),
            dev=package.dev,
        )


def _about(fact: LockChangeFact, packages: list[LockedPackage]) -> LockChangeFact:
    names = dict.fromkeys(f"{package.name}@{package.version}" for package in packages)
    return LockChangeFact(
        path=fact.path,
        line=fact.line,
        key=fact.after or None,
        change=fact.change,
        name=fact.name,
        before=fact.before,
        after=fact.after,
        against=fact.against,
        packages=len(names),
        sample=tuple(names)[:_SAMPLE],
        dev=all(package.dev for package in packages),
    )


def _of_others(inventory: Inventory) -> list[LockedPackage]:
    """Return what others published: not the project's own folders."""
    own = {Origin.WORKSPACE, Origin.FILE}
    return [package for package in inventory.packages if package.origin not in own]


def _name(package: LockedPackage) -> tuple[str, str]:
    return package.ecosystem, same_name(package.ecosystem, package.name)


def _release(package: LockedPackage) -> Release:
    version = same_version(package.ecosystem, package.version)
    return (*_name(package), version)


def _versions(packages: list[LockedPackage]) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for package in packages:
        if package.version:
            found[_name(package)].add(package.version)
    return found


def _hosts(package: LockedPackage) -> set[str]:
    texts = (package.resolved, *package.files)
    return {host for text in texts if text and (host := address(text).host)}


def _is_lower(one: str, other: str) -> bool:
    """Tell whether a version is lower; of what PEP 440 does not order nothing is told."""
    try:
        return pep.version(one) < pep.version(other)
    except ValueError:
        return False


COLLECTOR = Collector(name="lock-change", fact=LockChangeFact, collect=collect, lockfile=True)

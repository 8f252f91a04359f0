"""Who requires whom in one inventory, and the shortest way from the project to an entry.

No fact of its own.
"""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING

from auditor import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inventory import Inventory, LockedPackage

TREES = frozenset({"node_modules", "site-packages"})
"""Formats of installed packages: nothing there says who requires whom."""
_LONGEST = 50
"""Packages of a way that are kept; a longer one has `…` behind the direct dependency."""
_SHOWN = 6
"""Packages of a way that are shown in words."""


def key_of(name: str, version: str) -> str:
    """Return how reports name a release: `name@version`."""
    return f"{name}@{version}" if version else name


def reach_of(
    inventory: Inventory, chain: tuple[str, ...], others: int, package: LockedPackage
) -> str:
    """Return a way to an entry in words, with how many others there are."""
    if inventory.format in TREES:
        return f"installed in {inventory.format}/{package.id}"
    more = f" and {words.counted(others, 'other way', 'other ways')}" if others else ""
    if package.direct or len(chain) == 1:
        return f"required by the project itself{more}"
    if chain:
        way = chain[:-1]
        if len(way) > _SHOWN:
            way = (*way[: _SHOWN - 1], "…", way[-1])
        return f"required through {' → '.join(way)}{more}"
    return "the file does not say through what"


class Ways:
    """Who requires whom in one inventory; made once, when something is found in it."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._packages = inventory.by_id
        self._targets = {
            package.id: [
                target
                for edge in package.requires
                if (target := self._target(edge.target, edge.name))
            ]
            for package in inventory.packages
        }
        self._starts = {package.id for package in inventory.packages if package.direct}
        roots = (self._target(edge.target, edge.name) for edge in inventory.roots)
        self._starts.update(filter(None, roots))
        self._parent = self._walk()

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """The entries of each name and alias: the file may not say what a requirement was given."""
        found: dict[str, list[str]] = {}
        for package in self._inventory.packages:
            for name in {package.name, package.alias} - {""}:
                found.setdefault(name, []).append(package.id)
        return found

    @cached_property
    def _dependents(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for entry, targets in self._targets.items():
            for target in targets:
                found.setdefault(target, set()).add(entry)
        return found

    def _target(self, target: str, name: str) -> str:
        """Return the entry that satisfies a requirement; by name where only one has it."""
        if target:
            return target if target in self._packages else ""
        named = self._by_name.get(name, [])
        return named[0] if len(named) == 1 else ""

    def _walk(self) -> dict[str, str]:
        """Return for each entry in reach the one before it on a shortest way; "" for the first."""
        before = {entry: "" for entry in self._packages if entry in self._starts}
        self._first = {start: start for start in before}
        waiting = deque(before)
        while waiting:
            current = waiting.popleft()
            for target in self._targets[current]:
                if target not in before:
                    before[target] = current
                    self._first[target] = self._first[current]
                    waiting.append(target)
        return before

    def _shown(self, entry: str) -> str:
        return key_of(self._packages[entry].name, self._packages[entry].version)

    def way_to(self, package: LockedPackage, key: str) -> tuple[tuple[str, ...], int]:
        """Return the shortest way to an entry, ending in `key`, and how many others require it."""
        if package.id not in self._parent:
            return (), len(self._dependents.get(package.id, ()))
        chain = [key]
        current = self._parent[package.id]
        while current and len(chain) < _LONGEST:
            chain.append(self._shown(current))
            current = self._parent[current]
        if current:
            chain += ["…", self._shown(self._first[package.id])]
        askers = len(self._dependents.get(package.id, ())) + (package.id in self._starts)
        return tuple(reversed(chain)), max(askers - 1, 0)

    def askers(self, package: LockedPackage) -> Iterator[LockedPackage]:
        """Yield the packages that require an entry."""
        for entry in sorted(self._dependents.get(package.id, ())):
            yield self._packages[entry]

    def required(self, package: LockedPackage) -> Iterator[str]:
        """Yield the real names of what an entry requires, as far as the file tells them."""
        for edge in package.requires:
            met = self._packages.get(self._target(edge.target, edge.name))
            yield met.name if met else edge.name

    def is_direct(self, package: LockedPackage) -> bool:
        """Tell whether the project itself requires an entry."""
        return package.id in self._starts

"""What yarn's two lockfile formats share: headers of descriptors, and edges between entries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from auditor.inventory import Edge, LockedPackage
from auditor.lockfiles._graph import only_development, only_optional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.lockfiles._npm import Notes


MOST = 20
"""Names of one entry, and lost values of its fields, that are listed; each has all its edges."""

Told = TypeVar("Told")


def told_of_nul(text: str, notes: Notes) -> None:
    """Note the first NUL of a text; it is read all the same, as far as it can be."""
    at = text.find("\0")
    if at >= 0:
        line = text.count("\n", 0, at) + 1
        notes.lost(f"line {line:,}", "holds a NUL, as no text does")


def few(names: Mapping[str, Told], notes: Notes, line: int) -> list[tuple[str, Told]]:
    """Return the names of an entry that are listed; that there are more is noted."""
    if len(names) > MOST:
        notes.lost(
            f"line {line:,}", f"{len(names) - MOST:,} more names of one entry are not listed"
        )
    return list(islice(names.items(), MOST))


def unquoted(text: str) -> str:
    """Return a word without its quotes; both formats quote as JSON does."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        if "\\" not in text or text[0] == "'":
            return text[1:-1]
        try:
            return str(json.loads(text, strict=False))
        except ValueError:
            return text[1:-1]
    return text


class Descriptors:
    """Which package each `name@range` of the headers got, and each name that has but one."""

    def __init__(self) -> None:
        self._by_descriptor: dict[str, str] = {}
        self._by_name: dict[str, set[str]] = {}

    def add(self, descriptor: str, name: str, identity: str) -> None:
        """Note what a descriptor got; of repeated ones the last counts, as for yarn."""
        self._by_descriptor[descriptor] = identity
        self._by_name.setdefault(name, set()).add(identity)

    def find(self, name: str, wants: str) -> str:
        """Return the id for a requirement; `resolutions` may have changed its range.

        Bun 1.1 prints the real name in place of an alias.
        """
        spelled = [f"{name}@{wants}", f"{name}@npm:{wants}"] if wants else [name]
        real = wants.removeprefix("npm:").rpartition("@")[0]
        if real and wants.startswith("npm:"):
            spelled.append(f"{real}@{wants}")
        for descriptor in spelled:
            found = self._by_descriptor.get(descriptor)
            if found is not None:
                return found
        only = self._by_name.get(name, set())
        return next(iter(only)) if len(only) == 1 else ""

    def edges(self, wanted: Mapping[str, str], *, optional: Iterable[str] = ()) -> tuple[Edge, ...]:
        """Return the edges for a map of names to ranges."""
        if not wanted:
            return ()
        loose = frozenset(optional)
        got = self._by_descriptor.get  # nearly always as it is spelled
        return tuple(
            [
                Edge(
                    name=name,
                    wants=wants,
                    target=(wants and got(f"{name}@{wants}")) or self.find(name, wants),
                    optional=name in loose,
                )
                for name, wants in wanted.items()
            ]
        )


class Found(Struct, kw_only=True):
    """A package before its edges are known: the values of its fields, and what it requires."""

    id: str
    values: dict[str, Any]
    wanted: Mapping[str, str]
    optional: Iterable[str] = ()


def finished(
    found: Sequence[Found],
    descriptors: Descriptors,
    roots: Sequence[Edge],
    *,
    whole: bool,
) -> tuple[LockedPackage, ...]:
    """Return the packages with their edges and flags, as far as follows from the requirements.

    `whole` says that `roots` are all that the project requires, with what is for development told
    apart; else nothing is said to be for development only, or optional. An entry that has
    `optional` among its values says it itself.
    """
    direct = {edge.target for edge in roots}
    requires = {one.id: descriptors.edges(one.wanted, optional=one.optional) for one in found}
    dev = only_development(requires, roots) if whole else frozenset()
    optional = only_optional(requires, roots) if whole else frozenset()
    return tuple(
        LockedPackage(
            id=one.id,
            ecosystem="npm",
            requires=requires[one.id],
            direct=one.id in direct,
            dev=one.id in dev,
            **{"optional": one.id in optional, **one.values},
        )
        for one in found
    )

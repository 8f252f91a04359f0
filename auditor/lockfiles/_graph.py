"""What follows from who requires whom: packages that only development needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditor.inventory import Edge


def only_development(
    required: Mapping[str, tuple[Edge, ...]], roots: Iterable[Edge]
) -> frozenset[str]:
    """Return the ids that are reached by development requirements of the project alone.

    To be asked where `roots` are all there are; what nothing reaches is not among them.
    """
    edges = list(roots)
    shipped = _reached(required, (e.target for e in edges if not e.dev))
    return frozenset(_reached(required, (e.target for e in edges if e.dev)) - shipped)


def _reached(required: Mapping[str, tuple[Edge, ...]], start: Iterable[str]) -> set[str]:
    found: set[str] = set()
    pending = list(start)
    while pending:
        identity = pending.pop()
        if identity and identity not in found:
            found.add(identity)
            pending += [edge.target for edge in required.get(identity, ())]
    return found

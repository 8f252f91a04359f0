"""What follows from who requires whom: packages for development only, and optional ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from auditor.inventory import Edge


def only_development(
    required: Mapping[str, tuple[Edge, ...]], roots: Iterable[Edge]
) -> frozenset[str]:
    """Return the ids that are reached by development requirements of the project alone.

    To be asked where `roots` are all there are; what nothing reaches is not among them.
    """
    edges = list(roots)
    shipped = _reached(required, (e.target for e in edges if not e.dev))
    return frozenset(_reached(required, (e.target for e in edges if e.dev), known=shipped))


def only_optional(
    required: Mapping[str, tuple[Edge, ...]], roots: Iterable[Edge]
) -> frozenset[str]:
    """Return the ids that no way leads to but over an optional requirement.

    To be asked where `roots` are all there are; what nothing reaches is not among them.
    """
    edges = list(roots)
    if not any(edge.optional for own in (edges, *required.values()) for edge in own):
        return frozenset()  # as in many projects
    needed = _reached(required, (e.target for e in edges if not e.optional), firm=True)
    edges += [edge for id_ in needed for edge in required.get(id_, ())]
    return frozenset(_reached(required, (e.target for e in edges if e.optional), known=needed))


def _reached(
    required: Mapping[str, tuple[Edge, ...]],
    start: Iterable[str],
    *,
    known: Container[str] = (),
    firm: bool = False,
) -> set[str]:
    """Return what is reached without those that are known; `firm` over no optional requirement."""
    found: set[str] = set()
    pending = list(start)
    while pending:
        identity = pending.pop()
        if identity and identity not in found and identity not in known:
            found.add(identity)
            edges = required.get(identity, ())
            pending += [edge.target for edge in edges if not (firm and edge.optional)]
    return found

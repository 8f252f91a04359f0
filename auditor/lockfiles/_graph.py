"""What follows from who requires whom: packages for development only, and optional ones."""

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


def only_optional(
    required: Mapping[str, tuple[Edge, ...]], roots: Iterable[Edge]
) -> frozenset[str]:
    """Return the ids that no way leads to but over an optional requirement.

    To be asked where `roots` are all there are; what nothing reaches is not among them.
    """
    edges = list(roots)
    firm = {id_: tuple(e for e in own if not e.optional) for id_, own in required.items()}
    needed = _reached(firm, (e.target for e in edges if not e.optional))
    return frozenset(_reached(required, (e.target for e in edges)) - needed)


def _reached(required: Mapping[str, tuple[Edge, ...]], start: Iterable[str]) -> set[str]:
    found: set[str] = set()
    pending = list(start)
    while pending:
        identity = pending.pop()
        if identity and identity not in found:
            found.add(identity)
            pending += [edge.target for edge in required.get(identity, ())]
    return found

"""What an artifact is compared with: an earlier record of it; no fact of its own."""

from __future__ import annotations

from msgspec import Struct

from auditor.shipped import Comparison


class ComparedWith(Struct, frozen=True, kw_only=True):
    """One comparison of the artifact with an earlier record."""

    comparison: Comparison
    expected: bool
    """The record is what the maintainers said would ship, and not what shipped once."""


def percent(before: int, after: int) -> int | None:
    """Return by how many whole per cent something grew, rounded to zero; None where it was 0."""
    return int(100 * (after - before) / before) if before else None

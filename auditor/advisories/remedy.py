"""The version to go to: the nearest one that is known and that no record names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.advisories import ranges
from auditor.advisories.versions import nearest, same_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.advisories.records import Advisory


def unnamed(
    ecosystem: str, advisories: Iterable[Advisory], more: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the versions that no record is about, of those in which records say it was fixed.

    `more` are versions that are known otherwise.
    """
    known = tuple(advisories)
    fixed = (
        version
        for advisory in known
        for _, events in advisory.versions.ranges
        for what, version in events
        if what == "fixed"
    )
    return tuple(
        version
        for version in dict.fromkeys((*more, *fixed))
        if all(advisory.scope(ecosystem, version) is None for advisory in known)
    )


def above(ecosystem: str, version: str, among: Iterable[str]) -> str:
    """Return the lowest version above one, where the order is known; empty where there is none."""
    order = ranges.order_of(ecosystem, "")
    have = order(version) if order and version else None
    if order is None or have is None:
        return ""
    higher = [(at, one) for one in among if (at := order(one)) is not None and at > have]
    return min(higher, default=(None, ""))[1]


def beside(ecosystem: str, version: str, among: Iterable[str]) -> str:
    """Return the version that is closest to another one; empty where there is none."""
    same = same_version(ecosystem, version)
    return nearest(version, tuple(v for v in among if same_version(ecosystem, v) != same))

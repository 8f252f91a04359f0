"""The version to go to: the nearest one that is known and that no record names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.advisories import ranges
from auditor.advisories.versions import by_distance, same_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.advisories.records import Advisory


class Releases:
    """The versions of one package that are known: in which records say it was fixed, and others.

    A package may have a hundred records and as many fixes, so a version is compared with them only
    when it is the next one to go to.
    """

    __slots__ = ("_advisories", "_ecosystem", "_good", "_known")

    def __init__(
        self, ecosystem: str, advisories: Iterable[Advisory], more: Iterable[str] = ()
    ) -> None:
        self._ecosystem = ecosystem
        known = tuple(advisories)
        fixes = (fix for advisory in known for fix in _fixes(advisory))
        self._known = tuple(dict.fromkeys((*more, *fixes)))
        self._advisories = sorted(known, key=lambda one: len(_fixes(one)))
        """What knows of no fix is about most versions, and is asked first."""
        self._good: dict[str, bool] = {}

    def above(self, version: str) -> str:
        """Return the lowest version above one that no record is about; empty for none.

        Where the order of versions is not known there is none either.
        """
        order = ranges.order_of(self._ecosystem, "")
        have = order(version) if order and version else None
        if order is None or have is None:
            return ""
        placed = ((order(one), one) for one in self._known)
        higher = sorted((at, one) for at, one in placed if at is not None and at > have)
        return next((one for _, one in higher if self._is_good(one)), "")

    def beside(self, version: str) -> str:
        """Return the version closest to another one that no record is about; empty for none."""
        same = same_version(self._ecosystem, version)
        others = (v for v in self._known if same_version(self._ecosystem, v) != same)
        return next(filter(self._is_good, by_distance(version, others)), "")

    def _is_good(self, version: str) -> bool:
        if version not in self._good:
            scopes = (one.scope(self._ecosystem, version) for one in self._advisories)
            self._good[version] = all(scope is None for scope in scopes)
        return self._good[version]


def _fixes(advisory: Advisory) -> list[str]:
    """Return the versions in which a record says that it was fixed."""
    events = (event for _, events in advisory.versions.ranges for event in events)
    return [version for what, version in events if what == "fixed"]

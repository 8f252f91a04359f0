"""What lies in node_modules against the lockfile that npm hides there when it installs.

A dropper that covers its tracks rewrites its own package.json; the hidden lockfile still says what
npm unpacked. Only versions are compared: npm does not list what packages make by themselves.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.facts import Collector, Contents
from auditor.inventory import Inventory, Origin
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inventory import LockedPackage

ROOT = "node_modules/"


class Difference(StrEnum):
    """In what way folder and lockfile disagree, if they do."""

    NONE = "none"
    OTHER_VERSION = "other-version"
    OTHER_NAME = "other-name"


class HiddenSeen(Struct, frozen=True, kw_only=True):
    """The lockfile of an installed tree: what npm unpacked, and where."""

    inventory: Inventory


class InstalledFact(Fact, frozen=True, kw_only=True):
    """One folder of node_modules that npm made; `key` is what npm unpacked into it."""

    difference: Difference
    place: str
    """The folder, below node_modules."""
    unpacked: str
    """`name@version` by the hidden lockfile."""
    found: str
    """`name@version` by the folder's own package.json."""
    install_script: bool
    """What npm unpacked has an install script, which could have made the change."""


def collect(contents: Contents) -> Iterator[InstalledFact]:
    """Yield one fact for each package of an installed tree that its lockfile knows."""
    for hidden in contents.of(HiddenSeen):
        unpacked = {
            package.id.removeprefix(ROOT): package
            for package in hidden.inventory.packages
            if package.origin is Origin.REGISTRY
        }
        for inventory in contents.of(Inventory):
            for package in inventory.packages:
                place = package.id.removeprefix(ROOT)
                was = unpacked.get(place)
                if was is None:
                    continue
                yield InstalledFact(
                    path=inventory.path,
                    key=f"{was.name}@{was.version}",
                    difference=_difference(was, package),
                    place=place,
                    unpacked=f"{was.name}@{was.version}",
                    found=f"{package.name}@{package.version}",
                    install_script=was.install_script,
                )


def _difference(was: LockedPackage, package: LockedPackage) -> Difference:
    if was.name != package.name:
        return Difference.OTHER_NAME
    return Difference.NONE if was.version == package.version else Difference.OTHER_VERSION


COLLECTOR = Collector(name="installed", fact=InstalledFact, collect=collect, lockfile=True)

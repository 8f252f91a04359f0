"""What is asked about the names of a lockfile's packages, and where these come from.

No fact of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from auditor.addresses import address
from auditor.facts.lock.host import LOCAL
from auditor.lazyre import regex
from auditor.namelists import NameList
from auditor.names import Level, Lookalike

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.inventory import LockedPackage
    from auditor.registries import Registries

_PORT = regex(r":\d+\Z")
ECOSYSTEMS = frozenset({"npm", "pypi"})
"""Those of which popular names are known."""


class NameJudge(Protocol):
    """What tells which popular name of one ecosystem a name imitates."""

    def known(self, names: Iterable[str], /) -> set[str]:
        """Return those of some names that are popular themselves, so that they imitate nothing."""

    def judge(self, name: str, level: Level, /) -> Lookalike | None:
        """Return what a name imitates, as far as a level tells it."""


class NamesAsked(Struct, frozen=True, kw_only=True):
    """What the user wants to know about names, and what knows it."""

    judge: Callable[[str], NameJudge]
    """By ecosystem; only called where packages of it are there."""
    level: Level | None = Level.DEFAULT
    """How much is told of look-alikes; None for nothing."""
    internal: NameList = field(default_factory=NameList)
    """Names and scopes of the user's own packages, which no public registry has."""
    reviewed: NameList = field(default_factory=NameList)
    """Names that the user has looked at."""


class Source(StrEnum):
    """Whose registry a package comes from, as far as the settings tell."""

    CONFIGURED = "configured"
    """One that the project's or the user's settings name for it, or this machine."""
    OTHER = "other"
    UNSAID = "unsaid"
    """The lockfile has no address for it."""


def hosts_of(package: LockedPackage) -> tuple[str, ...]:
    """Return the hosts that a package comes from: its registry's, or else those of its files."""
    index = address(package.resolved).source if package.resolved else ""
    if index:
        return (index,)
    return tuple(dict.fromkeys(filter(None, (address(file).source for file in package.files))))


def meant_hosts(package: LockedPackage, registries: Registries) -> frozenset[str]:
    """Return the registries that settings name for a package; those of its scope count alone."""
    scope = scope_of(package.name, package.ecosystem)
    return scope_hosts(scope, registries) or (
        registries.default | registries.users_hosts("", package.ecosystem)
    )


def scope_hosts(scope: str, registries: Registries) -> frozenset[str]:
    """Return the registries that settings name for an npm scope itself."""
    if not scope:
        return frozenset()
    ours = {one.host for one in registries.users if one.scope == scope}
    return registries.scopes.get(scope, frozenset()) | ours


def source_of(hosts: tuple[str, ...], meant: frozenset[str]) -> Source:
    """Tell whether hosts are among those that are meant."""
    if not hosts:
        return Source.UNSAID
    known = all(host in meant or _PORT.sub("", host) in LOCAL for host in hosts)
    return Source.CONFIGURED if known else Source.OTHER


def scope_of(name: str, ecosystem: str) -> str:
    """Return the npm scope of a name; empty for one without."""
    return name.partition("/")[0] if name.startswith("@") and ecosystem == "npm" else ""


def by_name(packages: Iterable[LockedPackage]) -> dict[tuple[str, str], list[LockedPackage]]:
    """Return the entries of each ecosystem's names, in the order of the file."""
    found: dict[tuple[str, str], list[LockedPackage]] = {}
    for package in packages:
        found.setdefault((package.ecosystem, package.name), []).append(package)
    return found

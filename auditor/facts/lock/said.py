"""What registries say of a lockfile's packages, and which of these they may be asked about.

No fact of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor.addresses import address
from auditor.facts.lock.index import from_registry
from auditor.facts.lock.names import ECOSYSTEMS, hosts_of
from auditor.names.spelling import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.inventory import LockedPackage
    from auditor.namelists import NameList
    from auditor.names.signals import Signals  # noqa: TC004 - nothing decodes what holds them


class RegistrySaid(Struct, frozen=True, kw_only=True):
    """The answers to what was asked about one lockfile, and when that was."""

    now: datetime
    min_age: timedelta | None = None
    """Younger releases are told; None where no age is too young."""
    signals: Mapping[tuple[str, str], Signals] = field(default_factory=dict)
    """By ecosystem and name, as `of` spells it; also of names that others look like."""
    asked: frozenset[str] = frozenset()
    """The ids of the packages whose registry was asked; others of the name come from elsewhere."""

    def of(self, ecosystem: str, name: str) -> Signals | None:
        """Return what is said of a name; None where nothing was asked or answered."""
        return self.signals.get(key_of_name(ecosystem, name))

    def of_package(self, package: LockedPackage) -> Signals | None:
        """Return what the registry of a package says of its name; None where it does not."""
        if package.id not in self.asked:
            return None
        return self.of(package.ecosystem, package.name)


def key_of_name(ecosystem: str, name: str) -> tuple[str, str]:
    """Return a name as its registry has it, with its ecosystem."""
    return ecosystem, normal(ecosystem, name)


def candidates(packages: Iterable[LockedPackage], internal: NameList) -> Iterator[LockedPackage]:
    """Yield what some registry can be asked about.

    Not what comes from repositories, addresses and paths, nor what came inside another package;
    and the user's own names are told to nobody.
    """
    for package in from_registry(packages):
        known = package.ecosystem in ECOSYSTEMS and package.name and not package.bundled
        if known and not internal.holds(package.name, package.ecosystem):
            yield package


def is_from(package: LockedPackage, url: str) -> bool:
    """Tell whether the registry at an address is the one that a package comes from.

    So it is where the lockfile has no address: its client asks the one that is configured.
    """
    hosts = hosts_of(package)
    return not hosts or address(url).source in hosts

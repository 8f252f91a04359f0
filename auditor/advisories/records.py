"""Advisory records as they are looked up: what each says, and which of them are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

from auditor.advisories import ranges
from auditor.advisories.versions import same_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.advisories.osv import Record
    from auditor.advisories.ranges import Scope, Spec

MALICIOUS = "MAL-"
"""How the ids of records begin that say that a package was made to harm."""
_ORDER = (MALICIOUS, "GHSA-", "PYSEC-", "CVE-")
"""By whose id several records that are one are shown."""

Name = tuple[str, str]
"""The type of a purl, and a name in the one spelling that all its spellings share."""


class Advisory(Struct, frozen=True, kw_only=True, dict=True):
    """What one record says of one package."""

    id: str
    published: str
    """The day (RFC 3339, UTC); empty where the record does not say."""
    aliases: tuple[str, ...]
    summary: str
    severity: tuple[str, ...]
    """CVSS vectors."""
    spec: str
    """The versions that it is about, as `ranges.encoded` writes them: parsed when asked for."""

    @property
    def malicious(self) -> bool:
        """It says that the package was made to harm."""
        return self.id.startswith(MALICIOUS)

    @cached_property
    def versions(self) -> Spec:
        """The versions that it is about; raises ValueError where the database is damaged."""
        return ranges.decoded(self.spec)

    def scope(self, ecosystem: str, version: str) -> Scope | None:
        """Return by what it is about a version; None where it is not."""
        return ranges.scope_of(ecosystem, self.versions, version)


class Records(Struct, frozen=True, kw_only=True):
    """What a database has about the packages that were asked for."""

    found: Mapping[Name, tuple[Advisory, ...]] = field(default_factory=dict)

    def of(self, ecosystem: str, name: str) -> tuple[Advisory, ...]:
        """Return the records of a package, whatever the spelling of its name."""
        return self.found.get((ecosystem, same_name(ecosystem, name)), ())


NONE = Records()


def collected(read: Iterable[Record]) -> Records:
    """Return records as a database that holds them would answer, about every package of them."""
    found: dict[Name, list[Advisory]] = defaultdict(list)
    for record in read:
        for one in record.affected:
            advisory = Advisory(
                id=record.id,
                published=record.published,
                aliases=record.aliases,
                summary=record.summary,
                severity=record.severity,
                spec=ranges.encoded(one.versions, one.ranges),
            )
            found[one.ecosystem, one.name].append(advisory)
    return Records(found={name: tuple(some) for name, some in found.items()})


def merged(advisories: Iterable[Advisory]) -> list[tuple[Advisory, ...]]:
    """Return the records in groups that are one, since they name each other or the same third.

    The first of each is the one to show; the groups are in the order of their first ones.
    """
    by_name: dict[str, list[Advisory]] = defaultdict(list)
    given = list(dict.fromkeys(advisories))
    for one in given:
        for name in (one.id, *one.aliases):
            by_name[name].append(one)
    done: set[str] = set()
    groups = []
    for one in given:
        if one.id not in done:
            group = list(_reached(one, by_name, done))
            groups.append(tuple(sorted(group, key=_rank)))
    return sorted(groups, key=lambda group: _rank(group[0]))


def _reached(
    start: Advisory, by_name: Mapping[str, list[Advisory]], done: set[str]
) -> Iterator[Advisory]:
    pending = [start]
    while pending:
        one = pending.pop()
        if one.id in done:
            continue
        done.add(one.id)
        yield one
        for name in (one.id, *one.aliases):
            pending += by_name[name]


def names(group: Iterable[Advisory]) -> tuple[str, ...]:
    """Return all ids of records that are one, that to show first; aliases are among them."""
    found = {name for one in group for name in (one.id, *one.aliases)}
    return tuple(sorted(found, key=_place))


def _place(name: str) -> tuple[int, str]:
    rank = next((n for n, begin in enumerate(_ORDER) if name.startswith(begin)), len(_ORDER))
    return rank, name


def _rank(advisory: Advisory) -> tuple[int, str]:
    return _place(advisory.id)

"""Packages under a name that the user lists as internal: whose registry do they come from.

A package manager takes a private name from whatever registry it is told to ask. Where that is a
public one, anybody can publish under the name (dependency confusion). Which registry is public
nobody needs to know here: it is each that neither the project nor the user has configured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import words
from auditor.facts import Collector, Contents
from auditor.facts.lock.index import LockIndex, from_registry, indexes
from auditor.facts.lock.names import (
    NamesAsked,
    Source,
    hosts_of,
    meant_hosts,
    source_of,
)
from auditor.facts.lock.ways import key_of, reach_of
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.facts.lock.ways import Ways
    from auditor.inventory import LockedPackage


class InternalNameFact(Fact, frozen=True, kw_only=True):
    """One internal name from one place; `key` is `name@version` of its first entry from there."""

    format: str
    ecosystem: str
    name: str
    version: str
    source: Source
    host: str
    """Where it comes from, with its port where that is not the usual one; of several the first."""
    expected: tuple[str, ...]
    """The registries that are configured for it."""
    known: str
    """These in words."""
    direct: bool
    dev: bool
    install_script: bool
    chain: tuple[str, ...]
    """The shortest way from a direct dependency, each `name@version`."""
    reach: str
    """The way in words."""


def collect(contents: Contents) -> Iterator[InternalNameFact]:
    """Yield one fact for each internal name and place that it comes from."""
    for asked in contents.of(NamesAsked):
        if asked.internal:
            for index in indexes(contents):
                yield from _facts(index, asked)


def _facts(index: LockIndex, asked: NamesAsked) -> Iterator[InternalNameFact]:
    told: set[tuple[str, str, tuple[str, ...]]] = set()
    for package in from_registry(index.inventory.packages):
        hosts = hosts_of(package)
        place = (package.ecosystem, package.name, hosts)
        if place not in told and asked.internal.holds(package.name, package.ecosystem):
            told.add(place)
            yield _fact(index, package, hosts, index.ways)


def _fact(
    index: LockIndex, package: LockedPackage, hosts: tuple[str, ...], ways: Ways
) -> InternalNameFact:
    meant = meant_hosts(package, index.registries)
    expected = tuple(sorted(meant))
    key = key_of(package.name, package.version)
    chain, others = ways.way_to(package, key)
    return InternalNameFact(
        path=index.inventory.path,
        line=package.line,
        key=key,
        format=index.inventory.format,
        ecosystem=package.ecosystem,
        name=package.name,
        version=package.version,
        source=source_of(hosts, meant),
        host=next((host for host in hosts if host not in meant), next(iter(hosts), "")),
        expected=expected,
        known=f"configured for it: {words.listed(expected)}" if expected else "none is configured",
        direct=ways.is_direct(package),
        dev=package.dev,
        install_script=package.install_script,
        chain=chain,
        reach=reach_of(index.inventory, chain, others, package),
    )


COLLECTOR = Collector(name="internal-name", fact=InternalNameFact, collect=collect, lockfile=True)

"""One package of a lockfile: what its entry claims against what its address and dependents say.

What is checked is what a client obeys: it installs the content of the address, and calls it what
the entry says. Measured truths and sources stand at the rules.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from auditor import pep
from auditor.addresses import LONGEST, NOWHERE, UNNAMED, Named, address, python_named
from auditor.facts import Collector, Contents
from auditor.facts.lock.index import LockIndex, declares, indexes, is_exotic, is_plain, named_by
from auditor.integrity import Integrity, digests, state
from auditor.inventory import LockedPackage, Origin
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.addresses import Address

_FEW = 10
"""Entries without a digest that are told one by one; more of them are one fact of the file."""
_NO_DIGEST = frozenset({"cyclonedx", "spdx", "node_modules", "site-packages"})
"""Formats that say what is there, and not what is to be fetched."""


class LockedPackageFact(Fact, frozen=True, kw_only=True):
    """One entry; `key` is its id in the lockfile."""

    format: str
    ecosystem: str
    name: str
    version: str
    alias: str
    """The name that it is installed under, where that is another one."""
    origin: Origin
    section: str
    direct: bool
    dev: bool
    optional: bool
    scheme: str
    host: str
    """In lower case; empty where the entry has no address."""
    address: str
    """Without user information."""
    address_name: str
    """The package that the address is named after; empty where it does not say."""
    address_version: str
    masked_name: bool
    """The address is another package's, and nothing in the manifest puts that one in place."""
    masked_version: bool
    """The address is another version's."""
    integrity: Integrity
    algorithms: tuple[str, ...]
    unhashed: bool
    """It has no digest, though it needs one and most other entries of the file have theirs."""
    conflicting: bool
    """An entry of the same name and version above it has another digest."""
    pin: str
    """Of a git dependency: `commit`, `abbreviated` or `moving`; empty for others."""
    wanted: tuple[str, ...]
    """What dependents ask for, as spelled: at most five."""
    declared: str
    """Whether a dependent asks for this kind of source: `yes`, `no` or `unknown`."""
    overrides_known: bool
    """The manifest lies beside the lockfile, so that its overrides and resolutions are known."""
    undeclared_alias: bool
    """It is installed under a name for which its dependents ask another package."""
    bundled: bool
    orphaned: bool
    """It claims to come inside another package, and there is none around it."""
    install_script: bool
    deprecated: str
    published: str


def collect(contents: Contents) -> Iterator[LockedPackageFact]:
    """Yield one fact for each entry of each lockfile."""
    for index in indexes(contents):
        yield from _Judged(index).facts()


class _Judged:
    """The entries of one lockfile; what depends on all of them is found first."""

    def __init__(self, index: LockIndex) -> None:
        self._index = index
        self._packages = index.inventory.packages
        self._states = states_of(index)
        self._told = told_one_by_one(index, self._states)

    def facts(self) -> Iterator[LockedPackageFact]:
        """Yield the facts; those of usual entries only where a rule may hold of such."""
        places = self._index.usual.places
        usual = {place for place in places if place is not None}
        every = any(self._index.may_tell(COLLECTOR.name, self._known(*place)) for place in usual)
        if not (every or None in places):
            return
        first: dict[tuple[str, str], dict[str, frozenset[str]]] = {}
        copies = Counter((p.name, p.version) for p in self._packages)
        for package, integrity, place in zip(self._packages, self._states, places, strict=True):
            alone = copies[package.name, package.version] < 2
            conflicting = not alone and _conflicts(package, first)
            if every or place is None:
                yield self._fact(package, integrity, conflicting=conflicting)

    def _known(self, registry: str, _: str) -> dict[str, object]:
        """Return the fields that are the same of all usual entries of one registry."""
        found = self._index.usual.found.get(registry, NOWHERE)
        return {
            "format": self._index.inventory.format,
            "alias": "",
            "origin": Origin.REGISTRY,
            "scheme": found.scheme,
            "host": found.host,
            "masked_name": False,
            "masked_version": False,
            "integrity": Integrity.STRONG,
            "unhashed": False,
            "conflicting": False,
            "pin": "",
            "overrides_known": self._index.manifest is not None,
            "undeclared_alias": False,
            "bundled": False,
            "orphaned": False,
            "install_script": False,
            "deprecated": "",
        }

    def _fact(
        self, package: LockedPackage, integrity: Integrity, *, conflicting: bool
    ) -> LockedPackageFact:
        found = address(package.resolved) if package.resolved else NOWHERE
        named, place = self._named(package, found)
        wanted = self._index.wanted(package)
        git = package.origin is Origin.GIT
        return LockedPackageFact(
            path=self._index.inventory.path,
            line=package.line,
            key=package.id,
            format=self._index.inventory.format,
            ecosystem=package.ecosystem,
            name=package.name,
            version=package.version,
            alias=package.alias,
            origin=package.origin,
            section=package.section,
            direct=package.direct,
            dev=package.dev,
            optional=package.optional,
            scheme=found.scheme,
            host=found.host,
            address=place or found.shown,
            address_name=named.name,
            address_version=named.version,
            masked_name=self._masked_name(package, named.name),
            masked_version=_masked_version(package, named.version),
            integrity=integrity,
            algorithms=tuple(sorted({algorithm for algorithm, _ in digests(package.integrity)})),
            unhashed=self._told and needs_digest(self._index, package, integrity),
            conflicting=conflicting,
            pin=found.pin if git else "",
            wanted=tuple(dict.fromkeys(wanted))[:5],
            declared=_declared(wanted),
            overrides_known=self._index.manifest is not None,
            undeclared_alias=self._undeclared_alias(package, wanted),
            bundled=package.bundled,
            orphaned=self._orphaned(package, integrity),
            install_script=package.install_script,
            deprecated=package.deprecated,
            published=package.published,
        )

    def _named(self, package: LockedPackage, found: Address) -> tuple[Named, str]:
        """Return what the address names, and of several files the first that names another."""
        if package.ecosystem != "pypi" or package.origin is not Origin.REGISTRY:
            return named_by(package, found), ""
        name = pep.normalised(package.name)
        first = UNNAMED
        for file in package.files or (package.resolved,):
            named = python_named(file, name)
            if named.name and pep.normalised(named.name) != name:
                return named, address(file).shown or file[:LONGEST]
            if named.name and _masked_version(package, named.version):
                return named, address(file).shown or file[:LONGEST]
            first = first if first.name else named
        return first, ""

    def _masked_name(self, package: LockedPackage, named: str) -> bool:
        if not named or not package.name or package.origin is not Origin.REGISTRY:
            return False
        if package.ecosystem == "pypi":
            return pep.normalised(named) != pep.normalised(package.name)
        if named == package.name or named == f"@jsr/{package.name[1:].replace('/', '__')}":
            return False
        return not self._index.replaced_by(named)

    def _undeclared_alias(self, package: LockedPackage, wanted: tuple[str, ...]) -> bool:
        if not package.alias or package.alias == package.name:
            return False
        if package.origin is not Origin.REGISTRY or self._index.replaced_by(package.name):
            return False
        if any(declares(wish, package.name) for wish in wanted):
            return False
        manifest = self._index.manifest
        if manifest and manifest.overridden(package.alias):
            return False
        return any(is_plain(wish) for wish in wanted)

    def _orphaned(self, package: LockedPackage, integrity: Integrity) -> bool:
        if not package.bundled or integrity is not Integrity.NONE:
            return False
        manifest = self._index.manifest
        if manifest and package.name in manifest.bundled:
            return False
        return not has_ancestor(package.id)


def has_ancestor(place: str) -> bool:
    """Tell whether an entry's place is inside another package's folder."""
    return place.count("node_modules/") > 1 or place.count(" > ") > 0


def _conflicts(
    package: LockedPackage, first: dict[tuple[str, str], dict[str, frozenset[str]]]
) -> bool:
    """Tell whether the same npm package was seen with other digests of the same algorithm."""
    if package.ecosystem != "npm" or package.origin is not Origin.REGISTRY or not package.version:
        return False
    if "@patch:" in package.id:  # yarn's digest is of the patched content
        return False
    own: dict[str, set[str]] = {}
    for algorithm, digest in digests(package.integrity):
        own.setdefault(algorithm, set()).add(digest)
    known = first.setdefault((package.name, package.version), {})
    conflicting = any(
        known[algorithm].isdisjoint(values)
        for algorithm, values in own.items()
        if algorithm in known
    )
    for algorithm, values in own.items():
        known.setdefault(algorithm, frozenset(values))
    return conflicting


def _masked_version(package: LockedPackage, named: str) -> bool:
    if not named or not package.version or package.origin is not Origin.REGISTRY:
        return False
    if package.ecosystem == "pypi":
        return package.version != named and _pep440(package.version) != _pep440(named)
    return _bare(named) != _bare(package.version)


@lru_cache(maxsize=4096)
def _pep440(version: str) -> str:
    """Return a version as PEP 440 compares it, without the local part, as files may lack it."""
    try:
        return pep.public(version)
    except ValueError:  # InvalidVersion, or a number of thousands of digits
        return version


def _bare(version: str) -> str:
    """Return an npm version without what a registry leaves out of file names."""
    return version.partition("+")[0].lstrip("v=")


def _declared(wanted: tuple[str, ...]) -> str:
    if not wanted:
        return "unknown"
    return "yes" if any(is_exotic(wish) for wish in wanted) else "no"


def needs_digest(index: LockIndex, package: LockedPackage, integrity: Integrity) -> bool:
    """Tell whether an entry lacks a digest that its client would check.

    None is needed by what comes from a path or a repository, or inside another package; by an entry
    without a version (npm writes them for platforms that it did not install for); nor in yarn's
    berry lockfiles by what is for other platforms, which has none until it is fetched. Of several
    files each needs its own.
    """
    bare = integrity is Integrity.NONE or len(package.integrity) < len(package.files)
    if not bare or package.origin is not Origin.REGISTRY:
        return False
    if package.bundled or not package.version or index.inventory.format in _NO_DIGEST:
        return False
    return not (package.optional and index.inventory.format.endswith("berry"))


def states_of(index: LockIndex) -> list[Integrity]:
    """Return what the digests of each entry are worth; those of usual ones are strong."""
    pairs = zip(index.inventory.packages, index.usual.places, strict=True)
    return [
        Integrity.STRONG
        if place is not None
        else state(package.integrity, any_counts=package.ecosystem == "pypi")
        for package, place in pairs
    ]


def told_one_by_one(index: LockIndex, states: list[Integrity]) -> bool:
    """Tell whether missing digests are the exception in a file, and few."""
    places = index.usual.places
    counted = Counter({False: len(places) - places.count(None)})
    for package, integrity, place in zip(index.inventory.packages, states, places, strict=True):
        if place is not None:
            continue
        if package.origin is Origin.REGISTRY and package.version and not package.bundled:
            counted[needs_digest(index, package, integrity)] += 1
    return 0 < counted[True] <= _FEW and counted[False] > counted[True]


COLLECTOR = Collector(name="locked-package", fact=LockedPackageFact, collect=collect, lockfile=True)

"""The hosts that a lockfile's packages come from: one fact for each, not one for each package.

A host is judged against the registries that the clients beside the lockfile are configured for,
and where nothing is configured against the host that serves nearly everything else in the same
lockfile. So a company's mirror, from which all comes, is nothing special. The user's own settings
only add hosts that are no surprise: who has a mirror on this machine reads lockfiles that were made
without it, and none of their hosts is foreign for that.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from auditor.addresses import NOWHERE, address
from auditor.facts import Collector, Contents
from auditor.facts.lock.index import LockIndex, indexes, is_exotic
from auditor.inventory import LockedPackage, Origin
from auditor.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.addresses import Address

UNSAID = "the client's own registry"
"""Expected where nearly all entries have no address (berry, bun, pnpm, npm's omit-…-resolved)."""
_SAMPLE = 5
LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]", "0.0.0.0", "host.docker.internal"})  # noqa: S104
_PLAIN = frozenset({"http", "git", "git+http", "ftp"})
"""Schemes over which whoever sits in between decides what arrives."""
_NEARLY_ALL = 80
"""Per cent of a lockfile's packages that make a host the one that is expected."""


class LockHostFact(Fact, frozen=True, kw_only=True):
    """One host, port and scheme; `key` is host and port, `line` that of its first package."""

    format: str
    ecosystem: str
    host: str
    port: int | None
    scheme: str
    packages: int
    share: int
    """Per cent of the packages that have an address, rounded down."""
    sample: tuple[str, ...]
    """The first five of its packages as `name@version`."""
    expected: tuple[str, ...]
    """The hosts (and ports) that are expected instead; empty where there is nothing to judge by."""
    foreign: bool
    """It is not the host that is configured, nor the one that serves nearly everything else."""
    of_scope: bool
    """The settings name another registry for the scope of these packages."""
    whole_scope: bool
    """All it serves is one npm scope, at least two packages, and no other host serves that."""
    git: bool
    """What it serves are commits of repositories."""
    local: bool
    """The machine itself."""
    plain: bool
    """The scheme is not encrypted."""
    credentials: bool
    """An address holds a user's name or a password."""
    wished: bool
    """Every dependent asks for these packages by an address or repository of their own."""


Served = list[tuple[LockedPackage, "Address", bool]]
"""Package, address, and whether it is that of one of its files and not of its index."""


def collect(contents: Contents) -> Iterator[LockHostFact]:
    """Yield one fact for each combination of host, port, scheme and kind of source."""
    for index in indexes(contents):
        if not _is_unremarkable(index):
            yield from _Hosts(index).facts()


def _is_unremarkable(index: LockIndex) -> bool:
    """Tell whether all entries come from one registry, as usual, and no rule may hold of that.

    It may have its files at another host. Where registries are configured for scopes, or most
    entries have no address, each is looked at.
    """
    registries, inventory = index.registries, index.inventory
    if index.asked is None or registries.scopes or any(one.scope for one in registries.users):
        return False
    others = index.usual.others(inventory.packages)
    told: dict[bool, dict[str, Address]] = {False: {}, True: {}}
    for place in {place for place in index.usual.places if place is not None}:
        for is_file, begin in zip((False, True), place, strict=True):
            if begin:
                told[is_file][index.usual.found[begin].source] = index.usual.found[begin]
    saying = sum(1 for place in index.usual.places if place is not None and place[0])
    for package in others:
        for is_file, found in _addresses(package):
            saying += not is_file
            plain = package.origin is Origin.REGISTRY and not (found.git or found.user)
            if not plain or told[is_file].get(found.source, NOWHERE).scheme != found.scheme:
                return False
    unsaid = sum(map(_is_unsaid, inventory.packages)) if saying < len(inventory.packages) else 0
    if 0 < saying * _NEARLY_ALL <= unsaid * (100 - _NEARLY_ALL):
        return False
    if any(len(hosts) > 1 for hosts in told.values()):
        return False
    known = told[False] | told[True]
    if any(index.may_tell(COLLECTOR.name, _known(index, found)) for found in known.values()):
        return False
    return all(address(one).source in {"", *known} for one in inventory.indexes)


def _addresses(package: LockedPackage) -> Iterator[tuple[bool, Address]]:
    """Yield the addresses of a package that have a host; True with those of its files."""
    if package.resolved and (found := address(package.resolved)).host:
        yield False, found
    for place in package.files:
        if "/" in place and (found := address(place)).host:
            yield True, found


def _known(index: LockIndex, found: Address) -> dict[str, object]:
    """Return the fields that are known of a host from which usual entries come, as is expected."""
    return {
        "format": index.inventory.format,
        "host": found.host,
        "port": found.port,
        "scheme": found.scheme,
        "foreign": False,
        "of_scope": False,
        "git": False,
        "local": found.host in LOCAL,
        "plain": found.scheme in _PLAIN,
        "credentials": False,
    }


class _Hosts:
    """The addresses of one lockfile."""

    def __init__(self, index: LockIndex) -> None:
        self._index = index
        packages = index.inventory.packages
        every = [(p, found, is_file) for p in packages for is_file, found in _addresses(p)]
        self._served: Served = sorted(every, key=lambda one: one[2])
        self._total = len({package.id for package, *_ in self._served})
        counts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
        self._by_scope: dict[str, set[str]] = defaultdict(set)
        for package, found, is_file in self._served:
            if package.origin is Origin.REGISTRY:
                counts[is_file][found.source] += 1
                self._by_scope[_scope(package)].add(found.source)
        self._main = {is_file: _usual(counted) for is_file, counted in counts.items()}
        unsaid = sum(map(_is_unsaid, packages))
        if unsaid and unsaid * (100 - _NEARLY_ALL) >= counts[False].total() * _NEARLY_ALL:
            self._main[False] = UNSAID

    def facts(self) -> Iterator[LockHostFact]:
        groups: dict[tuple[str, int | None, str, bool, bool], Served] = {}
        for package, found, is_file in self._served:
            git = found.git or package.origin is Origin.GIT
            foreign = not git and self._is_foreign(package, found, is_file=is_file)
            key = (found.host, found.port, found.scheme, git, foreign)
            groups.setdefault(key, []).append((package, found, is_file))
        for (_, _, _, git, foreign), served in groups.items():
            yield self._fact(served, git=git, foreign=foreign)
        known = {one.source for _, one, _ in self._served}
        for index in self._index.inventory.indexes:
            found = address(index)
            if found.host and found.source not in known:
                yield self._only_named(found)

    def _only_named(self, found: Address) -> LockHostFact:
        """Return the fact of an index that the file names, and that no entry's address is at."""
        return LockHostFact(
            path=self._index.inventory.path,
            key=found.source,
            format=self._index.inventory.format,
            ecosystem="pypi",
            host=found.host,
            port=found.port,
            scheme=found.scheme,
            packages=0,
            share=0,
            sample=(),
            expected=(),
            foreign=False,
            of_scope=False,
            whole_scope=False,
            git=False,
            local=found.host in LOCAL,
            plain=found.scheme in _PLAIN,
            credentials=found.user,
            wished=False,
        )

    def _is_foreign(self, package: LockedPackage, found: Address, *, is_file: bool) -> bool:
        scope = _scope(package)
        registries = self._index.registries
        allowed = registries.allowed | registries.users_hosts(scope, package.ecosystem)
        if found.source in allowed:
            return False
        if is_file and found.source == address(package.resolved).source:
            return False  # an index that has its files itself is judged as an index
        scoped = self._index.registries.scopes.get(scope)
        if scoped:
            return found.source not in scoped
        main = self._main[is_file]
        if is_file and not main:
            return False  # an index may have its files anywhere
        known = self._index.registries.default | ({main} if main else set())
        if package.origin is Origin.URL or main is UNSAID:
            return not self._wished(package) and found.source not in known
        return bool(known) and found.source not in known

    def _wished(self, package: LockedPackage) -> bool:
        wanted = self._index.wanted(package)
        return not wanted or all(is_exotic(wish) for wish in wanted)

    def _fact(self, served: Served, *, git: bool, foreign: bool) -> LockHostFact:
        first, found, is_file = served[0]
        packages = {package.id: package for package, *_ in served}
        scopes = {_scope(package) for package, *_ in served}
        scoped = self._index.registries.scopes
        main = self._main[is_file]
        own = self._index.registries.default | ({main} if main else set())
        expected = frozenset[str]().union(
            *(
                scoped.get(scope, own | self._index.registries.users_hosts(scope, first.ecosystem))
                for scope in scopes
            )
        )
        return LockHostFact(
            path=self._index.inventory.path,
            line=first.line,
            key=found.source,
            format=self._index.inventory.format,
            ecosystem=first.ecosystem,
            host=found.host,
            port=found.port,
            scheme=found.scheme,
            packages=len(packages),
            share=100 * len(packages) // self._total,
            sample=tuple(f"{p.name}@{p.version}" for p in islice(packages.values(), _SAMPLE)),
            expected=tuple(sorted(expected)),
            foreign=foreign,
            of_scope=foreign and any(scope in scoped for scope in scopes),
            whole_scope=self._is_whole_scope(scopes, found.source, len(packages)),
            git=git,
            local=found.host in LOCAL,
            plain=found.scheme in _PLAIN,
            credentials=any(one.user for _, one, _ in served),
            wished=all(self._index.wanted(p) and self._wished(p) for p, *_ in served),
        )

    def _is_whole_scope(self, scopes: set[str], host: str, count: int) -> bool:
        (scope, *more) = scopes
        if more or not scope:
            return False
        return count > 1 and self._by_scope[scope] == {host}


def _usual(counts: Counter[str]) -> str:
    """Return the host that serves nearly everything; empty where none does.

    Of few packages one may be the odd one: two of three are nearly everything, too.
    """
    total = counts.total()
    for host, count in counts.most_common(1):
        if count * 100 >= total * _NEARLY_ALL or (total - count <= 1 < count):
            return host
    return ""


def _is_unsaid(package: LockedPackage) -> bool:
    return (
        package.ecosystem == "npm"
        and package.origin is Origin.REGISTRY
        and not package.resolved
        and not package.bundled
    )


def _scope(package: LockedPackage) -> str:
    name = package.name
    return name.partition("/")[0] if name.startswith("@") and package.ecosystem == "npm" else ""


COLLECTOR = Collector(name="lock-host", fact=LockHostFact, collect=collect, lockfile=True)

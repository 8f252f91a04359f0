"""Packages whose name looks like a popular one or like an internal one, and what speaks for them.

A name alone proves nothing, so the fact also has what makes it harmless (`excuse`): who asks for
the package, what it asks for itself, whose registry it comes from. That is what the lockfile says;
so what the project itself requires is not excused by what others require, and one slip of typing,
or a script that runs on installation, not by requiring the package that is imitated, as imitations
do, too.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from auditor.advisories.versions import same_name
from auditor.errors import InputError
from auditor.facts import Collector, Contents
from auditor.facts.lock.index import MANIFEST, LockIndex, from_registry, indexes
from auditor.facts.lock.names import (
    ECOSYSTEMS,
    NameJudge,
    NamesAsked,
    Source,
    by_name,
    hosts_of,
    scope_hosts,
    scope_of,
    source_of,
)
from auditor.facts.lock.said import RegistrySaid
from auditor.facts.lock.ways import key_of, reach_of
from auditor.inventory import Origin
from auditor.model import Fact
from auditor.namelists import confidence_of
from auditor.names import Kind, Level, Lookalike
from auditor.shape import json_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditor.facts.lock.ways import Ways
    from auditor.inventory import LockedPackage

_PYPROJECT = "pyproject.toml"
_PLUGINS = frozenset({Kind.AFFIX, Kind.COMBINATION, Kind.SHORTENED, Kind.SCOPE, Kind.ORDER})
"""How plug-ins are named after what they are for; nobody names one by a slip of typing."""


class Excuse(StrEnum):
    """What speaks for a package that looks like another."""

    NONE = "none"
    REVIEWED = "reviewed"
    """The user has looked at the name."""
    OWN_PROJECT = "own-project"
    """The project, or a member of it, has this name, or is what a plug-in is named after."""
    PRIVATE_REGISTRY = "private-registry"
    """It comes from the registry that settings name for its scope."""
    ASKED_BY_TARGET = "asked-by-target"
    """The package that it looks like requires it, or one of that package's scope does."""
    OWN_SCOPE = "own-scope"
    """Only packages of its own scope require it."""
    REQUIRES_TARGET = "requires-target"
    """It requires the package that it looks like, as a plug-in does."""


class LookalikeFact(Fact, frozen=True, kw_only=True):
    """One name, whatever versions of it are there; `key` is `name@version` of the first."""

    format: str
    ecosystem: str
    name: str
    version: str
    """Of the first entry."""
    entries: int
    target: str
    """The name that it looks like."""
    likeness: str
    """What that is in words, to be said behind the name."""
    kind: Kind
    level: str
    """The lowest level at which it is told: `quiet`, `default` or `everything`."""
    confidence: str
    """What that means: `high`, `medium` or `low`."""
    rank: int
    """The target's place among the popular names, from 1; 0 for an internal name."""
    reason: str
    excuse: Excuse
    direct: bool
    dev: bool
    """Only development needs any of its entries."""
    install_script: bool
    """An entry runs a script when it is installed."""
    chain: tuple[str, ...]
    """The shortest way from a direct dependency, each `name@version`."""
    reach: str
    """The way in words."""


def collect(contents: Contents) -> Iterator[LookalikeFact]:
    """Yield one fact for each name of a lockfile that looks like another one."""
    said = next(iter(contents.of(RegistrySaid)), None)
    for asked in contents.of(NamesAsked):
        if asked.level is not None:
            for index in indexes(contents):
                yield from _Names(index, asked, asked.level, said).facts()


class _Names:
    """The names of one lockfile."""

    def __init__(
        self, index: LockIndex, asked: NamesAsked, level: Level, said: RegistrySaid | None
    ) -> None:
        self._index = index
        self._asked = asked
        self._level = level
        self._said = said
        self._internal = asked.internal or None
        self._judges: dict[str, NameJudge] = {}
        self._own: frozenset[str] | None = None

    def facts(self) -> Iterator[LookalikeFact]:
        """Yield what looks like something else, in the order of the file."""
        named = by_name(from_registry(self._index.inventory.packages))
        known = self._known(named)
        for (ecosystem, name), entries in named.items():
            if ecosystem not in ECOSYSTEMS or not name or name in known.get(ecosystem, ()):
                continue
            if self._internal and self._internal.holds(name, ecosystem):
                continue
            found = self._weighed(name, entries)
            if found is not None:
                yield self._fact(found, entries)

    def _known(self, names: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
        """Return by ecosystem which names imitate nothing: nearly all are popular ones.

        Where the user has internal packages, any name may resemble one of those.
        """
        if self._internal:
            return {}
        of_ecosystem: dict[str, list[str]] = {ecosystem: [] for ecosystem in ECOSYSTEMS}
        for ecosystem, name in names:
            if ecosystem in of_ecosystem:
                of_ecosystem[ecosystem].append(name)
        return {eco: self._judge(eco).known(some) for eco, some in of_ecosystem.items() if some}

    def _judge(self, ecosystem: str) -> NameJudge:
        if ecosystem not in self._judges:
            self._judges[ecosystem] = self._asked.judge(ecosystem)
        return self._judges[ecosystem]

    def _weighed(self, name: str, entries: list[LockedPackage]) -> Lookalike | None:
        """Return what a name imitates, at the level that its registry's word makes of it."""
        first = entries[0]
        if self._said is None:
            return self._judged(name, first.ecosystem, self._level)
        words = [known for one in entries if (known := self._said.of_package(one))]
        if len(words) < len(entries):  # one from elsewhere has no such word
            return self._judged(name, first.ecosystem, self._level)
        found = self._judged(name, first.ecosystem, Level.EVERYTHING)
        if found is None:
            return None
        target = None
        if found.kind is not Kind.INTERNAL:
            target = self._said.of(first.ecosystem, found.target)
        from auditor.names import signals  # noqa: PLC0415 - where registries were asked

        found = signals.weighed(found, words[0], target, self._said.now)
        return found if found.level <= self._level else None

    def _judged(self, name: str, ecosystem: str, level: Level) -> Lookalike | None:
        if self._internal:
            internal = self._internal.resembled(name, level, ecosystem)
            if internal is not None:
                return internal
        return self._judge(ecosystem).judge(name, level)

    def _fact(self, found: Lookalike, entries: list[LockedPackage]) -> LookalikeFact:
        ways = self._index.ways
        first = entries[0]
        key = key_of(first.name, first.version)
        reached = next((one for one in entries if ways.is_direct(one)), first)
        chain, others = ways.way_to(reached, key_of(reached.name, reached.version))
        direct = ways.is_direct(reached)
        script = any(one.install_script for one in entries)
        return LookalikeFact(
            path=self._index.inventory.path,
            line=first.line,
            key=key,
            format=self._index.inventory.format,
            ecosystem=first.ecosystem,
            name=first.name,
            version=first.version,
            entries=len(entries),
            target=found.target,
            likeness=found.likeness,
            kind=found.kind,
            level=found.level.word,
            confidence=confidence_of(found.level).word,
            rank=found.rank,
            reason=found.reason.removesuffix("."),
            excuse=self._excuse(found, entries, ways, direct=direct, script=script),
            direct=direct,
            dev=all(one.dev for one in entries),
            install_script=script,
            chain=chain,
            reach=reach_of(self._index.inventory, chain, others, reached),
        )

    # what speaks for it

    def _excuse(
        self,
        found: Lookalike,
        entries: list[LockedPackage],
        ways: Ways,
        *,
        direct: bool,
        script: bool,
    ) -> Excuse:
        first = entries[0]
        if self._asked.reviewed.holds(first.name, first.ecosystem):
            return Excuse.REVIEWED
        if self._is_own(first.name) or (found.kind in _PLUGINS and self._is_own(found.target)):
            return Excuse.OWN_PROJECT
        if self._is_private(entries):
            return Excuse.PRIVATE_REGISTRY
        asked = Excuse.NONE if direct else _by_askers(entries, found.target, ways)
        plugin = found.kind in _PLUGINS and not script and _requires(entries, found.target, ways)
        return Excuse.REQUIRES_TARGET if plugin and asked is Excuse.NONE else asked

    def _is_own(self, name: str) -> bool:
        if self._own is None:
            members = self._index.inventory.packages
            workspaces = {p.name for p in members if p.origin is Origin.WORKSPACE}
            self._own = frozenset(workspaces | set(_project_names(self._index.files)))
        return name in self._own

    def _is_private(self, entries: list[LockedPackage]) -> bool:
        first = entries[0]
        scope = scope_of(first.name, first.ecosystem)
        meant = scope_hosts(scope, self._index.registries)
        sources = {source_of(hosts_of(one), meant) for one in entries}
        return bool(meant) and sources == {Source.CONFIGURED}


def _requires(entries: list[LockedPackage], target: str, ways: Ways) -> bool:
    ecosystem = entries[0].ecosystem
    wanted = same_name(ecosystem, target)
    return any(same_name(ecosystem, n) == wanted for one in entries for n in ways.required(one))


def _by_askers(entries: list[LockedPackage], target: str, ways: Ways) -> Excuse:
    """Return what speaks for a package because of those that require it."""
    askers = [asker for one in entries for asker in ways.askers(one)]
    if any(_is_kin(asker, target) for asker in askers):
        return Excuse.ASKED_BY_TARGET
    scope = scope_of(entries[0].name, entries[0].ecosystem)
    own = scope and askers and all(scope_of(one.name, one.ecosystem) == scope for one in askers)
    return Excuse.OWN_SCOPE if own else Excuse.NONE


def _is_kin(asker: LockedPackage, target: str) -> bool:
    """Tell whether a package is the one that is imitated, or of the scope of it.

    A package from elsewhere is called as its maker likes.
    """
    if asker.origin not in {Origin.REGISTRY, Origin.WORKSPACE}:
        return False
    if same_name(asker.ecosystem, asker.name) == same_name(asker.ecosystem, target):
        return True
    scope = scope_of(asker.name, asker.ecosystem)
    return bool(scope) and scope == (scope_of(target, asker.ecosystem) or f"@{target}")


def _project_names(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what the manifests beside a lockfile call the project."""
    try:
        name = json_object(files.get(MANIFEST, b"")).get("name")
        if isinstance(name, str):
            yield name
    except InputError:
        pass  # told by whoever needs it
    if _PYPROJECT not in files:
        return
    from auditor.lockfiles._toml import quick_toml  # noqa: PLC0415 - npm's projects have none

    try:
        document = quick_toml(files[_PYPROJECT].decode("utf-8", "replace"))
    except InputError:
        return
    tool = document.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    for table in (document.get("project"), poetry):
        name = table.get("name") if isinstance(table, dict) else None
        if isinstance(name, str):
            yield name


COLLECTOR = Collector(name="lookalike", fact=LookalikeFact, collect=collect, lockfile=True)

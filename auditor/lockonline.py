"""The part of `audit lock --online` that asks: what registries say of a lockfile's packages.

A package is asked for at the registry that the settings beside the lockfile, or the user's, name
for it, and only if the lockfile takes it from there: the name of a package that comes from
elsewhere is nothing that this registry must learn.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import words
from auditor.advisories.versions import same_version
from auditor.errors import InputError
from auditor.facts.lock.names import hosts_of
from auditor.facts.lock.said import RegistrySaid, candidates, is_from, key_of_name
from auditor.names import Kind, Level
from auditor.safe import safe
from auditor.sources import lookupcache
from auditor.sources.configured import Clients
from auditor.sources.registry import Memory, Registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime, timedelta
    from pathlib import Path

    from auditor.facts.lock.names import NamesAsked
    from auditor.inventory import Inventory, LockedPackage
    from auditor.names.signals import Signals
    from auditor.sources.registry import Answer

    Names = Mapping[str, list[LockedPackage]]

_UNDATED = "the registry does not say when that was published"


class Lookups(Struct, frozen=True, kw_only=True):
    """What was found out for one lockfile, and what could not be."""

    said: RegistrySaid
    gaps: tuple[str, ...] = ()
    """One reason each, with the names that it is the reason for."""


class Asker:
    """Asks registries, for any number of lockfiles; each name once."""

    def __init__(self, *, now: datetime, min_age: timedelta | None, cached: bool) -> None:
        self._now = now
        self._min_age = min_age
        cache = lookupcache.LookupCache(lookupcache.folder()) if cached else None
        self._memory = Memory(clients=Clients(os.environ), cache=cache)

    def lookups(self, inventory: Inventory, folder: Path, names: NamesAsked) -> Lookups:
        """Ask what a lockfile's registries say; `folder` is where it lies, with its settings."""
        packages: dict[str, dict[str, list[LockedPackage]]] = {}
        for package in candidates(inventory.packages, names.internal):
            by_name = packages.setdefault(package.ecosystem, {})
            by_name.setdefault(package.name, []).append(package)
        signals: dict[tuple[str, str], Signals] = {}
        asked: set[str] = set()
        problems: dict[str, list[str]] = defaultdict(list)
        for ecosystem, by_name in packages.items():
            registry = Registry(ecosystem, folder, memory=self._memory)
            ours = _ours(registry, by_name, problems)
            answers = registry.look_up_all(ours)
            answers |= registry.look_up_all(_targets(names, ecosystem, answers))
            for name, answer in answers.items():
                if isinstance(answer, InputError):
                    problems[str(answer)].append(name)
                else:
                    signals[key_of_name(ecosystem, name)] = answer
            asked.update(one.id for entries in ours.values() for one in entries)
            if self._min_age is not None:
                _undated(ours, answers, problems)
        said = RegistrySaid(
            now=self._now,
            min_age=self._min_age,
            signals=signals,
            asked=frozenset(asked),
        )
        return Lookups(said=said, gaps=tuple(_told(problems)))


def _ours(registry: Registry, by_name: Names, problems: dict[str, list[str]]) -> Names:
    """Return the packages that come from where their names are asked for."""
    ours: dict[str, list[LockedPackage]] = {}
    for name, entries in by_name.items():
        try:
            base = registry.base(name)
        except InputError as problem:
            problems[str(problem)].append(name)
            continue
        here = [one for one in entries if is_from(one, base.url) or _is_replaced(one, registry)]
        if here:
            ours[name] = here
        for host in {", ".join(hosts_of(one)) for one in entries if one not in here}:
            problems[
                f"{safe(host)} is where the lockfile takes it from, and {safe(base.host)} is what "
                "is configured here"
            ].append(name)
    return ours


def _is_replaced(package: LockedPackage, registry: Registry) -> bool:
    """Tell whether the client asks the configured registry for what the lockfile has elsewhere."""
    return bool(registry.built_in) and is_from(package, registry.built_in)


def _targets(names: NamesAsked, ecosystem: str, answers: Mapping[str, Answer]) -> Iterator[str]:
    """Yield the popular names whose maintainers may be those of a name that looks like them."""
    if names.level is None:
        return
    judge = names.judge(ecosystem)
    for name, answer in answers.items():
        if not isinstance(answer, InputError) and answer.maintainers:
            found = judge.judge(name, Level.EVERYTHING)
            if found is not None and found.kind is not Kind.INTERNAL:
                yield found.target


def _undated(ours: Names, answers: Mapping[str, Answer], problems: dict[str, list[str]]) -> None:
    """Record of which versions the registry does not say when they were published."""
    for name, entries in ours.items():
        answer = answers[name]
        if isinstance(answer, InputError):
            continue
        for version in dict.fromkeys(one.version for one in entries):
            known = same_version(entries[0].ecosystem, version) if version else ""
            if known in answer.releases and answer.releases[known] is None:
                problems[_UNDATED].append(f"{name}@{version}")


def _told(problems: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for reason, names in problems.items():
        shown = tuple(map(safe, dict.fromkeys(names)))
        count = words.counted(len(shown), "package")
        what = "of unknown age" if reason == _UNDATED else "not looked up"
        yield f"{count} {what} ({words.listed(shown)}): {reason}"

"""A lockfile against the others in its folder: which of them counts, and whether they agree.

A client reads one lockfile. What another says is what a reviewer or scanner believes, and what the
client never installs. Where nothing says which client is meant, two people who use two clients get
two trees. Each file is compared with one other: the one that counts, or else the first of them.

npm: up to version 11 npm-shrinkwrap.json wins; npm 12 reads package-lock.json alone (measured with
11.19 and 12.2). Otherwise `packageManager` of package.json tells, or `devEngines`.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from auditor.advisories.versions import same_name, same_version
from auditor.errors import InputError
from auditor.facts import Collector, Contents
from auditor.facts.lock.index import MANIFEST, Beside
from auditor.integrity import STRENGTH, digests, is_digest
from auditor.inventory import Inventory, LockedPackage, Origin
from auditor.lazyre import regex
from auditor.model import Fact
from auditor.shape import json_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LOCK, _SHRINKWRAP = "package-lock.json", "npm-shrinkwrap.json"
_CLIENTS = {
    _LOCK: "npm",
    _SHRINKWRAP: "npm",
    "yarn.lock": "yarn",
    "pnpm-lock.yaml": "pnpm",
    "bun.lock": "bun",
}
_PYTHON = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
FAMILIES: tuple[tuple[str, ...], ...] = (tuple(_CLIENTS), _PYTHON)
"""Names of lockfiles that are of one project where they lie in one folder."""
_ALL_FILES = frozenset({"package-lock", "yarn", "pnpm", "bun", "uv", "poetry", "pipfile"})
"""Formats whose digests are of all of a version's files, so that two of them share some. Yarn's
berry has digests of its own archives; pylock and pdm may have those of one platform's files."""
_CHOSEN = regex(r"(npm|yarn|pnpm|bun)(?:@\D{0,2}(\d{1,4}))?")
_NPM_WITHOUT_SHRINKWRAP = 12
_SAMPLE = 5
_SHORT = 20
"""Characters of a digest that are enough to see that it is another one."""


class Relation(StrEnum):
    """What is to be said of a lockfile beside another one."""

    IGNORED = "ignored"
    """The client reads the other one, or one of the two only."""
    OTHER_VERSION = "other-version"
    """Requirements of the project itself are locked to versions that the other has not."""
    OTHER_DIGEST = "other-digest"
    """A version has a digest that is not the other's."""


class SiblingsSeen(Struct, frozen=True, kw_only=True):
    """The names of the other lockfiles of a folder, and what those hold that could be read."""

    names: frozenset[str]
    inventories: tuple[Inventory, ...] = ()


class LockSiblingFact(Fact, frozen=True, kw_only=True):
    """One thing about a lockfile and another; `key` is the package, where it is about one."""

    relation: Relation
    format: str
    other: str
    """The other lockfile's name."""
    reason: str
    """Why this one, or one of the two, is ignored; a sentence without its full stop."""
    name: str
    """The package, of several the first."""
    here: str
    """The version or digest in this file."""
    there: str
    packages: int
    """How many packages differ."""
    sample: tuple[str, ...]
    """The first five of them, with both versions."""


def family_of(name: str) -> tuple[str, ...]:
    """Return the names of the lockfiles that may be a lockfile's siblings, itself among them."""
    return next((names for names in FAMILIES if name in names), ())


def counterpart(name: str, names: Iterable[str], beside: Mapping[str, bytes]) -> tuple[str, str]:
    """Return the name of the lockfile to compare one with, and why it is read instead of it.

    Both are empty where there is nothing to say; the reason is where nobody knows which is read.
    """
    there = {name, *names}
    client, major = _chosen(beside)
    mine = _CLIENTS.get(name, "")
    if mine == "npm" and client in {"npm", ""}:
        return _npm(name, there, major)
    used = _used(client, major, there)
    if used and client == mine:
        return "", ""
    if used:
        return used, f"package.json names {client} as the project's client, which reads {used}"
    others = [each for each in family_of(name) if each in there]
    return (others[0], "") if others and others[0] != name else ("", "")


def _npm(name: str, there: set[str], major: int | None) -> tuple[str, str]:
    if name == _LOCK and _SHRINKWRAP in there:
        if major is None:
            return _SHRINKWRAP, f"npm 11 reads {_SHRINKWRAP} and npm 12 {_LOCK}"
        if major < _NPM_WITHOUT_SHRINKWRAP:
            return _SHRINKWRAP, f"npm {major} reads {_SHRINKWRAP} and not this"
    if name == _SHRINKWRAP and major is not None and major >= _NPM_WITHOUT_SHRINKWRAP:
        return _LOCK, f"npm {major} reads {_LOCK} and not this"
    return "", ""


def _used(client: str, major: int | None, there: set[str]) -> str:
    """Return the lockfile that the project's client reads; empty where it is not there."""
    names = [name for name, one in _CLIENTS.items() if one == client and name in there]
    if client == "npm" and len(names) > 1:
        new = major is not None and major >= _NPM_WITHOUT_SHRINKWRAP
        return _LOCK if new else _SHRINKWRAP
    return names[0] if names else ""


def _chosen(beside: Mapping[str, bytes]) -> tuple[str, int | None]:
    """Return the client that package.json names, and its major version where it says so."""
    try:
        document = json_object(beside.get(MANIFEST, b""))
    except InputError:
        return "", None
    spelled: Any = document.get("packageManager")
    if not isinstance(spelled, str):
        engines = document.get("devEngines")
        wanted = engines.get("packageManager") if isinstance(engines, dict) else None
        if not isinstance(wanted, dict):
            return "", None  # several may be allowed, and none is meant
        spelled = f"{wanted.get('name')}@{wanted.get('version')}"
    found = _CHOSEN.match(spelled)
    if found is None:
        return "", None
    return found[1], int(found[2]) if found[2] else None


def collect(contents: Contents) -> Iterator[LockSiblingFact]:
    """Yield what another lockfile of the folder makes of this one."""
    beside = {path: data for seen in contents.of(Beside) for path, data in seen.files.items()}
    for inventory in contents.of(Inventory):
        for seen in contents.of(SiblingsSeen):
            yield from _facts(inventory, seen, beside)


def _facts(
    inventory: Inventory, seen: SiblingsSeen, beside: Mapping[str, bytes]
) -> Iterator[LockSiblingFact]:
    name = inventory.path.rpartition("/")[2]
    other, reason = counterpart(name, seen.names, beside)
    if not other:
        return
    pairs = [_Pair(inventory, one, reason) for one in seen.inventories if one.path == other]
    differing = [row for pair in pairs for row in pair.versions()]
    if reason:
        yield _fact(Relation.IGNORED, inventory, other, differing, reason)
    elif differing:
        yield _fact(Relation.OTHER_VERSION, inventory, other, differing)
    for pair in pairs:
        yield from pair.digests()


Row = tuple[LockedPackage, str, str]
"""A package, and its version or digest here and there."""


def _fact(
    relation: Relation, inventory: Inventory, other: str, rows: list[Row], reason: str = ""
) -> LockSiblingFact:
    package, here, there = rows[0] if rows else (None, "", "")
    about_one = relation is Relation.OTHER_DIGEST and package is not None
    return LockSiblingFact(
        path=inventory.path,
        line=package.line if package else None,
        key=f"{package.name}@{package.version}" if about_one and package else other,
        relation=relation,
        format=inventory.format,
        other=other,
        reason=reason,
        name=package.name if package else "",
        here=here,
        there=there,
        packages=len(rows),
        sample=tuple(
            f"{p.name}{f'@{p.version}' if about_one else ''} {_compared(one, two)}"
            for p, one, two in rows[:_SAMPLE]
        ),
    )


def _compared(here: str, there: str) -> str:
    here, there = (t if len(t) <= _SHORT else f"{t[:_SHORT]}…" for t in (here, there))
    return f"{here} here and {there} there"


class _Pair:
    """Two lockfiles of one project."""

    def __init__(self, here: Inventory, there: Inventory, reason: str) -> None:
        self._here, self._there, self._reason = here, there, reason

    def versions(self) -> Iterator[Row]:
        """Yield the project's own requirements of which the two share no version.

        Two of one format have the same places, and are compared there.
        """
        if self._here.format == self._there.format:
            yield from self._by_place()
            return
        others = _of_project(self._there)
        for key, packages in _of_project(self._here).items():
            mine = {same_version(p.ecosystem, p.version): p for p in packages}
            theirs = {same_version(p.ecosystem, p.version): p for p in others.get(key, ())}
            if mine and theirs and mine.keys().isdisjoint(theirs):
                yield packages[0], _listed(mine.values()), _listed(theirs.values())

    def _by_place(self) -> Iterator[Row]:
        others = self._there.by_id
        for package in self._here.packages:
            other = others.get(package.id)
            if other and other.version and package.version not in {"", other.version}:
                yield package, package.version, other.version

    def digests(self) -> Iterator[LockSiblingFact]:
        """Yield the versions whose digests are not the other's, by an algorithm that both have."""
        if not {self._here.format, self._there.format} <= _ALL_FILES:
            return
        others = _digested(self._there)
        for release, (package, mine) in _digested(self._here).items():
            _, theirs = others.get(release, (package, {}))
            shared = mine.keys() & theirs.keys()
            strongest = max(shared, key=STRENGTH.index, default="")
            if shared and mine[strongest].isdisjoint(theirs[strongest]):
                row = package, min(mine[strongest]), min(theirs[strongest])
                other = self._there.path
                yield _fact(Relation.OTHER_DIGEST, self._here, other, [row], self._reason)


def _of_project(inventory: Inventory) -> dict[tuple[str, str], list[LockedPackage]]:
    packages = inventory.by_id
    found: dict[tuple[str, str], list[LockedPackage]] = defaultdict(list)
    for edge in inventory.roots:
        package = packages.get(edge.target)
        if package is not None and package.origin is Origin.REGISTRY and package.version:
            found[package.ecosystem, same_name(package.ecosystem, package.name)].append(package)
    return found


def _digested(
    inventory: Inventory,
) -> dict[tuple[str, str, str], tuple[LockedPackage, dict[str, set[str]]]]:
    """Return the digests of each release of a registry, by algorithm."""
    found: dict[tuple[str, str, str], tuple[LockedPackage, dict[str, set[str]]]] = {}
    for package in inventory.packages:
        if package.origin is not Origin.REGISTRY or not package.integrity:
            continue
        name = same_name(package.ecosystem, package.name)
        release = package.ecosystem, name, package.version  # a local label is another release
        _, known = found.setdefault(release, (package, {}))
        for algorithm, text in digests(package.integrity):
            if is_digest(algorithm, text):
                known.setdefault(algorithm, set()).add(f"{algorithm}-{text}")
    return found


def _listed(packages: Iterable[LockedPackage]) -> str:
    return ", ".join(sorted(package.version for package in packages))


COLLECTOR = Collector(name="lock-sibling", fact=LockSiblingFact, collect=collect, lockfile=True)

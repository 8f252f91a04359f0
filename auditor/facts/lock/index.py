"""What several facts about a lockfile ask: who wants a package and how, and what lies beside it.

No fact of its own. Everything is one pass over the inventory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from auditor.addresses import UNNAMED, Address, Named, address, conda_named, npm_named
from auditor.errors import InputError
from auditor.facts.lock.ways import Ways
from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.lazyre import regex
from auditor.registries import Registries, Setting, configured
from auditor.shape import json_object
from auditor.usual import Usual, none_of

if TYPE_CHECKING:
    from auditor.facts import Contents

MANIFEST = "package.json"
SECTIONS = ("dependencies", "devDependencies", "optionalDependencies")
"""What of a manifest is installed for the project itself; peers are others' business."""
_EXOTIC = regex(
    r"(?:git|github|gitlab|bitbucket|gist|file|link|portal|workspace|patch|https?|ssh|exec)\b[+:]"
    r"|\.{1,2}/|/|~/|[^@/\s]+/[^/\s]+(?:#|\Z)|[\w.\-]+@[\w.\-]+[:/]"
)
_TAG = regex(r"[A-Za-z][A-Za-z0-9._\-]*\Z")
_LAST_NAME = regex(r"(?:\A|/)((?:@[^/@]+/)?[^/@]+)(?:@.*)?\Z")
_LONGEST_NAME = 400
_MOST_WISHES = 200
"""Different wishes for one package that are kept; real lockfiles have a few dozen."""
_MOST_OVERRIDES = 10_000


class Beside(Struct, frozen=True, kw_only=True):
    """The manifest and client settings beside a lockfile, by their path relative to it."""

    files: Mapping[str, bytes] = field(default_factory=dict)


class UserSettings(Struct, frozen=True, kw_only=True):
    """The registries that the user's own settings name, outside of the project."""

    settings: tuple[Setting, ...] = ()
    allowed: frozenset[str] = frozenset()
    """Further hosts, with their port, that the user's policy allows packages to come from."""


class UsualSeen(Struct, frozen=True, kw_only=True):
    """Which entries of an inventory are as usual; without it each is asked about in full."""

    inventory: Inventory
    usual: Usual


class Asked(Struct, frozen=True, kw_only=True):
    """What rules ask, so that facts of which none can hold need not be made."""

    may_tell: Callable[[str, Mapping[str, object]], bool]
    """Tells by a fact's kind, and what is known of its fields, whether a rule may hold of it."""


class Manifest(Struct, frozen=True, kw_only=True):
    """What a package.json beside the lockfile asks for."""

    wanted: Mapping[str, str]
    """Specification by name, of all of `SECTIONS`."""
    optional: frozenset[str]
    peers: frozenset[str]
    bundled: frozenset[str]
    replacements: frozenset[str]
    """The packages that some override or resolution puts in place (`npm:name@range`)."""
    replaced: frozenset[str]
    """The names that some override or resolution is for."""
    workspaces: bool
    """The project has members, whose requirements may stand in the lockfile, too."""

    def overridden(self, name: str) -> bool:
        """Tell whether something replaces the wishes for a name."""
        return name in self.replaced


class LockIndex(Struct, frozen=True, kw_only=True, dict=True):
    """An inventory with the answers that take more than one entry; each is found when asked for."""

    inventory: Inventory
    manifest: Manifest | None
    registries: Registries
    files: Mapping[str, bytes]
    """What lies beside the lockfile."""
    usual: Usual
    """Which of its entries are as usual."""
    asked: Asked | None = None
    """What rules ask; None where every fact is to be made."""

    @cached_property
    def _wishes(self) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]:
        """What dependents ask for, by the id of the package that they get.

        Behind it, by the name that they use, what those ask for whose target is not known.
        """
        wants: dict[str, dict[str, None]] = defaultdict(dict)
        names: dict[str, dict[str, None]] = defaultdict(dict)
        for edge in edges(self.inventory):
            known = wants[edge.target] if edge.target else names[edge.name]
            if edge.wants and len(known) < _MOST_WISHES:
                known[edge.wants] = None
        if self.manifest and not self.inventory.roots:
            for name, spec in self.manifest.wanted.items():
                names[name][spec] = None
        return (
            {key: tuple(values) for key, values in wants.items()},
            {key: tuple(values) for key, values in names.items()},
        )

    @cached_property
    def ways(self) -> Ways:
        """Who requires whom; several facts may ask, and most lockfiles have none of these."""
        return Ways(self.inventory)

    def wanted(self, package: LockedPackage) -> tuple[str, ...]:
        """Return every known wish that leads to a package, as spelled, without empty ones."""
        called = package.alias or package.name
        wants, names = self._wishes
        known = (*wants.get(package.id, ()), *names.get(called, ()))
        if self.inventory.format in _HEADED:
            header = package.id.partition("#")[0][1:].partition("@")[2]
            if header and not is_plain(header):  # a plain one may stand before another kind
                return (*known, header)
        return known

    def replaced_by(self, name: str) -> bool:
        """Tell whether an override or resolution of the manifest puts a package in place."""
        return self.manifest is not None and name in self.manifest.replacements

    def may_tell(self, fact: str, known: Mapping[str, object]) -> bool:
        """Tell whether a rule may hold of a fact of which these fields are known."""
        return self.asked is None or self.asked.may_tell(fact, known)


class Indexes:
    """The indexes of some contents: made when the first fact asks, and kept for the others."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: tuple[LockIndex, ...] | None = None

    def of(self, contents: Contents) -> tuple[LockIndex, ...]:
        """Return the index of each inventory."""
        if self._made is None:
            self._made = tuple(_made(contents))
        return self._made


def indexes(contents: Contents) -> tuple[LockIndex, ...]:
    """Return the index of each inventory of some contents."""
    kept = next(iter(contents.of(Indexes)), None) or Indexes()
    return kept.of(contents)


def _made(contents: Contents) -> Iterator[LockIndex]:
    files: dict[str, bytes] = {}
    for beside in contents.of(Beside):
        files.update(beside.files)
    users = tuple(one for seen in contents.of(UserSettings) for one in seen.settings)
    allowed = frozenset(host for seen in contents.of(UserSettings) for host in seen.allowed)
    registries = replace(configured(files, users), allowed=allowed)
    asked = next(iter(contents.of(Asked)), None)
    for inventory in contents.of(Inventory):
        yield LockIndex(
            inventory=inventory,
            manifest=manifest_of(files) if inventory.format in NPM_CLIENTS else None,
            registries=registries,
            files=files,
            usual=usual_of(contents, inventory),
            asked=asked,
        )


def ways_in(contents: Contents, inventory: Inventory) -> Ways:
    """Return who requires whom in an inventory of some contents."""
    return next(index.ways for index in indexes(contents) if index.inventory is inventory)


def usual_of(contents: Contents, inventory: Inventory) -> Usual:
    """Return which entries of an inventory are usual, as far as somebody has looked."""
    seen = (one.usual for one in contents.of(UsualSeen) if one.inventory is inventory)
    return next(seen, None) or none_of(inventory)


_HEADED = frozenset({"yarn", "yarn-berry"})
"""Formats whose entries begin with the wishes that they are for; the ids are the first of them."""
NPM_CLIENTS = frozenset({"package-lock", "yarn", "yarn-berry", "pnpm", "bun"})
"""Formats whose lockfile lies beside a package.json."""


def edges(inventory: Inventory) -> Iterator[Edge]:
    """Yield the requirements of the project and of every package."""
    yield from inventory.roots
    for package in inventory.packages:
        yield from package.requires


def manifest_of(files: Mapping[str, bytes]) -> Manifest | None:
    """Return the manifest beside a lockfile; None where there is none that can be read."""
    data = files.get(MANIFEST)
    if data is None:
        return None
    try:
        document = json_object(data)
    except InputError:
        return None
    wanted: dict[str, str] = {}
    for section in SECTIONS:
        wanted.update(_texts(document.get(section)))
    listed = document.get("bundleDependencies", document.get("bundledDependencies"))
    if listed is True:
        listed = list(_texts(document.get("dependencies")))
    pnpm = document.get("pnpm")
    nested = pnpm.get("overrides") if isinstance(pnpm, dict) else None
    places = (document.get("overrides"), document.get("resolutions"), nested)
    overrides = tuple(pair for place in places for pair in _overrides(place))
    return Manifest(
        wanted=wanted,
        optional=frozenset(_texts(document.get("optionalDependencies"))),
        peers=frozenset(_texts(document.get("peerDependencies"))),
        bundled=frozenset(n for n in listed or () if isinstance(n, str))
        if isinstance(listed, list)
        else frozenset(),
        replacements=frozenset(_named_in(value) for _, value in overrides),
        replaced=frozenset(_replaced(key) for key, _ in overrides),
        workspaces=bool(document.get("workspaces")) or "pnpm-workspace.yaml" in files,
    )


def _texts(node: object) -> dict[str, str]:
    if not isinstance(node, dict):
        return {}
    return {key: value for key, value in node.items() if isinstance(value, str)}


def _overrides(node: object) -> Iterator[tuple[str, str]]:
    pending: list[tuple[str, Any]] = list(node.items()) if isinstance(node, dict) else []
    for _ in range(_MOST_OVERRIDES):
        if not pending:
            return
        key, value = pending.pop()
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, dict):
            pending.extend((f"{key}>{inner}", below) for inner, below in value.items())


def _replaced(key: str) -> str:
    """Return the name that an override is for: the last of `a>b@1`, `a/**/b`; `a` of `a>.`."""
    last = key.removesuffix(">.").rpartition(">")[2][-_LONGEST_NAME:]
    found = _LAST_NAME.search(last)
    return found[1] if found else last


def _named_in(wanted: str) -> str:
    """Return the package that a wish names (`npm:name@range`); empty where it names none."""
    target = wanted.partition(":")[2] if wanted.startswith(("npm:", "jsr:")) else ""
    return target[:1] + target[1:].partition("@")[0]


def declares(wanted: str, name: str) -> bool:
    """Tell whether a wish names that package as the one to be installed (`npm:name@range`)."""
    target = wanted.partition(":")[2] if wanted.startswith(("npm:", "jsr:")) else ""
    return target == name or target.startswith(f"{name}@")


def is_exotic(wanted: str) -> bool:
    """Tell whether a wish is for a repository, an address or a path and not for a version."""
    return _EXOTIC.match(wanted) is not None


def is_plain(wanted: str) -> bool:
    """Tell whether a wish is for a version of the package of that name and nothing else."""
    bare = wanted.removeprefix("npm:")
    if wanted.startswith(("npm:", "jsr:")) and (_TAG.match(bare) or "@" in bare):
        return wanted.startswith("npm:") and "@" not in bare and bare == bare.lower()
    return not is_exotic(wanted) and ":" not in bare


def named_by(package: LockedPackage, found: Address) -> Named:
    """Return the package that an entry's address is named after, by its ecosystem's customs."""
    if not found.path or found.git:
        return UNNAMED
    if package.ecosystem == "conda":
        return conda_named(found)
    return npm_named(found, package.name)


def from_registry(packages: Iterable[LockedPackage]) -> list[LockedPackage]:
    """Return the packages that a registry serves."""
    return [p for p in packages if p.origin is Origin.REGISTRY]


__all__ = [
    "Address",
    "Asked",
    "Beside",
    "Indexes",
    "LockIndex",
    "Manifest",
    "UserSettings",
    "UsualSeen",
    "address",
    "declares",
    "edges",
    "from_registry",
    "indexes",
    "is_exotic",
    "is_plain",
    "manifest_of",
    "named_by",
    "usual_of",
    "ways_in",
]

"""Which entries of a lockfile are known to be bad: by name and version, by digest, by address.

Built once for all packs; each lookup takes the same time whatever their number. What stands in
long lists is parsed when its package is met.
"""

from __future__ import annotations

from base64 import b64encode
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.advisories import digests, packs, records, versions
from auditor.advisories.entries import Guise, digests_of, guises, is_usual
from auditor.advisories.ranges import Scope
from auditor.advisories.records import Advisory, Records
from auditor.advisories.values import BadPackage, Incident

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.advisories.records import Name
    from auditor.advisories.values import Detail, Pack
    from auditor.inventory import LockedPackage
    from auditor.usual import Usual


class How(StrEnum):
    """What shows that an entry is bad; of several the first in this order."""

    VERSION = "version"
    """It says that it is a bad version."""
    INTEGRITY = "integrity"
    """Its digest is that of a bad version's file, whatever it says."""
    ADDRESS = "address"
    """Its address is that of a bad version, whatever it says."""
    PLACEHOLDER = "placeholder"
    """It is what npm put in the place of a package that it removed."""
    DECOY = "decoy"
    """The attacker published this version to look harmless."""
    ANY_VERSION = "any-version"
    """Its name exists only to attack."""
    RECORDED = "recorded"
    """Advisory records are about all versions of its name, or all from some version on."""


_SHA512 = 95
"""Characters of a SHA-512 as every client writes it."""
_START = 24
"""Characters by which such a digest is told from the bad ones; other spellings are decoded."""
_ORDER = {how: rank for rank, how in enumerate(How)}


class Hit(Struct, frozen=True, kw_only=True):
    """One entry that is known to be bad, as one package version of incidents or records."""

    ecosystem: str
    name: str
    """The bad package's real name, as the pack spells it."""
    version: str
    """The bad version as the pack spells it; for `any-version` as the entry does."""
    how: How
    ways: tuple[How, ...]
    """Everything that shows it."""
    incidents: tuple[Incident, ...]
    """The one to show first; none for what no pack knows."""
    package: BadPackage | None
    """The first incident's package."""
    single_source: bool
    """Only one source says that this version is bad."""
    advisories: tuple[Advisory, ...] = ()
    """The records of malicious packages that say so, too, or alone."""


class _Match(Struct, frozen=True, kw_only=True):
    """One way in which an entry is one bad version, as an incident or a record has it."""

    ecosystem: str
    name: str
    version: str
    how: How
    incident: Incident | None = None
    package: BadPackage | None = None
    single_source: bool = False
    advisory: Advisory | None = None

    @property
    def rank(self) -> tuple[bool, int]:
        """What is shown first: an incident's words, then what is most certain."""
        return self.incident is None, _ORDER[self.how]


class IncidentIndex:
    """All packs, ready to be asked about entries."""

    __slots__ = (
        "_by_digest",
        "_by_name",
        "_details",
        "_listed",
        "_names",
        "_packed",
        "_packs",
        "_starts",
        "incidents",
    )

    def __init__(self, loaded: Sequence[Pack]) -> None:
        self.incidents = tuple(pack.incident for pack in loaded)
        self._packs = {pack.incident.id: pack for pack in loaded}
        self._details: dict[str, Detail] = {}
        self._names: dict[str, dict[str, object]] = {}
        """By ecosystem, the names of all bad packages in the spelling that all of them share."""
        self._by_name: dict[tuple[str, str], list[tuple[Incident, BadPackage | str]]] = {}
        self._listed: list[tuple[Incident, str, Mapping[str, str]]] = []
        """The lists of all packs, with their ecosystem; each line by its name."""
        self._by_digest: dict[digests.Key, tuple[Incident, BadPackage, str, bool]] = {}
        self._packed: Mapping[str, str] | None = None
        self._starts: set[str] = set()
        for pack in loaded:
            self._add(pack)

    def _add(self, pack: Pack) -> None:
        for package in pack.packages:
            self._enter(package.ecosystem, package.name, pack.incident, package)
            for digest in package.digests:
                known = (pack.incident, package, digest.version, digest.single_source)
                self._by_digest.setdefault((digest.algorithm, digest.value), known)
                self._starts.add(f"{digest.algorithm}-{b64encode(digest.value).decode()}"[:_START])
        for ecosystem, text in pack.lists.items():
            lines = packs.lines(text)
            listed = dict(zip(_names(ecosystem, lines), lines, strict=True))
            if len(listed) == len(lines):
                self._listed.append((pack.incident, ecosystem, listed))
                self._names.setdefault(ecosystem, {}).update(listed)
            else:  # two spellings of one name
                for line in lines:
                    self._enter(ecosystem, line.partition(" ")[0], pack.incident, line)

    def _enter(self, eco: str, name: str, incident: Incident, what: BadPackage | str) -> None:
        same = versions.same_name(eco, name)
        self._by_name.setdefault((eco, same), []).append((incident, what))
        self._names.setdefault(eco, {})[same] = None

    def _known(self, eco: str, name: str) -> list[tuple[Incident, BadPackage]]:
        """Return the packages of a name, in the order of the packs."""
        same = versions.same_name(eco, name)
        if same not in self._names.get(eco, ()):
            return []
        found = [(one, _parsed(eco, what)) for one, what in self._by_name.get((eco, same), ())]
        found += (
            (incident, packs.listed(eco, listed[same]))
            for incident, ecosystem, listed in self._listed
            if ecosystem == eco and same in listed
        )
        return sorted(found, key=lambda one: self.incidents.index(one[0]))

    def detail(self, incident_id: str) -> Detail | None:
        """Return the rest of a pack, read now; None for an id that there is not.

        Raises RuleError where the pack's rest is not what a pack must be.
        """
        known = self._details.get(incident_id)
        if known is None and (pack := self._packs.get(incident_id)):
            known = self._details[incident_id] = packs.detail(pack)
        return known

    def packages(self) -> Iterator[tuple[Incident, BadPackage]]:
        """Yield every package of every incident."""
        found: dict[tuple[str, str], None] = {}
        for pack in self._packs.values():
            for one in pack.packages:
                found[one.ecosystem, versions.same_name(one.ecosystem, one.name)] = None
            for eco, text in pack.lists.items():
                found |= dict.fromkeys((eco, name) for name in _names(eco, packs.lines(text)))
        for eco, name in found:
            yield from self._known(eco, name)

    def named(self, ecosystem: str, name: str) -> tuple[tuple[Incident, BadPackage], ...]:
        """Return the incidents that a package was part of, whatever its version."""
        return tuple(self._known(ecosystem, name))

    def asked(self, packages: Sequence[LockedPackage], usual: Usual) -> Iterator[Name]:
        """Yield the packages that entries may be, as `hits` asks for their records."""
        for entry, place in zip(packages, usual.places, strict=True):
            if place is not None:
                yield entry.ecosystem, entry.name
            elif (entry.resolved and not is_usual(entry)) or entry.files or "/" in entry.version:
                for guise in guises(entry):
                    yield entry.ecosystem, versions.same_name(entry.ecosystem, guise.name)
            else:
                yield entry.ecosystem, versions.same_name(entry.ecosystem, entry.name)

    def suspects(
        self, packages: Sequence[LockedPackage], usual: Usual, known: Records = records.NONE
    ) -> Iterator[LockedPackage]:
        """Yield the entries of which `hits` or `known` may say something.

        A usual entry is nothing but what it says, so that its name and its digests tell.
        """
        names, found, starts = self._names, known.found, self._starts
        for entry, place in zip(packages, usual.places, strict=True):
            if (
                place is None
                or entry.name in names.get(entry.ecosystem, ())
                or (entry.ecosystem, entry.name) in found
                or not starts.isdisjoint([digest[:_START] for digest in entry.integrity])
                or ("#" in entry.resolved and digests.of_address(entry.resolved) in self._by_digest)
            ):
                yield entry

    def hits(self, entry: LockedPackage, known: Records = records.NONE) -> tuple[Hit, ...]:
        """Return what an entry is known to be; nothing for nearly all entries.

        `known` has the records of the packages that it may be. Incidents' words come first.
        """
        if self._is_plain(entry, known):
            return ()
        found = list(self._matches(entry, known))
        placeholder = versions.is_placeholder(entry.ecosystem, entry.version)
        if not found and not placeholder:
            return ()
        if placeholder:
            return (_placeholder(entry, found),)
        groups: dict[tuple[str, str, str], list[_Match]] = {}
        for match in found:
            eco = match.ecosystem
            name = versions.same_name(eco, match.name)
            version = versions.same_version(eco, match.version)
            groups.setdefault((eco, name, version), []).append(match)
        return tuple(_hit(group) for group in groups.values())

    def _is_plain(self, entry: LockedPackage, known: Records) -> bool:
        """Tell at a glance that an entry is none: nearly all are, and a lockfile has thousands."""
        same = versions.same_name(entry.ecosystem, entry.name)
        if same in self._names.get(entry.ecosystem, ()) or (entry.ecosystem, same) in known.found:
            return False
        if entry.files or "security" in entry.version:
            return False
        for text in entry.integrity:
            if len(text) != _SHA512 or text[:7] != "sha512-" or text[:_START] in self._starts:
                return False
        if not entry.resolved:
            return True
        return is_usual(entry) and digests.of_address(entry.resolved) not in self._by_digest

    def _matches(self, entry: LockedPackage, known: Records) -> Iterator[_Match]:
        said, *addressed = guises(entry)
        yield from self._versions(entry.ecosystem, said.name, said.version, How.VERSION)
        yield from _recorded(entry, said, known)
        for key in digests_of(entry):
            if match := self._by_digest.get(key):
                incident, package, version, single = match
                yield _match(incident, package, version, How.INTEGRITY, single=single)
        for guise in addressed:
            yield from self._versions(entry.ecosystem, guise.name, guise.version, How.ADDRESS)
            if guise.packed and (scoped := self._scoped(guise.name)):
                yield from self._versions(entry.ecosystem, scoped, guise.version, How.ADDRESS)
            yield from _recorded(entry, guise, known)

    def _scoped(self, packed: str) -> str:
        """Return the bad package with a scope whose file is called like that; empty for none."""
        if self._packed is None:
            scoped = [name for name in self._names.get("npm", ()) if name[:1] == "@"]
            self._packed = {name[1:].replace("/", "-", 1): name for name in scoped}
        return self._packed.get(packed, "")

    def _versions(self, eco: str, name: str, version: str, how: How) -> Iterator[_Match]:
        for incident, package in self._known(eco, name):
            spelled, found = _version_of(package, version, how)
            if found is not None:
                single = incident.single_source or spelled in package.single_source
                yield _match(incident, package, spelled, found, single=single)


def _names(ecosystem: str, lines: list[str]) -> list[str]:
    """Return the names in a list of bad packages, as `versions.same_name` spells them."""
    names = [line.partition(" ")[0] for line in lines]
    if ecosystem == "npm":  # which spells a name one way, and has nearly all of them
        return names
    return [versions.same_name(ecosystem, name) for name in names]


def _match(
    incident: Incident, package: BadPackage, version: str, how: How, *, single: bool
) -> _Match:
    return _Match(
        ecosystem=package.ecosystem,
        name=package.name,
        version=version,
        how=how,
        incident=incident,
        package=package,
        single_source=single,
    )


def _recorded(entry: LockedPackage, guise: Guise, known: Records) -> Iterator[_Match]:
    """Yield what records of malicious packages say of what an entry may be.

    A record of all versions is about a name. So it counts for the name that an entry has, and for
    another one that an address has, but not for a mere file's, which may be anybody's.
    """
    eco = entry.ecosystem
    name = versions.same_name(eco, guise.name)
    namesake = guise.address and (guise.packed or name == versions.same_name(eco, entry.name))
    for advisory in known.of(eco, name):
        scope = advisory.scope(eco, guise.version) if advisory.malicious else None
        if scope in {Scope.LISTED, Scope.BOUNDED}:
            how = How.ADDRESS if guise.address else How.VERSION
        elif scope in {Scope.OPEN, Scope.ALL} and not namesake:
            how = How.RECORDED
        else:
            continue
        yield _Match(ecosystem=eco, name=name, version=guise.version, how=how, advisory=advisory)


def _parsed(ecosystem: str, what: BadPackage | str) -> BadPackage:
    return packs.listed(ecosystem, what) if isinstance(what, str) else what


def _version_of(package: BadPackage, version: str, how: How) -> tuple[str, How | None]:
    """Return the pack's spelling of a version, and what it is; None where it is not bad."""
    same = versions.same_version
    if version:
        wanted = same(package.ecosystem, version)
        for bad in package.versions:
            if same(package.ecosystem, bad) == wanted:
                return bad, how
        for decoy in package.decoys:
            if same(package.ecosystem, decoy) == wanted:
                return decoy, How.DECOY
    return version, How.ANY_VERSION if package.any else None


def _hit(group: list[_Match]) -> Hit:
    group.sort(key=lambda match: match.rank)
    first = group[0]
    incidents = {match.incident.id: match.incident for match in group if match.incident}
    advisories = (match.advisory for match in group if match.advisory)
    return Hit(
        ecosystem=first.ecosystem,
        name=first.name,
        version=first.version,
        how=first.how,
        ways=tuple(dict.fromkeys(match.how for match in group)),
        incidents=tuple(incidents.values()),
        package=first.package,
        single_source=len(incidents) == 1
        and all(match.single_source for match in group if match.incident),
        advisories=tuple(dict.fromkeys(advisories)),
    )


def _placeholder(entry: LockedPackage, found: list[_Match]) -> Hit:
    first = found[0] if found else None
    return Hit(
        ecosystem=entry.ecosystem,
        name=entry.name,
        version=entry.version,
        how=How.PLACEHOLDER,
        ways=(How.PLACEHOLDER,),
        incidents=(first.incident,) if first and first.incident else (),
        package=first.package if first else None,
        single_source=False,
    )

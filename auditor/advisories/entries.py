"""What an entry of a lockfile may really be: what it says, its digests, what its addresses name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.advisories import digests, versions
from auditor.advisories.claims import claims
from auditor.inventory import Origin
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.advisories.claims import Claim
    from auditor.inventory import LockedPackage

_ENDING = regex(r"-|\.(?:tar\.|zip|tgz|whl)")
"""What follows name and version in a wheel's or sdist's file name."""


class Guise(Struct, frozen=True, kw_only=True):
    """A name and version that an entry may really be."""

    name: str
    version: str
    address: bool = False
    """An address of the entry names it; else the entry says so itself."""
    packed: bool = False
    """The name is a file's: `npm pack` writes `@scope/name` as `scope-name`."""


def guises(entry: LockedPackage) -> Iterator[Guise]:
    """Yield what an entry says that it is, and what its addresses name."""
    yield Guise(name=entry.name, version=entry.version)
    if entry.origin is Origin.WORKSPACE:
        return
    for claim in _claims_of(entry):
        if claim.repository and claim.name.lower() != last(entry.name).lower():
            continue
        name = entry.name if claim.repository else claim.name
        yield Guise(name=name, version=claim.version, address=True, packed=claim.packed)


def last(name: str) -> str:
    """Return a name without its scope."""
    return name.rpartition("/")[2]


def digests_of(entry: LockedPackage) -> Iterator[digests.Key]:
    """Yield the digests that an entry has for its file."""
    for text in entry.integrity:
        yield from digests.keys_of(text)
    if "#" in entry.resolved and (key := digests.of_address(entry.resolved)):
        yield key


def is_usual(entry: LockedPackage) -> bool:
    """Tell whether an entry's address is a registry's for what the entry says that it is."""
    address = entry.resolved.partition("#")[0]  # yarn 1 has a digest behind it
    if entry.origin is not Origin.REGISTRY or ".." in address or "%" in address:
        return False
    usual = f"/{entry.name}/-/{last(entry.name)}-{entry.version}.tgz"
    return "/" not in entry.version and address.endswith(usual)


def _claims_of(entry: LockedPackage) -> Iterator[Claim]:
    if entry.resolved and not is_usual(entry):
        yield from claims(entry.resolved)
    if "/" in entry.version:  # where a format puts the address into the version
        yield from claims(entry.version)
    stem = f"{versions.same_name('pypi', entry.name)}-{entry.version}".replace("-", "_")
    for address in entry.files:
        file = address.rpartition("/")[2].lower()
        if file[: len(stem)].replace("-", "_") != stem or not _ENDING.match(file, len(stem)):
            yield from claims(address)

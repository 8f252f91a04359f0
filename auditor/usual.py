"""Entries of a lockfile that are as usual, told from all others at a glance.

Nearly every entry is a registry's package in a plain version, with a strong digest, at the address
that registries use for it. What the thorough ways would find out about such an entry is known
beforehand, so it is not asked again: not what the address is named after, what the digest is worth,
or which other package the entry may be. Whatever is the least bit other is left to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from auditor.addresses import (
    ARCHIVE_HOSTS,
    UNNAMED,
    Address,
    Named,
    address,
    npm_named,
    python_named,
)
from auditor.advisories.claims import claims
from auditor.inventory import Origin
from auditor.lazyre import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.inventory import Inventory, LockedPackage

_NPM = regex(
    r"/(?:@[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)?[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
    r"/-/[A-Za-z0-9_~-][A-Za-z0-9._~-]*-[0-9]+\.[0-9]+\.[0-9]+(?:-[A-Za-z0-9.-]+)?\.tgz"
)
"""What stands behind the host in an npm package's address, where name and version are plain."""
_BASE = regex(r"https://[a-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9_~][A-Za-z0-9._~-]*)*/?")
_NPM_DIGEST = regex(r"sha512-[A-Za-z0-9+/]{86}==|[0-9a-z]{1,16}/[0-9a-f]{128}")
"""As all clients but yarn berry write it, whose digests are of archives that it makes itself."""
_PYPI_NAME = regex(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PYPI_VERSION = regex(r"[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?(?:\.dev[0-9]+)?")
_PYPI_DIGESTS = regex(r"(?:sha256-[A-Za-z0-9+/]{43}= )++")
_FILES = regex(r"(https://[a-z0-9.-]++(?::[0-9]+)?/)[A-Za-z0-9._/-]++(?:\n\1[A-Za-z0-9._/-]++)*+")
"""The addresses of files of a Python package, a line for each: all of one host. An address that has
an end of line itself makes more lines, and so more pairs of slashes, than there are files."""
_ODD = ("/.", ".git")
"""What no part of such an address has."""
_WHEEL = regex(r"-(?:[0-9][A-Za-z0-9_.]*-)?[A-Za-z0-9_.]+-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+\.whl")
_SDIST = frozenset({".tar.gz", ".zip"})
_LONGEST = 200
"""Characters of a name or version; what is longer is not usual."""

Place = tuple[str, str]
"""What the addresses of usual entries begin with: the registry's, and that of their files."""


class Usual(Struct, frozen=True, kw_only=True):
    """Which entries of an inventory are usual, and where these come from."""

    places: tuple[Place | None, ...]
    """For each entry, in the order of the inventory; None where it is not usual."""
    found: dict[str, Address]
    """By such a beginning one of the addresses, taken apart; none for the empty one."""

    def others(self, packages: Iterable[LockedPackage]) -> list[LockedPackage]:
        """Return the entries that are not usual, in their order."""
        pairs = zip(packages, self.places, strict=True)
        return [package for package, place in pairs if place is None]


def none_of(inventory: Inventory) -> Usual:
    """Return that no entry is usual: each is asked about in full."""
    return Usual(places=(None,) * len(inventory.packages), found={})


def usual(inventory: Inventory) -> Usual:
    """Tell which entries are usual: a pass that takes some microseconds for each.

    A copy of what is not usual is none either, as the two may contradict each other.
    """
    glance = _Glance()
    packages = inventory.packages
    places = [glance.place(package) for package in packages]
    pairs = zip(packages, places, strict=True)
    odd = {(package.name, package.version) for package, place in pairs if place is None}
    if odd:
        pairs = zip(packages, places, strict=True)
        places = [None if (p.name, p.version) in odd else place for p, place in pairs]
    return Usual(places=tuple(places), found=glance.found)


class _Glance:
    """What was seen of the entries so far."""

    def __init__(self) -> None:
        self.found: dict[str, Address] = {}
        self._unusual: set[str] = set()
        self._places: dict[Place, Place] = {}
        self._digests: dict[tuple[str, str], str] = {}
        self._endings = set(_SDIST)

    def place(self, package: LockedPackage) -> Place | None:
        """Return where a usual entry comes from; None for others."""
        if (
            package.origin is not Origin.REGISTRY
            or package.alias
            or package.bundled
            or package.install_script
            or package.deprecated
            or package.unhashed
        ):
            return None
        if package.ecosystem == "npm":
            place = self._npm(package)
        elif package.ecosystem == "pypi":
            place = self._pypi(package)
        else:
            return None
        return None if place is None else self._places.setdefault(place, place)

    def _npm(self, package: LockedPackage) -> Place | None:
        name, version, resolved = package.name, package.version, package.resolved
        expected = f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        digest = package.integrity[0] if len(package.integrity) == 1 else ""
        plain = (
            len(expected) <= _LONGEST
            and _NPM.fullmatch(expected)
            and _NPM_DIGEST.fullmatch(digest)
            and ".git" not in name
            and ".." not in resolved
            and "security" not in version
            and not package.files
        )
        if not plain or self._digests.setdefault((name, version), digest) != digest:
            return None
        if not resolved:
            return "", ""
        bare = resolved.partition("#")[0] if "#" in resolved else resolved  # yarn 1 has a digest
        base = bare.removesuffix(expected)
        if base == bare or (base not in self.found and not self._is_registry(base, bare, package)):
            return None
        return base, ""

    def _is_registry(self, base: str, resolved: str, package: LockedPackage) -> bool:
        """Take the first address of its kind apart; all others are taken apart alike."""
        if base in self._unusual:
            return False
        found = address(resolved)
        named = npm_named(found, package.name)
        same = named == Named(name=package.name, version=package.version)
        return self._is_known(base, found, usual=same)

    def _is_known(self, base: str, found: Address, *, usual: bool) -> bool:
        plain = not found.git and not found.user and found.host not in ARCHIVE_HOSTS
        if usual and plain and found.host and _BASE.fullmatch(base):
            self.found[base] = found
            return True
        self._unusual.add(base)
        return False

    def _pypi(self, package: LockedPackage) -> Place | None:
        name, version, files = package.name, package.version, package.files
        if not _PYPI_NAME.fullmatch(name) or not _PYPI_VERSION.fullmatch(version):
            return None
        if len(name) + len(version) > _LONGEST or len(package.integrity) < len(files):
            return None
        if not _PYPI_DIGESTS.fullmatch(" ".join((*package.integrity, ""))):
            return None
        resolved = package.resolved
        if resolved and resolved not in self.found:
            said = python_named(resolved, name) != UNNAMED or claims(resolved)
            if resolved in self._unusual or not self._is_known(
                resolved, address(resolved), usual=not said
            ):
                return None
        host = self._host(files, f"{name.replace('-', '_')}-{version}", f"{name}-{version}")
        return None if host is None else (resolved, host)

    def _host(self, files: tuple[str, ...], escaped: str, spelled: str) -> str | None:
        """Return what the addresses of files begin with; None where one is not usual."""
        if not files:
            return ""
        together = "\n".join(files)
        found = _FILES.fullmatch(together)
        if (
            found is None
            or any(map(together.__contains__, _ODD))
            or together.count("//") > len(files)
        ):
            return None
        for file in files:
            if not self._is_called(file.rpartition("/")[2], escaped, spelled):
                return None
        host = found[1]
        if host in self.found:
            return host
        return host if host not in self._unusual and self._first(host, files[0]) else None

    def _is_called(self, last: str, escaped: str, spelled: str) -> bool:
        """Tell whether a file has its project's name; most endings come again and again."""
        if not last.startswith(escaped):
            return last.startswith(spelled) and last[len(spelled) :] in _SDIST
        ending = last[len(escaped) :]
        if ending in self._endings:
            return True
        if not _WHEEL.fullmatch(ending):
            return False
        self._endings.add(ending)
        return True

    def _first(self, host: str, file: str) -> bool:
        return self._is_known(host, address(file), usual=True)

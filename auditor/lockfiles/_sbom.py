"""What both SBOM formats share: a purl to a package, and digests by the names that they use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.inventory import LockedPackage, Origin
from auditor.lockfiles._pypi import digests

if TYPE_CHECKING:
    from auditor.lockfiles._purl import Purl


def sbom_digests(pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    """Return digests of `SHA-512` or `SHA512` and hex, as Subresource Integrity spells them."""
    return digests((name.lower().replace("sha-", "sha"), value) for name, value in pairs)


def origin_of(purl: Purl, address: str = "") -> tuple[Origin, str]:
    """Return where a package comes from by its qualifiers, and the address as spelled."""
    if vcs := purl.qualifiers.get("vcs_url"):
        return Origin.GIT, vcs
    if download := purl.qualifiers.get("download_url"):
        return Origin.URL, download
    return Origin.REGISTRY, address or purl.qualifiers.get("repository_url", "")


def sbom_package(  # noqa: PLR0913 - the fields that a package gets
    id_: str,
    purl: Purl,
    *,
    address: str = "",
    integrity: tuple[str, ...] = (),
    files: tuple[str, ...] = (),
    member: bool = False,
    dev: bool = False,
    optional: bool = False,
    bundled: bool = False,
) -> LockedPackage:
    """Return the package that a purl names; `member` where it is one of the project itself."""
    origin, resolved = origin_of(purl, address)
    return LockedPackage(
        id=id_,
        ecosystem=purl.type,
        name=purl.name,
        version=purl.version,
        origin=Origin.WORKSPACE if member else origin,
        resolved=resolved,
        integrity=integrity,
        files=files,
        dev=dev,
        optional=optional,
        bundled=bundled,
    )

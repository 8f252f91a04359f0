"""Names and addresses of npm packages, as caches of npm clients spell them."""

from __future__ import annotations

import re

from msgspec import Struct

from auditor.addresses import address, npm_named
from auditor.inventory import LockedPackage, Origin
from auditor.lazyre import regex

SPELLED = regex(r"((?:@[^@/+\s]+[/+])?[^@/+\s]+)@(\d[^@/\s]*)\Z")
"""`name@version`; a scope may end with the `+` that a file name has in place of its slash."""
_TARBALL = (".tgz", ".tar.gz")
_QUICK = regex(r"\.tgz|\.tar\.gz|/download/", re.IGNORECASE)
"""What the address of a tarball has, and that of a packument has not."""


class Fetched(Struct, frozen=True, kw_only=True):
    """A tarball that was fetched from an address."""

    address: str
    name: str
    version: str
    origin: Origin


def fetched(spelled: str) -> Fetched | None:
    """Return what a fetched address names; None where it is no tarball's.

    A tarball at an address that names no package keeps its file's name, without a version: that it
    was fetched can then still be told by its address and its digest.
    """
    if _QUICK.search(spelled) is None:
        return None
    found = address(spelled)
    named = npm_named(found, "")
    if named.name and named.version[:1].isdigit():
        return Fetched(
            address=spelled, name=named.name, version=named.version, origin=Origin.REGISTRY
        )
    if found.path and found.path[-1].endswith(_TARBALL):
        return Fetched(address=spelled, name=found.path[-1], version="", origin=Origin.URL)
    return None


def package(  # noqa: PLR0913 - one parameter for each field, so that no client has to name `npm`
    place: str,
    name: str,
    version: str,
    *,
    resolved: str = "",
    integrity: tuple[str, ...] = (),
    origin: Origin = Origin.REGISTRY,
    fetched_at: str = "",
    line: int | None = None,
) -> LockedPackage:
    """Return evidence of an npm package."""
    return LockedPackage(
        id=place,
        ecosystem="npm",
        name=name,
        version=version,
        resolved=resolved,
        integrity=integrity,
        origin=origin,
        section="cached",
        fetched=fetched_at,
        line=line,
    )

"""Distributions of Python as caches of its clients name them: files, folders, dist-infos."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from auditor.addresses import UNNAMED, Named, python_named
from auditor.inventory import LockedPackage, Origin
from auditor.lazyre import regex

_DIST_INFO = regex(r"([^-/]+)-([^-/]+)\.dist-info\Z")


def dist_info(folder: str) -> Named:
    """Return the distribution that a `name-version.dist-info` belongs to."""
    found = _DIST_INFO.match(folder)
    return Named(name=found[1], version=found[2]) if found else UNNAMED


def file(name: str) -> Named:
    """Return the distribution that the file name of a wheel or sdist names."""
    return python_named(name, "")


def within(stem: str, project: str) -> Named:
    """Return the distribution of a file in a project's folder, which may leave out its name."""
    whole = python_named(f"{stem}.whl", "")
    if whole.name and canonicalize_name(whole.name) == canonicalize_name(project):
        return whole
    return Named(name=project, version=stem.partition("-")[0])


def package(
    place: str,
    named: Named,
    *,
    resolved: str = "",
    integrity: tuple[str, ...] = (),
    origin: Origin = Origin.REGISTRY,
) -> LockedPackage:
    """Return evidence of a distribution."""
    return LockedPackage(
        id=place,
        ecosystem="pypi",
        name=named.name,
        version=named.version,
        resolved=resolved,
        integrity=integrity,
        origin=origin,
        section="cached",
    )

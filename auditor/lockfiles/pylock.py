"""pylock.toml and pylock.<name>.toml (PEP 751): read with tolerance, checked with `packaging`.

What the standard forbids is noted, but the packages are read as far as they can be: whoever asks
whether a version is there wants an answer of a file with a small fault, too.

Source: packaging.python.org, "pylock.toml specification".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from auditor.errors import ParseError
from auditor.inventory import Edge, Inventory, LockedPackage, Origin
from auditor.lazyre import regex
from auditor.lockfiles import Document, Format
from auditor.lockfiles._conflicts import both_sides
from auditor.lockfiles._pypi import (
    Targets,
    digests,
    named_version,
    packages_of,
    tables,
)
from auditor.lockfiles._toml import header_lines, quick_toml
from auditor.lockfiles._versions import Versions
from auditor.shape import get

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = regex(r"(?m)^lock-version *= *['\"]")
_PACKAGES = regex(r"(?m)^\[\[ *packages *\]\]")

_NEWEST = "1.0"
_VERSIONS = Versions(place="lock-version", known=("1.x",), needed=False)
"""The standard bids tools to read newer minors; that there is none is told with its refusals."""


def _recognises(head: str) -> bool:
    if _HEAD.search(head) is None and _PACKAGES.search(head) is None:
        return False
    return "created-by" in head or _PACKAGES.search(head) is not None


def _read(document: Document) -> Inventory:
    return both_sides(document, _read_text)


def _read_text(document: Document, text: str) -> Inventory:
    lock = quick_toml(text, document.limits)
    unread: list[tuple[str, str]] = []
    defaults = lock.get("default-groups")
    defaults = [g for g in defaults if isinstance(g, str)] if isinstance(defaults, list) else []
    packages, read = packages_of(
        lock,
        header_lines(text, "packages"),
        "packages",
        unread,
        lambda t, n: _package(t, n, defaults),
        shape={},
    )
    version = lock.get("lock-version")
    strange = tuple(_VERSIONS.unread(version))
    # What it refuses of a version that it does not know would be that alone.
    problem = _refused(lock if version is None else {**lock, "lock-version": _NEWEST})
    if problem and not packages:
        raise ParseError(problem)
    if problem:
        unread.append(("", problem))
    targets = Targets(packages)
    indexes = (table.get("index") for table in read)
    return Inventory(
        path=document.path,
        format="pylock",
        format_version=version if isinstance(version, str) else "",
        packages=tuple(
            replace(package, requires=tuple(_edges(table, targets)))
            for package, table in zip(packages, read, strict=True)
        ),
        sections={"packages": len(packages)},
        indexes=tuple(dict.fromkeys(i for i in indexes if isinstance(i, str))),
        unread=(*strange, *unread),
    )


def _refused(lock: dict[str, Any]) -> str:
    """Return why installers would refuse the file; empty where they would not."""
    from packaging.pylock import Pylock, PylockValidationError  # noqa: PLC0415 - for these alone

    try:
        Pylock.from_dict(lock)
    except PylockValidationError as problem:
        return f"is refused by the standard: {problem}".partition("\n")[0]
    except Exception as problem:  # noqa: BLE001 - a foreign validator on hostile input
        return f"cannot be checked against the standard: {type(problem).__name__}"
    return ""


def _package(table: dict[str, Any], line: int | None, defaults: list[str]) -> LockedPackage:
    name, version = named_version(table)
    hashes: list[tuple[str, str]] = []
    places: list[str] = []
    bare: list[str] = []
    times: list[str] = []
    wheels = get(table, "wheels", list) or []
    for file in (get(table, "archive", dict), get(table, "sdist", dict), *wheels):
        if file is None:
            continue
        if not isinstance(file, dict):
            raise ParseError("is no table", "wheels")
        place = get(file, "url", str) or get(file, "path", str) or ""
        found = [(a, v) for a, v in (get(file, "hashes", dict) or {}).items() if isinstance(v, str)]
        hashes += found
        if not found:
            bare.append(place)
        if place:
            places.append(place)
        if (time := file.get("upload-time")) is not None:
            times.append(time.isoformat() if hasattr(time, "isoformat") else str(time))
    origin, resolved = _source(table)
    marker = get(table, "marker", str) or ""
    grouped = "dependency_groups" in marker
    return LockedPackage(
        id=f"{name}@{version}" if version else name,
        ecosystem="pypi",
        name=name,
        version=version,
        line=line,
        origin=origin,
        resolved=resolved,
        integrity=digests(hashes),
        dev=grouped and not any(f"'{g}'" in marker or f'"{g}"' in marker for g in defaults),
        optional=not grouped and "extras" in marker,
        published=min(times, default=""),
        files=tuple(places),
        unhashed=tuple(bare),
    )


def _source(table: dict[str, Any]) -> tuple[Origin, str]:
    if vcs := get(table, "vcs", dict):
        address = get(vcs, "url", str) or get(vcs, "path", str) or ""
        commit = get(vcs, "commit-id", str)
        return Origin.GIT, f"{address}#{commit}" if commit else address
    if (directory := get(table, "directory", dict)) is not None:
        path = get(directory, "path", str) or ""
        return (Origin.WORKSPACE if path in {".", "./"} else Origin.FILE), path
    if archive := get(table, "archive", dict):
        if url := get(archive, "url", str):
            return (Origin.FILE if url.startswith("file:") else Origin.URL), url
        return Origin.FILE, get(archive, "path", str) or ""
    return Origin.REGISTRY, get(table, "index", str) or ""


def _edges(table: dict[str, Any], targets: Targets) -> Iterator[Edge]:
    for _, entry in tables(table, "dependencies", []):
        name, version = entry.get("name"), entry.get("version")
        if isinstance(name, str):
            given = version if isinstance(version, str) else ""
            yield from targets.edges(name, "", version=given)


FORMAT = Format(
    name="pylock",
    ecosystem="pypi",
    files=("pylock.toml", "pylock.*.toml"),
    recognises=_recognises,
    read=_read,
)

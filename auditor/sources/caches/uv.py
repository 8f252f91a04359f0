"""uv: links named after wheels, folders named after sdists, and unpacked archives.

Metadata alone (`*.msgpack`) is what uv resolves with, and no evidence of a fetched wheel. A wheel's
`.http` and an sdist's `revision.http` hold the address and the digest of what was fetched. Archives
that no such name belongs to (`archive-v0`) are listed by their dist-info.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from auditor.addresses import UNNAMED, Named
from auditor.inventory import Origin
from auditor.lazyre import regex
from auditor.sources.caches import _python_names as names
from auditor.sources.caches._client import Client, Machine
from auditor.sources.caches._reading import Reading, integrity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.inventory import LockedPackage

_DEPTHS = {"pypi": 0, "index": 1, "url": 1, "git": 2, "path": 1, "editable": 1}
"""Folders of digests above a project's, by what the project was named with."""
_ORIGINS = {"url": Origin.URL, "git": Origin.GIT, "path": Origin.FILE, "editable": Origin.FILE}
_ADDRESS = regex(rb"https?://[\x21-\x7e]{1,2000}?\.(?:whl|tar\.gz|tgz|zip|tar\.bz2|tar\.xz)")
_DIGEST = regex(rb"Sha256.{1,3}?([0-9a-f]{64})(?![0-9a-f])", re.DOTALL)
_LARGEST = 1024 * 1024
_FETCHED, _LOCAL = ".http", ".rev"
"""Ends of files about what was fetched, and about what lay on this machine."""
_NO_CONTENT = (".msgpack", ".lock")
_REVISION = "revision"


def _places(machine: Machine) -> Iterator[Path]:
    yield from machine.named("UV_CACHE_DIR")
    if machine.windows:
        yield machine.local / "uv" / "cache"
    else:
        yield machine.xdg("XDG_CACHE_HOME", ".cache") / "uv"  # on macOS as well


def _read(reading: Reading) -> Iterator[LockedPackage]:
    """Yield each wheel and sdist, then each archive of a version that they do not name."""
    seen: set[tuple[str, str]] = set()
    archives: list[Path] = []
    for bucket in reading.folders(reading.folder):
        kind = bucket.name.partition("-v")[0]
        if kind == "archive":
            archives.append(bucket)
        elif kind in {"wheels", "sdists", "built-wheels"}:
            for package in _bucket(reading, bucket, wheels=kind == "wheels"):
                seen.add((canonicalize_name(package.name), package.version))
                yield package
    for folder in (folder for bucket in archives for folder in reading.folders(bucket)):
        for entry in reading.entries(folder):
            named = names.dist_info(entry.name)
            if named.name and (canonicalize_name(named.name), named.version) not in seen:
                yield names.package(reading.place(Path(entry.path)), named)


def _bucket(reading: Reading, bucket: Path, *, wheels: bool) -> Iterator[LockedPackage]:
    for kind in reading.folders(bucket):
        if kind.name not in _DEPTHS:
            reading.lost(reading.place(kind), "is a part of uv's cache that is not known here")
            continue
        origin = _ORIGINS.get(kind.name, Origin.REGISTRY)
        level = [kind]
        for _ in range(_DEPTHS[kind.name]):
            level = [inner for folder in level for inner in reading.folders(folder)]
        for folder in level:
            if not wheels and origin is not Origin.REGISTRY:
                yield from _built(reading, folder, origin)
                continue
            for project in reading.folders(folder):
                read = _wheels if wheels else _sdists
                yield from read(reading, project, origin)


def _wheels(reading: Reading, project: Path, origin: Origin) -> Iterator[LockedPackage]:
    """Yield the wheels of a project: a link to what was unpacked, or a note of what was fetched."""
    stems: dict[str, str] = {}
    for entry in reading.entries(project):
        stem, ending = entry.name, ""
        for known in (_FETCHED, _LOCAL):
            if entry.name.endswith(known):
                stem, ending = entry.name.removesuffix(known), known
        if not entry.name.endswith(_NO_CONTENT):
            stems[stem] = ending or stems.get(stem, "")
    for stem, ending in stems.items():
        address, digests = _noted(reading, project / f"{stem}{_FETCHED}")
        yield names.package(
            reading.place(project / stem),
            names.within(stem, project.name),
            resolved=address,
            integrity=digests,
            origin=Origin.FILE if ending == _LOCAL else origin,
        )


def _sdists(reading: Reading, project: Path, origin: Origin) -> Iterator[LockedPackage]:
    """Yield the sdists of a project, one folder for each version."""
    for folder in reading.folders(project):
        if any(reading.is_file(folder / f"{_REVISION}{end}") for end in (_FETCHED, _LOCAL)):
            address, digests = _noted(reading, folder / f"{_REVISION}{_FETCHED}")
            yield names.package(
                reading.place(folder),
                Named(name=project.name, version=folder.name),
                resolved=address,
                integrity=digests,
                origin=origin,
            )


def _built(reading: Reading, folder: Path, origin: Origin) -> Iterator[LockedPackage]:
    """Yield the wheels that were built of what an address, a repository or a path names."""
    address, digests = _noted(reading, folder / f"{_REVISION}{_FETCHED}")
    inner = [Path(e.path) for e in reading.entries(folder) if e.is_dir(follow_symlinks=False)]
    for place in (folder, *inner):
        for entry in reading.entries(place):
            named = names.file(entry.name) if entry.name.endswith(".whl") else UNNAMED
            if named.name:
                yield names.package(
                    reading.place(Path(entry.path)),
                    named,
                    resolved=address,
                    integrity=digests,
                    origin=origin,
                )


def _noted(reading: Reading, path: Path) -> tuple[str, tuple[str, ...]]:
    """Return address and digest of what was fetched, where uv made a note of it."""
    data = reading.content(path, _LARGEST) if reading.is_file(path) else None
    if data is None:
        return "", ()
    address, digest = _ADDRESS.search(data), _DIGEST.search(data)
    return (
        address[0].decode() if address else "",
        integrity("sha256", digest[1].decode()) if digest else (),
    )


CLIENT = Client(name="uv", places=_places, read=_read)

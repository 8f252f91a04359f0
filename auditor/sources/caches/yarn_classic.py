"""yarn 1: one folder for each package, with a description that yarn writes into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from auditor.inventory import Origin
from auditor.sources.caches import _npm_names as names
from auditor.sources.caches._client import Client, Machine
from auditor.sources.caches._reading import Reading, integrity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.inventory import LockedPackage

_DESCRIPTION = ".yarn-metadata.json"
LAYOUTS = tuple(f"v{number}" for number in range(9, 0, -1))


class _Manifest(msgspec.Struct):
    name: str = ""
    version: str = ""


class _Remote(msgspec.Struct):
    type: str = ""
    resolved: str = ""
    hash: str = ""
    integrity: str = ""
    registry: str = ""


class _Description(msgspec.Struct):
    manifest: _Manifest
    remote: _Remote | None = None


def folders(machine: Machine) -> Iterator[Path]:
    """Yield the folders in which yarn 1 makes one for each layout."""
    yield from machine.named("YARN_CACHE_FOLDER", "npm_config_yarn_cache_folder")
    if machine.windows:
        yield machine.local / "Yarn" / "Cache"
    else:
        yield machine.caches / ("Yarn" if machine.platform == "darwin" else "yarn")
        if machine.root:  # root's lies outside of its home
            yield type(machine.home)("/usr/local/share/.cache/yarn")


def _places(machine: Machine) -> Iterator[Path]:
    return (folder / layout for folder in folders(machine) for layout in LAYOUTS)


def _read(reading: Reading) -> Iterator[LockedPackage]:
    for folder in reading.folders(reading.folder):
        if folder.name.startswith("."):  # .tmp: what is being fetched, and links
            continue
        inner = reading.child(folder, "node_modules")
        for path in reading.folders(inner) if inner is not None else ():
            for one in reading.folders(path) if path.name.startswith("@") else (path,):
                yield from _package(reading, one)


def _package(reading: Reading, folder: Path) -> Iterator[LockedPackage]:
    path = folder / _DESCRIPTION
    if not reading.is_file(path):
        reading.lost(reading.place(folder), f"has no {_DESCRIPTION}: perhaps it was not finished")
        return
    description = reading.document(path, _Description)
    if description is None:
        return
    remote = description.remote or _Remote()
    named = description.manifest
    if not (named.name and named.version):
        reading.lost(reading.place(path), "has no name and version")
        return
    got = names.fetched(remote.resolved)
    if got is not None and got.version:  # the address says what was asked for
        name, version, origin = got.name, got.version, Origin.REGISTRY
    else:
        git = Origin.GIT if remote.type == "git" else Origin.URL
        name, version, origin = named.name, named.version, git
    yield names.package(
        reading.place(folder),
        name,
        version,
        resolved=remote.resolved,
        integrity=tuple(remote.integrity.split()) or _sha1(remote.hash),
        origin=origin,
    )


def _sha1(digest: str) -> tuple[str, ...]:
    return integrity("sha1", digest) if len(digest) == 40 else ()


CLIENT = Client(name="yarn", places=_places, read=_read)

"""bun: one folder for each package, called `name@version@@@1`, in a folder of its scope."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from auditor.inventory import Origin
from auditor.lazyre import regex
from auditor.sources.caches import _npm_names as names
from auditor.sources.caches._client import Client, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.inventory import LockedPackage
    from auditor.sources.caches._reading import Reading

_FOLDER = regex(r"([^@]+)@(\d[^@]*)(?:@@[^@]+)?@@@\d+\Z", re.DOTALL)
_PLAIN = regex(r"[\d.]+\Z")
_ELSEWHERE = regex(r"@(GH|G|T)@.+?(?:@@@\d+)?\Z", re.DOTALL)
"""A repository at GitHub or elsewhere, or a tarball."""


class _Manifest(msgspec.Struct):
    name: str = ""
    version: str = ""


def _places(machine: Machine) -> Iterator[Path]:
    yield from machine.named("BUN_INSTALL_CACHE_DIR")
    for folder in machine.named("BUN_INSTALL"):
        yield folder / "install" / "cache"
    if machine.environment.get("XDG_CACHE_HOME"):
        yield machine.xdg("XDG_CACHE_HOME", ".cache") / ".bun" / "install" / "cache"
    yield machine.home / ".bun" / "install" / "cache"


def _read(reading: Reading) -> Iterator[LockedPackage]:
    yield from _folder(reading, reading.folder, "")


def _folder(reading: Reading, folder: Path, scope: str) -> Iterator[LockedPackage]:
    """Yield the packages in a folder; one that has only a name holds links, one for each version.

    The folder's name is bun's own word for what it fetched. It has digests in place of what stands
    behind a dash or plus of a version, so there the manifest completes it.
    """
    for path in reading.folders(folder):
        found = _FOLDER.match(path.name)
        elsewhere = None if scope else _ELSEWHERE.match(path.name)
        if found:
            name, version = scope + found[1], found[2]
            if not _PLAIN.match(version):
                version = _whole(reading, path, version)
            if version:
                yield names.package(reading.place(path), name, version)
        elif elsewhere:
            manifest = _manifest(reading, path)
            if manifest is not None:
                yield names.package(
                    reading.place(path),
                    manifest.name,
                    manifest.version,
                    origin=Origin.URL if elsewhere[1] == "T" else Origin.GIT,
                )
        elif not scope and path.name.startswith("@"):
            yield from _folder(reading, path, f"{path.name}/")


def _whole(reading: Reading, folder: Path, shortened: str) -> str:
    """Return the version of a manifest where it can be the one that a folder is named after."""
    manifest = _manifest(reading, folder)
    if manifest is None:
        return ""
    if re.split(r"[-+]", manifest.version)[0] != re.split(r"[-+]", shortened)[0]:
        reading.lost(reading.place(folder), "its package.json is of another version")
        return ""
    return manifest.version


def _manifest(reading: Reading, folder: Path) -> _Manifest | None:
    manifest = reading.document(folder / "package.json", _Manifest)
    if manifest is not None and not (manifest.name and manifest.version):
        reading.lost(reading.place(folder), "its package.json has no name and version")
        return None
    return manifest


CLIENT = Client(name="bun", places=_places, read=_read)
